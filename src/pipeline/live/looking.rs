//! The encoder's thread: looks at one frame at a time, and builds the encoder anew where it fails.
//!
//! Owns the way there and back. Its answers go through the step as any encoder's do. Leaves the moment of a look, and what is
//! said of a late one, to the walker's thread.

use std::{
    io,
    sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    thread,
    time::{Duration, Instant},
};

use super::OpenEncoder;
use crate::{
    encoder::ImageEncoder,
    fault::Recovery,
    pipeline::{PipelineError, look::Look, step::Views},
};

/// The walker's end of the thread.
pub(super) struct Encoder {
    /// The next look, or the last one with its answer; empty while one is under way.
    pub look: Look,
    there: SyncSender<Look>,
    back: Receiver<Look>,
    /// When the look under way began.
    since: Option<Instant>,
}

impl Encoder {
    /// Starts the thread, which ends with this value.
    pub fn start(mut encoder: Box<dyn ImageEncoder>, mut open: OpenEncoder, views: Views, retry: Duration) -> io::Result<Self> {
        let (there, looks) = mpsc::sync_channel::<Look>(1);
        let (answers, back) = mpsc::sync_channel(1);
        thread::Builder::new().name("encoder".to_owned()).spawn(move || {
            let mut broken = false;
            for mut look in looks {
                let mended = if broken {
                    thread::sleep(retry);
                    open().map(|mended| encoder = mended)
                } else {
                    Ok(())
                };
                look.take(mended.map(|()| encoder.as_mut() as &mut dyn ImageEncoder), &views);
                broken = match look.answer.failed() {
                    // What was never opened is not asked again.
                    Some(error) => broken || error.recovery() != Recovery::Retry,
                    None => false,
                };
                if answers.send(look).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { look: Look::default(), there, back, since: None })
    }

    /// Hands the look over; the one before has come back.
    pub fn begin(&mut self) -> Result<(), PipelineError> {
        self.since = Some(Instant::now());
        self.there.send(std::mem::take(&mut self.look)).map_err(|_| PANICKED)
    }

    /// For how long the look under way has lasted.
    pub fn busy(&self) -> Option<Duration> {
        self.since.map(|since| since.elapsed())
    }

    /// Waits at most `patience` for the look under way; whether it has come back.
    pub fn answer(&mut self, patience: Duration) -> Result<bool, PipelineError> {
        match self.back.recv_timeout(patience) {
            Ok(look) => {
                (self.look, self.since) = (look, None);
                Ok(true)
            }
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => Err(PANICKED),
        }
    }
}

const PANICKED: PipelineError = PipelineError::Panicked { what: "the encoder's thread" };
