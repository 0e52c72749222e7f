//! How figures are shown: one table on a terminal, one object for a program, one file for a spreadsheet.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::{
    bundle,
    evaluation::{Row, Table, bootstrap::Figure},
    training::TrainingError,
};

#[derive(Args, Debug)]
pub(super) struct OutputArgs {
    /// One JSON object on stdout, with all that was found.
    #[arg(long)]
    pub json: bool,
    /// Write the figures here too, as CSV: a row for each, with its interval.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

impl OutputArgs {
    /// Writes the CSV that was asked for. Prints `report` as JSON where that was asked for, else leaves it to `tell`.
    pub(super) fn show(&self, report: &impl Serialize, tables: &[&Table], tell: impl FnOnce()) -> Result<(), TrainingError> {
        if let Some(path) = &self.csv {
            write_csv(path, Table::to_csv(tables))?;
        }
        if self.json {
            let line = serde_json::to_string(report).map_err(|e| TrainingError::Setting { problem: e.to_string() })?;
            println!("{line}");
        } else {
            tell();
        }
        Ok(())
    }
}

/// Writes a table as a whole file or not at all.
pub(super) fn write_csv(path: &Path, csv: Result<Vec<u8>, csv::Error>) -> Result<(), TrainingError> {
    let failed = |problem: String| TrainingError::Data { file: path.display().to_string(), problem };
    bundle::write_whole(path, &csv.map_err(|e| failed(e.to_string()))?).map_err(|e| failed(e.to_string()))
}

/// The rows that `chosen` takes, a line for each model and one for their difference; an interval stands in brackets.
pub(super) fn print(table: &Table, chosen: impl Fn(&Row) -> bool) {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| chosen(row)).collect();
    let widest = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(8);
    print!("{:<widest$} {:>6} {:<10}", "", "photos", "");
    table.metrics.iter().for_each(|metric| print!(" {metric:>21}"));
    println!();
    for Row { name, photos, figures, .. } in rows {
        let line = |name: &str, photos: &str, model: &str, figures: &[Option<Figure>]| {
            print!("{name:<widest$} {photos:>6} {model:<10}");
            figures.iter().for_each(|figure| print!(" {:>21}", figure.map(written).unwrap_or_default()));
            println!();
        };
        let after: Vec<_> = figures.iter().map(|figure| Some(figure.after)).collect();
        let before: Vec<_> = figures.iter().map(|figure| figure.before).collect();
        let difference: Vec<_> = figures.iter().map(|figure| figure.difference).collect();
        if before.iter().all(Option::is_none) {
            line(name, &photos.to_string(), "", &after);
            continue;
        }
        line(name, &photos.to_string(), "before", &before);
        line("", "", "after", &after);
        line("", "", "difference", &difference);
    }
}

/// `0.790 [0.771, 0.808]`; a figure that the photos do not define is a dash.
pub(super) fn written(figure: Figure) -> String {
    let Figure { value, low, high } = figure;
    if value.is_nan() { "-".to_owned() } else { format!("{value:.3} [{low:.3}, {high:.3}]") }
}
