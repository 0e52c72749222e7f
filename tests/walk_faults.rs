//! What is wrong with the pictures of real walks, as the program tells it: a camera that comes to lie on its side, and nothing else.
//!
//! The walks are private data. With the shipped model, so that what `aim.npy` learned is held too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{env, path::PathBuf, process::Command};

use serde_json::Value;

/// A fault, and the seconds between which it must be told.
type Told = (&'static str, f64, f64);

/// The faults of each walk.
const WALKS: [(&str, &[Told]); 6] = [
    // The phone lies on its side from 15.3 s on, to the end.
    ("winter", &[("camera_on_side", 15.3, 18.3)]),
    ("tactile", &[]),
    ("busstop", &[]),
    ("crossing", &[]),
    ("kerbside", &[]),
    ("riverside", &[]),
];

#[test]
fn a_walk_is_told_of_its_camera_that_lies_on_its_side_and_of_no_fault_that_is_none() {
    let data = env::var_os("STREETSCAPE_DATA").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let walks = data.join("walks");
    if !walks.is_dir() {
        println!("skipped: no private walks; name their folder with STREETSCAPE_DATA");
        return;
    }
    for (walk, want) in WALKS {
        let path = walks.join(walk).with_extension("mp4");
        let told = Command::new(env!("CARGO_BIN_EXE_streetscape")).args(["--json", "replay"]).arg(path).output().unwrap();
        assert!(told.status.success(), "{walk}: {}", String::from_utf8_lossy(&told.stderr));
        let lines = String::from_utf8(told.stdout).unwrap();
        let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let faults: Vec<_> = events.filter(|event| event["event"] == "fault").collect();
        println!("{walk}: {faults:?}");
        assert_eq!(faults.len(), want.len(), "{walk}: {faults:?}");
        for (fault, (kind, from, to)) in faults.iter().zip(want) {
            let at = fault["at"].as_f64().unwrap();
            assert!(fault["kind"] == *kind && (*from..=*to).contains(&at), "{walk}: {fault}");
        }
    }
}
