//! Training of a whole model on pictures and their captions.
//!
//! Owns the loop: batches, predictions, loss, back-propagation, steps, epochs, and what is kept of them. Leaves the towers to `model`,
//! the step to `optimiser`, the loss to `loss`, captions to `data`; heads behind frozen trunks alone are `heads`' business.
//!
//! A run that is killed and started again ends in the same weights, bit for bit on the CPU: whatever chance decides is drawn from seed,
//! epoch and step, and a checkpoint holds everything else.

use std::time::Instant;

use burn::{
    module::{Lora, ParamGroup},
    tensor::Tensor,
};
use toml::Table;

use super::{
    TrainingError,
    loss::{Pairs, cross_entropy},
    model::{
        Place, Tower, Trainable,
        parameters::{fill, is_adapter, places, tensors, thaw},
    },
    optimiser::{AdamW, Slopes},
    progress::Show,
    schedule::learning_rate,
    weights::Weights,
};

mod average;
mod bank;
mod batches;
mod biased;
mod cached;
mod checkpoint;
mod compute;
mod exam;
mod examples;
mod folder;
mod guard;
mod kept;
mod memory;
mod pictures;
mod settings;
pub mod start;
mod tokens;

use average::{Average, mixed};
pub use bank::Bank;
pub use batches::{Batch, Batches};
pub use biased::Biased;
pub use checkpoint::{Checkpoint, Checkpoints, Epoch, State};
pub use compute::Compute;
pub use exam::{Exam, Figures};
pub use examples::{Example, Examples};
pub use folder::{Folder, LOG, MODEL, RECORD, Record, SETTINGS, reckoning};
use guard::{Guard, Taken};
pub(in crate::training) use kept::Kept;
use memory::{Need, Watch};
pub use settings::{DEFAULTS, Kind, LossKind, Settings, assignment, differences, overlay};
pub use tokens::Tokens;

/// Everything that a run needs beside its model.
pub struct Course<'a> {
    /// What it learns from.
    pub batches: Batches<'a>,
    /// What it is asked beside the captions, where answers count.
    pub bank: Option<Bank>,
    /// How it is judged.
    pub exam: &'a Exam,
    /// What it was told.
    pub settings: &'a Settings,
    /// Where it keeps what it learns.
    pub folder: &'a Folder,
    /// SHA-256 of everything that was read, by name.
    pub data: std::collections::BTreeMap<String, String>,
    /// Where progress goes.
    pub show: Show,
}

/// What a run came to.
pub struct Fitted<M> {
    /// The model that is kept, at rest.
    pub model: M,
    /// The share of what was learned in it.
    pub mix: f64,
    /// Its figures on `val`.
    pub figures: Figures,
    /// Every epoch, and what could not be read.
    pub state: State,
}

/// Trains `before`, or goes on where the run's folder stands: by cross-entropy where it classifies, by SigLIP's loss where it has a bias,
/// else by CLIP's.
pub fn fit<M: Trainable>(before: M, course: &Course) -> Result<Fitted<M>, TrainingError> {
    let Course { batches, bank, exam, settings, folder, show, .. } = course;
    let Settings { train, optimiser: how, .. } = settings;
    let steps = batches.steps();
    if steps == 0 {
        let photos = batches.examples.all.len();
        let problem = format!("a batch of {} from {photos} photos with captions; choose a smaller train.batch", batches.size);
        return Err(TrainingError::Setting { problem });
    }
    let device = before.scale().device();
    device.seed(settings.seed);
    let checkpoints = folder.checkpoints();
    let guard = Guard::new(batches.size, settings.guard.explosion);

    // Where the run stands: at its beginning, or where it was stopped.
    let mut model = adapted(before.clone(), settings);
    let mut optimiser = AdamW::new(how.adamw());
    let mut average = Average::begin(settings.average.decay, &model);
    let mut state = State { settings: lasting(settings), data: course.data.clone(), ..State::default() };
    if let Some(last) = checkpoints.read(&state.settings, &state.data)? {
        model = fill(model, &last.model)?;
        optimiser = AdamW::resume(how.adamw(), &last.memory, &device.clone().inner())?;
        average = Average::resume(settings.average.decay, last.mean);
        state = last.state;
        show.say(&checkpoints.told());
    }
    folder.begin(settings, &batches.tokens.bytes)?;
    let kept = Kept::make(&before, batches, settings, folder, *show)?;
    let (mut watch, left) = Watch::begin(folder.dir(), train.part);
    if let Some(left) = left {
        tracing::warn!("{left}");
    }
    if state.epoch < train.epochs {
        fits(&model, course, &state, kept.as_ref())?;
    }

    while state.epoch < train.epochs {
        let epoch = state.epoch;
        let order = batches.order(epoch);
        let progress = show.begin(&format!("epoch {:2}/{}", epoch + 1, train.epochs), steps * batches.size, "pairs");
        progress.advance(state.step * batches.size, String::new());
        let began = Instant::now();
        let mut rate = 0.0;

        while state.step < steps {
            let at = epoch * steps + state.step;
            model = learning(model, settings, at)?;
            // A batch of pictures and, for each, one of its captions.
            let batch = batches.draw(&order, epoch, state.step, kept.as_ref())?;
            skip(&batch, course, &mut state)?;
            // What the model makes of them, how wrong that is, and which way each weight has to move.
            let (loss, mut slopes) = slopes(&model, &batch, bank.as_ref(), settings);
            let norm = slopes.clip(how.clip);
            let taken = Taken { step: at + 1, loss, norm, keys: &batch.keys };
            guard.check(taken, || checkpoints.told())?;
            // The move.
            rate = learning_rate(at, train.epochs * steps, how.warm_up, how.rate);
            model = optimiser.step(model, slopes, rate);
            if let Some(average) = &mut average {
                average.take(&model);
            }

            state.step += 1;
            state.losses += f64::from(loss);
            watch.step(at + 1);
            let mean = state.losses / state.step as f64;
            progress.advance(batches.size, format!("loss {mean:.3}, learning rate {rate:.1e}"));
            if state.step.is_multiple_of(train.checkpoint) && state.step < steps {
                checkpoints.write(&state, tensors(&model), optimiser.memory(), average.as_ref().map(Average::mean))?;
            }
        }

        // What the epoch came to, asked of photos that nothing is learned from.
        let rested = model.valid().materialize();
        let figures = exam.take(&rested, train.part)?;
        let scale = f64::from(rested.scale().into_scalar::<f32>());
        let loss = state.losses / steps as f64;
        progress.finish();
        state.log.push(told(epoch + 1, loss, rate, scale, figures));
        table(&state.log, began, *show);
        (state.epoch, state.step, state.losses) = (epoch + 1, 0, 0.0);
        checkpoints.write(&state, tensors(&model), optimiser.memory(), average.as_ref().map(Average::mean))?;
        folder.log(&state.log, &state.corrupt)?;
    }

    if let Some(average) = average {
        model = fill(model, &Weights::new("the mean of the weights", average.mean().clone())?)?;
    }
    let (before, learned) = (before.valid(), model.valid().materialize());
    let (model, mix, figures) = best(&before, learned, course)?;
    Ok(Fitted { model, mix, figures, state })
}

/// Loss and gradients of a batch.
fn slopes<M: Trainable>(model: &M, batch: &Batch, bank: Option<&Bank>, settings: &Settings) -> (f32, Slopes) {
    let pairs = batch.pairs(&model.scale().device());
    let judge = |images: Tensor<2>, texts: Tensor<2>, scale: Tensor<1>| {
        batch.weighed(images, |images| {
            let loss = judge(model, &pairs, images.clone(), texts.clone(), scale.clone());
            match bank {
                // Each picture should give the answers that are known of it, too.
                Some(bank) => loss + bank.loss(&batch.keys, images, scale.clone()) * settings.loss.questions,
                None => loss,
            }
        })
    };
    if batch.len() > settings.train.part {
        return cached::slopes(model, batch, settings.train.part, judge);
    }
    let device = model.scale().device();
    let images = batch.images(model, 0..batch.len(), &device);
    let texts = model.text(batch.texts.clone());
    let loss = judge(images, texts, model.scale());
    let value = loss.clone().into_data().iter::<f32>().next().unwrap_or(f32::NAN);
    (value, Slopes::of(model, loss.backward()))
}

/// How wrong images and texts of `pairs` are for each other, by the loss that `model` learns by.
fn judge<M: Trainable>(model: &M, pairs: &Pairs, images: Tensor<2>, texts: Tensor<2>, scale: Tensor<1>) -> Tensor<1> {
    match model.bias() {
        // Each picture should be told by its logits.
        _ if model.classifies() => cross_entropy(images, texts),
        // Each picture should find its caption, and each caption its picture.
        None => pairs.contrastive(images, texts, scale),
        // Each pair should be known for what it is.
        Some(bias) => pairs.sigmoid(images, texts, scale, bias),
    }
}

/// `model` with adapters, where they are asked for.
fn adapted<M: Trainable>(model: M, settings: &Settings) -> M {
    if settings.lora.rank == 0 {
        return model;
    }
    let linear = |(path, place): (String, Place)| {
        let is_linear = path.ends_with(".weight") && place.decays && reaches(settings, place);
        is_linear.then_some(path)
    };
    let paths: Vec<String> = places(&model).into_iter().filter_map(linear).collect();
    model.apply_lora(Lora::new(settings.lora.rank, settings.lora.alpha).set_param_group(ParamGroup::from_paths(paths)))
}

/// `model` with those parameters to be learned that learn at step `at`.
fn learning<M: Trainable>(model: M, settings: &Settings, at: usize) -> Result<M, TrainingError> {
    let heads_alone = at < settings.train.heads_first;
    let learns = |path: &str, place: Place| {
        let may =
            if settings.lora.rank > 0 && place.tower != Tower::Both { is_adapter(path) } else { reaches(settings, place) };
        may && (!heads_alone || place.from_output == 0)
    };
    if !places(&model).into_iter().any(|(path, place)| learns(&path, place)) {
        let problem = "nothing learns; raise learn.image or learn.text".to_owned();
        return Err(TrainingError::Setting { problem });
    }
    Ok(thaw(model, learns))
}

/// Whether what stands at `place` is among the layers that learn.
fn reaches(settings: &Settings, place: Place) -> bool {
    match place.tower {
        Tower::Image => place.from_output < settings.learn.image,
        Tower::Text => place.from_output < settings.learn.text,
        Tower::Both => settings.learn.temperature,
    }
}

/// Refuses a run that takes more memory than can be had, as the first pairs of its next batch tell.
fn fits<M: Trainable>(model: &M, course: &Course, state: &State, kept: Option<&Kept>) -> Result<(), TrainingError> {
    let Course { batches, settings, .. } = course;
    let Some(limit) = memory::limit() else { return Ok(()) };
    let at = state.epoch * batches.steps() + state.step;
    // The step that takes most is one in which all learns that ever does.
    let model = learning(model.clone(), settings, at.max(settings.train.heads_first))?;
    let batch = batches.draw(&batches.order(state.epoch), state.epoch, state.step, kept)?;
    match Need::of(&model, &batch, settings, at > 0, batches.image.size) {
        Some(need) => need.check(settings.train.part, (limit as f64 * settings.guard.memory) as u64),
        None => Ok(()),
    }
}

/// Counts the photos of `batch` that could not be read; too many end the run.
fn skip(batch: &Batch, course: &Course, state: &mut State) -> Result<(), TrainingError> {
    for (photo, problem) in &batch.corrupt {
        if state.corrupt.insert(photo.clone(), problem.clone()).is_none() {
            course.show.say(&format!("{problem}; skipped"));
        }
    }
    let (bad, all) = (state.corrupt.len(), course.batches.examples.all.len());
    let most = course.settings.guard.corrupt;
    if bad as f64 > most * all as f64 {
        let names: Vec<&str> = state.corrupt.keys().map(String::as_str).collect();
        let problem = format!(
            "{bad} of {all} photos can't be read, more than guard.corrupt = {most} allows: {}; mend the data or raise it",
            names.join(" ")
        );
        return Err(TrainingError::Setting { problem });
    }
    if batch.len() < 2 {
        let problem = format!("a batch has {} photos that can be read, and needs two; raise train.batch", batch.len());
        return Err(TrainingError::Setting { problem });
    }
    Ok(())
}

/// The mix of `before` and `learned` that does best on `val`, with its share and its figures.
fn best<M: Trainable>(before: &M, learned: M, course: &Course) -> Result<(M, f64, Figures), TrainingError> {
    let Settings { average, train, .. } = course.settings;
    let mut found: Option<(M, f64, Figures)> = None;
    for &share in &average.mixes {
        let model = mixed(before, learned.clone(), share)?;
        let figures = course.exam.take(&model, train.part)?;
        let good = |figures: &Figures| figures.image_to_text[0] + figures.text_to_image_1;
        if average.mixes.len() > 1 {
            let [first, _] = figures.image_to_text;
            course.show.say(&format!("{share:.2} of what was learned: recall {first:.4} and {:.4}", figures.text_to_image_1));
        }
        if found.as_ref().is_none_or(|(.., best)| good(&figures) > good(best)) {
            found = Some((model, share, figures));
        }
    }
    found.ok_or_else(|| TrainingError::Setting { problem: "average.mixes is empty; name a share".to_owned() })
}

/// The settings that a run must go on with: all but how often it is kept and how much memory it takes.
pub(in crate::training) fn lasting(settings: &Settings) -> Table {
    let mut table = settings.table();
    for (part, key) in [("train", "checkpoint"), ("train", "part"), ("guard", "memory")] {
        if let Some(part) = table.get_mut(part).and_then(toml::Value::as_table_mut) {
            part.remove(key);
        }
    }
    table
}

fn told(epoch: usize, loss: f64, learning_rate: f64, scale: f64, figures: Figures) -> Epoch {
    let Figures { loss: val_loss, image_to_text: [image_to_text_1, image_to_text_5], text_to_image_1, street30_1 } = figures;
    Epoch { epoch, loss, learning_rate, scale, val_loss, image_to_text_1, image_to_text_5, text_to_image_1, street30_1 }
}

/// The last epoch as a row of a table, under its head where it is the first.
fn table(log: &[Epoch], began: Instant, show: Show) {
    let Some(last) = log.last() else { return };
    if log.len() == 1 {
        show.say("epoch    loss  val loss  image to text @1     @5  text to image @1  Street-30 @1  scale  seconds");
    }
    let Epoch { epoch, loss, scale, val_loss, image_to_text_1, image_to_text_5, text_to_image_1, street30_1, .. } = last;
    let seconds = began.elapsed().as_secs_f64();
    show.say(&format!(
        "{epoch:5} {loss:7.3} {val_loss:9.3} {image_to_text_1:17.4} {image_to_text_5:6.4} {text_to_image_1:17.4} {street30_1:13.4} {scale:6.1} {seconds:8.0}"
    ));
}

#[cfg(test)]
pub(super) mod tests {
    use burn::module::Module;

    use super::*;
    use crate::training::model::{TwoTowers, fresh::tests::tiny};

    pub fn settings(set: &str) -> Settings {
        let mut table = assignment("data=[\"d\"]").expect("a table");
        overlay(&mut table, assignment(set).expect("an assignment"));
        Settings::merged(None, table).expect("settings")
    }

    fn values(x: Tensor<2>) -> Vec<f32> {
        x.into_data().iter::<f32>().collect()
    }

    #[test]
    fn adapters_that_learned_answer_as_they_do_merged() {
        let settings = settings("lora.rank=4");
        let before = tiny();
        let mut model = learning(adapted(before.clone(), &settings), &settings, 0).expect("adapters learn");
        let (batch, mut optimiser) = (batches::tests::sample(6), AdamW::new(settings.optimiser.adamw()));
        for _ in 0..3 {
            let (_, slopes) = slopes(&model, &batch, None, &settings);
            assert!(slopes.at("image.weight").is_none() && slopes.at("vision.stem.weight").is_none());
            model = optimiser.step(model, slopes, 0.05);
        }
        let merged = model.clone().valid().materialize();
        assert_eq!(tensors(&merged).keys().collect::<Vec<_>>(), tensors(&before).keys().collect::<Vec<_>>());
        let ids = batch.texts.clone();
        let (apart, one) = (values(model.text(ids.clone())), values(merged.text(ids.clone())));
        assert!(apart.iter().zip(&one).all(|(a, b)| (a - b).abs() < 1e-5), "{apart:?} {one:?}");
        let was = values(before.text(ids));
        assert!(one.iter().zip(&was).any(|(a, b)| (a - b).abs() > 1e-2), "nothing was learned");
    }

    /// Which of some parameters learn at a step.
    #[track_caller]
    fn check(set: &str, at: usize, want: [bool; 4]) {
        let settings = settings(set);
        let model = learning(tiny(), &settings, at).expect("something learns");
        let (_, slopes) = slopes(&model, &batches::tests::sample(3), None, &settings);
        let found =
            ["image.weight", "vision.stem.weight", "language.trunk.words", "log_scale"].map(|path| slopes.at(path).is_some());
        assert_eq!(found, want, "{set} at {at}");
    }

    #[test]
    fn what_learns_is_told_by_tower_depth_and_step() {
        check("seed=0", 0, [true; 4]);
        check("learn.text=0", 0, [true, true, false, true]);
        check("learn.image=2", 0, [true, false, true, true]);
        check("learn.temperature=false", 0, [true, true, true, false]);
        check("train.heads_first=5", 4, [true, false, false, true]);
        check("train.heads_first=5", 5, [true; 4]);
        check("train.part=2", 0, [true; 4]);
    }
}
