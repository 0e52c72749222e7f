//! What `gather` promises of any collection: what belongs together stays together, the same photos give the same bytes, and memory does
//! not grow with their number.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::HashMap, fs, path::Path};

use streetscape::{
    capture::jpeg,
    evaluation::shard::{Record, Sentence},
    frame::Picture,
    ontology::StreetMap,
    training::{
        data::Split,
        pairs::{Collection, Entry, Manifest, Reason, Settings, Shares, Skip, Skipped, gather, segments::Segments},
        progress::Show,
    },
};

/// Pictures made up by number; what `alike` says of two numbers decides whether they look the same.
struct MadeUp {
    entries: Vec<Entry>,
    look: fn(usize) -> usize,
    side: u32,
}

impl MadeUp {
    fn new(count: usize, group: fn(usize) -> String, split: fn(usize) -> Option<Split>, look: fn(usize) -> usize) -> Self {
        let entry = |k| Entry { name: format!("{k:07}.jpg").into(), group: group(k).into(), split: split(k) };
        Self { entries: (0..count).map(entry).collect(), look, side: 64 }
    }
}

impl Collection for MadeUp {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn skipped(&self) -> &[Skipped] {
        &[]
    }

    fn photo(&self, entry: usize) -> Result<Vec<u8>, Skip> {
        if entry % 100 == 99 {
            return Err(Skip::new(Reason::MissingPhoto, "every hundredth is missing"));
        }
        // Noise of eight by eight squares that depends on the look alone.
        let look = (self.look)(entry) as u64;
        let square = |x: u32, y: u32| {
            let mixed = (look * 64 + u64::from(x + 8 * y) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8
        };
        let at = |k: u32| square(k % self.side * 8 / self.side, k / self.side * 8 / self.side);
        let rgb = (0..self.side * self.side).flat_map(|k| [at(k); 3]).collect();
        let picture = Picture::new(self.side, self.side, rgb).expect("a picture");
        jpeg::encode(&picture).map_err(|error| Skip::new(Reason::DamagedPhoto, error))
    }

    fn record(&self, entry: usize) -> Result<Record, Skip> {
        Ok(Record { captions: vec![Sentence::Plain(format!("photo {entry}"))], ..Record::default() })
    }

    fn map(&self, _entry: usize, _width: usize, _height: usize) -> Result<Option<StreetMap>, Skip> {
        Ok(None)
    }
}

fn make(collection: &MadeUp, out: &Path, per_shard: usize) -> Manifest {
    let segments = Segments::shipped().expect("the tables");
    let settings = Settings { source: "made".to_owned(), licence: None, shares: Shares::default(), per_shard, seed: 1 };
    gather(collection, &segments, out, &settings, "test", Show::Nothing).expect("a data set")
}

/// The split of each photo that is in, by its number.
fn splits(out: &Path) -> HashMap<usize, String> {
    let mut table = csv::Reader::from_path(out.join("photos.csv")).expect("a table");
    let rows = table.deserialize::<HashMap<String, String>>().map(|row| row.expect("a row"));
    rows.map(|row| (row["name"][..7].parse().expect("a number"), row["split"].clone())).collect()
}

#[test]
fn what_belongs_together_is_in_one_split() {
    let out = tempfile::tempdir().expect("a folder");
    // Drives of ten; photo 3 of each hundred looks like photo 50, which is of another drive.
    let collection =
        MadeUp::new(600, |k| format!("drive {}", k / 10), |_| None, |k| if k % 100 == 50 { k / 100 * 100 + 3 } else { k });
    let made = make(&collection, out.path(), 100);
    assert_eq!(made.skipped[&Reason::MissingPhoto], 6);
    assert!(made.near_duplicates >= 12, "{}", made.near_duplicates);
    let splits = splits(out.path());
    assert_eq!(splits.len(), 594);
    for (photo, split) in &splits {
        assert_eq!(split, &splits[&(photo / 10 * 10)], "photo {photo} left its drive");
        if photo % 100 == 3 {
            assert_eq!(split, &splits[&(photo / 100 * 100 + 50)], "photo {photo} left its likeness");
        }
    }
    assert!(["train", "val", "test"].iter().all(|split| made.photos.contains_key(*split)), "{:?}", made.photos);
}

#[test]
fn what_publishers_test_on_is_never_trained_on() {
    let out = tempfile::tempdir().expect("a folder");
    let split = |k| Some(if k % 7 == 0 { Split::Test } else { Split::Train });
    let collection = MadeUp::new(70, |k| format!("drive {}", k / 14), split, |k| k);
    make(&collection, out.path(), 100);
    assert!(splits(out.path()).values().all(|split| split == "test"), "each drive has a test photo");
}

#[test]
fn the_same_photos_give_the_same_bytes_and_others_are_refused() {
    let collection = MadeUp::new(120, |k| k.to_string(), |_| None, |k| k);
    let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (first, second) = (make(&collection, one.path(), 20), make(&collection, two.path(), 20));
    assert_eq!(first, second);
    for shard in &first.shards {
        let read = |dir: &Path| fs::read(dir.join(&shard.file)).expect("a shard");
        assert!(read(one.path()) == read(two.path()), "{}", shard.file);
    }
    assert!(!one.path().join(".work").exists());
    assert_eq!(make(&collection, one.path(), 20), first, "a finished set stays as it is");

    let other = MadeUp::new(121, |k| k.to_string(), |_| None, |k| k);
    let settings = Settings { source: "made".to_owned(), licence: None, shares: Shares::default(), per_shard: 20, seed: 1 };
    let segments = Segments::shipped().expect("the tables");
    let error = gather(&other, &segments, one.path(), &settings, "test", Show::Nothing).expect_err("another set").to_string();
    assert!(error.contains("--out"), "{error}");
}

/// Peak memory of this process in bytes.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") * 1024
}

#[test]
#[ignore = "a million photos: some minutes and 4 GB of disk; run it alone, in release"]
#[cfg(target_os = "linux")]
fn a_million_photos_fit_in_500_mb() {
    let out = tempfile::tempdir_in(".").expect("a folder");
    let collection = MadeUp { side: 8, ..MadeUp::new(1_000_000, |k| format!("drive {}", k / 20), |_| None, |k| k) };
    let made = make(&collection, out.path(), 10_000);
    println!("{:?}, {:.0} MB", made.photos, peak() as f64 / 1e6);
    assert!(peak() < 500_000_000);
}
