//! The photos that a person names for a batch: files, folders, WebDataset tars.
//!
//! Owns their order and their names. Gives bytes and not pixels, so that the caller's threads can decode them.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{CaptureError, decode};

/// One photo of the batch.
#[derive(Debug)]
pub struct Photo {
    /// The path as given, or `TAR/KEY.jpg` inside a tar; a name that is no UTF-8 with its odd bytes replaced.
    pub name: String,
    /// The file's bytes, not decoded; the error stands in the photo's place and the batch goes on.
    pub bytes: Result<Vec<u8>, CaptureError>,
}

/// The photos of a batch, in the order in which they were named; within a folder by name, within a tar as they lie. Only one
/// photo is in memory at a time.
#[derive(Debug)]
pub struct Photos {
    named: VecDeque<PathBuf>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
enum Waiting {
    File(PathBuf),
    Member { tar: Arc<File>, name: String, at: u64, bytes: u64 },
    Failed(String, CaptureError),
}

impl Photos {
    /// The photos of `named`. Nothing is opened before its turn.
    pub fn open(named: &[PathBuf]) -> Self {
        Self { named: named.iter().cloned().collect(), waiting: VecDeque::new() }
    }

    /// Puts what `path` holds at the end of the queue: one error at least, never nothing.
    fn unfold(&mut self, path: PathBuf) {
        let found = if path.is_dir() {
            folder(&path).map(|files| self.waiting.extend(files.into_iter().map(Waiting::File)))
        } else if is_tar(&path) {
            members(&path, &mut self.waiting)
        } else {
            self.waiting.push_back(Waiting::File(path.clone()));
            Ok(())
        };
        if let Err(error) = found {
            self.waiting.push_back(Waiting::Failed(path.display().to_string(), error));
        }
    }
}

impl Iterator for Photos {
    type Item = Photo;

    fn next(&mut self) -> Option<Photo> {
        while self.waiting.is_empty() {
            let path = self.named.pop_front()?;
            self.unfold(path);
        }
        Some(match self.waiting.pop_front()? {
            Waiting::File(path) => {
                let mut bytes = Vec::new();
                let read = decode::read(&path, &mut bytes);
                Photo { name: path.display().to_string(), bytes: read.map(|()| bytes) }
            }
            Waiting::Member { tar, name, at, bytes } => {
                let read = member(&tar, at, bytes).map_err(|source| CaptureError::File { file: name.clone(), source });
                Photo { name, bytes: read }
            }
            Waiting::Failed(name, error) => Photo { name, bytes: Err(error) },
        })
    }
}

/// The pictures of a folder in the order of their names, byte by byte; folders within it are left alone.
pub(super) fn folder(dir: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let failed = |source| CaptureError::file(dir, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() && decode::is_picture(&path) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(CaptureError::NoPictures { place: dir.display().to_string() });
    }
    files.sort();
    Ok(files)
}

fn is_tar(path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tar"));
    let mut head = [0; 262];
    named && path.exists()
        || File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head.ends_with(b"ustar")
}

/// The places of a tar's pictures. Walks from header to header; pictures are read when their turn comes.
fn members(path: &Path, into: &mut VecDeque<Waiting>) -> Result<(), CaptureError> {
    let failed = |source| CaptureError::file(path, source);
    let tar = Arc::new(File::open(path).map_err(failed)?);
    let length = tar.metadata().map_err(failed)?.len();
    let damaged = |problem: String| CaptureError::Tar { file: path.display().to_string(), problem };
    let mut archive = tar::Archive::new(&*tar);
    let mut pictures = 0;
    for entry in archive.entries_with_seek().map_err(failed)? {
        let entry = entry.map_err(|error| damaged(error.to_string()))?;
        let member = entry.path_bytes();
        let member = String::from_utf8_lossy(&member);
        let member = member.trim_start_matches("./");
        let (at, bytes) = (entry.raw_file_position(), entry.size());
        if at.checked_add(bytes).is_none_or(|end| end > length) {
            return Err(damaged(format!("{member} is cut off")));
        }
        if entry.header().entry_type().is_file() && is_photo(member) {
            pictures += 1;
            let name = format!("{}/{member}", path.display());
            into.push_back(Waiting::Member { tar: Arc::clone(&tar), name, at, bytes });
        }
    }
    if pictures == 0 {
        return Err(CaptureError::NoPictures { place: path.display().to_string() });
    }
    Ok(())
}

/// Whether a tar's member is its key's photo. The extension begins at the first dot, as WebDataset has it: `KEY.seg.png` is a map.
fn is_photo(member: &str) -> bool {
    let name = member.rsplit('/').next().unwrap_or(member);
    let extension = name.split_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    matches!(extension.as_deref(), Some("jpg" | "jpeg" | "png" | "webp"))
}

fn member(mut tar: &File, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
    tar.seek(SeekFrom::Start(at))?;
    let mut member = Vec::new();
    tar.take(bytes).read_to_end(&mut member)?;
    Ok(member)
}
