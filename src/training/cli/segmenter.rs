//! `streetscape-train segmenter`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::DataArgs;
use crate::{
    evaluation::Overlap,
    training::{
        TrainingError,
        progress::Show,
        segmenter::{self, Settings, judge::judge},
    },
};

/// The image trunk's weights beside the data folder.
const TRUNK: &str = "weights/mobilenet_v2_imagenet.safetensors";

#[derive(Debug, Subcommand)]
pub(super) enum SegmenterCommand {
    /// Learn to say what stands where, from photos with maps; leaves segmenter.int8.onnx.
    Make(MakeArgs),
    /// Measure a segmenter on maps that a person drew.
    Judge(JudgeArgs),
}

#[derive(Args, Debug)]
pub(super) struct MakeArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Folder for the model.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Weights of MobileNetV2 [default: weights/mobilenet_v2_imagenet.safetensors beside the first data folder].
    #[arg(long, value_name = "FILE")]
    image_weights: Option<PathBuf>,
    /// Folder where the trunk's maps and the float model are kept between runs; some gigabytes.
    #[arg(long, value_name = "DIR", default_value = ".cache")]
    cache: PathBuf,
    /// Steps of the optimiser.
    #[arg(long, default_value_t = Settings::default().steps)]
    steps: usize,
    /// Photos of either kind in a step.
    #[arg(long, default_value_t = Settings::default().batch)]
    batch: usize,
    /// The highest learning rate.
    #[arg(long, default_value_t = Settings::default().learning_rate)]
    learning_rate: f64,
    /// Weight of a network's maps against a person's.
    #[arg(long, default_value_t = Settings::default().network_weight)]
    network_weight: f32,
    /// Seed of every random choice.
    #[arg(long, default_value_t = Settings::default().seed)]
    seed: u64,
}

#[derive(Args, Debug)]
pub(super) struct JudgeArgs {
    /// The segmenter, an ONNX file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Shards of photos with maps.
    #[arg(long, value_name = "TAR", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

impl SegmenterCommand {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        match self {
            SegmenterCommand::Make(args) => args.run(show),
            SegmenterCommand::Judge(args) => args.run(show),
        }
    }
}

impl MakeArgs {
    fn run(self, show: Show) -> Result<(), TrainingError> {
        let dirs = &self.data.data;
        let settings = Settings {
            steps: self.steps,
            batch: self.batch,
            learning_rate: self.learning_rate,
            network_weight: self.network_weight,
            seed: self.seed,
            ..Settings::default()
        };
        let trunk = self.image_weights.unwrap_or_else(|| dirs.first().cloned().unwrap_or_default().join("..").join(TRUNK));
        let made = segmenter::make(dirs, &trunk, &self.out, &self.cache, &settings, show)?;
        println!("{}\n{}", made.exact.display(), made.quick.display());
        show.say(&format!("measure it with: streetscape-train segmenter judge {} --data VAL.tar", made.quick.display()));
        Ok(())
    }
}

impl JudgeArgs {
    fn run(self, show: Show) -> Result<(), TrainingError> {
        let verdict = judge(&self.model, &self.data, show)?;
        if self.json {
            let told = |overlap: &Overlap| {
                let classes: serde_json::Map<_, _> =
                    overlap.classes().into_iter().map(|class| (class.class, json!(class.iou))).collect();
                json!({ "mean_iou": overlap.mean_iou(), "accuracy": overlap.accuracy(), "iou": classes })
            };
            println!("{}", json!({ "model": self.model, "plain": told(&verdict.plain), "wide": told(&verdict.wide) }));
            return Ok(());
        }
        println!("{:<16} {:>7} {:>7}", "class", "plain", "wide");
        for (plain, wide) in verdict.plain.classes().iter().zip(verdict.wide.classes()) {
            println!("{:<16} {:>7.4} {:>7.4}", plain.class, plain.iou, wide.iou);
        }
        let [plain, wide] = [&verdict.plain, &verdict.wide].map(Overlap::mean_iou);
        println!("{:<16} {plain:>7.4} {wide:>7.4}", "mean");
        let [plain, wide] = [&verdict.plain, &verdict.wide].map(Overlap::accuracy);
        println!("{:<16} {plain:>7.4} {wide:>7.4}", "pixels right");
        Ok(())
    }
}
