//! From scores to probabilities that mean what they say, and to the silence that they call for.
//!
//! Owns temperature, priors and thresholds, fitted on `val` for the embeddings that will walk. Leaves their shape to `bundle`,
//! their use to `ranking`.

use std::collections::BTreeMap;

use crate::{
    bundle::{CaptionCalibration, ClassCalibration, FacetCalibration},
    evaluation::{expected_calibration_error, negative_log_likelihood},
    observation::View,
    ranking::against,
    vocabulary::{Facet, Kind},
};

mod logistic;
mod threshold;

use logistic::{Logistic, Row};
use threshold::{Judged, thresholds};

/// The inverse temperature at which a fit begins where that of captions is not known.
pub const FIRST_SCALE: f32 = 20.0;
/// Parts of cross-validation: thresholds and figures come from photos that the fit has not seen.
const FOLDS: usize = 5;
/// Hand-labelled photos below which a facet can't be calibrated at all.
const FEWEST: usize = 20;

/// What of the cosine of "none" is taken off the other classes'. Of 1, .5, .25 and 0 the last two tell most of `val` (mean average precision .65, .67,
/// .68, .68); the rest keeps a class from being found in whatever is like all of its facet.
const AGAINST_NONE: f32 = 0.25;

/// One photo's cosines with the classes of a facet, and which of them are there.
#[derive(Clone, Debug)]
pub struct Scored {
    /// One for each class of the facet.
    pub cosines: Vec<f32>,
    /// Whether it is there.
    pub truth: Vec<bool>,
}

/// How a calibrated facet does on photos that its fit has not seen.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetReport {
    /// Facet id.
    pub facet: String,
    /// Photos of which the truth is known.
    pub photos: usize,
    /// Share of them with at least one answer.
    pub answered: f64,
    /// Share of the answers that are right.
    pub accuracy: f64,
    /// Expected calibration error of the answers that might be given: each photo's best class where classes exclude each other,
    /// else every class.
    pub calibration_error: f64,
    /// Classes that are answered at all.
    pub classes: usize,
    /// Classes of the facet.
    pub of: usize,
}

/// Fits a facet in the full view for a stated share of wrong answers. `None` where too few photos are known.
pub fn facet(facet: &Facet, photos: &[Scored], first_scale: f32, error_rate: f32) -> Option<(FacetCalibration, FacetReport)> {
    if photos.len() < FEWEST {
        return None;
    }
    let rows: Vec<Row> =
        photos.iter().map(|photo| Row { evidence: evidence(facet, &photo.cosines), truth: photo.truth.clone() }).collect();
    let unseen = unseen_probabilities(facet.kind, &rows, first_scale);
    let judged = judge(facet.kind, &rows, &unseen);
    let positives: Vec<usize> =
        (0..facet.classes.len()).map(|class| rows.iter().filter(|row| row.truth.get(class) == Some(&true)).count()).collect();
    let thresholds = thresholds(&judged, &positives, error_rate);

    let fitted = Logistic::fit(facet.kind, &rows, first_scale);
    let classes: BTreeMap<String, ClassCalibration> = facet
        .classes
        .iter()
        .zip(fitted.bias.iter().zip(&thresholds))
        .map(|(class, (&bias, &threshold))| (class.id.clone(), ClassCalibration { bias, threshold }))
        .collect();
    let report = report(facet, rows.len(), &judged, &thresholds);
    let calibration = FacetCalibration {
        facet: facet.id.clone(),
        view: View::Full.id().to_owned(),
        scale: fitted.scale,
        against_none: AGAINST_NONE,
        error_rate,
        classes,
    };
    Some((calibration, report))
}

/// The scale under which free captions' softmax is most likely right: `answers` are scores and the right caption's place.
pub fn captions(answers: &[(Vec<f32>, usize)]) -> CaptionCalibration {
    let cost = |scale: f32| negative_log_likelihood(answers.iter().map(|(scores, truth)| (&scores[..], *truth)), scale);
    // The cost has one valley; golden sections in the logarithm find it.
    let (mut low, mut high) = (1.0_f32.ln(), 300.0_f32.ln());
    let golden = 0.618_034_f32;
    for _ in 0..32 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if cost(a.exp()) < cost(b.exp()) { high = b } else { low = a }
    }
    CaptionCalibration { scale: ((low + high) / 2.0).exp() }
}

/// What is scaled and shifted, for each class, as [`FacetCalibration`] says.
fn evidence(facet: &Facet, cosines: &[f32]) -> Vec<f32> {
    let (Kind::Several, Some(none)) = (facet.kind, facet.none()) else { return cosines.to_vec() };
    let mut margins = Vec::new();
    against(AGAINST_NONE, none, cosines, &mut margins);
    margins
}

/// Each photo's probabilities under a fit on the other folds.
fn unseen_probabilities(kind: Kind, rows: &[Row], first_scale: f32) -> Vec<Vec<f32>> {
    let mut unseen = vec![Vec::new(); rows.len()];
    for fold in 0..FOLDS {
        let seen: Vec<Row> = rows.iter().enumerate().filter(|(i, _)| i % FOLDS != fold).map(|(_, row)| row.clone()).collect();
        let fitted = Logistic::fit(kind, &seen, first_scale);
        for (slot, row) in unseen.iter_mut().zip(rows).skip(fold).step_by(FOLDS) {
            *slot = fitted.probabilities(kind, &row.evidence);
        }
    }
    unseen
}

/// The answers that might be given: where classes exclude each other the best one, else every class.
fn judge(kind: Kind, rows: &[Row], unseen: &[Vec<f32>]) -> Vec<Judged> {
    let mut judged = Vec::new();
    for (photo, (row, p)) in rows.iter().zip(unseen).enumerate() {
        let best = best(p);
        for (class, (&p, &right)) in p.iter().zip(&row.truth).enumerate() {
            if kind == Kind::Several || Some(class) == best {
                judged.push(Judged { photo, class, p, right });
            }
        }
    }
    judged
}

fn best(p: &[f32]) -> Option<usize> {
    p.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(class, _)| class)
}

fn report(facet: &Facet, known: usize, judged: &[Judged], thresholds: &[f32]) -> FacetReport {
    let given: Vec<&Judged> = judged.iter().filter(|j| thresholds.get(j.class).is_some_and(|t| j.p >= *t)).collect();
    let mut photos: Vec<usize> = given.iter().map(|j| j.photo).collect();
    photos.dedup();
    let right = given.iter().filter(|j| j.right).count();
    FacetReport {
        facet: facet.id.clone(),
        photos: known,
        answered: photos.len() as f64 / known.max(1) as f64,
        accuracy: right as f64 / given.len().max(1) as f64,
        calibration_error: expected_calibration_error(&judged.iter().map(|j| (j.p, j.right)).collect::<Vec<_>>()),
        classes: thresholds.iter().filter(|t| **t <= 1.0).count(),
        of: thresholds.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Vocabulary;

    fn vocabulary(kind: &str) -> Facet {
        let classes = ["none", "a", "b"].map(|id| format!("[[facet.class]]\nid = \"{id}\"\nprompts = [\"{id}\"]\n")).concat();
        let text = format!("[[facet]]\nid = \"f\"\nkind = \"{kind}\"\n{classes}");
        let vocabulary = Vocabulary::parse("v.toml", &text).expect("a vocabulary");
        vocabulary.find("f").map(|(_, facet)| facet.clone()).expect("the facet")
    }

    /// Photos whose cosines tell the truth with some noise.
    fn photos(count: usize) -> Vec<Scored> {
        let noise = |i: usize| ((i * 7919 % 1000) as f32 / 1000.0 - 0.5) * 0.2;
        (0..count)
            .map(|i| {
                let truth: Vec<bool> = (0..3).map(|class| i % 3 == class).collect();
                let cosines = (0..3).map(|class| if i % 3 == class { 0.15 } else { 0.05 } + noise(i * 3 + class)).collect();
                Scored { cosines, truth }
            })
            .collect()
    }

    #[test]
    fn none_is_weighed_against_the_best_other_class() {
        let close = |found: Vec<f32>, want: [f32; 3]| found.iter().zip(want).all(|(f, w)| (f - w).abs() < 1e-6);
        assert!(close(evidence(&vocabulary("several"), &[0.3, 0.1, 0.4]), [0.2, 0.025, 0.325]));
        assert!(close(evidence(&vocabulary("exclusive"), &[0.3, 0.1, 0.4]), [0.3, 0.1, 0.4]));
    }

    #[test]
    fn the_stated_error_rate_holds_where_answers_are_given() {
        for kind in ["several", "exclusive"] {
            for rate in [0.05, 0.2] {
                let (calibration, report) = facet(&vocabulary(kind), &photos(300), 20.0, rate).expect("enough photos");
                assert!(1.0 - report.accuracy <= f64::from(rate) + 0.01 && report.answered > 0.3, "{kind} {rate}: {report:?}");
                assert!(report.calibration_error < 0.12, "{report:?}");
                assert_eq!(calibration.classes.len(), 3);
            }
        }
    }

    #[test]
    fn a_facet_that_nobody_labelled_is_not_calibrated() {
        assert!(facet(&vocabulary("several"), &photos(5), 20.0, 0.1).is_none());
    }

    #[test]
    fn the_caption_scale_is_where_the_likelihood_is_best() {
        let answers: Vec<(Vec<f32>, usize)> = photos(300).into_iter().enumerate().map(|(i, p)| (p.cosines, i % 3)).collect();
        let found = captions(&answers).scale;
        let cost = |scale: f32| negative_log_likelihood(answers.iter().map(|(s, t)| (&s[..], *t)), scale);
        let (best, _) = (1..300).map(|i| (i as f32, cost(i as f32))).min_by(|a, b| a.1.total_cmp(&b.1)).expect("a scale");
        assert!((found - best).abs() < 1.0, "{found} against {best}");
    }
}
