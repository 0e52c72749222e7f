//! The exported graphs against the trainer's forward pass.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};

use super::{MiniLm, MobileNetV2, Projection, Trained, TwoTowers, Whole};
use crate::{
    encoder::{Input, OnnxSession, Output, Runtime, SessionOptions, Values},
    training::{
        features::CONTEXT,
        onnx::{
            Model,
            towers::{self, Layer},
        },
        weights::{Tensor as Weight, Weights},
    },
};

/// What the two may differ by in any component.
const MOST: f32 = 1e-4;

/// Small projections without a pattern.
fn trained() -> Trained {
    let some = |inputs: usize| {
        let weight = (0..inputs * 32).map(|i| (i as f32 * 0.7).sin() / (inputs as f32).sqrt()).collect();
        Projection { inputs, outputs: 32, weight, bias: (0..32).map(|i| i as f32 / 100.0).collect() }
    };
    Trained { image: some(1280), text: some(384), scale: 20.0, residuals: Vec::new() }
}

fn layer(projection: &Projection) -> Layer {
    let shape = vec![projection.inputs, projection.outputs];
    Layer::Linear { weight: Weight { shape, values: projection.weight.clone() }, bias: projection.bias.clone() }
}

/// The frozen trunks; `None`, said so, where this machine lacks them.
fn trunks() -> Option<(Weights, Weights)> {
    let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), PathBuf::from);
    let image = data.join("weights/mobilenet_v2_imagenet.safetensors");
    let text = directories::ProjectDirs::from("", "", "streetscape")?.data_dir().join("minilm/model.safetensors");
    for file in [&image, &text] {
        if !file.exists() {
            eprintln!("skipped: there is no {}; tools/minilm.sh fetches the sentence encoder", file.display());
            return None;
        }
    }
    Some((Weights::read(&image).expect("the image trunk"), Weights::read(&text).expect("the text trunk")))
}

fn run(model: &Model, inputs: &[Input], output: &str) -> Vec<f32> {
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let mut session =
        OnnxSession::open(runtime, "exported", &model.to_bytes(), &SessionOptions::default()).expect("the exported graph");
    let mut outputs = [Output::named(output)];
    session.run(inputs, &mut outputs).expect("an answer");
    let [output] = outputs;
    output.values
}

#[track_caller]
fn check(what: &str, found: &[f32], want: Tensor<2>) {
    let want: Vec<f32> = want.into_data().iter::<f32>().collect();
    assert_eq!(found.len(), want.len());
    let most = found.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(most <= MOST, "{what}: differs by {most}");
    eprintln!("{what}: differs by {most:e} at most");
}

#[test]
fn the_exported_towers_answer_as_the_trainer_does() {
    let Some((vision, language)) = trunks() else { return };
    let (device, trained) = (Device::flex(), trained());
    let whole = Whole {
        vision: MobileNetV2::new(&vision, &device).expect("the image trunk"),
        language: MiniLm::new(&language, &device).expect("the text trunk"),
        heads: trained.heads(&device),
    };

    let shape = [2, 3, 224, 224];
    let pixels: Vec<f32> =
        (0..shape.iter().product()).map(|i: usize| (i as f32 * 0.013).sin() * (i as f32 * 1e-4).cos()).collect();
    let model = towers::mobilenet_v2(&vision, &[layer(&trained.image)]).expect("a graph");
    let input = Input { name: "pixel_values", shape: &shape, values: Values::F32(&pixels) };
    let found = run(&model, &[input], "image_embeds");
    check("image tower", &found, whole.image(Tensor::from_data(TensorData::new(pixels.clone(), shape), &device)));

    // "a street", "zebra crossing ahead" and a sentence of one word, padded to the longest.
    let sentences = vec![vec![101, 1037, 2395, 102], vec![101, 29145, 5153, 3805, 102], vec![101, 3902, 102]];
    let longest = 5;
    let mut ids = vec![0_i64; sentences.len() * longest];
    let mut mask = ids.clone();
    for (row, sentence) in sentences.iter().enumerate() {
        for (column, &id) in sentence.iter().enumerate() {
            ids[row * longest + column] = i64::from(id);
            mask[row * longest + column] = 1;
        }
    }
    let shape = [sentences.len(), longest];
    let model = towers::minilm(&language, &[layer(&trained.text)], CONTEXT).expect("a graph");
    let inputs = [
        Input { name: "input_ids", shape: &shape, values: Values::I64(&ids) },
        Input { name: "attention_mask", shape: &shape, values: Values::I64(&mask) },
    ];
    check("text tower", &run(&model, &inputs, "text_embeds"), whole.text(sentences));
}
