//! What the frozen towers make of photos and sentences, computed once and kept.
//!
//! Owns the arrays and the folder where they are kept. Leaves decoding to `capture`, preprocessing and sessions to `encoder`,
//! the towers' graphs to `onnx`.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use npyz::WriterBuilder;

use super::TrainingError;
use crate::bundle::{checksum, write_whole};

mod photos;
mod sentences;

pub use photos::{ImageTower, Views, preprocessing};
pub use sentences::{CONTEXT, PAD, TextTower};
pub(in crate::training) use {photos::mirror, sentences::embed};

/// Keeps a component that never changes from being blown up; features are of the order of 1.
const LEAST_DEVIATION: f32 = 0.02;

/// Rows of equal width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    width: usize,
    values: Vec<f32>,
}

impl Features {
    /// `values` holds whole rows.
    pub fn new(width: usize, values: Vec<f32>) -> Self {
        Self { width, values }
    }

    /// Components of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// One row; empty beyond the last.
    pub fn row(&self, row: usize) -> &[f32] {
        self.values.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
    }

    /// All rows, one behind the other.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Whether a row is all zero: a photo that could not be decoded.
    pub fn is_blank(&self, row: usize) -> bool {
        self.row(row).iter().all(|&x| x == 0.0)
    }

    /// The rows chosen, in the order given.
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        Self::new(self.width, rows.into_iter().flat_map(|row| self.row(row).iter().copied()).collect())
    }

    /// Appends rows of the same width.
    pub fn extend(&mut self, other: Features) {
        self.width = other.width;
        self.values.extend(other.values);
    }

    /// Reads a NumPy array, (rows, width) float32.
    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|source| TrainingError::File { file: file.clone(), source })?;
        let array = npyz::NpyFile::new(&bytes[..]).map_err(|source| TrainingError::File { file: file.clone(), source })?;
        let [_, width] = array.shape() else {
            let problem = format!("its shape is {:?}, not (rows, width); delete it", array.shape());
            return Err(TrainingError::Data { file, problem });
        };
        let width = usize::try_from(*width).unwrap_or(usize::MAX);
        let values = array.into_vec::<f32>().map_err(|source| TrainingError::File { file, source })?;
        Ok(Self { width, values })
    }

    /// Writes a NumPy array, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), TrainingError> {
        let failed = |source| TrainingError::File { file: path.display().to_string(), source };
        let mut bytes = Vec::new();
        let shape = [self.rows() as u64, self.width as u64];
        let mut writer =
            npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd().map_err(failed)?;
        writer.extend(self.values.iter().copied()).map_err(failed)?;
        writer.finish().map_err(failed)?;
        write_whole(path, &bytes).map_err(failed)
    }
}

/// Mean and deviation of each component, over the photos that were learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Standard {
    /// One for each component.
    pub mean: Vec<f32>,
    /// One for each component, at least 0.02.
    pub deviation: Vec<f32>,
}

impl Standard {
    /// Of `features`; blank rows are left out.
    pub fn of(features: &Features) -> Self {
        let rows: Vec<&[f32]> =
            (0..features.rows()).filter(|&row| !features.is_blank(row)).map(|row| features.row(row)).collect();
        let count = rows.len().max(1) as f64;
        let mut mean = vec![0.0_f64; features.width()];
        let mut square = mean.clone();
        for row in &rows {
            for ((mean, square), &x) in mean.iter_mut().zip(&mut square).zip(*row) {
                *mean += f64::from(x) / count;
                *square += f64::from(x) * f64::from(x) / count;
            }
        }
        let deviation = |(mean, square): (&f64, f64)| (square - mean * mean).max(0.0).sqrt() as f32 + LEAST_DEVIATION;
        Self { deviation: mean.iter().zip(square).map(deviation).collect(), mean: mean.iter().map(|&m| m as f32).collect() }
    }

    /// Moves and scales each component to mean 0 and deviation 1.
    pub fn apply(&self, features: &mut Features) {
        for row in features.values.chunks_mut(features.width.max(1)) {
            for (x, (mean, deviation)) in row.iter_mut().zip(self.mean.iter().zip(&self.deviation)) {
                *x = (*x - mean) / deviation;
            }
        }
    }
}

/// Sentences with their features.
#[derive(Clone, Debug)]
pub struct Texts {
    rows: HashMap<String, usize>,
    /// A row for each sentence.
    pub features: Features,
}

impl Texts {
    /// `features` has a row for each of `sentences`.
    pub fn new(sentences: &[String], features: Features) -> Self {
        Self { rows: sentences.iter().cloned().enumerate().map(|(row, text)| (text, row)).collect(), features }
    }

    /// The features of a sentence; empty for one that was not embedded.
    pub fn get(&self, text: &str) -> &[f32] {
        self.rows.get(text).map_or(&[], |&row| self.features.row(row))
    }
}

/// A folder of features. A file is named by a hash of all that it was made of, so that it is never out of date.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Opens or makes the folder.
    pub fn open(dir: &Path) -> Result<Self, TrainingError> {
        fs::create_dir_all(dir).map_err(|source| TrainingError::File { file: dir.display().to_string(), source })?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// What `make` gives, from the folder where it was made of the same `origin` before. `kind` begins the file's name.
    pub fn get(
        &self,
        kind: &str,
        origin: &[&str],
        make: impl FnOnce() -> Result<Features, TrainingError>,
    ) -> Result<Features, TrainingError> {
        let hash = checksum(origin.join("\n").as_bytes());
        let path = self.dir.join(format!("{kind}-{}.npy", hash.get(..16).unwrap_or(&hash)));
        if path.exists() {
            return Features::read(&path);
        }
        let made = make()?;
        made.write(&path)?;
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_computed_once_is_read_back_and_other_data_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let cache = Cache::open(&dir.path().join("new")).expect("a cache");
        let made = Features::new(2, vec![1.0, -2.0, 3.5, 4.0]);
        assert_eq!(cache.get("x", &["a", "b"], || Ok(made.clone())).expect("made"), made);
        let unmade = || Err(TrainingError::Setting { problem: "made again".to_owned() });
        assert_eq!(cache.get("x", &["a", "b"], unmade).expect("kept"), made);
        assert!(cache.get("x", &["a", "c"], unmade).is_err());
    }

    #[test]
    fn standardised_features_have_mean_zero_and_deviation_one() {
        let mut features = Features::new(2, vec![0.0, 0.0, 1.0, 100.0, 3.0, 300.0, 5.0, 200.0]);
        let standard = Standard::of(&features); // the blank first row says nothing
        standard.apply(&mut features);
        for component in 0..2 {
            let values: Vec<f32> = (1..4).map(|row| features.row(row)[component]).collect();
            let mean = values.iter().sum::<f32>() / 3.0;
            let deviation = (values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 3.0).sqrt();
            assert!(mean.abs() < 1e-5 && (deviation - 1.0).abs() < 0.02, "{mean} {deviation}");
        }
    }
}
