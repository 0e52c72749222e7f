//! Photos in a folder, whatever is known of them.
//!
//! Owns what all formats have in common that keep photos as files. Leaves what a format says of a photo to its [`Format`].

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::files;
use crate::{
    evaluation::shard::Record,
    ontology::StreetMap,
    training::{
        TrainingError,
        pairs::{Collection, Entry, Reason, Skip, Skipped},
    },
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
    root: PathBuf,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    format: F,
}

impl<F: Format> Tree<F> {
    /// The photos `entries` below `root`; an error where there is nothing at all.
    pub fn new(root: &Path, entries: Vec<Entry>, skipped: Vec<Skipped>, format: F) -> Result<Self, TrainingError> {
        if entries.is_empty() && skipped.is_empty() {
            return Err(files::wrong(root, "no photos there; give the folder as its publishers packed it".to_owned()));
        }
        Ok(Self { root: root.to_owned(), entries, skipped, format })
    }
}

/// The maps in `maps` whose photo is not in `photos`; `photo` leads from a map's name to its photo's, both without ending, and passes
/// over what is no map of labels.
pub fn without_photo(
    photos: &Path,
    maps: &Path,
    photo: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Skipped>, TrainingError> {
    if !maps.is_dir() {
        return Ok(Vec::new());
    }
    let there = files::walk(photos, files::is_photo)?;
    let there: HashSet<&str> = there.iter().map(|name| files::stem(name)).collect();
    let found = files::walk(maps, |name| name.ends_with(".png"))?;
    let alone = found.into_iter().filter(|map| photo(files::stem(map)).is_some_and(|photo| !there.contains(&*photo)));
    let skipped = alone.map(|map| {
        let name = maps.join(&*map).display().to_string();
        Skipped { skip: Skip::new(Reason::MissingPhoto, format!("{name}: a map without its photo")), name }
    });
    Ok(skipped.collect())
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
