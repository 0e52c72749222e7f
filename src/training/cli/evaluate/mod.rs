//! `streetscape-train evaluate`.

use clap::{Subcommand, ValueEnum};

use crate::training::{TrainingError, data::Split, progress::Show};

mod facts;
mod segments;
mod street30;

#[derive(Debug, Subcommand)]
pub(super) enum Evaluate {
    /// Accuracy over 30 categories, at k = 1, 3, 5 and 10, overall and by source.
    Street30(street30::Street30Args),
    /// Which share of the facts that method A states is true of maps that people drew.
    Facts(facts::FactsArgs),
    /// What method A reads off maps, against what people say of the same photos.
    Segments(segments::SegmentsArgs),
}

impl Evaluate {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        match self {
            Evaluate::Street30(args) => args.run(show),
            Evaluate::Facts(args) => args.run(show),
            Evaluate::Segments(args) => args.run(show),
        }
    }
}

/// Splits that may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    Train,
    Val,
    Test,
}

impl From<Which> for Split {
    fn from(which: Which) -> Self {
        match which {
            Which::Train => Split::Train,
            Which::Val => Split::Val,
            Which::Test => Split::Test,
        }
    }
}
