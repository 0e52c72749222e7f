//! A camera before recorded walks.
//!
//! Thirty pictures a second, as webcams give them, each what the walk shows at that moment; whoever reads gets the newest.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use streetscape::{
    capture::{self, CaptureError, FrameSource, Next},
    frame::{Frame, Timestamp},
    walk::Walk,
};

/// Pictures a second.
const RATE: u32 = 30;
/// For how long a recorded picture is what there is to see: the walks that ship have five a second.
pub const EACH: Duration = Duration::from_millis(200);

/// JPEG files, in the order in which they are seen, over and over.
pub type Pictures = Arc<[Arc<[u8]>]>;

/// The files of the shipped walk `name` that lie in these seconds.
pub fn frames(name: &str, seconds: Range<f64>) -> Vec<PathBuf> {
    let walk = Walk::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walks").join(name)).expect("a walk");
    let frames = walk.frames.into_iter().filter(|frame| seconds.contains(&frame.at.seconds()));
    frames.map(|frame| frame.file).collect()
}

/// The whole shipped walk `name`.
pub fn pictures(name: &str) -> Pictures {
    frames(name, 0.0..f64::INFINITY).iter().map(|file| fs::read(file).expect("a picture").into()).collect()
}

/// What a camera shows.
pub struct Shown {
    pictures: Pictures,
    /// The walk's beginning.
    started: Instant,
    opened: Instant,
    /// The picture that was read last, counted from one.
    last: u32,
}

impl Shown {
    /// A camera that is opened now; its moments count from `started`.
    pub fn open(pictures: Pictures, started: Instant) -> Self {
        Self { pictures, started, opened: Instant::now(), last: 0 }
    }

    /// Waits for a picture that is newer than the last: when it came, and its bytes.
    pub fn newest(&mut self) -> (Timestamp, Arc<[u8]>) {
        let newest = (self.opened.elapsed().as_secs_f64() * f64::from(RATE)) as u32;
        self.last = newest.max(self.last + 1);
        let came = Duration::from_secs(self.last.into()) / RATE;
        thread::sleep(came.saturating_sub(self.opened.elapsed()));
        let seen = (came.as_millis() / EACH.as_millis()) as usize % self.pictures.len();
        (Timestamp(self.opened + came - self.started), self.pictures[seen].clone())
    }
}

impl FrameSource for Shown {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        let (at, jpeg) = self.newest();
        capture::decode("picture", &jpeg, &mut frame.picture)?;
        (frame.at, frame.jpeg) = (at, Some(jpeg));
        Ok(Next::Frame)
    }
}
