//! The text tower: words through attention blocks in which none sees a later one.

use burn::{
    module::{Module, Param},
    nn::{Initializer, LayerNorm, Linear},
    tensor::{Device, Int, Tensor, TensorData, module::embedding},
};

use super::{
    Config, EndOfText,
    block::{Block, linear, norm},
};

/// Added to the score of a later word: far below any score, and finite.
const HIDDEN: f32 = -1e9;

/// A transformer that reads from left to right, whose last word therefore knows all.
#[derive(Module, Debug)]
pub struct Text {
    /// A row for each id.
    pub words: Param<Tensor<2>>,
    /// Added to each token.
    pub positions: Param<Tensor<2>>,
    /// In the order in which they run.
    pub layers: Vec<Block>,
    /// Behind the blocks.
    pub final_norm: LayerNorm,
    /// To the embedding.
    pub projection: Linear,
    #[module(skip)]
    end: EndOfText,
}

impl Text {
    /// A fresh tower.
    pub fn new(config: &Config, device: &Device) -> Self {
        let text = &config.text;
        let (blocks, width) = (&text.blocks, text.blocks.width);
        Self {
            words: Initializer::Normal { mean: 0.0, std: 0.02 }.init([text.words, width], device),
            positions: Initializer::Normal { mean: 0.0, std: 0.01 }.init([text.context, width], device),
            layers: (0..blocks.layers).map(|_| Block::new(blocks, device)).collect(),
            final_norm: norm(blocks, device),
            projection: linear([width, config.embedding], 1.0 / (width as f64).sqrt(), false, device),
            end: text.end_of_text(),
        }
    }

    /// Token ids as tokens, (batch, longest, width), before the first block. What fills shorter texts is never looked at.
    pub fn embed(&self, texts: &[Vec<u32>]) -> Tensor<3> {
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        let filled = texts.iter().flat_map(|ids| {
            let padding = std::iter::repeat_n(0, longest - ids.len());
            ids.iter().map(|&id| i64::from(id)).chain(padding)
        });
        let ids = TensorData::new(filled.collect::<Vec<i64>>(), [texts.len(), longest]);
        let ids: Tensor<2, Int> = Tensor::from_data(ids, &self.words.device());
        let places = self.positions.val().narrow(0, 0, longest);
        embedding(self.words.val(), ids) + places.unsqueeze()
    }

    /// (1, 1, tokens, tokens): what hides the later words from each row.
    pub fn mask(&self, tokens: usize) -> Tensor<4> {
        let hidden = |i: usize| if i % tokens > i / tokens { HIDDEN } else { 0.0 };
        let values: Vec<f32> = (0..tokens * tokens).map(hidden).collect();
        Tensor::from_data(TensorData::new(values, [1, 1, tokens, tokens]), &self.words.device())
    }

    /// The place of each text's end.
    pub fn ends(&self, texts: &[Vec<u32>]) -> Vec<usize> {
        let end = |ids: &Vec<u32>| {
            let sought = match self.end {
                EndOfText::First(id) => Some(id),
                EndOfText::Highest => ids.iter().max().copied(),
            };
            // As in transformers, a text that lacks it is read at its beginning.
            ids.iter().position(|&id| Some(id) == sought).unwrap_or(0)
        };
        texts.iter().map(end).collect()
    }

    /// (batch, embedding) of the tokens behind the last block, read off at `ends`.
    pub fn pool(&self, tokens: Tensor<3>, ends: &[usize]) -> Tensor<2> {
        self.finish(at(tokens, ends))
    }

    fn finish(&self, ends: Tensor<2>) -> Tensor<2> {
        self.projection.forward(self.final_norm.forward(ends))
    }

    /// Token ids, the special ones included, at most the context of them, to (batch, embedding).
    pub fn forward(&self, texts: &[Vec<u32>]) -> Tensor<2> {
        let (tokens, ends) = (self.embed(texts), self.ends(texts));
        let Some((last, layers)) = self.layers.split_last() else { return self.pool(tokens, &ends) };
        let [batch, length, _] = tokens.dims();
        let mask = self.mask(length);
        let tokens = layers.iter().fold(tokens, |tokens, layer| layer.forward(tokens, Some(&mask)));
        let rows = mask.select(2, indices(ends.iter().copied(), &tokens.device())).reshape([batch, 1, 1, length]);
        let some = at(tokens.clone(), &ends).unsqueeze_dim(1);
        self.finish(last.forward_some(some, tokens, Some(&rows)).squeeze_dim(1))
    }
}

/// The token at `ends` of each text, (batch, width).
fn at(tokens: Tensor<3>, ends: &[usize]) -> Tensor<2> {
    let [batch, length, width] = tokens.dims();
    let rows = ends.iter().enumerate().map(|(text, &end)| text * length + end);
    let rows = indices(rows, &tokens.device());
    tokens.reshape([batch * length, width]).select(0, rows)
}

fn indices(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.map(|value| value as i64).collect();
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}
