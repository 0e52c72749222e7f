//! What a tower is asked before it ships, and what it answers.

use std::path::Path;

use crate::{
    bundle::TextInput,
    embedding::Embedding,
    encoder::{Device, Input, OnnxSession, Output, Runtime, SessionOptions, Spinning, Values},
    training::{TrainingError, fit::Tokens, onnx::Model, quantise, weights::Tensor},
};

/// What both a float tower and what was made of it are asked.
pub enum Asked {
    /// Batches of pixels.
    Pictures(Vec<Tensor>),
    /// Token ids and what is no padding, both (texts, longest).
    Texts { shape: [usize; 2], ids: Vec<i64>, mask: Vec<i64> },
}

/// How 8-bit operators are reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// As this CPU does it.
    Here,
    /// Without saturation, as CPUs with VNNI and NPUs do it, on whatever CPU this is.
    Whole,
}

impl Asked {
    /// `texts` as the bundle in `dir` reads them.
    pub fn texts(dir: &Path, input: &TextInput, texts: &[&str]) -> Result<Self, TrainingError> {
        let tokens = Tokens::open(dir, input.context)?;
        let rows = texts.iter().map(|text| tokens.ids(text)).collect::<Result<Vec<_>, _>>()?;
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
        let filled = |pad: i64, value: fn(u32) -> i64| -> Vec<i64> {
            let row = |row: &Vec<u32>| -> Vec<i64> {
                row.iter().map(|&id| value(id)).chain(std::iter::repeat_n(pad, longest - row.len())).collect()
            };
            rows.iter().flat_map(row).collect()
        };
        let ids = filled(i64::from(input.pad), i64::from);
        Ok(Self::Texts { shape: [rows.len(), longest], ids, mask: filled(0, |_| 1) })
    }

    /// What `model` makes of all.
    pub fn rows(&self, model: &Model, sums: Sums) -> Result<Vec<Embedding>, TrainingError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let options = SessionOptions { device: Device::Cpu, threads, spinning: Spinning::Off };
        let (runtime, name) = (Runtime::load(None)?, model.graph.name());
        let mut session = match sums {
            Sums::Here => OnnxSession::open(runtime, name, &model.to_bytes(), &options)?,
            Sums::Whole => OnnxSession::open_as_written(runtime, name, &quantise::unsaturated(model).to_bytes(), &options)?,
        };
        let mut rows = Vec::new();
        let mut run = |inputs: &[Input<'_>], output: &str| {
            let mut outputs = [Output::named(output)];
            session.run(inputs, &mut outputs)?;
            let [Output { shape, values, .. }] = &outputs;
            for raw in values.chunks(shape.last().copied().unwrap_or(1).max(1)) {
                let row = Embedding::new(raw.to_vec());
                rows.push(row.map_err(|e| TrainingError::Calibration { problem: format!("{name}: {e}") })?);
            }
            Ok::<_, TrainingError>(())
        };
        match self {
            Self::Pictures(batches) => batches.iter().try_for_each(|Tensor { shape, values }| {
                run(&[Input { name: "pixel_values", shape, values: Values::F32(values) }], "image_embeds")
            })?,
            Self::Texts { shape, ids, mask } => {
                let input = |name, values| Input { name, shape, values: Values::I64(values) };
                run(&[input("input_ids", ids), input("attention_mask", mask)], "text_embeds")?;
            }
        }
        Ok(rows)
    }
}
