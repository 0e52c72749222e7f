//! COCO captions.
//!
//! Owns its folders: `annotations/captions_train2017.json` with `train2017/*.jpg` beside `annotations`, or under `images`. Each photo
//! has a licence of its own, by a number in the same file.

use std::{
    collections::HashMap,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    captions::{Captions, Rows},
    files,
    tree::{Format, Tree},
};
use crate::{
    evaluation::shard::Record,
    training::{
        TrainingError,
        pairs::{Reason, Skip, Skipped, spool::failed},
    },
};

#[derive(Deserialize)]
struct Table {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
    #[serde(default)]
    licenses: Vec<Licence>,
}

#[derive(Deserialize)]
struct Image {
    id: u64,
    file_name: Box<str>,
    #[serde(default)]
    license: Option<u32>,
}

#[derive(Deserialize)]
struct Annotation {
    id: u64,
    image_id: u64,
    caption: String,
}

#[derive(Deserialize)]
struct Licence {
    id: u32,
    name: String,
}

/// What COCO says of its photos.
pub struct Coco {
    captions: Captions,
    /// By their numbers, which all its files share.
    licences: HashMap<u32, String>,
    /// The number of each photo that has one, by name.
    terms: HashMap<Box<str>, u32>,
}

/// The data set in `root`.
pub fn open(root: &Path) -> Result<Tree<Coco>, TrainingError> {
    let annotations = root.join("annotations");
    files::need(&annotations, "give the folder that holds COCO's annotations and its photos")?;
    let is_table = |name: &str| name.starts_with("captions_") && name.ends_with(".json");
    let tables = files::walk(&annotations, is_table)?;
    if tables.is_empty() {
        let problem = "no captions_*.json there; unpack annotations_trainval2017.zip".to_owned();
        return Err(files::wrong(&annotations, problem));
    }
    let (mut rows, mut skipped) = (Rows::default(), Vec::new());
    let (mut licences, mut terms) = (HashMap::new(), HashMap::new());
    for name in tables {
        let path = annotations.join(&*name);
        let part = files::stem(&name).trim_start_matches("captions_");
        let split = files::split_of_name(part);
        let folder = ["", "images/"].map(|above| format!("{above}{part}"));
        let folder = folder.iter().find(|folder| root.join(folder).is_dir()).unwrap_or(&folder[0]);
        let Table { images, annotations, licenses } = read(path.clone())?;
        let photo = |image: Image| {
            let name: Box<str> = format!("{folder}/{}", image.file_name).into();
            rows.add(&name, split, "");
            terms.extend(image.license.map(|licence| (name.clone(), licence)));
            (image.id, name)
        };
        let photos: HashMap<u64, Box<str>> = images.into_iter().map(photo).collect();
        for Annotation { id, image_id, caption } in annotations {
            match photos.get(&image_id) {
                Some(photo) => rows.add(photo, split, &caption),
                None => {
                    let detail = format!("its photo, number {image_id}, is not in the list of photos");
                    let name = format!("{}: annotation {id}", path.display());
                    skipped.push(Skipped { name, skip: Skip::new(Reason::BadRecord, detail) });
                }
            }
        }
        licences.extend(licenses.into_iter().map(|Licence { id, name }| (id, name)));
    }
    let (entries, captions) = rows.finish();
    Tree::new(root, entries, skipped, Coco { captions, licences, terms })
}

fn read(path: PathBuf) -> Result<Table, TrainingError> {
    let file = File::open(&path).map_err(|source| failed(&path, source))?;
    serde_json::from_reader(BufReader::new(file))
        .map_err(|error| files::wrong(&path, format!("{error}; unpack the annotations again")))
}

impl Format for Coco {
    fn record(&self, name: &str, entry: usize) -> Result<Record, Skip> {
        let licence = self.terms.get(name).and_then(|number| self.licences.get(number)).cloned();
        Ok(Record { licence, ..self.captions.record(name, entry)? })
    }
}
