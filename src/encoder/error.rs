//! What can fail between a picture and its embedding.

use std::io;

use thiserror::Error;

use crate::{
    bundle::BundleError,
    embedding::EmbeddingError,
    encoder::{Device, Precision},
    fault::Recovery,
};

/// Why there is no embedding. Every message names the file or device, the place and the mend.
#[derive(Debug, Error)]
pub enum EncoderError {
    /// ONNX Runtime's library is nowhere.
    #[error("ONNX Runtime's library not found; looked in {}; run `make demo` or `tools/setup.sh`", looked.join(", "))]
    RuntimeMissing {
        /// The places, in order.
        looked: Vec<String>,
    },
    /// ONNX Runtime's library is there and can't be used.
    #[error("{file}: {problem}; run `tools/setup.sh` for one that works, or name another with ORT_DYLIB_PATH")]
    Runtime {
        /// The library.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The model's files are wrong.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A model's file can't be read.
    #[error("{file}: {source}; name the file of a model")]
    File {
        /// The model.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A model is no ONNX, or its graph can't be used.
    #[error("{file}: not a model that ONNX Runtime can load on {device}: {problem}; restore it from where it came")]
    Model {
        /// The model.
        file: String,
        /// Where it was to run.
        device: Device,
        /// What ONNX Runtime said.
        problem: String,
    },
    /// A model has other inputs or outputs than a bundle's.
    #[error("{file}: {problem}; the model was not exported for this program")]
    Interface {
        /// The model.
        file: String,
        /// Which input or output, and what it is instead.
        problem: String,
    },
    /// A model failed while it ran.
    #[error("{file}: failed on {device}: {problem}; if it happens again, try --device cpu")]
    Run {
        /// The model.
        file: String,
        /// Where it ran.
        device: Device,
        /// What ONNX Runtime said.
        problem: String,
    },
    /// The model's answer is no direction.
    #[error("{file}: {place}: {source}")]
    Answer {
        /// The model.
        file: String,
        /// Which view, text or class.
        place: String,
        /// What the answer is instead.
        source: EmbeddingError,
    },
    /// The device that was asked for can't be used.
    #[error("device {device}: {reason}; choose another with --device, or --device auto")]
    Device {
        /// The device.
        device: Device,
        /// Why it was refused.
        reason: String,
    },
    /// The bundle has no image tower of the precision that was asked for.
    #[error("{dir}: no image tower in {asked}{}; choose another --precision", instead(there))]
    Precision {
        /// The bundle.
        dir: String,
        /// What was asked for.
        asked: Precision,
        /// The image towers that are there.
        there: Vec<&'static str>,
    },
    /// The bundle lacks the text tower.
    #[error("{dir}: no text tower, which new words need; add text.int8.onnx from where the bundle came")]
    NoText {
        /// The bundle.
        dir: String,
    },
    /// The tokenizer can't be read, or refuses a text.
    #[error("{file}: {problem}; restore the bundle from where it came")]
    Tokenizer {
        /// The tokenizer.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A published model can't become a bundle.
    #[error("{file}: {problem}")]
    Published {
        /// The file or folder.
        file: String,
        /// What is wrong and how to mend it.
        problem: String,
    },
    /// A text without a word.
    #[error("text {row} is empty: give it words or leave it out")]
    EmptyText {
        /// Its place in the list, from 1.
        row: usize,
    },
    /// A picture without pixels.
    #[error("the picture is {width} x {height} pixels: there is nothing to encode")]
    EmptyPicture {
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
}

impl EncoderError {
    /// What the loop may do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            EncoderError::Answer { .. } | EncoderError::EmptyPicture { .. } => Recovery::Retry,
            EncoderError::Run { .. } => Recovery::Rebuild,
            EncoderError::RuntimeMissing { .. }
            | EncoderError::Runtime { .. }
            | EncoderError::Bundle(_)
            | EncoderError::File { .. }
            | EncoderError::Model { .. }
            | EncoderError::Interface { .. }
            | EncoderError::Device { .. }
            | EncoderError::Precision { .. }
            | EncoderError::NoText { .. }
            | EncoderError::Tokenizer { .. }
            | EncoderError::Published { .. }
            | EncoderError::EmptyText { .. } => Recovery::Fatal,
        }
    }
}

fn instead(files: &[&str]) -> String {
    if files.is_empty() { String::new() } else { format!(", only {}", files.join(", ")) }
}
