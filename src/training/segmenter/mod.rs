//! A small network that says what stands where in a street photo: a head behind the frozen image trunk.
//!
//! Owns every step from maps to `segmenter.int8.onnx`: scenes cut from photos with their maps (`scenes`), the trunk's maps of them, kept
//! on disk (`taps`), the head (`head`), its fit (`fit`), the graph (`export`), and the judgement ([`judge`]). Leaves rounding to
//! `quantise`, running it to `encoder::Segmenter`.
//!
//! Two kinds of maps teach it. CamVid's were drawn by hand, in eleven classes that are wider than ours: its cars are also lorries and
//! buses. Such a pixel asks for the sum of what its class may mean, so that it teaches little that it doesn't know. A network's own maps
//! tell all classes apart and are wrong for some pixels: they weigh less.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    TrainingError,
    features::Cache,
    onnx::Model,
    progress::Show,
    quantise::{self, WeightBits},
    weights::Weights,
};
use crate::{bundle::checksum, encoder::SEGMENTER};

pub mod classes;
mod examples;
mod export;
mod fit;
mod head;
pub mod judge;
mod scenes;
mod taps;

pub use fit::Settings;

/// What was made.
pub struct Made {
    /// In float, kept beside the features.
    pub exact: PathBuf,
    /// In 8 bits, for the walk.
    pub quick: PathBuf,
}

/// Learns from the maps in the `train` shards of `data` and writes [`SEGMENTER`] to `out`. What was computed before with the same
/// trunk, data and settings is taken from `cache`.
pub fn make(
    data: &[PathBuf],
    trunk: &Path,
    out: &Path,
    cache: &Path,
    settings: &Settings,
    show: Show,
) -> Result<Made, TrainingError> {
    Cache::open(cache)?;
    fs::create_dir_all(out).map_err(|source| TrainingError::File { file: out.display().to_string(), source })?;
    let trunk = Weights::read(trunk)?;
    let learned = taps::learned(data, &trunk, cache, show)?;
    let origin = format!("{settings:?} {}", learned.origin());
    let hash = checksum(origin.as_bytes());
    let exact = cache.join(format!("segmenter-{}.f32.onnx", hash.get(..16).unwrap_or(&hash)));
    if exact.exists() {
        show.say(&format!("learned before: {}", exact.display()));
    } else {
        let head = fit::fit(&learned, settings, show)?;
        export::graph(&trunk, &head)?.write(&exact)?;
    }

    show.say("quantising");
    let model = Model::read(&exact)?;
    let ranges = quantise::calibrate(&model, taps::observed(data)?)?;
    let quick = out.join(SEGMENTER);
    // Seven bits: there is one file for every CPU, and it must not saturate on any.
    quantise::qdq(&model, &ranges, WeightBits::Seven, &export::exact_nodes())?.write(&quick)?;
    Ok(Made { exact, quick })
}
