//! `streetscape-train evaluate`.

use clap::{Subcommand, ValueEnum};

use crate::training::{TrainingError, data::Split, progress::Show};

mod abstention;
mod card;
mod directions;
mod facets;
mod facts;
mod labels;
mod models;
mod output;
mod people;
mod report;
mod retrieval;
mod segments;
mod street30;
mod supervised;
mod walks;

#[derive(Debug, Subcommand)]
pub(super) enum Evaluate {
    /// Accuracy over 30 categories or a list of your own, at k = 1, 3, 5 and 10, overall, by source and by category.
    Street30(street30::Street30Args),
    /// Finding a photo's captions among all, and a caption's photo: recall at 1, 5 and 10, median rank.
    Retrieval(retrieval::RetrievalArgs),
    /// What is ranked, answered and meant in each facet of the vocabulary, on photos that people labelled: average precision, accuracy
    /// against the share that is answered, calibration error.
    Facets(facets::FacetsArgs),
    /// Average precision of ranking the sources' own labels by their name.
    Labels(labels::LabelsArgs),
    /// Whether thresholds keep what they promise of a source of photos that had no part in choosing them.
    Abstention(abstention::AbstentionArgs),
    /// All of these four at once, as a page that needs no network, with JSON and CSV beside it. The page shows the photos of the worst
    /// mistakes: do not publish it where their licences forbid that, or leave them out by --no-pictures.
    Report(report::ReportArgs),
    /// A model's card, written from its report: what it is for, its data, figures, known failures and limits.
    Card(card::CardArgs),
    /// The same trunk taught by names, as a classifier, and frozen behind a linear probe: trained and measured beside each other, and asked
    /// of categories that none was shown.
    Supervised(supervised::SupervisedArgs),
    /// What is said on recorded walks, held against what is there: hazards told in time, false alerts, repetitions, time speaking, delay,
    /// directions, places.
    Walks(walks::WalksArgs),
    /// Whether people on the carriageway are found, held against maps that people drew.
    People(people::PeopleArgs),
    /// Which share of the facts that method A states is true of maps that people drew.
    Facts(facts::FactsArgs),
    /// What method A reads off maps, against what people say of the same photos.
    Segments(segments::SegmentsArgs),
    /// Whether things are left, ahead or right where a walk says that they are, by a map and by crops.
    Directions(directions::DirectionsArgs),
}

impl Evaluate {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        match self {
            Evaluate::Street30(args) => args.run(show),
            Evaluate::Retrieval(args) => args.run(show),
            Evaluate::Facets(args) => args.run(show),
            Evaluate::Labels(args) => args.run(show),
            Evaluate::Abstention(args) => args.run(show),
            Evaluate::Report(args) => args.run(show),
            Evaluate::Card(args) => args.run(show),
            Evaluate::Supervised(args) => args.run(show),
            Evaluate::Walks(args) => args.run(show),
            Evaluate::People(args) => args.run(show),
            Evaluate::Facts(args) => args.run(show),
            Evaluate::Segments(args) => args.run(show),
            Evaluate::Directions(args) => args.run(show),
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
