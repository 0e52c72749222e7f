//! From frame to speech: the one path that walking and replaying share, and the loops that drive it.
//!
//! Owns [`Stages::step`], the threads of a live walk, the mailbox between them, and what is done about faults. Leaves each stage
//! its work. Everything moves from the camera to the voice; back come finished speech, a lost voice, the walker's controls, and
//! which views to encode next.

use thiserror::Error;

use crate::{capture::CaptureError, speech::SpeechError};

mod ahead;
pub mod batch;
mod battery;
pub mod controls;
pub mod embedded;
#[cfg(target_os = "linux")]
pub mod guard;
pub mod live;
pub mod log;
mod look;
pub mod mailbox;
mod ordered;
pub mod phrases;
pub mod policy;
pub mod replay;
pub mod report;
pub mod settings;
pub mod sight;
mod step;
mod telling;

pub use step::{Outcome, Stages, StepError, VoiceCommand};
pub use telling::{Memory, Telling};

/// Why a walk or a replay could not go on.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// No picture.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A frame that led to nothing.
    #[error(transparent)]
    Step(#[from] StepError),
    /// No words or no voice.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// The system gave no thread.
    #[error("no thread for {what}: {source}; close other programs")]
    Thread {
        /// What it was for.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A thread of the walk panicked.
    #[error("{what} stopped unexpectedly; start streetscape again, and please report this")]
    Panicked {
        /// Which thread.
        what: &'static str,
    },
}
