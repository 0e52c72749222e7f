//! What a model is worth, in figures: top-k accuracy with its confusions, calibration, agreement of two precisions.
//!
//! Owns the metrics, under the names that the field gives them, and the reading of photos with labels. Leaves running a model
//! to `encoder`, bringing a figure to a person to the programs.

mod agreement;
mod calibration;
pub mod captions;
mod confusion;
mod error;
pub mod facts;
mod overlap;
pub mod shard;
pub mod street30;
mod top_k;

pub use agreement::{Agreement, agreement};
pub use calibration::{caption_calibration_error, expected_calibration_error, negative_log_likelihood, softmax};
pub use confusion::{Confused, Confusion};
pub use error::EvaluationError;
pub use overlap::{ClassOverlap, Overlap};
pub use top_k::{KS, TopK, rank_of, ranking};
