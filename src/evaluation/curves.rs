//! Curves: does a probability mean what it says, and how often is a model right where only its surest answers count?
//!
//! Owns both curves with an interval at each point. Leaves the answers to who asked.

use serde::{Deserialize, Serialize};

use super::{
    average_precision::times,
    bootstrap::{Figure, intervals},
};

/// Bins of the reliability curve.
const BINS: usize = 10;
/// Points of the curve of accuracy against the share that is answered.
const POINTS: usize = 10;

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The photo's place among those that were asked.
    pub photo: usize,
    /// The probability that the model gave it.
    pub p: f32,
    /// Whether it was true.
    pub right: bool,
}

/// Both curves of the same answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// What was right against what was said, over bins of equal width that hold an answer.
    pub reliability: Vec<Reliable>,
    /// Accuracy at each tenth of the answers, the surest first.
    pub coverage: Vec<Covered>,
}

/// A point of the reliability curve: the answers whose probability lies in one bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliable {
    /// How many they are.
    pub answers: usize,
    /// Their mean probability.
    pub confidence: f64,
    /// Share of them that is right.
    pub accuracy: Figure,
}

/// A point of the curve of accuracy against the share that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Covered {
    /// Share of the answers that count.
    pub answered: f64,
    /// Share of them that is right.
    pub accuracy: Figure,
}

impl Curves {
    /// Those of `answers` about `photos` photos; a resample draws photos, each with all answers about it.
    pub fn new(photos: usize, answers: &[Judged]) -> Self {
        let mut surest = answers.to_vec();
        surest.sort_by(|a, b| b.p.total_cmp(&a.p));
        let figures = intervals(photos, |at| {
            let times = times(photos, at);
            let weight = |answer: &Judged| times.get(answer.photo).copied().unwrap_or(0);
            [bins(&surest, weight).to_vec(), tenths(&surest, weight).to_vec()].concat()
        });
        let (bins, tenths) = figures.split_at(BINS.min(figures.len()));
        let reliable = |(bin, &accuracy): (usize, &Figure)| {
            let inside: Vec<f64> = surest.iter().filter(|answer| bin_of(answer.p) == bin).map(|a| f64::from(a.p)).collect();
            let confidence = inside.iter().sum::<f64>() / inside.len() as f64;
            (!inside.is_empty()).then_some(Reliable { answers: inside.len(), confidence, accuracy })
        };
        let covered = |(point, &accuracy): (usize, &Figure)| {
            let answered = (surest.len() * (point + 1)).div_ceil(POINTS) as f64 / surest.len() as f64;
            (!accuracy.value.is_nan()).then_some(Covered { answered, accuracy })
        };
        Self {
            reliability: bins.iter().enumerate().filter_map(reliable).collect(),
            coverage: tenths.iter().enumerate().filter_map(covered).collect(),
        }
    }
}

/// A bin is open below and closed above, as in Guo et al. 2017.
fn bin_of(p: f32) -> usize {
    ((f64::from(p) * BINS as f64).ceil() as usize).clamp(1, BINS) - 1
}

fn bins(answers: &[Judged], weight: impl Fn(&Judged) -> usize) -> [f64; BINS] {
    let mut counts = [(0, 0); BINS];
    for answer in answers {
        if let Some((right, all)) = counts.get_mut(bin_of(answer.p)) {
            *all += weight(answer);
            *right += if answer.right { weight(answer) } else { 0 };
        }
    }
    counts.map(|(right, all)| right as f64 / all as f64)
}

/// `answers` come from the surest.
fn tenths(answers: &[Judged], weight: impl Fn(&Judged) -> usize) -> [f64; POINTS] {
    let all: usize = answers.iter().map(&weight).sum();
    let mut surest = answers.iter().map(|answer| (weight(answer), answer.right));
    let (mut right, mut counted, mut last) = (0, 0, (0, false));
    std::array::from_fn(|point| {
        let wanted = (all * (point + 1)).div_ceil(POINTS);
        while counted < wanted {
            if last.0 == 0 {
                let Some(next) = surest.next() else { break };
                last = next;
            }
            let taken = last.0.min(wanted - counted);
            (counted, right, last.0) = (counted + taken, right + if last.1 { taken } else { 0 }, last.0 - taken);
        }
        right as f64 / counted as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves(answers: &[(usize, f32, bool)]) -> Curves {
        let judged: Vec<_> = answers.iter().map(|&(photo, p, right)| Judged { photo, p, right }).collect();
        Curves::new(answers.iter().map(|answer| answer.0 + 1).max().unwrap_or(0), &judged)
    }

    #[test]
    fn reliability_sets_what_was_right_against_what_was_said() {
        let found = curves(&[(0, 0.5, true), (0, 0.45, false), (1, 1.0, true), (1, 0.0, false)]).reliability;
        let points: Vec<_> = found.iter().map(|bin| (bin.answers, bin.accuracy.value)).collect();
        assert_eq!(points, [(1, 0.0), (2, 0.5), (1, 1.0)]);
        assert!((found[1].confidence - 0.475).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn the_surest_come_first() {
        let found = curves(&[(0, 0.9, true), (1, 0.7, true), (2, 0.5, false)]).coverage;
        assert_eq!((found.len(), found[0].answered, found[0].accuracy.value), (10, 1.0 / 3.0, 1.0));
        assert_eq!((found[9].answered, found[9].accuracy.value), (1.0, 2.0 / 3.0));
        assert!(found[9].accuracy.low < 0.5 && found[9].accuracy.high == 1.0, "{found:?}");
    }

    #[test]
    fn a_photo_that_is_drawn_twice_counts_twice() {
        let answers = [(0, 0.9, true), (1, 0.7, false)].map(|(photo, p, right)| Judged { photo, p, right });
        let weight = |answer: &Judged| [1, 3][answer.photo];
        let found = tenths(&answers, weight);
        assert_eq!((found[0], found[4], found[9]), (1.0, 0.5, 0.25));
        assert_eq!(bins(&answers, weight)[6], 0.0);
    }

    #[test]
    fn no_answers_give_no_curve() {
        assert_eq!(Curves::new(3, &[]), Curves { reliability: Vec::new(), coverage: Vec::new() });
    }
}
