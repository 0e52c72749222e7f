//! Frames read ahead: while one is looked at, the next is read and decoded.
//!
//! Owns the thread that reads and the exchange of buffers. Unlike the mailbox of a live walk it drops nothing: every frame and
//! every fault keeps its place.

use std::{mem, sync::mpsc, thread};

use crate::{
    capture::{CaptureError, FrameSource, Next},
    frame::Frame,
    pipeline::PipelineError,
};

/// Frames that lie ready while the next is read; more would take memory and gain nothing, since reading is the quicker part.
const READY: usize = 1;

/// Hands `source` to `work` with its frames read ahead, and gives what `work` gives.
pub(super) fn ahead<T>(
    source: &mut dyn FrameSource,
    work: impl FnOnce(&mut dyn FrameSource) -> Result<T, PipelineError>,
) -> Result<T, PipelineError> {
    thread::scope(|scope| {
        let (send, frames) = mpsc::sync_channel(READY);
        let (back, used) = mpsc::channel::<Frame>();
        let reader = scope.spawn(move || {
            loop {
                let mut frame = used.try_recv().unwrap_or_default();
                let read = source.read(&mut frame);
                let last = matches!(read, Ok(Next::End));
                // Nobody takes frames any more: the work ended early.
                if send.send((frame, read)).is_err() || last {
                    break;
                }
            }
        });
        let worked = work(&mut Ahead { frames, back });
        match reader.join() {
            Ok(()) => worked,
            Err(_) => Err(PipelineError::Panicked { what: "reading frames" }),
        }
    })
}

struct Ahead {
    frames: mpsc::Receiver<(Frame, Result<Next, CaptureError>)>,
    back: mpsc::Sender<Frame>,
}

impl FrameSource for Ahead {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        let Ok((mut read, next)) = self.frames.recv() else { return Ok(Next::End) };
        mem::swap(frame, &mut read);
        // After the last frame the reader is gone, and takes no buffer back.
        let _ = self.back.send(read);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Timestamp;

    /// Frames at 0, 1, 2, ... seconds; each that is listed in `broken` is an error in its place. Panics at frame 100.
    struct Fake {
        next: u32,
        frames: u32,
        broken: &'static [u32],
    }

    impl FrameSource for Fake {
        fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
            let i = self.next;
            self.next += 1;
            assert!(i < 100, "the hundredth frame");
            frame.at = Timestamp::from_seconds(f64::from(i));
            match i {
                _ if i == self.frames => Ok(Next::End),
                _ if self.broken.contains(&i) => Err(CaptureError::Empty { file: i.to_string() }),
                _ => Ok(Next::Frame),
            }
        }
    }

    /// The moments of at most `take` reads, -1 for an error.
    fn read(frames: u32, broken: &'static [u32], take: usize) -> Result<Vec<f64>, PipelineError> {
        ahead(&mut Fake { next: 0, frames, broken }, |source| {
            let (mut frame, mut moments) = (Frame::default(), Vec::new());
            while moments.len() < take {
                match source.read(&mut frame) {
                    Ok(Next::End) => break,
                    Ok(Next::Frame) => moments.push(frame.at.seconds()),
                    Err(_) => moments.push(-1.0),
                }
            }
            Ok(moments)
        })
    }

    #[track_caller]
    fn check(frames: u32, broken: &'static [u32], take: usize, want: &[f64]) {
        assert_eq!(read(frames, broken, take).expect("frames"), want, "{frames} frames, {broken:?} broken, {take} taken");
    }

    #[test]
    fn every_frame_and_every_fault_keeps_its_place() {
        check(0, &[], 9, &[]);
        check(4, &[], 9, &[0.0, 1.0, 2.0, 3.0]);
        check(4, &[0, 2], 9, &[-1.0, 1.0, -1.0, 3.0]);
        check(3, &[2], 9, &[0.0, 1.0, -1.0]);
    }

    #[test]
    fn work_may_end_before_the_frames_do() {
        check(90, &[1], 3, &[0.0, -1.0, 2.0]);
        check(90, &[], 0, &[]);
    }

    #[test]
    fn a_reader_that_panics_is_told_of() {
        assert!(matches!(read(1000, &[], 1000), Err(PipelineError::Panicked { .. })));
    }
}
