//! From when on a class is answered.

/// An answer's threshold where none should be given.
const NEVER: f32 = 1.1;
/// Photos of a class below which the facet's own threshold holds too.
const FEW: usize = 5;
/// Answers that the facet's error rate counts for beside a class's own: a class with three answers proves little.
const POOLED: f32 = 5.0;

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
/// Parts of the photos; each judges thresholds that were chosen by the others.
const PARTS: usize = 5;

/// For each class the probability from which it is answered, so that of a facet's answers no more than `error_rate` are expected to be wrong.
/// `positives` counts the photos that show each class.
///
/// Thresholds look better on the photos that chose them than on others: many were tried. So how strict to be is told by photos that had no
/// part in the choice, one wrong answer more than was counted allowed for (conformal selection, Jin and Candès 2023; across parts as in
/// cross-conformal prediction, Vovk 2015). It holds where the photos to come are exchangeable with these.
pub(super) fn thresholds(judged: &[Judged], positives: &[usize], error_rate: f32) -> Vec<f32> {
    let kept = |rate: &f32| {
        let (wrong, given) = (0..PARTS).fold((1.0, 0.0), |sum, part| {
            let (asked, others): (Vec<Judged>, Vec<Judged>) = judged.iter().partition(|judged| judged.photo % PARTS == part);
            let thresholds = by_class(&others, positives, *rate);
            let given = asked.iter().filter(|j| thresholds.get(j.class).is_some_and(|threshold| j.p >= *threshold));
            given.fold(sum, |(wrong, given), j| (wrong + f32::from(u8::from(!j.right)), given + 1.0))
        });
        wrong <= error_rate * given
    };
    let rate = (0..TRIALS).map(|trial| error_rate * STRICTER.powi(trial)).find(kept);
    rate.map_or_else(|| vec![NEVER; positives.len()], |rate| by_class(judged, positives, rate))
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
