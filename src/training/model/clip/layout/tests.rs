//! Folders that are whole, and folders that are not.

use std::{fs, path::PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::*;
use crate::training::model::TwoTowers;

fn vectors(case: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/parity").join(case)
}

/// A copy of a checkpoint that transformers wrote.
fn copy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for name in [CONFIG, WEIGHTS, PREPROCESSING, TOKENIZER, "tokenizer_config.json"] {
        fs::copy(vectors("gelu").join(name), dir.path().join(name)).expect("a copy");
    }
    dir
}

fn read(dir: &Path) -> Result<Checkpoint, TrainingError> {
    Checkpoint::read(dir, &Device::flex())
}

fn embed(checkpoint: &Checkpoint) -> Vec<f32> {
    let pixels = (0..3 * 24 * 24).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>();
    let pixels = Tensor::from_data(TensorData::new(pixels, [1, 3, 24, 24]), &Device::flex());
    let ids = checkpoint.tokens.encode(&["a zebra crossing"]).expect("ids").ids;
    let rows = [checkpoint.model.image(pixels), checkpoint.model.text(ids)];
    rows.into_iter().flat_map(|row| row.into_data().iter::<f32>().collect::<Vec<_>>()).collect()
}

/// Changes a whole folder; what is said of it then?
#[track_caller]
fn check(change: impl Fn(&Path), want: &str) {
    let dir = copy();
    change(dir.path());
    let error = read(dir.path()).expect_err(want).to_string();
    assert!(error.contains(want), "{error} against {want}");
}

/// Replaces a word of a text file.
fn edit(dir: &Path, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(dir.join(name)).expect("a text");
    assert!(text.contains(from), "{name} has no {from}");
    fs::write(dir.join(name), text.replace(from, to)).expect("written");
}

/// Replaces the tensors.
fn reweigh(dir: &Path, change: impl Fn(&mut BTreeMap<String, crate::training::weights::Tensor>)) {
    let mut tensors = Weights::read(&dir.join(WEIGHTS)).expect("whole").into_tensors();
    change(&mut tensors);
    weights::write(&dir.join(WEIGHTS), &tensors, None).expect("written");
}

const QUERY: &str = "text_model.encoder.layers.1.self_attn.q_proj.weight";

#[test]
fn a_folder_whose_files_are_not_of_one_model_is_refused() {
    check(
        |dir| reweigh(dir, |all| drop(all.remove(QUERY))),
        "model.safetensors: no float tensor named text_model.encoder.layers.1",
    );
    check(
        |dir| reweigh(dir, |all| drop(all.insert("lm_head.weight".to_owned(), all[QUERY].clone()))),
        "a tensor named lm_head.weight that this network does not have",
    );
    check(
        |dir| reweigh(dir, |all| all.get_mut(QUERY).expect("there").shape = vec![144]),
        "self_attn.q_proj.weight has the shape [144], not [12, 12]",
    );
    check(
        |dir| reweigh(dir, |all| all.get_mut(QUERY).expect("there").values[3] = f32::NAN),
        "self_attn.q_proj.weight holds a value that is not finite",
    );
    check(
        |dir| {
            let bytes = fs::read(dir.join(WEIGHTS)).expect("bytes");
            fs::write(dir.join(WEIGHTS), &bytes[..bytes.len() - 5]).expect("written");
        },
        "model.safetensors: not a whole safetensors file",
    );
    check(|dir| edit(dir, CONFIG, "\"hidden_size\": 16", "\"hidden_size\": 18"), "has the shape [16], not [18]");
    check(
        |dir| edit(dir, CONFIG, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"),
        "layers.1.layer_norm1.bias that this network",
    );
    check(
        |dir| edit(dir, CONFIG, "\"image_size\": 24", "\"image_size\": 32"),
        "crop_size is 24 where the image tower reads 32",
    );
    check(|dir| edit(dir, PREPROCESSING, "\"resample\": 3", "\"resample\": 1"), "preprocessor_config.json: resample is 1");
    check(|dir| fs::remove_file(dir.join(PREPROCESSING)).expect("removed"), "preprocessor_config.json: No such file");
    check(|dir| fs::remove_file(dir.join(WEIGHTS)).expect("removed"), "model.safetensors: No such file");
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    check(|dir| fs::write(dir.join(TOKENIZER), "{}").expect("written"), "tokenizer.json: not a tokenizer");
    check(
        |dir| {
            let other = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/bundle/tokenizer.json");
            fs::copy(other, dir.join(TOKENIZER)).expect("a copy");
        },
        "words where config.json has vocab_size",
    );
    let beyond = |dir: &Path| {
        let config = Config::parse(CONFIG, &fs::read_to_string(dir.join(CONFIG)).expect("a text")).expect("a CLIP");
        edit(dir, CONFIG, &format!("\"eos_token_id\": {}", config.text.end), "\"eos_token_id\": 5");
    };
    check(beyond, "tokenizer.json: it puts the ids");
}

#[test]
fn a_longer_text_keeps_its_end_and_is_counted() {
    let checkpoint = read(&vectors("gelu")).expect("whole");
    let context = checkpoint.config.text.context;
    let long = "crossing ".repeat(context);
    let found = checkpoint.tokens.encode(&["stairs", &long, "a tree"]).expect("ids");
    assert_eq!((found.truncated, found.ids[1].len()), (1, context));
    assert_eq!(found.ids[1].last(), Some(&checkpoint.config.text.end));
    assert_eq!(found.ids[0].last(), Some(&checkpoint.config.text.end));
}

#[test]
fn what_is_written_is_read_again() {
    for case in ["gelu", "highest-id", "open-clip"] {
        let checkpoint = read(&vectors(case)).expect("whole");
        let dir = tempfile::tempdir().expect("a folder");
        let out = dir.path().join("inner/out");
        checkpoint.write(&out).expect("written");
        let again = read(&out).expect("whole");
        assert_eq!(again.config, checkpoint.config, "{case}");
        assert_eq!(embed(&again), embed(&checkpoint), "{case}");
        assert_eq!(fs::read_dir(dir.path().join("inner")).expect("a folder").count(), 1, "nothing beside it");
        let error = checkpoint.write(&out).expect_err("not empty").to_string();
        assert!(error.contains("the folder is not empty"), "{error}");
    }
}

#[test]
fn a_model_that_diverged_is_not_written() {
    let mut checkpoint = read(&vectors("gelu")).expect("whole");
    checkpoint.model.log_scale = burn::module::Param::from_data([f32::NAN], &Device::flex());
    let dir = tempfile::tempdir().expect("a folder");
    let error = checkpoint.write(&dir.path().join("out")).expect_err("a NaN").to_string();
    assert!(error.contains("logit_scale holds a value that is not finite"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0, "nothing is left");
}

/// The file of weights with its tensors as bfloat16.
fn halved(bytes: &[u8]) -> Vec<u8> {
    let whole = SafeTensors::deserialize(bytes).expect("whole");
    let upper = |data: &[u8]| data.chunks(4).flat_map(|word| [word[2], word[3]]).collect::<Vec<u8>>();
    let halves: Vec<_> = whole.iter().map(|(name, view)| (name, view.shape().to_vec(), upper(view.data()))).collect();
    let views =
        halves.iter().map(|(name, shape, data)| (*name, TensorView::new(Dtype::BF16, shape.clone(), data).expect("a view")));
    safetensors::serialize(views, None).expect("a file")
}

#[test]
fn half_precision_shards_and_older_files_are_read() {
    let want = embed(&read(&vectors("gelu")).expect("whole"));
    let close = |dir: &Path, most: f32| {
        let found = embed(&read(dir).expect("whole"));
        let apart = found.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart <= most, "{apart}");
    };

    let dir = copy();
    let bytes = fs::read(dir.path().join(WEIGHTS)).expect("bytes");
    fs::write(dir.path().join(WEIGHTS), halved(&bytes)).expect("written");
    close(dir.path(), 0.05);

    let dir = copy();
    let tensors = Weights::read(&dir.path().join(WEIGHTS)).expect("whole").into_tensors();
    fs::remove_file(dir.path().join(WEIGHTS)).expect("removed");
    let file = |name: &str| if name.starts_with("text") { "model-1.safetensors" } else { "model-2.safetensors" };
    for shard in ["model-1.safetensors", "model-2.safetensors"] {
        let some = tensors.clone().into_iter().filter(|(name, _)| file(name) == shard).collect();
        weights::write(&dir.path().join(shard), &some, None).expect("written");
    }
    let mut map: BTreeMap<&str, &str> = tensors.keys().map(|name| (name.as_str(), file(name))).collect();
    // An older file counts positions, and not in floats.
    map.insert("text_model.embeddings.position_ids", "model-1.safetensors");
    let index = serde_json::json!({"weight_map": map}).to_string();
    fs::write(dir.path().join(INDEX), &index).expect("written");
    close(dir.path(), 0.0);

    fs::write(dir.path().join(INDEX), index.replacen("model-1", "model-2", 1)).expect("written");
    let error = read(dir.path()).expect_err("in the other shard").to_string();
    assert!(error.contains("model-2.safetensors: no float tensor named text_model"), "{error}");
}

/// The tokenizer of the published models, which is not ours to ship, against the ids of open_clip's own.
#[test]
fn the_published_tokenizer_gives_open_clips_ids() {
    let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), PathBuf::from);
    let Ok(bytes) = fs::read(data.join("clip/clip_tokenizer.json")) else {
        eprintln!("skipped: no tokenizer of CLIP in {}; name its folder with STREETSCAPE_DATA", data.display());
        return;
    };
    let published = Config::parse(CONFIG, "{}").expect("the defaults").text;
    let tokens = Tokens::parse("clip_tokenizer.json", &bytes, &published).expect("it is theirs");
    let check = |text: &str, inside: &[u32]| {
        let ids = tokens.encode(&[text]).expect("ids").ids.concat();
        assert_eq!(ids, [&[49406], inside, &[49407]].concat(), "{text}");
    };
    check("a photo of a cat", &[320, 1125, 539, 320, 2368]);
    let signs = [22548, 8673, 267, 274, 3346, 261, 320, 20686, 568, 3718, 256];
    check("Zebra crossing, 3 cars & a cyclist's bell!", &signs);
    check("naïve  café at 10°", &[1097, 35689, 563, 15304, 536, 272, 271, 6858]);
    let long = format!("stairs down {}", "very ".repeat(80));
    check(&long, &[vec![9577, 1136], vec![1070; 73]].concat());
}
