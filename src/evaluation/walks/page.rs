//! Judged walks as a page: what was there, what was believed, what was said and what was not, moment by moment.
//!
//! Owns what stands on the page. One file that needs no network; without a script, and to a screen reader, it is tables.

use std::fmt::Write as _;

use serde_json::json;

use super::{Encounter, Judged, METRICS, Said, Verdict};
use crate::evaluation::{
    Table,
    html::{Bar, LANES, Lane, Lanes, Page, clock, escaped, plain, tables::figures},
    timeline::Segment,
};

/// Reasons of silences that last as long as a walk does: they stand in the table alone.
const ALWAYS: [&str; 2] = ["nothing_sure", "not_said_unasked"];

/// A walk and what the page shows of it besides.
pub struct Shown {
    /// What was said, held against what was there.
    pub judged: Judged,
    /// What was believed.
    pub beliefs: Vec<Segment>,
    /// Moments and pictures, each an address that holds it; none unless they were asked for.
    pub frames: Vec<(f64, String)>,
}

/// The whole file. `asked` says which model was asked and how.
pub fn page(walks: &[Shown], table: &Table, asked: &str) -> String {
    let mut contents = vec![("figures".to_owned(), "Figures".to_owned())];
    let mut main = String::from("<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">Figures</h2>\n");
    main += &figures("figures-all", "Over all walks and by group", "Walks", table, |row| row.of != "walk");
    main += &figures("figures-each", "Walk by walk", "Walk", table, |row| row.of == "walk");
    main.push_str("</section>\n");
    for (index, walk) in walks.iter().enumerate() {
        let id = format!("w{index}");
        let _ = write!(
            main,
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n{}</section>\n",
            escaped(&walk.judged.name),
            section(walk, &id)
        );
        contents.push((id, walk.judged.name.clone()));
    }
    let pictures = walks.iter().any(|walk| !walk.frames.is_empty());
    let mut head = format!(
        "<p>{}</p>\n<p>In brackets stands the interval in which a figure lies for 95 of 100 resamples of the walks.</p>\n",
        escaped(asked)
    );
    if pictures {
        head.push_str("<p><strong>This page holds frames of the walks.</strong> Don't give it to others where they may not have those.</p>\n");
    }
    let data: Vec<_> = walks.iter().map(data).collect();
    // Inside a script nothing may look like its end.
    let data = serde_json::to_string(&data).unwrap_or_default().replace("</", "<\\/");
    let script = format!("const walks = {data};\n{}", include_str!("page.js"));
    let foot = format!("Written by streetscape-train {}. docs/walks.md defines every figure.", env!("CARGO_PKG_VERSION"));
    Page {
        title: "What was said on recorded walks",
        style: LANES,
        head: &head,
        contents: &contents,
        main: &main,
        foot: &foot,
        script: &script,
    }
    .html()
}

fn section(walk: &Shown, id: &str) -> String {
    let Shown { judged, beliefs, frames } = walk;
    let seconds = judged.summary.duration;
    // Each table is a landmark, and no two have one name.
    let named = |what: &str| format!("{}: {what}", judged.name);
    let title = format!("{}: what was there, believed and said", judged.name);
    let mut html = Lanes { id: &format!("{id}-lanes"), title: &title, seconds, lanes: lanes(walk) }.svg();
    let _ = writeln!(
        html,
        "<label for=\"{id}-at\">A moment of {0}</label>\n<input type=\"range\" id=\"{id}-at\" min=\"0\" max=\"{seconds:.1}\" step=\"0.1\" value=\"0\">\n<div class=\"now\">",
        escaped(&judged.name)
    );
    if let Some((at, first)) = frames.first() {
        let _ = writeln!(html, "<img id=\"{id}-picture\" src=\"{first}\" alt=\"The frame at {}\">", clock(*at));
    }
    html.push_str("<dl>\n");
    for (part, name) in [("truth", "There"), ("belief", "Believed"), ("said", "Said"), ("silent", "Not said")] {
        let _ = writeln!(html, "<dt>{name}</dt><dd id=\"{id}-{part}\">–</dd>");
    }
    html.push_str("</dl>\n</div>\n");
    html += &plain(
        &format!("{id}-c"),
        &named("what was said"),
        &["At", "Words", "True?", "Direction", "Again too soon?"],
        judged.said.iter().map(said),
    );
    let told = judged.encounters.iter().zip(&judged.told).map(|(encounter, told)| met(encounter, *told));
    html +=
        &plain(&format!("{id}-t"), &named("what was there"), &["From", "To", "What", "Kind", "Reached", "First told"], told);
    let rows = beliefs.iter().map(|b| {
        let p = b.p.map_or_else(String::new, |p| p.to_string());
        vec![clock(b.start), clock(b.end), b.facet.clone().unwrap_or_default(), b.name().to_owned(), p]
    });
    html += "<details><summary>Beliefs and silences</summary>\n";
    html += &plain(&format!("{id}-b"), &named("what was believed"), &["From", "To", "Facet", "Class", "p"], rows);
    let rows = judged.silences.iter().map(|s| {
        let what = if s.what.is_empty() { "anything" } else { &s.what };
        vec![clock(s.from), clock(s.to), what.to_owned(), s.reason.replace('_', " ")]
    });
    html += &plain(&format!("{id}-s"), &named("what was not said, and why"), &["From", "To", "What", "Why"], rows);
    html.push_str("</details>\n");
    html
}

fn said(said: &Said) -> Vec<String> {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let placed = said.placed.map_or_else(|| "–".to_owned(), |right| if right { "correct" } else { "wrong" }.to_owned());
    vec![clock(said.at), said.text.clone(), word(said.verdict).to_owned(), placed, yes(said.repeated)]
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::True => "true",
        Verdict::False => "false",
        Verdict::Unconfirmed => "the truth doesn't say",
    }
}

fn met(encounter: &Encounter, told: Option<f64>) -> Vec<String> {
    let kind = match (encounter.hazard, encounter.obstacle) {
        (true, _) => "hazard",
        (_, true) => "in the way",
        _ => "",
    };
    let Encounter { from, to, what, reached, .. } = encounter;
    let reached = if kind.is_empty() { String::new() } else { clock(*reached) };
    vec![clock(*from), clock(*to), what.clone(), kind.to_owned(), reached, told.map_or_else(|| "–".to_owned(), clock)]
}

fn lanes(walk: &Shown) -> Vec<Lane> {
    let Shown { judged, beliefs, .. } = walk;
    let there = |e: &Encounter| Bar { from: e.from, to: e.to, label: e.what.clone(), style: if e.hazard { 1 } else { 0 } };
    let mut lanes = vec![Lane { name: "there".to_owned(), bars: judged.encounters.iter().map(there).collect() }];
    for belief in beliefs {
        let name = format!("{} believed", belief.facet.as_deref().unwrap_or_default());
        let bar = Bar { from: belief.start, to: belief.end, label: belief.name().to_owned(), style: 2 };
        match lanes.iter_mut().find(|lane| lane.name == name) {
            Some(lane) => lane.bars.push(bar),
            None => lanes.push(Lane { name, bars: vec![bar] }),
        }
    }
    let heard = |s: &Said| Bar {
        from: s.at,
        to: s.at + 1.5,
        label: s.text.clone(),
        style: if s.verdict == Verdict::True { 2 } else { 3 },
    };
    lanes.push(Lane { name: "said".to_owned(), bars: judged.said.iter().map(heard).collect() });
    let kept = judged.silences.iter().filter(|s| !s.what.is_empty() && !ALWAYS.contains(&s.reason.as_str()));
    let kept =
        kept.map(|s| Bar { from: s.from, to: s.to, label: format!("{}, {}", s.what, s.reason.replace('_', " ")), style: 0 });
    lanes.push(Lane { name: "not said".to_owned(), bars: kept.collect() });
    lanes
}

fn data(walk: &Shown) -> serde_json::Value {
    let Shown { judged, beliefs, frames } = walk;
    let there: Vec<_> = judged.encounters.iter().map(|e| json!([e.from, e.to, e.what])).collect();
    let believed = |b: &Segment| {
        json!([
            b.start,
            b.end,
            format!("{}: {} ({})", b.facet.as_deref().unwrap_or_default(), b.name(), b.p.unwrap_or_default())
        ])
    };
    let said: Vec<_> = judged.said.iter().map(|s| json!([s.at, format!("{} ({})", s.text, word(s.verdict))])).collect();
    let silent = judged.silences.iter().filter(|s| !s.what.is_empty());
    let silent: Vec<_> = silent.map(|s| json!([s.from, s.to, format!("{}, {}", s.what, s.reason.replace('_', " "))])).collect();
    let believed: Vec<_> = beliefs.iter().map(believed).collect();
    json!({"seconds": judged.summary.duration, "truth": there, "belief": believed, "said": said, "silent": silent, "frames": frames})
}

/// The figures of `table` in a few lines for a terminal: those of the first row with their intervals, the others' values alone.
pub fn lines(table: &Table) -> String {
    let mut text = String::new();
    let names: Vec<String> = METRICS.iter().map(|metric| metric.replace('_', " ")).collect();
    if let Some(first) = table.rows.first() {
        for (name, figure) in names.iter().zip(&first.figures) {
            let of = |figure: crate::evaluation::bootstrap::Figure| match figure.value {
                value if value.is_nan() => "-".to_owned(),
                value => format!("{value:.3} [{:.3}, {:.3}]", figure.low, figure.high),
            };
            let _ = write!(text, "{name:<22} {:<24}", of(figure.after));
            if let (Some(before), Some(difference)) = (figure.before, figure.difference) {
                let _ = write!(text, " before {:<24} difference {}", of(before), of(difference));
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
    }
    let widest = table.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let short = [
        "announced",
        "ahead s",
        "obstacles",
        "delay s",
        "false/10",
        "uncertain/10",
        "repeated",
        "speaking",
        "misplaced",
        "places",
        "hazards",
    ];
    let _ = write!(text, "\n{:<widest$} {:>6}", "", "frames");
    for name in short {
        let _ = write!(text, " {name:>12}");
    }
    text.push('\n');
    for row in &table.rows {
        let _ = write!(text, "{:<widest$} {:>6}", row.name, row.photos);
        for figure in &row.figures {
            let value = figure.after.value;
            let cell = if value.is_nan() { "-".to_owned() } else { format!("{value:.2}") };
            let _ = write!(text, " {cell:>12}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::report::Summary;

    fn shown(frames: Vec<(f64, String)>) -> Shown {
        let encounter = Encounter {
            what: "zebra </script> crossing".to_owned(),
            is: Vec::new(),
            from: 10.0,
            to: 20.0,
            reached: 16.0,
            ahead: true,
            hazard: true,
            obstacle: false,
        };
        let said = Said {
            at: 12.0,
            facet: "crossing".to_owned(),
            class: "zebra_crossing".to_owned(),
            direction: Some("left".to_owned()),
            text: "Zebra crossing.".to_owned(),
            verdict: Verdict::False,
            placed: Some(false),
            repeated: true,
        };
        let judged = Judged {
            name: "a & b".to_owned(),
            group: "g".to_owned(),
            complete: Vec::new(),
            summary: Summary { duration: 60.0, frames: 120, ..Summary::default() },
            encounters: vec![encounter],
            told: vec![Some(12.0)],
            arrived: vec![None],
            said: vec![said],
            silences: Vec::new(),
            unknown: Vec::new(),
        };
        Shown { judged, beliefs: Vec::new(), frames }
    }

    #[test]
    fn a_page_tells_each_walk_in_tables_and_holds_frames_only_where_they_were_asked_for() {
        let walk = shown(Vec::new());
        let table = super::super::table(std::slice::from_ref(&walk.judged), None);
        let html = page(&[walk], &table, "the model");
        let wanted = [
            "<tr><th scope=\"row\">00:12.0</th><td>Zebra crossing.</td><td>false</td><td>wrong</td><td>yes</td></tr>",
            "<td>zebra &lt;/script&gt; crossing</td><td>hazard</td><td>00:16.0</td><td>00:12.0</td>",
            "<label for=\"w0-at\">A moment of a &amp; b</label>",
            "zebra <\\/script> crossing",
        ];
        wanted.into_iter().for_each(|want| assert!(html.contains(want), "{want} is missing in {html}"));
        assert!(!html.contains("<img") && !html.contains("holds frames"));
        let html = page(&[shown(vec![(0.0, "data:image/jpeg;base64,AA".to_owned())])], &table, "the model");
        assert!(html.contains("<img id=\"w0-picture\" src=\"data:image/jpeg;base64,AA\"") && html.contains("holds frames"));
    }

    #[test]
    fn a_terminal_sees_intervals_of_all_walks_and_a_line_for_each() {
        let walk = shown(Vec::new());
        let text = lines(&super::super::table(&[walk.judged], None));
        assert!(text.contains("hazards announced      1.000 [1.000, 1.000]") && text.contains("a & b"), "{text}");
    }
}
