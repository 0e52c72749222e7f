//! The weights that are kept: their mean over steps, and the mix of what was learned with what was there before.
//!
//! Owns both sums. Leaves which mix is best to `exam`.

use std::collections::BTreeMap;

use burn::module::Module;

use crate::training::{
    TrainingError,
    model::parameters::{fill, tensors},
    weights::{Tensor, Weights},
};

/// An exponential mean of a model's parameters over its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Average {
    decay: f32,
    mean: BTreeMap<String, Tensor>,
}

impl Average {
    /// Begins at `model`; none where `decay` is 0.
    pub fn begin(decay: f64, model: &impl Module) -> Option<Self> {
        (decay > 0.0).then(|| Self { decay: decay as f32, mean: tensors(model) })
    }

    /// One that goes on from `mean`.
    pub fn resume(decay: f64, mean: BTreeMap<String, Tensor>) -> Option<Self> {
        (decay > 0.0).then_some(Self { decay: decay as f32, mean })
    }

    /// Counts the model after one more step.
    pub fn take(&mut self, model: &impl Module) {
        for (path, now) in tensors(model) {
            if let Some(mean) = self.mean.get_mut(&path) {
                mean.values.iter_mut().zip(now.values).for_each(|(mean, now)| *mean += (now - *mean) * (1.0 - self.decay));
            }
        }
    }

    /// The mean so far.
    pub fn mean(&self) -> &BTreeMap<String, Tensor> {
        &self.mean
    }
}

/// `share` of `learned` and the rest of `before`, parameter by parameter (Wortsman et al. 2022, equation 1).
pub fn mixed<M: Module>(before: &M, learned: M, share: f64) -> Result<M, TrainingError> {
    let before = tensors(before);
    let share = share as f32;
    let mix = tensors(&learned).into_iter().map(|(path, mut tensor)| {
        if let Some(before) = before.get(&path).filter(|_| share < 1.0) {
            tensor.values.iter_mut().zip(&before.values).for_each(|(x, before)| *x = *x * share + before * (1.0 - share));
        }
        (path, tensor)
    });
    fill(learned, &Weights::new("the mix", mix)?)
}

#[cfg(test)]
mod tests {
    use burn::{
        module::Param,
        nn::Linear,
        tensor::{Device, Tensor as Burn},
    };

    use super::*;

    fn layer(value: f32) -> Linear {
        let device = Device::flex();
        Linear { weight: Param::from_tensor(Burn::full([1, 1], value, &device)), bias: None }
    }

    fn value(layer: &Linear) -> f32 {
        tensors(layer)["weight"].values[0]
    }

    #[test]
    fn a_mean_follows_the_weights_slowly() {
        let mut mean = Average::begin(0.75, &layer(0.0)).expect("an average");
        mean.take(&layer(4.0));
        mean.take(&layer(5.0));
        assert_eq!(mean.mean()["weight"].values, [2.0]);
        assert_eq!(Average::begin(0.0, &layer(0.0)), None);
    }

    #[test]
    fn a_mix_lies_between_before_and_after() {
        for (share, want) in [(0.0, 2.0), (0.25, 3.0), (1.0, 6.0)] {
            assert_eq!(value(&mixed(&layer(2.0), layer(6.0), share).expect("a mix")), want);
        }
    }
}
