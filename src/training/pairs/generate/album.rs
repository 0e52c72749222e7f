//! The pictures of a run on disk: those that are kept, and those that are set aside with their reason.
//!
//! Owns the folders `pictures` and `aside`, their files and what a picture must be to stay. `NNNNNN.json` is written last: with it a
//! picture is there, so that a run that was killed goes on where it was.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Painted, renderer::Answer, request::Request};
use crate::{
    bundle::ASIDE,
    capture,
    frame::Picture,
    training::{
        TrainingError,
        pairs::{
            Reason, Skip,
            likeness::Hasher,
            spool::{failed, write},
        },
    },
};

/// Folder of the pictures that are kept.
pub const PICTURES: &str = "pictures";
/// Folder of those that are not.
pub const SET_ASIDE: &str = "aside";
/// How a JPEG begins.
const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF];

/// Pictures in a folder.
#[derive(Debug)]
pub struct Album {
    pictures: PathBuf,
    aside: PathBuf,
}

/// `pictures/NNNNNN.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// What was asked for.
    pub request: Request,
    /// What the renderer said of it, where it was the painter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// `aside/NNNNNN.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// What was asked for.
    pub request: Request,
    /// Why it is not kept.
    #[serde(flatten)]
    pub skip: Skip,
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Its picture is there.
    Kept(Box<Kept>),
    /// Its picture was set aside.
    Aside(Skip),
    /// It was not painted yet.
    Due,
}

impl Album {
    /// The album in `out`, made if it is not there; what a killed run left half written goes.
    pub fn open(out: &Path) -> Result<Self, TrainingError> {
        let album = Self { pictures: out.join(PICTURES), aside: out.join(SET_ASIDE) };
        for dir in [&album.pictures, &album.aside] {
            fs::create_dir_all(dir).map_err(|source| failed(dir, source))?;
            for entry in fs::read_dir(dir).map_err(|source| failed(dir, source))? {
                let path = entry.map_err(|source| failed(dir, source))?.path();
                if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(ASIDE)) {
                    fs::remove_file(&path).map_err(|source| failed(&path, source))?;
                }
            }
        }
        Ok(album)
    }

    /// The folder of what is kept.
    pub fn dir(&self) -> &Path {
        &self.pictures
    }

    /// The folder of what was set aside.
    pub fn aside(&self) -> &Path {
        &self.aside
    }

    /// The file of the picture, map or record of a request that is kept.
    pub fn file(&self, request: &Request, ending: &str) -> PathBuf {
        self.pictures.join(format!("{}.{ending}", request.id))
    }

    /// Where `request` stands. A picture of another request in its place is an error.
    pub fn standing(&self, request: &Request) -> Result<Standing, TrainingError> {
        let kept = self.file(request, "json");
        let aside = self.aside.join(format!("{}.json", request.id));
        let (found, standing) = if kept.exists() {
            let kept: Kept = read(&kept)?;
            (kept.request.clone(), Standing::Kept(Box::new(kept)))
        } else if aside.exists() {
            let refused: Refused = read(&aside)?;
            (refused.request, Standing::Aside(refused.skip))
        } else {
            return Ok(Standing::Due);
        };
        if found.is(request) {
            return Ok(standing);
        }
        let problem =
            format!("picture {} was made of another request (another seed, size or grammar); give another --out", request.id);
        Err(TrainingError::Data { file: self.pictures.display().to_string(), problem })
    }

    /// Whether each of `requests` was painted, kept or not.
    pub fn is_done(&self, requests: &[Request]) -> Result<bool, TrainingError> {
        for request in requests {
            if self.standing(request)? == Standing::Due {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps a picture that was looked at.
    pub fn keep(&self, request: &Request, painted: Painted) -> Result<(), TrainingError> {
        let photo = if painted.picture.starts_with(JPEG) {
            painted.picture
        } else {
            let mut picture = Picture::default();
            capture::decode(&request.id, &painted.picture, &mut picture)?;
            capture::jpeg::encode(&picture)?
        };
        write(&self.file(request, "jpg"), &photo)?;
        if let Some(map) = painted.map {
            write(&self.file(request, "png"), &map)?;
        }
        let answer =
            painted.facets.map(|facets| Answer { id: Some(request.id.clone()), ok: true, facets, problem: String::new() });
        self.note(&self.file(request, "json"), &Kept { request: request.clone(), answer })
    }

    /// Notes why `request` has no picture; `picture` is what there is of one. A picture that was kept goes with it.
    pub fn set_aside(&self, request: &Request, skip: Skip, picture: Option<&[u8]>) -> Result<(), TrainingError> {
        let path = |ending: &str| self.aside.join(format!("{}.{ending}", request.id));
        let kept = self.file(request, "jpg");
        match picture {
            Some(bytes) => write(&path("jpg"), bytes)?,
            None if kept.exists() => fs::rename(&kept, path("jpg")).map_err(|source| failed(&kept, source))?,
            None => {}
        }
        self.note(&path("json"), &Refused { request: request.clone(), skip })?;
        for ending in ["json", "png"] {
            let file = self.file(request, ending);
            if file.exists() {
                fs::remove_file(&file).map_err(|source| failed(&file, source))?;
            }
        }
        Ok(())
    }

    fn note(&self, path: &Path, what: &impl Serialize) -> Result<(), TrainingError> {
        let text = serde_json::to_vec(what).map_err(|error| failed(path, error.into()))?;
        write(path, &text)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, TrainingError> {
    let text = fs::read(path).map_err(|source| failed(path, source))?;
    let problem = |error| format!("{error}; delete it, and its picture is painted again");
    serde_json::from_slice(&text)
        .map_err(|error| TrainingError::Data { file: path.display().to_string(), problem: problem(error) })
}

/// The perceptual hash of a picture for `request`, or why it can't stay.
pub fn look(request: &Request, bytes: &[u8], hasher: &mut Hasher) -> Result<u64, Skip> {
    let mut picture = Picture::default();
    capture::decode(&request.id, bytes, &mut picture).map_err(|error| Skip::new(Reason::DamagedPhoto, error))?;
    let (width, height) = (picture.width(), picture.height());
    if (width, height) != (request.width, request.height) {
        let detail = format!("{width} x {height}, asked for {} x {}", request.width, request.height);
        return Err(Skip::new(Reason::WrongSize, detail));
    }
    match hasher.hash(&picture) {
        0 => Err(Skip::new(Reason::Blank, "one colour all over")),
        hash => Ok(hash),
    }
}
