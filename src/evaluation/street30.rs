//! Street-30: thirty captions, "A street view photograph of {category}", ranked for each photo.
//!
//! Owns the benchmark's captions and its table. Leaves the embeddings to whoever encodes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Confusion, TopK, rank_of, ranking};
use crate::embedding::Embedding;

/// The categories, in their order.
pub const CATEGORIES: [&str; 30] = [
    "bedroom",
    "bicycle",
    "bridge",
    "bus",
    "car",
    "chimney",
    "city building front",
    "coast",
    "crosswalk",
    "dirt road",
    "fire hydrant",
    "forest",
    "forest road",
    "gravel road",
    "highway",
    "industrial area",
    "kitchen",
    "living room",
    "motorcycle",
    "mountain",
    "office",
    "open country",
    "palm tree",
    "rainy road",
    "snowy road",
    "store",
    "street",
    "suburban house",
    "tall building",
    "traffic light",
];

/// The caption of a category.
pub fn caption(category: &str) -> String {
    format!("A street view photograph of {category}")
}

/// A category's place in [`CATEGORIES`].
pub fn category(name: &str) -> Option<usize> {
    CATEGORIES.iter().position(|category| *category == name)
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Street30 {
    /// Over all photos with a category.
    pub overall: TopK,
    /// Over the photos of each source.
    pub sources: BTreeMap<String, TopK>,
    /// Which category is taken for which.
    pub confusion: Confusion,
}

impl Default for Street30 {
    fn default() -> Self {
        Self { overall: TopK::default(), sources: BTreeMap::new(), confusion: Confusion::new(&CATEGORIES.map(str::to_owned)) }
    }
}

impl Street30 {
    /// Counts a photo of `source` whose category is number `truth`; `captions` are the embeddings of the thirty.
    pub fn count(&mut self, source: &str, truth: usize, photo: &Embedding, captions: &[Embedding]) {
        let scores: Vec<f32> = captions.iter().map(|caption| photo.cosine(caption)).collect();
        let rank = rank_of(&scores, truth);
        self.overall.count(rank);
        self.sources.entry(source.to_owned()).or_default().count(rank);
        if let Some(&best) = ranking(&scores).first() {
            self.confusion.count(truth, best);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_counted_overall_for_its_source_and_in_the_table() {
        let unit = |i: usize| Embedding::new((0..30).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).expect("a vector");
        let captions: Vec<Embedding> = (0..30).map(unit).collect();
        let mut found = Street30::default();
        found.count("tiles", 3, &unit(3), &captions);
        found.count("tiles", 3, &unit(5), &captions);
        found.count("roads", 0, &unit(0), &captions);
        assert_eq!((found.overall.photos, found.overall.hits), (3, [2, 2, 3, 3]));
        assert_eq!(found.sources["tiles"].hits[0], 1);
        assert_eq!((found.confusion.counts[3][5], found.confusion.counts[0][0]), (1, 1));
    }

    #[test]
    fn the_categories_are_those_of_the_data() {
        let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), std::path::PathBuf::from);
        let Ok(list) = std::fs::read_to_string(data.join("streets/street30.txt")) else {
            eprintln!("skipped: no data in {}", data.display());
            return;
        };
        assert!(list.lines().eq(CATEGORIES));
        assert_eq!(category("bus").map(|i| caption(CATEGORIES[i])).as_deref(), Some("A street view photograph of bus"));
    }
}
