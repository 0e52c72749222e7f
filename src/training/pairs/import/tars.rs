//! Members of tars: where each lies, so that any can be read at any time and none need be kept.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    num::NonZeroU64,
    path::Path,
};

use tar::Archive;

/// Where a member's bytes lie in its tar. Before them stands a header, so that the place is never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    at: NonZeroU64,
    bytes: u64,
}

impl Span {
    /// The member's bytes.
    pub fn read(self, tar: &Path) -> io::Result<Vec<u8>> {
        let mut file = File::open(tar)?;
        file.seek(SeekFrom::Start(self.at.get()))?;
        let mut bytes = Vec::new();
        file.take(self.bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Tells `each` the path and the place of every file in the tar, from header to header. Where the tar is damaged, `each` was told
/// what stands before.
pub fn walk(tar: &Path, mut each: impl FnMut(&str, Span)) -> io::Result<()> {
    let file = File::open(tar)?;
    let length = file.metadata()?.len();
    let mut archive = Archive::new(&file);
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let name = entry.path_bytes();
        let name = String::from_utf8_lossy(&name);
        let name = name.trim_start_matches("./");
        let (at, bytes) = (entry.raw_file_position(), entry.size());
        if at.checked_add(bytes).is_none_or(|end| end > length) {
            return Err(io::Error::other(format!("{name} is cut off; fetch the tar again")));
        }
        if let (true, Some(at)) = (entry.header().entry_type().is_file(), NonZeroU64::new(at)) {
            each(name, Span { at, bytes });
        }
    }
    Ok(())
}

/// Whether the file is called as tars are.
pub fn is_tar(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("tar"))
}
