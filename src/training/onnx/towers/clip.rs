//! CLIP's two towers under the names of Hugging Face.

use super::{Attribute, Graph, Values, integers, transformer::Transformer};
use crate::training::{
    TrainingError,
    model::clip::{Activation, Blocks, Config, EndOfText},
    onnx::{Axis, ElementType, Model},
    weights::Weights,
};

/// Added to the score of a token that must not be seen: far below any score, and finite.
const MASKED: f32 = -1e9;

/// The image tower. Reads `pixel_values`, (N, 3, side, side); gives `image_embeds`, (N, D).
pub fn clip_image(weights: &Weights, config: &Config) -> Result<Model, TrainingError> {
    let (vision, blocks) = (&config.vision, &config.vision.blocks);
    let mut graph = Graph::new("image");
    let side = Axis::Fixed(vision.side);
    let pixels = graph.input("pixel_values", ElementType::Float, &[Axis::Free("N"), Axis::Fixed(3), side, side]);
    let mut tower = begin(weights, graph, blocks);
    let tokens = see(&mut tower, config, &pixels)?;
    let mut edge = tower.normalise("vision_model.pre_layrnorm", &tokens)?;
    for layer in 0..blocks.layers {
        let rows = if layer + 1 == blocks.layers { Rows::First } else { Rows::All };
        edge = block(&mut tower, &format!("vision_model.encoder.layers.{layer}"), blocks, edge, None, rows)?;
    }
    let one = integers(&mut tower.graph, "class.axis", &[1]);
    let class = tower.graph.node("Squeeze", "class", &[&edge, &one], &[]);
    let class = tower.normalise("vision_model.post_layernorm", &class)?;
    let edge = tower.product("visual_projection", &class, [blocks.width, config.embedding], 1.0)?;
    Ok(tower.graph.finish(&edge, "image_embeds", &[Axis::Free("N"), Axis::Fixed(config.embedding)]))
}

/// The text tower. Reads `input_ids` and `attention_mask` (1 for a token, 0 for padding), int64 (N, T) with T at most the context;
/// gives `text_embeds`, (N, D).
pub fn clip_text(weights: &Weights, config: &Config) -> Result<Model, TrainingError> {
    let (text, blocks) = (&config.text, &config.text.blocks);
    let axes = [Axis::Free("N"), Axis::Free("T")];
    let mut graph = Graph::new("text");
    let ids = graph.input("input_ids", ElementType::Int64, &axes);
    let mask = graph.input("attention_mask", ElementType::Int64, &axes);
    let end = end(&mut graph, &ids, &mask, text.end_of_text());
    let mask = graph.node("Cast", "mask", &[&mask], &[Attribute::Int("to", ElementType::Float as i64)]);
    let mut tower = begin(weights, graph, blocks);

    let name = |part: &str| format!("text_model.embeddings.{part}_embedding.weight");
    let table = |name: &str, rows| weights.shaped(name, [Some(rows), Some(blocks.width)]);
    let (words, shape) = table(&name("token"), text.words)?;
    let words = tower.graph.constant(&name("token"), &shape, Values::Float(&words.values));
    let (positions, shape) = table(&name("position"), text.context)?;
    let positions = tower.graph.constant(&name("position"), &shape, Values::Float(&positions.values));
    let words = tower.graph.node("Gather", "words", &[&words, &ids], &[]);
    let [positions, length] = tower.positions(&positions, &ids);
    let mut edge = tower.graph.node("Add", "embeddings", &[&words, &positions], &[]);

    let padding = tower.padding(&mask, MASKED);
    let later = later(&mut tower.graph, text.context, &length);
    let hidden = tower.graph.node("Add", "hidden", &[&later, &padding], &[]);
    for layer in 0..blocks.layers {
        let name = format!("text_model.encoder.layers.{layer}");
        edge = block(&mut tower, &name, blocks, edge, Some(&hidden), Rows::All)?;
    }
    let last = tower.graph.node("GatherND", "last", &[&edge, &end], &[Attribute::Int("batch_dims", 1)]);
    let last = tower.normalise("text_model.final_layer_norm", &last)?;
    let edge = tower.product("text_projection", &last, [blocks.width, config.embedding], 1.0)?;
    Ok(tower.graph.finish(&edge, "text_embeds", &[Axis::Free("N"), Axis::Fixed(config.embedding)]))
}

fn begin<'a>(weights: &'a Weights, graph: Graph, blocks: &Blocks) -> Transformer<'a> {
    let (width, epsilon) = (blocks.width, blocks.epsilon as f32);
    Transformer { weights, graph, width, head_width: width / blocks.heads, epsilon }
}

/// Patches behind the class token, with their positions, (N, tokens, width).
fn see(tower: &mut Transformer, config: &Config, pixels: &str) -> Result<String, TrainingError> {
    let (width, patch, tokens) = (tower.width, config.vision.patch, config.vision.tokens());
    let name = |part: &str| format!("vision_model.embeddings.{part}");
    let (class, _) = tower.weights.shaped(&name("class_embedding"), [Some(width)])?;
    let windows = [Some(width), Some(3), Some(patch), Some(patch)];
    let (weight, shape) = tower.weights.shaped(&name("patch_embedding.weight"), windows)?;
    let (positions, _) = tower.weights.shaped(&name("position_embedding.weight"), [Some(tokens), Some(width)])?;
    let (first, rest) = positions.values.split_at(width);
    let class: Vec<f32> = class.values.iter().zip(first).map(|(class, first)| class + first).collect();

    let graph = &mut tower.graph;
    let weight = graph.constant(&name("patch_embedding.weight"), &shape, Values::Float(&weight.values));
    let sides = [patch as i64; 2];
    let attributes = [Attribute::Ints("kernel_shape", &sides), Attribute::Ints("strides", &sides)];
    let patches = graph.node("Conv", &name("patch_embedding"), &[pixels, &weight], &attributes);
    let shape = integers(graph, "patches.shape", &[0, width as i64, -1]);
    let patches = graph.node("Reshape", "patches.flat", &[&patches, &shape], &[]);
    let patches = graph.node("Transpose", "patches", &[&patches], &[Attribute::Ints("perm", &[0, 2, 1])]);
    let rest = graph.constant("positions", &[tokens - 1, width], Values::Float(rest));
    let patches = graph.node("Add", "patches.placed", &[&patches, &rest], &[]);

    let class = graph.constant(&name("class_embedding"), &[1, 1, width], Values::Float(&class));
    let batch = graph.node("Shape", "batch", &[pixels], &[Attribute::Int("start", 0), Attribute::Int("end", 1)]);
    let one = integers(graph, "class.shape", &[1, width as i64]);
    let shape = graph.node("Concat", "classes.shape", &[&batch, &one], &[Attribute::Int("axis", 0)]);
    let class = graph.node("Expand", "classes", &[&class, &shape], &[]);
    Ok(graph.node("Concat", "embeddings", &[&class, &patches], &[Attribute::Int("axis", 1)]))
}

/// The tokens whose answer is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    All,
    /// The class token: nothing reads the others behind the last block.
    First,
}

fn block(
    tower: &mut Transformer,
    name: &str,
    blocks: &Blocks,
    edge: String,
    mask: Option<&str>,
    rows: Rows,
) -> Result<String, TrainingError> {
    let part = |part: &str| format!("{name}.{part}");
    let layers = ["q_proj", "k_proj", "v_proj", "out_proj"].map(|layer| part(&format!("self_attn.{layer}")));
    let normal = tower.normalise(&part("layer_norm1"), &edge)?;
    let [from, edge] = match rows {
        Rows::All => [normal.clone(), edge],
        Rows::First => [first(&mut tower.graph, &normal), first(&mut tower.graph, &edge)],
    };
    let seen = tower.attention(&part("self_attn"), layers, &from, &normal, mask)?;
    let edge = tower.graph.node("Add", &part("seen"), &[&seen, &edge], &[]);

    let normal = tower.normalise(&part("layer_norm2"), &edge)?;
    let inner = tower.dense(&part("mlp.fc1"), &normal, [blocks.width, blocks.inner], 1.0)?;
    let inner = match blocks.activation {
        Activation::Gelu => tower.gelu(&part("mlp.gelu"), &inner),
        Activation::QuickGelu => tower.quick_gelu(&part("mlp.gelu"), &inner),
    };
    let outer = tower.dense(&part("mlp.fc2"), &inner, [blocks.inner, blocks.width], 1.0)?;
    Ok(tower.graph.node("Add", &part("thought"), &[&outer, &edge], &[]))
}

/// (N, T, width) to (N, 1, width).
fn first(graph: &mut Graph, edge: &str) -> String {
    let [zero, one] = [0, 1].map(|n| integers(graph, &format!("{edge}.{n}"), &[n]));
    graph.node("Slice", &format!("{edge}.first"), &[edge, &zero, &one, &one], &[])
}

/// What hides later tokens, (T, T), a row for each that looks.
fn later(graph: &mut Graph, context: usize, length: &str) -> String {
    let hidden = |i: usize| if i % context > i / context { MASKED } else { 0.0 };
    let values: Vec<f32> = (0..context * context).map(hidden).collect();
    let whole = graph.constant("later.whole", &[context; 2], Values::Float(&values));
    let start = integers(graph, "later.start", &[0, 0]);
    let axes = integers(graph, "later.axes", &[0, 1]);
    let end = graph.node("Concat", "later.end", &[length, length], &[Attribute::Int("axis", 0)]);
    graph.node("Slice", "later", &[&whole, &start, &end, &axes], &[])
}

/// The place of each text's end, (N, 1).
fn end(graph: &mut Graph, ids: &str, mask: &str, end: EndOfText) -> String {
    // Padding may bear any id.
    let ids = graph.node("Mul", "end.ids", &[ids, mask], &[]);
    let sought = match end {
        EndOfText::First(id) => {
            let id = integers(graph, "end.id", &[i64::from(id)]);
            graph.node("Equal", "end.found", &[&ids, &id], &[])
        }
        EndOfText::Highest => ids,
    };
    // Whole up to 2^24, and ArgMax takes floats everywhere.
    let sought = graph.node("Cast", "end.sought", &[&sought], &[Attribute::Int("to", ElementType::Float as i64)]);
    graph.node("ArgMax", "end", &[&sought], &[Attribute::Int("axis", 1), Attribute::Int("keepdims", 1)])
}

#[cfg(test)]
pub(in crate::training) mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::super::testing::{Numbers, assert_close, run, weights};
    use super::*;
    use crate::{
        encoder::{Input, Values as Fed},
        training::model::{
            Clip, TwoTowers,
            clip::{TextConfig, VisionConfig, layout},
            parameters,
        },
    };

    /// Texts of the small CLIP, the second one padded.
    const TEXTS: [&[u32]; 2] = [&[9, 1, 5, 10], &[9, 2, 10]];

    /// Two blocks of 32 in each tower.
    pub fn small(activation: Activation, end: u32) -> (Config, Clip) {
        let blocks = |heads| Blocks { layers: 2, width: 32, inner: 64, heads, activation, epsilon: 1e-5 };
        let config = Config {
            vision: VisionConfig { blocks: blocks(2), side: 16, patch: 8 },
            text: TextConfig { blocks: blocks(4), words: 11, context: 6, begin: 9, end, pad: 0 },
            embedding: 12,
            log_scale: 2.0,
        };
        let device = Device::flex();
        let fresh = parameters::tensors(&Clip::new(&config, &device));
        let shapes: Vec<(&str, &[usize])> = fresh.iter().map(|(path, tensor)| (path.as_str(), &tensor.shape[..])).collect();
        let clip = parameters::fill(Clip::new(&config, &device), &weights(&shapes)).expect("its own shapes");
        (config, clip)
    }

    /// The graphs of both towers.
    pub fn graphs(config: &Config, clip: &Clip) -> [Model; 2] {
        let weights = layout::weights(clip).expect("finite weights");
        [clip_image(&weights, config).expect("a tower"), clip_text(&weights, config).expect("a tower")]
    }

    pub fn embed(image: &Model, pixels: &[f32]) -> Vec<f32> {
        run(image, &[Input { name: "pixel_values", shape: &[3, 3, 16, 16], values: Fed::F32(pixels) }], "image_embeds").values
    }

    /// Padding of an id that would be the highest.
    pub fn read(text: &Model) -> Vec<f32> {
        let (ids, mask) = ([9, 1, 5, 10, 9, 2, 10, 10], [1, 1, 1, 1, 1, 1, 1, 0]);
        let input = |name, values| Input { name, shape: &[2, 4], values: Fed::I64(values) };
        run(text, &[input("input_ids", &ids), input("attention_mask", &mask)], "text_embeds").values
    }

    #[track_caller]
    fn check(activation: Activation, end: u32) {
        let (config, clip) = small(activation, end);
        let [image, text] = graphs(&config, &clip);
        let pixels = Numbers(5).take(3 * 3 * 16 * 16);
        let values = |tensor: Tensor<2>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
        let fed = Tensor::from_data(TensorData::new(pixels.clone(), [3, 3, 16, 16]), &Device::flex());
        assert_close(&embed(&image, &pixels), &values(clip.image(fed)), 1e-4);
        let texts = TEXTS.map(<[u32]>::to_vec).to_vec();
        assert_close(&read(&text), &values(clip.text(texts)), 1e-4);
    }

    #[test]
    fn both_graphs_equal_the_trainers_forward_pass() {
        check(Activation::QuickGelu, 10);
        check(Activation::Gelu, 2);
    }
}
