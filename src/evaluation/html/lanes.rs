//! What happened over time, as lanes of bars in an SVG.
//!
//! Owns its scale and its text alternative. Whoever shows lanes shows the same as a table beside them.

use std::fmt::Write as _;

use super::escaped;
use crate::frame::Timestamp;

/// What lanes look like, and the moment that a cursor stands at.
pub const LANES: &str = include_str!("lanes.css");

const WIDTH: f64 = 1000.0;
/// Room for the lanes' names.
const LEFT: f64 = 132.0;
/// Room for half of the last moment.
const RIGHT: f64 = 30.0;
const ROW: f64 = 22.0;
const AXIS: f64 = 26.0;
/// Pixels that a letter of a bar's label takes, about.
const LETTER: f64 = 6.3;
/// The least width of a bar, so that a moment is seen.
const LEAST: f64 = 3.0;

/// Something that lasts.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Seconds.
    pub from: f64,
    /// Seconds.
    pub to: f64,
    /// What.
    pub label: String,
    /// Which of the page's styles, from 0 to 3: never the only sign of what is meant.
    pub style: usize,
}

/// Bars of one kind; those that overlap stand below each other.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// In the order of their beginning.
    pub bars: Vec<Bar>,
}

/// Lanes over one time.
#[derive(Clone, Debug)]
pub struct Lanes<'a> {
    /// Unlike that of every other of the page.
    pub id: &'a str,
    /// What they show.
    pub title: &'a str,
    /// How long it lasted, seconds.
    pub seconds: f64,
    /// From above.
    pub lanes: Vec<Lane>,
}

impl Lanes<'_> {
    /// The picture. A cursor stands in it, hidden at the left edge, for a page that moves it: `data-left` and `data-scale` say where a second is.
    pub fn svg(&self) -> String {
        let Self { id, title, seconds, lanes } = self;
        let scale = (WIDTH - LEFT - RIGHT) / seconds.max(0.1);
        let at = |second: f64| LEFT + second.clamp(0.0, *seconds) * scale;
        let mut inside = String::new();
        let mut top = 4.0;
        for lane in lanes {
            let rows = stacked(&lane.bars);
            let height = ROW * rows.iter().map(|row| row + 1).max().unwrap_or(1) as f64;
            let _ = writeln!(
                inside,
                "<text class=\"lane\" x=\"0\" y=\"{:.0}\">{}</text><path class=\"grid\" d=\"M0 {:.0}H{WIDTH}\"/>",
                top + 15.0,
                escaped(&lane.name),
                top + height
            );
            for (Bar { from, to, label, style }, row) in lane.bars.iter().zip(rows) {
                let (x, y) = (at(*from), top + ROW * row as f64 + 2.0);
                let width = (at(*to) - x).max(LEAST);
                let letters = (width / LETTER) as usize;
                let told: String = label.chars().take(letters.saturating_sub(1)).collect();
                let _ = writeln!(
                    inside,
                    "<rect class=\"bar s{style}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.0}\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    ROW - 4.0,
                    x + 3.0,
                    y + 13.0,
                    escaped(&told)
                );
            }
            top += height;
        }
        let every = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];
        let every = every.into_iter().find(|every| seconds / every <= 14.0).unwrap_or(1800.0);
        for tick in 0..=(seconds / every) as usize {
            let second = tick as f64 * every;
            let _ = writeln!(
                inside,
                "<path class=\"grid\" d=\"M{0:.1} 0V{top:.0}\"/><text x=\"{0:.1}\" y=\"{1:.0}\" text-anchor=\"middle\">{2}</text>",
                at(second),
                top + 16.0,
                clock(second)
            );
        }
        let told: Vec<String> = lanes.iter().map(|lane| format!("{}: {}", lane.name, lane.bars.len())).collect();
        format!(
            "<div class=\"lanes scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\"><svg id=\"{id}\" viewBox=\"0 0 {WIDTH} {1:.0}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\" data-left=\"{LEFT}\" data-scale=\"{scale:.4}\"><title id=\"{id}-t\">{0}</title><desc id=\"{id}-d\">{2} over {3}. \
             The same follows as tables.</desc>\n{inside}<path class=\"cursor\" d=\"M{LEFT} 0V{top:.0}\" visibility=\"hidden\"/>\n</svg></div>\n",
            escaped(title),
            top + AXIS,
            escaped(&told.join(", ")),
            clock(*seconds)
        )
    }
}

/// For each bar the row of its lane in which it overlaps none before it.
fn stacked(bars: &[Bar]) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    let row = |bar: &Bar| {
        let free = ends.iter().position(|end| *end <= bar.from);
        let row = free.unwrap_or(ends.len());
        match ends.get_mut(row) {
            Some(end) => *end = bar.to,
            None => ends.push(bar.to),
        }
        row
    };
    bars.iter().map(row).collect()
}

/// Minutes and seconds.
pub(crate) fn clock(seconds: f64) -> String {
    Timestamp::from_seconds(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(from: f64, to: f64) -> Bar {
        Bar { from, to, label: "a <crossing>".to_owned(), style: 1 }
    }

    #[test]
    fn bars_that_overlap_stand_below_each_other() {
        assert_eq!(stacked(&[bar(0.0, 4.0), bar(1.0, 2.0), bar(3.0, 5.0), bar(4.0, 5.0)]), [0, 1, 1, 0]);
        assert_eq!(stacked(&[]), Vec::<usize>::new());
    }

    #[test]
    fn lanes_have_a_name_a_description_and_text_that_stays_text() {
        let lane = Lane { name: "Truth & more".to_owned(), bars: vec![bar(0.0, 30.0), bar(40.0, 40.0)] };
        let svg = Lanes { id: "w", title: "A walk", seconds: 60.0, lanes: vec![lane] }.svg();
        let wanted =
            ["<title id=\"w-t\">A walk</title>", "Truth &amp; more: 2 over 01:00.0", "a &lt;crossing&gt;", "width=\"3.0\""];
        wanted.into_iter().for_each(|want| assert!(svg.contains(want), "{want} is missing in {svg}"));
    }
}
