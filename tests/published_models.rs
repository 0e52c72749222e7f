//! `models add`: a model in the ONNX layout of Optimum and Xenova becomes a bundle that runs, or is refused with the mend.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use streetscape::bundle::{Bundle, Fit};

/// The tiny towers of `tests/data/encoder/make.py` under the names of others.
fn published() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bundle");
    let place = |from: &str, to: &str| fs::copy(tiny.join(from), dir.path().join(to)).expect("a copy");
    fs::create_dir(dir.path().join("onnx")).expect("a folder");
    place("image.f32.onnx", "onnx/vision_model.onnx");
    place("text.f32.onnx", "onnx/text_model.onnx");
    place("tokenizer.json", "tokenizer.json");
    write(dir.path(), "config.json", r#"{"projection_dim": 8, "text_config": {"max_position_embeddings": 8}}"#);
    let pictures = r#"{"size": 32, "crop_size": 32, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}"#;
    write(dir.path(), "preprocessor_config.json", pictures);
    dir
}

fn write(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), text).expect("written");
}

/// Adds the model in `dir` as `out` beside it; gives where that is and what was said on failing.
fn add(dir: &Path) -> (PathBuf, Result<(), String>) {
    let out = dir.join("added");
    let mut command = Command::new(env!("CARGO_BIN_EXE_streetscape"));
    let output = command.args(["models", "add"]).arg(dir).arg("--out").arg(&out).output().expect("the program");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    (out, if output.status.success() { Ok(()) } else { Err(said) })
}

#[test]
fn a_published_model_becomes_a_bundle_that_loads() {
    let dir = published();
    let (out, done) = add(dir.path());
    done.expect("added");
    let bundle = Bundle::open(&out).expect("a bundle");
    assert!(bundle.check().is_empty());
    let manifest = &bundle.manifest;
    assert_eq!((manifest.embedding, manifest.image.size, manifest.image.fit), (8, 32, Fit::CropFloor));
    assert_eq!((manifest.text.context, &*manifest.name), (8, "added"));
    assert!(manifest.calibration.captions.is_none(), "nothing was calibrated");

    let (_, again) = add(dir.path());
    assert!(again.expect_err("it is there").contains("added: the folder is not empty"));
}

#[track_caller]
fn check(change: impl Fn(&Path), want: &str) {
    let dir = published();
    change(dir.path());
    let (out, done) = add(dir.path());
    let said = done.expect_err(want);
    assert!(said.contains(want) && said.lines().count() == 1, "{said} against {want}");
    assert!(!out.exists(), "nothing half-made is left");
}

#[test]
fn a_model_that_cannot_be_one_is_refused_with_the_mend() {
    let remove = |name: &'static str| move |dir: &Path| fs::remove_file(dir.join(name)).expect("removed");
    check(remove("onnx/text_model.onnx"), "it has no onnx/text_model.onnx or onnx/text_model_quantized.onnx");
    check(remove("tokenizer.json"), "tokenizer.json: No such file");
    check(remove("config.json"), "config.json: No such file");
    check(
        |dir| {
            fs::remove_dir_all(dir.join("onnx")).expect("removed");
            write(dir, "model.safetensors", "");
        },
        if cfg!(feature = "train") { "not a whole safetensors file" } else { "streetscape-train export --from" },
    );
    check(|dir| write(dir, "config.json", r#"{"projection_dim": 16}"#), "image_embeds is (N, 8), not (N, 16)");
    check(|dir| write(dir, "preprocessor_config.json", r#"{"resample": 4}"#), "preprocessor_config.json: resample is 4");
    check(|dir| write(dir, "preprocessor_config.json", "{}"), "pixel_values is (N, 3, 32, 32), not (N, 3, 224, 224)");
    check(|dir| write(dir, "onnx/vision_model.onnx", "<html>"), "not a model that ONNX Runtime can load");
    let other = |dir: &Path| {
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/gelu/tokenizer.json");
        fs::copy(clip, dir.join("tokenizer.json")).expect("a copy");
    };
    check(other, "tokenizer.json: the text tower does not know the id 111: it is another model's");
    let stated = r#"{"projection_dim": 8, "text_config": {"max_position_embeddings": 8, "vocab_size": 15}}"#;
    check(|dir| write(dir, "config.json", stated), "tokenizer.json: it knows 14 words where config.json has vocab_size 15");
}
