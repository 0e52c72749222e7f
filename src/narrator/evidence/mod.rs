//! Belief over time: is a class seen long and surely enough to be believed, and gone long enough to be forgotten?
//!
//! Owns one filter for each facet in each view, and the ways to filter that can be compared. Time steps count, never frames, so that a
//! slow device believes as fast as a quick one; a blurred or dark picture counts for less. Leaves what follows from a belief to the
//! narrator.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    frame::Timestamp,
    observation::{Finding, Observation, View},
    vocabulary::{ClassIndex, Facet, FacetIndex, Kind, Vocabulary},
};

mod markov;
mod state;

pub use markov::{HABITS, Habit, Markov};
pub use state::{ChainState, ClassState, EvidenceState};

/// From this share on a class is worth a decision of its own; what is less is no more than what may always be there.
const NOTICED: f32 = 0.25;

/// How evidence becomes belief.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// A hidden Markov filter over calibrated probabilities.
    Markov(Markov),
    /// The share of agreeing time, older time forgotten with this constant.
    Smoothing {
        /// The constant.
        tau: Duration,
    },
    /// The share of agreeing time in a window.
    Voting {
        /// Its length.
        window: Duration,
    },
}

/// How much evidence makes a belief.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvidenceConfig {
    /// How it is gathered.
    pub method: Method,
    /// Share from which a class is believed.
    pub enter: f32,
    /// Share below which it is no longer believed.
    pub leave: f32,
    /// The longest time that one frame may speak for: a gap in the pictures is no agreement.
    pub longest_step: Duration,
    /// What the first frame speaks for.
    pub first_step: Duration,
}

impl EvidenceConfig {
    /// The hidden Markov filter. A class that is answered is believed after 0.8 s, four frames at 5 a second, as detectors' trackers want
    /// four that agree; one at p = .99 after three.
    pub fn markov() -> Self {
        Self { method: Method::Markov(Markov::default()), enter: 0.8, leave: 0.4, ..Self::smoothing() }
    }

    /// Plain smoothing. At 5 frames a second these values believe after four agreeing frames and forget after five without:
    /// 1 - exp(-0.8 / 0.6) = .74.
    pub fn smoothing() -> Self {
        Self {
            method: Method::Smoothing { tau: Duration::from_millis(600) },
            enter: 0.7,
            leave: 0.25,
            longest_step: Duration::from_millis(500),
            first_step: Duration::from_millis(200),
        }
    }

    /// The vote of a window: believed with seven tenths of it, forgotten with less than half.
    pub fn voting() -> Self {
        Self { method: Method::Voting { window: Duration::from_secs(1) }, enter: 0.7, leave: 0.5, ..Self::smoothing() }
    }
}

impl Default for EvidenceConfig {
    fn default() -> Self {
        Self::markov()
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
    /// How surely: the filter's probability, or the share of agreeing time, in [0, 1].
    pub share: f32,
    /// Whether it is believed.
    pub held: bool,
    /// Since when, as it stands.
    pub since: Timestamp,
    /// Probability in the last frame that looked at this view.
    pub p: f32,
}

/// One class in one view.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Track {
    share: f32,
    held: bool,
    since: Timestamp,
    p: f32,
}

/// What a frame answered, in a window of votes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Vote {
    at: Timestamp,
    weight: f32,
    classes: Vec<usize>,
}

/// One facet in one view.
#[derive(Clone, Debug, PartialEq)]
struct Chain {
    /// When the view was last encoded.
    looked: Timestamp,
    /// That none of the classes is it; used where they exclude each other.
    unsure: f32,
    tracks: Vec<Track>,
    votes: VecDeque<Vote>,
}

/// What a facet's filter must know of it.
#[derive(Clone, Debug)]
struct About {
    id: String,
    kind: Kind,
    classes: Vec<String>,
    /// The class that says that there is nothing.
    none: Option<ClassIndex>,
    habit: Habit,
}

/// The beliefs about every class in every view that was ever encoded.
#[derive(Clone, Debug)]
pub struct Evidence {
    config: EvidenceConfig,
    facets: Vec<About>,
    last: Option<Timestamp>,
    chains: BTreeMap<(FacetIndex, View), Chain>,
}

impl Evidence {
    /// Nothing believed yet of what `vocabulary` asks.
    pub fn new(config: EvidenceConfig, vocabulary: &Vocabulary) -> Self {
        let about = |facet: &Facet| About {
            id: facet.id.clone(),
            kind: facet.kind,
            classes: facet.classes.iter().map(|class| class.id.clone()).collect(),
            none: facet.none(),
            habit: markov::habit(&facet.id),
        };
        Self { config, facets: vocabulary.facets().map(|(_, f)| about(f)).collect(), last: None, chains: BTreeMap::new() }
    }

    /// Nothing believed yet of `captions`, which exclude each other: the first facet, and the only one.
    pub fn of_captions(config: EvidenceConfig, captions: &[String]) -> Self {
        let habit = markov::habit("place");
        let about = About { id: "captions".to_owned(), kind: Kind::Exclusive, classes: captions.to_vec(), none: None, habit };
        Self { config, facets: vec![about], last: None, chains: BTreeMap::new() }
    }

    /// Takes in one frame. A view that was not encoded says nothing for or against what was seen in it, but time passes for it too.
    pub fn update(&mut self, observation: &Observation) {
        let now = observation.at;
        let elapsed = self.last.map_or(Duration::ZERO, |last| now.since(last));
        self.last = Some(now);
        let config = self.config;
        for ((facet, _), chain) in &mut self.chains {
            let Some(about) = self.facets.get(facet.0) else { continue };
            if let Method::Markov(markov) = &config.method {
                markov.pass(chain, about, elapsed.as_secs_f32());
            }
        }
        for finding in &observation.findings {
            let Some(about) = self.facets.get(finding.facet.0) else { continue };
            let (key, new) = ((finding.facet, finding.view), !self.chains.contains_key(&(finding.facet, finding.view)));
            let chain = self.chains.entry(key).or_insert_with(|| Chain::new(&config.method, about, now));
            let step = if new { config.first_step } else { now.since(chain.looked) }.min(config.longest_step);
            chain.looked = now;
            let weight = step.as_secs_f32() * observation.quality.clamp(0.0, 1.0);
            match config.method {
                Method::Markov(markov) => markov.see(chain, about, finding, weight),
                Method::Smoothing { tau } => {
                    let gain = 1.0 - (-weight / tau.as_secs_f32()).exp();
                    chain.each(finding, |track, seen| track.share += gain * (seen - track.share));
                }
                Method::Voting { window } => chain.vote(finding, weight, window, now),
            }
            chain.settle(finding, &config, now);
        }
        // What was not looked at may be forgotten, by time alone.
        for chain in self.chains.values_mut().filter(|chain| chain.looked != now) {
            chain.hold(&config, now);
        }
    }

    /// Each class that is noticed or believed, once, in the view that is surest of it.
    pub fn beliefs(&self) -> Vec<Belief> {
        let mut beliefs: Vec<Belief> = Vec::new();
        for (&(facet, view), chain) in &self.chains {
            for (class, &Track { share, held, since, p }) in chain.tracks.iter().enumerate() {
                if !held && share < NOTICED {
                    continue;
                }
                let belief = Belief { facet, class: ClassIndex(class), view, share, held, since, p };
                match beliefs.iter_mut().find(|other| (other.facet, other.class) == (facet, belief.class)) {
                    Some(other) if (held, share) > (other.held, other.share) => *other = belief,
                    Some(_) => {}
                    None => beliefs.push(belief),
                }
            }
        }
        beliefs.sort_by_key(|belief| (belief.facet, belief.class));
        beliefs
    }

    /// Whether `belief` is as sure as it must be to begin, and not just not yet forgotten.
    pub fn is_sure(&self, belief: &Belief) -> bool {
        belief.held && belief.share >= self.config.enter
    }

    /// Since when `view` holds the class to be there; `None` where it doesn't.
    pub fn held_in(&self, facet: FacetIndex, class: ClassIndex, view: View) -> Option<Timestamp> {
        let track = self.chains.get(&(facet, view))?.tracks.get(class.0)?;
        track.held.then_some(track.since)
    }

    /// Since when no view holds the class, and how surely it is there all the same; `None` while one does, and where none has looked.
    pub fn gone(&self, facet: FacetIndex, class: ClassIndex) -> Option<(Timestamp, f32)> {
        let chains = self.chains.iter().filter(|((f, _), _)| *f == facet);
        let tracks: Vec<_> = chains.filter_map(|(_, chain)| chain.tracks.get(class.0)).collect();
        let since = tracks.iter().map(|track| track.since).max()?;
        let share = tracks.iter().map(|track| track.share).fold(0.0, f32::max);
        tracks.iter().all(|track| !track.held).then_some((since, share))
    }

    /// When some class of some facet was last begun or ceased to be believed, but for facets that `except` names.
    pub fn changed(&self, except: impl Fn(FacetIndex) -> bool) -> Option<Timestamp> {
        let chains = self.chains.iter().filter(|((facet, _), _)| !except(*facet));
        chains.flat_map(|(_, chain)| &chain.tracks).map(|track| track.since).max()
    }
}

impl Chain {
    fn new(method: &Method, about: &About, now: Timestamp) -> Self {
        let (share, unsure) = match method {
            Method::Markov(markov) => markov.rest(about),
            Method::Smoothing { .. } | Method::Voting { .. } => (0.0, 0.0),
        };
        let tracks = vec![Track { share, held: false, since: now, p: 0.0 }; about.classes.len()];
        Self { looked: now, unsure, tracks, votes: VecDeque::new() }
    }

    /// Visits every class with 1 where `finding` answers it and 0 where not.
    fn each(&mut self, finding: &Finding, mut visit: impl FnMut(&mut Track, f32)) {
        for (class, track) in self.tracks.iter_mut().enumerate() {
            visit(track, f32::from(u8::from(finding.answers.contains(&ClassIndex(class)))));
        }
    }

    /// The newest vote stands for `weight` seconds; what is older than the window goes. A window that is not full yet is no majority.
    fn vote(&mut self, finding: &Finding, weight: f32, window: Duration, now: Timestamp) {
        self.votes.push_back(Vote { at: now, weight, classes: finding.answers.iter().map(|class| class.0).collect() });
        while self.votes.front().is_some_and(|vote| now.since(vote.at) >= window) {
            self.votes.pop_front();
        }
        let whole = self.votes.iter().map(|vote| vote.weight).sum::<f32>().max(window.as_secs_f32());
        for (class, track) in self.tracks.iter_mut().enumerate() {
            let agreeing = self.votes.iter().filter(|vote| vote.classes.contains(&class));
            track.share = agreeing.map(|vote| vote.weight).sum::<f32>() / whole;
        }
    }

    fn settle(&mut self, finding: &Finding, config: &EvidenceConfig, now: Timestamp) {
        for (class, track) in self.tracks.iter_mut().enumerate() {
            track.p = finding.p(ClassIndex(class));
        }
        self.hold(config, now);
    }

    /// Believes and forgets, each at its own share, so that what lies between stays as it is.
    fn hold(&mut self, config: &EvidenceConfig, now: Timestamp) {
        for track in &mut self.tracks {
            let held = if track.held { track.share > config.leave } else { track.share >= config.enter };
            if held != track.held {
                (track.held, track.since) = (held, now);
            }
        }
    }
}

#[cfg(test)]
mod tests;
