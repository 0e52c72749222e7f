//! What a model is worth, in figures: top-k accuracy with its confusions, calibration, agreement of two precisions, each with the interval
//! that the photos at hand allow.
//!
//! Owns the metrics, under the names that the field gives them, and the reading of photos with labels. Leaves running a model
//! to `encoder`, bringing a figure to a person to the programs.

mod agreement;
#[cfg(feature = "train")]
pub mod average_precision;
#[cfg(feature = "train")]
pub mod bootstrap;
mod calibration;
pub mod captions;
pub mod categories;
mod confusion;
#[cfg(feature = "train")]
pub mod curves;
pub mod directions;
mod error;
#[cfg(feature = "train")]
pub mod facets;
pub mod facts;
pub mod html;
#[cfg(feature = "train")]
pub mod mistakes;
mod overlap;
#[cfg(feature = "train")]
pub mod retrieval;
pub mod shard;
pub mod street30;
#[cfg(feature = "train")]
mod table;
pub mod timeline;
mod top_k;
#[cfg(feature = "train")]
pub mod walks;

pub use agreement::{Agreement, agreement};
pub use calibration::{
    Bin, calibration_error, caption_calibration_error, expected_calibration_error, negative_log_likelihood, reliability,
    softmax,
};
pub use confusion::{Confused, Confusion};
pub use error::EvaluationError;
pub use overlap::{ClassOverlap, Overlap};
#[cfg(feature = "train")]
pub use table::{Row, Table};
pub use top_k::{KS, TopK, rank_of, ranking};
