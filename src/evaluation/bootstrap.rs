//! How far a figure may be off by the chance of which photos were asked, and whether two models truly differ.
//!
//! Owns percentile intervals by the bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13), those of a
//! difference from resamples that both models share. Leaves what is resampled, and which figure, to the metrics.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Deserializer, Serialize};

/// Resamples drawn: twice the thousand that Efron and Tibshirani (section 13.3) ask for a percentile interval.
pub const RESAMPLES: usize = 2000;
/// Share of the resamples that lies in an interval.
pub const LEVEL: f64 = 0.95;
/// The same photos give the same interval, on every machine.
const SEED: u64 = 0;

/// A figure with its interval. Not finite, and `null` in JSON, where the photos don't define it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Over the photos as they are.
    #[serde(deserialize_with = "defined")]
    pub value: f64,
    /// Below it lie 2.5 % of the resamples.
    #[serde(deserialize_with = "defined")]
    pub low: f64,
    /// Above it lie 2.5 % of the resamples.
    #[serde(deserialize_with = "defined")]
    pub high: f64,
}

/// JSON has no NaN: `null` is read as one.
fn defined<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

/// A model's figure, beside that of the model before it on the same photos.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The model that is measured.
    #[serde(flatten)]
    pub after: Figure,
    /// The model before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Figure>,
    /// The first less the second, paired: each resample asks both models about the same photos.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Figure>,
}

/// The figures that `statistic` makes of `count` photos, given as their indices. It gives the same number of figures each time; a
/// resample that leaves one undefined (NaN) doesn't count for that one.
pub fn intervals(count: usize, statistic: impl Fn(&[usize]) -> Vec<f64>) -> Vec<Figure> {
    let mut at: Vec<usize> = (0..count).collect();
    let values = statistic(&at);
    let mut drawn: Vec<Vec<f64>> = vec![Vec::with_capacity(RESAMPLES); values.len()];
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    for _ in 0..if count == 0 { 0 } else { RESAMPLES } {
        at.iter_mut().for_each(|photo| *photo = rng.random_range(0..count));
        for (drawn, value) in drawn.iter_mut().zip(statistic(&at)).filter(|(_, value)| !value.is_nan()) {
            drawn.push(value);
        }
    }
    let figure = |(value, mut drawn): (f64, Vec<f64>)| {
        drawn.sort_by(f64::total_cmp);
        Figure { value, low: quantile(&drawn, (1.0 - LEVEL) / 2.0), high: quantile(&drawn, (1.0 + LEVEL) / 2.0) }
    };
    values.into_iter().zip(drawn).map(figure).collect()
}

/// The mean of a score for each photo.
pub fn mean(scores: &[f64]) -> Figure {
    let figures = intervals(scores.len(), |at| vec![mean_of(at.iter().filter_map(|&photo| scores.get(photo).copied()))]);
    figures.first().copied().unwrap_or(Figure { value: f64::NAN, low: f64::NAN, high: f64::NAN })
}

/// What `after` makes of `count` photos and, where there is a model before it, what `before` makes of the same, and the difference.
pub fn compare(
    count: usize,
    after: impl Fn(&[usize]) -> Vec<f64>,
    before: Option<impl Fn(&[usize]) -> Vec<f64>>,
) -> Vec<Compared> {
    let Some(before) = before else {
        let alone = |after| Compared { after, before: None, difference: None };
        return intervals(count, after).into_iter().map(alone).collect();
    };
    let triples = intervals(count, |at| {
        after(at).into_iter().zip(before(at)).flat_map(|(after, before)| [after, before, after - before]).collect()
    });
    let (triples, _) = triples.as_chunks::<3>();
    let compared =
        |&[after, before, difference]: &[Figure; 3]| Compared { after, before: Some(before), difference: Some(difference) };
    triples.iter().map(compared).collect()
}

/// The mean; NaN of nothing.
pub fn mean_of(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    sum / count as f64
}

/// Of `sorted`, between its neighbours in proportion (type 7 of Hyndman and Fan, as in NumPy); NaN of nothing.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let at = |i: f64| sorted.get(i as usize).copied().unwrap_or(f64::NAN);
    at(place.floor()) + (at(place.ceil()) - at(place.floor())) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ones` photos answered rightly, then `zeros` wrongly.
    fn answers(ones: usize, zeros: usize) -> Vec<f64> {
        [vec![1.0; ones], vec![0.0; zeros]].concat()
    }

    #[track_caller]
    fn check(scores: &[f64], want: [f64; 3], tolerance: f64) {
        let Figure { value, low, high } = mean(scores);
        let close = [value, low, high].iter().zip(want).all(|(found, want)| (found - want).abs() <= tolerance);
        assert!(close, "{value} ({low} to {high}), not {want:?}");
    }

    #[test]
    fn the_interval_of_a_share_is_the_binomial_one() {
        // Exact quantiles of Binomial(400, p) / 400, by SciPy's binom.ppf.
        check(&answers(200, 200), [0.5, 0.45, 0.55], 0.006);
        check(&answers(360, 40), [0.9, 0.87, 0.9275], 0.006);
        check(&answers(7, 0), [1.0, 1.0, 1.0], 0.0);
        assert!(mean(&[]).value.is_nan() && mean(&[]).low.is_nan());
        assert_eq!(mean(&answers(3, 9)), mean(&answers(3, 9)));
    }

    #[test]
    fn a_difference_is_narrow_where_both_models_err_on_the_same_photos() {
        let (before, after) = (answers(200, 200), answers(210, 190));
        let of = |scores: Vec<f64>| move |at: &[usize]| vec![mean_of(at.iter().map(|&photo| scores[photo]))];
        let found = compare(400, of(after), Some(of(before)));
        let difference = found[0].difference.expect("a model before");
        // Ten photos of 400 differ: Binomial(400, 0.025) / 400.
        let close = |found: f64, want: f64| (found - want).abs() < 0.003;
        assert!(
            close(difference.value, 0.025) && close(difference.low, 0.01) && close(difference.high, 0.0425),
            "{difference:?}"
        );
        let alone = compare(400, of(answers(1, 399)), None::<fn(&[usize]) -> Vec<f64>>);
        assert_eq!((alone.len(), alone[0].before), (1, None));
    }

    #[test]
    fn a_resample_that_defines_no_figure_does_not_count() {
        // Defined only where photo 0 was drawn.
        let found = intervals(2, |at| vec![if at.contains(&0) { 3.0 } else { f64::NAN }]);
        assert_eq!(found, [Figure { value: 3.0, low: 3.0, high: 3.0 }]);
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        for (share, want) in [(0.0, 1.0), (0.025, 1.075), (0.5, 2.5), (0.975, 3.925), (1.0, 4.0)] {
            assert!((quantile(&[1.0, 2.0, 3.0, 4.0], share) - want).abs() < 1e-12, "{share}");
        }
    }
}
