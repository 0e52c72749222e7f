//! What the rows of a truth mean: free words to facets and classes.
//!
//! Owns `models/truth.toml`. A row that names its class means that one. Leaves what follows from a meaning to `evaluation`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use thiserror::Error;

use super::Truth;
use crate::{
    callout::Subject,
    vocabulary::{NONE, Vocabulary},
};

/// The shipped table, part of the program.
const SHIPPED: &str = include_str!("../../models/truth.toml");

/// Why the table can't be used.
#[derive(Debug, Error)]
pub enum MeaningError {
    /// It is no TOML, or a key is missing or unknown.
    #[error("models/truth.toml: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// It leads to a class that the vocabulary doesn't have.
    #[error("models/truth.toml: {place}: the vocabulary has no {subject}; name facet and class with a slash between them")]
    Unknown {
        /// Where it stands.
        place: String,
        /// What stands there.
        subject: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    hazards: Vec<String>,
    obstacles: Vec<String>,
    also: BTreeMap<String, Vec<String>>,
    words: BTreeMap<String, Vec<String>>,
}

/// The table of words, and which classes are hazards.
#[derive(Clone, Debug)]
pub struct Meanings {
    words: BTreeMap<String, Vec<Subject>>,
    also: BTreeMap<Subject, Vec<Subject>>,
    hazards: BTreeSet<Subject>,
    obstacles: BTreeSet<Subject>,
    /// Words of the longest entry.
    longest: usize,
}

impl Meanings {
    /// The table that the program carries, for the classes of `vocabulary`.
    pub fn shipped(vocabulary: &Vocabulary) -> Result<Self, MeaningError> {
        Self::parse(SHIPPED, vocabulary)
    }

    fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Self, MeaningError> {
        let File { hazards, obstacles, also, words } = toml::from_str(text).map_err(Box::new)?;
        let known = |place: &str, subject: &String| {
            let found = subject.split_once('/').and_then(|(facet, class)| {
                vocabulary.find(facet)?.1.find(class)?;
                Some(Subject::new(facet, class))
            });
            found.ok_or_else(|| MeaningError::Unknown { place: place.to_owned(), subject: subject.clone() })
        };
        let all = |place: &str, subjects: &[String]| -> Result<Vec<Subject>, MeaningError> {
            subjects.iter().map(|subject| known(place, subject)).collect()
        };
        let mut meant: BTreeMap<String, Vec<Subject>> = BTreeMap::new();
        for (_, facet) in vocabulary.facets() {
            for class in facet.classes.iter().filter(|class| class.id != NONE) {
                meant.entry(class.name()).or_default().push(Subject::new(facet.id.as_str(), class.id.as_str()));
            }
        }
        for (word, subjects) in &words {
            meant.insert(word.clone(), all(word, subjects)?);
        }
        let also = also.iter().map(|(of, more)| Ok((known("also", of)?, all(of, more)?)));
        Ok(Self {
            longest: meant.keys().map(|word| word.split(' ').count()).max().unwrap_or(0),
            words: meant,
            also: also.collect::<Result<_, MeaningError>>()?,
            hazards: all("hazards", &hazards)?.into_iter().collect(),
            obstacles: all("obstacles", &obstacles)?.into_iter().collect(),
        })
    }

    /// The classes of `row`, any of which is right of it; empty where no class is meant. `None` where its words are not known.
    pub fn of(&self, row: &Truth) -> Option<Vec<Subject>> {
        match (&row.facet, &row.class) {
            (Some(facet), Some(class)) => Some(vec![Subject::new(facet.as_str(), class.replace(' ', "_"))]),
            // A facet of which the row says nothing more.
            (Some(_), None) => Some(Vec::new()),
            _ => self.words(&row.what),
        }
    }

    /// The classes that `phrase` means: as a whole, else by its parts, the longest first.
    fn words(&self, phrase: &str) -> Option<Vec<Subject>> {
        let phrase = phrase.to_lowercase();
        let words: Vec<&str> =
            phrase.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty()).collect();
        let (mut found, mut known, mut at) = (Vec::<Subject>::new(), false, 0);
        while at < words.len() {
            let lengths = (1..=self.longest.min(words.len() - at)).rev();
            let entry = lengths.into_iter().find_map(|length| {
                let part = words.get(at..at + length)?.join(" ");
                Some((length, self.words.get(&part)?))
            });
            let Some((length, subjects)) = entry else {
                at += 1;
                continue;
            };
            known = true;
            at += length;
            let more: Vec<Subject> = subjects.iter().filter(|subject| !found.contains(subject)).cloned().collect();
            found.extend(more);
        }
        known.then_some(found)
    }

    /// Whether `said` is true where one of `is` is there.
    pub fn fits(&self, said: &Subject, is: &[Subject]) -> bool {
        is.iter().any(|is| is == said || self.also.get(is).is_some_and(|also| also.contains(said)))
    }

    /// Whether one of `is` is to be told before it is reached.
    pub fn is_hazard(&self, is: &[Subject]) -> bool {
        is.iter().any(|is| self.hazards.contains(is))
    }

    /// Whether one of `is` stands in the way and is passed with care.
    pub fn is_obstacle(&self, is: &[Subject]) -> bool {
        is.iter().any(|is| self.obstacles.contains(is))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::frame::Timestamp;

    fn meanings() -> Meanings {
        Meanings::shipped(&Vocabulary::shipped().expect("the vocabulary")).expect("the shipped table")
    }

    fn row(what: &str, facet: Option<&str>, class: Option<&str>) -> Truth {
        let [facet, class] = [facet, class].map(|cell| cell.map(str::to_owned));
        let (from, to) = (Timestamp::default(), Timestamp::from_seconds(1.0));
        Truth { from, to, what: what.to_owned(), place: "ahead".to_owned(), facet, class, reached: None }
    }

    #[track_caller]
    fn check(row: Truth, want: Option<&[&str]>) {
        let found = meanings().of(&row).map(|found| found.iter().map(Subject::to_string).collect::<Vec<_>>());
        assert_eq!(found, want.map(|want| want.iter().map(|&subject| subject.to_owned()).collect()), "{row:?}");
    }

    #[test]
    fn words_are_known_as_a_whole_or_by_their_parts() {
        check(row("zebra crossing", None, None), Some(&["crossing/zebra_crossing"]));
        check(row("Tactile paving", None, None), Some(&["surface/tactile_paving"]));
        check(row("kerb and pavement", None, None), Some(&["crossing/kerb", "surface/paved_sidewalk"]));
        check(row("three people, waiting", None, None), Some(&["people/few", "people/crowd"]));
        check(row("camera lies on its side", None, None), Some(&[]));
        check(row("a flying saucer", None, None), None);
    }

    #[test]
    fn a_row_that_names_its_class_means_that_one() {
        check(row("kerb", Some("obstacle"), Some("parked car")), Some(&["obstacle/parked_car"]));
        check(row("unclear", Some("obstacle"), None), Some(&[]));
    }

    #[test]
    fn what_else_is_true_of_a_thing_fits_it_and_not_the_other_way_round() {
        let (meanings, subject) = (meanings(), |class: &str| Subject::new("place", class));
        assert!(meanings.fits(&subject("street"), &[subject("residential_street")]));
        assert!(!meanings.fits(&subject("residential_street"), &[subject("street")]));
        assert!(meanings.is_hazard(&[Subject::new("surface", "steps_up")]) && !meanings.is_hazard(&[subject("street")]));
        assert!(meanings.is_obstacle(&[Subject::new("obstacle", "rubble")]) && !meanings.is_obstacle(&[]));
    }

    #[test]
    fn a_class_that_is_not_there_is_named() {
        let vocabulary = Vocabulary::shipped().expect("the vocabulary");
        let text = SHIPPED.replacen("\"crossing/kerb_ramp\"", "\"crossing/ramp\"", 1);
        let error = Meanings::parse(&text, &vocabulary).expect_err("no such class").to_string();
        assert!(error.contains("dropped kerb") || error.contains("crossing/ramp"), "{error}");
    }

    #[test]
    fn every_word_of_the_walks_at_hand_is_known() {
        let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), PathBuf::from);
        let Ok(walks) = std::fs::read_dir(data.join("walks")) else {
            eprintln!("skipped: {} is not there", data.join("walks").display());
            return;
        };
        let videos =
            walks.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "mp4"));
        for video in videos {
            for row in Truth::beside(&video).expect("a truth") {
                assert!(meanings().of(&row).is_some(), "{}: {} stands nowhere in models/truth.toml", video.display(), row.what);
            }
        }
    }
}
