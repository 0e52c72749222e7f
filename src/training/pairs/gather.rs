//! From a collection of photos to a data set: looks at each once, splits by group, writes shards.
//!
//! Owns the order of work and what is kept between its steps. Leaves what is known of a photo to its [`Collection`].

use std::{collections::HashMap, fs, path::Path};

use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Collection, Manifest, PHOTOS, PhotoRow, Reason, SKIPPED, Shares, Skip,
    blur::blur,
    likeness::{Hasher, join_alike},
    manifest::{self, ShardRow, SkippedRow},
    segments::{Rarity, Segments},
    shards::{self, Pair},
    split,
    spool::{self, Look, Seen, Spool},
};
use crate::{
    bundle::ASIDE,
    capture::{self, jpeg},
    evaluation::{
        shard::{Origin, Record, Sentence},
        street30,
    },
    frame::Picture,
    ontology::{Sets, pieces::Scene},
    training::{TrainingError, data::Split, progress::Show},
    vocabulary::hex,
};

/// Photos that are looked at together, and lost together where a run is killed: some seconds of work.
const CHUNK: usize = 256;

/// How a data set is made. Another value of any of them is another data set.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Where the photos come from, where their collection doesn't say; keys begin with it.
    pub source: String,
    /// Under which terms, where the collection doesn't say.
    pub licence: Option<String>,
    /// How photos without a publisher's split are shared out.
    pub shares: Shares,
    /// Photos in a shard.
    pub per_shard: usize,
    /// Seed of every choice.
    pub seed: u64,
    /// Whether people and number plates are made unrecognisable.
    pub blur: bool,
}

/// What planning must know of all photos at once.
struct Row {
    hash: u64,
    split: Split,
    group: Box<str>,
}

/// Makes a data set in `out` of what `collection` lists; `command` is how the manifest tells it was made. A run that was stopped goes
/// on; one that is finished stays as it is. Photos that have a map, or get one from the networks of `segments`, are told of by method A.
pub fn gather(
    collection: &dyn Collection,
    segments: &Segments,
    out: &Path,
    settings: &Settings,
    command: &str,
    show: Show,
) -> Result<Manifest, TrainingError> {
    let plan = plan(collection, segments, settings)?;
    fs::create_dir_all(out).map_err(|source| spool::failed(out, source))?;
    if let Some(made) = Manifest::find(out)? {
        if made.plan == plan {
            show.say(&format!("{}: made before, with the same photos and settings", out.display()));
            return Ok(made);
        }
        let problem = "holds a data set that was made with other settings or of other photos; give another --out".to_owned();
        return Err(TrainingError::Data { file: out.display().to_string(), problem });
    }
    clear_asides(out)?;
    let spool = Spool::open(out, &plan)?;
    let job = Job { collection, segments, settings, spool: &spool, out, show };
    job.look()?;
    let arranged = job.arrange()?;
    let parts = parts(&arranged.rows, settings.per_shard);
    job.write(&arranged, &parts)?;
    job.tables(&arranged, &parts)?;
    let made = Manifest {
        made_by: concat!("streetscape-train ", env!("CARGO_PKG_VERSION")).to_owned(),
        command: command.to_owned(),
        plan,
        near_duplicates: arranged.near_duplicates,
        ..Manifest::default()
    };
    let made = job.count(made, &arranged, &parts)?;
    made.write(out)?;
    spool.close()?;
    Ok(made)
}

/// What tells one data set from another.
fn plan(collection: &dyn Collection, segments: &Segments, settings: &Settings) -> Result<String, TrainingError> {
    let mut digest = Sha256::new();
    digest.update(serde_json::to_vec(&(settings, segments.fingerprint()?)).unwrap_or_default());
    for entry in collection.entries() {
        digest.update(format!("\n{}\t{}\t{:?}", entry.name, entry.group, entry.split));
    }
    Ok(hex(&digest.finalize()))
}

/// A run that was killed may leave a file aside that nobody will rename.
fn clear_asides(out: &Path) -> Result<(), TrainingError> {
    for dir in [out.to_owned(), out.join(spool::FOLDER)] {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries {
            let path = entry.map_err(|source| spool::failed(&dir, source))?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(ASIDE)) {
                fs::remove_file(&path).map_err(|source| spool::failed(&path, source))?;
            }
        }
    }
    Ok(())
}

/// The shards: the name of each and the entries in it.
fn parts(rows: &[Option<Row>], per_shard: usize) -> Vec<(String, Vec<usize>)> {
    let of = |split: Split| {
        let inside = |at: &usize| rows[*at].as_ref().is_some_and(|row| row.split == split);
        let entries: Vec<usize> = (0..rows.len()).filter(inside).collect();
        let named = |(number, part): (usize, &[usize])| (format!("{}-{number:05}.tar", split.id()), part.to_vec());
        entries.chunks(per_shard.max(1)).enumerate().map(named).collect::<Vec<_>>()
    };
    [Split::Train, Split::Val, Split::Test].into_iter().flat_map(of).collect()
}

/// One run of [`gather`].
struct Job<'a> {
    collection: &'a dyn Collection,
    segments: &'a Segments,
    settings: &'a Settings,
    spool: &'a Spool,
    out: &'a Path,
    show: Show,
}

/// All photos, arranged.
struct Arranged {
    /// A row for each entry that is in.
    rows: Vec<Option<Row>>,
    skipped: Vec<(String, Skip)>,
    /// Photos that look like another.
    near_duplicates: usize,
    rarity: Rarity,
}

/// A chunk of the spool that was read.
type Chunk = Option<(usize, Vec<Look>)>;

impl Job<'_> {
    /// Looks at every photo, a chunk at a time on all cores.
    fn look(&self) -> Result<(), TrainingError> {
        let total = self.collection.entries().len();
        let progress = self.show.begin("looking at photos", total, "photos");
        for chunk in 0..total.div_ceil(CHUNK) {
            let entries = chunk * CHUNK..total.min((chunk + 1) * CHUNK);
            let count = entries.len();
            if !self.spool.has(chunk) {
                let found = entries.into_par_iter().map_init(Eyes::default, |eyes, entry| {
                    eyes.look(self, entry).unwrap_or_else(|skip| (Look::Skipped(skip), None))
                });
                self.spool.keep(chunk, found.collect())?;
            }
            progress.advance(count, String::new());
        }
        progress.finish();
        Ok(())
    }

    /// Joins what belongs together and gives it a split.
    fn arrange(&self) -> Result<Arranged, TrainingError> {
        let entries = self.collection.entries();
        let refused = self.collection.skipped().iter().map(|skipped| (skipped.name.clone(), skipped.skip.clone()));
        let mut skipped: Vec<(String, Skip)> = refused.collect();
        let mut hashes = Vec::with_capacity(entries.len());
        let mut rarity = Rarity::default();
        for chunk in 0..entries.len().div_ceil(CHUNK) {
            for look in self.spool.read(chunk)? {
                match look {
                    Look::Seen(seen) => {
                        seen.scene.iter().for_each(|scene| rarity.count(scene));
                        hashes.push(Some(seen.hash));
                    }
                    Look::Skipped(skip) => {
                        skipped.push((entries[hashes.len()].name.to_string(), skip));
                        hashes.push(None);
                    }
                }
            }
        }
        let mut sets = Sets::new(entries.len());
        join_alike(&hashes, &mut sets);
        let mut sizes = vec![0u32; entries.len()];
        (0..entries.len()).for_each(|entry| sizes[sets.find(entry)] += 1);
        let near_duplicates = (0..entries.len()).filter(|entry| sizes[sets.find(*entry)] > 1).count();

        let mut first: HashMap<&str, usize> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            sets.join(*first.entry(&entry.group).or_insert(at), at);
        }
        let mut published: HashMap<usize, Split> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if let Some(split) = entry.split {
                let of_set = published.entry(sets.find(at)).or_insert(split);
                *of_set = split::stricter(*of_set, split);
            }
        }
        let rows = hashes.into_iter().enumerate().map(|(at, hash)| {
            let root = sets.find(at);
            let group = entries[root].group.clone();
            let shared = || self.settings.shares.of(&group, self.settings.seed);
            let split = published.get(&root).copied().unwrap_or_else(shared);
            hash.map(|hash| Row { hash, split, group })
        });
        Ok(Arranged { rows: rows.collect(), skipped, near_duplicates, rarity })
    }

    fn key(&self, entry: usize) -> String {
        // A point would end the key, a slash would make it a folder's.
        let source = self.settings.source.replace(|letter: char| !letter.is_alphanumeric() && letter != '_', "-");
        format!("{source}-{entry:06}")
    }

    /// Writes the shards that are not there yet, several at once.
    fn write(&self, arranged: &Arranged, parts: &[(String, Vec<usize>)]) -> Result<(), TrainingError> {
        let total = parts.iter().map(|(_, part)| part.len()).sum();
        let progress = self.show.begin("writing shards", total, "photos");
        parts.par_iter().try_for_each(|(name, part)| -> Result<(), TrainingError> {
            let path = self.out.join(name);
            if path.exists() {
                progress.advance(part.len(), String::new());
                return Ok(());
            }
            let mut chunk: Chunk = None;
            let pairs = part.iter().filter_map(|&entry| {
                let pair = self.pair(arranged, entry, &mut chunk).transpose();
                progress.advance(1, String::new());
                pair
            });
            shards::write(&path, pairs)
        })?;
        progress.finish();
        Ok(())
    }

    /// One photo as it goes into its shard.
    fn pair(&self, arranged: &Arranged, entry: usize, chunk: &mut Chunk) -> Result<Option<Pair>, TrainingError> {
        let number = entry / CHUNK;
        if chunk.as_ref().is_none_or(|(read, _)| *read != number) {
            *chunk = Some((number, self.spool.read(number)?));
        }
        let look = chunk.as_ref().and_then(|(_, looks)| looks.get(entry % CHUNK));
        let (Some(Look::Seen(seen)), Some(row)) = (look, &arranged.rows[entry]) else { return Ok(None) };
        let (key, name) = (self.key(entry), &self.collection.entries()[entry].name);
        let photo = self.collection.photo(entry).map_err(|skip| TrainingError::Data {
            file: name.to_string(),
            problem: format!("{}; it was there a moment ago: start again with another --out", skip.detail),
        })?;
        let photo = if jpeg::is_jpeg(&photo) { photo } else { as_jpeg(name, &photo)? };
        let map = seen.map.map(|place| self.spool.map(number, place)).transpose()?;
        let photo =
            if self.settings.blur { blur(name, photo, map.as_deref(), &seen.record, self.segments.ontology())? } else { photo };
        let mut record = seen.record.clone();
        record.split = Some(row.split.id().to_owned());
        record.group = Some(row.group.to_string());
        if let Some(scene) = &seen.scene {
            self.segments.tell(&mut record, scene, &arranged.rarity, self.settings.seed, &key);
        }
        let text = best_caption(&record).unwrap_or_default();
        let record = serde_json::to_vec(&record).map_err(|error| spool::failed(Path::new(&**name), error.into()))?;
        Ok(Some(Pair { key, photo, text, record, map }))
    }

    /// Writes `photos.csv` and `skipped.csv`.
    fn tables(&self, arranged: &Arranged, parts: &[(String, Vec<usize>)]) -> Result<(), TrainingError> {
        let photos = parts.iter().flat_map(|(shard, part)| part.iter().map(move |&entry| (shard, entry)));
        let photos = photos.filter_map(|(shard, entry)| {
            let row = arranged.rows[entry].as_ref()?;
            Some(PhotoRow {
                key: self.key(entry),
                split: row.split.id().to_owned(),
                shard: shard.clone(),
                group: row.group.to_string(),
                hash: format!("{:016x}", row.hash),
                name: self.collection.entries()[entry].name.to_string(),
            })
        });
        manifest::write_table(&self.out.join(PHOTOS), photos)?;
        let skipped =
            arranged.skipped.iter().map(|(name, skip)| SkippedRow { name, reason: skip.reason, detail: &skip.detail });
        manifest::write_table(&self.out.join(SKIPPED), skipped)
    }

    /// The manifest with what is in the shards.
    fn count(
        &self,
        mut made: Manifest,
        arranged: &Arranged,
        parts: &[(String, Vec<usize>)],
    ) -> Result<Manifest, TrainingError> {
        let tallies: Result<Vec<_>, _> = parts.par_iter().map(|(name, _)| shards::tally(&self.out.join(name))).collect();
        for ((name, part), tally) in parts.iter().zip(tallies?) {
            for (origin, count) in tally.captions {
                *made.captions.entry(origin).or_default() += count;
            }
            for (source, count) in tally.sources {
                *made.sources.entry(source).or_default() += count;
            }
            made.shards.push(ShardRow { file: name.clone(), sha256: tally.sha256, bytes: tally.bytes, photos: part.len() });
        }
        for row in arranged.rows.iter().flatten() {
            *made.photos.entry(row.split.id().to_owned()).or_default() += 1;
        }
        for (_, skip) in &arranged.skipped {
            *made.skipped.entry(skip.reason).or_default() += 1;
        }
        Ok(made)
    }
}

/// What one core needs to look at photos.
#[derive(Default)]
struct Eyes {
    picture: Picture,
    hasher: Hasher,
}

impl Eyes {
    fn look(&mut self, job: &Job, entry: usize) -> Result<(Look, Option<Vec<u8>>), Skip> {
        let Job { collection, segments, settings, .. } = job;
        let name = &collection.entries()[entry].name;
        let bytes = collection.photo(entry)?;
        capture::decode(name, &bytes, &mut self.picture).map_err(|error| Skip::new(Reason::DamagedPhoto, error))?;
        let mut record = collection.record(entry)?;
        if record.source.is_empty() {
            record.source.clone_from(&settings.source);
        }
        record.licence = record.licence.or_else(|| settings.licence.clone());

        let map = collection.map(entry, self.picture.width() as usize, self.picture.height() as usize)?;
        let looked = segments.look(&self.picture, &mut record, map);
        let (map, scene) = looked.map_err(|error| Skip::new(Reason::NetworkFailed, error))?;
        let map = map.map(|map| capture::maps::write_map(name, map.width(), map.height(), map.things()));
        let map = map.transpose().map_err(|error| Skip::new(Reason::DamagedMask, error))?;
        let is_silent = |scene: &Scene| segments.sentences(scene, &Rarity::default(), settings.seed, name).is_empty();
        if best_caption(&record).is_none() && scene.as_ref().is_none_or(is_silent) {
            return Err(Skip::new(
                Reason::NoCaption,
                "no caption, no category and no label says what it shows, nor any map for certain",
            ));
        }
        let hash = self.hasher.hash(&self.picture);
        Ok((Look::Seen(Box::new(Seen { hash, record, scene, map: None })), map))
    }
}

/// The sentence that goes into `KEY.txt`: a person's before one that was made, a category's name before a bare label.
fn best_caption(record: &Record) -> Option<String> {
    let order = |sentence: &&Sentence| match sentence.origin() {
        Origin::Human => 0,
        Origin::Prompt => 1,
        Origin::Segments => 2,
        Origin::Scene => 3,
        Origin::Category => 4,
    };
    let told = record.captions.iter().filter(|sentence| !sentence.text().trim().is_empty()).min_by_key(order);
    told.map(|sentence| sentence.text().trim().to_owned())
        .or_else(|| record.category.as_deref().map(street30::caption))
        .or_else(|| (!record.labels.is_empty()).then(|| format!("A photo of {}", record.labels.join(", "))))
}

/// Shards hold JPEG whatever the collection holds.
fn as_jpeg(name: &str, bytes: &[u8]) -> Result<Vec<u8>, TrainingError> {
    let mut picture = Picture::default();
    capture::decode(name, bytes, &mut picture)?;
    Ok(jpeg::encode(&picture)?)
}
