//! The image tower: patches and a class token through attention blocks.

use burn::{
    module::{Module, Param},
    nn::{Initializer, LayerNorm, Linear},
    tensor::{Device, Tensor},
};

use super::{
    Config,
    block::{Block, linear, norm},
};

/// A Vision Transformer (Dosovitskiy et al. 2020) with a norm before its blocks.
#[derive(Module, Debug)]
pub struct Vision {
    /// Stands before the patches, and gathers what is seen.
    pub class: Param<Tensor<1>>,
    /// From a patch's pixels, (3, patch, patch), to its token.
    pub patch: Linear,
    /// Added to each token.
    pub positions: Param<Tensor<2>>,
    /// Before the blocks.
    pub pre_norm: LayerNorm,
    /// In the order in which they run.
    pub layers: Vec<Block>,
    /// Behind the blocks, of the class token alone.
    pub post_norm: LayerNorm,
    /// To the embedding.
    pub projection: Linear,
    side: usize,
}

impl Vision {
    /// A fresh tower.
    pub fn new(config: &Config, device: &Device) -> Self {
        let vision = &config.vision;
        let (blocks, patch) = (&vision.blocks, vision.patch);
        let std = 1.0 / (blocks.width as f64).sqrt();
        let normal = Initializer::Normal { mean: 0.0, std };
        Self {
            class: normal.init([blocks.width], device),
            patch: linear([3 * patch * patch, blocks.width], 1.0 / ((3 * patch * patch) as f64).sqrt(), false, device),
            positions: normal.init([vision.tokens(), blocks.width], device),
            pre_norm: norm(blocks, device),
            layers: (0..blocks.layers).map(|_| Block::new(blocks, device)).collect(),
            post_norm: norm(blocks, device),
            projection: linear([blocks.width, config.embedding], std, false, device),
            side: patch,
        }
    }

    /// Pixels, (batch, 3, height, width), as tokens, (batch, tokens, width), before the first block.
    pub fn embed(&self, pixels: Tensor<4>) -> Tensor<3> {
        let [batch, channels, height, width] = pixels.dims();
        let (side, rows, columns) = (self.side, height / self.side, width / self.side);
        // A convolution whose windows don't overlap is one product.
        let patches = pixels.reshape([batch, channels, rows, side, columns, side]).permute([0, 2, 4, 1, 3, 5]);
        let patches = self.patch.forward(patches.reshape([batch, rows * columns, channels * side * side]));
        let class = self.class.val().unsqueeze::<3>().repeat_dim(0, batch);
        let tokens = Tensor::cat(vec![class, patches], 1) + self.positions.val().unsqueeze();
        self.pre_norm.forward(tokens)
    }

    /// (batch, embedding) of the tokens behind the last block, of which the first is read.
    pub fn pool(&self, tokens: Tensor<3>) -> Tensor<2> {
        self.projection.forward(self.post_norm.forward(class(tokens).squeeze_dim(1)))
    }

    /// Pixels, (batch, 3, side, side), to (batch, embedding).
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.finish(self.embed(pixels), 0)
    }

    /// Pixels as tokens, (batch, tokens, width), behind the first `blocks`.
    pub fn begin(&self, pixels: Tensor<4>, blocks: usize) -> Tensor<3> {
        self.layers.iter().take(blocks).fold(self.embed(pixels), |tokens, layer| layer.forward(tokens, None))
    }

    /// The rest of the way from what `begin` gave for as many `blocks`.
    pub fn finish(&self, tokens: Tensor<3>, blocks: usize) -> Tensor<2> {
        let left = self.layers.get(blocks..).unwrap_or_default();
        let Some((last, layers)) = left.split_last() else { return self.pool(tokens) };
        let tokens = layers.iter().fold(tokens, |tokens, layer| layer.forward(tokens, None));
        self.pool(last.forward_some(class(tokens.clone()), tokens, None))
    }
}

/// The first token of each picture, (batch, 1, width).
fn class(tokens: Tensor<3>) -> Tensor<3> {
    tokens.narrow(1, 0, 1)
}
