//! Recorded video, through the ffmpeg program.
//!
//! Owns the child process and its pipe. ffmpeg turns a phone's video upright by itself, samples it, and hands over each picture with
//! its size in front (PPM), so that nothing here needs to know of rotation.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread::JoinHandle,
};

use serde::Deserialize;

use super::{CaptureError, FrameSource, Next, decode};
use crate::frame::{Frame, Picture, Timestamp};

/// How much sooner than its header says a video may end and still be whole, in seconds: the last pictures' rounding.
const SLACK: f64 = 1.0;

/// A video, sampled at a steady rate. The child dies with it.
#[derive(Debug)]
pub struct VideoSource {
    file: String,
    fps: f64,
    /// By its header, in seconds.
    duration: Option<f64>,
    child: Child,
    pictures: BufReader<ChildStdout>,
    complaints: Option<JoinHandle<String>>,
    shown: u64,
    ended: bool,
}

impl VideoSource {
    /// Samples `path` at `fps` pictures a second.
    ///
    /// A video that ends before its header says, or on which ffmpeg gives up, shows what can be shown, then gives one
    /// [`CaptureError::Broken`], then ends. Pictures that ffmpeg could mend are shown; its complaints go to the log.
    pub fn open(path: &Path, fps: f64) -> Result<Self, CaptureError> {
        let file = path.display().to_string();
        let duration = probe(path, &file)?;
        let mut child = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(input(path))
            // The first real video stream: a song's cover is none.
            .args(["-map", "0:V:0", "-vf", &format!("fps={fps}"), "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| CaptureError::NoFfmpeg { file: file.clone(), program: "ffmpeg", source })?;
        let lost = |pipe: &str| CaptureError::Broken { file: file.clone(), at: 0.0, problem: format!("no {pipe} of ffmpeg") };
        let stdout = child.stdout.take().ok_or_else(|| lost("output"))?;
        let stderr = child.stderr.take().ok_or_else(|| lost("messages"))?;
        // A thread of its own, since ffmpeg stops where nobody reads what it says.
        let complaints = std::thread::spawn(move || last_lines(stderr));
        let pictures = BufReader::with_capacity(1 << 16, stdout);
        Ok(Self { file, fps, duration, child, pictures, complaints: Some(complaints), shown: 0, ended: false })
    }

    fn picture(&mut self, picture: &mut Picture) -> Result<bool, CaptureError> {
        if self.pictures.fill_buf().map(<[u8]>::is_empty).unwrap_or(true) {
            return Ok(false);
        }
        let mut rgb = std::mem::take(picture).into_rgb();
        let Some((width, height)) = size(&mut self.pictures) else {
            // Not at its end and not understood: it would wait for its reader for ever.
            self.child.kill().ok();
            return Ok(false);
        };
        decode::check_size(&self.file, width.into(), height.into())?;
        rgb.resize(width as usize * height as usize * 3, 0);
        if self.pictures.read_exact(&mut rgb).is_err() {
            return Ok(false);
        }
        *picture = Picture::new(width, height, rgb).unwrap_or_default();
        Ok(true)
    }

    /// Why the pictures ended: at the video's end, or before it.
    fn end(&mut self) -> Result<Next, CaptureError> {
        self.ended = true;
        let failed = self.child.wait().map_or(true, |status| !status.success());
        let complaints = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let at = self.shown as f64 / self.fps;
        let short = self.duration.is_some_and(|duration| at + SLACK.max(1.0 / self.fps) < duration);
        if failed || self.shown == 0 || short && !complaints.is_empty() {
            let problem = match (complaints.is_empty(), self.duration) {
                (false, _) => complaints,
                (true, Some(duration)) if short => format!("it should last {duration:.1} s"),
                (true, _) => "ffmpeg found no picture".to_owned(),
            };
            return Err(CaptureError::Broken { file: self.file.clone(), at, problem });
        }
        if !complaints.is_empty() {
            tracing::warn!("{}: ffmpeg mended or passed over something: {complaints}", self.file);
        }
        Ok(Next::End)
    }
}

impl FrameSource for VideoSource {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        if self.ended {
            return Ok(Next::End);
        }
        frame.jpeg = None;
        if !self.picture(&mut frame.picture)? {
            return self.end();
        }
        frame.at = Timestamp::from_seconds(self.shown as f64 / self.fps);
        self.shown += 1;
        Ok(Next::Frame)
    }
}

impl Drop for VideoSource {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to kill.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The path as ffmpeg must be given it: `a:b.mp4` would be a protocol and `-a.mp4` an option.
fn input(path: &Path) -> std::ffi::OsString {
    let mut input = std::ffi::OsString::from("file:");
    input.push(path);
    input
}

#[derive(Deserialize)]
struct Probed {
    streams: Vec<Length>,
    format: Container,
}

#[derive(Deserialize)]
struct Length {
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Container {
    format_name: String,
    duration: Option<String>,
}

/// Whether `path` is a video at all, and how long it lasts by its header, in seconds.
fn probe(path: &Path, file: &str) -> Result<Option<f64>, CaptureError> {
    let no_video = |problem: String| CaptureError::NoSource { path: file.to_owned(), problem };
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "V:0", "-of", "json"])
        .args(["-show_entries", "stream=duration:format=duration,format_name"])
        .arg(input(path))
        .stdin(Stdio::null())
        .output()
        .map_err(|source| CaptureError::NoFfmpeg { file: file.to_owned(), program: "ffprobe", source })?;
    if !output.status.success() {
        return Err(no_video(format!("ffmpeg can't read it as a video ({})", last_lines(&output.stderr[..]))));
    }
    let probed: Probed = serde_json::from_slice(&output.stdout).map_err(|error| no_video(error.to_string()))?;
    let Some(stream) = probed.streams.first() else { return Err(no_video("there are no moving pictures in it".to_owned())) };
    // ffmpeg takes a text for a terminal's screen and a photo for a video of one picture.
    let name = probed.format.format_name;
    if name == "tty" || name == "image2" || name.ends_with("_pipe") {
        return Err(no_video("this is no video".to_owned()));
    }
    let seconds = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
    Ok(seconds(&stream.duration).or_else(|| seconds(&probed.format.duration)))
}

/// The head of a PPM: `P6`, width, height, 255, each on its line or behind a space.
fn size(pictures: &mut impl BufRead) -> Option<(u32, u32)> {
    let mut head = Vec::new();
    for _ in 0..3 {
        pictures.by_ref().take(64).read_until(b'\n', &mut head).ok()?;
    }
    let mut words = std::str::from_utf8(&head).ok()?.split_ascii_whitespace();
    let (magic, width, height, most) = (words.next()?, words.next()?, words.next()?, words.next()?);
    (magic == "P6" && most == "255").then_some(())?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// The last lines of what a program says, in one.
fn last_lines(said: impl Read) -> String {
    const KEPT: usize = 3;
    let mut lines = std::collections::VecDeque::with_capacity(KEPT + 1);
    for line in BufReader::new(said).split(b'\n').map_while(io::Result::ok) {
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if !line.is_empty() {
            lines.push_back(line);
        }
        if lines.len() > KEPT {
            lines.pop_front();
        }
    }
    Vec::from(lines).join("; ")
}
