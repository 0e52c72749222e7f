//! How long each part of an experiment took, over however many starts.
//!
//! Owns the file, written anew every few seconds so that a part that is killed keeps its time. Leaves what a part is to its callers.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use crate::{bundle::write_whole, training::TrainingError};

/// The file in an experiment's folder.
const SECONDS: &str = "seconds.toml";
/// The most of a part's time that a kill loses.
const TICK: Duration = Duration::from_secs(2);

/// Seconds by part.
pub struct Clock {
    path: PathBuf,
    seconds: BTreeMap<String, f64>,
}

impl Clock {
    /// What the folder `dir` keeps of earlier starts.
    pub fn open(dir: &Path) -> Result<Self, TrainingError> {
        let path = dir.join(SECONDS);
        let file = path.display().to_string();
        let seconds = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|e| TrainingError::Data { file, problem: format!("{e}; delete it") })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(source) => return Err(TrainingError::File { file, source }),
        };
        Ok(Self { path, seconds })
    }

    /// Does `job` and adds its time to that of `part`.
    pub fn count<T>(&mut self, part: &str, job: impl FnOnce() -> Result<T, TrainingError>) -> Result<T, TrainingError> {
        let (before, began) = (self.of(part).unwrap_or_default(), Instant::now());
        let so_far = || {
            let mut seconds = self.seconds.clone();
            seconds.insert(part.to_owned(), before + began.elapsed().as_secs_f64());
            seconds
        };
        let path = &self.path;
        let done = thread::scope(|scope| {
            let (end, ended) = channel::<()>();
            scope.spawn(move || {
                while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    if let Err(error) = keep(path, &so_far()) {
                        tracing::warn!("{error}");
                    }
                }
            });
            let done = job();
            drop(end);
            done
        });
        self.seconds.insert(part.to_owned(), before + began.elapsed().as_secs_f64());
        keep(&self.path, &self.seconds)?;
        done
    }

    /// Seconds of `part`; none where it was never done.
    pub fn of(&self, part: &str) -> Option<f64> {
        self.seconds.get(part).copied()
    }
}

fn keep(path: &Path, seconds: &BTreeMap<String, f64>) -> Result<(), TrainingError> {
    let file = || path.display().to_string();
    let text = toml::to_string(seconds).map_err(|e| TrainingError::Data { file: file(), problem: e.to_string() })?;
    write_whole(path, text.as_bytes()).map_err(|source| TrainingError::File { file: file(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_part_is_that_of_all_its_starts() {
        let dir = tempfile::tempdir().expect("a folder");
        let sleep = |milliseconds| {
            let mut clock = Clock::open(dir.path()).expect("a clock");
            let slept = || {
                thread::sleep(Duration::from_millis(milliseconds));
                Ok(milliseconds)
            };
            assert_eq!(clock.count("all", slept).expect("slept"), milliseconds);
            clock.of("all").expect("counted")
        };
        let first = sleep(20);
        let both = sleep(30);
        assert!(first >= 0.02 && both >= first + 0.03, "{first}, {both}");
        assert_eq!(Clock::open(dir.path()).expect("a clock").of("none"), None);
        fs::write(dir.path().join(SECONDS), "no table").expect("written");
        let error = Clock::open(dir.path()).err().expect("damaged").to_string();
        assert!(error.contains("delete it"), "{error}");
    }
}
