//! Items worked on by several cores at once, and handed on in their order.
//!
//! Owns the workers. Leaves what an item is and what is made of it to the caller.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use crate::{
    encoder::{EncoderError, ImageEncoder},
    pipeline::PipelineError,
};

/// Opens an encoder for one worker.
pub(super) type Open<'a> = &'a (dyn Fn() -> Result<Box<dyn ImageEncoder>, EncoderError> + Sync);

/// Hands what `workers` workers make of the items of `next` to `each`, in the items' order, until `each` gives false or an error.
/// `worker` makes a worker on its own thread. A panic of one is an error that names `what` they did.
pub(super) fn ordered<T, U: Send, W: FnMut(T) -> U>(
    what: &'static str,
    workers: usize,
    next: impl FnMut() -> Option<T> + Send,
    worker: &(impl Fn() -> W + Sync),
    each: &mut dyn FnMut(U) -> Result<bool, PipelineError>,
) -> Result<(), PipelineError> {
    let items = Mutex::new((0.., next));
    // Twice the workers: enough that none waits for another, and memory stays flat.
    let (send, results) = mpsc::sync_channel(2 * workers);
    thread::scope(|scope| {
        let mut running = Vec::new();
        for _ in 0..workers {
            let (items, send) = (&items, send.clone());
            running.push(scope.spawn(move || {
                let mut work = worker();
                loop {
                    let taken = {
                        let (places, next) = &mut *items.lock().unwrap_or_else(PoisonError::into_inner);
                        next().and_then(|item| Some((places.next()?, item)))
                    };
                    let Some((place, item)) = taken else { break };
                    // Nobody takes results any more: the work ended early.
                    if send.send((place, work(item))).is_err() {
                        break;
                    }
                }
            }));
        }
        drop(send);
        let outcome = in_order(results, each);
        let joined = running.into_iter().map(|worker| worker.join()).all(|end| end.is_ok());
        if joined { outcome } else { Err(PipelineError::Panicked { what }) }
    })
}

/// Holds back those that came early.
fn in_order<U>(
    results: mpsc::Receiver<(usize, U)>,
    each: &mut dyn FnMut(U) -> Result<bool, PipelineError>,
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

/// A worker's encoder, opened when it is first needed.
pub(super) fn opened<'a>(
    encoder: &'a mut Option<Box<dyn ImageEncoder>>,
    open: Open<'_>,
) -> Result<&'a mut dyn ImageEncoder, EncoderError> {
    let encoder = match encoder {
        Some(encoder) => encoder,
        none => none.insert(open()?),
    };
    Ok(encoder.as_mut())
}
