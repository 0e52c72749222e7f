//! Watching the activations of a float graph while photos pass through.

use std::collections::BTreeMap;

use super::{histogram::Histogram, plan::Plan};
use crate::{
    encoder::{Input, OnnxSession, Output, Runtime, SessionOptions, Values},
    training::{TrainingError, onnx::Model, weights::Tensor},
};

/// What was observed of every edge that may be rounded.
#[derive(Clone, Debug)]
pub struct Ranges(BTreeMap<String, Range>);

/// One edge.
#[derive(Clone, Debug)]
pub(super) struct Range {
    /// At most 0.
    pub low: f32,
    /// At least 0, and above `low`.
    pub high: f32,
    /// The mean of each channel.
    pub means: Vec<f32>,
}

impl Range {
    /// The step between two of 256 values, and which of them is zero: it must be exact, since padding is zero.
    pub fn steps(&self) -> (f32, u8) {
        let step = ((self.high - self.low) / 255.0).max(f32::MIN_POSITIVE);
        (step, (-self.low / step).round().clamp(0.0, 255.0) as u8)
    }
}

impl Ranges {
    pub(super) fn of(&self, edge: &str) -> Result<&Range, TrainingError> {
        let unseen =
            || TrainingError::Calibration { problem: format!("{edge} was not observed; calibrate this graph, not another") };
        self.0.get(edge).ok_or_else(unseen)
    }
}

/// Runs `model`, the float image tower, on `batches` as its input takes them: (N, 3, H, W). Some hundred photos of every kind
/// will do; the ranges are those of least squared error.
pub fn calibrate(
    model: &Model,
    batches: impl IntoIterator<Item = Result<Tensor, TrainingError>>,
) -> Result<Ranges, TrainingError> {
    let mut watched = model.clone();
    let input = model.graph.input.first().map(|input| input.name().to_owned()).unwrap_or_default();
    let edges = Plan::new(&model.graph, &[]).edges;
    let inner: Vec<&String> = edges.iter().filter(|edge| **edge != input).collect();
    inner.iter().for_each(|edge| watched.graph.expose(edge));
    let bytes = watched.to_bytes();
    let mut session = OnnxSession::open(Runtime::load(None)?, "the float image tower", &bytes, &SessionOptions::default())?;

    let mut outputs: Vec<Output> = inner.iter().map(|edge| Output::named(edge)).collect();
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for batch in batches {
        let Tensor { shape, values } = batch?;
        session.run(&[Input { name: &input, shape: &shape, values: Values::F32(&values) }], &mut outputs)?;
        seen.entry(input.clone()).or_insert_with(Seen::new).add(&input, &shape, &values)?;
        for Output { name, shape, values } in &outputs {
            seen.entry(name.clone()).or_insert_with(Seen::new).add(name, shape, values)?;
        }
    }
    if seen.is_empty() {
        return Err(TrainingError::Calibration { problem: "no photos were given; a few hundred are needed".to_owned() });
    }
    Ok(Ranges(seen.into_iter().map(|(edge, seen)| (edge, seen.range())).collect()))
}

/// One edge while photos pass.
struct Seen {
    histogram: Histogram,
    sums: Vec<f64>,
    /// Values in each channel.
    count: usize,
}

impl Seen {
    fn new() -> Self {
        Self { histogram: Histogram::new(), sums: Vec::new(), count: 0 }
    }

    /// Takes values whose second axis is the channel.
    fn add(&mut self, edge: &str, shape: &[usize], values: &[f32]) -> Result<(), TrainingError> {
        if !values.iter().all(|x| x.is_finite()) {
            let problem = format!("{edge} is not finite on one of the photos; the weights are damaged");
            return Err(TrainingError::Calibration { problem });
        }
        self.histogram.add(values);
        let channels = shape.get(1).copied().unwrap_or(1).max(1);
        let area = shape.iter().skip(2).product::<usize>().max(1);
        self.sums.resize(channels, 0.0);
        for (i, plane) in values.chunks(area).enumerate() {
            self.sums[i % channels] += plane.iter().map(|&x| f64::from(x)).sum::<f64>();
        }
        self.count += values.len() / channels;
        Ok(())
    }

    fn range(self) -> Range {
        let (low, high) = self.histogram.range();
        let count = self.count.max(1) as f64;
        Range { low, high, means: self.sums.iter().map(|sum| (sum / count) as f32).collect() }
    }
}
