//! From when on a class is answered.

/// An answer's threshold where none should be given.
const NEVER: f32 = 1.1;
/// Photos of a class below which the facet's own threshold holds too.
const FEW: usize = 5;
/// Answers that the facet's error rate counts for beside a class's own: a class with three answers proves little. Of 5 and 20, the second answers more
/// of quarters of `val` that had no part (.685 against .673) and is as often right (.902).
const POOLED: f32 = 20.0;

/// An answer that might be given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub photo: usize,
    pub class: usize,
    pub p: f32,
    pub right: bool,
}

/// Each strictness that is tried allows for so much of the errors that the one before it did, so many times.
const STRICTER: f32 = 0.93;
const TRIALS: i32 = 40;
/// As many are tried before, which allow for more than was asked for.
const LOOSER: i32 = 10;
/// Answers, wrong as often as the facet's, that are counted beside a class's own before it may be less strict than its facet.
const DOUBTED: f32 = 3.0;
/// The share of the error rate that a class's own answers must then keep to. With it barriers are told of two seconds sooner on walks, and nothing
/// more is false; with all of it animals and water were, which are not there.
const BETTER: f32 = 0.5;
/// Parts of the photos; each judges thresholds that were chosen by the others.
const PARTS: usize = 5;

/// What a strictness comes to: for each class its threshold, and the wrong and all answers of photos that had no part in choosing it.
struct Trial {
    rate: f32,
    thresholds: Vec<f32>,
    counted: Vec<(f32, f32)>,
}

/// For each class the probability from which it is answered, so that of a facet's answers no more than `error_rate` are expected to be wrong.
/// `positives` counts the photos that show each class.
///
/// Thresholds look better on the photos that chose them than on others: many were tried. So how strict to be is told by photos that had no
/// part in the choice, one wrong answer more than was counted allowed for (conformal selection, Jin and Candès 2023; across parts as in
/// cross-conformal prediction, Vovk 2015). It holds where the photos to come are exchangeable with these. A class that is wrong half as often as
/// it might be does not pay for the doubtful ones of its facet: it is less strict by itself, as long as the facet's answers hold with it.
pub(super) fn thresholds(judged: &[Judged], positives: &[usize], error_rate: f32) -> Vec<f32> {
    let trial = |trial: i32| Trial::new(judged, positives, error_rate * STRICTER.powi(trial));
    let trials: Vec<Trial> = (-LOOSER..TRIALS).map(trial).collect();
    let holds = |counted: &[(f32, f32)]| {
        let (wrong, given) = sum(counted);
        1.0 + wrong <= error_rate * given
    };
    let facets = trials.iter().find(|trial| trial.rate <= error_rate && holds(&trial.counted));
    let chosen: Vec<Option<&Trial>> = (0..positives.len())
        .map(|class| {
            let own = trials.iter().find(|trial| trial.doubted_error(class) <= error_rate * BETTER);
            own.into_iter().chain(facets).min_by(|a, b| a.threshold(class).total_cmp(&b.threshold(class)))
        })
        .collect();
    let counted = |(class, trial): (usize, &Option<&Trial>)| trial.map_or((0.0, 0.0), |trial| trial.counted(class));
    if holds(&chosen.iter().enumerate().map(counted).collect::<Vec<_>>()) {
        let threshold = |(class, trial): (usize, &Option<&Trial>)| trial.map_or(NEVER, |trial| trial.threshold(class));
        return chosen.iter().enumerate().map(threshold).collect();
    }
    facets.map_or_else(|| vec![NEVER; positives.len()], |trial| trial.thresholds.clone())
}

/// Wrong and all answers of several classes.
fn sum(counted: &[(f32, f32)]) -> (f32, f32) {
    counted.iter().fold((0.0, 0.0), |sum, class| (sum.0 + class.0, sum.1 + class.1))
}

impl Trial {
    fn new(judged: &[Judged], positives: &[usize], rate: f32) -> Self {
        let mut counted = vec![(0.0, 0.0); positives.len()];
        for part in 0..PARTS {
            let (asked, others): (Vec<Judged>, Vec<Judged>) = judged.iter().partition(|judged| judged.photo % PARTS == part);
            let thresholds = by_class(&others, positives, rate);
            for j in asked.iter().filter(|j| thresholds.get(j.class).is_some_and(|threshold| j.p >= *threshold)) {
                if let Some((wrong, given)) = counted.get_mut(j.class) {
                    *wrong += f32::from(u8::from(!j.right));
                    *given += 1.0;
                }
            }
        }
        Self { rate, thresholds: by_class(judged, positives, rate), counted }
    }

    fn threshold(&self, class: usize) -> f32 {
        self.thresholds.get(class).copied().unwrap_or(NEVER)
    }

    fn counted(&self, class: usize) -> (f32, f32) {
        self.counted.get(class).copied().unwrap_or_default()
    }

    /// How often a class's answers are wrong, some of the facet's counted beside them; always, where there are none.
    fn doubted_error(&self, class: usize) -> f32 {
        let ((wrong, given), (all_wrong, all_given)) = (self.counted(class), sum(&self.counted));
        if given > 0.0 { (wrong + DOUBTED * all_wrong / all_given) / (given + DOUBTED) } else { 1.0 }
    }
}

/// For each class the lowest probability from which no more than `error_rate` of its answers are wrong.
fn by_class(judged: &[Judged], positives: &[usize], error_rate: f32) -> Vec<f32> {
    let mut all: Vec<&Judged> = judged.iter().collect();
    all.sort_by(|a, b| b.p.total_cmp(&a.p));
    let pool = Pool::new(&all);
    let pooled = lowest(&all, |_, wrong, count| wrong / count <= error_rate).unwrap_or(NEVER);
    positives
        .iter()
        .enumerate()
        .map(|(class, &photos)| {
            let own: Vec<&Judged> = all.iter().copied().filter(|j| j.class == class).collect();
            let steady = |p, wrong, count| (wrong + POOLED * pool.error(p)) / (count + POOLED) <= error_rate;
            let Some(mut threshold) = lowest(&own, steady) else { return NEVER };
            if photos < FEW {
                threshold = threshold.max(pooled);
            }
            // Nothing was ever answered rightly there: nothing speaks for answering.
            let supported = own.iter().any(|j| j.right && j.p >= threshold);
            if supported { threshold } else { NEVER }
        })
        .collect()
}

/// The lowest probability of `sorted` (highest first) down to which `good(p, wrong, count)` holds.
fn lowest(sorted: &[&Judged], good: impl Fn(f32, f32, f32) -> bool) -> Option<f32> {
    let (mut wrong, mut count) = (0.0, 0.0);
    let mut lowest = None;
    for (i, judged) in sorted.iter().enumerate() {
        wrong += if judged.right { 0.0 } else { 1.0 };
        count += 1.0;
        let next = sorted.get(i + 1).map_or(0.0, |next| next.p);
        // Equal probabilities stand or fall together.
        if next < judged.p && good(judged.p, wrong, count) {
            lowest = Some((judged.p + next) / 2.0);
        }
    }
    lowest
}

/// The facet's error rate from each probability on.
struct Pool {
    /// Probability, share of wrong answers from there on; highest first.
    steps: Vec<(f32, f32)>,
}

impl Pool {
    fn new(sorted: &[&Judged]) -> Self {
        let mut wrong = 0.0;
        let steps = sorted.iter().enumerate().map(|(i, judged)| {
            wrong += if judged.right { 0.0 } else { 1.0 };
            (judged.p, wrong / (i + 1) as f32)
        });
        Self { steps: steps.collect() }
    }

    fn error(&self, p: f32) -> f32 {
        let above = self.steps.partition_point(|(step, _)| *step >= p);
        above.checked_sub(1).and_then(|last| self.steps.get(last)).map_or(1.0, |(_, error)| *error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class 0 is right from 0.5 on; class 1 has three photos and is right; class 2 is always wrong.
    fn judged() -> Vec<Judged> {
        let mut all = Vec::new();
        for photo in 0..100 {
            let p = photo as f32 / 100.0;
            all.push(Judged { photo, class: 0, p, right: p >= 0.5 });
            all.push(Judged { photo, class: 2, p: p / 2.0, right: false });
        }
        all.extend((0..3).map(|photo| Judged { photo, class: 1, p: 0.9 + photo as f32 / 100.0, right: true }));
        all
    }

    #[test]
    fn a_class_is_answered_from_where_its_answers_are_right_often_enough() {
        let found = thresholds(&judged(), &[50, 3, 0], 0.1);
        assert!(found[0] > 0.4 && found[0] < 0.52, "{found:?}");
        assert!(found[1] < 0.91, "{found:?}");
        assert_eq!(found[2], NEVER);
        let own: Vec<_> = judged().into_iter().filter(|j| j.class == 0 && j.p >= found[0]).collect();
        let wrong = own.iter().filter(|j| !j.right).count();
        assert!(wrong as f32 / own.len() as f32 <= 0.1);
    }

    /// Answers of thirty classes, of which the probability tells little; other photos for another seed.
    fn doubtful(photos: usize, seed: u64) -> Vec<Judged> {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let judged = |photo| {
            let p = rng.random::<f32>();
            Judged { photo, class: rng.random_range(0..30), p, right: rng.random::<f32>() < 0.55 + 0.4 * p }
        };
        (0..photos).map(judged).collect()
    }

    #[test]
    fn the_error_rate_holds_for_photos_that_had_no_part_in_it() {
        let (mut wrong, mut given) = (0, 0);
        for seed in 0..20 {
            let found = thresholds(&doubtful(400, seed), &[10; 30], 0.15);
            let answers = doubtful(2000, 100 + seed).into_iter().filter(|j| j.p >= found[j.class]);
            answers.for_each(|j| (wrong, given) = (wrong + usize::from(!j.right), given + 1));
        }
        let rate = wrong as f32 / given as f32;
        assert!(rate < 0.17 && given > 2000, "{rate} of {given}");
    }

    #[test]
    fn a_stricter_rate_never_lowers_a_threshold() {
        let rates = [0.3, 0.2, 0.1, 0.05, 0.01].map(|rate| thresholds(&judged(), &[50, 3, 0], rate));
        assert!(rates.windows(2).all(|pair| pair[0].iter().zip(&pair[1]).all(|(loose, strict)| strict >= loose)), "{rates:?}");
    }

    #[test]
    fn a_class_without_a_right_answer_is_never_given() {
        assert_eq!(thresholds(&[], &[0, 0], 0.1), [NEVER, NEVER]);
        let wrong = [Judged { photo: 0, class: 0, p: 0.99, right: false }];
        assert_eq!(thresholds(&wrong, &[0], 0.5), [NEVER]);
    }
}
