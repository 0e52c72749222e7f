//! What the image tower's frozen layers make of each photo, asked once for a few views of it and kept on disk: two cores then train the rest.
//!
//! Owns those files: half floats, a row for each view, the photos of a few hundred in a file, so that a run that is killed goes on. Leaves what a
//! view looks like to `batches`, the layers to the model.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
};

use burn::tensor::{Tensor, TensorData, f16};
use indicatif::HumanBytes;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    Batches, Folder, Settings,
    batches::{Look, square},
};
use crate::{
    bundle::{checksum, write_whole},
    training::{
        TrainingError,
        model::{
            Place, Tower, Trainable,
            parameters::{places, tensors},
        },
        progress::Show,
    },
};

/// Counted up when a row would hold other values of the same layers.
const FORMAT: u32 = 2;
/// Photos in a file: some seconds of work.
const PHOTOS: usize = 256;
/// Pictures that go through the layers at once.
const AT_ONCE: usize = 16;

/// The answers of layers that don't learn.
pub struct Kept {
    dir: PathBuf,
    views: u32,
    layers: usize,
    values: usize,
}

impl Kept {
    /// Asks the layers of `model` that don't learn for all views of all photos, where `settings` want views; what an earlier run kept of the same
    /// is not asked again.
    pub fn make<M: Trainable>(
        model: &M,
        batches: &Batches,
        settings: &Settings,
        folder: &Folder,
        show: Show,
    ) -> Result<Option<Self>, TrainingError> {
        let (views, layers) = (settings.learn.views, settings.learn.image);
        if views == 0 {
            return Ok(None);
        }
        let frozen = |place: Place| place.tower == Tower::Image && place.from_output >= layers;
        let frozen: Vec<String> = places(model).into_iter().filter(|(_, place)| frozen(*place)).map(|(path, _)| path).collect();
        if layers == 0 || frozen.is_empty() {
            let problem = "learn.views keeps what frozen layers make of photos, and learn.image leaves none frozen, or all; choose it between";
            return Err(TrainingError::Setting { problem: problem.to_owned() });
        }
        let resting = model.valid();
        let mut origin = format!("{FORMAT} {views} {layers} {} {:?} {:?}\n", batches.seed, batches.augment, batches.image);
        batches.examples.all.iter().for_each(|example| origin.push_str(&example.name));
        for (path, tensor) in tensors(&resting).into_iter().filter(|(path, _)| frozen.contains(path)) {
            let bytes: Vec<u8> = tensor.values.iter().flat_map(|x| x.to_le_bytes()).collect();
            origin.push_str(&format!("\n{path} {}", checksum(&bytes)));
        }
        let hash = checksum(origin.as_bytes());
        let dir = folder.kept().join(format!("views-{}", hash.get(..16).unwrap_or(&hash)));
        fs::create_dir_all(&dir).map_err(|source| TrainingError::File { file: dir.display().to_string(), source })?;
        let side = batches.image.size as usize;
        let empty = Tensor::zeros([1, 3, side, side], &resting.scale().device());
        let [_, values] = resting.begin(empty, layers).dims();
        let kept = Self { dir, views, layers, values };
        kept.ask(&resting, batches, show)?;
        Ok(Some(kept))
    }

    fn ask<M: Trainable>(&self, resting: &M, batches: &Batches, show: Show) -> Result<(), TrainingError> {
        let photos = batches.examples.all.len();
        let whole = (photos * self.row()) as u64 * u64::from(self.views);
        show.say(&format!("{} views of each photo are kept: {} in {}", self.views, HumanBytes(whole), self.dir.display()));
        let progress = show.begin("asking frozen layers", photos, "photos");
        let device = resting.scale().device();
        for first in (0..photos).step_by(PHOTOS) {
            let some = first..(first + PHOTOS).min(photos);
            let (path, count) = (self.file(first), some.len());
            if !path.exists() {
                let looks: Vec<Look> = some
                    .flat_map(|example| (0..self.views).map(move |view| (example, view)))
                    .map(|(example, view)| self.look(example, view, batches))
                    .collect();
                let mut bytes = Vec::with_capacity(looks.len() * self.row());
                for looks in looks.chunks(AT_ONCE) {
                    let seen = batches.see(looks);
                    let blank = vec![0.0; 3 * (batches.image.size as usize).pow(2)];
                    let pixels: Vec<f32> = seen.iter().flat_map(|seen| seen.as_ref().unwrap_or(&blank)).copied().collect();
                    let rows = Tensor::from_data(TensorData::new(pixels, [looks.len(), blank.len()]), &device);
                    let begun = resting.begin(square(rows), self.layers).into_data();
                    let rows: Vec<f32> = begun.iter::<f32>().collect();
                    // A photo that can't be read is known by being no number.
                    for (seen, row) in seen.iter().zip(rows.chunks_exact(self.values)) {
                        let half = |x: &f32| f16::from_f32(if seen.is_ok() { *x } else { f32::NAN }).to_le_bytes();
                        bytes.extend(row.iter().flat_map(half));
                    }
                }
                write_whole(&path, &bytes)
                    .map_err(|source| TrainingError::File { file: path.display().to_string(), source })?;
            }
            progress.advance(count, String::new());
        }
        progress.finish();
        Ok(())
    }

    /// The view of a photo that the number `drawn` stands for.
    pub fn look(&self, example: usize, drawn: u32, batches: &Batches) -> Look {
        let view = drawn % self.views;
        let mut rng = ChaCha8Rng::seed_from_u64(batches.seed);
        rng.set_stream(example as u64);
        rng.set_word_pos(u128::from(view) << 8);
        Look { example, mirrored: batches.augment.mirror && view % 2 == 1, seed: rng.random::<u64>() << 32 | u64::from(view) }
    }

    /// What the layers made of a view; nothing where its photo can't be decoded.
    pub fn read(&self, look: &Look) -> Result<Option<Vec<f32>>, TrainingError> {
        let (path, view) = (self.file(look.example), look.seed as u32);
        let row = (look.example % PHOTOS) * self.views as usize + view as usize;
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start((row * self.row()) as u64))?;
            let mut bytes = vec![0; self.row()];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|source| TrainingError::File { file: path.display().to_string(), source })?;
        let (halves, _) = bytes.as_chunks::<2>();
        let values: Vec<f32> = halves.iter().map(|half| f16::from_le_bytes(*half).to_f32()).collect();
        Ok(Some(values).filter(|values| values.iter().all(|x| !x.is_nan())))
    }

    /// Layers between the output and what is kept.
    pub fn layers(&self) -> usize {
        self.layers
    }

    fn file(&self, example: usize) -> PathBuf {
        self.dir.join(format!("{:06}.f16", example / PHOTOS))
    }

    /// Bytes of a view.
    fn row(&self) -> usize {
        2 * self.values
    }
}
