//! `streetscape-train heads`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;

use super::DataArgs;
use crate::{
    evaluation::street30,
    training::{
        TrainingError,
        data::{self, Captioner, Captions, Photo, PhotoShard, Split},
        features::{Cache, ImageTower, TextTower, Views},
        heads::{Exam, Examples, Questions, RunRecord, Settings, fit, sentences},
        progress::Show,
    },
    vocabulary::Vocabulary,
};

/// The image trunk's weights beside the data folder.
const IMAGE_WEIGHTS: &str = "weights/mobilenet_v2_imagenet.safetensors";

#[derive(Args, Debug)]
pub(super) struct HeadsArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Folder for what was learned.
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    /// Weights of MobileNetV2 [default: weights/mobilenet_v2_imagenet.safetensors beside the first data folder].
    #[arg(long, value_name = "FILE")]
    image_weights: Option<PathBuf>,
    /// Folder of all-MiniLM-L6-v2 [default: where tools/minilm.sh puts it].
    #[arg(long, value_name = "DIR")]
    text_weights: Option<PathBuf>,
    /// Folder where the towers' features are kept between runs.
    #[arg(long, value_name = "DIR", default_value = ".cache")]
    cache: PathBuf,
    /// Times that every photo is seen with a caption alone.
    #[arg(long, default_value_t = Settings::default().epochs)]
    epochs: usize,
    /// Times that every photo is seen while the vocabulary's questions are asked too.
    #[arg(long, default_value_t = Settings::default().answer_epochs)]
    answer_epochs: usize,
    /// Pairs in a batch.
    #[arg(long, default_value_t = Settings::default().batch)]
    batch: usize,
    /// The highest learning rate, before questions are asked.
    #[arg(long, default_value_t = Settings::default().learning_rate)]
    learning_rate: f64,
    /// Weight of the answers to the vocabulary's questions, against pictures and their captions.
    #[arg(long, default_value_t = Settings::default().answer_weight)]
    answer_weight: f32,
    /// Seed of every random choice.
    #[arg(long, default_value_t = Settings::default().seed)]
    seed: u64,
}

impl HeadsArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let dirs = &self.data.data;
        let settings = Settings {
            epochs: self.epochs,
            answer_epochs: self.answer_epochs,
            batch: self.batch,
            learning_rate: self.learning_rate,
            answer_weight: self.answer_weight,
            seed: self.seed,
            ..Settings::default()
        };
        let image_weights = self.image_weights.clone().unwrap_or_else(|| {
            let beside = dirs.first().cloned().unwrap_or_default();
            beside.join("..").join(IMAGE_WEIGHTS)
        });
        let text_weights = self.text_weights.clone().or_else(minilm).ok_or_else(|| TrainingError::Setting {
            problem: "no home folder is known; name the folder of all-MiniLM-L6-v2 with --text-weights".to_owned(),
        })?;
        let vision = ImageTower::open(&image_weights)?;
        let language = TextTower::open(&text_weights)?;
        let cache = Cache::open(&self.cache)?;

        let (train, val) = (data::read(dirs, Split::Train)?, data::read(dirs, Split::Val)?);
        let vocabulary = Vocabulary::shipped()?;
        let captioner = Captioner::new(vocabulary.clone())?;
        let captions: Vec<Captions> = photos(&train).map(|photo| captioner.captions(photo)).collect();
        let labelled: Vec<bool> = photos(&train).map(|photo| photo.hand.is_some()).collect();
        let views = Views {
            plain: vision.features(&train, false, &cache, show)?,
            mirrored: vision.features(&train, true, &cache, show)?,
        };
        let asked = street30::captions();
        let texts = language.features(&sentences(captions.iter()), &cache, show)?;
        let prompts: Vec<String> = vocabulary.prompts().map(str::to_owned).collect();
        let prompts = language.features(&prompts, &cache, show)?.features;
        let questions = Questions::new(&vocabulary, photos(&train), prompts.clone());
        let examples = Examples::new(views, texts, captions, &labelled);

        let mut seen = vision.features(&val, false, &cache, show)?;
        examples.standard().apply(&mut seen);
        let category = |photo: &Photo| photo.record.category.as_deref().and_then(street30::category);
        let truth: Vec<(usize, usize)> =
            photos(&val).enumerate().filter_map(|(row, photo)| Some((row, category(photo)?))).collect();
        let captions = language.features(&asked, &cache, show)?.features;
        let exam = Exam::new(seen, captions, truth, Questions::new(&vocabulary, photos(&val), prompts));

        let fitted = fit(&examples, &questions, &exam, &settings, show)?;
        let accuracy = fitted.accuracy.by_k();
        let record = RunRecord {
            accuracy: accuracy.clone(),
            image_weights: absolute(&image_weights),
            text_weights: absolute(&text_weights),
            settings,
            image: vision.preprocessing().clone(),
            vocabulary: vocabulary.hash(),
            checksums: checksums(&train, &val, &vision, &language),
        };
        record.write(&self.out, &fitted)?;
        for (k, accuracy) in accuracy {
            println!("{k} {accuracy:.4}");
        }
        show.say(&format!("kept in {}", self.out.display()));
        Ok(())
    }
}

/// Where `tools/minilm.sh` puts the sentence encoder.
fn minilm() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "streetscape").map(|dirs| dirs.data_dir().join("minilm"))
}

fn photos(shards: &[PhotoShard]) -> impl Iterator<Item = &Photo> {
    shards.iter().flat_map(|shard| &shard.photos)
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn checksums(train: &[PhotoShard], val: &[PhotoShard], vision: &ImageTower, language: &TextTower) -> BTreeMap<String, String> {
    let trunks = [("image trunk", &vision.checksum), ("text trunk", &language.checksum)];
    data::checksums(train.iter().chain(val))
        .into_iter()
        .chain(trunks.map(|(name, checksum)| (name.to_owned(), checksum.clone())))
        .collect()
}
