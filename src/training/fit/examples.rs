//! Photos with their captions, as a run knows them: where their bytes lie, what is true of them, how often they come.
//!
//! Owns what is left out of a data set and why. Leaves the drawing of batches to `batches`, captions to `data`.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::PathBuf,
};

use super::settings::Sampling;
use crate::{
    capture,
    frame::Picture,
    training::{
        TrainingError,
        data::{Captioner, Captions, Photo, PhotoShard},
    },
};

/// One photo that can be learned from.
#[derive(Clone, Debug)]
pub struct Example {
    /// `SHARD/KEY`, as messages name it.
    pub name: String,
    /// Its Street-30 category.
    pub category: Option<String>,
    /// What may be said of it.
    pub captions: Captions,
    /// What is known of its facets, as a number that photos of equal labels share; none where nothing is known.
    pub labels: Option<u32>,
    /// How often it comes in an epoch, in the mean.
    pub repeats: f64,
    /// Which batches it comes in, of those that are for photos of one source alone; none where it comes in all others.
    pub apart: Option<usize>,
    shard: PathBuf,
    place: Range<usize>,
}

/// The photos of a split.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// Those that have captions.
    pub all: Vec<Example>,
    /// How many have none.
    pub untold: usize,
}

impl Examples {
    /// Those of `shards`; a shard whose end is missing is refused.
    pub fn new(shards: &[PhotoShard], captioner: &Captioner, sampling: &Sampling) -> Result<Self, TrainingError> {
        Self::told(shards, sampling, |photo| captioner.captions(photo))
    }

    /// The same with what `tell` says of each photo.
    pub fn told(shards: &[PhotoShard], sampling: &Sampling, tell: impl Fn(&Photo) -> Captions) -> Result<Self, TrainingError> {
        let mut known: HashMap<Vec<String>, u32> = HashMap::new();
        let (mut examples, mut traits) = (Self::default(), Vec::new());
        for shard in shards {
            for (photo, place) in shard.photos.iter().zip(&shard.places) {
                if place.end > shard.length {
                    let problem = format!("it ends within {}; fetch or make it again", photo.key);
                    return Err(TrainingError::Data { file: shard.path.display().to_string(), problem });
                }
                let captions = tell(photo);
                if captions.is_empty() {
                    examples.untold += 1;
                    continue;
                }
                let (labels, next) = (labels(photo), known.len() as u32);
                let number = (!labels.is_empty()).then(|| *known.entry(labels.clone()).or_insert(next));
                traits.push((photo.record.source.clone(), labels));
                let (name, place, shard) = (shard.name(photo), place.clone(), shard.path.clone());
                let category = photo.record.category.clone();
                let apart = sampling.apart.iter().position(|source| *source == photo.record.source);
                examples.all.push(Example { name, category, captions, labels: number, repeats: 1.0, apart, shard, place });
            }
        }
        let repeats = repeats(&traits, sampling);
        examples.all.iter_mut().zip(repeats).for_each(|(example, repeats)| example.repeats = repeats);
        Ok(examples)
    }
}

impl Example {
    /// Reads and decodes the photo.
    pub fn picture(&self) -> Result<Picture, TrainingError> {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.shard)?;
            file.seek(SeekFrom::Start(self.place.start as u64))?;
            let mut bytes = vec![0; self.place.len()];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|source| TrainingError::File { file: self.shard.display().to_string(), source })?;
        let mut picture = Picture::default();
        capture::decode(&self.name, &bytes, &mut picture)?;
        Ok(picture)
    }
}

/// Every class of every facet of which something is known, `facet/class`, in a fixed order. Hand labels come first.
fn labels(photo: &Photo) -> Vec<String> {
    let mut known: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (facet, labels) in &photo.record.facets {
        known.insert(facet, labels.labels.iter().map(String::as_str).collect());
    }
    for (facet, labels) in photo.hand.iter().flat_map(|hand| &hand.facets) {
        known.insert(facet, labels.iter().map(String::as_str).collect());
    }
    let mut all: Vec<String> = known
        .into_iter()
        .flat_map(|(facet, classes)| {
            classes.into_iter().filter(|class| !class.is_empty()).map(move |class| format!("{facet}/{class}"))
        })
        .collect();
    all.sort();
    all
}

/// How often each photo comes: as often as its rarest trait asks, `sqrt(share / its share)` and once at least.
fn repeats(traits: &[(String, Vec<String>)], sampling: &Sampling) -> Vec<f64> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (source, classes) in traits {
        *counts.entry(source).or_default() += 1;
        classes.iter().for_each(|class| *counts.entry(class).or_default() += 1);
    }
    let total = traits.len() as f64;
    let of = |name: &str, share: f64| {
        let count = counts.get(name).copied().unwrap_or(1) as f64;
        (share * total / count).sqrt().max(1.0)
    };
    let photo = |(source, classes): &(String, Vec<String>)| {
        classes.iter().map(|class| of(class, sampling.class)).fold(of(source, sampling.source), f64::max)
    };
    traits.iter().map(photo).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::data::{self, Caption};

    fn sampling(source: f64, class: f64) -> Sampling {
        Sampling { source, class, apart: Vec::new() }
    }

    #[track_caller]
    fn check(source: f64, class: f64, want: [f64; 4]) {
        let photo = |source: &str, class: &str| (source.to_owned(), vec![class.to_owned()]);
        let traits = [photo("a", "x"), photo("a", "x"), photo("a", "y"), photo("b", "x")];
        assert_eq!(repeats(&traits, &sampling(source, class)), want);
    }

    #[test]
    fn what_is_rare_comes_more_often_by_the_root_of_its_rarity() {
        check(0.0, 0.0, [1.0; 4]);
        check(1.0, 0.0, [(4.0_f64 / 3.0).sqrt(), (4.0_f64 / 3.0).sqrt(), (4.0_f64 / 3.0).sqrt(), 2.0]);
        check(0.0, 0.5, [1.0, 1.0, 2.0_f64.sqrt(), 1.0]);
    }

    /// A shard of two photos, cut behind so many bytes; what is said of it?
    fn cut(whole: &[u8], length: usize) -> Result<usize, TrainingError> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("train-0.tar");
        std::fs::write(&path, &whole[..length]).expect("written");
        let told = |photo: &Photo| Captions::one(Caption { text: photo.key.clone(), meaning: photo.key.clone() });
        Ok(Examples::told(&[data::read_shard(&path)?], &sampling(0.0, 0.0), told)?.all.len())
    }

    #[test]
    fn a_shard_that_is_cut_is_refused_wherever_that_was() {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in
            [("a.jpg", &[7; 700][..]), ("a.json", b"{\"source\":\"test\"}"), ("b.jpg", &[8; 300]), ("b.json", b"{}")]
        {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, name, bytes).expect("an entry");
        }
        let whole = builder.into_inner().expect("a tar");
        // The last 1024 bytes are its end and hold nothing; before the first of them is the last record's padding.
        assert_eq!(cut(&whole, whole.len()).expect("whole"), 2);
        for length in (1..whole.len() - 1024 - 512).step_by(50).filter(|length| length % 512 != 0) {
            let error = cut(&whole, length).expect_err("cut").to_string();
            let mends = ["fetch or make it again", "repack the shard"];
            assert!(error.contains("train-0.tar: ") && mends.iter().any(|mend| error.contains(mend)), "{length}: {error}");
        }
    }
}
