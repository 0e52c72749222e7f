//! `streetscape-train evaluate facts`.

use std::path::PathBuf;

use clap::Args;

use super::Which;
use crate::training::{
    TrainingError,
    cli::pairs::NetworkArgs,
    pairs::{
        import::WebDataset,
        segments::exam::{Honesty, honesty},
    },
    progress::Show,
};

/// Certainties at which it is shown how much is said and how much of it is true.
const CERTAINTIES: [f32; 7] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

#[derive(Args, Debug)]
pub(in crate::training::cli) struct FactsArgs {
    /// Shards of photos with maps that people drew: a tar, or a folder of tars.
    data: PathBuf,
    /// The split to look at. Tune on val, report on test.
    #[arg(long, value_enum, default_value_t = Which::Val)]
    split: Which,
    /// The source whose maps are trusted.
    #[arg(long, value_name = "NAME", default_value = "camvid")]
    source: String,
    #[command(flatten)]
    networks: NetworkArgs,
    /// One JSON object a line on stdout.
    #[arg(long)]
    json: bool,
}

impl FactsArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let collection = WebDataset::open(&self.data)?;
        let segments = self.networks.segments()?;
        let found = honesty(&collection, segments, self.split.into(), &self.source, &CERTAINTIES, show)?;
        if !self.json {
            println!("{:<16} {:>7} {:>8} {:>7} {:>7}", "map", "photos", "told of", "facts", "true");
        }
        for row in found {
            let Honesty { certainty, photos, told, facts, right } = row;
            if self.json {
                let line = serde_json::to_string(&row).map_err(|e| TrainingError::Setting { problem: e.to_string() })?;
                println!("{line}");
                continue;
            }
            let map = certainty.map_or("by hand".to_owned(), |certainty| format!("network, {certainty:.2}"));
            println!("{map:<16} {photos:>7} {told:>8} {facts:>7} {:>7.3}", right as f64 / facts.max(1) as f64);
        }
        Ok(())
    }
}
