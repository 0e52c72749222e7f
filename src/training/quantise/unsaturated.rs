//! The sums of 8-bit products on a CPU that can't make them whole.

use super::unpack::FLOAT;
use crate::training::onnx::{Graph, Model};

/// `model` with each integer product of matrices as one of floats, which hold every product and, up to a rounding of 2^-24, every sum of
/// them. Convolutions between [`qdq`](super::qdq)'s pairs are floats already for whoever runs the file as it is written.
pub fn unsaturated(model: &Model) -> Model {
    let mut graph = Graph::new(model.graph.name());
    model.graph.initializer.iter().for_each(|constant| graph.adopt(constant));
    for node in &model.graph.node {
        let inputs: Vec<&str> = node.input.iter().map(String::as_str).collect();
        let ("MatMulInteger", [x, weight, zero, _]) = (node.op_type(), &inputs[..]) else {
            graph.transplant(node, &inputs, node.output.clone());
            continue;
        };
        let name = node.name();
        let [x, weight, zero] = [x, weight, zero].map(|edge| graph.node("Cast", &format!("{name}.{edge}"), &[edge], &[FLOAT]));
        let x = graph.node("Sub", &format!("{name}.centred"), &[&x, &zero], &[]);
        let mut product = node.clone();
        product.op_type = Some("MatMul".to_owned());
        graph.transplant(&product, &[&x, &weight], node.output.clone());
    }
    Model { metadata: model.metadata.clone(), ..graph.finish_as(&model.graph) }
}
