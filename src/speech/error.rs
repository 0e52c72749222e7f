//! What can fail between words and sound.

use std::io;

use thiserror::Error;

use crate::fault::Recovery;

/// Why something can't be said, or can't be heard.
#[derive(Debug, Error)]
pub enum SpeechError {
    /// No voice works; the reason of each.
    #[error("no voice works: {}; see `streetscape doctor`", reasons.join("; "))]
    NoVoice {
        /// One for each voice that was tried.
        reasons: Vec<String>,
    },
    /// There is no `voices/` folder for the language.
    #[error("language {language}: there are no words for it; choose one of: {}", shipped.join(", "))]
    Language {
        /// The tag that was asked for.
        language: String,
        /// The tags that there are.
        shipped: Vec<&'static str>,
    },
    /// A message is missing in `voices/`, or is written wrongly.
    #[error("voices/{language}: message {message}: {problem}")]
    Message {
        /// The language's folder.
        language: String,
        /// The message's key.
        message: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A voice can't be opened.
    #[error("{voice} voice: {problem}")]
    Open {
        /// The voice's name.
        voice: &'static str,
        /// What is missing and how to mend it.
        problem: String,
    },
    /// A voice that spoke no longer does.
    #[error("{voice} voice: {problem}")]
    Lost {
        /// The voice's name.
        voice: &'static str,
        /// What happened.
        problem: String,
    },
    /// The transcript can't be written.
    #[error("transcript: {0}; make room or write it elsewhere")]
    Transcript(#[from] io::Error),
}

impl SpeechError {
    /// What the loop may do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            SpeechError::Lost { .. } => Recovery::Rebuild,
            SpeechError::NoVoice { .. }
            | SpeechError::Language { .. }
            | SpeechError::Message { .. }
            | SpeechError::Open { .. }
            | SpeechError::Transcript(_) => Recovery::Fatal,
        }
    }
}
