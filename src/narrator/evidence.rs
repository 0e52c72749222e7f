//! Belief over time: is a class seen long enough to be believed, and gone long enough to be forgotten?
//!
//! Owns a smoothed share of agreeing frames for each class in each view. Time steps count, never frames, so that a slow device
//! believes as fast as a quick one. Leaves what follows from a belief to the narrator.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    frame::Timestamp,
    observation::{Observation, View},
    vocabulary::{ClassIndex, FacetIndex},
};

/// How much agreement makes a belief.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceConfig {
    /// Time constant of the smoothing.
    pub tau: Duration,
    /// Smoothed share of agreeing time from which a class is believed.
    pub enter: f32,
    /// Share below which it is no longer believed.
    pub leave: f32,
    /// The longest time that one frame may speak for: a gap in the pictures is no agreement.
    pub longest_step: Duration,
    /// What the first frame speaks for.
    pub first_step: Duration,
}

impl Default for EvidenceConfig {
    /// At 5 frames a second these values believe after four agreeing frames, as detectors' trackers do, and forget after five
    /// without: 1 - exp(-0.8 / 0.6) = .74.
    fn default() -> Self {
        Self {
            tau: Duration::from_millis(600),
            enter: 0.7,
            leave: 0.25,
            longest_step: Duration::from_millis(500),
            first_step: Duration::from_millis(200),
        }
    }
}

/// What is thought of one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// Which facet.
    pub facet: FacetIndex,
    /// Which class.
    pub class: ClassIndex,
    /// The view that is surest of it.
    pub view: View,
    /// Smoothed share of agreeing time, in [0, 1].
    pub share: f32,
    /// Whether it is believed.
    pub held: bool,
    /// Since when, as it stands.
    pub since: Timestamp,
    /// Probability in the last frame that answered it.
    pub p: f32,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    share: f32,
    held: bool,
    since: Timestamp,
    p: f32,
}

/// The beliefs about every class that was lately answered.
#[derive(Clone, Debug)]
pub struct Evidence {
    config: EvidenceConfig,
    last: Option<Timestamp>,
    tracks: BTreeMap<(FacetIndex, ClassIndex, View), Track>,
}

impl Evidence {
    /// Nothing believed yet.
    pub fn new(config: EvidenceConfig) -> Self {
        Self { config, last: None, tracks: BTreeMap::new() }
    }

    /// Takes in one frame. A view that was not encoded says nothing for or against what was seen in it.
    pub fn update(&mut self, observation: &Observation) {
        let now = observation.at;
        let step = self.last.map_or(self.config.first_step, |last| now.since(last)).min(self.config.longest_step);
        self.last = Some(now);
        let gain = 1.0 - (-step.as_secs_f32() / self.config.tau.as_secs_f32()).exp();
        let EvidenceConfig { enter, leave, .. } = self.config;
        for finding in &observation.findings {
            for class in &finding.answers {
                let fresh = Track { share: 0.0, held: false, since: now, p: 0.0 };
                self.tracks.entry((finding.facet, *class, finding.view)).or_insert(fresh).p = finding.p(*class);
            }
        }
        for ((facet, class, view), track) in &mut self.tracks {
            let Some(finding) = observation.finding(*facet, *view) else { continue };
            let seen = if finding.answers.contains(class) { 1.0 } else { 0.0 };
            track.share += gain * (seen - track.share);
            let held = if track.held { track.share > leave } else { track.share >= enter };
            if held != track.held {
                (track.held, track.since) = (held, now);
            }
        }
        self.tracks.retain(|_, track| track.held || track.share > 0.05);
    }

    /// Each class once, in the view that is surest of it.
    pub fn beliefs(&self) -> Vec<Belief> {
        let mut beliefs: Vec<Belief> = Vec::new();
        for (&(facet, class, view), &Track { share, held, since, p }) in &self.tracks {
            let belief = Belief { facet, class, view, share, held, since, p };
            match beliefs.last_mut() {
                Some(last) if (last.facet, last.class) == (facet, class) => {
                    if (belief.held, belief.share) > (last.held, last.share) {
                        *last = belief;
                    }
                }
                _ => beliefs.push(belief),
            }
        }
        beliefs
    }
}
