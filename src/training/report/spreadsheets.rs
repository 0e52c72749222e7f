//! A report's tables, each as a file for spreadsheets.

use super::{Report, Shown};
use crate::evaluation::{
    Table,
    bootstrap::Figure,
    curves::{Covered, Curves, Reliable},
};

type Csv = Result<Vec<u8>, csv::Error>;

/// Every table that the report has, by the name of its file.
pub fn all(report: &Report) -> Vec<(&'static str, Csv)> {
    let mut files = Vec::new();
    let mut curves: Vec<(&str, &str, &Curves)> = Vec::new();
    let mut mistakes: Vec<(&str, &Shown)> = Vec::new();
    let alone = |table: &Table| Table::to_csv(&[table]);
    if let Some(part) = &report.street30 {
        files.extend([("street30.csv", alone(&part.figures)), ("confusion.csv", part.confusion.to_csv())]);
        curves.push(("street30", "after", &part.curves));
        curves.extend(part.curves_before.as_ref().map(|before| ("street30", "before", before)));
        mistakes.extend(part.mistakes.iter().map(|mistake| ("street30", mistake)));
    }
    files.extend(report.retrieval.as_ref().map(|part| ("retrieval.csv", alone(&part.figures))));
    if let Some(part) = &report.facets {
        files.extend([("facets-answers.csv", alone(&part.answers)), ("facets-precision.csv", alone(&part.precision))]);
        curves.push(("facets", "after", &part.curves));
        curves.extend(part.curves_before.as_ref().map(|before| ("facets", "before", before)));
        mistakes.extend(part.mistakes.iter().map(|mistake| ("facets", mistake)));
    }
    files.extend(report.labels.as_ref().map(|part| ("labels.csv", alone(&part.figures))));
    files.extend(report.supervised.as_ref().map(|table| ("supervised.csv", alone(table))));
    if let Some(training) = &report.training {
        let cells = |row: &Vec<Option<f64>>| row.iter().map(|cell| cell.map_or_else(String::new, |v| v.to_string())).collect();
        let epochs: Vec<Vec<String>> = training.epochs.iter().map(cells).collect();
        files.push(("training.csv", written(&training.columns, epochs)));
    }
    if !curves.is_empty() {
        let header = ["question", "model", "curve", "answers", "at", "accuracy", "low", "high"];
        files.push(("curves.csv", written(&header, curves.into_iter().flat_map(points))));
    }
    if !mistakes.is_empty() {
        let header = ["question", "asked", "source", "photo", "truth", "answer", "p"];
        let row = |(question, shown): (&str, &Shown)| {
            let Shown { key, source, asked, truth, answer, p, .. } = shown;
            [question, asked, source, key, &truth.join(";"), answer, &p.to_string()].map(str::to_owned).to_vec()
        };
        files.push(("mistakes.csv", written(&header, mistakes.into_iter().map(row))));
    }
    files
}

/// The points of both curves; `at` is the mean probability of the one, the share answered of the other.
fn points((question, model, curves): (&str, &str, &Curves)) -> Vec<Vec<String>> {
    let row = |curve: &str, answers: String, at: f64, Figure { value, low, high }: Figure| {
        let figures = [at, value, low, high].map(|value| format!("{value:.6}"));
        [question, model, curve].map(str::to_owned).into_iter().chain([answers]).chain(figures).collect()
    };
    let reliable = |point: &Reliable| row("reliability", point.answers.to_string(), point.confidence, point.accuracy);
    let covered = |point: &Covered| row("coverage", String::new(), point.answered, point.accuracy);
    curves.reliability.iter().map(reliable).chain(curves.coverage.iter().map(covered)).collect()
}

fn written(header: &[impl AsRef<[u8]>], rows: impl IntoIterator<Item = Vec<String>>) -> Csv {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    rows.into_iter().try_for_each(|row| writer.write_record(row))?;
    writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}
