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
fn every_walk_that_ships_gives_its_callouts() {
    let walks = fs::read_dir(root().join("tests/walks")).expect("the walks").map(|entry| entry.expect("a walk").path());
    for walk in walks {
        let golden = walk.join("callouts.txt");
        let (found, errors, ok) = run(&["--quiet", "replay", walk.to_str().expect("UTF-8")]);
        assert!(ok, "{errors}");
        if env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&golden, &found).expect("the golden");
        }
        assert_eq!(found, fs::read_to_string(&golden).expect("callouts.txt beside the walk"), "{}", walk.display());
    }
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
