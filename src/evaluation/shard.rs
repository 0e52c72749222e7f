//! Photos with what is known of them, in WebDataset shards: `KEY.jpg` and `KEY.json` in a tar.
//!
//! Owns the reading of both and of the table of hand labels. Leaves decoding the photo to `capture`.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::Read,
    ops::Range,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::EvaluationError;
use crate::bundle::checksum;

/// One tar, read whole.
pub struct Shard {
    /// The file, as messages name it.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub checksum: String,
    /// Its photos, in its order.
    pub samples: Vec<Sample>,
    bytes: Vec<u8>,
}

/// One photo and what is known of it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The photo's name in the shard, without its ending.
    pub key: String,
    /// What is known of it.
    pub record: Record,
    photo: Range<usize>,
    map: Option<Range<usize>>,
}

/// `KEY.json`. What it says in keys that are not named here is kept as it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Where the photo comes from.
    pub source: String,
    /// Under which terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The split it belongs to: train, val or test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// What it may not be parted from: a drive, a scene, a prompt, and its near-duplicates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its Street-30 category.
    pub category: Option<String>,
    /// Sentences, best first.
    pub captions: Vec<Sentence>,
    /// What the source says is there; an absent label says nothing.
    pub labels: Vec<String>,
    /// What is known of a facet as a whole: a class that is not named is not there.
    pub facets: BTreeMap<String, FacetLabels>,
    /// The map beside the photo, `KEY.seg.png`; where this is absent, a map is one of Cityscapes' train ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<MapRecord>,
    /// Where it is: label, left, top, width, height in shares of the photo.
    pub boxes: Vec<(String, f32, f32, f32, f32)>,
    /// A scene network's five best names with probability.
    pub places365: Vec<(String, f32)>,
    /// A detector's findings.
    pub objects: Vec<Object>,
    /// Everything else.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// The classes of one facet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FacetLabels {
    /// Their ids.
    pub labels: Vec<String>,
    /// Who says so: human, segments, prompt or scene.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// How sure it is, in [0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f32>,
}

/// What the map beside a photo is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRecord {
    /// Whose numbers it holds: `street` for the project's own ontology.
    pub vocabulary: String,
    /// Who drew it: human, segmenter or scene.
    pub origin: String,
}

/// Who a caption or a label comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person wrote it.
    Human,
    /// It was read off a map of what stands where.
    Segments,
    /// The picture was made after it.
    Prompt,
    /// It was read off the scene that the picture was rendered from.
    Scene,
    /// It names the photo's category.
    Category,
}

/// A caption, with or without its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sentence {
    /// The words alone.
    Plain(String),
    /// The words and where they come from.
    Told {
        /// The words.
        text: String,
        /// Who says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        /// What it states, as data.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        facts: Vec<serde_json::Value>,
    },
}

impl Sentence {
    /// The words.
    pub fn text(&self) -> &str {
        match self {
            Sentence::Plain(text) | Sentence::Told { text, .. } => text,
        }
    }

    /// Who says so; a plain sentence is a person's.
    pub fn origin(&self) -> Origin {
        match self {
            Sentence::Plain(_) | Sentence::Told { origin: None, .. } => Origin::Human,
            Sentence::Told { origin: Some(origin), .. } => *origin,
        }
    }
}

/// One finding of a detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// COCO's name for it.
    pub label: String,
    /// The detector's confidence, in [0, 1].
    pub score: f32,
    /// Left, top, width, height in shares of the photo.
    #[serde(default)]
    pub r#box: [f32; 4],
}

impl Shard {
    /// Reads the tar at `path`. A photo without a record has an empty one.
    pub fn read(path: &Path) -> Result<Self, EvaluationError> {
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|source| EvaluationError::File { file: file.clone(), source })?;
        let cut = |source| EvaluationError::Tar { file: file.clone(), source };
        let mut photos: Vec<(String, Range<usize>)> = Vec::new();
        let mut records: HashMap<String, Record> = HashMap::new();
        let mut maps: HashMap<String, Range<usize>> = HashMap::new();
        let mut archive = tar::Archive::new(&bytes[..]);
        for entry in archive.entries().map_err(cut)? {
            let mut entry = entry.map_err(cut)?;
            let name = entry.path().map_err(cut)?.display().to_string();
            let Some((key, ending)) = split(&name) else { continue };
            let start = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
            let place = start..start.saturating_add(usize::try_from(entry.size()).unwrap_or(usize::MAX));
            match ending {
                "jpg" | "jpeg" | "png" | "webp" => photos.push((key.to_owned(), place)),
                "seg.png" => drop(maps.insert(key.to_owned(), place)),
                "json" => {
                    let mut text = Vec::new();
                    entry.read_to_end(&mut text).map_err(cut)?;
                    let record = serde_json::from_slice(&text).map_err(|source| EvaluationError::Record {
                        file: file.clone(),
                        entry: name.clone(),
                        source,
                    })?;
                    records.insert(key.to_owned(), record);
                }
                _ => {}
            }
        }
        let samples = photos
            .into_iter()
            .map(|(key, photo)| Sample { record: records.remove(&key).unwrap_or_default(), map: maps.remove(&key), key, photo })
            .collect();
        Ok(Self { file, checksum: checksum(&bytes), samples, bytes })
    }

    /// The file's length in bytes.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Where the bytes of a photo of this shard lie in its file.
    pub fn place(&self, sample: &Sample) -> Range<usize> {
        sample.photo.clone()
    }

    /// The bytes of a photo of this shard, as the camera or the source gave them.
    pub fn photo(&self, sample: &Sample) -> &[u8] {
        self.bytes.get(sample.photo.clone()).unwrap_or_default()
    }

    /// The bytes of the map beside a photo of this shard, `KEY.seg.png`, where there is one.
    pub fn map(&self, sample: &Sample) -> Option<&[u8]> {
        self.bytes.get(sample.map.clone()?)
    }
}

/// WebDataset's rule: the key ends at the first point of the file's name. `KEY.seg.png` is no photo.
fn split(name: &str) -> Option<(&str, &str)> {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    let point = base + name.get(base..)?.find('.')?;
    Some((name.get(..point)?, name.get(point + 1..)?))
}

/// A photo's row in the table of hand labels: its key, the classes of each facet, one sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandLabels {
    /// The split it belongs to: train, val or test.
    pub split: String,
    /// Classes by facet, as written; "unclear" where nobody could tell.
    pub facets: HashMap<String, Vec<String>>,
    /// What a companion would say.
    pub sentence: String,
}

/// Reads `facets.csv`: `key,split`, a column for each facet (several classes joined by `;`), `sentence`; a line that begins with `#` says nothing.
/// By key.
pub fn hand_labels(path: &Path) -> Result<HashMap<String, HandLabels>, EvaluationError> {
    let table = |source| EvaluationError::Table { file: path.display().to_string(), source };
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).map_err(table)?;
    let header = reader.headers().map_err(table)?.clone();
    let mut labels = HashMap::new();
    for row in reader.records() {
        let row = row.map_err(table)?;
        let (mut key, mut found) = (String::new(), HandLabels::default());
        for (column, value) in header.iter().zip(&row) {
            match column {
                "key" => key = value.to_owned(),
                "split" => found.split = value.to_owned(),
                "sentence" => found.sentence = value.to_owned(),
                facet => {
                    let classes = value.split(';').map(|class| class.trim().to_owned()).collect();
                    found.facets.insert(facet.to_owned(), classes);
                }
            }
        }
        labels.insert(key, found);
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar(entries: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let mut builder = tar::Builder::new(file.reopen().expect("the file"));
        for (name, bytes) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *bytes).expect("an entry");
        }
        builder.finish().expect("a tar");
        file
    }

    #[test]
    fn a_photo_finds_its_record_by_key() {
        let json =
            br#"{"source":"flickr","category":"bus","captions":["a bus",{"text":"the bus","origin":"segments"}],"new":1}"#;
        let file = tar(&[("a.jpg", b"AA"), ("a.seg.png", b"map"), ("a.json", json), ("dir/b.jpg", b"BBB")]);
        let shard = Shard::read(file.path()).expect("a shard");
        let keys: Vec<_> = shard.samples.iter().map(|s| s.key.as_str()).collect();
        assert_eq!(keys, ["a", "dir/b"]);
        assert_eq!(shard.photo(&shard.samples[0]), b"AA");
        assert_eq!(shard.photo(&shard.samples[1]), b"BBB");
        assert_eq!((shard.map(&shard.samples[0]), shard.map(&shard.samples[1])), (Some(&b"map"[..]), None));
        let record = &shard.samples[0].record;
        assert_eq!(record.category.as_deref(), Some("bus"));
        assert_eq!(record.captions.iter().map(Sentence::text).collect::<Vec<_>>(), ["a bus", "the bus"]);
        assert_eq!(shard.samples[1].record, Record::default());
    }

    #[test]
    fn a_bad_record_names_shard_and_entry() {
        let file = tar(&[("a.jpg", b"AA"), ("a.json", b"{\"labels\":3}")]);
        let error = Shard::read(file.path()).err().expect("a bad record").to_string();
        assert!(error.contains("a.json") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn hand_labels_are_split_at_semicolons() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), "# by eye\nkey,split,place,surface,sentence\nx,val,street,asphalt;grass,\"A, b.\"\n")
            .expect("written");
        let labels = hand_labels(file.path()).expect("a table");
        assert_eq!(labels["x"].facets["surface"], ["asphalt", "grass"]);
        assert_eq!((labels["x"].split.as_str(), labels["x"].sentence.as_str()), ("val", "A, b."));
    }
}
