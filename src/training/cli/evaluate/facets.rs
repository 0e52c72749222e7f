//! `streetscape-train evaluate facets`.

use clap::Args;
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, PhotoArgs},
    output::{OutputArgs, print, written},
};
use crate::{
    evaluation::{
        Table,
        curves::{Covered, Curves, Reliable},
        facets::{FEWEST, Facets},
    },
    training::{TrainingError, progress::Show},
    vocabulary::Vocabulary,
};

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
    curves: Curves,
    #[serde(skip_serializing_if = "Option::is_none")]
    curves_before: Option<Curves>,
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
        let found = bundles.map(|bundle| Ok(self.models.look(bundle, &shards, show)?.facets(&vocabulary)?.of))?;
        let before = found.before.as_ref();
        let (precision, answers) = (found.after.precision(before), found.after.answers(before));
        let curves = |found: &Facets| Curves::new(found.photos(), &found.judged());
        let report = Report {
            asked: bundles.asked(self.models.precision),
            photos: found.after.photos(),
            average_precision: &precision,
            answers: &answers,
            curves: curves(&found.after),
            curves_before: before.map(curves),
        };
        self.output.show(&report, &[&precision, &answers], || tell(&report))
    }
}

fn tell(report: &Report<'_>) {
    println!("{} photos labelled by hand", report.photos);
    print(report.answers, |_| true);
    println!("\nreliability of the most probable classes:");
    println!("{:>8} {:>8} {:>22}", "answers", "said", "right");
    for Reliable { answers, confidence, accuracy } in &report.curves.reliability {
        println!("{answers:>8} {confidence:>8.3} {:>22}", written(*accuracy));
    }
    println!("\naccuracy where only the surest are answered:");
    println!("{:>8} {:>22}", "answered", "right");
    for Covered { answered, accuracy } in &report.curves.coverage {
        println!("{answered:>8.3} {:>22}", written(*accuracy));
    }
    println!("\naverage precision (the mean over classes that at least {FEWEST} photos show):");
    print(report.average_precision, |_| true);
}
