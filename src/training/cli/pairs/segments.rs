//! `streetscape-train pairs segments`.

use std::path::PathBuf;

use clap::Args;

use super::{GatherArgs, NetworkArgs};
use crate::training::{
    TrainingError,
    pairs::{
        Collection,
        import::{MaskFormat, Photos, WebDataset},
    },
    progress::Show,
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct SegmentsArgs {
    /// The photos: a folder, a tar, or a folder of WebDataset shards.
    photos: PathBuf,
    /// Folder of their maps, each named as its photo.
    #[arg(long, value_name = "DIR", requires = "format")]
    masks: Option<PathBuf>,
    /// The vocabulary of the maps: street, cityscapes, cityscapes-train, camvid, camvid-segnet or vistas.
    #[arg(long, value_name = "NAME", requires = "masks")]
    format: Option<MaskFormat>,
    #[command(flatten)]
    networks: NetworkArgs,
    #[command(flatten)]
    gather: GatherArgs,
}

impl SegmentsArgs {
    pub(in crate::training::cli) fn run(self, show: Show) -> Result<(), TrainingError> {
        let named = self.photos.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.gather.gather(&*self.collection()?, &self.networks.segments()?, &named, show).map(drop)
    }

    /// The photos, with the maps that were given for them or lie in their shards.
    fn collection(&self) -> Result<Box<dyn Collection>, TrainingError> {
        if let (Some(masks), Some(format)) = (&self.masks, self.format) {
            return Ok(Box::new(Photos::open(&self.photos)?.with_masks(masks, format)?));
        }
        if WebDataset::is_at(&self.photos) {
            return Ok(Box::new(WebDataset::open(&self.photos)?));
        }
        Ok(Box::new(Photos::open(&self.photos)?))
    }
}
