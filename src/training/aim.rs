//! Learns how the camera is held from photos that were taken as they should be: turned, or of which only sky or ground is kept.
//!
//! Owns the pictures that are made of a photo and the regression on their embeddings. Leaves using what was learned to `ranking`.

use std::path::{Path, PathBuf};

use super::{
    TrainingError,
    data::{self, PhotoShard, Split},
    features::Features,
    progress::Show,
};
use crate::{
    bundle::{AIM, Bundle, HELD},
    capture,
    embedding::Embedding,
    encoder::{EncoderOptions, Eyes, ImageEncoder, OnnxImageEncoder, Runtime, SessionOptions},
    evaluation::shard::Shard,
    frame::Picture,
    observation::View,
    ontology::{Kind, Ontology, StreetMap},
    ranking::{Aim, Held},
};

/// The ways of [`HELD`], by their places.
const UPRIGHT: usize = 0;
const ON_SIDE: usize = 1;
const SKY: usize = 2;
const GROUND: usize = 3;

/// Pixels of the short side below which a photo shows too little.
const SMALLEST: u32 = 150;
/// Shares of a photo's height that are tried for a picture of sky, and of ground.
const SKIES: [f64; 3] = [0.35, 0.5, 0.65];
const GROUNDS: [f64; 3] = [0.5, 0.4, 0.3];
/// Share of such a part that must be sky, or ground. Above a roof there may be trees; on the ground there is nothing else.
const ENOUGH_SKY: f64 = 0.65;
const ENOUGH_GROUND: f64 = 0.92;
/// Steps of gradient descent, their size and momentum: after them the cost of this small problem no longer moves.
const STEPS: usize = 400;
const STEP: f32 = 2.0;
const MOMENTUM: f32 = 0.9;
/// Weight of the penalty on the weights' squares: of 0.01 to 1, the one after which most of 600 photos were told right.
const PENALTY: f32 = 0.1;
/// The probability from which a picture of `val` counts as held so.
const SURE: f32 = 0.7;

/// How well one way is told on pictures made of `val`.
pub struct Told {
    /// The way's name.
    pub held: &'static str,
    /// Pictures that were held so.
    pub pictures: usize,
    /// Share of them that is told as it is, with a probability of at least 0.7.
    pub found: f64,
    /// Share of the upright ones that is taken for it.
    pub mistaken: f64,
}

/// An embedding and how its picture was held.
type Example = (Embedding, usize);

/// Teaches the bundle in `dir`, with every `step`th photo of `data`, and seals it. Sky and ground are found by the shipped segmenter.
pub fn learn(dir: &Path, data: &[PathBuf], step: usize, show: Show) -> Result<Vec<Told>, TrainingError> {
    let bundle = Bundle::open(dir)?;
    let examples = |split, step| examples(&bundle, &data::read(data, split)?, step, show);
    let (train, val) = (examples(Split::Train, step)?, examples(Split::Val, step.div_ceil(2))?);
    let (rows, bias) = fit(&train, bundle.manifest.embedding);
    Features::new(bundle.manifest.embedding, rows.concat()).write(&dir.join(AIM))?;
    let mut manifest = bundle.manifest.clone();
    manifest.aim = Some(bias);
    manifest.seal(dir)?;
    let Some(aim) = Aim::new(rows, bias) else { return Ok(Vec::new()) };
    let held: Vec<(Held, usize)> = val.iter().map(|(embedding, way)| (aim.held(embedding), *way)).collect();
    let share = |of: usize, way: usize| {
        let all = held.iter().filter(|(_, truth)| *truth == of);
        all.clone().filter(|(p, _)| p[way] >= SURE).count() as f64 / all.count().max(1) as f64
    };
    let told = |(way, name): (usize, &&'static str)| Told {
        held: name,
        pictures: held.iter().filter(|(_, truth)| *truth == way).count(),
        found: share(way, way),
        mistaken: if way == UPRIGHT { 0.0 } else { share(UPRIGHT, way) },
    };
    Ok(HELD.iter().enumerate().map(told).collect())
}

/// Each photo as it is, on one side and the other in turn, and the parts of it that show sky or ground alone.
fn examples(bundle: &Bundle, shards: &[PhotoShard], step: usize, show: Show) -> Result<Vec<Example>, TrainingError> {
    let runtime = Runtime::load(None)?;
    let tower = OnnxImageEncoder::open(runtime, bundle, &EncoderOptions::default())?;
    let mut eyes = Eyes::open(Box::new(tower), runtime, &SessionOptions::default());
    let ontology = Ontology::shipped()?;
    let total = shards.iter().map(|shard| shard.photos.len().div_ceil(step)).sum();
    let progress = show.begin("holding the camera in four ways", total, "photos");
    let (mut all, mut picture, mut out) = (Vec::new(), Picture::default(), Vec::new());
    for photos in shards {
        let shard = Shard::read(&photos.path)?;
        for (number, sample) in shard.samples.iter().enumerate().step_by(step) {
            progress.advance(1, String::new());
            if let Err(error) = capture::decode(&format!("{}/{}", shard.file, sample.key), shard.photo(sample), &mut picture) {
                tracing::warn!("{error}; the photo is left out");
                continue;
            }
            if picture.width().min(picture.height()) < SMALLEST {
                continue;
            }
            let mut held = vec![(picture.clone(), UPRIGHT), (turned(&picture, (number / step).is_multiple_of(2)), ON_SIDE)];
            if let Some(map) = eyes.map(&picture) {
                let share = |kind, from, to| share(&map, &ontology, kind, from, to);
                let sky = SKIES.into_iter().find(|s| share(Kind::Sky, 0.0, *s) >= ENOUGH_SKY);
                let ground = GROUNDS.into_iter().find(|s| share(Kind::Ground, 1.0 - s, 1.0) >= ENOUGH_GROUND);
                held.extend(sky.and_then(|s| Some((part(&picture, 0.0, s)?, SKY))));
                held.extend(ground.and_then(|s| Some((part(&picture, 1.0 - s, 1.0)?, GROUND))));
            }
            for (picture, way) in held {
                eyes.encode(&picture, &[View::Full], &mut out)?;
                all.extend(out.drain(..).map(|embedding| (embedding, way)));
            }
        }
    }
    progress.finish();
    Ok(all)
}

/// The share of `kind` between two shares of the map's height.
fn share(map: &StreetMap, ontology: &Ontology, kind: Kind, from: f64, to: f64) -> f64 {
    let row = |share: f64| (share * map.height() as f64).round() as usize * map.width();
    let things = map.things().get(row(from)..row(to)).unwrap_or_default();
    let of_kind = things.iter().filter(|id| ontology.thing(**id).is_some_and(|thing| thing.kind == kind));
    of_kind.count() as f64 / things.len().max(1) as f64
}

/// The picture on its left or right side.
fn turned(picture: &Picture, left: bool) -> Picture {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (pixels, _) = picture.rgb().as_chunks::<3>();
    let place = |x: usize, y: usize| if left { x * width + (width - 1 - y) } else { (height - 1 - x) * width + y };
    let rgb = (0..width).flat_map(|y| (0..height).flat_map(move |x| pixels[place(x, y)]));
    Picture::new(picture.height(), picture.width(), rgb.collect()).unwrap_or_default()
}

/// What lies between two shares of the picture's height, no wider than four thirds of that.
fn part(picture: &Picture, from: f64, to: f64) -> Option<Picture> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let row = |share: f64| ((share * height as f64) as usize).min(height);
    let (top, bottom) = (row(from), row(to));
    let wide = ((bottom - top) * 4 / 3).min(width);
    let left = (width - wide) / 2;
    let rows = picture.rgb().chunks_exact(3 * width).take(bottom).skip(top);
    let rgb: Vec<u8> = rows.flat_map(|row| &row[3 * left..3 * (left + wide)]).copied().collect();
    Picture::new(wide as u32, (bottom - top) as u32, rgb)
}

/// Weights and bias of each way: a softmax regression in which each way counts alike, however many pictures it has.
fn fit(examples: &[Example], width: usize) -> (Vec<Vec<f32>>, Held) {
    let mut counts = [0.0_f32; HELD.len()];
    examples.iter().for_each(|(_, way)| counts[*way] += 1.0);
    let (mut rows, mut bias) = (vec![vec![0.0; width]; HELD.len()], [0.0; HELD.len()]);
    let (mut moved, mut moved_bias) = (rows.clone(), bias);
    for _ in 0..STEPS {
        let mut slope: Vec<Vec<f32>> =
            rows.iter().map(|row| row.iter().map(|w| PENALTY * w / examples.len() as f32).collect()).collect();
        let mut slope_bias = [0.0; HELD.len()];
        let Some(aim) = Aim::new(rows.clone(), bias) else { break };
        for (embedding, way) in examples {
            let weight = 1.0 / (HELD.len() as f32 * counts[*way]);
            for (i, p) in aim.held(embedding).into_iter().enumerate() {
                let g = weight * (p - if i == *way { 1.0 } else { 0.0 });
                slope_bias[i] += g;
                slope[i].iter_mut().zip(embedding.as_slice()).for_each(|(s, x)| *s += g * x);
            }
        }
        for i in 0..HELD.len() {
            moved_bias[i] = MOMENTUM * moved_bias[i] - STEP * slope_bias[i];
            bias[i] += moved_bias[i];
            for ((w, m), s) in rows[i].iter_mut().zip(&mut moved[i]).zip(&slope[i]) {
                *m = MOMENTUM * *m - STEP * s;
                *w += *m;
            }
        }
    }
    (rows, bias)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_picture_lies_on_its_side() {
        let picture = Picture::new(2, 1, vec![1, 1, 1, 2, 2, 2]).expect("a picture");
        for (left, want) in [(true, [2, 1]), (false, [1, 2])] {
            let turned = turned(&picture, left);
            assert_eq!((turned.width(), turned.height()), (1, 2));
            assert_eq!(turned.rgb().iter().step_by(3).copied().collect::<Vec<_>>(), want);
        }
    }

    #[test]
    fn a_part_keeps_its_rows_and_the_middle_of_them() {
        let picture = Picture::new(6, 4, (0..24).flat_map(|i| [i; 3]).collect()).expect("a picture");
        let part = part(&picture, 0.5, 1.0).expect("a part");
        assert_eq!((part.width(), part.height()), (2, 2));
        assert_eq!(part.rgb().iter().step_by(3).copied().collect::<Vec<_>>(), [14, 15, 20, 21]);
    }

    #[test]
    fn ways_are_learned_from_few_pictures_of_some() {
        let towards = |way: usize, by: f32| {
            Embedding::new((0..4).map(|i| if i == way { 1.0 } else { by * ((i + way) % 3) as f32 }).collect())
                .expect("a direction")
        };
        let counts = [40, 40, 3, 5];
        let examples =
            counts.iter().enumerate().flat_map(|(way, n)| (0..*n).map(move |i| (towards(way, i as f32 / 99.0), way)));
        let (rows, bias) = fit(&examples.collect::<Vec<_>>(), 4);
        let aim = Aim::new(rows, bias).expect("four rows");
        for way in 0..4 {
            let held = aim.held(&towards(way, 0.05));
            assert!(held[way] > 0.7, "{way}: {held:?}");
        }
    }
}
