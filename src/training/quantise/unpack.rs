//! A matrix that is kept in 8 bits and multiplied in floats.

use super::rounding::{WeightBits, columns};
use crate::training::onnx::{Attribute, ElementType, Graph, Values};

/// What casts to 32-bit floats.
pub(super) const FLOAT: Attribute<'static> = Attribute::Int("to", ElementType::Float as i64);

/// Adds the constant `weight`, (rows, columns), with a scale for each column; gives the edge to read it from. ONNX Runtime unpacks
/// it once, when it folds constants: it would not fold a `DequantizeLinear`.
pub(super) fn unpacked(graph: &mut Graph, weight: &str, shape: [usize; 2], values: &[f32]) -> String {
    let (values, rounded) = columns(values, shape[1], WeightBits::Eight);
    let scales: Vec<f32> = rounded.iter().map(|column| column.scale).collect();
    let scales = graph.constant(&format!("{weight}.scale"), &[shape[1]], Values::Float(&scales));
    let integers = graph.constant(&format!("{weight}.quantised"), &shape, Values::Int8(&values));
    let floats = graph.node("Cast", &format!("{weight}.cast"), &[&integers], &[FLOAT]);
    graph.node("Mul", &format!("{weight}.rounded"), &[&floats, &scales], &[])
}
