//! Reading a session's log, and finding a moment in it.

use std::{fs, io, path::Path, str::FromStr};

use thiserror::Error;

use super::{FORMAT, Record, Start};
use crate::{frame::Timestamp, narrator::NarratorError, speech::SpeechError};

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Why a log can't be read, replayed or explained.
#[derive(Debug, Error)]
pub enum LogError {
    /// It can't be read.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A line can't be meant.
    #[error("{file}, line {line}: {problem}; a session's log is a file that `walk` or `replay --log-session` wrote")]
    Line {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Made by a later program.
    #[error("{file}: format {found} is newer than this program reads ({FORMAT}); update streetscape")]
    Format {
        /// The file.
        file: String,
        /// Its format.
        found: u32,
    },
    /// It tells nothing of that moment.
    #[error("{file}: holds {first} to {last}{began}; name a moment in between, or another part of the log")]
    Moment {
        /// The file.
        file: String,
        /// Its first frame.
        first: Timestamp,
        /// Its last frame.
        last: Timestamp,
        /// When the session began, in words.
        began: String,
    },
    /// The narrator can't be made.
    #[error(transparent)]
    Narrator(#[from] NarratorError),
    /// No words.
    #[error(transparent)]
    Speech(#[from] SpeechError),
}

/// A log, read whole.
#[derive(Clone, Debug)]
pub struct Log {
    file: String,
    /// What the session was.
    pub start: Start,
    /// Its lines but for those that say what went out.
    pub records: Vec<Record>,
}

impl Log {
    /// Whether `path` is named as a log is.
    pub fn is_at(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "jsonl") && path.is_file()
    }

    /// Reads `path`. A last line that was cut off is passed over, as the session may have been.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|source| LogError::File { file: file.clone(), source })?;
        let (mut start, mut records) = (None, Vec::new());
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let wrong = |problem: String| LogError::Line { file: file.clone(), line: index + 1, problem };
            match serde_json::from_str(line) {
                Ok(Record::Start(found)) if found.format > FORMAT => {
                    return Err(LogError::Format { file, found: found.format });
                }
                Ok(Record::Start(found)) => start = start.or(Some(found)),
                Ok(Record::Other) => {}
                Ok(record) => records.push(record),
                Err(_) if !line.ends_with('\n') && index > 0 => tracing::debug!("{file}: its last line is cut off"),
                Err(error) => return Err(wrong(error.to_string())),
            }
            if start.is_none() {
                return Err(wrong("it does not begin with the event \"start\"".to_owned()));
            }
        }
        let empty = || LogError::Line { file: file.clone(), line: 1, problem: "it is empty".to_owned() };
        Ok(Self { start: start.ok_or_else(empty)?, records, file })
    }

    /// The moment that `when` means; `None` in the log is an error that names what it holds.
    pub fn moment(&self, when: When) -> Result<Timestamp, LogError> {
        let mut looks = self.records.iter().filter_map(|record| match record {
            Record::Frame { at, .. } | Record::Trouble { at, .. } => Some(*at),
            _ => None,
        });
        let first = looks.next().unwrap_or_default();
        let last = looks.next_back().unwrap_or(first);
        let holds = |moment: Timestamp| first <= moment && moment.seconds() < last.seconds() + 1.0;
        let began = self.start.began.as_deref().and_then(time_of_day);
        let by_the_clock = began.filter(|_| when.is_full).map(|began| (when.seconds - began).rem_euclid(DAY));
        let moments = [Some(when.seconds), by_the_clock].into_iter().flatten().map(Timestamp::from_seconds);
        moments.into_iter().find(|moment| holds(*moment)).ok_or_else(|| LogError::Moment {
            file: self.file.clone(),
            first,
            last,
            began: self.start.began.as_deref().map(|began| format!(" from {began} on")).unwrap_or_default(),
        })
    }
}

/// A moment as a person names it: seconds, minutes and seconds, or hours, minutes and seconds, since the session began. The last, where the
/// log holds no such moment, is the time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct When {
    seconds: f64,
    is_full: bool,
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a moment is meant: 151, 02:31, or 14:02:31".to_owned();
        let parts = text.split(':').map(|part| part.parse::<f64>().ok().filter(|x| (0.0..1e6).contains(x)));
        let parts = parts.collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        // Only the last may have a fraction, and only the first may be large.
        let (whole, last) = parts.split_at(parts.len() - 1);
        if parts.len() > 3 || whole.iter().any(|x| x.fract() != 0.0) || parts.iter().skip(1).any(|x| *x >= 60.0) {
            return Err(wrong());
        }
        Ok(Self { seconds: whole.iter().chain(last).fold(0.0, |sum, part| sum * 60.0 + part), is_full: parts.len() == 3 })
    }
}

/// Seconds since midnight in a date and time as `2026-05-12T10:30:00+02:00`.
fn time_of_day(began: &str) -> Option<f64> {
    let (_, time) = began.split_once('T')?;
    time.get(..8)?.parse::<When>().ok().filter(|when| when.is_full).map(|when| when.seconds)
}
