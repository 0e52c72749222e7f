//! Is the network right? Intersection over union against maps that a person drew.

use std::path::{Path, PathBuf};

use super::{
    classes::{self, Drawn},
    scenes,
};
use crate::{
    capture::{
        self,
        maps::{NumberMap, Numbers, read_map},
    },
    encoder::{Device, Runtime, Segmenter, SessionOptions, Spinning},
    evaluation::{Overlap, shard::Shard},
    frame::Picture,
    ontology::{Numbering, Ontology, VOID},
    training::{TrainingError, progress::Show},
};

/// What the network is worth.
pub struct Verdict {
    /// With its classes as they are.
    pub plain: Overlap,
    /// With those made one that CamVid doesn't tell apart, in maps and answers alike.
    pub wide: Overlap,
}

/// Compares what the segmenter at `model` says with the maps that a person drew in `shards`, pixel by pixel at the maps' size. What the
/// maps leave void doesn't count.
pub fn judge(model: &Path, shards: &[PathBuf], show: Show) -> Result<Verdict, TrainingError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let options = SessionOptions { device: Device::Cpu, threads, spinning: Spinning::Off };
    let mut segmenter = Segmenter::open(Runtime::load(None)?, model, &options)?;
    let ontology = Ontology::shipped()?;
    let named = |id: usize| ontology.thing(id as u8).map(|thing| thing.name.clone()).unwrap_or_default();
    let names: Vec<String> = (0..=u8::MAX).map(usize::from).map(named).collect();
    let things = ontology.numbered(Numbering::CityscapesTrain).map(|thing| thing.unwrap_or(VOID));
    let merged = merged(&things);
    let mut verdict = Verdict { plain: Overlap::new(names.clone()), wide: Overlap::new(names) };
    for path in shards {
        let shard = Shard::read(path)?;
        let judged: Vec<_> = shard.samples.iter().filter(|sample| scenes::drawn(sample) == Some(Drawn::ByHand)).collect();
        let progress = show.begin("judged", judged.len(), "photos");
        for sample in judged {
            let name = format!("{}/{}", shard.file, sample.key);
            let Some(map) = shard.map(sample) else { continue };
            let file = format!("{name}.seg.png");
            let NumberMap { width, height, numbers: Numbers::Bytes(truth) } = read_map(&file, map)? else {
                return Err(TrainingError::Data {
                    file,
                    problem: "a map of train ids has 8 bits; repack the shard".to_owned(),
                });
            };
            let mut picture = Picture::default();
            capture::decode(&name, shard.photo(sample), &mut picture)?;
            let answer = segmenter.segment(&picture, width, height)?;
            for (&truth, &answer) in truth.iter().zip(answer.things()) {
                let truth = things[usize::from(truth)];
                if truth != VOID {
                    verdict.plain.count(truth.into(), answer.into());
                    verdict.wide.count(merged[usize::from(truth)].into(), merged[usize::from(answer)].into());
                }
            }
            progress.advance(1, String::new());
        }
        progress.finish();
    }
    if verdict.plain.pixels() == 0 {
        let file = shards.iter().map(|shard| shard.display().to_string()).collect::<Vec<_>>().join(", ");
        let problem = "no map that a person drew (\"segmentation\": \"ground truth\" in KEY.json); name shards that hold some";
        return Err(TrainingError::Data { file, problem: problem.to_owned() });
    }
    Ok(verdict)
}

/// For each thing the one that stands for it and for those that CamVid doesn't tell from it.
fn merged(things: &[u8; 256]) -> [u8; 256] {
    let mut merged: [u8; 256] = std::array::from_fn(|id| id as u8);
    for class in 0..classes::COUNT {
        for narrow in classes::meant(Drawn::ByHand, class) {
            if narrow != class {
                merged[usize::from(things[narrow])] = things[class];
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A little below what the card says of `val`, since CPUs round differently.
    const PLAIN_FLOOR: f64 = 0.56;
    const WIDE_FLOOR: f64 = 0.58;

    #[test]
    fn what_camvid_does_not_tell_apart_becomes_one() {
        let ontology = Ontology::shipped().expect("the ontology");
        let merged = merged(&ontology.numbered(Numbering::CityscapesTrain).map(|thing| thing.unwrap_or(VOID)));
        let id = |name: &str| ontology.find(name).expect("a thing").id;
        for (from, to) in [("bus", "car"), ("car", "car"), ("bicycle", "rider"), ("wall", "building"), ("sky", "sky")] {
            assert_eq!(merged[usize::from(id(from))], id(to), "{from}");
        }
    }

    #[test]
    fn the_shipped_segmenter_knows_the_streets_that_it_was_chosen_by() {
        let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), PathBuf::from);
        let shard = data.join("streets/val-000.tar");
        if !shard.exists() {
            eprintln!("skipped: {} is not there", shard.display());
            return;
        }
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/segmenter").join(crate::encoder::SEGMENTER);
        let verdict = judge(&model, &[shard], Show::Nothing).expect("a verdict");
        let (plain, wide) = (verdict.plain.mean_iou(), verdict.wide.mean_iou());
        assert!(plain >= PLAIN_FLOOR && wide >= WIDE_FLOOR, "{plain} plain, {wide} wide");
    }
}
