//! The live camera.
//!
//! Owns the thread that drains the device and keeps its newest picture alone, undecoded: the device's own wait has no limit, and what
//! it queues is old by the time it is asked for. Leaves finding and setting up the device to `device`, colours to `pixels`.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use nokhwa::{
    Camera,
    utils::{FrameFormat, Resolution},
};

use super::{CaptureError, FrameSource, Next};
use crate::frame::{Frame, Timestamp};

mod device;
mod pixels;

pub use device::{CameraName, list_cameras};

/// How long a picture is waited for. A camera that gives ten a second has missed twenty by then; the walker hears of it while
/// it still matters.
const PATIENCE: Duration = Duration::from_secs(2);

/// A live camera. Opening it anew after it was lost takes up the same clock.
#[derive(Debug)]
pub struct CameraSource {
    camera: String,
    start: Instant,
    format: FrameFormat,
    size: Resolution,
    mailbox: Arc<Mailbox>,
    raw: Vec<u8>,
}

/// Between the drain and the reader: room for one picture.
#[derive(Debug, Default)]
struct Mailbox {
    slot: Mutex<Slot>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Slot {
    raw: Vec<u8>,
    /// When `raw` came, until it is taken.
    came: Option<Instant>,
    /// Why the drain ended.
    ended: Option<String>,
    /// The reader is gone.
    left: bool,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        // A slot is whole at every moment: what a panic left is still one.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CameraSource {
    /// Opens a camera by its index, its path (`/dev/video0`) or a part of its name; the first that works where none is named.
    /// Pictures bear the time since `start`.
    pub fn open(id: Option<&str>, start: Instant) -> Result<Self, CaptureError> {
        let mailbox = Arc::new(Mailbox::default());
        let (answer, opened) = mpsc::channel();
        let (id, filled) = (id.map(str::to_owned), Arc::clone(&mailbox));
        // Opened where it is drained: a device is tied to its thread.
        thread::spawn(move || match device::open(id.as_deref()) {
            Ok((camera, device)) => {
                answer.send(Ok((camera, device.frame_format(), device.resolution()))).ok();
                drain(device, &filled);
            }
            Err(error) => {
                answer.send(Err(error)).ok();
            }
        });
        let lost =
            |error: mpsc::RecvError| CaptureError::CameraLost { camera: "camera".to_owned(), problem: error.to_string() };
        let (camera, format, size) = opened.recv().map_err(lost)??;
        tracing::info!("{camera}: {size} {format}");
        Ok(Self { camera, start, format, size, mailbox, raw: Vec::new() })
    }

    /// Its name and path, as messages show it.
    pub fn camera(&self) -> &str {
        &self.camera
    }

    /// Waits until `deadline` for a picture that was not taken yet, and swaps it into `raw`.
    fn newest(&mut self, deadline: Instant) -> Result<Instant, CaptureError> {
        let mut slot = self.mailbox.lock();
        loop {
            if let Some(came) = slot.came.take() {
                std::mem::swap(&mut slot.raw, &mut self.raw);
                return Ok(came);
            }
            if let Some(problem) = &slot.ended {
                return Err(CaptureError::CameraLost { camera: self.camera.clone(), problem: problem.clone() });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(CaptureError::CameraSilent { camera: self.camera.clone(), seconds: PATIENCE.as_secs() });
            }
            slot = self.mailbox.changed.wait_timeout(slot, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl FrameSource for CameraSource {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        let deadline = Instant::now() + PATIENCE;
        let mut damaged = None;
        loop {
            let came = match self.newest(deadline) {
                Ok(came) => came,
                Err(error) => {
                    return Err(match (error, damaged) {
                        // Pictures came, and none that could be read.
                        (CaptureError::CameraSilent { camera, .. }, Some(problem)) => {
                            CaptureError::CameraLost { camera, problem }
                        }
                        (error, _) => error,
                    });
                }
            };
            frame.at = Timestamp(came.saturating_duration_since(self.start));
            match pixels::unpack(&self.camera, self.format, self.size, &self.raw, frame) {
                Ok(()) => return Ok(Next::Frame),
                // The first picture after a start and one under a weak cable are often torn: the next one is as good.
                Err(error) => damaged = Some(error.to_string()),
            }
        }
    }
}

impl Drop for CameraSource {
    fn drop(&mut self) {
        // The drain ends with its next picture or with the device. It isn't waited for: a silent camera would hold the walk up.
        self.mailbox.lock().left = true;
    }
}

/// Takes pictures as they come until the reader leaves or the device fails.
fn drain(mut device: Camera, mailbox: &Mailbox) {
    let ended = loop {
        match device.frame_raw() {
            Ok(raw) => {
                let mut slot = mailbox.lock();
                if slot.left {
                    break None;
                }
                slot.raw.clear();
                slot.raw.extend_from_slice(&raw);
                slot.came = Some(Instant::now());
            }
            Err(error) => break Some(error.to_string()),
        }
        mailbox.changed.notify_one();
    };
    // Closed before the reader hears of it, so that it can be opened anew at once.
    drop(device);
    mailbox.lock().ended = ended;
    mailbox.changed.notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(mailbox: Arc<Mailbox>) -> CameraSource {
        let (format, size) = (FrameFormat::GRAY, Resolution::new(2, 1));
        CameraSource { camera: "Test (0)".to_owned(), start: Instant::now(), format, size, mailbox, raw: Vec::new() }
    }

    fn put(mailbox: &Mailbox, raw: &[u8]) {
        let mut slot = mailbox.lock();
        slot.raw = raw.to_vec();
        slot.came = Some(Instant::now());
        mailbox.changed.notify_one();
    }

    #[test]
    fn the_newest_picture_is_read_and_only_once() {
        let mailbox = Arc::new(Mailbox::default());
        let mut source = source(Arc::clone(&mailbox));
        put(&mailbox, &[1, 2]);
        put(&mailbox, &[3, 4]);
        let mut frame = Frame::default();
        assert_eq!(source.read(&mut frame).expect("a picture"), Next::Frame);
        assert_eq!(frame.picture.rgb(), [3, 3, 3, 4, 4, 4]);
        let soon = Instant::now() + Duration::from_millis(20);
        let error = source.newest(soon).expect_err("nothing newer").to_string();
        assert_eq!(error, "Test (0): no picture for 2 s; check its cable, or plug it in again");
    }

    #[test]
    fn a_torn_picture_is_passed_over_for_the_next() {
        let mailbox = Arc::new(Mailbox::default());
        let mut source = source(Arc::clone(&mailbox));
        put(&mailbox, &[1]);
        let later = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            put(&mailbox, &[5, 6]);
        });
        let mut frame = Frame::default();
        assert_eq!(source.read(&mut frame).expect("a picture"), Next::Frame);
        assert_eq!(frame.picture.rgb(), [5, 5, 5, 6, 6, 6]);
        later.join().expect("the camera's thread");
    }

    #[test]
    fn a_camera_that_is_pulled_out_is_told_of_at_once() {
        let mailbox = Arc::new(Mailbox::default());
        let mut source = source(Arc::clone(&mailbox));
        mailbox.lock().ended = Some("No such device".to_owned());
        let error = source.read(&mut Frame::default()).expect_err("it is gone");
        assert_eq!(error.recovery(), crate::fault::Recovery::Rebuild);
        let want = "Test (0): the camera is gone or does not work: No such device; plug it in again";
        assert_eq!(error.to_string(), want);
    }

    #[test]
    fn a_camera_that_is_not_there_is_told_of() {
        let error = CameraSource::open(Some("no such camera"), Instant::now()).expect_err("no camera").to_string();
        assert!(error.contains("no camera is there; plug one in") || error.contains("no such camera; name one of"), "{error}");
    }
}
