//! `streetscape`: what the walker, the caregiver and the developer run.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use anyhow::Result;
use clap::{CommandFactory, Parser};
use streetscape::pipeline::{
    log::Log,
    settings::{Read, Settings},
};

use args::{Cli, Command, Common, LogLevel, ModelsCommand, PhrasesCommand, RecordingsCommand};

mod args;
mod asking;
mod doctor;
mod guarding;
mod logs;
mod models;
mod photos;
mod phrases;
mod recordings;
mod setting_up;
mod timeline;
mod walking;

fn main() -> ExitCode {
    // SAFETY: the first thing done, before any thread.
    unsafe { streetscape::encoder::forbid_telemetry() };
    let Cli { command, mut common } = Cli::parse();
    listen_to_log(&common);
    // What a walker chose counts on a walk alone: whatever else is asked gives the same for everybody.
    let walks = matches!(command, Command::Walk(_)) && guarding::walks();
    let mut chosen = Settings::path().filter(|_| walks).map(|path| Settings::read(&path)).unwrap_or_default();
    let wanted = common.language.clone();
    // To the lint, no language means every language.
    if !matches!(command, Command::Phrases(_)) {
        common.settle_language(chosen.settings.language.as_deref());
    }
    if !chosen.settings.introduced && wanted.is_some() {
        // Whoever sets the device up for a walker names the language once.
        chosen.settings.language = common.language.clone();
    }
    match run(command, &common, chosen) {
        Ok(code) => code,
        Err(error) => {
            // One line: the fault, and what it comes from where that says more.
            eprintln!("streetscape: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, common: &Common, chosen: Read) -> Result<ExitCode> {
    match command {
        Command::Walk(walk) => guarding::walk(&walk, common, chosen),
        Command::Ctl { command } => asking::ctl(command, common),
        Command::Replay(replay) if Log::is_at(&replay.path) => logs::replay(&replay, common),
        Command::Replay(replay) => walking::replay(&replay, common),
        Command::Timeline(timeline) => timeline::timeline(&timeline, common),
        Command::Explain(explain) => logs::explain(&explain, common),
        Command::Describe(images) => photos::describe(&images, common),
        Command::Rank(rank) => photos::rank(&rank, common),
        Command::Embed(embed) => photos::embed(&embed, common),
        Command::Doctor => doctor::doctor(common),
        Command::Models(ModelsCommand::List) => models::list(common),
        Command::Models(ModelsCommand::Check { dir }) => models::check(&dir, common),
        Command::Models(ModelsCommand::Add { dir, name, out }) => models::add(&dir, name, out, common),
        Command::Recordings(RecordingsCommand::List) => recordings::list(common),
        Command::Recordings(RecordingsCommand::Delete { names, all }) => recordings::delete(&names, all, common),
        Command::Phrases(PhrasesCommand::Check { file }) => phrases::check(&file, common),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "streetscape", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man => {
            clap_mangen::Man::new(Cli::command()).render(&mut io::stdout())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn listen_to_log(common: &Common) {
    let level = match common.log {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn if common.quiet => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    // Libraries are heard from the same level on, except ONNX Runtime's own chatter about its graph.
    let filter = tracing_subscriber::EnvFilter::new(format!("{level},ort=warn,tokenizers=error"));
    // Colours are for a terminal; a file and a screen reader's log get plain lines.
    let colours = io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colours);
    log.without_time().with_target(false).init();
}
