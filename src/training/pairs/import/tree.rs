//! Photos in a folder, whatever is known of them.
//!
//! Owns what all formats have in common that keep photos as files. Leaves what a format says of a photo to its [`Format`].

use std::path::PathBuf;

use super::files;
use crate::{
    evaluation::shard::Record,
    ontology::StreetMap,
    training::pairs::{Collection, Entry, Reason, Skip, Skipped},
};

/// What a format says of its photos; `name` is a photo's path below the collection's folder, `entry` its place in the list.
pub trait Format: Sync {
    /// What is known of it but for its map.
    fn record(&self, name: &str, entry: usize) -> Result<Record, Skip>;

    /// What stands where in it; `None` where the format has no maps.
    fn map(&self, _name: &str, _width: usize, _height: usize) -> Result<Option<StreetMap>, Skip> {
        Ok(None)
    }
}

/// A collection of files. Entries are named by their path below `root`.
pub struct Tree<F> {
    /// Where the photos lie.
    pub root: PathBuf,
    /// They, in the order of their names.
    pub entries: Vec<Entry>,
    /// What was found and can't be used.
    pub skipped: Vec<Skipped>,
    /// What is known of them.
    pub format: F,
}

impl<F: Format> Collection for Tree<F> {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn photo(&self, entry: usize) -> Result<Vec<u8>, Skip> {
        files::read(&self.root.join(&*self.entries[entry].name), Reason::MissingPhoto, Reason::DamagedPhoto)
    }

    fn record(&self, entry: usize) -> Result<Record, Skip> {
        self.format.record(&self.entries[entry].name, entry)
    }

    fn map(&self, entry: usize, width: usize, height: usize) -> Result<Option<StreetMap>, Skip> {
        self.format.map(&self.entries[entry].name, width, height)
    }
}
