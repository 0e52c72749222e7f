//! all-MiniLM-L6-v2: BERT of six layers, 384 wide (Wang et al. 2020), mean pooling, unit length.

use burn::tensor::{
    Device, Int, Tensor, TensorData,
    activation::{gelu, softmax},
    module::embedding,
};

use super::load;
use crate::training::{TrainingError, weights::Weights};

/// Attention heads in each layer.
const HEADS: usize = 12;
/// BERT's layer norm.
const EPSILON: f32 = 1e-12;
/// Added to the logits of padding, so that nothing attends to it.
const HIDDEN: f32 = -1e9;

/// The sentence encoder. Output (batch, 384) of unit length.
pub struct MiniLm {
    words: Tensor<2>,
    positions: Tensor<2>,
    kind: Tensor<1>,
    norm: Norm,
    layers: Vec<Layer>,
}

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

struct Dense {
    /// (outputs, inputs), as PyTorch keeps it.
    weight: Tensor<2>,
    bias: Tensor<1>,
}

struct Norm {
    weight: Tensor<1>,
    bias: Tensor<1>,
}

impl MiniLm {
    /// Takes the tensors as Hugging Face names them.
    pub fn new(weights: &Weights, device: &Device) -> Result<Self, TrainingError> {
        let dense = |name: String| Dense::new(weights, &name, device);
        let norm = |name: String| Norm::new(weights, &name, device);
        let table = |name: &str| weights.shaped(name, [None, None]).map(|(tensor, _)| load::<2>(tensor, device));
        let mut layers = Vec::new();
        while weights.has(&format!("encoder.layer.{}.output.dense.weight", layers.len())) {
            let part = |part: &str| format!("encoder.layer.{}.{part}", layers.len());
            layers.push(Layer {
                query: dense(part("attention.self.query"))?,
                key: dense(part("attention.self.key"))?,
                value: dense(part("attention.self.value"))?,
                attended: dense(part("attention.output.dense"))?,
                attended_norm: norm(part("attention.output.LayerNorm"))?,
                inner: dense(part("intermediate.dense"))?,
                outer: dense(part("output.dense"))?,
                outer_norm: norm(part("output.LayerNorm"))?,
            });
        }
        Ok(Self {
            words: table("embeddings.word_embeddings.weight")?,
            positions: table("embeddings.position_embeddings.weight")?,
            kind: table("embeddings.token_type_embeddings.weight")?.narrow(0, 0, 1).squeeze_dim(0),
            norm: norm("embeddings.LayerNorm".to_owned())?,
            layers,
        })
    }

    /// Embeds sentences given as token ids.
    pub fn forward(&self, sentences: &[Vec<u32>]) -> Tensor<2> {
        let device = self.words.device();
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

        let places = self.positions.clone().narrow(0, 0, length).unsqueeze_dim::<3>(0);
        let x = embedding(self.words.clone(), ids) + places + self.kind.clone().unsqueeze::<3>();
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
        let split = |part: Tensor<3>| part.reshape([batch, length, HEADS, width / HEADS]).swap_dims(1, 2);
        let (query, key, value) = (self.query.forward(x.clone()), self.key.forward(x.clone()), self.value.forward(x.clone()));
        let logits = split(query).matmul(split(key).swap_dims(2, 3)) / ((width / HEADS) as f32).sqrt();
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
        Ok(Self { weight: load(weight, device), bias: load(bias, device) })
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        x.matmul(self.weight.clone().transpose().unsqueeze::<3>()) + self.bias.clone().unsqueeze::<3>()
    }
}

impl Norm {
    fn new(weights: &Weights, name: &str, device: &Device) -> Result<Self, TrainingError> {
        let (weight, [width]) = weights.shaped(&format!("{name}.weight"), [None])?;
        let (bias, _) = weights.shaped(&format!("{name}.bias"), [Some(width)])?;
        Ok(Self { weight: load(weight, device), bias: load(bias, device) })
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let centred = x.clone() - x.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        centred / (variance + EPSILON).sqrt() * self.weight.clone().unsqueeze::<3>() + self.bias.clone().unsqueeze::<3>()
    }
}
