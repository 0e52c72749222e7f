//! A stranger's photos: a folder with folders in it, or a tar, and nothing else; with maps of the same names in a folder beside them
//! at best.

use std::path::{Path, PathBuf};

use super::{
    files,
    masks::{Legend, MaskFormat},
    tars::{self, Span},
};
use crate::{
    evaluation::shard::Record,
    ontology::StreetMap,
    training::{
        TrainingError,
        pairs::{Collection, Entry, Reason, Skip, Skipped},
    },
};

/// Photos of which nothing is known but what a map shows.
pub struct Photos {
    root: PathBuf,
    /// Where the photos lie in `root`, where that is a tar.
    spans: Option<Vec<Span>>,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    masks: Option<Masks>,
}

struct Masks {
    dir: PathBuf,
    legend: Legend,
}

impl Photos {
    /// The photos in the folder or the tar `root`, in the order of their names.
    pub fn open(root: &Path) -> Result<Self, TrainingError> {
        let mut skipped = Vec::new();
        let (names, spans) = if root.is_dir() {
            (files::walk(root, files::is_photo)?, None)
        } else {
            let (names, spans) = in_tar(root, &mut skipped)?;
            (names, Some(spans))
        };
        if names.is_empty() && skipped.is_empty() {
            return Err(files::wrong(root, "no photos there; name a folder or a tar of JPEG, PNG or WebP files".to_owned()));
        }
        let entries = names.into_iter().map(|name| Entry { group: name.clone(), name, split: None }).collect();
        Ok(Self { root: root.to_owned(), spans, entries, skipped, masks: None })
    }

    /// The same with maps in `dir`: each a PNG of its photo's name and folder, or of its name alone.
    pub fn with_masks(self, dir: &Path, format: MaskFormat) -> Result<Self, TrainingError> {
        files::need(dir, "give the folder of the maps")?;
        Ok(Self { masks: Some(Masks { dir: dir.to_owned(), legend: Legend::find(format, dir)? }), ..self })
    }
}

fn in_tar(root: &Path, skipped: &mut Vec<Skipped>) -> Result<(Vec<Box<str>>, Vec<Span>), TrainingError> {
    if !root.is_file() {
        return Err(files::wrong(root, "no such file or folder; give the place of the photos".to_owned()));
    }
    let mut found: Vec<(Box<str>, Span)> = Vec::new();
    let walked = tars::walk(root, |name, span| {
        // A map lies beside its photo in a WebDataset.
        if files::is_photo(name) && !name.ends_with(".seg.png") {
            found.push((name.into(), span));
        }
    });
    if let Err(error) = walked {
        skipped.push(Skipped { name: root.display().to_string(), skip: Skip::new(Reason::DamagedPhoto, error) });
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    Ok(found.into_iter().unzip())
}

impl Masks {
    /// The map of the photo `name`: beside it in a copy of its folders, else in the one folder.
    fn find(&self, name: &str) -> Result<PathBuf, Skip> {
        let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
        let (stem, plain) = (files::stem(name), self.dir.join(folders));
        // CamVid and Cityscapes end the names of maps in their own ways.
        let scene = stem.strip_suffix("_leftImg8bit").unwrap_or(stem);
        let names = [format!("{stem}.png"), format!("{stem}_L.png"), format!("{scene}_gtFine_labelIds.png")];
        let places = [&plain, &self.dir].into_iter().flat_map(|dir| names.iter().map(move |name| dir.join(name)));
        let missing = || {
            let detail = format!("{name}: no map named {} in {}", names.join(" or "), self.dir.display());
            Skip::new(Reason::MissingMask, detail)
        };
        places.into_iter().find(|path| path.is_file()).ok_or_else(missing)
    }
}

impl Collection for Photos {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn photo(&self, entry: usize) -> Result<Vec<u8>, Skip> {
        let name = &*self.entries[entry].name;
        match &self.spans {
            Some(spans) => {
                spans[entry].read(&self.root).map_err(|error| Skip::new(Reason::DamagedPhoto, format!("{name}: {error}")))
            }
            None => files::read(&self.root.join(name), Reason::MissingPhoto, Reason::DamagedPhoto),
        }
    }

    fn record(&self, _entry: usize) -> Result<Record, Skip> {
        Ok(Record::default())
    }

    fn map(&self, entry: usize, width: usize, height: usize) -> Result<Option<StreetMap>, Skip> {
        let Some(masks) = &self.masks else { return Ok(None) };
        let path = masks.find(&self.entries[entry].name)?;
        let bytes = files::read(&path, Reason::MissingMask, Reason::DamagedMask)?;
        masks.legend.read(&path.display().to_string(), &bytes, width, height).map(Some)
    }
}
