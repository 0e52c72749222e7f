//! The image trunk over photos, plain and mirrored.

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{Cache, Features};
use crate::{
    bundle::{Filter, Fit, Preprocessing, checksum},
    capture,
    encoder::{Device, Input, OnnxSession, Output, Preprocessor, Runtime, SessionOptions, Spinning, Values},
    evaluation::shard::Shard,
    frame::Picture,
    observation::View,
    training::{
        TrainingError,
        data::PhotoShard,
        onnx::towers::{self, Layer},
        progress::{Progress, Show},
        weights::Weights,
    },
};

/// Photos that go through the trunk together; more gain nothing on a CPU.
const BATCH: usize = 8;
/// What a graph calls its output, without a head and with one.
const OUTPUTS: [&str; 2] = ["features", "image_embeds"];

/// Features of the same photos as they are and mirrored.
#[derive(Clone, Debug, Default)]
pub struct Views {
    /// As they are.
    pub plain: Features,
    /// With left and right swapped.
    pub mirrored: Features,
}

/// An image trunk that stays as it is, and what stands behind it.
pub struct ImageTower {
    graph: Vec<u8>,
    output: &'static str,
    /// SHA-256 of its weights.
    pub checksum: String,
    image: Preprocessing,
}

/// How MobileNetV2 wants its pixels: 224 x 224 in [-1, 1], as it was trained.
pub fn preprocessing() -> Preprocessing {
    Preprocessing { size: 224, fit: Fit::Crop, filter: Filter::Bicubic, mean: [0.5; 3], std: [0.5; 3] }
}

impl ImageTower {
    /// MobileNetV2's trunk with the weights in `path`.
    pub fn open(path: &Path) -> Result<Self, TrainingError> {
        Self::new(&Weights::read(path)?, &[], &preprocessing())
    }

    /// MobileNetV2's trunk of `weights` with `head` behind it, for pixels prepared as `image` says.
    pub fn new(weights: &Weights, head: &[Layer], image: &Preprocessing) -> Result<Self, TrainingError> {
        let graph = towers::mobilenet_v2(weights, head)?.to_bytes();
        let output = OUTPUTS[usize::from(!head.is_empty())];
        Ok(Self { checksum: checksum(&graph), graph, output, image: image.clone() })
    }

    /// Its ONNX file.
    pub fn graph(&self) -> &[u8] {
        &self.graph
    }

    /// What that calls its output.
    pub fn output(&self) -> &'static str {
        self.output
    }

    /// How pixels become its input.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.image
    }

    /// Features of the photos of `shards`, in their order, shard by shard from the cache or computed on all cores. A photo that
    /// can't be decoded gets a blank row and a line in the log.
    pub fn features(
        &self,
        shards: &[PhotoShard],
        mirrored: bool,
        cache: &Cache,
        show: Show,
    ) -> Result<Features, TrainingError> {
        let kind = if mirrored { "mirrored" } else { "plain" };
        let total = shards.iter().map(|shard| shard.photos.len()).sum();
        let progress = show.begin(&format!("{kind} photos"), total, "photos");
        let image = format!("{:?}", self.image);
        let mut all = Features::default();
        for shard in shards {
            let origin = [shard.checksum.as_str(), &self.checksum, &image, kind];
            let mut kept = true;
            all.extend(cache.get(kind, &origin, || {
                kept = false;
                self.compute(&shard.path, mirrored, &progress)
            })?);
            if kept {
                progress.advance(shard.photos.len(), "from the cache".to_owned());
            }
        }
        progress.finish();
        Ok(all)
    }

    fn compute(&self, path: &Path, mirrored: bool, progress: &Progress) -> Result<Features, TrainingError> {
        let shard = Shard::read(path)?;
        let batches: Vec<_> = shard.samples.chunks(BATCH).collect();
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<Option<Vec<f32>>>> = Mutex::new(vec![None; batches.len()]);
        let work = || -> Result<(), TrainingError> {
            let mut trunk = Trunk::new(self)?;
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(batch) = batches.get(at) else { return Ok(()) };
                let photos: Vec<(String, &[u8])> =
                    batch.iter().map(|sample| (format!("{}/{}", shard.file, sample.key), shard.photo(sample))).collect();
                let features = trunk.run(&photos, mirrored)?;
                if let Some(slot) = done.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
                    *slot = Some(features);
                }
                progress.advance(batch.len(), String::new());
            }
        };
        // One thread with a session of its own for each core: decoding and the trunk both scale so.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| match worker.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })?;
        let values: Vec<f32> =
            done.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().flatten().collect();
        Ok(Features::new(values.len() / shard.samples.len().max(1), values))
    }
}

/// One thread's session with its buffers.
struct Trunk {
    session: OnnxSession,
    preprocessor: Preprocessor,
    size: usize,
    picture: Picture,
    pixels: Vec<f32>,
    outputs: [Output; 1],
}

impl Trunk {
    fn new(tower: &ImageTower) -> Result<Self, TrainingError> {
        let options = SessionOptions { device: Device::Cpu, threads: 1, spinning: Spinning::Off };
        let session = OnnxSession::open(Runtime::load(None)?, "the image trunk", &tower.graph, &options)?;
        Ok(Self {
            session,
            preprocessor: Preprocessor::new(&tower.image),
            size: tower.image.size as usize,
            picture: Picture::default(),
            pixels: Vec::new(),
            outputs: [Output::named(tower.output)],
        })
    }

    /// Features of named photos, a row each.
    fn run(&mut self, photos: &[(String, &[u8])], mirrored: bool) -> Result<Vec<f32>, TrainingError> {
        let length = self.preprocessor.floats();
        self.pixels.resize(photos.len() * length, 0.0);
        let mut blank = Vec::new();
        for (row, ((name, bytes), pixels)) in photos.iter().zip(self.pixels.chunks_mut(length)).enumerate() {
            match capture::decode(name, bytes, &mut self.picture) {
                Ok(()) if mirrored => self.preprocessor.fill(&mirror(&self.picture), View::Full, pixels)?,
                Ok(()) => self.preprocessor.fill(&self.picture, View::Full, pixels)?,
                Err(error) => {
                    tracing::warn!("{error}; the photo is left out");
                    blank.push(row);
                }
            }
        }
        let shape = [photos.len(), 3, self.size, self.size];
        let input = Input { name: "pixel_values", shape: &shape, values: Values::F32(&self.pixels) };
        self.session.run(&[input], &mut self.outputs)?;
        let [output] = &mut self.outputs;
        let width = output.values.len() / photos.len().max(1);
        for row in blank {
            output.values.iter_mut().skip(row * width).take(width).for_each(|x| *x = 0.0);
        }
        Ok(output.values.clone())
    }
}

/// Left and right swapped.
pub(in crate::training) fn mirror(picture: &Picture) -> Picture {
    let width = picture.width() as usize;
    let mut rgb = Vec::with_capacity(picture.rgb().len());
    let (pixels, _) = picture.rgb().as_chunks::<3>();
    for row in pixels.chunks(width.max(1)) {
        rgb.extend(row.iter().rev().flatten());
    }
    Picture::new(picture.width(), picture.height(), rgb).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirrored_picture_has_its_rows_reversed() {
        let picture = Picture::new(2, 2, vec![1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]).expect("a picture");
        assert_eq!(mirror(&picture).rgb(), [2, 2, 2, 1, 1, 1, 4, 4, 4, 3, 3, 3]);
        assert_eq!(mirror(&mirror(&picture)), picture);
    }
}
