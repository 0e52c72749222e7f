//! Recorded walks: the folder that `walk --record` writes and `replay` reads, and the truth that lies beside it.
//!
//! Owns the format: `walk.toml`, `frames/`, `frames.csv`, `truth.csv`. Leaves pictures to `capture`, which decodes and encodes
//! them, and judging what was said to `evaluation`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Deserializer, Serialize, de};
use toml::value::Datetime;

use crate::frame::Timestamp;

mod error;
mod meaning;
pub mod recordings;
mod truth;
mod writer;

pub use error::WalkError;
pub use meaning::{MeaningError, Meanings};
pub use truth::Truth;
pub use writer::{WalkWriter, utc};

/// The file that makes a folder a walk.
pub const ABOUT: &str = "walk.toml";
/// The moments of the frames: `time_s,file`.
pub const FRAMES: &str = "frames.csv";
/// What is there and when.
pub const TRUTH: &str = "truth.csv";
/// Where the pictures lie.
const PICTURES: &str = "frames";
const HEADER: &str = "time_s,file";

/// `walk.toml`: what is known of the walk as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Its name for people.
    #[serde(default)]
    pub title: String,
    /// Date and time of second 0, as a TOML date or as a string of the same form.
    #[serde(default, deserialize_with = "datetime", skip_serializing_if = "Option::is_none")]
    pub start: Option<Datetime>,
    /// What saw it, in free words.
    #[serde(default)]
    pub camera: String,
    /// Who may use it and how, in free words.
    #[serde(default)]
    pub licence: String,
    /// Facets of which the truth tells everything: what stands in no row of it is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complete: Vec<String>,
    /// Keys that this program does not know.
    #[serde(flatten, skip_serializing)]
    other: BTreeMap<String, toml::Value>,
}

impl About {
    /// A walk that begins at `start`, seen by `camera`.
    pub fn begun(start: SystemTime, camera: &str) -> Self {
        let (title, licence) = ("Recorded walk".to_owned(), "The walker's own".to_owned());
        let (complete, other) = (Vec::new(), BTreeMap::new());
        Self { title, start: Some(utc(start)), camera: camera.to_owned(), licence, complete, other }
    }
}

fn datetime<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Datetime>, D::Error> {
    match toml::Value::deserialize(input)? {
        toml::Value::Datetime(start) => Ok(Some(start)),
        toml::Value::String(start) => start.parse().map(Some).map_err(de::Error::custom),
        other => Err(de::Error::custom(format!("start: a date and time is meant, found {}", other.type_str()))),
    }
}

/// One row of `frames.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkFrame {
    /// When the camera delivered it.
    pub at: Timestamp,
    /// Its picture.
    pub file: PathBuf,
}

/// An opened walk: its rows were checked, its pictures were not touched.
#[derive(Clone, Debug)]
pub struct Walk {
    /// What `walk.toml` says.
    pub about: About,
    /// One at least, in the order of their time.
    pub frames: Vec<WalkFrame>,
    dir: PathBuf,
}

impl Walk {
    /// Whether `dir` holds a walk, well or damaged.
    pub fn is_at(dir: &Path) -> bool {
        dir.join(ABOUT).is_file()
    }

    /// Opens `dir` and checks every row: times are numbers that never fall, files lie inside the folder. A bare file name lies in
    /// `frames/`. A last line without its end is taken only where its picture is there: a recording that was cut off stays a walk.
    pub fn open(dir: &Path) -> Result<Self, WalkError> {
        let about = about(&dir.join(ABOUT))?;
        let path = dir.join(FRAMES);
        let frames = frames(dir, &path)?;
        if frames.is_empty() {
            return Err(WalkError::meaning(&path, 1, "there is no frame: this walk has nothing to show"));
        }
        Ok(Self { about, frames, dir: dir.to_owned() })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The rows of `truth.csv`; none where there is no such file.
    pub fn truth(&self) -> Result<Vec<Truth>, WalkError> {
        truth::read(&self.dir.join(TRUTH))
    }
}

fn about(path: &Path) -> Result<About, WalkError> {
    let text = fs::read_to_string(path).map_err(|source| WalkError::file(path, source))?;
    let mut about: About = toml::from_str(&text)
        .map_err(|source| WalkError::About { file: path.display().to_string(), source: Box::new(source) })?;
    for key in std::mem::take(&mut about.other).into_keys() {
        tracing::debug!("{}: the key {key} is not known and not used", path.display());
    }
    Ok(about)
}

fn frames(dir: &Path, path: &Path) -> Result<Vec<WalkFrame>, WalkError> {
    let text = fs::read_to_string(path).map_err(|source| WalkError::file(path, source))?;
    let mut lines = text.split_inclusive('\n').enumerate();
    match lines.next() {
        Some((_, header)) if header.trim().starts_with(HEADER) => {}
        _ => return Err(WalkError::meaning(path, 1, format!("the first line is to be {HEADER}"))),
    }
    let mut frames: Vec<WalkFrame> = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        match row(dir, line.trim()) {
            Ok(frame) if line.ends_with('\n') || frame.file.is_file() => {
                if frames.last().is_some_and(|before| before.at > frame.at) {
                    return Err(WalkError::meaning(path, index + 1, "its time lies before that of the line above"));
                }
                frames.push(frame);
            }
            Err(problem) if line.ends_with('\n') => return Err(WalkError::meaning(path, index + 1, problem)),
            Ok(_) | Err(_) => tracing::warn!("{}: the last line was cut off and is left out", path.display()),
        }
    }
    Ok(frames)
}

fn row(dir: &Path, line: &str) -> Result<WalkFrame, &'static str> {
    let mut cells = line.split(',').map(str::trim);
    let (Some(time), Some(file)) = (cells.next(), cells.next().filter(|file| !file.is_empty())) else {
        return Err("a time and a file are meant, with a comma between them");
    };
    let at = time.parse().ok().and_then(moment).ok_or("its time is no number of seconds since the start")?;
    let file = Path::new(file);
    if !file.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err("its file lies outside the walk: name one inside the folder");
    }
    let bare = file.components().count() == 1;
    Ok(WalkFrame { at, file: if bare { dir.join(PICTURES).join(file) } else { dir.join(file) } })
}

/// Seconds since the start; `None` for what is no moment of a walk.
fn moment(seconds: f64) -> Option<Timestamp> {
    // A year: what lies beyond is a mistake, such as a time of day in epoch seconds.
    (0.0..31_536_000.0).contains(&seconds).then(|| Timestamp::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(about: &str, frames: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::write(dir.path().join(ABOUT), about).expect("walk.toml");
        fs::write(dir.path().join(FRAMES), frames).expect("frames.csv");
        dir
    }

    #[track_caller]
    fn check(about: &str, frames: &str, want: Result<usize, &str>) {
        let dir = folder(about, frames);
        match (Walk::open(dir.path()), want) {
            (Ok(walk), Ok(count)) => assert_eq!(walk.frames.len(), count, "{frames}"),
            (Err(error), Err(part)) => {
                let error = error.to_string();
                assert!(error.contains(part), "{error}");
                assert!(error.starts_with(&dir.path().display().to_string()), "{error}");
            }
            (got, want) => panic!("{frames}: {got:?} instead of {want:?}"),
        }
    }

    #[test]
    fn a_walk_is_checked_row_by_row() {
        let head = "time_s,file\n";
        check("", &format!("{head}0.0,frames/000000.jpg\n0.2,000001.jpg\n\n0.2,c.jpg\n"), Ok(3));
        check("title = \"x\"\nstart = 2025-05-01T10:00:00Z\nweather = 3\n", &format!("{head}0,a.jpg\n"), Ok(1));
        check("start = \"2025-05-01T10:00:00Z\"", &format!("{head}0,a.jpg\n"), Ok(1));
        check("", &format!("{head}0,a.jpg,more\r\n"), Ok(1));
        check("start = \"yesterday\"", head, Err("walk.toml: TOML parse error"));
        check("start = 7", head, Err("a date and time is meant"));
        check("title = ", head, Err("line 1"));
        check("", "", Err("frames.csv, line 1: the first line is to be time_s,file"));
        check("", head, Err("there is no frame"));
        check("", &format!("{head}0.4,a.jpg\n0.2,b.jpg\n"), Err("line 3: its time lies before"));
        check("", &format!("{head}soon,a.jpg\n"), Err("line 2: its time is no number"));
        check("", &format!("{head}NaN,a.jpg\n"), Err("line 2: its time is no number"));
        check("", &format!("{head}-1,a.jpg\n"), Err("line 2: its time is no number"));
        check("", &format!("{head}0.4\n"), Err("line 2: a time and a file"));
        check("", &format!("{head}0.4,/etc/passwd\n"), Err("line 2: its file lies outside"));
        check("", &format!("{head}0.4,frames/../../a.jpg\n"), Err("line 2: its file lies outside"));
    }

    #[test]
    fn a_last_line_that_was_cut_off_is_left_out() {
        let whole = "time_s,file\n0,000000.jpg\n";
        check("", &format!("{whole}0.2,frames/0000"), Ok(1));
        check("", &format!("{whole}0."), Ok(1));
        let dir = folder("", &format!("{whole}0.2,000001.jpg"));
        fs::create_dir(dir.path().join(PICTURES)).expect("frames/");
        fs::write(dir.path().join("frames/000001.jpg"), "x").expect("a frame");
        assert_eq!(Walk::open(dir.path()).expect("a walk").frames.len(), 2);
    }

    #[test]
    fn a_missing_file_of_the_walk_is_named() {
        let dir = folder("", "time_s,file\n");
        fs::remove_file(dir.path().join(FRAMES)).expect("removed");
        let error = Walk::open(dir.path()).expect_err("no frames.csv").to_string();
        assert!(error.contains("frames.csv: ") && error.contains("No such file"), "{error}");
    }
}
