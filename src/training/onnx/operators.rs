//! Which operators of our files the execution providers of ONNX Runtime take, as `docs/devices.md` tells it. Only a test: what is left to
//! the processor here costs a way there and back on each picture.

use std::{collections::BTreeSet, path::Path};

use super::Model;
use crate::training::{
    model::clip::Activation,
    onnx::{halved, towers::small_clip},
    quantise::{WeightBits, dynamic},
};

/// `core/providers/qnn/builder/op_builder_factory.cc` of ONNX Runtime, as far as we have use for it.
const QNN: &str = "Abs Add ArgMax Cast Clip Concat Conv DequantizeLinear Div Equal Expand Flatten Gather GatherND GlobalAveragePool \
                   LayerNormalization MatMul Max Mul QuantizeLinear ReduceL2 ReduceMax ReduceSum Reshape Sigmoid Slice Softmax Squeeze Sub Transpose \
                   Unsqueeze";
/// `coreml_supported_ops.md`, the format that it is given by itself; likewise.
const CORE_ML: &str =
    "Add ArgMax Cast Clip Concat Conv Div Flatten GlobalAveragePool MatMul Mul Reshape Sigmoid Squeeze Sub Transpose";
/// `coreml_supported_mlprogram_ops.md`, its newer format.
const ML_PROGRAM: &str = "Add Cast Clip Concat Conv Div Erf GlobalAveragePool LayerNormalization MatMul Max Mul ReduceMax ReduceSum Reshape Shape \
                          Sigmoid Softmax Squeeze Sub Transpose Unsqueeze";

/// What a provider leaves of a file to the processor.
#[track_caller]
fn check(name: &str, model: &Model, [qnn, core_ml, ml_program]: [&str; 3]) {
    let operators: BTreeSet<&str> = model.graph.node.iter().map(|node| node.op_type()).collect();
    for (provider, takes, want) in [("QNN", QNN, qnn), ("CoreML", CORE_ML, core_ml), ("ML program", ML_PROGRAM, ml_program)] {
        let left = operators.iter().filter(|operator| !takes.split_whitespace().any(|taken| taken == **operator));
        assert_eq!(left.copied().collect::<Vec<_>>().join(" "), want, "{name} by {provider}");
    }
}

#[test]
fn the_operators_of_each_file_are_those_that_its_devices_take() {
    let shipped =
        |name: &str| Model::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models/street").join(name)).expect(name);
    let convolutions = shipped("image.f32.onnx");
    check("image.f32.onnx", &convolutions, ["", "", "Flatten"]);
    check("image.f16.onnx", &halved(&convolutions), ["", "", "Flatten"]);
    let pairs = "DequantizeLinear QuantizeLinear";
    check("image.int8.onnx", &shipped("image.int8.onnx"), ["", pairs, "DequantizeLinear Flatten QuantizeLinear"]);

    let (config, clip) = small_clip::small(Activation::QuickGelu, 10);
    let [image, _] = small_clip::graphs(&config, &clip);
    let (left, expanded) = ("Expand LayerNormalization Shape Slice Softmax", "Expand Slice");
    check("a CLIP's image.f32.onnx", &image, ["Shape", left, expanded]);
    check("a CLIP's image.f16.onnx", &halved(&image), ["Shape", left, expanded]);
    let small = dynamic(&image, WeightBits::Eight, &[]).expect("a graph");
    let integers = "Abs DynamicQuantizeLinear Expand LayerNormalization MatMulInteger Max ReduceMax Shape Slice Softmax";
    let left = ["DynamicQuantizeLinear MatMulInteger Shape", integers, "Abs DynamicQuantizeLinear Expand MatMulInteger Slice"];
    check("a CLIP's image.int8.onnx", &small, left);
}
