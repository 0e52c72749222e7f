//! CLIP (Radford et al. 2021): a Vision Transformer and a text transformer, of any size that `config.json` describes.
//!
//! Owns both towers' forward passes and where each parameter stands. Leaves files to `layout`, the graphs that walk to `onnx`.
//! Its output equals that of `transformers` and of open_clip: `tests/parity.rs`.

use std::collections::BTreeMap;

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};

use super::{MOST_LOG_SCALE, Place, Tower, Trainable, TwoTowers};
use crate::training::{TrainingError, weights};

mod block;
mod config;
pub mod layout;
mod text;
mod vision;

pub use block::Block;
pub use config::{Activation, Blocks, Config, EndOfText, TextConfig, VisionConfig};
pub use text::Text;
pub use vision::Vision;

/// Both towers and the temperature.
#[derive(Module, Debug)]
pub struct Clip {
    /// The image tower.
    pub vision: Vision,
    /// The text tower.
    pub text: Text,
    /// Logarithm of the inverse temperature.
    pub log_scale: Param<Tensor<1>>,
}

impl Clip {
    /// Fresh weights, as CLIP began.
    pub fn new(config: &Config, device: &Device) -> Self {
        Self {
            vision: Vision::new(config, device),
            text: Text::new(config, device),
            log_scale: Param::from_data([config.log_scale], device),
        }
    }
}

impl TwoTowers for Clip {
    /// Pixels, (batch, 3, side, side), normalised as the checkpoint says.
    type Image = Tensor<4>;
    /// Token ids of each text, the special ones included, at most the context of them.
    type Text = Vec<Vec<u32>>;

    fn image(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.vision.forward(pixels)
    }

    fn text(&self, ids: Vec<Vec<u32>>) -> Tensor<2> {
        self.text.forward(&ids)
    }

    fn scale(&self) -> Tensor<1> {
        self.log_scale.val().clamp_max(MOST_LOG_SCALE).exp()
    }
}

impl Trainable for Clip {
    fn place(&self, path: &str) -> Place {
        let (tower, rest) = match path.split_once('.') {
            Some(("vision", rest)) => (Tower::Image, rest),
            Some(("text", rest)) => (Tower::Text, rest),
            _ => return Place { tower: Tower::Both, from_output: 0, decays: false },
        };
        let layers = if tower == Tower::Image { self.vision.layers.len() } else { self.text.layers.len() };
        let block = |rest: &str| rest.strip_prefix("layers.")?.split('.').next()?.parse::<usize>().ok();
        let from_output = match rest.split('.').next() {
            Some("projection" | "post_norm" | "final_norm") => 0,
            _ => block(rest).map_or(layers + 1, |block| layers.saturating_sub(block)),
        };
        // What open_clip's trainer decays: every table and matrix, no vector.
        let decays = ["weight", "positions", "words"].iter().any(|name| rest.rsplit('.').next() == Some(name));
        Place { tower, from_output, decays }
    }

    fn begin(&self, pixels: Tensor<4>, layers: usize) -> Tensor<2> {
        self.vision.begin(pixels, self.before(layers)).flatten(1, 2)
    }

    fn finish(&self, begun: Tensor<2>, layers: usize) -> Tensor<2> {
        let ([batch, values], [width]) = (begun.dims(), self.vision.class.dims());
        self.vision.finish(begun.reshape([batch, values / width, width]), self.before(layers))
    }

    fn published(&self) -> Result<BTreeMap<String, weights::Tensor>, TrainingError> {
        Ok(layout::weights(self)?.into_tensors())
    }
}

impl Clip {
    /// Blocks of the image tower that stand `layers` or more before the output; the tokens' embedding stands before all.
    fn before(&self, layers: usize) -> usize {
        (self.vision.layers.len() + 1).saturating_sub(layers).min(self.vision.layers.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_goes_half_of_the_way_first_arrives_at_the_same_place() {
        let text = r#"{"vision_config": {"num_hidden_layers": 3, "hidden_size": 8, "num_attention_heads": 2, "image_size": 8, "patch_size": 4},
            "text_config": {"num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2}}"#;
        let clip = Clip::new(&Config::parse("small", text).expect("a CLIP"), &Device::flex());
        let pixels: Tensor<4> = Tensor::random([2, 3, 8, 8], burn::tensor::Distribution::Uniform(-1.0, 1.0), &Device::flex());
        let values = |x: Tensor<2>| x.into_data().iter::<f32>().collect::<Vec<_>>();
        let want = values(clip.image(pixels.clone()));
        for layers in 1..=4 {
            let found = values(clip.finish(clip.begin(pixels.clone(), layers), layers));
            assert!(found.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-5), "{layers}");
        }
    }

    #[test]
    fn every_parameter_has_its_place() {
        let text = r#"{"vision_config": {"num_hidden_layers": 3, "hidden_size": 8, "num_attention_heads": 2},
            "text_config": {"num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 2}}"#;
        let clip = Clip::new(&Config::parse("small", text).expect("a CLIP"), &Device::flex());
        let check = |path: &str, tower, from_output, decays| {
            assert_eq!(clip.place(path), Place { tower, from_output, decays }, "{path}");
        };
        check("log_scale", Tower::Both, 0, false);
        check("vision.projection.weight", Tower::Image, 0, true);
        check("vision.post_norm.gamma", Tower::Image, 0, false);
        check("vision.layers.2.query.weight", Tower::Image, 1, true);
        check("vision.layers.0.outer.bias", Tower::Image, 3, false);
        check("vision.pre_norm.beta", Tower::Image, 4, false);
        check("vision.patch.weight", Tower::Image, 4, true);
        check("vision.class", Tower::Image, 4, false);
        check("vision.positions", Tower::Image, 4, true);
        check("text.words", Tower::Text, 3, true);
        check("text.layers.1.norm1.gamma", Tower::Text, 1, false);
        check("text.final_norm.beta", Tower::Text, 0, false);
    }
}
