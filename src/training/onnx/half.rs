//! The same graph in 16-bit floats, for processors that are quicker with them.
//!
//! Owns what may not be that short. What goes in and comes out keeps its 32 bits, so that whoever runs the file need not know.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::f16;

use super::{Attribute, ElementType, Graph, GraphProto, Model, NodeProto, Values};

/// Stay in 32 bits whatever passes. Norms and lengths add squares, and half ends at 65504: over 31 sentences of up to 128 tokens MiniLM's
/// norms reach 48,133, the length of its sum over tokens 59,442, and that grows with the text. Half tells no whole numbers apart from 2048
/// on, but tokens have greater ones: the only casts and greatest places are theirs.
const WIDE: [&str; 5] = ["LayerNormalization", "ReduceSum", "ReduceL2", "ArgMax", "Cast"];
/// May give more than half holds, of whatever.
const UNBOUNDED: [&str; 2] = ["ReduceSum", "ReduceL2"];
/// Give what half holds, of whatever. All that we divide is sums by their length and activations by a constant.
const BOUNDING: [&str; 5] = ["Softmax", "LayerNormalization", "Sigmoid", "Clip", "Div"];

/// `model`, a float graph, with weights and arithmetic in 16 bits where they fit. What reads a value beyond half's range, as a mask's is,
/// stays in 32 bits, and so does what follows, up to what brings it back.
pub fn halved(model: &Model) -> Model {
    let origin = &model.graph;
    let floats = origin.input.iter().filter(|input| input.is_float()).map(|input| (input.name(), Width::Full));
    let floats = floats.map(|(name, width)| (name.to_owned(), width)).collect();
    let graph = Graph::new(origin.name());
    let mut rewrite = Rewrite { origin, graph, floats, beyond: BTreeSet::new(), turned: BTreeMap::new() };
    origin.node.iter().for_each(|node| rewrite.node(node));
    Model { metadata: model.metadata.clone(), ..rewrite.graph.finish_as(origin) }
}

/// Of a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    Half,
    Full,
}

struct Rewrite<'a> {
    origin: &'a GraphProto,
    graph: Graph,
    /// How wide each edge of floats is by itself.
    floats: BTreeMap<String, Width>,
    /// Edges whose values half may not hold.
    beyond: BTreeSet<String>,
    /// What to read for an edge or a constant that is of the other width by itself.
    turned: BTreeMap<(String, Width), String>,
}

impl Rewrite<'_> {
    fn node(&mut self, node: &NodeProto) {
        let op = node.op_type();
        let exceeds = node.input.iter().any(|edge| self.exceeds(edge));
        let width = if exceeds || WIDE.contains(&op) { Width::Full } else { Width::Half };
        let inputs: Vec<String> = node.input.iter().map(|edge| self.read(edge, width)).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        if !self.gives_floats(node) {
            return self.graph.transplant(node, &inputs, node.output.clone());
        }
        for edge in &node.output {
            self.floats.insert(edge.clone(), width);
            if (exceeds || UNBOUNDED.contains(&op)) && !BOUNDING.contains(&op) {
                self.beyond.insert(edge.clone());
            }
        }
        let last = node.output.iter().find(|edge| self.origin.output.iter().any(|output| output.name() == *edge));
        match last {
            Some(last) if width == Width::Half => {
                let half = format!("{last}.half");
                self.graph.transplant(node, &inputs, vec![half.clone()]);
                self.graph.node("Cast", last, &[&half], &[Width::Full.cast()]);
            }
            _ => self.graph.transplant(node, &inputs, node.output.clone()),
        }
    }

    fn exceeds(&self, edge: &str) -> bool {
        let greatest = f16::MAX.to_f32();
        let constant = || self.origin.floats(edge).is_some_and(|(_, values)| values.iter().any(|x| x.abs() > greatest));
        self.beyond.contains(edge) || constant()
    }

    fn gives_floats(&self, node: &NodeProto) -> bool {
        let reads = |edge: &String| self.floats.contains_key(edge) || self.origin.floats(edge).is_some();
        match node.op_type() {
            "Shape" | "ArgMax" | "Equal" => false,
            "Cast" => node.attribute.iter().any(|to| to.i == Some(ElementType::Float as i64)),
            _ => node.input.first().is_some_and(reads),
        }
    }

    /// The edge to read for `edge` by arithmetic of `width`.
    fn read(&mut self, edge: &str, width: Width) -> String {
        if let Some(known) = self.turned.get(&(edge.to_owned(), width)) {
            return known.clone();
        }
        let found = match (self.origin.constant(edge), self.floats.get(edge)) {
            (Some(constant), _) => match self.origin.floats(edge) {
                Some((shape, values)) if width == Width::Half => {
                    let values: Vec<f16> = values.into_iter().map(f16::from_f32).collect();
                    self.graph.constant(&format!("{edge}.half"), &shape, Values::Half(&values))
                }
                _ => {
                    self.graph.adopt(constant);
                    edge.to_owned()
                }
            },
            (None, Some(own)) if *own != width => {
                self.graph.node("Cast", &format!("{edge}.{}", width.name()), &[edge], &[width.cast()])
            }
            (None, _) => edge.to_owned(),
        };
        self.turned.insert((edge.to_owned(), width), found.clone());
        found
    }
}

impl Width {
    fn name(self) -> &'static str {
        match self {
            Width::Half => "half",
            Width::Full => "full",
        }
    }

    fn cast(self) -> Attribute<'static> {
        let to = match self {
            Width::Half => ElementType::Float16,
            Width::Full => ElementType::Float,
        };
        Attribute::Int("to", to as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encoder::{Input, Values as Fed},
        training::{
            model::clip::Activation,
            onnx::towers::{
                small_clip, small_image, small_text,
                testing::{Numbers, run},
            },
        },
    };

    fn see(model: &Model) -> Vec<f32> {
        let pixels = Numbers(5).take(3 * 3 * 16 * 16);
        run(model, &[Input { name: "pixel_values", shape: &[3, 3, 16, 16], values: Fed::F32(&pixels) }], "image_embeds").values
    }

    /// How many kinds of operators compute in 32 bits, which they are, and the least cosine of what `model` and its half give.
    #[track_caller]
    fn check(model: &Model, run: fn(&Model) -> Vec<f32>, rows: usize, wide: &[&str]) {
        let half = halved(model);
        assert_eq!((&half.graph.input, &half.graph.output), (&model.graph.input, &model.graph.output));
        let (want, found) = (run(model), run(&half));
        for (want, found) in want.chunks(want.len() / rows).zip(found.chunks(want.len() / rows)) {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            let cosine = dot(want, found) / (dot(want, want) * dot(found, found)).sqrt();
            assert!(cosine >= 0.9999, "{cosine}");
        }
        let reads_floats = |node: &&NodeProto| node.input.iter().any(|edge| half.graph.floats(edge).is_some());
        let found: BTreeSet<&str> = half.graph.node.iter().filter(reads_floats).map(NodeProto::op_type).collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), wide);
    }

    #[test]
    fn half_a_tower_points_where_the_whole_one_does() {
        check(&small_image(), see, 3, &[]);
        // The mask, and the norms.
        check(&small_text(), small_clip::read, 2, &["LayerNormalization", "Mul"]);
        for activation in [Activation::QuickGelu, Activation::Gelu] {
            let (config, clip) = small_clip::small(activation, 10);
            let [image, text] = small_clip::graphs(&config, &clip);
            check(&image, see, 3, &["LayerNormalization"]);
            check(&text, small_clip::read, 2, &["LayerNormalization", "Mul", "Slice"]);
        }
    }

    #[test]
    fn weights_beyond_halfs_range_stay_whole() {
        let (config, clip) = small_clip::small(Activation::Gelu, 10);
        let [mut image, _] = small_clip::graphs(&config, &clip);
        let projection = image.graph.initializer.iter_mut().find(|tensor| tensor.name() == "visual_projection.weight");
        let raw = projection.and_then(|tensor| tensor.raw_data.as_mut()).expect("a matrix");
        let (words, _) = raw.as_chunks_mut::<4>();
        words.iter_mut().for_each(|word| *word = (f32::from_le_bytes(*word) * 1e6).to_le_bytes());
        check(&image, see, 3, &["LayerNormalization", "MatMul"]);
    }
}
