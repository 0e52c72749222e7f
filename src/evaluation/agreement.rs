//! How far two precisions of one model agree.

use serde::Serialize;

use super::top_k::ranking;
use crate::embedding::Embedding;

/// Two precisions of one model over the same photos.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Photos compared.
    pub photos: usize,
    /// Mean cosine of a photo's two embeddings.
    pub mean_cosine: f64,
    /// The worst photo's.
    pub least_cosine: f64,
    /// Share of photos whose best caption differs.
    pub top_1_differs: f64,
}

/// Compares `a` and `b`, row by row, and the best of `captions` for each.
pub fn agreement(a: &[Embedding], b: &[Embedding], captions: &[Embedding]) -> Agreement {
    let best = |photo: &Embedding| {
        let scores: Vec<f32> = captions.iter().map(|c| photo.cosine(c)).collect();
        ranking(&scores).first().copied()
    };
    let cosines: Vec<f64> = a.iter().zip(b).map(|(a, b)| f64::from(a.cosine(b))).collect();
    let differ = a.iter().zip(b).filter(|(a, b)| best(a) != best(b)).count();
    let photos = cosines.len();
    Agreement {
        photos,
        mean_cosine: cosines.iter().sum::<f64>() / photos.max(1) as f64,
        least_cosine: cosines.iter().copied().fold(1.0, f64::min),
        top_1_differs: differ as f64 / photos.max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_that_changes_its_best_caption_counts_as_different() {
        let unit = |x: f32, y: f32| Embedding::new(vec![x, y]).expect("a vector of length");
        let captions = [unit(1.0, 0.0), unit(0.0, 1.0)];
        let found = agreement(&[unit(1.0, 0.2), unit(0.0, 1.0)], &[unit(0.2, 1.0), unit(0.0, 2.0)], &captions);
        assert_eq!((found.photos, found.top_1_differs), (2, 0.5));
        assert!((found.least_cosine - 0.4 / 1.04).abs() < 1e-6 && (found.mean_cosine - (1.0 + 0.4 / 1.04) / 2.0).abs() < 1e-6);
    }
}
