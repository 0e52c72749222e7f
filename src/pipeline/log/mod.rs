//! The session's log: what was found in each frame, what was decided and why, as JSON lines that can be replayed and explained.
//!
//! Owns the lines' form ([`Record`]), the files and their bounds ([`Files`]), the way from a log back to its callouts ([`relive`]), and the
//! paragraph that explains a moment ([`explain`]). Keeps no picture, no place and no name. Leaves when something is written to `telling`.

use crate::{
    frame::Timestamp,
    narrator::Narrator,
    pipeline::{Memory, report::Happening},
};

mod background;
mod explain;
mod files;
mod reading;
mod record;
mod relive;

pub use background::Background;
pub use explain::explain;
pub use files::{FILE_BYTES, FILES, Files, folder};
pub use reading::{Log, LogError, When};
pub use record::{Bearings, Classes, End, FORMAT, Found, Missing, Record, Start, Views};
pub use relive::relive;

/// Where a log's lines go.
pub trait Sink: Send {
    /// Begins a new part.
    fn begin(&mut self) -> Result<(), String>;
    /// Adds a line, given without its end.
    fn line(&mut self, line: &str) -> Result<(), String>;
}

/// Writes down what comes into a session and what goes out.
pub struct Journal {
    sink: Box<dyn Sink>,
    start: Start,
    /// A part that has more bytes is ended in the next silence, and without one when it has a quarter more.
    part: u64,
    /// Bytes of this part; `None` before the first.
    written: Option<u64>,
    failed: Option<String>,
}

impl Journal {
    /// A log of the session that `start` describes, in parts of some `part` bytes.
    pub fn new(sink: Box<dyn Sink>, start: Start, part: u64) -> Self {
        Self { sink, start, part, written: None, failed: None }
    }

    /// Whether a part is to be begun; `idle` where nothing is being said or waits.
    pub(super) fn is_due(&self, idle: bool) -> bool {
        self.written.is_none_or(|written| if idle { written > self.part } else { written > self.part + self.part / 4 })
    }

    /// Begins a part, which can be replayed without those before it.
    pub(super) fn begin(&mut self, narrator: &Narrator, memory: &Memory, now: Timestamp) {
        self.written = Some(0);
        if let Err(problem) = self.sink.begin() {
            self.fail(problem);
        }
        self.record(&Record::Start(self.start.clone()));
        self.record(&Record::State { at: now, narrator: Box::new(narrator.state()), memory: Box::new(memory.clone()) });
    }

    /// The session.
    pub(super) fn start(&self) -> &Start {
        &self.start
    }

    pub(super) fn record(&mut self, record: &Record) {
        match serde_json::to_string(record) {
            Ok(line) => self.line(&line),
            Err(error) => self.fail(error.to_string()),
        }
    }

    pub(super) fn happening(&mut self, happening: &Happening) {
        match happening.json() {
            Ok(line) => self.line(&line),
            Err(error) => self.fail(error.to_string()),
        }
    }

    /// Why it can't go on, if it can't.
    pub(super) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    fn line(&mut self, line: &str) {
        *self.written.get_or_insert(0) += line.len() as u64 + 1;
        if self.failed.is_none()
            && let Err(problem) = self.sink.line(line)
        {
            self.fail(problem);
        }
    }

    fn fail(&mut self, problem: String) {
        self.failed.get_or_insert(problem);
    }
}

#[cfg(test)]
mod tests;
