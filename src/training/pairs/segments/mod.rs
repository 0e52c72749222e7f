//! Method A: from a map of what stands where to sentences and facet labels.
//!
//! Owns what a detector adds to the pieces of a map (`found`), what of it is worth a word (`salience`), and the words (`grammar`). Its tables are data:
//! `models/segments.toml`. Leaves drawing a map to the networks of `encoder`, reading one to `import`.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    bundle::checksum,
    encoder::EncoderError,
    evaluation::shard::{FacetLabels, MapRecord, Object, Origin, Record, Sentence},
    frame::Picture,
    ontology::{
        Ontology, StreetMap,
        pieces::{self, Scene},
    },
    training::TrainingError,
    vocabulary::Vocabulary,
};

pub mod exam;
mod found;
mod grammar;
mod labels;
mod networks;
mod salience;

pub use grammar::Fact;
use labels::Rule;
pub use networks::Networks;
pub use salience::Rarity;

/// The shipped tables, part of the trainer.
const SHIPPED: &str = include_str!("../../../../models/segments.toml");
/// Who drew a map that isn't to be trusted blindly.
const BY_NETWORK: &str = "segmenter";
/// Sentences of one photo besides one of each length.
const MORE: usize = 2;

/// Reads maps and tells of them.
pub struct Segments {
    ontology: Ontology,
    tables: Tables,
    networks: Networks,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    salience: salience::Weights,
    hazard: BTreeMap<String, f32>,
    least: Least,
    words: grammar::Words,
    sentences: grammar::Templates,
    label: Vec<Rule>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Least {
    piece: f32,
    stuff: f32,
    certainty: f32,
    detection: f32,
    unseen: f32,
    untold: f32,
}

impl Segments {
    /// With the shipped tables.
    pub fn shipped() -> Result<Self, TrainingError> {
        let wrong = |problem: String| TrainingError::Data { file: "models/segments.toml".to_owned(), problem };
        let tables: Tables = toml::from_str(SHIPPED).map_err(|error| wrong(error.to_string()))?;
        let ontology = Ontology::shipped()?;
        let vocabulary = Vocabulary::shipped()?;
        let named = tables.hazard.keys().chain(tables.label.iter().flat_map(Rule::names));
        if let Some(unknown) = named.into_iter().find(|name| ontology.find(name).is_none()) {
            return Err(wrong(format!("{unknown} is no thing of models/ontology.toml; name one of them")));
        }
        for rule in &tables.label {
            let class = vocabulary.find(&rule.facet).and_then(|(_, facet)| facet.find(&rule.class));
            if class.is_none() {
                return Err(wrong(format!("{} is no class of {} in models/vocabulary.toml", rule.class, rule.facet)));
            }
        }
        Ok(Self { ontology, tables, networks: Networks::default() })
    }

    /// The same, with networks for photos of which a person drew no map.
    pub fn with(self, networks: Networks) -> Self {
        Self { networks, ..self }
    }

    /// The same, with another certainty below which a network's piece is left unsaid.
    pub fn with_certainty(mut self, certainty: f32) -> Self {
        self.tables.least.certainty = certainty;
        self
    }

    /// What its sentences and labels depend on besides the photos.
    pub fn fingerprint(&self) -> Result<String, TrainingError> {
        let networks = self.networks.checksums()?.join(" ");
        Ok(checksum(format!("{SHIPPED}{networks}").as_bytes()))
    }

    /// The things that maps tell apart.
    pub fn ontology(&self) -> &Ontology {
        &self.ontology
    }

    /// What `map` shows. `is_true` says whether a person drew it or it was rendered; `found` is what a detector found, where one was asked.
    pub fn scene(&self, map: &StreetMap, is_true: bool, found: Option<&[Object]>) -> Scene {
        let Least { piece, detection, unseen, untold, .. } = self.tables.least;
        let mut scene = Scene { is_true, ..pieces::read(map, &self.ontology, piece) };
        if !is_true && map.certainty().is_none() {
            scene.pieces.iter_mut().for_each(|piece| piece.sure = untold);
        }
        if let Some(found) = found {
            found::add_found(&mut scene, found, &self.ontology, detection, unseen);
        }
        scene
    }

    /// What is worth saying of `scene`, in sentences that differ from photo to photo by `seed` and `key`, best first.
    pub fn sentences(&self, scene: &Scene, rarity: &Rarity, seed: u64, key: &str) -> Vec<Sentence> {
        let Tables { salience, hazard, least, words, sentences, .. } = &self.tables;
        let groups = salience::groups(scene, &self.ontology, *salience, hazard, rarity, least.certainty);
        let topic =
            grammar::Topic { ontology: &self.ontology, groups: &groups, scene, stuff: least.stuff, certainty: least.certainty };
        let mut random = ChaCha8Rng::from_seed(Sha256::digest(format!("{seed}\n{key}")).into());
        let told = grammar::sentences(&topic, sentences, words, MORE, &mut random);
        told.into_iter()
            .map(|told| Sentence::Told {
                text: told.text,
                origin: Some(Origin::Segments),
                facts: told.facts.iter().filter_map(|fact| serde_json::to_value(fact).ok()).collect(),
            })
            .collect()
    }

    /// The facet labels that can be read off `scene`.
    pub fn labels(&self, scene: &Scene) -> BTreeMap<String, FacetLabels> {
        labels::labels(scene, &self.ontology, &self.tables.label, self.tables.least.certainty)
    }

    /// The classes of each facet that any rule suspects, among them those that are kept back.
    fn suspected(&self, scene: &Scene) -> BTreeMap<String, Vec<String>> {
        labels::suspected(scene, &self.ontology, &self.tables.label, self.tables.least.certainty)
    }

    /// Whether the class is given as a label, of true maps or of a network's.
    fn gives(&self, facet: &str, class: &str, is_true: bool) -> bool {
        self.tables.label.iter().any(|rule| rule.facet == facet && rule.class == class && rule.p(is_true).is_some())
    }

    /// What is to be seen in `picture`: by `own`, its own map, where a person drew it or it was rendered; else by the networks, as far as there
    /// are any. The record learns who drew the map and what was found.
    pub fn look(
        &self,
        picture: &Picture,
        record: &mut Record,
        own: Option<StreetMap>,
    ) -> Result<(Option<StreetMap>, Option<Scene>), EncoderError> {
        let origin = record.map.take().map_or_else(|| "human".to_owned(), |map| map.origin);
        let drawn = own.is_some() && origin != BY_NETWORK;
        let map = match own {
            Some(map) if drawn => Some(map),
            own => self.networks.draw(picture)?.or(own),
        };
        if map.is_some() {
            let origin = if drawn { origin } else { BY_NETWORK.to_owned() };
            record.map = Some(MapRecord { vocabulary: "street".to_owned(), origin });
        }
        if !drawn
            && record.objects.is_empty()
            && let Some(found) = self.networks.find(picture)?
        {
            record.objects = found;
        }
        let found = Some(record.objects.as_slice()).filter(|_| !drawn);
        let scene = map.as_ref().map(|map| self.scene(map, drawn, found));
        Ok((map, scene))
    }

    /// Adds to `record` what `scene` says; labels that are there already stand.
    pub fn tell(&self, record: &mut Record, scene: &Scene, rarity: &Rarity, seed: u64, key: &str) {
        record.captions.extend(self.sentences(scene, rarity, seed, key));
        for (facet, labels) in self.labels(scene) {
            record.facets.entry(facet).or_insert(labels);
        }
    }
}
