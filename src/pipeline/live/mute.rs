//! What stands in a lost voice's place until another one is opened.
//!
//! Owns no sound: whatever is to be said is told to be lost. The lost voice itself is closed by then, since it may hold what the next needs: the
//! engine, the device.

use std::time::Duration;

use crate::{
    callout::Priority,
    speech::{SpeechError, Tuning, UtteranceId, Voice, VoiceEvent},
};

/// Bears the name of the voice that was lost.
pub(super) struct Mute(pub String);

impl Voice for Mute {
    fn name(&self) -> &str {
        &self.0
    }

    fn say(&mut self, _: UtteranceId, _: &str, _: Priority) -> Result<(), SpeechError> {
        Err(SpeechError::Lost { voice: "lost", problem: "no other one was found yet".to_owned() })
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        Ok(())
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        Vec::new()
    }

    fn length(&self, _: &str) -> Duration {
        Duration::ZERO
    }

    fn tune(&mut self, _: Tuning) -> Result<(), SpeechError> {
        Ok(())
    }
}
