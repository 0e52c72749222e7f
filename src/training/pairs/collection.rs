//! Photos from somewhere, with what is known of each.

use serde::{Deserialize, Serialize};

use crate::{evaluation::shard::Record, ontology::StreetMap, training::data::Split};

/// One photo of a collection, as it is listed: what must be known of all of them at once, and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What messages call it: its path in the collection. No two are the same.
    pub name: Box<str>,
    /// What it may not be parted from by a split: a drive, a scene, a prompt. Its own name where it belongs to nothing.
    pub group: Box<str>,
    /// The split that its publishers put it in.
    pub split: Option<Split>,
}

/// Photos that can be asked for by their place in the list, from any thread.
pub trait Collection: Sync {
    /// The photos in an order that is the same each time.
    fn entries(&self) -> &[Entry];

    /// What was found and can't be used, before any photo was opened.
    fn skipped(&self) -> &[Skipped];

    /// The file of the photo `entry`, as it lies there.
    fn photo(&self, entry: usize) -> Result<Vec<u8>, Skip>;

    /// What is known of the photo.
    fn record(&self, entry: usize) -> Result<Record, Skip>;

    /// What stands where in the photo, of `width` x `height` pixels; `None` where the collection has no maps.
    fn map(&self, entry: usize, width: usize, height: usize) -> Result<Option<StreetMap>, Skip>;
}

/// Why a photo is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The file that should be there is not.
    MissingPhoto,
    /// It can't be read or decoded.
    DamagedPhoto,
    /// There is no map for it, and its collection has maps.
    MissingMask,
    /// Its map can't be read or decoded.
    DamagedMask,
    /// A number in its map stands for nothing in the vocabulary.
    UnknownLabel,
    /// A colour in its map is none of the vocabulary's.
    Palette,
    /// Photo and map are not of one size.
    SizeMismatch,
    /// The number of a thing is out of the range that its format allows.
    InstanceOutOfRange,
    /// A network could not look at it.
    NetworkFailed,
    /// Nobody says anything of it.
    NoCaption,
    /// What is written beside it can't be understood.
    BadRecord,
    /// One colour all over.
    Blank,
    /// The generator would not make it.
    Refused,
    /// The generator died of it, or was not done in time.
    Failed,
    /// It has not the size that was asked for.
    WrongSize,
    /// It looks like another picture of the same making.
    NearDuplicate,
}

/// A photo that is left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The kind, as it is counted.
    pub reason: Reason,
    /// File, place and value, in a line.
    pub detail: String,
}

impl Skip {
    /// Left out for `reason`; `detail` names file, place and value.
    pub fn new(reason: Reason, detail: impl ToString) -> Self {
        // A line in a table stays a line.
        Self { reason, detail: detail.to_string().replace('\n', " ") }
    }
}

/// What was found and can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The photo, or the file that should have led to one.
    pub name: String,
    /// Why.
    pub skip: Skip,
}
