//! open_clip's checkpoints, read as if Hugging Face had written them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::{Activation, Blocks, Config, TextConfig, VisionConfig};
use crate::{
    bundle::{Filter, Fit, Preprocessing},
    encoder::published::preprocessing::{MEAN, STD},
    training::{
        TrainingError,
        weights::{Tensor, Weights},
    },
};

/// PyTorch's layer norm.
const EPSILON: f64 = 1e-5;

/// `open_clip_config.json`. A key that is not here would change the network, and is refused.
#[derive(Deserialize)]
struct Raw {
    model_cfg: Model,
    #[serde(default)]
    preprocess_cfg: Pictures,
}

#[derive(Deserialize)]
struct Model {
    embed_dim: usize,
    #[serde(default)]
    quick_gelu: bool,
    vision_cfg: Vision,
    text_cfg: Text,
    #[serde(default = "first_log_scale")]
    init_logit_scale: f32,
    /// Says where the text tower's tensors lie, not what they are.
    #[serde(default, rename = "custom_text")]
    _custom_text: bool,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Vision {
    image_size: usize,
    layers: Value,
    width: usize,
    patch_size: Option<usize>,
    #[serde(default = "head_width")]
    head_width: usize,
    #[serde(default = "mlp_ratio")]
    mlp_ratio: f64,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default = "context_length")]
    context_length: usize,
    vocab_size: usize,
    width: usize,
    heads: usize,
    layers: usize,
    #[serde(default = "mlp_ratio")]
    mlp_ratio: f64,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(default)]
struct Pictures {
    mean: [f32; 3],
    std: [f32; 3],
    interpolation: String,
    resize_mode: String,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { mean: MEAN, std: STD, interpolation: "bicubic".to_owned(), resize_mode: "shortest".to_owned() }
    }
}

fn first_log_scale() -> f32 {
    (1.0_f32 / 0.07).ln()
}

fn head_width() -> usize {
    64
}

fn mlp_ratio() -> f64 {
    4.0
}

fn context_length() -> usize {
    77
}

/// Reads the text of `open_clip_config.json`; a problem names the key.
pub fn parse(text: &str) -> Result<(Config, Preprocessing), String> {
    let Raw { model_cfg: model, preprocess_cfg: pictures } = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let Model { vision_cfg: vision, text_cfg: words, .. } = &model;
    for (place, rest) in [("", &model.rest), ("vision_cfg.", &vision.rest), ("text_cfg.", &words.rest)] {
        let meant = |value: &&Value| !matches!(value, Value::Null | Value::Bool(false));
        if let Some((key, value)) = rest.iter().find(|(_, value)| meant(value)) {
            return Err(format!("{place}{key} is {value}: a CLIP without it can be read here"));
        }
    }
    let layers = vision.layers.as_u64().ok_or("vision_cfg.layers is a list: the image tower is no Vision Transformer")?;
    let activation = if model.quick_gelu { Activation::QuickGelu } else { Activation::Gelu };
    let inner = |width: usize, ratio: f64| (width as f64 * ratio) as usize;
    let config = Config {
        vision: VisionConfig {
            blocks: Blocks {
                layers: layers as usize,
                width: vision.width,
                inner: inner(vision.width, vision.mlp_ratio),
                heads: vision.width.checked_div(vision.head_width).unwrap_or(0),
                activation,
                epsilon: EPSILON,
            },
            side: vision.image_size,
            patch: vision.patch_size.ok_or("vision_cfg.patch_size is missing: the image tower is no Vision Transformer")?,
        },
        text: TextConfig {
            blocks: Blocks {
                layers: words.layers,
                width: words.width,
                inner: inner(words.width, words.mlp_ratio),
                heads: words.heads,
                activation,
                epsilon: EPSILON,
            },
            words: words.vocab_size,
            context: words.context_length,
            begin: words.vocab_size.saturating_sub(2) as u32,
            // The highest id, as open_clip takes it.
            end: 2,
            pad: 0,
        },
        embedding: model.embed_dim,
        log_scale: model.init_logit_scale,
    };
    config.meaning()?;
    let fit = match &*pictures.resize_mode {
        "shortest" => Fit::Crop,
        "squash" => Fit::Squash,
        other => return Err(format!("preprocess_cfg.resize_mode is {other:?}: shortest and squash can be done here")),
    };
    let filter = match &*pictures.interpolation {
        "bicubic" => Filter::Bicubic,
        "bilinear" => Filter::Bilinear,
        other => return Err(format!("preprocess_cfg.interpolation is {other:?}: bicubic and bilinear can be done here")),
    };
    let size = vision.image_size as u32;
    Ok((config, Preprocessing { size, fit, filter, mean: pictures.mean, std: pictures.std }))
}

/// The same tensors under Hugging Face's names, lying as there.
pub fn renamed(weights: Weights) -> Result<Weights, TrainingError> {
    let file = weights.file().to_owned();
    let mut tensors = Vec::new();
    for (name, tensor) in weights.into_tensors() {
        // A text tower of its own class has its tensors under its own name.
        let name = name.strip_prefix("text.").unwrap_or(&name);
        match (name, name.strip_suffix(".attn.in_proj_weight").or(name.strip_suffix(".attn.in_proj_bias"))) {
            (_, Some(block)) => tensors.extend(three(&file, name, block, tensor)?),
            ("visual.proj", _) => tensors.push(("visual_projection.weight".to_owned(), turned(&file, name, tensor)?)),
            ("text_projection", _) => tensors.push(("text_projection.weight".to_owned(), turned(&file, name, tensor)?)),
            // One axis of one value in some.
            ("logit_scale", _) if tensor.values.len() == 1 => {
                tensors.push((name.to_owned(), Tensor { shape: Vec::new(), ..tensor }));
            }
            _ => tensors.push((plain(name), tensor)),
        }
    }
    Weights::new(&file, tensors)
}

/// Hugging Face's name of a tensor that lies the same there.
fn plain(name: &str) -> String {
    match name {
        "visual.class_embedding" => return "vision_model.embeddings.class_embedding".to_owned(),
        "visual.positional_embedding" => return "vision_model.embeddings.position_embedding.weight".to_owned(),
        "visual.conv1.weight" => return "vision_model.embeddings.patch_embedding.weight".to_owned(),
        "positional_embedding" => return "text_model.embeddings.position_embedding.weight".to_owned(),
        "token_embedding.weight" => return "text_model.embeddings.token_embedding.weight".to_owned(),
        _ => {}
    }
    let prefixes = [
        ("visual.ln_pre.", "vision_model.pre_layrnorm."),
        ("visual.ln_post.", "vision_model.post_layernorm."),
        ("ln_final.", "text_model.final_layer_norm."),
        ("visual.transformer.resblocks.", "vision_model.encoder.layers."),
        ("transformer.resblocks.", "text_model.encoder.layers."),
    ];
    let parts = [
        (".ln_1.", ".layer_norm1."),
        (".ln_2.", ".layer_norm2."),
        (".attn.out_proj.", ".self_attn.out_proj."),
        (".mlp.c_fc.", ".mlp.fc1."),
        (".mlp.c_proj.", ".mlp.fc2."),
    ];
    let renamed = prefixes.iter().find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)));
    parts.iter().fold(renamed.unwrap_or_else(|| name.to_owned()), |name, (from, to)| name.replace(from, to))
}

/// Query, key and value, which open_clip keeps one above the other.
fn three(file: &str, name: &str, block: &str, tensor: Tensor) -> Result<Vec<(String, Tensor)>, TrainingError> {
    let end = if name.ends_with("weight") { "weight" } else { "bias" };
    let block = plain(&format!("{block}."));
    let rows = tensor.shape.first().copied().unwrap_or(0);
    if rows == 0 || rows % 3 != 0 {
        let want = "[three times the width, ...]".to_owned();
        return Err(TrainingError::Shape { file: file.to_owned(), tensor: name.to_owned(), found: tensor.shape, want });
    }
    let mut shape = tensor.shape;
    if let Some(rows) = shape.first_mut() {
        *rows /= 3;
    }
    let parts = tensor.values.chunks(tensor.values.len() / 3).zip(["q", "k", "v"]);
    let part = |(values, part): (&[f32], &str)| {
        (format!("{block}self_attn.{part}_proj.{end}"), Tensor { shape: shape.clone(), values: values.to_vec() })
    };
    Ok(parts.map(part).collect())
}

/// (inputs, outputs) as (outputs, inputs).
fn turned(file: &str, name: &str, tensor: Tensor) -> Result<Tensor, TrainingError> {
    let [inputs, outputs] = tensor.shape[..] else {
        let want = "[any, any]".to_owned();
        return Err(TrainingError::Shape { file: file.to_owned(), tensor: name.to_owned(), found: tensor.shape, want });
    };
    Ok(Tensor { shape: vec![outputs, inputs], values: super::names::turned(&tensor.values, outputs) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"model_cfg": {"embed_dim": 16, "quick_gelu": true, EXTRA
        "vision_cfg": {"image_size": 16, "layers": LAYERS, "width": 64, "patch_size": 8},
        "text_cfg": {"context_length": 8, "vocab_size": 40, "width": 16, "heads": 2, "layers": 1, "pool_type": null}},
        "preprocess_cfg": {"resize_mode": "MODE"}}"#;

    #[track_caller]
    fn check(extra: &str, layers: &str, mode: &str, want: &str) {
        let text = SMALL.replace("EXTRA", extra).replace("LAYERS", layers).replace("MODE", mode);
        let found = match parse(&text) {
            Ok((config, image)) => {
                let Blocks { heads, inner, activation, .. } = config.vision.blocks;
                format!("{heads} heads, {inner}, {activation:?}, {:?}", image.fit)
            }
            Err(problem) => problem,
        };
        assert!(found.contains(want), "{found:?} against {want:?}");
    }

    #[test]
    fn a_plain_clip_is_taken_and_all_else_refused_by_its_key() {
        check("", "2", "shortest", "1 heads, 256, QuickGelu, Crop");
        check("\"custom_text\": true,", "2", "squash", "Squash");
        check("\"init_logit_bias\": -10,", "2", "shortest", "init_logit_bias is -10");
        check("", "[3, 4, 6, 3]", "shortest", "vision_cfg.layers is a list");
        check("", "2", "longest", "preprocess_cfg.resize_mode is \"longest\"");
    }
}
