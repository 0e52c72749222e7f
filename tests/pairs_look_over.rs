//! A data set in figures, and as a page.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fs, process::Command};

use serde_json::{Value, json};
use streetscape::{
    capture::{jpeg, maps::write_map},
    frame::Picture,
};
use tempfile::TempDir;

#[path = "common/tars.rs"]
mod tars;
use tars::append;

/// A shard of five photos: two of a drive with maps and hand labels, one damaged record.
fn shard(dir: &TempDir) {
    let mut tar = tar::Builder::new(Vec::new());
    let mut put = |name: &str, bytes: &[u8]| append(&mut tar, name, bytes);
    let photo = |light: u8| jpeg::encode(&Picture::new(40, 30, vec![light; 3600]).unwrap()).unwrap();
    // Snow over the lower half, of the ontology's ids.
    let snow: Vec<u8> = (0..1200).map(|at| if at < 600 { 44 } else { 12 }).collect();
    let map = write_map("map", 40, 30, &snow).unwrap();
    let drawn = json!({"vocabulary": "street", "origin": "human"});
    for (key, surface) in [("a", "snow_or_ice"), ("b", "asphalt")] {
        let facets = json!({"surface": {"labels": [surface], "origin": "human"}});
        let captions =
            json!([{"text": "A <wide> street & snow.", "origin": "human"}, {"text": "Snow ahead.", "origin": "segments"}]);
        let record = json!({"source": "cam", "group": "drive", "captions": captions, "facets": facets, "map": drawn});
        put(&format!("{key}.jpg"), &photo(90));
        put(&format!("{key}.json"), record.to_string().as_bytes());
        put(&format!("{key}.seg.png"), &map);
    }
    put("c.jpg", &photo(10));
    put("c.json", json!({"source": "tiles", "category": "bus"}).to_string().as_bytes());
    put("d.jpg", &photo(200));
    put("d.json", b"{\"captions\":");
    fs::write(dir.path().join("train-000.tar"), tar.into_inner().unwrap()).unwrap();
}

fn run(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_streetscape-train")).args(["--quiet", "pairs"]).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn figures_tell_classes_captions_and_agreement() {
    let dir = TempDir::new().unwrap();
    shard(&dir);
    let found: Value = serde_json::from_str(&run(&["stats", dir.path().to_str().unwrap(), "--json"])).unwrap();
    let cases = [
        ("/photos", json!(3)),
        ("/maps", json!(2)),
        ("/without_caption", json!(1)),
        ("/splits/train", json!(3)),
        ("/sources", json!({"cam": 2, "tiles": 1})),
        ("/categories/bus", json!(1)),
        ("/captions/human/count", json!(2)),
        ("/captions/human/different", json!(1)),
        ("/captions/human/median", json!(5)),
        ("/captions/segments/longest", json!(2)),
        ("/facets/surface/classes/snow_or_ice/human", json!(1)),
        ("/facets/surface/balance", json!(1.0)),
        ("/agreement/surface/human", json!({"photos": 2, "agreed": 1})),
        ("/damaged", json!({"bad_record": 1})),
    ];
    for (place, want) in cases {
        assert_eq!(found.pointer(place), Some(&want), "{place} in {found}");
    }
    let text = run(&["stats", dir.path().to_str().unwrap()]);
    assert!(text.contains("3 photos") && text.contains("snow_or_ice") && text.contains("0.50 of 2 photos"), "{text}");
}

#[test]
fn a_page_shows_photos_sentences_and_regions() {
    let dir = TempDir::new().unwrap();
    shard(&dir);
    let page = dir.path().join("sheet.html");
    run(&["sheet", dir.path().to_str().unwrap(), "--out", page.to_str().unwrap(), "--photos", "10"]);
    let page = fs::read_to_string(page).unwrap();
    let count = |what: &str| page.matches(what).count();
    assert_eq!((count("<article"), count("<img"), count("type=\"checkbox\"> Show")), (4, 5, 2));
    assert_eq!(count("alt=\"A &lt;wide&gt; street &amp; snow.\""), 2, "the sentence is the photo's alternative");
    assert_eq!(count("What stands where: snow 50 %, sky 50 %"), 2);
    assert_eq!((count("by its map"), count("Not readable")), (2, 1));
    assert!(!page.contains("http"), "the page needs nothing from elsewhere");
}
