//! When a bundle answers: its facets calibrated by photos of `val`, those of a whole bundle once more by others.
//!
//! Owns which photos count. Leaves the regression and the thresholds to `calibrate`.

use std::path::{Path, PathBuf};

use super::{Embedded, embed, quantise::options};
use crate::{
    bundle::Bundle,
    embedding::Embedding,
    encoder::{Precision, prompts},
    training::{
        TrainingError,
        calibrate::{self, FIRST_SCALE, FacetReport, Scored},
        data::{self, Split, truth},
        examinee::text_tower,
        progress::Show,
    },
    vocabulary::{Facet, Vocabulary},
};

/// Calibrates those facets of the quantised bundle in `dir` that `only` names, or all where it names none, by the photos of `val` in `data`, for
/// `error_rate`; the others stay as they are.
pub fn recalibrate(
    dir: &Path,
    data: &[PathBuf],
    only: &[String],
    error_rate: f32,
    show: Show,
) -> Result<Vec<FacetReport>, TrainingError> {
    let vocabulary = Vocabulary::shipped()?;
    if let Some(unknown) = only.iter().find(|id| vocabulary.find(id).is_none()) {
        let known: Vec<&str> = vocabulary.facets().map(|(_, facet)| facet.id.as_str()).collect();
        return Err(TrainingError::Setting { problem: format!("{unknown} is no facet; these are: {}", known.join(", ")) });
    }
    let val = data::read(data, Split::Val)?;
    let bundle = Bundle::open(dir)?;
    let photos = embed(&bundle, &options(Precision::Int8), &val, 1, show)?;
    let classes = prompts(&bundle, &vocabulary, || text_tower(&bundle))?;
    let mut manifest = bundle.manifest.clone();
    let first_scale = manifest.calibration.captions.as_ref().map_or(FIRST_SCALE, |captions| captions.scale);
    let mut reports = Vec::new();
    for ((_, facet), classes) in
        vocabulary.facets().zip(&classes).filter(|((_, facet), _)| only.is_empty() || only.contains(&facet.id))
    {
        let labelled = labelled(&photos, facet, classes);
        let Some((calibration, report)) = calibrate::facet(facet, &labelled, first_scale, error_rate) else {
            let problem = format!("{}: {} photos of val were labelled by hand; label more of them", facet.id, labelled.len());
            return Err(TrainingError::Calibration { problem });
        };
        let told = format!("by {} photos of val, for {error_rate} of wrong answers", labelled.len());
        manifest.provenance.insert(format!("calibration of {}", facet.id), told);
        match manifest.calibration.facets.iter_mut().find(|known| known.facet == facet.id) {
            Some(known) => *known = calibration,
            None => manifest.calibration.facets.push(calibration),
        }
        reports.push(report);
    }
    manifest.seal(dir)?;
    Ok(reports)
}

/// How near each photo of which `facet` is known comes to its `classes`.
pub(super) fn labelled(photos: &[Embedded], facet: &Facet, classes: &[Embedding]) -> Vec<Scored> {
    photos.iter().filter_map(|photo| Some(scored(photo, classes, truth(photo.photo, facet)?.classes))).collect()
}

pub(super) fn scored(photo: &Embedded, classes: &[Embedding], truth: Vec<bool>) -> Scored {
    Scored { cosines: classes.iter().map(|class| photo.embedding.cosine(class)).collect(), truth }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facet_that_nobody_knows_is_refused_with_those_that_there_are() {
        let refused = recalibrate(Path::new("none"), &[], &["colour".to_owned()], 0.1, Show::new(true));
        let error = refused.expect_err("no such facet").to_string();
        assert!(error.contains("colour is no facet") && error.contains("place"), "{error}");
    }
}
