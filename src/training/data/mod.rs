//! Photos and their captions, read from a folder of WebDataset shards.
//!
//! Owns which shard belongs to which split, what is known of each photo, and the sentences made of it. Leaves the pixels to
//! `features`.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use super::TrainingError;
use crate::{
    bundle::checksum,
    evaluation::shard::{HandLabels, Record, Shard, hand_labels},
};

mod captions;
mod facets;

pub use captions::{Caption, Captioner, Captions, mirrored};
pub use facets::{Truth, truth};
pub(in crate::training) use facets::{UNCLEAR, class_id};

/// The table of hand labels beside the shards.
pub(in crate::training) const HAND_LABELS: &str = "facets.csv";

/// Which photos a shard holds, told by the beginning of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// What the model learns from: `train-*.tar`.
    Train,
    /// What settings and calibration are chosen on: `val-*.tar`.
    Val,
    /// What is reported, once: `test-*.tar`.
    Test,
}

impl Split {
    /// The name in file names and tables.
    pub fn id(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Val => "val",
            Split::Test => "test",
        }
    }
}

/// One photo without its pixels.
#[derive(Clone, Debug)]
pub struct Photo {
    /// Its name in the shard.
    pub key: String,
    /// What source and networks say of it.
    pub record: Record,
    /// What a person says of it, where one was asked.
    pub hand: Option<HandLabels>,
}

/// The photos of one shard, in its order.
#[derive(Clone, Debug)]
pub struct PhotoShard {
    /// The tar.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub checksum: String,
    /// Its photos.
    pub photos: Vec<Photo>,
    /// Where the bytes of each lie in the tar.
    pub places: Vec<Range<usize>>,
    /// The tar's length in bytes.
    pub length: usize,
}

impl PhotoShard {
    /// `SHARD/KEY`, as messages name a photo of it.
    pub fn name(&self, photo: &Photo) -> String {
        let file = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!("{file}/{}", photo.key)
    }
}

/// The labels that at least `fewest` photos of `shards` bear.
pub fn frequent(shards: &[PhotoShard], fewest: usize) -> Vec<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for photo in shards.iter().flat_map(|shard| &shard.photos) {
        let labels = &photo.record.labels;
        let once = labels.iter().enumerate().filter(|(i, label)| labels.iter().position(|l| l == *label) == Some(*i));
        once.for_each(|(_, label)| *counts.entry(label).or_default() += 1);
    }
    counts.into_iter().filter(|(_, photos)| *photos >= fewest).map(|(label, _)| label).collect()
}

/// Reads the shards of `split` in each folder of `data`, in the order of their names, and the hand labels beside them. One folder must have such
/// shards; another may have none. A file in `data` is a table of further hand labels, for photos that have none beside them.
pub fn read(data: &[PathBuf], split: Split) -> Result<Vec<PhotoShard>, TrainingError> {
    // A row that belongs to another split says nothing here, whatever the shard holds.
    let labels = |table: &Path| {
        let mut labels = hand_labels(table)?;
        labels.retain(|_, labels| labels.split == split.id());
        Ok::<_, TrainingError>(labels)
    };
    let (mut all, mut further) = (Vec::new(), HashMap::new());
    for table in data.iter().filter(|path| path.is_file()) {
        further.extend(labels(table)?);
    }
    for dir in data.iter().filter(|path| !path.is_file()) {
        let table = dir.join(HAND_LABELS);
        let hand = if table.exists() { labels(&table)? } else { HashMap::new() };
        for path in shards(dir, split)? {
            let mut shard = read_shard(&path)?;
            let found = |key: &String| hand.get(key).or_else(|| further.get(key)).cloned();
            shard.photos.iter_mut().for_each(|photo| photo.hand = found(&photo.key));
            all.push(shard);
        }
    }
    if all.is_empty() {
        let file = data.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let problem = format!("no shard named {}-*.tar; name the folder of the shards with --data", split.id());
        return Err(TrainingError::Data { file, problem });
    }
    Ok(all)
}

/// Reads one shard, without hand labels.
pub fn read_shard(path: &Path) -> Result<PhotoShard, TrainingError> {
    let shard = Shard::read(path)?;
    let places = shard.samples.iter().map(|sample| shard.place(sample)).collect();
    let length = shard.length();
    let Shard { checksum, samples, .. } = shard;
    let photos = samples.into_iter().map(|sample| Photo { key: sample.key, record: sample.record, hand: None });
    Ok(PhotoShard { photos: photos.collect(), places, length, checksum, path: path.to_owned() })
}

/// SHA-256 of each of `shards` by the name of its file; a number tells those apart that have one name in several folders.
pub(in crate::training) fn checksums<'a>(shards: impl IntoIterator<Item = &'a PhotoShard>) -> BTreeMap<String, String> {
    numbered(shards.into_iter().map(|shard| (shard.path.as_path(), shard.checksum.clone())))
}

/// The same of each table of hand labels that [`read`] takes from `data`.
pub(in crate::training) fn tables(data: &[PathBuf]) -> Result<BTreeMap<String, String>, TrainingError> {
    let table = |path: &PathBuf| if path.is_file() { path.clone() } else { path.join(HAND_LABELS) };
    let tables: Vec<PathBuf> = data.iter().map(table).filter(|table| table.exists()).collect();
    let sum = |table: &PathBuf| {
        let failed = |source| TrainingError::File { file: table.display().to_string(), source };
        Ok::<_, TrainingError>(checksum(&fs::read(table).map_err(failed)?))
    };
    let sums = tables.iter().map(sum).collect::<Result<Vec<_>, _>>()?;
    Ok(numbered(tables.iter().map(PathBuf::as_path).zip(sums)))
}

fn numbered<'a>(sums: impl Iterator<Item = (&'a Path, String)>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (path, sum) in sums {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let free = std::iter::once(name.to_string()).chain(numbered).find(|name| !all.contains_key(name));
        all.extend(free.map(|name| (name, sum)));
    }
    all
}

/// The tars of `split` in `dir`.
fn shards(dir: &Path, split: Split) -> Result<Vec<PathBuf>, TrainingError> {
    let file = dir.display().to_string();
    let io = |source| TrainingError::File { file: file.clone(), source };
    let mut shards = Vec::new();
    for entry in fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(&format!("{}-", split.id())) && name.ends_with(".tar") {
            shards.push(path);
        }
    }
    shards.sort();
    Ok(shards)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::questions::tests::shard;

    #[test]
    fn shards_of_one_name_keep_a_checksum_each() {
        let named = |path: &str, checksum: &str| PhotoShard { path: path.into(), checksum: checksum.to_owned(), ..shard().1 };
        let shards =
            [named("a/train-0.tar", "1"), named("b/train-0.tar", "2"), named("c/train-0.tar", "3"), named("c/x.tar", "4")];
        let found = checksums(&shards);
        let want = [("train-0.tar", "1"), ("train-0.tar (2)", "2"), ("train-0.tar (3)", "3"), ("x.tar", "4")];
        assert!(found.iter().map(|(name, sum)| (name.as_str(), sum.as_str())).eq(want), "{found:?}");
    }

    /// The sentences that hand labels give photos `a` and `b` of `train`, where each table holds rows of key, split and sentence.
    #[track_caller]
    fn check(beside: &str, further: &str, want: [Option<&str>; 2]) {
        let dir = tempfile::tempdir().expect("a folder");
        let file = fs::File::create(dir.path().join("train-0.tar")).expect("a tar");
        let mut tar = tar::Builder::new(file);
        for name in ["a.jpg", "a.json", "b.jpg", "b.json"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(2);
            tar.append_data(&mut header, name, &b"{}"[..]).expect("an entry");
        }
        tar.finish().expect("a tar");
        let table = dir.path().join("further.csv");
        for (path, rows) in [(dir.path().join(HAND_LABELS), beside), (table.clone(), further)] {
            fs::write(path, format!("# by eye\nkey,split,sentence\n{rows}")).expect("a table");
        }
        let shards = read(&[dir.path().to_owned(), table], Split::Train).expect("a shard");
        let told = |photo: &Photo| photo.hand.as_ref().map(|hand| hand.sentence.clone());
        assert_eq!(shards[0].photos.iter().map(told).collect::<Vec<_>>(), want.map(|told| told.map(str::to_owned)));
    }

    #[test]
    fn a_further_table_labels_what_the_one_beside_the_shards_leaves_out() {
        check("a,train,one\n", "", [Some("one"), None]);
        check("a,train,one\n", "a,train,two\nb,train,three\n", [Some("one"), Some("three")]);
        check("a,val,one\n", "a,train,two\nb,test,three\n", [Some("two"), None]);
    }
}
