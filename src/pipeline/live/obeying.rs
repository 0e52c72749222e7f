//! What the walker asks for while walking: answered between two looks, and kept for the next walk.
//!
//! Owns the way from a request to its answer and to the settings. Leaves the words to the stages.

use std::path::Path;

use super::{FIRST, walker::Walker};
use crate::{
    control::{Asked, By, Control},
    pipeline::{PipelineError, battery, controls::Request},
};

impl Walker<'_> {
    /// Does whatever was asked for since.
    pub(super) fn obey(&mut self) -> Result<(), PipelineError> {
        while let Some(request) = self.controls.as_ref().and_then(|controls| controls.try_recv().ok()) {
            let Request { asked, reply } = request;
            let words = self.control(asked)?;
            if let Some(reply) = reply {
                // Who asked may have gone.
                let _ = reply.try_send(words);
            }
        }
        let unsaved = self.keeper.as_mut().and_then(|keeper| keeper.problem());
        unsaved.map_or(Ok(()), |problem| {
            tracing::error!("{problem}");
            self.announce("settings-unsaved")
        })
    }

    /// The first words of the walk: those of the first start, or that it is on; then what was wrong before it began.
    pub(super) fn greet(&mut self) -> Result<(), PipelineError> {
        if self.introduce && self.greeting == FIRST {
            self.control(Asked::new(Control::Introduce, By::Keys))?;
            if let Some(keeper) = &mut self.keeper {
                keeper.keep(|settings| settings.introduced = true);
            }
        } else {
            self.announce(self.greeting)?;
        }
        for message in std::mem::take(&mut self.news) {
            self.announce(message)?;
        }
        Ok(())
    }

    fn control(&mut self, asked: Asked) -> Result<String, PipelineError> {
        let battery = match asked.control {
            Control::Status => battery::percent(Path::new(battery::SUPPLIES)),
            _ => None,
        };
        let (tuning, talk) = (self.stages.tuning(), self.stages.narrator().talk());
        let now = self.camera.now();
        let words = self.stages.control(Asked { battery, ..asked }, now, &mut self.state.out)?;
        self.flush()?;
        let (tuned, talks) = (self.stages.tuning(), self.stages.narrator().talk());
        if let Some(keeper) = &mut self.keeper {
            // What was not asked for stays as it was chosen before, whatever the flags of this walk say.
            keeper.keep(|settings| {
                settings.volume = (tuned.volume != tuning.volume).then_some(tuned.volume).or(settings.volume);
                settings.rate = (tuned.rate != tuning.rate).then_some(tuned.rate).or(settings.rate);
                settings.talk = (talks != talk).then_some(talks).or(settings.talk);
            });
        }
        Ok(words)
    }
}
