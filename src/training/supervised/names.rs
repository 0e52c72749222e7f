//! What the text tower's trunk makes of names before its projection, which alone has learned from photos: vectors for categories of
//! which no photo is to have been seen.

use std::path::Path;

use crate::{
    bundle::{Bundle, TEXT_F32, TEXT_INT8},
    encoder::{Input, OnnxSession, Output, Runtime, SessionOptions, Values},
    training::{
        TrainingError,
        features::Features,
        fit::Tokens,
        onnx::{GraphProto, Model},
    },
};

/// The product of the projection, and what it becomes in 8 bits.
const PRODUCTS: [(&str, &str); 2] = [("MatMul", "projection.0"), ("MatMulInteger", "projection.0.integer")];

/// A row for each of `sentences`, as long as the trunk of the bundle in `dir` is wide.
pub fn vectors(dir: &Path, tokens: &Tokens, sentences: &[String]) -> Result<Features, TrainingError> {
    let bundle = Bundle::open(dir)?;
    let name = [TEXT_F32, TEXT_INT8].into_iter().find(|name| bundle.has(name)).unwrap_or(TEXT_INT8);
    let path = dir.join(name);
    let file = path.display().to_string();
    let mut model = Model::read(&path)?;
    let edge = before_projection(&model.graph).ok_or_else(|| TrainingError::Data {
        file: file.clone(),
        problem: "it has no projection behind its trunk; leave nothing out with --leave-out 0, or start from another bundle"
            .to_owned(),
    })?;
    model.graph.expose(&edge);
    let mut session = OnnxSession::open(Runtime::load(None)?, &file, &model.to_bytes(), &SessionOptions::default())?;
    let mut values = Vec::new();
    let mut outputs = [Output::named(&edge)];
    for sentence in sentences {
        let ids: Vec<i64> = tokens.ids(sentence)?.into_iter().map(i64::from).collect();
        let (shape, mask) = ([1, ids.len()], vec![1; ids.len()]);
        let input = |name, values| Input { name, shape: &shape, values: Values::I64(values) };
        session.run(&[input("input_ids", &ids), input("attention_mask", &mask)], &mut outputs)?;
        values.extend_from_slice(&outputs[0].values);
    }
    Ok(Features::new(values.len() / sentences.len().max(1), values))
}

/// The edge that the projection reads, before anything rounds it.
fn before_projection(graph: &GraphProto) -> Option<String> {
    let product = graph.node.iter().find(|node| PRODUCTS.contains(&(node.op_type(), node.name())))?;
    let mut edge = product.input.first()?;
    let rounds = |edge: &String| {
        let maker = graph.node.iter().find(|node| node.output.contains(edge))?;
        let rounds = maker.op_type() == "DynamicQuantizeLinear" || maker.op_type() == "Div" && maker.name().ends_with(".even");
        maker.input.first().filter(|_| rounds)
    };
    while let Some(before) = rounds(edge) {
        edge = before;
    }
    Some(edge.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_text_tower_is_read_before_its_projection() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/street");
        let tokens = Tokens::open(&dir, 256).expect("a tokenizer");
        let sentences = ["A photograph of a bus", "A photograph of a coach", "A photograph of a mountain"].map(str::to_owned);
        let rows = vectors(&dir, &tokens, &sentences).expect("vectors");
        assert_eq!((rows.rows(), rows.width()), (3, 384));
        let dot = |a: usize, b: usize| rows.row(a).iter().zip(rows.row(b)).map(|(a, b)| a * b).sum::<f32>();
        assert!((dot(0, 0) - 1.0).abs() < 1e-3, "of unit length, as the trunk gives them: {}", dot(0, 0));
        assert!(dot(0, 1) > dot(0, 2) + 0.1, "{} {}", dot(0, 1), dot(0, 2));
    }
}
