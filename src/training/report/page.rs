//! A report as a page: one file that needs no network, for eyes, a keyboard and a screen reader.
//!
//! Owns the order of its sections and what stands in each. Leaves its frame and tables to `evaluation::html`, plots to `plot`, colours to
//! `page.css`.

use std::fmt::Write as _;

use super::{
    Faceted, Labelled, Report, Retrieved, Shown, Thirty, Training,
    plot::{Line, Plot, Point},
};
use crate::evaluation::{
    Table,
    curves::Curves,
    facets::FEWEST,
    html::{
        Page, escaped, plain,
        tables::{confusion, figures},
    },
    street30::CLIP_RSICD,
};

/// The sections written so far, and how to get to them.
#[derive(Default)]
struct Sections {
    contents: Vec<(String, String)>,
    main: String,
}

impl Sections {
    fn add(&mut self, id: &str, title: &str, inside: &str) {
        self.contents.push((id.to_owned(), title.to_owned()));
        let _ = write!(self.main, "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{inside}</section>\n");
    }
}

/// The whole page.
pub fn page(report: &Report) -> String {
    let mut sections = Sections::default();
    sections.add("asked", "What was asked", &asked(report));
    let paired = report.before.is_some();
    if let Some(part) = &report.street30 {
        sections.add("street30", "Thirty captions", &thirty(part, paired));
    }
    if let Some(part) = &report.retrieval {
        sections.add("retrieval", "Photos and captions that find each other", &retrieved(part));
    }
    if let Some(part) = &report.facets {
        sections.add("facets", "What a walk would say", &faceted(part));
    }
    if let Some(part) = &report.labels {
        sections.add("labels", "The sources' own labels", &labelled(part));
    }
    if let Some(table) = &report.supervised {
        sections.add("supervised", "Beside models with a head of their own", &supervised(table));
    }
    if let Some(training) = &report.training {
        sections.add("training", "How it was trained", &trained(training));
    }
    let title = format!("What the model {} is worth", report.model.name);
    let foot = format!("Written by streetscape-train {}. docs/evaluate.md defines every figure.", report.version);
    Page {
        title: &title,
        style: include_str!("page.css"),
        head: &head(report),
        contents: &sections.contents,
        main: &sections.main,
        foot: &foot,
        script: "",
    }
    .html()
}

fn head(report: &Report) -> String {
    let mut html = "<p>Every figure is a share between 0 and 1 unless its column says otherwise. In brackets stands the interval in which \
        it lies for 95 of 100 resamples of the photos."
        .to_owned();
    if report.before.is_some() {
        html.push_str(
            " Differences are paired: both models are asked about the same photos. An asterisk marks a difference whose interval doesn't \
            contain 0.",
        );
    }
    html.push_str("</p>\n");
    if report.holds_pictures() {
        html.push_str("<p><strong>This page holds photos.</strong> Don't publish it where their licences forbid that.</p>\n");
    }
    html
}

fn asked(report: &Report) -> String {
    let mut html = "<dl>\n".to_owned();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(html, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
    };
    let model = |model: &super::Model| format!("{} {}, {}", model.name, model.version, model.dir);
    row("Model", &model(&report.model));
    if let Some(before) = &report.before {
        row("Before", &model(before));
    }
    row("Image tower", &report.precision);
    row("Photos", &report.data.iter().map(|data| data.sources.values().sum::<usize>()).sum::<usize>().to_string());
    html.push_str("</dl>\n");
    let rows = report.data.iter().flat_map(|data| {
        let row = |(source, photos): (&String, &usize)| {
            let hash = data.sha256.get(..12).unwrap_or_default();
            vec![data.file.clone(), source.clone(), photos.to_string(), hash.to_owned()]
        };
        data.sources.iter().map(row)
    });
    html.push_str("<details><summary>Photos by shard and source</summary>\n");
    let header = ["Shard", "Source", "Photos", "SHA-256 begins"];
    html.push_str(&plain("asked-data", "The photos", &header, rows));
    html.push_str("</details>\n");
    if !report.left_out.is_empty() {
        html.push_str("<h3>Left out</h3>\n<ul>\n");
        report.left_out.iter().for_each(|what| {
            let _ = writeln!(html, "<li>{}</li>", escaped(what));
        });
        html.push_str("</ul>\n");
    }
    html
}

fn thirty(part: &Thirty, paired: bool) -> String {
    let Thirty { figures: table, curves, curves_before, worst, .. } = part;
    let mut html = "<p>Thirty captions, \u{201c}A street view photograph of \u{2026}\u{201d}, are ranked for each photo that has one of the thirty \
        categories. At k = 3 the right one is among the first three.</p>\n"
        .to_owned();
    html += &figures("street30-all", "Accuracy over all photos", "Photos of", table, |row| row.of == "all");
    let rows = ["before", "after"]
        .into_iter()
        .zip(CLIP_RSICD)
        .map(|(when, at)| [when.to_owned()].into_iter().chain(at.map(|value| format!("{value:.3}"))).collect());
    html += &plain(
        "street30-rsicd",
        "For the shape of the table: CLIP-rsicd, 30 categories of aerial photographs (its README)",
        &["Fine-tuning", "k = 1", "k = 3", "k = 5", "k = 10"],
        rows.collect::<Vec<_>>(),
    );
    html +=
        &heading("By source", &figures("street30-sources", "Accuracy by source", "Source", table, |row| row.of == "source"));
    html += &heading(
        "By category",
        &figures("street30-classes", "Accuracy by category", "Category", table, |row| row.of == "class"),
    );
    html += "<h3>What is taken for what</h3>\n";
    let rows = worst
        .iter()
        .map(|worst| vec![worst.truth.clone(), worst.answer.clone(), worst.photos.to_string(), format!("{:.3}", worst.share)]);
    let header = ["Truth", "Taken for", "Photos", "Share of the category"];
    html += &plain("street30-worst", "Most confused", &header, rows.collect::<Vec<_>>());
    let caption =
        "Photos of each category by what was answered; an empty cell is none, a cell is shaded by its share of the row";
    html += &format!(
        "<details><summary>All confusions as a table</summary>\n{}</details>\n",
        confusion("street30-confusion", caption, &part.confusion)
    );
    html += &curves_of("street30", "the best caption", curves, curves_before.as_ref());
    html + &mistakes("street30", &part.mistakes, paired)
}

fn retrieved(part: &Retrieved) -> String {
    let Retrieved { photos, captions, figures: table, .. } = part;
    let mut html = format!(
        "<p>{photos} photos and {captions} captions {}. A photo has found its captions where any of them is among the k best; \
        each caption looks for its one photo.</p>\n",
        part.written()
    );
    html += &figures("retrieval-all", "Recall and median rank, both ways", "Direction", table, |row| row.of == "direction");
    html + &figures("retrieval-sources", "The same by source, among all photos", "Source", table, |row| row.of == "source")
}

fn faceted(part: &Faceted) -> String {
    let Faceted { photos, answers, precision, curves, curves_before, mistakes: wrong } = part;
    let mut html = format!(
        "<p>{photos} photos that people labelled. A facet is answered where a class reaches its threshold; accuracy is the share of the \
        answers that is true. What people couldn\u{2019}t tell isn\u{2019}t asked.</p>\n"
    );
    html += &figures("facets-all", "Over all facets", "Facets", answers, |row| row.of == "all");
    html += &heading("By facet", &figures("facets-each", "Answers by facet", "Facet", answers, |row| row.of == "facet"));
    html += &heading("By source", &figures("facets-sources", "Answers by source", "Source", answers, |row| row.of == "source"));
    html += &curves_of("facets", "the most probable class", curves, curves_before.as_ref());
    html += "<h3>Average precision</h3>\n";
    let caption = format!("Average precision: the mean over classes that at least {FEWEST} photos show");
    html += &figures("facets-mean", &caption, "Photos of", precision, |row| row.of != "class");
    let classes = figures("facets-classes", "Average precision by class", "Class", precision, |row| row.of == "class");
    html += &format!("<details><summary>Average precision by class</summary>\n{classes}</details>\n");
    html + &mistakes("facets", wrong, curves_before.is_some())
}

fn labelled(part: &Labelled) -> String {
    let Labelled { photos, figures: table } = part;
    let mut html = format!(
        "<p>{photos} photos are ranked for each label by its name, \u{201c}A street view photograph of \u{2026}\u{201d}. A label that a source \
        doesn\u{2019}t give counts as absent, though the thing may be there.</p>\n"
    );
    html += &figures("labels-mean", "Average precision, mean over labels", "Photos of", table, |row| row.of != "class");
    html + &figures("labels-each", "Average precision by label", "Label", table, |row| row.of == "class")
}

fn supervised(table: &Table) -> String {
    let intro = "<p>The same trunk and data with a head for the categories alone, and a linear probe on the frozen trunk, beside the model that \
        ranks captions.</p>\n";
    intro.to_owned() + &figures("supervised-table", "Models on the same photos", "Model", table, |_| true)
}

fn trained(training: &Training) -> String {
    let mut html = String::new();
    if let Some(from) = &training.from {
        let _ = writeln!(html, "<p>It started from {}.</p>", escaped(from));
    }
    let line = |name: &str, told: &str| {
        let points = training.column(name).into_iter().map(|(x, y)| Point { x, y, interval: None, answers: None });
        Line { name: told.to_owned(), points: points.collect() }
    };
    let drawn = |lines: Vec<Line>| -> Vec<Line> { lines.into_iter().filter(|line| !line.points.is_empty()).collect() };
    let losses = drawn(vec![line("loss", "on train"), line("val_loss", "on val")]);
    let shares = drawn(vec![
        line("street30_1", "thirty captions, k = 1"),
        line("image_to_text_1", "image to text, recall at 1"),
        line("image_to_text_5", "image to text, recall at 5"),
        line("text_to_image_1", "text to image, recall at 1"),
    ]);
    let mut plots = String::new();
    if !losses.is_empty() {
        let plot = Plot {
            id: "training-loss",
            title: "Loss",
            x: "epoch",
            y: "loss, nats",
            range: None,
            diagonal: false,
            lines: losses,
        };
        plots += &plot.html();
    }
    if !shares.is_empty() {
        let title = "Figures on val after each epoch";
        let range = Some((0.0, 1.0));
        plots += &Plot { id: "training-val", title, x: "epoch", y: "share", range, diagonal: false, lines: shares }.html();
    }
    if !plots.is_empty() {
        html += &format!("<div class=\"plots\">\n{plots}</div>\n");
    }
    let header: Vec<&str> = training.columns.iter().map(String::as_str).collect();
    let cell = |(i, value): (usize, &Option<f64>)| match (i, value) {
        (_, None) => String::new(),
        (0, Some(epoch)) => epoch.to_string(),
        (_, Some(value)) if value.abs() < 0.001 => format!("{value:.1e}"),
        (_, Some(value)) => format!("{value:.4}"),
    };
    let rows = training.epochs.iter().map(|row| row.iter().enumerate().map(cell).collect());
    html += &plain("training-log", "The run, epoch by epoch", &header, rows.collect::<Vec<_>>());
    if !training.learned.is_empty() {
        let rows = training.learned.iter().map(|of| vec![of.source.clone(), of.photos.to_string(), of.licence.clone()]);
        html += "<h3>What it learned from</h3>\n";
        let caption = format!("Photos of train by source; {} were labelled by hand", training.by_hand);
        html += &plain("training-data", &caption, &["Source", "Photos", "Licence"], rows.collect::<Vec<_>>());
    }
    html
}

/// A part under its heading; nothing of nothing.
fn heading(title: &str, inside: &str) -> String {
    if inside.is_empty() { String::new() } else { format!("<h3>{title}</h3>\n{inside}") }
}

fn curves_of(id: &str, of: &str, after: &Curves, before: Option<&Curves>) -> String {
    if after.coverage.is_empty() && before.is_none_or(|before| before.coverage.is_empty()) {
        return String::new();
    }
    let models: Vec<(&str, &Curves)> = match before {
        Some(before) => vec![("after", after), ("before", before)],
        None => vec![("the model", after)],
    };
    let lines = |points: &dyn Fn(&Curves) -> Vec<Point>| -> Vec<Line> {
        let line = |(name, curves): &(&str, &Curves)| Line { name: (*name).to_owned(), points: points(curves) };
        models.iter().map(line).filter(|line| !line.points.is_empty()).collect()
    };
    let reliability = Plot {
        id: &format!("{id}-reliability"),
        title: &format!("Reliability of {of}"),
        x: "probability that was said",
        y: "share that was right",
        range: None,
        diagonal: true,
        lines: lines(&|curves| {
            let point = |bin: &crate::evaluation::curves::Reliable| Point {
                x: bin.confidence,
                y: bin.accuracy.value,
                interval: Some((bin.accuracy.low, bin.accuracy.high)),
                answers: Some(bin.answers),
            };
            curves.reliability.iter().map(point).collect()
        }),
    };
    let risk = Plot {
        id: &format!("{id}-risk"),
        title: "Share that is wrong where only the surest are answered",
        x: "share answered",
        y: "share wrong of these",
        range: None,
        diagonal: false,
        lines: lines(&|curves| {
            let point = |point: &crate::evaluation::curves::Covered| Point {
                x: point.answered,
                y: 1.0 - point.accuracy.value,
                interval: Some((1.0 - point.accuracy.high, 1.0 - point.accuracy.low)),
                answers: None,
            };
            curves.coverage.iter().map(point).collect()
        }),
    };
    format!(
        "<h3>Does a probability mean what it says?</h3>\n<div class=\"plots\">\n{}{}</div>\n",
        reliability.html(),
        risk.html()
    )
}

/// The surest wrong answers, with their pictures where the report has them.
fn mistakes(id: &str, mistakes: &[Shown], paired: bool) -> String {
    if mistakes.is_empty() {
        return String::new();
    }
    let whose = if paired { ", of the model after" } else { "" };
    let mut html = format!("<h3 id=\"{id}-mistakes\">The surest wrong answers{whose}</h3>\n<ul class=\"photos\">\n");
    for shown in mistakes {
        let Shown { key, source, asked, p, picture, .. } = shown;
        let about = if asked == "category" { String::new() } else { format!("{}: ", asked.replace('_', " ")) };
        let told = escaped(&format!("{about}{}", shown.told()));
        let (picture, by) = (picture.as_deref().unwrap_or_default(), escaped(&format!("{source}, {key}")));
        let _ = writeln!(
            html,
            "<li><figure>{picture}<figcaption>{told}, p = {p:.2}. <span class=\"by\">{by}</span></figcaption></figure></li>"
        );
    }
    html.push_str("</ul>\n");
    html
}
