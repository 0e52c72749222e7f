//! Photos of other people, each collection as its publishers ship it.
//!
//! Owns what lies where in each format, which photo, map and sentence belong together, and what may not be parted by a split. Leaves
//! decoding to `capture`, what a value of a map stands for to `ontology`, splits and shards to `gather`.
//!
//! A photo that can't be used is a [`Skip`] with its reason, and the others go on; an error is what makes the whole collection
//! unreadable: its folder or its table of labels is not there.

mod files;
mod masks;
mod photos;
mod tars;
mod tree;
mod webdataset;

pub use masks::{Legend, MaskFormat};
pub use photos::Photos;
pub use webdataset::WebDataset;
