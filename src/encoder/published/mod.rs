//! CLIPs as others publish them, made into bundles: the layout in which Optimum and Xenova write their ONNX files.
//!
//! Owns file names there, and what `config.json` and `preprocessor_config.json` mean to a bundle. Leaves checkpoints, which hold
//! no graph, to `training`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{EncoderError, EncoderOptions, OnnxImageEncoder, OnnxTextEncoder, Runtime, SessionOptions, text};
use crate::bundle::{
    Bundle, Calibration, FORMAT, IMAGE_F32, IMAGE_INT8, Manifest, TEXT_F32, TEXT_INT8, TOKENIZER, TextInput, make_whole,
};

pub mod preprocessing;

/// A tower's file there and in a bundle. What others quantised saturates on many CPUs, so that it is taken where nothing else is.
const IMAGE: [(&str, &str); 2] = [("vision_model.onnx", IMAGE_F32), ("vision_model_quantized.onnx", IMAGE_INT8)];
/// The same of the text tower.
const TEXT: [(&str, &str); 2] = [("text_model.onnx", TEXT_F32), ("text_model_quantized.onnx", TEXT_INT8)];
const CONFIG: &str = "config.json";
const PREPROCESSING: &str = "preprocessor_config.json";
/// What a tokenizer is that does not fit.
const OTHER: &str = "it is another model's; take the one that came with the graphs";
/// Of weights without graphs.
const CHECKPOINTS: [&str; 3] = ["model.safetensors", "model.safetensors.index.json", "open_clip_model.safetensors"];

/// Makes the bundle `out`, a new folder, of the model in `dir`; it is there whole and loads, or not at all. The walker hears no
/// probability of it before it is calibrated.
pub fn add(runtime: &Runtime, dir: &Path, out: &Path) -> Result<Manifest, EncoderError> {
    let refused = |file: &Path, problem: String| EncoderError::Published { file: file.display().to_string(), problem };
    let [image, text] = [tower(dir, IMAGE)?, tower(dir, TEXT)?];
    let config: Value =
        serde_json::from_str(&read(&dir.join(CONFIG))?).map_err(|e| refused(&dir.join(CONFIG), format!("not JSON: {e}")))?;
    let number = |place: &Value, key: &str, default: u64| place.get(key).and_then(Value::as_u64).unwrap_or(default) as usize;
    let words = config.get("text_config").unwrap_or(&Value::Null);
    let preprocessing = preprocessing::parse(&read(&dir.join(PREPROCESSING))?);
    let image_input = preprocessing.map_err(|problem| refused(&dir.join(PREPROCESSING), problem))?;
    // The defaults of transformers' CLIPConfig.
    let (embedding, context) = (number(&config, "projection_dim", 512), number(words, "max_position_embeddings", 77));
    let tokenizer = dir.join(TOKENIZER);
    let pad = end_of_text(&tokenizer, context, words.get("vocab_size").and_then(Value::as_u64))?;

    let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    make_whole(
        out,
        |source| refused(out, source.to_string()),
        |whole| {
            for (from, name) in [&image, &text, &(tokenizer.clone(), TOKENIZER)] {
                let failed = |source| EncoderError::File { file: from.display().to_string(), source };
                fs::copy(from, whole.join(name)).map_err(failed)?;
            }
            let mut manifest = Manifest {
                format: FORMAT,
                name,
                version: "as published".to_owned(),
                licence: "that of its publisher".to_owned(),
                embedding,
                image: image_input,
                text: TextInput { context, pad },
                prompts: None,
                names: None,
                aim: None,
                calibration: Calibration::default(),
                provenance: [("made of".to_owned(), format!("the ONNX files in {}", dir.display()))].into(),
                files: BTreeMap::new(),
            };
            manifest.seal(whole)?;
            let bundle = Bundle::open(whole)?;
            OnnxImageEncoder::open(runtime, &bundle, &EncoderOptions::default())?;
            let mut reader = OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default())?;
            // The longest text and the greatest word, which nobody should be the first to write.
            reader.read_one_token(0, context).map_err(|_| {
                refused(
                    &dir.join(CONFIG),
                    format!("max_position_embeddings is {context}, more tokens than the text tower reads"),
                )
            })?;
            reader.read_one_token(reader.greatest_token(), context).map_err(|_| {
                refused(&tokenizer, format!("the text tower does not know the id {}: {OTHER}", reader.greatest_token()))
            })?;
            Ok(manifest)
        },
    )
}

/// Whether `dir` holds weights and no graphs: a checkpoint, of which `training` makes a bundle.
pub fn is_checkpoint(dir: &Path) -> bool {
    has_weights(dir) && tower(dir, IMAGE).is_err()
}

fn has_weights(dir: &Path) -> bool {
    CHECKPOINTS.iter().any(|name| dir.join(name).exists())
}

/// The first of `names` that is there, in `onnx` or in the folder itself, with its name in a bundle.
fn tower(dir: &Path, names: [(&str, &'static str); 2]) -> Result<(PathBuf, &'static str), EncoderError> {
    let places = names.iter().flat_map(|(file, name)| [dir.join("onnx").join(file), dir.join(file)].map(|path| (path, *name)));
    if let Some(found) = places.into_iter().find(|(path, _)| path.is_file()) {
        return Ok(found);
    }
    let problem = if has_weights(dir) {
        format!("weights without graphs: streetscape-train export --from {} --out DIR makes a bundle of them", dir.display())
    } else {
        let wanted: Vec<String> = names.iter().map(|(file, _)| format!("onnx/{file}")).collect();
        format!("it has no {}: export the model with Optimum, each tower with its projection", wanted.join(" or "))
    };
    Err(EncoderError::Published { file: dir.display().to_string(), problem })
}

/// The id behind every text, which fills shorter ones: the first of several ends a text. Refuses a tokenizer of other than `vocab_size` words,
/// where that is known.
fn end_of_text(file: &Path, context: usize, vocab_size: Option<u64>) -> Result<u32, EncoderError> {
    let refused = |problem: String| EncoderError::Published { file: file.display().to_string(), problem };
    let bytes = fs::read(file).map_err(|source| EncoderError::File { file: file.display().to_string(), source })?;
    let tokenizer = text::tokenizer(&bytes, context).map_err(refused)?;
    let words = tokenizer.get_vocab_size(true);
    if let Some(want) = vocab_size.filter(|want| *want != words as u64) {
        return Err(refused(format!("it knows {words} words where {CONFIG} has vocab_size {want}: {OTHER}")));
    }
    let empty = tokenizer.encode("", true).map_err(|e| refused(e.to_string()))?;
    empty.get_ids().last().copied().ok_or_else(|| refused("it puts no end behind a text: it is no CLIP's".to_owned()))
}

fn read(path: &Path) -> Result<String, EncoderError> {
    fs::read_to_string(path).map_err(|source| EncoderError::File { file: path.display().to_string(), source })
}
