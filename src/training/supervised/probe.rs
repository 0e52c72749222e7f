//! A linear layer behind frozen features, fitted to the end: multinomial logistic regression by L-BFGS.
//!
//! Owns the fit and the choice of its decay, on a split of what is learned from. Leaves the features to `features`, and whether a class is
//! a component of its own or the vector of its name to whoever asks.

use std::path::Path;

use burn::{
    module::Param,
    nn::Linear,
    optim::{GradientsParams, LBFGSConfig, LineSearchFn},
    tensor::{Device, Tensor, TensorData},
};

use crate::training::{
    TrainingError,
    features::{Features, Standard},
    loss::cross_entropy,
    model::Projection,
    weights::{self, Weights},
};

/// Of so many photos one is kept from the fit, for the choice of the decay.
const HELD_OUT: usize = 5;
/// Decays that are tried, from the strongest: half decades around 1 / photos, which is scikit-learn's default for ten thousand. The sweep is
/// CLIP's (Radford et al. 2021, appendix A.3).
const DECAYS: [f32; 8] = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5];
/// Decays after the best one that are tried in vain.
const IN_VAIN: usize = 2;
/// Steps of L-BFGS, and what it remembers of them; CLIP took 1,000, ours begin where the next stronger decay ended.
const STEPS: usize = 60;
const MEMORY: usize = 10;

/// Features with the class of each row that is learned from.
pub struct Known<'a> {
    /// A row for each photo.
    pub features: &'a Features,
    /// Row and class.
    pub truth: &'a [(usize, usize)],
    /// What the layer's output is multiplied with to rank classes: a row for each.
    pub classes: &'a Features,
}

/// What was fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// From features, as they are, to what classes are ranked by.
    pub layer: Projection,
    /// Half of it times the squares of all weights, of standardised features, was added to the mean cross-entropy.
    pub decay: f32,
}

/// Rows that stand as each class for itself.
pub fn one_hot(classes: usize) -> Features {
    let one = |at: usize| if at / classes == at % classes { 1.0 } else { 0.0 };
    Features::new(classes, (0..classes * classes).map(one).collect())
}

impl Probe {
    /// Writes it to `path`.
    pub fn write(&self, path: &Path) -> Result<(), TrainingError> {
        let tensor = |shape: &[usize], values: &[f32]| weights::Tensor { shape: shape.to_vec(), values: values.to_vec() };
        let Projection { inputs, outputs, weight, bias } = &self.layer;
        let tensors = [
            ("weight", tensor(&[*inputs, *outputs], weight)),
            ("bias", tensor(&[*outputs], bias)),
            ("decay", tensor(&[1], &[self.decay])),
        ];
        weights::write(path, &tensors.map(|(name, tensor)| (name.to_owned(), tensor)).into(), None)
    }

    /// What [`Self::write`] wrote.
    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let all = Weights::read(path)?;
        let (weight, [inputs, outputs]) = all.shaped("weight", [None, None])?;
        let (bias, _) = all.shaped("bias", [Some(outputs)])?;
        let (decay, _) = all.shaped("decay", [Some(1)])?;
        let layer = Projection { inputs, outputs, weight: weight.values.clone(), bias: bias.values.clone() };
        Ok(Self { layer, decay: decay.values.first().copied().unwrap_or_default() })
    }
}

impl Known<'_> {
    /// The layer of the decay that ranks most of the photos held out rightly, fitted to all.
    pub fn fit(&self) -> Probe {
        let mut features = self.features.select(self.truth.iter().map(|(row, _)| *row));
        let standard = Standard::of(&features);
        standard.apply(&mut features);
        let every: Vec<usize> = (0..self.truth.len()).collect();
        let (held, learned): (Vec<usize>, Vec<usize>) = every.iter().partition(|&&row| row % HELD_OUT == HELD_OUT - 1);
        let [held, learned, whole] = [held, learned, every].map(|rows| self.problem(&features, &rows));

        let mut layer = self.zero();
        let mut best = (0.0, DECAYS[0], layer.clone());
        for (at, &decay) in DECAYS.iter().enumerate() {
            layer = learned.solve(layer, decay);
            let accuracy = held.accuracy(&layer);
            if at == 0 || accuracy > best.0 {
                best = (accuracy, decay, layer.clone());
            } else if DECAYS.iter().position(|&decay| decay == best.1).is_some_and(|best| at - best >= IN_VAIN) {
                break;
            }
        }
        let (_, decay, layer) = best;
        let layer = whole.solve(layer, decay);
        Probe { layer: Projection::of(&layer).before(&standard.mean, &standard.deviation), decay }
    }

    fn zero(&self) -> Linear {
        let device = Device::flex().autodiff();
        let (inputs, outputs) = (self.features.width(), self.classes.width());
        let weight = Param::from_tensor(Tensor::zeros([inputs, outputs], &device));
        Linear { weight, bias: Some(Param::from_tensor(Tensor::zeros([outputs], &device))) }
    }

    fn problem(&self, features: &Features, rows: &[usize]) -> Problem {
        let device = Device::flex().autodiff();
        let tensor = |features: &Features| {
            let shape = [features.rows(), features.width()];
            Tensor::from_data(TensorData::new(features.values().to_vec(), shape), &device)
        };
        let classes: Vec<usize> = rows.iter().filter_map(|&row| self.truth.get(row)).map(|(_, class)| *class).collect();
        Problem {
            features: tensor(&features.select(rows.iter().copied())),
            truth: tensor(&one_hot(self.classes.rows()).select(classes.iter().copied())),
            vectors: tensor(self.classes).transpose(),
            classes,
        }
    }
}

/// What is minimised.
struct Problem {
    features: Tensor<2>,
    truth: Tensor<2>,
    /// (outputs, classes).
    vectors: Tensor<2>,
    classes: Vec<usize>,
}

impl Problem {
    fn logits(&self, layer: &Linear) -> Tensor<2> {
        // Few classes first: a product with all photos is then no wider than they are many.
        let logits = self.features.clone().matmul(layer.weight.val().matmul(self.vectors.clone()));
        match &layer.bias {
            Some(bias) => logits + bias.val().unsqueeze::<2>().matmul(self.vectors.clone()),
            None => logits,
        }
    }

    fn solve(&self, layer: Linear, decay: f32) -> Linear {
        let config = LBFGSConfig::new().with_max_iter(STEPS).with_history_size(MEMORY);
        let mut solver = config.with_line_search_fn(LineSearchFn::StrongWolfe).init();
        let (layer, _) = solver.step(1.0, layer, |layer: Linear| {
            let penalty = layer.weight.val().square().sum() * (decay / 2.0);
            let cost = cross_entropy(self.logits(&layer), self.truth.clone()) + penalty;
            let value = f64::from(cost.clone().into_scalar::<f32>());
            (value, GradientsParams::from_grads(cost.backward(), &layer))
        });
        layer
    }

    fn accuracy(&self, layer: &Linear) -> f64 {
        let best = self.logits(layer).argmax(1).into_data();
        let right = best.iter::<i64>().zip(&self.classes).filter(|(best, class)| *best == **class as i64).count();
        right as f64 / self.classes.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Photos of three classes along a noisy line, each class for itself.
    fn sample(photos: usize) -> (Features, Vec<(usize, usize)>) {
        let (mut values, mut truth) = (Vec::new(), Vec::new());
        for photo in 0..photos {
            let (class, noise) = (photo % 3, (photo as f32 * 1.7).sin());
            values.extend([5.0 + 3.0 * class as f32 + 0.8 * noise, 0.01 * noise, 7.0]);
            truth.push((photo, class));
        }
        (Features::new(3, values), truth)
    }

    fn scores(probe: &Probe, classes: &Features, features: &[f32]) -> Vec<f32> {
        let out = probe.layer.apply(features);
        (0..classes.rows()).map(|class| classes.row(class).iter().zip(&out).map(|(a, b)| a * b).sum()).collect()
    }

    #[track_caller]
    fn check(classes: &Features) {
        let (features, truth) = sample(150);
        let probe = Known { features: &features, truth: &truth, classes }.fit();
        assert!(DECAYS.contains(&probe.decay));
        let right = truth
            .iter()
            .filter(|(row, class)| crate::evaluation::rank_of(&scores(&probe, classes, features.row(*row)), *class) == 0);
        assert!(right.count() >= 148, "{classes:?}");
    }

    #[test]
    fn classes_are_told_apart_by_components_of_their_own_or_by_vectors_of_their_names() {
        check(&one_hot(3));
        check(&Features::new(2, vec![1.0, 0.0, 0.0, 1.0, -0.7, -0.7]));
    }

    #[test]
    fn at_the_fitted_weights_the_cost_has_no_slope() {
        let (features, truth) = sample(60);
        let (classes, rows) = (one_hot(3), (0..60).collect::<Vec<_>>());
        let known = Known { features: &features, truth: &truth, classes: &classes };
        let mut standard = features.clone();
        Standard::of(&features).apply(&mut standard);
        let problem = known.problem(&standard, &rows);
        let layer = problem.solve(known.zero(), 0.1);
        let cost = |layer: &Linear| -> f32 {
            let penalty = layer.weight.val().square().sum() * 0.05;
            (cross_entropy(problem.logits(layer), problem.truth.clone()) + penalty).into_scalar()
        };
        let at = Projection::of(&layer);
        for weight in 0..at.weight.len() {
            let moved = |by: f32| {
                let mut moved = at.clone();
                moved.weight[weight] += by;
                cost(&moved.linear(&Device::flex().autodiff()))
            };
            let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!(slope.abs() < 2e-3, "{weight}: {slope}");
        }
    }
}
