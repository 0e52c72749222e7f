//! MobileNetV2 with batch norm folded: TensorFlow's padding, ReLU6.
//!
//! Widths are those of the weights; only what these can't tell (strides, and which blocks add their input) stands here.

use super::{Attribute, Graph, Layer, Values, project};
use crate::training::{
    TrainingError,
    onnx::{Axis, ElementType, Model},
    weights::Weights,
};

/// The stride of each of the seventeen blocks: table 2 of the paper (arXiv 1801.04381).
const STRIDES: [usize; 17] = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

/// The nodes whose rounding costs the most and saves the least: stem and first four blocks, where channels are few and every
/// error travels all the way. With them in float the mean cosine with the float tower was .9983 over 160 photos in 6.9 ms, without
/// .9951 in 6.4 ms; the float tower takes 9.3 ms. The mean at the end is quick in any arithmetic. For other heads on this trunk:
/// `quantise` measures the layers of the image tower, and finds these.
pub const SENSITIVE: [&str; 14] = [
    "stem",
    "blocks.0.depthwise",
    "blocks.0.project",
    "blocks.1.expand",
    "blocks.1.depthwise",
    "blocks.1.project",
    "blocks.2.expand",
    "blocks.2.depthwise",
    "blocks.2.project",
    "blocks.2.sum",
    "blocks.3.expand",
    "blocks.3.depthwise",
    "blocks.3.project",
    "pool",
];

/// The image tower. Reads `pixel_values`, (N, 3, H, W), red first, in [-1, 1], sides even down to the last stride (multiples
/// of 32). Gives `image_embeds`, (N, D), or where there is no head `features`, the mean over the last map, (N, 1280).
pub fn mobilenet_v2(weights: &Weights, head: &[Layer]) -> Result<Model, TrainingError> {
    tower(weights, &STRIDES, head)
}

/// A map that the trunk gives on the way: (N, width, H / stride, W / stride).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Where it leaves the graph.
    pub edge: String,
    /// Its channels.
    pub width: usize,
    /// Pixels of the picture on one of its own.
    pub stride: usize,
}

/// The trunk up to its last block, for what reads maps and no mean: the graph, and the last map of each stride, the finest first.
pub fn mobilenet_v2_maps(weights: &Weights) -> Result<(Graph, Vec<Tap>), TrainingError> {
    let mut trunk = Trunk::new("maps", weights)?;
    let (mut taps, mut reached) = (Vec::new(), 2);
    for (i, &stride) in STRIDES.iter().enumerate() {
        if stride > 1 {
            taps.push(Tap { edge: trunk.edge.clone(), width: trunk.width, stride: reached });
            reached *= stride;
        }
        trunk.block(&format!("blocks.{i}"), stride)?;
    }
    taps.push(Tap { edge: trunk.edge, width: trunk.width, stride: reached });
    Ok((trunk.graph, taps))
}

fn tower(weights: &Weights, strides: &[usize], head: &[Layer]) -> Result<Model, TrainingError> {
    let mut trunk = Trunk::new("image", weights)?;
    for (i, &stride) in strides.iter().enumerate() {
        trunk.block(&format!("blocks.{i}"), stride)?;
    }
    trunk.convolution("head", 1, Kind::Full, true)?;

    let Trunk { mut graph, edge, width, .. } = trunk;
    let mean = graph.node("GlobalAveragePool", "pool", &[&edge], &[]);
    let features = graph.node("Flatten", "flat", &[&mean], &[Attribute::Int("axis", 1)]);
    let (edge, width) = project(&mut graph, features, width, head)?;
    let name = if head.is_empty() { "features" } else { "image_embeds" };
    Ok(graph.finish(&edge, name, &[Axis::Free("N"), Axis::Fixed(width)]))
}

/// What a convolution sums over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// All channels.
    Full,
    /// Each channel alone.
    Depthwise,
}

/// The graph as far as it is built.
struct Trunk<'a> {
    weights: &'a Weights,
    graph: Graph,
    edge: String,
    /// Channels on `edge`.
    width: usize,
    relu6: [String; 2],
}

impl<'a> Trunk<'a> {
    /// The graph `name` with its input and the stem.
    fn new(name: &str, weights: &'a Weights) -> Result<Self, TrainingError> {
        let axes = [Axis::Free("N"), Axis::Fixed(3), Axis::Free("H"), Axis::Free("W")];
        let mut graph = Graph::new(name);
        let edge = graph.input("pixel_values", ElementType::Float, &axes);
        let low = super::scalar(&mut graph, "relu6.low", 0.0);
        let high = super::scalar(&mut graph, "relu6.high", 6.0);
        let mut trunk = Self { weights, graph, edge, width: 3, relu6: [low, high] };
        trunk.convolution("stem", 2, Kind::Full, true)?;
        Ok(trunk)
    }

    /// Widens, looks around, narrows; adds the input where shape and width stayed.
    fn block(&mut self, name: &str, stride: usize) -> Result<(), TrainingError> {
        let (input, width) = (self.edge.clone(), self.width);
        let expand = format!("{name}.expand");
        // The first block's input is wide enough.
        if self.weights.has(&format!("{expand}.weight")) {
            self.convolution(&expand, 1, Kind::Full, true)?;
        }
        self.convolution(&format!("{name}.depthwise"), stride, Kind::Depthwise, true)?;
        self.convolution(&format!("{name}.project"), 1, Kind::Full, false)?;
        if stride == 1 && self.width == width {
            self.edge = self.graph.node("Add", &format!("{name}.sum"), &[&input, &self.edge], &[]);
        }
        Ok(())
    }

    fn convolution(&mut self, name: &str, stride: usize, kind: Kind, relu6: bool) -> Result<(), TrainingError> {
        let (outputs, inputs, groups) = match kind {
            Kind::Full => (None, self.width, 1),
            Kind::Depthwise => (Some(self.width), 1, self.width),
        };
        let (weight, shape) = self.weights.shaped(&format!("{name}.weight"), [outputs, Some(inputs), None, None])?;
        let (bias, _) = self.weights.shaped(&format!("{name}.bias"), [Some(shape[0])])?;
        let graph = &mut self.graph;
        let weight = graph.constant(&format!("{name}.weight"), &shape, Values::Float(&weight.values));
        let bias = graph.constant(&format!("{name}.bias"), &[shape[0]], Values::Float(&bias.values));
        // SAME as TensorFlow has it: of an odd sum of padding the end takes the greater half.
        let padding = (shape[2] - 1).saturating_sub(stride - 1) as i64;
        let (begin, end) = (padding / 2, padding - padding / 2);
        let attributes = [
            Attribute::Ints("kernel_shape", &[shape[2] as i64, shape[3] as i64]),
            Attribute::Ints("strides", &[stride as i64; 2]),
            Attribute::Ints("pads", &[begin, begin, end, end]),
            Attribute::Int("group", groups as i64),
        ];
        self.edge = graph.node("Conv", name, &[&self.edge, &weight, &bias], &attributes);
        if relu6 {
            let [low, high] = &self.relu6;
            self.edge = graph.node("Clip", &format!("{name}.relu6"), &[&self.edge, low, high], &[]);
        }
        self.width = shape[0];
        Ok(())
    }
}

#[cfg(test)]
pub(in crate::training) mod tests {
    use super::super::testing::{Numbers, assert_close, run, weights};
    use super::*;
    use crate::{
        encoder::{Input, Values},
        training::weights::Tensor,
    };

    const SMALL: [usize; 3] = [1, 2, 1];
    /// Sides of the input.
    const SIDE: usize = 16;

    /// Three blocks: no expansion, stride 2, residual.
    fn small_weights() -> Weights {
        weights(&[
            ("stem.weight", &[8, 3, 3, 3]),
            ("stem.bias", &[8]),
            ("blocks.0.depthwise.weight", &[8, 1, 3, 3]),
            ("blocks.0.depthwise.bias", &[8]),
            ("blocks.0.project.weight", &[4, 8, 1, 1]),
            ("blocks.0.project.bias", &[4]),
            ("blocks.1.expand.weight", &[12, 4, 1, 1]),
            ("blocks.1.expand.bias", &[12]),
            ("blocks.1.depthwise.weight", &[12, 1, 3, 3]),
            ("blocks.1.depthwise.bias", &[12]),
            ("blocks.1.project.weight", &[6, 12, 1, 1]),
            ("blocks.1.project.bias", &[6]),
            ("blocks.2.expand.weight", &[18, 6, 1, 1]),
            ("blocks.2.expand.bias", &[18]),
            ("blocks.2.depthwise.weight", &[18, 1, 3, 3]),
            ("blocks.2.depthwise.bias", &[18]),
            ("blocks.2.project.weight", &[6, 18, 1, 1]),
            ("blocks.2.project.bias", &[6]),
            ("head.weight", &[20, 6, 1, 1]),
            ("head.bias", &[20]),
        ])
    }

    /// A tower of three blocks and an MLP head of five outputs.
    pub fn small() -> Model {
        tower(&small_weights(), &SMALL, &head()).expect("a tower")
    }

    fn head() -> [Layer; 3] {
        let mut numbers = Numbers(3);
        let mut linear = |inputs: usize, outputs: usize| Layer::Linear {
            weight: Tensor { shape: vec![inputs, outputs], values: numbers.take(inputs * outputs) },
            bias: numbers.take(outputs),
        };
        [linear(20, 7), Layer::Relu, linear(7, 5)]
    }

    /// A map of (channels, side, side).
    struct Map(Vec<f32>, usize);

    /// One image through one convolution, a sum at a time.
    fn convolve(w: &Weights, name: &str, x: &Map, stride: usize, depthwise: bool, relu6: bool) -> Map {
        let weight = w.get(&format!("{name}.weight")).expect("a weight");
        let bias = &w.get(&format!("{name}.bias")).expect("a bias").values;
        let [outputs, inputs, kernel, _] = weight.shape[..] else { panic!("four axes") };
        let (Map(x, side), reach) = (x, if kernel == 1 { 0 } else { 2 - stride as isize });
        let out = side / stride;
        let mut map = Vec::new();
        for (o, row, column) in (0..outputs * out * out).map(|i| (i / out / out, i / out % out, i % out)) {
            let mut sum = bias[o];
            for (i, dy, dx) in (0..inputs * kernel * kernel).map(|k| (k / kernel / kernel, k / kernel % kernel, k % kernel)) {
                let (y, z) = ((row * stride + dy) as isize - reach, (column * stride + dx) as isize - reach);
                let inside = |at: isize| (0..*side as isize).contains(&at);
                if inside(y) && inside(z) {
                    let channel = if depthwise { o } else { i };
                    let weight = weight.values[((o * inputs + i) * kernel + dy) * kernel + dx];
                    sum += weight * x[(channel * side + y as usize) * side + z as usize];
                }
            }
            map.push(if relu6 { sum.clamp(0.0, 6.0) } else { sum });
        }
        Map(map, out)
    }

    fn naive(w: &Weights, image: &[f32]) -> Vec<f32> {
        let mut x = convolve(w, "stem", &Map(image.to_vec(), SIDE), 2, false, true);
        for (i, &stride) in SMALL.iter().enumerate() {
            let name = |part: &str| format!("blocks.{i}.{part}");
            let wide = if i == 0 { Map(x.0.clone(), x.1) } else { convolve(w, &name("expand"), &x, 1, false, true) };
            let looked = convolve(w, &name("depthwise"), &wide, stride, true, true);
            let mut narrow = convolve(w, &name("project"), &looked, 1, false, false);
            if i == 2 {
                narrow.0.iter_mut().zip(&x.0).for_each(|(y, x)| *y += x);
            }
            x = narrow;
        }
        let Map(last, side) = convolve(w, "head", &x, 1, false, true);
        let mut x: Vec<f32> = last.chunks(side * side).map(|map| map.iter().sum::<f32>() / map.len() as f32).collect();
        for layer in head() {
            match layer {
                Layer::Linear { weight, bias } => {
                    let column =
                        |c: usize| x.iter().enumerate().map(|(i, x)| x * weight.values[i * bias.len() + c]).sum::<f32>();
                    x = (0..bias.len()).map(|c| column(c) + bias[c]).collect();
                }
                Layer::Relu => x.iter_mut().for_each(|x| *x = x.max(0.0)),
            }
        }
        x
    }

    #[test]
    fn the_image_tower_equals_a_plain_forward_pass() {
        let images = Numbers(11).take(2 * 3 * SIDE * SIDE);
        let input = Input { name: "pixel_values", shape: &[2, 3, SIDE, SIDE], values: Values::F32(&images) };
        let found = run(&small(), &[input], "image_embeds");
        assert_eq!(found.shape, [2, 5]);
        let want: Vec<f32> = images.chunks(3 * SIDE * SIDE).flat_map(|image| naive(&small_weights(), image)).collect();
        assert_close(&found.values, &want, 1e-4);
    }

    #[test]
    fn a_head_of_another_width_is_refused() {
        let head = [Layer::Linear { weight: Tensor { shape: vec![19, 2], values: vec![0.0; 38] }, bias: vec![0.0; 2] }];
        let error = tower(&small_weights(), &SMALL, &head).expect_err("20 features").to_string();
        assert!(error.contains("projection.0 has the shape [19, 2], not [20, 2]"), "{error}");
        let error = mobilenet_v2(&small_weights(), &[]).expect_err("three blocks").to_string();
        assert!(error.contains("blocks.3.depthwise.weight"), "{error}");
    }
}
