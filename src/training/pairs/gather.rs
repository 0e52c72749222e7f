//! From a collection of photos to a data set: looks at each once, splits by group, writes shards.
//!
//! Owns the order of work and what is kept between its steps. Leaves what is known of a photo to its [`Collection`].

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde::Serialize;

use super::{
    Collection, Manifest, PHOTOS, PhotoRow, Reason, SKIPPED, Shares, Skip,
    likeness::{Hasher, Sets, join_alike},
    manifest::{self, ShardRow},
    plain,
    shards::{self, Pair},
    split,
    spool::{self, Look, Seen, Spool},
};
use crate::{
    bundle::{ASIDE, checksum},
    capture,
    evaluation::{
        shard::{MapRecord, Origin, Record, Sentence},
        street30,
    },
    frame::Picture,
    ontology::Ontology,
    training::{TrainingError, data::Split, progress::Show},
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
}

/// What planning must know of all photos at once.
struct Row {
    hash: u64,
    split: Split,
    group: Box<str>,
}

/// Makes a data set in `out` of what `collection` lists; `command` is how the manifest tells it was made. A run that was stopped goes
/// on; one that is finished stays as it is.
pub fn gather(
    collection: &dyn Collection,
    out: &Path,
    settings: &Settings,
    command: &str,
    show: Show,
) -> Result<Manifest, TrainingError> {
    let plan = plan(collection, settings);
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
    look(collection, settings, &spool, show)?;
    let (rows, skipped, near_duplicates) = arrange(collection, settings, &spool)?;
    let parts = parts(&rows, settings.per_shard);
    write(collection, settings, &spool, &rows, &parts, out, show)?;
    let mut made = Manifest {
        made_by: concat!("streetscape-train ", env!("CARGO_PKG_VERSION")).to_owned(),
        command: command.to_owned(),
        plan,
        near_duplicates,
        ..Manifest::default()
    };
    tables(collection, settings, &rows, &parts, &skipped, out)?;
    for (name, part) in &parts {
        let tally = shards::tally(&out.join(name))?;
        for (origin, count) in tally.captions {
            *made.captions.entry(origin).or_default() += count;
        }
        for (source, count) in tally.sources {
            *made.sources.entry(source).or_default() += count;
        }
        made.shards.push(ShardRow { file: name.clone(), sha256: tally.sha256, bytes: tally.bytes, photos: part.len() });
    }
    for row in rows.iter().flatten() {
        *made.photos.entry(row.split.id().to_owned()).or_default() += 1;
    }
    for (_, skip) in &skipped {
        *made.skipped.entry(skip.reason).or_default() += 1;
    }
    made.write(out)?;
    spool.close()?;
    Ok(made)
}

/// What tells one data set from another.
fn plan(collection: &dyn Collection, settings: &Settings) -> String {
    let mut text = serde_json::to_vec(settings).unwrap_or_default();
    for entry in collection.entries() {
        text.extend(format!("\n{}\t{}\t{:?}", entry.name, entry.group, entry.split).into_bytes());
    }
    checksum(&text)
}

/// A run that was killed may leave a file aside that nobody will rename.
fn clear_asides(out: &Path) -> Result<(), TrainingError> {
    for dir in [out.to_owned(), out.join(".work")] {
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

/// Looks at every photo, a chunk at a time on all cores.
fn look(collection: &dyn Collection, settings: &Settings, spool: &Spool, show: Show) -> Result<(), TrainingError> {
    let ontology = Ontology::shipped()?;
    let total = collection.entries().len();
    let progress = show.begin("looking at photos", total, "photos");
    for chunk in 0..total.div_ceil(CHUNK) {
        let entries = chunk * CHUNK..total.min((chunk + 1) * CHUNK);
        let count = entries.len();
        if !spool.has(chunk) {
            let found = entries.into_par_iter().map_init(Eyes::default, |eyes, entry| {
                eyes.look(collection, settings, &ontology, entry).unwrap_or_else(|skip| (Look::Skipped(skip), None))
            });
            spool.keep(chunk, found.collect())?;
        }
        progress.advance(count, String::new());
    }
    progress.finish();
    Ok(())
}

/// What one core needs to look at photos.
#[derive(Default)]
struct Eyes {
    picture: Picture,
    hasher: Hasher,
}

impl Eyes {
    fn look(
        &mut self,
        collection: &dyn Collection,
        settings: &Settings,
        ontology: &Ontology,
        entry: usize,
    ) -> Result<(Look, Option<Vec<u8>>), Skip> {
        let name = &collection.entries()[entry].name;
        let bytes = collection.photo(entry)?;
        capture::decode(name, &bytes, &mut self.picture).map_err(|error| Skip::new(Reason::DamagedPhoto, error))?;
        let mut record = collection.record(entry)?;
        let (width, height) = (self.picture.width() as usize, self.picture.height() as usize);
        let map = collection.map(entry, width, height)?;
        if best_caption(&record).is_none()
            && let Some(map) = &map
        {
            record.captions.extend(plain::sentence(map, ontology));
        }
        // Drawn by a person, where the collection doesn't say who drew it.
        let origin = record.map.take().map_or_else(|| "human".to_owned(), |map| map.origin);
        let map = map.map(|map| {
            record.map = Some(MapRecord { vocabulary: "street".to_owned(), origin });
            capture::maps::write_map(name, map.width(), map.height(), map.things())
        });
        let map = map.transpose().map_err(|error| Skip::new(Reason::DamagedMask, error))?;
        if record.source.is_empty() {
            record.source.clone_from(&settings.source);
        }
        record.licence = record.licence.or_else(|| settings.licence.clone());
        if best_caption(&record).is_none() {
            return Err(Skip::new(Reason::NoCaption, "no caption, no category and no label says what it shows"));
        }
        let hash = self.hasher.hash(&self.picture);
        Ok((Look::Seen(Box::new(Seen { hash, record, map: None })), map))
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

type Arranged = (Vec<Option<Row>>, Vec<(String, Skip)>, usize);

/// Joins what belongs together and gives it a split: a row for each entry that is in, the ones left out, and the number of photos that
/// look like another.
fn arrange(collection: &dyn Collection, settings: &Settings, spool: &Spool) -> Result<Arranged, TrainingError> {
    let entries = collection.entries();
    let mut skipped: Vec<(String, Skip)> =
        collection.skipped().iter().map(|skipped| (skipped.name.clone(), skipped.skip.clone())).collect();
    let mut hashes = Vec::with_capacity(entries.len());
    for chunk in 0..entries.len().div_ceil(CHUNK) {
        for look in spool.read(chunk)? {
            match look {
                Look::Seen(seen) => hashes.push(Some(seen.hash)),
                Look::Skipped(skip) => {
                    skipped.push((entries[hashes.len()].name.to_string(), skip));
                    hashes.push(None);
                }
            }
        }
    }
    let mut sets = Sets::new(entries.len());
    join_alike(&hashes, &mut sets);
    let roots: Vec<usize> = (0..entries.len()).map(|entry| sets.find(entry)).collect();
    let mut sizes = vec![0u32; entries.len()];
    roots.iter().for_each(|root| sizes[*root] += 1);
    let near_duplicates = roots.iter().filter(|root| sizes[**root] > 1).count();

    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        sets.join(*first.entry(&entry.group).or_insert(at), at);
    }
    let mut published: BTreeMap<usize, Split> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(split) = entry.split {
            let of_set = published.entry(sets.find(at)).or_insert(split);
            *of_set = split::strictest([*of_set, split].into_iter()).unwrap_or(split);
        }
    }
    let rows = hashes.into_iter().enumerate().map(|(at, hash)| {
        let root = sets.find(at);
        let group = entries[root].group.clone();
        let split = published.get(&root).copied().unwrap_or_else(|| settings.shares.of(&group, settings.seed));
        hash.map(|hash| Row { hash, split, group })
    });
    Ok((rows.collect(), skipped, near_duplicates))
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

fn key(settings: &Settings, entry: usize) -> String {
    format!("{}-{entry:06}", settings.source)
}

/// Writes the shards that are not there yet, several at once.
fn write(
    collection: &dyn Collection,
    settings: &Settings,
    spool: &Spool,
    rows: &[Option<Row>],
    parts: &[(String, Vec<usize>)],
    out: &Path,
    show: Show,
) -> Result<(), TrainingError> {
    let progress = show.begin("writing shards", parts.iter().map(|(_, part)| part.len()).sum(), "photos");
    parts.par_iter().try_for_each(|(name, part)| -> Result<(), TrainingError> {
        let path: PathBuf = out.join(name);
        if !path.exists() {
            let mut chunk: Option<(usize, Vec<Look>)> = None;
            let pairs = part.iter().filter_map(|&entry| {
                let row = rows[entry].as_ref()?;
                let pair = pair(collection, settings, spool, row, entry, &mut chunk).transpose()?;
                progress.advance(1, String::new());
                Some(pair)
            });
            shards::write(&path, pairs)?;
        }
        Ok(())
    })?;
    progress.finish();
    Ok(())
}

/// One photo as it goes into its shard. `chunk` keeps the last chunk of the spool that was read.
fn pair(
    collection: &dyn Collection,
    settings: &Settings,
    spool: &Spool,
    row: &Row,
    entry: usize,
    chunk: &mut Option<(usize, Vec<Look>)>,
) -> Result<Option<Pair>, TrainingError> {
    let number = entry / CHUNK;
    if chunk.as_ref().is_none_or(|(read, _)| *read != number) {
        *chunk = Some((number, spool.read(number)?));
    }
    let look = chunk.as_ref().and_then(|(_, looks)| looks.get(entry % CHUNK));
    let Some(Look::Seen(seen)) = look else { return Ok(None) };
    let name = &collection.entries()[entry].name;
    let changed = |problem: String| TrainingError::Data {
        file: name.to_string(),
        problem: format!("{problem}; it changed while the data set was made: start again with another --out"),
    };
    let photo = collection.photo(entry).map_err(|skip| changed(skip.detail))?;
    let photo = if photo.starts_with(&[0xFF, 0xD8, 0xFF]) { photo } else { as_jpeg(name, &photo)? };
    let map = seen.map.map(|place| spool.map(number, place)).transpose()?;
    let mut record = seen.record.clone();
    record.split = Some(row.split.id().to_owned());
    record.group = Some(row.group.to_string());
    let text = best_caption(&record).unwrap_or_default();
    let record = serde_json::to_vec(&record).map_err(|error| spool::failed(Path::new(&**name), error.into()))?;
    Ok(Some(Pair { key: key(settings, entry), photo, text, record, map }))
}

/// Shards hold JPEG whatever the collection holds.
fn as_jpeg(name: &str, bytes: &[u8]) -> Result<Vec<u8>, TrainingError> {
    let mut picture = Picture::default();
    capture::decode(name, bytes, &mut picture)?;
    Ok(capture::jpeg::encode(&picture)?)
}

/// Writes `photos.csv` and `skipped.csv`.
fn tables(
    collection: &dyn Collection,
    settings: &Settings,
    rows: &[Option<Row>],
    parts: &[(String, Vec<usize>)],
    skipped: &[(String, Skip)],
    out: &Path,
) -> Result<(), TrainingError> {
    let photos = parts.iter().flat_map(|(shard, part)| part.iter().map(move |&entry| (shard, entry)));
    let photos = photos.filter_map(|(shard, entry)| {
        let row = rows[entry].as_ref()?;
        Some(PhotoRow {
            key: key(settings, entry),
            split: row.split.id().to_owned(),
            shard: shard.clone(),
            group: row.group.to_string(),
            hash: format!("{:016x}", row.hash),
            name: collection.entries()[entry].name.to_string(),
        })
    });
    manifest::write_table(&out.join(PHOTOS), photos)?;
    let skipped = skipped.iter().map(|(name, skip)| (name, skip.reason, &skip.detail));
    manifest::write_table(&out.join(SKIPPED), skipped)
}
