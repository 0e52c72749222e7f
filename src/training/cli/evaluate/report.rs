//! `streetscape-train evaluate report`.

use std::{fs, path::PathBuf};

use clap::Args;
use serde::Deserialize;

use super::models::{ModelArgs, PhotoArgs};
use crate::{
    bundle::make_whole,
    evaluation::Table,
    training::{
        TrainingError,
        progress::Show,
        report::{Asked, Asking, PAGE, Training},
    },
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct ReportArgs {
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    photos: PhotoArgs,
    /// The folder that `fit` or `heads` left: adds training curves, and what was learned from.
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    /// What `evaluate supervised` found: adds its table.
    #[arg(long, value_name = "FILE.json")]
    supervised: Option<PathBuf>,
    /// Leave the photos of the worst mistakes out.
    #[arg(long)]
    no_pictures: bool,
    /// The folder of the report, new or empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// What a report of other models holds beside more.
#[derive(Deserialize)]
struct Supervised {
    figures: Table,
}

impl ReportArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let bundles = self.models.open()?;
        let training = self.run.as_deref().map(Training::read).transpose()?;
        let supervised = self.supervised()?;
        let failed = |source| TrainingError::File { file: self.out.display().to_string(), source };
        // Before hours of asking it is known that the folder can be written.
        let pictures = make_whole(&self.out, failed, |dir| {
            let shards = self.photos.read()?;
            if shards.iter().all(|shard| shard.photos.is_empty()) {
                return Err(self.photos.lack("no photo; name shards of photos with what is known of them".to_owned()));
            }
            let look = |bundle| Ok(Asked { bundle, examinee: self.models.look(bundle, &shards, show)? });
            let seen = bundles.map(look)?;
            let asking = Asking {
                after: seen.after,
                before: seen.before,
                shards: &shards,
                precision: self.models.precision.id(),
                arguments: self.photos.told(),
                pictures: !self.no_pictures,
            };
            let mut report = asking.ask()?;
            (report.training, report.supervised) = (training, supervised);
            if report.left_out.len() == 4 {
                return Err(self.photos.lack(report.left_out.join(" ")));
            }
            report.left_out.iter().for_each(|what| show.say(&format!("left out: {what}")));
            report.write(dir)?;
            Ok(report.holds_pictures())
        })?;
        println!("{}", self.out.join(PAGE).display());
        if pictures {
            show.say(
                "the report holds photos: do not publish it where their licences forbid that; --no-pictures leaves them out",
            );
        }
        Ok(())
    }

    fn supervised(&self) -> Result<Option<Table>, TrainingError> {
        let Some(path) = &self.supervised else { return Ok(None) };
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|source| TrainingError::File { file: file.clone(), source })?;
        let read = serde_json::from_slice(&bytes).map(|found: Supervised| Some(found.figures));
        read.map_err(|e| TrainingError::Data { file, problem: format!("no report of evaluate supervised: {e}") })
    }
}
