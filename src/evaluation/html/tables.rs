//! Tables of figures as a page shows them: what each row is of, both models and their difference, intervals in brackets.

use std::fmt::Write as _;

use super::{escaped, opened};
use crate::evaluation::{Confusion, Row, Table, bootstrap::Figure};

/// A table of the rows that `chosen` takes; nothing where it takes none. `first` heads the names.
pub fn figures(id: &str, caption: &str, first: &str, table: &Table, chosen: impl Fn(&Row) -> bool) -> String {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| chosen(row)).collect();
    if rows.is_empty() {
        return String::new();
    }
    let paired = rows.iter().any(|row| row.figures.iter().any(|figure| figure.before.is_some()));
    let mut html = opened(id, caption);
    let _ = write!(html, "<thead><tr><th scope=\"col\">{first}</th><th scope=\"col\">Pictures</th>");
    html.push_str(if paired { "<th scope=\"col\">Model</th>" } else { "" });
    table.metrics.iter().for_each(|metric| {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(&name(metric)));
    });
    html.push_str("</tr></thead>\n");
    for Row { name, photos, figures, .. } in rows {
        let name = escaped(&name.replace('_', " "));
        let cells = |html: &mut String, cells: Vec<String>| {
            cells.into_iter().for_each(|cell| {
                let _ = write!(html, "<td>{cell}</td>");
            });
            html.push_str("</tr>\n");
        };
        let after: Vec<String> = figures.iter().map(|figure| written(figure.after)).collect();
        if !paired {
            let _ = write!(html, "<tr><th scope=\"row\">{name}</th><td>{photos}</td>");
            cells(&mut html, after);
            continue;
        }
        let each = |of: Option<Figure>, write: fn(Figure) -> String| of.map(write).unwrap_or_default();
        let _ = write!(
            html,
            "<tbody><tr><th scope=\"rowgroup\" rowspan=\"3\">{name}</th><td rowspan=\"3\">{photos}</td><th scope=\"row\">before</th>"
        );
        cells(&mut html, figures.iter().map(|figure| each(figure.before, written)).collect());
        html.push_str("<tr><th scope=\"row\">after</th>");
        cells(&mut html, after);
        html.push_str("<tr><th scope=\"row\">difference</th>");
        cells(&mut html, figures.iter().map(|figure| each(figure.difference, difference)).collect());
        html.push_str("</tbody>\n");
    }
    html.push_str("</table></div>\n");
    html
}

/// What is taken for what: a row for each true class, a column for each answer, shaded by its share of the row.
pub fn confusion(id: &str, caption: &str, confusion: &Confusion) -> String {
    let mut html = opened(id, caption).replace("<table>", "<table class=\"confusion\">");
    html.push_str("<thead><tr><th scope=\"col\">Truth</th>");
    confusion.classes.iter().for_each(|class| {
        let _ = write!(html, "<th scope=\"col\"><span>{}</span></th>", escaped(class));
    });
    html.push_str("</tr></thead>\n<tbody>\n");
    for (name, row) in confusion.classes.iter().zip(&confusion.counts) {
        let all: usize = row.iter().sum();
        if all == 0 {
            continue;
        }
        let _ = write!(html, "<tr><th scope=\"row\">{}</th>", escaped(name));
        for &count in row {
            let share = count as f64 / all as f64;
            let _ = match count {
                0 => write!(html, "<td></td>"),
                _ => write!(html, "<td style=\"--share:{share:.2}\">{count}</td>"),
            };
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// A figure's name in words.
pub fn name(metric: &str) -> String {
    let at = |rest: &str, what: &str| format!("{what} {rest}");
    match (metric.strip_prefix("top_"), metric.strip_prefix("recall_")) {
        (Some(k), _) => at(k, "accuracy at k ="),
        (_, Some(k)) => at(k, "recall at"),
        _ => match metric {
            "median_rank" => "median rank, 1 is best".to_owned(),
            "answered" => "share answered".to_owned(),
            "accuracy_of_all" => "accuracy, were all answered".to_owned(),
            "calibration_error_all" => "calibration error of every class".to_owned(),
            "chance" => "the same by chance".to_owned(),
            other => other.replace('_', " "),
        },
    }
}

/// `0.790 [0.771, 0.808]`; a figure that the photos don't define is a dash.
pub fn written(figure: Figure) -> String {
    let Figure { value, low, high } = figure;
    match (value.is_nan(), low.is_nan() || high.is_nan()) {
        (true, _) => "–".to_owned(),
        (_, true) => number(value),
        _ => format!("{} <span class=\"by\">[{}, {}]</span>", number(value), number(low), number(high)),
    }
}

/// The same with a sign, and an asterisk where the interval doesn't contain 0.
pub fn difference(figure: Figure) -> String {
    if figure.value.is_nan() {
        return written(figure);
    }
    let sign = if figure.value > 0.0 { "+" } else { "" };
    let sure = if is_sure(figure) { " *" } else { "" };
    format!("{sign}{}{sure}", written(figure))
}

/// Whether a difference is more than the choice of photos explains.
pub fn is_sure(difference: Figure) -> bool {
    difference.low > 0.0 || difference.high < 0.0
}

/// Three decimals, fewer of what is large.
pub fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middling if middling >= 10.0 => format!("{value:.1}"),
        _ if value.is_nan() => "–".to_owned(),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::bootstrap::Compared;

    fn figure(value: f64) -> Figure {
        Figure { value, low: value - 0.25, high: value + 0.25 }
    }

    fn table(before: bool) -> Table {
        let both = before.then_some(figure(0.25));
        let compared = Compared { after: figure(0.75), before: both, difference: both.map(|_| figure(0.5)) };
        let mut table = Table::new(["top_1"]);
        table.rows.push(Row { of: "class".to_owned(), name: "a_b <c>".to_owned(), photos: 4, figures: vec![compared] });
        table
    }

    #[test]
    fn each_cell_has_a_row_and_a_column_that_name_it() {
        let alone = figures("t", "Accuracy", "Class", &table(false), |_| true);
        let wanted = [
            "<caption id=\"t\">Accuracy</caption>",
            "<th scope=\"col\">accuracy at k = 1</th>",
            "<tr><th scope=\"row\">a b &lt;c&gt;</th><td>4</td><td>0.750 <span class=\"by\">[0.500, 1.000]</span></td></tr>",
        ];
        wanted.into_iter().for_each(|want| assert!(alone.contains(want), "{want} is missing in {alone}"));
        let both = figures("t", "Accuracy", "Class", &table(true), |_| true);
        let wanted = [
            "<th scope=\"rowgroup\" rowspan=\"3\">a b &lt;c&gt;</th>",
            "<th scope=\"row\">before</th><td>0.250 ",
            "<th scope=\"row\">difference</th><td>+0.500 <span class=\"by\">[0.250, 0.750]</span> *</td>",
        ];
        wanted.into_iter().for_each(|want| assert!(both.contains(want), "{want} is missing in {both}"));
        assert_eq!(figures("t", "Accuracy", "Class", &table(true), |row| row.of == "all"), "");
    }

    #[test]
    fn a_number_is_as_exact_as_it_is_large() {
        for (value, want) in [(0.5, "0.500"), (-1.0, "-1.000"), (14.26, "14.3"), (1234.5, "1234"), (f64::NAN, "–")] {
            assert_eq!(number(value), want);
        }
    }

    #[test]
    fn a_confusion_is_shaded_by_its_share_and_says_its_count() {
        let mut found = Confusion::new(&["bus".to_owned(), "car".to_owned()]);
        [(0, 0), (0, 1), (0, 1), (0, 1)].into_iter().for_each(|(truth, answer)| found.count(truth, answer));
        let html = confusion("t", "What", &found);
        assert!(
            html.contains("<th scope=\"row\">bus</th><td style=\"--share:0.25\">1</td><td style=\"--share:0.75\">3</td>"),
            "{html}"
        );
        assert!(!html.contains("<th scope=\"row\">car"), "no photo of it was asked");
    }
}
