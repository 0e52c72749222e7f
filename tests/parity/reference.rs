//! A reference's vectors, and how far we are from them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;
use streetscape::{
    bundle::{IMAGE_F16, IMAGE_F32, IMAGE_INT8, TEXT_F16, TEXT_F32, TEXT_INT8},
    encoder::Preprocessor,
    observation::View,
    training::{
        loss::unit,
        model::{
            Clip, TwoTowers,
            clip::layout::{self, Checkpoint, Tokens},
            parameters,
        },
        onnx::{halved, towers},
        optimiser::{AdamW, AdamWSettings, Slopes},
        quantise::{WeightBits, dynamic},
        schedule::learning_rate,
        weights::{self, Weights},
    },
};

use super::{
    mistakes::{Mistake, Towers},
    picture::picture,
};

/// As in `vectors.py`.
const STEPS: usize = 10;
const WARM_UP: usize = 3;
const RATE: f64 = 1e-3;
const BATCH: usize = 4;
const SIZES: [(u32, u32); 5] = [(100, 67), (67, 100), (64, 48), (24, 24), (240, 31)];
/// A key's bias moves all scores of a token alike, so that its gradient is zero but for rounding, and is measured against the
/// model's greatest. AdamW makes a step of rounding too: where it goes then means nothing.
const NOWHERE: &str = "k_proj.bias";

/// A figure for each row that the reference has.
pub type Found = BTreeMap<&'static str, f32>;

/// What one reference made.
pub struct Reference {
    dir: PathBuf,
    checkpoint: Checkpoint,
    vectors: Weights,
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
}

/// How the ten steps are taken.
pub struct Recipe {
    pub settings: AdamWSettings,
    pub warm_up: usize,
    pub steps: usize,
    pub clip: f32,
}

impl Reference {
    pub fn read(dir: &Path) -> Self {
        let checkpoint = Checkpoint::read(dir, &Device::flex().autodiff()).unwrap_or_else(|e| panic!("{e}; make parity"));
        let texts = serde_json::from_str(&fs::read_to_string(dir.join("tokens.json")).unwrap()).unwrap();
        Self { dir: dir.to_owned(), checkpoint, vectors: Weights::read(&dir.join("vectors.safetensors")).unwrap(), texts }
    }

    /// Writes the checkpoint and its graphs anew, for the references to read.
    pub fn write(&self, dir: &Path) {
        let _ = fs::remove_dir_all(dir);
        self.checkpoint.write(dir).unwrap();
        let weights = layout::weights(&self.checkpoint.model).unwrap();
        let image = towers::clip_image(&weights, &self.checkpoint.config).unwrap();
        let text = towers::clip_text(&weights, &self.checkpoint.config).unwrap();
        for (tower, whole, half, small) in [(image, IMAGE_F32, IMAGE_F16, IMAGE_INT8), (text, TEXT_F32, TEXT_F16, TEXT_INT8)] {
            tower.write(&dir.join(whole)).unwrap();
            halved(&tower).write(&dir.join(half)).unwrap();
            dynamic(&tower, WeightBits::Seven, &[]).unwrap().write(&dir.join(small)).unwrap();
        }
    }

    /// How far we are, having made `mistake`.
    pub fn measure(&self, mistake: Option<Mistake>) -> Found {
        let towers = Towers::new(&self.checkpoint, mistake);
        let (pixels, ids) = (self.pixels(), self.ids());
        let (image, text) = (towers.image(pixels.clone()), towers.text(ids.clone()));
        let logits = unit(image.clone()).matmul(unit(text.clone()).transpose()) * towers.scale().unsqueeze::<2>();
        let mut found = Found::from([
            ("tokens", self.tokens(mistake)),
            ("pictures", self.pictures(mistake)),
            ("image embeddings", self.apart("image_embeds", &values(image))),
            ("text embeddings", self.apart("text_embeds", &values(text))),
            ("logits", self.apart("logits", &values(logits))),
        ]);
        let loss = towers.loss(self.rows(&pixels, 0), ids[..BATCH].to_vec());
        found.insert("loss", self.apart("loss", &[loss.clone().into_scalar::<f32>()]));
        if self.vectors.names().any(|name| name.starts_with("grad/")) {
            let slopes = Slopes::of(&towers, loss.backward());
            found.insert("gradients", self.gradients(&towers.clip, &slopes));
            found.insert("after ten steps", self.trained(towers, &pixels, &ids));
        }
        found
    }

    fn pixels(&self) -> Tensor<4> {
        let pixels = self.vectors.get("pixels").unwrap();
        Tensor::from_data(TensorData::new(pixels.values.clone(), pixels.shape.clone()), &Device::flex().autodiff())
    }

    fn ids(&self) -> Vec<Vec<u32>> {
        self.texts.iter().map(|text| text.ids.clone()).collect()
    }

    /// The pixels of one half.
    fn rows(&self, pixels: &Tensor<4>, half: usize) -> Tensor<4> {
        pixels.clone().narrow(0, half * BATCH, BATCH)
    }

    /// The greatest difference as a share of the greatest value.
    fn apart(&self, name: &str, found: &[f32]) -> f32 {
        let want = &self.vectors.get(name).unwrap().values;
        apart(found, want) / greatest(want)
    }

    fn gradients(&self, clip: &Clip, slopes: &Slopes) -> f32 {
        let names = self.vectors.names().filter(|name| name.starts_with("grad/"));
        let all = names.map(|name| greatest(&self.vectors.get(name).unwrap().values)).fold(0.0, f32::max);
        let laid = parameters::tensors(clip).into_iter().map(|(path, tensor)| {
            // A mistake may leave a parameter out of the loss.
            let values = slopes.at(&format!("clip.{path}")).unwrap_or_else(|| vec![0.0; tensor.values.len()]);
            (path, weights::Tensor { shape: tensor.shape, values })
        });
        // Gradients lie as their parameters do, so that they find the file's names in the same way.
        let laid = Weights::new("gradients", laid).unwrap();
        let named = layout::weights(&parameters::fill(clip.clone(), &laid).unwrap()).unwrap();
        let of = |(name, found): (String, weights::Tensor)| {
            let want = &self.vectors.get(&format!("grad/{name}")).unwrap().values;
            apart(&found.values, want) / if name.ends_with(NOWHERE) { all } else { greatest(want) }
        };
        named.into_tensors().into_iter().map(of).fold(0.0, worse)
    }

    fn trained(&self, towers: Towers, pixels: &Tensor<4>, ids: &[Vec<u32>]) -> f32 {
        let mut recipe = Recipe {
            settings: AdamWSettings { betas: [0.9, 0.98], epsilon: 1e-6, weight_decay: 0.2, layer_decay: 1.0 },
            warm_up: WARM_UP,
            steps: STEPS,
            clip: self.vectors.get("clip").unwrap().values[0],
        };
        towers.mislead(&mut recipe);
        let (mut towers, mut optimiser) = (towers, AdamW::new(recipe.settings));
        for step in 0..STEPS {
            let half = step % 2;
            let loss = towers.loss(self.rows(pixels, half), ids[half * BATCH..][..BATCH].to_vec());
            let mut slopes = Slopes::of(&towers, loss.backward());
            slopes.clip(recipe.clip);
            towers = optimiser.step(towers, slopes, learning_rate(step, recipe.steps, recipe.warm_up, RATE));
        }
        let of = |(name, found): (String, weights::Tensor)| {
            apart(&found.values, &self.vectors.get(&format!("after/{name}")).unwrap().values) / RATE as f32
        };
        let named = layout::weights(&towers.clip).unwrap().into_tensors();
        named.into_iter().filter(|(name, _)| !name.ends_with(NOWHERE)).map(of).fold(0.0, worse)
    }

    fn tokens(&self, mistake: Option<Mistake>) -> f32 {
        let texts: Vec<&str> = self.texts.iter().map(|text| &*text.text).collect();
        let context = self.checkpoint.config.text.context;
        let ids = match mistake {
            Some(Mistake::EndOfTextCutOff) => {
                let mut long = self.checkpoint.config.text.clone();
                long.context = 1000;
                let tokenizer = fs::read(self.dir.join("tokenizer.json")).unwrap();
                let mut ids = Tokens::parse("tokenizer.json", &tokenizer, &long).unwrap().encode(&texts).unwrap().ids;
                ids.iter_mut().for_each(|ids| ids.truncate(context));
                ids
            }
            _ => {
                let encoded = self.checkpoint.tokens.encode(&texts).unwrap();
                let full = self.texts.iter().filter(|text| text.ids.len() == context).count();
                assert_eq!(encoded.truncated, full, "texts that fill the context were longer");
                encoded.ids
            }
        };
        ids.iter().zip(&self.texts).filter(|(found, text)| **found != text.ids).count() as f32
    }

    /// The mean difference in steps of a byte; beside hard edges single pixels are further apart.
    fn pictures(&self, mistake: Option<Mistake>) -> f32 {
        let bytes = fs::read(self.dir.join("pictures.npy")).unwrap();
        let want: Vec<f32> = npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap();
        let mut image = self.checkpoint.preprocessing.clone();
        if let Some(mistake) = mistake {
            mistake.misread(&mut image);
        }
        let mut preprocessor = Preprocessor::new(&image);
        let floats = preprocessor.floats();
        let (mut out, mut sum) = (vec![0.0; floats], 0.0);
        for (want, (width, height)) in want.chunks(floats).zip(SIZES) {
            preprocessor.fill(&picture(width, height), View::Full, &mut out).unwrap();
            for (channel, std) in self.checkpoint.preprocessing.std.iter().enumerate() {
                let plane = channel * floats / 3..(channel + 1) * floats / 3;
                let apart = out[plane.clone()].iter().zip(&want[plane]).map(|(a, b)| (a - b).abs()).sum::<f32>();
                sum += apart * std * 255.0;
            }
        }
        sum / (floats * SIZES.len()) as f32
    }
}

fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn apart(found: &[f32], want: &[f32]) -> f32 {
    assert_eq!(found.len(), want.len());
    found.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, worse)
}

fn greatest(values: &[f32]) -> f32 {
    values.iter().map(|x| x.abs()).fold(0.0, f32::max)
}

/// The greater; NaN is worse than all.
fn worse(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}
