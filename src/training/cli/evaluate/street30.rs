//! `streetscape-train evaluate street30`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use crate::{
    bundle::Bundle,
    encoder::{
        Device, DeviceChoice, EncoderOptions, OnnxTextEncoder, Precision, Runtime, SessionOptions, Spinning, TextEncoder,
    },
    evaluation::{
        Confused, TopK,
        street30::{self, Street30},
    },
    training::{TrainingError, data, progress::Show, ship::embed},
};

/// Confusions shown; the table has all.
const WORST: usize = 10;

#[derive(Args, Debug)]
pub(in crate::training::cli) struct Street30Args {
    /// The bundle [default: the first of those that `streetscape models list` shows].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Shards of photos with a category.
    #[arg(long, value_name = "TAR", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    /// How exactly the image tower reckons: auto, int8, f16 or f32.
    #[arg(long, default_value_t)]
    precision: Precision,
    /// Where it runs: auto, cpu, openvino, cuda, ...
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
    /// One JSON object on stdout, the whole table in it.
    #[arg(long)]
    json: bool,
    /// Write the table of confusions here too, as CSV.
    #[arg(long, value_name = "FILE")]
    confusion: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report<'a> {
    model: String,
    precision: &'static str,
    #[serde(flatten)]
    found: &'a Street30,
    worst: Vec<Confused>,
}

impl Street30Args {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let bundle = match &self.model {
            Some(dir) => Bundle::open(dir)?,
            None => Bundle::find()?,
        };
        let captions: Vec<String> = street30::CATEGORIES.iter().map(|category| street30::caption(category)).collect();
        let captions: Vec<&str> = captions.iter().map(String::as_str).collect();
        let text = SessionOptions { device: Device::Cpu, ..SessionOptions::default() };
        let captions = OnnxTextEncoder::open(Runtime::load(None)?, &bundle, &text)?.encode(&captions)?;

        let shards = self.data.iter().map(|path| data::read_shard(path)).collect::<Result<Vec<_>, _>>()?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let options = EncoderOptions { device: self.device, precision: self.precision, threads, spinning: Spinning::Off };
        let mut found = Street30::default();
        for photo in embed(&bundle, &options, &shards, 1, show)? {
            let record = &photo.photo.record;
            if let Some(truth) = record.category.as_deref().and_then(street30::category) {
                found.count(&record.source, truth, &photo.embedding, &captions);
            }
        }
        if let Some(path) = &self.confusion {
            write_table(path, &found)?;
        }
        let worst = found.confusion.worst(WORST);
        if self.json {
            let report =
                Report { model: bundle.dir().display().to_string(), precision: self.precision.id(), found: &found, worst };
            let line = serde_json::to_string(&report).map_err(|e| TrainingError::Setting { problem: e.to_string() })?;
            println!("{line}");
            return Ok(());
        }
        println!("{:<12} {:>7} {:>7} {:>7} {:>7} {:>7}", "source", "photos", "k=1", "k=3", "k=5", "k=10");
        print_row("all", &found.overall);
        found.sources.iter().for_each(|(source, top)| print_row(source, top));
        println!("\nmost confused:");
        for Confused { truth, answer, photos, share } in worst {
            println!("{photos:>5} ({:>2.0} %)  {truth} taken for {answer}", 100.0 * share);
        }
        Ok(())
    }
}

fn print_row(source: &str, top: &TopK) {
    let [one, three, five, ten] = top.accuracy();
    println!("{source:<12} {:>7} {one:>7.4} {three:>7.4} {five:>7.4} {ten:>7.4}", top.photos);
}

fn write_table(path: &Path, found: &Street30) -> Result<(), TrainingError> {
    let failed = |problem: String| TrainingError::Data { file: path.display().to_string(), problem };
    let table = found.confusion.to_csv().map_err(|e| failed(e.to_string()))?;
    fs::write(path, table).map_err(|e| failed(e.to_string()))
}
