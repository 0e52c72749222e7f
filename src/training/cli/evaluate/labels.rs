//! `streetscape-train evaluate labels`.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, PhotoArgs, texts},
    output::{OutputArgs, print},
};
use crate::{
    evaluation::{
        Table,
        average_precision::{RankedPhotos, Thing, table},
    },
    training::{TrainingError, progress::Show},
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
        let shards = self.photos.read()?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for photo in shards.iter().flat_map(|shard| &shard.photos) {
            let labels = &photo.record.labels;
            let once = labels.iter().enumerate().filter(|(i, label)| labels.iter().position(|l| l == *label) == Some(*i));
            once.for_each(|(_, label)| *counts.entry(label).or_default() += 1);
        }
        let labels: Vec<&str> =
            counts.into_iter().filter(|(_, photos)| *photos >= self.fewest).map(|(label, _)| label).collect();
        if labels.is_empty() {
            return Err(self.photos.lack(format!("no label is borne by {} photos; name other shards, or fewer", self.fewest)));
        }
        let captions: Vec<String> = labels.iter().map(|label| self.template.replace(LABEL, label)).collect();
        let found = bundles.map(|bundle| {
            let captions = texts(bundle, &captions)?;
            let photos = self.models.photos(bundle, &shards, show)?;
            let thing = |(name, caption): (&&str, _)| {
                let scored = photos.iter().enumerate().map(|(i, seen)| {
                    let there = seen.photo.record.labels.iter().any(|label| label == name);
                    (i, seen.embedding.cosine(caption), there)
                });
                Thing { name: (*name).to_owned(), ranked: RankedPhotos::new(scored) }
            };
            Ok((photos.len(), labels.iter().zip(&captions).map(thing).collect::<Vec<_>>()))
        })?;
        let (photos, things) = &found.after;
        let table = table(*photos, things, found.before.as_ref().map(|(_, things)| things.as_slice()), self.fewest);
        let report = Report { asked: bundles.asked(self.models.precision), photos: *photos, average_precision: &table };
        self.output.show(&report, &[&table], || print(&table, |_| true))
    }
}

fn template(text: &str) -> Result<String, String> {
    if text.contains(LABEL) { Ok(text.to_owned()) } else { Err(format!("write {LABEL} where the label belongs")) }
}
