//! Fitting the head.

use std::time::Instant;

use burn::{
    module::Module,
    optim::{AdamWConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Tensor, activation::log_softmax},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{
    classes::{COUNT, Drawn},
    examples::{Batch, Examples},
    head::{Head, Widths},
    taps::Learned,
};
use crate::training::{TrainingError, progress::Show, schedule::learning_rate, weights::Weights};

/// Keeps the logarithm finite.
const TINY: f32 = 1e-6;
/// Steps between two notes of the loss.
const NOTED: usize = 20;

/// How the head is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Steps of the optimiser.
    pub steps: usize,
    /// Photos of either kind in a step.
    pub batch: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Steps over which it rises to that.
    pub warm_up: usize,
    /// AdamW's decay.
    pub weight_decay: f32,
    /// Weight of a network's maps against a person's.
    pub network_weight: f32,
    /// Share of features that the last layer must do without.
    pub dropout: f64,
    /// Channels at strides 8 and 16.
    pub wide: usize,
    /// Channels at stride 4.
    pub narrow: usize,
    /// Of every random choice.
    pub seed: u64,
}

impl Default for Settings {
    /// Chosen on CamVid's `val` of the few that were tried: a network's maps at the weight of a person's, in 560 steps, gave a mean IoU of
    /// .61 there, these settings .66.
    fn default() -> Self {
        Self {
            steps: 800,
            batch: 6,
            learning_rate: 3e-3,
            warm_up: 50,
            weight_decay: 0.01,
            network_weight: 0.3,
            dropout: 0.1,
            wide: 64,
            narrow: 40,
            seed: 0,
        }
    }
}

/// Fits a head to `learned`; its weights are for maps as the trunk gives them.
pub fn fit(learned: &Learned, settings: &Settings, show: Show) -> Result<Weights, TrainingError> {
    if settings.steps == 0 || settings.batch == 0 {
        return Err(TrainingError::Setting { problem: "nothing is learned in no steps; choose more".to_owned() });
    }
    let examples = Examples::new(learned)?;
    let device = Device::flex().autodiff();
    device.seed(settings.seed);
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut head = Head::new(Widths { taps: learned.widths, wide: settings.wide, narrow: settings.narrow }, &device);
    let adam =
        AdamWConfig::new().with_beta_1(0.9).with_beta_2(0.99).with_epsilon(1e-8).with_weight_decay(settings.weight_decay);
    let mut optimizer = ModuleOptimizer::from(adam.build());

    let progress = show.begin("head", settings.steps, "steps");
    let (mut sum, mut note) = (0.0, String::new());
    let began = Instant::now();
    for step in 0..settings.steps {
        let by_hand = examples.draw(Drawn::ByHand, settings.batch, &mut rng, &device)?;
        let by_network = examples.draw(Drawn::ByNetwork, settings.batch, &mut rng, &device)?;
        let first = loss(&head, by_hand, settings.dropout);
        sum += first.clone().into_data().iter::<f32>().next().unwrap_or(f32::NAN);
        let whole = first + loss(&head, by_network, settings.dropout) * settings.network_weight;
        let mut slopes = whole.backward();
        let slopes = GradientsParams::from_module(&mut slopes, &head);
        let rate = learning_rate(step, settings.steps, settings.warm_up, settings.learning_rate);
        head = optimizer.step(rate, head, slopes);
        if step % NOTED == NOTED - 1 {
            let mean = sum / NOTED as f32;
            if !mean.is_finite() {
                let problem = format!("the loss left all bounds at step {step}; choose a smaller --learning-rate");
                return Err(TrainingError::Setting { problem });
            }
            note = format!("loss {mean:.3}, learning rate {rate:.1e}");
            sum = 0.0;
        }
        progress.advance(1, note.clone());
    }
    progress.finish();
    show.say(&format!("fitted in {:.0} s", began.elapsed().as_secs_f64()));
    let weights = head.valid().weights(&examples.means, &examples.deviations);
    Weights::new("the fitted head", weights)
}

/// How improbable the head holds what the maps say: of each cell the classes that it may be, together.
fn loss(head: &Head, batch: Batch, dropout: f64) -> Tensor<1> {
    let Batch { maps, meant, weights } = batch;
    let logits = head.forward(maps, dropout);
    let [count, _, height, width] = logits.dims();
    let cells = logits.permute([0, 2, 3, 1]).reshape([count * height * width, COUNT]);
    let probable = (log_softmax(cells, 1).exp() * meant).sum_dim(1).squeeze_dim::<1>(1);
    let total = weights.clone().sum();
    ((probable + TINY).log() * weights).sum().neg() / total
}
