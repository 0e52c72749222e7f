//! Frames looked at ahead: read one after another, encoded on several cores, handed on in their order.
//!
//! Owns the frames that are left and the exchange of buffers. Leaves the workers to `ordered`, and to the caller what is encoded of a frame:
//! it is asked of each in their order. Unlike the mailbox of a live walk it drops nothing: every frame and every fault keeps its place.

use std::{num::NonZero, sync::mpsc, thread};

use crate::{
    capture::{CaptureError, FrameSource, Next},
    fault::Recovery,
    frame::Frame,
    pipeline::{
        PipelineError,
        look::Look,
        ordered::{Open, opened, ordered},
        policy::Plan,
        step::Views,
    },
};

/// Workers at most: each holds a model of its own, of some 20 MB.
const MOST_WORKERS: usize = 4;

/// Hands every frame of `source` to `each`, with what `plan` says of it done; or why it can't be read. Each worker has an encoder
/// of its own, opened with the first frame that needs it. Ends with the source, with an error that nothing will mend, and with the first error
/// that `each` gives; a look that it gives back is used again.
pub(super) fn ahead(
    source: &mut dyn FrameSource,
    plan: impl FnMut(&Frame) -> Plan + Send,
    views: &Views,
    open: Open<'_>,
    each: &mut dyn FnMut(Result<Look, CaptureError>) -> Result<Option<Look>, PipelineError>,
) -> Result<(), PipelineError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_WORKERS);
    let (back, used) = mpsc::channel();
    let mut frames = Frames { source, plan, used, over: false };
    let worker = || {
        let mut encoder = None;
        move |mut looked: Result<Look, CaptureError>| {
            if let Ok(look) = &mut looked
                && let Plan::Look { .. } = look.plan
            {
                look.take(opened(&mut encoder, open), views);
            }
            looked
        }
    };
    ordered("looking ahead", workers, || frames.next(), &worker, &mut |looked| {
        if let Some(look) = each(looked)? {
            // After the last frame nobody takes a buffer back.
            let _ = back.send(look);
        }
        Ok(true)
    })
}

/// The frames that are left, and buffers for them.
struct Frames<'a, P> {
    source: &'a mut dyn FrameSource,
    plan: P,
    used: mpsc::Receiver<Look>,
    over: bool,
}

impl<P: FnMut(&Frame) -> Plan> Frames<'_, P> {
    fn next(&mut self) -> Option<Result<Look, CaptureError>> {
        if self.over {
            return None;
        }
        // Until it is read, so that a reader that panics is the last.
        self.over = true;
        let mut look = self.used.try_recv().unwrap_or_default();
        let looked = match self.source.read(&mut look.frame) {
            Ok(Next::End) => return None,
            Ok(Next::Frame) => {
                look.plan = (self.plan)(&look.frame);
                Ok(look)
            }
            Err(error) => Err(error),
        };
        self.over = looked.as_ref().is_err_and(|error| error.recovery() != Recovery::Retry);
        Some(looked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        embedding::Embedding,
        encoder::{EncoderError, ImageEncoder},
        frame::{Picture, Timestamp},
        observation::View,
    };

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

    /// Takes longer with every other picture, so that workers overtake one another.
    struct Slow(bool);

    impl ImageEncoder for Slow {
        fn encode(&mut self, _: &Picture, _: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
            self.0 = !self.0;
            thread::sleep(std::time::Duration::from_millis(if self.0 { 3 } else { 0 }));
            out.clear();
            Ok(())
        }
    }

    /// The moments of at most `take` looks, -1 for an error.
    fn look(frames: u32, broken: &'static [u32], take: usize) -> Result<Vec<f64>, PipelineError> {
        let mut moments = Vec::new();
        let open = || -> Result<Box<dyn ImageEncoder>, EncoderError> { Ok(Box::new(Slow(false))) };
        let mut source = Fake { next: 0, frames, broken };
        let plan = |_: &Frame| Plan::Look { crops: false, map: false };
        let outcome = ahead(&mut source, plan, &Views::only(&[View::Full]), &open, &mut |looked| {
            if moments.len() == take {
                return Err(PipelineError::Panicked { what: "a test that has enough" });
            }
            moments.push(looked.as_ref().map_or(-1.0, |look| look.frame.at.seconds()));
            Ok(looked.ok())
        });
        match outcome {
            Err(PipelineError::Panicked { what: "a test that has enough" }) => Ok(moments),
            outcome => outcome.map(|()| moments),
        }
    }

    #[track_caller]
    fn check(frames: u32, broken: &'static [u32], take: usize, want: &[f64]) {
        assert_eq!(look(frames, broken, take).expect("frames"), want, "{frames} frames, {broken:?} broken, {take} taken");
    }

    #[test]
    fn every_frame_and_every_fault_keeps_its_place() {
        check(0, &[], 9, &[]);
        check(4, &[], 9, &[0.0, 1.0, 2.0, 3.0]);
        check(4, &[0, 2], 9, &[-1.0, 1.0, -1.0, 3.0]);
        check(3, &[2], 9, &[0.0, 1.0, -1.0]);
        check(90, &[], 99, &(0..90).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn work_may_end_before_the_frames_do() {
        check(90, &[1], 3, &[0.0, -1.0, 2.0]);
        check(90, &[], 0, &[]);
    }

    #[test]
    fn a_reader_that_panics_is_told_of() {
        assert!(matches!(look(1000, &[], 1000), Err(PipelineError::Panicked { what: "looking ahead" })));
    }
}
