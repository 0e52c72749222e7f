//! What of a scene is worth a word: the score of each group of pieces, by the weights of `models/segments.toml`.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::ontology::{
    Ontology, Thing,
    pieces::{Distance, Piece, Scene, Side},
};

/// The weight of each term; the terms lie between 0 and 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    hazard: f32,
    near: f32,
    ahead: f32,
    size: f32,
    rarity: f32,
}

/// How many photos of a data set show each thing.
#[derive(Clone, Debug, Default)]
pub struct Rarity {
    photos: usize,
    showing: HashMap<u8, usize>,
}

impl Rarity {
    /// Counts one more photo.
    pub fn count(&mut self, scene: &Scene) {
        self.photos += 1;
        let mut things: Vec<u8> = scene.pieces.iter().map(|piece| piece.thing).collect();
        things.sort_unstable();
        things.dedup();
        things.into_iter().for_each(|thing| *self.showing.entry(thing).or_default() += 1);
    }

    /// 1 for what no photo shows, 0 for what all show.
    fn of(&self, thing: u8) -> f32 {
        let log = |count: usize| (1.0 + count as f32).ln();
        let showing = self.showing.get(&thing).copied().unwrap_or(0);
        if self.photos == 0 { 0.0 } else { 1.0 - log(showing) / log(self.photos) }
    }
}

/// Pieces of one thing on one side, as a sentence names them together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The thing.
    pub thing: u8,
    /// Its side.
    pub side: Side,
    /// How many, at least.
    pub least: usize,
    /// How many, at most; `None` where a network may have missed some.
    pub most: Option<usize>,
    /// How far off all of them are, where they agree.
    pub distance: Option<Distance>,
    /// What all of them stand on, where they agree.
    pub on: Option<u8>,
    /// Whether one bars the way.
    pub across: bool,
    /// Whether a detector found one of them.
    pub detected: bool,
    /// Share of the picture, together.
    pub share: f32,
    /// How much it is worth a word.
    pub salience: f32,
}

/// The groups of `scene` whose pieces are as certain as `certainty`, the most salient first.
pub fn groups(
    scene: &Scene,
    ontology: &Ontology,
    weights: Weights,
    hazards: &BTreeMap<String, f32>,
    rarity: &Rarity,
    certainty: f32,
) -> Vec<Group> {
    let mut found: BTreeMap<(u8, Side), Vec<&Piece>> = BTreeMap::new();
    for piece in scene.pieces.iter().filter(|piece| piece.sure >= certainty) {
        found.entry((piece.thing, piece.side)).or_default().push(piece);
    }
    let group = |((thing, side), pieces): ((u8, Side), Vec<&Piece>)| {
        let thing: &Thing = ontology.thing(thing)?;
        let hazard = hazards.get(&thing.name).copied().unwrap_or(0.0);
        let agree = |of: fn(&Piece) -> Option<u8>| {
            let first = of(pieces.first()?)?;
            pieces.iter().all(|piece| of(piece) == Some(first)).then_some(first)
        };
        let first = pieces.first()?.distance;
        let distance = pieces.iter().all(|piece| piece.distance == first).then_some(first);
        let near = pieces.iter().map(|piece| nearness(piece.distance)).fold(0.0, f32::max);
        let share: f32 = pieces.iter().map(|piece| piece.share).sum();
        let ahead = f32::from(side == Side::Ahead);
        let salience = weights.hazard * hazard
            + weights.near * near
            + weights.ahead * ahead
            + weights.size * share.min(1.0).sqrt()
            + weights.rarity * rarity.of(thing.id);
        Some(Group {
            thing: thing.id,
            side,
            least: pieces.len(),
            most: scene.is_true.then_some(pieces.len()),
            distance,
            on: agree(|piece| piece.on),
            across: pieces.iter().any(|piece| piece.across),
            detected: pieces.iter().any(|piece| piece.detected),
            share,
            salience,
        })
    };
    let mut groups: Vec<Group> = found.into_iter().filter_map(group).collect();
    groups.sort_by(|a, b| b.salience.total_cmp(&a.salience));
    groups
}

fn nearness(distance: Distance) -> f32 {
    match distance {
        Distance::Near => 1.0,
        Distance::Between => 0.5,
        Distance::Far => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_in_a_data_set_is_worth_more() {
        let piece = |thing| Piece {
            thing,
            share: 0.1,
            side: Side::Left,
            distance: Distance::Far,
            on: None,
            across: false,
            sure: 1.0,
            frame: [0.0, 0.0, 0.3, 0.3],
            detected: false,
        };
        let mut rarity = Rarity::default();
        for photo in 0..100 {
            let pieces = if photo == 0 { vec![piece(1), piece(2)] } else { vec![piece(1)] };
            rarity.count(&Scene { pieces, ground: None, is_true: true });
        }
        assert!(rarity.of(1) < 0.01 && rarity.of(2) > 0.8 && rarity.of(3) > rarity.of(2));
    }
}
