//! A timeline as a page: one file that needs no network, for eyes and for a screen reader.

use super::{Segment, people::Episode};
use crate::evaluation::html::{Bar, LANES, Lane, Lanes, Page, clock, plain};

/// What a timeline tells.
pub struct Told<'a> {
    /// What was looked at, in the user's words.
    pub name: &'a str,
    /// How long it lasted, seconds.
    pub seconds: f64,
    /// The scenes.
    pub segments: &'a [Segment],
    /// People in the road, where that was asked.
    pub people: Option<&'a [Episode]>,
    /// The model that was asked.
    pub model: &'a str,
}

impl Told<'_> {
    /// The whole file.
    pub fn html(&self) -> String {
        let title = format!("Scenes of {}", self.name);
        let mut lanes: Vec<Lane> = Vec::new();
        for segment in self.segments {
            let name = segment.facet.as_deref().unwrap_or("caption");
            let bar = Bar { from: segment.start, to: segment.end, label: segment.name().to_owned(), style: 0 };
            match lanes.iter_mut().find(|lane| lane.name == name) {
                Some(lane) => lane.bars.push(bar),
                None => lanes.push(Lane { name: name.to_owned(), bars: vec![bar] }),
            }
        }
        let episode = |e: &Episode| Bar { from: e.start, to: e.end, label: e.people.to_string(), style: 1 };
        if let Some(people) = self.people {
            lanes.push(Lane { name: "in the road".to_owned(), bars: people.iter().map(episode).collect() });
        }
        let mut main = Lanes { id: "lanes", title: "What was seen when", seconds: self.seconds, lanes }.svg();
        let rows = self.segments.iter().map(|segment| {
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let of = segment.facet.clone().unwrap_or_else(|| "caption".to_owned());
            vec![
                clock(segment.start),
                clock(segment.end),
                of,
                segment.name().to_owned(),
                number(segment.p),
                number(segment.score),
            ]
        });
        main += &plain("scenes", "The scenes", &["From", "To", "Of", "Scene", "p", "Score"], rows);
        if let Some(people) = self.people {
            let rows = people
                .iter()
                .map(|e| vec![clock(e.start), clock(e.end), e.people.to_string(), e.away_from_crossing.to_string()]);
            let header = ["From", "To", "Most people at once", "Of these away from a crossing"];
            main += &plain("people", "People in the road", &header, rows);
        }
        let head = format!("<p>{} of video.</p>\n", clock(self.seconds));
        let foot = format!("Written by streetscape {}, of the model {}.", env!("CARGO_PKG_VERSION"), self.model);
        Page { title: &title, style: LANES, head: &head, main: &main, foot: &foot, ..Page::default() }.html()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_each_scene_as_a_bar_and_as_a_row() {
        let (facet, class) = (Some("place".to_owned()), Some("street".to_owned()));
        let segment = Segment { start: 0.6, end: 62.0, facet, class, caption: None, p: Some(0.81), score: None };
        let episode = Episode { start: 3.0, end: 4.0, people: 2, away_from_crossing: 1 };
        let html = Told { name: "a<b", seconds: 70.0, segments: &[segment], people: Some(&[episode]), model: "street" }.html();
        let wanted = [
            "<title>Scenes of a&lt;b</title>",
            "<tr><th scope=\"row\">00:00.6</th><td>01:02.0</td><td>place</td><td>street</td><td>0.81</td><td></td></tr>",
            "<tr><th scope=\"row\">00:03.0</th><td>00:04.0</td><td>2</td><td>1</td></tr>",
            ">street</text>",
        ];
        wanted.into_iter().for_each(|want| assert!(html.contains(want), "{want} is missing in {html}"));
    }
}
