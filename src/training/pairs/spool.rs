//! What was found of each photo, kept on disk until all were looked at.
//!
//! Owns the work folder: its plan, and one file of lines and one of maps for each chunk of photos. A chunk is there whole or not at
//! all, so that a run that was killed goes on behind the last whole one.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Skip;
use crate::{bundle::write_whole, evaluation::shard::Record, ontology::pieces::Scene, training::TrainingError};

/// The work folder's name in the data set's.
pub const FOLDER: &str = ".work";

/// What was found of one photo.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// It is good.
    Seen(Box<Seen>),
    /// It is left out.
    Skipped(Skip),
}

/// A photo that will be in the data set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Its perceptual hash.
    pub hash: u64,
    /// What is known of it.
    pub record: Record,
    /// What its map shows, where there is one.
    pub scene: Option<Scene>,
    /// Its map as PNG lies here in the chunk's maps: first byte and length.
    pub map: Option<(u64, u64)>,
}

/// The work folder of one run.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
}

impl Spool {
    /// The work folder in `out` for the run that `plan` describes, made if it is not there. What another plan left is refused.
    pub fn open(out: &Path, plan: &str) -> Result<Self, TrainingError> {
        let dir = out.join(FOLDER);
        fs::create_dir_all(&dir).map_err(|source| failed(&dir, source))?;
        let file = dir.join("plan");
        match fs::read_to_string(&file) {
            Ok(found) if found == plan => {}
            Ok(_) => {
                let problem = "was begun with other settings or other photos; give another --out, or delete it".to_owned();
                return Err(TrainingError::Data { file: out.display().to_string(), problem });
            }
            Err(_) => write(&file, plan.as_bytes())?,
        }
        Ok(Self { dir })
    }

    fn lines(&self, chunk: usize) -> PathBuf {
        self.dir.join(format!("{chunk:06}.jsonl"))
    }

    fn maps(&self, chunk: usize) -> PathBuf {
        self.dir.join(format!("{chunk:06}.maps"))
    }

    /// Whether the chunk is there.
    pub fn has(&self, chunk: usize) -> bool {
        self.lines(chunk).exists()
    }

    /// Keeps a chunk: what was found, and the map of each photo that has one.
    pub fn keep(&self, chunk: usize, found: Vec<(Look, Option<Vec<u8>>)>) -> Result<(), TrainingError> {
        let (mut lines, mut maps) = (Vec::new(), Vec::new());
        for (mut look, map) in found {
            if let (Look::Seen(seen), Some(map)) = (&mut look, map) {
                seen.map = Some((maps.len() as u64, map.len() as u64));
                maps.extend(map);
            }
            serde_json::to_writer(&mut lines, &look).map_err(|error| failed(&self.lines(chunk), error.into()))?;
            lines.push(b'\n');
        }
        // The lines come last: with them the chunk is there.
        write(&self.maps(chunk), &maps)?;
        write(&self.lines(chunk), &lines)
    }

    /// What was found of the photos of a chunk, in their order.
    pub fn read(&self, chunk: usize) -> Result<Vec<Look>, TrainingError> {
        let path = self.lines(chunk);
        let file = File::open(&path).map_err(|source| failed(&path, source))?;
        let parse = |line: std::io::Result<String>| {
            let line = line.map_err(|source| failed(&path, source))?;
            serde_json::from_str(&line).map_err(|error| failed(&path, error.into()))
        };
        BufReader::new(file).lines().map(parse).collect()
    }

    /// A map of the chunk.
    pub fn map(&self, chunk: usize, (at, bytes): (u64, u64)) -> Result<Vec<u8>, TrainingError> {
        let path = self.maps(chunk);
        let read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(at))?;
            let mut map = Vec::new();
            file.take(bytes).read_to_end(&mut map)?;
            Ok(map)
        };
        read().map_err(|source| failed(&path, source))
    }

    /// The data set is whole: the work folder goes.
    pub fn close(self) -> Result<(), TrainingError> {
        fs::remove_dir_all(&self.dir).map_err(|source| failed(&self.dir, source))
    }
}

/// Writes a file that is there whole or not at all.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainingError> {
    write_whole(path, bytes).map_err(|source| failed(path, source))
}

/// The error for `path`.
pub fn failed(path: &Path, source: std::io::Error) -> TrainingError {
    TrainingError::File { file: path.display().to_string(), source }
}
