//! The towers of a tiny bundle in the real ONNX Runtime, whole and tampered with. `tests/data/encoder/make.py` makes it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use npyz::WriterBuilder;
use streetscape::{
    bundle::{
        Bundle, Calibration, FORMAT, Filter, Fit, IMAGE_F32, IMAGE_INT8, MANIFEST, Manifest, PROMPTS, Preprocessing, RESIDUALS,
        TEXT_F32, TOKENIZER, TextInput,
    },
    embedding::Embedding,
    encoder::{
        Device, DeviceChoice, EncoderError, EncoderOptions, ImageEncoder, Input, OnnxImageEncoder, OnnxSession,
        OnnxTextEncoder, Output, Precision, Runtime, SessionOptions, TextEncoder, Values, prompt_source, prompts,
    },
    fault::Recovery,
    frame::Picture,
    observation::View,
    vocabulary::Vocabulary,
};

const VOCABULARY: &str = "[[facet]]\nid = \"place\"\nkind = \"exclusive\"\n\
    [[facet.class]]\nid = \"street\"\nprompts = [\"a street\", \"street by day\"]\n\
    [[facet.class]]\nid = \"park\"\nprompts = [\"a park\"]\n\
    [[facet]]\nid = \"light\"\nkind = \"exclusive\"\n\
    [[facet.class]]\nid = \"day\"\nprompts = [\"by day\"]\n\
    [[facet.class]]\nid = \"night\"\nprompts = [\"at night\", \"a street at night\"]\n";

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bundle")
}

fn runtime() -> &'static Runtime {
    Runtime::load(None).expect("ONNX Runtime, as set-up installs it")
}

fn vocabulary(text: &str) -> Vocabulary {
    Vocabulary::parse("vocabulary.toml", text).unwrap()
}

fn text_tower(bundle: &Bundle) -> Result<OnnxTextEncoder, EncoderError> {
    OnnxTextEncoder::open(runtime(), bundle, &SessionOptions::default())
}

fn image_tower(bundle: &Bundle, precision: Precision) -> Result<OnnxImageEncoder, EncoderError> {
    let device = DeviceChoice::Only(Device::Cpu);
    OnnxImageEncoder::open(runtime(), bundle, &EncoderOptions { device, precision, ..EncoderOptions::default() })
}

fn plain(width: u32, height: u32, colour: [u8; 3]) -> Picture {
    Picture::new(width, height, colour.repeat((width * height) as usize)).unwrap()
}

/// The values of `make.py`: its `row`th row of eight.
fn waves(row: usize) -> [f32; 8] {
    std::array::from_fn(|i| ((row * 8 + i) as f32 * 1.7 + 0.3).sin())
}

#[track_caller]
fn same(found: &Embedding, want: impl IntoIterator<Item = f32>) {
    let want = Embedding::new(want.into_iter().collect()).unwrap();
    assert!(found.cosine(&want) > 0.99999, "{found:?} is not {want:?}");
}

/// With UPDATE_EXPECT=1 it embeds the prompts anew and seals the bundle.
#[test]
fn the_bundle_is_sealed() {
    let copy = tempfile::tempdir().unwrap();
    for name in [IMAGE_F32, IMAGE_INT8, TEXT_F32, TOKENIZER] {
        fs::copy(dir().join(name), copy.path().join(name)).unwrap();
    }
    let mut manifest = Manifest {
        format: FORMAT,
        name: "bundle".to_owned(),
        version: "1".to_owned(),
        licence: "Apache-2.0 OR MIT".to_owned(),
        embedding: 8,
        image: Preprocessing { size: 32, fit: Fit::Crop, filter: Filter::Bicubic, mean: [0.5; 3], std: [0.25; 3] },
        text: TextInput { context: 8, pad: 0 },
        prompts: None,
        names: None,
        aim: None,
        calibration: Calibration::default(),
        provenance: BTreeMap::from([("made_by".to_owned(), "tests/data/encoder/make.py".to_owned())]),
        files: BTreeMap::new(),
    };
    manifest.seal(copy.path()).unwrap();
    let bundle = Bundle::open(copy.path()).unwrap();
    let vocabulary = vocabulary(VOCABULARY);
    let rows = text_tower(&bundle).unwrap().encode(&vocabulary.prompts().collect::<Vec<_>>()).unwrap();
    let shape = [rows.len() as u64, 8];
    let mut writer = {
        use npyz::WriterBuilder;
        let file = fs::File::create(copy.path().join(PROMPTS)).unwrap();
        npyz::WriteOptions::new().default_dtype().shape(&shape).writer(file).begin_nd().unwrap()
    };
    writer.extend(rows.iter().flat_map(Embedding::as_slice).copied()).unwrap();
    writer.finish().unwrap();
    manifest.prompts = prompt_source(&bundle, &vocabulary);
    manifest.seal(copy.path()).unwrap();
    if env::var_os("UPDATE_EXPECT").is_some() {
        for name in [PROMPTS, MANIFEST] {
            fs::copy(copy.path().join(name), dir().join(name)).unwrap();
        }
    }
    // The prompts' last digits may differ from one processor to the next.
    let sealed = Bundle::open(&dir()).expect("a sealed bundle: run this test with UPDATE_EXPECT=1");
    assert!(sealed.check().is_empty(), "run this test with UPDATE_EXPECT=1");
    assert_eq!(sealed.manifest.prompts, manifest.prompts, "run this test with UPDATE_EXPECT=1");
}

#[test]
fn a_picture_becomes_the_embedding_that_the_graph_says() {
    let bundle = Bundle::open(&dir()).unwrap();
    let mut tower = image_tower(&bundle, Precision::F32).unwrap();
    assert_eq!((tower.device(), tower.name()), (Device::Cpu, IMAGE_F32));
    let colour = [30, 200, 110];
    let mut out = Vec::new();
    for (width, height) in [(64, 48), (1, 1), (40, 300)] {
        tower.encode(&plain(width, height, colour), &View::ALL, &mut out).unwrap();
        assert_eq!(out.len(), 5);
        // Four cells of each channel hold the normalised colour.
        let want = (0..8).map(|i| (0..12).map(|k| (f32::from(colour[k / 4]) / 255.0 - 0.5) / 0.25 * waves(k)[i]).sum());
        let want: Vec<f32> = want.collect();
        out.iter().for_each(|found| same(found, want.clone()));
    }
    let buffer = out[0].as_slice().as_ptr();
    tower.encode(&plain(64, 48, [255, 0, 0]), &[View::Full], &mut out).unwrap();
    assert_eq!((out.len(), out[0].as_slice().as_ptr()), (1, buffer), "the buffer is used again");
    tower.encode(&plain(64, 48, [255, 0, 0]), &[], &mut out).unwrap();
    assert!(out.is_empty());
}

#[test]
fn auto_tells_what_it_passed_over_and_a_named_device_is_not_replaced() {
    let bundle = Bundle::open(&dir()).unwrap();
    let tower = OnnxImageEncoder::open(runtime(), &bundle, &EncoderOptions::default()).unwrap();
    assert_eq!(tower.device(), Device::Cpu);
    assert_eq!(tower.name(), IMAGE_INT8);
    assert_eq!(tower.refusals().len(), 6);
    let device = DeviceChoice::Only(Device::Qnn);
    let error = OnnxImageEncoder::open(runtime(), &bundle, &EncoderOptions { device, ..EncoderOptions::default() });
    let error = error.expect_err("no such device").to_string();
    assert!(error.contains("device qnn: this ONNX Runtime was built without it"), "{error}");
}

#[test]
fn a_text_becomes_the_mean_of_its_words_whatever_its_batch() {
    let bundle = Bundle::open(&dir()).unwrap();
    let mut tower = text_tower(&bundle).unwrap();
    // [CLS] is 2, [SEP] 3, [UNK] 1.
    let cases: [(&str, &[usize]); 5] = [
        ("Street", &[2, 5, 3]),
        ("a zebra crossing", &[2, 4, 7, 6, 3]),
        ("park zeppelin", &[2, 9, 1, 3]),
        ("a street by day a street by day", &[2, 4, 5, 10, 11, 4, 5, 3]), // cut to the context, 8
        ("at night", &[2, 12, 13, 3]),
    ];
    let texts: Vec<&str> = cases.iter().map(|(text, _)| *text).cycle().take(70).collect();
    let found = tower.encode(&texts).unwrap();
    assert_eq!(found.len(), 70);
    for (found, (_, ids)) in found.iter().zip(cases.iter().cycle()) {
        same(found, (0..8).map(|i| ids.iter().map(|&id| waves(id)[i]).sum()));
    }
    assert!(tower.encode(&[]).unwrap().is_empty());
    let error = tower.encode(&["a street", " \t"]).expect_err("an empty text").to_string();
    assert_eq!(error, "text 2 is empty: give it words or leave it out");
}

#[test]
fn prompts_come_from_the_bundle_until_the_words_change() {
    let bundle = Bundle::open(&dir()).unwrap();
    let kept = prompts(&bundle, &vocabulary(VOCABULARY), || -> Result<OnnxTextEncoder, _> { panic!("not needed") }).unwrap();
    assert_eq!(kept.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    let changed = vocabulary(&VOCABULARY.replace("a park", "park"));
    let anew = prompts(&bundle, &changed, || text_tower(&bundle)).unwrap();
    assert!(kept[0][1].cosine(&anew[0][1]) < 0.999);
    assert!(kept[1][1].cosine(&anew[1][1]) > 0.99999);
}

#[test]
fn what_was_learned_of_a_class_moves_it_for_its_own_vocabulary_only() {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(dir()).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let open = |vocabulary: &Vocabulary| {
        let bundle = Bundle::open(folder.path()).unwrap();
        prompts(&bundle, vocabulary, || text_tower(&bundle)).unwrap()
    };
    let (own, changed) = (vocabulary(VOCABULARY), vocabulary(&VOCABULARY.replace("a park", "park")));
    let (before, changed_before) = (open(&own), open(&changed));
    // Four classes, of which the second was moved far along the first axis.
    let mut rows = [[0.0_f32; 8]; 4];
    rows[1][0] = 100.0;
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&[4, 8]).writer(&mut bytes).begin_nd().unwrap();
    writer.extend(rows.into_iter().flatten()).unwrap();
    writer.finish().unwrap();
    fs::write(folder.path().join(RESIDUALS), bytes).unwrap();
    Bundle::open(folder.path()).unwrap().manifest.seal(folder.path()).unwrap();
    let after = open(&own);
    assert!(after[0][1].as_slice()[0] > 0.99 && before[0][1].as_slice()[0] < 0.9);
    assert_eq!((&after[0][0], &after[1]), (&before[0][0], &before[1]));
    assert_eq!(open(&changed), changed_before);
}

#[test]
fn a_lent_session_gives_named_outputs_with_their_shapes() {
    let bytes = fs::read(dir().join(TEXT_F32)).unwrap();
    let mut session = OnnxSession::open(runtime(), "text", &bytes, &SessionOptions::default()).unwrap();
    assert_eq!(session.inputs().map(|(name, _)| name).collect::<Vec<_>>(), ["input_ids", "attention_mask"]);
    assert_eq!(session.outputs().collect::<Vec<_>>(), [("text_embeds", vec![None, Some(8)])]);
    let tensor = |name, shape, values| Input { name, shape, values: Values::I64(values) };
    let mut outputs = [Output::named("text_embeds")];
    let inputs = [tensor("input_ids", &[2, 1], &[5, 6]), tensor("attention_mask", &[2, 1], &[1, 1])];
    session.run(&inputs, &mut outputs).unwrap();
    assert_eq!((&outputs[0].shape[..], outputs[0].values.len()), (&[2, 8][..], 16));
    let mut other = [Output::named("hidden")];
    let error = session.run(&inputs, &mut other).expect_err("no such output").to_string();
    assert!(error.contains("no output hidden"), "{error}");
    let short = [tensor("input_ids", &[2, 2], &[5]), tensor("attention_mask", &[2, 1], &[1, 1])];
    let error = session.run(&short, &mut outputs).expect_err("too few values");
    assert_eq!(error.recovery(), Recovery::Rebuild, "{error}");
}

/// Tampers with a copy of the bundle, which is sealed again where `Seal::Anew`, and opens both towers in f32.
#[track_caller]
fn check(seal: Seal, tamper: impl FnOnce(&Path, &mut Manifest), want: &str) {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let mut manifest = Bundle::open(copy.path()).unwrap().manifest;
    tamper(copy.path(), &mut manifest);
    if seal == Seal::Anew {
        manifest.seal(copy.path()).unwrap();
    }
    let encode = || -> Result<(), EncoderError> {
        let bundle = Bundle::open(copy.path())?;
        let mut tower = image_tower(&bundle, Precision::F32)?;
        tower.encode(&plain(64, 48, [9, 99, 199]), &[View::Full, View::Left], &mut Vec::new())?;
        text_tower(&bundle)?.encode(&["a street"])?;
        Ok(())
    };
    let error = encode().expect_err("a damaged bundle").to_string();
    assert!(error.contains(want), "{error}");
    assert!(error.contains(&*copy.path().to_string_lossy()), "names no file: {error}");
}

#[derive(PartialEq)]
enum Seal {
    Anew,
    Kept,
}

/// Puts `new` for the first `old` in a file of the bundle.
fn patch(dir: &Path, name: &str, old: &[u8], new: &[u8]) {
    let mut bytes = fs::read(dir.join(name)).unwrap();
    let mut at: Vec<_> = bytes.windows(old.len()).enumerate().filter(|(_, w)| *w == old).map(|(i, _)| i).collect();
    assert!(!at.is_empty(), "{name} has nothing to patch");
    at.drain(..).for_each(|i| bytes[i..i + old.len()].copy_from_slice(new));
    fs::write(dir.join(name), bytes).unwrap();
}

#[test]
fn a_damaged_bundle_is_refused_with_its_file_and_cause() {
    let nan = f32::NAN.to_le_bytes();
    check(Seal::Kept, |d, _| fs::remove_file(d.join(IMAGE_F32)).unwrap(), "no image tower in f32, only image.int8.onnx");
    check(Seal::Kept, |d, _| fs::remove_file(d.join(TEXT_F32)).unwrap(), "no text tower, which new words need");
    check(Seal::Kept, |d, _| fs::remove_file(d.join(TOKENIZER)).unwrap(), "tokenizer.json: No such file");
    check(Seal::Kept, |d, _| patch(d, IMAGE_F32, &waves(0)[0].to_le_bytes(), &nan), "altered or damaged: SHA-256");
    check(Seal::Kept, |d, _| fs::write(d.join(IMAGE_F32), "").unwrap(), "altered or damaged: 0 bytes instead of");
    check(
        Seal::Anew,
        |d, _| {
            let bytes = fs::read(d.join(IMAGE_F32)).unwrap();
            fs::write(d.join(IMAGE_F32), &bytes[..bytes.len() / 2]).unwrap();
        },
        "image.f32.onnx: not a model that ONNX Runtime can load on cpu",
    );
    check(
        Seal::Anew,
        |d, _| patch(d, IMAGE_F32, b"image_embeds", b"image_others"),
        "no output image_embeds, only image_others",
    );
    check(
        Seal::Anew,
        |d, _| patch(d, IMAGE_F32, b"pixel_values", b"pixel_valuez"),
        "inputs are pixel_valuez, not pixel_values",
    );
    check(Seal::Anew, |d, _| patch(d, TEXT_F32, b"input_ids", b"input_abc"), "inputs are attention_mask, input_abc, not");
    check(Seal::Anew, |d, _| patch(d, IMAGE_F32, &waves(0)[0].to_le_bytes(), &nan), "view full: the embedding is not finite");
    check(Seal::Anew, |d, _| patch(d, TEXT_F32, &waves(2)[0].to_le_bytes(), &nan), "text 1: the embedding is not finite");
    check(Seal::Anew, |_, m| m.embedding = 16, "the shape of image_embeds is (N, 8), not (N, 16) as bundle.toml says");
    check(Seal::Anew, |_, m| m.image.size = 48, "pixel_values is (N, 3, 32, 32), not (N, 3, 48, 48)");
    check(Seal::Anew, |d, _| fs::write(d.join(TOKENIZER), "{}").unwrap(), "tokenizer.json: ");
}
