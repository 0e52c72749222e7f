//! How the camera is held, by the embedding of its picture: upright, on its side, at the sky, at the ground.
//!
//! Owns the arithmetic of a softmax over four rows of weights. Leaves learning them to `training`, the patience to `pipeline`.

use crate::{bundle::HELD, embedding::Embedding};

/// The four rows of a bundle's `aim.npy`, with their biases.
#[derive(Clone, Debug)]
pub struct Aim {
    rows: Vec<Vec<f32>>,
    bias: [f32; HELD.len()],
}

/// Probabilities of how the camera is held, in the order of [`HELD`].
pub type Held = [f32; HELD.len()];

impl Aim {
    /// `None` where there is not a row for each of [`HELD`].
    pub fn new(rows: Vec<Vec<f32>>, bias: [f32; HELD.len()]) -> Option<Self> {
        (rows.len() == HELD.len()).then_some(Self { rows, bias })
    }

    /// How the camera was held when it took the picture of `embedding`.
    pub fn held(&self, embedding: &Embedding) -> Held {
        let mut scores = self.bias;
        for (score, row) in scores.iter_mut().zip(&self.rows) {
            *score += row.iter().zip(embedding.as_slice()).map(|(weight, x)| weight * x).sum::<f32>();
        }
        super::softmax(&mut scores);
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_that_a_picture_is_nearest_to_is_the_most_probable() {
        let rows = vec![vec![0.0, 0.0], vec![4.0, 0.0], vec![0.0, 4.0], vec![-4.0, 0.0]];
        let aim = Aim::new(rows, [2.0, 0.0, 0.0, 0.0]).expect("four rows");
        for (x, y, want) in [(1.0, 0.0, 1), (0.0, 1.0, 2), (-1.0, 0.0, 3), (0.0, -1.0, 0)] {
            let held = aim.held(&Embedding::new(vec![x, y]).expect("a direction"));
            let best = (0..held.len()).max_by(|a, b| held[*a].total_cmp(&held[*b]));
            assert_eq!(best, Some(want), "{held:?}");
            assert!((held.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{held:?}");
        }
        assert!(Aim::new(vec![vec![0.0]], [0.0; 4]).is_none());
    }
}
