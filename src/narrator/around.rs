//! What is known now, for a walker who asks.

use std::sync::Arc;

use super::Narrator;
use crate::{
    callout::{Direction, Subject},
    frame::Timestamp,
};

/// One thing that is believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// What it is.
    pub subject: Subject,
    /// Its message in `voices/`.
    pub message: Arc<str>,
    /// Where it is; `None` where nobody knows, and for what is all around: place, ground, weather, light.
    pub direction: Option<Direction>,
    /// Since when it has been believed.
    pub since: Timestamp,
    /// How surely, in [0, 1].
    pub share: f32,
}

impl Narrator {
    /// Whatever is believed and has words, in a walker's order: the place, what is ahead or who knows where, right and left, the ground, then the weather; in
    /// each the surest first.
    pub fn around(&self) -> Vec<Sight> {
        let mut sights: Vec<_> = self.beliefs().into_iter().filter(|belief| belief.held).collect();
        sights.sort_by(|a, b| b.share.total_cmp(&a.share));
        let sight = |belief: super::Belief| {
            let known = self.known(belief.facet, belief.class)?;
            let direction = match &*known.subject.facet {
                "place" | "surface" | "weather" | "light" => None,
                _ => self.bearings.iter().find(|b| (b.facet, b.class) == (belief.facet, belief.class)).map(|b| b.direction),
            };
            let (subject, message) = (known.subject.clone(), known.message.clone()?);
            Some(Sight { subject, message, direction, since: belief.since, share: belief.share })
        };
        let mut sights: Vec<_> = sights.into_iter().filter_map(sight).collect();
        sights.sort_by_key(|sight| match (&*sight.subject.facet, sight.direction) {
            ("place", _) => 0,
            (_, Some(Direction::Right)) => 2,
            (_, Some(Direction::Left)) => 3,
            ("surface", _) => 4,
            ("weather" | "light", _) => 5,
            (_, Some(Direction::Ahead) | None) => 1,
        });
        sights
    }

    /// Of that, what was not said since it has been believed.
    pub fn unsaid(&self) -> Vec<Sight> {
        let unsaid = |sight: &Sight| self.said_at(&sight.subject).is_none_or(|at| at < sight.since);
        self.around().into_iter().filter(unsaid).collect()
    }

    /// The walker heard of `subjects`, having asked.
    pub fn told<'a>(&mut self, subjects: impl IntoIterator<Item = &'a Subject>, now: Timestamp) {
        subjects.into_iter().for_each(|subject| self.history.said(subject, now));
    }
}
