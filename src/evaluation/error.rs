//! What can fail between labelled photos and a figure.

use std::io;

use thiserror::Error;

use crate::{
    capture::CaptureError,
    encoder::EncoderError,
    narrator::NarratorError,
    ontology::OntologyError,
    pipeline::PipelineError,
    ranking::RankingError,
    speech::SpeechError,
    vocabulary::VocabularyError,
    walk::{MeaningError, WalkError},
};

/// Why a model can't be measured.
#[derive(Debug, Error)]
pub enum EvaluationError {
    /// A file can't be read or written.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A shard is no tar, or not all of one.
    #[error("{file}: not a whole tar: {source}; fetch or make it again")]
    Tar {
        /// The shard.
        file: String,
        /// Where it breaks off.
        source: io::Error,
    },
    /// A record beside a photo can't be read.
    #[error("{file}: {entry}: {source}; repack the shard or leave this photo out")]
    Record {
        /// The shard.
        file: String,
        /// The entry in it.
        entry: String,
        /// Line, column and cause.
        source: serde_json::Error,
    },
    /// A row of a table of labels can't be read.
    #[error("{file}: {source}")]
    Table {
        /// The table.
        file: String,
        /// Line and cause.
        source: csv::Error,
    },
    /// The data holds nothing that can be measured.
    #[error("{file}: {problem}")]
    Empty {
        /// The shard or folder.
        file: String,
        /// What is missing and where it may be found.
        problem: &'static str,
    },
    /// A recorded walk or its truth can't be read.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// The table of what a truth's words mean is wrong.
    #[error(transparent)]
    Meaning(#[from] MeaningError),
    /// The vocabulary is wrong.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// The ontology is wrong.
    #[error(transparent)]
    Ontology(#[from] OntologyError),
    /// A replay came to no end.
    #[error(transparent)]
    Replay(#[from] PipelineError),
    /// A photo can't be decoded.
    #[error(transparent)]
    Photo(#[from] CaptureError),
    /// The model fails.
    #[error(transparent)]
    Model(#[from] EncoderError),
    /// The model's calibration is another vocabulary's.
    #[error(transparent)]
    Ranking(#[from] RankingError),
    /// The table of events is another vocabulary's.
    #[error(transparent)]
    Narrator(#[from] NarratorError),
    /// There are no words.
    #[error(transparent)]
    Speech(#[from] SpeechError),
}
