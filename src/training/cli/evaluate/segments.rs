//! `streetscape-train evaluate segments`.

use std::path::PathBuf;

use clap::Args;

use super::Which;
use crate::training::{
    TrainingError,
    cli::pairs::NetworkArgs,
    pairs::{
        import::WebDataset,
        segments::exam::{Agreement, ClassRow, examine},
    },
    progress::Show,
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct SegmentsArgs {
    /// Shards of photos that people described: a tar, or a folder of tars with facets.csv beside them.
    data: PathBuf,
    /// The split to look at. Tune on val, report on test.
    #[arg(long, value_enum, default_value_t = Which::Val)]
    split: Which,
    /// Only photos of this source.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    networks: NetworkArgs,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

impl SegmentsArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let collection = WebDataset::open(&self.data)?;
        let segments = self.networks.segments()?;
        let found = examine(&collection, &segments, self.split.into(), self.source.as_deref(), show)?;
        if self.json {
            let line = serde_json::to_string(&found).map_err(|e| TrainingError::Setting { problem: e.to_string() })?;
            println!("{line}");
            return Ok(());
        }
        println!("{:<20} {:>7} {:>8} {:>8} {:>8}", "sentences", "photos", "recall", "of all", "CIDEr-D");
        for Agreement { of, photos, recall, recall_all, cider } in &found.sentences {
            println!("{of:<20} {photos:>7} {recall:>8.3} {recall_all:>8.3} {cider:>8.3}");
        }
        println!("\n{:<10} {:<22} {:>6} {:>6} {:>10} {:>7}  given", "facet", "class", "there", "said", "precision", "recall");
        for ClassRow { facet, class, there, said, right, given } in &found.classes {
            let share = |of: usize| if of == 0 { "-".to_owned() } else { format!("{:.2}", *right as f64 / of as f64) };
            println!(
                "{facet:<10} {class:<22} {there:>6} {said:>6} {:>10} {:>7}  {}",
                share(*said),
                share(*there),
                if *given { "yes" } else { "no" }
            );
        }
        Ok(())
    }
}
