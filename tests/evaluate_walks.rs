//! `streetscape-train evaluate walks` through the program itself, on a walk that ships.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fs, path::Path, process::Command};

use serde_json::Value;

/// Whether it succeeded, stdout and stderr.
fn evaluate(args: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_streetscape-train"))
        .args(["--quiet", "evaluate", "walks", "--model", "models/street", "--precision", "f32"])
        .args(args)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_walk_is_judged_for_people_programs_and_spreadsheets() {
    let dir = tempfile::tempdir().unwrap();
    let [csv, html] = ["walks.csv", "walks.html"].map(|name| dir.path().join(name));
    let (csv_path, html_path) = (csv.to_str().unwrap(), html.to_str().unwrap());
    let (ok, out, errors) = evaluate(&["tests/walks/dusk", "--json", "--csv", csv_path, "--html", html_path]);
    assert!(ok, "{errors}");
    let found: Value = serde_json::from_str(&out).expect("one object");
    let all = &found["figures"][0];
    assert_eq!((&all["of"], &all["photos"], &all["hazards"]["value"]), (&"all".into(), &120.into(), &1.0.into()));
    let walk = &found["walks"][0];
    assert_eq!((&walk["name"], walk["unknown"].as_array().map(Vec::len)), (&"dusk".into(), Some(0)));
    let crossing = walk["encounters"].as_array().unwrap().iter().find(|met| met["hazard"] == true).expect("the crossing");
    assert!(crossing["is"].as_array().unwrap().contains(&"crossing/zebra_crossing".into()), "{crossing}");
    assert!(fs::read_to_string(&csv).unwrap().contains("walk,dusk,120,hazards_announced,"));
    let page = fs::read_to_string(&html).unwrap();
    assert!(page.contains("dusk: what was there</caption>") && !page.contains("data:image") && !page.contains("http"));
}

#[test]
fn a_folder_without_a_walk_is_told_of() {
    let (ok, _, errors) = evaluate(&["models"]);
    assert!(!ok && errors.contains("models: no walk with a truth"), "{errors}");
}
