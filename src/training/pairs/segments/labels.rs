//! Facet labels from a scene, by the rules of `models/segments.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pieces::{Distance, Piece, Scene};
use crate::{
    evaluation::shard::{FacetLabels, Origin},
    ontology::Ontology,
};

/// When a class of the vocabulary is there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The facet.
    pub facet: String,
    /// The class.
    pub class: String,
    /// Names of the ontology; any of them counts.
    pub things: Vec<String>,
    #[serde(default = "one")]
    count: usize,
    #[serde(default)]
    share: f32,
    #[serde(default)]
    near: bool,
    /// Grounds that its pieces must stand on; empty where any will do.
    #[serde(default)]
    pub on: Vec<String>,
    #[serde(default)]
    across: bool,
    #[serde(default)]
    absent: bool,
    /// How often it is right, in [0, 1].
    pub p: f32,
}

/// A network's certainty below which a piece doesn't speak against the absence of its thing.
const DOUBTFUL: f32 = 0.4;

fn one() -> usize {
    1
}

impl Rule {
    /// Whether it speaks of `scene`.
    fn holds(&self, scene: &Scene, ontology: &Ontology, certainty: f32) -> bool {
        let named = |id: u8, names: &[String]| ontology.thing(id).is_some_and(|thing| names.contains(&thing.name));
        let of_things: Vec<&Piece> = scene.pieces.iter().filter(|piece| named(piece.thing, &self.things)).collect();
        if self.absent {
            return of_things.iter().all(|piece| piece.sure < DOUBTFUL);
        }
        let fits = |piece: &&&Piece| {
            piece.sure >= certainty
                && (!self.near || piece.distance == Distance::Near)
                && (self.on.is_empty() || piece.on.is_some_and(|on| named(on, &self.on)))
                && (!self.across || piece.across)
        };
        let fitting: Vec<&&Piece> = of_things.iter().filter(fits).collect();
        fitting.len() >= self.count && fitting.iter().map(|piece| piece.share).sum::<f32>() >= self.share
    }
}

/// What `rules` say of `scene`: the classes of each facet, with the precision of the weakest rule that spoke. Classes that are not
/// named are not known to be absent.
pub fn labels(scene: &Scene, ontology: &Ontology, rules: &[Rule], certainty: f32) -> BTreeMap<String, FacetLabels> {
    let mut facets: BTreeMap<String, FacetLabels> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.holds(scene, ontology, certainty)) {
        let facet = facets.entry(rule.facet.clone()).or_default();
        facet.labels.push(rule.class.clone());
        facet.origin = Some(Origin::Segments);
        facet.p = Some(facet.p.map_or(rule.p, |p| p.min(rule.p)));
    }
    facets
}
