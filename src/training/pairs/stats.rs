//! A data set in figures: classes, captions, sources, balance, and whether those who label one photo agree.
//!
//! Owns counting. Reads any folder of shards, a photo at a time. Leaves tables for people to the command.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
};

use rayon::prelude::*;
use serde::Serialize;

use super::{Collection, Reason, import::WebDataset, segments::Segments};
use crate::{
    evaluation::shard::{Origin, Record},
    training::{TrainingError, progress::Show},
};

/// What is in a data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Photos with a readable record.
    pub photos: usize,
    /// What photos are kept together by.
    pub groups: usize,
    /// Photos that have a map.
    pub maps: usize,
    /// Photos of each split; "none" where it has none.
    pub splits: BTreeMap<String, usize>,
    /// Photos of each source.
    pub sources: BTreeMap<String, usize>,
    /// Photos of each category.
    pub categories: BTreeMap<String, usize>,
    /// Captions of each origin.
    pub captions: BTreeMap<Origin, Captions>,
    /// Photos that nobody says anything of in words.
    pub without_caption: usize,
    /// What is known of each facet.
    pub facets: BTreeMap<String, Facet>,
    /// For each facet, how often what was read off the map agrees with what another says of the photo.
    pub agreement: BTreeMap<String, BTreeMap<Origin, Agreement>>,
    /// What can't be read, by reason.
    pub damaged: BTreeMap<Reason, usize>,
}

/// Captions of one origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Captions {
    /// How many there are.
    pub count: usize,
    /// Photos that have one at least.
    pub photos: usize,
    /// Different ones.
    pub different: usize,
    /// Words in the shortest.
    pub shortest: usize,
    /// Words in the middle one by length.
    pub median: usize,
    /// Words in the longest.
    pub longest: usize,
    /// How many have so many words.
    pub lengths: BTreeMap<usize, usize>,
    #[serde(skip)]
    seen: HashSet<u64>,
}

/// What is known of one facet.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Facet {
    /// Photos of which it is known.
    pub photos: usize,
    /// Photos of each class, by who says so.
    pub classes: BTreeMap<String, BTreeMap<Origin, usize>>,
    /// How evenly the classes are spread: the entropy of their shares over that of equal ones; 1 where all are equal, 0 where there
    /// is one.
    pub balance: f64,
}

/// Two who label the same photos.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Photos that both label.
    pub photos: usize,
    /// Of these, photos with a class that both name.
    pub agreed: usize,
}

/// Counts what is in the shards of `dir`.
pub fn stats(dir: &Path, segments: &Segments, show: Show) -> Result<Stats, TrainingError> {
    let shards = WebDataset::open(dir)?;
    let total = shards.entries().len();
    let progress = show.begin("counting", total, "photos");
    let count = |mut stats: Stats, entry: usize| {
        stats.count(&shards, entry, segments);
        progress.advance(1, String::new());
        stats
    };
    let mut stats = (0..total).into_par_iter().fold(Stats::default, count).reduce(Stats::default, Stats::with);
    progress.finish();
    for skipped in shards.skipped() {
        *stats.damaged.entry(skipped.skip.reason).or_default() += 1;
    }
    stats.groups = shards.entries().iter().map(|entry| &entry.group).collect::<HashSet<_>>().len();
    stats.captions.values_mut().for_each(Captions::finish);
    stats.facets.values_mut().for_each(Facet::finish);
    Ok(stats)
}

impl Stats {
    fn count(&mut self, shards: &WebDataset, entry: usize, segments: &Segments) {
        let record = match shards.record(entry) {
            Ok(record) => record,
            Err(skip) => return *self.damaged.entry(skip.reason).or_default() += 1,
        };
        self.photos += 1;
        let split = shards.entries()[entry].split.map_or("none", |split| split.id());
        *self.splits.entry(split.to_owned()).or_default() += 1;
        *self.sources.entry(record.source.clone()).or_default() += 1;
        record.category.iter().for_each(|category| *self.categories.entry(category.clone()).or_default() += 1);
        self.count_captions(&record);
        for (facet, known) in &record.facets {
            let of_facet = self.facets.entry(facet.clone()).or_default();
            of_facet.photos += 1;
            for class in &known.labels {
                let origins = of_facet.classes.entry(class.clone()).or_default();
                *origins.entry(known.origin.unwrap_or(Origin::Human)).or_default() += 1;
            }
        }
        if let Some(map) = &record.map {
            self.maps += 1;
            let drawn = map.origin != "segmenter";
            if let Err(reason) = self.compare(shards, entry, &record, drawn, segments) {
                *self.damaged.entry(reason).or_default() += 1;
            }
        }
    }

    fn count_captions(&mut self, record: &Record) {
        self.without_caption += usize::from(record.captions.is_empty());
        let mut origins = BTreeSet::new();
        for caption in &record.captions {
            let of_origin = self.captions.entry(caption.origin()).or_default();
            of_origin.photos += usize::from(origins.insert(caption.origin()));
            of_origin.count += 1;
            *of_origin.lengths.entry(caption.text().split_whitespace().count()).or_default() += 1;
            of_origin.seen.insert(hash(caption.text()));
        }
    }

    /// Reads labels off the map where somebody else says something of the same facets.
    fn compare(
        &mut self,
        shards: &WebDataset,
        entry: usize,
        record: &Record,
        drawn: bool,
        segments: &Segments,
    ) -> Result<(), Reason> {
        let others = record.facets.iter().filter(|(_, known)| known.origin != Some(Origin::Segments));
        let others: Vec<_> = others.collect();
        if others.is_empty() {
            return Ok(());
        }
        let Some(map) = shards.map_as_it_is(entry).map_err(|skip| skip.reason)? else { return Ok(()) };
        let read = segments.labels(&segments.scene(&map, drawn, None));
        for (facet, known) in others {
            if let Some(labels) = read.get(facet) {
                let origin = known.origin.unwrap_or(Origin::Human);
                let pair = self.agreement.entry(facet.clone()).or_default().entry(origin).or_default();
                pair.photos += 1;
                pair.agreed += usize::from(labels.labels.iter().any(|class| known.labels.contains(class)));
            }
        }
        Ok(())
    }

    /// What two parts of a data set are together.
    fn with(mut self, other: Self) -> Self {
        self.photos += other.photos;
        self.maps += other.maps;
        self.without_caption += other.without_caption;
        add(&mut self.splits, other.splits);
        add(&mut self.sources, other.sources);
        add(&mut self.categories, other.categories);
        add(&mut self.damaged, other.damaged);
        for (origin, captions) in other.captions {
            let own = self.captions.entry(origin).or_default();
            own.count += captions.count;
            own.photos += captions.photos;
            add(&mut own.lengths, captions.lengths);
            own.seen.extend(captions.seen);
        }
        for (facet, known) in other.facets {
            let own = self.facets.entry(facet).or_default();
            own.photos += known.photos;
            known.classes.into_iter().for_each(|(class, origins)| add(own.classes.entry(class).or_default(), origins));
        }
        for (facet, pairs) in other.agreement {
            let own = self.agreement.entry(facet).or_default();
            for (origin, pair) in pairs {
                let own = own.entry(origin).or_default();
                own.photos += pair.photos;
                own.agreed += pair.agreed;
            }
        }
        self
    }
}

fn add<K: Ord>(own: &mut BTreeMap<K, usize>, other: BTreeMap<K, usize>) {
    other.into_iter().for_each(|(key, count)| *own.entry(key).or_default() += count);
}

/// Different sentences are counted by this; that two of a million share it is one chance in ten million.
fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Captions {
    fn finish(&mut self) {
        self.different = self.seen.len();
        self.shortest = self.lengths.keys().next().copied().unwrap_or_default();
        self.longest = self.lengths.keys().next_back().copied().unwrap_or_default();
        let mut below = 0;
        let reaches = |(words, count): (&usize, &usize)| {
            below += count;
            (below * 2 >= self.count).then_some(*words)
        };
        self.median = self.lengths.iter().find_map(reaches).unwrap_or_default();
    }
}

impl Facet {
    fn finish(&mut self) {
        let counts: Vec<f64> = self.classes.values().map(|origins| origins.values().sum::<usize>() as f64).collect();
        let whole: f64 = counts.iter().sum();
        let entropy: f64 = counts.iter().map(|count| count / whole).map(|share| -share * share.ln()).sum();
        self.balance = if counts.len() > 1 { entropy / (counts.len() as f64).ln() } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_classes_are_balanced_and_one_class_is_not() {
        for (counts, want) in [(vec![5, 5, 5], 1.0), (vec![7], 0.0), (vec![], 0.0), (vec![3, 1], 0.8113)] {
            let class = |(number, count): (usize, &usize)| (number.to_string(), BTreeMap::from([(Origin::Human, *count)]));
            let mut facet = Facet { classes: counts.iter().enumerate().map(class).collect(), ..Facet::default() };
            facet.finish();
            assert!((facet.balance - want).abs() < 1e-4, "{counts:?}: {}", facet.balance);
        }
    }

    #[test]
    fn half_of_the_captions_are_no_longer_than_the_median() {
        for (lengths, want) in
            [(vec![(4, 1), (9, 1), (20, 1)], (4, 9, 20)), (vec![(5, 10), (6, 1)], (5, 5, 6)), (vec![], (0, 0, 0))]
        {
            let count = lengths.iter().map(|(_, count)| count).sum();
            let mut captions = Captions { count, lengths: lengths.into_iter().collect(), ..Captions::default() };
            captions.finish();
            assert_eq!((captions.shortest, captions.median, captions.longest), want);
        }
    }
}
