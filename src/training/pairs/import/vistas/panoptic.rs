//! Panoptic maps, whose colours are numbers of segments, and the table that says what each segment is. The form is COCO's.

use std::{
    collections::HashMap,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::super::{files, masks};
use crate::{
    capture::maps::{Numbers, read_map},
    ontology::{Ontology, StreetMap, VOID},
    training::{
        TrainingError,
        pairs::{Reason, Skip, spool::failed},
    },
};

/// What the segments of each photo are.
pub struct Panoptic {
    categories: HashMap<u32, Category>,
    /// By the photo's key.
    segments: HashMap<Box<str>, Box<[Segment]>>,
}

struct Category {
    thing: Option<u8>,
    counted: bool,
}

#[derive(Deserialize)]
struct Table {
    categories: Vec<CategoryRow>,
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct CategoryRow {
    id: u32,
    /// A label's name in the config; `name` is what people read.
    supercategory: String,
    isthing: u8,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: Box<str>,
    segments_info: Box<[Segment]>,
}

#[derive(Deserialize)]
struct Segment {
    id: u32,
    category_id: u32,
    #[serde(default)]
    iscrowd: u8,
}

impl Panoptic {
    /// Names of the table, newest first.
    const TABLES: [&str; 2] = ["panoptic_2020.json", "panoptic_2018.json"];

    /// The table in `dir`; `None` where there is none.
    pub fn find(dir: &Path) -> Result<Option<Self>, TrainingError> {
        Self::TABLES.iter().map(|name| dir.join(name)).find(|path| path.is_file()).map(Self::read_table).transpose()
    }

    fn read_table(path: PathBuf) -> Result<Self, TrainingError> {
        let file = File::open(&path).map_err(|source| failed(&path, source))?;
        let table: Table = serde_json::from_reader(BufReader::new(file))
            .map_err(|error| files::wrong(&path, format!("{error}; unpack the data set again")))?;
        let ontology = Ontology::shipped()?;
        let category =
            |row: CategoryRow| (row.id, Category { thing: ontology.vistas(&row.supercategory), counted: row.isthing != 0 });
        Ok(Self {
            categories: table.categories.into_iter().map(category).collect(),
            segments: table.annotations.into_iter().map(|row| (row.image_id, row.segments_info)).collect(),
        })
    }

    /// The map in `path`, which must have the photo's size.
    pub fn read(&self, path: &Path, width: usize, height: usize) -> Result<StreetMap, Skip> {
        let file = path.display().to_string();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        let unlisted = || Skip::new(Reason::MissingMask, format!("{file}: the table of segments has no row for it"));
        let segments = self.segments.get(&*stem).ok_or_else(unlisted)?;
        let mut known: HashMap<u32, (u8, u16)> = HashMap::from([(0, (VOID, 0))]);
        for (number, segment) in (1..).zip(segments) {
            let category = self.categories.get(&segment.category_id);
            let Some(Category { thing: Some(thing), counted }) = category else {
                let detail = format!("{file}: segment {}: no label has the number {}", segment.id, segment.category_id);
                return Err(Skip::new(Reason::UnknownLabel, detail));
            };
            known.insert(segment.id, (*thing, if *counted && segment.iscrowd == 0 { number } else { 0 }));
        }
        let bytes = files::read(path, Reason::MissingMask, Reason::DamagedMask)?;
        let map = read_map(&file, &bytes).map_err(|error| Skip::new(Reason::DamagedMask, error))?;
        let Numbers::Colours(colours) = &map.numbers else {
            return Err(Skip::new(Reason::Palette, format!("{file}: holds no colours; a panoptic map is of 24 bits")));
        };
        let of = |(at, colour): (usize, &[u8; 3])| {
            let id = u32::from_le_bytes([colour[0], colour[1], colour[2], 0]);
            let place = || format!("{file}: column {}, row {}: no segment has the number {id}", at % map.width, at / map.width);
            known.get(&id).copied().ok_or_else(|| Skip::new(Reason::InstanceOutOfRange, place()))
        };
        let pixels: Vec<(u8, u16)> = colours.iter().enumerate().map(of).collect::<Result<_, _>>()?;
        let (things, numbers) = pixels.into_iter().unzip();
        let whole = StreetMap::new(map.width, map.height, things).and_then(|map| map.with_instances(numbers));
        let whole = whole.ok_or_else(|| Skip::new(Reason::DamagedMask, format!("{file}: no pixels")))?;
        if (map.width, map.height) == (width, height) { Ok(whole) } else { Err(masks::mismatch(&file, &whole, width, height)) }
    }
}
