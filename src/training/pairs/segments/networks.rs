//! The networks that label photos of which there is no map: one copy of each for each core that asks.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::{
    bundle::checksum,
    encoder::{Detection, Detector, EncoderError, Runtime, Segmenter, SessionOptions},
    evaluation::shard::Object,
    frame::Picture,
    ontology::StreetMap,
    training::{TrainingError, pairs::spool},
};

/// The longest side of a map that is drawn, in pixels: finer than the network's answer, and small beside the photo.
const LONGEST: u32 = 512;
/// Score from which a finding is kept in the record; what is told of it is decided later.
const LEAST: f32 = 0.3;

/// Networks of one kind, opened as they are needed.
struct Pool<T> {
    path: PathBuf,
    open: fn(&Runtime, &Path, &SessionOptions) -> Result<T, EncoderError>,
    idle: Mutex<Vec<T>>,
}

impl<T> Pool<T> {
    /// Opens the first, so that a bad file is told of before any photo is read.
    fn new(path: &Path, open: fn(&Runtime, &Path, &SessionOptions) -> Result<T, EncoderError>) -> Result<Self, TrainingError> {
        let pool = Self { path: path.to_owned(), open, idle: Mutex::default() };
        let first = pool.another()?;
        pool.give_back(first);
        Ok(pool)
    }

    fn another(&self) -> Result<T, EncoderError> {
        // Each core works on a photo of its own: more threads would only wait for one another.
        (self.open)(Runtime::load(None)?, &self.path, &SessionOptions { threads: 1, ..SessionOptions::default() })
    }

    fn give_back(&self, network: T) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(network);
    }

    fn with<U>(&self, work: impl FnOnce(&mut T) -> Result<U, EncoderError>) -> Result<U, EncoderError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut network = idle.map_or_else(|| self.another(), Ok)?;
        let done = work(&mut network);
        self.give_back(network);
        done
    }
}

/// A segmenter, a detector, or both.
#[derive(Default)]
pub struct Networks {
    segmenter: Option<Pool<Segmenter>>,
    detector: Option<Pool<Detector>>,
}

impl Networks {
    /// Opens the networks in these files.
    pub fn open(segmenter: Option<&Path>, detector: Option<&Path>) -> Result<Self, TrainingError> {
        Ok(Self {
            segmenter: segmenter.map(|path| Pool::new(path, Segmenter::open)).transpose()?,
            detector: detector.map(|path| Pool::new(path, Detector::open)).transpose()?,
        })
    }

    /// SHA-256 of each network's file: with others, photos are told of otherwise.
    pub fn checksums(&self) -> Result<Vec<String>, TrainingError> {
        let segmenter = self.segmenter.iter().map(|pool| &pool.path);
        let files = segmenter.chain(self.detector.iter().map(|pool| &pool.path));
        files.map(|path| fs::read(path).map(|bytes| checksum(&bytes)).map_err(|source| spool::failed(path, source))).collect()
    }

    /// What stands where in `picture`; `None` without a segmenter.
    pub fn draw(&self, picture: &Picture) -> Result<Option<StreetMap>, EncoderError> {
        let Some(pool) = &self.segmenter else { return Ok(None) };
        let longest = picture.width().max(picture.height());
        let side = |pixels: u32| (u64::from(pixels) * u64::from(LONGEST.min(longest)) / u64::from(longest)).max(1) as usize;
        pool.with(|segmenter| segmenter.segment(picture, side(picture.width()), side(picture.height()))).map(Some)
    }

    /// What is to be found in `picture`; `None` without a detector.
    pub fn find(&self, picture: &Picture) -> Result<Option<Vec<Object>>, EncoderError> {
        let Some(pool) = &self.detector else { return Ok(None) };
        let found = pool.with(|detector| detector.detect(picture, LEAST))?;
        let object = |found: &Detection| Object {
            label: found.label.to_owned(),
            score: found.score,
            r#box: [found.left, found.top, found.width, found.height],
        };
        Ok(Some(found.iter().map(object).collect()))
    }
}
