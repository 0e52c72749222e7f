//! Photos of other people, each collection as its publishers ship it.
//!
//! Owns what lies where in each format, which photo, map and sentence belong together, and what may not be parted by a split. Leaves
//! decoding to `capture`, what a value of a map stands for to `ontology`, splits and shards to `gather`.
//!
//! A photo that can't be used is a [`Skip`](super::Skip) with its reason, and the others go on; an error is what makes the whole
//! collection unreadable: its folder or its table of labels is not there.

use std::path::Path;

use super::Collection;
use crate::training::TrainingError;

mod camvid;
mod captions;
mod categories;
mod cityscapes;
mod coco;
mod files;
mod flickr;
mod masks;
mod photos;
mod table;
mod tars;
mod tree;
mod vistas;
mod webdataset;

pub use masks::{Legend, MaskFormat};
pub use photos::Photos;
pub use table::Columns;
pub use webdataset::WebDataset;

/// How a collection is kept; each variant's module says which files it looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Mapillary Vistas 1.2 or 2.0.
    Vistas,
    /// Cityscapes with fine annotations.
    Cityscapes,
    /// CamVid, its makers' or SegNet's.
    CamVid,
    /// COCO captions.
    Coco,
    /// Flickr8k or Flickr30k.
    Flickr,
    /// A table of photos and captions.
    Csv(Columns),
    /// A folder for each category.
    Folders,
    /// A category in each photo's name.
    Names,
    /// WebDataset shards.
    WebDataset,
}

/// The collection in `root`.
pub fn open(layout: &Layout, root: &Path) -> Result<Box<dyn Collection>, TrainingError> {
    Ok(match layout {
        Layout::Vistas => Box::new(vistas::open(root)?),
        Layout::Cityscapes => Box::new(cityscapes::open(root)?),
        Layout::CamVid => Box::new(camvid::open(root)?),
        Layout::Coco => Box::new(coco::open(root)?),
        Layout::Flickr => Box::new(flickr::open(root)?),
        Layout::Csv(columns) => Box::new(table::open(root, columns)?),
        Layout::Folders => Box::new(categories::open_folders(root)?),
        Layout::Names => Box::new(categories::open_names(root)?),
        Layout::WebDataset => Box::new(WebDataset::open(root)?),
    })
}
