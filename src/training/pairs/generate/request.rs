//! What a generator is asked for: one picture after another, the same each time for a seed.
//!
//! Owns how a request follows from the grammar and the run's seed. Leaves painting to the painters.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{
    cover::Cover,
    grammar::{Facets, Grammar},
};

/// Seeds of one run lie so close; runs whose seeds differ share none.
const RUN: u64 = 1_000_000;

/// One picture to be painted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Its number among the requests of its run, in six digits.
    pub id: String,
    /// Seed of every choice that the generator makes.
    pub seed: u64,
    /// What it shall show, in words.
    pub prompt: String,
    /// The same as class ids by facet.
    pub facets: Facets,
    /// Metres above the ground.
    pub camera_height: f64,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Request {
    /// What pictures of one scene share, whatever their seed and their words.
    pub fn group(&self) -> String {
        self.facets.values().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Whether a picture that was made for `other` is the one asked for. The words may differ: those of a chat differ each time.
    pub fn is(&self, other: &Request) -> bool {
        Self { prompt: other.prompt.clone(), ..self.clone() } == *other
    }
}

/// The first `count` requests of the run with `seed`, for pictures of `size` (width, height): all pairs of classes are covered before any
/// is sought again.
pub fn requests(grammar: &Grammar, count: usize, seed: u64, size: (u32, u32)) -> Vec<Request> {
    let combinations = Cover::new(grammar.space(), seed).take(count).enumerate();
    let request = |(number, combination): (usize, Vec<usize>)| {
        let seed = seed.wrapping_mul(RUN).wrapping_add(number as u64);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let scene = grammar.scene(&combination);
        let camera_height = grammar.height(scene.height, &mut rng);
        let prompt = grammar.tell(&scene.facets, Some(camera_height), &mut rng);
        let (width, height) = size;
        Request { id: format!("{number:06}"), seed, prompt, facets: scene.facets, camera_height, width, height }
    };
    combinations.map(request).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn requested(count: usize) -> Vec<Request> {
        requests(&Grammar::shipped().expect("the grammar"), count, 1, (320, 240))
    }

    #[test]
    fn dump() {
        use std::io::Write;
        let mut f = std::fs::File::create("/work/scratch/rendered/requests.jsonl").unwrap();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for r in requested(1300) {
            let mut v = serde_json::to_value(&r).unwrap();
            v["picture"] = format!("/work/scratch/rendered/set/pictures/{}.jpg", r.id).into();
            v["map"] = format!("/work/scratch/rendered/set/pictures/{}.png", r.id).into();
            writeln!(f, "{v}").unwrap();
            for (k, c) in r.facets.iter().flat_map(|(k, c)| c.iter().map(move |c| (k, c))) {
                *seen.entry(format!("{k}.{c}")).or_default() += 1;
            }
        }
        let mut seen: Vec<_> = seen.into_iter().map(|(a, b)| (b, a)).collect();
        seen.sort();
        println!("{seen:?}");
    }
}
