//! What a run's folder tells of how a model was trained: its epochs, and the photos that it learned from where they are at hand.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::sources::{Sources, UNKNOWN};
use crate::training::{
    TrainingError,
    data::{self, Split},
    fit::{LOG, RECORD, Record, SETTINGS},
};

/// How a model was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// What it started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The columns of the run's log, the epoch first.
    pub columns: Vec<String>,
    /// A row for each epoch; none where a cell is empty.
    pub epochs: Vec<Vec<Option<f64>>>,
    /// What it learned from, by source; empty where the photos are not at hand.
    pub learned: Vec<Learned>,
    /// Photos of these that were labelled by hand.
    pub by_hand: usize,
}

/// The photos of one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// The source.
    pub source: String,
    /// Its photos in `train`.
    pub photos: usize,
    /// Under which terms.
    pub licence: String,
}

/// What of the run's settings matters here.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    data: Vec<PathBuf>,
}

impl Training {
    /// Reads the run `dir`. A run of heads has no settings of this shape: its log alone is read.
    pub fn read(dir: &Path) -> Result<Self, TrainingError> {
        let (columns, epochs) = log(&dir.join(LOG))?;
        let mut training = Self { columns, epochs, ..Self::default() };
        if dir.join(RECORD).exists() {
            training.from = Some(Record::read(dir)?.from);
        }
        let settings = dir.join(SETTINGS);
        if settings.exists() {
            let failed = |source| TrainingError::File { file: settings.display().to_string(), source };
            let told: Told = toml::from_str(&fs::read_to_string(&settings).map_err(failed)?)
                .map_err(|e| TrainingError::Data { file: settings.display().to_string(), problem: e.to_string() })?;
            training.look(&told.data)?;
        }
        Ok(training)
    }

    /// Counts the photos of `train` in those of `dirs` that are at hand.
    fn look(&mut self, dirs: &[PathBuf]) -> Result<(), TrainingError> {
        let sources = Sources::shipped()?;
        let there: Vec<PathBuf> = dirs.iter().filter(|dir| dir.exists()).cloned().collect();
        if there.is_empty() || there.len() < dirs.len() {
            return Ok(());
        }
        let mut photos: BTreeMap<(String, String), usize> = BTreeMap::new();
        for photo in data::read(&there, Split::Train)?.into_iter().flat_map(|shard| shard.photos) {
            let shipped = || sources.find(&photo.record.source).map(|source| source.licence.clone());
            let licence = photo.record.licence.clone().or_else(shipped).unwrap_or_else(|| UNKNOWN.to_owned());
            *photos.entry((photo.record.source, licence)).or_default() += 1;
            self.by_hand += usize::from(photo.hand.is_some());
        }
        let learned = |((source, licence), photos)| Learned { source, photos, licence };
        self.learned = photos.into_iter().map(learned).collect();
        self.learned.sort_by_key(|learned| std::cmp::Reverse(learned.photos));
        Ok(())
    }

    /// The column `name`, with the epoch of each value.
    pub fn column(&self, name: &str) -> Vec<(f64, f64)> {
        let Some(at) = self.columns.iter().position(|column| column == name) else { return Vec::new() };
        let value = |row: &Vec<Option<f64>>| Some((row.first().copied()??, row.get(at).copied()??));
        self.epochs.iter().filter_map(value).collect()
    }
}

type Log = (Vec<String>, Vec<Vec<Option<f64>>>);

fn log(path: &Path) -> Result<Log, TrainingError> {
    let wrong = |e: csv::Error| {
        let problem = format!("no log of a run: {e}; name the folder that fit left with --run");
        TrainingError::Data { file: path.display().to_string(), problem }
    };
    let mut reader = csv::Reader::from_path(path).map_err(wrong)?;
    let columns: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_owned).collect();
    let row =
        |row: csv::StringRecord| row.iter().map(|cell| cell.parse().ok().filter(|value: &f64| value.is_finite())).collect();
    let epochs = reader.records().map(|record| record.map(row)).collect::<Result<_, _>>().map_err(wrong)?;
    Ok((columns, epochs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gives_its_columns_by_epoch() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join(LOG), "epoch,loss,street30_1\n1,2.5,\n2,2.0,0.8\n").expect("a log");
        let training = Training::read(dir.path()).expect("a run");
        assert_eq!(training.column("loss"), [(1.0, 2.5), (2.0, 2.0)]);
        assert_eq!((training.column("street30_1"), training.column("none")), (vec![(2.0, 0.8)], Vec::new()));
        assert!(training.learned.is_empty() && training.from.is_none());
    }

    #[test]
    fn a_folder_without_a_log_is_no_run() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = Training::read(dir.path()).expect_err("no run").to_string();
        assert!(error.contains("log.csv") && error.contains("--run"), "{error}");
    }
}
