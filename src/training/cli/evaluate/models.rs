//! The bundles that a command measures, and the photos that it asks them about.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Which;
use crate::{
    bundle::Bundle,
    encoder::{DeviceChoice, EncoderOptions, Precision, Spinning},
    training::{
        TrainingError,
        data::{self, PhotoShard},
        examinee::Examinee,
        progress::Show,
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
    pub(super) fn map<'a, U>(&'a self, each: impl Fn(&'a T) -> Result<U, TrainingError>) -> Result<Pair<U>, TrainingError> {
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

impl Asked {
    /// The same in words.
    pub(super) fn told(&self) -> String {
        let before = self.before.as_ref().map_or_else(String::new, |before| format!(", and before it {before}"));
        format!("The model {}{before}, image tower {}", self.model, self.precision)
    }
}

impl ModelArgs {
    /// How the image tower runs on `threads` threads.
    pub(super) fn options(&self, threads: usize) -> EncoderOptions {
        EncoderOptions { device: self.device, precision: self.precision, threads, spinning: Spinning::Off }
    }

    pub(super) fn open(&self) -> Result<Pair<Bundle>, TrainingError> {
        let after = match &self.model {
            Some(dir) => Bundle::open(dir)?,
            None => Bundle::find()?,
        };
        Ok(Pair { after, before: self.before.as_deref().map(Bundle::open).transpose()? })
    }

    /// `bundle`, and every photo of `shards` as it sees them.
    pub(super) fn look<'a>(
        &self,
        bundle: &'a Bundle,
        shards: &'a [PhotoShard],
        show: Show,
    ) -> Result<Examinee<'a>, TrainingError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Examinee::look(bundle, &self.options(threads), shards, show)
    }
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

    /// The arguments by which a command finds these photos, without the folders above them.
    pub(super) fn told(&self) -> String {
        let name = |path: &PathBuf| {
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
        };
        let data: Vec<String> = self.data.iter().map(name).collect();
        let split = if self.data.iter().any(|path| path.is_dir()) { self.split.to_possible_value() } else { None };
        let split = split.map_or_else(String::new, |split| format!(" --split {}", split.get_name()));
        format!("--data {}{split}", data.join(" "))
    }

    /// A complaint about the data that were named.
    pub(super) fn lack(&self, problem: String) -> TrainingError {
        let file = self.data.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        TrainingError::Data { file, problem }
    }
}
