//! The camera's thread: reads, and opens again what was lost.
//!
//! Owns what the walker's thread knows of the camera: the newest picture, and for how long there was none. Leaves saying so to the
//! walker's thread, which alone still runs where a driver hangs.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::OpenCamera;
use crate::{
    capture::{FrameSource, Next},
    fault::Recovery,
    frame::{Frame, Timestamp},
    pipeline::mailbox::Mailbox,
};

/// Between the camera's thread and the walker's.
pub(super) struct Camera {
    pub mailbox: Mailbox<Frame>,
    started: Instant,
    /// When the newest picture came, in milliseconds of the walk.
    came: AtomicU64,
    /// It failed, and has given no picture since.
    lost: AtomicBool,
    /// The walk is over.
    left: AtomicBool,
}

impl Camera {
    pub fn new(started: Instant) -> Self {
        let (came, lost, left) = (AtomicU64::new(0), AtomicBool::new(false), AtomicBool::new(false));
        Self { mailbox: Mailbox::default(), started, came, lost, left }
    }

    /// The moment of the walk.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.started.elapsed())
    }

    /// Whether it failed, or has given no picture for longer than `silent`.
    pub fn is_lost(&self, silent: Duration) -> bool {
        let came = Timestamp(Duration::from_millis(self.came.load(Ordering::Relaxed)));
        self.lost.load(Ordering::Relaxed) || self.now().since(came) > silent
    }

    /// Ends the thread with its next picture.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
        self.mailbox.close();
    }

    /// The thread's work, until the walk is over. A picture is read when it is wanted: a camera gives more than are looked at, each costs
    /// its decoding, and what was read before is old by then. Where none is wanted one is read after `pause`, which tells that the camera
    /// is still there.
    pub fn watch(&self, mut open: OpenCamera, pause: Duration, retry: Duration) {
        /// Closes the mailbox however the thread ends, so that nobody waits for it.
        struct Closing<'a>(&'a Mailbox<Frame>);
        impl Drop for Closing<'_> {
            fn drop(&mut self) {
                self.0.close();
            }
        }
        let _closing = Closing(&self.mailbox);
        let (mut source, mut frame): (Option<Box<dyn FrameSource>>, _) = (None, Frame::default());
        while !self.left.load(Ordering::Relaxed) {
            self.mailbox.await_want(pause);
            let read = match &mut source {
                Some(camera) => camera.read(&mut frame),
                None => open(self.started).and_then(|camera| source.insert(camera).read(&mut frame)),
            };
            match read {
                Ok(Next::Frame) => {
                    self.came.store(self.now().0.as_millis() as u64, Ordering::Relaxed);
                    self.lost.store(false, Ordering::Relaxed);
                    self.mailbox.put(&mut frame);
                }
                Err(error) if source.is_some() && error.recovery() == Recovery::Retry => tracing::warn!("{error}"),
                other => {
                    if let Err(error) = other {
                        tracing::warn!("{error}");
                    }
                    source = None;
                    self.lost.store(true, Ordering::Relaxed);
                    thread::sleep(retry);
                }
            }
        }
    }
}
