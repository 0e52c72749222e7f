//! `streetscape-train pairs import-midjourney`.

use std::path::PathBuf;

use clap::Args;

use super::GatherArgs;
use crate::training::{
    TrainingError,
    pairs::{midjourney::Midjourney, segments::Segments},
    progress::Show,
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct MidjourneyArgs {
    /// The folder of downloaded pictures, with the names that they came with.
    root: PathBuf,
    #[command(flatten)]
    gather: GatherArgs,
}

impl MidjourneyArgs {
    pub(in crate::training::cli) fn run(self, show: Show) -> Result<(), TrainingError> {
        let pictures = Midjourney::open(&self.root, show)?;
        self.gather.gather(&pictures, &Segments::shipped()?, "midjourney", show).map(drop)
    }
}
