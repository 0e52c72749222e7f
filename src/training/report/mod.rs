//! What a model is worth, for people, programs and spreadsheets: one page, one object, a table each; and the model's card.
//!
//! Owns what a report holds and which files it is. Leaves the asking to `examinee`, the measures to `evaluation`, what a page looks like to
//! `page`, what a card says to `card`.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::{TrainingError, examinee::Author};
use crate::{
    bundle::{Bundle, write_whole},
    evaluation::{Confused, Confusion, Table, curves::Curves},
};

mod card;
mod mistakes;
mod page;
mod parts;
mod plot;
mod sources;
mod spreadsheets;
mod training;

pub use card::{Card, card};
pub use mistakes::Shown;
pub use parts::{Asked, Asking};
pub use sources::{Source, Sources};
pub use training::{Learned, Training};

/// All that was found, for programs.
pub const REPORT: &str = "report.json";
/// The same for people.
pub const PAGE: &str = "report.html";

/// All that was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Of the program that measured.
    pub version: String,
    /// What was measured.
    pub model: Model,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Model>,
    /// How exactly the image tower reckoned.
    pub precision: String,
    /// The arguments by which a command finds the same photos.
    pub arguments: String,
    /// The photos.
    pub data: Vec<Data>,
    /// Which caption fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street30: Option<Thirty>,
    /// Whether photos and captions find each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieval: Option<Retrieved>,
    /// What a walk would say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<Faceted>,
    /// Ranking by the sources' own labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labelled>,
    /// Other models beside it, with a head of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervised: Option<Table>,
    /// How it was trained, and on what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
    /// What could not be asked, and why.
    pub left_out: Vec<String>,
}

/// A bundle that was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its own name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// Where it lay.
    pub dir: String,
}

/// One shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// Its name.
    pub file: String,
    /// Of its bytes.
    pub sha256: String,
    /// Its photos by source.
    pub sources: BTreeMap<String, usize>,
}

/// Which of thirty captions fits a photo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Thirty {
    /// Accuracy at each k: overall, by source, by category.
    pub figures: Table,
    /// What is taken for what.
    pub confusion: Confusion,
    /// The most frequent of these.
    pub worst: Vec<Confused>,
    /// Of the best caption's probability.
    pub curves: Curves,
    /// The same of the model before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curves_before: Option<Curves>,
    /// The surest wrong answers.
    pub mistakes: Vec<Shown>,
}

/// Whether photos and captions find each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Retrieved {
    /// Photos that asked.
    pub photos: usize,
    /// Captions that asked.
    pub captions: usize,
    /// Who wrote them: anybody, where people wrote none.
    #[serde(default)]
    pub by: Author,
    /// Recall and median rank, both ways.
    pub figures: Table,
}

impl Retrieved {
    /// Who wrote the captions, in words that follow "captions".
    pub fn written(&self) -> &'static str {
        match self.by {
            Author::People => "that people wrote",
            Author::Anybody => "that a program read off maps and nobody checked",
        }
    }
}

/// What a walk would say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Faceted {
    /// Photos that were labelled by hand.
    pub photos: usize,
    /// What is answered, what of it is right, how far probabilities are off.
    pub answers: Table,
    /// How well each class is ranked.
    pub precision: Table,
    /// Of the most probable classes.
    pub curves: Curves,
    /// The same of the model before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curves_before: Option<Curves>,
    /// The surest wrong answers.
    pub mistakes: Vec<Shown>,
}

/// Ranking by the sources' own labels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Labelled {
    /// Photos that were ranked.
    pub photos: usize,
    /// How well, for each label.
    pub figures: Table,
}

impl Model {
    /// What `bundle` says of itself.
    pub fn of(bundle: &Bundle) -> Self {
        let manifest = &bundle.manifest;
        Self { name: manifest.name.clone(), version: manifest.version.clone(), dir: bundle.dir().display().to_string() }
    }
}

impl Report {
    /// Reads what [`Report::write`] wrote.
    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let bytes = fs::read(path).map_err(|source| TrainingError::File { file: path.display().to_string(), source })?;
        serde_json::from_slice(&bytes).map_err(|e| {
            let problem = format!("not a report of this program: {e}; write it again with evaluate report");
            TrainingError::Data { file: path.display().to_string(), problem }
        })
    }

    /// Whether its page shows photos.
    pub fn holds_pictures(&self) -> bool {
        let thirty = self.street30.iter().flat_map(|part| &part.mistakes);
        let mut all = thirty.chain(self.facets.iter().flat_map(|part| &part.mistakes));
        all.any(|mistake| mistake.picture.is_some())
    }

    /// Writes page, object and tables into the folder `dir`.
    pub fn write(&self, dir: &Path) -> Result<(), TrainingError> {
        let wrong = |name: &str, problem: String| TrainingError::Data { file: dir.join(name).display().to_string(), problem };
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.join(name);
            write_whole(&path, bytes).map_err(|source| TrainingError::File { file: path.display().to_string(), source })
        };
        for (name, csv) in spreadsheets::all(self) {
            write(name, &csv.map_err(|e| wrong(name, e.to_string()))?)?;
        }
        write(PAGE, page::page(self).as_bytes())?;
        let mut object = serde_json::to_vec_pretty(self).map_err(|e| wrong(REPORT, e.to_string()))?;
        object.push(b'\n');
        write(REPORT, &object)
    }
}
