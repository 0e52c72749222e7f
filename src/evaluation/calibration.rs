//! Do probabilities mean what they say?

use serde::Serialize;

/// Bins of [`expected_calibration_error`], as in Guo et al. 2017.
const BINS: usize = 15;

/// `softmax(scale * score + bias)`, where `bias` may be shorter than `scores` (the rest is 0).
pub fn softmax(scores: &[f32], scale: f32, bias: &[f32]) -> Vec<f32> {
    let logits: Vec<f32> = scores.iter().enumerate().map(|(i, s)| scale * s + bias.get(i).copied().unwrap_or(0.0)).collect();
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|l| (l - most).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}

/// Mean negative log-likelihood in nats of the right answers under `softmax(scale * scores)`; zero where there is none.
pub fn negative_log_likelihood<'a>(answers: impl IntoIterator<Item = (&'a [f32], usize)>, scale: f32) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for (scores, truth) in answers {
        let p = softmax(scores, scale, &[]).get(truth).copied().unwrap_or(0.0);
        sum -= f64::from(p).max(1e-30).ln();
        count += 1;
    }
    sum / f64::from(count.max(1))
}

/// One bin of a reliability curve: the answers whose probability lies in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// How many they are.
    pub answers: usize,
    /// Their mean probability; 0 where there is none.
    pub confidence: f64,
    /// Share of them that is right; 0 where there is none.
    pub accuracy: f64,
}

/// The reliability curve of `answers`, (probability, whether it was right), over so many bins of equal width.
pub fn reliability(answers: impl IntoIterator<Item = (f32, bool)>, bins: usize) -> Vec<Bin> {
    let mut curve = vec![Bin { answers: 0, confidence: 0.0, accuracy: 0.0 }; bins];
    for (p, right) in answers {
        // A bin is open below and closed above, as in Guo et al. 2017.
        let bin = ((f64::from(p) * bins as f64).ceil() as usize).clamp(1, bins.max(1)) - 1;
        if let Some(bin) = curve.get_mut(bin) {
            bin.answers += 1;
            bin.confidence += f64::from(p);
            bin.accuracy += f64::from(u8::from(right));
        }
    }
    for bin in &mut curve {
        let answers = bin.answers.max(1) as f64;
        (bin.confidence, bin.accuracy) = (bin.confidence / answers, bin.accuracy / answers);
    }
    curve
}

/// Expected calibration error (Guo et al. 2017, equation 3): the mean distance of confidence and accuracy, a bin weighed by its answers;
/// zero where there is none.
pub fn calibration_error(curve: &[Bin]) -> f64 {
    let all: usize = curve.iter().map(|bin| bin.answers).sum();
    let gap = |bin: &Bin| (bin.confidence - bin.accuracy).abs() * bin.answers as f64;
    curve.iter().map(gap).sum::<f64>() / all.max(1) as f64
}

/// The same over 15 bins, as there, of `answers`.
pub fn expected_calibration_error(answers: &[(f32, bool)]) -> f64 {
    calibration_error(&reliability(answers.iter().copied(), BINS))
}

/// The same of the best of each photo's captions under `softmax(scale * cosine)`. `answers` are cosines with the captions and the
/// right one.
pub fn caption_calibration_error<'a>(answers: impl IntoIterator<Item = (&'a [f32], usize)>, scale: f32) -> f64 {
    let best = |(cosines, truth): (&[f32], usize)| {
        let p = softmax(cosines, scale, &[]);
        let best = p.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.map(|(caption, p)| (*p, caption == truth))
    };
    expected_calibration_error(&answers.into_iter().filter_map(best).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's formula, bin by bin as it is printed.
    fn naive(answers: &[(f32, bool)]) -> f64 {
        (0..15)
            .map(|m| {
                let (low, high) = (f64::from(m) / 15.0, f64::from(m + 1) / 15.0);
                let bin: Vec<_> = answers.iter().filter(|(p, _)| f64::from(*p) > low && f64::from(*p) <= high).collect();
                if bin.is_empty() {
                    return 0.0;
                }
                let accuracy = bin.iter().filter(|(_, right)| *right).count() as f64 / bin.len() as f64;
                let confidence = bin.iter().map(|(p, _)| f64::from(*p)).sum::<f64>() / bin.len() as f64;
                bin.len() as f64 / answers.len() as f64 * (accuracy - confidence).abs()
            })
            .sum()
    }

    #[test]
    fn the_calibration_error_equals_its_formula() {
        let answers: Vec<_> = (1..200).map(|i| (i as f32 / 201.0, i * i % 7 < 3)).collect();
        assert!((expected_calibration_error(&answers) - naive(&answers)).abs() < 1e-9);
        assert_eq!(expected_calibration_error(&[]), 0.0);
        assert!(expected_calibration_error(&[(1.0, true), (1.0, true)]) < 1e-9);
    }

    #[test]
    fn a_reliability_curve_sets_what_was_right_against_what_was_said() {
        let curve = reliability([(0.5, true), (0.3, false), (0.0, false), (1.0, true), (0.9, false)], 2);
        let want = [(3, 0.8 / 3.0, 1.0 / 3.0), (2, 0.95, 0.5)];
        for (bin, (answers, confidence, accuracy)) in curve.iter().zip(want) {
            assert_eq!(bin.answers, answers);
            assert!((bin.confidence - confidence).abs() < 1e-6 && (bin.accuracy - accuracy).abs() < 1e-6, "{bin:?}");
        }
        assert!((calibration_error(&curve) - (3.0 * (0.2 / 3.0) + 2.0 * 0.45) / 5.0).abs() < 1e-6);
    }

    #[test]
    fn captions_are_calibrated_where_their_share_of_right_ones_is_what_they_say() {
        // The first of two captions at p = 3/4, right three times of four.
        let cosines = [3_f32.ln(), 0.0];
        let answers = [0, 0, 0, 1].map(|truth| (&cosines[..], truth));
        assert!(caption_calibration_error(answers, 1.0) < 1e-6);
        assert!((caption_calibration_error(answers, 20.0) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn a_softmax_sums_to_one_however_large_its_logits() {
        let p = softmax(&[1.0, 0.9, -1.0], 1000.0, &[0.0, 100.0]);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6 && (p[0] - 0.5).abs() < 0.01, "{p:?}");
    }

    #[test]
    fn the_likelihood_of_a_uniform_guess_is_the_logarithm_of_the_choices() {
        let scores = [0.2_f32, 0.2, 0.2, 0.2];
        assert!((negative_log_likelihood([(&scores[..], 3)], 50.0) - 4.0_f64.ln()).abs() < 1e-6);
    }
}
