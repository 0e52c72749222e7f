//! How good a model is, asked after each epoch: do photos and captions of `val` find each other, and photos their category?

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    Batch, Example,
    batches::{captions, plain, square},
    judge,
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
    asked: Vec<Example>,
    image: Preprocessing,
    /// Their captions; the photos themselves are read anew each time, a few at once, for all of them take more memory than a run.
    told: Batch,
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
        let seen = plain(&asked, image, drop);
        let readable: Vec<bool> = seen.iter().map(Result::is_ok).collect();
        let told = captions(&asked, seen, tokens)?;
        for (name, problem) in &told.corrupt {
            tracing::warn!("{name}: {problem}; the photo is left out");
        }
        if told.len() < 2 {
            let problem = format!("val has {} photos with captions that can be read; give it two or more", told.len());
            return Err(TrainingError::Setting { problem });
        }
        let asked: Vec<Example> = asked.into_iter().zip(readable).filter_map(|(asked, read)| read.then_some(asked)).collect();
        let categories = street30::CATEGORIES.iter().map(|name| tokens.ids(&street30::caption(name)));
        let of = |example: &Example| example.category.as_deref().and_then(street30::category);
        let truth = asked.iter().enumerate().filter_map(|(row, example)| Some((row, of(example)?))).collect();
        show.say(&format!("{} photos of val are asked after each epoch", asked.len()));
        let (categories, image) = (categories.collect::<Result<_, _>>()?, image.clone());
        Ok(Self { asked, image, told, categories, truth })
    }

    /// Asks `model`, which learns nothing from it; `part` photos go through at once.
    pub fn take<M: Trainable>(&self, model: &M, part: usize) -> Result<Figures, TrainingError> {
        let device = model.scale().device();
        let (images, texts) = self.embed(model, part, &device)?;
        let loss = self.loss(model, images.clone(), texts.clone());
        let (images, texts) = (unit(images), unit(texts));
        let scores = values(&images.clone().matmul(texts.clone().transpose()));
        let meanings = self.told.meanings();
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
        Ok(Figures {
            loss,
            image_to_text: [share(&of_images, 1), share(&of_images, 5)],
            text_to_image_1: share(&of_texts, 1),
            street30_1: self.street30(model, &images),
        })
    }

    fn embed<M: Trainable>(&self, model: &M, part: usize, device: &Device) -> Result<(Tensor<2>, Tensor<2>), TrainingError> {
        let see = |photos: &[Example]| {
            let seen = plain(photos, &self.image, |pixels| pixels).into_iter().collect::<Result<Vec<_>, _>>();
            // All could be read when the run began.
            let pixels = seen.map_err(|problem| TrainingError::Setting { problem: format!("val has changed: {problem}") })?;
            let shape = [photos.len(), pixels.first().map_or(0, Vec::len)];
            Ok(model.image(square(Tensor::from_data(TensorData::new(pixels.concat(), shape), device))))
        };
        let images = self.asked.chunks(part).map(see).collect::<Result<Vec<_>, TrainingError>>()?;
        let texts = self.told.texts.chunks(part).map(|texts| model.text(texts.to_vec())).collect();
        Ok((Tensor::cat(images, 0), Tensor::cat(texts, 0)))
    }

    fn loss<M: Trainable>(&self, model: &M, images: Tensor<2>, texts: Tensor<2>) -> f64 {
        let scale = model.scale();
        let pairs = self.told.pairs(&scale.device());
        f64::from(judge(model, &pairs, images, texts, scale).into_scalar::<f32>())
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

fn values(scores: &Tensor<2>) -> Vec<f32> {
    scores.clone().into_data().iter::<f32>().collect()
}
