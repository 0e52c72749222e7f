//! How people put it: a linear map of what the text tower makes of sentences, learned from what people wrote of photos, the image tower as it is.
//!
//! Both towers learn mostly from short sentences made of labels; whole sentences of people lie aside of those by much the same. Owns the map's fit:
//! contrastive on frozen features, as locked-image tuning has it (Zhai et al. 2022), with a linear adapter (Gao et al. 2021) in place of a tower.
//! Leaves the sentences to `ship`, which puts the map into the tower.

use burn::{
    module::{Module, Param},
    optim::{AdamWConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Tensor, TensorData},
};
use rand::{Rng, RngExt, SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;

use super::{
    loss::{contrastive, cross_entropy, targets, unit},
    progress::Show,
    schedule::learning_rate,
};
use crate::embedding::Embedding;

/// Steps, each over a batch of every kind of sentence.
const STEPS: usize = 400;
/// Photos in a batch.
const BATCH: usize = 256;
/// Photos in a batch that find their category.
const SORTED: usize = 512;
/// The highest learning rate. With a third of it, or three times as much, `val` came out the same.
const RATE: f64 = 1e-3;
/// Inverse temperatures, of pairs (of 15, 30 and 60 recall at 5 is .71, .67, .62 in one direction, .69, .71, .69 in the other) and of categories.
const PAIR_SCALE: f32 = 30.0;
const CATEGORY_SCALE: f32 = 40.0;
/// Weight of the categories against the pairs. Of 1, 3, 10 and 30 the accuracy over thirty captions of `val` is .878, .883, .889 and .890, before .879, and
/// recall at 5 from image to text .65, .65, .62 and .57, before .49.
const CATEGORY_WEIGHT: f32 = 10.0;
/// Cost of the squared distance by which a sentence moves that is to stay. Of 0, 10, 30 and 100 the last keeps most of what names say that nobody taught
/// (mean average precision of 58 labels of `val` .60, .62, .63, .64, before .65), and recall differs by no more than chance.
const STAY_COST: f32 = 100.0;

/// A photo and what was written of it.
pub struct Told {
    /// What the image tower makes of it.
    pub photo: Embedding,
    /// What the text tower makes of each sentence; at least one.
    pub sentences: Vec<Embedding>,
}

/// What the map learns from.
pub struct Lesson {
    /// Photos by kinds of sentences: in a batch there is one kind alone, or how a sentence is put would tell which photo it is of.
    pub told: Vec<Vec<Told>>,
    /// Captions of categories.
    pub categories: Vec<Embedding>,
    /// Photos with the place of their category among those.
    pub sorted: Vec<(Embedding, usize)>,
    /// Sentences that are to stay where they are.
    pub fixed: Vec<Embedding>,
}

/// What is added to a sentence: `text + text * shift`.
#[derive(Module, Debug)]
struct Shift {
    shift: Param<Tensor<2>>,
}

impl Shift {
    fn apply(&self, texts: Tensor<2>) -> Tensor<2> {
        unit(texts.clone() + texts.matmul(self.shift.val()))
    }
}

/// The map that turns the text tower's embeddings, (embedding, embedding) and row-major: a row times it is the sentence as people would put it, but
/// for its length.
pub fn learn(lesson: &Lesson, width: usize, show: Show) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let rows = |rows: &mut dyn Iterator<Item = &Embedding>| {
        let rows: Vec<&[f32]> = rows.map(Embedding::as_slice).collect();
        Tensor::<2>::from_data(TensorData::new(rows.concat(), [rows.len(), width]), &device)
    };
    let categories = rows(&mut lesson.categories.iter());
    let fixed = rows(&mut lesson.fixed.iter());
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut shift = Shift { shift: Param::from_tensor(Tensor::zeros([width, width], &device)) };
    let mut optimizer = ModuleOptimizer::from(AdamWConfig::new().with_weight_decay(0.0).build());
    let progress = show.begin("learning how people put it", STEPS, "steps");
    for step in 0..STEPS {
        let stayed = shift.apply(fixed.clone()) - fixed.clone();
        let mut loss = stayed.square().sum() * (STAY_COST / lesson.fixed.len().max(1) as f32);
        for told in lesson.told.iter().filter(|told| told.len() > 1) {
            let drawn = drawn(told.len(), BATCH, &mut rng);
            let batch: Vec<&Told> = drawn.iter().filter_map(|&i| told.get(i)).collect();
            let texts: Vec<&Embedding> =
                batch.iter().filter_map(|told| told.sentences.get(rng.random_range(0..told.sentences.len()))).collect();
            let images = rows(&mut batch.iter().map(|told| &told.photo));
            let texts = shift.apply(rows(&mut texts.into_iter()));
            let each: Vec<u32> = (0..batch.len() as u32).collect();
            let scale = Tensor::from_data([PAIR_SCALE], &device);
            loss = loss + contrastive(images, texts, scale, targets(&each, &device));
        }
        if !lesson.sorted.is_empty() {
            let drawn = drawn(lesson.sorted.len(), SORTED, &mut rng);
            let batch: Vec<&(Embedding, usize)> = drawn.iter().filter_map(|&i| lesson.sorted.get(i)).collect();
            let images = rows(&mut batch.iter().map(|(photo, _)| photo));
            let logits = images.matmul(shift.apply(categories.clone()).transpose()) * CATEGORY_SCALE;
            let truth =
                batch.iter().flat_map(|(_, truth)| (0..lesson.categories.len()).map(move |i| f32::from(u8::from(i == *truth))));
            let truth = TensorData::new(truth.collect::<Vec<_>>(), [batch.len(), lesson.categories.len()]);
            loss = loss + cross_entropy(logits, Tensor::from_data(truth, &device)) * CATEGORY_WEIGHT;
        }
        let slopes = GradientsParams::from_module(&mut loss.backward(), &shift);
        shift = optimizer.step(learning_rate(step, STEPS, STEPS / 10, RATE), shift, slopes);
        progress.advance(1, String::new());
    }
    progress.finish();
    let mut map: Vec<f32> = shift.shift.val().into_data().iter::<f32>().collect();
    map.iter_mut().step_by(width + 1).for_each(|diagonal| *diagonal += 1.0);
    map
}

/// `most` different ones of `all`, or all.
fn drawn(all: usize, most: usize, rng: &mut impl Rng) -> Vec<usize> {
    index::sample(rng, all, most.min(all)).into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 8;

    fn random(rng: &mut impl Rng) -> Embedding {
        Embedding::new((0..WIDTH).map(|_| rng.random::<f32>() - 0.5).collect()).expect("a direction")
    }

    /// `row` times `map`.
    fn mapped(row: &Embedding, map: &[f32]) -> Embedding {
        let of = |c: usize| row.as_slice().iter().zip(map.iter().skip(c).step_by(WIDTH)).map(|(x, m)| x * m).sum();
        Embedding::new((0..WIDTH).map(of).collect()).expect("a direction")
    }

    /// How near photos are to their sentences, in the mean.
    fn nearness(told: &[Told], map: &[f32]) -> f32 {
        told.iter().map(|told| told.photo.cosine(&mapped(&told.sentences[0], map))).sum::<f32>() / told.len() as f32
    }

    #[test]
    fn sentences_that_all_lie_aside_are_led_to_their_photos_and_what_is_fixed_stays() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        // Of what is written the first two components are each other's, which no name in the plane of the others feels.
        let swapped = |photo: &Embedding| {
            let mut values = photo.as_slice().to_vec();
            values.swap(0, 1);
            Embedding::new(values).expect("a direction")
        };
        let told = |rng: &mut ChaCha8Rng| {
            let photo = random(rng);
            Told { sentences: vec![swapped(&photo)], photo }
        };
        let [taught, unseen] = [200, 60].map(|count| (0..count).map(|_| told(&mut rng)).collect::<Vec<_>>());
        let fixed = Embedding::new((0..WIDTH).map(|i| f32::from(u8::from(i > 3))).collect()).expect("a direction");
        let lesson = Lesson { told: vec![taught], categories: vec![], sorted: vec![], fixed: vec![fixed.clone()] };
        let map = learn(&lesson, WIDTH, Show::new(true));
        let unit: Vec<f32> = (0..WIDTH * WIDTH).map(|i| f32::from(u8::from(i % (WIDTH + 1) == 0))).collect();
        let (before, after) = (nearness(&unseen, &unit), nearness(&unseen, &map));
        assert!(after > before + 0.05, "{after} after {before}");
        assert!(mapped(&fixed, &map).cosine(&fixed) > 0.99);
        assert_eq!(map, learn(&lesson, WIDTH, Show::new(true)), "the same lesson teaches the same");
    }
}
