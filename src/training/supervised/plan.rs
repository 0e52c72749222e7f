//! What an experiment was begun as, which it must go on as, and how long it may take.
//!
//! Owns the file that says so, and the estimate. Leaves the trainings to its parent.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use indicatif::HumanDuration;
use serde::{Deserialize, Serialize};
use toml::Table as Toml;

use super::{ASKED, CONTRASTIVE, Experiment, Photos, Round, SUPERVISED};
use crate::{
    bundle::{Bundle, write_whole},
    training::{
        TrainingError,
        fit::{MODEL, differences, lasting, start},
        model::{Pair, Trainable, TwoTowers},
    },
};

/// What was begun.
const PLAN: &str = "plan.toml";
/// What a step costs beside the layers' forward pass: the way back through them is twice as much work.
const THERE_AND_BACK: f64 = 3.0;
/// Pictures that tell how fast this machine is.
const TIMED: usize = 8;

/// What an experiment must go on with.
#[derive(Serialize, Deserialize)]
struct Plan {
    settings: Toml,
    categories: Vec<String>,
    captions: Vec<String>,
    left_out: Vec<usize>,
    data: BTreeMap<String, String>,
}

/// Keeps what is begun; refuses another thing in the same folder.
pub fn begin(experiment: &Experiment, left_out: &[usize], data: &BTreeMap<String, String>) -> Result<(), TrainingError> {
    let Experiment { settings, categories, out, .. } = experiment;
    let path = out.join(PLAN);
    let file = path.display().to_string();
    let wrong = |problem: String| TrainingError::Data { file: file.clone(), problem };
    let plan = Plan {
        settings: lasting(settings),
        categories: categories.names().to_vec(),
        captions: categories.captions(),
        left_out: left_out.to_vec(),
        data: data.clone(),
    };
    let plan = Toml::try_from(plan).map_err(|e| wrong(e.to_string()))?;
    if path.exists() {
        let text = std::fs::read_to_string(&path).map_err(|source| TrainingError::File { file: file.clone(), source })?;
        let was: Toml =
            text.parse().map_err(|e: toml::de::Error| wrong(format!("{e}; begin another experiment with --out")))?;
        let changed = differences(&was, &plan);
        if !changed.is_empty() {
            let changed = changed.join("; ");
            return Err(wrong(format!(
                "the experiment was begun otherwise: {changed}; begin another with --out, or put it back"
            )));
        }
        return Ok(());
    }
    let text = toml::to_string_pretty(&plan).map_err(|e| wrong(e.to_string()))?;
    write_whole(&path, text.as_bytes()).map_err(|source| TrainingError::File { file: file.clone(), source })
}

/// Of the shards `data`, those that the start's model learned from; and whether its trunk did, and not its projections alone.
pub fn known_before(bundle: &Bundle, data: &BTreeMap<String, String>) -> (Vec<String>, bool) {
    let told = &bundle.manifest.provenance;
    let known: Vec<String> = data
        .iter()
        .filter(|(name, sum)| told.get(&format!("sha256 of {name}")) == Some(sum))
        .map(|(name, _)| name.clone())
        .collect();
    let trunk_knows = !known.is_empty() && told.contains_key("fitted from");
    (known, trunk_knows)
}

/// Says what is going to be done and how long it may take.
pub fn estimate(start: &start::Start<Pair>, rounds: &[Round], experiment: &Experiment, train: &Photos, asked: &Photos) {
    let Experiment { settings, categories, out, show, .. } = experiment;
    let model = start.model.valid();
    let (device, side) = (model.scale().device(), start.image.size as usize);
    let [begin, finish] = paces(&model, settings.learn.image, side, &device);
    let missing = |round: &Round| {
        [CONTRASTIVE, SUPERVISED].into_iter().filter(|name| !out.join(round.name).join(name).join(MODEL).exists()).count()
    };
    let counts = train.counts(categories.names().len());
    let (views, epochs) = (f64::from(settings.learn.views), settings.train.epochs as f64);
    let mut seconds = (train.truth.len() + 4 * rounds.len() * asked.truth.len()) as f64 * (begin + finish);
    if rounds.iter().any(|round| missing(round) > 0) {
        seconds += views * train.truth.len() as f64 * begin;
    }
    for round in rounds {
        let photos: usize = round.categories.iter().filter_map(|&category| counts.get(category)).sum();
        let step = if views > 0.0 { 0.0 } else { begin } + THERE_AND_BACK * finish;
        seconds += missing(round) as f64 * epochs * (photos as f64 * step + ASKED as f64 * (begin + finish));
        show.say(&format!("{}: {photos} photos of {} categories to learn from", round.name, round.categories.len()));
    }
    let seconds = Duration::from_secs_f64(seconds);
    show.say(&format!("{} photos to ask about; all together about {:#}", asked.truth.len(), HumanDuration(seconds)));
}

/// Seconds that a picture takes through the layers that stand `layers` or more before the output, and through the rest.
fn paces(model: &Pair, layers: usize, side: usize, device: &Device) -> [f64; 2] {
    let pixels = || Tensor::zeros([TIMED, 3, side, side], device);
    let taken = |work: &dyn Fn() -> Tensor<2>| {
        let began = Instant::now();
        let rows = work();
        drop(rows.clone().into_data());
        (began.elapsed().as_secs_f64() / TIMED as f64, rows)
    };
    // The first run touches memory that the second finds.
    let _ = taken(&|| model.begin(pixels(), layers));
    let (begin, rows) = taken(&|| model.begin(pixels(), layers));
    let (finish, _) = taken(&|| model.finish(rows.clone(), layers));
    [begin, finish]
}
