//! Cityscapes with its fine annotations.
//!
//! Owns its folders: `leftImg8bit/SPLIT/CITY/CITY_SEQUENCE_FRAME_leftImg8bit.png` and, under `gtFine`, the label ids and the instance
//! ids of the same frame. An instance id of 1000 or more is its label times 1000 and a number; below that it is the label of what is
//! not told apart (cityscapesScripts, `json2instanceImg.py`).

use std::path::{Path, PathBuf};

use super::{
    files,
    masks::{self, Legend, MaskFormat},
    tree::{self, Format, Tree},
};
use crate::{
    evaluation::shard::Record,
    ontology::{Numbering, Ontology, StreetMap},
    training::{
        TrainingError,
        pairs::{Entry, Skip},
    },
};

/// The first and the last label whose things are told apart: person to bicycle.
const COUNTED: std::ops::RangeInclusive<u16> = 24..=33;

/// The maps under `gtFine`.
pub struct Cityscapes {
    root: PathBuf,
    legend: Legend,
    things: [Option<u8>; 256],
}

/// The data set in `root`.
pub fn open(root: &Path) -> Result<Tree<Cityscapes>, TrainingError> {
    let (photos, maps) = (root.join("leftImg8bit"), root.join("gtFine"));
    files::need(&photos, "give the folder that holds Cityscapes' leftImg8bit and gtFine")?;
    files::need(&maps, "unpack gtFine_trainvaltest.zip beside leftImg8bit")?;
    let entry = |name: Box<str>| {
        let scene = files::base(&name).trim_end_matches("_leftImg8bit.png");
        // Frames of one sequence follow one another within two seconds.
        let group = scene.rsplit_once('_').map_or(scene, |(sequence, _)| sequence).into();
        let split = name.split('/').next().and_then(files::split);
        Entry { group, split, name: format!("leftImg8bit/{name}").into() }
    };
    let entries = files::walk(&photos, |name| name.ends_with("_leftImg8bit.png"))?.into_iter().map(entry).collect();
    let photo = |stem: &str| Some(format!("{}_leftImg8bit", stem.strip_suffix("_gtFine_labelIds")?));
    let skipped = tree::without_photo(&photos, &maps, photo)?;
    let format = Cityscapes {
        root: root.to_owned(),
        legend: Legend::find(MaskFormat::Cityscapes, &maps)?,
        things: Ontology::shipped()?.numbered(Numbering::Cityscapes),
    };
    Tree::new(root, entries, skipped, format)
}

impl Format for Cityscapes {
    fn record(&self, _name: &str, _entry: usize) -> Result<Record, Skip> {
        Ok(Record::default())
    }

    fn map(&self, name: &str, width: usize, height: usize) -> Result<Option<StreetMap>, Skip> {
        let scene = name.trim_start_matches("leftImg8bit/").trim_end_matches("_leftImg8bit.png");
        let file = |kind: &str| self.root.join("gtFine").join(format!("{scene}_gtFine_{kind}.png"));
        let (labels, instances) = (file("labelIds"), file("instanceIds"));
        let thing = |number: u16| {
            let (label, one) = if number < 1000 { (number, 0) } else { (number / 1000, number % 1000 + 1) };
            let known = one == 0 || COUNTED.contains(&label);
            known.then(|| Some((self.things.get(usize::from(label)).copied()??, one)))?
        };
        masks::read_pair(&self.legend, [&labels, &instances], (width, height), thing).map(Some)
    }
}
