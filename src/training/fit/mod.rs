//! Fitting the heads: pictures and captions in, a projection behind each trunk out.
//!
//! Owns the training loop and its settings. Leaves the trunks' outputs to `features`, captions to `data`, the loss to `loss`.

use burn::{
    module::{Module, ParamGroup},
    optim::{AdamWConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Tensor},
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{
    TrainingError,
    loss::contrastive,
    model::{Heads, Trained, TwoTowers, Widths},
    progress::Show,
};
use crate::evaluation::TopK;

mod exam;
mod examples;
mod questions;
mod run;
mod schedule;

pub use exam::Exam;
pub use examples::{Batch, Examples, sentences};
pub use questions::Questions;
pub use run::{HEADS, RunRecord};
pub use schedule::learning_rate;

/// How the heads are fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Times that every photo is seen.
    pub epochs: usize,
    /// Pairs in a batch.
    pub batch: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises to it.
    pub warm_up: usize,
    /// AdamW's decay of the projections' weights; biases and temperature are left alone, as in CLIP.
    pub weight_decay: f32,
    /// AdamW's memory of gradients and of their squares.
    pub betas: [f32; 2],
    /// Share of image features that are left out in each step.
    pub dropout: f64,
    /// Components of an embedding.
    pub embedding: usize,
    /// How often a hand-labelled photo comes for each time that another does.
    pub hand_labelled: usize,
    /// Labelled photos in a step of which the vocabulary's questions are asked.
    pub asked: usize,
    /// Weight of those answers against the pairs.
    pub answer_weight: f32,
    /// Of every random choice.
    pub seed: u64,
}

impl Default for Settings {
    /// CLIP's optimiser (Radford et al. 2021, table 18: betas .9 and .98, cosine after warm-up). Rate and dropout did best of the
    /// few tried on `val`, within the noise of one seed; batch and epochs were not varied on their own. Hand-labelled photos are
    /// few and say most.
    fn default() -> Self {
        Self {
            epochs: 12,
            batch: 1024,
            learning_rate: 5e-3,
            warm_up: 30,
            weight_decay: 0.1,
            betas: [0.9, 0.98],
            dropout: 0.2,
            embedding: 256,
            hand_labelled: 3,
            asked: 256,
            answer_weight: 1.0,
            seed: 0,
        }
    }
}

/// One epoch, as `log.csv` keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss of its batches.
    pub loss: f32,
    /// The learning rate at its end.
    pub learning_rate: f64,
    /// Inverse temperature at its end.
    pub scale: f32,
    /// Accuracy on `val` at k = 1.
    pub top_1: f64,
    /// Accuracy on `val` at k = 5.
    pub top_5: f64,
    /// Pairs in a second.
    pub pairs_per_second: f64,
}

/// What fitting gave.
pub struct Fitted {
    /// The heads of the best epoch, for features as the trunks give them.
    pub heads: Trained,
    /// The best epoch, counted from 1.
    pub best: usize,
    /// Its accuracy on `val`.
    pub accuracy: TopK,
    /// Every epoch.
    pub log: Vec<Epoch>,
}

/// Fits heads to `examples` and `questions`; the epoch that does best at `exam` is kept.
pub fn fit(
    examples: &Examples,
    questions: &Questions,
    exam: &Exam,
    settings: &Settings,
    show: Show,
) -> Result<Fitted, TrainingError> {
    let steps_per_epoch = examples.per_epoch(settings.hand_labelled) / settings.batch;
    if steps_per_epoch == 0 {
        return Err(TrainingError::Setting {
            problem: format!("a batch of {} is larger than the data; choose a smaller --batch", settings.batch),
        });
    }
    let device = Device::flex().autodiff();
    device.seed(settings.seed);
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let (image, text) = examples.widths();
    let mut heads = Heads::new(Widths { image, text, embedding: settings.embedding }, settings.dropout, &device);
    let mut optimizer = optimizer(settings);
    let steps = steps_per_epoch * settings.epochs;

    let mut log = Vec::new();
    let mut best: Option<(usize, TopK, Trained)> = None;
    for epoch in 1..=settings.epochs {
        let mut photos = examples.epoch(settings.hand_labelled);
        photos.shuffle(&mut rng);
        let progress = show.begin(&format!("epoch {epoch:2}/{}", settings.epochs), steps_per_epoch * settings.batch, "pairs");
        let began = std::time::Instant::now();
        let (mut losses, mut rate) = (0.0, 0.0);

        for (step, photos) in photos.chunks_exact(settings.batch).enumerate() {
            // A batch of pictures and, for each, one of its captions.
            let Batch { images, texts, targets } = examples.batch(photos, &mut rng, &device);
            // What the model makes of them.
            let (images, texts) = (heads.image(images), heads.text(texts));
            // How wrong it is: each picture should find its caption, and each caption its picture.
            let mut loss = contrastive(images, texts, heads.scale(), targets);
            losses += value(&loss);
            // And how wrong it answers what the walk will ask.
            if let Some(asked) = questions.draw(settings.asked, &mut rng, &device) {
                let images = examples.images(&asked.photos, &mut rng, &device);
                loss = loss + questions.loss(&heads, images, asked) * settings.answer_weight;
            }
            // Which way each weight has to move.
            let gradients = GradientsParams::from_grads(loss.backward(), &heads);
            // The move.
            rate = learning_rate((epoch - 1) * steps_per_epoch + step, steps, settings.warm_up, settings.learning_rate);
            heads = optimizer.step(rate, heads, gradients);
            progress.advance(settings.batch, format!("loss {:.3}, learning rate {rate:.1e}", losses / (step + 1) as f32));
        }

        let trained = heads.valid().trained();
        let accuracy = exam.take(&heads.valid());
        let [top_1, _, top_5, _] = accuracy.accuracy();
        let loss = losses / steps_per_epoch as f32;
        if !loss.is_finite() {
            return Err(TrainingError::Setting {
                problem: format!("the loss left all bounds in epoch {epoch}; choose a smaller --learning-rate"),
            });
        }
        let pairs_per_second = (steps_per_epoch * settings.batch) as f64 / began.elapsed().as_secs_f64();
        progress.advance(0, format!("loss {loss:.3}, learning rate {rate:.1e}, val top-1 {top_1:.4}, top-5 {top_5:.4}"));
        progress.finish();
        log.push(Epoch { epoch, loss, learning_rate: rate, scale: trained.scale, top_1, top_5, pairs_per_second });
        if best.as_ref().is_none_or(|(_, so_far, _)| accuracy.hits > so_far.hits) {
            best = Some((epoch, accuracy, trained));
        }
    }
    let (best, accuracy, trained) = best.ok_or_else(|| TrainingError::Setting {
        problem: "no epoch was asked for; choose --epochs of at least 1".to_owned(),
    })?;
    Ok(Fitted { heads: examples.unstandardised(trained), best, accuracy, log })
}

/// AdamW with CLIP's split: what is multiplied decays, what is added does not.
fn optimizer(settings: &Settings) -> ModuleOptimizer {
    let [beta_1, beta_2] = settings.betas;
    let adam = AdamWConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(1e-8);
    let projections = ParamGroup::from_paths(vec!["image.weight", "text.weight"]);
    let decaying = adam.clone().with_weight_decay(settings.weight_decay).build();
    ModuleOptimizer::from(adam.with_weight_decay(0.0).build()).with_group(projections, decaying, None)
}

fn value(loss: &Tensor<1>) -> f32 {
    loss.clone().into_data().iter::<f32>().next().unwrap_or(f32::NAN)
}
