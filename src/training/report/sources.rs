//! Where photos come from and under which terms: `models/sources.toml`.

use serde::Deserialize;

use crate::training::TrainingError;

const SHIPPED: &str = include_str!("../../../models/sources.toml");
const SHIPPED_FILE: &str = "models/sources.toml";
/// What is said of the terms of a collection that nobody described.
pub const UNKNOWN: &str = "not recorded";

/// Every collection that is described.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    source: Vec<Source>,
}

/// One collection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What a photo's record calls it.
    pub id: String,
    /// What it shows.
    pub what: String,
    /// Who published it.
    pub origin: String,
    /// Under which terms.
    pub licence: String,
}

impl Sources {
    /// The table that ships.
    pub fn shipped() -> Result<Self, TrainingError> {
        toml::from_str(SHIPPED).map_err(|e| TrainingError::Data { file: SHIPPED_FILE.to_owned(), problem: e.to_string() })
    }

    /// What is known of `id`.
    pub fn find(&self, id: &str) -> Option<&Source> {
        self.source.iter().find(|source| source.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collection_is_described_once() {
        let sources = Sources::shipped().expect("the table");
        for source in &sources.source {
            assert_eq!(sources.source.iter().filter(|other| other.id == source.id).count(), 1, "{}", source.id);
            assert!([&source.what, &source.origin, &source.licence].iter().all(|text| !text.is_empty()), "{}", source.id);
        }
        assert_eq!(sources.find("facades").map(|source| source.licence.as_str()), Some("CC0"));
    }
}
