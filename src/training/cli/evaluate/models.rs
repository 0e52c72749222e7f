//! The bundles that a command measures, and the photos that it asks them about.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Which;
use crate::{
    bundle::Bundle,
    embedding::Embedding,
    encoder::{
        Device, DeviceChoice, EncoderOptions, OnnxTextEncoder, Precision, Runtime, SessionOptions, Spinning, TextEncoder,
    },
    training::{
        TrainingError,
        data::{self, PhotoShard},
        progress::Show,
        ship::{Embedded, embed},
    },
};

#[derive(Args, Debug)]
pub(super) struct ModelArgs {
    /// The bundle [default: the first of those that `streetscape models list` shows].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// A bundle to compare it with, as it was before training: the same photos, the difference with a paired interval.
    #[arg(long, value_name = "DIR")]
    before: Option<PathBuf>,
    /// How exactly the image tower reckons: auto, int8, f16 or f32.
    #[arg(long, default_value_t)]
    pub precision: Precision,
    /// Where it runs: auto, cpu, openvino, cuda, ...
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
}

/// What is measured, and what was before it.
pub(super) struct Pair<T> {
    pub after: T,
    pub before: Option<T>,
}

impl<T> Pair<T> {
    pub(super) fn map<U>(&self, each: impl Fn(&T) -> Result<U, TrainingError>) -> Result<Pair<U>, TrainingError> {
        Ok(Pair { after: each(&self.after)?, before: self.before.as_ref().map(each).transpose()? })
    }
}

impl Pair<Bundle> {
    /// How a report begins.
    pub(super) fn asked(&self, precision: Precision) -> Asked {
        let name = |bundle: &Bundle| bundle.dir().display().to_string();
        Asked { model: name(&self.after), before: self.before.as_ref().map(name), precision: precision.id() }
    }
}

/// Which model was asked, as every report says it.
#[derive(Serialize)]
pub(super) struct Asked {
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    precision: &'static str,
}

impl ModelArgs {
    pub(super) fn open(&self) -> Result<Pair<Bundle>, TrainingError> {
        let after = match &self.model {
            Some(dir) => Bundle::open(dir)?,
            None => Bundle::find()?,
        };
        Ok(Pair { after, before: self.before.as_deref().map(Bundle::open).transpose()? })
    }

    /// Every photo of `shards`, as `bundle` sees it.
    pub(super) fn photos<'a>(
        &self,
        bundle: &Bundle,
        shards: &'a [PhotoShard],
        show: Show,
    ) -> Result<Vec<Embedded<'a>>, TrainingError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let options = EncoderOptions { device: self.device, precision: self.precision, threads, spinning: Spinning::Off };
        embed(bundle, &options, shards, 1, show)
    }
}

/// The text tower of `bundle`, on the CPU.
pub(super) fn text_tower(bundle: &Bundle) -> Result<OnnxTextEncoder, crate::encoder::EncoderError> {
    let options = SessionOptions { device: Device::Cpu, ..SessionOptions::default() };
    OnnxTextEncoder::open(Runtime::load(None)?, bundle, &options)
}

/// `texts` as `bundle` reads them.
pub(super) fn texts(bundle: &Bundle, texts: &[String]) -> Result<Vec<Embedding>, TrainingError> {
    Ok(text_tower(bundle)?.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>())?)
}

#[derive(Args, Debug)]
pub(super) struct PhotoArgs {
    /// Shards of photos with what is known of them: tars, or folders of train-*.tar, val-*.tar and test-*.tar.
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    /// Which shards of a folder to look at. Tune on val, report on test.
    #[arg(long, value_enum, default_value_t = Which::Val)]
    split: Which,
}

impl PhotoArgs {
    pub(super) fn read(&self) -> Result<Vec<PhotoShard>, TrainingError> {
        let mut shards = Vec::new();
        for path in &self.data {
            if path.is_dir() {
                shards.extend(data::read(std::slice::from_ref(path), self.split.into())?);
            } else {
                shards.push(data::read_shard(path)?);
            }
        }
        Ok(shards)
    }

    /// A complaint about the data that were named.
    pub(super) fn lack(&self, problem: String) -> TrainingError {
        let file = self.data.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        TrainingError::Data { file, problem }
    }
}
