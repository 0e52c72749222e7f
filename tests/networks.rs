//! The networks that label photos: the segmenter that ships, and the detector that people bring.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use streetscape::{
    capture,
    encoder::{Detection, Detector, Runtime, Segmenter, SessionOptions},
    evaluation::shard::Shard,
    frame::Picture,
    ontology::{Kind, Ontology},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the private data; `None`, said so, where this machine lacks it.
fn private(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("STREETSCAPE_DATA").map_or_else(|| root().join("../shared"), Into::into);
    let file = data.join(name);
    if !file.exists() {
        eprintln!("skipped: {} is not there", file.display());
        return None;
    }
    Some(file)
}

fn segmenter() -> Segmenter {
    let model = root().join("models/segmenter/segmenter.int8.onnx");
    Segmenter::open(Runtime::load(None).expect("ONNX Runtime"), &model, &SessionOptions::default()).expect("the segmenter")
}

/// A street with its road, pavement and houses.
fn street() -> Picture {
    let mut picture = Picture::default();
    let file = root().join("tests/walks/demo/frames/000010.jpg");
    capture::decode("a street", &fs::read(file).expect("a frame"), &mut picture).expect("a picture");
    picture
}

#[test]
fn the_shipped_segmenter_is_within_its_size() {
    let files = fs::read_dir(root().join("models/segmenter")).expect("the folder");
    let bytes: u64 = files.map(|file| file.expect("a file").metadata().expect("its length").len()).sum();
    assert!(bytes <= 5_000_000, "{bytes} bytes");
}

#[test]
fn every_thing_that_the_shipped_segmenter_tells_is_in_the_ontology() {
    let ontology = Ontology::shipped().expect("the ontology");
    let segmenter = segmenter();
    let apart: HashSet<&u8> = segmenter.things().iter().collect();
    assert_eq!((segmenter.things().len(), apart.len()), (19, 19));
    for &id in segmenter.things() {
        assert!(ontology.thing(id).is_some_and(|thing| thing.kind != Kind::Void), "{id}");
    }
}

#[test]
fn a_street_has_a_ground_below_and_the_map_the_size_that_was_asked_for() {
    let ontology = Ontology::shipped().expect("the ontology");
    let mut segmenter = segmenter();
    for (width, height) in [(160, 90), (90, 160), (1, 1)] {
        let map = segmenter.segment(&street(), width, height).expect("a map");
        assert_eq!((map.width(), map.height()), (width, height));
        let sure = map.certainty().expect("probabilities");
        assert!(sure.len() == width * height && sure.iter().all(|p| (0.05..=1.0).contains(p)));
    }
    let map = segmenter.segment(&street(), 160, 90).expect("a map");
    let ground = (0..160).filter(|&x| ontology.thing(map.at(x, 85)).is_some_and(|thing| thing.kind == Kind::Ground)).count();
    assert!(ground >= 80, "{ground} of 160 columns");
}

#[test]
fn a_file_that_is_no_segmenter_is_refused_by_name() {
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let check = |name: &str, want: &str| {
        let error =
            Segmenter::open(runtime, &root().join(name), &SessionOptions::default()).expect_err("no segmenter").to_string();
        assert!(error.contains(name) && error.contains(want), "{error}");
    };
    check("models/segmenter/none.onnx", "name the file of a model");
    check("models/segmenter/README.md", "not a model that ONNX Runtime can load");
    check("models/street/image.int8.onnx", "its metadata lacks things");
}

#[test]
fn the_detector_finds_what_the_records_say() {
    let Some((model, shard)) = private("weights/yolox_nano.onnx").zip(private("streets/val-000.tar")) else { return };
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let mut detector = Detector::open(runtime, &model, &SessionOptions::default()).expect("YOLOX");
    let shard = Shard::read(&shard).expect("a shard");
    let mut picture = Picture::default();
    let (mut told, mut found) = (0, 0);
    let photos = shard.samples.iter().filter(|sample| ["camvid", "flickr"].contains(&sample.record.source.as_str()));
    for sample in photos.step_by(4) {
        capture::decode(&sample.key, shard.photo(sample), &mut picture).expect("a photo");
        let seen = detector.detect(&picture, 0.3).expect("detections");
        for object in sample.record.objects.iter().filter(|object| object.score >= 0.6) {
            let [left, top, width, height] = object.r#box;
            let want = Detection { label: "", score: object.score, left, top, width, height };
            told += 1;
            found += usize::from(seen.iter().any(|d| d.label == object.label && d.overlap(&want) > 0.5));
        }
    }
    assert!(told >= 40 && found * 10 >= told * 9, "{found} of {told}");
}
