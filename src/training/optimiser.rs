//! AdamW as PyTorch has it, with a rate and a decay for each parameter by its place in the model.
//!
//! Owns gradients by path, their clipping, the moments and the step. Leaves the rate over time to `schedule`, where a parameter
//! stands to the model.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Device, Gradients, Tensor, TensorData},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    TrainingError,
    model::{
        Place, Trainable, is_cpu,
        parameters::{Path, places, walks},
    },
    weights::{self, Weights},
};

/// Elements that are summed in one go; longer sums are shared among threads in an order that chance decides.
const PORTION: usize = 1 << 20;
/// Elements that a core moves in one go.
const CHUNK: usize = 1 << 14;
/// `clip_grad_norm_` adds it to the norm.
const CLIP_EPSILON: f32 = 1e-6;

/// How far a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamWSettings {
    /// Memory of gradients and of their squares.
    pub betas: [f64; 2],
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Decoupled decay of what is multiplied, as a share of the rate.
    pub weight_decay: f64,
    /// What each layer's rate is of the next one's, in (0, 1]; 1 gives all the same.
    pub layer_decay: f64,
}

impl Default for AdamWSettings {
    /// CLIP's betas and epsilon for ViTs (Radford et al. 2021, table 18); FLYP's decay (Goyal et al. 2023, section 4). Layers learn
    /// at one rate unless told otherwise, as in both.
    fn default() -> Self {
        Self { betas: [0.9, 0.98], epsilon: 1e-6, weight_decay: 0.1, layer_decay: 1.0 }
    }
}

/// The gradients of a model by path, each laid flat.
#[derive(Clone, Debug, Default)]
pub struct Slopes(BTreeMap<String, Tensor<1>>);

impl Slopes {
    /// Takes those of `module` out of `gradients`. What is frozen, and what the loss did not reach, has none.
    pub fn of(module: &impl Module, gradients: Gradients) -> Self {
        let mut taker = Taker { path: Path::default(), gradients, found: BTreeMap::new() };
        module.visit(&mut taker);
        Self(taker.found)
    }

    /// The sum of both.
    pub fn plus(mut self, other: Self) -> Self {
        for (path, slope) in other.0 {
            let sum = match self.0.remove(&path) {
                Some(mine) => mine + slope,
                None => slope,
            };
            self.0.insert(path, sum);
        }
        self
    }

    /// The Euclidean norm of all of them together.
    pub fn norm(&self) -> f32 {
        let squares = self.0.values().map(|slope| f64::from(square_sum(slope))).sum::<f64>();
        squares.sqrt() as f32
    }

    /// Shortened to a norm of `most` where theirs is greater, as `torch.nn.utils.clip_grad_norm_` does it. Gives what it was before.
    pub fn clip(&mut self, most: f32) -> f32 {
        let norm = self.norm();
        let factor = (most / (norm + CLIP_EPSILON)).min(1.0);
        if factor < 1.0 {
            self.0 = std::mem::take(&mut self.0).into_iter().map(|(path, slope)| (path, slope * factor)).collect();
        }
        norm
    }

    /// The values at `path`, row by row.
    pub fn at(&self, path: &str) -> Option<Vec<f32>> {
        self.0.get(path).map(|slope| slope.clone().into_data().iter::<f32>().collect())
    }
}

fn square_sum(flat: &Tensor<1>) -> f32 {
    let length = flat.dims()[0];
    let portion = |start: usize| {
        let part = flat.clone().narrow(0, start, PORTION.min(length - start));
        part.square().sum().into_scalar::<f32>()
    };
    let starts: Vec<usize> = (0..length).step_by(PORTION).collect();
    starts.into_par_iter().map(portion).collect::<Vec<f32>>().iter().sum()
}

/// The optimiser with its memory.
#[derive(Clone, Debug)]
pub struct AdamW {
    settings: AdamWSettings,
    moments: BTreeMap<String, Moments>,
}

#[derive(Clone, Debug)]
struct Moments {
    steps: u32,
    first: Tensor<1>,
    second: Tensor<1>,
}

impl AdamW {
    /// One that has seen nothing.
    pub fn new(settings: AdamWSettings) -> Self {
        Self { settings, moments: BTreeMap::new() }
    }

    /// `model` after a step along `slopes`, each parameter at its share of `rate`. What has no slope stays as it is.
    pub fn step<M: Trainable>(&mut self, model: M, slopes: Slopes, rate: f64) -> M {
        let places = places(&model);
        model.map(&mut Step { path: Path::default(), optimiser: self, places, slopes, rate })
    }

    /// The memory by name: `PATH/first` and `PATH/second` laid flat, `PATH/steps` as one number, exact to 2^24.
    pub fn memory(&self) -> BTreeMap<String, weights::Tensor> {
        let flat = |x: &Tensor<1>| {
            let values: Vec<f32> = x.clone().into_data().iter::<f32>().collect();
            weights::Tensor { shape: vec![values.len()], values }
        };
        let named = self.moments.iter().flat_map(|(path, Moments { steps, first, second })| {
            [
                (format!("{path}/first"), flat(first)),
                (format!("{path}/second"), flat(second)),
                (format!("{path}/steps"), weights::Tensor { shape: vec![1], values: vec![*steps as f32] }),
            ]
        });
        named.collect()
    }

    /// The optimiser whose [`AdamW::memory`] `memory` is.
    pub fn resume(settings: AdamWSettings, memory: &Weights, device: &Device) -> Result<Self, TrainingError> {
        let mut moments = BTreeMap::new();
        for path in memory.names().filter_map(|name| name.strip_suffix("/steps")) {
            let flat = |which: &str| {
                let (tensor, shape) = memory.shaped(&format!("{path}/{which}"), [None])?;
                Ok::<_, TrainingError>(Tensor::from_data(TensorData::new(tensor.values.clone(), shape), device))
            };
            let (steps, _) = memory.shaped(&format!("{path}/steps"), [Some(1)])?;
            let steps = steps.values.first().map_or(0, |&steps| steps as u32);
            moments.insert(path.to_owned(), Moments { steps, first: flat("first")?, second: flat("second")? });
        }
        Ok(Self { settings, moments })
    }

    /// One parameter, laid flat, after a step.
    fn moved(&mut self, path: &str, place: Place, value: Tensor<1>, slope: Tensor<1>, rate: f64) -> Tensor<1> {
        let AdamWSettings { betas: [first, second], epsilon, weight_decay, layer_decay } = self.settings;
        let rate = rate * layer_decay.powi(i32::try_from(place.from_output).unwrap_or(i32::MAX));
        let Moments { steps, first: mean, second: square } = match self.moments.remove(path) {
            Some(moments) => moments,
            None => Moments { steps: 0, first: slope.zeros_like(), second: slope.zeros_like() },
        };
        let steps = steps + 1;
        let (lag, second_lag) = (1.0 - first.powi(steps as i32), 1.0 - second.powi(steps as i32));
        let factors = Factors {
            first: 1.0 - first,
            second,
            second_lag: second_lag.sqrt(),
            epsilon,
            kept: if place.decays { 1.0 - rate * weight_decay } else { 1.0 },
            rate: rate / lag,
        };
        let [value, mean, square] = factors.moved([value, mean, square], slope);
        self.moments.insert(path.to_owned(), Moments { steps, first: mean, second: square });
        value
    }
}

/// What one parameter's step multiplies by.
struct Factors {
    first: f64,
    second: f64,
    second_lag: f64,
    epsilon: f64,
    kept: f64,
    rate: f64,
}

impl Factors {
    /// A parameter and its moments after a step along `slope`: on the CPU in one pass over memory, for at several times the size of all
    /// weights the passes cost as much as a ViT's matrix products. In PyTorch's order of operations, so that rounding agrees too.
    fn moved(&self, [value, first, second]: [Tensor<1>; 3], slope: Tensor<1>) -> [Tensor<1>; 3] {
        let device = value.device();
        if !is_cpu(&device) {
            let first = first.clone() + (slope.clone() - first) * self.first;
            let second = second * self.second + slope.square() * (1.0 - self.second);
            let root = second.clone().sqrt() / self.second_lag + self.epsilon;
            return [value * self.kept - first.clone() / root * self.rate, first, second];
        }
        let [mut value, mut first, mut second, slope] = [value, first, second, slope].map(|x| x.into_data());
        let (Ok(values), Ok(firsts), Ok(seconds), Ok(slopes)) =
            (value.as_mut_slice(), first.as_mut_slice(), second.as_mut_slice(), slope.as_slice())
        else {
            unreachable!("the CPU computes in 32-bit floats")
        };
        let chunks = (values.par_chunks_mut(CHUNK), firsts.par_chunks_mut(CHUNK), seconds.par_chunks_mut(CHUNK));
        (chunks, slopes.par_chunks(CHUNK)).into_par_iter().for_each(|((v, m, s), g)| self.pass(v, m, s, g));
        [value, first, second].map(|data| Tensor::from_data(data, &device))
    }

    fn pass(&self, value: &mut [f32], first: &mut [f32], second: &mut [f32], slope: &[f32]) {
        let [toward, memory, fresh] = [self.first, self.second, 1.0 - self.second].map(|x| x as f32);
        let [second_lag, epsilon, kept, rate] = [self.second_lag, self.epsilon, self.kept, self.rate].map(|x| x as f32);
        for (((value, first), second), slope) in value.iter_mut().zip(first).zip(second).zip(slope) {
            *first += (slope - *first) * toward;
            *second = *second * memory + slope * slope * fresh;
            *value = *value * kept - *first / (second.sqrt() / second_lag + epsilon) * rate;
        }
    }
}

struct Taker {
    path: Path,
    gradients: Gradients,
    found: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Taker {
    walks!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.base();
        if value.is_require_grad()
            && let Some(slope) = value.grad_remove(&mut self.gradients)
        {
            let length = slope.dims().iter().product::<usize>();
            self.found.insert(self.path.dotted(), slope.reshape([length]));
        }
    }
}

struct Step<'a> {
    path: Path,
    optimiser: &'a mut AdamW,
    places: BTreeMap<String, Place>,
    slopes: Slopes,
    rate: f64,
}

impl ModuleMapper for Step<'_> {
    walks!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.dotted();
        let (Some(slope), Some(&place)) = (self.slopes.0.remove(&path), self.places.get(&path)) else { return param };
        param.map(|value| {
            let (shape, length) = (value.dims(), slope.dims()[0]);
            let flat = value.inner().reshape([length]);
            let moved = self.optimiser.moved(&path, place, flat, slope, self.rate);
            Tensor::from_inner(moved.reshape(shape)).require_grad()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::model::{Tower, TwoTowers, parameters::thaw};

    /// One matrix and one vector that stand where the real ones do.
    #[derive(Module, Debug)]
    struct Two {
        matrix: Param<Tensor<2>>,
        vector: Param<Tensor<1>>,
    }

    impl TwoTowers for Two {
        type Image = Tensor<4>;
        type Text = Vec<Vec<u32>>;

        fn image(&self, pixels: Tensor<4>) -> Tensor<2> {
            pixels.flatten(1, 3)
        }

        fn text(&self, _: Vec<Vec<u32>>) -> Tensor<2> {
            self.matrix.val()
        }

        fn scale(&self) -> Tensor<1> {
            self.vector.val()
        }
    }

    impl Trainable for Two {
        fn place(&self, path: &str) -> Place {
            match path {
                "matrix" => Place { tower: Tower::Image, from_output: 0, decays: true },
                _ => Place { tower: Tower::Text, from_output: 1, decays: false },
            }
        }

        fn begin(&self, pixels: Tensor<4>, _: usize) -> Tensor<2> {
            self.image(pixels)
        }

        fn finish(&self, begun: Tensor<2>, _: usize) -> Tensor<2> {
            begun
        }
    }

    fn two() -> Two {
        let device = Device::flex().autodiff();
        let matrix = Param::from_tensor(Tensor::from_data([[0.5, -1.0], [2.0, 0.25]], &device));
        Two { matrix, vector: Param::from_tensor(Tensor::from_data([0.1, -0.2], &device)) }
    }

    fn slopes(step: usize) -> Slopes {
        let (s, device) = (step as f32, Device::flex());
        let matrix = Tensor::from_data([0.0, 1.0, 2.0, 3.0].map(|i: f32| (s + i).sin() * 3.0), &device);
        let vector = Tensor::from_data([s.cos(), (s + 1.0).cos()], &device);
        Slopes([("matrix".to_owned(), matrix), ("vector".to_owned(), vector)].into())
    }

    fn values(two: &Two) -> Vec<f32> {
        let matrix = two.matrix.val().into_data();
        matrix.iter::<f32>().chain(two.vector.val().into_data().iter::<f32>()).collect()
    }

    fn settings() -> AdamWSettings {
        AdamWSettings { layer_decay: 0.5, ..AdamWSettings::default() }
    }

    #[test]
    fn ten_clipped_steps_end_where_pytorch_ends() {
        // torch 2.15: AdamW of two groups (lr 0.01 and decay 0.1; lr 0.005 and none), clip_grad_norm_ at 1, the same gradients.
        let want = [0.465_248_3, -1.026_065_6, 1.964_094_4, 0.264_602_5, 0.086_853_705, -0.198_632_3];
        let norms = [3.909_631_3, 4.428_673_3, 4.712_161];
        let (mut model, mut optimiser) = (two(), AdamW::new(settings()));
        for step in 0..10 {
            let mut slopes = slopes(step);
            let norm = slopes.clip(1.0);
            assert!(norms.get(step).is_none_or(|want| (norm - want).abs() < 1e-5), "{step}: {norm}");
            model = optimiser.step(model, slopes, 0.01);
        }
        let found = values(&model);
        assert!(found.iter().zip(want).all(|(a, b)| (a - b).abs() < 3e-7), "{found:?} against {want:?}");
    }

    #[test]
    fn an_optimiser_read_back_goes_on_as_if_it_had_never_stopped() {
        let run = |stop: Option<usize>| {
            let (mut model, mut optimiser) = (two(), AdamW::new(settings()));
            for step in 0..6 {
                if stop == Some(step) {
                    let memory = Weights::new("memory", optimiser.memory()).expect("finite moments");
                    optimiser = AdamW::resume(settings(), &memory, &Device::flex()).expect("a memory");
                }
                model = optimiser.step(model, slopes(step), 0.01);
            }
            values(&model)
        };
        assert_eq!(run(Some(3)), run(None));
        assert_eq!(run(Some(1)), run(None));
    }

    #[test]
    fn what_is_frozen_has_no_slope_and_stays() {
        let model = thaw(two(), |_, place| place.tower == Tower::Text);
        let loss = model.matrix.val().sum() * model.vector.val().sum();
        let slopes = Slopes::of(&model, loss.backward());
        assert_eq!((slopes.at("matrix"), slopes.at("vector")), (None, Some(vec![1.75, 1.75])));
        let moved = AdamW::new(settings()).step(model, slopes, 0.1);
        let (found, was) = (values(&moved), values(&two()));
        assert!(found[..4] == was[..4] && found[4..] != was[4..], "{found:?}");
    }
}
