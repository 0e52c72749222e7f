//! What can fail between words and sound.

use thiserror::Error;

use crate::fault::Recovery;

/// Why nothing can be heard.
#[derive(Debug, Error)]
pub enum SpeechError {
    /// No voice works; the reason of each.
    #[error("no voice works: {}; see `streetscape doctor`", reasons.join("; "))]
    NoVoice {
        /// One for each voice that was tried.
        reasons: Vec<String>,
    },
}

impl SpeechError {
    /// What the loop may do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            SpeechError::NoVoice { .. } => Recovery::Fatal,
        }
    }
}
