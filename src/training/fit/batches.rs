//! Batches of pictures and captions, drawn from seed, epoch and step alone: a run that was stopped draws what it would have drawn.
//!
//! Owns order, chance and the pixels of a batch. Leaves what a photo looks like to `pictures`, tokens to the tokenizer.

use std::{collections::HashMap, ops::Range};

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Examples, pictures, settings::Augment, tokens::Tokens};
use crate::{
    bundle::{Fit, Preprocessing},
    encoder::Preprocessor,
    observation::View,
    training::{TrainingError, data::Caption, loss::Pairs},
};

/// Stands for the order of an epoch among its steps.
const ORDER: u32 = u32::MAX;

/// Pictures, a caption for each, and what is known of their pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The photos' names.
    pub keys: Vec<String>,
    /// Token ids of each caption.
    pub texts: Vec<Vec<u32>>,
    /// Photos that should have been here and can't be read, with the reason.
    pub corrupt: Vec<(String, String)>,
    pixels: Vec<f32>,
    side: usize,
    meanings: Vec<u32>,
    labels: Vec<Option<u32>>,
}

/// Draws batches.
pub struct Batches<'a> {
    /// Learned from.
    pub examples: &'a Examples,
    /// For the captions.
    pub tokens: &'a Tokens,
    /// How pixels become input.
    pub image: &'a Preprocessing,
    /// What is done to photos.
    pub augment: Augment,
    /// Pairs in a batch.
    pub size: usize,
    /// Of all chance.
    pub seed: u64,
}

impl Batch {
    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The pixels of some of its pictures, (pictures, 3, side, side).
    pub fn pixels(&self, part: Range<usize>, device: &Device) -> Tensor<4> {
        let floats = 3 * self.side * self.side;
        let pixels = self.pixels.get(part.start * floats..part.end * floats).unwrap_or_default();
        Tensor::from_data(TensorData::new(pixels.to_vec(), [pixels.len() / floats.max(1), 3, self.side, self.side]), device)
    }

    /// Which of its pairs match.
    pub fn pairs(&self, device: &Device) -> Pairs {
        Pairs::new(&self.meanings, &self.labels, device)
    }

    /// What its captions mean, equal numbers for equal meanings.
    pub fn meanings(&self) -> &[u32] {
        &self.meanings
    }
}

impl Batches<'_> {
    /// Steps in an epoch.
    pub fn steps(&self) -> usize {
        self.total() / self.size.max(1)
    }

    fn total(&self) -> usize {
        self.examples.all.iter().map(|example| example.repeats).sum::<f64>() as usize
    }

    /// The examples of an epoch in their order: each as often as it asks, a broken number of times rounded up or down by chance.
    pub fn order(&self, epoch: usize) -> Vec<usize> {
        let mut rng = self.chance(epoch, ORDER);
        let mut reached = rng.random::<f64>();
        let mut order = Vec::with_capacity(self.total() + 1);
        for (i, example) in self.examples.all.iter().enumerate() {
            let from = reached.floor();
            reached += example.repeats;
            order.extend(std::iter::repeat_n(i, (reached.floor() - from) as usize));
        }
        order.shuffle(&mut rng);
        order
    }

    /// The batch of a step; `order` is its epoch's. Photos that can't be decoded are left out and named.
    pub fn draw(&self, order: &[usize], epoch: usize, step: usize) -> Result<Batch, TrainingError> {
        let mut rng = self.chance(epoch, u32::try_from(step).unwrap_or(ORDER - 1));
        let chosen = order.iter().skip(step * self.size).take(self.size).filter_map(|&i| self.examples.all.get(i));
        // All chance is drawn before the threads part.
        let drawn: Vec<_> = chosen
            .filter_map(|example| {
                let mirrored = rng.random::<bool>() && self.augment.mirror;
                let caption = example.captions.draw(&mut rng)?;
                let caption = if mirrored { caption.mirrored() } else { caption.clone() };
                Some((example, caption, mirrored, rng.random::<u64>()))
            })
            .collect();
        let image = Preprocessing { fit: Fit::Squash, ..self.image.clone() };
        let seen: Vec<Result<Vec<f32>, String>> = drawn
            .par_iter()
            .map_init(
                || Preprocessor::new(&image),
                |preprocessor, (example, _, mirrored, seed)| {
                    let picture = example.picture().map_err(|error| error.to_string())?;
                    let mut rng = ChaCha8Rng::seed_from_u64(*seed);
                    let picture = pictures::seen(&picture, *mirrored, &self.augment, &mut rng);
                    let mut pixels = vec![0.0; preprocessor.floats()];
                    preprocessor.fill(&picture, View::Full, &mut pixels).map_err(|error| error.to_string())?;
                    Ok(pixels)
                },
            )
            .collect();
        let pairs = drawn.into_iter().map(|(example, caption, ..)| (example, caption)).zip(seen);
        gather(pairs, self.tokens, self.image.size as usize)
    }

    fn chance(&self, epoch: usize, step: u32) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream((epoch as u64) << 32 | u64::from(step));
        rng
    }
}

/// Photos as they are, each with its first caption.
pub fn plain(examples: &[super::Example], tokens: &Tokens, image: &Preprocessing) -> Result<Batch, TrainingError> {
    let seen: Vec<Result<Vec<f32>, String>> = examples
        .par_iter()
        .map_init(
            || Preprocessor::new(image),
            |preprocessor, example| {
                let picture = example.picture().map_err(|error| error.to_string())?;
                let mut pixels = vec![0.0; preprocessor.floats()];
                preprocessor.fill(&picture, View::Full, &mut pixels).map_err(|error| error.to_string())?;
                Ok(pixels)
            },
        )
        .collect();
    let told = examples
        .iter()
        .zip(seen)
        .filter_map(|(example, seen)| Some(((example, example.captions.iter().next()?.clone()), seen)));
    gather(told, tokens, image.size as usize)
}

type Told<'a> = ((&'a super::Example, Caption), Result<Vec<f32>, String>);

fn gather<'a>(pairs: impl Iterator<Item = Told<'a>>, tokens: &Tokens, side: usize) -> Result<Batch, TrainingError> {
    let mut batch = Batch { side, ..Batch::default() };
    let mut numbers: HashMap<String, u32> = HashMap::new();
    for ((example, caption), pixels) in pairs {
        match pixels {
            Ok(pixels) => {
                batch.pixels.extend(pixels);
                batch.keys.push(example.name.clone());
                batch.texts.push(tokens.ids(&caption.text)?);
                let next = numbers.len() as u32;
                batch.meanings.push(*numbers.entry(caption.meaning).or_insert(next));
                batch.labels.push(example.labels);
            }
            Err(problem) => batch.corrupt.push((example.name.clone(), problem)),
        }
    }
    Ok(batch)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A batch of pictures of 32 pixels without a pattern, with captions of a few tokens; the first two mean the same.
    pub fn sample(pairs: usize) -> Batch {
        Batch {
            keys: (0..pairs).map(|i| format!("s/{i}")).collect(),
            texts: (0..pairs as u32).map(|i| vec![2, 4 + i, 5 + i % 3, 3]).collect(),
            pixels: (0..pairs * 3 * 32 * 32).map(|i| (i as f32 * 0.37).sin() * (i as f32 * 1e-3).cos()).collect(),
            side: 32,
            meanings: (0..pairs as u32).map(|i| i.max(1)).collect(),
            labels: vec![None; pairs],
            ..Batch::default()
        }
    }
}
