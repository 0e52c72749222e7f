//! all-MiniLM-L6-v2: BERT of six layers under the names of Hugging Face, mean pooling, unit length.

use super::{Attribute, Graph, Layer, Values, integers, linear, project, scalar};
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
    let mut bert = Bert { weights, graph, width: 0, head_width };
    let mut edge = bert.embed(&ids, context)?;
    let padding = bert.padding(&mask);
    for layer in 0.. {
        let name = format!("encoder.layer.{layer}");
        if !weights.has(&format!("{name}.output.dense.weight")) {
            break;
        }
        edge = bert.attend(&name, edge, &padding)?;
        edge = bert.think(&name, edge)?;
    }
    let edge = bert.pool(&edge, &mask);
    let Bert { mut graph, width, .. } = bert;
    let (edge, width) = project(&mut graph, edge, width, head)?;
    Ok(graph.finish(&edge, "text_embeds", &[Axis::Free("N"), Axis::Fixed(width)]))
}

/// The graph as far as it is built.
struct Bert<'a> {
    weights: &'a Weights,
    graph: Graph,
    /// Values for each token.
    width: usize,
    head_width: usize,
}

impl Bert<'_> {
    /// Words and positions, normalised. Every token is of the first sentence, so its type is a part of the position.
    fn embed(&mut self, ids: &str, context: usize) -> Result<String, TrainingError> {
        let name = |part: &str| format!("embeddings.{part}_embeddings.weight");
        let (words, shape) = self.weights.shaped(&name("word"), [None, None])?;
        self.width = shape[1];
        let (positions, [places, _]) = self.weights.shaped(&name("position"), [None, Some(self.width)])?;
        let (types, _) = self.weights.shaped(&name("token_type"), [None, Some(self.width)])?;
        let kept = context.min(places);
        let positions: Vec<f32> = positions
            .values
            .iter()
            .take(kept * self.width)
            .zip(types.values.iter().take(self.width).cycle())
            .map(|(p, t)| p + t)
            .collect();

        let graph = &mut self.graph;
        let words = graph.constant(&name("word"), &shape, Values::Float(&words.values));
        let positions = graph.constant(&name("position"), &[kept, self.width], Values::Float(&positions));
        let words = graph.node("Gather", "words", &[&words, ids], &[]);
        let length = graph.node("Shape", "length", &[ids], &[Attribute::Int("start", 1), Attribute::Int("end", 2)]);
        let zero = integers(graph, "first", &[0]);
        let positions = graph.node("Slice", "positions", &[&positions, &zero, &length, &zero], &[]);
        let sum = graph.node("Add", "embeddings", &[&words, &positions], &[]);
        self.normalise("embeddings.LayerNorm", &sum)
    }

    /// What is added to scores, (N, 1, 1, T): nothing for a token, [`MASKED`] for padding.
    fn padding(&mut self, mask: &str) -> String {
        let graph = &mut self.graph;
        let one = scalar(graph, "one", 1.0);
        let masked = scalar(graph, "masked", MASKED);
        let absent = graph.node("Sub", "padding.absent", &[&one, mask], &[]);
        let absent = graph.node("Mul", "padding.score", &[&absent, &masked], &[]);
        let axes = integers(graph, "padding.axes", &[1, 2]);
        graph.node("Unsqueeze", "padding", &[&absent, &axes], &[])
    }

    /// Tokens look at each other.
    fn attend(&mut self, name: &str, edge: String, padding: &str) -> Result<String, TrainingError> {
        let part = |part: &str| format!("{name}.attention.{part}");
        let heads = (self.width / self.head_width) as i64;
        let square = [self.width; 2];
        // Scores are divided by the root of a head's width: once, here.
        let query = self.dense(&part("self.query"), &edge, square, 1.0 / (self.head_width as f32).sqrt())?;
        let key = self.dense(&part("self.key"), &edge, square, 1.0)?;
        let value = self.dense(&part("self.value"), &edge, square, 1.0)?;
        let shape = integers(&mut self.graph, &part("heads"), &[0, 0, heads, self.head_width as i64]);
        let query = self.heads(&query, &shape, &[0, 2, 1, 3]);
        let key = self.heads(&key, &shape, &[0, 2, 3, 1]);
        let value = self.heads(&value, &shape, &[0, 2, 1, 3]);
        let graph = &mut self.graph;
        let scores = graph.node("MatMul", &part("scores"), &[&query, &key], &[]);
        let scores = graph.node("Add", &part("scores.masked"), &[&scores, padding], &[]);
        let shares = graph.node("Softmax", &part("shares"), &[&scores], &[Attribute::Int("axis", -1)]);
        let seen = graph.node("MatMul", &part("seen"), &[&shares, &value], &[]);
        let seen = graph.node("Transpose", &part("seen.tokens"), &[&seen], &[Attribute::Ints("perm", &[0, 2, 1, 3])]);
        let shape = integers(graph, &part("whole"), &[0, 0, self.width as i64]);
        let seen = graph.node("Reshape", &part("seen.whole"), &[&seen, &shape], &[]);
        let seen = self.dense(&part("output.dense"), &seen, square, 1.0)?;
        let sum = self.graph.node("Add", &part("output"), &[&seen, &edge], &[]);
        self.normalise(&part("output.LayerNorm"), &sum)
    }

    /// (N, T, width) cut into heads, its axes in the order of `perm`.
    fn heads(&mut self, edge: &str, shape: &str, perm: &[i64]) -> String {
        let cut = self.graph.node("Reshape", &format!("{edge}.cut"), &[edge, shape], &[]);
        self.graph.node("Transpose", &format!("{edge}.heads"), &[&cut], &[Attribute::Ints("perm", perm)])
    }

    /// Each token by itself.
    fn think(&mut self, name: &str, edge: String) -> Result<String, TrainingError> {
        let inner_name = format!("{name}.intermediate.dense");
        let (_, [inner_width]) = self.weights.shaped(&format!("{inner_name}.bias"), [None])?;
        let inner = self.dense(&inner_name, &edge, [self.width, inner_width], 1.0)?;
        let inner = self.gelu(&format!("{name}.gelu"), &inner);
        let outer = self.dense(&format!("{name}.output.dense"), &inner, [inner_width, self.width], 1.0)?;
        let sum = self.graph.node("Add", &format!("{name}.output"), &[&outer, &edge], &[]);
        self.normalise(&format!("{name}.output.LayerNorm"), &sum)
    }

    /// Exact: x / 2 * (1 + erf(x / √2)), in the order that ONNX Runtime knows and fuses.
    fn gelu(&mut self, name: &str, edge: &str) -> String {
        let graph = &mut self.graph;
        let root = scalar(graph, &format!("{name}.root"), std::f32::consts::SQRT_2);
        let one = scalar(graph, &format!("{name}.one"), 1.0);
        let half = scalar(graph, &format!("{name}.half"), 0.5);
        let x = graph.node("Div", &format!("{name}.scaled"), &[edge, &root], &[]);
        let x = graph.node("Erf", &format!("{name}.erf"), &[&x], &[]);
        let x = graph.node("Add", &format!("{name}.gate"), &[&x, &one], &[]);
        let x = graph.node("Mul", &format!("{name}.gated"), &[edge, &x], &[]);
        graph.node("Mul", name, &[&x, &half], &[])
    }

    /// The mean over a sentence's tokens at unit length, (N, width). The mean's divisor would cancel.
    fn pool(&mut self, edge: &str, mask: &str) -> String {
        let graph = &mut self.graph;
        let last = integers(graph, "pool.last", &[2]);
        let tokens = integers(graph, "pool.tokens", &[1]);
        let mask = graph.node("Unsqueeze", "pool.mask", &[mask, &last], &[]);
        let kept = graph.node("Mul", "pool.kept", &[edge, &mask], &[]);
        let sum = graph.node("ReduceSum", "pool.sum", &[&kept, &tokens], &[Attribute::Int("keepdims", 0)]);
        let length =
            graph.node("ReduceL2", "pool.length", &[&sum], &[Attribute::Ints("axes", &[1]), Attribute::Int("keepdims", 1)]);
        graph.node("Div", "pool", &[&sum, &length], &[])
    }

    /// A linear layer, scaled; the file has its weight as (outputs, inputs).
    fn dense(&mut self, name: &str, edge: &str, shape: [usize; 2], factor: f32) -> Result<String, TrainingError> {
        let [inputs, outputs] = shape;
        let (weight, _) = self.weights.shaped(&format!("{name}.weight"), [Some(outputs), Some(inputs)])?;
        let (bias, _) = self.weights.shaped(&format!("{name}.bias"), [Some(outputs)])?;
        let at = |i: usize| weight.values[i % outputs * inputs + i / outputs] * factor;
        let turned: Vec<f32> = (0..inputs * outputs).map(at).collect();
        let bias: Vec<f32> = bias.values.iter().map(|x| x * factor).collect();
        Ok(linear(&mut self.graph, edge, name, shape, &turned, &bias))
    }

    fn normalise(&mut self, name: &str, edge: &str) -> Result<String, TrainingError> {
        let (weight, _) = self.weights.shaped(&format!("{name}.weight"), [Some(self.width)])?;
        let (bias, _) = self.weights.shaped(&format!("{name}.bias"), [Some(self.width)])?;
        let graph = &mut self.graph;
        let weight = graph.constant(&format!("{name}.weight"), &[self.width], Values::Float(&weight.values));
        let bias = graph.constant(&format!("{name}.bias"), &[self.width], Values::Float(&bias.values));
        let attributes = [Attribute::Int("axis", -1), Attribute::Float("epsilon", EPSILON)];
        Ok(graph.node("LayerNormalization", name, &[edge, &weight, &bias], &attributes))
    }
}

#[cfg(test)]
pub(in crate::training) mod tests {
    use super::super::testing::{assert_close, dense, run, weights};
    use super::*;
    use crate::encoder::{Input, Values as Fed};

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
