//! Static quantisation as pairs of QuantizeLinear and DequantizeLinear around float operators, which ONNX Runtime fuses into
//! integer ones.

use std::collections::BTreeMap;

use super::{
    Ranges, WeightBits,
    plan::Plan,
    rounding::{Order, Rounded},
    unpack::unpacked,
};
use crate::training::{
    TrainingError,
    onnx::{Attribute, Graph, GraphProto, Model, NodeProto, Values},
};

/// The greatest bias in steps; leaves room in 32 bits for the sum that it is added to.
const BIAS_LIMIT: f32 = (1_u32 << 30) as f32;

/// Quantises convolutions, residual sums and the global mean, but for the nodes named in `keep_float`. The matrix of a product is
/// stored in 8 bits, and multiplied in floats: it is small, and ends the network. Every reader of a rounded edge reads it rounded, or ONNX Runtime would not fuse. What is kept in float should be
/// a stretch that begins or ends the network, or whole blocks: a lone float convolution between integer ones is quantised by
/// ONNX Runtime itself, with one scale for all its channels.
pub fn qdq(model: &Model, ranges: &Ranges, bits: WeightBits, keep_float: &[&str]) -> Result<Model, TrainingError> {
    let origin = &model.graph;
    let plan = Plan::new(origin, keep_float);
    let graph = Graph::new(origin.name());
    let mut rewrite = Rewrite { origin, plan, keep_float, ranges, bits, graph, rounded: BTreeMap::new() };
    for input in &origin.input {
        rewrite.round_edge(input.name())?;
    }
    for node in &origin.node {
        rewrite.node(node)?;
    }
    Ok(Model { metadata: model.metadata.clone(), ..rewrite.graph.finish_as(origin) })
}

struct Rewrite<'a> {
    origin: &'a GraphProto,
    plan: Plan,
    keep_float: &'a [&'a str],
    ranges: &'a Ranges,
    bits: WeightBits,
    graph: Graph,
    /// The edge to read for one that is rounded.
    rounded: BTreeMap<String, String>,
}

impl Rewrite<'_> {
    fn node(&mut self, node: &NodeProto) -> Result<(), TrainingError> {
        if self.plan.folded.values().any(|output| node.output.contains(output)) {
            return Ok(());
        }
        let integer = self.plan.nodes.contains(node.name());
        let mut inputs: Vec<String> = node.input.iter().map(|edge| self.rounded.get(edge).unwrap_or(edge).clone()).collect();
        match (node.op_type(), &node.input[..]) {
            ("Conv", [x, weight, bias]) if integer => {
                [inputs[1], inputs[2]] = self.convolution(node, x, weight, bias)?;
            }
            ("MatMul", [_, weight]) if !self.keep_float.contains(&node.name()) => match self.origin.floats(weight) {
                Some((shape, values)) if shape.len() == 2 => {
                    inputs[1] = unpacked(&mut self.graph, weight, [shape[0], shape[1]], &values);
                }
                _ => {}
            },
            _ => {
                for edge in &node.input {
                    if let Some(constant) = self.origin.constant(edge) {
                        self.graph.adopt(constant);
                    }
                }
            }
        }
        let outputs: Vec<String> = node.output.iter().map(|edge| self.plan.folded.get(edge).unwrap_or(edge).clone()).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        self.graph.transplant(node, &inputs, outputs.clone());
        outputs.iter().try_for_each(|edge| self.round_edge(edge))
    }

    /// Rounds `edge` where the plan says so.
    fn round_edge(&mut self, edge: &str) -> Result<(), TrainingError> {
        if !self.plan.edges.contains(edge) {
            return Ok(());
        }
        let (scale, zero) = self.ranges.of(edge)?.steps();
        let graph = &mut self.graph;
        let scale = graph.constant(&format!("{edge}.scale"), &[], Values::Float(&[scale]));
        let zero = graph.constant(&format!("{edge}.zero"), &[], Values::Uint8(&[zero]));
        let integers = graph.node("QuantizeLinear", &format!("{edge}.quantised"), &[edge, &scale, &zero], &[]);
        let floats = graph.node("DequantizeLinear", &format!("{edge}.rounded"), &[&integers, &scale, &zero], &[]);
        self.rounded.insert(edge.to_owned(), floats);
        Ok(())
    }

    /// Weight and bias as integers; the edges to read them from.
    fn convolution(&mut self, node: &NodeProto, x: &str, weight: &str, bias: &str) -> Result<[String; 2], TrainingError> {
        let input = self.ranges.of(x)?;
        let (step, _) = input.steps();
        let (Some((shape, values)), Some((_, mut biases))) = (self.origin.floats(weight), self.origin.floats(bias)) else {
            return Err(TrainingError::Calibration { problem: format!("{} has no constant weights", node.name()) });
        };
        let outputs = shape[0];
        let per_output = values.len() / outputs;
        let depthwise = shape[1] == 1;
        // ONNX Runtime's kernels for single channels add in 32 bits.
        let bits = if depthwise { WeightBits::Eight } else { self.bits };
        // Wider kernels are summed channels first or channels last, as the CPU likes.
        let order = if shape[2..] == [1, 1] { Order::Stored } else { Order::Unknown };
        let mut rounded = Vec::with_capacity(outputs);
        for (c, (weights, bias)) in values.chunks(per_output).zip(&mut biases).enumerate() {
            let channel = bits.round(weights, order, bias.abs() / (step * BIAS_LIMIT));
            let means = if depthwise { &input.means[c..=c] } else { &input.means };
            *bias += lost(weights, &channel, means);
            rounded.push(channel);
        }
        let scales: Vec<f32> = rounded.iter().map(|channel| channel.scale * step).collect();
        let biases: Vec<i32> = biases.iter().zip(&scales).map(|(bias, scale)| (bias / scale).round() as i32).collect();

        let integers: Vec<i8> = rounded.iter().flat_map(|channel| &channel.values).copied().collect();
        let weight = self.weight(weight, &shape, &integers, &rounded);
        let graph = &mut self.graph;
        let scales = graph.constant(&format!("{bias}.scale"), &[outputs], Values::Float(&scales));
        let integers = graph.constant(&format!("{bias}.quantised"), &[outputs], Values::Int32(&biases));
        let bias =
            graph.node("DequantizeLinear", &format!("{bias}.rounded"), &[&integers, &scales], &[Attribute::Int("axis", 0)]);
        Ok([weight, bias])
    }

    fn weight(&mut self, name: &str, shape: &[usize], integers: &[i8], channels: &[Rounded]) -> String {
        let graph = &mut self.graph;
        let scales: Vec<f32> = channels.iter().map(|channel| channel.scale).collect();
        let zeros = vec![0; scales.len()];
        let scales = graph.constant(&format!("{name}.scale"), &[zeros.len()], Values::Float(&scales));
        let zeros = graph.constant(&format!("{name}.zero"), &[zeros.len()], Values::Int8(&zeros));
        let integers = graph.constant(&format!("{name}.quantised"), shape, Values::Int8(integers));
        graph.node("DequantizeLinear", &format!("{name}.rounded"), &[&integers, &scales, &zeros], &[Attribute::Int("axis", 0)])
    }
}

/// What rounding takes from the mean of an output, as the means of its input channels tell it; the bias gives it back.
fn lost(weights: &[f32], rounded: &Rounded, means: &[f32]) -> f32 {
    let area = weights.len() / means.len();
    weights.iter().enumerate().map(|(i, weight)| (weight - rounded.weight(i)) * means[i / area]).sum()
}
