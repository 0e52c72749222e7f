//! The same trunk taught by names and by numbers: a contrastive model, a classifier by cross-entropy, a linear probe.
//!
//! Owns the experiment: what is trained of which photos and from where, what is kept of it, and that all are asked the same. Leaves the
//! loop to `fit`, the measures to `evaluation`.
//!
//! Where categories are left out, nothing that is asked about them may have learned from their photos. The start's projections have, so that
//! the model by names begins with another there: a linear layer from the trunk's features to what the text tower's trunk makes of the names
//! that are learned, fitted as the probe is.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use burn::{module::Module, tensor::Tensor};
use serde::Serialize;
use toml::Table as Toml;

use super::{
    TrainingError,
    data::{self, Caption, Captions, PhotoShard, Split},
    features::{Cache, Features},
    fit::{
        Batches, Course, Exam, Examples, Folder, Kept, MODEL, Settings, Tokens, fit,
        start::{self, Source},
    },
    model::{self, Pair, Projection, Trainable, TwoTowers, parameters::fill},
    progress::Show,
    weights::{self, Weights},
};
use crate::{
    bundle::{Bundle, Preprocessing},
    evaluation::{
        Table,
        categories::{Categories, CategoryFrom},
    },
};

mod answers;
mod clock;
mod left_out;
mod names;
mod plan;
mod probe;
mod tower;

use answers::Head;
use clock::Clock;
pub use left_out::LeftOut;
use plan::{begin, estimate, known_before};
use probe::Probe;

/// Where this command's trainings differ from `fit`'s defaults, and why.
pub const DEFAULTS: &str = include_str!("default.toml");
/// Photos of `val` that are asked after each epoch, which chooses nothing here.
const ASKED: usize = 512;

/// The models, as the table calls them.
pub const START: &str = "start";
/// Learned by names.
pub const CONTRASTIVE: &str = "contrastive";
/// Learned by numbers.
pub const SUPERVISED: &str = "supervised";
/// Of the frozen trunk, by numbers.
pub const PROBE: &str = "linear probe";
/// Of the frozen trunk, by names.
pub const NAMED: &str = "linear by name";

/// What is compared.
pub struct Experiment<'a> {
    /// How everything is trained, from where, and on what.
    pub settings: &'a Settings,
    /// What is told apart.
    pub categories: &'a Categories,
    /// What is not shown the second time.
    pub left_out: &'a LeftOut,
    /// What the models are asked about.
    pub asked: Vec<PhotoShard>,
    /// Where everything is kept.
    pub out: &'a Path,
    /// Where progress goes.
    pub show: Show,
}

/// What came of it.
#[derive(Serialize)]
pub struct Outcome {
    /// The bundle that all began from.
    pub from: String,
    /// Photos that were learned from.
    pub learned: usize,
    /// Photos that were asked about.
    pub photos: usize,
    /// Categories that were left out the second time.
    pub left_out: Vec<String>,
    /// Shards that the start had learned from before.
    pub known_to_start: Vec<String>,
    /// Whether the start's trunk had learned from them, and not its projections alone: then what is left out was seen by it.
    pub trunk_knows: bool,
    /// The decay that was chosen for each linear layer.
    pub decays: BTreeMap<String, f32>,
    /// How everything was trained.
    pub settings: Toml,
    /// Accuracies and costs: of all categories beside the contrastive model's; of the seen and the unseen, where some were left out, beside those
    /// of the same kind of model that saw all.
    pub figures: Table,
}

/// What a model answered and cost.
#[derive(Clone, Debug)]
pub struct Answered {
    name: &'static str,
    /// Of the right category for each photo, 0 for the best.
    ranks: Vec<usize>,
    seconds: f64,
    milliseconds: Vec<f64>,
}

/// Shards with a photo of a category, and where those are.
struct Photos {
    shards: Vec<PhotoShard>,
    /// Row among all photos, and category.
    truth: Vec<(usize, usize)>,
}

/// One round of trainings: of all categories, or of those that are left.
struct Round {
    name: &'static str,
    categories: Vec<usize>,
}

/// What a round came to.
struct Trained {
    contrastive: (Pair, Head),
    supervised: Pair,
    probe: Probe,
    named: Option<Probe>,
}

/// Everything that trainings share.
struct Ground<'a> {
    experiment: &'a Experiment<'a>,
    start: start::Start<Pair>,
    /// How what is learned from is seen.
    seen: Preprocessing,
    tokens: Tokens,
    /// Learned from; each example's category beside it.
    examples: Examples,
    /// Asked after each epoch.
    val: Examples,
    train: Photos,
    /// The trunk's features of `train`.
    frozen: Features,
    /// The name of each category, as the start reads it, and as its text trunk does.
    names: [Features; 2],
    data: BTreeMap<String, String>,
}

/// Trains what `experiment` asks for, or takes up what its folder holds, and asks all of it about the same photos.
pub fn run(experiment: Experiment) -> Result<Outcome, TrainingError> {
    let Experiment { settings, categories, left_out, out, show, .. } = &experiment;
    let _alone = Folder::open(out)?;
    let Source::Bundle(dir) = Source::of(&settings.from)? else {
        let problem = "the experiment starts from a bundle of the default pair; name one with --from".to_owned();
        return Err(TrainingError::Data { file: settings.from.clone(), problem });
    };
    let places = left_out.places(categories, settings.seed)?;
    let (train, val) = (data::read(&settings.data, Split::Train)?, data::read(&settings.data, Split::Val)?);
    let data = data::checksums(train.iter().chain(&val));
    let [train, val, asked] = [train, val, experiment.asked.clone()].map(|shards| Photos::of(shards, categories));
    check(&experiment, &train, &asked)?;
    begin(&experiment, &places, &data)?;

    let bundle = Bundle::open(&dir)?;
    let tokens = start::tokens(&Source::Bundle(dir.clone()), settings)?;
    let captions = categories.captions();
    let device = settings.device.device()?.autodiff();
    let start = start::bundle(&dir, &captions, &tokens, settings, &out.join("kept"), &device, *show)?;
    let ids = ids(&tokens, categories)?;
    let known = |values: Tensor<2>| {
        let values: Vec<f32> = values.into_data().iter::<f32>().collect();
        Features::new(values.len() / ids.len().max(1), values)
    };
    let read = known(start.model.text(ids.clone()));
    let trunk = if places.is_empty() { Features::default() } else { names::vectors(&dir, &tokens, &captions)? };

    let mut clock = Clock::open(out)?;
    let rounds = rounds(categories, &places);
    estimate(&start, &rounds, &experiment, &train, &asked);
    let cache = Cache::open(&out.join("kept"))?;
    let plain = tower::tower(&start.model, None, &start.image)?;
    let frozen = clock.count("features", || plain.features(&train.shards, false, &cache, *show))?;
    let examples = told(&train, categories, settings)?;
    let val = told(&val, categories, settings)?;
    let (seen, names) = (settings.augment.image(&start.image), [read, trunk]);
    let ground = Ground { experiment: &experiment, start, seen, tokens, examples, val, train, frozen, names, data };
    ground.views(&mut clock)?;
    let trained = rounds.iter().map(|round| ground.train(round, &mut clock)).collect::<Result<Vec<_>, _>>()?;

    let answered = ground.ask(&rounds, &trained, &asked, &clock)?;
    let unseen = |photo: usize| asked.truth.get(photo).is_some_and(|(_, category)| places.contains(category));
    let (known_to_start, trunk_knows) = known_before(&bundle, &ground.data);
    let decays = rounds.iter().zip(&trained).flat_map(|(round, trained)| {
        let probes = [(PROBE, Some(&trained.probe)), (NAMED, trained.named.as_ref())];
        probes.into_iter().filter_map(move |(name, probe)| Some((format!("{name}, {}", round.name), probe?.decay)))
    });
    Ok(Outcome {
        from: settings.from.clone(),
        learned: ground.train.truth.len(),
        photos: asked.truth.len(),
        left_out: places.iter().filter_map(|&place| categories.names().get(place).cloned()).collect(),
        known_to_start,
        trunk_knows,
        decays: decays.collect(),
        settings: settings.table(),
        figures: figures(&answered, unseen),
    })
}

/// All categories; and those that are not left out, where some are.
fn rounds(categories: &Categories, left_out: &[usize]) -> Vec<Round> {
    let all = 0..categories.names().len();
    let seen: Vec<usize> = all.clone().filter(|category| !left_out.contains(category)).collect();
    let mut rounds = vec![Round { name: "all", categories: all.collect() }];
    if !left_out.is_empty() {
        rounds.push(Round { name: "left-out", categories: seen });
    }
    rounds
}

/// All models of all categories beside the contrastive one; of those that didn't see all, each beside its own kind that did.
fn figures(rounds: &[Vec<Answered>], unseen: impl Fn(usize) -> bool) -> Table {
    let mut table = answers::table();
    let Some(all) = rounds.first() else { return table };
    let find = |name: &str| all.iter().find(|answered| answered.name == name);
    for answered in all {
        let beside = find(CONTRASTIVE).filter(|_| answered.name != CONTRASTIVE);
        table.rows.push(answers::row("all", answered, beside, |_| true, true));
    }
    for (of, wanted) in [("seen", false), ("unseen", true)] {
        for answered in rounds.iter().skip(1).flatten() {
            table.rows.push(answers::row(of, answered, find(answered.name), |photo| unseen(photo) == wanted, false));
        }
    }
    table
}

impl Photos {
    fn of(mut shards: Vec<PhotoShard>, categories: &Categories) -> Self {
        let of = |shard: &PhotoShard, photo: &data::Photo| {
            categories.of(CategoryFrom::Record, &shard.path, &photo.key, &photo.record)
        };
        shards.retain(|shard| shard.photos.iter().any(|photo| of(shard, photo).is_some()));
        let all = shards.iter().flat_map(|shard| shard.photos.iter().map(move |photo| of(shard, photo)));
        let truth = all.enumerate().filter_map(|(row, category)| Some((row, category?))).collect();
        Self { shards, truth }
    }

    /// How many there are of each category.
    fn counts(&self, categories: usize) -> Vec<usize> {
        let mut counts = vec![0; categories];
        self.truth.iter().for_each(|&(_, category)| counts[category] += 1);
        counts
    }
}

impl Ground<'_> {
    fn settings(&self) -> &Settings {
        self.experiment.settings
    }

    fn batches<'a>(&'a self, examples: &'a Examples) -> Batches<'a> {
        let Settings { train, augment, seed, .. } = self.settings();
        let (size, seed) = (train.batch, *seed);
        Batches { examples, tokens: &self.tokens, image: &self.seen, augment: *augment, size, seed }
    }

    /// Where `fit` keeps what belongs to one training, and what all share.
    fn folder(&self, round: &Round, name: &str) -> Result<Folder, TrainingError> {
        Ok(Folder::open(&self.experiment.out.join(round.name).join(name))?.sharing(&self.kept()))
    }

    fn kept(&self) -> PathBuf {
        self.experiment.out.join("kept")
    }

    /// Asks the layers that don't learn, once for all trainings.
    fn views(&self, clock: &mut Clock) -> Result<(), TrainingError> {
        let folder = Folder::open(&self.kept())?.sharing(&self.kept());
        let batches = self.batches(&self.examples);
        let make = || Kept::make(&self.start.model, &batches, self.settings(), &folder, self.experiment.show);
        clock.count("views", || make().map(drop))
    }

    fn train(&self, round: &Round, clock: &mut Clock) -> Result<Trained, TrainingError> {
        let ids = ids(&self.tokens, self.experiment.categories)?;
        let own: HashMap<usize, usize> = round.categories.iter().enumerate().map(|(own, &category)| (category, own)).collect();
        let truth: Vec<(usize, usize)> =
            self.train.truth.iter().filter_map(|&(row, category)| Some((row, *own.get(&category)?))).collect();
        let fitted = |name: &'static str, classes: &Features, clock: &mut Clock| {
            let known = probe::Known { features: &self.frozen, truth: &truth, classes };
            self.probe(round, name, &known, clock)
        };
        let probe = fitted(PROBE, &probe::one_hot(round.categories.len()), clock)?;
        let is_whole = round.categories.len() == ids.len();
        let [read, trunk] = &self.names;
        let (named, contrastive, head) = if is_whole {
            (None, self.start.model.clone(), read)
        } else {
            let named = fitted(NAMED, &trunk.select(round.categories.iter().copied()), clock)?;
            let rows = ids.iter().cloned().zip((0..trunk.rows()).map(|row| trunk.row(row).to_vec()));
            let model = self.start.model.anew(model::Kept::new(trunk.width(), rows), &named.layer);
            (Some(named), model, trunk)
        };
        let classes = model::Kept::classes(round.categories.iter().filter_map(|&category| ids.get(category).cloned()));
        let supervised = self.start.model.anew(classes, &probe.layer);
        Ok(Trained {
            contrastive: (self.fit(round, CONTRASTIVE, contrastive, clock)?, Head::Names(head.clone())),
            supervised: self.fit(round, SUPERVISED, supervised, clock)?,
            probe,
            named,
        })
    }

    /// The linear layer `name` of a round, fitted or as it was kept.
    fn probe(&self, round: &Round, name: &str, known: &probe::Known, clock: &mut Clock) -> Result<Probe, TrainingError> {
        let dir = self.experiment.out.join(round.name).join(name.replace(' ', "-"));
        let path = dir.join(MODEL);
        if path.exists() {
            return Probe::read(&path);
        }
        std::fs::create_dir_all(&dir).map_err(|source| TrainingError::File { file: dir.display().to_string(), source })?;
        self.experiment.show.say(&format!("{name} of {} categories", round.categories.len()));
        let probe = clock.count(&part(round, name), || Ok(known.fit()))?;
        probe.write(&path)?;
        Ok(probe)
    }

    /// `model` after its training, or as it was kept.
    fn fit(&self, round: &Round, name: &str, model: Pair, clock: &mut Clock) -> Result<Pair, TrainingError> {
        let path = self.experiment.out.join(round.name).join(name).join(MODEL);
        if path.exists() {
            return fill(model.valid(), &Weights::read(&path)?);
        }
        self.experiment.show.say(&format!("{name}, {} categories", round.categories.len()));
        let folder = self.folder(round, name)?;
        let is_seen = |category: &usize| round.categories.contains(category);
        // What is left out never comes. It stays in the list, so that all trainings share the views that are kept.
        let mut examples = self.examples.clone();
        let left_out = examples.all.iter_mut().zip(&self.train.truth).filter(|(_, (_, category))| !is_seen(category));
        left_out.for_each(|(example, _)| example.repeats = 0.0);
        let seen = |captions: &Captions| captions.iter().next().is_some_and(|caption| self.is_asked(caption, round));
        let val: Vec<_> = self.val.all.iter().filter(|example| seen(&example.captions)).cloned().collect();
        let step = val.len().div_ceil(ASKED).max(1);
        let val: Vec<_> = val.into_iter().step_by(step).collect();
        let exam = Exam::new(&val, &self.tokens, &self.start.image, self.experiment.show)?;
        let course = Course {
            batches: self.batches(&examples),
            bank: None,
            exam: &exam,
            settings: self.settings(),
            folder: &folder,
            data: self.data.clone(),
            show: self.experiment.show,
        };
        let fitted = clock.count(&part(round, name), || fit(model, &course))?;
        folder.log(&fitted.state.log, &fitted.state.corrupt)?;
        weights::write(&path, &fitted.model.published()?, None)?;
        Ok(fitted.model)
    }

    fn is_asked(&self, caption: &Caption, round: &Round) -> bool {
        let captions = self.experiment.categories.captions();
        round.categories.iter().any(|&category| captions.get(category).is_some_and(|text| *text == caption.text))
    }

    /// What each model of each round answers for `asked`, and what it cost; the latencies are those of the first round, for the second's
    /// networks are no other.
    fn ask(
        &self,
        rounds: &[Round],
        trained: &[Trained],
        asked: &Photos,
        clock: &Clock,
    ) -> Result<Vec<Vec<Answered>>, TrainingError> {
        let image: &Preprocessing = &self.start.image;
        let cache = Cache::open(&self.kept())?;
        let seconds = |parts: &[String]| parts.iter().filter_map(|part| clock.of(part)).sum::<f64>();
        let shared = |name: &str| name.to_owned();
        let mut all = Vec::new();
        for (round, trained) in rounds.iter().zip(trained) {
            let start = &self.start.model;
            let (contrastive, head) = &trained.contrastive;
            let components = Head::Components(round.categories.clone());
            let [probe, contrast, supervised] = [PROBE, CONTRASTIVE, SUPERVISED].map(|name| part(round, name));
            let layer = |pair: &Pair, head: &Projection| tower::tower(pair, Some(head), image);
            let [read, trunk] = &self.names;
            let mut models = vec![
                (CONTRASTIVE, layer(contrastive, &contrastive.projection())?, head.clone(), vec![shared("views"), contrast]),
                (
                    SUPERVISED,
                    layer(&trained.supervised, &trained.supervised.projection())?,
                    components.clone(),
                    vec![shared("features"), probe.clone(), shared("views"), supervised],
                ),
                (PROBE, layer(start, &trained.probe.layer)?, components, vec![shared("features"), probe]),
            ];
            match &trained.named {
                None => models.insert(0, (START, layer(start, &start.projection())?, Head::Names(read.clone()), Vec::new())),
                Some(named) => {
                    let parts = vec![shared("features"), part(round, NAMED)];
                    models.push((NAMED, layer(start, &named.layer)?, Head::Names(trunk.clone()), parts));
                }
            }
            let towers: Vec<_> = models.iter().map(|(_, tower, ..)| tower).collect();
            let mut latencies =
                if all.is_empty() { tower::latencies(&towers)? } else { vec![Vec::new(); towers.len()] }.into_iter();
            let mut answered = Vec::new();
            for (name, tower, head, parts) in &models {
                let rows = tower.features(&asked.shards, false, &cache, self.experiment.show)?;
                let readable: Vec<_> = asked.truth.iter().filter(|(row, _)| !rows.is_blank(*row)).copied().collect();
                let ranks = head.ranks(&rows, &readable, self.experiment.categories.names().len())?;
                let seconds = if parts.is_empty() { f64::NAN } else { seconds(parts) };
                let milliseconds = latencies.next().unwrap_or_default();
                answered.push(Answered { name, ranks, seconds, milliseconds });
            }
            all.push(answered);
        }
        Ok(all)
    }
}

fn part(round: &Round, name: &str) -> String {
    format!("{}, {name}", round.name)
}

/// Photos that say nothing but their category.
fn told(photos: &Photos, categories: &Categories, settings: &Settings) -> Result<Examples, TrainingError> {
    let captions = categories.captions();
    let tell = |photo: &data::Photo| {
        let category = categories.of(CategoryFrom::Record, Path::new(""), &photo.key, &photo.record);
        let caption = |category: usize| {
            let text = captions.get(category)?.clone();
            Some(Captions::one(Caption { meaning: format!("category/{category}"), text }))
        };
        category.and_then(caption).unwrap_or_default()
    };
    let mut examples = Examples::told(&photos.shards, &settings.sampling, tell)?;
    // Nor may what else is known of a photo hold two categories together.
    examples.all.iter_mut().for_each(|example| example.labels = None);
    Ok(examples)
}

/// The tokens of each category's caption.
fn ids(tokens: &Tokens, categories: &Categories) -> Result<Vec<Vec<u32>>, TrainingError> {
    let mut known: HashMap<Vec<u32>, &String> = HashMap::new();
    let (captions, names) = (categories.captions(), categories.names());
    for (caption, name) in captions.iter().zip(names) {
        if let Some(other) = known.insert(tokens.ids(caption)?, name) {
            let problem = format!("{other:?} and {name:?} are the same to the text tower; name one of them otherwise");
            return Err(TrainingError::Setting { problem });
        }
    }
    captions.iter().map(|caption| tokens.ids(caption)).collect()
}

/// Refuses data of which nothing could be learned or told.
fn check(experiment: &Experiment, train: &Photos, asked: &Photos) -> Result<(), TrainingError> {
    let Experiment { settings, categories, .. } = experiment;
    let folders = || settings.data.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(", ");
    let counts = train.counts(categories.names().len());
    let none: Vec<&str> =
        categories.names().iter().zip(counts).filter(|(_, count)| *count == 0).map(|(name, _)| name.as_str()).collect();
    let problem = if !settings.text_weights.as_os_str().is_empty() {
        return Err(TrainingError::Setting {
            problem: "the text tower stays as it is here; leave text_weights empty".to_owned(),
        });
    } else if !none.is_empty() {
        format!("no photo of {} in train; name the categories that there are with --categories", none.join(", "))
    } else if asked.truth.is_empty() {
        "no photo that is asked about has one of the categories; name another --split, or the categories with --categories"
            .to_owned()
    } else {
        return Ok(());
    };
    Err(TrainingError::Data { file: folders(), problem })
}
