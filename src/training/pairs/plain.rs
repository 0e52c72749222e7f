//! The plainest sentence that a map allows: the names of what covers most of it.
//!
//! For photos of which nobody says anything. What stands where, and what of it matters, is told elsewhere.

use crate::{
    evaluation::shard::{Origin, Sentence},
    ontology::{Ontology, StreetMap, VOID},
};

/// Things that are named.
const MOST: usize = 5;
/// The least share of the map that a thing must cover to be named: less is easily a labeller's slip.
const LEAST: f64 = 0.005;

/// A sentence that names what covers most of `map`; `None` where it shows nothing.
pub fn sentence(map: &StreetMap, ontology: &Ontology) -> Option<Sentence> {
    let mut areas = [0usize; 256];
    map.things().iter().for_each(|thing| areas[usize::from(*thing)] += 1);
    let least = (map.things().len() as f64 * LEAST) as usize;
    let mut seen: Vec<(usize, u8)> = (0..=u8::MAX).map(|thing| (areas[usize::from(thing)], thing)).collect();
    seen.retain(|(area, thing)| *thing != VOID && *area > least);
    // What covers the same keeps the ontology's order.
    seen.sort_by_key(|(area, _)| std::cmp::Reverse(*area));
    let nouns: Vec<&str> = seen.iter().take(MOST).filter_map(|(_, thing)| Some(&*ontology.thing(*thing)?.noun)).collect();
    let text = format!("A photo of {}", nouns.join(", "));
    (!nouns.is_empty()).then(|| Sentence::Told { text, origin: Some(Origin::Segments), facts: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(things: &[u8], want: Option<&str>) {
        let map = StreetMap::new(things.len(), 1, things.to_vec()).expect("a map");
        let told = sentence(&map, &Ontology::shipped().expect("the shipped ontology"));
        assert_eq!(told.as_ref().map(Sentence::text), want);
    }

    #[test]
    fn what_covers_most_is_named_first() {
        check(&[1, 44, 44, 0, 0, 0], Some("A photo of sky, road"));
        check(&[1, 2, 20, 42, 44, 44, 29], Some("A photo of sky, road, pavement, building, pole"));
        check(&[0, 0], None);
        let mut speck = vec![44; 400];
        speck[0] = 45;
        check(&speck, Some("A photo of sky"));
    }
}
