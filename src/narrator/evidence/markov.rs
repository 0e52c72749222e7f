//! The hidden Markov filter: what is there changes seldom, and each frame says something of it.
//!
//! Owns the arithmetic of one facet in one view. Where classes exclude each other, it is one of them or none that is known; where
//! several may be true, each is there or not. Two steps: time passes, and what was believed relaxes towards what is always likely; a
//! frame is seen, and its likelihoods are multiplied in.

use super::{About, Chain};
use crate::{
    observation::Finding,
    vocabulary::{ClassIndex, Kind},
};

/// How a facet behaves in time, for someone who walks 1.4 m/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habit {
    /// Facet id.
    pub facet: &'static str,
    /// For how many seconds a class stays true once it is, in the mean.
    pub dwell: f32,
    /// Independent looks a second. Frames that follow each other closely err alike: what a second of them says counts as so many looks,
    /// however many frames it has.
    pub looks: f32,
}

/// Our inference: a block is 60 m long, a paving changes after 20 m, a crossing is seen from a few metres and takes 7 s to walk over, an
/// obstacle is seen from 6 m on, and people come closer twice as fast. What lies on the way is another picture after a metre, the sky
/// after ten seconds.
pub const HABITS: &[Habit] = &[
    Habit { facet: "place", dwell: 40.0, looks: 1.3 },
    Habit { facet: "surface", dwell: 15.0, looks: 1.3 },
    Habit { facet: "crossing", dwell: 8.0, looks: 1.3 },
    Habit { facet: "obstacle", dwell: 4.0, looks: 1.3 },
    Habit { facet: "people", dwell: 3.0, looks: 1.3 },
    Habit { facet: "traffic", dwell: 5.0, looks: 1.3 },
    Habit { facet: "weather", dwell: 600.0, looks: 0.1 },
    Habit { facet: "light", dwell: 600.0, looks: 0.1 },
];

/// What is not in the table is taken for an obstacle: what comes and goes fastest of what a walker could use.
const OTHER: Habit = Habit { facet: "", dwell: 4.0, looks: 1.3 };

pub(super) fn habit(facet: &str) -> Habit {
    HABITS.iter().find(|habit| habit.facet == facet).copied().unwrap_or(OTHER)
}

/// The share of a class's answers that is right: thresholds are chosen for an error rate of .12, which `bundle.toml` states beside them.
const ANSWERS_RIGHT: f32 = 0.88;

/// What the filter assumes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Markov {
    /// The probability that calibration had for a class before it saw the picture. Divided out of p, what is left is the frame's own
    /// evidence.
    pub prior: f32,
    /// One frame's probability is taken to lie between these, so that no two frames decide.
    pub frame: (f32, f32),
    /// A class that a frame answers has at least this probability: thresholds are chosen by how many answers were right. Where a frame answers
    /// that there is nothing, every class has at most what is left.
    pub answered: f32,
    /// Bounds of belief where several classes may be true, so that a change is believed soon.
    pub bounds: (f32, f32),
    /// What the classes that exclude each other keep together, for the same reason.
    pub floor: f32,
}

impl Default for Markov {
    /// Bounds as OctoMap clamps its cells (Hornung et al. 2013: .12 and .97). A class of the shipped facets is true of one photo in five to
    /// twenty; .2 is the cautious end.
    fn default() -> Self {
        Self { prior: 0.2, frame: (0.01, 0.95), answered: ANSWERS_RIGHT, bounds: (0.12, 0.97), floor: 0.05 }
    }
}

impl Markov {
    /// What is believed of each class before anything was seen, and that it is none of them.
    pub(super) fn rest(&self, about: &About) -> (f32, f32) {
        match about.kind {
            Kind::Several => (self.prior, 0.0),
            Kind::Exclusive => {
                let unsure = 1.0 / (1.0 + odds(self.prior) * about.classes.len() as f32);
                (odds(self.prior) * unsure, unsure)
            }
        }
    }

    /// `seconds` pass.
    pub(super) fn pass(&self, chain: &mut Chain, about: &About, seconds: f32) {
        let (rest, unsure) = self.rest(about);
        // A chain of two states that leaves one after `dwell` and rests at `prior` relaxes faster than it leaves.
        let constant = match about.kind {
            Kind::Several => about.habit.dwell * (1.0 - self.prior),
            Kind::Exclusive => about.habit.dwell,
        };
        let kept = (-seconds / constant).exp();
        chain.tracks.iter_mut().for_each(|track| track.share = rest + (track.share - rest) * kept);
        chain.unsure = unsure + (chain.unsure - unsure) * kept;
    }

    /// A frame is seen that speaks for `seconds`. A class that the frame doesn't answer gains nothing by it: below its threshold it is
    /// wrong too often for that.
    pub(super) fn see(&self, chain: &mut Chain, about: &About, finding: &Finding, seconds: f32) {
        let looks = about.habit.looks * seconds;
        let answered = |class: usize| finding.answers.contains(&ClassIndex(class));
        let nothing = about.none.is_some_and(|none| finding.answers == [none]);
        let p = |class: usize| {
            let (least, most) = match answered(class) {
                true => (self.answered, self.frame.1),
                false if nothing => (self.frame.0, 1.0 - self.answered),
                false => self.frame,
            };
            finding.p(ClassIndex(class)).clamp(least, most)
        };
        match about.kind {
            Kind::Several => {
                for (class, track) in chain.tracks.iter_mut().enumerate() {
                    let ratio = odds(p(class)) / odds(self.prior);
                    let ratio = if answered(class) { ratio } else { ratio.min(1.0) };
                    let belief = odds(track.share) * ratio.powf(looks);
                    track.share = (belief / (1.0 + belief)).clamp(self.bounds.0, self.bounds.1);
                }
            }
            Kind::Exclusive => {
                let best = (0..chain.tracks.len()).map(p).fold(0.0, f32::max);
                let none = (1.0 - best) / (1.0 - self.prior);
                for (class, track) in chain.tracks.iter_mut().enumerate() {
                    let likely = p(class) / self.prior;
                    track.share *= if answered(class) { likely } else { likely.min(none) }.powf(looks);
                }
                chain.unsure *= none.powf(looks);
                self.normalise(chain);
            }
        }
    }

    /// All states sum to one, and none falls below its part of the floor, or hardly.
    fn normalise(&self, chain: &mut Chain) {
        let floor = self.floor / (1.0 + chain.tracks.len() as f32);
        let mut states: Vec<&mut f32> = chain.tracks.iter_mut().map(|track| &mut track.share).collect();
        states.push(&mut chain.unsure);
        for floor in [floor, 0.0] {
            let sum = states.iter().map(|share| **share).sum::<f32>().max(f32::MIN_POSITIVE);
            states.iter_mut().for_each(|share| **share = (**share / sum).max(floor));
        }
    }
}

fn odds(p: f32) -> f32 {
    p / (1.0 - p)
}
