//! `streetscape-train evaluate abstention`.

use clap::Args;
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, PhotoArgs},
    output::{OutputArgs, print},
};
use crate::{
    evaluation::{Table, street30},
    training::{TrainingError, abstention, data::frequent, progress::Show},
    vocabulary::Vocabulary,
};

/// Photos that a label needs to stand for a phrase.
const FEWEST: usize = 5;

#[derive(Args, Debug)]
pub(in crate::training::cli) struct AbstentionArgs {
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    photos: PhotoArgs,
    /// Share of a facet's answers that may be wrong.
    #[arg(long, value_name = "SHARE", default_value_t = 0.12)]
    error_rate: f32,
    /// Share of photos without a thing that its phrase may be heard on.
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    false_alarms: f64,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    asked: Asked,
    error_rate: f32,
    facets: &'a Table,
    false_alarms: f64,
    phrases: &'a Table,
}

impl AbstentionArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let vocabulary = Vocabulary::shipped()?;
        let bundles = self.models.open()?;
        if bundles.before.is_some() {
            let problem = "two ways of choosing thresholds are compared here, not two models; leave --before out".to_owned();
            return Err(TrainingError::Setting { problem });
        }
        let shards = self.photos.read()?;
        let labels = frequent(&shards, FEWEST);
        let captions: Vec<String> = labels.iter().map(|label| street30::caption(label)).collect();
        let examinee = self.models.look(&bundles.after, &shards, show)?;
        let (seen, scores) = (examinee.scored(&vocabulary)?, examinee.phrases(&labels, &captions)?);
        if seen.is_empty() && scores.is_empty() {
            let problem = "no photo was labelled by hand or bears a label; name shards of such photos, and their --split";
            return Err(self.photos.lack(problem.to_owned()));
        }
        show.say("choosing thresholds without each source in turn");
        let (facets, phrases) =
            (abstention::facets(&vocabulary, &seen, self.error_rate)?, abstention::phrases(&scores, self.false_alarms));
        let asked = bundles.asked(self.models.precision);
        let Self { error_rate, false_alarms, .. } = self;
        let report = Report { asked, error_rate, facets: &facets, false_alarms, phrases: &phrases };
        self.output.show(&report, &[&facets, &phrases], || {
            println!("thresholds for {error_rate:.2} of wrong answers; before: chosen on other photos of all sources, after: on other sources");
            print(&facets, |_| true);
            println!("\nphrases, for {false_alarms:.2} of false alarms on photos without the thing");
            print(&phrases, |_| true);
        })
    }
}
