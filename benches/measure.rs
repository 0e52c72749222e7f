//! What every bench here needs: interleaved rounds, medians, and the inputs.

// Each bench is a program of its own and takes what it needs.
#![allow(dead_code)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use streetscape::{capture, frame::Picture};

/// One thing to be timed: its name, and a round of it.
pub type Part<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// The median time of each part over `rounds`, in which the parts take turns, after one round that does not count: what else
/// the machine does then falls on all of them alike.
pub fn medians(rounds: usize, parts: &mut [Part<'_>]) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(rounds); parts.len()];
    for round in 0..=rounds {
        for ((_, run), times) in parts.iter_mut().zip(&mut times) {
            let started = Instant::now();
            run();
            if round > 0 {
                times.push(started.elapsed());
            }
        }
    }
    times.into_iter().map(median).collect()
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The time than which `percent` of `times` are no longer; zero where there are none.
pub fn share(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// Milliseconds for a table.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The frames of the walk that ships with the project.
pub fn frames() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walks/demo/frames");
    let mut files: Vec<_> = fs::read_dir(dir).expect("the demo walk").map(|entry| entry.expect("a frame").path()).collect();
    files.sort();
    files
}

/// A frame of the demo walk as a JPEG of another size.
pub fn photo(file: &Path, width: u32, height: u32) -> Vec<u8> {
    let mut picture = Picture::default();
    capture::decode("frame", &fs::read(file).expect("a frame"), &mut picture).expect("a JPEG");
    let (w, h) = (picture.width(), picture.height());
    let image = image::RgbImage::from_raw(w, h, picture.into_rgb()).expect("its pixels");
    let image = image::imageops::resize(&image, width, height, image::imageops::FilterType::CatmullRom);
    let picture = Picture::new(width, height, image.into_raw()).expect("its pixels");
    capture::jpeg::encode(&picture).expect("a JPEG")
}
