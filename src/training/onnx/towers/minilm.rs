//! all-MiniLM-L6-v2: BERT of six layers under the names of Hugging Face, mean pooling, unit length.

use super::{Attribute, Graph, Layer, Values, integers, project, transformer::Transformer};
use crate::training::{
    TrainingError,
    onnx::{Axis, ElementType, Model},
    weights::Weights,
};

/// Twelve heads of 32 are its 384.
const HEAD_WIDTH: usize = 32;
/// `layer_norm_eps` of its config.json.
const EPSILON: f32 = 1e-12;
/// Added to the score of a padded token: far below any score, and finite.
const MASKED: f32 = -1e9;

/// The text tower. Reads `input_ids` and `attention_mask` (1 for a token, 0 for padding), int64 (N, T) with T at most
/// `context`, whose positions alone are kept. Gives `text_embeds`, (N, D).
pub fn minilm(weights: &Weights, head: &[Layer], context: usize) -> Result<Model, TrainingError> {
    tower(weights, HEAD_WIDTH, head, context)
}

fn tower(weights: &Weights, head_width: usize, head: &[Layer], context: usize) -> Result<Model, TrainingError> {
    let axes = [Axis::Free("N"), Axis::Free("T")];
    let mut graph = Graph::new("text");
    let ids = graph.input("input_ids", ElementType::Int64, &axes);
    let mask = graph.input("attention_mask", ElementType::Int64, &axes);
    let mask = graph.node("Cast", "mask", &[&mask], &[Attribute::Int("to", ElementType::Float as i64)]);
    let mut bert = Transformer { weights, graph, width: 0, head_width, epsilon: EPSILON };
    let mut edge = embed(&mut bert, &ids, context)?;
    let padding = bert.padding(&mask, MASKED);
    for layer in 0.. {
        let name = format!("encoder.layer.{layer}");
        if !weights.has(&format!("{name}.output.dense.weight")) {
            break;
        }
        edge = attend(&mut bert, &name, edge, &padding)?;
        edge = think(&mut bert, &name, edge)?;
    }
    let Transformer { mut graph, width, .. } = bert;
    let edge = pool(&mut graph, &edge, &mask);
    let (edge, width) = project(&mut graph, edge, width, head)?;
    Ok(graph.finish(&edge, "text_embeds", &[Axis::Free("N"), Axis::Fixed(width)]))
}

/// Words and positions, normalised. Every token is of the first sentence, so its type is a part of the position.
fn embed(bert: &mut Transformer, ids: &str, context: usize) -> Result<String, TrainingError> {
    let name = |part: &str| format!("embeddings.{part}_embeddings.weight");
    let (words, shape) = bert.weights.shaped(&name("word"), [None, None])?;
    bert.width = shape[1];
    let (positions, [places, _]) = bert.weights.shaped(&name("position"), [None, Some(bert.width)])?;
    let (types, _) = bert.weights.shaped(&name("token_type"), [None, Some(bert.width)])?;
    let kept = context.min(places);
    let positions: Vec<f32> = positions
        .values
        .iter()
        .take(kept * bert.width)
        .zip(types.values.iter().take(bert.width).cycle())
        .map(|(p, t)| p + t)
        .collect();

    let words = bert.graph.constant(&name("word"), &shape, Values::Float(&words.values));
    let positions = bert.graph.constant(&name("position"), &[kept, bert.width], Values::Float(&positions));
    let words = bert.graph.node("Gather", "words", &[&words, ids], &[]);
    let [positions, _] = bert.positions(&positions, ids);
    let sum = bert.graph.node("Add", "embeddings", &[&words, &positions], &[]);
    bert.normalise("embeddings.LayerNorm", &sum)
}

/// Tokens look at each other.
fn attend(bert: &mut Transformer, name: &str, edge: String, padding: &str) -> Result<String, TrainingError> {
    let part = |part: &str| format!("{name}.attention.{part}");
    let layers = ["self.query", "self.key", "self.value", "output.dense"].map(part);
    let seen = bert.attention(&format!("{name}.attention"), layers, &edge, &edge, Some(padding))?;
    let sum = bert.graph.node("Add", &part("output"), &[&seen, &edge], &[]);
    bert.normalise(&part("output.LayerNorm"), &sum)
}

/// Each token by itself.
fn think(bert: &mut Transformer, name: &str, edge: String) -> Result<String, TrainingError> {
    let inner_name = format!("{name}.intermediate.dense");
    let (_, [inner_width]) = bert.weights.shaped(&format!("{inner_name}.bias"), [None])?;
    let inner = bert.dense(&inner_name, &edge, [bert.width, inner_width], 1.0)?;
    let inner = bert.gelu(&format!("{name}.gelu"), &inner);
    let outer = bert.dense(&format!("{name}.output.dense"), &inner, [inner_width, bert.width], 1.0)?;
    let sum = bert.graph.node("Add", &format!("{name}.output"), &[&outer, &edge], &[]);
    bert.normalise(&format!("{name}.output.LayerNorm"), &sum)
}

/// The mean over a sentence's tokens at unit length, (N, width). The mean's divisor would cancel.
fn pool(graph: &mut Graph, edge: &str, mask: &str) -> String {
    let last = integers(graph, "pool.last", &[2]);
    let tokens = integers(graph, "pool.tokens", &[1]);
    let mask = graph.node("Unsqueeze", "pool.mask", &[mask, &last], &[]);
    let kept = graph.node("Mul", "pool.kept", &[edge, &mask], &[]);
    let sum = graph.node("ReduceSum", "pool.sum", &[&kept, &tokens], &[Attribute::Int("keepdims", 0)]);
    let length =
        graph.node("ReduceL2", "pool.length", &[&sum], &[Attribute::Ints("axes", &[1]), Attribute::Int("keepdims", 1)]);
    graph.node("Div", "pool", &[&sum, &length], &[])
}

#[cfg(test)]
pub(in crate::training) mod tests {
    use super::super::testing::{Numbers, assert_close, dense, run, weights};
    use super::*;
    use crate::{
        encoder::{Input, Values as Fed},
        training::weights::Tensor,
    };

    const WIDTH: usize = 8;
    const PER_HEAD: usize = 4;
    /// Two sentences of the small tower, the second one padded.
    const IDS: [i64; 8] = [1, 5, 9, 2, 1, 7, 0, 0];
    const MASK: [i64; 8] = [1, 1, 1, 1, 1, 1, 0, 0];

    fn small_weights() -> Weights {
        let mut shapes: Vec<(String, Vec<usize>)> = vec![
            ("embeddings.word_embeddings.weight".to_owned(), vec![12, WIDTH]),
            ("embeddings.position_embeddings.weight".to_owned(), vec![6, WIDTH]),
            ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, WIDTH]),
            ("embeddings.LayerNorm.weight".to_owned(), vec![WIDTH]),
            ("embeddings.LayerNorm.bias".to_owned(), vec![WIDTH]),
        ];
        for layer in 0..2 {
            let parts = [
                ("attention.self.query", WIDTH, WIDTH),
                ("attention.self.key", WIDTH, WIDTH),
                ("attention.self.value", WIDTH, WIDTH),
                ("attention.output.dense", WIDTH, WIDTH),
                ("intermediate.dense", 16, WIDTH),
                ("output.dense", WIDTH, 16),
            ];
            for (part, outputs, inputs) in parts {
                shapes.push((format!("encoder.layer.{layer}.{part}.weight"), vec![outputs, inputs]));
                shapes.push((format!("encoder.layer.{layer}.{part}.bias"), vec![outputs]));
            }
            for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
                shapes.push((format!("encoder.layer.{layer}.{part}.weight"), vec![WIDTH]));
                shapes.push((format!("encoder.layer.{layer}.{part}.bias"), vec![WIDTH]));
            }
        }
        let shapes: Vec<(&str, &[usize])> = shapes.iter().map(|(name, shape)| (name.as_str(), &shape[..])).collect();
        weights(&shapes)
    }

    /// A tower of two layers and two heads, without a projection.
    pub fn small() -> Model {
        tower(&small_weights(), PER_HEAD, &[], 5).expect("a tower")
    }

    /// The same with one.
    pub fn projected() -> Model {
        let mut numbers = Numbers(3);
        let weight = Tensor { shape: vec![WIDTH, WIDTH], values: numbers.take(WIDTH * WIDTH) };
        let head = Layer::Linear { weight, bias: numbers.take(WIDTH) };
        tower(&small_weights(), PER_HEAD, &[head], 5).expect("a tower")
    }

    fn erf(x: f32) -> f32 {
        // The series around zero: slow and plain.
        let x = f64::from(x);
        let mut term = x;
        let mut sum = x;
        for n in 1..60 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        (sum * std::f64::consts::FRAC_2_SQRT_PI) as f32
    }

    /// One sentence without padding.
    fn naive(w: &Weights, ids: &[i64]) -> Vec<f32> {
        let get = |name: &str| &w.get(name).expect("a weight").values;
        let through = |x: &[f32], name: &str| dense(x, get(&format!("{name}.weight")), get(&format!("{name}.bias")));
        let normalised = |x: &[f32], name: &str| -> Vec<f32> {
            let (weight, bias) = (get(&format!("{name}.weight")), get(&format!("{name}.bias")));
            let row = |x: &[f32]| -> Vec<f32> {
                let mean = x.iter().sum::<f32>() / WIDTH as f32;
                let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / WIDTH as f32;
                (0..WIDTH).map(|i| (x[i] - mean) / (variance + EPSILON).sqrt() * weight[i] + bias[i]).collect()
            };
            x.chunks(WIDTH).flat_map(row).collect()
        };
        let plus = |a: &[f32], b: &[f32]| -> Vec<f32> { a.iter().zip(b).map(|(a, b)| a + b).collect() };
        let word = |(t, id): (usize, &i64)| -> Vec<f32> {
            let at =
                |name: &str, row: usize| get(&format!("embeddings.{name}_embeddings.weight"))[row * WIDTH..][..WIDTH].to_vec();
            plus(&plus(&at("word", *id as usize), &at("position", t)), &at("token_type", 0))
        };
        let words: Vec<f32> = ids.iter().enumerate().flat_map(word).collect();
        let mut x = normalised(&words, "embeddings.LayerNorm");
        for layer in 0..2 {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            let [q, k, v] = ["query", "key", "value"].map(|part| through(&x, &name(&format!("attention.self.{part}"))));
            let mut seen = vec![0.0; x.len()];
            for (head, t) in (0..WIDTH / PER_HEAD).flat_map(|head| (0..ids.len()).map(move |t| (head, t))) {
                let at = |of: &[f32], t: usize| of[t * WIDTH + head * PER_HEAD..][..PER_HEAD].to_vec();
                let score = |s: usize| -> f32 {
                    let sum: f32 = at(&q, t).iter().zip(at(&k, s)).map(|(q, k)| q * k).sum();
                    (sum / (PER_HEAD as f32).sqrt()).exp()
                };
                let total: f32 = (0..ids.len()).map(score).sum();
                for s in 0..ids.len() {
                    for (i, v) in at(&v, s).iter().enumerate() {
                        seen[t * WIDTH + head * PER_HEAD + i] += score(s) / total * v;
                    }
                }
            }
            let seen = plus(&through(&seen, &name("attention.output.dense")), &x);
            x = normalised(&seen, &name("attention.output.LayerNorm"));
            let inner = through(&x, &name("intermediate.dense"));
            let inner: Vec<f32> = inner.iter().map(|x| x / 2.0 * (1.0 + erf(x / std::f32::consts::SQRT_2))).collect();
            x = normalised(&plus(&through(&inner, &name("output.dense")), &x), &name("output.LayerNorm"));
        }
        let mean: Vec<f32> = (0..WIDTH).map(|i| x.iter().skip(i).step_by(WIDTH).sum()).collect();
        let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt();
        mean.iter().map(|x| x / length).collect()
    }

    #[test]
    fn the_text_tower_equals_a_plain_forward_pass_and_padding_changes_nothing() {
        let input = |name, values| Input { name, shape: &[2, 4], values: Fed::I64(values) };
        let found = run(&small(), &[input("input_ids", &IDS), input("attention_mask", &MASK)], "text_embeds");
        assert_eq!(found.shape, [2, WIDTH]);
        let want = [naive(&small_weights(), &IDS[..4]), naive(&small_weights(), &IDS[4..6])].concat();
        assert_close(&found.values, &want, 1e-4);
    }
}
