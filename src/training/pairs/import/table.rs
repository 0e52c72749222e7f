//! Tables of photos and captions, as open_clip trains on: a header, a row a photo, columns by name.

use std::path::{Path, PathBuf};

use csv::ReaderBuilder;

use super::{
    captions::{Captions, Rows},
    files,
    tree::Tree,
};
use crate::training::{
    TrainingError,
    pairs::{Reason, Skip, Skipped, spool::failed},
};

/// How a table is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// What stands between two fields.
    pub separator: u8,
    /// The column of the photo's path, absolute or from the table's folder.
    pub photo: String,
    /// The column of the sentence.
    pub caption: String,
}

impl Default for Columns {
    /// As open_clip's `--csv-separator`, `--csv-img-key` and `--csv-caption-key`.
    fn default() -> Self {
        Self { separator: b'\t', photo: "filepath".to_owned(), caption: "title".to_owned() }
    }
}

/// The table `root`, or all `*.csv` and `*.tsv` in the folder `root`. A table whose name begins with train, val or test is that split.
pub fn open(root: &Path, columns: &Columns) -> Result<Tree<Captions>, TrainingError> {
    let (dir, tables) = if root.is_dir() {
        let is_table = |name: &str| !name.contains('/') && (name.ends_with(".csv") || name.ends_with(".tsv"));
        (root, files::walk(root, is_table)?)
    } else {
        let name = root.file_name().map(|name| name.to_string_lossy().into()).unwrap_or_default();
        (root.parent().unwrap_or(Path::new("")), vec![name])
    };
    if tables.is_empty() {
        return Err(files::wrong(root, "no *.csv or *.tsv there; give the table itself".to_owned()));
    }
    let (mut rows, mut skipped) = (Rows::default(), Vec::new());
    for name in tables {
        read(&dir.join(&*name), &name, columns, &mut rows, &mut skipped)?;
    }
    let (entries, captions) = rows.finish();
    Tree::new(dir, entries, skipped, captions)
}

fn read(path: &Path, name: &str, columns: &Columns, rows: &mut Rows, skipped: &mut Vec<Skipped>) -> Result<(), TrainingError> {
    let table = |error: csv::Error| failed(path, error.into());
    let mut reader = ReaderBuilder::new().delimiter(columns.separator).flexible(true).from_path(path).map_err(table)?;
    let header = reader.byte_headers().map_err(table)?.clone();
    let place = |wanted: &str| {
        header.iter().position(|column| column == wanted.as_bytes()).ok_or_else(|| {
            let there: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
            let problem = format!(
                "no column {wanted:?} but {there:?}; name columns and separator with --csv-img-key, --csv-caption-key, --csv-separator"
            );
            files::wrong(path, problem)
        })
    };
    let (photo, caption) = (place(&columns.photo)?, place(&columns.caption)?);
    let split = files::split_of_name(name);
    let mut row = csv::ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(table)? {
        match (row.get(photo), row.get(caption)) {
            (Some(photo), Some(caption)) if !photo.is_empty() => {
                let photo = String::from_utf8_lossy(photo);
                rows.add(photo.trim_start_matches("./"), split, &String::from_utf8_lossy(caption));
            }
            _ => {
                let line = row.position().map_or(0, csv::Position::line);
                let fields: Vec<_> = row.iter().map(String::from_utf8_lossy).collect();
                let skip = Skip::new(Reason::BadRecord, format!("a path and a caption are meant, and it says {fields:?}"));
                skipped.push(Skipped { name: format!("{}:{line}", PathBuf::from(path).display()), skip });
            }
        }
    }
    Ok(())
}
