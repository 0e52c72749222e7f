//! Dynamic quantisation: activations find their range at each run.

use std::collections::BTreeMap;

use super::{
    WeightBits,
    rounding::{Order, Rounded, columns},
    unpack::{FLOAT, unpacked},
};
use crate::training::{
    TrainingError,
    onnx::{Graph, GraphProto, Model, NodeProto, Values},
};

/// Whether `model` is a transformer, whose activations find their range at each run.
pub fn attends(model: &Model) -> bool {
    model.graph.node.iter().any(|node| node.op_type() == "Softmax")
}

/// Makes products with a constant matrix integer ones, but for the nodes named in `keep_float`, and stores every table that is looked up as 8-bit rows, each with its
/// scale. A table is never summed over, so that `bits` is for the products alone.
///
/// Products that narrow keep their activations as floats, and only store 8 bits: in a transformer these are the second halves of
/// the feed-forward layers, whose few large inputs leave too little of 8 bits to all the others. Over 126 sentences the mean
/// cosine with the float tower is .9962 so, and .9937 where they are integer too.
pub fn dynamic(model: &Model, bits: WeightBits, keep_float: &[&str]) -> Result<Model, TrainingError> {
    let origin = &model.graph;
    let mut rewrite = Rewrite { origin, bits, keep_float, graph: Graph::new(origin.name()), rounded: BTreeMap::new() };
    for node in &origin.node {
        rewrite.node(node);
    }
    Ok(rewrite.graph.finish_as(origin))
}

/// An activation as integers: the edges of its values, its scale and its zero.
type Activation = [String; 3];

struct Rewrite<'a> {
    origin: &'a GraphProto,
    bits: WeightBits,
    keep_float: &'a [&'a str],
    graph: Graph,
    /// Those that were rounded for an earlier reader.
    rounded: BTreeMap<String, Activation>,
}

impl Rewrite<'_> {
    fn node(&mut self, node: &NodeProto) {
        let stays = self.keep_float.contains(&node.name());
        let constant = |edge: &str| self.origin.floats(edge).filter(|(shape, _)| shape.len() == 2 && !stays);
        match (node.op_type(), &node.input[..]) {
            ("MatMul", [x, weight]) => {
                if let Some((shape, values)) = constant(weight) {
                    if shape[0] > shape[1] {
                        return self.unpack(node, x, weight, [shape[0], shape[1]], &values);
                    }
                    return self.product(node, x, weight, [shape[0], shape[1]], &values);
                }
            }
            ("Gather", [table, rows]) => {
                if let Some((shape, values)) = constant(table) {
                    return self.look_up(node, table, rows, [shape[0], shape[1]], &values);
                }
            }
            _ => {}
        }
        for constant in node.input.iter().filter_map(|edge| self.origin.constant(edge)) {
            self.graph.adopt(constant);
        }
        let inputs: Vec<&str> = node.input.iter().map(String::as_str).collect();
        self.graph.transplant(node, &inputs, node.output.clone());
    }

    /// The shape of nodes that ONNX Runtime's own quantiser writes, and fuses.
    fn product(&mut self, node: &NodeProto, x: &str, weight: &str, shape: [usize; 2], values: &[f32]) {
        let [integers, scale, zero] = self.activation(x);
        let width = shape[1];
        let (values, rounded) = columns(values, width, self.bits);
        let scales: Vec<f32> = rounded.iter().map(|column| column.scale).collect();
        let name = node.name();
        let graph = &mut self.graph;
        let scales = graph.constant(&format!("{weight}.scale"), &[width], Values::Float(&scales));
        let zeros = graph.constant(&format!("{weight}.zero"), &[width], Values::Int8(&vec![0; width]));
        let weight = graph.constant(&format!("{weight}.quantised"), &shape, Values::Int8(&values));
        let sum = graph.node("MatMulInteger", &format!("{name}.integer"), &[&integers, &weight, &zero, &zeros], &[]);
        let sum = graph.node("Cast", &format!("{name}.cast"), &[&sum], &[FLOAT]);
        let scale = graph.node("Mul", &format!("{name}.scale"), &[&scale, &scales], &[]);
        let product = NodeProto { op_type: Some("Mul".to_owned()), ..node.clone() };
        graph.transplant(&product, &[&sum, &scale], node.output.clone());
    }

    /// A float product whose weight is unpacked once, when ONNX Runtime folds constants.
    fn unpack(&mut self, node: &NodeProto, x: &str, weight: &str, shape: [usize; 2], values: &[f32]) {
        let floats = unpacked(&mut self.graph, weight, shape, values);
        self.graph.transplant(node, &[x, &floats], node.output.clone());
    }

    fn activation(&mut self, edge: &str) -> Activation {
        if let Some(known) = self.rounded.get(edge) {
            return known.clone();
        }
        let name = format!("{edge}.quantised");
        let rounded = self.graph.split("DynamicQuantizeLinear", &name, &[edge], ["values", "scale", "zero"]);
        self.rounded.insert(edge.to_owned(), rounded.clone());
        rounded
    }

    fn look_up(&mut self, node: &NodeProto, table: &str, rows: &str, shape: [usize; 2], values: &[f32]) {
        let [height, width] = shape;
        let rounded: Vec<Rounded> = values.chunks(width).map(|row| WeightBits::Eight.round(row, Order::Stored, 0.0)).collect();
        let scales: Vec<f32> = rounded.iter().map(|row| row.scale).collect();
        let values: Vec<i8> = rounded.into_iter().flat_map(|row| row.values).collect();
        let name = node.name();
        let graph = &mut self.graph;
        let scales = graph.constant(&format!("{table}.scale"), &[height, 1], Values::Float(&scales));
        let values = graph.constant(&format!("{table}.quantised"), &shape, Values::Int8(&values));
        let integers = graph.node("Gather", &format!("{name}.integer"), &[&values, rows], &[]);
        let scale = graph.node("Gather", &format!("{name}.scale"), &[&scales, rows], &[]);
        let floats = graph.node("Cast", &format!("{name}.cast"), &[&integers], &[FLOAT]);
        let product = NodeProto { op_type: Some("Mul".to_owned()), attribute: vec![], ..node.clone() };
        graph.transplant(&product, &[&floats, &scale], node.output.clone());
    }
}
