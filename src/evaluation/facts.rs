//! Whether what a sentence states is true of a map.
//!
//! Owns a reading of maps of its own, by the definitions of `docs/pairs.md`: it shares no code with the program that made the sentence, so
//! that neither can hide a mistake of the other. Facts come as data, as `KEY.json` holds them.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    callout::Direction,
    ontology::{Kind, Ontology, StreetMap},
};

/// Pieces below this share of the picture don't count.
const LEAST: f64 = 0.001;

#[derive(Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum Claim {
    Seen {
        thing: String,
        side: String,
        least: usize,
        most: Option<usize>,
        distance: Option<String>,
        on: Option<String>,
        #[serde(default)]
        across: bool,
        #[serde(default)]
        detected: bool,
    },
    Present {
        thing: String,
    },
    Ground {
        thing: String,
    },
}

/// Whether `fact` is true of `map`; `None` where it is no fact that can be looked up in a map.
pub fn is_true(map: &StreetMap, ontology: &Ontology, fact: &Value) -> Option<bool> {
    let id = |name: &str| ontology.find(name).map(|thing| thing.id);
    match Claim::deserialize(fact).ok()? {
        Claim::Present { thing } => {
            let id = id(&thing)?;
            Some(map.things().contains(&id))
        }
        Claim::Ground { thing } => {
            let id = id(&thing)?;
            let (rows, columns) = (map.height() * 85 / 100..map.height(), map.width() * 30 / 100..map.width() * 70 / 100);
            let all = rows.len() * columns.len();
            let own = rows.flat_map(|y| columns.clone().map(move |x| (x, y))).filter(|(x, y)| map.at(*x, *y) == id).count();
            Some(own * 2 > all)
        }
        // No map shows what a detector alone has seen.
        Claim::Seen { detected: true, .. } => None,
        Claim::Seen { thing, side, least, most, distance, on, across, .. } => {
            let id = id(&thing)?;
            let blobs: Vec<Blob> = blobs(map, ontology, id).into_iter().filter(|blob| blob.side(map) == side).collect();
            let near = |blob: &&Blob| distance.as_deref().is_none_or(|distance| blob.distance(map) == distance);
            let stands = |blob: &&Blob| on.as_deref().is_none_or(|on| blob.ground(map, ontology).as_deref() == Some(on));
            // What is said of several is said of each of them: of all, or of as many as were counted.
            let enough = |count: usize| if most.is_some() { count == blobs.len() } else { count >= least };
            Some(
                blobs.len() >= least
                    && most.is_none_or(|most| blobs.len() <= most)
                    && enough(blobs.iter().filter(near).count())
                    && enough(blobs.iter().filter(stands).count())
                    && (!across || blobs.iter().any(|blob| blob.bars(map, ontology))),
            )
        }
    }
}

/// The side of the nearest piece of any of `things`: of the one whose lowest pixel is lowest, of equals the largest.
pub(super) fn nearest_side(map: &StreetMap, ontology: &Ontology, things: &[u8]) -> Option<Direction> {
    let one = *things.first()?;
    let as_one = std::array::from_fn(|id| if things.contains(&(id as u8)) { one } else { id as u8 });
    let map = map.clone().renamed(&as_one);
    let pieces = blobs(&map, ontology, one);
    let nearest = pieces.iter().max_by_key(|piece| (piece.lowest(), piece.pixels.len()))?;
    Some(match nearest.side(&map) {
        "left" => Direction::Left,
        "right" => Direction::Right,
        _ => Direction::Ahead,
    })
}

/// The pixels of one piece, column and row.
struct Blob {
    pixels: Vec<(usize, usize)>,
    id: u8,
}

/// The pieces of the thing `id`.
fn blobs(map: &StreetMap, ontology: &Ontology, id: u8) -> Vec<Blob> {
    let counted = ontology.thing(id).is_some_and(|thing| !thing.nouns.is_empty());
    let own = (0..map.things().len()).filter(|at| map.things()[*at] == id);
    let pixels: Vec<(usize, usize)> = own.map(|at| (at % map.width(), at / map.width())).collect();
    let numbers = |(x, y): (usize, usize)| map.instances().map_or(0, |numbers| numbers[y * map.width() + x]);
    let mut label: Vec<usize> = (0..pixels.len()).collect();
    if counted {
        // Row by row, each pixel takes the label of a neighbour before it; labels that meet are made one.
        let mut place = HashMap::new();
        let mut numbered = HashMap::new();
        for (k, &(x, y)) in pixels.iter().enumerate() {
            let number = numbers((x, y));
            if number != 0 {
                label[k] = *numbered.entry(number).or_insert(k);
                continue;
            }
            place.insert((x, y), k);
            let before = [(-1, 0), (-1, -1), (0, -1), (1, -1)];
            for (dx, dy) in before {
                let neighbour = x.checked_add_signed(dx).zip(y.checked_add_signed(dy)).and_then(|at| place.get(&at).copied());
                if let Some(other) = neighbour {
                    let (one, other) = (root(&label, k), root(&label, other));
                    label[one.max(other)] = one.min(other);
                }
            }
        }
    }
    let mut pieces: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for (k, &pixel) in pixels.iter().enumerate() {
        pieces.entry(if counted { root(&label, k) } else { 0 }).or_default().push(pixel);
    }
    let all = (map.width() * map.height()) as f64;
    let large = |pixels: &Vec<(usize, usize)>| pixels.len() as f64 / all >= LEAST;
    pieces.into_values().filter(large).map(|pixels| Blob { pixels, id }).collect()
}

fn root(label: &[usize], mut at: usize) -> usize {
    while label[at] != at {
        at = label[at];
    }
    at
}

impl Blob {
    fn side(&self, map: &StreetMap) -> &'static str {
        let mut columns: Vec<usize> = self.pixels.iter().map(|(x, _)| *x).collect();
        columns.sort_unstable();
        let median = columns[(columns.len() - 1) / 2] as f32 + 0.5;
        match median / map.width() as f32 {
            place if place < 1.0 / 3.0 => "left",
            place if place < 2.0 / 3.0 => "ahead",
            _ => "right",
        }
    }

    fn lowest(&self) -> usize {
        self.pixels.iter().map(|(_, y)| *y).max().unwrap_or(0)
    }

    fn distance(&self, map: &StreetMap) -> &'static str {
        let reach = (self.lowest() + 1) as f32 / map.height() as f32;
        if reach >= 0.75 {
            "near"
        } else if reach < 0.6 {
            "far"
        } else {
            "between"
        }
    }

    /// The lowest pixel in each column that the piece fills.
    fn soles(&self) -> BTreeMap<usize, usize> {
        let mut soles = BTreeMap::new();
        for (x, y) in &self.pixels {
            let sole = soles.entry(*x).or_insert(*y);
            *sole = (*sole).max(*y);
        }
        soles
    }

    /// The ground under at least three fifths of its foot: of the soles in the lowest 15 in a hundred of its height.
    fn ground(&self, map: &StreetMap, ontology: &Ontology) -> Option<String> {
        let top = self.pixels.iter().map(|(_, y)| *y).min()?;
        let foot = self.lowest() as f32 - 0.15 * (self.lowest() + 1 - top) as f32;
        let soles = self.soles().into_iter().filter(|(_, y)| *y as f32 >= foot && y + 1 < map.height());
        let under: Vec<u8> = soles.map(|(x, y)| map.at(x, y + 1)).collect();
        let most = under.iter().max_by_key(|id| under.iter().filter(|other| other == id).count())?;
        let count = under.iter().filter(|id| *id == most).count();
        let thing = ontology.thing(*most).filter(|thing| thing.kind == Kind::Ground)?;
        (count as f32 >= 0.6 * under.len() as f32).then(|| thing.name.clone())
    }

    /// Whether it reaches into the lowest quarter and, below three fifths, fills three fifths of the middle third's columns.
    fn bars(&self, map: &StreetMap, ontology: &Ontology) -> bool {
        let middle = map.width() / 3..map.width() - map.width() / 3;
        let low = (0.6 * map.height() as f32) as usize;
        let filled = self.soles().into_iter().filter(|(x, y)| middle.contains(x) && *y >= low).count();
        let passable =
            ontology.thing(self.id).is_none_or(|thing| matches!(thing.kind, Kind::Ground | Kind::Sky | Kind::Person));
        !passable && self.distance(map) == "near" && filled as f32 >= 0.6 * middle.len() as f32
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Ten by ten: sky above, road below, a pavement on the left, two cars far off on the right that do not touch, a person near on the left.
    fn street() -> (StreetMap, Ontology) {
        let ontology = Ontology::shipped().expect("the ontology");
        let id = |name: &str| ontology.find(name).expect("a thing").id;
        let rows = [
            "kkkkkkkkkk",
            "kkkkkkkkkk",
            "kkkkkkkkkk",
            "kkkkkkkckc",
            "srrrrrrrrr",
            "srrrrrrrrr",
            "prrrrrrrrr",
            "prrrrrrrrr",
            "psrrrrrrrr",
            "ssrrrrrrrr",
        ];
        let thing = |letter| match letter {
            'k' => id("sky"),
            's' => id("sidewalk"),
            'r' => id("road"),
            'c' => id("car"),
            _ => id("person"),
        };
        let things = rows.iter().flat_map(|row| row.chars().map(thing)).collect();
        (StreetMap::new(10, 10, things).expect("a map"), ontology)
    }

    #[track_caller]
    fn check(fact: Value, want: Option<bool>) {
        let (map, ontology) = street();
        assert_eq!(is_true(&map, &ontology, &fact), want, "{fact}");
    }

    #[test]
    fn a_fact_is_looked_up_in_the_map() {
        check(json!({"is": "present", "thing": "car"}), Some(true));
        check(json!({"is": "present", "thing": "bus"}), Some(false));
        check(json!({"is": "ground", "thing": "road"}), Some(true));
        check(json!({"is": "ground", "thing": "sidewalk"}), Some(false));
        check(json!({"is": "seen", "thing": "car", "side": "right", "least": 2, "most": 2}), Some(true));
        check(json!({"is": "seen", "thing": "car", "side": "right", "least": 1, "most": 1}), Some(false));
        check(json!({"is": "seen", "thing": "car", "side": "left", "least": 1}), Some(false));
        check(json!({"is": "seen", "thing": "car", "side": "right", "least": 2, "distance": "far", "on": "road"}), Some(true));
        check(json!({"is": "seen", "thing": "car", "side": "right", "least": 2, "distance": "near"}), Some(false));
        check(
            json!({"is": "seen", "thing": "person", "side": "left", "least": 1, "distance": "near", "on": "sidewalk"}),
            Some(true),
        );
        check(json!({"is": "seen", "thing": "person", "side": "left", "least": 1, "on": "road"}), Some(false));
        check(json!({"is": "seen", "thing": "person", "side": "left", "least": 1, "across": true}), Some(false));
        check(json!({"is": "seen", "thing": "unicorn", "side": "left", "least": 1}), None);
        check(json!({"is": "seen", "thing": "car", "side": "right", "least": 2, "detected": true}), None);
        check(json!({"is": "felt"}), None);
    }
}
