//! From flags to a model that is ready: what every command needs before its own work.

use std::path::Path;

use anyhow::{Context, Result};
use streetscape::{
    bundle::Bundle,
    encoder::{
        EncoderError, EncoderOptions, Eyes, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Runtime, SessionOptions, prompts,
    },
    ranking::Ranker,
    vocabulary::Vocabulary,
};

use crate::args::Common;

/// A bundle, the runtime that runs it, and the vocabulary that is asked of it.
pub struct Model {
    pub runtime: &'static Runtime,
    pub bundle: Bundle,
    pub vocabulary: Vocabulary,
    pub options: EncoderOptions,
}

impl Model {
    /// Opens what the flags name; neither tower is loaded yet.
    pub fn open(common: &Common) -> Result<Self> {
        let bundle = bundle(common.model.as_deref())?;
        let runtime = Runtime::load(common.runtime.as_deref())?;
        let vocabulary = Vocabulary::shipped()?;
        let options = EncoderOptions { device: common.device, precision: common.precision, ..EncoderOptions::default() };
        Ok(Self { runtime, bundle, vocabulary, options })
    }

    /// What a walk sees with, on the device that the flags allow.
    pub fn eyes(&self) -> Result<Box<dyn ImageEncoder>, EncoderError> {
        self.with_segmenter(self.tower(&self.options)?, self.options.threads)
    }

    /// The same for a worker that shares the processor with others of its kind: one for each core, one thread each.
    pub fn eyes_of_many(&self) -> Result<Box<dyn ImageEncoder>, EncoderError> {
        self.with_segmenter(self.image_of_many()?, 1)
    }

    /// The image tower alone, for such a worker.
    pub fn image_of_many(&self) -> Result<Box<dyn ImageEncoder>, EncoderError> {
        self.tower(&EncoderOptions { threads: 1, ..self.options })
    }

    fn with_segmenter(&self, tower: Box<dyn ImageEncoder>, threads: usize) -> Result<Box<dyn ImageEncoder>, EncoderError> {
        Ok(Box::new(Eyes::open(tower, self.runtime, &SessionOptions { threads, ..SessionOptions::default() })))
    }

    fn tower(&self, options: &EncoderOptions) -> Result<Box<dyn ImageEncoder>, EncoderError> {
        let encoder = OnnxImageEncoder::open(self.runtime, &self.bundle, options)?;
        for refusal in encoder.refusals() {
            tracing::info!("passed over {refusal}");
        }
        tracing::info!("{} on {}", encoder.name(), encoder.device());
        Ok(Box::new(encoder))
    }

    /// The text tower, which only new words need.
    pub fn text(&self) -> Result<OnnxTextEncoder, EncoderError> {
        OnnxTextEncoder::open(self.runtime, &self.bundle, &SessionOptions::default())
    }

    /// Where its bundle lies.
    pub fn dir(&self) -> &Path {
        self.bundle.dir()
    }

    /// The classifier over the vocabulary's facets.
    pub fn ranker(&self) -> Result<Ranker> {
        let classes = prompts(&self.bundle, &self.vocabulary, || self.text())?;
        Ranker::new(&self.vocabulary, classes, &self.bundle.manifest.calibration)
            .with_context(|| self.bundle.dir().display().to_string())
    }
}

/// The bundle that `--model` names, else the first that is found.
pub fn bundle(named: Option<&Path>) -> Result<Bundle> {
    Ok(match named {
        Some(dir) => Bundle::open(dir)?,
        None => Bundle::find()?,
    })
}
