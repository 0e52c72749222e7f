//! Everything that a narrator remembers, as one value that a log keeps.

use serde::{Deserialize, Serialize};

use super::{Budget, EvidenceState, History, Narrator, SaidState, Talk};
use crate::frame::Timestamp;

/// What is believed, what was said, and how much may be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NarratorState {
    /// How much is said unasked.
    pub talk: Talk,
    /// Whether nothing is.
    #[serde(default)]
    pub paused: bool,
    /// What is believed, since when and how surely.
    pub evidence: EvidenceState,
    /// What was said.
    pub said: Vec<SaidState>,
    /// When anything was last said.
    pub last: Option<Timestamp>,
    /// Seconds of speech that are left.
    pub budget: Budget,
}

impl Narrator {
    /// What it knows now.
    pub fn state(&self) -> NarratorState {
        let (said, last) = self.history.state();
        NarratorState {
            talk: self.talk(),
            paused: self.paused,
            evidence: self.evidence.state(),
            said,
            last,
            budget: self.budget,
        }
    }

    /// Goes on from `state`.
    pub fn restore(&mut self, state: &NarratorState) {
        self.set_talk(state.talk);
        self.paused = state.paused;
        self.evidence.restore(&state.evidence);
        self.history = History::restored(&state.said, state.last);
        self.budget = state.budget;
    }
}
