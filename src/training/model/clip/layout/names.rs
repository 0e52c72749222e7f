//! What each parameter is called in a Hugging Face checkpoint, and how it lies there.

use std::collections::BTreeSet;

use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{Device, Tensor, TensorData},
};

use super::super::Clip;
use crate::training::{
    TrainingError,
    model::parameters::{Path, tensors, walks},
    weights::{self, Weights},
};

/// A parameter as the file has it.
struct Slot {
    name: String,
    shape: Vec<usize>,
    /// Whether the file has (outputs, inputs) where the module has (inputs, outputs).
    turned: bool,
}

/// The slot of the parameter at `path` of the module, which has the shape `shape` there.
fn slot(path: &str, shape: &[usize]) -> Slot {
    let plain = |name: String| Slot { name, shape: shape.to_vec(), turned: false };
    let turned = |name: String| Slot { name, shape: shape.iter().rev().copied().collect(), turned: true };
    let parts: Vec<&str> = path.split('.').collect();
    let tower = if parts.first() == Some(&"vision") { "vision_model" } else { "text_model" };
    match parts[..] {
        ["vision", "class"] => plain("vision_model.embeddings.class_embedding".to_owned()),
        ["vision", "patch", _] => {
            // A convolution there: its windows are one axis here.
            let inputs = shape.first().copied().unwrap_or(0);
            let outputs = shape.last().copied().unwrap_or(0);
            let side = (inputs / 3).isqrt();
            let name = "vision_model.embeddings.patch_embedding.weight".to_owned();
            Slot { name, shape: vec![outputs, 3, side, side], turned: true }
        }
        ["text", "words"] => plain("text_model.embeddings.token_embedding.weight".to_owned()),
        [_, "positions"] => plain(format!("{tower}.embeddings.position_embedding.weight")),
        ["vision", "projection", _] => turned("visual_projection.weight".to_owned()),
        ["text", "projection", _] => turned("text_projection.weight".to_owned()),
        [_, norm, end] => plain(format!("{tower}.{}.{}", part(norm), part(end))),
        [_, _, layer, of, end] => {
            let name = format!("{tower}.encoder.layers.{layer}.{}.{}", part(of), part(end));
            if end == "weight" { turned(name) } else { plain(name) }
        }
        // The temperature, which is no axis there.
        _ => Slot { name: "logit_scale".to_owned(), shape: Vec::new(), turned: false },
    }
}

/// What Hugging Face calls a part of a tower or of a block.
fn part(name: &str) -> &str {
    match name {
        // Misspelt there, and so in every file.
        "pre_norm" => "pre_layrnorm",
        "post_norm" => "post_layernorm",
        "final_norm" => "final_layer_norm",
        "norm1" => "layer_norm1",
        "norm2" => "layer_norm2",
        "query" => "self_attn.q_proj",
        "key" => "self_attn.k_proj",
        "value" => "self_attn.v_proj",
        "out" => "self_attn.out_proj",
        "inner" => "mlp.fc1",
        "outer" => "mlp.fc2",
        "gamma" => "weight",
        "beta" => "bias",
        other => other,
    }
}

/// Whether a checkpoint may hold `name` beside its parameters: numbers that older versions kept.
pub fn counted(name: &str) -> bool {
    name.ends_with(".position_ids")
}

/// `clip` with the values of `weights`, which must hold each of its parameters and no other.
pub fn load(clip: Clip, weights: &Weights, device: &Device) -> Result<Clip, TrainingError> {
    let mut loading = Loading { weights, device, path: Path::default(), taken: BTreeSet::new(), failed: None };
    let clip = clip.map(&mut loading);
    if let Some(error) = loading.failed {
        return Err(error);
    }
    match weights.names().find(|name| !counted(name) && !loading.taken.contains(*name)) {
        Some(name) => Err(TrainingError::Unexpected { file: weights.file().to_owned(), tensor: name.to_owned() }),
        None => Ok(clip),
    }
}

/// Every parameter of `clip` under its name there; refused where one is not finite.
pub fn weights(clip: &Clip) -> Result<Weights, TrainingError> {
    let renamed = tensors(clip).into_iter().map(|(path, tensor)| {
        let slot = slot(&path, &tensor.shape);
        let columns = tensor.shape.last().copied().unwrap_or(1);
        let values = if slot.turned { turned(&tensor.values, columns) } else { tensor.values };
        (slot.name, weights::Tensor { shape: slot.shape, values })
    });
    Weights::new("the model", renamed)
}

struct Loading<'a> {
    weights: &'a Weights,
    device: &'a Device,
    path: Path,
    taken: BTreeSet<String>,
    failed: Option<TrainingError>,
}

impl ModuleMapper for Loading<'_> {
    walks!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape: [usize; D] = param.lazy_shape().dims();
        let slot = slot(&self.path.dotted(), &shape);
        match self.weights.exactly(&slot.name, &slot.shape) {
            Ok(found) => {
                let values = if slot.turned { turned(&found.values, shape[0]) } else { found.values.clone() };
                self.taken.insert(slot.name);
                Param::from_data(TensorData::new(values, shape), self.device)
            }
            Err(error) => {
                self.failed.get_or_insert(error);
                param
            }
        }
    }
}

/// The transpose of a matrix of so many columns.
pub fn turned(values: &[f32], columns: usize) -> Vec<f32> {
    let column = |c: usize| values.iter().skip(c).step_by(columns);
    (0..columns).flat_map(column).copied().collect()
}
