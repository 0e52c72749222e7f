//! CamVid's drives as walks: their photos in the order of their numbers, and a truth read off the maps that people drew.
//!
//! Owns the rule by which a map becomes rows; `docs/walks.md` has it in words. Leaves the pieces of a map to `ontology`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{Frames, Recorded};
use crate::{
    capture::{
        self, CaptureError, FrameSource, Next,
        maps::{NumberMap, Numbers, read_map},
    },
    evaluation::{EvaluationError, shard::Shard},
    frame::{Frame, Timestamp},
    ontology::{
        Numbering, Ontology, StreetMap, VOID,
        pieces::{self, Piece, Side},
    },
    walk::Truth,
};

/// How the keys of CamVid's photos begin.
const CAMVID: &str = "camvid-";
/// Frames a second by which CamVid numbers its frames.
const NUMBERED: f64 = 30.0;
/// Seconds without a frame after which another drive begins.
const GAP: f64 = 5.0;
/// Frames that follow sooner are left out: what was drawn 15 times a second shows the same.
const LEAST: f64 = 0.45;
/// Share of the picture that a piece must fill to count; what fills less than the second leaves people unknown.
const COUNTS: f32 = 0.0012;
const HINT: f32 = 0.0003;
/// People from whom there may be a crowd.
const MANY: usize = 5;
/// A thing that is in no frame for as long is gone.
const GONE: f64 = 1.6;

/// One drive: its frames, as they lie in the shards.
pub struct Drive {
    frames: Vec<Drawn>,
}

struct Drawn {
    at: Timestamp,
    name: String,
    photo: Vec<u8>,
    map: Vec<u8>,
}

impl Drive {
    /// Its frames from the first.
    pub fn source(self: &Arc<Self>) -> impl FrameSource + use<> {
        Source { drive: Arc::clone(self), next: 0 }
    }

    /// Each frame's moment and the map that a person drew of it, in the ontology's terms.
    fn maps(&self) -> impl Iterator<Item = Result<(Timestamp, StreetMap), EvaluationError>> {
        self.frames.iter().map(|frame| Ok((frame.at, drawn(&frame.name, &frame.map)?)))
    }
}

/// A photo with the map that a person drew of it.
pub struct Mapped {
    /// Shard and key.
    pub name: String,
    /// The photo's bytes.
    pub photo: Vec<u8>,
    /// In the ontology's terms.
    pub map: StreetMap,
}

/// CamVid's photos in the shard `tar`, whatever drive they are of.
pub fn maps(tar: &Path) -> Result<Vec<Mapped>, EvaluationError> {
    let shard = Shard::read(tar)?;
    let mapped = shard.samples.iter().filter(|sample| sample.key.starts_with(CAMVID)).filter_map(|sample| {
        let (name, map) = (format!("{}/{}", shard.file, sample.key), shard.map(sample)?);
        Some(drawn(&name, map).map(|map| Mapped { photo: shard.photo(sample).to_vec(), map, name }))
    });
    mapped.collect()
}

struct Source {
    drive: Arc<Drive>,
    next: usize,
}

impl FrameSource for Source {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        let Some(Drawn { at, name, photo, .. }) = self.drive.frames.get(self.next) else { return Ok(Next::End) };
        self.next += 1;
        (frame.at, frame.jpeg) = (*at, None);
        capture::decode(name, photo, &mut frame.picture)?;
        Ok(Next::Frame)
    }
}

/// The drives in the tars at `path`, a tar or a folder of them, of CamVid's `names` ("0001TP"). One that was left for longer than five seconds
/// goes on as another.
fn drives(path: &Path, names: &[&str]) -> Result<Vec<(String, Arc<Drive>)>, EvaluationError> {
    let mut frames: BTreeMap<(String, u64), Drawn> = BTreeMap::new();
    for tar in tars(path)? {
        let shard = Shard::read(&tar)?;
        for sample in &shard.samples {
            let Some((drive, number)) = numbered(&sample.key).filter(|(drive, _)| names.contains(drive)) else { continue };
            let Some(map) = shard.map(sample) else { continue };
            let name = format!("{}/{}", shard.file, sample.key);
            let (photo, map) = (shard.photo(sample).to_vec(), map.to_vec());
            frames.insert((drive.to_owned(), number), Drawn { at: Timestamp::default(), name, photo, map });
        }
    }
    let mut found: Vec<(String, u64, Drive)> = Vec::new();
    let mut last: Option<(String, u64)> = None;
    for ((drive, number), frame) in frames {
        let seconds = |from: u64| number.saturating_sub(from) as f64 / NUMBERED;
        let goes_on = last.as_ref().is_some_and(|(name, before)| *name == drive && seconds(*before) <= GAP);
        if goes_on && last.as_ref().is_some_and(|(_, before)| seconds(*before) < LEAST) {
            continue;
        }
        last = Some((drive.clone(), number));
        if !goes_on {
            let parts = found.iter().filter(|(name, ..)| name.split('-').next() == Some(&drive)).count();
            let name = if parts == 0 { drive } else { format!("{drive}-{}", parts + 1) };
            found.push((name, number, Drive { frames: Vec::new() }));
        }
        if let Some((_, first, drive)) = found.last_mut() {
            drive.frames.push(Drawn { at: Timestamp::from_seconds(seconds(*first)), ..frame });
        }
    }
    if found.is_empty() {
        let problem = "no frame of these drives; name a folder of shards with camvid-0001TP_NNNNNN.jpg and its map";
        return Err(EvaluationError::Empty { file: path.display().to_string(), problem });
    }
    Ok(found.into_iter().map(|(name, _, drive)| (name, Arc::new(drive))).collect())
}

/// The same as walks with their truth.
pub fn walks(path: &Path, names: &[&str]) -> Result<Vec<Recorded>, EvaluationError> {
    let ontology = Ontology::shipped()?;
    let recorded = |(name, drive): (String, Arc<Drive>)| {
        let seen = drive.maps().map(|drawn| drawn.map(|(at, map)| (at, seen(&map, &ontology))));
        let truth = rows(&seen.collect::<Result<Vec<_>, _>>()?);
        let complete = vec!["people".to_owned()];
        Ok(Recorded { name, group: "drives".to_owned(), truth, complete, frames: Frames::Drive(drive) })
    };
    drives(path, names)?.into_iter().map(recorded).collect()
}

/// The tars of a folder, or the one that was named.
fn tars(path: &Path) -> Result<Vec<PathBuf>, EvaluationError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |source| EvaluationError::File { file: path.display().to_string(), source };
    let entries = std::fs::read_dir(path).map_err(failed)?.map(|entry| entry.map(|entry| entry.path()));
    let mut tars: Vec<PathBuf> = entries.collect::<Result<_, _>>().map_err(failed)?;
    tars.retain(|tar| tar.extension().is_some_and(|extension| extension == "tar"));
    tars.sort();
    Ok(tars)
}

/// Drive and number of a key such as `camvid-0001TP_006690`.
fn numbered(key: &str) -> Option<(&str, u64)> {
    let (drive, number) = key.strip_prefix(CAMVID)?.split_once('_')?;
    Some((drive, number.parse().ok()?))
}

/// The map beside a photo, whose values are Cityscapes' train ids.
fn drawn(name: &str, png: &[u8]) -> Result<StreetMap, EvaluationError> {
    let file = format!("{name}.seg.png");
    let NumberMap { width, height, numbers } = read_map(&file, png)?;
    let Numbers::Bytes(values) = numbers else {
        return Err(EvaluationError::Empty { file, problem: "a map of train ids has 8 bits; repack the shard" });
    };
    let table = Ontology::shipped()?.numbered(Numbering::CityscapesTrain).map(|thing| thing.unwrap_or(VOID));
    let map = StreetMap::new(width, height, values).map(|map| map.renamed(&table));
    map.ok_or(EvaluationError::Empty { file, problem: "its map has no pixels; repack the shard" })
}

/// What a map shows of people and vehicles: words, and where.
fn seen(map: &StreetMap, ontology: &Ontology) -> Vec<(&'static str, &'static str)> {
    let scene = pieces::read(map, ontology, HINT);
    let name = |piece: &Piece| ontology.thing(piece.thing).map_or("", |thing| thing.name.as_str());
    let of = |wanted: &'static str| scene.pieces.iter().filter(move |piece| name(piece) == wanted);
    let side = |piece: &Piece| match piece.side {
        Side::Left => "left",
        Side::Ahead => "ahead",
        Side::Right => "right",
    };
    let mut found = vec![("street", "ahead")];
    let clear = |piece: &&Piece| piece.share >= COUNTS;
    found.extend(of("person").filter(clear).map(|piece| ("person", side(piece))));
    found.extend(of("rider").filter(clear).map(|piece| ("cyclist", side(piece))));
    found.extend(of("car").filter(clear).map(|piece| ("vehicle", side(piece))));
    let faint = of("person").chain(of("rider")).any(|piece| piece.share < COUNTS);
    if faint || of("person").count() >= MANY {
        found.push(("unclear", "ahead"));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Rows of a truth from what is seen at each moment, in order.
fn rows(seen: &[(Timestamp, Vec<(&'static str, &'static str)>)]) -> Vec<Truth> {
    let mut rows: Vec<Truth> = Vec::new();
    for (index, (at, found)) in seen.iter().enumerate() {
        // The last frame stands for as long as one does elsewhere.
        let end = seen.get(index + 1).map_or_else(|| at.after(Duration::from_secs(1)), |(next, _)| *next);
        let end = end.min(at.after(Duration::from_secs_f64(GONE)));
        for &(what, place) in found {
            let same =
                |row: &&mut Truth| row.what == what && row.place == place && at.since(row.to) < Duration::from_secs_f64(GONE);
            if let Some(row) = rows.iter_mut().rev().find(same) {
                row.to = end;
                continue;
            }
            let facet = (what == "unclear").then(|| "people".to_owned());
            let (what, place) = (what.to_owned(), place.to_owned());
            rows.push(Truth { from: *at, to: end, what, place, facet, class: None, reached: None });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_drive_and_number() {
        assert_eq!(numbered("camvid-0001TP_006690"), Some(("0001TP", 6690)));
        assert_eq!(numbered("camvid-0006R0_f00930"), None);
        assert_eq!(numbered("flickr-0001_2"), None);
    }

    #[test]
    fn what_is_seen_frame_after_frame_is_one_row() {
        let at = |seconds: f64, found: &[(&'static str, &'static str)]| (Timestamp::from_seconds(seconds), found.to_vec());
        let (person, left) = (("person", "ahead"), ("person", "left"));
        let found = rows(&[
            at(0.0, &[person]),
            at(1.0, &[person, left]),
            at(2.0, &[]),
            at(3.0, &[]),
            at(4.0, &[person, ("unclear", "ahead")]),
        ]);
        let told: Vec<_> =
            found.iter().map(|row| (row.from.seconds(), row.to.seconds(), row.place.as_str(), row.facet.as_deref())).collect();
        let want = [
            (0.0, 2.0, "ahead", None),
            (1.0, 2.0, "left", None),
            (4.0, 5.0, "ahead", None),
            (4.0, 5.0, "ahead", Some("people")),
        ];
        assert_eq!(told, want);
    }

    #[test]
    fn the_drives_at_hand_are_walks() {
        let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), PathBuf::from);
        let tar = data.join("streets/test-000.tar");
        if !tar.exists() {
            eprintln!("skipped: {} is not there", tar.display());
            return;
        }
        let found = walks(&tar, &["0001TP"]).expect("a drive");
        assert_eq!(found.iter().map(|walk| walk.name.as_str()).collect::<Vec<_>>(), ["0001TP"]);
        assert!(
            found[0].truth.iter().any(|row| row.what == "person") && found[0].truth.iter().any(|row| row.what == "vehicle")
        );
        let mut source = found[0].open(5.0).expect("frames");
        let (mut frame, mut count) = (Frame::default(), 0);
        while source.read(&mut frame).expect("a frame") == Next::Frame {
            count += 1;
        }
        assert_eq!((count, frame.picture.width()), (62, 480));
    }
}
