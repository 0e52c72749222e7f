//! What a narrator is worth on recorded walks: what was said, held against what was there.
//!
//! Owns the walks that are judged, the meaning of each figure and the table. Leaves replaying to `pipeline`, the truth's words to `walk`.
//! `docs/walks.md` has every definition.

use std::time::Duration;

use crate::{
    capture::{CaptureError, FrameSource},
    encoder::{EncoderError, ImageEncoder},
    pipeline::{
        PipelineError, Stages,
        replay::{self, Pace},
        report::{Happening, Summary},
    },
    walk::Truth,
};

mod drive;
mod encounters;
mod figures;
mod find;
mod judge;
pub mod page;
mod walker;

pub use drive::{Mapped, maps, walks as drives};
pub use encounters::Encounter;
pub use figures::{METRICS, table};
pub use find::find;
pub use judge::{Judged, Said, Silent, Verdict, judge};
pub use walker::Walker;

/// A walk with its truth.
pub struct Recorded {
    /// Its own name: that of its folder or file.
    pub name: String,
    /// What it was found under.
    pub group: String,
    /// What is there and when.
    pub truth: Vec<Truth>,
    /// Facets of which the truth tells everything.
    pub complete: Vec<String>,
    frames: Frames,
}

enum Frames {
    /// A folder with `walk.toml`, or a video.
    Path(std::path::PathBuf),
    Drive(std::sync::Arc<drive::Drive>),
}

impl Recorded {
    /// Its frames from the first; a video is sampled `fps` times a second.
    pub fn open(&self, fps: f64) -> Result<Box<dyn FrameSource>, CaptureError> {
        match &self.frames {
            Frames::Path(path) => crate::capture::open(path, fps),
            Frames::Drive(drive) => Ok(Box::new(drive.source())),
        }
    }
}

/// What a replay gave.
pub struct Replayed {
    /// In the order of time, every silence with its reason among them.
    pub happenings: Vec<Happening>,
    /// The figures at its end.
    pub summary: Summary,
}

/// Replays `source` through `stages` on the virtual clock; speech takes what `length` says.
pub fn replay(
    source: &mut dyn FrameSource,
    open: &(dyn Fn() -> Result<Box<dyn ImageEncoder>, EncoderError> + Sync),
    stages: &mut Stages,
    length: &dyn Fn(&str) -> Duration,
) -> Result<Replayed, PipelineError> {
    let mut happenings = Vec::new();
    let summary =
        replay::replay(source, open, stages, Pace::Fast(length), &[], &mut |happening| happenings.push(happening.clone()))?;
    Ok(Replayed { happenings, summary })
}
