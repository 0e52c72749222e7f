//! `streetscape-train evaluate card`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    bundle::{Bundle, write_whole},
    training::{
        TrainingError,
        progress::Show,
        report::{Card, Report, card},
    },
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct CardArgs {
    /// What `evaluate report` wrote.
    #[arg(long, value_name = "DIR/report.json")]
    report: PathBuf,
    /// The bundle [default: where it lay when it was measured].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// What only a person knows, known failures on walks: Markdown, taken in as it is.
    #[arg(long, value_name = "FILE.md")]
    notes: Option<PathBuf>,
    /// The card.
    #[arg(long, value_name = "FILE.md")]
    out: PathBuf,
}

impl CardArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let report = Report::read(&self.report)?;
        let bundle = Bundle::open(self.model.as_deref().unwrap_or(Path::new(&report.model.dir)))?;
        let failed = |path: &Path| {
            let file = path.display().to_string();
            move |source| TrainingError::File { file, source }
        };
        let notes = self.notes.as_ref().map(|path| fs::read_to_string(path).map_err(failed(path))).transpose()?;
        let text = card(&Card { report: &report, manifest: &bundle.manifest, notes: notes.as_deref() })?;
        write_whole(&self.out, text.as_bytes()).map_err(failed(&self.out))?;
        show.say(&format!("{}: written", self.out.display()));
        Ok(())
    }
}
