//! What a run is told: one TOML file, whose defaults are `default.toml`.
//!
//! Owns the keys, their merging and their limits. Leaves what a key means to whoever reads it; its source stands in `default.toml`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::Compute;
use crate::{
    bundle::Preprocessing,
    training::{
        TrainingError,
        model::{FreshClip, FreshImage, FreshText},
        optimiser::AdamWSettings,
    },
};

/// Every key with its default, explained.
pub const DEFAULTS: &str = include_str!("default.toml");
/// [`DEFAULTS`] as messages name it.
const DEFAULTS_FILE: &str = "src/training/fit/default.toml";
/// Starts from nothing.
pub const FRESH: &str = "fresh";

/// A whole run. `default.toml` explains the keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml explains each key once")]
pub struct Settings {
    pub from: String,
    pub text_weights: PathBuf,
    pub data: Vec<PathBuf>,
    pub seed: u64,
    pub device: Compute,
    pub model: FreshModel,
    pub train: Train,
    pub loss: Loss,
    pub optimiser: Optimiser,
    pub learn: Learn,
    pub lora: LoraSettings,
    pub sampling: Sampling,
    pub augment: Augment,
    pub average: Averages,
    pub guard: Limits,
}

/// A model of random weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreshModel {
    pub kind: Kind,
    pub tokenizer: PathBuf,
    pub embedding: usize,
    pub scale: f32,
    pub image: FreshImage,
    pub text: FreshText,
    pub clip: FreshClip,
}

/// Which networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A MobileNetV2 and a sentence encoder.
    Pair,
    /// CLIP's transformers.
    Clip,
}

/// Steps and batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Train {
    pub epochs: usize,
    pub batch: usize,
    pub part: usize,
    pub heads_first: usize,
    pub checkpoint: usize,
}

/// How wrong a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    pub kind: LossKind,
    pub bias: f32,
    pub questions: f32,
}

/// Which loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// CLIP's.
    Clip,
    /// SigLIP's.
    Siglip,
}

/// AdamW and its rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimiser {
    pub rate: f64,
    pub warm_up: usize,
    pub betas: [f64; 2],
    pub epsilon: f64,
    pub weight_decay: f64,
    pub layer_decay: f64,
    pub clip: f32,
}

/// What learns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learn {
    pub image: usize,
    pub text: usize,
    pub temperature: bool,
    pub views: u32,
}

/// Low-rank adapters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoraSettings {
    pub rank: usize,
    pub alpha: f64,
}

/// How often a photo comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    pub source: f64,
    pub class: f64,
    pub apart: Vec<String>,
}

/// What is done to photos.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augment {
    pub size: u32,
    pub crop: f64,
    pub mirror: bool,
    pub colour: f32,
    pub mix: f32,
}

/// What is kept in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Averages {
    pub decay: f64,
    pub mixes: Vec<f64>,
}

/// When a run ends early.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub corrupt: f64,
    pub explosion: f32,
    pub memory: f64,
}

impl Augment {
    /// How what is learned from is seen by a model that sees as `image` says.
    pub fn image(&self, image: &Preprocessing) -> Preprocessing {
        let size = if self.size == 0 { image.size } else { self.size };
        Preprocessing { size, ..image.clone() }
    }
}

impl Optimiser {
    /// AdamW's part.
    pub fn adamw(&self) -> AdamWSettings {
        let Self { betas, epsilon, weight_decay, layer_decay, .. } = *self;
        AdamWSettings { betas, epsilon, weight_decay, layer_decay }
    }
}

impl Settings {
    /// The defaults, over them the file where there is one, over both `flags`: a table of the same keys.
    pub fn merged(file: Option<&Path>, flags: Table) -> Result<Self, TrainingError> {
        Self::over(Table::new(), file, flags)
    }

    /// The same over other defaults where `base` has any.
    pub fn over(base: Table, file: Option<&Path>, flags: Table) -> Result<Self, TrainingError> {
        let data = |file: &str, problem: String| TrainingError::Data { file: file.to_owned(), problem };
        let mut whole: Table = DEFAULTS.parse().map_err(|e: toml::de::Error| data(DEFAULTS_FILE, e.to_string()))?;
        overlay(&mut whole, base);
        if let Some(path) = file {
            let name = path.display().to_string();
            let text = fs::read_to_string(path).map_err(|source| TrainingError::File { file: name.clone(), source })?;
            let table: Table = text.parse().map_err(|e: toml::de::Error| data(&name, e.to_string()))?;
            // Read on its own first, so that a wrong key is blamed on its file.
            let mut alone = whole.clone();
            overlay(&mut alone, table.clone());
            Self::read(alone).map_err(|problem| data(&name, problem))?;
            overlay(&mut whole, table);
        }
        overlay(&mut whole, flags);
        let settings = Self::read(whole).map_err(|problem| data("the command line", problem))?;
        settings.check()?;
        Ok(settings)
    }

    fn read(table: Table) -> Result<Self, String> {
        Value::Table(table).try_into().map_err(|e: toml::de::Error| {
            format!("{}; `streetscape-train fit --defaults` prints every key", e.to_string().trim())
        })
    }

    /// As a table of keys and values.
    pub fn table(&self) -> Table {
        Table::try_from(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), TrainingError> {
        let Self { train, loss, optimiser, augment, average, lora, guard, .. } = self;
        let above = |x: f64, least: f64| x.is_finite() && x > least;
        let wrong = [
            (self.data.is_empty(), "data is empty; name a folder of shards with --data"),
            (train.epochs == 0, "train.epochs is 0; choose 1 or more"),
            (train.batch < 2, "train.batch is less than 2, and a single pair has nothing to be told apart from; choose more"),
            (train.part == 0 || train.checkpoint == 0, "train.part and train.checkpoint are 1 or more"),
            (!above(optimiser.rate, 0.0), "optimiser.rate is a number above 0"),
            (loss.questions < 0.0 || !loss.questions.is_finite(), "loss.questions is a number, 0 or more"),
            (optimiser.betas.iter().any(|beta| !(0.0..1.0).contains(beta)), "optimiser.betas lie in [0, 1)"),
            (!above(optimiser.epsilon, 0.0), "optimiser.epsilon is above 0"),
            (!above(optimiser.layer_decay, 0.0) || optimiser.layer_decay > 1.0, "optimiser.layer_decay lies in (0, 1]"),
            (!above(f64::from(optimiser.clip), 0.0), "optimiser.clip is above 0"),
            (!augment.size.is_multiple_of(32), "augment.size is a multiple of 32, or 0 for the model's own"),
            (!above(augment.crop, 0.0) || augment.crop > 1.0, "augment.crop lies in (0, 1]"),
            (!(0.0..1.0).contains(&augment.colour), "augment.colour lies in [0, 1)"),
            (!(0.0..=0.5).contains(&augment.mix), "augment.mix lies in [0, 0.5]"),
            (!(0.0..1.0).contains(&average.decay), "average.decay lies in [0, 1)"),
            (
                average.mixes.is_empty() || average.mixes.iter().any(|mix| !(0.0..=1.0).contains(mix)),
                "average.mixes lie in [0, 1]",
            ),
            (
                lora.rank > 0 && train.heads_first > 0,
                "lora.rank and train.heads_first exclude each other; set one of them to 0",
            ),
            (!above(f64::from(guard.explosion), 1.0), "guard.explosion is above 1"),
            (!above(guard.memory, 0.0), "guard.memory is above 0"),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, problem)) => Err(TrainingError::Setting { problem: problem.to_owned() }),
            None => Ok(()),
        }
    }
}

/// `KEY=VALUE` as a table; what is no TOML value is taken for a string.
pub fn assignment(text: &str) -> Result<Table, String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("{text}: KEY=VALUE is meant, as train.batch=32"))?;
    let (key, value) = (key.trim(), value.trim());
    let whole = format!("{key} = {value}").parse::<Table>();
    whole.or_else(|_| format!("{key} = {}", Value::String(value.to_owned())).parse::<Table>()).map_err(|e| e.to_string())
}

/// `over` goes before `under`, table by table.
pub fn overlay(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => overlay(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}

/// Each key whose value differs, with both values: `train.batch was 8 and is 16`.
pub fn differences(was: &Table, is: &Table) -> Vec<String> {
    let mut found = Vec::new();
    let keys: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for key in keys {
        match (was.get(key), is.get(key)) {
            (Some(Value::Table(was)), Some(Value::Table(is))) => {
                found.extend(differences(was, is).into_iter().map(|difference| format!("{key}.{difference}")));
            }
            (was, is) if was != is => {
                let shown = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
                found.push(format!("{key} was {} and is {}", shown(was), shown(is)));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, flags: &[&str], want: Result<(usize, &str), &str>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("fit.toml");
        fs::write(&path, file).expect("written");
        let mut table = assignment("data=[\"d\"]").expect("a table");
        flags.iter().for_each(|flag| overlay(&mut table, assignment(flag).expect("an assignment")));
        match (Settings::merged(Some(&path), table), want) {
            (Ok(settings), Ok(want)) => assert_eq!((settings.train.batch, settings.from.as_str()), want),
            (Err(error), Err(want)) => assert!(error.to_string().contains(want), "{error} against {want}"),
            (found, want) => panic!("{found:?} against {want:?}"),
        }
    }

    #[test]
    fn every_key_stands_below_words_of_its_own_or_its_groups() {
        let lines: Vec<&str> = DEFAULTS.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#')) {
            assert!(pair[0].starts_with('#') || pair[0].contains(" = "), "{} is not explained", pair[1]);
        }
    }

    #[test]
    fn flags_go_before_the_file_and_the_file_before_the_defaults() {
        check("", &[], Ok((64, "models/street")));
        check("[train]\nbatch = 8", &[], Ok((8, "models/street")));
        check("[train]\nbatch = 8", &["train.batch=4", "from=fresh"], Ok((4, "fresh")));
    }

    #[test]
    fn a_wrong_key_or_value_is_blamed_on_where_it_stands() {
        check("[train]\nbatches = 8", &[], Err("fit.toml: unknown field `batches`"));
        check("[train]\nbatch = \"x\"", &[], Err("fit.toml: invalid type"));
        check("", &["train.batch=x"], Err("the command line: invalid type"));
        check("", &["train.batch=1"], Err("train.batch is less than 2"));
        check("[average]\nmixes = [2.0]", &[], Err("average.mixes lie in [0, 1]"));
    }

    #[test]
    fn what_changed_between_two_runs_is_named() {
        let (was, is) = (assignment("train.batch=8").expect("a table"), assignment("train.batch=16").expect("a table"));
        assert_eq!(differences(&was, &is), ["train.batch was 8 and is 16"]);
        assert!(differences(&was, &was).is_empty());
    }
}
