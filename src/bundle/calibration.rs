//! How a bundle's scores become probabilities and answers: what calibration fitted, as `bundle.toml` keeps it.
//!
//! Owns the shape. Leaves fitting it to `training`, the arithmetic to `ranking`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How scores become probabilities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// For free captions ranked against each other.
    pub captions: Option<CaptionCalibration>,
    /// For each facet in each view.
    #[serde(default, rename = "facet")]
    pub facets: Vec<FacetCalibration>,
}

/// Free captions: `p = softmax(scale * cosine)` over the captions given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaptionCalibration {
    /// Inverse temperature.
    pub scale: f32,
}

/// One facet in one view. Exclusive: `p = softmax(scale * cosine + bias)`, answered where the best reaches its threshold.
/// Several: `p = sigmoid(scale * (cosine - against_none * cosine of none) + bias)`, each answered where it reaches its own; for "none" the
/// best other class stands in for none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FacetCalibration {
    /// Facet id.
    pub facet: String,
    /// View id.
    pub view: String,
    /// Inverse temperature.
    pub scale: f32,
    /// What of the cosine of "none" is taken off the other classes', in [0, 1].
    #[serde(default = "whole")]
    pub against_none: f32,
    /// The stated share of wrong answers that the thresholds were chosen for.
    pub error_rate: f32,
    /// One for each class of the vocabulary.
    #[serde(rename = "class")]
    pub classes: BTreeMap<String, ClassCalibration>,
}

/// As bundles had it before they said so.
fn whole() -> f32 {
    1.0
}

/// One class of a facet.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassCalibration {
    /// Added to the scaled score: the class's prior.
    pub bias: f32,
    /// The probability from which it is answered; above 1 for a class that never is.
    pub threshold: f32,
}
