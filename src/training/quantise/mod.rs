//! From 32-bit floats to 8-bit integers.
//!
//! Two ways, one for each tower: convolutions take ranges that were observed beforehand on photos ([`calibrate`], [`qdq`]);
//! transformers, whose activations vary more, find theirs at each run ([`dynamic`]). Weights are symmetric, with a scale for each
//! output; activations are unsigned and asymmetric. Leaves the choice of photos and the judgement of the result to the trainer.

mod calibrate;
mod dynamic;
mod histogram;
mod plan;
mod qdq;
mod rounding;
mod turned;
mod unpack;
mod unsaturated;

pub use calibrate::{Ranges, calibrate};
pub use dynamic::{attends, dynamic};
pub use qdq::qdq;
pub use rounding::WeightBits;
pub use turned::turned;
pub use unsaturated::unsaturated;

use super::onnx::{ElementType, Model, NodeProto};

/// The nodes of `model` that rounding changes, in their order.
pub fn layers(model: &Model) -> Vec<&str> {
    let (graph, attends) = (&model.graph, attends(model));
    let planned = plan::Plan::new(graph, &[]).nodes;
    let matrix = |edge: Option<&String>| edge.and_then(|edge| graph.floats(edge)).is_some_and(|(shape, _)| shape.len() == 2);
    let changes = |node: &&NodeProto| match node.op_type() {
        "MatMul" => matrix(node.input.get(1)),
        "Gather" => attends && matrix(node.input.first()),
        _ => !attends && planned.contains(node.name()),
    };
    graph.node.iter().filter(changes).map(NodeProto::name).collect()
}

/// What is kept in float together with `layer`, by one name: its whole block where [`qdq`] rounds, else itself.
pub fn unit<'a>(model: &Model, layer: &'a str) -> &'a str {
    match layer.rsplit_once('.') {
        Some((block, part)) if !attends(model) && part.parse::<usize>().is_err() => block,
        _ => layer,
    }
}

/// Bytes that 8 bits save of the weights of `layer`.
pub fn saved(model: &Model, layer: &str) -> usize {
    let nodes = model.graph.node.iter().filter(|node| node.name() == layer);
    let constants = nodes.flat_map(|node| &node.input).filter_map(|edge| model.graph.constant(edge));
    let weights = constants.filter(|tensor| tensor.dims.len() > 1 && tensor.data_type() == ElementType::Float);
    3 * weights.map(|tensor| tensor.dims.iter().product::<i64>() as usize).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encoder::{Input, Values},
        training::{
            model::clip::Activation,
            onnx::towers::{
                projected_text, small_clip, small_image, small_text,
                testing::{Numbers, assert_close, run},
            },
            weights::Tensor,
        },
    };

    const SHAPE: [usize; 4] = [4, 3, 16, 16];

    fn images() -> Vec<f32> {
        Numbers(5).take(SHAPE.iter().product())
    }

    fn embed(model: &Model) -> Vec<f32> {
        run(model, &[Input { name: "pixel_values", shape: &SHAPE, values: Values::F32(&images()) }], "image_embeds").values
    }

    fn read(model: &Model) -> Vec<f32> {
        let input = |name, values| Input { name, shape: &[2, 4], values: Values::I64(values) };
        let (ids, mask) = ([1, 5, 9, 2, 1, 7, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0]);
        run(model, &[input("input_ids", &ids), input("attention_mask", &mask)], "text_embeds").values
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    fn observed(model: &Model) -> Ranges {
        calibrate(model, [Ok(Tensor { shape: SHAPE.to_vec(), values: images() })]).expect("ranges")
    }

    #[test]
    fn an_integer_image_tower_points_where_the_float_one_does() {
        let float = small_image();
        let ranges = observed(&float);
        for bits in [WeightBits::Seven, WeightBits::Eight] {
            for keep_float in [&[][..], &["projection.0", "projection.2"], &["stem", "pool"], &["blocks.2.expand"]] {
                let model = qdq(&float, &ranges, bits, keep_float).expect("a graph");
                let cosine = cosine(&embed(&float), &embed(&model));
                assert!(cosine > 0.99, "{cosine} with {bits:?}, {keep_float:?} in float");
            }
        }
    }

    #[test]
    fn a_turned_tower_gives_what_the_tower_gave_times_the_map() {
        let model = dynamic(&projected_text(), WeightBits::Seven, &[]).expect("a graph");
        let before = read(&model);
        let width = before.len() / 2;
        let mut map = Numbers(7).take(width * width);
        map.iter_mut().step_by(width + 1).for_each(|diagonal| *diagonal += 2.0);
        let after = read(&turned("text", &model, &map).expect("8-bit weights"));
        for (before, after) in before.chunks(width).zip(after.chunks(width)) {
            let of = |c: usize| before.iter().zip(map.iter().skip(c).step_by(width)).map(|(x, m)| x * m).sum();
            let want: Vec<f32> = (0..width).map(of).collect();
            assert!(cosine(after, &want) > 0.999, "{after:?} for {want:?}");
        }
        for model in [projected_text(), dynamic(&small_text(), WeightBits::Seven, &[]).expect("a graph")] {
            let error = turned("text", &model, &map).expect_err("weights in float, or no projection").to_string();
            assert!(error.contains("quantise"), "{error}");
        }
    }

    #[test]
    fn every_reader_of_a_rounded_edge_reads_it_rounded() {
        let float = small_image();
        let model = qdq(&float, &observed(&float), WeightBits::Eight, &[]).expect("a graph");
        assert!(model.graph.node.iter().all(|node| node.op_type() != "Clip"), "the rounding does what ReLU6 did");
        for node in model.graph.node.iter().filter(|node| node.op_type() == "QuantizeLinear") {
            let readers: Vec<_> = model.graph.readers(&node.input[0]).map(|reader| reader.name()).collect();
            assert_eq!(readers, [node.name()], "{}", node.input[0]);
        }
    }

    #[test]
    fn an_integer_text_tower_points_where_the_float_one_does() {
        let float = small_text();
        // With eight bits, where the CPU's sums of 16 bits are too narrow for them.
        for (bits, want) in [(WeightBits::Seven, 0.995), (WeightBits::Eight, 0.98)] {
            let model = dynamic(&float, bits, &[]).expect("a graph");
            let cosine = cosine(&read(&float), &read(&model));
            assert!(cosine > want, "{cosine} with {bits:?}");
        }
    }

    #[test]
    fn integer_towers_of_clip_point_where_the_float_ones_do() {
        let (config, clip) = small_clip::small(Activation::QuickGelu, 10);
        let [image, text] = small_clip::graphs(&config, &clip);
        let pixels = Numbers(5).take(3 * 3 * 16 * 16);
        for (bits, want) in [(WeightBits::Seven, 0.995), (WeightBits::Eight, 0.9)] {
            let [small_image, small_text] = [&image, &text].map(|model| dynamic(model, bits, &[]).expect("a graph"));
            let seen = cosine(&small_clip::embed(&image, &pixels), &small_clip::embed(&small_image, &pixels));
            let read = cosine(&small_clip::read(&text), &small_clip::read(&small_text));
            assert!(seen > want && read > want, "{seen} and {read} with {bits:?}");
        }
    }

    #[test]
    fn sums_of_floats_are_the_integer_ones_where_these_do_not_saturate() {
        let model = dynamic(&small_text(), WeightBits::Seven, &[]).expect("a graph");
        let plain = unsaturated(&model);
        assert!(plain.graph.node.iter().all(|node| node.op_type() != "MatMulInteger"));
        assert_close(&read(&plain), &read(&model), 1e-5);
    }

    #[test]
    fn a_block_of_convolutions_is_kept_whole_and_a_matrix_alone() {
        let (image, text) = (small_image(), small_text());
        let layers = layers(&image);
        assert!(layers.contains(&"blocks.2.expand") && layers.contains(&"pool"), "{layers:?}");
        let units =
            |model: &Model, layers: &[&str]| layers.iter().map(|layer| unit(model, layer).to_owned()).collect::<Vec<_>>();
        assert_eq!(units(&image, &["stem", "blocks.2.expand", "projection.0"]), ["stem", "blocks.2", "projection.0"]);
        assert_eq!(units(&text, &["encoder.layer.0.output.dense"]), ["encoder.layer.0.output.dense"]);
    }

    #[test]
    fn calibration_wants_photos() {
        let float = small_image();
        let error = calibrate(&float, []).expect_err("no photos").to_string();
        assert!(error.contains("no photos were given"), "{error}");
    }
}
