//! `streetscape-train evaluate facets`.

use clap::Args;
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, PhotoArgs, text_tower},
    output::{OutputArgs, print},
};
use crate::{
    bundle::{Bundle, ClassCalibration, FacetCalibration},
    encoder::prompts,
    evaluation::{
        Bin, Table,
        facets::{Coverage, FEWEST, Facets, Said},
    },
    observation::View,
    ranking::{RankingError, Rule},
    training::{TrainingError, data::truth, progress::Show},
    vocabulary::{Facet, Vocabulary},
};

/// The scale at which a facet that isn't calibrated is ranked: CLIP's, where its training clamps it.
const SCALE: f32 = 100.0;
/// A threshold that no probability reaches.
const NEVER: f32 = 1.1;

#[derive(Args, Debug)]
pub(in crate::training::cli) struct FacetsArgs {
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    photos: PhotoArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    asked: Asked,
    photos: usize,
    average_precision: &'a Table,
    answers: &'a Table,
    reliability: Vec<Bin>,
    coverage: Vec<Coverage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reliability_before: Option<Vec<Bin>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage_before: Option<Vec<Coverage>>,
}

impl FacetsArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let vocabulary = Vocabulary::shipped()?;
        let bundles = self.models.open()?;
        let mut shards = self.photos.read()?;
        shards.retain(|shard| shard.photos.iter().any(|photo| photo.hand.is_some()));
        if shards.is_empty() {
            let problem = "no photo was labelled by hand; name a folder of shards with facets.csv beside them, and its --split";
            return Err(self.photos.lack(problem.to_owned()));
        }
        let found = bundles.map(|bundle| {
            let classes = prompts(bundle, &vocabulary, || text_tower(bundle))?;
            let rules = vocabulary.facets().map(|(_, facet)| rule(bundle, facet)).collect::<Result<Vec<_>, _>>()?;
            let mut found = Facets::new(&vocabulary);
            for seen in self.models.photos(bundle, &shards, show)?.iter().filter(|seen| seen.photo.hand.is_some()) {
                let asked = vocabulary.facets().zip(&classes).zip(&rules);
                let said = asked.map(|(((_, facet), classes), (rule, calibrated))| {
                    let truth = truth(seen.photo, facet)?.classes;
                    let cosines: Vec<f32> = classes.iter().map(|class| seen.embedding.cosine(class)).collect();
                    let (mut p, mut answers) = (Vec::new(), Vec::new());
                    rule.probabilities(&cosines, &mut p);
                    rule.answers(&p, &mut answers);
                    let answers = answers.into_iter().map(|class| class.0).collect();
                    Some(Said { truth, p, answers, calibrated: *calibrated })
                });
                found.add(said.collect());
            }
            Ok(found)
        })?;
        let before = found.before.as_ref();
        let (precision, answers) = (found.after.precision(before), found.after.answers(before));
        let report = Report {
            asked: bundles.asked(self.models.precision),
            photos: found.after.photos(),
            average_precision: &precision,
            answers: &answers,
            reliability: found.after.reliability(),
            coverage: found.after.coverage(),
            reliability_before: before.map(Facets::reliability),
            coverage_before: before.map(Facets::coverage),
        };
        self.output.show(&report, &[&precision, &answers], || tell(&report))
    }
}

/// How `bundle` answers `facet`, and whether it is calibrated for that; where it isn't, its classes are ranked and never answered.
fn rule(bundle: &Bundle, facet: &Facet) -> Result<(Rule, bool), TrainingError> {
    let told = |known: &&FacetCalibration| known.facet == facet.id && known.view == View::Full.id();
    let calibrated = bundle.manifest.calibration.facets.iter().find(told);
    let plain = || FacetCalibration {
        facet: facet.id.clone(),
        view: View::Full.id().to_owned(),
        scale: SCALE,
        error_rate: 0.0,
        classes: facet.classes.iter().map(|c| (c.id.clone(), ClassCalibration { bias: 0.0, threshold: NEVER })).collect(),
    };
    let rule = calibrated.map_or_else(|| Rule::new(facet, &plain()), |calibration| Rule::new(facet, calibration));
    let refused =
        |error: RankingError| TrainingError::Data { file: bundle.dir().display().to_string(), problem: error.to_string() };
    Ok((rule.map_err(refused)?, calibrated.is_some()))
}

fn tell(report: &Report<'_>) {
    println!("{} photos labelled by hand", report.photos);
    print(report.answers, |_| true);
    println!("\nreliability of the most probable classes:");
    println!("{:>8} {:>8} {:>8}", "answers", "said", "right");
    for Bin { answers, confidence, accuracy } in report.reliability.iter().filter(|bin| bin.answers > 0) {
        println!("{answers:>8} {confidence:>8.3} {accuracy:>8.3}");
    }
    println!("\naccuracy where only the surest are answered:");
    println!("{:>8} {:>8}", "answered", "right");
    for Coverage { answered, accuracy } in &report.coverage {
        println!("{answered:>8.3} {accuracy:>8.3}");
    }
    println!("\naverage precision (the mean over classes that at least {FEWEST} photos show):");
    print(report.average_precision, |_| true);
}
