//! How good the heads are, asked after each epoch: Street-30 and the vocabulary's questions on `val`.

use burn::tensor::{Tensor, TensorData};

use super::Questions;

use crate::{
    evaluation::{TopK, rank_of},
    training::{
        features::Features,
        loss::unit,
        model::{Classes, Heads, TwoTowers},
    },
};

/// Photos with a category and the caption of each, and what is known of them.
pub struct Exam {
    images: Features,
    captions: Features,
    /// Row of `images` and its category.
    truth: Vec<(usize, usize)>,
    questions: Questions,
}

impl Exam {
    /// `images` are standardised features, `captions` text features in the order of the categories, `truth` rows of `images` with
    /// their category; `questions` are about the same rows.
    pub fn new(images: Features, captions: Features, truth: Vec<(usize, usize)>, questions: Questions) -> Self {
        Self { images, captions, truth, questions }
    }

    /// Ranks the captions for each photo.
    pub fn take(&self, heads: &Heads) -> TopK {
        let device = heads.scale().device();
        let tensor = |features: &Features| -> Tensor<2> {
            let shape = [features.rows(), features.width()];
            Tensor::from_data(TensorData::new(features.values().to_vec(), shape), &device)
        };
        let asked = self.images.select(self.truth.iter().map(|(row, _)| *row));
        let images = unit(heads.image(tensor(&asked)));
        let captions = unit(heads.text(tensor(&self.captions)));
        let scores: Vec<f32> = images.matmul(captions.transpose()).into_data().iter::<f32>().collect();
        let mut accuracy = TopK::default();
        for (scores, (_, truth)) in scores.chunks(self.captions.rows().max(1)).zip(&self.truth) {
            accuracy.count(rank_of(scores, *truth));
        }
        accuracy
    }

    /// Loss of the answers to every question whose answer is known; 0 where none is.
    pub fn answers(&self, heads: &Heads, classes: &Classes) -> f32 {
        let device = heads.scale().device();
        let Some(asked) = self.questions.all(&device) else { return 0.0 };
        let features = self.images.select(asked.photos.iter().copied());
        let shape = [features.rows(), features.width()];
        let images = Tensor::from_data(TensorData::new(features.values().to_vec(), shape), &device);
        self.questions.loss(heads, classes, images, asked).into_scalar()
    }
}
