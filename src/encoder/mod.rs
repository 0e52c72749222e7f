//! Pictures and sentences become embeddings, through ONNX Runtime on the device that is there.
//!
//! Owns preprocessing, tokenizer, sessions and the choice of device. Leaves decoding to `capture`, comparing to `ranking`.

use crate::{embedding::Embedding, frame::Picture, observation::View, ontology::StreetMap};

mod detector;
mod device;
mod error;
mod eyes;
mod image;
mod preprocess;
pub mod published;
mod runtime;
mod segmenter;
mod session;
mod text;

pub use detector::{Detection, Detector};
pub use device::{Device, DeviceChoice, Refusal};
pub use error::EncoderError;
pub use eyes::{Eyes, SEGMENTER, segmenter_file};
pub use image::{EncoderOptions, OnnxImageEncoder, Precision};
pub use preprocess::{LONGEST, Preprocessor, view_box};
pub use runtime::{Runtime, VERSION as RUNTIME_VERSION, forbid_telemetry};
pub use segmenter::{Crop, SEGMENTER_OUTPUT, Segmenter, SegmenterCard, squash};
pub use session::{Input, OnnxSession, Output, SessionOptions, Spinning, Values, spare_threads};
pub use text::{OnnxTextEncoder, prompt_source, prompts, tokenizer};

/// The image tower.
pub trait ImageEncoder: Send {
    /// Encodes `views` of one picture in a single batch; `out` is filled in the same order, its buffers used again.
    fn encode(&mut self, picture: &Picture, views: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError>;

    /// What stands where in `picture`, coarsely; `None` where no segmenter stands beside the tower, or where it failed.
    fn map(&mut self, _picture: &Picture) -> Option<StreetMap> {
        None
    }
}

/// The text tower.
pub trait TextEncoder: Send {
    /// Embeds sentences, in their order. Longer ones than the model reads are truncated; an empty one is an error.
    fn encode(&mut self, texts: &[&str]) -> Result<Vec<Embedding>, EncoderError>;
}
