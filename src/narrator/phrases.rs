//! A caregiver's phrases over time: which of them is to be said now?
//!
//! Owns belief in a phrase and the memory of when it was said. What the vocabulary's own narrator says goes first. Pure, reads no clock.
//! Leaves what is seen in a frame to `ranking`, the words to the phrase itself.

use std::{sync::Arc, time::Duration};

use super::Belief;
use crate::{
    callout::{Callout, PHRASE, Subject},
    frame::Timestamp,
    vocabulary::{ClassIndex, FacetIndex, phrases::Phrase},
};

/// Time constant of the smoothing, and the shares of agreeing time from which a phrase is believed and no longer is: at five frames a
/// second four agreeing frames make a belief, as detectors' trackers ask for, and five without end it.
const TAU: Duration = Duration::from_millis(600);
const ENTER: f32 = 0.7;
const LEAVE: f32 = 0.25;
/// The longest time that one frame may speak for, and what the first speaks for.
const LONGEST_STEP: Duration = Duration::from_millis(500);
const FIRST_STEP: Duration = Duration::from_millis(200);
/// Absence after which a thing counts as new, as trackers do.
const GONE: Duration = Duration::from_secs(2);

/// For as long a phrase is worth saying, as a place is.
const VALID: Duration = Duration::from_secs(8);

/// Every phrase, and what is thought of it.
#[derive(Clone, Debug, Default)]
pub struct PhraseWatch {
    watched: Vec<Watched>,
    last: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Watched {
    phrase: Arc<Phrase>,
    subject: Subject,
    share: f32,
    held: bool,
    /// When it was last seen, while it was believed.
    seen: Option<Timestamp>,
    said: Option<Timestamp>,
    /// It came, and has not been said since.
    news: bool,
}

impl PhraseWatch {
    /// Nothing believed yet.
    pub fn new(phrases: &[Phrase]) -> Self {
        let watched = phrases.iter().map(|phrase| Watched {
            subject: Subject::new(PHRASE, phrase.id.as_str()),
            phrase: Arc::new(phrase.clone()),
            share: 0.0,
            held: false,
            seen: None,
            said: None,
            news: false,
        });
        Self { watched: watched.collect(), last: None }
    }

    /// Takes in which phrases a frame showed, in their order, and what else is believed. The most urgent of those that are news, the upper
    /// one of equals; none where `busy`, since something else is being said: it is asked for again with the next frame.
    pub fn decide(&mut self, now: Timestamp, shown: &[bool], beliefs: &[Belief], busy: bool) -> Option<Callout> {
        let step = self.last.map_or(FIRST_STEP, |last| now.since(last)).min(LONGEST_STEP);
        self.last = Some(now);
        let gain = 1.0 - (-step.as_secs_f32() / TAU.as_secs_f32()).exp();
        let mut best: Option<&mut Watched> = None;
        for (watched, shown) in self.watched.iter_mut().zip(shown.iter().chain(std::iter::repeat(&false))) {
            watched.look(*shown, gain, now);
            if watched.held && watched.news && watched.belongs(beliefs) {
                let urgent = best.as_ref().is_none_or(|best| watched.phrase.priority > best.phrase.priority);
                if urgent {
                    best = Some(watched);
                }
            }
        }
        let watched = best.filter(|_| !busy)?;
        (watched.said, watched.news) = (Some(now), false);
        Some(watched.callout(now))
    }

    /// It was cut short or dropped: it counts as never said.
    pub fn unheard(&mut self, subject: &Subject) {
        for watched in self.watched.iter_mut().filter(|watched| watched.subject == *subject) {
            (watched.said, watched.news) = (None, true);
        }
    }

    /// What was said before the file changed is not said again for that.
    pub fn remember(&mut self, before: &PhraseWatch) {
        self.last = before.last;
        for watched in &mut self.watched {
            let same = |old: &&Watched| old.phrase.look_for == watched.phrase.look_for && old.phrase.say == watched.phrase.say;
            if let Some(old) = before.watched.iter().find(same) {
                *watched = Watched { phrase: watched.phrase.clone(), ..old.clone() };
            }
        }
    }
}

impl Watched {
    fn look(&mut self, shown: bool, gain: f32, now: Timestamp) {
        let shown = if shown { 1.0 } else { 0.0 };
        self.share += gain * (shown - self.share);
        let held = if self.held { self.share > LEAVE } else { self.share >= ENTER };
        if held && !self.held {
            let gone = self.seen.is_none_or(|seen| now.since(seen) >= GONE);
            self.news |= gone && self.said.is_none_or(|said| now.since(said) >= self.phrase.again);
        }
        self.held = held;
        if held {
            self.seen = Some(now);
        }
    }

    /// Its message is the caregiver's words themselves.
    fn callout(&self, now: Timestamp) -> Callout {
        Callout {
            at: now,
            subject: self.subject.clone(),
            message: self.phrase.say.as_str().into(),
            direction: None,
            priority: self.phrase.priority,
            valid_until: now.after(VALID),
            p: None,
            details: Vec::new(),
        }
    }

    fn belongs(&self, beliefs: &[Belief]) -> bool {
        let holds = |(facet, classes): &(FacetIndex, Vec<ClassIndex>)| {
            beliefs.iter().any(|belief| belief.held && belief.facet == *facet && classes.contains(&belief.class))
        };
        self.phrase.when.iter().all(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callout::Priority;

    fn phrase(id: &str, priority: Priority) -> Phrase {
        Phrase {
            id: id.to_owned(),
            look_for: vec![id.to_owned()],
            say: format!("{id}."),
            priority,
            when: Vec::new(),
            again: Duration::from_secs(60),
            line: 1,
        }
    }

    fn at(tenths: u64) -> Timestamp {
        Timestamp(Duration::from_millis(tenths * 100))
    }

    /// When a phrase is said that is shown while `shown` says so, five times a second for `seconds`.
    #[track_caller]
    fn check(seconds: u64, shown: impl Fn(u64) -> bool, want: &[u64]) {
        let mut watch = PhraseWatch::new(&[phrase("bakery", Priority::Text)]);
        let moments = (0..seconds * 10).step_by(2);
        let said: Vec<_> = moments.filter(|&t| watch.decide(at(t), &[shown(t)], &[], false).is_some()).collect();
        assert_eq!(said, want);
    }

    #[test]
    fn a_phrase_is_said_once_it_lasts_and_again_after_it_was_gone_and_has_cooled() {
        check(10, |_| false, &[]);
        check(100, |_| true, &[6]);
        check(10, |t| t % 4 == 0, &[]);
        check(100, |t| !(100..150).contains(&t), &[6]);
        check(100, |t| !(600..650).contains(&t), &[6, 656]);
    }

    #[test]
    fn of_two_the_more_urgent_is_said_first_and_neither_while_something_else_is() {
        let phrases = [phrase("bakery", Priority::Text), phrase("gate", Priority::Message)];
        let mut watch = PhraseWatch::new(&phrases);
        let mut said = Vec::new();
        for t in (0..30).step_by(2) {
            said.extend(watch.decide(at(t), &[true, true], &[], t < 10).map(|s| (t, s.message.to_string())));
        }
        assert_eq!(said, [(10, "gate.".to_owned()), (12, "bakery.".to_owned())]);
        watch.unheard(&Subject::new(PHRASE, "gate"));
        assert_eq!(watch.decide(at(40), &[true, true], &[], false).map(|s| s.message), Some("gate.".into()));
    }

    #[test]
    fn a_changed_file_keeps_the_memory_of_what_stayed() {
        let mut watch = PhraseWatch::new(&[phrase("bakery", Priority::Text)]);
        for t in (0..10).step_by(2) {
            watch.decide(at(t), &[true], &[], false);
        }
        let mut new = PhraseWatch::new(&[phrase("gate", Priority::Text), phrase("bakery", Priority::Text)]);
        new.remember(&watch);
        let said = (10..30).step_by(2).filter_map(|t| new.decide(at(t), &[true, true], &[], false));
        assert_eq!(said.map(|s| s.message.to_string()).collect::<Vec<_>>(), ["gate."]);
    }
}
