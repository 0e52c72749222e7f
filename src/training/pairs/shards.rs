//! WebDataset shards: `KEY.jpg`, `KEY.txt`, `KEY.json` and `KEY.seg.png` of each photo, one behind the other in a tar.
//!
//! Owns the tar's form: the same photos give the same bytes. Leaves what is in it to `gather`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::Path,
};

use sha2::{Digest, Sha256};
use tar::{Archive, Builder, Header};

use super::spool::failed;
use crate::{
    bundle::aside,
    evaluation::shard::{Origin, Record},
    training::TrainingError,
    vocabulary::hex,
};

/// One photo of a shard.
pub struct Pair {
    /// Its key, unique in the data set.
    pub key: String,
    /// JPEG.
    pub photo: Vec<u8>,
    /// The best caption.
    pub text: String,
    /// `KEY.json`.
    pub record: Vec<u8>,
    /// `KEY.seg.png`, where there is a map.
    pub map: Option<Vec<u8>>,
}

/// Writes the shard `path` of what `pairs` gives, aside and then renamed. `pairs` may give fewer than it has photos, never others.
pub fn write(path: &Path, pairs: impl Iterator<Item = Result<Pair, TrainingError>>) -> Result<(), TrainingError> {
    let io = |source| failed(path, source);
    let mut tar = Builder::new(BufWriter::new(aside(path).map_err(io)?));
    for pair in pairs {
        let Pair { key, photo, text, record, map } = pair?;
        let parts = [("jpg", Some(photo)), ("txt", Some(text.into_bytes())), ("json", Some(record)), ("seg.png", map)];
        for (ending, bytes) in parts {
            if let Some(bytes) = bytes {
                append(&mut tar, &format!("{key}.{ending}"), &bytes).map_err(io)?;
            }
        }
    }
    let mut writer = tar.into_inner().map_err(io)?;
    writer.flush().map_err(io)?;
    let aside = writer.into_inner().map_err(|error| io(error.into_error()))?;
    aside.as_file().sync_all().map_err(io)?;
    aside.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}

/// What a shard holds.
#[derive(Debug, Default)]
pub struct Tally {
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Captions of each origin.
    pub captions: BTreeMap<Origin, usize>,
    /// Photos of each source.
    pub sources: BTreeMap<String, usize>,
}

/// Counts what is in the shard `path`, one photo in memory at a time.
pub fn tally(path: &Path) -> Result<Tally, TrainingError> {
    let io = |source| failed(path, source);
    let mut reader = Hashed { file: File::open(path).map_err(io)?, hasher: Sha256::new(), bytes: 0 };
    let mut tally = Tally::default();
    for entry in Archive::new(&mut reader).entries().map_err(io)? {
        let mut entry = entry.map_err(io)?;
        if entry.path_bytes().ends_with(b".json") {
            let mut text = Vec::new();
            entry.read_to_end(&mut text).map_err(io)?;
            let record: Record = serde_json::from_slice(&text).map_err(|error| io(error.into()))?;
            *tally.sources.entry(record.source).or_default() += 1;
            for caption in &record.captions {
                *tally.captions.entry(caption.origin()).or_default() += 1;
            }
        }
    }
    // What stands behind the last photo belongs to the file too.
    io::copy(&mut reader, &mut io::sink()).map_err(io)?;
    tally.sha256 = hex(&reader.hasher.finalize());
    tally.bytes = reader.bytes;
    Ok(tally)
}

/// Reads and hashes in one go.
struct Hashed {
    file: File,
    hasher: Sha256,
    bytes: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

fn append(tar: &mut Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_size(bytes.len() as u64);
    // No time and no owner: the same photos give the same bytes.
    header.set_mode(0o644);
    header.set_mtime(0);
    tar.append_data(&mut header, name, bytes)
}
