//! The memory of what was said: may a thing be said again?
//!
//! Owns when each subject was said and last seen. Leaves which subject deserves saying to the narrator.

use std::{collections::HashMap, time::Duration};

use crate::{
    callout::{Priority, Subject},
    frame::Timestamp,
    narrator::{Event, Reason},
};

/// How much silence stands between callouts.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Absence after which the same thing counts as new.
    pub gone: Duration,
    /// Silence after any callout before one that is not important.
    pub pause: Duration,
}

impl Default for Pace {
    /// 2 s of absence as trackers do; 4 s so that a callout of about one second keeps the ears free for four fifths of the time.
    fn default() -> Self {
        Self { gone: Duration::from_secs(2), pause: Duration::from_secs(4) }
    }
}

#[derive(Clone, Copy, Debug)]
struct Said {
    at: Timestamp,
    last_seen: Timestamp,
}

/// What was said, and when.
#[derive(Clone, Debug)]
pub struct History {
    pace: Pace,
    said: HashMap<Subject, Said>,
    last: Option<Timestamp>,
}

impl History {
    /// Nothing said yet.
    pub fn new(pace: Pace) -> Self {
        Self { pace, said: HashMap::new(), last: None }
    }

    /// May `subject`, believed at `now`, be said?
    pub fn ask(&mut self, subject: &Subject, event: &Event, now: Timestamp) -> Result<(), Reason> {
        if let Some(said) = self.said.get_mut(subject) {
            let reason = if now.since(said.last_seen) < self.pace.gone {
                Some(Reason::Repeated)
            } else if now.since(said.at) < event.cooldown() {
                Some(Reason::Cooling)
            } else {
                None
            };
            // A thing that comes back too soon is in view from then on, as if it had never gone.
            if let Some(reason) = reason {
                said.last_seen = now;
                return Err(reason);
            }
        }
        match self.last {
            Some(last) if event.priority < Priority::Important && now.since(last) < self.pace.pause => Err(Reason::Pausing),
            _ => Ok(()),
        }
    }

    /// May a fault be said, of which the same was said less than `cooldown` ago?
    pub fn ask_fault(&self, subject: &Subject, cooldown: Duration, now: Timestamp) -> Result<(), Reason> {
        match self.said.get(subject) {
            Some(said) if now.since(said.at) < cooldown => Err(Reason::Cooling),
            _ => Ok(()),
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
}
