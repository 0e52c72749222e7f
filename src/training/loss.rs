//! CLIP's symmetric contrastive loss and SigLIP's pairwise one, for batches in which several pictures may bear the same caption; and the
//! cross-entropy that a classifier learns by.
//!
//! Owns the loss and its targets. Leaves what captions mean to `data`.

use burn::tensor::{
    Device, Tensor, TensorData,
    activation::{log_sigmoid, log_softmax, relu},
};

/// Keeps the length of a zero row from dividing by zero.
const TINY: f32 = 1e-9;
/// Added to the logit of a pair of which nobody knows whether it matches, so that it draws no probability.
const HIDDEN: f32 = -1e9;

/// The loss of a batch of pairs (Radford et al. 2021, figure 3): each picture must find its caption among the batch's, and each
/// caption its picture. `image` and `text` are (batch, embedding) and need no unit length; `scale` is the inverse temperature.
///
/// `targets`, (batch, batch), says which captions are true of which picture: with one in each row this is CLIP's loss, with
/// several it is UniCL's (Yang et al. 2022, equations 3 and 4), which shares a row's probability among them.
pub fn contrastive(image: Tensor<2>, text: Tensor<2>, scale: Tensor<1>, targets: Tensor<2>) -> Tensor<1> {
    symmetric(cosines(image, text) * scale.unsqueeze::<2>(), targets)
}

/// (pictures, captions).
fn cosines(image: Tensor<2>, text: Tensor<2>) -> Tensor<2> {
    unit(image).matmul(unit(text).transpose())
}

fn symmetric(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let batch = logits.dims()[0] as f32;
    // Meaning the same is mutual, so one matrix serves both directions.
    let of_images = (log_softmax(logits.clone(), 1) * targets.clone()).sum();
    let of_texts = (log_softmax(logits.transpose(), 1) * targets).sum();
    (of_images + of_texts) / (-2.0 * batch)
}

/// The targets of [`contrastive`]: a row for each pair, its probability shared among all pairs of the same meaning.
pub fn targets(meanings: &[u32], device: &Device) -> Tensor<2> {
    let batch = meanings.len();
    let mut shares = Vec::with_capacity(batch * batch);
    for meaning in meanings {
        let same = meanings.iter().filter(|m| *m == meaning).count() as f32;
        shares.extend(meanings.iter().map(|m| if m == meaning { 1.0 / same } else { 0.0 }));
    }
    Tensor::from_data(TensorData::new(shares, [batch, batch]), device)
}

/// A batch's pairs: which captions are true of which picture, and of which pairs nobody knows.
pub struct Pairs {
    /// As [`targets`] gives them, (batch, batch).
    pub targets: Tensor<2>,
    /// 1 where a pair is neither a match nor a mismatch, else 0; (batch, batch).
    pub unknown: Tensor<2>,
}

impl Pairs {
    /// Captions of equal meaning match. Photos of equal `labels` may match each other's captions, and are not held apart; `None` is
    /// equal to nothing.
    pub fn new(meanings: &[u32], labels: &[Option<u32>], device: &Device) -> Self {
        let batch = meanings.len();
        let mut unknown = Vec::with_capacity(batch * batch);
        for (meaning, label) in meanings.iter().zip(labels) {
            let row = meanings.iter().zip(labels);
            unknown.extend(row.map(|(m, l)| if m != meaning && l == label && l.is_some() { 1.0 } else { 0.0 }));
        }
        let unknown = Tensor::from_data(TensorData::new(unknown, [batch, batch]), device);
        Self { targets: targets(meanings, device), unknown }
    }

    /// [`contrastive`], in which what is unknown draws no probability.
    pub fn contrastive(&self, image: Tensor<2>, text: Tensor<2>, scale: Tensor<1>) -> Tensor<1> {
        let logits = cosines(image, text) * scale.unsqueeze::<2>() + self.unknown.clone() * HIDDEN;
        symmetric(logits, self.targets.clone())
    }

    /// SigLIP's loss (Zhai et al. 2023, equation 1): each pair on its own is a match or none, judged by `scale * cosine + bias`.
    pub fn sigmoid(&self, image: Tensor<2>, text: Tensor<2>, scale: Tensor<1>, bias: Tensor<1>) -> Tensor<1> {
        let batch = image.dims()[0] as f32;
        let logits = cosines(image, text) * scale.unsqueeze::<2>() + bias.unsqueeze::<2>();
        let matches = self.targets.clone().greater_scalar(0.0).float();
        let sign = matches * 2.0 - 1.0;
        let known = -self.unknown.clone() + 1.0;
        (log_sigmoid(logits * sign) * known).sum() / -batch
    }
}

/// Cross-entropy of the softmax over `logits`, (pictures, classes); `truth`, as large, holds 1 at each picture's class.
pub fn cross_entropy(logits: Tensor<2>, truth: Tensor<2>) -> Tensor<1> {
    let pictures = logits.dims()[0] as f32;
    (log_softmax(logits, 1) * truth).sum() / -pictures
}

/// Each row scaled to unit length.
pub fn unit(rows: Tensor<2>) -> Tensor<2> {
    let length = (rows.clone().square().sum_dim(1) + TINY).sqrt();
    rows / length
}

/// Of logits `x` and truths `y` in [0, 1], without overflow: `ln(1 + e^x) - x y`.
pub fn binary_cross_entropy(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    relu(x.clone()) + (-x.clone().abs()).exp().log1p() - x * y
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGES: [[f32; 3]; 4] = [[1.0, 0.2, 0.0], [0.0, 2.0, 0.3], [-1.0, 0.5, 0.5], [0.4, 0.4, 0.1]];
    const TEXTS: [[f32; 3]; 4] = [[0.9, 0.0, 0.1], [0.1, 1.0, 0.0], [0.3, 0.3, -1.0], [0.5, 0.1, 0.7]];

    /// The sums written out, pair by pair.
    fn naive(meanings: &[u32], scale: f64) -> f64 {
        let cosine = |a: &[f32; 3], b: &[f32; 3]| {
            let dot = |a: &[f32; 3], b: &[f32; 3]| (0..3).map(|i| f64::from(a[i]) * f64::from(b[i])).sum::<f64>();
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let n = meanings.len();
        let mut sum = 0.0;
        for i in 0..n {
            let same: Vec<usize> = (0..n).filter(|&j| meanings[i] == meanings[j]).collect();
            let captions: f64 = (0..n).map(|j| (scale * cosine(&IMAGES[i], &TEXTS[j])).exp()).sum();
            let pictures: f64 = (0..n).map(|j| (scale * cosine(&IMAGES[j], &TEXTS[i])).exp()).sum();
            for &j in &same {
                let of_image = (scale * cosine(&IMAGES[i], &TEXTS[j])).exp() / captions;
                let of_text = (scale * cosine(&IMAGES[j], &TEXTS[i])).exp() / pictures;
                sum -= (of_image.ln() + of_text.ln()) / same.len() as f64;
            }
        }
        sum / (2 * n) as f64
    }

    #[track_caller]
    fn check(meanings: [u32; 4], scale: f32) {
        let device = Device::flex();
        let images = Tensor::from_data(IMAGES, &device);
        let texts = Tensor::from_data(TEXTS, &device);
        let loss = contrastive(images, texts, Tensor::from_data([scale], &device), targets(&meanings, &device));
        let loss: f32 = loss.into_scalar();
        assert!((f64::from(loss) - naive(&meanings, f64::from(scale))).abs() < 1e-4, "{meanings:?} {scale}: {loss}");
    }

    #[test]
    fn the_loss_equals_its_sums_written_out() {
        check([1, 2, 3, 4], 1.0);
        check([1, 2, 3, 4], 100.0);
        check([1, 2, 1, 4], 20.0);
        check([7, 7, 7, 7], 20.0);
    }

    #[test]
    fn cross_entropy_is_the_mean_surprise_at_the_true_class() {
        let device = Device::flex();
        let logits = Tensor::from_data([[2.0, 0.0, -1.0], [0.5, 0.5, 0.5]], &device);
        let truth = Tensor::from_data([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], &device);
        let want = ((2.0_f64.exp() + 1.0 + (-1.0_f64).exp()).ln() - 2.0 + 3.0_f64.ln()) / 2.0;
        let found = cross_entropy(logits, truth).into_scalar::<f32>();
        assert!((f64::from(found) - want).abs() < 1e-6, "{found} against {want}");
    }

    #[track_caller]
    fn check_pairs(meanings: [u32; 4], labels: [Option<u32>; 4], clip: f64, siglip: f64) {
        let device = Device::flex();
        let tensors = || (Tensor::from_data(IMAGES, &device), Tensor::from_data(TEXTS, &device));
        let pairs = Pairs::new(&meanings, &labels, &device);
        let ((image, text), scale) = (tensors(), || Tensor::from_data([5.0], &device));
        let found: f32 = pairs.contrastive(image, text, scale()).into_scalar();
        assert!((f64::from(found) - clip).abs() < 1e-4, "{found} against {clip}");
        let (image, text) = tensors();
        let found: f32 = pairs.sigmoid(image, text, scale(), Tensor::from_data([-1.0], &device)).into_scalar();
        assert!((f64::from(found) - siglip).abs() < 1e-4, "{found} against {siglip}");
    }

    /// Both losses of pairs at scale 5, with bias -1, written out; `unknown` pairs are left out.
    fn naive_pairs(meanings: [u32; 4], unknown: &[(usize, usize)]) -> (f64, f64) {
        let cosine = |i: usize, j: usize| {
            let dot = |a: &[f32; 3], b: &[f32; 3]| (0..3).map(|i| f64::from(a[i]) * f64::from(b[i])).sum::<f64>();
            let (a, b) = (&IMAGES[i], &TEXTS[j]);
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let known = |i: usize, j: usize| !unknown.contains(&(i, j)) && !unknown.contains(&(j, i));
        let (mut clip, mut siglip) = (0.0, 0.0);
        for i in 0..4 {
            let same = (0..4).filter(|&j| meanings[i] == meanings[j]).count() as f64;
            let row: f64 = (0..4).filter(|&j| known(i, j)).map(|j| (5.0 * cosine(i, j)).exp()).sum();
            let column: f64 = (0..4).filter(|&j| known(j, i)).map(|j| (5.0 * cosine(j, i)).exp()).sum();
            for j in 0..4 {
                let sign = if meanings[i] == meanings[j] { 1.0 } else { -1.0 };
                if sign > 0.0 {
                    clip -= (5.0 * cosine(i, j) - row.ln() + 5.0 * cosine(j, i) - column.ln()) / same / 8.0;
                }
                if known(i, j) {
                    siglip += (1.0 + (-sign * (5.0 * cosine(i, j) - 1.0)).exp()).ln() / 4.0;
                }
            }
        }
        (clip, siglip)
    }

    #[test]
    fn pairs_of_equal_labels_are_neither_matches_nor_mismatches() {
        let (clip, siglip) = naive_pairs([1, 2, 3, 4], &[]);
        assert!((clip - naive(&[1, 2, 3, 4], 5.0)).abs() < 1e-6);
        check_pairs([1, 2, 3, 4], [None; 4], clip, siglip);
        let (clip, siglip) = naive_pairs([1, 2, 3, 4], &[(0, 2)]);
        check_pairs([1, 2, 3, 4], [Some(7), None, Some(7), Some(8)], clip, siglip);
        let (clip, siglip) = naive_pairs([1, 2, 1, 4], &[]);
        check_pairs([1, 2, 1, 4], [Some(7), None, Some(7), Some(8)], clip, siglip);
    }

    #[test]
    fn equal_captions_are_not_negatives_of_each_other() {
        let device = Device::flex();
        let picture: Tensor<2> = Tensor::from_data([[1.0, 0.0], [1.0, 0.0]], &device);
        let scale = || Tensor::from_data([100.0], &device);
        let of = |meanings: &[u32]| -> f32 {
            contrastive(picture.clone(), picture.clone(), scale(), targets(meanings, &device)).into_scalar()
        };
        // Two like pictures with one caption lose nothing by being like: the pair can't be told apart, and need not be.
        let two = std::f32::consts::LN_2;
        assert!((of(&[1, 1]) - two).abs() < 1e-4 && (of(&[1, 2]) - two).abs() < 1e-4);
        let apart: Tensor<2> = Tensor::from_data([[1.0, 0.0], [0.0, 1.0]], &device);
        let split: f32 = contrastive(apart.clone(), apart, scale(), targets(&[1, 1], &device)).into_scalar();
        assert!(split > 10.0, "pushing them apart must cost: {split}");
    }
}
