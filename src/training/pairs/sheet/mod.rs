//! A page to look a data set over: photo, sentences with who says them, labels, and what the map shows.
//!
//! Owns which photos are shown and what stands beside each; the page's frame is `evaluation::html`'s. One file with its photos in it, that a
//! browser opens from disk, a screen reader reads and a keyboard walks through.

use std::{fmt::Write as _, path::Path};

use rayon::prelude::*;

use super::{Collection, Skip, import::WebDataset, spool};
use crate::{
    capture,
    evaluation::{
        html::{Page, escaped, img, smaller},
        shard::{Origin, Record},
    },
    frame::Picture,
    ontology::{Ontology, StreetMap, VOID},
    training::TrainingError,
};

/// The most photos of a page: beyond it, browsers take long to open it.
pub const MOST: i64 = 2000;
/// The longest side of a photo on the page.
const SIDE: u32 = 480;
/// The least share of the photo of which the page speaks.
const LEAST: f64 = 0.01;
/// How much of a region's colour covers the photo.
const COVER: f32 = 0.55;

const HEAD: &str = "<p>Right and left arrow go to the next photo and the one before, R shows or hides the regions of all. Each photo is a heading.</p>\n";

/// Writes the page `out` with `photos` photos of the shards in `data`, or as many as there are; how many it shows.
pub fn sheet(data: &Path, out: &Path, photos: usize) -> Result<usize, TrainingError> {
    let shards = WebDataset::open(data)?;
    let ontology = Ontology::shipped()?;
    let total = shards.entries().len();
    let count = photos.min(total);
    let chosen = (0..count).into_par_iter().map(|number| number * total / count.max(1));
    let cards: Vec<String> = chosen.map(|entry| card(&shards, entry, &ontology)).collect();
    let title = format!("{count} of {total} photos of {}", data.display());
    let (style, script) = (include_str!("page.css"), include_str!("page.js"));
    let page = Page { title: &title, style, head: HEAD, main: &cards.concat(), script, ..Page::default() };
    spool::write(out, page.html().as_bytes())?;
    Ok(count)
}

/// The part of the page for one photo; a damaged one is told of in its place.
fn card(shards: &WebDataset, entry: usize, ontology: &Ontology) -> String {
    let name = escaped(&shards.entries()[entry].name);
    let inside =
        inside(shards, entry, ontology).unwrap_or_else(|skip| format!("<p>Not readable: {}</p>", escaped(&skip.detail)));
    format!("<article tabindex=\"-1\" aria-labelledby=\"p{entry}\">\n<h2 id=\"p{entry}\">{name}</h2>\n{inside}</article>\n")
}

fn inside(shards: &WebDataset, entry: usize, ontology: &Ontology) -> Result<String, Skip> {
    let name = &shards.entries()[entry].name;
    let damaged = |error| Skip::new(super::Reason::DamagedPhoto, error);
    let record = shards.record(entry)?;
    let mut picture = Picture::default();
    capture::decode(name, &shards.photo(entry)?, &mut picture).map_err(damaged)?;
    let small = smaller(&picture, SIDE).unwrap_or(picture);
    let mut html = String::new();
    let told = record.captions.first().map_or("", |caption| caption.text());
    let alt = if told.is_empty() { record.category.clone().unwrap_or_default() } else { told.to_owned() };
    let alt = if alt.is_empty() { "a photo without a caption" } else { &alt };
    figure(&mut html, "plain", &small, alt).map_err(damaged)?;
    if let Some(map) = shards.map_as_it_is(entry)? {
        let regions = regions(&map, ontology);
        figure(&mut html, "regions", &painted(&small, &map), &format!("What stands where: {}", spoken(&regions)))
            .map_err(damaged)?;
        html.push_str("<label><input type=\"checkbox\"> Show regions</label>\n<ul class=\"legend\">\n");
        for (noun, share, [red, green, blue]) in &regions {
            let _ = writeln!(
                html,
                "<li><span class=\"swatch\" style=\"background:rgb({red},{green},{blue})\"></span>{} {:.0} %</li>",
                escaped(noun),
                share * 100.0
            );
        }
        html.push_str("</ul>\n");
    }
    words(&mut html, shards, entry, &record);
    Ok(html)
}

fn figure(html: &mut String, class: &str, picture: &Picture, alt: &str) -> Result<(), capture::CaptureError> {
    let _ = writeln!(html, "{}", img(picture, alt, &format!("class=\"{class}\""))?);
    Ok(())
}

/// Sentences and labels.
fn words(html: &mut String, shards: &WebDataset, entry: usize, record: &Record) {
    if !record.captions.is_empty() {
        html.push_str("<h3>Sentences</h3>\n<ul>\n");
        for caption in &record.captions {
            let _ =
                writeln!(html, "<li>{} <span class=\"by\">by {}</span></li>", escaped(caption.text()), by(caption.origin()));
        }
        html.push_str("</ul>\n");
    }
    html.push_str("<h3>Labels</h3>\n<dl>\n");
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(html, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(value));
        }
    };
    for (facet, known) in &record.facets {
        let by = known.origin.map_or_else(String::new, |origin| format!(" (by {})", by(origin)));
        let sure = known.p.map_or_else(String::new, |p| format!(", p {p:.2}"));
        row(facet, &format!("{}{by}{sure}", known.labels.join(", ").replace('_', " ")));
    }
    row("category", record.category.as_deref().unwrap_or_default());
    row("labels", &record.labels.join(", "));
    row("source", &record.source);
    row("split", shards.entries()[entry].split.map_or("none", |split| split.id()));
    row("group", record.group.as_deref().unwrap_or_default());
    row("licence", record.licence.as_deref().unwrap_or_default());
    html.push_str("</dl>\n");
}

fn by(origin: Origin) -> &'static str {
    match origin {
        Origin::Human => "a person",
        Origin::Segments => "its map",
        Origin::Prompt => "its prompt",
        Origin::Scene => "its scene",
        Origin::Category => "its category",
    }
}

/// The picture with each region in its colour.
fn painted(picture: &Picture, map: &StreetMap) -> Picture {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut rgb = picture.rgb().to_vec();
    for at in 0..width * height {
        let thing = map.at(at % width * map.width() / width, at / width * map.height() / height);
        if thing != VOID {
            let mixed = |(light, colour): (&mut u8, u8)| {
                *light = (f32::from(*light) * (1.0 - COVER) + f32::from(colour) * COVER) as u8;
            };
            rgb[at * 3..at * 3 + 3].iter_mut().zip(colour(thing)).for_each(mixed);
        }
    }
    Picture::new(picture.width(), picture.height(), rgb).unwrap_or_default()
}

/// A colour for each thing: hues a golden angle apart, so that neighbours in the list differ most.
fn colour(thing: u8) -> [u8; 3] {
    let hue = f32::from(thing) * 137.508 % 360.0 / 60.0;
    let light = if thing.is_multiple_of(2) { 0.95 } else { 0.7 };
    let channel = |shift: f32| {
        let place = (hue + shift) % 6.0;
        let falls = place.min(4.0 - place).clamp(0.0, 1.0);
        (255.0 * light * (1.0 - 0.8 * falls)) as u8
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

type Region<'a> = (&'a str, f64, [u8; 3]);

/// What covers more than a little of the map, the largest first.
fn regions<'a>(map: &StreetMap, ontology: &'a Ontology) -> Vec<Region<'a>> {
    let mut areas = [0usize; 256];
    map.things().iter().for_each(|thing| areas[usize::from(*thing)] += 1);
    let share = |id: u8| areas[usize::from(id)] as f64 / map.things().len() as f64;
    let seen = ontology.things().filter(|thing| thing.id != VOID && share(thing.id) >= LEAST);
    let mut seen: Vec<Region> = seen.map(|thing| (thing.name.as_str(), share(thing.id), colour(thing.id))).collect();
    seen.sort_by(|a, b| b.1.total_cmp(&a.1));
    seen
}

fn spoken(regions: &[Region]) -> String {
    let each = regions.iter().map(|(noun, share, _)| format!("{} {:.0} %", noun.replace('_', " "), share * 100.0));
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_next_to_one_another_have_different_colours() {
        for thing in 1..54 {
            let (one, next) = (colour(thing), colour(thing + 1));
            let apart: u32 = one.iter().zip(next).map(|(a, b)| u32::from(a.abs_diff(b))).sum();
            assert!(apart > 90, "{thing}: {one:?}, {next:?}");
        }
    }
}
