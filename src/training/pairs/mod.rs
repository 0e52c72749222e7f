//! Image-caption pairs: from photos, maps, prompts and other people's data sets to one form, WebDataset shards with a manifest.
//!
//! Owns how a data set is gathered ([`gather()`]): what is read, told of each photo, kept together, split and written. Leaves decoding
//! to `capture`, networks to `encoder`, learning to the rest of `training`.
//!
//! A [`Collection`] lists photos and gives each with what is known of it. [`gather()`] looks at every photo once, on all cores, and
//! keeps what it found in a work folder; then it splits by group and writes the shards. Killed at any moment and started again it goes
//! on where it was, to the same bytes.

mod blur;
pub mod collection;
pub mod gather;
pub mod generate;
pub mod import;
mod likeness;
mod manifest;
pub mod midjourney;
pub mod segments;
mod shards;
pub mod sheet;
mod split;
mod spool;
pub mod stats;

pub use collection::{Collection, Entry, Reason, Skip, Skipped};
pub use gather::{Settings, gather};
pub use manifest::{MANIFEST, Manifest, PHOTOS, PhotoRow, SKIPPED};
pub use split::Shares;
