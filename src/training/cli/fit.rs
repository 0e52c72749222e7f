//! `streetscape-train fit`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use toml::{Table, Value};

use crate::{
    evaluation::street30,
    training::{
        TrainingError, allocator,
        data::{self, Captioner, Captions, Split},
        fit::{
            Bank, Batches, Biased, Compute, Course, DEFAULTS, Exam, Examples, Fitted, Folder, Kind, LossKind, Record, Settings,
            Tokens, assignment, fit, overlay, reckoning,
            start::{self, Source, Start},
        },
        heads::sentences,
        model::Trainable,
        progress::Show,
        questions::Questions,
    },
    vocabulary::Vocabulary,
};

#[derive(Args, Debug)]
pub(super) struct FitArgs {
    /// TOML file of settings; keys that it leaves out keep their defaults.
    #[arg(value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Folder for what is learned; a run that was stopped goes on there.
    #[arg(long, value_name = "RUN", required_unless_present = "defaults")]
    out: Option<PathBuf>,
    /// Folder with train-*.tar and val-*.tar (WebDataset), and facets.csv where photos were labelled by hand; or a further table
    /// of such labels. May be given again.
    #[arg(long, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// What to start from: a bundle, a CLIP in the layout of Hugging Face or of open_clip, or "fresh".
    #[arg(long, value_name = "WHAT")]
    from: Option<String>,
    /// Folder of all-MiniLM-L6-v2, so that a bundle's text tower learns too.
    #[arg(long, value_name = "DIR")]
    text_weights: Option<PathBuf>,
    /// What computes; "gpu" in a program built with that feature.
    #[arg(long, value_name = "WHAT")]
    device: Option<Compute>,
    /// Another value for any key, as train.batch=32. May be given again.
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    set: Vec<Table>,
    /// Print every key with its default and its source, and do nothing.
    #[arg(long)]
    defaults: bool,
}

impl FitArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        if self.defaults {
            print!("{DEFAULTS}");
            return Ok(());
        }
        allocator::keep_freed();
        let settings = Settings::merged(self.settings.as_deref(), self.flags())?;
        let folder = Folder::open(&self.out.clone().unwrap_or_default())?;
        let from = Source::of(&settings.from)?;
        let tokens = start::tokens(&from, &settings)?;
        let is_clip = match &from {
            Source::Fresh => settings.model.kind == Kind::Clip,
            Source::Bundle(_) => false,
            Source::Checkpoint(_) => true,
        };
        if is_clip && settings.augment.size > 0 {
            let problem = "a CLIP sees pictures of one size alone; leave augment.size at 0".to_owned();
            return Err(TrainingError::Setting { problem });
        }

        let (train, val) = (data::read(&settings.data, Split::Train)?, data::read(&settings.data, Split::Val)?);
        let vocabulary = Vocabulary::shipped()?;
        let questions = (settings.loss.questions > 0.0).then(|| Questions::new(&vocabulary, &train));
        let captioner = Captioner::new(vocabulary)?;
        let learned = Examples::new(&train, &captioner, &settings.sampling)?;
        let asked = Examples::new(&val, &captioner, &settings.sampling)?;
        for (split, examples) in [(Split::Train, &learned), (Split::Val, &asked)] {
            if examples.untold > 0 {
                show.say(&format!("{}: {} photos without a caption are left out", split.id(), examples.untold));
            }
        }
        let told = || learned.all.iter().chain(&asked.all).map(|example| &example.captions);
        let cut = tokens.cut(&sentences(told()))?;
        if cut > 0 {
            show.say(&format!("{cut} captions are longer than the text tower's context and lose their end"));
        }
        let tokenizer = ("tokenizer".to_owned(), tokens.checksum.clone());
        let shards = data::checksums(train.iter().chain(&val));
        let data = [tokenizer].into_iter().chain(shards).chain(data::tables(&settings.data)?).collect();
        let (settings, tokens) = (&settings, &tokens);
        let mut sentences = every(told());
        sentences.extend(questions.iter().flat_map(Questions::sentences).cloned());
        let run = Run { learned: &learned, asked: &asked, questions, tokens, settings, folder: &folder, data, show };
        let device = settings.device.device()?.autodiff();
        match &from {
            Source::Fresh if settings.model.kind == Kind::Clip => {
                run.on(start::fresh_clip(&settings.model, tokens, settings.seed, &device)?)
            }
            Source::Fresh => run.on(start::fresh(&settings.model, tokens.words(), settings.seed, &device)?),
            Source::Bundle(dir) => run.on(start::bundle(dir, &sentences, tokens, settings, &folder.kept(), &device, show)?),
            Source::Checkpoint(dir) => run.on(start::checkpoint(dir, &device)?),
        }
    }

    /// What was said on the command line, as a table of settings.
    fn flags(&self) -> Table {
        let text = |path: &Path| Value::String(path.display().to_string());
        let mut flags = Table::new();
        self.set.iter().for_each(|set| overlay(&mut flags, set.clone()));
        if !self.data.is_empty() {
            flags.insert("data".to_owned(), Value::Array(self.data.iter().map(|dir| text(dir)).collect()));
        }
        if let Some(from) = &self.from {
            flags.insert("from".to_owned(), Value::String(from.clone()));
        }
        if let Some(device) = self.device {
            let name = if device == Compute::Cpu { "cpu" } else { "gpu" };
            flags.insert("device".to_owned(), Value::String(name.to_owned()));
        }
        if let Some(dir) = &self.text_weights {
            flags.insert("text_weights".to_owned(), text(dir));
        }
        flags
    }
}

/// What a run has beside its model.
struct Run<'a> {
    learned: &'a Examples,
    asked: &'a Examples,
    questions: Option<Questions>,
    tokens: &'a Tokens,
    settings: &'a Settings,
    folder: &'a Folder,
    data: BTreeMap<String, String>,
    show: Show,
}

impl Run<'_> {
    /// Fits what was begun, by the loss that is asked for.
    fn on<M: Trainable>(self, begun: Start<M>) -> Result<(), TrainingError> {
        match self.settings.loss.kind {
            LossKind::Clip => self.fit(begun),
            LossKind::Siglip => {
                let first = self.settings.loss.bias;
                self.fit(begun.map(|model| Biased::new(model, first)))
            }
        }
    }

    /// Fits what was begun and keeps it.
    fn fit<M: Trainable>(self, begun: Start<M>) -> Result<(), TrainingError> {
        let Self { learned, asked, questions, tokens, settings, folder, mut data, show } = self;
        let Start { model, image, text, checksums, beside } = begun;
        data.extend(checksums);
        let exam = Exam::new(&asked.all, tokens, &image, show)?;
        let (size, seed) = (settings.train.batch, settings.seed);
        let seen = settings.augment.image(&image);
        let batches = Batches { examples: learned, tokens, image: &seen, augment: settings.augment, size, seed };
        let bank = questions.map(|questions| Bank::new(questions, &model, tokens)).transpose()?;
        let course = Course { batches, bank, exam: &exam, settings, folder, data: data.clone(), show };
        let Fitted { model, mix, figures, state } = fit(model, &course)?;
        folder.log(&state.log, &state.corrupt)?;
        let recall = [figures.image_to_text[0], figures.text_to_image_1];
        let scale = model.scale().into_scalar::<f32>();
        let bias = model.bias().map(|bias| bias.into_scalar::<f32>());
        let from = settings.from.clone();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let crates = reckoning();
        let record = Record { version, crates, from, mix, scale, bias, recall, image, text, checksums: data };
        folder.finish(&model.published()?, &beside, &record)?;
        println!("image_to_text_1 {:.4}", recall[0]);
        println!("text_to_image_1 {:.4}", recall[1]);
        show.say(&format!("kept in {}", folder.dir().display()));
        Ok(())
    }
}

/// Every sentence that may be drawn or asked.
fn every<'a>(told: impl Iterator<Item = &'a Captions>) -> Vec<String> {
    let mut all = sentences(told);
    all.extend(street30::captions());
    all
}
