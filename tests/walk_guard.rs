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

use streetscape::pipeline::guard::{AGAIN, GuardConfig, Why, guard, pulse};
use walking::{Health, Walking, With};

/// Where the walk writes what it says, and what it does; set in the walk's own process only.
const TRANSCRIPT: &str = "STREETSCAPE_TEST_TRANSCRIPT";

/// The walk: hangs the first time, and is well after it was begun again.
fn walk(transcript: &Path) {
    let again = env::var(AGAIN).ok();
    let greeting = if again.is_some() { "session-again" } else { "session-start" };
    let with = With {
        pulse: Some(Box::new(pulse)),
        greeting: Some(greeting),
        hung: Some(Duration::from_millis(500)),
        ..With::default()
    };
    let walking = Walking::begin_with(Health::Well, with);
    let heard = |words: &str| {
        walking.hears(words);
        let before = fs::read_to_string(transcript).unwrap_or_default();
        fs::write(transcript, format!("{before}{words}\n")).unwrap();
    };
    match again.as_deref() {
        None => {
            heard("Streetscape is on.");
            walking.encoder.set(Health::Hanging);
            heard("I am slow.");
            thread::sleep(Duration::from_secs(60));
            panic!("nobody ended a walk that hung");
        }
        Some("hung") => {
            heard("I had stopped. I was started again.");
            std::process::abort();
        }
        Some(_) => {
            heard("I had stopped. I was started again.");
            thread::sleep(Duration::from_secs(60));
        }
    }
}

#[test]
fn a_walk_that_hangs_or_dies_is_begun_again_and_says_so() {
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
        command.args(["a_walk_that_hangs_or_dies_is_begun_again_and_says_so", "--exact"]).env(TRANSCRIPT, &transcript);
        if whys.len() == 3 {
            let asked = Arc::clone(&asked);
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(3));
                asked.store(true, Ordering::Relaxed);
            });
        }
        command
    };
    let config = GuardConfig { start: Duration::from_secs(20), pulse: Duration::from_secs(3), ..GuardConfig::default() };
    let status = guard(&mut begin, &config, &stop).unwrap();
    assert!(!status.success(), "it was ended by a signal");
    assert_eq!(whys, [None, Some(Why::Hung), Some(Why::Died)]);
    let told = fs::read_to_string(&transcript).unwrap();
    let again = "I had stopped. I was started again.";
    assert_eq!(told.lines().collect::<Vec<_>>(), ["Streetscape is on.", "I am slow.", again, again]);
}
