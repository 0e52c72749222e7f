//! What a data set holds and how it was made: `manifest.json`, a row for each photo in `photos.csv`, and what was left out in
//! `skipped.csv`.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use serde::{Deserialize, Serialize};

use super::{Reason, spool};
use crate::{bundle::aside, evaluation::shard::Origin, training::TrainingError};

/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";
/// The table of photos.
pub const PHOTOS: &str = "photos.csv";
/// The table of what was left out.
pub const SKIPPED: &str = "skipped.csv";

/// A data set in few words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The program and its version.
    pub made_by: String,
    /// The command line that made it.
    pub command: String,
    /// SHA-256 over settings and list of photos: a run with the same plan gives the same shards.
    pub plan: String,
    /// Photos of each split.
    pub photos: BTreeMap<String, usize>,
    /// Photos of each source.
    pub sources: BTreeMap<String, usize>,
    /// Captions of each origin.
    pub captions: BTreeMap<Origin, usize>,
    /// Photos that look like another, each kept in one split with those it looks like.
    pub near_duplicates: usize,
    /// Photos left out, by reason; `skipped.csv` names them.
    pub skipped: BTreeMap<Reason, usize>,
    /// The tars.
    pub shards: Vec<ShardRow>,
}

/// One tar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRow {
    /// Its name in the folder.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Photos in it.
    pub photos: usize,
}

/// One row of `photos.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoRow {
    /// The photo's key.
    pub key: String,
    /// Its split.
    pub split: String,
    /// The tar that holds it.
    pub shard: String,
    /// What it is kept together with.
    pub group: String,
    /// Its perceptual hash, hexadecimal; photos that look alike differ in few bits.
    pub hash: String,
    /// What it was called where it came from.
    pub name: String,
}

/// One row of `skipped.csv`.
#[derive(Clone, Debug, Serialize)]
pub struct SkippedRow<'a> {
    /// The photo, or the file that should have led to one.
    pub name: &'a str,
    /// Why it is left out.
    pub reason: Reason,
    /// File, place and value.
    pub detail: &'a str,
}

impl Manifest {
    /// The manifest of the data set in `dir`; `None` where none is finished there.
    pub fn find(dir: &Path) -> Result<Option<Self>, TrainingError> {
        let path = dir.join(MANIFEST);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).map_err(|source| spool::failed(&path, source))?;
        serde_json::from_slice(&text).map(Some).map_err(|error| spool::failed(&path, error.into()))
    }

    /// Writes it into `dir`, whole or not at all: with it the data set is finished.
    pub fn write(&self, dir: &Path) -> Result<(), TrainingError> {
        let path = dir.join(MANIFEST);
        let text = serde_json::to_vec_pretty(self).map_err(|error| spool::failed(&path, error.into()))?;
        spool::write(&path, &text)
    }
}

/// Writes a table with a header, whole or not at all, holding one row at a time in memory.
pub fn write_table(path: &Path, rows: impl Iterator<Item = impl Serialize>) -> Result<(), TrainingError> {
    let table = |error: csv::Error| spool::failed(path, error.into());
    let io = |source| spool::failed(path, source);
    let mut writer = csv::Writer::from_writer(aside(path).map_err(io)?);
    for row in rows {
        writer.serialize(row).map_err(table)?;
    }
    let mut aside = writer.into_inner().map_err(|error| io(error.into_error()))?;
    aside.flush().and_then(|()| aside.as_file().sync_all()).map_err(io)?;
    aside.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}
