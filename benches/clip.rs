//! ViT-B/32 from a 720p JPEG to its embedding on the CPU, against transformers on PyTorch, ONNX Runtime behind Pillow, and rten.
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;
#[path = "peer.rs"]
mod peer;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use burn::tensor::Device;
use measure::{medians, ms, photo};
use peer::{Peer, asked, ourselves, python, serve};
use streetscape::{
    bundle::{
        Bundle, Calibration, FORMAT, Filter, Fit, IMAGE_F32, IMAGE_INT8, IMAGE_INT8R, Manifest, Preprocessing, TextInput,
    },
    capture,
    encoder::{Device as Where, DeviceChoice, EncoderOptions, ImageEncoder, OnnxImageEncoder, Precision, Runtime, Spinning},
    frame::Picture,
    observation::View,
    training::{
        model::{
            Clip,
            clip::{Config, layout},
        },
        onnx::towers,
        quantise::{WeightBits, dynamic},
    },
};

const ROUNDS: usize = 7;
/// Photos that each does in a round.
const PHOTOS: usize = 4;
/// What the peers in Python do.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/parity/embed.py");

fn main() {
    match asked().as_deref() {
        Some([bundle, photos, precision, threads]) => serve_photos(bundle, photos, precision, threads),
        _ => compare(),
    }
}

fn compare() {
    let folder = tempfile::tempdir().expect("a folder");
    let (bundle, photos, graph) = (folder.path().join("clip"), folder.path().join("photos"), folder.path().join("torch.onnx"));
    make_bundle(&bundle);
    fs::create_dir(&photos).expect("a folder");
    for (i, frame) in measure::frames().iter().step_by(40).take(PHOTOS).enumerate() {
        fs::write(photos.join(format!("{i}.jpg")), photo(frame, 1280, 720)).expect("room for a photo");
    }
    let exported = python().arg(SCRIPT).arg("export").arg(&graph).output().expect("the references");
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let program = rten();
    for threads in [1, 2] {
        let count = threads.to_string();
        let ours = |precision: &str| {
            let mut command = ourselves(&[]);
            command.arg(&bundle).arg(&photos).args([precision, &count]);
            command
        };
        let theirs = |mode: &str, graph: &[&Path]| {
            let mut command = python();
            command.args([SCRIPT, mode]).arg(&photos).arg(&count).args(graph);
            command
        };
        let mut inside = Command::new(&program);
        inside.arg(&graph).arg(&photos).env("RTEN_NUM_THREADS", &count);
        let started = [
            ("ours, f32", ours("f32")),
            ("ours, int8", ours("int8")),
            ("transformers", theirs("transformers", &[])),
            ("ONNX Runtime and Pillow", theirs("onnxruntime", &[&graph])),
            ("rten", inside),
            // What our decoding and resizing alone are worth; the graph is no peer's own.
            ("the same with our graph", theirs("onnxruntime", &[&bundle.join(IMAGE_F32)])),
        ];
        let mut peers = started.map(|(name, command)| (name, Peer::start(command)));
        let mut parts: Vec<measure::Part> =
            peers.iter_mut().map(|(name, peer)| (*name, Box::new(|| peer.run()) as Box<dyn FnMut()>)).collect();
        let times = medians(ROUNDS, &mut parts);
        drop(parts);
        println!("{threads} threads, {PHOTOS} photos of 1280 x 720, median of {ROUNDS} interleaved rounds");
        for ((name, peer), time) in peers.into_iter().zip(&times) {
            let peak = peer.end() as f64 / 1e9;
            println!("  {name:<24} {:>7.1} ms a photo, peak memory {peak:.2} GB", ms(*time) / PHOTOS as f64);
        }
        let [f32, int8, transformers, onnx, rten, _] = times[..] else { unreachable!("six parts") };
        let over = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
        let best = transformers.min(onnx).min(rten);
        println!("  f32 is {:.2} x as fast as the best of them", over(best, f32));
        println!("  int8 is {:.2} x as fast as our f32, {:.2} x transformers", over(f32, int8), over(transformers, int8));
    }
}

/// ViT-B/32's image tower with random weights.
fn make_bundle(dir: &Path) {
    fs::create_dir(dir).expect("a folder");
    let config = Config::parse("config.json", r#"{"vision_config": {}, "text_config": {}}"#).expect("a CLIP");
    let weights = layout::weights(&Clip::new(&config, &Device::flex())).expect("finite weights");
    let float = towers::clip_image(&weights, &config).expect("a graph");
    float.write(&dir.join(IMAGE_F32)).expect("room for it");
    for (name, bits) in [(IMAGE_INT8, WeightBits::Eight), (IMAGE_INT8R, WeightBits::Seven)] {
        dynamic(&float, bits, &[]).expect("a graph").write(&dir.join(name)).expect("room for it");
    }
    let mut manifest = Manifest {
        format: FORMAT,
        name: "clip".to_owned(),
        version: "0.0.0".to_owned(),
        licence: "none".to_owned(),
        embedding: config.embedding,
        image: Preprocessing {
            size: 224,
            fit: Fit::CropFloor,
            filter: Filter::Bicubic,
            mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
            std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
        },
        text: TextInput { context: 77, pad: 0 },
        prompts: None,
        names: None,
        aim: None,
        calibration: Calibration { captions: None, facets: Vec::new() },
        provenance: BTreeMap::new(),
        files: BTreeMap::new(),
    };
    manifest.seal(dir).expect("a bundle");
}

/// Builds the peer that is a program of its own.
fn rten() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/peers/rten");
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--quiet"])
        .current_dir(&dir)
        .env("CARGO_TARGET_DIR", dir.join("target"))
        .status();
    assert!(cargo.expect("cargo").success(), "{} can't be built", dir.display());
    dir.join("target/release/rten-peer")
}

fn serve_photos(bundle: &str, photos: &str, precision: &str, threads: &str) {
    let bundle = Bundle::open(Path::new(bundle)).expect("a bundle");
    let options = EncoderOptions {
        device: DeviceChoice::Only(Where::Cpu),
        precision: precision.parse::<Precision>().expect("a precision"),
        threads: threads.parse().expect("a number"),
        spinning: Spinning::On,
    };
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let mut encoder = OnnxImageEncoder::open(runtime, &bundle, &options).expect("the image tower");
    let mut files: Vec<_> = fs::read_dir(photos).expect("photos").map(|entry| entry.expect("a photo").path()).collect();
    files.sort();
    let (mut picture, mut out) = (Picture::default(), Vec::new());
    serve(|| {
        for file in &files {
            capture::decode("photo", &fs::read(file).expect("a photo"), &mut picture).expect("a JPEG");
            encoder.encode(&picture, &[View::Full], &mut out).expect("an embedding");
        }
    });
}
