//! The log's files: a part each, and no more of them than a device can spare.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::Sink;
use crate::walk::utc;

/// Size from which a part is ended. A walk writes some 8 kB a second: a part is a quarter of an hour, which a reader opens at once.
pub const FILE_BYTES: u64 = 8 << 20;
/// Parts that are kept, those of earlier sessions among them: two hours of walking in 64 MiB. The oldest goes first.
pub const FILES: usize = 8;

/// Begins and ends the name of each part.
const NAME: (&str, &str) = ("walk-", ".jsonl");

/// Where a walker's logs lie: the folder for a program's state, of the user's own.
pub fn folder() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "streetscape")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).join("log"))
}

/// Parts in a folder, named by the session's start and counted from 1: `walk-2026-05-12T08-30-00Z.001.jsonl`.
#[derive(Debug)]
pub struct Files {
    dir: PathBuf,
    session: String,
    parts: u32,
    file: Option<File>,
    most: usize,
}

impl Files {
    /// A session that began at `start`, in `dir`, which is made where it isn't there. At most `most` parts lie in it.
    pub fn new(dir: &Path, start: SystemTime, most: usize) -> Self {
        let session = format!("{}{}", NAME.0, utc(start).to_string().replace(':', "-"));
        Self { dir: dir.to_owned(), session, parts: 0, file: None, most }
    }

    fn open(&mut self) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let mut parts: Vec<_> = fs::read_dir(&self.dir)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        parts.retain(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with(NAME.0) && name.ends_with(NAME.1)
        });
        parts.sort();
        let spare = (parts.len() + 1).saturating_sub(self.most);
        for old in parts.iter().take(spare) {
            fs::remove_file(old)?;
        }
        loop {
            self.parts += 1;
            let path = self.dir.join(format!("{}.{:03}{}", self.session, self.parts, NAME.1));
            match File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => {
                    self.file = Some(made?);
                    return Ok(());
                }
            }
        }
    }

    fn told(&self, error: &io::Error) -> String {
        format!("{}: {error}; free some space, or name another folder with --log-session", self.dir.display())
    }
}

impl Sink for Files {
    fn begin(&mut self) -> Result<(), String> {
        self.open().map_err(|error| self.told(&error))
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let Some(file) = &mut self.file else { return Ok(()) };
        // In one call, so that a part that is cut off lacks its end and nothing else.
        file.write_all(format!("{line}\n").as_bytes()).map_err(|error| self.told(&error))
    }
}
