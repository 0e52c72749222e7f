//! A guard and the walk that it watches, as two processes: a walk that hangs is ended and begun again, and says so.
//!
//! The test runs itself again as the walk: its encoder is a fake that hangs for real.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/walking.rs"]
mod walking;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use streetscape::pipeline::guard::{GuardConfig, Why, again, greeting, guard, pulse};
use walking::{Health, Walking, With};

/// Where the walk writes what it says, and what it does; set in the walk's own process only.
const TRANSCRIPT: &str = "STREETSCAPE_TEST_TRANSCRIPT";

/// Where the kernel would count, beside the transcript.
const VMSTAT: &str = "vmstat";

/// The walk: hangs the first time, crashes the second, is ended as for want of memory the third, and is well then.
fn walk(transcript: &Path) {
    let with = With {
        pulse: Some(Box::new(pulse)),
        greeting: Some(greeting()),
        hung: Some(Duration::from_millis(500)),
        ..With::default()
    };
    let walking = Walking::begin_with(Health::Well, with);
    let heard = |words: &str| {
        walking.hears(words);
        let before = fs::read_to_string(transcript).unwrap_or_default();
        fs::write(transcript, format!("{before}{words}\n")).unwrap();
    };
    match again() {
        None => {
            heard("Streetscape is on.");
            walking.encoder.set(Health::Hanging);
            heard("I am slow.");
            thread::sleep(Duration::from_secs(60));
            panic!("nobody ended a walk that hung");
        }
        Some(Why::Hung) => {
            heard("I had stopped: I was stuck. I run again.");
            std::process::abort();
        }
        Some(Why::Crashed) => {
            heard("I had stopped: I crashed. I run again.");
            // As the kernel does.
            fs::write(transcript.with_file_name(VMSTAT), "oom_kill 1\n").unwrap();
            assert!(Command::new("kill").args(["-9", &std::process::id().to_string()]).status().unwrap().success());
            thread::sleep(Duration::from_secs(60));
        }
        Some(Why::OutOfMemory) => {
            heard("I had stopped: memory was full. I run again.");
            thread::sleep(Duration::from_secs(60));
        }
        Some(Why::Ended) => panic!("nobody ended it"),
    }
}

#[test]
fn a_walk_that_hangs_or_dies_is_begun_again_and_says_why() {
    if let Some(transcript) = env::var_os(TRANSCRIPT) {
        return walk(&PathBuf::from(transcript));
    }
    let dir = tempfile::tempdir().unwrap();
    let transcript = dir.path().join("transcript");
    let stop = Arc::new(AtomicBool::new(false));
    let (asked, begun) = (Arc::clone(&stop), Instant::now());
    let mut whys = Vec::new();
    let mut begin = |why: Option<Why>| {
        println!("{:.1} s: begun, {why:?}", begun.elapsed().as_secs_f64());
        whys.push(why);
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["a_walk_that_hangs_or_dies_is_begun_again_and_says_why", "--exact"]).env(TRANSCRIPT, &transcript);
        if whys.len() == 4 {
            let asked = Arc::clone(&asked);
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(3));
                asked.store(true, Ordering::Relaxed);
            });
        }
        command
    };
    let (start, pulse, vmstat) = (Duration::from_secs(20), Duration::from_secs(3), dir.path().join(VMSTAT));
    let config = GuardConfig { start, pulse, vmstat, tries: 9, ..GuardConfig::default() };
    let status = guard(&mut begin, &config, &stop).unwrap();
    assert!(!status.success(), "it was ended by a signal");
    assert_eq!(whys, [None, Some(Why::Hung), Some(Why::Crashed), Some(Why::OutOfMemory)]);
    let told = fs::read_to_string(&transcript).unwrap();
    let again = ["I was stuck", "I crashed", "memory was full"].map(|why| format!("I had stopped: {why}. I run again."));
    let want = ["Streetscape is on.", "I am slow."].into_iter().chain(again.iter().map(String::as_str));
    assert_eq!(told.lines().collect::<Vec<_>>(), want.collect::<Vec<_>>());
}
