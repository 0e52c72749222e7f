//! Method A against people: its sentences beside theirs, its facet labels beside theirs.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::look;
use crate::{
    evaluation::{
        captions::{Cider, content_recall},
        shard::{FacetLabels, Origin, Record, Sentence},
    },
    ontology::pieces::Scene,
    training::{
        TrainingError,
        data::Split,
        pairs::{
            Collection, Skip,
            segments::{Rarity, Segments},
        },
        progress::Show,
    },
};

/// One photo of which both people and method A said something.
struct Examined {
    record: Record,
    is_true: bool,
    told: Vec<String>,
    labels: BTreeMap<String, Vec<String>>,
}

/// How well sentences agree with people's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Whose sentences.
    pub of: &'static str,
    /// Photos.
    pub photos: usize,
    /// Share of the content words of a person's sentence that the best caption has: the mean over photos.
    pub recall: f64,
    /// The same for all sentences together.
    pub recall_all: f64,
    /// CIDEr-D of a sentence, from 0 to 10: the mean over sentences and photos.
    pub cider: f64,
}

/// How often a class that method A names is right, and how often it is named where it is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClassRow {
    /// The facet.
    pub facet: String,
    /// The class.
    pub class: String,
    /// Photos where a person says that it is there.
    pub there: usize,
    /// Photos where method A says so.
    pub said: usize,
    /// Photos where both do.
    pub right: usize,
    /// Whether the label is given, or kept back because it is right too seldom.
    pub given: bool,
}

/// What an exam found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Found {
    /// Method A, the best name of a scene network, and method A's sentences of other photos.
    pub sentences: Vec<Agreement>,
    /// The classes.
    pub classes: Vec<ClassRow>,
}

/// Examines the photos of `split` that people labelled or described and, with `source`, come from there.
pub fn examine(
    collection: &dyn Collection,
    segments: &Segments,
    split: Split,
    source: Option<&str>,
    show: Show,
) -> Result<Found, TrainingError> {
    let of_split = |entry: &usize| collection.entries()[*entry].split == Some(split);
    let entries: Vec<usize> = (0..collection.entries().len()).filter(of_split).collect();
    let progress = show.begin("reading maps", entries.len(), "photos");
    let seen: Result<Vec<_>, Skip> = entries
        .par_iter()
        .map(|&entry| {
            progress.advance(1, String::new());
            let mut record = collection.record(entry)?;
            let is_known = human(&record).next().is_some() || known(&record).next().is_some();
            if !is_known || source.is_some_and(|source| record.source != source) {
                return Ok(None);
            }
            let scene = look(collection, segments, &mut record, entry)?;
            Ok(Some((record, scene)))
        })
        .collect();
    progress.finish();
    let setting = |skip: Skip| TrainingError::Setting { problem: skip.detail };
    let seen: Vec<(Record, Option<Scene>)> = seen.map_err(setting)?.into_iter().flatten().collect();
    if seen.is_empty() {
        let problem = format!("no photo of {} was described or labelled by a person", split.id());
        return Err(TrainingError::Setting { problem });
    }
    let mut rarity = Rarity::default();
    seen.iter().filter_map(|(_, scene)| scene.as_ref()).for_each(|scene| rarity.count(scene));
    let examined = seen.into_iter().enumerate().map(|(k, (record, scene))| {
        let told = scene.as_ref().map(|scene| segments.sentences(scene, &rarity, 1, &k.to_string())).unwrap_or_default();
        let told = told.iter().map(|sentence| sentence.text().to_owned()).collect();
        let is_true = scene.as_ref().is_some_and(|scene| scene.is_true);
        Examined { is_true, labels: scene.map(|scene| segments.suspected(&scene)).unwrap_or_default(), told, record }
    });
    let examined: Vec<Examined> = examined.collect();
    let classes = classes(&examined, segments);
    let described: Vec<Examined> = examined.into_iter().filter(|photo| human(&photo.record).next().is_some()).collect();
    Ok(Found { sentences: if described.is_empty() { Vec::new() } else { sentences(&described) }, classes })
}

/// Facets of which a person, or the scene that was rendered, tells all there is.
fn known(record: &Record) -> impl Iterator<Item = (&String, &FacetLabels)> {
    record.facets.iter().filter(|(_, labels)| matches!(labels.origin, Some(Origin::Human | Origin::Scene)))
}

fn human(record: &Record) -> impl Iterator<Item = &str> {
    record.captions.iter().filter(|sentence| sentence.origin() == Origin::Human).map(Sentence::text)
}

/// The three rows of the table of sentences.
fn sentences(examined: &[Examined]) -> Vec<Agreement> {
    let references: Vec<Vec<String>> = examined.iter().map(|photo| human(&photo.record).map(str::to_owned).collect()).collect();
    let cider = Cider::new(&references);
    let own: Vec<Vec<String>> = examined.iter().map(|photo| photo.told.clone()).collect();
    let place = |photo: &Examined| {
        let best = photo.record.places365.first();
        best.map(|(name, _)| format!("A photo of a {}", name.replace('/', " "))).into_iter().collect()
    };
    let places: Vec<Vec<String>> = examined.iter().map(place).collect();
    // Each photo gets the sentences of the one half the set away.
    let mut shuffled = own.clone();
    shuffled.rotate_left(examined.len() / 2);
    [("method A", own), ("places365", places), ("method A, shuffled", shuffled)]
        .into_iter()
        .map(|(of, candidates)| agreement(of, &candidates, &references, &cider))
        .collect()
}

fn agreement(of: &'static str, candidates: &[Vec<String>], references: &[Vec<String>], cider: &Cider) -> Agreement {
    let mut sums = Agreement { of, photos: candidates.len(), ..Agreement::default() };
    for (photo, (candidates, references)) in candidates.iter().zip(references).enumerate() {
        let all: Vec<&str> = candidates.iter().map(String::as_str).collect();
        let mean = |candidates: &[&str]| {
            let recalls: Vec<f64> = references.iter().filter_map(|text| content_recall(candidates, text)).collect();
            recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
        };
        sums.recall += mean(&all[..all.len().min(1)]);
        sums.recall_all += mean(&all);
        let scores: Vec<f64> = all.iter().filter_map(|text| cider.score(photo, text)).collect();
        sums.cider += scores.iter().sum::<f64>() / scores.len().max(1) as f64;
    }
    let photos = candidates.len().max(1) as f64;
    Agreement { recall: sums.recall / photos, recall_all: sums.recall_all / photos, cider: sums.cider / photos, ..sums }
}

fn classes(examined: &[Examined], segments: &Segments) -> Vec<ClassRow> {
    let mut rows: BTreeMap<(String, String), ClassRow> = BTreeMap::new();
    for photo in examined {
        for (facet, people) in known(&photo.record) {
            let said: &[String] = photo.labels.get(facet).map_or(&[], Vec::as_slice);
            for class in people.labels.iter().chain(said.iter().filter(|class| !people.labels.contains(class))) {
                let row = rows.entry((facet.clone(), class.clone())).or_default();
                let (there, named) = (people.labels.contains(class), said.contains(class));
                row.there += usize::from(there);
                row.said += usize::from(named);
                row.right += usize::from(there && named);
            }
        }
    }
    // One kind of map is examined at a time.
    let is_true = examined.iter().all(|photo| photo.is_true);
    let row = |((facet, class), row): ((String, String), ClassRow)| {
        let given = segments.gives(&facet, &class, is_true);
        ClassRow { facet, class, given, ..row }
    };
    rows.into_iter().map(row).collect()
}
