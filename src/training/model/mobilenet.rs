//! MobileNetV2's trunk (Sandler et al. 2018), batch norm folded, to the pooled 1280 features.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, ops::PadMode, s},
};

use super::{
    kernels::{bias_relu6, depthwise_relu6},
    load,
};
use crate::training::{TrainingError, weights::Weights};

/// Expansion, repeats and stride of each stage, table 2 of the paper. Widths stand in the weights.
pub(super) const STAGES: [(usize, usize, usize); 7] =
    [(1, 1, 1), (6, 2, 2), (6, 3, 2), (6, 4, 2), (6, 3, 1), (6, 3, 2), (6, 1, 1)];

/// The trunk. Input (batch, 3, height, width) in [-1, 1]; output (batch, 1280).
#[derive(Module, Debug)]
pub struct MobileNetV2 {
    stem: Conv,
    blocks: Vec<Block>,
    head: Conv,
}

#[derive(Module, Debug)]
struct Block {
    expand: Option<Conv>,
    depthwise: Conv,
    project: Conv,
}

#[derive(Module, Debug)]
struct Conv {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
    stride: usize,
    groups: usize,
}

impl MobileNetV2 {
    /// Takes `stem`, `blocks.N.{expand,depthwise,project}` and `head` from `weights`.
    pub fn new(weights: &Weights, device: &Device) -> Result<Self, TrainingError> {
        let conv = |name: &str, stride, depthwise: bool| Conv::new(weights, name, stride, depthwise, device);
        let mut blocks = Vec::new();
        for (expansion, repeats, stride) in STAGES {
            for repeat in 0..repeats {
                let part = |part: &str| format!("blocks.{}.{part}", blocks.len());
                let expand = (expansion > 1).then(|| conv(&part("expand"), 1, false)).transpose()?;
                let depthwise = conv(&part("depthwise"), if repeat == 0 { stride } else { 1 }, true)?;
                let project = conv(&part("project"), 1, false)?;
                blocks.push(Block { expand, depthwise, project });
            }
        }
        Ok(Self { stem: conv("stem", 2, false)?, blocks, head: conv("head", 1, false)? })
    }

    /// Components of the pooled features.
    pub fn width(&self) -> usize {
        self.head.weight.dims()[0]
    }

    /// Layers between the part `name` (`stem`, `blocks.N`, `head`) and the features, which count as none.
    pub(super) fn layers_behind(&self, name: &str) -> usize {
        let block = name.strip_prefix("blocks.").and_then(|rest| rest.split('.').next()).and_then(|n| n.parse::<usize>().ok());
        match block {
            Some(block) => self.blocks.len().saturating_sub(block),
            None if name.starts_with("stem") => self.blocks.len() + 1,
            None => 0,
        }
    }

    /// The pooled features.
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.finish(self.begin(pixels, self.parts()), self.parts())
    }

    /// Stem, blocks and head.
    pub(super) fn parts(&self) -> usize {
        self.blocks.len() + 2
    }

    /// What the first `parts` make of pixels: a row for each picture, its pixels one after the other, pooled where they are all.
    pub(super) fn begin(&self, pixels: Tensor<4>, parts: usize) -> Tensor<2> {
        let x = (0..parts).fold(pixels.permute([0, 2, 3, 1]), |x, part| self.part(part, x));
        if parts == self.parts() { pool(x) } else { x.flatten(1, 3) }
    }

    /// The pooled features of what `begin` gave for as many `parts`.
    pub(super) fn finish(&self, begun: Tensor<2>, parts: usize) -> Tensor<2> {
        if parts == self.parts() {
            return begun;
        }
        let [batch, values] = begun.dims();
        let channels = match parts {
            0 => 3,
            1 => self.stem.weight.dims()[0],
            _ => self.blocks.get(parts - 2).map_or(values, |block| block.project.weight.dims()[0]),
        };
        let side = (values / channels).isqrt();
        pool((parts..self.parts()).fold(begun.reshape([batch, side, side, channels]), |x, part| self.part(part, x)))
    }

    /// From and to (batch, height, width, channels): a convolution of one pixel is then one product.
    fn part(&self, part: usize, x: Tensor<4>) -> Tensor<4> {
        let Some(before) = part.checked_sub(1) else { return self.stem.relu6(x) };
        let Some(block) = self.blocks.get(before) else { return self.head.relu6(x) };
        let expanded = block.expand.as_ref().map_or(x.clone(), |expand| expand.relu6(x.clone()));
        let y = block.project.project(block.depthwise.relu6(expanded));
        if x.dims() == y.dims() { x + y } else { y }
    }
}

fn pool(x: Tensor<4>) -> Tensor<2> {
    x.flatten::<3>(1, 2).mean_dim(1).flatten(1, 2)
}

impl Conv {
    fn new(weights: &Weights, name: &str, stride: usize, depthwise: bool, device: &Device) -> Result<Self, TrainingError> {
        let (weight, [outputs, ..]) = weights.shaped(&format!("{name}.weight"), [None; 4])?;
        let (bias, _) = weights.shaped(&format!("{name}.bias"), [Some(outputs)])?;
        let groups = if depthwise { outputs } else { 1 };
        Ok(Self {
            weight: Param::from_tensor(load(weight, device)),
            bias: Param::from_tensor(load(bias, device)),
            stride,
            groups,
        })
    }

    /// The product with what each pixel sees, (pixels, channels).
    fn product(&self, seen: Tensor<2>) -> Tensor<2> {
        let outputs = self.weight.dims()[0];
        seen.matmul(self.weight.val().reshape([outputs as i32, -1]).transpose())
    }

    /// Without a limit, of a window of one pixel.
    fn project(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, height, width, channels] = x.dims();
        let y = self.product(x.reshape([-1, channels as i32])) + self.bias.val().unsqueeze();
        y.reshape([batch as i32, height as i32, width as i32, -1])
    }

    fn relu6(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, height, width, channels] = x.dims();
        let bias = self.bias.val();
        let [outputs, inputs, side, _] = self.weight.dims();
        if side == 1 {
            return bias_relu6(self.product(x.reshape([-1, channels as i32])), bias).reshape([batch, height, width, outputs]);
        }
        if inputs == 1 && self.groups > 1 {
            return depthwise_relu6(x, self.weight.val(), bias, self.stride);
        }
        bias_relu6(self.product(windows(x)), bias).reshape([batch, height / 2, width / 2, outputs])
    }
}

/// What the stem's windows of 3 x 3 see, (windows, channels x 9), with TensorFlow's SAME: at a stride of 2 only the right and the bottom are
/// padded.
fn windows(x: Tensor<4>) -> Tensor<2> {
    let [_, height, width, channels] = x.dims();
    let (rows, columns) = (height / 2, width / 2);
    let x = x.pad([(0, 0), (0, 1), (0, 1), (0, 0)], PadMode::Constant(0.0));
    let seen = (0..9).map(|at| {
        let (dy, dx) = (at / 3, at % 3);
        x.clone().slice(s![.., dy..dy + 2 * rows - 1;2, dx..dx + 2 * columns - 1;2, ..]).unsqueeze_dim::<5>(4)
    });
    Tensor::cat(seen.collect(), 4).reshape([-1, 9 * channels as i32])
}
