//! What deserves to be said now, and why everything else is left unsaid.
//!
//! Owns belief over time, the memory of what was said, and the choice between what could be. Reads no clock: every question
//! carries its moment. Leaves probabilities to `ranking`, words and interruption to `speech`.

use std::sync::Arc;

use thiserror::Error;

use crate::{
    callout::{Callout, Direction, Priority, Subject},
    fault::Fault,
    frame::Timestamp,
    observation::Observation,
    vocabulary::{ClassIndex, FacetIndex, Vocabulary},
};

mod events;
mod evidence;
mod history;

pub use events::{EVENTS, Event};
pub use evidence::{Belief, Evidence, EvidenceConfig};
pub use history::{History, Pace};

/// What became of one thing that could have been said.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It is to be said.
    Say(Callout),
    /// It stays unsaid.
    Silent(Silence),
}

/// A silence and its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// The frame's moment.
    pub at: Timestamp,
    /// What stays unsaid; `None` where nothing was believed at all.
    pub subject: Option<Subject>,
    /// Why.
    pub reason: Reason,
}

/// Why something stays unsaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No facet is sure of anything.
    NothingSure,
    /// Seen, but not yet long enough to be believed.
    NotYetSure,
    /// It was said and has been in view ever since.
    Repeated,
    /// It went and came back sooner than its cooldown allows.
    Cooling,
    /// Something more important is said in this moment.
    GaveWay,
    /// Something was said a moment ago, and this can wait.
    Pausing,
    /// A walker isn't told of it unasked.
    NotSaidUnasked,
}

impl Reason {
    /// The name in logs and in `replay --explain`.
    pub fn id(self) -> &'static str {
        match self {
            Reason::NothingSure => "nothing_sure",
            Reason::NotYetSure => "not_yet_sure",
            Reason::Repeated => "repeated",
            Reason::Cooling => "cooling",
            Reason::GaveWay => "gave_way",
            Reason::Pausing => "pausing",
            Reason::NotSaidUnasked => "not_said_unasked",
        }
    }
}

/// Why a narrator can't be made.
#[derive(Debug, Error, PartialEq)]
pub enum NarratorError {
    /// A row of the table of events speaks of a class that nobody looks for, or that has no words.
    #[error("events: {facet}/{class}: the vocabulary has no such class with words to say")]
    UnknownEvent {
        /// Facet id.
        facet: &'static str,
        /// Class id.
        class: &'static str,
    },
}

/// One row of the table, found in the vocabulary.
#[derive(Clone, Debug)]
struct Watched {
    facet: FacetIndex,
    class: ClassIndex,
    subject: Subject,
    message: Arc<str>,
    event: &'static Event,
}

/// Decides, frame by frame.
#[derive(Clone, Debug)]
pub struct Narrator {
    watched: Vec<Watched>,
    evidence: Evidence,
    history: History,
    /// Ids of every class, for silences about classes that no event names.
    subjects: Vec<Vec<Subject>>,
}

impl Narrator {
    /// A narrator for `vocabulary`; every row of [`EVENTS`] must find its class there.
    pub fn new(vocabulary: &Vocabulary, evidence: EvidenceConfig, pace: Pace) -> Result<Self, NarratorError> {
        let watched = EVENTS.iter().map(|event| {
            let found = vocabulary.find(event.facet).and_then(|(facet, f)| {
                let (class, c) = f.find(event.class)?;
                let message = Arc::from(c.say.as_deref()?);
                Some(Watched { facet, class, subject: Subject::new(event.facet, event.class), message, event })
            });
            found.ok_or(NarratorError::UnknownEvent { facet: event.facet, class: event.class })
        });
        let subjects =
            vocabulary.facets().map(|(_, f)| f.classes.iter().map(|c| Subject::new(f.id.as_str(), c.id.as_str())).collect());
        Ok(Self {
            watched: watched.collect::<Result<_, _>>()?,
            evidence: Evidence::new(evidence),
            history: History::new(pace),
            subjects: subjects.collect(),
        })
    }

    /// Takes in what a frame showed and decides: at most one [`Decision::Say`], and a silence for everything else that was
    /// seen. Never empty.
    pub fn decide(&mut self, observation: &Observation, decisions: &mut Vec<Decision>) {
        let now = observation.at;
        decisions.clear();
        self.evidence.update(observation);
        let mut best: Option<(usize, Belief)> = None;
        for belief in self.evidence.beliefs() {
            let row = self.watched.iter().position(|w| w.facet == belief.facet && w.class == belief.class);
            let reason = match row {
                None => Reason::NotSaidUnasked,
                Some(_) if !belief.held => Reason::NotYetSure,
                Some(row) => {
                    let Watched { subject, event, .. } = &self.watched[row];
                    match self.history.ask(subject, event, now) {
                        Err(reason) => reason,
                        Ok(()) if best.as_ref().is_none_or(|(other, _)| self.before(row, *other)) => {
                            if let Some((other, _)) = best.replace((row, belief)) {
                                decisions.push(self.silent(now, self.watched[other].subject.clone(), Reason::GaveWay));
                            }
                            continue;
                        }
                        Ok(()) => Reason::GaveWay,
                    }
                }
            };
            if let Some(subject) = self.subjects.get(belief.facet.0).and_then(|f| f.get(belief.class.0)) {
                decisions.push(self.silent(now, subject.clone(), reason));
            }
        }
        if let Some((row, belief)) = best {
            let Watched { subject, message, event, .. } = &self.watched[row];
            self.history.said(subject, now);
            decisions.push(Decision::Say(Callout {
                at: now,
                subject: subject.clone(),
                message: message.clone(),
                direction: event.directed.then(|| observation.bearing(belief.facet, belief.class)).flatten(),
                priority: event.priority,
                valid_until: now.after(event.valid()),
                p: Some(belief.p),
            }));
        }
        if decisions.is_empty() {
            decisions.push(Decision::Silent(Silence { at: now, subject: None, reason: Reason::NothingSure }));
        }
    }

    /// A fault or its end. The same one is not said again within its cooldown, but its opposite makes it new.
    pub fn fault(&mut self, fault: Fault, now: Timestamp) -> Decision {
        let subject = Subject::new("fault", fault.id());
        if let Err(reason) = self.history.ask_fault(&subject, events::FAULT_COOLDOWN, now) {
            return self.silent(now, subject, reason);
        }
        if let Some(ended) = events::opposite(fault) {
            self.history.forget(&Subject::new("fault", ended.id()));
        }
        self.history.said(&subject, now);
        Decision::Say(Callout {
            at: now,
            message: format!("fault-{}", fault.id().replace('_', "-")).into(),
            subject,
            direction: None,
            priority: Priority::Important,
            valid_until: now.after(events::FAULT_VALID),
            p: None,
        })
    }

    /// The callout was cut short or dropped: it counts as never said.
    pub fn unheard(&mut self, subject: &Subject) {
        self.history.forget(subject);
    }

    /// What is believed now, for `describe` on request and for logs.
    pub fn beliefs(&self) -> Vec<Belief> {
        self.evidence.beliefs()
    }

    /// Hazards before places: by priority, then ahead before aside, then by the table's order.
    fn before(&self, row: usize, other: usize) -> bool {
        let key = |row: usize| (std::cmp::Reverse(self.watched[row].event.priority), row);
        key(row) < key(other)
    }

    fn silent(&self, at: Timestamp, subject: Subject, reason: Reason) -> Decision {
        Decision::Silent(Silence { at, subject: Some(subject), reason })
    }
}

impl Belief {
    /// Where it is believed to be.
    pub fn direction(&self) -> Direction {
        self.view.direction()
    }
}

#[cfg(test)]
mod tests;
