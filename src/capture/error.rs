//! What can fail between the world and a picture.

use std::io;

use thiserror::Error;

use crate::fault::Recovery;

/// Why there is no picture. Every message names the file or device, the place and the mend.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// A file can't be read.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
}

impl CaptureError {
    /// What the loop may do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            CaptureError::File { .. } => Recovery::Fatal,
        }
    }
}
