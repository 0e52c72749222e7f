//! all-MiniLM-L6-v2: BERT of six layers, 384 wide (Wang et al. 2020), mean pooling, unit length.

use burn::{
    module::{Module, Param},
    tensor::{
        Device, Int, Tensor, TensorData,
        activation::{gelu, softmax},
        module::{embedding, linear},
    },
};

use super::load;
use crate::training::{TrainingError, weights::Weights};

/// Components of an attention head: its twelve are 384 wide.
pub(super) const HEAD_WIDTH: usize = 32;
/// BERT's layer norm.
const EPSILON: f32 = 1e-12;
/// Added to the logits of padding, so that nothing attends to it.
const HIDDEN: f32 = -1e9;

/// The parts of a layer and of the embeddings, and what Hugging Face calls them.
const NAMES: [(&str, &str); 12] = [
    ("query", "attention.self.query"),
    ("key", "attention.self.key"),
    ("value", "attention.self.value"),
    ("attended", "attention.output.dense"),
    ("attended_norm", "attention.output.LayerNorm"),
    ("inner", "intermediate.dense"),
    ("outer", "output.dense"),
    ("outer_norm", "output.LayerNorm"),
    ("words", "embeddings.word_embeddings.weight"),
    ("positions", "embeddings.position_embeddings.weight"),
    ("kinds", "embeddings.token_type_embeddings.weight"),
    ("norm", "embeddings.LayerNorm"),
];

/// The sentence encoder. Output (batch, 384) of unit length.
#[derive(Module, Debug)]
pub struct MiniLm {
    words: Param<Tensor<2>>,
    positions: Param<Tensor<2>>,
    kinds: Param<Tensor<2>>,
    norm: Norm,
    layers: Vec<Layer>,
}

#[derive(Module, Debug)]
struct Layer {
    query: Dense,
    key: Dense,
    value: Dense,
    attended: Dense,
    attended_norm: Norm,
    inner: Dense,
    outer: Dense,
    outer_norm: Norm,
}

#[derive(Module, Debug)]
struct Dense {
    /// (outputs, inputs), as PyTorch keeps it.
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Norm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
}

impl MiniLm {
    /// Takes the tensors as Hugging Face names them.
    pub fn new(weights: &Weights, device: &Device) -> Result<Self, TrainingError> {
        let name = |part: &str| {
            NAMES.iter().find(|(ours, _)| *ours == part).map_or_else(String::new, |(_, theirs)| (*theirs).to_owned())
        };
        let table = |part: &str| {
            let tensor = weights.shaped(&name(part), [None, None]).map(|(tensor, _)| load::<2>(tensor, device))?;
            Ok::<_, TrainingError>(Param::from_tensor(tensor))
        };
        let mut layers = Vec::new();
        while weights.has(&format!("encoder.layer.{}.output.dense.weight", layers.len())) {
            let path = |part: &str| format!("encoder.layer.{}.{}", layers.len(), name(part));
            let dense = |part: &str| Dense::new(weights, &path(part), device);
            let norm = |part: &str| Norm::new(weights, &path(part), device);
            layers.push(Layer {
                query: dense("query")?,
                key: dense("key")?,
                value: dense("value")?,
                attended: dense("attended")?,
                attended_norm: norm("attended_norm")?,
                inner: dense("inner")?,
                outer: dense("outer")?,
                outer_norm: norm("outer_norm")?,
            });
        }
        Ok(Self {
            words: table("words")?,
            positions: table("positions")?,
            kinds: table("kinds")?,
            norm: Norm::new(weights, &name("norm"), device)?,
            layers,
        })
    }

    /// What Hugging Face calls the parameter at `path`.
    pub fn published(path: &str) -> String {
        let (layer, rest) = match path.strip_prefix("layers.").and_then(|rest| rest.split_once('.')) {
            Some((layer, rest)) => (format!("encoder.layer.{layer}."), rest),
            None => (String::new(), path),
        };
        let (part, ending) = rest.split_once('.').map_or((rest, String::new()), |(part, end)| (part, format!(".{end}")));
        let theirs = NAMES.iter().find(|(ours, _)| *ours == part).map_or(part, |(_, theirs)| theirs);
        format!("{layer}{theirs}{ending}")
    }

    /// Components of its output.
    pub fn width(&self) -> usize {
        self.words.dims()[1]
    }

    /// Layers between the part `name` (`layers.N`, or one of the embeddings) and the features, which count as none.
    pub(super) fn layers_behind(&self, name: &str) -> usize {
        let layer = name.strip_prefix("layers.").and_then(|rest| rest.split('.').next()).and_then(|n| n.parse::<usize>().ok());
        layer.map_or(self.layers.len(), |layer| self.layers.len().saturating_sub(layer + 1))
    }

    /// Embeds sentences given as token ids.
    pub fn forward(&self, sentences: &[Vec<u32>]) -> Tensor<2> {
        let device = self.words.val().device();
        let (batch, length) = (sentences.len(), sentences.iter().map(Vec::len).max().unwrap_or(0));
        let mut ids = vec![0_i64; batch * length];
        let mut mask = vec![0.0_f32; batch * length];
        for (row, sentence) in sentences.iter().enumerate() {
            for (column, &id) in sentence.iter().enumerate() {
                ids[row * length + column] = i64::from(id);
                mask[row * length + column] = 1.0;
            }
        }
        let ids: Tensor<2, Int> = Tensor::from_data(TensorData::new(ids, [batch, length]), &device);
        let mask: Tensor<2> = Tensor::from_data(TensorData::new(mask, [batch, length]), &device);

        let places = self.positions.val().narrow(0, 0, length).unsqueeze_dim::<3>(0);
        // Every token is of the first kind: there is one sentence.
        let kind = self.kinds.val().narrow(0, 0, 1).unsqueeze_dim::<3>(0);
        let x = embedding(self.words.val(), ids) + places + kind;
        let mut x = self.norm.forward(x);
        let hidden: Tensor<4> = (mask.clone() - 1.0).mul_scalar(-HIDDEN).reshape([batch, 1, 1, length]);
        for layer in &self.layers {
            x = layer.forward(x, hidden.clone());
        }
        let weight = mask.unsqueeze_dim::<3>(2);
        let sum = (x * weight.clone()).sum_dim(1) / weight.sum_dim(1);
        let mean: Tensor<2> = sum.squeeze_dim(1);
        mean.clone() / mean.square().sum_dim(1).sqrt()
    }
}

impl Layer {
    fn forward(&self, x: Tensor<3>, hidden: Tensor<4>) -> Tensor<3> {
        let [batch, length, width] = x.dims();
        let split = |part: Tensor<3>| part.reshape([batch, length, width / HEAD_WIDTH, HEAD_WIDTH]).swap_dims(1, 2);
        let (query, key, value) = (self.query.forward(x.clone()), self.key.forward(x.clone()), self.value.forward(x.clone()));
        let logits = split(query).matmul(split(key).swap_dims(2, 3)) / (HEAD_WIDTH as f32).sqrt();
        let attended = softmax(logits + hidden, 3).matmul(split(value));
        let attended = attended.swap_dims(1, 2).reshape([batch, length, width]);
        let x = self.attended_norm.forward(self.attended.forward(attended) + x);
        let inner = gelu(self.inner.forward(x.clone()));
        self.outer_norm.forward(self.outer.forward(inner) + x)
    }
}

impl Dense {
    fn new(weights: &Weights, name: &str, device: &Device) -> Result<Self, TrainingError> {
        let (weight, [outputs, _]) = weights.shaped(&format!("{name}.weight"), [None, None])?;
        let (bias, _) = weights.shaped(&format!("{name}.bias"), [Some(outputs)])?;
        Ok(Self { weight: Param::from_tensor(load(weight, device)), bias: Param::from_tensor(load(bias, device)) })
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let ([batch, length, width], outputs) = (x.dims(), self.bias.dims()[0]);
        // As one matrix: Burn would multiply sentence by sentence, and pack the weights for each.
        let rows = x.reshape([batch * length, width]);
        linear(rows, self.weight.val().transpose(), Some(self.bias.val())).reshape([batch, length, outputs])
    }
}

impl Norm {
    fn new(weights: &Weights, name: &str, device: &Device) -> Result<Self, TrainingError> {
        let (weight, [width]) = weights.shaped(&format!("{name}.weight"), [None])?;
        let (bias, _) = weights.shaped(&format!("{name}.bias"), [Some(width)])?;
        Ok(Self { weight: Param::from_tensor(load(weight, device)), bias: Param::from_tensor(load(bias, device)) })
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let centred = x.clone() - x.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        centred / (variance + EPSILON).sqrt() * self.weight.val().unsqueeze::<3>() + self.bias.val().unsqueeze::<3>()
    }
}
