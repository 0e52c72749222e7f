//! What share of the facts that method A states is true of the maps that people drew.

use rayon::prelude::*;
use serde::Serialize;

use super::picture;
use crate::{
    evaluation::{
        facts,
        shard::{Record, Sentence},
    },
    ontology::StreetMap,
    training::{
        TrainingError,
        data::Split,
        pairs::{
            Collection, Reason, Skip,
            segments::{Rarity, Segments},
        },
        progress::Show,
    },
};

/// Things that a network tells apart and CamVid's eleven classes don't: what they are there. The bicycle belongs to its rider, a lamp to
/// the signs, a lorry to the cars, grass to the plants.
const FOLDED: [(&str, &str); 11] = [
    ("bicycle", "rider"),
    ("bus", "car"),
    ("motorcycle", "rider"),
    ("other_vehicle", "car"),
    ("terrain", "vegetation"),
    ("traffic_light", "traffic_sign"),
    ("train", "car"),
    ("truck", "car"),
    ("wall", "building"),
    ("bridge", "building"),
    ("tunnel", "building"),
];

/// How honest the sentences are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Honesty {
    /// The least mean certainty of a piece that is spoken of; `None` where a person drew the map.
    pub certainty: Option<f32>,
    /// Photos.
    pub photos: usize,
    /// Photos of which at least one sentence was said.
    pub told: usize,
    /// Facts that were stated.
    pub facts: usize,
    /// Of them, true of the map that a person drew.
    pub right: usize,
}

/// Counts true facts of the photos of `split` and `source` that have a map drawn by a person: told by that map, then told by the
/// segmenter at each of `certainties`.
pub fn honesty(
    collection: &dyn Collection,
    segments: Segments,
    split: Split,
    source: &str,
    certainties: &[f32],
    show: Show,
) -> Result<Vec<Honesty>, TrainingError> {
    let entries: Vec<usize> =
        (0..collection.entries().len()).filter(|entry| collection.entries()[*entry].split == Some(split)).collect();
    let progress = show.begin("drawing maps", entries.len(), "photos");
    let maps: Result<Vec<_>, Skip> = entries
        .par_iter()
        .map(|&entry| {
            progress.advance(1, String::new());
            maps(collection, &segments, source, entry)
        })
        .collect();
    progress.finish();
    let maps: Vec<(StreetMap, StreetMap)> =
        maps.map_err(|skip| TrainingError::Setting { problem: skip.detail })?.into_iter().flatten().collect();
    if maps.is_empty() {
        let problem =
            format!("no photo of {} in {} has a map that a person drew, or there is no segmenter", source, split.id());
        return Err(TrainingError::Setting { problem });
    }
    let mut found = vec![count(&segments, &maps, None)];
    let mut segments = segments;
    for &certainty in certainties {
        segments = segments.with_certainty(certainty);
        found.push(count(&segments, &maps, Some(certainty)));
    }
    Ok(found)
}

/// The map that a person drew, and the segmenter's of the same size, both in CamVid's classes.
fn maps(
    collection: &dyn Collection,
    segments: &Segments,
    source: &str,
    entry: usize,
) -> Result<Option<(StreetMap, StreetMap)>, Skip> {
    let record: Record = collection.record(entry)?;
    let by_hand = record.map.as_ref().is_some_and(|map| map.origin == "human");
    if record.source != source || !by_hand {
        return Ok(None);
    }
    let picture = picture(collection, entry)?;
    let own = collection.map(entry, picture.width() as usize, picture.height() as usize)?;
    let drawn = segments.networks.draw(&picture).map_err(|error| Skip::new(Reason::NetworkFailed, error))?;
    let mut table: [u8; 256] = std::array::from_fn(|id| id as u8);
    for (from, to) in FOLDED {
        if let (Some(from), Some(to)) = (segments.ontology.find(from), segments.ontology.find(to)) {
            table[from.id as usize] = to.id;
        }
    }
    Ok(own.zip(drawn).map(|(own, drawn)| (own.renamed(&table), drawn.renamed(&table))))
}

fn count(segments: &Segments, maps: &[(StreetMap, StreetMap)], certainty: Option<f32>) -> Honesty {
    let mut rarity = Rarity::default();
    let scene = |(own, drawn): &(StreetMap, StreetMap)| match certainty {
        None => segments.scene(own, true, None),
        Some(_) => segments.scene(drawn, false, None),
    };
    let scenes: Vec<_> = maps.iter().map(scene).collect();
    scenes.iter().for_each(|scene| rarity.count(scene));
    let mut found = Honesty { certainty, photos: maps.len(), told: 0, facts: 0, right: 0 };
    for (k, (scene, (own, _))) in scenes.iter().zip(maps).enumerate() {
        let sentences = segments.sentences(scene, &rarity, 1, &k.to_string());
        found.told += usize::from(!sentences.is_empty());
        for sentence in sentences {
            let Sentence::Told { facts, .. } = sentence else { continue };
            found.facts += facts.len();
            found.right += facts.iter().filter(|fact| facts::is_true(own, &segments.ontology, fact) == Some(true)).count();
        }
    }
    found
}
