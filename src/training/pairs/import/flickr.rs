//! Flickr8k and Flickr30k, in each of the forms that they are passed on in.
//!
//! Owns the tables: `Flickr8k.token.txt` and `results_20130124.token` (`NAME#N`, tab, sentence), `results.csv` (`NAME| N| sentence`,
//! nothing quoted), `captions.txt` (`image,caption`, quoted where a comma stands in it); and the lists of the splits of Flickr8k,
//! `Flickr_8k.trainImages.txt` and so on. Where in the folder these and the photos lie differs from copy to copy, so all are looked
//! for by name.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use csv::ReaderBuilder;

use super::{
    captions::{Captions, Rows},
    files,
    tree::Tree,
};
use crate::training::{
    TrainingError,
    data::Split,
    pairs::{Reason, Skip, Skipped, spool::failed},
};

/// How a table is written.
#[derive(Clone, Copy)]
enum Form {
    Token,
    Piped,
    Quoted,
}

/// The tables' names, the publishers' own first.
const TABLES: [(&str, Form); 5] = [
    ("Flickr8k.token.txt", Form::Token),
    ("results_20130124.token", Form::Token),
    ("results.csv", Form::Piped),
    ("captions.txt", Form::Quoted),
    ("captions.csv", Form::Quoted),
];
const LISTS: [(&str, Split); 3] = [
    ("Flickr_8k.trainImages.txt", Split::Train),
    ("Flickr_8k.devImages.txt", Split::Val),
    ("Flickr_8k.testImages.txt", Split::Test),
];

/// The data set in `root`.
pub fn open(root: &Path) -> Result<Tree<Captions>, TrainingError> {
    files::need(root, "give the folder that holds the photos and their captions")?;
    let others = files::walk(root, |name| !files::is_photo(name))?;
    let find = |wanted: &str| others.iter().find(|name| files::base(name) == wanted).map(|name| root.join(&**name));
    let Some((table, form)) = TABLES.into_iter().find_map(|(name, form)| Some((find(name)?, form))) else {
        let names = TABLES.map(|(name, _)| name).join(", ");
        return Err(files::wrong(root, format!("none of {names} in it; put the captions beside the photos")));
    };
    let mut splits = HashMap::new();
    for (name, split) in LISTS {
        if let Some(list) = find(name) {
            let text = fs::read_to_string(&list).map_err(|source| failed(&list, source))?;
            splits.extend(text.lines().map(|photo| (photo.trim().to_owned(), split)));
        }
    }
    let photos = files::walk(root, files::is_photo)?;
    let mut rows = Rows::default();
    photos.iter().for_each(|path| rows.add(path, splits.get(files::base(path)).copied(), ""));
    let places: HashMap<&str, &str> = photos.iter().map(|path| (files::base(path), &**path)).collect();
    let mut skipped = Vec::new();
    read(table, form, &mut skipped, |photo, sentence| {
        rows.add(places.get(photo).unwrap_or(&photo), splits.get(photo).copied(), sentence);
    })?;
    let (entries, captions) = rows.finish();
    Tree::new(root, entries, skipped, captions)
}

/// Tells `each` the photo and the sentence of every row.
fn read(path: PathBuf, form: Form, skipped: &mut Vec<Skipped>, mut each: impl FnMut(&str, &str)) -> Result<(), TrainingError> {
    let bytes = fs::read(&path).map_err(|source| failed(&path, source))?;
    let mut bad = |line: u64, row: &str| {
        let skip = Skip::new(Reason::BadRecord, format!("a photo and a sentence are meant, and it says {row:?}"));
        skipped.push(Skipped { name: format!("{}:{line}", path.display()), skip });
    };
    if let Form::Quoted = form {
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(&bytes[..]);
        for row in reader.byte_records() {
            let Ok(row) = row else { continue };
            let line = row.position().map_or(0, csv::Position::line);
            let fields: Vec<_> = row.iter().map(String::from_utf8_lossy).collect();
            match &fields[..] {
                // Copies that were not quoted have more fields than two.
                [photo, sentence @ ..] if !sentence.is_empty() && !photo.is_empty() => each(photo.trim(), &sentence.join(",")),
                _ => bad(line, &fields.join(",")),
            }
        }
        return Ok(());
    }
    let text = String::from_utf8_lossy(&bytes);
    for (line, row) in (1..).zip(text.lines()).filter(|(_, row)| !row.trim().is_empty()) {
        let parts = match form {
            Form::Piped => row.split_once('|').and_then(|(photo, rest)| Some((photo, rest.split_once('|')?.1))),
            _ => row.split_once('\t').and_then(|(photo, rest)| Some((photo.split_once('#')?.0, rest))),
        };
        match parts {
            Some((photo, _)) if line == 1 && photo.trim() == "image_name" => {}
            Some((photo, sentence)) => each(photo.trim(), sentence),
            None => bad(line, row),
        }
    }
    Ok(())
}
