//! How good the heads are, asked after each epoch: Street-30 on `val`.

use burn::tensor::{Tensor, TensorData};

use crate::{
    evaluation::{TopK, rank_of},
    training::{
        features::Features,
        loss::unit,
        model::{Heads, TwoTowers},
    },
};

/// Photos with a category, and the caption of each category.
pub struct Exam {
    images: Features,
    captions: Features,
    truth: Vec<usize>,
}

impl Exam {
    /// `images` are standardised features, `captions` text features in the order of the categories, `truth` the category of each
    /// row of `images`.
    pub fn new(images: Features, captions: Features, truth: Vec<usize>) -> Self {
        Self { images, captions, truth }
    }

    /// Ranks the captions for each photo.
    pub fn take(&self, heads: &Heads) -> TopK {
        let device = heads.scale().device();
        let tensor = |features: &Features| -> Tensor<2> {
            let shape = [features.rows(), features.width()];
            Tensor::from_data(TensorData::new(features.values().to_vec(), shape), &device)
        };
        let images = unit(heads.image(tensor(&self.images)));
        let captions = unit(heads.text(tensor(&self.captions)));
        let scores: Vec<f32> = images.matmul(captions.transpose()).into_data().iter::<f32>().collect();
        let mut accuracy = TopK::default();
        for (scores, &truth) in scores.chunks(self.captions.rows().max(1)).zip(&self.truth) {
            accuracy.count(rank_of(scores, truth));
        }
        accuracy
    }
}
