//! Many photos at once: decoded and encoded on every core, answered in the order of the input.
//!
//! Owns the workers. Leaves where photos lie to `capture`, what is made of their embeddings to the caller.

use std::{
    collections::BTreeMap,
    num::NonZero,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use crate::{
    capture::{self, Photo},
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder},
    frame::Picture,
    observation::View,
    pipeline::PipelineError,
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
    photos: impl Iterator<Item = Photo> + Send,
    views: &[View],
    open: &(dyn Fn() -> Result<Box<dyn ImageEncoder>, EncoderError> + Sync),
    each: &mut dyn FnMut(Encoded) -> bool,
) -> Result<(), PipelineError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let photos = Mutex::new(photos.enumerate());
    // Twice the workers: enough that none waits for another, and memory stays flat.
    let (send, results) = mpsc::sync_channel::<(usize, Result<Encoded, EncoderError>)>(2 * workers);
    let panicked = PipelineError::Panicked { what: "a worker" };
    thread::scope(|scope| {
        let mut running = Vec::new();
        for _ in 0..workers {
            let (photos, send) = (&photos, send.clone());
            running.push(scope.spawn(move || {
                let (mut encoder, mut picture) = (None, Picture::default());
                loop {
                    let next = photos.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((place, photo)) = next else { break };
                    let encoder = match &mut encoder {
                        Some(encoder) => encoder,
                        none => match open() {
                            Ok(opened) => none.insert(opened),
                            Err(error) => {
                                // Nobody is left to hear it when the channel is closed: another worker's error came first.
                                let _ = send.send((place, Err(error)));
                                break;
                            }
                        },
                    };
                    let encoded = one(photo, views, encoder.as_mut(), &mut picture);
                    if send.send((place, Ok(encoded))).is_err() {
                        break;
                    }
                }
            }));
        }
        drop(send);
        let outcome = in_order(results, &mut |encoded| Ok(each(encoded.map_err(super::StepError::from)?)));
        let joined = running.into_iter().map(|worker| worker.join()).all(|end| end.is_ok());
        if joined { outcome } else { Err(panicked) }
    })
}

/// Hands results on in the order of their places, holding back those that came early, until `each` gives false or an error.
pub(super) fn in_order<T>(
    results: mpsc::Receiver<(usize, T)>,
    each: &mut dyn FnMut(T) -> Result<bool, PipelineError>,
) -> Result<(), PipelineError> {
    let (mut early, mut next) = (BTreeMap::new(), 0);
    for (place, result) in results {
        early.insert(place, result);
        while let Some(result) = early.remove(&next) {
            next += 1;
            if !each(result)? {
                return Ok(());
            }
        }
    }
    Ok(())
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
