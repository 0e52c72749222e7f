//! What can fail between a picture and its embedding.

use thiserror::Error;

use crate::{bundle::BundleError, embedding::EmbeddingError, fault::Recovery};

/// Why there is no embedding.
#[derive(Debug, Error)]
pub enum EncoderError {
    /// The model's files are wrong.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The model's answer is no direction.
    #[error(transparent)]
    Embedding(#[from] EmbeddingError),
}

impl EncoderError {
    /// What the loop may do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            EncoderError::Bundle(_) => Recovery::Fatal,
            EncoderError::Embedding(_) => Recovery::Retry,
        }
    }
}
