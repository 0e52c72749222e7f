//! How far two precisions of one model agree.

use serde::Serialize;

use super::top_k::ranking;
use crate::embedding::Embedding;

/// Captions that are compared beside the best.
const BEST: usize = 5;

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
    /// Mean share of a photo's five best captions that are among its five best to the other, too.
    pub top_5_shared: f64,
}

/// Compares `a` and `b`, row by row, and the best of `captions` for each.
pub fn agreement(a: &[Embedding], b: &[Embedding], captions: &[Embedding]) -> Agreement {
    let best = |photo: &Embedding| {
        let scores: Vec<f32> = captions.iter().map(|c| photo.cosine(c)).collect();
        let mut best = ranking(&scores);
        best.truncate(BEST);
        best
    };
    let mut found = Agreement { photos: 0, mean_cosine: 0.0, least_cosine: 1.0, top_1_differs: 0.0, top_5_shared: 0.0 };
    for (a, b) in a.iter().zip(b) {
        let cosine = f64::from(a.cosine(b));
        let (a, b) = (best(a), best(b));
        let shared = a.iter().filter(|caption| b.contains(caption)).count();
        found.photos += 1;
        found.mean_cosine += cosine;
        found.least_cosine = found.least_cosine.min(cosine);
        found.top_1_differs += f64::from(u8::from(a.first() != b.first()));
        found.top_5_shared += shared as f64 / a.len().max(1) as f64;
    }
    let photos = found.photos.max(1) as f64;
    for sum in [&mut found.mean_cosine, &mut found.top_1_differs, &mut found.top_5_shared] {
        *sum /= photos;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_that_changes_its_best_caption_counts_as_different() {
        let unit = |x: f32, y: f32| Embedding::new(vec![x, y]).expect("a vector of length");
        let captions = [unit(1.0, 0.0), unit(0.0, 1.0)];
        let found = agreement(&[unit(1.0, 0.2), unit(0.0, 1.0)], &[unit(0.2, 1.0), unit(0.0, 2.0)], &captions);
        assert_eq!((found.photos, found.top_1_differs, found.top_5_shared), (2, 0.5, 1.0));
        assert!((found.least_cosine - 0.4 / 1.04).abs() < 1e-6 && (found.mean_cosine - (1.0 + 0.4 / 1.04) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn the_best_five_are_shared_as_far_as_they_are_the_same() {
        let at =
            |degrees: f32| Embedding::new(vec![degrees.to_radians().cos(), degrees.to_radians().sin()]).expect("a direction");
        let captions: Vec<Embedding> = (0..10).map(|i| at(10.0 * i as f32)).collect();
        let found = agreement(&[at(0.0), at(0.0)], &[at(0.0), at(35.5)], &captions);
        // 0 to 40 degrees for the one; 20 to 60 for the other, of which three are the same.
        assert!((found.top_5_shared - (1.0 + 0.6) / 2.0).abs() < 1e-9, "{found:?}");
    }
}
