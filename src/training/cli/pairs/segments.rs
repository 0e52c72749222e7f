//! `streetscape-train pairs segments`.

use std::path::PathBuf;

use clap::Args;

use super::{GatherArgs, import};
use crate::training::{
    TrainingError,
    pairs::import::{MaskFormat, Photos},
    progress::Show,
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct SegmentsArgs {
    /// The photos: a folder, a tar, or a folder of WebDataset shards.
    photos: PathBuf,
    /// Folder of their maps, each named as its photo.
    #[arg(long, value_name = "DIR", requires = "format")]
    masks: Option<PathBuf>,
    /// The vocabulary of the maps.
    #[arg(long, value_enum)]
    format: Option<MaskFormat>,
    #[command(flatten)]
    gather: GatherArgs,
}
