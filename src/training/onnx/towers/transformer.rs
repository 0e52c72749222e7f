//! What the graphs of transformers have in common, whatever their tensors are called.

use super::{Attribute, Graph, Values, integers, scalar};
use crate::training::{TrainingError, weights::Weights};

/// The sigmoid's factor in CLIP's approximation of the error function.
const QUICK: f32 = 1.702;

/// A graph as far as it is built.
pub struct Transformer<'a> {
    pub weights: &'a Weights,
    pub graph: Graph,
    /// Values for each token.
    pub width: usize,
    pub head_width: usize,
    /// Of each norm.
    pub epsilon: f32,
}

impl Transformer<'_> {
    /// The tokens of `from`, (N, S, width), look at those of `edge`, (N, T, width); `mask` is added to their scores. The four
    /// layers are query, key, value, and the one that brings the heads together.
    pub fn attention(
        &mut self,
        name: &str,
        layers: [String; 4],
        from: &str,
        edge: &str,
        mask: Option<&str>,
    ) -> Result<String, TrainingError> {
        let part = |part: &str| format!("{name}.{part}");
        let [query, key, value, out] = layers;
        let heads = (self.width / self.head_width) as i64;
        let square = [self.width; 2];
        // Scores are divided by the root of a head's width: once, here.
        let query = self.dense(&query, from, square, 1.0 / (self.head_width as f32).sqrt())?;
        let key = self.dense(&key, edge, square, 1.0)?;
        let value = self.dense(&value, edge, square, 1.0)?;
        let shape = integers(&mut self.graph, &part("heads"), &[0, 0, heads, self.head_width as i64]);
        let query = self.heads(&query, &shape, &[0, 2, 1, 3]);
        let key = self.heads(&key, &shape, &[0, 2, 3, 1]);
        let value = self.heads(&value, &shape, &[0, 2, 1, 3]);
        let graph = &mut self.graph;
        let mut scores = graph.node("MatMul", &part("scores"), &[&query, &key], &[]);
        if let Some(mask) = mask {
            scores = graph.node("Add", &part("scores.masked"), &[&scores, mask], &[]);
        }
        let shares = graph.node("Softmax", &part("shares"), &[&scores], &[Attribute::Int("axis", -1)]);
        let seen = graph.node("MatMul", &part("seen"), &[&shares, &value], &[]);
        let seen = graph.node("Transpose", &part("seen.tokens"), &[&seen], &[Attribute::Ints("perm", &[0, 2, 1, 3])]);
        let shape = integers(graph, &part("whole"), &[0, 0, self.width as i64]);
        let seen = graph.node("Reshape", &part("seen.whole"), &[&seen, &shape], &[]);
        self.dense(&out, &seen, square, 1.0)
    }

    /// (N, T, width) cut into heads, its axes in the order of `perm`.
    fn heads(&mut self, edge: &str, shape: &str, perm: &[i64]) -> String {
        let cut = self.graph.node("Reshape", &format!("{edge}.cut"), &[edge, shape], &[]);
        self.graph.node("Transpose", &format!("{edge}.heads"), &[&cut], &[Attribute::Ints("perm", perm)])
    }

    /// Exact: x / 2 * (1 + erf(x / √2)), in the order that ONNX Runtime knows and fuses.
    pub fn gelu(&mut self, name: &str, edge: &str) -> String {
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

    /// x * sigmoid(1.702 * x), likewise.
    pub fn quick_gelu(&mut self, name: &str, edge: &str) -> String {
        let graph = &mut self.graph;
        let factor = scalar(graph, &format!("{name}.factor"), QUICK);
        let x = graph.node("Mul", &format!("{name}.scaled"), &[edge, &factor], &[]);
        let x = graph.node("Sigmoid", &format!("{name}.gate"), &[&x], &[]);
        graph.node("Mul", name, &[edge, &x], &[])
    }

    /// A linear layer, scaled; the file has its weight as (outputs, inputs).
    pub fn dense(&mut self, name: &str, edge: &str, shape: [usize; 2], factor: f32) -> Result<String, TrainingError> {
        let (bias, _) = self.weights.shaped(&format!("{name}.bias"), [Some(shape[1])])?;
        let bias: Vec<f32> = bias.values.iter().map(|x| x * factor).collect();
        let product = self.product(name, edge, shape, factor)?;
        let bias = self.graph.constant(&format!("{name}.bias"), &[shape[1]], Values::Float(&bias));
        Ok(self.graph.node("Add", &format!("{name}.sum"), &[&product, &bias], &[]))
    }

    /// The same without a bias; the matrix product bears `name`.
    pub fn product(&mut self, name: &str, edge: &str, shape: [usize; 2], factor: f32) -> Result<String, TrainingError> {
        let [inputs, outputs] = shape;
        let (weight, _) = self.weights.shaped(&format!("{name}.weight"), [Some(outputs), Some(inputs)])?;
        let at = |i: usize| weight.values[i % outputs * inputs + i / outputs] * factor;
        let turned: Vec<f32> = (0..inputs * outputs).map(at).collect();
        let weight = self.graph.constant(&format!("{name}.weight"), &shape, Values::Float(&turned));
        Ok(self.graph.node("MatMul", name, &[edge, &weight], &[]))
    }

    /// A norm along the last axis.
    pub fn normalise(&mut self, name: &str, edge: &str) -> Result<String, TrainingError> {
        let (weight, _) = self.weights.shaped(&format!("{name}.weight"), [Some(self.width)])?;
        let (bias, _) = self.weights.shaped(&format!("{name}.bias"), [Some(self.width)])?;
        let graph = &mut self.graph;
        let weight = graph.constant(&format!("{name}.weight"), &[self.width], Values::Float(&weight.values));
        let bias = graph.constant(&format!("{name}.bias"), &[self.width], Values::Float(&bias.values));
        let attributes = [Attribute::Int("axis", -1), Attribute::Float("epsilon", self.epsilon)];
        Ok(graph.node("LayerNormalization", name, &[edge, &weight, &bias], &attributes))
    }

    /// The first rows of the table of positions, as many as `ids`, (N, T), has columns. Gives also T.
    pub fn positions(&mut self, table: &str, ids: &str) -> [String; 2] {
        let graph = &mut self.graph;
        let length = graph.node("Shape", "length", &[ids], &[Attribute::Int("start", 1), Attribute::Int("end", 2)]);
        let zero = integers(graph, "first", &[0]);
        [graph.node("Slice", "positions", &[table, &zero, &length, &zero], &[]), length]
    }

    /// What is added to scores, (N, 1, 1, T): nothing for a token, `hidden` for padding.
    pub fn padding(&mut self, mask: &str, hidden: f32) -> String {
        let graph = &mut self.graph;
        let one = scalar(graph, "one", 1.0);
        let masked = scalar(graph, "masked", hidden);
        let absent = graph.node("Sub", "padding.absent", &[&one, mask], &[]);
        let absent = graph.node("Mul", "padding.score", &[&absent, &masked], &[]);
        let axes = integers(graph, "padding.axes", &[1, 2]);
        graph.node("Unsqueeze", "padding", &[&absent, &axes], &[])
    }
}
