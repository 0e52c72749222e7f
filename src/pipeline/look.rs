//! A frame with what an encoder on another thread made of it.

use std::time::{Duration, Instant};

use crate::{
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder},
    frame::{Frame, Picture},
    observation::View,
    ontology::StreetMap,
    pipeline::{policy::Plan, step::Views},
};

/// A frame on its way to an encoder, or back with its answer. Its buffers go round with it.
#[derive(Default)]
pub(super) struct Look {
    pub frame: Frame,
    pub plan: Plan,
    pub answer: Answer,
}

/// What was made of a frame: the step's encoder, which has done its work already.
#[derive(Default)]
pub(super) struct Answer {
    embeddings: Vec<Embedding>,
    map: Option<StreetMap>,
    failed: Option<EncoderError>,
    /// What the encoder took, and the map.
    pub took: (Duration, Duration),
}

impl Look {
    /// Does what is planned with the encoder that is given, or takes in why there is none.
    pub fn take(&mut self, encoder: Result<&mut dyn ImageEncoder, EncoderError>, views: &Views) {
        let Self { frame, plan, answer } = self;
        let Plan::Look { crops, map } = *plan else { return };
        let started = Instant::now();
        let mut encoded = started;
        answer.map = None;
        let made = encoder.and_then(|encoder| {
            encoder.encode(&frame.picture, views.of(crops), &mut answer.embeddings)?;
            encoded = Instant::now();
            answer.map = if map { encoder.map(&frame.picture) } else { None };
            Ok(())
        });
        answer.failed = made.err();
        answer.took = (encoded - started, encoded.elapsed());
    }
}

impl Answer {
    /// Why there is none.
    pub fn failed(&self) -> Option<&EncoderError> {
        self.failed.as_ref()
    }
}

impl ImageEncoder for Answer {
    fn encode(&mut self, _: &Picture, _: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
        std::mem::swap(&mut self.embeddings, out);
        self.failed.take().map_or(Ok(()), Err)
    }

    fn map(&mut self, _: &Picture) -> Option<StreetMap> {
        self.map.take()
    }
}
