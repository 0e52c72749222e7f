//! Every fact that a sentence of method A states is true of its map, by a reading of the map that shares nothing with the grammar.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use serde_json::Value;
use streetscape::{
    capture::maps::{Numbers, read_map},
    evaluation::{
        facts::is_true,
        shard::{Sentence, Shard},
    },
    ontology::{Numbering, Ontology, StreetMap},
    training::pairs::segments::{Rarity, Segments},
};

/// The private photos, where they are.
fn streets() -> Option<PathBuf> {
    let data = std::env::var_os("STREETSCAPE_DATA").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    Some(data.join("streets")).filter(|dir| dir.exists())
}

/// CamVid's maps that people drew, in shard order.
fn camvid(shard: &str, ontology: &Ontology) -> Vec<StreetMap> {
    let Some(dir) = streets() else { return Vec::new() };
    let shard = Shard::read(&dir.join(shard)).expect("a shard");
    let table = ontology.numbered(Numbering::CityscapesTrain);
    let of_camvid = shard.samples.iter().filter(|sample| sample.record.source == "camvid");
    let map = |bytes: &[u8]| {
        let map = read_map("camvid", bytes).expect("a map");
        let Numbers::Bytes(values) = map.numbers else { panic!("no bytes") };
        let things = values.iter().map(|value| table[*value as usize].expect("a class")).collect();
        StreetMap::new(map.width, map.height, things).expect("a map")
    };
    of_camvid.filter_map(|sample| shard.map(sample)).map(map).collect()
}

/// Blocks of random things, some of them numbered: maps that no street has, to try every relation.
fn random_maps(ontology: &Ontology, numbered: bool) -> Vec<StreetMap> {
    let ids: Vec<u8> = ontology.things().map(|thing| thing.id).collect();
    let mut state = 12345u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let maps = (0..300).map(|_| {
        let (width, height) = (20 + draw(60), 20 + draw(60));
        let mut things = vec![ids[draw(ids.len())]; width * height];
        let mut numbers = vec![0; width * height];
        for number in 1..30 {
            let id = ids[draw(ids.len())];
            let (left, top) = (draw(width), draw(height));
            let (right, bottom) = (width.min(left + 1 + draw(width / 2)), height.min(top + 1 + draw(height / 2)));
            for y in top..bottom {
                things[y * width + left..y * width + right].fill(id);
                numbers[y * width + left..y * width + right].fill(number % 20);
            }
        }
        let map = StreetMap::new(width, height, things).expect("a map");
        if numbered { map.with_instances(numbers).expect("numbers") } else { map }
    });
    maps.collect()
}

/// Facts of all sentences of all maps, and how many of them are false.
fn check(maps: &[StreetMap], what: &str) -> usize {
    let segments = Segments::shipped().expect("the tables");
    let mut rarity = Rarity::default();
    maps.iter().for_each(|map| rarity.count(&segments.scene(map, true, None)));
    let mut count = 0;
    for (k, map) in maps.iter().enumerate() {
        for sentence in segments.sentences(&segments.scene(map, true, None), &rarity, 1, &format!("{what} {k}")) {
            let Sentence::Told { text, facts, .. } = sentence else { panic!("no facts") };
            assert!(!facts.is_empty(), "{text} states nothing");
            for fact in facts {
                assert_eq!(is_true(map, segments.ontology(), &fact), Some(true), "{what} {k}: {text}: {fact}");
                count += 1;
            }
        }
    }
    println!("{what}: {} maps, {count} facts, all true", maps.len());
    count
}

#[test]
fn every_fact_is_true_of_any_map() {
    let ontology = Ontology::shipped().expect("the ontology");
    assert!(check(&random_maps(&ontology, false), "blocks") > 2000);
    assert!(check(&random_maps(&ontology, true), "numbered blocks") > 2000);
}

#[test]
fn every_fact_is_true_of_camvids_maps() {
    let ontology = Ontology::shipped().expect("the ontology");
    for shard in ["train-000.tar", "val-000.tar", "test-000.tar"] {
        let maps: Vec<StreetMap> = camvid(shard, &ontology).into_iter().step_by(8).collect();
        if maps.is_empty() {
            println!("skipped: no private photos; name their folder with STREETSCAPE_DATA");
            return;
        }
        assert!(check(&maps, shard) > 5 * maps.len());
    }
}

#[test]
fn a_fact_of_another_map_is_mostly_false() {
    let ontology = Ontology::shipped().expect("the ontology");
    let maps = random_maps(&ontology, false);
    let segments = Segments::shipped().expect("the tables");
    let told = |map: &StreetMap| -> Vec<Value> {
        let sentences = segments.sentences(&segments.scene(map, true, None), &Rarity::default(), 1, "x");
        let facts = sentences.into_iter().flat_map(|sentence| match sentence {
            Sentence::Told { facts, .. } => facts,
            Sentence::Plain(_) => Vec::new(),
        });
        facts.collect()
    };
    let pairs = maps.iter().zip(maps.iter().cycle().skip(7));
    let answers: Vec<bool> = pairs
        .flat_map(|(map, other)| told(map).into_iter().filter_map(|fact| is_true(other, &ontology, &fact)).collect::<Vec<_>>())
        .collect();
    let right = answers.iter().filter(|answer| **answer).count();
    assert!(right * 4 < answers.len(), "{right} of {}", answers.len());
}
