//! WebDataset shards: this project's own, open_clip's, and whatever else keeps `KEY.jpg` beside `KEY.txt` and `KEY.json` in tars.
//!
//! Owns what each ending says of a photo, and the table of hand labels beside the shards. What `KEY.json` says in unknown keys stays.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use index::Sample;
use rayon::prelude::*;
use serde_json::Value;

use super::{
    MaskFormat, files,
    masks::Legend,
    tars::{self, Span},
};
use crate::{
    evaluation::shard::{FacetLabels, HandLabels, MapRecord, Origin, Record, Sentence, hand_labels},
    ontology::StreetMap,
    training::{
        TrainingError,
        data::{HAND_LABELS, UNCLEAR, class_id},
        pairs::{Collection, Entry, Reason, Skip, Skipped},
    },
};

mod index;

/// Photos in tars, with all that stands beside them.
pub struct WebDataset {
    tars: Vec<PathBuf>,
    samples: Vec<Sample>,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    /// By key.
    hand: HashMap<String, HandLabels>,
    legends: Vec<(&'static str, Legend)>,
}

impl WebDataset {
    /// Whether `root` is a tar, or a folder with tars in it.
    pub fn is_at(root: &Path) -> bool {
        let is_tar = |path: &Path| path.file_name().is_some_and(|name| tars::is_tar(&name.to_string_lossy()));
        let mut inside = root.read_dir().into_iter().flatten().flatten();
        is_tar(root) || inside.any(|entry| is_tar(&entry.path()))
    }

    /// The shards in the folder `root` and the folders in it, or the one shard `root`; photos in the order of the shards' names, and in
    /// each as they lie.
    pub fn open(root: &Path) -> Result<Self, TrainingError> {
        let (dir, names) = if root.is_dir() {
            (root, files::walk(root, tars::is_tar)?)
        } else {
            let name = root.file_name().map(|name| name.to_string_lossy().into()).unwrap_or_default();
            (root.parent().unwrap_or(Path::new("")), vec![name])
        };
        let tars: Vec<PathBuf> = names.iter().map(|name| dir.join(&**name)).collect();
        if tars.is_empty() || !tars.iter().all(|tar| tar.is_file()) {
            return Err(files::wrong(root, "no shard there; name a tar, or a folder of tars".to_owned()));
        }
        let table = dir.join(HAND_LABELS);
        let hand = if table.is_file() { hand_labels(&table)? } else { HashMap::new() };
        let legend = |(name, format): (&'static str, MaskFormat)| Ok((name, Legend::find(format, dir)?));
        // Vistas' labels have no meaning without the config, and shards have none.
        let legends = MaskFormat::ALL.into_iter().filter(|(_, format)| *format != MaskFormat::Vistas).map(legend);
        let legends = legends.collect::<Result<_, TrainingError>>()?;
        let read: Vec<_> =
            tars.par_iter().zip(&names).enumerate().map(|(at, (tar, name))| index::read(at, tar, name)).collect();
        let mut all = Self { tars, samples: Vec::new(), entries: Vec::new(), skipped: Vec::new(), hand, legends };
        for (listed, skipped) in read {
            let (entries, samples): (Vec<_>, Vec<_>) = listed.into_iter().unzip();
            all.entries.extend(entries);
            all.samples.extend(samples);
            all.skipped.extend(skipped);
        }
        Ok(all)
    }

    fn read(&self, entry: usize, span: Span, damaged: Reason) -> Result<Vec<u8>, Skip> {
        let failed = |error| Skip::new(damaged, format!("{}: {error}", self.entries[entry].name));
        span.read(&self.tars[self.samples[entry].tar as usize]).map_err(failed)
    }

    fn text(&self, entry: usize, span: Span) -> Result<String, Skip> {
        let bytes = self.read(entry, span, Reason::BadRecord)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// `KEY.json`, and whether it has captions of its own.
    fn json(&self, entry: usize, span: Span) -> Result<(Record, bool), Skip> {
        let bad = |problem: String| Skip::new(Reason::BadRecord, format!("{}.json: {problem}", self.entries[entry].name));
        let bytes = self.read(entry, span, Reason::BadRecord)?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        let told = value.as_object().ok_or_else(|| bad("no JSON object".to_owned()))?.contains_key("captions");
        Ok((serde_json::from_value(value).map_err(|error| bad(error.to_string()))?, told))
    }
}

impl Collection for WebDataset {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn photo(&self, entry: usize) -> Result<Vec<u8>, Skip> {
        self.read(entry, self.samples[entry].photo, Reason::DamagedPhoto)
    }

    fn record(&self, entry: usize) -> Result<Record, Skip> {
        let sample = &self.samples[entry];
        let (mut record, told) = sample.json.map(|span| self.json(entry, span)).transpose()?.unwrap_or_default();
        // Where a record has captions, the text beside it is one of them, or was made of a category.
        if !told {
            let text = sample.text.map(|span| self.text(entry, span)).transpose()?;
            // img2dataset keeps the caption in the record too.
            let text = text.or_else(|| record.more.get("caption").and_then(Value::as_str).map(str::to_owned));
            record.captions.extend(text.filter(|text| !text.is_empty()).map(|text| human(&text)));
        }
        if let Some(class) = sample.class.map(|span| self.text(entry, span)).transpose()? {
            match class.parse::<i64>() {
                // A number means nothing without the list that it was counted in.
                Ok(number) => drop(record.more.insert("cls".to_owned(), number.into())),
                Err(_) => record.category = record.category.or(Some(class)),
            }
        }
        let name = &self.entries[entry].name;
        if let Some(hand) = index::key(name).and_then(|key| self.hand.get(key)) {
            // A row of another split says nothing here, as in training.
            if self.entries[entry].split.is_none_or(|split| split.id() == hand.split) {
                add_hand_labels(&mut record, hand);
            }
        }
        if sample.map.is_some() && record.map.is_none() {
            let by_model = record.more.get("segmentation").is_some_and(|origin| origin == "model");
            let origin = if by_model { "segmenter" } else { "human" };
            record.map = Some(MapRecord { vocabulary: "cityscapes-train".to_owned(), origin: origin.to_owned() });
        }
        Ok(record)
    }

    fn map(&self, entry: usize, width: usize, height: usize) -> Result<Option<StreetMap>, Skip> {
        let name = &self.entries[entry].name;
        let Some(told) = self.record(entry)?.map else { return Ok(None) };
        let Some(span) = self.samples[entry].map else {
            return Err(Skip::new(
                Reason::MissingMask,
                format!("{name}: its record speaks of a map, and no .seg.png is there"),
            ));
        };
        let Some((_, legend)) = self.legends.iter().find(|(name, _)| *name == told.vocabulary) else {
            let problem = format!("{name}.json: a map of the vocabulary {:?} can't be read", told.vocabulary);
            return Err(Skip::new(Reason::BadRecord, problem));
        };
        let bytes = self.read(entry, span, Reason::DamagedMask)?;
        legend.read_halved(&format!("{name}.seg.png"), &bytes, width, height).map(Some)
    }
}

/// A sentence that a person wrote.
fn human(text: &str) -> Sentence {
    Sentence::Told { text: text.to_owned(), origin: Some(Origin::Human), facts: Vec::new() }
}

/// What a person saw counts before what the source says.
fn add_hand_labels(record: &mut Record, hand: &HandLabels) {
    for (facet, written) in &hand.facets {
        let clear = written.iter().filter(|class| !class.is_empty() && *class != UNCLEAR);
        let labels: Vec<String> = clear.map(|class| class_id(class)).collect();
        if !labels.is_empty() {
            record.facets.insert(facet.clone(), FacetLabels { labels, origin: Some(Origin::Human), p: None });
        }
    }
    if !hand.sentence.is_empty() && record.captions.iter().all(|known| known.text() != hand.sentence) {
        record.captions.insert(0, human(&hand.sentence));
    }
}
