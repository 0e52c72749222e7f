//! From a map's file to a map in the project's terms.
//!
//! Owns what the values of each published kind of map stand for, and what is wrong with a map that doesn't fit its photo. Leaves the
//! tables to `ontology`.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::Deserialize;

use super::files;
use crate::{
    capture::maps::{Numbers, read_map},
    ontology::{Numbering, Ontology, StreetMap, VOID, stretches},
    training::{
        TrainingError,
        pairs::{Reason, Skip},
    },
};

/// Whose numbers or colours a map holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskFormat {
    /// The project's own ontology.
    Street,
    /// Cityscapes' `labelIds`.
    Cityscapes,
    /// Cityscapes' train ids.
    CityscapesTrain,
    /// CamVid's colours.
    CamVid,
    /// CamVid as SegNet numbers it.
    CamVidSegNet,
    /// Mapillary Vistas' labels, by a `config*.json` beside the maps or above them.
    Vistas,
}

impl MaskFormat {
    /// All, each with the name that stands in commands and records.
    pub const ALL: [(&str, MaskFormat); 6] = [
        ("street", MaskFormat::Street),
        ("cityscapes", MaskFormat::Cityscapes),
        ("cityscapes-train", MaskFormat::CityscapesTrain),
        ("camvid", MaskFormat::CamVid),
        ("camvid-segnet", MaskFormat::CamVidSegNet),
        ("vistas", MaskFormat::Vistas),
    ];
}

impl FromStr for MaskFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let find = |(known, format): &(&str, MaskFormat)| (*known == name).then_some(*format);
        Self::ALL.iter().find_map(find).ok_or_else(|| {
            let names = Self::ALL.map(|(name, _)| name).join(", ");
            format!("no kind of map is called {name}; there are {names}")
        })
    }
}

/// What the values of a map stand for.
pub struct Legend(Meaning);

enum Meaning {
    Numbers(Box<[Option<u8>; 256]>),
    Colours(Box<Ontology>),
}

impl Legend {
    /// The legend of the maps in `dir`.
    pub fn find(format: MaskFormat, dir: &Path) -> Result<Self, TrainingError> {
        let ontology = Ontology::shipped()?;
        let numbering = match format {
            MaskFormat::Street => Numbering::Street,
            MaskFormat::Cityscapes => Numbering::Cityscapes,
            MaskFormat::CityscapesTrain => Numbering::CityscapesTrain,
            MaskFormat::CamVidSegNet => Numbering::CamVidSegNet,
            MaskFormat::CamVid => return Ok(Self(Meaning::Colours(Box::new(ontology)))),
            MaskFormat::Vistas => return Ok(VistasLabels::find(dir)?.legend()),
        };
        Ok(Self(Meaning::Numbers(Box::new(ontology.numbered(numbering)))))
    }

    /// The map in `bytes`, which must have the photo's size; messages name `file`.
    pub fn read(&self, file: &str, bytes: &[u8], width: usize, height: usize) -> Result<StreetMap, Skip> {
        let map = self.read_any_size(file, bytes)?;
        if (map.width(), map.height()) == (width, height) { Ok(map) } else { Err(mismatch(file, &map, width, height)) }
    }

    /// The same of whatever size.
    pub fn read_any_size(&self, file: &str, bytes: &[u8]) -> Result<StreetMap, Skip> {
        let map = read_map(file, bytes).map_err(|error| Skip::new(Reason::DamagedMask, error))?;
        let place = |at: usize| format!("column {}, row {}", at % map.width, at / map.width);
        let things: Vec<u8> = match (&self.0, &map.numbers) {
            (Meaning::Numbers(table), Numbers::Bytes(values)) => {
                let mut things = vec![VOID; values.len()];
                for (value, places) in stretches(values) {
                    let Some(thing) = table[usize::from(value)] else {
                        let detail = format!("{file}: {}: no label has the number {value}", place(places.start));
                        return Err(Skip::new(Reason::UnknownLabel, detail));
                    };
                    things[places].fill(thing);
                }
                things
            }
            (Meaning::Colours(ontology), Numbers::Colours(colours)) => {
                let mut known: HashMap<[u8; 3], u8> = HashMap::new();
                let mut last = ([0; 3], None);
                let thing = |(at, colour): (usize, &[u8; 3])| {
                    if let (true, Some(thing)) = (last.0 == *colour, last.1) {
                        return Ok(thing);
                    }
                    let thing = match known.get(colour).copied().or_else(|| ontology.camvid(*colour)) {
                        Some(thing) => thing,
                        None => {
                            let detail = format!("{file}: {}: no label has the colour {colour:?}", place(at));
                            return Err(Skip::new(Reason::Palette, detail));
                        }
                    };
                    known.insert(*colour, thing);
                    last = (*colour, Some(thing));
                    Ok(thing)
                };
                colours.iter().enumerate().map(thing).collect::<Result<_, _>>()?
            }
            (Meaning::Numbers(_), _) => {
                return Err(Skip::new(Reason::Palette, format!("{file}: holds colours or 16 bits, not labels of 8 bits")));
            }
            (Meaning::Colours(_), _) => {
                return Err(Skip::new(Reason::Palette, format!("{file}: holds numbers, not the colours of labels")));
            }
        };
        let empty = || Skip::new(Reason::DamagedMask, format!("{file}: no pixels"));
        StreetMap::new(map.width, map.height, things).ok_or_else(empty)
    }
}

/// `map` in its photo's size, which it has or is half of: each of its pixels then stands for four.
pub fn doubled(map: StreetMap, file: &str, width: usize, height: usize) -> Result<StreetMap, Skip> {
    let halved = |whole: usize, half: usize| half == whole / 2 || half == whole.div_ceil(2);
    if (map.width(), map.height()) == (width, height) {
        return Ok(map);
    }
    let wrong = || mismatch(file, &map, width, height);
    if !halved(width, map.width()) || !halved(height, map.height()) {
        return Err(wrong());
    }
    let (last_x, last_y) = (map.width() - 1, map.height() - 1);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| ((x / 2).min(last_x), (y / 2).min(last_y))));
    let things = places.map(|(x, y)| map.at(x, y)).collect();
    StreetMap::new(width, height, things).ok_or_else(wrong)
}

/// What is wrong with a map that has not its photo's size.
pub fn mismatch(file: &str, map: &StreetMap, width: usize, height: usize) -> Skip {
    let detail = format!("{file}: {} x {} pixels, and its photo has {width} x {height}", map.width(), map.height());
    Skip::new(Reason::SizeMismatch, detail)
}

/// The map of a pair of files: one of labels, and one of 16 bits that tells things apart where it is there. `thing` says which thing of
/// the ontology a number of the second belongs to and which of its kind it is, and nothing of numbers that the format doesn't allow.
pub fn read_pair(
    legend: &Legend,
    [labels, instances]: [&Path; 2],
    (width, height): (usize, usize),
    thing: impl Fn(u16) -> Option<(u8, u16)>,
) -> Result<StreetMap, Skip> {
    let bytes = files::read(labels, Reason::MissingMask, Reason::DamagedMask)?;
    let map = legend.read(&labels.display().to_string(), &bytes, width, height)?;
    if !instances.is_file() {
        return Ok(map);
    }
    let bytes = files::read(instances, Reason::MissingMask, Reason::DamagedMask)?;
    with_instances(map, &instances.display().to_string(), &bytes, thing)
}

fn with_instances(
    map: StreetMap,
    file: &str,
    bytes: &[u8],
    thing: impl Fn(u16) -> Option<(u8, u16)>,
) -> Result<StreetMap, Skip> {
    let found = read_map(file, bytes).map_err(|error| Skip::new(Reason::DamagedMask, error))?;
    let Numbers::Words(numbers) = found.numbers else {
        return Err(Skip::new(Reason::Palette, format!("{file}: not of 16 bits, as numbers of things are")));
    };
    if (found.width, found.height) != (map.width(), map.height()) {
        let detail = format!("{file}: {} x {} pixels, and the labels' map has others", found.width, found.height);
        return Err(Skip::new(Reason::SizeMismatch, detail));
    }
    let of = |(at, (number, label)): (usize, (&u16, &u8))| match thing(*number) {
        Some((thing, one)) if thing == *label => Ok(one),
        wrong => {
            let place = format!("{file}: column {}, row {}: {number}", at % found.width, at / found.width);
            let problem = if wrong.is_some() { "is of another kind than the label there" } else { "is no number of a thing" };
            Err(Skip::new(Reason::InstanceOutOfRange, format!("{place} {problem}")))
        }
    };
    let ones = numbers.iter().zip(map.things()).enumerate().map(of).collect::<Result<_, _>>()?;
    let empty = || Skip::new(Reason::DamagedMask, format!("{file}: no pixels"));
    map.with_instances(ones).ok_or_else(empty)
}

/// The labels of Mapillary Vistas by number, as `config*.json` lists them.
pub struct VistasLabels {
    /// The thing that each stands for; `None` where the ontology doesn't know the label.
    pub things: Vec<Option<u8>>,
    /// Whether its things are told apart.
    pub counted: Vec<bool>,
}

#[derive(Deserialize)]
struct VistasConfig {
    labels: Vec<VistasLabel>,
}

#[derive(Deserialize)]
struct VistasLabel {
    name: String,
    #[serde(default)]
    instances: bool,
}

impl VistasLabels {
    /// Names of the file, newest first; before version 1.2 stood beside 2.0 it had no number.
    const CONFIGS: [&str; 3] = ["config_v2.0.json", "config_v1.2.json", "config.json"];

    /// Reads the config in `dir` or in a folder above it, up to the data set's own.
    fn find(dir: &Path) -> Result<Self, TrainingError> {
        let places = dir.ancestors().take(4).flat_map(|above| Self::CONFIGS.map(|name| above.join(name)));
        // Maps under v1.2 are numbered by that version, whatever else lies beside.
        let version = dir.components().find_map(|part| part.as_os_str().to_str().filter(|part| part.starts_with('v')));
        let fits = |path: &PathBuf| match version {
            Some(version @ ("v1.2" | "v2.0")) => path.to_string_lossy().contains(version),
            _ => true,
        };
        match places.into_iter().filter(fits).find(|path| path.is_file()) {
            Some(path) => Self::read(&path),
            None => Err(files::wrong(dir, "no config*.json here or above; copy Vistas' own beside the maps".to_owned())),
        }
    }

    /// Reads the config `path`.
    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let wrong = |problem: String| files::wrong(path, format!("{problem}; take the config that came with the data set"));
        let text = fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let config: VistasConfig = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        if config.labels.is_empty() || config.labels.len() > 256 {
            return Err(wrong(format!("{} labels, where 1 to 256 are meant", config.labels.len())));
        }
        let ontology = Ontology::shipped()?;
        let things = config.labels.iter().map(|label| ontology.vistas(&label.name)).collect();
        Ok(Self { things, counted: config.labels.iter().map(|label| label.instances).collect() })
    }

    /// The same for maps of 8 bits.
    pub fn legend(&self) -> Legend {
        Legend(Meaning::Numbers(Box::new(std::array::from_fn(|value| self.things.get(value).copied().flatten()))))
    }
}
