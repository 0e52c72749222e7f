//! Plots as SVG within a page, each with its figures as a table beside it.
//!
//! Owns axes, lines and their text alternatives. A line is known by its dashes and marks, not by its colour alone.

use std::fmt::Write as _;

use crate::evaluation::html::{escaped, tables::number};

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 330.0;
/// Room for the axes' numbers and names.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 54.0;
/// Lines that look different; `page.html` dashes and colours them.
const STYLES: usize = 5;

/// A plot of lines.
pub struct Plot<'a> {
    /// Unlike that of every other plot of the page.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// Name of the x axis, its unit included.
    pub x: &'a str,
    /// Name of the y axis, its unit included.
    pub y: &'a str,
    /// The y axis' ends; none where the lines decide.
    pub range: Option<(f64, f64)>,
    /// Both axes from 0 to 1 with the line y = x, where said and true agree.
    pub diagonal: bool,
    /// The lines.
    pub lines: Vec<Line>,
}

/// One line.
pub struct Line {
    /// Its name.
    pub name: String,
    /// From left to right.
    pub points: Vec<Point>,
}

/// One point.
#[derive(Clone, Copy)]
pub struct Point {
    /// Its place on the x axis.
    pub x: f64,
    /// Its place on the y axis.
    pub y: f64,
    /// The interval of `y`.
    pub interval: Option<(f64, f64)>,
    /// Answers that it rests on.
    pub answers: Option<usize>,
}

struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Axis {
    /// From the least to the greatest of `values`, with ticks at round numbers.
    fn over(values: impl Iterator<Item = f64> + Clone) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        if !low.is_finite() || !high.is_finite() {
            return Self::between(0.0, 1.0);
        }
        let high = if high > low { high } else { low + 1.0 };
        let step = step((high - low) / 5.0);
        Self::between((low / step).floor() * step, (high / step).ceil() * step)
    }

    fn between(low: f64, high: f64) -> Self {
        let step = step((high - low) / 5.0);
        let count = ((high - low) / step).round() as usize;
        Self { low, high, ticks: (0..=count).map(|i| low + step * i as f64).collect() }
    }

    /// The share of the axis that lies before `value`.
    fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The round number, 1, 2 or 5 times a power of ten, that is not below `least`.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= least * 0.999);
    round.unwrap_or(10.0) * power
}

impl Plot<'_> {
    /// The plot, then its figures.
    pub fn html(&self) -> String {
        let Plot { id, title, .. } = self;
        let mut html = format!("<figure class=\"plot\">\n{}", self.svg());
        let title = escaped(title);
        let _ = write!(
            html,
            "<figcaption>{title}{}</figcaption>\n<details><summary>The figures of this plot: {title}</summary>\n",
            self.legend()
        );
        let counted = self.lines.iter().flat_map(|line| &line.points).any(|point| point.answers.is_some());
        let _ = write!(
            html,
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{id}-c\"><table><caption id=\"{id}-c\">{title}: figures</caption>\n<thead><tr><th scope=\"col\">Line</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th>{}</tr></thead>\n<tbody>\n",
            escaped(self.x),
            escaped(self.y),
            if counted { "<th scope=\"col\">Answers</th>" } else { "" }
        );
        for line in &self.lines {
            for point in &line.points {
                let interval =
                    point.interval.map_or_else(String::new, |(low, high)| format!(" [{}, {}]", number(low), number(high)));
                let answers = if counted { format!("<td>{}</td>", point.answers.unwrap_or_default()) } else { String::new() };
                let (name, x, y) = (escaped(&line.name), number(point.x), number(point.y));
                let _ = writeln!(html, "<tr><th scope=\"row\">{name}</th><td>{x}</td><td>{y}{interval}</td>{answers}</tr>");
            }
        }
        html.push_str("</tbody></table></div>\n</details>\n</figure>\n");
        html
    }

    /// What each line looks like, in words and as it is drawn.
    fn legend(&self) -> String {
        let entry = |(i, line): (usize, &Line)| {
            let sample = format!(
                "<svg class=\"sample\" viewBox=\"0 0 44 14\" aria-hidden=\"true\"><path class=\"line s{i}\" d=\"M2 7H42\"/>{}</svg>",
                mark(i, 22.0, 7.0)
            );
            format!("<li>{sample} {}</li>", escaped(&line.name))
        };
        let entries: String = self.lines.iter().enumerate().map(|(i, line)| entry((i % STYLES, line))).collect();
        format!("<ul class=\"legend\">{entries}</ul>")
    }

    /// In words, from the first point of each line to its last.
    fn told(&self) -> String {
        let line = |line: &Line| {
            let end = |point: &Point| format!("{} at {}", number(point.y), number(point.x));
            let ends = line.points.first().zip(line.points.last());
            ends.map_or_else(
                || format!("{}: no point.", line.name),
                |(first, last)| format!("{}: {} points, from {} to {}.", line.name, line.points.len(), end(first), end(last)),
            )
        };
        let lines: Vec<String> = self.lines.iter().map(line).collect();
        let diagonal = if self.diagonal { " On the thin straight line both are equal." } else { "" };
        format!("{} against {}. {}{diagonal} The figures follow as a table.", self.y, self.x, lines.join(" "))
    }

    fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let (x, y) = if self.diagonal {
            (Axis::between(0.0, 1.0), Axis::between(0.0, 1.0))
        } else {
            let all = points()
                .flat_map(|point| [point.y].into_iter().chain(point.interval.into_iter().flat_map(|(low, high)| [low, high])));
            (
                Axis::over(points().map(|point| point.x)),
                self.range.map_or_else(|| Axis::over(all), |(low, high)| Axis::between(low, high)),
            )
        };
        let at = |px: f64, py: f64| {
            (LEFT + x.share(px) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y.share(py) * (HEIGHT - TOP - BOTTOM))
        };
        let id = self.id;
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>\n",
            escaped(self.title),
            escaped(&self.told())
        );
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for &tick in &x.ticks {
            let (px, _) = at(tick, 0.0);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{px:.1} {TOP}V{bottom}\"/><text x=\"{px:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                bottom + 18.0,
                short(tick)
            );
        }
        for &tick in &y.ticks {
            let (_, py) = at(0.0, tick);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {py:.1}H{right}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                py + 5.0,
                short(tick)
            );
        }
        let middle = (LEFT + right) / 2.0;
        let height = (TOP + bottom) / 2.0;
        let _ =
            writeln!(svg, "<text x=\"{middle}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>", HEIGHT - 10.0, escaped(self.x));
        let _ = writeln!(
            svg,
            "<text x=\"16\" y=\"{height}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {height})\">{}</text>",
            escaped(self.y)
        );
        if self.diagonal {
            let ((x0, y0), (x1, y1)) = (at(0.0, 0.0), at(1.0, 1.0));
            let _ = writeln!(svg, "<path class=\"axis\" d=\"M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}\"/>");
        }
        for (i, line) in self.lines.iter().enumerate() {
            let style = i % STYLES;
            let mut path = String::new();
            for (n, point) in line.points.iter().enumerate() {
                let (px, py) = at(point.x, point.y);
                let _ = write!(path, "{}{px:.1} {py:.1}", if n == 0 { "M" } else { "L" });
            }
            let _ = writeln!(svg, "<path class=\"line s{style}\" d=\"{path}\"/>");
            for point in &line.points {
                let (px, py) = at(point.x, point.y);
                if let Some((low, high)) = point.interval {
                    let ((_, low), (_, high)) = (at(point.x, low), at(point.x, high));
                    let _ = write!(svg, "<path class=\"whisker s{style}\" d=\"M{px:.1} {low:.1}V{high:.1}\"/>");
                }
                let _ = writeln!(svg, "{}", mark(style, px, py));
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// The mark of style `style`: disc, square, triangle, diamond, cross.
fn mark(style: usize, x: f64, y: f64) -> String {
    let path = match style {
        0 => format!("M{:.1} {y:.1}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", x - 4.0),
        1 => format!("M{:.1} {:.1}h7v7h-7z", x - 3.5, y - 3.5),
        2 => format!("M{x:.1} {:.1}l4.5 8h-9z", y - 5.0),
        3 => format!("M{x:.1} {:.1}l5 5l-5 5l-5 -5z", y - 5.0),
        _ => format!("M{:.1} {:.1}l8 8m0 -8l-8 8", x - 4.0, y - 4.0),
    };
    format!("<path class=\"mark s{style}\" d=\"{path}\"/>")
}

/// A tick's number without needless digits.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: &[(f64, f64)], diagonal: bool) -> String {
        let point = |&(x, y): &(f64, f64)| Point { x, y, interval: Some((y - 0.1, y + 0.1)), answers: Some(7) };
        let line = |name: &str| Line { name: name.to_owned(), points: points.iter().map(point).collect() };
        let (title, range) = ("What was said & right", None);
        Plot { id: "p", title, x: "said", y: "right", range, diagonal, lines: vec![line("after"), line("before <1>")] }.html()
    }

    #[test]
    fn a_plot_says_in_words_and_in_a_table_what_it_draws() {
        let html = plot(&[(0.25, 0.5), (0.75, 0.7)], true);
        let wanted = [
            "role=\"img\" aria-labelledby=\"p-t p-d\"",
            "<title id=\"p-t\">What was said &amp; right</title>",
            "after: 2 points, from 0.500 at 0.250 to 0.700 at 0.750.",
            "<th scope=\"row\">before &lt;1&gt;</th><td>0.250</td><td>0.500 [0.400, 0.600]</td><td>7</td>",
        ];
        wanted.into_iter().for_each(|want| assert!(html.contains(want), "{want} is missing in {html}"));
        assert_eq!(html.matches("class=\"mark s1\"").count(), 3, "two points and the legend");
    }

    #[test]
    fn an_axis_has_round_numbers_whatever_it_measures() {
        for (values, want) in [
            (&[0.0, 1.0][..], &["0", "0.2", "0.4", "0.6", "0.8", "1"][..]),
            (&[1.8, 5.1], &["1", "2", "3", "4", "5", "6"]),
            (&[3.0], &["3", "3.2", "3.4", "3.6", "3.8", "4"]),
            (&[], &["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ] {
            let axis = Axis::over(values.iter().copied());
            assert_eq!(axis.ticks.iter().map(|&tick| short(tick)).collect::<Vec<_>>(), want, "{values:?}");
        }
    }
}
