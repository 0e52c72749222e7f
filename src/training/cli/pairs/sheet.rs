//! `streetscape-train pairs sheet`.

use std::path::PathBuf;

use clap::Args;

use crate::training::{
    TrainingError,
    pairs::sheet::{MOST, sheet},
    progress::Show,
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct SheetArgs {
    /// The data set: a folder of shards, or one shard.
    data: PathBuf,
    /// The page; it holds its photos and needs no server.
    #[arg(long, value_name = "FILE.html")]
    out: PathBuf,
    /// Photos on it, taken evenly from the whole data set.
    #[arg(long, value_name = "PHOTOS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=MOST))]
    photos: u16,
}

impl SheetArgs {
    pub(in crate::training::cli) fn run(self, show: Show) -> Result<(), TrainingError> {
        let shown = sheet(&self.data, &self.out, usize::from(self.photos))?;
        show.say(&format!("{}: {shown} photos; open it in a browser", self.out.display()));
        Ok(())
    }
}
