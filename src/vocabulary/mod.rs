//! What is looked for: facets, their classes, and the prompts by which the model knows them.
//!
//! Owns `models/vocabulary.toml`: its loading and checking. `lint` judges what may be said, `phrases` reads what a caregiver adds. Leaves embedding the prompts to `encoder`, the spoken words to
//! `voices/`, probabilities to `ranking`.

use std::{collections::HashSet, fs, io, path::Path};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

pub mod lint;
pub mod phrases;

/// The shipped vocabulary, part of the program.
const SHIPPED: &str = include_str!("../../models/vocabulary.toml");

/// The class that says a thing was looked for and is not there.
pub const NONE: &str = "none";

/// A facet by its place in the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FacetIndex(pub usize);

/// A class by its place in its facet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIndex(pub usize);

/// How the classes of a facet stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One is true: a softmax over all.
    Exclusive,
    /// Several may be true: each is judged on its own against "none".
    Several,
}

/// One question asked of every frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facet {
    /// Name in files and logs, `snake_case`.
    pub id: String,
    /// Whether its classes exclude each other.
    pub kind: Kind,
    /// The answers, "none" among them where the facet has one.
    #[serde(rename = "class")]
    pub classes: Vec<Class>,
}

/// One answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Name in files and logs, `snake_case`.
    pub id: String,
    /// English sentences or phrases that the text tower reads; the class is their mean embedding.
    pub prompts: Vec<String>,
    /// Key of the Fluent message that is said of it; absent where nothing is said.
    pub say: Option<String>,
    /// The class of which this is a kind, in a facet whose classes exclude each other.
    pub kind_of: Option<String>,
}

impl Class {
    /// The id as people read it: `zebra_crossing` is "zebra crossing".
    pub fn name(&self) -> String {
        self.id.replace('_', " ")
    }
}

/// Every facet, checked: ids are unique, every class has prompts.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    facets: Vec<Facet>,
}

/// Why a vocabulary can't be used.
#[derive(Debug, Error)]
pub enum VocabularyError {
    /// The file can't be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is no TOML, or a key is missing or unknown.
    #[error("{file}: {source}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, column and cause.
        source: Box<toml::de::Error>,
    },
    /// It reads well and means nothing.
    #[error("{file}: {place}: {problem}")]
    Meaning {
        /// The file.
        file: String,
        /// Facet or class.
        place: String,
        /// What is wrong and how to mend it.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    facet: Vec<Facet>,
}

impl Vocabulary {
    /// The vocabulary that the program carries.
    pub fn shipped() -> Result<Self, VocabularyError> {
        Self::parse("models/vocabulary.toml", SHIPPED)
    }

    /// Reads and checks a file of the same form.
    pub fn load(path: &Path) -> Result<Self, VocabularyError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|source| VocabularyError::Read { file: file.clone(), source })?;
        Self::parse(&file, &text)
    }

    /// Checks `text`; errors name `file`.
    pub fn parse(file: &str, text: &str) -> Result<Self, VocabularyError> {
        let File { facet: facets } = toml::from_str(text)
            .map_err(|source| VocabularyError::Syntax { file: file.to_owned(), source: Box::new(source) })?;
        check(&facets).map_err(|(place, problem)| VocabularyError::Meaning { file: file.to_owned(), place, problem })?;
        Ok(Self { facets })
    }

    /// The facets in their order.
    pub fn facets(&self) -> impl ExactSizeIterator<Item = (FacetIndex, &Facet)> {
        self.facets.iter().enumerate().map(|(i, facet)| (FacetIndex(i), facet))
    }

    /// A facet by its index; `None` for an index of another vocabulary.
    pub fn facet(&self, index: FacetIndex) -> Option<&Facet> {
        self.facets.get(index.0)
    }

    /// A class by its indices.
    pub fn class(&self, facet: FacetIndex, class: ClassIndex) -> Option<&Class> {
        self.facet(facet)?.classes.get(class.0)
    }

    /// A facet by its id.
    pub fn find(&self, facet: &str) -> Option<(FacetIndex, &Facet)> {
        self.facets().find(|(_, f)| f.id == facet)
    }

    /// A class by its facet's id and its own.
    pub fn find_class(&self, facet: &str, class: &str) -> Option<(FacetIndex, ClassIndex)> {
        let (index, facet) = self.find(facet)?;
        Some((index, facet.find(class)?.0))
    }

    /// Every prompt in order: facet by facet, class by class. The rows of `prompts.npy`.
    pub fn prompts(&self) -> impl Iterator<Item = &str> {
        self.facets.iter().flat_map(|f| &f.classes).flat_map(|c| &c.prompts).map(String::as_str)
    }

    /// SHA-256 (hex) over facets, classes and prompts; spoken words may change without changing it.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for facet in &self.facets {
            for class in &facet.classes {
                for prompt in &class.prompts {
                    hasher.update(format!("{}\t{}\t{prompt}\n", facet.id, class.id));
                }
            }
        }
        hex(&hasher.finalize())
    }
}

impl Facet {
    /// A class by its id.
    pub fn find(&self, class: &str) -> Option<(ClassIndex, &Class)> {
        self.classes.iter().enumerate().find(|(_, c)| c.id == class).map(|(i, c)| (ClassIndex(i), c))
    }

    /// The class "none", where the facet has one.
    pub fn none(&self) -> Option<ClassIndex> {
        self.find(NONE).map(|(i, _)| i)
    }
}

/// Lower-case hexadecimal digits, as checksums are written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

type Problem = (String, &'static str);

fn check(facets: &[Facet]) -> Result<(), Problem> {
    if facets.is_empty() {
        return Err(("facet".to_owned(), "there is none: add at least one [[facet]]"));
    }
    let mut ids = HashSet::new();
    for facet in facets {
        let place = format!("facet {}", facet.id);
        if !is_id(&facet.id) {
            return Err((place, "an id is lower-case letters, digits and underscores"));
        }
        if !ids.insert(facet.id.as_str()) {
            return Err((place, "this id stands twice: rename one"));
        }
        if facet.classes.len() < 2 {
            return Err((place, "needs two classes at least: what else could it be?"));
        }
        if facet.kind == Kind::Several && facet.none().is_none() {
            return Err((place, "several classes are judged against \"none\": add a class with that id"));
        }
        let mut classes = HashSet::new();
        for class in &facet.classes {
            let place = format!("facet {}, class {}", facet.id, class.id);
            if !is_id(&class.id) {
                return Err((place, "an id is lower-case letters, digits and underscores"));
            }
            if !classes.insert(class.id.as_str()) {
                return Err((place, "this id stands twice in its facet: rename one"));
            }
            if class.prompts.is_empty() || class.prompts.iter().any(|p| p.trim().is_empty()) {
                return Err((place, "needs prompts, none of them empty"));
            }
            if class
                .kind_of
                .as_ref()
                .is_some_and(|of| facet.kind != Kind::Exclusive || *of == class.id || facet.find(of).is_none())
            {
                return Err((place, "kind_of names another class of a facet whose classes exclude each other"));
            }
        }
    }
    Ok(())
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[facet]]\nid = \"light\"\nkind = \"exclusive\"\n\
        [[facet.class]]\nid = \"day\"\nprompts = [\"by day\"]\n[[facet.class]]\nid = \"night\"\nprompts = [\"at night\"]\n";

    #[track_caller]
    fn check(text: &str, want: &str) {
        let error = Vocabulary::parse("v.toml", text).expect_err("a bad vocabulary").to_string();
        assert!(error.starts_with("v.toml: ") && error.contains(want), "{error}");
    }

    #[test]
    fn the_shipped_vocabulary_is_good() {
        let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
        assert_eq!(vocabulary.facets().len(), 8);
        assert!(vocabulary.prompts().count() > 150);
    }

    #[test]
    fn a_bad_vocabulary_is_refused_with_its_place() {
        check("", "missing field `facet`");
        check("facet = []", "there is none");
        check(&GOOD.replace("night", "day"), "facet light, class day: this id stands twice");
        check(&GOOD.replace("exclusive", "several"), "\"none\"");
        check(&GOOD.replace("exclusive", "some"), "line 3");
        check(&GOOD.replace("\"by day\"", "\" \""), "class day: needs prompts");
        check(&GOOD.replace("\"light\"", "\"The Light\""), "lower-case");
        check(&GOOD.replacen("prompts", "prompt", 1), "unknown field `prompt`");
        check(&GOOD.replace("[\"at night\"]", "[\"at night\"]\nkind_of = \"evening\""), "kind_of");
    }

    #[test]
    fn the_hash_follows_prompts_and_not_spoken_words() {
        let hash = |text: &str| Vocabulary::parse("v.toml", text).expect("a good vocabulary").hash();
        assert_eq!(hash(GOOD), hash(&GOOD.replace("[\"by day\"]", "[\"by day\"]\nsay = \"light-day\"")));
        assert_ne!(hash(GOOD), hash(&GOOD.replace("by day", "in daylight")));
    }
}
