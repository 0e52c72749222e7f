//! The whole network as a graph: the trunk, the head behind it, and what whoever runs it must know.

use std::collections::BTreeMap;

use super::{classes, head::DILATION};
use crate::{
    encoder::{SEGMENTER_OUTPUT, SegmenterCard},
    training::{
        TrainingError,
        onnx::{
            Attribute, Axis, Graph, Model, Values,
            towers::{self, Tap},
        },
        weights::Weights,
    },
};

/// The short side to which a photo is brought: a CamVid frame's, in whole multiples of the last stride.
pub const SHORT_SIDE: usize = 352;

/// Nodes that stay in float: the trunk's first, as in the image tower, and the head's smallest, whose rounding costs most.
pub fn exact_nodes() -> Vec<&'static str> {
    towers::SENSITIVE.into_iter().chain(["gate.mean", "gate", "classify"]).collect()
}

/// The network of the trunk's `weights` and the head's. Reads `pixel_values`, (N, 3, H, W), gives `logits`, (N, classes, H / 4, W / 4).
pub fn graph(trunk: &Weights, head: &Weights) -> Result<Model, TrainingError> {
    let (graph, taps) = towers::mobilenet_v2_maps(trunk)?;
    let things = classes::things()?;
    let mut builder = Builder { graph, head };
    let [x4, x8, x16, x32] = finest_four(&taps)?;
    let mean = builder.graph.node("GlobalAveragePool", "gate.mean", &[x32], &[]);
    let gate = builder.conv("gate", &mean, 1)?;
    let gate = builder.graph.node("Sigmoid", "gate.open", &[&gate], &[]);
    let x = builder.conv("read32", x32, 1)?;
    let x = builder.graph.node("Relu", "read32.relu", &[&x], &[]);
    let x = builder.graph.node("Mul", "gated", &[&x, &gate], &[]);
    let x = builder.add("read16", &x, x16)?;
    let x = builder.mix("mix16", &x, DILATION)?;
    let x = builder.add("read8", &x, x8)?;
    let x = builder.mix("mix8", &x, 1)?;
    let x = builder.conv("narrow", &x, 1)?;
    let x = builder.add("read4", &x, x4)?;
    let x = builder.mix("mix4", &x, 1)?;
    let logits = builder.conv("classify", &x, 1)?;
    let axes = [Axis::Free("N"), Axis::Fixed(things.len()), Axis::Free("H/4"), Axis::Free("W/4")];
    let mut model = builder.graph.finish(&logits, SEGMENTER_OUTPUT, &axes);
    let card = SegmenterCard { things, short_side: SHORT_SIDE, multiple: 32, mean: [0.5; 3], std: [0.5; 3] };
    model.metadata = card.entries().into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<BTreeMap<_, _>>();
    Ok(model)
}

/// The edges of the maps that the head reads.
fn finest_four(taps: &[Tap]) -> Result<[&str; 4], TrainingError> {
    let edge = |stride: usize| taps.iter().find(|tap| tap.stride == stride).map(|tap| tap.edge.as_str());
    match super::head::STRIDES.map(edge) {
        [Some(x4), Some(x8), Some(x16), Some(x32)] => Ok([x4, x8, x16, x32]),
        _ => Err(TrainingError::Setting { problem: "the trunk lacks a map that the head reads".to_owned() }),
    }
}

struct Builder<'a> {
    graph: Graph,
    head: &'a Weights,
}

impl Builder<'_> {
    fn conv(&mut self, name: &str, edge: &str, dilation: usize) -> Result<String, TrainingError> {
        let (weight, shape) = self.head.shaped(&format!("{name}.weight"), [None; 4])?;
        let (bias, _) = self.head.shaped(&format!("{name}.bias"), [Some(shape[0])])?;
        let weight = self.graph.constant(&format!("{name}.weight"), &shape, Values::Float(&weight.values));
        let bias = self.graph.constant(&format!("{name}.bias"), &[shape[0]], Values::Float(&bias.values));
        let reach = (shape[2] / 2 * dilation) as i64;
        let attributes = [
            Attribute::Ints("kernel_shape", &[shape[2] as i64, shape[3] as i64]),
            Attribute::Ints("dilations", &[dilation as i64; 2]),
            Attribute::Ints("pads", &[reach; 4]),
        ];
        Ok(self.graph.node("Conv", name, &[edge, &weight, &bias], &attributes))
    }

    /// The coarse map `edge`, twice as large, and what the head reads of `tap`.
    fn add(&mut self, name: &str, edge: &str, tap: &str) -> Result<String, TrainingError> {
        let read = self.conv(name, tap, 1)?;
        let scales = self.graph.constant(&format!("{name}.scales"), &[4], Values::Float(&[1.0, 1.0, 2.0, 2.0]));
        let mode = [Attribute::Text("mode", "linear")];
        let coarse = self.graph.node("Resize", &format!("{name}.coarse"), &[edge, "", &scales], &mode);
        let sum = self.graph.node("Add", &format!("{name}.sum"), &[&coarse, &read], &[]);
        Ok(self.graph.node("Relu", &format!("{name}.relu"), &[&sum], &[]))
    }

    /// What each pixel's neighbours add to it.
    fn mix(&mut self, name: &str, edge: &str, dilation: usize) -> Result<String, TrainingError> {
        let near = self.conv(name, edge, dilation)?;
        let sum = self.graph.node("Add", &format!("{name}.sum"), &[&near, edge], &[]);
        Ok(self.graph.node("Relu", &format!("{name}.relu"), &[&sum], &[]))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor as Burnt, TensorData};

    use super::{
        super::{
            classes::COUNT,
            head::{Head, Widths},
            taps::Trunk,
        },
        *,
    };
    use crate::{
        encoder::{Input, Values as Fed},
        training::{
            onnx::towers::testing::{Numbers, run, weights},
            quantise::{self, WeightBits},
            weights::Tensor,
        },
    };

    const SIDES: [usize; 2] = [64, 96];
    /// Channels of each block's output: MobileNetV2 made thin.
    const WIDTHS: [usize; 17] = [3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9];

    fn thin_trunk() -> Weights {
        let mut shapes = vec![("stem.weight".to_owned(), vec![3, 3, 3, 3]), ("stem.bias".to_owned(), vec![3])];
        let mut inputs = 3;
        for (i, &outputs) in WIDTHS.iter().enumerate() {
            let wide = if i == 0 { inputs } else { 2 * inputs };
            let parts = [("expand", wide, inputs, 1), ("depthwise", wide, 1, 3), ("project", outputs, wide, 1)];
            for (part, outputs, inputs, kernel) in parts.into_iter().skip(usize::from(i == 0)) {
                shapes.push((format!("blocks.{i}.{part}.weight"), vec![outputs, inputs, kernel, kernel]));
                shapes.push((format!("blocks.{i}.{part}.bias"), vec![outputs]));
            }
            inputs = outputs;
        }
        let shapes: Vec<(&str, &[usize])> = shapes.iter().map(|(name, shape)| (name.as_str(), &shape[..])).collect();
        weights(&shapes)
    }

    fn pixels() -> Vec<f32> {
        Numbers(9).take(3 * SIDES[0] * SIDES[1])
    }

    fn logits(model: &Model) -> Vec<f32> {
        let pixels = pixels();
        let input = Input { name: "pixel_values", shape: &[1, 3, SIDES[0], SIDES[1]], values: Fed::F32(&pixels) };
        let output = run(model, &[input], SEGMENTER_OUTPUT);
        assert_eq!(output.shape, [1, COUNT, SIDES[0] / 4, SIDES[1] / 4]);
        output.values
    }

    /// The graph, and the logits that Burn gives of the trunk's maps, standardised.
    fn both() -> (Model, Vec<f32>) {
        let (trunk, device) = (thin_trunk(), Device::flex());
        device.seed(4);
        let head = Head::new(Widths { taps: [4, 5, 7, 9], wide: 8, narrow: 6 }, &device);
        let means: [Vec<f32>; 4] = [4, 5, 7, 9].map(|width| Numbers(width as u32).take(width));
        let deviations = means.clone().map(|means| means.iter().map(|x| 0.7 + x.abs()).collect::<Vec<f32>>());
        let fitted = Weights::new("memory", head.weights(&means, &deviations)).expect("a head");
        let maps = Trunk::new(&trunk).expect("a trunk").maps(&pixels(), SIDES).expect("maps");
        let mut tap = 0;
        let maps = maps.map(|output| {
            let shape: [usize; 4] = output.shape[..].try_into().expect("a map");
            let area = shape[2] * shape[3];
            let standard =
                output.values.iter().enumerate().map(|(i, x)| (x - means[tap][i / area]) / deviations[tap][i / area]);
            let data = TensorData::new(standard.collect::<Vec<f32>>(), shape);
            tap += 1;
            Burnt::from_data(data, &device)
        });
        let want = head.forward(maps, 0.0).into_data().iter::<f32>().collect();
        (graph(&trunk, &fitted).expect("a graph"), want)
    }

    #[test]
    fn the_exported_network_equals_the_head_behind_the_trunk() {
        let (model, want) = both();
        let found = logits(&model);
        let worst = found.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{worst} apart");
    }

    #[test]
    fn rounded_to_seven_bits_it_says_nearly_the_same() {
        let (model, want) = both();
        let shown = Tensor { shape: vec![1, 3, SIDES[0], SIDES[1]], values: pixels() };
        let ranges = quantise::calibrate(&model, [Ok(shown)]).expect("ranges");
        let rounded = quantise::qdq(&model, &ranges, WeightBits::Seven, &exact_nodes()).expect("a graph");
        assert_eq!(rounded.metadata, model.metadata);
        let found = logits(&rounded);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = dot(&found, &want) / (dot(&found, &found) * dot(&want, &want)).sqrt();
        assert!(cosine > 0.99, "{cosine}");
    }
}
