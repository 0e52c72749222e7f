//! A CLIP of random weights goes the whole way by the real programs: added as weights and as ONNX, fitted with adapters, exported, made small, walked.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use burn::tensor::Device;
use streetscape::{
    bundle::{Bundle, IMAGE_F32, IMAGE_INT8, IMAGE_INT8R, TEXT_F32, TEXT_INT8},
    capture::jpeg,
    frame::Picture,
    training::{
        fit::{MODEL, RECORD},
        model::clip::layout::Checkpoint,
        weights::{self, Tensor, Weights},
    },
};

#[path = "common/tars.rs"]
mod tars;
use tars::append;

/// Ten steps: forty photos, four at a time.
const FIT: [&str; 4] = ["train.epochs=1", "train.batch=4", "optimiser.rate=1e-3", "optimiser.warm_up=2"];

/// A path of this checkout.
fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn train(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_streetscape-train")).args(arguments).output().unwrap()
}

fn walk(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_streetscape")).args(arguments).output().unwrap()
}

/// What a program that came through printed.
#[track_caller]
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Photos of one colour that say which.
fn shard(path: &Path, photos: usize) {
    let mut tar = tar::Builder::new(fs::File::create(path).unwrap());
    let mut add = |name: String, bytes: &[u8]| append(&mut tar, &name, bytes);
    for number in 0..photos {
        let (colour, light) = (number % 3, 120 + (number * 7 % 100) as u8);
        let pixel = [0, 1, 2].map(|channel| if channel == colour { light } else { 30 });
        let rgb: Vec<u8> = std::iter::repeat_n(pixel, 60 * 40).flatten().collect();
        add(format!("p{number}.jpg"), &jpeg::encode(&Picture::new(60, 40, rgb).unwrap()).unwrap());
        let text = format!("a {} street at night", ["red", "green", "blue"][colour]);
        add(format!("p{number}.json"), serde_json::json!({"source": "test", "captions": [text]}).to_string().as_bytes());
    }
    tar.finish().unwrap();
}

fn pairs(dir: &Path) {
    shard(&dir.join("train-000.tar"), 40);
    shard(&dir.join("val-000.tar"), 24);
}

/// Path by path, as the command line takes them.
fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `fit` on the pairs in `dir`.
fn fit(dir: &Path, from: &str, out: &Path, set: &[&str]) -> Output {
    let mut arguments = vec!["--quiet", "fit", "--from", from, "--data", text(dir), "--out", text(out)];
    FIT.iter().chain(set).for_each(|set| arguments.extend(["--set", set]));
    train(&arguments)
}

#[test]
fn a_clip_goes_from_its_checkpoint_to_a_walk() {
    let (dir, clip) = (tempfile::tempdir().unwrap(), own("tests/parity/quick-gelu"));
    let at = |name: &str| dir.path().join(name);
    pairs(dir.path());

    // As others publish it.
    done(train(&["export", "--from", text(&clip), "--out", text(&at("plain"))]));
    fs::create_dir_all(at("published/onnx")).unwrap();
    for name in ["config.json", "preprocessor_config.json", "tokenizer.json"] {
        fs::copy(clip.join(name), at("published").join(name)).unwrap();
    }
    fs::copy(at("plain").join(IMAGE_F32), at("published/onnx/vision_model.onnx")).unwrap();
    fs::copy(at("plain").join(TEXT_F32), at("published/onnx/text_model.onnx")).unwrap();
    for (layout, out) in [(&clip, "weights"), (&at("published"), "added")] {
        done(walk(&["models", "add", text(layout), "--out", text(&at(out))]));
        assert!(Bundle::open(&at(out)).unwrap().check().is_empty(), "{out}");
    }

    let run = at("run");
    let printed = done(fit(dir.path(), text(&clip), &run, &["lora.rank=4", "average.mixes=[0.5, 1.0]"]));
    assert!(printed.contains("image_to_text_1"), "{printed}");
    // The adapters are merged: the names are the checkpoint's own, and some of the values are others.
    let read = |dir: &Path| Weights::read(&dir.join(MODEL)).unwrap();
    let (before, after) = (read(&clip), read(&run));
    assert!(before.names().filter(|name| !name.ends_with("position_ids")).eq(after.names()));
    let moved = |name: &str| before.get(name).unwrap() != after.get(name).unwrap();
    assert!(moved("visual_projection.weight") && moved("text_model.encoder.layers.0.mlp.fc1.weight"));
    assert!(!moved("vision_model.post_layernorm.weight") && !moved("text_model.embeddings.token_embedding.weight"));
    Checkpoint::read(&run, &Device::flex()).expect("Hugging Face's layout");

    let bundle = at("small");
    done(train(&["export", "--run", text(&run), "--out", text(&bundle)]));
    let printed = done(train(&["--quiet", "quantise", text(&bundle), "--data", text(dir.path())]));
    assert!(printed.contains("image int8 against f32: 24 compared"), "{printed}");
    let small = Bundle::open(&bundle).unwrap();
    assert!(small.check().is_empty() && small.manifest.calibration.facets.is_empty());
    for (name, is_there) in [(IMAGE_INT8, true), (IMAGE_INT8R, true), (TEXT_INT8, true), (TEXT_F32, false)] {
        assert_eq!(bundle.join(name).exists(), is_there, "{name}");
    }

    // What nothing was calibrated for stays silent.
    let replayed = walk(&["replay", text(&own("tests/walks/demo")), "--model", text(&bundle)]);
    let told = String::from_utf8_lossy(&replayed.stderr).into_owned();
    assert!(told.contains("is not calibrated, so that nothing would be said"), "{told}");
    let said = done(replayed);
    assert_eq!(said.lines().filter(|line| line.contains("crossing")).count(), 0, "{said}");
}

/// A copy of the small CLIP in `dir`, damaged.
fn damaged(dir: &Path, damage: impl Fn(&Path)) {
    fs::create_dir(dir).unwrap();
    for name in ["config.json", "preprocessor_config.json", "tokenizer.json", MODEL] {
        fs::copy(own("tests/parity/quick-gelu").join(name), dir.join(name)).unwrap();
    }
    damage(dir);
}

/// The same with other tensors.
fn reweighed(dir: &Path, change: impl Fn(&mut BTreeMap<String, Tensor>)) {
    damaged(dir, |dir| {
        let mut tensors = Weights::read(&dir.join(MODEL)).unwrap().into_tensors();
        change(&mut tensors);
        weights::write(&dir.join(MODEL), &tensors, None).unwrap();
    });
}

#[test]
fn a_clip_that_is_not_whole_is_refused_by_every_command_with_nothing_left() {
    let dir = tempfile::tempdir().unwrap();
    pairs(dir.path());
    let at = |name: &str| dir.path().join(name);
    const NORM: &str = "vision_model.post_layernorm.weight";
    reweighed(&at("missing"), |all| drop(all.remove(NORM)));
    reweighed(&at("extra"), |all| drop(all.insert("head.weight".to_owned(), all[NORM].clone())));
    reweighed(&at("misshapen"), |all| all.get_mut(NORM).unwrap().shape.push(1));
    reweighed(&at("nan"), |all| all.get_mut(NORM).unwrap().values[0] = f32::NAN);
    damaged(&at("cut"), |dir| {
        let bytes = fs::read(dir.join(MODEL)).unwrap();
        fs::write(dir.join(MODEL), &bytes[..bytes.len() / 2]).unwrap();
    });
    damaged(&at("contradicts"), |dir| {
        let text = fs::read_to_string(dir.join("config.json")).unwrap();
        fs::write(dir.join("config.json"), text.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")).unwrap();
    });
    damaged(&at("tokenizer"), |dir| {
        fs::copy(own("tests/data/bundle/tokenizer.json"), dir.join("tokenizer.json")).unwrap();
    });
    let wants = [
        ("missing", "model.safetensors: no float tensor named vision_model.post_layernorm.weight"),
        ("extra", "model.safetensors: a tensor named head.weight that this network does not have"),
        ("misshapen", "model.safetensors: vision_model.post_layernorm.weight has the shape"),
        ("nan", "model.safetensors: vision_model.post_layernorm.weight holds a value that is not finite"),
        ("cut", "model.safetensors: not a whole safetensors file"),
        ("contradicts", "model.safetensors: no float tensor named"),
        ("tokenizer", "tokenizer.json: it knows 14 words where config.json has vocab_size 112"),
    ];
    for (name, want) in wants {
        let (from, out, run) = (at(name), at("out"), at("run"));
        let commands = [
            ("fit", fit(dir.path(), text(&from), &run, &[])),
            ("export", train(&["export", "--from", text(&from), "--out", text(&out)])),
            ("add", walk(&["models", "add", text(&from), "--out", text(&out)])),
        ];
        for (command, output) in commands {
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(1) && told.contains(want), "{command}, {name}: {told} against {want}");
        }
        assert!(!out.exists() && !run.join(MODEL).exists() && !run.join(RECORD).exists(), "{name}");
    }

    // Nor does a run whose weights were damaged since leave half a bundle.
    done(fit(dir.path(), text(&own("tests/parity/quick-gelu")), &at("run"), &[]));
    fs::write(at("run").join(MODEL), "").unwrap();
    let output = train(&["export", "--run", text(&at("run")), "--out", text(&at("out"))]);
    assert!(output.status.code() == Some(1) && !at("out").exists());
}

#[test]
fn a_clip_begins_from_nothing() {
    let dir = tempfile::tempdir().unwrap();
    pairs(dir.path());
    let tokenizer = format!("model.tokenizer={}", own("tests/parity/quick-gelu").display());
    let small = [
        "model.kind=clip",
        "model.embedding=16",
        "model.clip.size=32",
        "model.clip.image_width=64",
        "model.clip.image_layers=1",
        "model.clip.text_width=64",
        "model.clip.text_layers=1",
        "model.clip.context=16",
        &tokenizer,
    ];
    let [one, other] = ["one", "other"].map(|name| {
        let out = dir.path().join(name);
        done(fit(dir.path(), "fresh", &out, &small));
        fs::read(out.join(MODEL)).unwrap()
    });
    assert!(one == other, "the seed alone decides");
    Checkpoint::read(&dir.path().join("one"), &Device::flex()).expect("Hugging Face's layout");

    let narrow = fit(dir.path(), "fresh", &dir.path().join("narrow"), &[&small[..], &["model.clip.text_width=40"]].concat());
    let told = String::from_utf8(narrow.stderr).unwrap();
    assert!(told.contains("model.clip: a width of 40; choose a multiple of 64"), "{told}");
    assert!(!dir.path().join("narrow").join(RECORD).exists());
}
