//! A session's log through the program itself: it replays to the same callouts, and explains them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs the program; gives stdout, stderr and its status.
fn run(args: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_streetscape"))
        .args(["--device", "cpu", "--precision", "f32", "--model", "models/street"])
        .args(args)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[track_caller]
fn lines(args: &[&str]) -> String {
    let (out, errors, status) = run(args);
    assert_eq!(status, Some(0), "{args:?}: {errors}");
    out
}

/// The one part of a log of the walk that ships, in `dir`; what its replay printed.
fn logged(dir: &Path) -> (PathBuf, String) {
    let folder = dir.join("log");
    let out = lines(&["--json", "replay", "--explain", "tests/walks/demo", "--log-session", folder.to_str().unwrap()]);
    let parts: Vec<_> = fs::read_dir(&folder).expect("the log").map(|entry| entry.unwrap().path()).collect();
    let [part] = &parts[..] else { panic!("{parts:?}") };
    (part.clone(), out)
}

#[test]
fn a_log_replays_to_the_same_bytes_and_explains_them() {
    let dir = tempfile::tempdir().unwrap();
    let (part, out) = logged(dir.path());
    let log = part.to_str().unwrap();
    let (events, summary) = out.trim_end().rsplit_once('\n').unwrap();
    let again = lines(&["--json", "replay", "--explain", log]);
    let (events_again, summary_again) = again.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(events_again, events);
    // All but what was encoded and the time that it took.
    let figures = |summary: &str| {
        let mut figures: serde_json::Map<String, serde_json::Value> = serde_json::from_str(summary).expect("JSON");
        for figure in ["encoded", "wall_seconds"] {
            figures.remove(figure).expect("a figure");
        }
        figures
    };
    assert_eq!(figures(summary_again), figures(summary));
    let callouts = fs::read_to_string("tests/walks/demo/callouts.txt").unwrap();
    assert_eq!(lines(&["replay", log]), callouts);

    let text = fs::read_to_string(&part).unwrap();
    let written: Vec<_> =
        text.lines().filter(|line| line.contains(r#""event":"callout""#) || line.contains(r#""event":"silence""#)).collect();
    assert_eq!(written.join("\n"), events, "the log holds what was printed");
    let second = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["at"].as_f64().unwrap_or_default();
    let frames =
        text.lines().filter(|line| line.starts_with(r#"{"event":"frame""#)).inspect(|line| assert!(second(line) < 50.0));
    assert_eq!(frames.count(), 250);

    let (at, words) = callouts.lines().find_map(|line| line.split_once("  [crossing] ")).expect("a crossing");
    let explained = lines(&["explain", log, "--at", at]);
    assert!(explained.contains(&format!("It said \u{201c}{words}\u{201d}")), "{explained}");
    // The walk was recorded at half past ten.
    assert_eq!(lines(&["explain", log, "--at", "10:30:09"]), lines(&["explain", log, "--at", "00:09.0"]));
    assert!(
        lines(&["--json", "explain", log, "--at", "20"]).starts_with(r#"{"at":20.0,"text":"At 00:20.0 the picture was sharp"#)
    );

    for (args, status, part) in [
        (["explain", log, "--at", "soon"], 2, "a moment is meant"),
        (["explain", log, "--at", "07:00"], 1, "holds 00:00.0 to 00:49.8"),
        (["explain", "tests/walks/demo/callouts.txt", "--at", "1"], 1, "callouts.txt, line 1: "),
        (["replay", log, "--realtime", "--quiet"], 1, "a log is replayed in silence"),
    ] {
        let (out, errors, found) = run(&args);
        assert_eq!((found, out.as_str()), (Some(status), ""), "{args:?}: {errors}");
        assert!(errors.contains(part), "{args:?}: {errors}");
    }
}

#[test]
fn what_is_asked_on_a_replay_is_answered_at_its_moment_and_again_from_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("log");
    let asked = ["--ask", "8:more", "--ask", "0.4:repeat", "--ask", "12:wrong", "--ask", "14:faster", "--ask", "20:around"];
    let args = [&["replay", "tests/walks/demo", "--log-session", folder.to_str().unwrap()], &asked[..]].concat();
    let out = lines(&args);
    for line in [
        "00:00.4  [repeat] I have not spoken yet.",
        "00:08.0  [more] ",
        "00:12.0  [wrong] Marked as wrong: Zebra crossing on the left.",
        "00:14.0  [faster] 210 words a minute.",
        "00:20.0  [around] Not sure what this is.",
    ] {
        assert!(out.contains(line), "{line} is not in: {out}");
    }
    let part = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&part).unwrap();
    let wrong = text.lines().find(|line| line.contains(r#""event":"wrong""#)).expect("a callout that was marked");
    let wrong: serde_json::Value = serde_json::from_str(wrong).expect("JSON");
    assert_eq!(wrong["facet"], "crossing");
    assert!(wrong["said_at"].as_f64().is_some_and(|at| out.contains(&format!("00:{at:04.1}  [crossing] "))), "{wrong}");
    assert_eq!(lines(&["replay", part.to_str().unwrap()]), out);
}
