//! The two towers as graphs: pretrained trunks, and the projections fitted on top.
//!
//! Owns the networks' architecture. Leaves the fitting of projections to the trainer; its output is not normalised, as
//! `Embedding` does that.

mod clip;
mod minilm;
mod mobilenet;
mod transformer;

pub use clip::{clip_image, clip_text};
pub use minilm::minilm;
pub use mobilenet::{SENSITIVE, Tap, mobilenet_v2, mobilenet_v2_maps};
#[cfg(test)]
pub(in crate::training) use {
    clip::tests as small_clip, minilm::tests::projected as projected_text, minilm::tests::small as small_text,
    mobilenet::tests::small as small_image,
};

use super::{Attribute, Graph, Values};
use crate::training::{TrainingError, weights::Tensor};

/// One layer of the head that turns a trunk's features into the shared space.
#[derive(Clone, Debug)]
pub enum Layer {
    /// `x * weight + bias`.
    Linear {
        /// (inputs, outputs).
        weight: Tensor,
        /// One for each output.
        bias: Vec<f32>,
    },
    /// What is negative becomes zero.
    Relu,
}

/// Appends `layers`, named `projection.0` and so on, to the `width` values on `edge`; gives the last edge and its width.
fn project(graph: &mut Graph, edge: String, width: usize, layers: &[Layer]) -> Result<(String, usize), TrainingError> {
    let (mut edge, mut width) = (edge, width);
    for (i, layer) in layers.iter().enumerate() {
        let name = format!("projection.{i}");
        match layer {
            Layer::Linear { weight, bias } => {
                if weight.shape != [width, bias.len()] || weight.values.len() != width * bias.len() {
                    let (file, found) = ("the fitted head".to_owned(), weight.shape.clone());
                    let want = format!("[{width}, {}]", bias.len());
                    return Err(TrainingError::Shape { file, tensor: name, found, want });
                }
                if !weight.values.iter().chain(bias).all(|x| x.is_finite()) {
                    return Err(TrainingError::NotFinite { file: "the fitted head".to_owned(), tensor: name });
                }
                edge = linear(graph, &edge, &name, [width, bias.len()], &weight.values, bias);
                width = bias.len();
            }
            Layer::Relu => edge = graph.node("Relu", &name, &[&edge], &[]),
        }
    }
    Ok((edge, width))
}

/// `edge * weight + bias` along the last axis; the matrix product bears `name`.
fn linear(graph: &mut Graph, edge: &str, name: &str, shape: [usize; 2], weight: &[f32], bias: &[f32]) -> String {
    let weight = graph.constant(&format!("{name}.weight"), &shape, Values::Float(weight));
    let bias = graph.constant(&format!("{name}.bias"), &[shape[1]], Values::Float(bias));
    let product = graph.node("MatMul", name, &[edge, &weight], &[]);
    graph.node("Add", &format!("{name}.sum"), &[&product, &bias], &[])
}

/// A number.
fn scalar(graph: &mut Graph, name: &str, value: f32) -> String {
    graph.constant(name, &[], Values::Float(&[value]))
}

/// A tensor's shape, or a list of axes.
fn integers(graph: &mut Graph, name: &str, values: &[i64]) -> String {
    graph.constant(name, &[values.len()], Values::Int64(values))
}

/// What the tests of the towers and of the quantiser share: small networks of arbitrary weights, and a way to run them.
#[cfg(test)]
pub(in crate::training) mod testing {
    use crate::{
        encoder::{Input, OnnxSession, Output, Runtime, SessionOptions},
        training::{
            onnx::Model,
            weights::{Tensor, Weights},
        },
    };

    /// The same numbers at every call, in [-1, 1].
    pub struct Numbers(pub u32);

    impl Numbers {
        pub fn take(&mut self, count: usize) -> Vec<f32> {
            let mut next = || {
                self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
            };
            (0..count).map(|_| next()).collect()
        }
    }

    /// Tensors of these shapes, so scaled that a layer keeps the size of what passes through.
    pub fn weights(shapes: &[(&str, &[usize])]) -> Weights {
        let mut numbers = Numbers(7);
        let tensors = shapes.iter().map(|(name, shape)| {
            let fan = shape.iter().skip(1).product::<usize>().max(1) as f32;
            let values = numbers.take(shape.iter().product()).iter().map(|x| x * (3.0 / fan).sqrt()).collect();
            (name.to_string(), Tensor { shape: shape.to_vec(), values })
        });
        Weights::new("memory", tensors).expect("finite weights")
    }

    pub fn run(model: &Model, inputs: &[Input<'_>], output: &str) -> Output {
        let runtime = Runtime::load(None).expect("ONNX Runtime, as set-up installs it");
        let bytes = model.to_bytes();
        let mut session = OnnxSession::open(runtime, "test", &bytes, &SessionOptions::default()).expect("a graph");
        let mut outputs = [Output::named(output)];
        session.run(inputs, &mut outputs).expect("a run");
        let [output] = outputs;
        output
    }

    #[track_caller]
    pub fn assert_close(found: &[f32], want: &[f32], tolerance: f32) {
        assert_eq!(found.len(), want.len());
        let worst = found.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= tolerance, "{worst} apart: {found:?} against {want:?}");
    }

    /// (N, T, inputs) through a layer whose weight is (outputs, inputs).
    pub fn dense(x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let inputs = weight.len() / bias.len();
        let row = |x: &[f32]| -> Vec<f32> {
            let output = |(w, b): (&[f32], &f32)| x.iter().zip(w).map(|(x, w)| x * w).sum::<f32>() + b;
            weight.chunks(inputs).zip(bias).map(output).collect()
        };
        x.chunks(inputs).flat_map(row).collect()
    }
}
