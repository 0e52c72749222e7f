//! Sessions' logs: written while walking, lived through again, and explained.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use streetscape::{
    pipeline::{
        log::{self, Background, FILE_BYTES, FILES, Files, Journal, Log, Sink, Start},
        report,
    },
    vocabulary::Vocabulary,
    walk::Walk,
};

use crate::{
    args::{Common, ExplainArgs, ReplayArgs},
    setting_up::Model,
    walking::Printer,
};

/// A log in place of pictures and a model.
pub fn replay(args: &ReplayArgs, common: &Common) -> Result<ExitCode> {
    let alone = !args.realtime && !args.speak && args.telling.log_session.is_none();
    ensure!(alone, "{}: a log is replayed in silence, as fast as it can, and gives no other log", args.path.display());
    let log = Log::open(&args.path)?;
    let mut printer = Printer::new(common, args.explain);
    log::relive(&log, &Vocabulary::shipped()?, &mut |happening| printer.print(happening))?;
    printer.finish()
}

/// The paragraph on a moment.
pub fn explain(args: &ExplainArgs, common: &Common) -> Result<ExitCode> {
    let log = Log::open(&args.file)?;
    let moment = log.moment(args.at)?;
    let text = log::explain(&log, &Vocabulary::shipped()?, moment)?;
    if common.json {
        println!("{}", json!({"at": report::seconds(moment), "text": text}));
    } else {
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The log of a live walk, written aside from it, in `dir` or where a program's state lies. Without one the walk goes on.
pub fn of_walk(dir: Option<PathBuf>, model: &Model, common: &Common) -> Option<Journal> {
    let began = chrono::Local::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let dir = dir.or_else(log::folder).or_else(|| {
        tracing::error!("no log is kept: this user has no folder for programs' state; name one with --log-session");
        None
    })?;
    match Background::start(files(&dir)) {
        Ok(sink) => Some(journal(Box::new(sink), model, common, Some(began))),
        Err(error) => {
            tracing::error!("no log is kept: no thread for it: {error}");
            None
        }
    }
}

/// The log of a replay of `path`, in `dir`.
pub fn of_replay(dir: &Path, path: &Path, model: &Model, common: &Common) -> Result<Journal> {
    let recorded = Walk::is_at(path).then(|| Walk::open(path)).transpose()?;
    let began = recorded.and_then(|walk| walk.about.start).map(|start| start.to_string());
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    Ok(journal(files(dir), model, common, began))
}

fn files(dir: &Path) -> Box<dyn Sink> {
    Box::new(Files::new(dir, SystemTime::now(), FILES))
}

fn journal(sink: Box<dyn Sink>, model: &Model, common: &Common, began: Option<String>) -> Journal {
    let manifest = &model.bundle.manifest;
    let name = format!("{} {}", manifest.name, manifest.version);
    Journal::new(sink, Start::new(&model.vocabulary, name, common.language(), began), FILE_BYTES)
}
