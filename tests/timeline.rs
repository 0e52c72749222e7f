//! `streetscape timeline` through the program itself, on some seconds of the walk that ships.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fs, path::Path, process::Command};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Frames of the demo walk, in which the walker comes to its crossing, as a folder of pictures.
fn pictures() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for frame in 40..70 {
        let name = format!("{frame:06}.jpg");
        fs::copy(root().join("tests/walks/demo/frames").join(&name), dir.path().join(&name)).expect("a frame");
    }
    dir
}

/// Stdout of `timeline` with `args`, and stderr where it failed.
fn timeline(args: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_streetscape"))
        .args(["--device", "cpu", "--precision", "f32", "--model", "models/street", "--quiet", "timeline"])
        .args(args)
        .current_dir(root())
        .output()
        .expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn json(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

#[test]
fn scenes_are_segments_with_start_end_and_p() {
    let (dir, out) = (pictures(), tempfile::tempdir().unwrap());
    let page = out.path().join("page.html");
    let found = timeline(&[dir.path().to_str().unwrap(), "--json", "--people", "--html", page.to_str().unwrap()]).unwrap();
    let lines = json(&found);
    let (summary, segments) = lines.split_last().expect("lines");
    assert_eq!((&summary["event"], &summary["frames"], &summary["duration"]), (&"summary".into(), &30.into(), &6.0.into()));
    let crossing = segments.iter().find(|line| line["class"] == "zebra crossing").expect("the crossing");
    let number = |key: &str| crossing[key].as_f64().expect("a number");
    assert!(0.0 < number("start") && number("start") < number("end") && number("end") <= 6.0, "{crossing}");
    assert!(
        (0.5..=1.0).contains(&number("p")) && crossing["facet"] == "crossing" && crossing["event"] == "segment",
        "{crossing}"
    );
    let html = fs::read_to_string(&page).expect("a page");
    assert!(html.contains("People in the road</caption>") && html.contains("<td>zebra crossing</td>"));
    assert!(!html.contains("http://") && !html.contains("https://"), "it needs no network");
}

#[test]
fn captions_of_ones_own_have_a_score() {
    let (dir, captions) = (pictures(), tempfile::NamedTempFile::new().unwrap());
    fs::write(&captions, "a zebra crossing on a street\nthe inside of a church\n").unwrap();
    let args = [dir.path().to_str().unwrap(), "--json", "--captions", captions.path().to_str().unwrap()];
    let lines = json(&timeline(&args).unwrap());
    let first = lines.first().expect("a segment");
    assert_eq!((&first["caption"], first["score"].is_f64()), (&"a zebra crossing on a street".into(), true), "{first}");
    assert!(timeline(&[dir.path().to_str().unwrap(), "--captions", "none.txt"]).unwrap_err().contains("none.txt"));
}
