//! The worst mistakes with their pictures.

use std::{collections::HashMap, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    capture,
    evaluation::{
        html::{img, smaller},
        mistakes::Mistake,
        shard::Shard,
    },
    frame::Picture,
    training::{TrainingError, data::Photo},
};

/// The longest side of a picture on the page.
const SIDE: u32 = 240;

/// A wrong answer, and the photo that it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The photo's name in its shard.
    pub key: String,
    /// Where the photo comes from.
    pub source: String,
    /// What was asked: `category`, or a facet.
    pub asked: String,
    /// What is true.
    pub truth: Vec<String>,
    /// What was answered.
    pub answer: String,
    /// Its probability.
    pub p: f32,
    /// The photo as the page shows it. Not in the object for programs.
    #[serde(skip)]
    pub picture: Option<String>,
}

impl Shown {
    /// What was wrong, in words.
    pub fn told(&self) -> String {
        let truth = if self.truth.is_empty() { "none of the classes".to_owned() } else { self.truth.join(" and ") };
        format!("{truth}, taken for {}", self.answer).replace('_', " ")
    }
}

/// `mistakes` about `photos`, each with its picture where `pictures` are wanted. A photo that can't be read any more stands without one.
pub fn shown(mistakes: Vec<Mistake>, photos: &[(&Path, &Photo)], pictures: bool) -> Result<Vec<Shown>, TrainingError> {
    let mut shards: HashMap<&Path, Shard> = HashMap::new();
    let mut all = Vec::new();
    for Mistake { photo, asked, truth, answer, p } in mistakes {
        let Some((path, photo)) = photos.get(photo) else { continue };
        let (key, source) = (photo.key.clone(), photo.record.source.clone());
        let mut shown = Shown { key, source, asked, truth, answer, p, picture: None };
        if pictures {
            if !shards.contains_key(path) {
                shards.insert(path, Shard::read(path)?);
            }
            shown.picture = shards.get(path).and_then(|shard| picture(shard, &shown));
        }
        all.push(shown);
    }
    Ok(all)
}

fn picture(shard: &Shard, shown: &Shown) -> Option<String> {
    let sample = shard.samples.iter().find(|sample| sample.key == shown.key)?;
    let mut picture = Picture::default();
    capture::decode(&shown.key, shard.photo(sample), &mut picture).ok()?;
    let small = smaller(&picture, SIDE).unwrap_or(picture);
    img(&small, &shown.told(), "").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_as_truth_and_answer() {
        let shown = |truth: &[&str]| Shown {
            key: String::new(),
            source: String::new(),
            asked: "surface".to_owned(),
            truth: truth.iter().map(|&class| class.to_owned()).collect(),
            answer: "snow_or_ice".to_owned(),
            p: 0.9,
            picture: None,
        };
        assert_eq!(shown(&["asphalt", "wet_or_puddle"]).told(), "asphalt and wet or puddle, taken for snow or ice");
        assert_eq!(shown(&[]).told(), "none of the classes, taken for snow or ice");
    }
}
