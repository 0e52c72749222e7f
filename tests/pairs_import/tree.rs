//! A data set in a folder of its own: writing it, reading it, and damaging it.

use std::{fs, path::PathBuf};

use streetscape::{
    capture::{
        jpeg,
        maps::{Numbers, read_map, write_map},
    },
    evaluation::shard::{Record, Shard},
    frame::Picture,
    training::{
        pairs::{
            MANIFEST, Manifest, Reason, SKIPPED, Settings, Shares, gather,
            import::{self, Layout},
            segments::Segments,
        },
        progress::Show,
    },
};
use tempfile::TempDir;

/// Width and height of every photo.
pub const SIZE: (usize, usize) = (16, 12);

/// A folder that is gone with its value.
pub struct Tree(pub TempDir);

impl Tree {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Replaces a word in a file of text.
    pub fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }
}

/// A photo that looks like no other: blocks of random light.
pub fn photo(seed: u64) -> Vec<u8> {
    let (width, height) = SIZE;
    let light = |block: usize| {
        let state = (seed * 64 + block as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((state ^ state >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8
    };
    let rgb = (0..width * height).flat_map(|at| [light(at / width / 3 * 4 + at % width / 4); 3]);
    jpeg::encode(&Picture::new(width as u32, height as u32, rgb.collect()).unwrap()).unwrap()
}

/// Rows of one value: `rows` of them share the picture's height evenly.
pub fn rows<T: Copy>(rows: &[T]) -> Vec<T> {
    let (width, height) = SIZE;
    (0..width * height).map(|at| rows[at / width * rows.len() / height]).collect()
}

/// A grey map of 8 bits.
pub fn bytes(values: &[u8]) -> Vec<u8> {
    write_map("map", SIZE.0, SIZE.1, &rows(values)).unwrap()
}

fn png(colour: png::ColorType, depth: png::BitDepth, (width, height): (usize, usize), data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A grey map of 16 bits.
pub fn words(values: &[u16]) -> Vec<u8> {
    let data: Vec<u8> = rows(values).into_iter().flat_map(u16::to_be_bytes).collect();
    png(png::ColorType::Grayscale, png::BitDepth::Sixteen, SIZE, &data)
}

/// A map of colours.
pub fn colours(values: &[[u8; 3]]) -> Vec<u8> {
    png(png::ColorType::Rgb, png::BitDepth::Eight, SIZE, rows(values).as_flattened())
}

/// A map that is too narrow.
pub fn narrow() -> Vec<u8> {
    write_map("map", 3, 3, &[0; 9]).unwrap()
}

/// What became of a tree.
pub struct Found {
    /// Split, record and map of each photo, by what it was called in its collection.
    pub photos: Vec<(String, String, Record, Option<Vec<u8>>)>,
    /// Reason, name and detail.
    pub skipped: Vec<(Reason, String, String)>,
}

impl Found {
    #[track_caller]
    pub fn get(&self, name: &str) -> (&str, &Record, Option<&[u8]>) {
        let found = self.photos.iter().find(|(known, ..)| known == name);
        let (_, split, record, map) = found.unwrap_or_else(|| panic!("no {name}: {:?}, {:?}", self.names(), self.skipped));
        (split, record, map.as_deref())
    }

    pub fn names(&self) -> Vec<&str> {
        self.photos.iter().map(|(name, ..)| name.as_str()).collect()
    }

    /// The sentences of people.
    #[track_caller]
    pub fn told(&self, name: &str) -> Vec<&str> {
        self.get(name).1.captions.iter().map(|sentence| sentence.text()).collect()
    }
}

/// Gathers what lies in `root` and reads the shards back.
pub fn read(layout: &Layout, root: &std::path::Path, segments: bool) -> Found {
    let out = TempDir::new().unwrap();
    let collection = import::open(layout, root).unwrap();
    let settings = Settings { source: "test".to_owned(), licence: None, shares: Shares::default(), per_shard: 2, seed: 1 };
    let segments = segments.then(|| Segments::shipped().unwrap());
    gather(&*collection, segments.as_ref(), out.path(), &settings, "test", Show::Nothing).unwrap();
    let made: Manifest = serde_json::from_slice(&fs::read(out.path().join(MANIFEST)).unwrap()).unwrap();
    let names: Vec<String> = csv::Reader::from_path(out.path().join("photos.csv"))
        .unwrap()
        .records()
        .map(|row| row.unwrap()[5].to_owned())
        .collect();
    let mut photos = Vec::new();
    for row in &made.shards {
        let shard = Shard::read(&out.path().join(&row.file)).unwrap();
        for sample in &shard.samples {
            let map = shard.map(sample).map(|map| {
                let Numbers::Bytes(things) = read_map("map", map).unwrap().numbers else { panic!("no map of bytes") };
                things
            });
            let split = sample.record.split.clone().unwrap();
            photos.push((names[photos.len()].clone(), split, sample.record.clone(), map));
        }
    }
    let table = csv::Reader::from_path(out.path().join(SKIPPED));
    let skipped = table.unwrap().into_records().map(|row| {
        let row = row.unwrap();
        let reason = serde_json::from_value(row[1].into()).unwrap();
        (reason, row[0].to_owned(), row[2].to_owned())
    });
    Found { photos, skipped: skipped.collect() }
}

/// One kind of damage: what it is, how it is done, the reason that it is skipped for, and what the message names.
pub type Damage = (&'static str, fn(&Tree), Reason, &'static str);

/// An undamaged tree loses nothing; a damaged one loses `lost` photos at most one for each damage, and says why.
#[track_caller]
pub fn check_damages(layout: &Layout, whole: fn() -> Tree, segments: bool, damages: &[Damage]) -> Found {
    let found = read(layout, whole().0.path(), segments);
    assert_eq!(found.skipped, [], "nothing is damaged");
    for (what, damage, reason, named) in damages {
        let tree = whole();
        damage(&tree);
        let hurt = read(layout, tree.0.path(), segments);
        let [(skipped, name, detail)] = &hurt.skipped[..] else { panic!("{what}: {:?}", hurt.skipped) };
        assert_eq!(skipped, reason, "{what}: {name}: {detail}");
        assert!(format!("{name}: {detail}").contains(named), "{what}: {name}: {detail}");
        let lost = found.photos.len() - hurt.photos.len();
        assert!(lost <= 1, "{what}: {lost} photos lost");
    }
    found
}
