//! The boundary between what is asked for and who paints it.

use super::{GenerateError, grammar::Facets, request::Request};
use crate::training::pairs::Skip;

/// Paints pictures; several threads may ask at once.
pub trait Painter: Sync {
    /// A picture of what `request` says.
    fn paint(&self, request: &Request) -> Result<Painted, Failure>;
}

/// A picture, not yet looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Painted {
    /// The file of the picture, in any format that `capture` decodes.
    pub picture: Vec<u8>,
    /// The file of its map, a PNG of the street ontology's ids, where the painter knows what stands where.
    pub map: Option<Vec<u8>>,
    /// What is truly to be seen, where the painter knows; a facet that is absent is not known.
    pub facets: Option<Facets>,
}

/// Why there is no picture.
#[derive(Debug)]
pub enum Failure {
    /// This one can't be had; others may.
    Picture(Skip),
    /// None can be had.
    All(GenerateError),
}

impl From<Skip> for Failure {
    fn from(skip: Skip) -> Self {
        Failure::Picture(skip)
    }
}

impl From<GenerateError> for Failure {
    fn from(error: GenerateError) -> Self {
        Failure::All(error)
    }
}
