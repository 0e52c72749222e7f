//! Two towers that meet in one space: what is trained, in Burn.
//!
//! Owns the projection heads, the learned temperature, and the towers' forward passes, against which the exported graphs are
//! tested. Leaves the loss to `loss`, the graphs that walk to `onnx`.

use std::{collections::BTreeMap, path::Path};

use burn::{
    module::{Module, ModuleDisplay, Param},
    nn::{Initializer, Linear},
    tensor::{Device, Tensor, TensorData},
};

use super::{
    TrainingError,
    weights::{self, Weights},
};

mod classes;
pub mod clip;
pub(super) mod fresh;
mod kernels;
mod minilm;
mod mobilenet;
mod pair;
pub mod parameters;
#[cfg(test)]
mod parity;
mod pixels;

pub use classes::Classes;
pub use clip::Clip;
pub use fresh::{FreshClip, FreshImage, FreshText, image_trunk, text_trunk};
pub use minilm::MiniLm;
pub use mobilenet::MobileNetV2;
pub use pair::{Kept, Pair, TextTower};

/// Training starts from a temperature of 0.05, near CLIP's 0.07; it is learned from there.
const FIRST_SCALE: f32 = 20.0;
/// CLIP clamps its scale to 100, so that no pair's logit can explode.
const MOST_LOG_SCALE: f32 = 4.605_170_2;

/// Whether tensors on `device` are this process's own memory.
pub fn is_cpu(device: &Device) -> bool {
    device.clone().without_autodiff() == Device::flex()
}

/// Two towers whose outputs can be compared.
pub trait TwoTowers {
    /// What the image tower reads.
    type Image;
    /// What the text tower reads.
    type Text;

    /// (batch, embedding), not of unit length.
    fn image(&self, input: Self::Image) -> Tensor<2>;

    /// (batch, embedding), not of unit length.
    fn text(&self, input: Self::Text) -> Tensor<2>;

    /// Inverse temperature, one value in [0, 100].
    fn scale(&self) -> Tensor<1>;
}

/// Two towers that can be trained whole.
pub trait Trainable: TwoTowers<Image = Tensor<4>, Text = Vec<Vec<u32>>> + Module + ModuleDisplay + Clone {
    /// Where the parameter at `path` (its path in the module, `vision.layers.3.query.weight`) stands.
    fn place(&self, path: &str) -> Place;

    /// What the image tower's layers that stand `layers` or more before its output (one at least) make of pixels: a row for each picture, which
    /// [`Trainable::finish`] takes up.
    fn begin(&self, pixels: Tensor<4>, layers: usize) -> Tensor<2>;

    /// The rest of the way: what `begin` gave, for the same `layers`, to (batch, embedding), not of unit length.
    fn finish(&self, begun: Tensor<2>, layers: usize) -> Tensor<2>;

    /// What SigLIP's loss adds to the logit of each pair; none where the model was not made for that loss.
    fn bias(&self) -> Option<Tensor<1>> {
        None
    }

    /// Whether a picture's components are logits of classes, and a caption's say which of them is true: then it learns by cross-entropy.
    fn classifies(&self) -> bool {
        false
    }

    /// Its parameters as its kind of file has them.
    fn published(&self) -> Result<BTreeMap<String, weights::Tensor>, TrainingError> {
        Ok(parameters::tensors(self))
    }
}

/// Where a parameter stands: what decay, freezing and layer-wise rates go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tower that it belongs to.
    pub tower: Tower,
    /// Layers between it and the tower's output: 0 for the projection, 1 for the last block, and so on.
    pub from_output: usize,
    /// Whether weight decay applies: false for norms, biases, class embeddings and the temperature.
    pub decays: bool,
}

/// A tower, as far as a parameter belongs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tower {
    /// The image tower.
    Image,
    /// The text tower.
    Text,
    /// Both: the temperature, and SigLIP's bias.
    Both,
}

/// A linear layer behind each frozen trunk, and the temperature.
#[derive(Module, Debug)]
pub struct Heads {
    image: Linear,
    text: Linear,
    log_scale: Param<Tensor<1>>,
}

/// How wide heads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// Components of the image trunk's features.
    pub image: usize,
    /// Components of the text trunk's features.
    pub text: usize,
    /// Components of an embedding.
    pub embedding: usize,
}

impl Heads {
    /// Random heads.
    pub fn new(widths: Widths, device: &Device) -> Self {
        let linear = |inputs: usize| {
            let normal = Initializer::Normal { mean: 0.0, std: 1.0 / (inputs as f64).sqrt() };
            let weight = normal.init([inputs, widths.embedding], device);
            Linear { weight, bias: Some(Initializer::Zeros.init([widths.embedding], device)) }
        };
        Self { image: linear(widths.image), text: linear(widths.text), log_scale: Param::from_data([FIRST_SCALE.ln()], device) }
    }

    /// What can be saved and exported, with what `classes` learned.
    pub fn trained(&self, classes: &Classes) -> Trained {
        let scale = self.scale().into_data().iter::<f32>().next().unwrap_or(FIRST_SCALE);
        Trained { image: Projection::of(&self.image), text: Projection::of(&self.text), scale, residuals: classes.trained() }
    }
}

impl TwoTowers for Heads {
    /// Features of the frozen trunk, (batch, features).
    type Image = Tensor<2>;
    type Text = Tensor<2>;

    fn image(&self, input: Tensor<2>) -> Tensor<2> {
        self.image.forward(input)
    }

    fn text(&self, input: Tensor<2>) -> Tensor<2> {
        self.text.forward(input)
    }

    fn scale(&self) -> Tensor<1> {
        self.log_scale.val().clamp_max(MOST_LOG_SCALE).exp()
    }
}

/// `output = input * weight + bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Components that it reads.
    pub inputs: usize,
    /// Components that it gives.
    pub outputs: usize,
    /// (inputs, outputs), row by row.
    pub weight: Vec<f32>,
    /// One for each output.
    pub bias: Vec<f32>,
}

impl Projection {
    /// The same projection of features before they were standardised by `(x - mean) / deviation`.
    pub fn before(mut self, mean: &[f32], deviation: &[f32]) -> Self {
        for (row, (mean, deviation)) in self.weight.chunks_mut(self.outputs).zip(mean.iter().zip(deviation)) {
            for (weight, bias) in row.iter_mut().zip(&mut self.bias) {
                *weight /= deviation;
                *bias -= mean * *weight;
            }
        }
        self
    }

    /// Random: of each output, as much comes of all inputs together as they measure.
    pub fn random(inputs: usize, outputs: usize, rng: &mut impl rand::Rng) -> Self {
        let reach = (3.0 / inputs as f32).sqrt();
        let weight = (0..inputs * outputs).map(|_| (rand::RngExt::random::<f32>(rng) * 2.0 - 1.0) * reach).collect();
        Self { inputs, outputs, weight, bias: vec![0.0; outputs] }
    }

    /// One of `layer`.
    pub fn of(layer: &Linear) -> Self {
        let values = |data: TensorData| data.iter::<f32>().collect::<Vec<f32>>();
        let [inputs, outputs] = layer.weight.dims();
        let bias = layer.bias.as_ref().map_or(vec![0.0; outputs], |bias| values(bias.val().into_data()));
        Self { inputs, outputs, weight: values(layer.weight.val().into_data()), bias }
    }

    /// The same as a layer that can be run and trained on.
    pub fn linear(&self, device: &Device) -> Linear {
        Linear {
            weight: Param::from_data(TensorData::new(self.weight.clone(), [self.inputs, self.outputs]), device),
            bias: Some(Param::from_data(TensorData::new(self.bias.clone(), [self.outputs]), device)),
        }
    }

    /// Projects one row of features.
    pub fn apply(&self, features: &[f32]) -> Vec<f32> {
        let mut output = self.bias.clone();
        for (row, x) in self.weight.chunks(self.outputs).zip(features) {
            output.iter_mut().zip(row).for_each(|(sum, weight)| *sum += x * weight);
        }
        output
    }
}

/// What training gives: a projection behind each trunk and the inverse temperature.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Behind the image trunk.
    pub image: Projection,
    /// Behind the text trunk.
    pub text: Projection,
    /// Inverse temperature.
    pub scale: f32,
    /// What is added to the mean of each class's prompts, (classes, embedding), row by row.
    pub residuals: Vec<f32>,
}

impl Trained {
    /// Writes a safetensors file: `image.weight`, `image.bias`, `text.weight`, `text.bias`, `scale`, `residuals`.
    pub fn write(&self, path: &Path) -> Result<(), TrainingError> {
        let tensor = |shape: Vec<usize>, values: &[f32]| weights::Tensor { shape, values: values.to_vec() };
        let mut tensors = BTreeMap::new();
        for (name, layer) in [("image", &self.image), ("text", &self.text)] {
            tensors.insert(format!("{name}.weight"), tensor(vec![layer.inputs, layer.outputs], &layer.weight));
            tensors.insert(format!("{name}.bias"), tensor(vec![layer.outputs], &layer.bias));
        }
        tensors.insert("scale".to_owned(), tensor(vec![1], &[self.scale]));
        let width = self.image.outputs;
        let shape = vec![self.residuals.len() / width.max(1), width];
        tensors.insert("residuals".to_owned(), tensor(shape, &self.residuals));
        weights::write(path, &tensors, None)
    }

    /// Reads what [`Trained::write`] wrote.
    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let weights = Weights::read(path)?;
        let projection = |name: &str| {
            let (weight, [inputs, outputs]) = weights.shaped(&format!("{name}.weight"), [None, None])?;
            let (bias, _) = weights.shaped(&format!("{name}.bias"), [Some(outputs)])?;
            Ok::<_, TrainingError>(Projection { inputs, outputs, weight: weight.values.clone(), bias: bias.values.clone() })
        };
        let (scale, _) = weights.shaped("scale", [Some(1)])?;
        let image = projection("image")?;
        let (residuals, _) = weights.shaped("residuals", [None, Some(image.outputs)])?;
        Ok(Self {
            image,
            text: projection("text")?,
            scale: scale.values.first().copied().unwrap_or(FIRST_SCALE),
            residuals: residuals.values.clone(),
        })
    }

    /// The same as heads that can be run and trained on.
    pub fn heads(&self, device: &Device) -> Heads {
        Heads {
            image: self.image.linear(device),
            text: self.text.linear(device),
            log_scale: Param::from_data([self.scale.max(1e-3).ln()], device),
        }
    }
}

/// A tensor of a file of weights on a device.
fn load<const D: usize>(tensor: &weights::Tensor, device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(tensor.values.clone(), tensor.shape.clone()), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(inputs: usize, outputs: usize) -> Projection {
        let weight = (0..inputs * outputs).map(|i| (i as f32).sin()).collect();
        Projection { inputs, outputs, weight, bias: (0..outputs).map(|i| i as f32).collect() }
    }

    fn close(a: &[f32], b: &[f32]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
    }

    #[test]
    fn folding_the_standardisation_changes_no_projection() {
        let (mean, deviation, x) = ([1.0, -2.0, 0.5], [0.5, 2.0, 0.1], [3.0, 0.0, -1.0]);
        let standard: Vec<f32> = x.iter().zip(mean.iter().zip(deviation)).map(|(x, (m, d))| (x - m) / d).collect();
        assert!(close(&some(3, 4).before(&mean, &deviation).apply(&x), &some(3, 4).apply(&standard)));
    }

    #[test]
    fn trained_heads_come_back_from_their_file_and_from_burn() {
        let trained = Trained { image: some(3, 4), text: some(5, 4), scale: 17.0, residuals: vec![0.5; 8] };
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("heads.safetensors");
        trained.write(&path).expect("written");
        assert_eq!(Trained::read(&path).expect("read"), trained);

        let device = Device::flex();
        let heads = trained.heads(&device);
        let x = [0.2, -1.0, 3.0];
        let burn = heads.image(Tensor::from_data([x], &device)).into_data().iter::<f32>().collect::<Vec<_>>();
        assert!(close(&burn, &trained.image.apply(&x)), "{burn:?}");
        let classes = Classes::new(2, 4, 1, &device);
        let again = heads.trained(&classes);
        assert!((again.scale - 17.0).abs() < 1e-3 && again.residuals == [0.0; 8]);
    }

    #[test]
    fn the_scale_never_exceeds_one_hundred() {
        let heads = Trained { image: some(1, 1), text: some(1, 1), scale: 1e6, residuals: Vec::new() }.heads(&Device::flex());
        assert!((heads.scale().into_scalar::<f32>() - 100.0).abs() < 1e-3);
    }
}
