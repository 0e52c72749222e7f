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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_pair_that_can_be_seen_together_is_asked_for_before_any_is_sought_again() {
        let grammar = Grammar::shipped().expect("the grammar");
        let space = grammar.space();
        let combinations: Vec<Vec<usize>> = Cover::new(space.clone(), 1).take(420).collect();
        let holds = |(one, other): &(usize, usize)| combinations.iter().any(|row| row.contains(one) && row.contains(other));
        let pairs = space.pairs();
        assert_eq!(pairs.iter().filter(|pair| !holds(pair)).count(), 0, "of {}", pairs.len());
        let distinct: BTreeSet<&Vec<usize>> = combinations.iter().collect();
        assert_eq!(distinct.len(), combinations.len(), "a combination comes twice");
    }

    #[test]
    fn a_prompt_says_what_its_facets_say_and_nothing_else() {
        let grammar = Grammar::shipped().expect("the grammar");
        for request in requests(&grammar, 60, 1, (320, 240)) {
            assert_eq!(grammar.fault(&request.prompt, &request.facets, &request.facets), None, "{}", request.prompt);
            assert!(!request.prompt.contains(['{', '[', ']']) && !request.prompt.contains(", ,"), "{}", request.prompt);
            assert!((1.2..=1.6).contains(&request.camera_height), "{} m", request.camera_height);
            let indoors = request.facets["place"] == ["indoors"];
            assert_eq!(request.facets.contains_key("weather"), !indoors, "{:?}", request.facets);
        }
    }

    #[test]
    fn requests_are_the_same_each_time_and_more_of_them_begin_alike() {
        let grammar = Grammar::shipped().expect("the grammar");
        let first = requests(&grammar, 12, 7, (320, 240));
        assert_eq!(requests(&grammar, 20, 7, (320, 240))[..12], first);
        assert_ne!(requests(&grammar, 12, 8, (320, 240)), first);
        assert_eq!((first[3].id.as_str(), first[3].seed), ("000003", 7_000_003));
        let reworded = Request { prompt: "A street".to_owned(), ..first[0].clone() };
        assert!(reworded.is(&first[0]) && !first[1].is(&first[0]));
    }
}
