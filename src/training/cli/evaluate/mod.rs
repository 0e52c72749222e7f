//! `streetscape-train evaluate`.

use clap::Subcommand;

use crate::training::{TrainingError, progress::Show};

mod segments;
mod street30;

#[derive(Debug, Subcommand)]
pub(super) enum Evaluate {
    /// Accuracy over 30 categories, at k = 1, 3, 5 and 10, overall and by source.
    Street30(street30::Street30Args),
    /// What method A reads off maps, against what people say of the same photos.
    Segments(segments::SegmentsArgs),
}

impl Evaluate {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        match self {
            Evaluate::Street30(args) => args.run(show),
            Evaluate::Segments(args) => args.run(show),
        }
    }
}
