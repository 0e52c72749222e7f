//! A frame with what an encoder on another thread made of it.

use crate::{
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder},
    frame::{Frame, Picture},
    observation::View,
};

/// A frame on its way to an encoder, or back with its answer. Its buffers go round with it.
#[derive(Default)]
pub(super) struct Look {
    pub frame: Frame,
    pub answer: Answer,
}

/// What was made of a frame: the step's encoder, which has done its work already.
#[derive(Default)]
pub(super) struct Answer {
    embeddings: Vec<Embedding>,
    failed: Option<EncoderError>,
}

impl Look {
    /// Encodes `views` of the frame with the encoder that is given, or takes in why there is none.
    pub fn take(&mut self, encoder: Result<&mut dyn ImageEncoder, EncoderError>, views: &[View]) {
        let Self { frame, answer } = self;
        answer.failed = encoder.and_then(|encoder| encoder.encode(&frame.picture, views, &mut answer.embeddings)).err();
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
}
