//! CLIP checkpoints on disk: Hugging Face's folder, read and written, and open_clip's, read.
//!
//! Owns file names, tensor names, and the checks that a folder's files are of one model. What is written, `transformers` loads.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::Device;
use serde::Deserialize;

use super::{Clip, Config};
use crate::{
    bundle::{self, Preprocessing, TOKENIZER},
    encoder::published::preprocessing,
    training::{
        TrainingError,
        model::parameters,
        weights::{self, Weights},
    },
};

mod names;
mod open_clip;
#[cfg(test)]
mod tests;
mod tokens;

pub use names::weights;
pub use tokens::{Encoded, Tokens};

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
/// Names the file of each tensor where there are several.
const INDEX: &str = "model.safetensors.index.json";
const PREPROCESSING: &str = "preprocessor_config.json";
/// The same beside a tokenizer's settings, as transformers 5 writes it.
const PROCESSOR: &str = "processor_config.json";
const OPEN_CLIP_CONFIG: &str = "open_clip_config.json";
const OPEN_CLIP_WEIGHTS: &str = "open_clip_model.safetensors";
/// What else tells of the tokenizer, taken along where it is there.
const BESIDE: [&str; 5] = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt"];

/// A CLIP with all that it takes to use it.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Its shape.
    pub config: Config,
    /// Its weights.
    pub model: Clip,
    /// How pictures become its input.
    pub preprocessing: Preprocessing,
    /// How texts become its input.
    pub tokens: Tokens,
    /// Files that are written as they were read.
    files: BTreeMap<&'static str, Vec<u8>>,
}

impl Checkpoint {
    /// Reads the folder `dir`: Hugging Face's layout where it is there, else open_clip's.
    pub fn read(dir: &Path, device: &Device) -> Result<Self, TrainingError> {
        let path = |name: &str| dir.join(name);
        let problem = |name: &str, problem: String| TrainingError::Data { file: path(name).display().to_string(), problem };
        let config = config(dir)?;
        let (preprocessing, tensors, written) = if is_own(dir) {
            let name = if path(PREPROCESSING).exists() { PREPROCESSING } else { PROCESSOR };
            let written = text(&path(if path(name).exists() { name } else { PREPROCESSING }))?;
            let preprocessing = preprocessing::parse(&written).map_err(|e| problem(name, e))?;
            let written = if name == PREPROCESSING { written } else { preprocessing::to_json(&preprocessing) };
            (preprocessing, read_weights(dir)?, written)
        } else {
            let (_, preprocessing) = open_clip(dir)?;
            let tensors = open_clip::renamed(Weights::read(&path(OPEN_CLIP_WEIGHTS))?)?;
            let written = preprocessing::to_json(&preprocessing);
            (preprocessing, tensors, written)
        };
        if preprocessing.size as usize != config.vision.side {
            let (size, side) = (preprocessing.size, config.vision.side);
            let what = format!("crop_size is {size} where the image tower reads {side}: the two files are of different models");
            return Err(problem(PREPROCESSING, what));
        }
        let tokenizer = read(&path(TOKENIZER))?;
        let tokens = Tokens::parse(&path(TOKENIZER).display().to_string(), &tokenizer, &config.text)?;
        let mut files = BTreeMap::from([(PREPROCESSING, written.into_bytes()), (TOKENIZER, tokenizer)]);
        for name in BESIDE.into_iter().filter(|name| path(name).exists()) {
            files.insert(name, read(&path(name))?);
        }
        let model = names::load(Clip::new(&config, device), &tensors, device)?;
        Ok(Self { config, model, preprocessing, tokens, files })
    }

    /// A CLIP of random weights that are `seed`'s alone, which reads with the tokenizer in `tokenizer`'s bytes, named `file`.
    pub fn fresh(
        config: Config,
        preprocessing: Preprocessing,
        file: &str,
        tokenizer: &[u8],
        seed: u64,
        device: &Device,
    ) -> Result<Self, TrainingError> {
        let tokens = Tokens::parse(file, tokenizer, &config.text)?;
        let written = preprocessing::to_json(&preprocessing).into_bytes();
        let files = BTreeMap::from([(PREPROCESSING, written), (TOKENIZER, tokenizer.to_vec())]);
        device.seed(seed);
        let lazy = Clip::new(&config, device);
        let drawn = Weights::new("fresh weights", parameters::tensors(&lazy))?;
        let model = parameters::fill(lazy, &drawn)?;
        Ok(Self { config, model, preprocessing, tokens, files })
    }

    /// Every file of Hugging Face's layout but the weights, by name.
    pub fn beside(&self) -> BTreeMap<&'static str, Vec<u8>> {
        let mut files = self.files.clone();
        files.insert(CONFIG, self.config.to_json().into_bytes());
        files
    }

    /// Writes `tokenizer.json` as it was read.
    pub fn write_tokenizer(&self, path: &Path) -> Result<(), TrainingError> {
        let bytes = self.files.get(TOKENIZER).map_or(&[][..], Vec::as_slice);
        write(path, bytes)
    }

    /// Writes Hugging Face's layout as the new folder `dir`, which is there whole or not at all.
    pub fn write(&self, dir: &Path) -> Result<(), TrainingError> {
        let failed = |source| TrainingError::File { file: dir.display().to_string(), source };
        bundle::make_whole(dir, failed, |dir| {
            weights::write(&dir.join(WEIGHTS), &names::weights(&self.model)?.into_tensors(), None)?;
            self.beside().iter().try_for_each(|(name, bytes)| write(&dir.join(name), bytes))
        })
    }
}

/// Whether `dir` says that it holds a CLIP.
pub fn is_there(dir: &Path) -> bool {
    [CONFIG, OPEN_CLIP_CONFIG].iter().any(|name| dir.join(name).exists())
}

/// The shape of the CLIP in `dir`.
pub fn config(dir: &Path) -> Result<Config, TrainingError> {
    if is_own(dir) {
        let path = dir.join(CONFIG);
        return Config::parse(&path.display().to_string(), &text(&path)?);
    }
    Ok(open_clip(dir)?.0)
}

/// Whether `dir` has Hugging Face's layout.
fn is_own(dir: &Path) -> bool {
    let has = |name: &str| dir.join(name).exists();
    has(WEIGHTS) || has(INDEX) || has(CONFIG) && !has(OPEN_CLIP_WEIGHTS)
}

fn open_clip(dir: &Path) -> Result<(Config, Preprocessing), TrainingError> {
    let path = dir.join(OPEN_CLIP_CONFIG);
    open_clip::parse(&text(&path)?).map_err(|problem| TrainingError::Data { file: path.display().to_string(), problem })
}

/// The tensors of one file, or of all that the index names.
fn read_weights(dir: &Path) -> Result<Weights, TrainingError> {
    /// What stands in the index.
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, PathBuf>,
    }

    let index = dir.join(INDEX);
    if dir.join(WEIGHTS).exists() || !index.exists() {
        return Weights::read(&dir.join(WEIGHTS));
    }
    let file = index.display().to_string();
    let parsed: Index = serde_json::from_str(&text(&index)?)
        .map_err(|e| TrainingError::Data { file: file.clone(), problem: format!("not an index of shards: {e}") })?;
    let mut shards: BTreeMap<PathBuf, BTreeMap<_, _>> = BTreeMap::new();
    let mut tensors = BTreeMap::new();
    for (tensor, name) in parsed.weight_map.into_iter().filter(|(tensor, _)| !names::counted(tensor)) {
        // A file beside the index, and no other.
        let shard = dir.join(name.file_name().unwrap_or_default());
        if !shards.contains_key(&shard) {
            shards.insert(shard.clone(), Weights::read(&shard)?.into_tensors());
        }
        let found = shards.get_mut(&shard).and_then(|held| held.remove(&tensor));
        let missing = || TrainingError::Missing { file: shard.display().to_string(), tensor: tensor.clone() };
        tensors.insert(tensor.clone(), found.ok_or_else(missing)?);
    }
    tensors.extend(shards.into_values().flatten());
    Weights::new(&file, tensors)
}

fn text(path: &Path) -> Result<String, TrainingError> {
    fs::read_to_string(path).map_err(|source| TrainingError::File { file: path.display().to_string(), source })
}

fn read(path: &Path) -> Result<Vec<u8>, TrainingError> {
    fs::read(path).map_err(|source| TrainingError::File { file: path.display().to_string(), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainingError> {
    bundle::write_whole(path, bytes).map_err(|source| TrainingError::File { file: path.display().to_string(), source })
}
