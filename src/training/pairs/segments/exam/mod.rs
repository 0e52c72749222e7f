//! How good method A is: against people who described the same photos, and against maps that people drew.

mod facts;
mod people;

pub use facts::{Honesty, honesty};
pub use people::{Agreement, ClassRow, Found, examine};

use super::Segments;
use crate::{
    capture,
    evaluation::shard::Record,
    frame::Picture,
    ontology::pieces::Scene,
    training::pairs::{Collection, Reason, Skip},
};

/// What method A sees in the photo `entry`.
fn look(collection: &dyn Collection, segments: &Segments, record: &mut Record, entry: usize) -> Result<Option<Scene>, Skip> {
    let picture = picture(collection, entry)?;
    let map = collection.map(entry, picture.width() as usize, picture.height() as usize)?;
    let looked = segments.look(&picture, record, map).map_err(|error| Skip::new(Reason::NetworkFailed, error))?;
    Ok(looked.1)
}

fn picture(collection: &dyn Collection, entry: usize) -> Result<Picture, Skip> {
    let mut picture = Picture::default();
    let (name, bytes) = (&collection.entries()[entry].name, collection.photo(entry)?);
    capture::decode(name, &bytes, &mut picture).map_err(|error| Skip::new(Reason::DamagedPhoto, error))?;
    Ok(picture)
}
