//! Whether what abstains keeps its promise among photos of another kind than those that it was promised on.
//!
//! A facet's thresholds and a phrase's are chosen by photos whose truth is known, and hold for photos that are exchangeable with those. Owns the test
//! of that assumption: each source of photos is held out whole, what is chosen on the others is asked of it, and beside it what the same photos give
//! where chance alone parts them. Leaves the choice of a facet's thresholds to `calibrate`.

use super::{
    TrainingError,
    calibrate::{self, FIRST_SCALE, Scored},
};
use crate::{
    evaluation::{
        Row, Table,
        average_precision::by_source,
        bootstrap::{compare, mean_of},
        facets::{Facets, Said},
    },
    ranking::Rule,
    vocabulary::Vocabulary,
};

/// Parts of the photos where chance alone parts them.
const PARTS: usize = 5;

/// A photo of a source, and how near it is to each class of each facet of which the truth is known.
pub struct Seen {
    /// Its source.
    pub source: String,
    /// One for each facet of the vocabulary.
    pub facets: Vec<Option<Scored>>,
}

/// A photo of a source, and how near it is to each phrase.
pub struct Scores {
    /// Its source.
    pub source: String,
    /// For each phrase the cosine, and whether the phrase is true of it.
    pub phrases: Vec<(f32, bool)>,
}

/// What is answered, and how much of it is right, where `error_rate` of the answers may be wrong: `before` where the thresholds come from other
/// photos of all sources, `after` where they come from other sources alone.
pub fn facets(vocabulary: &Vocabulary, seen: &[Seen], error_rate: f32) -> Result<Table, TrainingError> {
    let by_chance: Vec<usize> = (0..seen.len()).map(|photo| photo % PARTS).collect();
    let [mixed, apart] = [by_chance, sources(seen.iter().map(|seen| seen.source.as_str()))]
        .map(|parts| asked(vocabulary, seen, &parts, error_rate));
    Ok(apart?.answers(Some(&mixed?)))
}

/// What is said of each photo by the thresholds that the photos of other parts give.
fn asked(vocabulary: &Vocabulary, seen: &[Seen], parts: &[usize], error_rate: f32) -> Result<Facets, TrainingError> {
    let mut said: Vec<Vec<Option<Said>>> = seen.iter().map(|_| Vec::new()).collect();
    let count = parts.iter().max().map_or(0, |last| last + 1);
    for (index, facet) in vocabulary.facets() {
        let scored = |photo: &Seen| photo.facets.get(index.0).cloned().flatten();
        let rules = (0..count).map(|part| {
            let others = seen.iter().zip(parts).filter(|(_, of)| **of != part).filter_map(|(photo, _)| scored(photo));
            let fitted = calibrate::facet(facet, &others.collect::<Vec<_>>(), FIRST_SCALE, error_rate);
            fitted.map(|(calibration, _)| Rule::new(facet, &calibration)).transpose()
        });
        let rules = rules.collect::<Result<Vec<_>, _>>().map_err(|e| TrainingError::Calibration { problem: e.to_string() })?;
        for ((said, photo), part) in said.iter_mut().zip(seen).zip(parts) {
            said.push(scored(photo).zip(rules.get(*part).and_then(Option::as_ref)).map(|(scored, rule)| {
                let (mut p, mut answers) = (Vec::new(), Vec::new());
                rule.probabilities(&scored.cosines, &mut p);
                rule.answers(&p, &mut answers);
                Said { truth: scored.truth, p, answers: answers.into_iter().map(|class| class.0).collect(), calibrated: true }
            }));
        }
    }
    let mut facets = Facets::new(vocabulary);
    seen.iter().zip(said).for_each(|(photo, said)| facets.add(&photo.source, said));
    Ok(facets)
}

/// How often phrases are found and how often they are falsely heard, a mean over phrases, where `false_alarms` of the photos without the thing may be
/// taken for it; `before` and `after` as in [`facets`]. A phrase is heard above the `ceil((n + 1)(1 - false_alarms))`th lowest cosine of `n` photos
/// without the thing: split conformal prediction (Vovk et al. 2005; Angelopoulos and Bates 2021, section 1), with a class of one.
pub fn phrases(scores: &[Scores], false_alarms: f64) -> Table {
    let by_chance: Vec<usize> = (0..scores.len()).map(|photo| photo % PARTS).collect();
    let apart = sources(scores.iter().map(|photo| photo.source.as_str()));
    let [mixed, apart] = [by_chance, apart].map(|parts| heard(scores, &parts, false_alarms));
    let mut table = Table::new(["false_alarms", "found"]);
    let mut add = |of: &str, name: &str, photos: &[usize]| {
        let figures = |heard: &[[Option<f64>; 2]], at: &[usize]| {
            let chosen = || at.iter().filter_map(|&at| heard.get(*photos.get(at)?));
            [0, 1].map(|which| mean_of(chosen().filter_map(|heard| heard[which]))).to_vec()
        };
        let figures = compare(photos.len(), |at| figures(&apart, at), Some(|at: &[usize]| figures(&mixed, at)));
        table.rows.push(Row { of: of.to_owned(), name: name.to_owned(), photos: photos.len(), figures });
    };
    add("all", "all", &(0..scores.len()).collect::<Vec<_>>());
    let names: Vec<&str> = scores.iter().map(|photo| photo.source.as_str()).collect();
    by_source(&names).into_iter().for_each(|(source, photos)| add("source", source, &photos));
    table
}

/// Of each photo the share of the phrases that are falsely heard, among those that are not true of it, and the share of the true ones that are heard.
fn heard(scores: &[Scores], parts: &[usize], false_alarms: f64) -> Vec<[Option<f64>; 2]> {
    let phrases = scores.first().map_or(0, |photo| photo.phrases.len());
    let count = parts.iter().max().map_or(0, |last| last + 1);
    let threshold = |part: usize, phrase: usize| {
        let others = scores.iter().zip(parts).filter(|(_, of)| **of != part).filter_map(|(photo, _)| photo.phrases.get(phrase));
        conformal(others.filter(|(_, there)| !there).map(|(cosine, _)| *cosine).collect(), false_alarms)
    };
    let thresholds: Vec<Vec<f32>> =
        (0..count).map(|part| (0..phrases).map(|phrase| threshold(part, phrase)).collect()).collect();
    let of = |(photo, part): (&Scores, &usize)| {
        let heard = photo.phrases.iter().zip(thresholds.get(*part).into_iter().flatten());
        let heard: Vec<(bool, f64)> =
            heard.map(|((cosine, there), threshold)| (*there, f64::from(u8::from(cosine > threshold)))).collect();
        [false, true].map(|wanted| {
            let of: Vec<f64> = heard.iter().filter(|(there, _)| *there == wanted).map(|(_, heard)| *heard).collect();
            (!of.is_empty()).then(|| mean_of(of))
        })
    };
    scores.iter().zip(parts).map(of).collect()
}

/// The value above which no more than `share` of exchangeable values are expected; without bound where there are too few to tell.
fn conformal(mut values: Vec<f32>, share: f64) -> f32 {
    values.sort_by(f32::total_cmp);
    let rank = ((values.len() + 1) as f64 * (1.0 - share)).ceil() as usize;
    rank.checked_sub(1).and_then(|place| values.get(place)).copied().unwrap_or(f32::INFINITY)
}

/// A number for each source.
fn sources<'a>(names: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut known: Vec<&str> = Vec::new();
    names
        .map(|name| {
            known.iter().position(|known| *known == name).unwrap_or_else(|| {
                known.push(name);
                known.len() - 1
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_promised_share_lies_above_a_conformal_threshold() {
        let values: Vec<f32> = (1..=99).map(|i| i as f32).collect();
        for (share, want) in [(0.05, 95.0), (0.1, 90.0), (0.5, 50.0), (0.001, f32::INFINITY)] {
            assert_eq!(conformal(values.clone(), share), want, "{share}");
        }
        assert_eq!(conformal(Vec::new(), 0.5), f32::INFINITY);
    }

    /// False alarms where chance parts the photos, and where sources do, if the second source's cosines are higher by `shift`.
    #[track_caller]
    fn check(shift: f32, want: impl Fn(f64, f64) -> bool) {
        let noise = |i: usize| (i * 7919 % 1000) as f32 / 1000.0;
        let photo = |i: usize| {
            let (name, more) = if i.is_multiple_of(3) { ("b", shift) } else { ("a", 0.0) };
            let there = i.is_multiple_of(10);
            Scores { source: name.to_owned(), phrases: vec![(noise(i) + more + f32::from(u8::from(there)), there)] }
        };
        let table = phrases(&(0..900).map(photo).collect::<Vec<_>>(), 0.1);
        let row = table.rows.iter().find(|row| row.name == "b").expect("a row");
        let (before, after) = (row.figures[0].before.expect("by chance").value, row.figures[0].after.value);
        assert!(want(before, after), "{shift}: {before} and {after}");
    }

    #[test]
    fn a_source_unlike_the_others_breaks_the_promise_and_a_like_one_does_not() {
        check(0.0, |mixed, apart| (0.05..0.15).contains(&mixed) && (0.05..0.15).contains(&apart));
        check(0.5, |mixed, apart| apart > 0.4 && apart > mixed);
    }
}
