//! The memory of what was said: may a thing be said again?
//!
//! Owns when each subject was said and last seen. Leaves which subject deserves saying to the narrator.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    callout::{Priority, Subject},
    frame::Timestamp,
    narrator::{Event, Reason},
};

/// Silence after any callout before one that is not important: 4 s, so that a callout of about one second keeps the ears free for four
/// fifths of the time.
const PAUSE: Duration = Duration::from_secs(4);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Said {
    at: Timestamp,
    last_seen: Timestamp,
}

/// One subject that was said, as a log keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaidState {
    /// Facet id, or `fault`.
    pub facet: String,
    /// Class id, or the fault's id.
    pub class: String,
    /// When it was said.
    pub at: Timestamp,
    /// When it was last believed.
    pub seen: Timestamp,
}

/// What was said, and when.
#[derive(Clone, Debug, Default)]
pub struct History {
    said: BTreeMap<Subject, Said>,
    last: Option<Timestamp>,
}

impl History {
    /// May `subject`, believed at `now`, be said again, or is it said already?
    pub fn ask(&mut self, subject: &Subject, event: &Event, now: Timestamp) -> Result<(), Reason> {
        let replaced = event.lasting && self.replaced(subject);
        let Some(said) = self.said.get_mut(subject) else { return Ok(()) };
        if now.since(said.last_seen) < event.gone() && !replaced {
            said.last_seen = now;
            let again = event.again().is_some_and(|again| now.since(said.at) >= again);
            return if again { Ok(()) } else { Err(Reason::Repeated) };
        }
        if now.since(said.at) < event.cooldown() {
            if !event.lasting {
                // A thing that comes back too soon is in view from then on, as if it had never gone.
                said.last_seen = now;
            }
            return Err(Reason::Cooling);
        }
        Ok(())
    }

    /// Whether something was said too short a while ago for a callout of `priority`.
    pub fn pausing(&self, priority: Priority, now: Timestamp) -> bool {
        priority < Priority::Important && self.last.is_some_and(|last| now.since(last) < PAUSE)
    }

    /// May a fault be said, of which the same was said less than `cooldown` ago?
    pub fn ask_fault(&self, subject: &Subject, cooldown: Duration, now: Timestamp) -> Result<(), Reason> {
        match self.said.get(subject) {
            Some(said) if now.since(said.at) < cooldown => Err(Reason::Cooling),
            _ => Ok(()),
        }
    }

    /// Whether `subject` was said and has not been gone since for as long as `event` asks.
    pub fn lasts(&self, subject: &Subject, event: &Event, now: Timestamp) -> bool {
        self.said.get(subject).is_some_and(|said| now.since(said.last_seen) < event.gone())
    }

    /// When `subject` was last said.
    pub fn said_at(&self, subject: &Subject) -> Option<Timestamp> {
        self.said.get(subject).map(|said| said.at)
    }

    /// `subject`, which was said, is in view by another name.
    pub fn seen(&mut self, subject: &Subject, now: Timestamp) {
        if let Some(said) = self.said.get_mut(subject) {
            said.last_seen = now;
        }
    }

    /// `subject` is being said.
    pub fn said(&mut self, subject: &Subject, now: Timestamp) {
        self.said.insert(subject.clone(), Said { at: now, last_seen: now });
        self.last = Some(now);
    }

    /// `subject` counts as never said.
    pub fn forget(&mut self, subject: &Subject) {
        self.said.remove(subject);
    }

    /// What a log keeps.
    pub fn state(&self) -> (Vec<SaidState>, Option<Timestamp>) {
        let state = |(subject, said): (&Subject, &Said)| SaidState {
            facet: subject.facet.to_string(),
            class: subject.class.to_string(),
            at: said.at,
            seen: said.last_seen,
        };
        (self.said.iter().map(state).collect(), self.last)
    }

    /// The memory that a log kept.
    pub fn restored(said: &[SaidState], last: Option<Timestamp>) -> Self {
        let entry = |s: &SaidState| (Subject::new(s.facet.as_str(), s.class.as_str()), Said { at: s.at, last_seen: s.seen });
        Self { said: said.iter().map(entry).collect(), last }
    }

    /// Whether another subject of the same facet was said after `subject`.
    fn replaced(&self, subject: &Subject) -> bool {
        let Some(said) = self.said.get(subject) else { return false };
        self.said.iter().any(|(other, o)| other.facet == subject.facet && other != subject && o.at > said.at)
    }
}
