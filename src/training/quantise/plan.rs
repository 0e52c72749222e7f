//! Which nodes of a graph become integer arithmetic, and which edges therefore carry integers.

use std::collections::{BTreeMap, BTreeSet};

use crate::training::onnx::{GraphProto, NodeProto};

/// What the quantiser makes of a graph.
pub(super) struct Plan {
    /// Names of nodes that compute in integers.
    pub nodes: BTreeSet<String>,
    /// Edges that are rounded, and that every reader reads rounded.
    pub edges: BTreeSet<String>,
    /// Convolutions and sums whose ReLU the rounding does, with the ReLU's output: a range from 0 on, or within [0, 6], cuts off the
    /// same.
    pub folded: BTreeMap<String, String>,
}

impl Plan {
    /// Convolutions, sums of two activations and global means become integer arithmetic, but for those named in `keep_float`.
    pub fn new(graph: &GraphProto, keep_float: &[&str]) -> Self {
        let chosen = |node: &&NodeProto| !keep_float.contains(&node.name()) && suits(graph, node);
        let nodes: Vec<&NodeProto> = graph.node.iter().filter(chosen).collect();
        let folded: BTreeMap<String, String> = nodes
            .iter()
            .filter(|node| matches!(node.op_type(), "Conv" | "Add"))
            .filter_map(|node| Some((node.output.first()?.clone(), sole_relu(graph, node)?.output.first()?.clone())))
            .collect();
        let mut edges = BTreeSet::new();
        for node in &nodes {
            edges.extend(node.input.iter().filter(|edge| graph.constant(edge).is_none()).cloned());
            edges.extend(node.output.iter().map(|edge| folded.get(edge).unwrap_or(edge).clone()));
        }
        edges.retain(|edge| graph.output.iter().all(|output| output.name() != edge));
        Self { nodes: nodes.iter().map(|node| node.name().to_owned()).collect(), edges, folded }
    }
}

fn suits(graph: &GraphProto, node: &NodeProto) -> bool {
    let constant = |i: usize| node.input.get(i).is_some_and(|edge| graph.floats(edge).is_some());
    match node.op_type() {
        "Conv" => constant(1) && constant(2),
        "Add" => !constant(0) && !constant(1),
        "GlobalAveragePool" => true,
        _ => false,
    }
}

/// The ReLU or ReLU6 that alone reads a node.
fn sole_relu<'a>(graph: &'a GraphProto, node: &'a NodeProto) -> Option<&'a NodeProto> {
    let mut readers = graph.readers(node.output.first()?);
    let reader = readers.next().filter(|_| readers.next().is_none())?;
    match (reader.op_type(), &reader.input[..]) {
        ("Relu", _) => Some(reader),
        ("Clip", [_, low, _]) => (graph.floats(low)?.1 == [0.0]).then_some(reader),
        _ => None,
    }
}
