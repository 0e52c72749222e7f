//! From photos and sentences to a bundle: the offline side, behind the feature `train`.
//!
//! Owns every step between labelled photos and a sealed bundle: captions, features of the frozen towers, fitting, export to
//! ONNX, quantisation, calibration. Leaves measuring to `evaluation`, running graphs to `encoder`.

pub mod abstention;
pub mod aim;
pub mod allocator;
pub mod calibrate;
pub mod cli;
pub mod data;
mod error;
pub mod examinee;
pub mod features;
pub mod fit;
pub mod heads;
pub mod loss;
pub mod model;
pub mod onnx;
pub mod optimiser;
pub mod pairs;
pub mod progress;
pub mod quantise;
pub mod questions;
pub mod report;
pub mod schedule;
pub mod segmenter;
pub mod ship;
pub mod supervised;
pub mod vectors;
pub mod weights;
pub mod wording;

pub use error::TrainingError;
