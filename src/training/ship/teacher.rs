//! The bundle that a model was made from, which answers where nobody labelled a photo.
//!
//! Owns what it says of each photo. What it is sure of is learned as if it were known (pseudo-labels, Lee 2013; a threshold on their confidence as
//! in FixMatch, Sohn et al. 2020), and its probabilities are what a calibration without labels is fitted to.

use std::collections::HashMap;

use rand::{Rng, RngExt};

use super::embed;
use crate::{
    bundle::Bundle,
    embedding::Embedding,
    encoder::{EncoderOptions, prompts},
    ranking::Rule,
    training::{
        TrainingError,
        data::PhotoShard,
        examinee::{calibrated, text_tower},
        progress::Show,
    },
    vocabulary::{ClassIndex, Kind, Vocabulary},
};

/// The bundle, its rules, and the photos as it sees them.
pub struct Teacher {
    bundle: Bundle,
    /// For each facet, its classes as the bundle embeds them, and its rule where the bundle is calibrated.
    facets: Vec<(Vec<Embedding>, Option<Rule>)>,
    seen: HashMap<String, Embedding>,
}

impl Teacher {
    /// Shows `bundle` every photo of `shards`.
    pub fn look(
        bundle: Bundle,
        vocabulary: &Vocabulary,
        options: &EncoderOptions,
        shards: [&[PhotoShard]; 2],
        show: Show,
    ) -> Result<Self, TrainingError> {
        let classes = prompts(&bundle, vocabulary, || text_tower(&bundle))?;
        let rules = vocabulary.facets().map(|(_, facet)| calibrated(&bundle, facet)).collect::<Result<Vec<_>, _>>()?;
        let mut seen = HashMap::new();
        for shards in shards {
            let photos = embed(&bundle, options, shards, 1, show)?;
            seen.extend(photos.into_iter().map(|photo| (photo.name(), photo.embedding)));
        }
        Ok(Self { bundle, facets: classes.into_iter().zip(rules).collect(), seen })
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The classes of the facet that stands at `facet` in the vocabulary, as the bundle embeds them.
    pub fn classes(&self, facet: usize) -> &[Embedding] {
        self.facets.get(facet).map_or(&[], |(classes, _)| classes)
    }

    /// What the bundle would say of a photo.
    pub fn answers(&self, facet: usize, photo: &str) -> Vec<ClassIndex> {
        let mut answers = Vec::new();
        if let (Some(p), Some((_, Some(rule)))) = (self.probabilities(facet, photo), self.facets.get(facet)) {
            rule.answers(&p, &mut answers);
        }
        answers
    }

    /// Which classes are there, drawn by their probability: over many photos as often as the bundle believes.
    pub fn draw(&self, facet: usize, kind: Kind, photo: &str, rng: &mut impl Rng) -> Option<Vec<bool>> {
        let p = self.probabilities(facet, photo)?;
        Some(match kind {
            Kind::Several => p.iter().map(|p| rng.random::<f32>() < *p).collect(),
            Kind::Exclusive => {
                let mut left = rng.random::<f32>();
                let first = p.iter().position(|p| {
                    left -= p;
                    left < 0.0
                });
                let drawn = first.unwrap_or(p.len().saturating_sub(1));
                (0..p.len()).map(|class| class == drawn).collect()
            }
        })
    }

    fn probabilities(&self, facet: usize, photo: &str) -> Option<Vec<f32>> {
        let (classes, Some(rule)) = self.facets.get(facet)? else { return None };
        let seen = self.seen.get(photo)?;
        let cosines: Vec<f32> = classes.iter().map(|class| seen.cosine(class)).collect();
        let mut p = Vec::new();
        rule.probabilities(&cosines, &mut p);
        Some(p)
    }
}
