//! Dynamic quantisation: activations find their range at each run.

use std::collections::BTreeMap;

use super::{
    WeightBits,
    rounding::{Order, Rounded, columns},
    unpack::FLOAT,
};
use crate::training::{
    TrainingError,
    onnx::{Attribute, Graph, GraphProto, Model, NodeProto, Values},
};

/// Whether `model` is a transformer, whose activations find their range at each run.
pub fn attends(model: &Model) -> bool {
    model.graph.node.iter().any(|node| node.op_type() == "Softmax")
}

/// Makes products with a constant matrix integer ones, but for the nodes named in `keep_float`, and stores every table that is
/// looked up as 8-bit rows, each with its scale. A table is never summed over, so that `bits` is for the products alone.
///
/// What goes into a product that narrows is first brought to 1 row by row, and each row's factor given back behind the product: in
/// a transformer these are the second halves of the feed-forward layers, where the few large values of one token would leave too
/// little of 8 bits to all the others.
pub fn dynamic(model: &Model, bits: WeightBits, keep_float: &[&str]) -> Result<Model, TrainingError> {
    let origin = &model.graph;
    let mut rewrite = Rewrite { origin, bits, keep_float, graph: Graph::new(origin.name()), rounded: BTreeMap::new() };
    for node in &origin.node {
        rewrite.node(node);
    }
    Ok(rewrite.graph.finish_as(origin))
}

/// The least factor of a row: one of zeros must not be divided by zero.
const LEAST: f32 = 1e-30;

/// An activation as integers.
#[derive(Clone)]
struct Activation {
    /// The edges of its values, their scale and their zero.
    rounded: [String; 3],
    /// The edge of its rows' factors, 1 long in the last axis, where they were brought to 1.
    factors: Option<String>,
}

struct Rewrite<'a> {
    origin: &'a GraphProto,
    bits: WeightBits,
    keep_float: &'a [&'a str],
    graph: Graph,
    /// Those that were rounded for an earlier reader, by their edge and whether by rows.
    rounded: BTreeMap<(String, bool), Activation>,
}

impl Rewrite<'_> {
    fn node(&mut self, node: &NodeProto) {
        let stays = self.keep_float.contains(&node.name());
        let values = |edge: &str| if stays { None } else { self.origin.floats(edge) };
        let constant = |edge: &str| values(edge).filter(|(shape, _)| shape.len() == 2);
        match (node.op_type(), &node.input[..]) {
            ("MatMul", [x, weight]) => {
                if let Some((shape, values)) = constant(weight) {
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
        let [height, width] = shape;
        let Activation { rounded: [integers, scale, zero], factors } = self.activation(x, height > width);
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
        match factors {
            Some(factors) => {
                let even = graph.node("Mul", &format!("{name}.even"), &[&sum, &scale], &[]);
                graph.transplant(&product, &[&even, &factors], node.output.clone());
            }
            None => graph.transplant(&product, &[&sum, &scale], node.output.clone()),
        }
    }

    fn activation(&mut self, edge: &str, rows: bool) -> Activation {
        let key = (edge.to_owned(), rows);
        if let Some(known) = self.rounded.get(&key) {
            return known.clone();
        }
        let (even, factors) = if rows {
            let [even, factors] = self.even_rows(edge);
            (even, Some(factors))
        } else {
            (edge.to_owned(), None)
        };
        let rounded =
            self.graph.split("DynamicQuantizeLinear", &format!("{even}.quantised"), &[&even], ["values", "scale", "zero"]);
        let activation = Activation { rounded, factors };
        self.rounded.insert(key, activation.clone());
        activation
    }

    /// The edge whose rows were brought to 1, and that of their factors.
    fn even_rows(&mut self, edge: &str) -> [String; 2] {
        let graph = &mut self.graph;
        let least = graph.constant(&format!("{edge}.least"), &[], Values::Float(&[LEAST]));
        let sizes = graph.node("Abs", &format!("{edge}.sizes"), &[edge], &[]);
        let factors = graph.node("ReduceMax", &format!("{edge}.greatest"), &[&sizes], &[Attribute::Ints("axes", &[-1])]);
        let factors = graph.node("Max", &format!("{edge}.factors"), &[&factors, &least], &[]);
        let even = graph.node("Div", &format!("{edge}.even"), &[edge, &factors], &[]);
        [even, factors]
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
