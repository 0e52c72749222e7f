//! Waiting for words among the lines of a walk.

use std::{
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

/// Waits until a line has `words` in it, and gives it; what came before is passed over.
#[track_caller]
pub fn hears(lines: &Receiver<String>, words: &str, patience: Duration) -> String {
    let until = Instant::now() + patience;
    loop {
        match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) if line.contains(words) => return line,
            Ok(_) => {}
            Err(error) => panic!("never said: {words} ({error})"),
        }
    }
}
