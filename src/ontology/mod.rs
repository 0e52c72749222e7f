//! What a map of a street tells apart, and how the vocabularies of published maps lead there.
//!
//! Owns `models/ontology.toml`, the map of a photo in its terms and the pieces that a map falls into. Leaves reading files to `capture` and
//! `training`, saying what stands in a map to `training`.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use thiserror::Error;

mod map;
pub mod pieces;
mod sets;

pub use map::{StreetMap, stretches};
pub use sets::Sets;

/// The shipped ontology, part of the program.
const SHIPPED: &str = include_str!("../../models/ontology.toml");

/// The value of pixels of which nothing is known.
pub const VOID: u8 = 0;

/// What a thing is to a walker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing is known.
    Void,
    /// One may stand on it.
    Ground,
    /// It bounds the way.
    Structure,
    /// It stands on or beside the way.
    Object,
    /// Plants and hills.
    Nature,
    /// The sky.
    Sky,
    /// Somebody.
    Person,
    /// A bird, a dog, a cow.
    Animal,
    /// It moves or is parked.
    Vehicle,
}

/// One thing that a map can show.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thing {
    /// Its value in a map.
    pub id: u8,
    /// Its name in files, `snake_case`.
    pub name: String,
    /// What it is to a walker.
    pub kind: Kind,
    /// How a sentence names one, without article; empty for void.
    #[serde(default)]
    pub noun: String,
    /// How a sentence names several; empty where it is not counted.
    #[serde(default)]
    pub nouns: String,
    /// Whether `noun` takes "are".
    #[serde(default)]
    pub plural: bool,
    /// Whether it takes no article.
    #[serde(default)]
    pub mass: bool,
}

impl Thing {
    /// Whether a sentence may count it.
    pub fn is_counted(&self) -> bool {
        !self.nouns.is_empty()
    }

    /// One of it, with its article where it takes one.
    pub fn one(&self) -> String {
        let article = if self.noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        if self.mass || self.plural { self.noun.clone() } else { format!("{article} {}", self.noun) }
    }
}

/// A published vocabulary whose maps hold numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// This ontology's own ids.
    Street,
    /// Cityscapes' `labelIds`.
    Cityscapes,
    /// Cityscapes' train ids.
    CityscapesTrain,
    /// CamVid as SegNet numbers it.
    CamVidSegNet,
}

/// The things, and the tables that lead to them.
#[derive(Clone, Debug)]
pub struct Ontology {
    things: BTreeMap<u8, Thing>,
    ids: HashMap<String, u8>,
    file: Tables,
}

/// A value of a published vocabulary to the id of its thing.
type Table = HashMap<String, u8>;

#[derive(Clone, Debug)]
struct Tables {
    vistas: Table,
    camvid: Table,
    cityscapes: Table,
    cityscapes_train: Table,
    camvid_segnet: Table,
    coco: Table,
}

/// Why an ontology can't be used.
#[derive(Debug, Error)]
pub enum OntologyError {
    /// It is no TOML, or a key is missing or unknown.
    #[error("models/ontology.toml: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// It reads well and contradicts itself.
    #[error("models/ontology.toml: {place}: {problem}")]
    Meaning {
        /// Table and entry.
        place: String,
        /// What is wrong and how to mend it.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    thing: Vec<Thing>,
    vistas: HashMap<String, String>,
    camvid: HashMap<String, String>,
    cityscapes: HashMap<String, String>,
    cityscapes_train: HashMap<String, String>,
    camvid_segnet: HashMap<String, String>,
    coco: HashMap<String, String>,
}

impl Ontology {
    /// The ontology that the program carries.
    pub fn shipped() -> Result<Self, OntologyError> {
        Self::parse(SHIPPED)
    }

    fn parse(text: &str) -> Result<Self, OntologyError> {
        let file: File = toml::from_str(text).map_err(Box::new)?;
        let (mut things, mut ids) = (BTreeMap::new(), HashMap::new());
        for thing in file.thing {
            let twice = ids.insert(thing.name.clone(), thing.id).is_some() || things.contains_key(&thing.id);
            if twice {
                let place = format!("thing {}", thing.name);
                return Err(OntologyError::Meaning { place, problem: "its id or its name is there twice: give it another" });
            }
            things.insert(thing.id, thing);
        }
        let table = |name: &str, table: HashMap<String, String>| -> Result<Table, OntologyError> {
            let rows = table.into_iter().map(|(code, thing)| match ids.get(&thing) {
                Some(&id) => Ok((code, id)),
                None => Err(OntologyError::Meaning {
                    place: format!("{name}, {code}"),
                    problem: "it leads to no thing: name one of the list `thing`",
                }),
            });
            rows.collect()
        };
        let tables = Tables {
            vistas: table("vistas", file.vistas)?,
            camvid: table("camvid", file.camvid)?,
            cityscapes: table("cityscapes", file.cityscapes)?,
            cityscapes_train: table("cityscapes_train", file.cityscapes_train)?,
            camvid_segnet: table("camvid_segnet", file.camvid_segnet)?,
            coco: table("coco", file.coco)?,
        };
        Ok(Self { things, ids, file: tables })
    }

    /// All things, by rising id.
    pub fn things(&self) -> impl Iterator<Item = &Thing> {
        self.things.values()
    }

    /// A thing by its value in a map.
    pub fn thing(&self, id: u8) -> Option<&Thing> {
        self.things.get(&id)
    }

    /// A thing by its name.
    pub fn find(&self, name: &str) -> Option<&Thing> {
        self.thing(*self.ids.get(name)?)
    }

    /// The thing of a Mapillary Vistas label by its `name` in `config*.json`, of version 1.2 or 2.0.
    pub fn vistas(&self, name: &str) -> Option<u8> {
        self.file.vistas.get(name).copied()
    }

    /// The thing that a detector means by one of COCO's labels; `None` where it says nothing to a walker.
    pub fn coco(&self, label: &str) -> Option<u8> {
        self.file.coco.get(label).copied()
    }

    /// The thing of one of CamVid's 32 colours.
    pub fn camvid(&self, [red, green, blue]: [u8; 3]) -> Option<u8> {
        self.file.camvid.get(&format!("{red:02x}{green:02x}{blue:02x}")).copied()
    }

    /// For each value of a map in `numbering` the thing it stands for; `None` where the vocabulary has no such value.
    pub fn numbered(&self, numbering: Numbering) -> [Option<u8>; 256] {
        let table = match numbering {
            Numbering::Street => return std::array::from_fn(|value| self.thing(value as u8).map(|thing| thing.id)),
            Numbering::Cityscapes => &self.file.cityscapes,
            Numbering::CityscapesTrain => &self.file.cityscapes_train,
            Numbering::CamVidSegNet => &self.file.camvid_segnet,
        };
        std::array::from_fn(|value| table.get(&value.to_string()).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_every_published_vocabulary_leads_to_a_thing() {
        let ontology = Ontology::shipped().expect("the shipped ontology");
        let Tables { vistas, camvid, cityscapes, cityscapes_train, camvid_segnet, coco } = &ontology.file;
        // Vistas 1.2 names 66 labels and 2.0 names 124, of which 61 are the same.
        let sizes = [vistas, camvid, cityscapes, cityscapes_train, camvid_segnet, coco].map(|table| table.len());
        assert_eq!(sizes, [129, 32, 34, 20, 12, 26]);
        for numbering in [Numbering::Cityscapes, Numbering::CityscapesTrain, Numbering::CamVidSegNet] {
            let table = ontology.numbered(numbering);
            let count = table.iter().flatten().inspect(|id| assert!(ontology.thing(**id).is_some())).count();
            assert_eq!(count, [34, 20, 12][numbering as usize - 1], "{numbering:?}");
        }
    }

    #[test]
    fn a_thing_that_can_be_named_has_a_noun() {
        let ontology = Ontology::shipped().expect("the shipped ontology");
        for thing in ontology.things() {
            assert_eq!(thing.noun.is_empty(), thing.kind == Kind::Void, "{}", thing.name);
        }
        assert_eq!(ontology.thing(VOID).map(|thing| thing.kind), Some(Kind::Void));
    }

    #[track_caller]
    fn check(from: &str, to: &str, want: &str) {
        let error = Ontology::parse(&SHIPPED.replacen(from, to, 1)).expect_err("a damaged ontology").to_string();
        assert!(error.contains(want), "{error}");
    }

    #[test]
    fn a_table_that_leads_nowhere_is_refused_by_name() {
        check("\"408040\" = \"animal\"", "\"408040\" = \"beast\"", "camvid, 408040");
        check("id = 1, name = \"road\"", "id = 2, name = \"road\"", "thing sidewalk");
        check("[vistas]", "[vista]", "vista");
    }
}
