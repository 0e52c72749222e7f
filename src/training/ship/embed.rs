//! The photos of shards through one image tower of a bundle.

use std::path::Path;

use crate::{
    bundle::Bundle,
    capture,
    embedding::Embedding,
    encoder::{EncoderOptions, ImageEncoder, OnnxImageEncoder, Runtime},
    evaluation::shard::Shard,
    frame::Picture,
    observation::View,
    training::{
        TrainingError,
        data::{Photo, PhotoShard},
        progress::Show,
    },
};

/// A photo with its embedding.
pub struct Embedded<'a> {
    /// What is known of it.
    pub photo: &'a Photo,
    /// The shard that it stands in.
    pub shard: &'a Path,
    /// Its full view.
    pub embedding: Embedding,
}

impl Embedded<'_> {
    /// `SHARD/KEY`, as messages name it.
    pub fn name(&self) -> String {
        let file = self.shard.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!("{file}/{}", self.photo.key)
    }
}

/// Embeds every `step`th photo of `shards`, as a walk would: one at a time, the full view. A photo that can't be decoded is left
/// out with a line in the log.
pub fn embed<'a>(
    bundle: &Bundle,
    options: &EncoderOptions,
    shards: &'a [PhotoShard],
    step: usize,
    show: Show,
) -> Result<Vec<Embedded<'a>>, TrainingError> {
    let mut encoder = OnnxImageEncoder::open(Runtime::load(None)?, bundle, options)?;
    let total = shards.iter().map(|shard| shard.photos.len().div_ceil(step)).sum();
    let progress = show.begin(encoder.name(), total, "photos");
    let (mut all, mut picture, mut out) = (Vec::with_capacity(total), Picture::default(), Vec::new());
    for photos in shards {
        let shard = Shard::read(&photos.path)?;
        for (photo, sample) in photos.photos.iter().zip(&shard.samples).step_by(step) {
            progress.advance(1, String::new());
            let name = format!("{}/{}", shard.file, sample.key);
            if let Err(error) = capture::decode(&name, shard.photo(sample), &mut picture) {
                tracing::warn!("{error}; the photo is left out");
                continue;
            }
            encoder.encode(&picture, &[View::Full], &mut out)?;
            all.extend(out.drain(..).map(|embedding| Embedded { photo, shard: &photos.path, embedding }));
        }
    }
    progress.finish();
    Ok(all)
}
