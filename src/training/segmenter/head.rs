//! What is learned: from the trunk's maps at strides 4, 8, 16 and 32 to the classes at stride 4.
//!
//! A pyramid (Lin et al. 2017) that adds each finer map to what the coarser ones found, with a gate by the whole picture at its top as
//! in LR-ASPP (Howard et al. 2019, figure 10).

use std::collections::BTreeMap;

use burn::{
    module::Module,
    nn::{
        DropoutConfig, Initializer, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{
        Device, Tensor,
        activation::{relu, sigmoid},
        module::{adaptive_avg_pool2d, interpolate},
        ops::{InterpolateMode, InterpolateOptions},
    },
};

use super::classes::COUNT;
use crate::training::weights;

/// Strides of the maps that are read, the finest first.
pub const STRIDES: [usize; 4] = [4, 8, 16, 32];
/// Reach of the middle layer in its own pixels: it shall see most of a picture.
pub const DILATION: usize = 2;

/// How wide the head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// Channels of the maps that are read, the finest first.
    pub taps: [usize; 4],
    /// Channels at strides 8 and 16.
    pub wide: usize,
    /// Channels at stride 4.
    pub narrow: usize,
}

/// The head. Its parts bear the names of the exported nodes.
#[derive(Module, Debug)]
pub struct Head {
    read4: Conv2d,
    read8: Conv2d,
    read16: Conv2d,
    read32: Conv2d,
    gate: Conv2d,
    mix16: Conv2d,
    mix8: Conv2d,
    mix4: Conv2d,
    narrow: Conv2d,
    classify: Conv2d,
}

impl Head {
    /// A random head.
    pub fn new(widths: Widths, device: &Device) -> Self {
        let Widths { taps, wide, narrow } = widths;
        let conv = |inputs: usize, outputs: usize, kernel: usize, dilation: usize| {
            let reach = kernel / 2 * dilation;
            Conv2dConfig::new([inputs, outputs], [kernel; 2])
                .with_dilation([dilation; 2])
                .with_padding(PaddingConfig2d::Explicit(reach, reach, reach, reach))
                .with_initializer(Initializer::KaimingUniform { gain: 1.0, fan_out_only: false })
                .init(device)
        };
        let read = |tap: usize, outputs: usize| conv(taps[tap], outputs, 1, 1);
        Self {
            read4: read(0, narrow),
            read8: read(1, wide),
            read16: read(2, wide),
            read32: read(3, wide),
            gate: read(3, wide),
            mix16: conv(wide, wide, 3, DILATION),
            mix8: conv(wide, wide, 3, 1),
            mix4: conv(narrow, narrow, 3, 1),
            narrow: conv(wide, narrow, 1, 1),
            classify: conv(narrow, COUNT, 1, 1),
        }
    }

    /// Logits, (batch, classes, height / 4, width / 4), of the maps at [`STRIDES`]; `dropout` is the share of features that the last
    /// layer must do without, 0 outside training.
    pub fn forward(&self, [x4, x8, x16, x32]: [Tensor<4>; 4], dropout: f64) -> Tensor<4> {
        let mean = adaptive_avg_pool2d(x32.clone(), [1, 1]);
        let x = relu(self.read32.forward(x32)) * sigmoid(self.gate.forward(mean));
        let x = relu(double(x) + self.read16.forward(x16));
        let x = relu(self.mix16.forward(x.clone()) + x);
        let x = relu(double(x) + self.read8.forward(x8));
        let x = relu(self.mix8.forward(x.clone()) + x);
        let x = relu(double(self.narrow.forward(x)) + self.read4.forward(x4));
        let x = relu(self.mix4.forward(x.clone()) + x);
        self.classify.forward(DropoutConfig::new(dropout).init().forward(x))
    }

    /// Weights and biases by the names of the exported nodes, for maps as the trunk gives them where the head learned from
    /// standardised ones: less `means`, over `deviations`, of each tap.
    pub fn weights(&self, means: &[Vec<f32>; 4], deviations: &[Vec<f32>; 4]) -> BTreeMap<String, weights::Tensor> {
        let mut all = BTreeMap::new();
        let parts = [
            ("read4", &self.read4, Some(0)),
            ("read8", &self.read8, Some(1)),
            ("read16", &self.read16, Some(2)),
            ("read32", &self.read32, Some(3)),
            ("gate", &self.gate, Some(3)),
            ("mix16", &self.mix16, None),
            ("mix8", &self.mix8, None),
            ("mix4", &self.mix4, None),
            ("narrow", &self.narrow, None),
            ("classify", &self.classify, None),
        ];
        for (name, conv, tap) in parts {
            let mut weight: Vec<f32> = conv.weight.val().into_data().iter::<f32>().collect();
            let shape = conv.weight.dims().to_vec();
            let mut bias: Vec<f32> = match &conv.bias {
                Some(bias) => bias.val().into_data().iter::<f32>().collect(),
                None => vec![0.0; shape.first().copied().unwrap_or(0)],
            };
            if let Some(tap) = tap {
                let inputs = means[tap].len().max(1);
                for (row, bias) in weight.chunks_mut(inputs).zip(&mut bias) {
                    for (w, (mean, deviation)) in row.iter_mut().zip(means[tap].iter().zip(&deviations[tap])) {
                        *w /= deviation;
                        *bias -= *w * mean;
                    }
                }
            }
            all.insert(format!("{name}.bias"), weights::Tensor { shape: vec![bias.len()], values: bias });
            all.insert(format!("{name}.weight"), weights::Tensor { shape, values: weight });
        }
        all
    }
}

/// Twice as high and wide, as ONNX's `Resize` does it by default.
fn double(x: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false);
    interpolate(x, options.with_output_size([2 * height, 2 * width]))
}
