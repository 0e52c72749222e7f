//! From a callout to sound: its words, its place in the queue, the voice.
//!
//! Owns `voices/`, the speech queue and everything that makes sound. Leaves what deserves saying to `narrator`.

use std::time::Duration;

mod error;

pub use error::SpeechError;

/// A spoken utterance, as its voice counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtteranceId(pub u64);

/// What a voice reports back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceEvent {
    /// Its sound began.
    Began(UtteranceId),
    /// It was heard to its end.
    Finished(UtteranceId),
    /// It was cut short.
    Stopped(UtteranceId),
    /// The voice is gone; in words.
    Lost(String),
}

/// Something that speaks: one utterance at a time, the queue decides which.
pub trait Voice: Send {
    /// The name in messages and in `doctor`.
    fn name(&self) -> &str;
    /// Begins to say `text` at once and returns; what was being said is cut short.
    fn say(&mut self, id: UtteranceId, text: &str) -> Result<(), SpeechError>;
    /// Falls silent at once.
    fn stop(&mut self) -> Result<(), SpeechError>;
    /// What happened since the last call, oldest first. Never waits.
    fn events(&mut self) -> Vec<VoiceEvent>;
    /// About how long `text` takes to say.
    fn length(&self, text: &str) -> Duration;
}
