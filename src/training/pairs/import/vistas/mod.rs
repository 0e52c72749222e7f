//! Mapillary Vistas, versions 1.2 and 2.0.
//!
//! Owns its folders: `config_v2.0.json` with `training/images/KEY.jpg` and `training/v2.0/{labels,instances,panoptic}/KEY.png`, the
//! same for 1.2, and what was shipped before 2.0, without the version in names. Of an instance map's 16 bits the upper eight are the
//! label, the lower eight tell things of one label apart, as the data set's own demonstration reads them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use panoptic::Panoptic;

use super::{
    files,
    masks::{self, Legend, VistasLabels},
    tree::{self, Format, Tree},
};
use crate::{
    evaluation::shard::Record,
    ontology::StreetMap,
    training::{
        TrainingError,
        pairs::{Entry, Skip},
    },
};

mod panoptic;

/// The folders of photos.
const SPLITS: [&str; 3] = ["training", "validation", "testing"];
/// Config and folder of maps of each version, newest first; then those of maps that lie beside `images`.
const VERSIONS: [(&str, &str); 4] =
    [("config_v2.0.json", "v2.0"), ("config_v1.2.json", "v1.2"), ("config_v1.2.json", ""), ("config.json", "")];

/// The maps of one version.
pub struct Vistas {
    root: PathBuf,
    /// Folder of the version within that of a split.
    version: &'static str,
    labels: VistasLabels,
    legend: Legend,
    /// By the split's folder.
    panoptic: BTreeMap<&'static str, Panoptic>,
}

/// The data set in `root`, in its newest version there.
pub fn open(root: &Path) -> Result<Tree<Vistas>, TrainingError> {
    files::need(root, "give the folder that holds Vistas' config and training, validation and testing")?;
    let kinds = ["labels", "instances", "panoptic"];
    let has_maps =
        |version: &str| SPLITS.iter().any(|split| kinds.iter().any(|kind| root.join(split).join(version).join(kind).is_dir()));
    let found = VERSIONS.into_iter().find(|(config, version)| root.join(config).is_file() && has_maps(version));
    let Some((config, version)) = found else {
        let problem = "no config_v2.0.json, config_v1.2.json or config.json with maps of its version beside it; unpack the data set whole";
        return Err(files::wrong(root, problem.to_owned()));
    };
    let labels = VistasLabels::read(&root.join(config))?;
    let mut format = Vistas { root: root.to_owned(), version, legend: labels.legend(), labels, panoptic: BTreeMap::new() };
    let (mut entries, mut skipped) = (Vec::new(), Vec::new());
    for split in SPLITS {
        let photos = root.join(split).join("images");
        if !photos.is_dir() {
            continue;
        }
        let maps = root.join(split).join(version);
        for name in files::walk(&photos, files::is_photo)? {
            let name: Box<str> = format!("{split}/images/{name}").into();
            entries.push(Entry { group: name.clone(), name, split: files::split(split) });
        }
        skipped.extend(tree::without_photo(&photos, &maps.join("labels"), |stem| Some(stem.to_owned()))?);
        if let Some(panoptic) = Panoptic::find(&maps.join("panoptic"))? {
            format.panoptic.insert(split, panoptic);
        }
    }
    Tree::new(root, entries, skipped, format)
}

impl Format for Vistas {
    fn record(&self, _name: &str, _entry: usize) -> Result<Record, Skip> {
        Ok(Record::default())
    }

    fn map(&self, name: &str, width: usize, height: usize) -> Result<Option<StreetMap>, Skip> {
        let split = name.split('/').next().unwrap_or_default();
        let file = |kind: &str| self.root.join(split).join(self.version).join(kind).join(format!("{}.png", files::stem(name)));
        let (labels, instances) = (file("labels"), file("instances"));
        if let (false, Some(panoptic)) = (labels.is_file() && instances.is_file(), self.panoptic.get(split))
            && file("panoptic").is_file()
        {
            return panoptic.read(&file("panoptic"), width, height).map(Some);
        }
        let thing = |number: u16| {
            let [label, one] = number.to_be_bytes();
            let counted = self.labels.counted.get(usize::from(label))?;
            // The first of a kind is 0 there; here 0 is a thing that was not numbered.
            Some((self.labels.things[usize::from(label)]?, if *counted { u16::from(one) + 1 } else { 0 }))
        };
        masks::read_pair(&self.legend, [&labels, &instances], (width, height), thing).map(Some)
    }
}
