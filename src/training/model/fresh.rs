//! Trunks of random weights, of any width: where nothing is to start from, and for quick tests.
//!
//! Owns the shapes and how large first weights are. Leaves the layers to `mobilenet` and `minilm`.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::{
    clip::{Activation, Blocks, Config, TextConfig, VisionConfig},
    minilm::HEAD_WIDTH,
    mobilenet::STAGES,
};
use crate::training::{
    TrainingError,
    weights::{Tensor, Weights},
};

/// Channels of the stem, of each stage and of the head at width 1: table 2 of Sandler et al. 2018.
const STEM: usize = 32;
const CHANNELS: [usize; 7] = [16, 24, 32, 64, 96, 160, 320];
const HEAD: usize = 1280;
/// BERT's first deviation (Devlin et al. 2018, `initializer_range`).
const BERT_DEVIATION: f32 = 0.02;

/// Components of a head in every CLIP (Radford et al. 2021, tables 19 and 20).
const CLIP_HEAD_WIDTH: usize = 64;

/// A MobileNetV2 to start from nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreshImage {
    /// Factor of every width, as in the paper; 1 for 1280 features.
    pub width: f64,
    /// Side of its pictures in pixels, a multiple of 32.
    pub size: u32,
}

impl Default for FreshImage {
    /// The paper's.
    fn default() -> Self {
        Self { width: 1.0, size: 224 }
    }
}

/// A sentence encoder to start from nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreshText {
    /// Components of a token, a multiple of 32.
    pub width: usize,
    /// Layers of attention.
    pub layers: usize,
    /// The most tokens that it reads.
    pub context: usize,
}

impl Default for FreshText {
    /// all-MiniLM-L6-v2's.
    fn default() -> Self {
        Self { width: 384, layers: 6, context: 256 }
    }
}

/// A CLIP to start from nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreshClip {
    /// Side of its pictures in pixels.
    pub size: u32,
    /// Side of a patch in pixels.
    pub patch: usize,
    /// Components of the image tower's tokens, a multiple of 64.
    pub image_width: usize,
    /// Layers of the image tower.
    pub image_layers: usize,
    /// Components of the text tower's tokens, a multiple of 64.
    pub text_width: usize,
    /// Layers of the text tower.
    pub text_layers: usize,
    /// The most tokens that it reads.
    pub context: usize,
}

impl Default for FreshClip {
    /// ViT-B/32's.
    fn default() -> Self {
        Self { size: 224, patch: 32, image_width: 768, image_layers: 12, text_width: 512, text_layers: 12, context: 77 }
    }
}

impl FreshClip {
    /// The whole shape, for so many components and `words`, of which the ids in `around` stand before and behind a text.
    pub fn config(&self, embedding: usize, scale: f32, words: usize, around: [u32; 2]) -> Result<Config, TrainingError> {
        let setting = |problem: String| TrainingError::Setting { problem: format!("model.clip: {problem}") };
        let blocks = |layers, width: usize| {
            let heads = width / CLIP_HEAD_WIDTH;
            Blocks { layers, width, inner: 4 * width, heads, activation: Activation::QuickGelu, epsilon: 1e-5 }
        };
        if let Some(width) = [self.image_width, self.text_width].into_iter().find(|width| width % CLIP_HEAD_WIDTH != 0) {
            return Err(setting(format!("a width of {width}; choose a multiple of {CLIP_HEAD_WIDTH}")));
        }
        let [begin, end] = around;
        let config = Config {
            vision: VisionConfig {
                blocks: blocks(self.image_layers, self.image_width),
                side: self.size as usize,
                patch: self.patch,
            },
            text: TextConfig {
                blocks: blocks(self.text_layers, self.text_width),
                words,
                context: self.context,
                begin,
                end,
                pad: end,
            },
            embedding,
            log_scale: scale.ln(),
        };
        config.meaning().map_err(setting)?;
        Ok(config)
    }
}

/// Random weights of an image trunk.
pub fn image_trunk(fresh: &FreshImage, rng: &mut impl Rng) -> Result<Weights, TrainingError> {
    if !(0.05..=4.0).contains(&fresh.width) || fresh.size < 32 || !fresh.size.is_multiple_of(32) {
        let problem = format!(
            "an image tower of width {} and {} pixels; choose 0.05 to 4, and a multiple of 32",
            fresh.width, fresh.size
        );
        return Err(TrainingError::Setting { problem });
    }
    // To a multiple of 8, as the paper's own code rounds.
    let scaled = |channels: usize| ((channels as f64 * fresh.width / 8.0).round() as usize).max(1) * 8;
    let mut made = Made { rng, tensors: BTreeMap::new() };
    let mut width = scaled(STEM);
    made.conv("stem", [width, 3, 3, 3], 2.0);
    let mut block = 0;
    for ((expansion, repeats, _), channels) in STAGES.into_iter().zip(CHANNELS) {
        for _ in 0..repeats {
            let (wide, out) = (width * expansion, scaled(channels));
            if expansion > 1 {
                made.conv(&format!("blocks.{block}.expand"), [wide, width, 1, 1], 2.0);
            }
            made.conv(&format!("blocks.{block}.depthwise"), [wide, 1, 3, 3], 2.0);
            made.conv(&format!("blocks.{block}.project"), [out, wide, 1, 1], 1.0);
            (width, block) = (out, block + 1);
        }
    }
    made.conv("head", [scaled(HEAD), width, 1, 1], 2.0);
    Weights::new("a fresh image tower", made.tensors)
}

/// Random weights of a text trunk that reads `words` different tokens.
pub fn text_trunk(fresh: &FreshText, words: usize, rng: &mut impl Rng) -> Result<Weights, TrainingError> {
    let FreshText { width, layers, context } = *fresh;
    if width == 0 || !width.is_multiple_of(HEAD_WIDTH) || layers == 0 || context < 4 {
        let problem = format!(
            "a text tower of width {width}, {layers} layers and {context} tokens; choose a multiple of {HEAD_WIDTH}, 1 or more, and 4 \
             or more"
        );
        return Err(TrainingError::Setting { problem });
    }
    let mut made = Made { rng, tensors: BTreeMap::new() };
    for (table, rows) in [("word", words), ("position", context), ("token_type", 2)] {
        made.uniform(&format!("embeddings.{table}_embeddings.weight"), &[rows, width], BERT_DEVIATION);
    }
    made.norm("embeddings.LayerNorm", width);
    for layer in 0..layers {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        for part in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            made.dense(&name(part), width, width);
        }
        made.norm(&name("attention.output.LayerNorm"), width);
        made.dense(&name("intermediate.dense"), 4 * width, width);
        made.dense(&name("output.dense"), width, 4 * width);
        made.norm(&name("output.LayerNorm"), width);
    }
    Weights::new("a fresh text tower", made.tensors)
}

struct Made<'a, R: Rng> {
    rng: &'a mut R,
    tensors: BTreeMap<String, Tensor>,
}

impl<R: Rng> Made<'_, R> {
    fn uniform(&mut self, name: &str, shape: &[usize], deviation: f32) {
        let reach = deviation * 3.0_f32.sqrt();
        let values = (0..shape.iter().product()).map(|_: usize| (self.rng.random::<f32>() * 2.0 - 1.0) * reach).collect();
        self.tensors.insert(name.to_owned(), Tensor { shape: shape.to_vec(), values });
    }

    fn constant(&mut self, name: String, length: usize, value: f32) {
        self.tensors.insert(name, Tensor { shape: vec![length], values: vec![value; length] });
    }

    /// He et al. 2015, equation 10: a variance of `gain` over what is summed, 2 before a ReLU.
    fn conv(&mut self, name: &str, shape: [usize; 4], gain: f32) {
        let [outputs, inputs, height, width] = shape;
        self.uniform(&format!("{name}.weight"), &shape, (gain / (inputs * height * width) as f32).sqrt());
        self.constant(format!("{name}.bias"), outputs, 0.0);
    }

    fn dense(&mut self, name: &str, outputs: usize, inputs: usize) {
        self.uniform(&format!("{name}.weight"), &[outputs, inputs], BERT_DEVIATION);
        self.constant(format!("{name}.bias"), outputs, 0.0);
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.constant(format!("{name}.weight"), width, 1.0);
        self.constant(format!("{name}.bias"), width, 0.0);
    }
}

#[cfg(test)]
pub(in crate::training) mod tests {
    use burn::tensor::Device;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::training::model::{MiniLm, MobileNetV2, Pair, Projection, TextTower, Trainable, Trained, TwoTowers};

    /// A pair of a few thousand weights, of 32 words, that can be trained.
    pub fn tiny() -> Pair {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let device = Device::flex().autodiff();
        let image = image_trunk(&FreshImage { width: 0.1, size: 32 }, &mut rng).expect("an image trunk");
        let text = text_trunk(&FreshText { width: 32, layers: 2, context: 8 }, 32, &mut rng).expect("a text trunk");
        let vision = MobileNetV2::new(&image, &device).expect("its layers");
        let language = MiniLm::new(&text, &device).expect("its layers");
        let mut some = |inputs: usize| Projection::random(inputs, 16, &mut rng);
        let heads = Trained { image: some(vision.width()), text: some(language.width()), scale: 10.0, residuals: Vec::new() };
        let language = TextTower::new(language, &heads.text, &device);
        Pair::new(vision, language, &heads, &device)
    }

    #[test]
    fn a_fresh_pair_gives_embeddings_of_finite_size() {
        let pair = tiny();
        let pixels = burn::tensor::Tensor::ones([2, 3, 32, 32], &Device::flex().autodiff());
        for embedding in [pair.image(pixels), pair.text(vec![vec![1, 2, 3], vec![4, 5]])] {
            assert_eq!(embedding.dims(), [2, 16]);
            let values: Vec<f32> = embedding.into_data().iter::<f32>().collect();
            assert!(values.iter().all(|x| x.is_finite()) && values.iter().any(|x| x.abs() > 1e-3), "{values:?}");
        }
    }

    #[test]
    fn a_picture_that_goes_half_of_the_way_first_arrives_at_the_same_place() {
        let pair = tiny();
        let pixels = burn::tensor::Tensor::<4>::random(
            [2, 3, 32, 32],
            burn::tensor::Distribution::Uniform(-1.0, 1.0),
            &Device::flex().autodiff(),
        );
        let values = |x: burn::tensor::Tensor<2>| x.into_data().iter::<f32>().collect::<Vec<_>>();
        let want = values(pair.image(pixels.clone()));
        for layers in [1, 2, 3, 9, 18, 19] {
            assert_eq!(values(pair.finish(pair.begin(pixels.clone(), layers), layers)), want, "{layers}");
        }
    }

    #[test]
    fn sizes_that_make_no_tower_are_refused() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        assert!(image_trunk(&FreshImage { width: 0.0, size: 224 }, &mut rng).is_err());
        assert!(image_trunk(&FreshImage { width: 1.0, size: 100 }, &mut rng).is_err());
        assert!(text_trunk(&FreshText { width: 100, layers: 1, context: 8 }, 10, &mut rng).is_err());
    }
}
