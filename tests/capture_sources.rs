//! Frames from what was recorded: folders, walks, videos, whole and damaged.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{fs, path::Path, process::Command};

use image::{Rgb, RgbImage};
use streetscape::{
    capture::{self, CaptureError, FrameSource, Next},
    fault::Recovery,
    frame::Frame,
    walk::{About, WalkWriter},
};

fn photo(grey: u8) -> Vec<u8> {
    let picture = streetscape::frame::Picture::new(16, 8, vec![grey; 16 * 8 * 3]).expect("a picture");
    capture::jpeg::encode(&picture).expect("JPEG")
}

/// Time, width, height and a pixel of each frame, or the error in its place; at most `most` of them.
fn frames(source: &mut dyn FrameSource, most: usize) -> Vec<Result<(f64, u32, u32, u8), CaptureError>> {
    let mut frame = Frame::default();
    let next = || match source.read(&mut frame) {
        Ok(Next::End) => None,
        Ok(Next::Frame) => {
            let picture = &frame.picture;
            Some(Ok((frame.at.seconds(), picture.width(), picture.height(), picture.rgb()[0])))
        }
        Err(error) => Some(Err(error)),
    };
    std::iter::from_fn(next).take(most).collect()
}

/// Makes `path` with ffmpeg's test picture; false, and said, where there is no ffmpeg.
fn video(path: &Path, options: &str) -> bool {
    let made = Command::new("ffmpeg").args(["-v", "error", "-y", "-f", "lavfi"]).args(options.split(' ')).arg(path).status();
    match made {
        Ok(status) => {
            assert!(status.success(), "ffmpeg {options}");
            true
        }
        Err(error) => {
            eprintln!("skipped: ffmpeg: {error}");
            false
        }
    }
}

const TESTSRC: &str = "-i testsrc=d=6:s=320x240:r=25 -pix_fmt yuv420p -movflags +faststart";

#[test]
fn a_folder_is_shown_at_its_rate_and_a_bad_picture_costs_one_frame() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in [("2.jpg", photo(20)), ("1.jpg", photo(10)), ("3.jpg", b"text".to_vec()), ("4.jpg", photo(40))] {
        fs::write(dir.path().join(name), bytes).expect("a file");
    }
    RgbImage::from_pixel(9, 7, Rgb([50; 3])).save(dir.path().join("5.png")).expect("a file");
    let mut source = capture::open(dir.path(), 4.0).expect("a folder of pictures");
    let got = frames(&mut *source, 9);
    assert_eq!(got.len(), 5);
    for (k, want) in [(0, (0.0, 16, 8, 10)), (1, (0.25, 16, 8, 20)), (3, (0.75, 16, 8, 40)), (4, (1.0, 9, 7, 50))] {
        assert_eq!(*got[k].as_ref().expect("a frame"), want);
    }
    let error = got[2].as_ref().expect_err("a text");
    assert!(error.to_string().contains("3.jpg: not a picture"), "{error}");
    assert_eq!(error.recovery(), Recovery::Retry);
}

#[test]
fn a_walk_is_shown_at_its_own_moments_and_a_missing_frame_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut writer = WalkWriter::create(dir.path(), &About::default()).expect("a new walk");
    for (k, seconds) in [0.0, 0.21, 0.4, 0.75].into_iter().enumerate() {
        writer.write(streetscape::frame::Timestamp::from_seconds(seconds), &photo(10 * k as u8)).expect("written");
    }
    fs::remove_file(dir.path().join("frames/000001.jpg")).expect("removed");
    fs::write(dir.path().join("frames/000002.jpg"), &photo(7)[..200]).expect("cut");
    let mut source = capture::open(dir.path(), 5.0).expect("a walk");
    let got = frames(&mut *source, 9);
    assert_eq!(got.len(), 4);
    assert_eq!(*got[0].as_ref().expect("a frame"), (0.0, 16, 8, 0));
    assert_eq!(*got[3].as_ref().expect("a frame"), (0.75, 16, 8, 30));
    for (k, want) in [(1, "frames/000001.jpg: No such file"), (2, "frames/000002.jpg: ends early")] {
        let error = got[k].as_ref().expect_err("damaged");
        assert!(error.to_string().contains(want), "{error}");
        assert_eq!(error.recovery(), Recovery::Retry);
    }
}

#[test]
fn a_video_is_sampled_at_the_rate_asked_for() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("a: walk.mp4");
    if !video(&path, TESTSRC) {
        return;
    }
    let mut source = capture::open(&path, 5.0).expect("a video");
    let got = frames(&mut *source, 99);
    assert_eq!(got.len(), 30);
    for (k, frame) in got.iter().enumerate() {
        let &(at, width, height, _) = frame.as_ref().expect("a frame");
        assert_eq!((at, width, height), (k as f64 / 5.0, 320, 240));
    }
    // Left in the middle: the child is killed with its source.
    let mut source = capture::open(&path, 25.0).expect("a video");
    assert_eq!(frames(&mut *source, 2).len(), 2);
}

#[test]
fn a_phones_video_stands_upright() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (flat, path) = (dir.path().join("flat.mp4"), dir.path().join("upright.mp4"));
    if !video(&flat, "-i testsrc=d=1:s=320x240:r=25 -pix_fmt yuv420p") {
        return;
    }
    let turned = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&flat)
        .args(["-c", "copy", "-metadata:s:v:0", "rotate=90"])
        .arg(&path)
        .status();
    assert!(turned.expect("ffmpeg").success());
    let mut source = capture::open(&path, 5.0).expect("a video");
    assert_eq!(frames(&mut *source, 1)[0].as_ref().map(|f| (f.1, f.2)).expect("a frame"), (240, 320));
}

#[test]
fn a_video_that_breaks_off_shows_what_there_is_and_then_says_so() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for name in ["walk.mp4", "walk.mkv"] {
        let path = dir.path().join(name);
        if !video(&path, TESTSRC) {
            return;
        }
        let bytes = fs::read(&path).expect("the video");
        fs::write(&path, &bytes[..bytes.len() * 2 / 3]).expect("cut");
        let mut source = capture::open(&path, 5.0).expect("a video");
        let got = frames(&mut *source, 99);
        let (error, shown) = got.split_last().expect("frames");
        assert!((8..28).contains(&shown.len()) && shown.iter().all(Result::is_ok), "{name}: {} frames", shown.len());
        let error = error.as_ref().expect_err("it breaks off");
        assert!(error.to_string().contains(&format!("{name}: the video breaks off at ")), "{error}");
        assert_eq!(error.recovery(), Recovery::Fatal);
        assert_eq!(source.read(&mut Frame::default()).expect("the end"), Next::End);
    }
}

#[test]
fn what_is_no_source_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("none")).expect("a folder");
    fs::create_dir(path("walk")).expect("a folder");
    fs::write(path("walk/walk.toml"), "").expect("a file");
    fs::write(path("empty.mp4"), "").expect("a file");
    fs::write(path("text.mp4"), "Dear Sir or Madam,\n").expect("a file");
    fs::write(path("text.ans"), "Dear Sir or Madam,\n").expect("a file");
    fs::write(path("photo.jpg"), photo(3)).expect("a file");
    for (name, fps, want) in [
        ("none", 5.0, "there are no pictures inside"),
        ("walk", 5.0, "walk/frames.csv: No such file"),
        ("gone", 5.0, "check the name"),
        ("none", 0.0, "--fps 0: between 0.01 and 240"),
        ("none", f64::NAN, "--fps NaN"),
        ("empty.mp4", 5.0, "ffmpeg can't read it as a video"),
        ("text.mp4", 5.0, "ffmpeg can't read it as a video"),
        ("text.ans", 5.0, "this is no video"),
        ("photo.jpg", 5.0, "this is no video"),
    ] {
        let error = match capture::open(&path(name), fps) {
            Err(CaptureError::NoFfmpeg { .. }) => {
                eprintln!("skipped: no ffmpeg");
                continue;
            }
            Err(error) => error.to_string(),
            Ok(_) => panic!("{name} was opened"),
        };
        assert!(error.contains(want), "{error}");
    }
}
