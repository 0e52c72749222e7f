//! A place of its own for a test that makes sound.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the servers; set in the inner run only.
const FOLDER: &str = "STREETSCAPE_NULL_SINK";
/// Programs without which there is nothing to hear.
const NEEDED: [&str; 4] = ["pulseaudio", "parec", "speech-dispatcher", "espeak-ng"];

/// Runs `body` inside the null sink, given the servers' folder. `test` is the name of the calling test.
#[track_caller]
pub fn with_null_sink(test: &str, body: impl FnOnce(&Path)) {
    if let Some(folder) = env::var_os(FOLDER) {
        return body(&PathBuf::from(folder));
    }
    let missing: Vec<_> = NEEDED.into_iter().filter(|name| !is_installed(name)).collect();
    if !missing.is_empty() {
        eprintln!("skipped: {} not installed", missing.join(", "));
        return;
    }
    let folder = tempfile::Builder::new().prefix("null-sink").tempdir_in("/tmp").unwrap();
    let status = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/sound/null-sink.sh"))
        .arg(folder.path())
        .arg(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed inside the null sink: {status}");
}

/// Whether this is the inner run.
#[allow(dead_code, reason = "each test takes what it needs")]
pub fn is_inside() -> bool {
    env::var_os(FOLDER).is_some()
}

fn is_installed(program: &str) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}
