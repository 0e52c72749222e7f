//! `streetscape-train pairs import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::GatherArgs;
use crate::training::{
    TrainingError,
    pairs::{Collection, import},
    progress::Show,
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct ImportArgs {
    /// How the photos are kept.
    format: Format,
    /// The data set's folder or file.
    root: PathBuf,
    #[command(flatten)]
    gather: GatherArgs,
}

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// WebDataset shards, this project's or open_clip's: a tar, or a folder of tars.
    Webdataset,
}

impl ImportArgs {
    pub(in crate::training::cli) fn run(self, show: Show) -> Result<(), TrainingError> {
        let collection: Box<dyn Collection> = match self.format {
            Format::Webdataset => Box::new(import::WebDataset::open(&self.root)?),
        };
        let named = self.root.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.gather.gather(&*collection, &named, show).map(drop)
    }
}
