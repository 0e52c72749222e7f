//! One attention block, which both towers are stacks of.

use burn::{
    module::Module,
    nn::{Initializer, LayerNorm, LayerNormConfig, Linear},
    tensor::{
        Device, Tensor,
        activation::{gelu, sigmoid, softmax},
    },
};

use super::{Activation, Blocks};

/// Factor in the sigmoid that stands for the error function (Hendrycks and Gimpel 2016).
const QUICK: f32 = 1.702;

/// Tokens look at each other, then each goes through the feed-forward half; a norm stands before either.
#[derive(Module, Debug)]
pub struct Block {
    /// Before attention.
    pub norm1: LayerNorm,
    /// What a token asks for.
    pub query: Linear,
    /// What a token offers.
    pub key: Linear,
    /// What a token gives.
    pub value: Linear,
    /// Brings the heads together.
    pub out: Linear,
    /// Before the feed-forward half.
    pub norm2: LayerNorm,
    /// To the inner width.
    pub inner: Linear,
    /// And back.
    pub outer: Linear,
    heads: usize,
    #[module(skip)]
    activation: Activation,
}

impl Block {
    /// A block as CLIP begins with it (Radford et al. 2021, their `initialize_parameters`): the more blocks, the less each adds.
    pub fn new(blocks: &Blocks, device: &Device) -> Self {
        let Blocks { layers, width, inner, heads, activation, .. } = *blocks;
        let root = (width as f64).sqrt();
        let adds = 1.0 / (root * (2.0 * layers as f64).sqrt());
        let square = |std| linear([width, width], std, true, device);
        Self {
            norm1: norm(blocks, device),
            query: square(1.0 / root),
            key: square(1.0 / root),
            value: square(1.0 / root),
            out: square(adds),
            norm2: norm(blocks, device),
            inner: linear([width, inner], 1.0 / (2.0 * width as f64).sqrt(), true, device),
            outer: linear([inner, width], adds, true, device),
            heads,
            activation,
        }
    }

    /// (batch, tokens, width) to the same; `mask`, (batch or 1, 1, tokens, tokens), is added to the scores with which a row looks
    /// at a column.
    pub fn forward(&self, x: Tensor<3>, mask: Option<&Tensor<4>>) -> Tensor<3> {
        let normal = self.norm1.forward(x.clone());
        self.think(self.attend(normal.clone(), normal, mask) + x)
    }

    /// What becomes of `some` of the tokens `x`, (batch, some, width): where nothing reads the others, they need no answer.
    pub fn forward_some(&self, some: Tensor<3>, x: Tensor<3>, mask: Option<&Tensor<4>>) -> Tensor<3> {
        let seen = self.attend(self.norm1.forward(some.clone()), self.norm1.forward(x), mask);
        self.think(seen + some)
    }

    fn think(&self, x: Tensor<3>) -> Tensor<3> {
        let inner = through(&self.inner, self.norm2.forward(x.clone()));
        let inner = match self.activation {
            Activation::Gelu => gelu(inner),
            Activation::QuickGelu => inner.clone() * sigmoid(inner * QUICK),
        };
        through(&self.outer, inner) + x
    }

    fn attend(&self, from: Tensor<3>, x: Tensor<3>, mask: Option<&Tensor<4>>) -> Tensor<3> {
        let [batch, rows, width] = from.dims();
        let head = width / self.heads;
        let split = |part: Tensor<3>| {
            let tokens = part.dims()[1];
            part.reshape([batch, tokens, self.heads, head]).swap_dims(1, 2)
        };
        let query = split(through(&self.query, from)) / (head as f32).sqrt();
        let key = split(through(&self.key, x.clone()));
        let value = split(through(&self.value, x));
        let scores = query.matmul(key.swap_dims(2, 3));
        let scores = match mask {
            Some(mask) => scores + mask.clone(),
            None => scores,
        };
        let seen = softmax(scores, 3).matmul(value);
        through(&self.out, seen.swap_dims(1, 2).reshape([batch, rows, width]))
    }
}

/// `x`, (batch, tokens, width), through `layer` as one matrix: Burn would multiply picture by picture, and pack the weights for each.
pub fn through(layer: &Linear, x: Tensor<3>) -> Tensor<3> {
    let [batch, tokens, width] = x.dims();
    layer.forward(x.reshape([batch * tokens, width])).reshape([batch, tokens, layer.weight.dims()[1]])
}

/// A norm that changes nothing but mean and variance.
pub fn norm(blocks: &Blocks, device: &Device) -> LayerNorm {
    LayerNormConfig::new(blocks.width).with_epsilon(blocks.epsilon).init(device)
}

/// A layer of normal weights and no bias, or one of zeros.
pub fn linear(shape: [usize; 2], std: f64, bias: bool, device: &Device) -> Linear {
    let bias = bias.then(|| Initializer::Zeros.init([shape[1]], device));
    Linear { weight: Initializer::Normal { mean: 0.0, std }.init(shape, device), bias }
}
