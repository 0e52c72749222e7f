//! Streetscape: an assistant for blind pedestrians.
pub mod bundle;
pub mod callout;
pub mod capture;
pub mod embedding;
pub mod encoder;
pub mod evaluation;
pub mod fault;
pub mod frame;
pub mod narrator;
pub mod observation;
pub mod pipeline;
pub mod ranking;
pub mod speech;
#[cfg(feature = "train")]
pub mod training;
pub mod vocabulary;
pub mod walk;
