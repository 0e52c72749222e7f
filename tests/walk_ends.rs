//! Ctrl-C on a walk that speaks aloud, through the program itself: real voices on a sink that nobody hears, and no camera, which
//! the walk says for as long as there is none.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/null_sink.rs"]
mod null_sink;

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use null_sink::with_null_sink;

/// The walk begins, says that it sees nothing, and is ended in the middle of that.
#[track_caller]
fn check(voice: &str) {
    let state = tempfile::tempdir().expect("a folder");
    let mut walk = Command::new(env!("CARGO_BIN_EXE_streetscape"))
        .args(["--device", "cpu", "--model", "models/street", "--voice", voice, "walk", "--camera", "none of this name"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env("XDG_STATE_HOME", state.path())
        .env("XDG_CONFIG_HOME", state.path().join("config"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut out = BufReader::new(walk.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("[fault] No picture from the camera.") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "the walk ended by itself");
    }
    let interrupt = Command::new("kill").args(["-INT", &walk.id().to_string()]).status().unwrap();
    let asked = Instant::now();
    assert!(interrupt.success());
    let status = walk.wait().unwrap();
    let took = asked.elapsed();
    let (mut rest, mut errors) = (String::new(), String::new());
    out.read_to_string(&mut rest).unwrap();
    walk.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(status.success(), "{status}: {errors}");
    assert!(rest.contains("Goodbye."), "{rest}");
    let mut logs = std::fs::read_dir(state.path().join("streetscape/log")).expect("the session's log");
    let log = std::fs::read_to_string(logs.next().expect("a part").unwrap().path()).unwrap();
    assert!(log.starts_with(r#"{"event":"start""#) && log.contains("Goodbye."), "{log}");
    println!("voice {voice}: ended {took:?} after Ctrl-C");
    assert!(took < Duration::from_secs(1), "voice {voice}: the end took {took:?}");
}

#[test]
fn a_walk_that_speaks_ends_within_a_second_of_ctrl_c() {
    with_null_sink("a_walk_that_speaks_ends_within_a_second_of_ctrl_c", |_| {
        check("system");
        check("direct");
    });
}
