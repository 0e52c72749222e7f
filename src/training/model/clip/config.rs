//! What a CLIP is made of, as `config.json` says it.
//!
//! Owns Hugging Face's keys and the defaults that `transformers` fills in, and refuses what this CLIP can't be. Leaves the
//! weights to `layout`.

use serde::{Deserialize, Serialize};

use crate::training::TrainingError;

/// The `eos_token_id` of the first published configurations, which is no token's: with it `transformers` takes the highest id.
const NO_END: u32 = 2;

/// A CLIP's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The image tower.
    pub vision: VisionConfig,
    /// The text tower.
    pub text: TextConfig,
    /// Components of an embedding.
    pub embedding: usize,
    /// Logarithm of the inverse temperature before training.
    pub log_scale: f32,
}

/// The image tower's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct VisionConfig {
    /// Its blocks.
    pub blocks: Blocks,
    /// Side of the square input in pixels.
    pub side: usize,
    /// Side of a square patch in pixels.
    pub patch: usize,
}

/// The text tower's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct TextConfig {
    /// Its blocks.
    pub blocks: Blocks,
    /// Rows of the table of words.
    pub words: usize,
    /// The most tokens that it reads, the special ones counted.
    pub context: usize,
    /// The id before a text.
    pub begin: u32,
    /// The id behind a text, or 2, which stands for the highest id of the text.
    pub end: u32,
    /// The id that fills shorter texts, as the file has it.
    pub pad: u32,
}

/// Where a text's embedding is read off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfText {
    /// At the first token of this id.
    First(u32),
    /// At the first of the tokens of the highest id.
    Highest,
}

/// A stack of attention blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    /// How many there are.
    pub layers: usize,
    /// Components of each token.
    pub width: usize,
    /// Components inside the feed-forward half.
    pub inner: usize,
    /// Attention heads.
    pub heads: usize,
    /// Between the feed-forward half's two layers.
    pub activation: Activation,
    /// Added to the variance in each layer norm.
    pub epsilon: f64,
}

/// What makes the feed-forward half more than a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x * sigmoid(1.702 * x)`, as OpenAI's models have it.
    QuickGelu,
    /// `x / 2 * (1 + erf(x / √2))`.
    Gelu,
}

impl Config {
    /// Reads the text of `file`. Keys that don't change what is computed are passed over.
    pub fn parse(file: &str, text: &str) -> Result<Self, TrainingError> {
        let problem = |problem: String| TrainingError::Data { file: file.to_owned(), problem };
        let raw: Raw = serde_json::from_str(text).map_err(|e| problem(format!("not a CLIP's config.json: {e}")))?;
        raw.config().map_err(problem)
    }

    /// The text of a `config.json` that `transformers` reads.
    pub fn to_json(&self) -> String {
        let shared = |blocks: &Blocks| {
            serde_json::json!({
                "hidden_size": blocks.width,
                "intermediate_size": blocks.inner,
                "num_hidden_layers": blocks.layers,
                "num_attention_heads": blocks.heads,
                "hidden_act": blocks.activation,
                "layer_norm_eps": blocks.epsilon,
                "projection_dim": self.embedding,
            })
        };
        let (mut vision, mut text) = (shared(&self.vision.blocks), shared(&self.text.blocks));
        vision["model_type"] = "clip_vision_model".into();
        vision["image_size"] = self.vision.side.into();
        vision["patch_size"] = self.vision.patch.into();
        vision["num_channels"] = 3.into();
        text["model_type"] = "clip_text_model".into();
        text["vocab_size"] = self.text.words.into();
        text["max_position_embeddings"] = self.text.context.into();
        text["bos_token_id"] = self.text.begin.into();
        text["eos_token_id"] = self.text.end.into();
        text["pad_token_id"] = self.text.pad.into();
        let whole = serde_json::json!({
            "architectures": ["CLIPModel"],
            "model_type": "clip",
            "projection_dim": self.embedding,
            "logit_scale_init_value": self.log_scale,
            "vision_config": vision,
            "text_config": text,
        });
        format!("{whole:#}\n")
    }
}

impl VisionConfig {
    /// Tokens of a picture: its patches and the class.
    pub fn tokens(&self) -> usize {
        (self.side / self.patch).pow(2) + 1
    }
}

impl TextConfig {
    /// Where a text's embedding is read off.
    pub fn end_of_text(&self) -> EndOfText {
        if self.end == NO_END { EndOfText::Highest } else { EndOfText::First(self.end) }
    }
}

/// The file. Defaults are those of `CLIPConfig`, `CLIPTextConfig` and `CLIPVisionConfig` of transformers 5.
#[derive(Deserialize)]
#[serde(default)]
struct Raw {
    model_type: String,
    projection_dim: usize,
    logit_scale_init_value: f32,
    text_config: Option<RawText>,
    vision_config: Option<RawVision>,
    /// Older files have the same under this name, which comes first.
    text_config_dict: Option<RawText>,
    vision_config_dict: Option<RawVision>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            model_type: "clip".to_owned(),
            projection_dim: 512,
            logit_scale_init_value: 2.6592,
            text_config: None,
            vision_config: None,
            text_config_dict: None,
            vision_config_dict: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct RawText {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    hidden_act: String,
    layer_norm_eps: f64,
    bos_token_id: Option<u32>,
    eos_token_id: Option<u32>,
    pad_token_id: Option<u32>,
}

impl Default for RawText {
    fn default() -> Self {
        Self {
            vocab_size: 49408,
            hidden_size: 512,
            intermediate_size: 2048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: "quick_gelu".to_owned(),
            layer_norm_eps: 1e-5,
            bos_token_id: Some(49406),
            eos_token_id: Some(49407),
            pad_token_id: Some(1),
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct RawVision {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_channels: usize,
    image_size: usize,
    patch_size: usize,
    hidden_act: String,
    layer_norm_eps: f64,
}

impl Default for RawVision {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 224,
            patch_size: 32,
            hidden_act: "quick_gelu".to_owned(),
            layer_norm_eps: 1e-5,
        }
    }
}

impl Raw {
    fn config(self) -> Result<Config, String> {
        if self.model_type != "clip" {
            return Err(format!("model_type is {:?}; \"clip\" is what can be trained here", self.model_type));
        }
        let vision = self.vision_config_dict.or(self.vision_config).unwrap_or_default();
        let text = self.text_config_dict.or(self.text_config).unwrap_or_default();
        if vision.num_channels != 3 {
            return Err(format!("vision_config.num_channels is {}; pictures here have 3", vision.num_channels));
        }
        let config = Config {
            vision: VisionConfig {
                blocks: Blocks {
                    layers: vision.num_hidden_layers,
                    width: vision.hidden_size,
                    inner: vision.intermediate_size,
                    heads: vision.num_attention_heads,
                    activation: activation("vision_config", &vision.hidden_act)?,
                    epsilon: vision.layer_norm_eps,
                },
                side: vision.image_size,
                patch: vision.patch_size,
            },
            text: TextConfig {
                blocks: Blocks {
                    layers: text.num_hidden_layers,
                    width: text.hidden_size,
                    inner: text.intermediate_size,
                    heads: text.num_attention_heads,
                    activation: activation("text_config", &text.hidden_act)?,
                    epsilon: text.layer_norm_eps,
                },
                words: text.vocab_size,
                context: text.max_position_embeddings,
                begin: text.bos_token_id.unwrap_or_default(),
                end: text.eos_token_id.ok_or("text_config.eos_token_id is null; give the id of <|endoftext|>")?,
                pad: text.pad_token_id.unwrap_or_default(),
            },
            embedding: self.projection_dim,
            log_scale: self.logit_scale_init_value,
        };
        config.meaning()?;
        Ok(config)
    }
}

impl Config {
    /// Refuses numbers that no network can have, by their keys.
    pub(in crate::training::model) fn meaning(&self) -> Result<(), String> {
        let Self { vision, text, embedding, log_scale } = self;
        for (place, blocks) in [("vision_config", &vision.blocks), ("text_config", &text.blocks)] {
            let Blocks { layers, width, inner, heads, epsilon, .. } = *blocks;
            if [layers, width, inner, heads].contains(&0) || !(epsilon.is_finite() && epsilon > 0.0) {
                return Err(format!("{place}: layers, sizes, heads and layer_norm_eps must be above 0"));
            }
            if width % heads != 0 {
                return Err(format!("{place}: hidden_size {width} is no multiple of num_attention_heads {heads}"));
            }
        }
        if vision.patch == 0 || vision.side < vision.patch || vision.side % vision.patch != 0 {
            let VisionConfig { side, patch, .. } = vision;
            return Err(format!("vision_config: image_size {side} is no multiple of patch_size {patch}"));
        }
        if text.context < 3 || text.words < 3 {
            return Err("text_config: max_position_embeddings and vocab_size must be 3 or more".to_owned());
        }
        if text.end_of_text() == EndOfText::First(text.end) && text.end as usize >= text.words {
            return Err(format!("text_config: eos_token_id {} is beyond vocab_size {}", text.end, text.words));
        }
        if *embedding == 0 || !log_scale.is_finite() {
            return Err("projection_dim must be above 0 and logit_scale_init_value a number".to_owned());
        }
        Ok(())
    }
}

fn activation(place: &str, name: &str) -> Result<Activation, String> {
    let known = serde_json::from_value(name.into());
    known.map_err(|_| format!("{place}.hidden_act is {name:?}; quick_gelu and gelu can be computed here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let found = match Config::parse("config.json", text) {
            Ok(Config { vision, text, embedding, .. }) => {
                let of = |blocks: &Blocks| format!("{}x{}", blocks.layers, blocks.width);
                let (image, words) = (of(&vision.blocks), of(&text.blocks));
                format!("{image} at {}/{}, {words}, {embedding}, {:?}", vision.side, vision.patch, text.end_of_text())
            }
            Err(error) => error.to_string(),
        };
        assert!(found.contains(want), "{found:?} against {want:?}");
    }

    #[test]
    fn what_the_file_leaves_out_is_what_transformers_fills_in() {
        check("{}", "12x768 at 224/32, 12x512, 512, First(49407)");
        check(r#"{"vision_config": {"patch_size": 16}, "text_config": {"eos_token_id": 2}}"#, "224/16, 12x512, 512, Highest");
        let large = r#"{"projection_dim": 768, "text_config": null, "text_config_dict": {"hidden_size": 768, "num_attention_heads": 12},
            "vision_config_dict": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "patch_size": 14,
            "image_size": 336}, "vision_config": {"hidden_size": 8}}"#;
        check(large, "24x1024 at 336/14, 12x768, 768");
    }

    #[test]
    fn what_this_clip_cannot_be_is_refused_by_its_key() {
        check("{", "config.json: not a CLIP's config.json: EOF");
        check(r#"{"model_type": "siglip"}"#, "model_type is \"siglip\"");
        check(r#"{"text_config": {"hidden_act": "relu"}}"#, "text_config.hidden_act is \"relu\"");
        check(r#"{"vision_config": {"num_attention_heads": 5}}"#, "vision_config: hidden_size 768 is no multiple");
        check(r#"{"vision_config": {"image_size": 225}}"#, "image_size 225 is no multiple of patch_size 32");
        check(r#"{"vision_config": {"num_channels": 1}}"#, "num_channels is 1");
        check(r#"{"text_config": {"vocab_size": 40000}}"#, "eos_token_id 49407 is beyond vocab_size 40000");
        check(r#"{"text_config": {"num_hidden_layers": 0}}"#, "must be above 0");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let config = Config::parse("x", r#"{"text_config": {"hidden_act": "gelu", "eos_token_id": 2}}"#).expect("a CLIP");
        assert_eq!(Config::parse("x", &config.to_json()).expect("the same"), config);
    }
}
