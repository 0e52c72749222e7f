//! The text trunk over sentences.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{Cache, Features, Texts};
use crate::{
    bundle::{Bundle, Calibration, FORMAT, Manifest, TEXT_F32, TOKENIZER, TextInput, checksum},
    encoder::{Device, OnnxTextEncoder, Runtime, SessionOptions, Spinning, TextEncoder},
    training::{TrainingError, features::photos::preprocessing, onnx::towers, progress::Show, weights::Weights},
};

/// The weights in the sentence encoder's folder, as Hugging Face names them.
const WEIGHTS: &str = "model.safetensors";
/// The most tokens that all-MiniLM-L6-v2 reads, by its `sentence_bert_config.json`.
pub const CONTEXT: usize = 256;
/// BERT's `[PAD]`.
pub const PAD: u32 = 0;
/// Components of the trunk's output.
const WIDTH: usize = 384;
/// Sentences between two moves of the bar.
const PORTION: usize = 256;

/// The frozen text trunk.
pub struct TextTower {
    dir: PathBuf,
    /// Its weights.
    pub weights: Weights,
    /// SHA-256 of weights and tokenizer.
    pub checksum: String,
}

impl TextTower {
    /// Opens the folder of all-MiniLM-L6-v2, which `tools/minilm.sh` fetches.
    pub fn open(dir: &Path) -> Result<Self, TrainingError> {
        let read = |name: &str| {
            let path = dir.join(name);
            let problem = |e| format!("{e}; run tools/minilm.sh, or name the folder with --text-weights");
            fs::read(&path).map_err(|e| TrainingError::Data { file: path.display().to_string(), problem: problem(e) })
        };
        let (weights, tokenizer) = (read(WEIGHTS)?, read(TOKENIZER)?);
        let checksum = checksum(format!("{} {}", checksum(&weights), checksum(&tokenizer)).as_bytes());
        let weights = Weights::parse(&dir.join(WEIGHTS).display().to_string(), &weights)?;
        Ok(Self { dir: dir.to_owned(), weights, checksum })
    }

    /// The tokenizer's file.
    pub fn tokenizer(&self) -> PathBuf {
        self.dir.join(TOKENIZER)
    }

    /// Features of `sentences`, from the cache or computed on all cores.
    pub fn features(&self, sentences: &[String], cache: &Cache, show: Show) -> Result<Texts, TrainingError> {
        let all = sentences.join("\n");
        let features = cache.get("texts", &[&self.checksum, &all], || self.compute(sentences, show))?;
        Ok(Texts::new(sentences, features))
    }

    /// Through a bundle that holds nothing but the trunk: then tokenizer, padding and session are those of the walk.
    fn compute(&self, sentences: &[String], show: Show) -> Result<Features, TrainingError> {
        let failed = |source| TrainingError::File { file: "a temporary folder".to_owned(), source };
        let dir = tempfile::tempdir().map_err(failed)?;
        towers::minilm(&self.weights, &[], CONTEXT)?.write(&dir.path().join(TEXT_F32))?;
        fs::copy(self.tokenizer(), dir.path().join(TOKENIZER)).map_err(failed)?;
        let mut manifest = Manifest {
            format: FORMAT,
            name: "trunk".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            licence: "Apache-2.0".to_owned(),
            embedding: WIDTH,
            image: preprocessing(),
            text: TextInput { context: CONTEXT, pad: PAD },
            prompts: None,
            names: None,
            aim: None,
            calibration: Calibration::default(),
            provenance: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        manifest.seal(dir.path())?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let options = SessionOptions { device: Device::Cpu, threads: cores, spinning: Spinning::On };
        let mut tower = OnnxTextEncoder::open(Runtime::load(None)?, &Bundle::open(dir.path())?, &options)?;

        embed(&mut tower, sentences, WIDTH, show)
    }
}

/// What `tower` makes of `sentences`, a row of `width` components for each.
pub(in crate::training) fn embed(
    tower: &mut OnnxTextEncoder,
    sentences: &[String],
    width: usize,
    show: Show,
) -> Result<Features, TrainingError> {
    // Sentences of like length share a batch, so that little is spent on padding.
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_key(|&i| sentences.get(i).map_or(0, String::len));
    let progress = show.begin("sentences", sentences.len(), "sentences");
    let mut values = vec![0.0; sentences.len() * width];
    for portion in order.chunks(PORTION) {
        let texts: Vec<&str> = portion.iter().filter_map(|&i| sentences.get(i)).map(String::as_str).collect();
        for (&i, embedding) in portion.iter().zip(tower.encode(&texts)?) {
            if let Some(row) = values.get_mut(i * width..(i + 1) * width) {
                row.copy_from_slice(embedding.as_slice());
            }
        }
        progress.advance(portion.len(), String::new());
    }
    progress.finish();
    Ok(Features::new(width, values))
}
