//! The folder that a run leaves: what it was told, what came of it, and what was learned.
//!
//! Owns its files' names and that one run at a time writes here. Leaves the checkpoint to `checkpoint`.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Checkpoints, Epoch, Settings};
use crate::{
    bundle::{ASIDE, Preprocessing, TOKENIZER, TextInput, write_whole},
    training::{
        TrainingError,
        weights::{self, Tensor},
    },
};

/// The settings, defaults and flags included.
pub const SETTINGS: &str = "fit.toml";
/// What became of each epoch.
pub const LOG: &str = "log.csv";
/// Photos that could not be read.
const CORRUPT: &str = "corrupt.csv";
/// What was learned.
pub const MODEL: &str = "model.safetensors";
/// How, and from what.
pub const RECORD: &str = "fit-record.toml";
/// Tensors and gradients, products of matrices, pictures, and texts.
const RECKONING: [&str; 7] = ["burn", "burn-autodiff", "burn-flex", "gemm", "fast_image_resize", "zune-jpeg", "tokenizers"];

/// A run's folder, and the lock on it.
pub struct Folder {
    dir: PathBuf,
    kept: PathBuf,
    _lock: File,
}

/// What `export` must know of a run, and what a reader wants to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Of the program.
    pub version: String,
    /// Versions of the crates that reckon, by name: others may round otherwise.
    #[serde(default)]
    pub crates: BTreeMap<String, String>,
    /// What the run started from.
    pub from: String,
    /// The share of what was learned in the weights, against what was there before.
    pub mix: f64,
    /// Inverse temperature.
    pub scale: f32,
    /// What was learned to be added to siglip's logits, where that was the loss. The model's own files have no place for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<f32>,
    /// Recall on `val` at 1: image to text and text to image.
    pub recall: [f64; 2],
    /// How pixels become the image tower's input.
    pub image: Preprocessing,
    /// How text becomes the text tower's.
    pub text: TextInput,
    /// SHA-256 of everything that was read, by name.
    pub checksums: BTreeMap<String, String>,
}

impl Folder {
    /// Makes or opens `dir` for this run alone, and clears away what a killed one left half written.
    pub fn open(dir: &Path) -> Result<Self, TrainingError> {
        let failed = |source| TrainingError::File { file: dir.display().to_string(), source };
        fs::create_dir_all(dir).map_err(failed)?;
        let lock = File::create(dir.join(".lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let problem = "another fit is writing here; wait for it, or choose another --out".to_owned();
                return Err(TrainingError::Data { file: dir.display().to_string(), problem });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let kept = dir.join("kept");
        let within = fs::read_dir(&kept).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
        let places = [dir.to_owned(), kept.clone()].into_iter().chain(within);
        for place in places.filter(|place| place.is_dir()) {
            clear(&place).map_err(|source| TrainingError::File { file: place.display().to_string(), source })?;
        }
        Ok(Self { dir: dir.to_owned(), kept, _lock: lock })
    }

    /// The same run, which keeps in `kept` what others on the same photos need not compute again.
    pub fn sharing(self, kept: &Path) -> Self {
        Self { kept: kept.to_owned(), ..self }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What is kept there so as not to be computed again.
    pub fn kept(&self) -> PathBuf {
        self.kept.clone()
    }

    /// Its checkpoint.
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints::new(&self.dir)
    }

    /// Keeps what the run was told and the tokenizer that it reads with.
    pub fn begin(&self, settings: &Settings, tokenizer: &[u8]) -> Result<(), TrainingError> {
        let told = toml::to_string_pretty(&settings.table()).map_err(|e| meaning(&self.dir.join(SETTINGS), e.to_string()))?;
        self.write(SETTINGS, told.as_bytes())?;
        self.write(TOKENIZER, tokenizer)
    }

    /// Writes the log anew, and the photos that could not be read.
    pub fn log(&self, log: &[Epoch], corrupt: &BTreeMap<String, String>) -> Result<(), TrainingError> {
        let rows = |rows: &mut dyn FnMut(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>| {
            let mut writer = csv::Writer::from_writer(Vec::new());
            rows(&mut writer)?;
            writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
        };
        let wrong = |name: &str, e: csv::Error| meaning(&self.dir.join(name), e.to_string());
        let epochs = rows(&mut |writer| log.iter().try_for_each(|epoch| writer.serialize(epoch)));
        self.write(LOG, &epochs.map_err(|e| wrong(LOG, e))?)?;
        let skipped = rows(&mut |writer| {
            writer.write_record(["photo", "problem"])?;
            corrupt.iter().try_for_each(|(photo, problem)| writer.write_record([photo, problem]))
        });
        self.write(CORRUPT, &skipped.map_err(|e| wrong(CORRUPT, e))?)
    }

    /// Keeps what was learned, and the files `beside` it by name; the record comes last, so that a folder with one is whole.
    pub fn finish(
        &self,
        model: &BTreeMap<String, Tensor>,
        beside: &BTreeMap<&'static str, Vec<u8>>,
        record: &Record,
    ) -> Result<(), TrainingError> {
        weights::write(&self.dir.join(MODEL), model, None)?;
        beside.iter().try_for_each(|(name, bytes)| self.write(name, bytes))?;
        let told = toml::to_string_pretty(record).map_err(|e| meaning(&self.dir.join(RECORD), e.to_string()))?;
        self.write(RECORD, told.as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TrainingError> {
        let path = self.dir.join(name);
        write_whole(&path, bytes).map_err(|source| TrainingError::File { file: path.display().to_string(), source })
    }
}

/// The crates that this program was built with, of those that have a part in what is learned.
pub fn reckoning() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let lock: Lock = toml::from_str(include_str!("../../../Cargo.lock")).unwrap_or(Lock { package: Vec::new() });
    let reckons = |package: &Package| RECKONING.contains(&package.name.as_str());
    lock.package.into_iter().filter(reckons).map(|package| (package.name, package.version)).collect()
}

impl Record {
    /// The record of the run in `dir`.
    pub fn read(dir: &Path) -> Result<Self, TrainingError> {
        let path = dir.join(RECORD);
        let text =
            fs::read_to_string(&path).map_err(|source| TrainingError::File { file: path.display().to_string(), source })?;
        toml::from_str(&text).map_err(|e| meaning(&path, e.to_string()))
    }
}

/// Removes what was written aside in `dir` and never renamed.
fn clear(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(ASIDE) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn meaning(path: &Path, problem: String) -> TrainingError {
    TrainingError::Data { file: path.display().to_string(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_that_reckons_has_its_version() {
        assert!(reckoning().keys().eq(RECKONING.iter().collect::<std::collections::BTreeSet<_>>()), "{:?}", reckoning());
    }
}
