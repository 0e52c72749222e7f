//! `streetscape-train pairs`: everything that makes a data set or looks at one.

use std::{env, path::PathBuf};

use clap::{Args, Subcommand};

use crate::{
    encoder::segmenter_file,
    training::{
        TrainingError,
        pairs::{
            Collection, Manifest, Settings, Shares, gather,
            segments::{Networks, Segments},
        },
        progress::Show,
    },
};

mod generate;
mod import;
mod midjourney;
mod segments;
mod sheet;
mod stats;

#[derive(Debug, Subcommand)]
pub(super) enum Pairs {
    /// Read other people's data sets, each as its publishers ship it.
    Import(import::ImportArgs),
    /// Read downloaded pictures with their prompts: Midjourney's, grids and upscales, and Stable Diffusion's.
    ImportMidjourney(midjourney::MidjourneyArgs),
    /// Have pictures painted of what a street can show, each class with every other that goes with it.
    Generate(Box<generate::GenerateArgs>),
    /// Tell of photos in sentences and labels, by maps of what stands where (method A).
    Segments(segments::SegmentsArgs),
    /// Count what is in a data set: classes, captions, sources, balance, and whether those who label agree.
    Stats(stats::StatsArgs),
    /// Make a page to look a data set over: photos, sentences, labels and regions.
    Sheet(sheet::SheetArgs),
}

impl Pairs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        match self {
            Pairs::Import(args) => args.run(show),
            Pairs::ImportMidjourney(args) => args.run(show),
            Pairs::Generate(args) => args.run(show),
            Pairs::Segments(args) => args.run(show),
            Pairs::Stats(args) => args.run(show),
            Pairs::Sheet(args) => args.run(show),
        }
    }
}

/// The networks that label photos without a map.
#[derive(Args, Debug)]
pub(in crate::training::cli) struct NetworkArgs {
    /// The network that says what stands where [default: models/segmenter, where it is installed].
    #[arg(long, value_name = "MODEL.onnx")]
    segmenter: Option<PathBuf>,
    /// A detector, YOLOX on COCO, that finds what the segmenter doesn't know.
    #[arg(long, value_name = "MODEL.onnx")]
    detector: Option<PathBuf>,
}

impl NetworkArgs {
    /// Method A with these networks.
    pub(in crate::training::cli) fn segments(&self) -> Result<Segments, TrainingError> {
        let segmenter = self.segmenter.clone().or_else(segmenter_file);
        Ok(Segments::shipped()?.with(Networks::open(segmenter.as_deref(), self.detector.as_deref())?))
    }
}

/// How a data set is made, whatever it is made of.
#[derive(Args, Debug)]
struct GatherArgs {
    /// Folder for the shards and their manifest. A run that was stopped goes on there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What the photos' source is called; keys begin with it [default: the name of the photos' folder].
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The photos' licence, kept with each.
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// Parts for train, val and test, of photos that their publishers put in none.
    #[arg(long, value_name = "PARTS", value_delimiter = ',', num_args = 3, default_values_t = [80.0, 10.0, 10.0])]
    split: Vec<f64>,
    /// Photos in a shard.
    #[arg(long, value_name = "PHOTOS", default_value_t = 1000)]
    per_shard: usize,
    /// Seed of every random choice.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make people and number plates unrecognisable, where a map or a detector shows them.
    #[arg(long)]
    blur: bool,
}

impl GatherArgs {
    /// Makes the data set of `collection` and says what became of it. `named` is the source's name where none was given.
    fn gather(
        &self,
        collection: &dyn Collection,
        segments: &Segments,
        named: &str,
        show: Show,
    ) -> Result<Manifest, TrainingError> {
        let parts = <[f64; 3]>::try_from(self.split.as_slice())
            .map_err(|_| TrainingError::Setting { problem: "--split needs three parts, as 80,10,10".to_owned() })?;
        let settings = Settings {
            source: self.source.clone().unwrap_or_else(|| named.to_owned()),
            licence: self.licence.clone(),
            shares: Shares::new(parts)?,
            per_shard: self.per_shard,
            seed: self.seed,
            blur: self.blur,
        };
        let command = env::args().collect::<Vec<_>>().join(" ");
        let made = gather(collection, segments, &self.out, &settings, &command, show)?;
        let counts = made.photos.iter().map(|(split, count)| format!("{count} {split}")).collect::<Vec<_>>().join(", ");
        show.say(&format!("{}: {counts}", self.out.display()));
        for (reason, count) in &made.skipped {
            show.say(&format!("left out: {count} ({reason:?}); skipped.csv names them"));
        }
        Ok(made)
    }
}
