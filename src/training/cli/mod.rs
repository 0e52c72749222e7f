//! The commands of `streetscape-train`.
//!
//! Owns flags, their defaults and what is printed. Leaves the work to the modules beside it.

use std::{
    io::{IsTerminal, stdout},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use tracing_subscriber::EnvFilter;

use super::{TrainingError, progress::Show};

mod evaluate;
mod fit;
mod heads;
mod make;
mod pairs;
mod segmenter;
mod ship;

/// Makes Streetscape's models from photos and measures them.
#[derive(Debug, Parser)]
#[command(name = "streetscape-train", version, about, long_about = None)]
pub struct Command {
    /// Say nothing but results and errors.
    #[arg(long, global = true)]
    quiet: bool,
    /// What to log on stderr: error, warn, info, debug or trace.
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn")]
    log: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// From a folder of photos to a model with its report and card: pairs, fit, export, quantise, calibrate, evaluate. Goes on where it was
    /// stopped.
    Make(make::MakeArgs),
    /// Gather image-caption pairs into shards, and look them over.
    #[command(subcommand)]
    Pairs(pairs::Pairs),
    /// Train a whole model on photos and their captions; leaves a run folder, and goes on where it was stopped.
    Fit(fit::FitArgs),
    /// Learn a projection behind each frozen trunk, in minutes; leaves a run folder.
    Heads(heads::HeadsArgs),
    /// Make a bundle in f32 of a run.
    Export(ship::ExportArgs),
    /// Make an exported bundle small and fast, and calibrate it.
    Quantise(ship::QuantiseArgs),
    /// Attune the words of a quantised bundle to what people write of photos.
    Attune(ship::AttuneArgs),
    /// Calibrate facets of a quantised bundle anew, by other photos or for another share of wrong answers.
    Calibrate(ship::CalibrateArgs),
    /// Teach a quantised bundle how the camera is held: upright, on its side, at the sky, at the ground.
    Aim(ship::AimArgs),
    /// Make and measure the network that draws maps of photos without one.
    #[command(subcommand)]
    Segmenter(segmenter::SegmenterCommand),
    /// Measure a bundle.
    #[command(subcommand)]
    Evaluate(evaluate::Evaluate),
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Print the manual page, in troff.
    Manual,
}

/// Where the photos are.
#[derive(Args, Debug)]
struct DataArgs {
    /// Folder with train-*.tar and val-*.tar (WebDataset), and facets.csv where photos were labelled by hand; or a further table
    /// of such labels. May be given again.
    #[arg(long, value_name = "PATH", required = true)]
    data: Vec<PathBuf>,
}

impl Command {
    /// Sets the log up. A level that isn't one is taken for a filter, as `streetscape=debug`.
    pub fn log(&self) {
        let filter = EnvFilter::try_new(&self.log).unwrap_or_else(|_| EnvFilter::new("warn"));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .init();
    }

    /// Does what was asked.
    pub fn run(self) -> Result<ExitCode, TrainingError> {
        let show = Show::new(self.quiet);
        match self.what {
            What::Make(args) => args.run(show)?,
            What::Pairs(what) => what.run(show)?,
            What::Fit(args) => args.run(show)?,
            What::Heads(args) => args.run(show)?,
            What::Export(args) => args.run(show)?,
            What::Quantise(args) => args.run(show)?,
            What::Attune(args) => args.run(show)?,
            What::Calibrate(args) => args.run(show)?,
            What::Aim(args) => args.run(show)?,
            What::Segmenter(what) => what.run(show)?,
            What::Evaluate(what) => what.run(show)?,
            What::Completions { shell } => {
                clap_complete::generate(shell, &mut Command::command(), "streetscape-train", &mut stdout());
            }
            What::Manual => clap_mangen::Man::new(Command::command())
                .render(&mut stdout())
                .map_err(|source| TrainingError::File { file: "standard output".to_owned(), source })?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Command::command().debug_assert();
    }
}
