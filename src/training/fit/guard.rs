//! Whether a step may be taken: a loss that is no number or leaves all bounds ends the run before it spoils the weights.

use crate::training::TrainingError;

/// What a run may come to.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    most: f32,
}

/// A step that is about to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// Counted from 1 over the whole run.
    pub step: usize,
    /// Its loss.
    pub loss: f32,
    /// The norm of its gradients.
    pub norm: f32,
    /// The photos of its batch.
    pub keys: &'a [String],
}

impl Guard {
    /// For batches of `batch` pairs; a loss may be `explosion` times that of a blind guess, `ln(batch)`.
    pub fn new(batch: usize, explosion: f32) -> Self {
        Self { most: explosion * (batch as f32).ln().max(1.0) }
    }

    /// Refuses what must not reach the weights. `kept` tells where the last good checkpoint is.
    pub fn check(&self, taken: Taken, kept: impl FnOnce() -> String) -> Result<(), TrainingError> {
        let Taken { step, loss, norm, keys } = taken;
        let what = if !loss.is_finite() {
            format!("the loss is {loss}")
        } else if !norm.is_finite() {
            format!("the gradients measure {norm}")
        } else if loss > self.most {
            format!("the loss is {loss:.1}, above {:.1}", self.most)
        } else {
            return Ok(());
        };
        let problem = format!(
            "step {step}: {what}; choose a smaller optimiser.rate or a longer optimiser.warm_up. {}. The batch was {}",
            kept(),
            keys.join(" ")
        );
        Err(TrainingError::Setting { problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(loss: f32, norm: f32, want: Option<&str>) {
        let keys = ["a".to_owned(), "b".to_owned()];
        let found = Guard::new(64, 10.0).check(Taken { step: 7, loss, norm, keys: &keys }, || "kept at step 5".to_owned());
        match (found, want) {
            (Ok(()), None) => {}
            (Err(error), Some(want)) => {
                let error = error.to_string();
                assert!(error.contains(want) && error.contains("kept at step 5") && error.ends_with("a b"), "{error}");
            }
            (found, want) => panic!("{found:?} against {want:?}"),
        }
    }

    #[test]
    fn a_step_that_would_spoil_the_weights_is_refused_with_its_batch() {
        check(4.2, 1.0, None);
        check(f32::NAN, 1.0, Some("step 7: the loss is NaN"));
        check(4.2, f32::INFINITY, Some("step 7: the gradients measure inf"));
        check(50.0, 1.0, Some("step 7: the loss is 50.0, above 41.6"));
    }
}
