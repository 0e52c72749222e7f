//! A quantised tower whose embeddings are turned by a linear map.

use super::{WeightBits, rounding::columns};
use crate::training::{
    TrainingError,
    onnx::{Model, Values},
};

/// `model` with what its last layer gives multiplied by `map`, (width, width) and row-major: by other weights, of the same bytes. `file` is what errors
/// name.
pub fn turned(file: &str, model: &Model, map: &[f32]) -> Result<Model, TrainingError> {
    let graph = &model.graph;
    let strange = || TrainingError::Data {
        file: file.to_owned(),
        problem: "its last layer is no 8-bit matrix of the embedding's width; quantise it with streetscape-train quantise"
            .to_owned(),
    };
    let from = |edge: &str| graph.node.iter().find(|node| node.output.first().is_some_and(|output| output == edge));
    let last = graph.output.first().and_then(|output| from(output.name())).ok_or_else(strange)?;
    let (product, bias) = match (last.op_type(), &last.input[..]) {
        ("Add", [product, bias]) => (from(product).ok_or_else(strange)?, Some(bias)),
        _ => (last, None),
    };
    // As `dynamic` and `unpack` name what they made of a matrix.
    let [integers, scales] = ["quantised", "scale"].map(|what| format!("{}.weight.{what}", product.name()));
    let (shape, values) = graph.integers(&integers).ok_or_else(strange)?;
    let (_, steps) = graph.floats(&scales).ok_or_else(strange)?;
    let width = steps.len();
    if shape != [values.len() / width.max(1), width] || map.len() != width * width {
        return Err(strange());
    }
    let weights: Vec<f32> = values.iter().zip(steps.iter().cycle()).map(|(value, step)| f32::from(*value) * step).collect();
    let (values, rounded) = columns(&product_of(&weights, map, width), width, WeightBits::Seven);
    let steps: Vec<f32> = rounded.iter().map(|column| column.scale).collect();

    let mut turned = model.clone();
    turned.graph.put(&integers, Values::Int8(&values));
    turned.graph.put(&scales, Values::Float(&steps));
    if let Some((edge, (_, bias))) = bias.and_then(|edge| Some((edge, graph.floats(edge)?))) {
        turned.graph.put(edge, Values::Float(&product_of(&bias, map, width)));
    }
    Ok(turned)
}

/// Rows of `width` times the square `map`.
fn product_of(rows: &[f32], map: &[f32], width: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows.len()];
    for (row, out) in rows.chunks(width).zip(out.chunks_mut(width)) {
        for (x, map) in row.iter().zip(map.chunks(width)) {
            out.iter_mut().zip(map).for_each(|(sum, m)| *sum += x * m);
        }
    }
    out
}
