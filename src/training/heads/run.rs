//! The folder that a run leaves: `heads.safetensors`, `run.toml`, `log.csv`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Epoch, Fitted, Settings};
use crate::{bundle::Preprocessing, bundle::write_whole, training::TrainingError};

/// What was learned.
pub const HEADS: &str = "heads.safetensors";
/// How it was learned, and from what.
const RECORD: &str = "run.toml";
/// What became of each epoch.
const LOG: &str = "log.csv";

/// `run.toml`: enough to do the run again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Accuracy on `val` in f32, by k.
    pub accuracy: BTreeMap<String, f64>,
    /// The image trunk's weights.
    pub image_weights: PathBuf,
    /// The folder of the text trunk.
    pub text_weights: PathBuf,
    /// How it was fitted.
    pub settings: Settings,
    /// How pixels became the trunk's input.
    pub image: Preprocessing,
    /// `Vocabulary::hash` of the classes that were learned.
    pub vocabulary: String,
    /// SHA-256 of everything that was read, by file name.
    pub checksums: BTreeMap<String, String>,
}

impl RunRecord {
    /// Writes the run's folder; the record comes last, so that a folder with one is whole.
    pub fn write(&self, dir: &Path, fitted: &Fitted) -> Result<(), TrainingError> {
        fs::create_dir_all(dir).map_err(|source| TrainingError::File { file: dir.display().to_string(), source })?;
        fitted.heads.write(&dir.join(HEADS))?;
        let log = dir.join(LOG);
        write(&log, &table(&fitted.log).map_err(|e| meaning(&log, e.to_string()))?)?;
        let record = dir.join(RECORD);
        write(&record, toml::to_string_pretty(self).map_err(|e| meaning(&record, e.to_string()))?.as_bytes())
    }

    /// Reads the record of `dir`.
    pub fn read(dir: &Path) -> Result<Self, TrainingError> {
        let path = dir.join(RECORD);
        let text =
            fs::read_to_string(&path).map_err(|source| TrainingError::File { file: path.display().to_string(), source })?;
        toml::from_str(&text).map_err(|e| meaning(&path, e.to_string()))
    }
}

fn table(log: &[Epoch]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    log.iter().try_for_each(|epoch| writer.serialize(epoch))?;
    writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainingError> {
    write_whole(path, bytes).map_err(|source| TrainingError::File { file: path.display().to_string(), source })
}

fn meaning(path: &Path, problem: String) -> TrainingError {
    TrainingError::Data { file: path.display().to_string(), problem }
}
