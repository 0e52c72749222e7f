//! The model that ships, on the walk that ships: whole, small enough, and saying what it said before.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{env, fs, path::Path, process::Command};

use streetscape::bundle::{Bundle, IMAGE_F32};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program on the shipped model, on the CPU in the one precision that reckons alike on every CPU; gives stdout, stderr
/// and whether it succeeded.
fn run(args: &[&str]) -> (String, String, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_streetscape"))
        .args(["--device", "cpu", "--precision", "f32", "--model", "models/street"])
        .args(args)
        .current_dir(root())
        .output()
        .expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr), output.status.success())
}

#[test]
fn the_bundle_is_whole_and_within_its_size() {
    let bundle = Bundle::open(&root().join("models/street")).expect("the shipped model");
    assert!(bundle.check().is_empty(), "{:?}", bundle.check());
    let size = |keep: &dyn Fn(&str) -> bool| -> u64 {
        bundle.manifest.files.iter().filter(|(name, _)| keep(name)).map(|(_, file)| file.bytes).sum()
    };
    assert!(size(&|_| true) <= 40_000_000);
    assert!(size(&|name| name != IMAGE_F32) <= 30_000_000, "what a walker's device needs");
}

#[test]
fn the_demo_walk_gives_its_callouts() {
    let golden = root().join("tests/walks/demo/callouts.txt");
    let (found, errors, ok) = run(&["--quiet", "replay", "tests/walks/demo"]);
    assert!(ok, "{errors}");
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&golden, &found).expect("the golden");
    }
    assert_eq!(found, fs::read_to_string(&golden).expect("callouts.txt beside the walk"));
}

#[test]
fn two_replays_give_the_same_bytes() {
    let lines = || {
        let (out, errors, ok) = run(&["--json", "replay", "--explain", "tests/walks/demo"]);
        assert!(ok, "{errors}");
        let (all, last) = out.trim_end().rsplit_once('\n').expect("more than a summary");
        let summary: serde_json::Value = serde_json::from_str(last).expect("JSON");
        assert_eq!((&summary["event"], &summary["frames"], &summary["dropped"]), (&"summary".into(), &250.into(), &0.into()));
        all.to_owned()
    };
    let first = lines();
    assert_eq!(first, lines());
    assert!(first.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn a_bad_photo_is_told_in_its_place_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = root().join("tests/walks/demo/frames/000058.jpg");
    let jpeg = fs::read(good).expect("a frame");
    fs::write(folder.path().join("a.jpg"), &jpeg).unwrap();
    fs::write(folder.path().join("b.jpg"), "no picture").unwrap();
    fs::write(folder.path().join("c.jpg"), &jpeg[..jpeg.len() / 2]).unwrap();
    fs::write(folder.path().join("d.jpg"), []).unwrap();
    fs::write(folder.path().join("e.jpg"), &jpeg).unwrap();
    let (out, _, ok) = run(&["--json", "describe", folder.path().to_str().unwrap()]);
    assert!(!ok, "a batch with a bad photo ends with status 1");
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let failed: Vec<bool> = lines.iter().map(|line| line["error"].is_string()).collect();
    assert_eq!(failed, [false, true, true, true, false]);
    assert_eq!(lines[0]["text"], lines[4]["text"]);
}

#[test]
fn captions_are_ranked_each_once_and_best_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let captions = folder.path().join("captions.txt");
    let long = "a street ".repeat(500);
    fs::write(&captions, format!("a bedroom\na zebra crossing\n\na bedroom\n{long}\n")).unwrap();
    let rank = ["--json", "rank", "--captions", captions.to_str().unwrap(), "tests/walks/demo/frames/000058.jpg"];
    let (out, errors, ok) = run(&rank);
    assert!(ok, "{errors}");
    assert!(errors.contains("1 captions stand there twice") && errors.contains("truncated"), "{errors}");
    let line: serde_json::Value = serde_json::from_str(out.trim()).expect("JSON");
    let ranking = line["ranking"].as_array().expect("a ranking");
    assert_eq!(ranking.len(), 3);
    assert_ne!(ranking[0]["caption"], "a bedroom", "the photo shows a zebra crossing");
    assert!((ranking.iter().filter_map(|r| r["p"].as_f64()).sum::<f64>() - 1.0).abs() < 1e-5);
    fs::write(&captions, "\n \n").unwrap();
    let (_, errors, ok) = run(&rank);
    assert!(!ok && errors.contains("no captions"), "{errors}");
}

#[test]
fn an_altered_model_is_refused_with_the_file_and_the_mend() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in fs::read_dir(root().join("models/street")).unwrap() {
        let path = name.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let manifest = folder.path().join("bundle.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("format = 1", "format = 9", 1)).unwrap();
    let check = || {
        let output =
            Command::new(env!("CARGO_BIN_EXE_streetscape")).args(["models", "check"]).arg(folder.path()).output().unwrap();
        (String::from_utf8(output.stderr).unwrap(), output.status.success())
    };
    let (errors, ok) = check();
    assert!(!ok && errors.contains("newer than this program reads"), "{errors}");
    fs::write(&manifest, text).unwrap();
    let tower = folder.path().join("text.int8.onnx");
    let mut bytes = fs::read(&tower).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&tower, bytes).unwrap();
    let (errors, ok) = check();
    assert!(!ok && errors.contains("text.int8.onnx") && errors.contains("restore the bundle"), "{errors}");
}
