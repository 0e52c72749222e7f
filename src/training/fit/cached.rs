//! The step of a batch that is too large for memory, part by part, and the same as if it had gone through at once.
//!
//! GradCache (Gao et al. 2021): all embeddings are computed without a graph, the loss says which way each of them should move, and
//! each part goes through the towers again to learn which way the weights should.

use burn::tensor::Tensor;

use super::Batch;
use crate::training::{model::Trainable, optimiser::Slopes};

/// Loss of `batch` as `judge` has it of images, texts and scale, and its gradients, with at most `part` pairs in the towers at once.
pub fn slopes<M: Trainable>(
    model: &M,
    batch: &Batch,
    part: usize,
    judge: impl Fn(Tensor<2>, Tensor<2>, Tensor<1>) -> Tensor<1>,
) -> (f32, Slopes) {
    let device = model.scale().device();
    let parts = || (0..batch.len()).step_by(part).map(|start| start..(start + part).min(batch.len()));
    let resting = model.valid();
    let plain = resting.scale().device();
    let images: Vec<Tensor<2>> = parts().map(|part| batch.images(&resting, part, &plain)).collect();
    let texts: Vec<Tensor<2>> = parts().map(|part| resting.text(batch.texts.get(part).unwrap_or_default().to_vec())).collect();
    let leaf = |parts: Vec<Tensor<2>>| Tensor::from_inner(Tensor::cat(parts, 0)).require_grad();
    let (images, texts) = (leaf(images), leaf(texts));

    let loss = judge(images.clone(), texts.clone(), model.scale());
    let told = loss.clone().into_data().iter::<f32>().next().unwrap_or(f32::NAN);
    let mut gradients = loss.backward();
    let (of_images, of_texts) = (images.grad_remove(&mut gradients), texts.grad_remove(&mut gradients));
    let mut slopes = Slopes::of(model, gradients);

    for part in parts() {
        let (start, length) = (part.start, part.len());
        let along = |embedding: Tensor<2>, slope: &Option<Tensor<2>>| {
            let slope = slope.clone().map(|slope| Tensor::from_inner(slope.narrow(0, start, length)));
            slope.map(|slope| (embedding * slope).sum())
        };
        let image = along(batch.images(model, part.clone(), &device), &of_images);
        let text = along(model.text(batch.texts.get(part).unwrap_or_default().to_vec()), &of_texts);
        for product in [image, text].into_iter().flatten().filter(Tensor::is_tracked) {
            slopes = slopes.plus(Slopes::of(model, product.backward()));
        }
    }
    (told, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{
        fit::batches::tests::sample,
        model::{TwoTowers, fresh::tests::tiny, parameters::places},
    };

    #[track_caller]
    fn check(part: usize) {
        let (model, batch) = (tiny(), sample(7));
        let pairs = batch.pairs(&model.scale().device());
        let judge = |images: Tensor<2>, texts: Tensor<2>, scale: Tensor<1>| pairs.contrastive(images, texts, scale);
        let device = model.scale().device();
        let whole = judge(batch.images(&model, 0..7, &device), model.text(batch.texts.clone()), model.scale());
        let (loss, found) = slopes(&model, &batch, part, judge);
        assert!((loss - whole.clone().into_scalar::<f32>()).abs() < 1e-5, "{part}: {loss}");
        let want = Slopes::of(&model, whole.backward());
        for path in places(&model).keys() {
            let (found, want) = (found.at(path).unwrap_or_default(), want.at(path).unwrap_or_default());
            let most = want.iter().fold(1e-3_f32, |most, x| most.max(x.abs()));
            assert!(
                found.len() == want.len() && found.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-4 * most),
                "{part}: {path}"
            );
        }
    }

    #[test]
    fn a_batch_in_parts_gives_the_slopes_of_the_whole() {
        check(1);
        check(3);
        check(7);
    }
}
