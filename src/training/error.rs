//! What can fail between photos and a finished bundle.

use std::io;

use thiserror::Error;

use super::pairs::generate::GenerateError;
use crate::{
    bundle::BundleError, capture::CaptureError, encoder::EncoderError, evaluation::EvaluationError, narrator::NarratorError,
    ontology::OntologyError, ranking::RankingError, speech::SpeechError, vocabulary::VocabularyError,
};

/// Why there is no model.
#[derive(Debug, Error)]
pub enum TrainingError {
    /// A file can't be read or written.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file of weights is damaged.
    #[error("{file}: not a whole safetensors file: {problem}; fetch it again")]
    Weights {
        /// The file.
        file: String,
        /// What its header or its length contradicts.
        problem: String,
    },
    /// The weights are of another network.
    #[error("{file}: no float tensor named {tensor}; these weights are of another network")]
    Missing {
        /// The file.
        file: String,
        /// The tensor that the network needs.
        tensor: String,
    },
    /// The weights hold more than the network has.
    #[error("{file}: a tensor named {tensor} that this network does not have; these weights are of another network")]
    Unexpected {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
    },
    /// A tensor is not as wide or not of the rank that the network needs.
    #[error("{file}: {tensor} has the shape {found:?}, not {want}; these weights are of another network")]
    Shape {
        /// The file, or what else the tensor came from.
        file: String,
        /// The tensor.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that was needed, in words.
        want: String,
    },
    /// A NaN or infinite weight.
    #[error("{file}: {tensor} holds a value that is not finite; the training that made it diverged, or the file is damaged")]
    NotFinite {
        /// The file, or what else the tensor came from.
        file: String,
        /// The tensor.
        tensor: String,
    },
    /// ONNX Runtime refused a graph or a batch.
    #[error(transparent)]
    Runtime(#[from] EncoderError),
    /// A folder or a file holds something else than was meant.
    #[error("{file}: {problem}")]
    Data {
        /// The file or folder.
        file: String,
        /// What is wrong and how to mend it.
        problem: String,
    },
    /// A setting with which nothing can be learned.
    #[error("{problem}")]
    Setting {
        /// What is wrong and what to choose instead.
        problem: String,
    },
    /// Labelled photos can't be read.
    #[error(transparent)]
    Labels(#[from] EvaluationError),
    /// A photo can't be decoded.
    #[error(transparent)]
    Photo(#[from] CaptureError),
    /// The bundle can't be read or sealed.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// No picture can be generated.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The vocabulary is wrong.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// The ontology is wrong.
    #[error(transparent)]
    Ontology(#[from] OntologyError),
    /// A calibration doesn't fit the vocabulary.
    #[error(transparent)]
    Ranking(#[from] RankingError),
    /// There is no narrator for the vocabulary.
    #[error(transparent)]
    Narrator(#[from] NarratorError),
    /// There are no words.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// The photos did not show what the quantiser must know.
    #[error("calibration: {problem}")]
    Calibration {
        /// What is missing.
        problem: String,
    },
}
