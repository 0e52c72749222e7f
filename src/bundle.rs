//! A model on disk: a folder with the two towers as ONNX files, a tokenizer, and `bundle.toml`, which says how to use them.
//!
//! Owns the folder's layout, its checksums and, in `calibration`, that part's shape. Leaves running a tower to `encoder`, applying the
//! calibration to `ranking`, making a bundle to `training`.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    embedding::{Embedding, EmbeddingError},
    vocabulary::hex,
};

mod calibration;

pub use calibration::{Calibration, CaptionCalibration, ClassCalibration, FacetCalibration};

/// The version of the layout that this program reads and writes.
pub const FORMAT: u32 = 1;
/// The description that every bundle has.
pub const MANIFEST: &str = "bundle.toml";
/// Image tower, 32-bit floats.
pub const IMAGE_F32: &str = "image.f32.onnx";
/// Image tower, 8-bit weights: for CPUs with VNNI and for NPUs.
pub const IMAGE_INT8: &str = "image.int8.onnx";
/// Image tower, 8-bit weights of which neighbours are rounded so that their products can be added: on x86 CPUs without VNNI
/// sums of two full ones saturate.
pub const IMAGE_INT8R: &str = "image.int8r.onnx";
/// Image tower, 16-bit floats, where it pays.
pub const IMAGE_F16: &str = "image.f16.onnx";
/// Text tower, 8-bit weights.
pub const TEXT_INT8: &str = "text.int8.onnx";
/// Text tower, 32-bit floats, in bundles made of somebody else's model.
pub const TEXT_F32: &str = "text.f32.onnx";
/// Text tower, 16-bit floats: for graphics, outside of a walk.
pub const TEXT_F16: &str = "text.f16.onnx";
/// The text tower's tokenizer, as Hugging Face writes it.
pub const TOKENIZER: &str = "tokenizer.json";
/// Embeddings of the vocabulary's prompts, a row each.
pub const PROMPTS: &str = "prompts.npy";
/// What training adds to the mean of each class's prompts, a row for each class of the vocabulary; not of unit length. Task
/// residuals: Yu et al. 2023, "Task Residual for Tuning Vision-Language Models".
pub const RESIDUALS: &str = "residuals.npy";
/// What training learned of the names in `[names]`, a row each: a sentence that one of its templates makes of a name is embedded as that row,
/// whatever the text tower makes of it.
pub const NAMES: &str = "names.npy";
/// Embeddings of ordinary street photos, a row each.
pub const BACKGROUND: &str = "background.npy";
/// By which an embedding tells how the camera is held, a row of weights for each of [`HELD`].
pub const AIM: &str = "aim.npy";
/// The rows of `aim.npy`: as it should be, on its side, at the sky, at the ground.
pub const HELD: [&str; 4] = ["upright", "on_side", "sky", "ground"];
/// Begins the name of a file that is not whole yet.
pub const ASIDE: &str = ".aside-";

/// `bundle.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version, [`FORMAT`].
    pub format: u32,
    /// The bundle's name, that of its folder.
    pub name: String,
    /// The model's own version.
    pub version: String,
    /// Terms of the weights; the card says more.
    pub licence: String,
    /// Components of an embedding.
    pub embedding: usize,
    /// What is added to the products of an embedding with the rows of `aim.npy`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<[f32; HELD.len()]>,
    /// How pixels become the image tower's input.
    pub image: Preprocessing,
    /// How text becomes the text tower's input.
    pub text: TextInput,
    /// What `prompts.npy` was made of.
    pub prompts: Option<PromptSource>,
    /// Names that photos taught.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// How scores become probabilities.
    #[serde(default)]
    pub calibration: Calibration,
    /// Where the model comes from: free words by key.
    #[serde(default)]
    pub provenance: BTreeMap<String, String>,
    /// Every other file of the bundle.
    pub files: BTreeMap<String, FileRecord>,
}

/// How pixels become the image tower's input, (N, 3, size, size), `(pixel / 255 - mean) / std`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Side of the square input in pixels.
    pub size: u32,
    /// How an oblong picture becomes a square.
    pub fit: Fit,
    /// How pixels are interpolated.
    pub filter: Filter,
    /// Mean of red, green, blue, in [0, 1].
    pub mean: [f32; 3],
    /// Standard deviation of red, green, blue, in [0, 1].
    pub std: [f32; 3],
}

/// How an oblong picture becomes a square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Its short side becomes the square's, the middle is kept; half a pixel goes to the even side, as torchvision and open_clip do.
    Crop,
    /// The same; half a pixel goes to the end, as transformers does.
    CropFloor,
    /// Both sides become the square's.
    Squash,
    /// What is longer than 4 to 3 is cut to that in the middle, then both sides become the square's: as wide as the parts of photos that `fit`
    /// learns from, and as most cameras see.
    Trim,
}

/// How pixels are interpolated, always antialiased as Pillow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Cubic convolution with a = -0.5 (Catmull-Rom), Pillow's BICUBIC.
    Bicubic,
    /// Triangle, Pillow's BILINEAR.
    Bilinear,
}

/// How text becomes the text tower's input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextInput {
    /// The most tokens that the tower reads, its special tokens counted; longer texts are truncated.
    pub context: usize,
    /// The id that fills a batch's shorter texts.
    pub pad: u32,
}

/// What `prompts.npy` was made of; where either differs, the prompts are embedded anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptSource {
    /// `Vocabulary::hash`.
    pub vocabulary: String,
    /// SHA-256 of the text tower's file.
    pub text: String,
}

/// Names that photos taught, and the sentences that ask for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Sentences in which `{}` stands for the name.
    pub templates: Vec<String>,
    /// One for each row of `names.npy`.
    pub of: Vec<String>,
}

/// One file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// Why a bundle can't be used.
#[derive(Debug, Error)]
pub enum BundleError {
    /// None of the places where a model may lie has one.
    #[error("no model found; looked in {}; name one with --model or STREETSCAPE_MODEL", looked.join(", "))]
    NotFound {
        /// The places, in order.
        looked: Vec<String>,
    },
    /// A file can't be read or written.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// `bundle.toml` is damaged.
    #[error("{file}: {source}; restore the bundle from where it came")]
    Manifest {
        /// The file.
        file: String,
        /// Line, column and cause.
        source: Box<toml::de::Error>,
    },
    /// Made by a later program.
    #[error("{file}: format {found} is newer than this program reads ({FORMAT}); update streetscape")]
    Format {
        /// The file.
        file: String,
        /// Its format.
        found: u32,
    },
    /// A file that `bundle.toml` doesn't name.
    #[error("{file}: not a part of this bundle; its bundle.toml does not name it")]
    Unlisted {
        /// The file.
        file: String,
    },
    /// The bytes are not those that the bundle was made of.
    #[error("{file}: altered or damaged: {problem}; restore the bundle from where it came")]
    Altered {
        /// The file.
        file: String,
        /// What differs.
        problem: String,
    },
    /// The values in `bundle.toml` can't be meant.
    #[error("{file}: {problem}")]
    Meaning {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A row of an array of embeddings is none.
    #[error("{file}: row {row}: {source}")]
    Row {
        /// The file.
        file: String,
        /// Its row, from 0.
        row: usize,
        /// What it is instead.
        source: EmbeddingError,
    },
}

/// An opened bundle. Opening reads `bundle.toml` and looks at sizes; each file's checksum is tested when it is read.
#[derive(Clone, Debug)]
pub struct Bundle {
    dir: PathBuf,
    /// What `bundle.toml` says.
    pub manifest: Manifest,
}

impl Bundle {
    /// Opens `dir`: the manifest is read whole, and every file that is there must have its length.
    pub fn open(dir: &Path) -> Result<Self, BundleError> {
        let path = dir.join(MANIFEST);
        let file = path.display().to_string();
        let text = fs::read_to_string(&path).map_err(|source| BundleError::File { file: file.clone(), source })?;
        // Before the rest, whose shape a later format may have changed.
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let syntax = |source| BundleError::Manifest { file: file.clone(), source: Box::new(source) };
        let Versioned { format } = toml::from_str(&text).map_err(syntax)?;
        if format > FORMAT {
            return Err(BundleError::Format { file, found: format });
        }
        let manifest: Manifest = toml::from_str(&text).map_err(syntax)?;
        meaning(&manifest).map_err(|problem| BundleError::Meaning { file, problem })?;
        let bundle = Self { dir: dir.to_owned(), manifest };
        for (name, record) in &bundle.manifest.files {
            match fs::metadata(bundle.dir.join(name)) {
                Ok(there) if there.len() != record.bytes => {
                    return Err(bundle.altered(name, format!("{} bytes instead of {}", there.len(), record.bytes)));
                }
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(BundleError::File { file: bundle.path(name), source });
                }
                // A walker's device may leave out the files that it doesn't load.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(bundle)
    }

    /// The folders where a model named `street` may lie, first come first taken: `STREETSCAPE_MODEL`, then [`model_places`].
    pub fn places() -> Vec<PathBuf> {
        let chosen = env::var_os("STREETSCAPE_MODEL").map(PathBuf::from);
        chosen.into_iter().chain(model_places("street")).collect()
    }

    /// Opens the first bundle there is of [`Bundle::places`]. A bundle that is there and damaged is an error, not skipped.
    pub fn find() -> Result<Self, BundleError> {
        let places = Self::places();
        match places.iter().find(|place| place.join(MANIFEST).exists()) {
            Some(place) => Self::open(place),
            None => Err(BundleError::NotFound { looked: places.iter().map(|p| p.display().to_string()).collect() }),
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether `name` belongs to this bundle and is there.
    pub fn has(&self, name: &str) -> bool {
        self.manifest.files.contains_key(name) && self.dir.join(name).is_file()
    }

    /// The bytes of one file, after its checksum was found right.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, BundleError> {
        let Some(record) = self.manifest.files.get(name) else {
            return Err(BundleError::Unlisted { file: self.path(name) });
        };
        let bytes = fs::read(self.dir.join(name)).map_err(|source| BundleError::File { file: self.path(name), source })?;
        let found = checksum(&bytes);
        if found != record.sha256 {
            return Err(self.altered(name, format!("SHA-256 is {found}, not {}", record.sha256)));
        }
        Ok(bytes)
    }

    /// Reads an array of embeddings, (rows, embedding) float32.
    pub fn embeddings(&self, name: &str) -> Result<Vec<Embedding>, BundleError> {
        let unit = |(row, raw)| Embedding::new(raw).map_err(|source| BundleError::Row { file: self.path(name), row, source });
        self.rows(name)?.into_iter().enumerate().map(unit).collect()
    }

    /// Reads the rows of an array, (rows, embedding) float32, as they stand.
    pub fn rows(&self, name: &str) -> Result<Vec<Vec<f32>>, BundleError> {
        let bytes = self.read(name)?;
        let bad = |problem: String| self.altered(name, problem);
        let array = npyz::NpyFile::new(&bytes[..]).map_err(|e| bad(e.to_string()))?;
        let width = self.manifest.embedding;
        if array.shape().get(1) != Some(&(width as u64)) || array.shape().len() != 2 {
            return Err(bad(format!("its shape is {:?}, not (rows, {width})", array.shape())));
        }
        let values: Vec<f32> = array.into_vec().map_err(|e| bad(e.to_string()))?;
        Ok(values.chunks(width).map(<[f32]>::to_vec).collect())
    }

    /// Tests every file's checksum; the problems in the order of their names, empty where all is well. A missing file is one.
    pub fn check(&self) -> Vec<BundleError> {
        self.manifest.files.keys().filter_map(|name| self.read(name).err()).collect()
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn altered(&self, name: &str, problem: String) -> BundleError {
        BundleError::Altered { file: self.path(name), problem }
    }
}

impl Manifest {
    /// Lists the files of `dir` that a bundle may have with their checksums, then writes `bundle.toml` aside and renames it.
    pub fn seal(&mut self, dir: &Path) -> Result<(), BundleError> {
        const IMAGES: [&str; 4] = [IMAGE_F32, IMAGE_INT8, IMAGE_INT8R, IMAGE_F16];
        const OTHERS: [&str; 9] = [TEXT_INT8, TEXT_F32, TEXT_F16, TOKENIZER, PROMPTS, RESIDUALS, NAMES, BACKGROUND, AIM];
        self.files.clear();
        for name in IMAGES.into_iter().chain(OTHERS) {
            let path = dir.join(name);
            match fs::read(&path) {
                Ok(bytes) => {
                    let record = FileRecord { sha256: checksum(&bytes), bytes: bytes.len() as u64 };
                    self.files.insert(name.to_owned(), record);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(BundleError::File { file: path.display().to_string(), source }),
            }
        }
        let path = dir.join(MANIFEST);
        let meaning = |problem| BundleError::Meaning { file: path.display().to_string(), problem };
        let text = toml::to_string_pretty(self).map_err(|e| meaning(e.to_string()))?;
        write_whole(&path, text.as_bytes()).map_err(|source| BundleError::File { file: path.display().to_string(), source })
    }
}

/// Where the user's own models lie: `models` in streetscape's data folder.
pub fn user_models() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "streetscape").map(|dirs| dirs.data_dir().join("models"))
}

/// The folders where the model `name` may lie: the user's data folder, beside the program, the checkout.
pub fn model_places(name: &str) -> Vec<PathBuf> {
    let inside = Path::new("models").join(name);
    let mut places: Vec<PathBuf> = user_models().map(|models| models.join(name)).into_iter().collect();
    let program = env::current_exe().ok();
    places.extend(program.iter().filter_map(|p| p.parent()).map(|p| p.join(&inside)));
    // target/release/streetscape lies three folders below the checkout.
    places.extend(program.iter().flat_map(|p| p.ancestors().skip(2).take(3)).map(|p| p.join(&inside)));
    places.push(Path::new(env!("CARGO_MANIFEST_DIR")).join(inside));
    places
}

/// SHA-256 in hexadecimal.
pub fn checksum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Writes a file that is there whole or not at all: aside in the same folder, flushed, then renamed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write;
    let mut aside = aside(path)?;
    aside.write_all(bytes)?;
    aside.as_file().sync_all()?;
    aside.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Lets `fill` write into a folder that becomes `dir`, which must be new or empty, once it is whole. What the system refuses, `failed`
/// puts into words.
pub fn make_whole<T, E>(dir: &Path, failed: impl Fn(io::Error) -> E, fill: impl FnOnce(&Path) -> Result<T, E>) -> Result<T, E> {
    if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(failed(io::Error::new(io::ErrorKind::DirectoryNotEmpty, "the folder is not empty; name a new one")));
    }
    let parent = dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(&failed)?;
    let aside = tempfile::Builder::new().prefix(ASIDE).tempdir_in(parent).map_err(&failed)?;
    // Made through a folder of its own, as a temporary one is its owner's alone.
    let whole = aside.path().join("whole");
    fs::create_dir(&whole).map_err(&failed)?;
    let made = fill(&whole)?;
    fs::rename(&whole, dir).map_err(&failed)?;
    Ok(made)
}

/// A file beside `path`, to be persisted there once it is whole; its name begins with [`ASIDE`]. What is kept reads like any other
/// file, where a temporary one is its owner's alone.
pub fn aside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(ASIDE);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    builder.tempfile_in(dir)
}

fn meaning(manifest: &Manifest) -> Result<(), String> {
    let Manifest { embedding, image, text, calibration, .. } = manifest;
    if !(8..=8192).contains(embedding) {
        return Err(format!("embedding = {embedding}: between 8 and 8192 is meant"));
    }
    if !(16..=2048).contains(&image.size) {
        return Err(format!("image.size = {}: between 16 and 2048 pixels is meant", image.size));
    }
    if image.std.iter().any(|s| !s.is_finite() || *s <= 0.0) || image.mean.iter().any(|m| !m.is_finite()) {
        return Err("image.mean and image.std: finite numbers are meant, std above 0".to_owned());
    }
    if !(3..=4096).contains(&text.context) {
        return Err(format!("text.context = {}: between 3 and 4096 tokens is meant", text.context));
    }
    for facet in &calibration.facets {
        let place = format!("calibration of {} in {}", facet.facet, facet.view);
        let finite = facet.classes.values().all(|c| c.bias.is_finite() && c.threshold.is_finite());
        if !facet.scale.is_finite() || facet.scale <= 0.0 || !finite {
            return Err(format!("{place}: finite numbers are meant, scale above 0"));
        }
    }
    Ok(())
}
