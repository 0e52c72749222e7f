//! A recorded walk as embeddings: for those who look at what was seen and decide nothing.
//!
//! Owns what becomes of a frame that shows nothing or can't be read. Leaves the workers to `ahead`.

use crate::{
    capture::FrameSource,
    embedding::Embedding,
    encoder::ImageEncoder,
    fault::{Fault, Recovery},
    frame::Frame,
    observation::View,
    pipeline::{
        PipelineError, StepError,
        ahead::ahead,
        ordered::Open,
        policy::Plan,
        sight::{Sight, SightConfig},
        step::Views,
    },
};

/// Frames that were looked at, and those that were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Handed on.
    pub frames: u64,
    /// Dark, covered or damaged.
    pub blind: u64,
}

/// Hands every frame of `source` that shows anything to `each`, in order, with the embeddings of its `views`. A frame that can't be read is passed
/// over, unless its source says that nothing will mend it.
pub fn look(
    source: &mut dyn FrameSource,
    views: &[View],
    open: Open<'_>,
    mut each: impl FnMut(&Frame, &[Embedding]) -> Result<(), PipelineError>,
) -> Result<Looked, PipelineError> {
    let (mut sight, mut embeddings, mut looked) = (Sight::new(SightConfig::default()), Vec::new(), Looked::default());
    let plan = |_: &Frame| Plan::Look { crops: false, map: false };
    ahead(source, plan, &Views::only(views), open, &mut |found| {
        let mut look = match found {
            Ok(look) => look,
            Err(error) if error.recovery() == Recovery::Retry => {
                tracing::warn!("{error}");
                looked.blind += 1;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if sight.look(&look.frame.picture, look.frame.at).is_some_and(Fault::blinds) {
            looked.blind += 1;
            return Ok(Some(look));
        }
        look.answer.encode(&look.frame.picture, views, &mut embeddings).map_err(StepError::from)?;
        each(&look.frame, &embeddings)?;
        looked.frames += 1;
        Ok(Some(look))
    })?;
    Ok(looked)
}
