//! How well sentences about a photo agree with those that people wrote of it.
//!
//! Owns CIDEr-D, as pycocoevalcap computes it, and the recall of content words. Leaves whose sentences are compared to the programs.

use std::collections::{BTreeSet, HashMap};

use rust_stemmers::{Algorithm, Stemmer};

/// Longest n-grams that CIDEr compares.
const LONGEST: usize = 4;
/// CIDEr-D's tolerance for a difference in length, in words.
const SIGMA: f64 = 6.0;
/// Words that a sentence is made with and not about.
const FUNCTION_WORDS: &[&str] = &[
    "a", "about", "along", "an", "and", "are", "around", "as", "at", "back", "be", "before", "behind", "between", "beyond",
    "both", "by", "for", "from", "had", "has", "have", "he", "her", "his", "in", "into", "is", "it", "its", "just", "of",
    "off", "on", "one", "or", "out", "over", "past", "she", "some", "stand", "stands", "that", "the", "their", "them", "there",
    "these", "they", "this", "through", "to", "toward", "towards", "under", "up", "was", "were", "which", "while", "who",
    "with", "you", "your",
];

/// The words of `text` as PTB's tokeniser leaves them for captions: lower case, without punctuation.
pub fn words(text: &str) -> Vec<String> {
    let letters = |c: char| c.is_alphanumeric() || c == '\'' || c == '-';
    text.to_lowercase()
        .split(|c| !letters(c))
        .map(|word| word.trim_matches(['\'', '-']).to_owned())
        .filter(|w| !w.is_empty())
        .collect()
}

/// The stems (Porter 2) of the words that `text` is about.
pub fn content_words(text: &str) -> BTreeSet<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    let about = words(text).into_iter().filter(|word| !FUNCTION_WORDS.contains(&word.as_str()));
    about.map(|word| stemmer.stem(&word).into_owned()).collect()
}

/// Share of the content words of `reference` that `candidates` contain together; `None` where it has none.
pub fn content_recall(candidates: &[&str], reference: &str) -> Option<f64> {
    let wanted = content_words(reference);
    let found: BTreeSet<String> = candidates.iter().flat_map(|candidate| content_words(candidate)).collect();
    (!wanted.is_empty()).then(|| wanted.intersection(&found).count() as f64 / wanted.len() as f64)
}

type Counts = HashMap<Vec<String>, f64>;

/// Counts of the n-grams of each length.
fn grams(text: &str) -> [Counts; LONGEST] {
    let words = words(text);
    std::array::from_fn(|n| {
        let mut counts = Counts::new();
        words.windows(n + 1).for_each(|gram| *counts.entry(gram.to_vec()).or_default() += 1.0);
        counts
    })
}

/// CIDEr-D (Vedantam, Zitnick and Parikh, 2015, section 5) against the sentences that people wrote of a set of photos.
pub struct Cider {
    /// For each n-gram the number of photos whose references have it.
    photos_with: HashMap<Vec<String>, f64>,
    log_photos: f64,
    references: Vec<Vec<Vector>>,
}

/// The weights of a sentence's n-grams, their length, and its number of bigrams.
struct Vector {
    weights: [Counts; LONGEST],
    norms: [f64; LONGEST],
    bigrams: f64,
}

impl Cider {
    /// Weighs n-grams by `references`: one or more sentences for each photo.
    pub fn new(references: &[Vec<String>]) -> Self {
        let mut photos_with: HashMap<Vec<String>, f64> = HashMap::new();
        for sentences in references {
            let all: BTreeSet<Vec<String>> =
                sentences.iter().flat_map(|text| grams(text)).flat_map(|counts| counts.into_keys()).collect();
            all.into_iter().for_each(|gram| *photos_with.entry(gram).or_default() += 1.0);
        }
        let mut cider = Self { photos_with, log_photos: (references.len() as f64).ln(), references: Vec::new() };
        cider.references = references.iter().map(|texts| texts.iter().map(|text| cider.vector(text)).collect()).collect();
        cider
    }

    fn vector(&self, text: &str) -> Vector {
        let counts = grams(text);
        // The reference implementation measures length in bigrams.
        let bigrams = counts[1].values().sum();
        let weigh = |counts: Counts| -> Counts {
            let weight =
                |gram: &Vec<String>| self.log_photos - self.photos_with.get(gram).copied().unwrap_or(0.0).max(1.0).ln();
            counts.into_iter().map(|(gram, count)| (count * weight(&gram), gram)).map(|(weight, gram)| (gram, weight)).collect()
        };
        let weights = counts.map(weigh);
        let norms = std::array::from_fn(|n| weights[n].values().map(|weight| weight * weight).sum::<f64>().sqrt());
        Vector { weights, norms, bigrams }
    }

    /// The score of `candidate` for the photo `photo`, from 0 to 10; `None` where no such photo has references.
    pub fn score(&self, photo: usize, candidate: &str) -> Option<f64> {
        let references = self.references.get(photo).filter(|references| !references.is_empty())?;
        let candidate = self.vector(candidate);
        let score = |reference: &Vector| {
            let length = candidate.bigrams - reference.bigrams;
            let close = (-length * length / (2.0 * SIGMA * SIGMA)).exp();
            let alike = |n: usize| {
                let clipped = candidate.weights[n].iter().map(|(gram, weight)| {
                    let other = reference.weights[n].get(gram).copied().unwrap_or(0.0);
                    weight.min(other) * other
                });
                let norm = candidate.norms[n] * reference.norms[n];
                if norm > 0.0 { clipped.sum::<f64>() / norm * close } else { 0.0 }
            };
            (0..LONGEST).map(alike).sum::<f64>() / LONGEST as f64
        };
        Some(10.0 * references.iter().map(score).sum::<f64>() / references.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_words_are_stems_of_what_a_sentence_is_about() {
        let words = content_words("Two parked cars stand on the left, beside a tree-lined road.");
        let want = ["besid", "car", "left", "park", "road", "tree-lin", "two"];
        assert_eq!(words.iter().map(String::as_str).collect::<Vec<_>>(), want);
        let recall = content_recall(&["A car ahead.", "Cars on the left"], "A car stands on the left and a bus ahead");
        assert!((recall.expect("content") - 0.75).abs() < 1e-9, "{recall:?}");
        assert_eq!(content_recall(&["x"], "it is on the"), None);
    }

    #[track_caller]
    fn check(references: &[&[&str]], candidates: &[&str], want: &[f64]) {
        let references: Vec<Vec<String>> =
            references.iter().map(|texts| texts.iter().map(|&text| text.to_owned()).collect()).collect();
        let cider = Cider::new(&references);
        for (photo, (candidate, want)) in candidates.iter().zip(want).enumerate() {
            let score = cider.score(photo, candidate).expect("a score");
            assert!((score - want).abs() < 1e-7, "{candidate}: {score}, not {want}");
        }
    }

    #[test]
    fn cider_equals_that_of_pycocoevalcap() {
        // Scores by pycocoevalcap 1.2, compute_score.
        let two: &[&[&str]] = &[&["a red car stands ahead"], &["tall trees line both sides"]];
        check(two, &["a red car", "tall trees line both sides"], &[4.86945341, 10.0]);
        check(two, &["A car ahead."], &[1.83184263]);
        check(two, &["tall red trees"], &[0.61061421]);
        check(
            &[
                &["a red car stands ahead on the left", "one red car and a bus ahead"],
                &["tall trees line both sides of the road"],
                &["people walk on the left of the road ahead"],
            ],
            &["a red car ahead on the left", "trees on both sides of the road", "two people on the road ahead"],
            &[3.88501333, 5.32896786, 2.43131175],
        );
    }
}
