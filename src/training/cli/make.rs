//! `streetscape-train make`: from a folder of photos to a model with its card, in one run that goes on where it was stopped.
//!
//! Owns the plan: which commands, in which order, what each leaves, about how long each takes. Leaves the work to the commands, which may as well be
//! typed one by one.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Args, Parser};
use indicatif::HumanDuration;
use toml::Table;

use super::Command;
use crate::{
    bundle::{Bundle, write_whole},
    encoder::{Device, DeviceChoice, EncoderOptions, ImageEncoder, OnnxImageEncoder, Precision, Runtime, Spinning},
    frame::Picture,
    observation::View,
    training::{
        TrainingError,
        fit::{self, RECORD, assignment},
        pairs::{Collection, import::Photos},
        progress::Show,
        report::REPORT,
    },
};

/// Photos below which a model's figures say little: an accuracy found on a tenth of them is known to five points at best.
const ENOUGH: usize = 4000;
/// The least photos that can be shared out into three splits with something in each.
const FEWEST: usize = 50;
/// Pictures whose encoding is timed for the estimate.
const TIMED: u32 = 6;
/// The fit's settings, where nothing else is said: few photos move the last layers a little, and `val` chooses how much of that is kept.
const SETTINGS: [&str; 7] = [
    "train.epochs=6",
    "train.batch=32",
    "optimiser.rate=1e-4",
    "optimiser.layer_decay=0.8",
    "learn.image=5",
    "learn.views=4",
    "average.mixes=[0.0, 0.5, 1.0]",
];

#[derive(Args, Debug)]
pub(super) struct MakeArgs {
    /// The photos: a folder or a tar of JPEG, PNG or WebP files.
    #[arg(long, value_name = "DIR")]
    photos: PathBuf,
    /// Folder for the model; its name is the model's. Beside it, .making-NAME keeps what a stopped run goes on from.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder of the photos' maps, each named as its photo; without one, the shipped network draws them.
    #[arg(long, value_name = "DIR", requires = "format")]
    masks: Option<PathBuf>,
    /// The vocabulary of the maps, as `pairs segments` takes it.
    #[arg(long, value_name = "NAME", requires = "masks")]
    format: Option<String>,
    /// The photos' licence, for the card.
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// The calibrated bundle to start from.
    #[arg(long, value_name = "DIR", default_value = "models/street")]
    from: PathBuf,
    /// Another value for any key of the fit, as train.epochs=10. May be given again.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print the plan, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// One step of the plan.
struct Step {
    /// What it is for.
    title: &'static str,
    /// What is there once it is done.
    done: PathBuf,
    /// Where its commands write, where that is not where it ends.
    aside: Option<PathBuf>,
    /// The commands, each as words.
    commands: Vec<Vec<String>>,
    /// In encodings of one photo in float.
    cost: f64,
}

impl MakeArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let settings = self.settings()?;
        if self.out.exists() {
            let problem = "is there already; name a new folder for the model, or remove it".to_owned();
            return Err(TrainingError::Data { file: self.out.display().to_string(), problem });
        }
        let photos = Photos::open(&self.photos)?.entries().len();
        if photos < FEWEST {
            let problem = format!("{photos} photos can't be shared out to learn, choose and test; gather {FEWEST} at least");
            return Err(TrainingError::Data { file: self.photos.display().to_string(), problem });
        }
        let steps = self.plan(photos, &settings);
        let photo = time(&self.from)?;
        show.say(&format!(
            "{photos} photos in {}, each {:.0} ms through the image tower here",
            self.photos.display(),
            1e3 * photo.as_secs_f64()
        ));
        if let Some(warning) = warning(photos) {
            show.say(&warning);
        }
        for (i, step) in steps.iter().enumerate() {
            let left = if step.done.exists() {
                "done".to_owned()
            } else {
                format!("about {}", HumanDuration(photo.mul_f64(step.cost)))
            };
            show.say(&format!("{}. {}: {left}\n{step}", i + 1, step.title));
        }
        if self.dry_run {
            return Ok(());
        }
        self.write_notes(photos)?;
        for step in steps.iter().filter(|step| !step.done.exists()) {
            show.say(&format!("\n{}", step.title));
            step.take()?;
        }
        fs::remove_dir_all(self.work()).map_err(|source| failed(&self.work(), source))?;
        println!("{}", self.out.display());
        show.say(&format!("hear it: streetscape replay WALK --model {}", self.out.display()));
        Ok(())
    }

    /// The fit's settings, those that were given over those that suit few photos.
    fn settings(&self) -> Result<fit::Settings, TrainingError> {
        let mut table = Table::new();
        for set in SETTINGS.into_iter().chain(self.set.iter().map(String::as_str)) {
            let set = assignment(set).map_err(|problem| TrainingError::Setting { problem: format!("--set {problem}") })?;
            fit::overlay(&mut table, set);
        }
        fit::overlay(&mut table, assignment("data=[\"pairs\"]").unwrap_or_default());
        fit::Settings::merged(None, table)
    }

    /// Where a stopped run goes on from.
    fn work(&self) -> PathBuf {
        let name = self.out.file_name().unwrap_or_default().to_string_lossy();
        self.out.with_file_name(format!(".making-{name}"))
    }

    fn plan(&self, photos: usize, settings: &fit::Settings) -> Vec<Step> {
        let work = self.work();
        let name = self.out.file_name().unwrap_or_default();
        let [pairs, run, report] = ["pairs", "run", "report"].map(|name| work.join(name));
        let (part, model, notes) = (work.join("part").join(name), work.join(name), work.join("notes.md"));
        let all = photos as f64;

        let mut segments = words(&["pairs", "segments"]);
        segments.extend([told(&self.photos), "--out".to_owned(), told(&pairs)]);
        if let (Some(masks), Some(format)) = (&self.masks, &self.format) {
            segments.extend(["--masks".to_owned(), told(masks), "--format".to_owned(), format.clone()]);
        }
        if let Some(licence) = &self.licence {
            segments.extend(["--licence".to_owned(), licence.clone()]);
        }
        let mut fit = words(&["fit"]);
        fit.extend(["--from".to_owned(), told(&self.from), "--data".to_owned(), told(&pairs), "--out".to_owned(), told(&run)]);
        for set in SETTINGS.into_iter().chain(self.set.iter().map(String::as_str)) {
            fit.extend(["--set".to_owned(), set.to_owned()]);
        }
        let of = |command: &[&str], rest: &[(&str, &Path)]| {
            let mut words = words(command);
            words.extend(rest.iter().flat_map(|(flag, path)| [(*flag).to_owned(), told(path)]).filter(|word| !word.is_empty()));
            words
        };
        let learned = (settings.learn.views as f64 + 1.5 * settings.train.epochs as f64) * all;
        vec![
            Step {
                title: "pairs of photos and sentences",
                done: pairs.join(crate::training::pairs::MANIFEST),
                aside: None,
                commands: vec![segments],
                cost: 12.0 * all,
            },
            Step { title: "the fit", done: run.join(RECORD), aside: None, commands: vec![fit], cost: learned },
            Step {
                title: "a bundle, made small and calibrated",
                done: model.clone(),
                aside: Some(part.clone()),
                commands: vec![
                    of(&["export"], &[("--run", &run), ("--out", &part)]),
                    of(&["quantise"], &[("", &part), ("--data", &pairs), ("--teacher", &self.from)]),
                ],
                cost: 6000.0 + 4.0 * all,
            },
            Step {
                title: "the report, on photos that nothing was learned or chosen from",
                done: report.clone(),
                aside: None,
                commands: vec![of(
                    &["evaluate", "report", "--split", "test"],
                    &[("--model", &model), ("--before", &self.from), ("--data", &pairs), ("--run", &run), ("--out", &report)],
                )],
                cost: 500.0 + 0.2 * all,
            },
            Step {
                title: "the card",
                done: model.join(CARD),
                aside: None,
                commands: vec![of(
                    &["evaluate", "card"],
                    &[
                        ("--report", &report.join(REPORT)),
                        ("--model", &model),
                        ("--notes", &notes),
                        ("--out", &model.join(CARD)),
                    ],
                )],
                cost: 10.0,
            },
            Step { title: "into its place", done: self.out.clone(), aside: Some(model), commands: Vec::new(), cost: 0.0 },
        ]
    }

    /// What the card says of a model of few photos.
    fn write_notes(&self, photos: usize) -> Result<(), TrainingError> {
        fs::create_dir_all(self.work()).map_err(|source| failed(&self.work(), source))?;
        let notes = self.work().join("notes.md");
        let said = warning(photos).unwrap_or_else(|| "Nobody has walked with it yet.".to_owned());
        write_whole(&notes, format!("{said}\n").as_bytes()).map_err(|source| failed(&notes, source))
    }
}

/// The card in a model's folder.
const CARD: &str = "README.md";

impl Step {
    /// Does it, from its beginning where an earlier run left something half done.
    fn take(&self) -> Result<(), TrainingError> {
        if let Some(aside) = self.aside.as_ref().filter(|aside| aside.exists() && !self.commands.is_empty()) {
            fs::remove_dir_all(aside).map_err(|source| failed(aside, source))?;
        }
        for command in &self.commands {
            let program = std::iter::once("streetscape-train").chain(command.iter().map(String::as_str));
            let command = Command::try_parse_from(program).map_err(|e| TrainingError::Setting { problem: e.to_string() })?;
            command.run()?;
        }
        if let Some(aside) = &self.aside {
            fs::rename(aside, &self.done).map_err(|source| failed(&self.done, source))?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, command) in self.commands.iter().enumerate() {
            let words = shlex::try_join(command.iter().map(String::as_str)).unwrap_or_else(|_| command.join(" "));
            write!(f, "{}   streetscape-train {words}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

/// What is said of too few photos to trust; nothing where there are enough.
fn warning(photos: usize) -> Option<String> {
    // Of an accuracy of one half, which is where chance moves it the most.
    let points = 196.0 * (0.25 / (photos as f64 / 10.0)).sqrt();
    (photos < ENOUGH).then(|| {
        format!(
            "{photos} photos are too few to trust: a tenth of them tests the model, so that its figures are known to {points:.0} points in either \
             direction. Walk with it only beside somebody who sees, and gather {ENOUGH} for a model of your own."
        )
    })
}

/// How long one photo takes through the float image tower of the bundle in `dir`.
fn time(dir: &Path) -> Result<Duration, TrainingError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let device = DeviceChoice::Only(Device::Cpu);
    let options = EncoderOptions { device, precision: Precision::F32, threads, spinning: Spinning::Off };
    let bundle = Bundle::open(dir)?;
    let mut encoder = OnnxImageEncoder::open(Runtime::load(None)?, &bundle, &options)?;
    let Some(grey) = Picture::new(64, 64, vec![128; 64 * 64 * 3]) else { return Ok(Duration::ZERO) };
    let mut out = Vec::new();
    encoder.encode(&grey, &[View::Full], &mut out)?;
    let began = Instant::now();
    for _ in 0..TIMED {
        encoder.encode(&grey, &[View::Full], &mut out)?;
    }
    Ok(began.elapsed() / TIMED)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn told(path: &Path) -> String {
    path.display().to_string()
}

fn failed(path: &Path, source: std::io::Error) -> TrainingError {
    TrainingError::File { file: told(path), source }
}
