//! How good a model is, asked after each epoch: do photos and captions of `val` find each other, and photos their category?

use burn::tensor::{Device, Tensor};

use super::{
    Batch, Example,
    batches::plain,
    settings::{Loss, LossKind},
    tokens::Tokens,
};
use crate::{
    bundle::Preprocessing,
    evaluation::{rank_of, street30},
    training::{TrainingError, loss::unit, model::Trainable, progress::Show},
};

/// The most photos that are asked: a matrix of all pairs must fit into memory.
const MOST: usize = 4096;

/// Photos and captions that nothing is learned from.
pub struct Exam {
    photos: Batch,
    /// The tokens of each category's caption.
    categories: Vec<Vec<u32>>,
    /// Row of a photo and its category.
    truth: Vec<(usize, usize)>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// The loss of all pairs in batches.
    pub loss: f64,
    /// Share of photos whose caption, or one that means the same, ranks first; and is among the first five.
    pub image_to_text: [f64; 2],
    /// Share of captions whose photo ranks first.
    pub text_to_image_1: f64,
    /// Share of photos whose Street-30 category ranks first; 0 where no photo has one.
    pub street30_1: f64,
}

impl Exam {
    /// Reads the photos of `examples`, each with its first caption; what can't be read is left out with a line in the log.
    pub fn new(examples: &[Example], tokens: &Tokens, image: &Preprocessing, show: Show) -> Result<Self, TrainingError> {
        // Evenly over all, for photos of one kind stand together.
        let step = examples.len().div_ceil(MOST).max(1);
        let asked: Vec<Example> = examples.iter().step_by(step).cloned().collect();
        let photos = plain(&asked, tokens, image)?;
        for (name, problem) in &photos.corrupt {
            tracing::warn!("{name}: {problem}; the photo is left out");
        }
        if photos.len() < 2 {
            let problem = format!("val has {} photos with captions that can be read; give it two or more", photos.len());
            return Err(TrainingError::Setting { problem });
        }
        let categories = street30::CATEGORIES.iter().map(|name| tokens.ids(&street30::caption(name)));
        let of = |name: &String| {
            asked.iter().find(|example| example.name == *name)?.category.as_deref().and_then(street30::category)
        };
        let truth = photos.keys.iter().enumerate().filter_map(|(row, name)| Some((row, of(name)?))).collect();
        let told = format!("{} photos of val are asked after each epoch", photos.len());
        show.say(&told);
        Ok(Self { categories: categories.collect::<Result<_, _>>()?, truth, photos })
    }

    /// The tokens of every sentence that will be asked.
    pub fn sentences(&self) -> impl Iterator<Item = &Vec<u32>> {
        self.photos.texts.iter().chain(&self.categories)
    }

    /// Asks `model`, which learns nothing from it; `part` photos go through at once.
    pub fn take<M: Trainable>(&self, model: &M, loss: Loss, part: usize) -> Figures {
        let device = model.scale().device();
        let (images, texts) = self.embed(model, part, &device);
        let scores = values(&images.clone().matmul(texts.clone().transpose()));
        let meanings = self.photos.meanings();
        let rank = |score: &dyn Fn(usize) -> f32, own: u32| {
            let best = (0..meanings.len()).filter(|&i| meanings[i] == own).map(score).fold(f32::NEG_INFINITY, f32::max);
            (0..meanings.len()).filter(|&i| score(i) > best).count()
        };
        let count = meanings.len();
        let ranks = |of_text: bool| -> Vec<usize> {
            let at =
                |row: usize, column: usize| if of_text { scores[column * count + row] } else { scores[row * count + column] };
            (0..count).map(|row| rank(&|column| at(row, column), meanings[row])).collect()
        };
        let share = |ranks: &[usize], k: usize| ranks.iter().filter(|&&rank| rank < k).count() as f64 / count as f64;
        let (of_images, of_texts) = (ranks(false), ranks(true));
        Figures {
            loss: judge(&self.photos, loss, images.clone(), texts, model.scale()),
            image_to_text: [share(&of_images, 1), share(&of_images, 5)],
            text_to_image_1: share(&of_texts, 1),
            street30_1: self.street30(model, &images),
        }
    }

    fn embed<M: Trainable>(&self, model: &M, part: usize, device: &Device) -> (Tensor<2>, Tensor<2>) {
        let parts = || (0..self.photos.len()).step_by(part).map(|start| start..(start + part).min(self.photos.len()));
        let images = parts().map(|part| self.photos.images(model, part, device)).collect();
        let texts = parts().map(|part| model.text(self.photos.texts.get(part).unwrap_or_default().to_vec())).collect();
        (unit(Tensor::cat(images, 0)), unit(Tensor::cat(texts, 0)))
    }

    fn street30<M: Trainable>(&self, model: &M, images: &Tensor<2>) -> f64 {
        if self.truth.is_empty() {
            return 0.0;
        }
        let captions = unit(model.text(self.categories.clone()));
        let scores = values(&images.clone().matmul(captions.transpose()));
        let row = |row: usize| scores.get(row * self.categories.len()..(row + 1) * self.categories.len()).unwrap_or_default();
        let right = self.truth.iter().filter(|&&(photo, category)| rank_of(row(photo), category) == 0).count();
        right as f64 / self.truth.len() as f64
    }
}

fn judge(batch: &Batch, loss: Loss, images: Tensor<2>, texts: Tensor<2>, scale: Tensor<1>) -> f64 {
    let pairs = batch.pairs(&scale.device());
    let loss = match loss.kind {
        LossKind::Clip => pairs.contrastive(images, texts, scale),
        LossKind::Siglip => pairs.sigmoid(images, texts, scale, loss.bias),
    };
    f64::from(loss.into_scalar::<f32>())
}

fn values(scores: &Tensor<2>) -> Vec<f32> {
    scores.clone().into_data().iter::<f32>().collect()
}
