//! `streetscape-train evaluate walks`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, Pair},
    output::OutputArgs,
};
use crate::{
    bundle::write_whole,
    evaluation::{
        EvaluationError, Table,
        walks::{
            Judged, Verdict, Walker, drives, find,
            page::{Shown, lines, page},
            table,
        },
    },
    narrator::EvidenceConfig,
    training::{TrainingError, progress::Show},
    vocabulary::Vocabulary,
    walk::Meanings,
};

/// CamVid's drives that are recorded at walkers' pace of pictures, in the order of their numbers.
const DRIVES: [&str; 2] = ["0001TP", "0016E5"];
#[derive(Args, Debug)]
pub(in crate::training::cli) struct WalksArgs {
    /// Recorded walks with their truth: folders with walk.toml and truth.csv, NAME.mp4 with NAME.truth.csv, or folders of these.
    #[arg(value_name = "DIR", required_unless_present = "drives")]
    walks: Vec<PathBuf>,
    /// Shards with CamVid's drives and their maps: these are judged too.
    #[arg(long, value_name = "STREETS")]
    drives: Option<PathBuf>,
    /// How often a video is sampled, frames a second.
    #[arg(long, default_value_t = 5.0)]
    fps: f64,
    /// How what is seen becomes what is believed.
    #[arg(long, value_enum, default_value_t = Filter::Markov)]
    filter: Filter,
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Write a page with a timeline for each walk: one file that needs no network.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Put the walks' frames into that page. They are somebody's: don't give the page away where they may not be.
    #[arg(long, requires = "html")]
    frames: bool,
}

/// The filters that may be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Filter {
    /// A hidden Markov filter: what walks with.
    Markov,
    /// Plain smoothing.
    Smoothing,
    /// The vote of a window.
    Voting,
}

impl Filter {
    fn config(self) -> EvidenceConfig {
        match self {
            Filter::Markov => EvidenceConfig::markov(),
            Filter::Smoothing => EvidenceConfig::smoothing(),
            Filter::Voting => EvidenceConfig::voting(),
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    asked: Asked,
    filter: Filter,
    figures: &'a Table,
    walks: &'a [Judged],
}

impl WalksArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let vocabulary = Vocabulary::shipped()?;
        let meanings = Meanings::shipped(&vocabulary).map_err(EvaluationError::from)?;
        let mut walks = Vec::new();
        for path in &self.walks {
            walks.extend(find(path)?);
        }
        if let Some(streets) = &self.drives {
            walks.extend(drives(streets, &DRIVES)?);
        }
        let bundles = self.models.open()?;
        let walker = |bundle| Walker::new(bundle, self.models.options(1), self.filter.config(), &vocabulary);
        let judged: Pair<Vec<Judged>> = bundles.map(|bundle| {
            let walker = walker(bundle)?;
            let progress = show.begin("replayed", walks.len(), "walks");
            let judged = walks.iter().map(|walk| {
                let judged = walker.walk(walk, self.fps, &meanings)?;
                progress.advance(1, String::new());
                Ok(judged)
            });
            let judged = judged.collect();
            progress.finish();
            judged
        })?;
        for (walk, word) in judged.after.iter().flat_map(|walk| walk.unknown.iter().map(move |word| (walk, word))) {
            show.say(&format!("{}: {word:?} stands nowhere in models/truth.toml and is left out of the truth", walk.name));
        }
        let table = table(&judged.after, judged.before.as_deref());
        let asked = || bundles.asked(self.models.precision);
        if let Some(path) = &self.html {
            let walker = walker(&bundles.after)?;
            let shown =
                walks.iter().zip(&judged.after).map(|(walk, judged)| walker.look(walk, self.fps, self.frames, judged.clone()));
            let shown: Vec<Shown> = shown.collect::<Result<_, EvaluationError>>()?;
            let told = format!("{}, filter {:?}, videos at {} frames a second.", asked().told(), self.filter, self.fps);
            let failed = |source| TrainingError::File { file: path.display().to_string(), source };
            write_whole(path, page(&shown, &table, &told).as_bytes()).map_err(failed)?;
            show.say(&format!("{}{}", path.display(), if self.frames { ": holds frames of the walks" } else { "" }));
        }
        let report = Report { asked: asked(), filter: self.filter, figures: &table, walks: &judged.after };
        self.output.show(&report, &[&table], || tell(&table, &judged.after))
    }
}

fn tell(table: &Table, walks: &[Judged]) {
    println!("{}", lines(table));
    for walk in walks {
        for said in &walk.said {
            let verdict = match said.verdict {
                Verdict::True => "true",
                Verdict::False => "FALSE",
                Verdict::Unconfirmed => "not in the truth",
            };
            let wrong = if said.placed == Some(false) { ", wrong direction" } else { "" };
            let again = if said.repeated { ", repeated" } else { "" };
            println!("{} {:6.1} {} ({verdict}{wrong}{again})", walk.name, said.at, said.text);
        }
    }
}
