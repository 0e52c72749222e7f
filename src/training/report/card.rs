//! The card of a model, in the order of Mitchell et al. 2019, "Model Cards for Model Reporting": written from its report and its manifest.
//!
//! Owns what is said of every model of this project, and which figures a reader needs first. What only a person knows comes in as notes.

use std::fmt::Write as _;

use super::{
    Report,
    sources::{Sources, UNKNOWN},
};
use crate::{
    bundle::{IMAGE_F32, Manifest},
    evaluation::{
        Row, Table,
        bootstrap::{Compared, Figure},
        html::tables::{is_sure, name, number},
    },
    training::TrainingError,
};

/// Photos below which a category's figure names no failure.
const FEWEST: usize = 10;
/// Failures named of each kind.
const WORST: usize = 6;
/// A facet that is answered less often counts as silent.
const SILENT: f64 = 0.05;

/// What a card is written from.
pub struct Card<'a> {
    /// What was measured.
    pub report: &'a Report,
    /// The bundle's manifest.
    pub manifest: &'a Manifest,
    /// What a person adds of failures on walks, in Markdown.
    pub notes: Option<&'a str>,
}

/// The card, as Markdown.
pub fn card(card: &Card) -> Result<String, TrainingError> {
    let sources = Sources::shipped()?;
    let Card { report, manifest, .. } = card;
    let mut text = format!(
        "# {}\n\nA model that ranks what a street photo shows against sentences. This card was written by `streetscape-train evaluate card` \
        from the report of its evaluation; its headings are those of Mitchell et al. 2019.\n",
        manifest.name
    );
    let mut section = |title: &str, inside: String| {
        let _ = write!(text, "\n## {title}\n\n{}\n", inside.trim_end());
    };
    section("Model details", details(manifest));
    section("Intended use", INTENDED.to_owned());
    section("Factors", factors(report));
    section("Metrics", METRICS.to_owned());
    section("Evaluation data", evaluation_data(report, &sources));
    section("Training data", training_data(report, manifest));
    section("Quantitative analyses", quantitative(report));
    section("Ethical considerations", ETHICS.to_owned());
    section("Caveats and recommendations", caveats(card));
    Ok(text)
}

const INTENDED: &str = "\
Describing to a blind pedestrian, through `streetscape`, what kind of place the camera sees and what lies ahead, and ranking photos of
streets against captions.

It is not for deciding whether to cross a road, and it does not read signals. It is not for recognising people, for watching them, or for
steering a vehicle. It misses things that are there: silence never means that nothing is there.";

const METRICS: &str = "\
Accuracy at k over thirty captions, recall and median rank of photos and captions, average precision of ranking by a class or a label, the
share that is answered and the share of the answers that is true, expected calibration error. `docs/evaluate.md` defines each. In brackets
stands the interval in which a figure lies for 95 of 100 resamples of the photos; differences are paired, and an asterisk marks one whose
interval does not contain 0.";

const ETHICS: &str = "\
The photos show people and number plates who were not asked; none of them is part of this model's files, and the report that shows some is
not published. Whoever relies on this model may be hurt where it is wrong: thresholds are chosen so that it says less rather than more, no
sentence says that it is safe to go, and a cane, a dog or a companion is not replaced. Most photos are by day, from few countries, and many
are taken from cars: for streets elsewhere, at night and in snow it knows less, and those who walk there are served worse.";

const LIMITS: &str = "\
- Figures hold for photos like those that were asked. Thresholds and temperatures keep their promise only where walks look like `val`.
- What is left and right is not told apart where a bundle is calibrated for the whole picture alone.
- Try it on recorded walks of your own streets (`streetscape replay`) before you rely on it, and measure it on your own photos
  (`streetscape-train evaluate`).";

fn details(manifest: &Manifest) -> String {
    let bytes = |chosen: &dyn Fn(&str) -> bool| -> u64 {
        manifest.files.iter().filter(|(name, _)| chosen(name)).map(|(_, file)| file.bytes).sum()
    };
    let mut rows = vec![
        ["name and version".to_owned(), format!("{} {}", manifest.name, manifest.version)],
        ["licence".to_owned(), manifest.licence.clone()],
        [
            "input".to_owned(),
            format!("{0} x {0} pixels; texts of up to {1} tokens", manifest.image.size, manifest.text.context),
        ],
        ["embedding".to_owned(), format!("{} numbers", manifest.embedding)],
        [
            "size".to_owned(),
            format!("{}; {} without `{IMAGE_F32}`", megabytes(bytes(&|_| true)), megabytes(bytes(&|name| name != IMAGE_F32))),
        ],
    ];
    // Checksums stay in bundle.toml: nobody reads them here.
    let told = manifest.provenance.iter().filter(|(key, _)| !key.starts_with("sha256"));
    rows.extend(told.map(|(key, value)| [key.clone(), value.clone()]));
    let mut text = markdown(&["", ""], rows.into_iter().map(Vec::from));
    text.push('\n');
    let files = manifest.files.iter().map(|(name, file)| vec![format!("`{name}`"), megabytes(file.bytes)]);
    text + &markdown(&["file", "size"], files)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

fn factors(report: &Report) -> String {
    let mut text = "Measured for each source of photos, which differ in place, camera and height".to_owned();
    if report.street30.is_some() {
        text += ", and for each of thirty categories";
    }
    if report.facets.is_some() {
        text += "; what a walk would say for each facet of the vocabulary";
    }
    text + ". Not measured for want of photos that say so: time of year, kinds of camera, and how a camera is carried."
}

fn evaluation_data(report: &Report, sources: &Sources) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for (source, photos) in report.data.iter().flat_map(|data| &data.sources) {
        *counts.entry(source.as_str()).or_insert(0) += photos;
    }
    let files = report.data.iter().map(|data| format!("`{}` ({})", data.file, data.sha256.get(..12).unwrap_or_default()));
    let files: Vec<String> = files.collect();
    let mut text = format!(
        "{} photos that nothing was learned from: {}, the first digits of SHA-256 in brackets.\n\n",
        counts.values().sum::<usize>(),
        files.join(", ")
    );
    let rows = counts.into_iter().map(|(source, photos): (&str, usize)| {
        let known = sources.find(source);
        let of =
            |field: fn(&super::Source) -> &String| known.map_or_else(|| UNKNOWN.to_owned(), |source| field(source).clone());
        vec![source.to_owned(), photos.to_string(), of(|s| &s.what), of(|s| &s.licence)]
    });
    text += &markdown(&["source", "photos", "what", "licence"], rows);
    text
}

fn training_data(report: &Report, manifest: &Manifest) -> String {
    let learned =
        report.training.as_ref().map(|training| (training, &training.learned)).filter(|(_, learned)| !learned.is_empty());
    let Some((training, learned)) = learned else {
        let shards = manifest
            .provenance
            .keys()
            .filter_map(|key| key.strip_prefix("sha256 of "))
            .filter(|name| name.starts_with("train-"));
        let shards: Vec<String> = shards.map(|name| format!("`{name}`")).collect();
        return match shards.is_empty() {
            true => "Not recorded in the bundle, and the run's folder was not at hand.".to_owned(),
            false => format!(
                "The shards {}, whose checksums stand in `bundle.toml`; their photos were not at hand.",
                shards.join(", ")
            ),
        };
    };
    let all: usize = learned.iter().map(|of| of.photos).sum();
    let mut text = format!(
        "{all} photos, {} of them labelled by hand. Splits keep near-duplicates and groups together.",
        training.by_hand
    );
    if let Some(from) = &training.from {
        let _ = write!(text, " Training went on from `{}`.", from.rsplit('/').next().unwrap_or(from));
    }
    text += "\n\n";
    text + &markdown(
        &["source", "photos", "licence"],
        learned.iter().map(|of| vec![of.source.clone(), of.photos.to_string(), of.licence.clone()]),
    )
}

fn quantitative(report: &Report) -> String {
    let mut text = format!(
        "Image tower: {}. All at once, as a page: `streetscape-train evaluate report --model {} {} --out DIR`.\n",
        report.precision, report.model.name, report.arguments
    );
    if let Some(before) = &report.before {
        let _ = writeln!(text, "Before is `{}` {}.", before.name, before.version);
    }
    let mut part = |command: &str, title: &str, table: &Table, chosen: &dyn Fn(&Row) -> bool| {
        let of_command = format!("`streetscape-train evaluate {command} --model {} {}`", report.model.name, report.arguments);
        let _ = write!(text, "\n### {title}\n\n{of_command}\n\n{}", figures(table, chosen));
    };
    if let Some(thirty) = &report.street30 {
        part("street30", "Thirty captions", &thirty.figures, &|row| row.of != "class");
    }
    if let Some(found) = &report.retrieval {
        let title = format!("Retrieval, of captions {}", found.written());
        part("retrieval", &title, &found.figures, &|row| row.of == "direction");
    }
    if let Some(facets) = &report.facets {
        part("facets", "Facets, what is answered", &facets.answers, &|row| row.of != "source");
        part("facets", "Facets, average precision", &facets.precision, &|row| row.of == "all");
    }
    if let Some(labels) = &report.labels {
        part("labels", "Labels of the sources", &labels.figures, &|row| row.of == "all");
    }
    if let Some(table) = &report.supervised {
        part("supervised", "Beside models with a head of their own", table, &|_| true);
    }
    text
}

/// A row for each model and their difference.
fn figures(table: &Table, chosen: &dyn Fn(&Row) -> bool) -> String {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| chosen(row)).collect();
    let paired = rows.iter().any(|row| row.figures.iter().any(|figure| figure.before.is_some()));
    let names: Vec<String> = table.metrics.iter().map(|metric| name(metric)).collect();
    let header: Vec<&str> =
        ["of", "photos"].into_iter().chain(paired.then_some("model")).chain(names.iter().map(String::as_str)).collect();
    let line = |row: &Row, model: &str, cells: Vec<String>| -> Vec<String> {
        let head = [row.name.replace('_', " "), row.photos.to_string()].into_iter();
        head.chain(paired.then(|| model.to_owned())).chain(cells).collect()
    };
    let lines = rows.into_iter().flat_map(|row| {
        let cells = |of: &dyn Fn(&Compared) -> Option<Figure>, write: fn(Figure) -> String| -> Vec<String> {
            row.figures.iter().map(|figure| of(figure).map(write).unwrap_or_default()).collect()
        };
        let mut lines = Vec::new();
        if paired {
            lines.push(line(row, "before", cells(&|figure| figure.before, written)));
        }
        lines.push(line(row, "after", cells(&|figure| Some(figure.after), written)));
        if paired {
            lines.push(line(row, "difference", cells(&|figure| figure.difference, difference)));
        }
        lines
    });
    markdown(&header, lines)
}

fn caveats(card: &Card) -> String {
    let mut text = "### Known failures\n\n".to_owned();
    let found = failures(card);
    text += if found.is_empty() { "- None that these photos show; they are too few to say that there is none.\n" } else { "" };
    found.iter().for_each(|failure| {
        let _ = writeln!(text, "- {failure}");
    });
    if let Some(notes) = card.notes {
        let _ = write!(text, "\n### On walks\n\n{}\n", notes.trim());
    }
    text + "\n### Limits\n\n" + LIMITS
}

/// What the figures say of what goes wrong, a sentence each.
fn failures(card: &Card) -> Vec<String> {
    let Card { report, manifest, .. } = card;
    let mut found = Vec::new();
    if let Some(thirty) = &report.street30 {
        let worst =
            worst(&thirty.figures, "class", FEWEST).into_iter().map(|(name, figure, _)| format!("{name} {}", written(figure)));
        found.extend(told("Least accurate categories, k = 1", worst.collect()));
        let confused = thirty.worst.iter().take(WORST);
        let confused = confused.map(|pair| format!("{} with {} ({} photos)", pair.truth, pair.answer, pair.photos));
        found.extend(told("Most confused", confused.collect()));
    }
    if let Some(facets) = &report.facets {
        let of_facet = |row: &&Row| row.of == "facet" && row.photos > 0;
        let value = |row: &Row, metric: &str| figure(&facets.answers, row, metric).map_or(f64::NAN, |figure| figure.value);
        let rows: Vec<&Row> = facets.answers.rows.iter().filter(of_facet).collect();
        let silent = rows.iter().filter(|row| value(row, "answered") < SILENT).map(|row| row.name.clone());
        found.extend(told(
            &format!("Facets that stay silent on more than {:.0} of 100 photos", 100.0 * (1.0 - SILENT)),
            silent.collect(),
        ));
        let promised =
            |row: &Row| manifest.calibration.facets.iter().find(|facet| facet.facet == row.name).map(|facet| facet.error_rate);
        let broken = rows.iter().filter(|row| promised(row).is_some_and(|rate| value(row, "accuracy") < 1.0 - f64::from(rate)));
        let broken =
            broken.filter_map(|row| Some(format!("{} {}", row.name, written(figure(&facets.answers, row, "accuracy")?))));
        found.extend(told(
            "Facets of whose answers more are wrong than their thresholds allow (share that is right)",
            broken.collect(),
        ));
        let classes = worst(&facets.precision, "class", FEWEST);
        let classes = classes.into_iter().map(|(name, figure, _)| format!("{} {}", name.replace('_', " "), written(figure)));
        found.extend(told("Classes that are ranked worst, average precision", classes.collect()));
    }
    let never = manifest.calibration.facets.iter().flat_map(|facet| {
        let never = facet.classes.iter().filter(|(_, class)| class.threshold > 1.0);
        never.map(|(class, _)| format!("{}/{}", facet.facet, class).replace('_', " "))
    });
    let mut never: Vec<String> = never.collect();
    never.dedup();
    found.extend(told("Never said, for no threshold kept its promise on `val`", never));
    if manifest.calibration.facets.is_empty() {
        found.push("It is not calibrated: it ranks, and a walk with it stays silent.".to_owned());
    }
    if let Some(labels) = &report.labels {
        let worst = worst(&labels.figures, "class", FEWEST)
            .into_iter()
            .map(|(name, figure, photos)| format!("{name} {} ({photos} photos)", written(figure)));
        found.extend(told("Labels that are ranked worst by their name, average precision", worst.collect()));
    }
    found
}

fn told(what: &str, each: Vec<String>) -> Option<String> {
    (!each.is_empty()).then(|| format!("{what}: {}.", each.join("; ")))
}

fn figure(table: &Table, row: &Row, metric: &str) -> Option<Figure> {
    let at = table.metrics.iter().position(|known| known == metric)?;
    row.figures.get(at).map(|figure| figure.after)
}

/// The rows of one kind, of at least `fewest` photos, whose first figure is least.
fn worst<'a>(table: &'a Table, of: &str, fewest: usize) -> Vec<(&'a str, Figure, usize)> {
    let rows = table.rows.iter().filter(|row| row.of == of && row.photos >= fewest);
    let first = |row: &'a Row| Some((row.name.as_str(), row.figures.first()?.after, row.photos));
    let mut rows: Vec<_> = rows.filter_map(first).filter(|row| !row.1.value.is_nan()).collect();
    rows.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
    rows.truncate(WORST);
    rows
}

fn written(Figure { value, low, high }: Figure) -> String {
    let interval = if low.is_nan() || high.is_nan() { String::new() } else { format!(" [{}, {}]", number(low), number(high)) };
    format!("{}{interval}", number(value))
}

fn difference(figure: Figure) -> String {
    let sign = if figure.value > 0.0 { "+" } else { "" };
    format!("{sign}{}{}", written(figure), if is_sure(figure) { " *" } else { "" })
}

/// A table whose cells can't break it.
fn markdown(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let cell = |cell: &String| cell.replace(['\n', '\r'], " ").replace('|', "\\|");
    let mut text = line(header.iter().map(|name| (*name).to_owned()).collect());
    text += &line(header.iter().map(|_| "---".to_owned()).collect());
    rows.into_iter().for_each(|row| text += &line(row.iter().map(cell).collect()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_does_not_end_its_row() {
        let text = markdown(&["a", "b"], [vec!["x | y".to_owned(), "two\nlines".to_owned()]]);
        assert_eq!(text, "| a | b |\n| --- | --- |\n| x \\| y | two lines |\n");
    }

    #[test]
    fn the_worst_come_first_and_few_photos_name_no_failure() {
        let row = |name: &str, photos, value| {
            let after = Figure { value, low: value, high: value };
            let figures = vec![Compared { after, before: None, difference: None }];
            Row { of: "class".to_owned(), name: name.to_owned(), photos, figures }
        };
        let mut table = Table::new(["top_1"]);
        table.rows.extend([row("bus", 20, 0.9), row("car", 20, 0.4), row("tram", 2, 0.0), row("quay", 30, f64::NAN)]);
        let found = worst(&table, "class", FEWEST);
        assert_eq!(found.iter().map(|found| found.0).collect::<Vec<_>>(), ["car", "bus"]);
    }
}
