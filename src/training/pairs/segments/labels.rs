//! Facet labels from a scene, by the rules of `models/segments.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    evaluation::shard::{FacetLabels, Origin},
    ontology::{
        Ontology,
        pieces::{Distance, Piece, Scene},
    },
};

/// When a class of the vocabulary is there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The facet.
    pub facet: String,
    /// The class.
    pub class: String,
    /// Any of them counts.
    things: Vec<String>,
    #[serde(default = "one")]
    count: usize,
    #[serde(default)]
    share: f32,
    #[serde(default)]
    near: bool,
    /// Grounds that its pieces must stand on; empty where any will do.
    #[serde(default)]
    on: Vec<String>,
    #[serde(default)]
    across: bool,
    /// Things each of which must fill [`MUCH`] of the picture too.
    #[serde(default)]
    with: Vec<String>,
    /// Things none of which may fill [`LITTLE`] of it.
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    absent: bool,
    /// How often it is right of maps by networks, in [0, 1]; absent where too seldom to speak.
    p: Option<f32>,
    /// How often it is right of true maps.
    p_true: Option<f32>,
}

/// A network's certainty below which a piece doesn't speak against the absence of its thing.
const DOUBTFUL: f32 = 0.4;

/// Share of the picture from which a thing sets the scene.
const MUCH: f32 = 0.08;
/// Share of the picture up to which a thing is no part of the scene.
const LITTLE: f32 = 0.002;

fn one() -> usize {
    1
}

impl Rule {
    /// Every name of the ontology that it asks for.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        [&self.things, &self.on, &self.with, &self.without].into_iter().flatten()
    }

    /// How often it is right of true maps or of a network's; `None` where it keeps silent.
    pub fn p(&self, is_true: bool) -> Option<f32> {
        if is_true { self.p_true } else { self.p }
    }

    /// Whether it speaks of `scene`.
    fn holds(&self, scene: &Scene, ontology: &Ontology, certainty: f32) -> bool {
        let named = |id: u8, names: &[String]| ontology.thing(id).is_some_and(|thing| names.contains(&thing.name));
        let of_things: Vec<&Piece> = scene.pieces.iter().filter(|piece| named(piece.thing, &self.things)).collect();
        if self.absent {
            return of_things.iter().all(|piece| piece.sure < DOUBTFUL);
        }
        let filled = |name: &String| -> f32 {
            let pieces = scene.pieces.iter().filter(|piece| piece.sure >= certainty);
            pieces.filter(|piece| named(piece.thing, std::slice::from_ref(name))).map(|piece| piece.share).sum()
        };
        if self.with.iter().any(|name| filled(name) < MUCH) || self.without.iter().any(|name| filled(name) > LITTLE) {
            return false;
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

/// What `rules` say of `scene`: the classes of each facet, with the precision of the weakest rule that spoke. Rules of which too little is known
/// keep silent. Classes that are not named are not known to be absent.
pub fn labels(scene: &Scene, ontology: &Ontology, rules: &[Rule], certainty: f32) -> BTreeMap<String, FacetLabels> {
    let mut facets: BTreeMap<String, FacetLabels> = BTreeMap::new();
    for rule in rules {
        let Some(p) = rule.p(scene.is_true) else { continue };
        if rule.holds(scene, ontology, certainty) {
            let facet = facets.entry(rule.facet.clone()).or_default();
            facet.labels.push(rule.class.clone());
            facet.origin = Some(Origin::Segments);
            facet.p = Some(facet.p.map_or(p, |least| least.min(p)));
        }
    }
    facets
}

/// What `rules` would say of `scene` if none kept silent.
pub fn suspected(scene: &Scene, ontology: &Ontology, rules: &[Rule], certainty: f32) -> BTreeMap<String, Vec<String>> {
    let mut facets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.holds(scene, ontology, certainty)) {
        facets.entry(rule.facet.clone()).or_default().push(rule.class.clone());
    }
    facets
}
