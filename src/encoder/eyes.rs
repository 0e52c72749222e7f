//! An image tower with a segmenter beside it.
//!
//! Owns what becomes of a walk whose segmenter is missing or fails: it goes on, and says no sides. Leaves to `ranking` what a map tells.

use std::path::PathBuf;

use crate::{
    bundle::model_places,
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder, Runtime, Segmenter, SessionOptions},
    frame::Picture,
    observation::View,
    ontology::StreetMap,
};

/// The segmenter's file in its folder.
pub const SEGMENTER: &str = "segmenter.int8.onnx";
/// Pixels of the long side of a map: as fine as the network's answer, which is a quarter of what it sees.
const LONG_SIDE: u64 = 120;

/// The file of the segmenter, in the first folder of [`model_places`] that has one.
pub fn segmenter_file() -> Option<PathBuf> {
    model_places("segmenter").into_iter().map(|place| place.join(SEGMENTER)).find(|file| file.is_file())
}

/// A tower that draws maps too.
pub struct Eyes {
    tower: Box<dyn ImageEncoder>,
    segmenter: Option<Segmenter>,
}

impl Eyes {
    /// Puts the shipped segmenter beside `tower`. Where it is missing or can't be opened, the tower is alone.
    pub fn open(tower: Box<dyn ImageEncoder>, runtime: &Runtime, options: &SessionOptions) -> Self {
        let segmenter = segmenter_file().and_then(|file| match Segmenter::open(runtime, &file, options) {
            Ok(segmenter) => Some(segmenter),
            Err(error) => {
                tracing::warn!("{error}; no sides are told");
                None
            }
        });
        Self { tower, segmenter }
    }
}

impl ImageEncoder for Eyes {
    fn encode(&mut self, picture: &Picture, views: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
        self.tower.encode(picture, views, out)
    }

    fn map(&mut self, picture: &Picture) -> Option<StreetMap> {
        let sides = [picture.width(), picture.height()].map(u64::from);
        let long = sides[0].max(sides[1]).max(1);
        let [width, height] = sides.map(|side| (side * LONG_SIDE / long).max(1) as usize);
        match self.segmenter.as_mut()?.segment(picture, width, height) {
            Ok(map) => Some(map),
            Err(error) => {
                // What failed once fails again: it is not asked any more, and the tower goes on.
                tracing::warn!("{error}; no sides are told from now on");
                self.segmenter = None;
                None
            }
        }
    }
}
