//! Heads alone: pictures and captions in, a projection behind each frozen trunk out, in minutes.
//!
//! Owns their training loop and its settings. Leaves the trunks' outputs to `features`, captions to `data`, the loss to `loss`, and
//! whatever moves the trunks too to `fit`.

use burn::{
    module::{Module, ParamGroup},
    nn::DropoutConfig,
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
    schedule::learning_rate,
};
use crate::evaluation::TopK;

mod exam;
mod examples;
mod questions;
mod run;

pub use exam::Exam;
pub use examples::{Batch, Examples, sentences};
pub use questions::Questions;
pub use run::{HEADS, RunRecord};

/// How the heads are fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Times that every photo is seen with a caption alone.
    pub epochs: usize,
    /// Times that every photo is seen while the vocabulary's questions are asked too.
    pub answer_epochs: usize,
    /// Pairs in a batch.
    pub batch: usize,
    /// The highest learning rate, before questions are asked.
    pub learning_rate: f64,
    /// The highest once questions are asked: what the heads know by then is to be kept.
    pub answer_rate: f64,
    /// Steps over which the learning rate rises to it.
    pub warm_up: usize,
    /// AdamW's decay of the projections' weights; biases and temperature are left alone, as in CLIP.
    pub weight_decay: f32,
    /// AdamW's memory of gradients and of their squares.
    pub betas: [f32; 2],
    /// Share of image features that are left out of a pair.
    pub dropout: f64,
    /// Components of an embedding.
    pub embedding: usize,
    /// How often a hand-labelled photo comes for each time that another does.
    pub hand_labelled: usize,
    /// Labelled photos in a step of which the vocabulary's questions are asked.
    pub asked: usize,
    /// Share of their image features that are left out.
    pub asked_dropout: f64,
    /// Weight of those answers against the pairs.
    pub answer_weight: f32,
    /// The learning rate of what is learned of the classes, as a multiple of the other.
    pub class_rate: f64,
    /// Cost of a residual's squared length.
    pub residual_cost: f32,
    /// Of every random choice.
    pub seed: u64,
}

impl Default for Settings {
    /// CLIP's optimiser (Radford et al. 2021, table 18: betas .9 and .98, cosine after warm-up). Rates, weights and dropouts did
    /// best of the few tried on `val`, most of them within the noise of one seed; batch and epochs were not varied on their own.
    /// Hand-labelled photos are few and say most: much must be left out of them, or they are learned by heart.
    fn default() -> Self {
        Self {
            epochs: 12,
            answer_epochs: 10,
            batch: 1024,
            learning_rate: 5e-3,
            answer_rate: 1e-3,
            warm_up: 30,
            weight_decay: 0.1,
            betas: [0.9, 0.98],
            dropout: 0.2,
            embedding: 256,
            hand_labelled: 3,
            asked: 2048,
            asked_dropout: 0.5,
            answer_weight: 3.0,
            class_rate: 20.0,
            residual_cost: 3e-3,
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
    /// Loss of the answers to the vocabulary's questions on `val`.
    pub answers: f32,
    /// Pairs in a second.
    pub pairs_per_second: f64,
}

/// What fitting gave.
pub struct Fitted {
    /// The heads, for features as the trunks give them.
    pub heads: Trained,
    /// Their accuracy on `val`.
    pub accuracy: TopK,
    /// Every epoch.
    pub log: Vec<Epoch>,
}

/// Fits heads to `examples`, then to `examples` and `questions` together. The last epoch is kept, where the learning rate has come
/// to rest; `exam` only tells.
pub fn fit(
    examples: &Examples,
    questions: &Questions,
    exam: &Exam,
    settings: &Settings,
    show: Show,
) -> Result<Fitted, TrainingError> {
    let Settings { epochs, answer_epochs, .. } = *settings;
    let steps_per_epoch = examples.per_epoch(settings.hand_labelled) / settings.batch;
    if steps_per_epoch == 0 || epochs + answer_epochs == 0 {
        let problem =
            format!("{epochs} epochs in batches of {} of this data have no step; choose more or smaller", settings.batch);
        return Err(TrainingError::Setting { problem });
    }
    let device = Device::flex().autodiff();
    device.seed(settings.seed);
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let (image, text) = examples.widths();
    let mut heads = Heads::new(Widths { image, text, embedding: settings.embedding }, &device);
    let mut classes = questions.classes(settings.embedding, &device);
    let [paired, alone] = [settings.dropout, settings.asked_dropout].map(|share| DropoutConfig::new(share).init());

    let mut log = Vec::new();
    let mut accuracy = TopK::default();
    for (asks, epochs, highest_rate) in [(false, epochs, settings.learning_rate), (true, answer_epochs, settings.answer_rate)] {
        let [mut optimizer, mut class_optimizer] = [optimizer(settings), optimizer(settings)];
        for epoch in 1..=epochs {
            let mut photos = examples.epoch(settings.hand_labelled);
            photos.shuffle(&mut rng);
            let name = format!("epoch {:2}/{}", log.len() + 1, settings.epochs + answer_epochs);
            let progress = show.begin(&name, steps_per_epoch * settings.batch, "pairs");
            let began = std::time::Instant::now();
            let (mut losses, mut rate) = (0.0, 0.0);

            for (step, photos) in photos.chunks_exact(settings.batch).enumerate() {
                // A batch of pictures and, for each, one of its captions.
                let Batch { images, texts, targets } = examples.batch(photos, &mut rng, &device);
                // What the model makes of them.
                let (images, texts) = (heads.image(paired.forward(images)), heads.text(texts));
                // How wrong it is: each picture should find its caption, and each caption its picture.
                let mut loss = contrastive(images, texts, heads.scale(), targets);
                losses += value(&loss);
                // And how wrong it answers what the walk will ask.
                if asks && let Some(asked) = questions.draw(settings.asked, &mut rng, &device) {
                    let images = alone.forward(examples.images(&asked.photos, &mut rng, &device));
                    loss = loss + questions.loss(&heads, &classes, images, asked) * settings.answer_weight;
                    loss = loss + classes.residuals().square().sum() * settings.residual_cost;
                }
                // Which way each weight has to move.
                let mut slopes = loss.backward();
                let of_heads = GradientsParams::from_module(&mut slopes, &heads);
                let of_classes = GradientsParams::from_module(&mut slopes, &classes);
                // The move.
                let at = (epoch - 1) * steps_per_epoch + step;
                rate = learning_rate(at, epochs * steps_per_epoch, settings.warm_up, highest_rate);
                heads = optimizer.step(rate, heads, of_heads);
                classes = class_optimizer.step(rate * settings.class_rate, classes, of_classes);
                progress.advance(settings.batch, format!("loss {:.3}, learning rate {rate:.1e}", losses / (step + 1) as f32));
            }

            let (rested, rested_classes) = (heads.valid(), classes.valid());
            accuracy = exam.take(&rested);
            let [top_1, _, top_5, _] = accuracy.accuracy();
            let answers = exam.answers(&rested, &rested_classes);
            let loss = losses / steps_per_epoch as f32;
            if !loss.is_finite() {
                let problem = format!("the loss left all bounds in epoch {}; choose a smaller --learning-rate", log.len() + 1);
                return Err(TrainingError::Setting { problem });
            }
            let pairs_per_second = (steps_per_epoch * settings.batch) as f64 / began.elapsed().as_secs_f64();
            let told = format!("val top-1 {top_1:.4}, top-5 {top_5:.4}, answers {answers:.3}");
            progress.advance(0, format!("loss {loss:.3}, learning rate {rate:.1e}, {told}"));
            progress.finish();
            let scale = rested.trained(&rested_classes).scale;
            let epoch = log.len() + 1;
            log.push(Epoch { epoch, loss, learning_rate: rate, scale, top_1, top_5, answers, pairs_per_second });
        }
    }
    Ok(Fitted { heads: examples.unstandardised(heads.valid().trained(&classes.valid())), accuracy, log })
}

/// AdamW with CLIP's split: what is multiplied decays, what is added does not; what is learned of classes has a cost of its own.
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
