//! CamVid, as its makers ship it and as SegNet does.
//!
//! Owns both layouts: `701_StillsRaw_full/NAME.png` with `LabeledApproved_full/NAME_L.png` in 32 colours; and `train`, `val`, `test`
//! with `trainannot`, `valannot`, `testannot` in twelve numbers, each with a list such as `train.txt`, a line a photo and its map. A
//! name begins with its drive: `0001TP_006690`, `Seq05VD_f00000`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    files,
    masks::{Legend, MaskFormat},
    tree::{self, Format, Tree},
};
use crate::{
    evaluation::shard::Record,
    ontology::StreetMap,
    training::{
        TrainingError,
        data::Split,
        pairs::{Entry, Reason, Skip, Skipped, spool::failed},
    },
};

const STILLS: &str = "701_StillsRaw_full";
const LABELED: &str = "LabeledApproved_full";
const SPLITS: [&str; 3] = ["train", "val", "test"];

/// The maps of one layout.
pub struct CamVid {
    root: PathBuf,
    legend: Legend,
    as_segnet: bool,
}

/// The data set in `root`, told by its folders.
pub fn open(root: &Path) -> Result<Tree<CamVid>, TrainingError> {
    files::need(root, "give the folder that holds CamVid's photos and maps")?;
    let (mut entries, mut skipped) = (Vec::new(), Vec::new());
    let as_segnet = !root.join(STILLS).is_dir();
    if as_segnet {
        for split in SPLITS.into_iter().filter(|split| root.join(split).is_dir()) {
            let (photos, maps) = (root.join(split), root.join(format!("{split}annot")));
            let mut names: BTreeSet<Box<str>> = files::walk(&photos, files::is_photo)?.into_iter().collect();
            names.extend(listed(&root.join(format!("{split}.txt")), &mut skipped)?);
            entries.extend(names.iter().map(|name| entry(split, name, files::split(split))));
            skipped.extend(tree::without_photo(&photos, &maps, |stem| Some(stem.to_owned()))?);
        }
    } else {
        let (photos, maps) = (root.join(STILLS), root.join(LABELED));
        entries.extend(files::walk(&photos, files::is_photo)?.iter().map(|name| entry(STILLS, name, None)));
        skipped.extend(tree::without_photo(&photos, &maps, |stem| stem.strip_suffix("_L").map(str::to_owned))?);
    }
    if entries.is_empty() && skipped.is_empty() {
        let problem = format!("neither {STILLS} nor train, val or test in it; give the folder that holds them");
        return Err(files::wrong(root, problem));
    }
    let kind = if as_segnet { MaskFormat::CamVidSegNet } else { MaskFormat::CamVid };
    let format = CamVid { root: root.to_owned(), legend: Legend::find(kind, root)?, as_segnet };
    Tree::new(root, entries, skipped, format)
}

fn entry(folder: &str, name: &str, split: Option<Split>) -> Entry {
    let drive = files::base(name).split('_').next().unwrap_or_default();
    Entry { name: format!("{folder}/{name}").into(), group: drive.into(), split }
}

/// The photos that a list names, whose paths are those of its maker's machine; none where there is no list.
fn listed(list: &Path, skipped: &mut Vec<Skipped>) -> Result<Vec<Box<str>>, TrainingError> {
    if !list.is_file() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(list).map_err(|source| failed(list, source))?;
    let mut names = Vec::new();
    for (line, row) in (1..).zip(text.lines()).filter(|(_, row)| !row.trim().is_empty()) {
        match row.split_whitespace().collect::<Vec<_>>()[..] {
            [photo, _map] => names.push(files::base(photo).into()),
            _ => skipped.push(Skipped {
                name: format!("{}:{line}", list.display()),
                skip: Skip::new(Reason::BadRecord, format!("two paths are meant, and it says {row:?}")),
            }),
        }
    }
    Ok(names)
}

impl Format for CamVid {
    fn record(&self, _name: &str, _entry: usize) -> Result<Record, Skip> {
        Ok(Record::default())
    }

    fn map(&self, name: &str, width: usize, height: usize) -> Result<Option<StreetMap>, Skip> {
        let stem = files::stem(name);
        let path = if self.as_segnet {
            let split = name.split('/').next().unwrap_or_default();
            self.root.join(format!("{split}annot")).join(format!("{stem}.png"))
        } else {
            self.root.join(LABELED).join(format!("{stem}_L.png"))
        };
        let bytes = files::read(&path, Reason::MissingMask, Reason::DamagedMask)?;
        self.legend.read(&path.display().to_string(), &bytes, width, height).map(Some)
    }
}
