//! `streetscape-train evaluate labels`.

use clap::Args;
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, PhotoArgs},
    output::{OutputArgs, print},
};
use crate::{
    evaluation::{Table, average_precision::table},
    training::{TrainingError, data::frequent, progress::Show},
};

/// What stands for the label in a template.
const LABEL: &str = "{label}";

#[derive(Args, Debug)]
pub(in crate::training::cli) struct LabelsArgs {
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    photos: PhotoArgs,
    /// The caption by which photos are ranked for a label.
    #[arg(long, value_name = "TEXT", default_value = "A street view photograph of {label}", value_parser = template)]
    template: String,
    /// Photos that a label needs.
    #[arg(long, value_name = "PHOTOS", default_value_t = 5)]
    fewest: usize,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    asked: Asked,
    photos: usize,
    average_precision: &'a Table,
}

impl LabelsArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let bundles = self.models.open()?;
        let mut shards = self.photos.read()?;
        shards.retain(|shard| shard.photos.iter().any(|photo| !photo.record.labels.is_empty()));
        let labels = frequent(&shards, self.fewest);
        if labels.is_empty() {
            return Err(self.photos.lack(format!("no label is borne by {} photos; name other shards, or fewer", self.fewest)));
        }
        let captions: Vec<String> = labels.iter().map(|label| self.template.replace(LABEL, label)).collect();
        let found = bundles.map(|bundle| self.models.look(bundle, &shards, show)?.labels(&labels, &captions))?;
        let before = found.before.as_ref().map(|before| before.of.as_slice());
        let table = table(&found.after.sources(), &found.after.of, before, self.fewest);
        let photos = found.after.photos.len();
        let report = Report { asked: bundles.asked(self.models.precision), photos, average_precision: &table };
        self.output.show(&report, &[&table], || print(&table, |_| true))
    }
}

fn template(text: &str) -> Result<String, String> {
    if text.contains(LABEL) { Ok(text.to_owned()) } else { Err(format!("write {LABEL} where the label belongs")) }
}
