//! `streetscape-train export`, `quantise`, `attune`, `calibrate` and `aim`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::DataArgs;
use crate::{
    bundle::Manifest,
    evaluation::Agreement,
    training::{
        TrainingError, aim,
        calibrate::FacetReport,
        progress::Show,
        ship::{self, Cost, Kept, Portion},
    },
};

#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    /// Folder that `heads` or `fit` left.
    #[arg(long, value_name = "RUN", required_unless_present = "from")]
    run: Option<PathBuf>,
    /// A CLIP instead, in the layout of Hugging Face or of open_clip.
    #[arg(long, value_name = "DIR", conflicts_with = "run")]
    from: Option<PathBuf>,
    /// New folder for the bundle; its name is the model's.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Average the image tower with that of another bundle that began where this one did, which counts for SHARE of it; as often as
    /// wanted.
    #[arg(long, value_name = "DIR=SHARE", value_parser = portion)]
    with: Vec<Portion>,
    /// Add both towers in 16-bit floats, for graphics.
    #[arg(long)]
    half: bool,
}

fn portion(text: &str) -> Result<Portion, String> {
    let parts = text.rsplit_once('=').and_then(|(dir, share)| Some((dir, share.parse().ok()?)));
    let (dir, share) = parts.ok_or_else(|| format!("{text}: DIR=SHARE is meant, as models/street=0.25"))?;
    Ok(Portion { dir: dir.into(), share })
}

#[derive(Args, Debug)]
pub(super) struct QuantiseArgs {
    /// The bundle that `export` made.
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// The calibrated bundle that this one was made from: it answers for people in facets that they labelled too few photos for.
    #[arg(long, value_name = "DIR")]
    teacher: Option<PathBuf>,
    /// Share of spoken answers that may be wrong; a facet stays silent where it would be more.
    #[arg(long, value_name = "SHARE", default_value_t = 0.12)]
    error_rate: f32,
}

#[derive(Args, Debug)]
pub(super) struct AttuneArgs {
    /// The bundle that `quantise` made.
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args, Debug)]
pub(super) struct CalibrateArgs {
    /// The bundle that `quantise` made.
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// A facet of the vocabulary, as `place`; may be given again. All where none is given.
    #[arg(long, value_name = "ID")]
    facet: Vec<String>,
    /// Share of spoken answers that may be wrong; a facet stays silent where it would be more.
    #[arg(long, value_name = "SHARE", default_value_t = 0.12)]
    error_rate: f32,
}

#[derive(Args, Debug)]
pub(super) struct AimArgs {
    /// The bundle that `quantise` made.
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// Every so manyth photo is looked at.
    #[arg(long, value_name = "N", default_value_t = 6)]
    step: usize,
}

impl AttuneArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let photos = ship::attune(&self.bundle, &self.data.data, show)?;
        show.say(&format!(
            "attuned to what people wrote of {photos} photos; see what it is worth with: streetscape-train evaluate retrieval"
        ));
        Ok(())
    }
}

impl CalibrateArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        print_facets(&ship::recalibrate(&self.bundle, &self.data.data, &self.facet, self.error_rate, show)?);
        Ok(())
    }
}

impl AimArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        println!("{:<10} {:>8} {:>7} {:>9}", "held", "pictures", "found", "mistaken");
        for row in aim::learn(&self.bundle, &self.data.data, self.step, show)? {
            println!("{:<10} {:>8} {:>7.3} {:>9.3}", row.held, row.pictures, row.found, row.mistaken);
        }
        Ok(())
    }
}

impl ExportArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let mut manifest = match (&self.run, &self.from) {
            (None, Some(from)) => ship::export_checkpoint(from, &self.out)?,
            (run, _) => ship::export(run.as_deref().unwrap_or(Path::new("")), &self.out)?,
        };
        if !self.with.is_empty() {
            manifest = ship::stir(&self.out, &self.with)?;
        }
        if self.half {
            manifest = ship::halve(&self.out)?;
        }
        print_sizes(&self.out, &manifest);
        show.say(&format!("exported to {}; make it small with: streetscape-train quantise", self.out.display()));
        Ok(())
    }
}

impl QuantiseArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let report = ship::quantise(&self.bundle, &self.data.data, self.teacher.as_deref(), self.error_rate, show)?;
        print_agreement("image int8 against f32", &report.image);
        print_agreement("text int8 against f32", &report.text);
        print_kept("image tower", &report.image_kept);
        print_kept("text tower", &report.text_kept);
        print_facets(&report.facets);
        print_sizes(&self.bundle, &report.manifest);
        Ok(())
    }
}

fn print_agreement(what: &str, agreement: &Agreement) {
    let Agreement { photos, mean_cosine, least_cosine, top_1_differs, top_5_shared } = agreement;
    println!(
        "{what}: {photos} compared, mean cosine {mean_cosine:.5}, least {least_cosine:.5}, top-1 differs {top_1_differs:.4}, top-5 shared {top_5_shared:.4}"
    );
}

fn print_facets(reports: &[FacetReport]) {
    println!("{:<10} {:>7} {:>9} {:>9} {:>7} {:>9}", "facet", "photos", "answered", "right", "ece", "classes");
    for FacetReport { facet, photos, answered, accuracy, calibration_error, classes, of } in reports {
        let classes = format!("{classes}/{of}");
        println!("{facet:<10} {photos:>7} {answered:>9.3} {accuracy:>9.3} {calibration_error:>7.3} {classes:>9}");
    }
}

fn print_kept(tower: &str, kept: &Kept) {
    println!("{:<40} {:>11} {:>8}", format!("in float of the {tower}"), "cosine lost", "bytes");
    for Cost { layer, error, bytes } in &kept.units {
        println!("{layer:<40} {error:>11.6} {bytes:>8}");
    }
}

fn print_sizes(dir: &Path, manifest: &Manifest) {
    let (files, total) = ship::sizes(dir, manifest);
    for (file, bytes) in files {
        println!("{:>12} bytes  {}", bytes, file.display());
    }
    println!("{total:>12} bytes  in all");
}
