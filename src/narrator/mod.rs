//! What deserves to be said now, and why everything else is left unsaid.
//!
//! Owns belief over time, the memory of what was said, the budget of speech, and the choice between what could be said. Reads no clock: every
//! question carries its moment. Leaves probabilities to `ranking`, words and interruption to `speech`.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use thiserror::Error;

use crate::{
    callout::{Callout, Direction, Priority, Subject},
    fault::Fault,
    frame::Timestamp,
    observation::{Bearing, Observation, View},
    vocabulary::{ClassIndex, FacetIndex, Vocabulary},
};

mod around;
mod budget;
mod events;
mod evidence;
mod history;
mod phrases;
mod reason;
mod state;

pub use around::Sight;
pub use budget::{Budget, BudgetConfig};
pub use events::{ENDS, EVENTS, Event, Talk, When};
pub use evidence::{Belief, ChainState, ClassState, Evidence, EvidenceConfig, EvidenceState, HABITS, Habit, Markov, Method};
pub use history::{History, SaidState};
pub use phrases::PhraseWatch;
pub use reason::{Decision, Reason, Silence};
pub use state::NarratorState;

/// Where the ground has shown a crossing for longer, the walker stands on it: three seconds are four metres.
const UNDERFOOT: Duration = Duration::from_secs(3);
/// The better of two names is waited for as long where it is nearly sure: a callout that is late by less is not missed.
const NEARLY: Duration = Duration::from_millis(500);
/// The share from which a class is nearly sure.
const NEARLY_SURE: f32 = 0.5;
/// A scene that has not changed for longer is a stable one.
const SETTLED: Duration = Duration::from_secs(3);
/// What was said and is gone for as long is left, and is news for as long after that.
const LEFT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(8));
/// What is left is surely gone: a share at which nothing but its rareness speaks for it.
const SURELY_GONE: f32 = 0.2;

/// How a narrator speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// How much is said unasked.
    pub talk: Talk,
    /// How much that may take.
    pub budget: BudgetConfig,
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
    /// Under this it is said and remembered.
    subject: Subject,
    message: Arc<str>,
    event: &'static Event,
    /// The row of the other name of the same thing.
    twin: Option<usize>,
    /// Whether the other name is the better one.
    second: bool,
}

/// What the narrator knows of a class.
#[derive(Clone, Debug)]
struct Known {
    subject: Subject,
    message: Option<Arc<str>>,
}

/// Something that may be said now.
struct Candidate {
    row: usize,
    direction: Option<Direction>,
    p: Option<f32>,
}

/// Decides, frame by frame.
#[derive(Clone, Debug)]
pub struct Narrator {
    watched: Vec<Watched>,
    evidence: Evidence,
    history: History,
    pace: Pace,
    /// The walker wants to hear nothing unasked.
    paused: bool,
    budget: Budget,
    /// On which side things are, as the last frame has it.
    bearings: Vec<Bearing>,
    known: Vec<Vec<Known>>,
    scene: Vec<FacetIndex>,
    details: Vec<FacetIndex>,
    phrases: PhraseWatch,
}

impl Narrator {
    /// A narrator for `vocabulary`; every row of [`EVENTS`] must find its class there.
    pub fn new(vocabulary: &Vocabulary, evidence: EvidenceConfig, pace: Pace) -> Result<Self, NarratorError> {
        let known = vocabulary.facets().map(|(_, f)| {
            let known = |class: &crate::vocabulary::Class| Known {
                subject: Subject::new(f.id.as_str(), class.id.as_str()),
                message: class.say.as_deref().map(Arc::from),
            };
            f.classes.iter().map(known).collect()
        });
        let facets = |ids: &[&str]| ids.iter().filter_map(|id| vocabulary.find(id)).map(|(facet, _)| facet).collect();
        Ok(Self {
            watched: watched(vocabulary)?,
            evidence: Evidence::new(evidence, vocabulary),
            history: History::default(),
            pace,
            paused: false,
            budget: Budget::new(&pace.budget),
            bearings: Vec::new(),
            known: known.collect(),
            scene: facets(events::SCENE),
            details: facets(events::DETAILS),
            phrases: PhraseWatch::default(),
        })
    }

    /// Takes in what a frame showed and decides: at most one [`Decision::Say`], and a silence for everything else that was
    /// noticed. Never empty.
    pub fn decide(&mut self, observation: &Observation, decisions: &mut Vec<Decision>) {
        let now = observation.at;
        decisions.clear();
        self.evidence.update(observation);
        self.bearings.clone_from(&observation.bearings);
        self.budget.gain(&self.pace.budget, self.pace.talk, now);
        let mut candidates = Vec::new();
        for belief in self.evidence.beliefs() {
            // What has no words could not have been said.
            let Some(Known { subject, message: Some(_) }) = self.known(belief.facet, belief.class).cloned() else { continue };
            let row = self.row(belief.facet, belief.class, When::Arrival);
            let reason = match row {
                None => Reason::NotSaidUnasked,
                Some(_) if !belief.held => Reason::NotYetSure,
                Some(_) if observation.is_missing(belief.facet, belief.class) => Reason::NotOnMap,
                Some(row) => match self.arrives(row, &belief, now) {
                    Err(reason) => reason,
                    Ok(()) => {
                        let direction =
                            self.watched[row].event.directed.then(|| observation.bearing(belief.facet, belief.class)).flatten();
                        candidates.push(Candidate { row, direction, p: Some(belief.p) });
                        continue;
                    }
                },
            };
            decisions.push(silent(now, subject, reason));
        }
        for row in (0..self.watched.len()).filter(|row| self.watched[*row].event.when == When::Leaving) {
            match self.leaves(row, now) {
                None => {}
                Some(Ok(())) => candidates.push(Candidate { row, direction: None, p: None }),
                Some(Err(reason)) => decisions.push(silent(now, self.watched[row].subject.clone(), reason)),
            }
        }
        candidates.sort_by_key(|candidate| self.urgency(candidate));
        let mut candidates = candidates.into_iter();
        let first = candidates.next();
        decisions.extend(candidates.map(|c| silent(now, self.watched[c.row].subject.clone(), Reason::GaveWay)));
        decisions.extend(first.map(|candidate| self.say(&candidate, now)));
        if decisions.is_empty() {
            decisions.push(Decision::Silent(Silence { at: now, subject: None, reason: Reason::NothingSure }));
        }
    }

    /// Whether `decision` is silent of what may be urgent once it is believed.
    pub fn is_coming(&self, decision: &Decision) -> bool {
        let Decision::Silent(Silence { subject: Some(subject), reason: Reason::NotYetSure, .. }) = decision else {
            return false;
        };
        let urgent = |row: &Watched| row.subject == *subject && row.event.priority == Priority::Important;
        !self.paused && self.watched.iter().any(urgent)
    }

    /// A fault or its end. The same one is not said again within its cooldown, but its opposite makes it new.
    pub fn fault(&mut self, fault: Fault, now: Timestamp) -> Decision {
        let subject = Subject::new("fault", fault.id());
        if self.paused {
            return silent(now, subject, Reason::Paused);
        }
        if let Err(reason) = self.history.ask_fault(&subject, events::fault_cooldown(fault), now) {
            return silent(now, subject, reason);
        }
        for ended in fault.ends() {
            self.history.forget(&Subject::new("fault", ended.id()));
        }
        self.history.said(&subject, now);
        Decision::Say(Callout {
            at: now,
            message: fault.message().into(),
            subject,
            direction: None,
            priority: Priority::Important,
            valid_until: now.after(events::FAULT_VALID),
            p: None,
            details: Vec::new(),
        })
    }

    /// The callout was cut short or dropped: it counts as never said, and is said again where it is still true.
    pub fn unheard(&mut self, subject: &Subject) {
        self.history.forget(subject);
        self.phrases.unheard(subject);
    }

    /// A caregiver's phrases from now on, and no others.
    pub fn take_phrases(&mut self, mut phrases: PhraseWatch) {
        phrases.remember(&self.phrases);
        self.phrases = phrases;
    }

    /// What is to be said of a caregiver's phrases, of which a frame showed those in `shown`; nothing where `busy`.
    pub fn phrase(&mut self, shown: &[bool], busy: bool, now: Timestamp) -> Option<Callout> {
        self.phrases.decide(now, shown, &self.evidence.beliefs(), busy || self.paused)
    }

    /// Something sounded for `length`, until `now`.
    pub fn spoke(&mut self, length: Duration, now: Timestamp) {
        self.budget.gain(&self.pace.budget, self.pace.talk, now);
        self.budget.spend(&self.pace.budget, length.as_secs_f32());
    }

    /// How much is said unasked.
    pub fn talk(&self) -> Talk {
        self.pace.talk
    }

    /// From now on as much is said unasked.
    pub fn set_talk(&mut self, talk: Talk) {
        self.pace.talk = talk;
    }

    /// Whether nothing is said unasked.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// From now on nothing is said unasked, hazards and faults neither; or everything again.
    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// What is believed or noticed now.
    pub fn beliefs(&self) -> Vec<Belief> {
        self.evidence.beliefs()
    }

    /// When `subject` was last said, unless it was unheard.
    pub fn said_at(&self, subject: &Subject) -> Option<Timestamp> {
        self.history.said_at(subject)
    }

    /// May the class of `row`, which is believed, be said?
    fn arrives(&mut self, row: usize, belief: &Belief, now: Timestamp) -> Result<(), Reason> {
        let Watched { subject, event, .. } = &self.watched[row];
        self.history.ask(subject, event, now)?;
        if !self.evidence.is_sure(belief) || now.since(belief.since) < event.lasted() {
            // Hardly true any longer, or gone before it could matter.
            return Err(Reason::NotYetSure);
        }
        if self.by_another_name(row, belief, now) {
            return Err(Reason::Covered);
        }
        let ground = self.evidence.held_in(belief.facet, belief.class, View::Ground);
        if self.watched[row].event.approached && ground.is_some_and(|since| now.since(since) >= UNDERFOOT) {
            return Err(Reason::Underfoot);
        }
        self.unasked(row, now)
    }

    /// May the end of the row's class be said? `None` where it is no end, or is news no longer.
    fn leaves(&self, row: usize, now: Timestamp) -> Option<Result<(), Reason>> {
        let Watched { facet, class, subject, event, .. } = &self.watched[row];
        let said = self.history.said_at(&self.known(*facet, *class)?.subject)?;
        let (since, share) = self.evidence.gone(*facet, *class)?;
        let absent = now.since(since);
        if since < said || absent < LEFT.0 || absent > LEFT.1 || share > SURELY_GONE {
            return None;
        }
        if self.history.said_at(subject).is_some_and(|ended| ended > said) {
            return None;
        }
        // Another place tells the same and more.
        let elsewhere = self.evidence.beliefs().iter().any(|belief| belief.held && belief.facet == *facet);
        if event.facet == "place" && elsewhere {
            return Some(Err(Reason::Covered));
        }
        Some(self.unasked(row, now))
    }

    /// May anything be said that is not urgent, after what was said lately?
    fn unasked(&self, row: usize, now: Timestamp) -> Result<(), Reason> {
        let Event { talk, priority, .. } = *self.watched[row].event;
        if self.paused {
            Err(Reason::Paused)
        } else if talk > self.pace.talk {
            Err(Reason::NotAtThisLevel)
        } else if self.history.pausing(priority, now) {
            Err(Reason::Pausing)
        } else if !self.budget.allows(&self.pace.budget, priority) {
            Err(Reason::OverBudget)
        } else {
            Ok(())
        }
    }

    /// Whether the thing was said by its other name, or is about to be said by the better one.
    fn by_another_name(&mut self, row: usize, belief: &Belief, now: Timestamp) -> bool {
        let Some(twin) = self.watched[row].twin else { return false };
        let Watched { facet, class, subject, event, .. } = &self.watched[twin];
        if self.history.lasts(subject, event, now) {
            self.history.seen(subject, now);
            return true;
        }
        if !self.watched[row].second {
            return false;
        }
        let waiting = now.since(belief.since) < NEARLY;
        let beliefs = self.evidence.beliefs();
        let twin = beliefs.iter().find(|other| (other.facet, other.class) == (*facet, *class));
        twin.is_some_and(|twin| twin.held || (waiting && twin.share >= NEARLY_SURE))
    }

    fn say(&mut self, candidate: &Candidate, now: Timestamp) -> Decision {
        let Watched { facet, subject, message, event, .. } = &self.watched[candidate.row];
        let mut details = Vec::new();
        if event.facet == "place" && event.when == When::Arrival && self.is_settled(now) {
            let detail = self.details.iter().filter(|other| *other != facet).find_map(|facet| self.surest(*facet));
            if let Some((subject, message)) = detail {
                self.history.said(&subject, now);
                details.push(message);
            }
        }
        self.history.said(subject, now);
        Decision::Say(Callout {
            at: now,
            subject: subject.clone(),
            message: message.clone(),
            direction: candidate.direction,
            priority: event.priority,
            valid_until: now.after(event.valid()),
            p: candidate.p,
            details,
        })
    }

    /// Whether the scene has been the same for a while.
    fn is_settled(&self, now: Timestamp) -> bool {
        self.evidence.changed(|facet| !self.scene.contains(&facet)).is_some_and(|at| now.since(at) >= SETTLED)
    }

    /// Of what is believed of `facet` and has words, the surest.
    fn surest(&self, facet: FacetIndex) -> Option<(Subject, Arc<str>)> {
        let beliefs = self.evidence.beliefs();
        let held = beliefs.iter().filter(|belief| belief.facet == facet && belief.held);
        let mut said = held.filter_map(|belief| {
            let known = self.known(facet, belief.class)?;
            Some((belief.share, known.subject.clone(), known.message.clone()?))
        });
        let first = said.next()?;
        let (_, subject, message) = said.fold(first, |best, other| if other.0 > best.0 { other } else { best });
        Some((subject, message))
    }

    /// By priority, then ahead before aside, then by the table's order: the least is the most urgent.
    fn urgency(&self, candidate: &Candidate) -> (Reverse<Priority>, bool, usize) {
        let aside = candidate.direction.is_some_and(|direction| direction != Direction::Ahead);
        (Reverse(self.watched[candidate.row].event.priority), aside, candidate.row)
    }

    fn row(&self, facet: FacetIndex, class: ClassIndex, when: When) -> Option<usize> {
        self.watched.iter().position(|w| w.facet == facet && w.class == class && w.event.when == when)
    }

    fn known(&self, facet: FacetIndex, class: ClassIndex) -> Option<&Known> {
        self.known.get(facet.0)?.get(class.0)
    }
}

fn silent(at: Timestamp, subject: Subject, reason: Reason) -> Decision {
    Decision::Silent(Silence { at, subject: Some(subject), reason })
}

/// Every row of the table, with its class.
fn watched(vocabulary: &Vocabulary) -> Result<Vec<Watched>, NarratorError> {
    let row = |event: &'static Event| {
        let found = vocabulary.find(event.facet).and_then(|(facet, f)| {
            let (class, c) = f.find(event.class)?;
            let message = Arc::from(event.message.or(c.say.as_deref())?);
            let subject = match event.when {
                When::Arrival => Subject::new(event.facet, event.class),
                When::Leaving => Subject::new(event.facet, format!("{}{ENDS}", event.class)),
            };
            Some(Watched { facet, class, subject, message, event, twin: None, second: false })
        });
        found.ok_or(NarratorError::UnknownEvent { facet: event.facet, class: event.class })
    };
    let mut watched = EVENTS.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    for (facet, first, second) in events::NAMES {
        let find = |class: &str| EVENTS.iter().position(|event| (event.facet, event.class) == (*facet, class));
        if let (Some(first), Some(second)) = (find(first), find(second)) {
            watched[first].twin = Some(second);
            watched[second].twin = Some(first);
            watched[second].second = true;
        }
    }
    Ok(watched)
}

#[cfg(test)]
mod tests;
