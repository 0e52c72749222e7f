//! What a bundle says of photos of which something is known.
//!
//! Owns which photos each question is about and the asking. A photo goes through the image tower once, whatever is asked of it. Leaves the
//! measures to `evaluation`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    TrainingError,
    abstention::{Scores, Seen},
    calibrate::Scored,
    data::{Photo, PhotoShard, truth},
    progress::Show,
    ship::{Embedded, embed},
};
use crate::{
    bundle::{Bundle, ClassCalibration, FacetCalibration},
    embedding::Embedding,
    encoder::{Device, EncoderError, EncoderOptions, OnnxTextEncoder, Runtime, SessionOptions, TextEncoder, prompts},
    evaluation::{
        average_precision::{RankedPhotos, Thing},
        categories::{Categories, CategoryFrom},
        facets::{Facets, Said},
        retrieval::Retrieval,
        shard::{Origin, Sentence},
        street30::Street30,
    },
    observation::View,
    ranking::{RankingError, Rule},
    vocabulary::{Facet, Vocabulary},
};

/// The scale at which scores are ranked that aren't calibrated: CLIP's, where its training clamps it.
pub const SCALE: f32 = 100.0;
/// A threshold that no probability reaches.
const NEVER: f32 = 1.1;

/// A bundle, and photos as it sees them.
pub struct Examinee<'a> {
    bundle: &'a Bundle,
    seen: Vec<Embedded<'a>>,
}

/// Whose captions are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// Those that people wrote.
    #[default]
    People,
    /// All, those too that programs made of maps and that nobody read.
    Anybody,
}

/// What was found, and the photos that it rests on, in the order in which they were asked.
pub struct Found<'a, T> {
    /// The measure.
    pub of: T,
    /// The photos, each with its shard.
    pub photos: Vec<(&'a Path, &'a Photo)>,
}

impl<'a> Examinee<'a> {
    /// Shows `bundle` every photo of `shards`.
    pub fn look(
        bundle: &'a Bundle,
        options: &EncoderOptions,
        shards: &'a [PhotoShard],
        show: Show,
    ) -> Result<Self, TrainingError> {
        Ok(Self { bundle, seen: embed(bundle, options, shards, 1, show)? })
    }

    /// The scale of its probabilities of captions.
    pub fn scale(&self) -> f32 {
        self.bundle.manifest.calibration.captions.as_ref().map_or(SCALE, |captions| captions.scale)
    }

    /// Which of `categories` fits each photo that has one of them.
    pub fn street30(&self, categories: &Categories, from: CategoryFrom) -> Result<Found<'a, Street30>, TrainingError> {
        let captions = texts(self.bundle, &categories.captions())?;
        let mut found = Found { of: Street30::new(categories.names()), photos: Vec::new() };
        for Embedded { photo, shard, embedding } in &self.seen {
            if let Some(truth) = categories.of(from, shard, &photo.key, &photo.record) {
                found.of.count(&photo.record.source, truth, embedding, &captions);
                found.photos.push((shard, photo));
            }
        }
        Ok(found)
    }

    /// Photos and what `author` wrote of them, among those photos of which [`told`] tells and `chosen` holds.
    pub fn retrieval(&self, author: Author, chosen: impl Fn(&Photo) -> bool) -> Result<Found<'a, Retrieval>, TrainingError> {
        let asked = || self.seen.iter().filter(|seen| chosen(seen.photo) && told(seen.photo, author).next().is_some());
        let captions: Vec<String> = asked().flat_map(|seen| told(seen.photo, author)).collect();
        let mut captions = texts(self.bundle, &captions)?.into_iter();
        let captions: Vec<_> = asked().map(|seen| captions.by_ref().take(told(seen.photo, author).count()).collect()).collect();
        let photos: Vec<Embedding> = asked().map(|seen| seen.embedding.clone()).collect();
        Ok(Found { of: Retrieval::new(&photos, &captions), photos: asked().map(|seen| (seen.shard, seen.photo)).collect() })
    }

    /// What a walk would say of each photo that was labelled by hand.
    pub fn facets(&self, vocabulary: &Vocabulary) -> Result<Found<'a, Facets>, TrainingError> {
        let classes = prompts(self.bundle, vocabulary, || text_tower(self.bundle))?;
        let rules = vocabulary.facets().map(|(_, facet)| rule(self.bundle, facet)).collect::<Result<Vec<_>, _>>()?;
        let mut found = Found { of: Facets::new(vocabulary), photos: Vec::new() };
        for Embedded { photo, shard, embedding } in self.seen.iter().filter(|seen| seen.photo.hand.is_some()) {
            let asked = vocabulary.facets().zip(&classes).zip(&rules);
            let said = asked.map(|(((_, facet), classes), (rule, calibrated))| {
                let truth = truth(photo, facet)?.classes;
                let cosines: Vec<f32> = classes.iter().map(|class| embedding.cosine(class)).collect();
                let (mut p, mut answers) = (Vec::new(), Vec::new());
                rule.probabilities(&cosines, &mut p);
                rule.answers(&p, &mut answers);
                let answers = answers.into_iter().map(|class| class.0).collect();
                Some(Said { truth, p, answers, calibrated: *calibrated })
            });
            found.of.add(&photo.record.source, said.collect());
            found.photos.push((shard, photo));
        }
        Ok(found)
    }

    /// How the photos of shards with labels are ranked by the caption of each of `labels`.
    pub fn labels(&self, labels: &[&str], captions: &[String]) -> Result<Found<'a, Vec<Thing>>, TrainingError> {
        let captions = texts(self.bundle, captions)?;
        let labelled = labelled(self.seen.iter().map(|seen| (seen.shard, seen.photo)));
        let asked: Vec<&Embedded> = self.seen.iter().filter(|seen| labelled.contains(&seen.shard)).collect();
        let thing = |(name, caption): (&&str, &Embedding)| {
            let scored = asked.iter().enumerate().map(|(i, seen)| {
                let there = seen.photo.record.labels.iter().any(|label| label == name);
                (i, seen.embedding.cosine(caption), there)
            });
            Thing { name: (*name).to_owned(), ranked: RankedPhotos::new(scored) }
        };
        let things = labels.iter().zip(&captions).map(thing).collect();
        Ok(Found { of: things, photos: asked.iter().map(|seen| (seen.shard, seen.photo)).collect() })
    }
}

impl Examinee<'_> {
    /// How near each photo that was labelled by hand is to each class of which the truth is known.
    pub fn scored(&self, vocabulary: &Vocabulary) -> Result<Vec<Seen>, TrainingError> {
        let classes = prompts(self.bundle, vocabulary, || text_tower(self.bundle))?;
        let labelled = self.seen.iter().filter(|seen| seen.photo.hand.is_some());
        let seen = labelled.map(|Embedded { photo, embedding, .. }| {
            let facets = vocabulary.facets().zip(&classes).map(|((_, facet), classes)| {
                let truth = truth(photo, facet)?.classes;
                Some(Scored { cosines: classes.iter().map(|class| embedding.cosine(class)).collect(), truth })
            });
            Seen { source: photo.record.source.clone(), facets: facets.collect() }
        });
        Ok(seen.collect())
    }

    /// How near each photo of shards with labels is to the caption of each of `labels`, as its words alone say it.
    pub fn phrases(&self, labels: &[&str], captions: &[String]) -> Result<Vec<Scores>, TrainingError> {
        let captions: Vec<&str> = captions.iter().map(String::as_str).collect();
        let captions = text_tower(self.bundle)?.by_words_alone().encode(&captions)?;
        let labelled = labelled(self.seen.iter().map(|seen| (seen.shard, seen.photo)));
        let asked = self.seen.iter().filter(|seen| labelled.contains(&seen.shard));
        let scores = asked.map(|Embedded { photo, embedding, .. }| {
            let there = |label: &&str| photo.record.labels.iter().any(|borne| borne == label);
            let phrases = labels.iter().zip(&captions).map(|(label, caption)| (embedding.cosine(caption), there(label)));
            Scores { source: photo.record.source.clone(), phrases: phrases.collect() }
        });
        Ok(scores.collect())
    }
}

impl<T> Found<'_, T> {
    /// The source of each photo.
    pub fn sources(&self) -> Vec<&str> {
        self.photos.iter().map(|(_, photo)| photo.record.source.as_str()).collect()
    }
}

/// What `author` wrote of `photo`.
pub fn told(photo: &Photo, author: Author) -> impl Iterator<Item = String> {
    let counts = move |sentence: &&Sentence| author == Author::Anybody || sentence.origin() == Origin::Human;
    photo
        .record
        .captions
        .iter()
        .filter(counts)
        .map(Sentence::text)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// The shards whose sources give labels. Elsewhere a thing is there as often, and nobody says so.
fn labelled<'a>(photos: impl Iterator<Item = (&'a Path, &'a Photo)>) -> Vec<&'a Path> {
    let mut shards: Vec<&Path> = Vec::new();
    for (shard, photo) in photos {
        if !photo.record.labels.is_empty() && !shards.contains(&shard) {
            shards.push(shard);
        }
    }
    shards
}

/// The text tower of `bundle`, on the CPU.
pub fn text_tower(bundle: &Bundle) -> Result<OnnxTextEncoder, EncoderError> {
    let options = SessionOptions { device: Device::Cpu, ..SessionOptions::default() };
    OnnxTextEncoder::open(Runtime::load(None)?, bundle, &options)
}

/// `texts` as `bundle` reads them.
pub fn texts(bundle: &Bundle, texts: &[String]) -> Result<Vec<Embedding>, TrainingError> {
    Ok(text_tower(bundle)?.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>())?)
}

/// How `bundle` answers `facet`, and whether it is calibrated for that; where it isn't, its classes are ranked and never answered.
fn rule(bundle: &Bundle, facet: &Facet) -> Result<(Rule, bool), TrainingError> {
    if let Some(rule) = calibrated(bundle, facet)? {
        return Ok((rule, true));
    }
    let plain = FacetCalibration {
        facet: facet.id.clone(),
        view: View::Full.id().to_owned(),
        scale: SCALE,
        against_none: 1.0,
        error_rate: 0.0,
        classes: facet.classes.iter().map(|c| (c.id.clone(), ClassCalibration { bias: 0.0, threshold: NEVER })).collect(),
    };
    Ok((Rule::new(facet, &plain).map_err(|error| refused(bundle, &error))?, false))
}

/// How `bundle` answers `facet` in the full view, where it is calibrated for that.
pub fn calibrated(bundle: &Bundle, facet: &Facet) -> Result<Option<Rule>, TrainingError> {
    let told = |known: &&FacetCalibration| known.facet == facet.id && known.view == View::Full.id();
    let known = bundle.manifest.calibration.facets.iter().find(told);
    known.map(|known| Rule::new(facet, known)).transpose().map_err(|error| refused(bundle, &error))
}

fn refused(bundle: &Bundle, error: &RankingError) -> TrainingError {
    TrainingError::Data { file: bundle.dir().display().to_string(), problem: error.to_string() }
}
