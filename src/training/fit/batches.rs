//! Batches of pictures and captions, drawn from seed, epoch and step alone: a run that was stopped draws what it would have drawn.
//!
//! Owns order, chance and the pixels of a batch. Leaves what a photo looks like to `pictures`, tokens to the tokenizer.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Examples, kept::Kept, pictures, settings::Augment, tokens::Tokens};
use crate::{
    bundle::{Fit, Preprocessing},
    encoder::Preprocessor,
    observation::View,
    training::{TrainingError, data::Caption, loss::Pairs, model::Trainable},
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
    seen: Vec<f32>,
    input: Input,
    meanings: Vec<u32>,
    labels: Vec<Option<u32>>,
    overlaid: f32,
}

/// What is known of a batch's pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Input {
    /// Pixels.
    #[default]
    Pixels,
    /// What the layers so far before the output made of them.
    Begun(usize),
}

/// How a photo is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Its number among the examples.
    pub example: usize,
    /// Whether left and right change places.
    pub mirrored: bool,
    /// Of all other chance.
    pub seed: u64,
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

    /// What `model` makes of some of its pictures, (pictures, embedding).
    pub fn images<M: Trainable>(&self, model: &M, part: Range<usize>, device: &Device) -> Tensor<2> {
        let floats = self.seen.len() / self.len().max(1);
        let seen = self.seen.get(part.start * floats..part.end * floats).unwrap_or_default();
        let rows = Tensor::from_data(TensorData::new(seen.to_vec(), [part.len(), floats]), device);
        match self.input {
            Input::Pixels => model.image(square(rows)),
            Input::Begun(layers) => model.finish(rows, layers),
        }
    }

    /// The `pairs` of it with the longest captions.
    pub fn longest(&self, pairs: usize) -> Self {
        let floats = self.seen.len() / self.len().max(1);
        let mut rows: Vec<usize> = (0..self.len()).collect();
        rows.sort_by_key(|&row| Reverse(self.texts[row].len()));
        rows.truncate(pairs);
        Self {
            keys: rows.iter().map(|&row| self.keys[row].clone()).collect(),
            texts: rows.iter().map(|&row| self.texts[row].clone()).collect(),
            corrupt: Vec::new(),
            seen: rows.iter().flat_map(|row| &self.seen[row * floats..][..floats]).copied().collect(),
            input: self.input,
            meanings: rows.iter().map(|&row| self.meanings[row]).collect(),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            overlaid: 0.0,
        }
    }

    /// The batch with `share` of the last photo laid over the first, of the last but one over the second, and so on.
    fn overlay(mut self, share: f32) -> Self {
        let floats = self.seen.len() / self.len().max(1);
        let below = self.seen.clone();
        let rows = self.seen.chunks_exact_mut(floats.max(1)).zip(below.rchunks_exact(floats.max(1)));
        rows.for_each(|(row, other)| row.iter_mut().zip(other).for_each(|(x, y)| *x += share * (y - *x)));
        Self { overlaid: share, ..self }
    }

    /// What `loss` of its pictures comes to, (pictures, embedding): where another photo is laid over each, what is true of that one counts by its share.
    pub fn weighed(&self, images: Tensor<2>, loss: impl Fn(Tensor<2>) -> Tensor<1>) -> Tensor<1> {
        if self.overlaid == 0.0 {
            return loss(images);
        }
        let other = loss(images.clone().flip([0]));
        loss(images) * (1.0 - self.overlaid) + other * self.overlaid
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
        let apart = |example: &usize| self.examples.all.get(*example).and_then(|example| example.apart);
        if order.iter().any(|example| apart(example).is_some()) { batched(&order, apart, self.size, &mut rng) } else { order }
    }

    /// The batch of a step; `order` is its epoch's. Photos that can't be decoded are left out and named. Where views are `kept`, one of them is
    /// drawn.
    pub fn draw(&self, order: &[usize], epoch: usize, step: usize, kept: Option<&Kept>) -> Result<Batch, TrainingError> {
        let mut rng = self.chance(epoch, u32::try_from(step).unwrap_or(ORDER - 1));
        let chosen = order.iter().skip(step * self.size).take(self.size);
        // All chance is drawn before the threads part.
        let drawn: Vec<_> = chosen
            .filter_map(|&number| {
                let example = self.examples.all.get(number)?;
                let look = match kept {
                    Some(kept) => kept.look(number, rng.random(), self),
                    None => Look { example: number, mirrored: rng.random::<bool>() && self.augment.mirror, seed: rng.random() },
                };
                let caption = example.captions.draw(&mut rng)?;
                let caption = if look.mirrored { caption.mirrored() } else { caption.clone() };
                Some((example, caption, look))
            })
            .collect();
        let (seen, input) = match kept {
            Some(kept) => {
                let undecoded = |name: &str| format!("{name}: can't be decoded");
                let read = |(example, _, look): &(&super::Example, Caption, Look)| {
                    Ok::<_, TrainingError>(kept.read(look)?.ok_or_else(|| undecoded(&example.name)))
                };
                (drawn.iter().map(read).collect::<Result<_, _>>()?, Input::Begun(kept.layers()))
            }
            None => (self.see(&drawn.iter().map(|(.., look)| *look).collect::<Vec<_>>()), Input::Pixels),
        };
        let pairs = drawn.into_iter().map(|(example, caption, _)| (example, caption)).zip(seen);
        let batch = gather(pairs, self.tokens, input)?;
        let most = self.augment.mix;
        Ok(if most > 0.0 { batch.overlay(most * rng.random::<f32>()) } else { batch })
    }

    /// The pixels of each look, (3, side, side), or why there are none.
    pub fn see(&self, looks: &[Look]) -> Vec<Result<Vec<f32>, String>> {
        let image = Preprocessing { fit: Fit::Squash, ..self.image.clone() };
        let see = |preprocessor: &mut Preprocessor, look: &Look| {
            let example = self.examples.all.get(look.example).ok_or("no such photo")?;
            let picture = example.picture().map_err(|error| error.to_string())?;
            let mut rng = ChaCha8Rng::seed_from_u64(look.seed);
            let picture = pictures::seen(&picture, look.mirrored, &self.augment, &mut rng);
            let mut pixels = vec![0.0; preprocessor.floats()];
            preprocessor.fill(&picture, View::Full, &mut pixels).map_err(|error| error.to_string())?;
            Ok(pixels)
        };
        looks.par_iter().map_init(|| Preprocessor::new(&image), see).collect()
    }

    fn chance(&self, epoch: usize, step: u32) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream((epoch as u64) << 32 | u64::from(step));
        rng
    }
}

/// `order` in batches of `size` that are for one value of `apart` each. What fills no such batch comes with those that have none.
fn batched(order: &[usize], apart: impl Fn(&usize) -> Option<usize>, size: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut others = Vec::new();
    for example in order {
        apart(example).map_or(&mut others, |group| groups.entry(group).or_default()).push(*example);
    }
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for group in groups.into_values() {
        let (whole, rest) = group.split_at(group.len() - group.len() % size.max(1));
        batches.extend(whole.chunks(size.max(1)).map(<[usize]>::to_vec));
        others.extend(rest);
    }
    others.shuffle(rng);
    let (whole, rest) = others.split_at(others.len() - others.len() % size.max(1));
    batches.extend(whole.chunks(size.max(1)).map(<[usize]>::to_vec));
    batches.shuffle(rng);
    batches.into_iter().flatten().chain(rest.iter().copied()).collect()
}

/// The pixels of photos as they are, (3, side, side), of each what `keep` makes of them, or why there are none.
pub fn plain<T: Send>(
    examples: &[super::Example],
    image: &Preprocessing,
    keep: impl Fn(Vec<f32>) -> T + Sync,
) -> Vec<Result<T, String>> {
    let see = |preprocessor: &mut Preprocessor, example: &super::Example| {
        let picture = example.picture().map_err(|error| error.to_string())?;
        let mut pixels = vec![0.0; preprocessor.floats()];
        preprocessor.fill(&picture, View::Full, &mut pixels).map_err(|error| error.to_string())?;
        Ok(keep(pixels))
    };
    examples.par_iter().map_init(|| Preprocessor::new(image), see).collect()
}

/// The first captions of photos whose pixels were `seen`, as a batch that holds no pixels.
pub fn captions(examples: &[super::Example], seen: Vec<Result<(), String>>, tokens: &Tokens) -> Result<Batch, TrainingError> {
    let told = examples
        .iter()
        .zip(seen)
        .filter_map(|(example, seen)| Some(((example, example.captions.iter().next()?.clone()), seen.map(|()| Vec::new()))));
    gather(told, tokens, Input::Pixels)
}

type Told<'a> = ((&'a super::Example, Caption), Result<Vec<f32>, String>);

fn gather<'a>(pairs: impl Iterator<Item = Told<'a>>, tokens: &Tokens, input: Input) -> Result<Batch, TrainingError> {
    let mut batch = Batch { input, ..Batch::default() };
    let mut numbers: HashMap<String, u32> = HashMap::new();
    for ((example, caption), seen) in pairs {
        match seen {
            Ok(seen) => {
                batch.seen.extend(seen);
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

/// Rows of pixels as pictures, (pictures, 3, side, side).
pub fn square(rows: Tensor<2>) -> Tensor<4> {
    let [pictures, floats] = rows.dims();
    let side = (floats / 3).isqrt();
    rows.reshape([pictures, 3, side, side])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A batch of pictures of 32 pixels without a pattern, with captions of a few tokens; the first two mean the same.
    pub fn sample(pairs: usize) -> Batch {
        Batch {
            keys: (0..pairs).map(|i| format!("s/{i}")).collect(),
            texts: (0..pairs as u32).map(|i| vec![2, 4 + i, 5 + i % 3, 3]).collect(),
            seen: (0..pairs * 3 * 32 * 32).map(|i| (i as f32 * 0.37).sin() * (i as f32 * 1e-3).cos()).collect(),
            meanings: (0..pairs as u32).map(|i| i.max(1)).collect(),
            labels: vec![None; pairs],
            ..Batch::default()
        }
    }

    #[test]
    fn photos_of_a_source_apart_come_in_batches_of_their_own() {
        let order: Vec<usize> = (0..23).collect();
        let apart = |example: &usize| example.is_multiple_of(3).then_some(0);
        let found = batched(&order, apart, 4, &mut ChaCha8Rng::seed_from_u64(1));
        let own = found.chunks(4).filter(|batch| batch.iter().all(|example| apart(example).is_some())).count();
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!((own, sorted), (2, order), "{found:?}");
    }

    #[test]
    fn a_photo_that_is_laid_over_another_has_its_say_by_its_share() {
        let (plain, device) = (sample(3), Device::flex());
        let mixed = plain.clone().overlay(0.25);
        let floats = plain.seen.len() / 3;
        let want = |row: usize, i: usize| 0.75 * plain.seen[row * floats + i] + 0.25 * plain.seen[(2 - row) * floats + i];
        assert!((0..3).all(|row| (0..floats).all(|i| (mixed.seen[row * floats + i] - want(row, i)).abs() < 1e-6)));
        // Each picture stands for itself: told by the place at which it is asked.
        let images: Tensor<2> = Tensor::from_data([[1.0], [10.0], [100.0]], &device);
        let first = |images: Tensor<2>| images.narrow(0, 0, 1).sum();
        let loss = |batch: &Batch| batch.weighed(images.clone(), first).into_scalar::<f32>();
        assert_eq!((loss(&plain), loss(&mixed)), (1.0, 25.75));
    }
}
