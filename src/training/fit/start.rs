//! What a run starts from: fresh weights, a bundle, or a CLIP's checkpoint.
//!
//! Owns the reading of a model back out of what it was shipped as. Leaves the layers to `model`, the graphs to `onnx`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{
    settings::{FRESH, FreshModel, Kind, Settings},
    tokens::Tokens,
};
use crate::{
    bundle::{Bundle, Filter, Fit, IMAGE_F32, MANIFEST, Preprocessing, TEXT_F32, TEXT_INT8, TOKENIZER, TextInput, checksum},
    encoder::{
        self, OnnxTextEncoder, Runtime, SessionOptions, Spinning,
        published::preprocessing::{MEAN, STD},
    },
    training::{
        TrainingError,
        features::{self, Cache, PAD, preprocessing},
        model::{Clip, Kept, MiniLm, MobileNetV2, Pair, Projection, TextTower, Trained, clip::layout, image_trunk, text_trunk},
        onnx::{GraphProto, Model},
        progress::Show,
        weights::{Tensor, Weights},
    },
};

/// What `from` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nothing: random weights.
    Fresh,
    /// A bundle of the default pair.
    Bundle(PathBuf),
    /// A CLIP, as `transformers` or open_clip writes it.
    Checkpoint(PathBuf),
}

/// A model that is ready to learn, and how it sees and reads.
pub struct Start<M> {
    /// On a device that keeps track of what leads to the loss.
    pub model: M,
    /// How pixels become input.
    pub image: Preprocessing,
    /// How text becomes input.
    pub text: TextInput,
    /// SHA-256 of what it was read from, by name.
    pub checksums: BTreeMap<String, String>,
    /// Files that what is learned needs beside it, by name.
    pub beside: BTreeMap<&'static str, Vec<u8>>,
}

impl<M> Start<M> {
    /// The same with what `change` makes of its model.
    pub fn map<N>(self, change: impl FnOnce(M) -> N) -> Start<N> {
        let Self { model, image, text, checksums, beside } = self;
        Start { model: change(model), image, text, checksums, beside }
    }
}

impl Source {
    /// What `from` names, told by the files in its folder.
    pub fn of(from: &str) -> Result<Self, TrainingError> {
        let dir = PathBuf::from(from);
        match from {
            FRESH => Ok(Self::Fresh),
            _ if dir.join(MANIFEST).exists() => Ok(Self::Bundle(dir)),
            _ if layout::is_there(&dir) => Ok(Self::Checkpoint(dir)),
            _ => {
                let problem = format!(
                    "neither {MANIFEST} nor a CLIP's config.json is there; name a bundle, a CLIP's folder or {FRESH:?}"
                );
                Err(TrainingError::Data { file: from.to_owned(), problem })
            }
        }
    }
}

/// The tokenizer that goes with `from`.
pub fn tokens(from: &Source, settings: &Settings) -> Result<Tokens, TrainingError> {
    match from {
        Source::Fresh => {
            let FreshModel { kind, tokenizer, text, clip, .. } = &settings.model;
            Tokens::open(tokenizer, if *kind == Kind::Clip { clip.context } else { text.context })
        }
        Source::Bundle(dir) => Tokens::open(dir, Bundle::open(dir)?.manifest.text.context),
        Source::Checkpoint(dir) => Tokens::open(dir, layout::config(dir)?.text.context),
    }
}

/// A pair of random weights, for `words` different tokens.
pub fn fresh(model: &FreshModel, words: usize, seed: u64, device: &Device) -> Result<Start<Pair>, TrainingError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let vision = MobileNetV2::new(&image_trunk(&model.image, &mut rng)?, device)?;
    let trunk = MiniLm::new(&text_trunk(&model.text, words, &mut rng)?, device)?;
    let mut projection = |inputs| Projection::random(inputs, model.embedding, &mut rng);
    let (image, text) = (projection(vision.width()), projection(trunk.width()));
    let heads = Trained { image, text, scale: model.scale, residuals: Vec::new() };
    let text = TextTower::new(trunk, &heads.text, device);
    Ok(Start {
        model: Pair::new(vision, text, &heads, device),
        image: Preprocessing { size: model.image.size, fit: Fit::Trim, ..preprocessing() },
        text: TextInput { context: model.text.context, pad: PAD },
        checksums: BTreeMap::new(),
        beside: BTreeMap::new(),
    })
}

/// A CLIP of random weights that reads with `tokens`.
pub fn fresh_clip(model: &FreshModel, tokens: &Tokens, seed: u64, device: &Device) -> Result<Start<Clip>, TrainingError> {
    let around = tokens.ids("")?;
    let file = model.tokenizer.join(TOKENIZER).display().to_string();
    let [begin, end] = around[..] else {
        let problem = format!("it puts {around:?} around a text where CLIP wants an id before and one behind; take another");
        return Err(TrainingError::Data { file, problem });
    };
    let config = model.clip.config(model.embedding, model.scale, tokens.words(), [begin, end])?;
    let image = Preprocessing { size: model.clip.size, fit: Fit::Crop, filter: Filter::Bicubic, mean: MEAN, std: STD };
    let fresh = layout::Checkpoint::fresh(config, image, &file, &tokens.bytes, seed, device)?;
    Ok(begun(fresh, BTreeMap::new()))
}

/// The CLIP in `dir`.
pub fn checkpoint(dir: &Path, device: &Device) -> Result<Start<Clip>, TrainingError> {
    let checkpoint = layout::Checkpoint::read(dir, device)?;
    let failed = |path: &Path, source| TrainingError::File { file: path.display().to_string(), source };
    let mut checksums = BTreeMap::new();
    for entry in std::fs::read_dir(dir).map_err(|source| failed(dir, source))? {
        let path = entry.map_err(|source| failed(dir, source))?.path();
        if path.extension().is_some_and(|end| end == "safetensors" || end == "json") {
            let bytes = std::fs::read(&path).map_err(|source| failed(&path, source))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            checksums.insert(name, checksum(&bytes));
        }
    }
    Ok(begun(checkpoint, checksums))
}

fn begun(checkpoint: layout::Checkpoint, checksums: BTreeMap<String, String>) -> Start<Clip> {
    let beside = checkpoint.beside();
    let text = TextInput { context: checkpoint.config.text.context, pad: checkpoint.tokens.end() };
    Start { model: checkpoint.model, image: checkpoint.preprocessing, text, checksums, beside }
}

/// The pair of the bundle in `dir`. Its text tower learns where `text_weights` holds all-MiniLM-L6-v2's trunk, which stands behind
/// the bundle's projection; else it stays as it is, and every one of `sentences` is embedded once, kept in `cache`.
pub fn bundle(
    dir: &Path,
    sentences: &[String],
    tokens: &Tokens,
    settings: &Settings,
    cache: &Path,
    device: &Device,
    show: Show,
) -> Result<Start<Pair>, TrainingError> {
    let opened = Bundle::open(dir)?;
    let (weights, image) = image_tower(&opened)?;
    let vision = MobileNetV2::new(&weights, device)?;
    let scale = opened.manifest.calibration.captions.as_ref().map_or(settings.model.scale, |captions| captions.scale);
    let mut checksums: BTreeMap<String, String> =
        opened.manifest.files.iter().map(|(name, record)| (name.clone(), record.sha256.clone())).collect();
    let model = if settings.text_weights.as_os_str().is_empty() {
        let width = opened.manifest.embedding;
        let rows = kept(&opened, sentences, cache, show)?;
        let ids = sentences.iter().map(|text| tokens.ids(text)).collect::<Result<Vec<_>, _>>()?;
        let kept = Kept::new(width, ids.into_iter().zip(rows));
        Pair::beside(vision, kept, &image, scale, device)
    } else {
        let path = settings.text_weights.join("model.safetensors");
        let bytes = std::fs::read(&path).map_err(|source| TrainingError::File { file: path.display().to_string(), source })?;
        checksums.insert("text weights".to_owned(), checksum(&bytes));
        let weights = Weights::parse(&path.display().to_string(), &bytes)?;
        let (_, [words, _]) = weights.shaped("embeddings.word_embeddings.weight", [None, None])?;
        tokens.check(words)?;
        let trunk = MiniLm::new(&weights, device)?;
        let heads = Trained { image, text: text_projection(&opened)?, scale, residuals: Vec::new() };
        let text = TextTower::new(trunk, &heads.text, device);
        Pair::new(vision, text, &heads, device)
    };
    // Parts of photos are learned from, of up to 4 to 3: whole ones are asked as wide.
    let image = Preprocessing { fit: Fit::Trim, ..opened.manifest.image.clone() };
    let text = opened.manifest.text.clone();
    Ok(Start { model, image, text, checksums, beside: BTreeMap::new() })
}

/// The graph of the file `name` of `bundle`, which must be as it was sealed.
fn graph(bundle: &Bundle, name: &str) -> Result<GraphProto, TrainingError> {
    let file = bundle.dir().join(name).display().to_string();
    Ok(Model::parse(&file, &bundle.read(name)?)?.graph)
}

/// The trunk and the projection of the exported image tower, out of its graph's constants.
fn image_tower(bundle: &Bundle) -> Result<(Weights, Projection), TrainingError> {
    let file = bundle.dir().join(IMAGE_F32).display().to_string();
    let graph = graph(bundle, IMAGE_F32)?;
    let names = graph.initializer.iter().map(|tensor| tensor.name().to_owned());
    let constants: BTreeMap<String, Tensor> =
        names.filter_map(|name| graph.floats(&name).map(|(shape, values)| (name, Tensor { shape, values }))).collect();
    let weights = Weights::new(&file, constants)?;
    let (weight, [inputs, outputs]) = weights.shaped("projection.0.weight", [None, None])?;
    let (bias, _) = weights.shaped("projection.0.bias", [Some(outputs)])?;
    let projection = Projection { inputs, outputs, weight: weight.values.clone(), bias: bias.values.clone() };
    Ok((weights, projection))
}

/// The projection of a bundle's text tower, in 8 bits or in float.
fn text_projection(bundle: &Bundle) -> Result<Projection, TrainingError> {
    let name = if bundle.has(TEXT_F32) { TEXT_F32 } else { TEXT_INT8 };
    let graph = graph(bundle, name)?;
    let missing = |tensor: &str| TrainingError::Missing {
        file: bundle.dir().join(name).display().to_string(),
        tensor: tensor.to_owned(),
    };
    let (_, bias) = graph.floats("projection.0.bias").ok_or_else(|| missing("projection.0.bias"))?;
    let weight = match graph.floats("projection.0.weight") {
        Some((_, weight)) => weight,
        None => {
            let names = ["projection.0.weight.scale", "projection.0.weight.quantised"];
            let (_, scale) = graph.floats(names[0]).ok_or_else(|| missing(names[0]))?;
            let bytes =
                graph.constant(names[1]).and_then(|tensor| tensor.raw_data.as_ref()).ok_or_else(|| missing(names[1]))?;
            bytes.iter().zip(scale.iter().cycle()).map(|(&byte, scale)| f32::from(byte as i8) * scale).collect()
        }
    };
    Ok(Projection { inputs: weight.len() / bias.len().max(1), outputs: bias.len(), weight, bias })
}

/// Embeddings of `sentences` by the text tower of `bundle`, a row each.
fn kept(bundle: &Bundle, sentences: &[String], cache: &Path, show: Show) -> Result<Vec<Vec<f32>>, TrainingError> {
    let hashes: Vec<&str> = bundle.manifest.files.values().map(|record| record.sha256.as_str()).collect();
    let all = sentences.join("\n");
    let origin: Vec<&str> = hashes.into_iter().chain([all.as_str()]).collect();
    let rows = Cache::open(cache)?.get("sentences", &origin, || {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let options = SessionOptions { device: encoder::Device::Cpu, threads, spinning: Spinning::Off };
        let mut tower = OnnxTextEncoder::open(Runtime::load(None)?, bundle, &options)?.by_words_alone();
        features::embed(&mut tower, sentences, bundle.manifest.embedding, show)
    })?;
    Ok((0..rows.rows()).map(|row| rows.row(row).to_vec()).collect())
}
