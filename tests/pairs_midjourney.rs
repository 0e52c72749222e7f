//! A folder of downloaded pictures becomes pairs: grids in four, each with its prompt, kept together with its upscales.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeMap, fs, path::Path};

use streetscape::{
    capture::jpeg,
    evaluation::shard::{Origin, Record, Shard},
    frame::Picture,
    training::{
        pairs::{Reason, SKIPPED, Settings, Shares, gather, midjourney::Midjourney, segments::Segments},
        progress::Show,
    },
};
use tempfile::TempDir;

const SIDE: usize = 128;
const GRID: &str = "a7421d2f-b262-44f9-977c-ac23e9c7d3e3";
const UPSCALE: &str = "0b1c2d3e-0000-4111-8222-333344445555";

/// Blocks of random light with soft edges, other for each `seed`.
fn light(seed: u64, x: f32, y: f32) -> u8 {
    let block = |column: u64, row: u64| {
        let state = (seed * 64 + row * 8 + column + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        f32::from(((state ^ state >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8)
    };
    let (column, row) = (x * 7.0, y * 7.0);
    let (left, top) = (column.floor().min(6.0), row.floor().min(6.0));
    let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
    let at = |dx: u64, dy: u64| block(left as u64 + dx, top as u64 + dy);
    mix(mix(at(0, 0), at(1, 0), column - left), mix(at(0, 1), at(1, 1), column - left), row - top) as u8
}

/// Pictures beside one another: one, or four as two by two, each of `side` pixels.
fn picture(seeds: &[u64], side: usize) -> Picture {
    let across = if seeds.len() == 4 { 2 } else { 1 };
    let pixel = |at: usize| {
        let (x, y) = (at % (across * side), at / (across * side));
        let place = |pixel: usize| (pixel % side) as f32 / side as f32;
        [light(seeds[y / side * across + x / side], place(x), place(y)); 3]
    };
    let whole = across * side;
    Picture::new(whole as u32, whole as u32, (0..whole * whole).flat_map(pixel).collect()).unwrap()
}

/// A PNG with a text chunk.
fn png(picture: &Picture, text: Option<(&str, &str)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    if let Some((keyword, text)) = text {
        encoder.add_text_chunk(keyword.to_owned(), text.to_owned()).unwrap();
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(picture.rgb()).unwrap();
    writer.finish().unwrap();
    bytes
}

/// The folder of an evening: what is in it by name, and what became of it.
struct Found {
    photos: BTreeMap<String, Record>,
    skipped: Vec<(String, Reason)>,
}

fn read(files: &[(String, Vec<u8>)]) -> Found {
    let (dir, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    files.iter().for_each(|(name, bytes)| fs::write(dir.path().join(name), bytes).unwrap());
    let pictures = Midjourney::open(dir.path(), Show::Nothing).unwrap();
    let settings = Settings {
        source: "midjourney".to_owned(),
        licence: None,
        shares: Shares::default(),
        per_shard: 3,
        seed: 1,
        blur: false,
    };
    let made = gather(&pictures, &Segments::shipped().unwrap(), out.path(), &settings, "test", Show::Nothing).unwrap();
    let rows = |file: &Path| -> Vec<csv::StringRecord> {
        csv::Reader::from_path(file).unwrap().records().map(|row| row.unwrap()).collect()
    };
    let names: BTreeMap<String, String> =
        rows(&out.path().join("photos.csv")).iter().map(|row| (row[0].to_owned(), row[5].to_owned())).collect();
    let shards = made.shards.iter().map(|row| Shard::read(&out.path().join(&row.file)).unwrap());
    let photos = shards.flat_map(|shard| shard.samples).map(|sample| (names[&sample.key].clone(), sample.record)).collect();
    let skipped = rows(&out.path().join(SKIPPED));
    let skipped = skipped.iter().map(|row| (row[0].to_owned(), serde_json::from_value(row[1].into()).unwrap()));
    Found { photos, skipped: skipped.collect() }
}

#[test]
fn a_grid_becomes_four_and_stays_with_its_upscales() {
    let grid = format!("peter_a_wet_street_at_dusk_{GRID}.png");
    let single = format!("peter_a_wet_street_at_dusk_{GRID}_2.png");
    let upscale = format!("peter_a_wet_street_{UPSCALE}.jpg");
    let description = format!("a wet street at dusk, neon::2 --ar 1:1 --v 6 Job ID: {GRID}");
    let found = read(&[
        (grid.clone(), png(&picture(&[1, 2, 3, 4], SIDE), None)),
        (single.clone(), png(&picture(&[3], SIDE), Some(("Description", &description)))),
        // Twice as large, under another job, its name cut off.
        (upscale.clone(), jpeg::encode(&picture(&[2], 2 * SIDE)).unwrap()),
        // Renamed: only its looks tell what it is.
        ("wallpaper.jpg".to_owned(), jpeg::encode(&picture(&[4], 2 * SIDE)).unwrap()),
    ]);
    assert_eq!(found.skipped, []);
    let names: Vec<&str> = found.photos.keys().map(String::as_str).collect();
    let quarters: Vec<String> = (0..4).map(|quarter| format!("{grid}#{quarter}")).collect();
    let mut want: Vec<&str> = quarters.iter().map(String::as_str).chain([&*single, &*upscale, "wallpaper.jpg"]).collect();
    want.sort_unstable();
    assert_eq!(names, want);
    let groups: Vec<_> = found.photos.values().map(|record| record.group.clone().unwrap()).collect();
    assert!(groups.iter().all(|group| *group == groups[0]), "{groups:?}");
    // The whole prompt stands in one file; all of its job have it.
    for (name, prompt) in
        [(&quarters[0], "a wet street at dusk, neon"), (&single, "a wet street at dusk, neon"), (&upscale, "a wet street")]
    {
        let [caption] = &found.photos[name].captions[..] else { panic!("{name}: {:?}", found.photos[name].captions) };
        assert_eq!((caption.text(), caption.origin()), (prompt, Origin::Prompt), "{name}");
    }
    assert_eq!(found.photos[&quarters[3]].more["variant"], 3);
}

#[test]
fn what_cannot_be_used_is_named_with_its_reason() {
    let flat = |side: usize| Picture::new(side as u32, side as u32, vec![90; side * side * 3]).unwrap();
    let cases: [(&str, Vec<u8>, Reason); 5] = [
        ("holiday.png", png(&picture(&[5], SIDE), None), Reason::NoCaption),
        ("peter_a_kerb_JOB_1.png", png(&flat(SIDE), None), Reason::Blank),
        ("peter_a_kerb_JOB_grid_0.png", png(&picture(&[6], SIDE + 1), None), Reason::WrongSize),
        ("peter_a_kerb_JOB.png", png(&picture(&[7], SIDE), None)[..900].to_vec(), Reason::DamagedPhoto),
        ("grid-0001.png", png(&picture(&[8], 2 * SIDE), Some(("parameters", "a kerb\nSteps: 20"))), Reason::WrongSize),
    ];
    for (name, bytes, reason) in cases {
        let name = name.replace("JOB", GRID);
        let good = (format!("peter_stairs_{UPSCALE}_0.png"), png(&picture(&[9], SIDE), None));
        let found = read(&[(name.clone(), bytes), good]);
        assert_eq!(found.skipped, [(name.clone(), reason)], "{name}");
        assert_eq!(found.photos.len(), 1, "{name}");
    }
}
