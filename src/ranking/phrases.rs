//! A caregiver's phrases among the pictures: from which score on is a phrase seen?
//!
//! Owns the threshold, found from photos of ordinary streets alone, and the refusal of a phrase that such a street fits anyway. Pure.
//! Leaves the file to `vocabulary`, embeddings to `encoder`, what is said and how often to `narrator`.

use thiserror::Error;

use crate::embedding::Embedding;

/// How often a phrase may be wrong, and when it is too ordinary.
#[derive(Clone, Copy, Debug)]
pub struct PhraseConfig {
    /// Standard deviations above the mean score of ordinary streets from which a phrase is seen.
    pub deviations: f32,
    /// Scenes that a walker passes in an hour: each may deceive once.
    pub scenes: f32,
    /// Ordinary photos that may show the thing itself: so many of the highest scores do not count.
    pub spared: usize,
    /// Share of the vocabulary's prompts that ordinary streets may fit less than a phrase.
    pub ordinary: f32,
}

impl Default for PhraseConfig {
    /// A scene is about ten seconds of walking: 360 in an hour, so that 2.55 deviations, which one in 186 exceeds where scores are spread
    /// normally, would be two false alerts an hour at most. But pictures of one walk are more alike than photos of many streets, and stray further
    /// together: on six walks such alerts came six times as often as stated, and from 2.9 deviations on no more. Of eighty photos of
    /// streets about one shows what a phrase looks for: a dog, a bus. Of twenty-five phrases tried, `a street`, `a road`, `cars`, `people`, `something` and two that name the pavement fit ordinary streets
    /// better than 61 % of the vocabulary or more, the other eighteen better than 46 % at most.
    fn default() -> Self {
        Self { deviations: 2.9, scenes: 360.0, spared: 1, ordinary: 0.55 }
    }
}

/// Why a phrase is of no use on a street.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PhraseError {
    /// The model can't tell it from any street.
    #[error(
        "the model can't tell this from an ordinary street, which fits it better than {percent:.0} % of all that is looked for: \
         name what only this place has"
    )]
    Ordinary {
        /// Of the vocabulary's prompts.
        percent: f32,
    },
    /// The bundle has no photos of ordinary streets.
    #[error("the model knows no ordinary streets to compare with (background.npy): take another model")]
    NoBackground,
}

/// From which score on a phrase is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct PhraseRule {
    embedding: Embedding,
    /// Cosine from which it is seen.
    pub threshold: f32,
    /// Alerts to expect in an hour of streets that do not have it.
    pub false_alerts: f32,
}

impl PhraseRule {
    /// The rule for `phrase` by the scores of `background`, embeddings of ordinary streets, beside those of the vocabulary's `prompts`.
    pub fn new(
        phrase: Embedding,
        background: &[Embedding],
        prompts: &[Embedding],
        config: &PhraseConfig,
    ) -> Result<Self, PhraseError> {
        if background.len() < 2 {
            return Err(PhraseError::NoBackground);
        }
        let count = background.len() as f32;
        let mean_of = |text: &Embedding| background.iter().map(|photo| text.cosine(photo)).sum::<f32>() / count;
        let mean = mean_of(&phrase);
        let below = prompts.iter().filter(|prompt| mean_of(prompt) < mean).count() as f32 / prompts.len().max(1) as f32;
        if below >= config.ordinary {
            return Err(PhraseError::Ordinary { percent: below * 100.0 });
        }
        let mut scores: Vec<f32> = background.iter().map(|photo| phrase.cosine(photo)).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        let deviation = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f32>() / count).sqrt().max(f32::EPSILON);
        let highest = scores.get(config.spared).copied().unwrap_or(mean);
        // Just above the highest that counts.
        let threshold = (mean + config.deviations * deviation).max(highest + 0.01 * deviation);
        // Of so many photos none exceeds it: that half of one would is as likely as not.
        let share = normal_tail((threshold - mean) / deviation).max(0.5 / (count + 1.0));
        Ok(Self { embedding: phrase, threshold, false_alerts: share * config.scenes })
    }
}

/// Every phrase, beside the vocabulary's facets.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    rules: Vec<PhraseRule>,
}

impl Phrases {
    /// The phrases in their order.
    pub fn new(rules: Vec<PhraseRule>) -> Self {
        Self { rules }
    }

    /// Which of them a whole picture shows, into `shown`, in their order.
    pub fn shown(&self, picture: &Embedding, shown: &mut Vec<bool>) {
        shown.clear();
        shown.extend(self.rules.iter().map(|rule| rule.embedding.cosine(picture) >= rule.threshold));
    }
}

/// The share of a normal distribution above `z` deviations, to a thousandth: Abramowitz and Stegun, 26.2.17.
fn normal_tail(z: f32) -> f32 {
    let x = f64::from(z.abs());
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let series = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530];
    let poly = series.iter().fold(0.0, |sum, c| (sum + c) * t);
    let tail = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * poly;
    (if z < 0.0 { 1.0 - tail } else { tail }) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(angle: f32) -> Embedding {
        Embedding::new(vec![angle.cos(), angle.sin()]).expect("a vector of length")
    }

    /// Streets spread over a quarter turn around one radian.
    fn streets() -> Vec<Embedding> {
        (0..128).map(|i| at(1.0 + (i as f32 / 127.0 - 0.5) * 0.4)).collect()
    }

    #[test]
    fn the_share_above_a_deviation_is_that_of_the_tables() {
        for (z, want) in [(0.0, 0.5), (1.0, 0.158_655), (2.55, 0.005_386), (-1.0, 0.841_345), (6.0, 0.0)] {
            assert!((normal_tail(z) - want).abs() < 1e-5, "{z}: {}", normal_tail(z));
        }
    }

    #[test]
    fn a_phrase_is_seen_above_all_ordinary_streets_and_says_how_often_it_will_be_wrong() {
        let prompts = [at(1.0), at(1.1), at(-2.0)];
        let rule = PhraseRule::new(at(-0.5), &streets(), &prompts, &PhraseConfig::default()).expect("no street");
        assert!(streets().iter().filter(|s| rule.embedding.cosine(s) >= rule.threshold).count() <= 1);
        assert!((1.0..=2.0).contains(&rule.false_alerts), "{}", rule.false_alerts);
        let phrases = Phrases::new(vec![rule]);
        let mut shown = Vec::new();
        for (picture, seen) in [(at(-0.5), true), (at(1.0), false)] {
            phrases.shown(&picture, &mut shown);
            assert_eq!(shown, [seen]);
        }
    }

    #[test]
    fn what_every_street_has_is_refused_with_that_reason() {
        let prompts = [at(2.0), at(-1.0), at(3.0)];
        let refused = PhraseRule::new(at(1.0), &streets(), &prompts, &PhraseConfig::default());
        let error = refused.expect_err("a street").to_string();
        assert!(error.contains("better than 100 %"), "{error}");
        let blind = PhraseRule::new(at(1.0), &[], &prompts, &PhraseConfig::default());
        assert_eq!(blind, Err(PhraseError::NoBackground));
    }
}
