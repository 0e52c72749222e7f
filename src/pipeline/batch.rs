//! Many photos at once: decoded and encoded on every core, answered in the order of the input.
//!
//! Owns what becomes of one photo. Leaves the workers to `ordered`, where photos lie to `capture`, what is made of their embeddings
//! to the caller.

use std::{num::NonZero, thread};

use crate::{
    capture::{self, Photo},
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder},
    frame::Picture,
    observation::View,
    pipeline::{
        PipelineError, StepError,
        ordered::{opened, ordered},
    },
};

/// A photo and what became of it.
pub struct Encoded {
    /// Its path as given, or `TAR/KEY.jpg`.
    pub name: String,
    /// One embedding for each view; or why there is none, in words.
    pub embeddings: Result<Vec<Embedding>, String>,
}

/// Encodes `views` of every photo and hands the results to `each` in the order of `photos`. Each core has a worker with an
/// encoder of its own, opened with its first photo; a photo that fails is answered in its place. Ends early where `each`
/// gives false or an encoder can't be opened.
pub fn encode(
    mut photos: impl Iterator<Item = Photo> + Send,
    views: &[View],
    open: &(dyn Fn() -> Result<Box<dyn ImageEncoder>, EncoderError> + Sync),
    each: &mut dyn FnMut(Encoded) -> bool,
) -> Result<(), PipelineError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let worker = || {
        let (mut encoder, mut picture) = (None, Picture::default());
        move |photo| Ok(one(photo, views, opened(&mut encoder, open)?, &mut picture))
    };
    let mut each = |encoded: Result<Encoded, EncoderError>| Ok(each(encoded.map_err(StepError::from)?));
    ordered("a worker", workers, || photos.next(), &worker, &mut each)
}

fn one(photo: Photo, views: &[View], encoder: &mut dyn ImageEncoder, picture: &mut Picture) -> Encoded {
    let Photo { name, bytes } = photo;
    let mut embeddings = Vec::with_capacity(views.len());
    let encoded = bytes
        .and_then(|bytes| capture::decode(&name, &bytes, picture))
        .map_err(|error| error.to_string())
        .and_then(|()| encoder.encode(picture, views, &mut embeddings).map_err(|error| format!("{name}: {error}")));
    Encoded { name, embeddings: encoded.map(|()| embeddings) }
}
