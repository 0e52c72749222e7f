//! What can be wrong with a recorded walk.

use std::{fmt, io, path::Path};

use thiserror::Error;

/// Why a walk can't be read or written. Every message names the file, the place and the mend.
#[derive(Debug, Error)]
pub enum WalkError {
    /// A file can't be read.
    #[error("{file}: {source}; a walk is a folder with walk.toml and frames.csv")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// `walk.toml` is no TOML or its values can't be meant.
    #[error("{file}: {source}")]
    About {
        /// The file.
        file: String,
        /// Line, column and cause.
        source: Box<toml::de::Error>,
    },
    /// A row can't be meant.
    #[error("{file}, line {line}: {problem}")]
    Meaning {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A recording would run over another one.
    #[error("{dir}: holds a walk already; name another folder for this recording")]
    Taken {
        /// The folder.
        dir: String,
    },
    /// A recording would lie among other files.
    #[error("{dir}: is not empty; name a new folder for this recording, or an empty one")]
    NotEmpty {
        /// The folder.
        dir: String,
    },
    /// Recordings hold as much as they may.
    #[error(
        "{dir}: recordings may hold {:.1} GiB; this one ends with {frames} frames: delete some, or allow more by --record-size",
        *bytes as f64 / f64::from(1 << 30)
    )]
    Full {
        /// The recording, or the folder of all.
        dir: String,
        /// How much that is.
        bytes: u64,
        /// The frames that were kept.
        frames: u64,
    },
    /// There is no such recording.
    #[error("{dir}: holds no recording named {name}; `streetscape recordings list` names them")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The folder.
        dir: String,
    },
    /// The recording can't go on; what was written before stays a walk.
    #[error("{file}: {source}; the recording ends here with {frames} frames: {}", mend(source))]
    Write {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
        /// The frames that were kept.
        frames: u64,
    },
}

impl WalkError {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { file: path.display().to_string(), source }
    }

    pub(super) fn meaning(path: &Path, line: usize, problem: impl fmt::Display) -> Self {
        Self::Meaning { file: path.display().to_string(), line, problem: problem.to_string() }
    }
}

fn mend(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space or record to another disk",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "record to a folder that you may write to",
        _ => "see that the disk is there, or record to another one",
    }
}
