//! Writing a walk while it is walked.
//!
//! Owns the order of writing: a picture first, whole, then its row. So the folder is a walk from its first frame on, whatever
//! ends the recording.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use toml::value::{Date, Datetime, Offset, Time};

use super::{ABOUT, About, FRAMES, HEADER, PICTURES, Walk, WalkError};
use crate::frame::Timestamp;

/// A walk that is being recorded.
#[derive(Debug)]
pub struct WalkWriter {
    dir: PathBuf,
    rows: File,
    /// Bytes of `frames.csv` that are whole rows.
    whole: u64,
    frames: u64,
}

impl WalkWriter {
    /// Begins a walk in `dir`, which is made where it isn't there. A folder that holds a walk already, or anything else, is refused.
    pub fn create(dir: &Path, about: &About) -> Result<Self, WalkError> {
        if Walk::is_at(dir) {
            return Err(WalkError::Taken { dir: dir.display().to_string() });
        }
        let failed = |path: &Path| {
            let file = path.display().to_string();
            move |source| WalkError::Write { file, source, frames: 0 }
        };
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(WalkError::NotEmpty { dir: dir.display().to_string() });
        }
        let pictures = dir.join(PICTURES);
        fs::create_dir_all(&pictures).map_err(failed(&pictures))?;
        let path = dir.join(FRAMES);
        let mut rows = OpenOptions::new().create(true).write(true).truncate(true).open(&path).map_err(failed(&path))?;
        let header = format!("{HEADER}\n");
        rows.write_all(header.as_bytes()).map_err(failed(&path))?;
        let path = dir.join(ABOUT);
        let text = toml::to_string(about).map_err(|error| failed(&path)(io::Error::other(error)))?;
        fs::write(&path, text).map_err(failed(&path))?;
        Ok(Self { dir: dir.to_owned(), rows, whole: header.len() as u64, frames: 0 })
    }

    /// Adds a frame as JPEG bytes. Where it can't (a full disk), nothing of it stays and the walk so far remains readable; the
    /// next call tries again.
    pub fn write(&mut self, at: Timestamp, jpeg: &[u8]) -> Result<(), WalkError> {
        let name = format!("{PICTURES}/{:06}.jpg", self.frames);
        let path = self.dir.join(&name);
        if let Err(source) = fs::write(&path, jpeg) {
            // Half a picture is worth nothing; where even this fails, no row names it.
            fs::remove_file(&path).ok();
            return Err(self.failed(&path, source));
        }
        let row = format!("{:.6},{name}\n", at.seconds());
        if let Err(source) = self.append(row.as_bytes()) {
            fs::remove_file(&path).ok();
            return Err(self.failed(&self.dir.join(FRAMES), source));
        }
        self.frames += 1;
        Ok(())
    }

    /// How many frames were written.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    fn append(&mut self, row: &[u8]) -> io::Result<()> {
        use std::io::Seek;
        if let Err(error) = self.rows.write_all(row) {
            self.rows.set_len(self.whole)?;
            self.rows.seek(io::SeekFrom::Start(self.whole))?;
            return Err(error);
        }
        self.whole += row.len() as u64;
        Ok(())
    }

    fn failed(&self, path: &Path, source: io::Error) -> WalkError {
        WalkError::Write { file: path.display().to_string(), source, frames: self.frames }
    }
}

/// A moment of the system's clock as `walk.toml` writes it, in UTC and whole seconds. What lies before 1970 is 1970.
pub fn utc(time: SystemTime) -> Datetime {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    // The civil calendar in eras of 400 years that begin on 1 March, so that the leap day comes last.
    let day = day + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = Date {
        year: (year + era * 400 + u64::from(month >= 10)) as u16,
        month: (if month < 10 { month + 3 } else { month - 9 }) as u8,
        day: (day - (153 * month + 2) / 5 + 1) as u8,
    };
    let time = Time {
        hour: (second / 3_600) as u8,
        minute: (second / 60 % 60) as u8,
        second: Some((second % 60) as u8),
        nanosecond: None,
    };
    Datetime { date: Some(date), time: Some(time), offset: Some(Offset::Z) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn about() -> About {
        About { title: "A \"walk\"".to_owned(), start: Some(utc(SystemTime::now())), ..About::default() }
    }

    #[test]
    fn a_recorded_walk_reads_as_it_was_written_after_every_frame() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let dir = dir.path().join("made/on/the/way");
        let mut writer = WalkWriter::create(&dir, &about()).expect("a new walk");
        for k in 0..3_u8 {
            let at = Timestamp::from_seconds(f64::from(k) * 0.2);
            writer.write(at, &[k; 5]).expect("written");
            let walk = Walk::open(&dir).expect("a walk");
            assert_eq!(walk.about, about());
            let last = walk.frames.last().expect("a frame");
            assert_eq!((walk.frames.len(), last.at), (usize::from(k) + 1, at));
            assert_eq!(fs::read(&last.file).expect("its picture"), [k; 5]);
        }
        assert_eq!(writer.frames(), 3);
    }

    #[test]
    fn a_recording_never_runs_over_another_walk_nor_among_other_files() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        WalkWriter::create(dir.path(), &about()).expect("a new walk");
        let error = WalkWriter::create(dir.path(), &about()).expect_err("a walk is there").to_string();
        assert!(error.contains("holds a walk already; name another folder"), "{error}");
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::write(dir.path().join("letter.txt"), "mine").expect("a file");
        let error = WalkWriter::create(dir.path(), &about()).expect_err("a file is there").to_string();
        assert!(error.contains("is not empty; name a new folder"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing is put beside it");
    }

    #[test]
    fn a_row_that_fails_leaves_the_walk_as_it_was() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut writer = WalkWriter::create(dir.path(), &about()).expect("a new walk");
        writer.write(Timestamp::from_seconds(0.0), b"a").expect("written");
        // A file that is open for reading alone refuses every row, as a full disk would.
        let good = std::mem::replace(&mut writer.rows, File::open(dir.path().join(FRAMES)).expect("opened"));
        let error = writer.write(Timestamp::from_seconds(0.2), b"b").expect_err("no row").to_string();
        assert!(error.contains("frames.csv: ") && error.contains("ends here with 1 frames"), "{error}");
        assert!(!dir.path().join("frames/000001.jpg").exists());
        writer.rows = good;
        writer.write(Timestamp::from_seconds(0.4), b"c").expect("written");
        let walk = Walk::open(dir.path()).expect("a walk");
        assert_eq!(walk.frames.iter().map(|f| f.at.seconds()).collect::<Vec<_>>(), [0.0, 0.4]);
    }

    #[test]
    fn the_start_is_a_date_of_the_civil_calendar() {
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_746_093_845, "2025-05-01T10:04:05Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)).to_string(), want);
        }
    }
}
