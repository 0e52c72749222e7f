//! The recordings of one user in one folder: what there is, and how much of it is kept.
//!
//! Owns which of them goes first where they are too many or too old, and what becomes of one that reaches the bound itself. Leaves writing a walk
//! to `writer`.

use std::{
    fs,
    path::{Component, Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{About, Walk, WalkError, WalkWriter, writer::utc};
use crate::frame::Timestamp;

/// Begins the name of each.
const NAME: &str = "walk-";

/// How much is kept of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes in all, the one that is being written among them.
    pub bytes: u64,
    /// Age from which one goes.
    pub age: Duration,
}

impl Default for Bounds {
    /// 4 GiB, some three hours of five pictures a second, and 30 days: our inference of what a small computer's card can spare, and of how long
    /// somebody else's street may lie on it.
    fn default() -> Self {
        Self { bytes: 4 << 30, age: Duration::from_secs(30 * 24 * 3600) }
    }
}

/// What becomes of a recording that reaches the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtBound {
    /// It ends: it lies in a folder that a person named, where nothing is deleted.
    Ends,
    /// It lies in this folder of the program's own, of which the oldest go; it ends only where it fills that alone.
    OldestGo(PathBuf),
}

/// A walk that is recorded within bounds.
pub struct Recorder {
    writer: WalkWriter,
    dir: PathBuf,
    at_bound: AtBound,
    bounds: Bounds,
    /// Bytes of its pictures.
    bytes: u64,
}

impl Recorder {
    /// Frames between two looks at how much there is beside it: some ten seconds.
    const EVERY: u64 = 50;

    /// Begins a walk in `dir`, as [`WalkWriter::create`] does.
    pub fn create(dir: &Path, at_bound: AtBound, about: &About, bounds: Bounds) -> Result<Self, WalkError> {
        Ok(Self { writer: WalkWriter::create(dir, about)?, dir: dir.to_owned(), at_bound, bounds, bytes: 0 })
    }

    /// Adds a frame as [`WalkWriter::write`] does, at `now` of the wall's clock; gives the names of the recordings that made room for it.
    pub fn write(&mut self, at: Timestamp, jpeg: &[u8], now: SystemTime) -> Result<Vec<String>, WalkError> {
        let (all, fits, gone) = match &self.at_bound {
            AtBound::OldestGo(folder) if self.writer.frames().is_multiple_of(Self::EVERY) => {
                let (gone, fits) = trim(folder, &self.bounds, now, &self.dir)?;
                (folder, fits, gone)
            }
            AtBound::OldestGo(folder) => (folder, true, Vec::new()),
            AtBound::Ends => (&self.dir, true, Vec::new()),
        };
        let bytes = self.bytes + jpeg.len() as u64;
        if !fits || bytes > self.bounds.bytes {
            let frames = self.writer.frames();
            return Err(WalkError::Full { dir: all.display().to_string(), bytes: self.bounds.bytes, frames });
        }
        self.writer.write(at, jpeg)?;
        self.bytes = bytes;
        Ok(gone)
    }
}

/// One recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Its folder's name, by the moment at which it began: `walk-2026-05-12T08-30-00Z`.
    pub name: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// When it was last written to.
    pub written: SystemTime,
}

/// Where a user's recordings lie: the folder for a program's state.
pub fn folder() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "streetscape")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).join("recordings"))
}

/// A folder in `dir` for a walk that begins at `start`, and is not there yet.
pub fn named(dir: &Path, start: SystemTime) -> PathBuf {
    let name = format!("{NAME}{}", utc(start).to_string().replace(':', "-"));
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    let mut names = std::iter::once(name.clone()).chain(numbered).map(|name| dir.join(name));
    names.find(|path| !path.exists()).unwrap_or_else(|| dir.join(name))
}

/// The walks in `dir`, the oldest first; none where there is no such folder.
pub fn list(dir: &Path) -> Result<Vec<Recording>, WalkError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|source| WalkError::file(dir, source))?,
    };
    let mut found = Vec::new();
    for entry in entries.flatten().filter(|entry| Walk::is_at(&entry.path())) {
        let (bytes, written) = size(&entry.path());
        found.push(Recording { name: entry.file_name().to_string_lossy().into_owned(), bytes, written });
    }
    found.sort_by(|a, b| (a.written, &a.name).cmp(&(b.written, &b.name)));
    Ok(found)
}

/// Deletes the walk `name` of `dir`. What is no walk, or lies elsewhere, is left alone.
pub fn delete(dir: &Path, name: &str) -> Result<(), WalkError> {
    let path = dir.join(name);
    let inside = matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
    if !inside || !Walk::is_at(&path) {
        return Err(WalkError::Unknown { name: name.to_owned(), dir: dir.display().to_string() });
    }
    fs::remove_dir_all(&path).map_err(|source| WalkError::file(&path, source))
}

/// Deletes what is too old at `now`, and the oldest until all fit, but never `current`; gives their names. Whether they fit then is the second answer.
pub fn trim(dir: &Path, bounds: &Bounds, now: SystemTime, current: &Path) -> Result<(Vec<String>, bool), WalkError> {
    let found = list(dir)?;
    let mut all: u64 = found.iter().map(|recording| recording.bytes).sum();
    let mut gone = Vec::new();
    for Recording { name, bytes, written } in found {
        let old = now.duration_since(written).is_ok_and(|age| age > bounds.age);
        if dir.join(&name) != current && (old || all > bounds.bytes) {
            delete(dir, &name)?;
            all -= bytes;
            gone.push(name);
        }
    }
    Ok((gone, all <= bounds.bytes))
}

/// Bytes below `path`, and when something there was last written to.
fn size(path: &Path) -> (u64, SystemTime) {
    let (mut bytes, mut written) = (0, SystemTime::UNIX_EPOCH);
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let Ok(about) = entry.metadata() else { continue };
        let (inside, last) =
            if about.is_dir() { size(&entry.path()) } else { (about.len(), about.modified().unwrap_or(written)) };
        bytes += inside;
        written = written.max(last);
    }
    (bytes, written)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks of 1,000 bytes of picture each, with their age in days.
    fn recorded(dir: &Path, walks: &[(&str, u64)], now: SystemTime) {
        for (name, days) in walks {
            let path = dir.join(name);
            let mut writer = WalkWriter::create(&path, &About::default()).unwrap();
            writer.write(Timestamp::default(), &[0; 1000]).unwrap();
            let then = now - Duration::from_secs(days * 24 * 3600);
            for file in ["walk.toml", "frames.csv", "frames/000000.jpg"] {
                fs::File::options().write(true).open(path.join(file)).unwrap().set_modified(then).unwrap();
            }
        }
    }

    #[track_caller]
    fn check(walks: &[(&str, u64)], bytes: u64, want: &[&str], fits: bool) {
        let (dir, now) = (tempfile::tempdir().unwrap(), SystemTime::now());
        recorded(dir.path(), walks, now);
        fs::create_dir(dir.path().join("mine")).unwrap();
        let each = list(dir.path()).unwrap().first().map_or(0, |recording| recording.bytes);
        let bounds = Bounds { bytes: bytes * each, age: Duration::from_secs(30 * 24 * 3600) };
        let (gone, fit) = trim(dir.path(), &bounds, now, &dir.path().join("current")).unwrap();
        assert_eq!((gone.iter().map(String::as_str).collect::<Vec<_>>(), fit), (want.to_vec(), fits), "{walks:?}");
        assert_eq!(list(dir.path()).unwrap().len(), walks.len() - want.len());
        assert!(dir.path().join("mine").exists(), "what is no walk is left alone");
    }

    #[test]
    fn the_old_and_then_the_oldest_go_until_all_fit_and_never_the_one_that_is_written() {
        check(&[], 0, &[], true);
        check(&[("a", 3), ("b", 1), ("current", 0)], 3, &[], true);
        check(&[("a", 3), ("b", 1), ("current", 0)], 2, &["a"], true);
        check(&[("a", 1), ("b", 3), ("current", 0)], 2, &["b"], true);
        check(&[("a", 3), ("b", 31), ("c", 40)], 9, &["c", "b"], true);
        check(&[("a", 3), ("current", 40)], 0, &["a"], false);
    }

    #[test]
    fn at_the_bound_the_oldest_go_or_the_recording_ends() {
        let (dir, now) = (tempfile::tempdir().unwrap(), SystemTime::now());
        recorded(dir.path(), &[("old", 40), ("a", 3), ("b", 1)], now);
        let folder = dir.path().to_owned();
        // Room for two others beside the frames to come.
        let bounds = Bounds { bytes: 2 * list(&folder).unwrap()[0].bytes + 4000, age: Duration::from_secs(30 * 24 * 3600) };
        let about = About::default();
        let mut one = Recorder::create(&folder.join("one"), AtBound::OldestGo(folder.clone()), &about, bounds).unwrap();
        let mut gone = Vec::new();
        for k in 0..2 * Recorder::EVERY {
            gone.extend(one.write(Timestamp::from_seconds(k as f64 / 5.0), &[0; 60], now).unwrap());
        }
        assert_eq!(gone, ["old", "a"], "the old at once, the oldest once there is no room");
        // Alone it fills the bound, and what lies in a person's folder makes no room.
        for (name, at_bound) in [("two", AtBound::OldestGo(folder.clone())), ("mine/three", AtBound::Ends)] {
            let bounds = Bounds { bytes: 20_000, ..bounds };
            let mut recorder = Recorder::create(&folder.join(name), at_bound, &about, bounds).unwrap();
            let written = (0..100).map_while(|k| recorder.write(Timestamp::from_seconds(k as f64), &[0; 3000], now).ok());
            assert_eq!(written.count(), 6, "{name}");
            let error = recorder.write(Timestamp::from_seconds(99.0), &[0; 3000], now).unwrap_err().to_string();
            assert!(error.contains("this one ends with 6 frames: delete some"), "{error}");
            assert_eq!(Walk::open(&folder.join(name)).unwrap().frames.len(), 6);
        }
        assert!(folder.join("two").exists());
    }

    #[test]
    fn nothing_but_a_walk_of_the_folder_is_deleted() {
        let dir = tempfile::tempdir().unwrap();
        recorded(dir.path(), &[("a", 0)], SystemTime::now());
        fs::create_dir(dir.path().join("mine")).unwrap();
        let inner = dir.path().join("mine");
        recorded(&inner, &[("b", 0)], SystemTime::now());
        for name in ["", ".", "..", "mine", "mine/b", "/", "nothing"] {
            assert!(matches!(delete(dir.path(), name), Err(WalkError::Unknown { .. })), "{name}");
        }
        delete(dir.path(), "a").unwrap();
        assert!(list(dir.path()).unwrap().is_empty() && inner.join("b").exists());
    }

    #[test]
    fn a_new_recording_never_takes_anothers_name() {
        let (dir, now) = (tempfile::tempdir().unwrap(), SystemTime::UNIX_EPOCH);
        for want in ["walk-1970-01-01T00-00-00Z", "walk-1970-01-01T00-00-00Z-2", "walk-1970-01-01T00-00-00Z-3"] {
            let path = named(dir.path(), now);
            assert_eq!(path, dir.path().join(want));
            fs::create_dir(path).unwrap();
        }
    }
}
