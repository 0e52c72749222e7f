//! A point on the unit sphere that pictures and sentences share.
//!
//! Owns the promise of unit length. Leaves making one to `encoder`, comparing many to `ranking`.

use thiserror::Error;

/// Unit length by construction: the dot product of two is their cosine.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(Vec<f32>);

/// Why a vector is no embedding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EmbeddingError {
    /// Nothing to point along.
    #[error("the embedding is zero or empty: the model gave no answer for this input")]
    Zero,
    /// A NaN or infinite component.
    #[error("the embedding is not finite: the model is damaged or its input was")]
    NotFinite,
}

impl Embedding {
    /// Scales `raw` to unit length; refuses zero, NaN and infinity.
    pub fn new(mut raw: Vec<f32>) -> Result<Self, EmbeddingError> {
        normalise(&mut raw)?;
        Ok(Self(raw))
    }

    /// Takes the place of this embedding without a new allocation; on an error it stays what it was.
    pub fn replace(&mut self, raw: &[f32]) -> Result<(), EmbeddingError> {
        let scale = scale(raw)?;
        self.0.clear();
        self.0.extend(raw.iter().map(|x| x * scale));
        Ok(())
    }

    /// The mean direction of several; refused where they cancel out or none is given.
    pub fn mean<'a>(of: impl IntoIterator<Item = &'a Embedding>) -> Result<Self, EmbeddingError> {
        let mut sum = Vec::new();
        for embedding in of {
            sum.resize(embedding.0.len(), 0.0);
            sum.iter_mut().zip(&embedding.0).for_each(|(s, x)| *s += x);
        }
        Self::new(sum)
    }

    /// The direction of this embedding with `by` added, of the same length; refused where nothing is left.
    pub fn moved(&self, by: &[f32]) -> Result<Self, EmbeddingError> {
        Self::new(self.0.iter().zip(by).map(|(x, by)| x + by).collect())
    }

    /// The components; their squares sum to 1.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// Cosine of the angle between two embeddings of the same model, in [-1, 1].
    pub fn cosine(&self, other: &Embedding) -> f32 {
        dot(&self.0, &other.0).clamp(-1.0, 1.0)
    }
}

/// Sum of products in eight lanes, which the compiler turns into vector instructions; a plain sum keeps float order and stays scalar.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a8, a1) = a.as_chunks::<8>();
    let (b8, b1) = b.as_chunks::<8>();
    let mut lanes = [0.0_f32; 8];
    for (x, y) in a8.iter().zip(b8) {
        for (lane, (x, y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
            *lane += x * y;
        }
    }
    lanes.iter().sum::<f32>() + a1.iter().zip(b1).map(|(x, y)| x * y).sum::<f32>()
}

fn scale(raw: &[f32]) -> Result<f32, EmbeddingError> {
    if !raw.iter().all(|x| x.is_finite()) {
        return Err(EmbeddingError::NotFinite);
    }
    // In f64, so that large components don't overflow.
    let length = raw.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    if length < 1e-12 { Err(EmbeddingError::Zero) } else { Ok((1.0 / length) as f32) }
}

fn normalise(raw: &mut [f32]) -> Result<(), EmbeddingError> {
    let scale = scale(raw)?;
    raw.iter_mut().for_each(|x| *x *= scale);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedding_has_unit_length_whatever_its_scale() {
        for factor in [1e-6, 1.0, 1e18] {
            let unit = Embedding::new(vec![3.0 * factor, 4.0 * factor]).expect("a vector of length");
            assert!((unit.as_slice()[0] - 0.6).abs() < 1e-6 && (unit.as_slice()[1] - 0.8).abs() < 1e-6);
        }
    }

    #[test]
    fn zero_and_nan_are_refused_and_leave_the_old_value() {
        assert_eq!(Embedding::new(vec![]), Err(EmbeddingError::Zero));
        assert_eq!(Embedding::new(vec![0.0; 4]), Err(EmbeddingError::Zero));
        assert_eq!(Embedding::new(vec![f32::INFINITY]), Err(EmbeddingError::NotFinite));
        let mut kept = Embedding::new(vec![1.0, 0.0]).expect("a vector of length");
        assert_eq!(kept.replace(&[f32::NAN, 1.0]), Err(EmbeddingError::NotFinite));
        assert_eq!(kept.as_slice(), [1.0, 0.0]);
    }

    #[test]
    fn a_moved_embedding_has_unit_length_and_leans_to_where_it_was_moved() {
        let east = Embedding::new(vec![1.0, 0.0]).expect("a vector of length");
        let moved = east.moved(&[0.0, 1.0]).expect("a vector of length");
        assert!((moved.cosine(&east) - 0.5_f32.sqrt()).abs() < 1e-6);
        assert_eq!(east.moved(&[-1.0, 0.0]), Err(EmbeddingError::Zero));
    }

    #[test]
    fn cosine_equals_the_plain_sum_of_products() {
        let a = Embedding::new((0..37).map(|i| (i as f32).sin()).collect()).expect("a vector of length");
        let b = Embedding::new((0..37).map(|i| (i as f32).cos()).collect()).expect("a vector of length");
        let plain: f32 = a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| x * y).sum();
        assert!((a.cosine(&b) - plain).abs() < 1e-6);
    }
}
