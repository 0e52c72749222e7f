//! The exported graphs against the trainer's forward pass, and the sentence encoder against its published pipeline.

use std::{
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;

use super::{MiniLm, MobileNetV2, Pair, Projection, TextTower, Trained, TwoTowers};
use crate::{
    bundle::{Bundle, TEXT_INT8},
    embedding::Embedding,
    encoder::{Input, OnnxSession, OnnxTextEncoder, Output, Runtime, SessionOptions, TextEncoder, Values},
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

/// The frozen image trunk; `None`, said so, where this machine lacks it.
fn image_trunk() -> Option<Weights> {
    let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), PathBuf::from);
    read(&data.join("weights/mobilenet_v2_imagenet.safetensors"))
}

/// The frozen text trunk; the same.
fn text_trunk() -> Option<Weights> {
    read(&directories::ProjectDirs::from("", "", "streetscape")?.data_dir().join("minilm/model.safetensors"))
}

fn read(file: &Path) -> Option<Weights> {
    if !file.exists() {
        eprintln!("skipped: there is no {}; tools/minilm.sh fetches the sentence encoder", file.display());
        return None;
    }
    Some(Weights::read(file).expect("a trunk"))
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

/// Sentences through a text tower, padded to the longest.
fn run_text(model: &Model, sentences: &[Vec<u32>]) -> Vec<f32> {
    let longest = sentences.iter().map(Vec::len).max().unwrap_or(0);
    let (mut ids, mut mask) = (vec![0_i64; sentences.len() * longest], vec![0_i64; sentences.len() * longest]);
    for (row, sentence) in sentences.iter().enumerate() {
        for (column, &id) in sentence.iter().enumerate() {
            ids[row * longest + column] = i64::from(id);
            mask[row * longest + column] = 1;
        }
    }
    let shape = [sentences.len(), longest];
    let inputs = [
        Input { name: "input_ids", shape: &shape, values: Values::I64(&ids) },
        Input { name: "attention_mask", shape: &shape, values: Values::I64(&mask) },
    ];
    run(model, &inputs, "text_embeds")
}

/// What the published pipeline makes of a sentence.
#[derive(Deserialize)]
struct Published {
    text: String,
    ids: Vec<u32>,
    #[serde(skip)]
    embedding: Vec<f32>,
}

/// As `tests/data/minilm/make.py` wrote them.
fn published() -> Vec<Published> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/minilm");
    let lines = fs::read_to_string(dir.join("sentences.jsonl")).expect("the sentences");
    let bytes = fs::read(dir.join("embeddings.npy")).expect("their embeddings");
    let rows: Vec<f32> = npyz::NpyFile::new(&bytes[..]).expect("an array").into_vec().expect("floats");
    let mut sentences: Vec<Published> = lines.lines().map(|line| serde_json::from_str(line).expect("a sentence")).collect();
    assert_eq!(rows.len(), sentences.len() * 384);
    for (sentence, row) in sentences.iter_mut().zip(rows.chunks(384)) {
        sentence.embedding = row.to_vec();
    }
    sentences
}

#[track_caller]
fn check(what: &str, found: &[f32], want: Tensor<2>) {
    let want: Vec<f32> = want.into_data().iter::<f32>().collect();
    near(what, found, &want);
}

#[track_caller]
fn near(what: &str, found: &[f32], want: &[f32]) {
    assert_eq!(found.len(), want.len());
    let most = found.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(most <= MOST, "{what}: differs by {most}");
    eprintln!("{what}: differs by {most:e} at most");
}

#[test]
fn the_exported_towers_answer_as_the_trainer_does() {
    let (Some(vision), Some(language)) = (image_trunk(), text_trunk()) else { return };
    let (device, trained) = (Device::flex(), trained());
    let text = TextTower::new(MiniLm::new(&language, &device).expect("the text trunk"), &trained.text, &device);
    let whole = Pair::new(MobileNetV2::new(&vision, &device).expect("the image trunk"), text, &trained, &device);

    let shape = [2, 3, 224, 224];
    let pixels: Vec<f32> =
        (0..shape.iter().product()).map(|i: usize| (i as f32 * 0.013).sin() * (i as f32 * 1e-4).cos()).collect();
    let model = towers::mobilenet_v2(&vision, &[layer(&trained.image)]).expect("a graph");
    let input = Input { name: "pixel_values", shape: &shape, values: Values::F32(&pixels) };
    let found = run(&model, &[input], "image_embeds");
    check("image tower", &found, whole.image(Tensor::from_data(TensorData::new(pixels.clone(), shape), &device)));

    // "a street", "zebra crossing ahead" and a sentence of one word, padded to the longest.
    let sentences = vec![vec![101, 1037, 2395, 102], vec![101, 29145, 5153, 3805, 102], vec![101, 3902, 102]];
    let model = towers::minilm(&language, &[layer(&trained.text)], CONTEXT).expect("a graph");
    check("text tower", &run_text(&model, &sentences), whole.text(sentences));
}

#[test]
fn the_sentence_encoder_answers_as_its_published_pipeline_does() {
    let Some(language) = text_trunk() else { return };
    let sentences = published();
    let want: Vec<f32> = sentences.iter().flat_map(|sentence| sentence.embedding.iter().copied()).collect();
    let ids: Vec<Vec<u32>> = sentences.into_iter().map(|sentence| sentence.ids).collect();
    let trunk = MiniLm::new(&language, &Device::flex()).expect("the text trunk");
    let graph = towers::minilm(&language, &[], CONTEXT).expect("a graph");
    // Small batches: the longest sentence, last, is padding to no other.
    let (mut forward, mut exported) = (Vec::new(), Vec::new());
    for batch in ids.chunks(8) {
        forward.extend(trunk.forward(batch).into_data().iter::<f32>());
        exported.extend(run_text(&graph, batch));
    }
    near("the trainer's forward pass", &forward, &want);
    near("the exported graph", &exported, &want);
}

/// Needs no weights: the projection is read out of the shipped tower, and stands behind what was published.
#[test]
fn the_shipped_text_tower_points_where_the_published_one_does() {
    let bundle = Bundle::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models/street")).expect("the shipped model");
    let options = SessionOptions::default();
    let mut tower =
        OnnxTextEncoder::open(Runtime::load(None).expect("ONNX Runtime"), &bundle, &options).expect("its text tower");
    let graph = Model::read(&bundle.dir().join(TEXT_INT8)).expect("its graph").graph;
    let floats = |name: &str| graph.floats(name).expect("a constant of the projection").1;
    let (scale, bias) = (floats("projection.0.weight.scale"), floats("projection.0.bias"));
    let weight = graph.constant("projection.0.weight.quantised").and_then(|tensor| tensor.raw_data.clone());
    let weight: Vec<f32> = weight.expect("the projection's weight").iter().map(|&byte| f32::from(byte as i8)).collect();

    let sentences: Vec<Published> = published().into_iter().filter(|sentence| !sentence.text.trim().is_empty()).collect();
    let found = tower.encode(&sentences.iter().map(|sentence| &*sentence.text).collect::<Vec<_>>()).expect("embeddings");
    let cosines: Vec<f32> = found
        .iter()
        .zip(&sentences)
        .map(|(found, sentence)| {
            let mut want = bias.clone();
            for (x, row) in sentence.embedding.iter().zip(weight.chunks(scale.len())) {
                want.iter_mut().zip(row.iter().zip(&scale)).for_each(|(sum, (w, scale))| *sum += x * w * scale);
            }
            found.cosine(&Embedding::new(want).expect("a direction"))
        })
        .collect();
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    let least = cosines.iter().copied().fold(1.0, f32::min);
    eprintln!("text tower int8: cosine {mean:.4} in the mean, {least:.4} at least");
    assert!(mean >= 0.99 && least >= 0.97, "cosine {mean} in the mean, {least} at least: {cosines:?}");
}
