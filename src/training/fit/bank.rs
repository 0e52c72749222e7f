//! The answers to what is known of photos, embedded, and how wrong a picture is by them.

use burn::tensor::{Device, Tensor, TensorData, activation::log_softmax};

use super::Tokens;
use crate::training::{TrainingError, loss::unit, model::Trainable, questions::Questions};

/// Questions whose answers are embedded.
pub struct Bank {
    questions: Questions,
    /// Of unit length, a row for each answer.
    rows: Vec<f32>,
}

impl Bank {
    /// Embeds each answer as the mean of its sentences, by the text tower that `model` begins with. They stay where they are: pictures learn to
    /// meet them, and what the tower learns of other sentences can't drag them along.
    pub fn new<M: Trainable>(questions: Questions, model: &M, tokens: &Tokens) -> Result<Self, TrainingError> {
        let resting = model.valid();
        let mut rows = Vec::new();
        for answer in &questions.answers {
            let ids = answer.sentences.iter().map(|text| tokens.ids(text)).collect::<Result<Vec<_>, _>>()?;
            rows.extend(unit(unit(resting.text(ids)).mean_dim(0)).into_data().iter::<f32>());
        }
        Ok(Self { questions, rows })
    }

    /// How wrong `images`, (pictures, embedding), of the photos `keys` are: the cross-entropy of each question of which something is known of a
    /// photo, its probability shared among the answers that are true; summed over questions, a mean over photos. `scale` is the inverse
    /// temperature.
    pub fn loss(&self, keys: &[String], images: Tensor<2>, scale: Tensor<1>) -> Tensor<1> {
        let device = images.device();
        let shape = [self.questions.answers.len(), images.dims()[1]];
        let rows: Tensor<2> = Tensor::from_data(TensorData::new(self.rows.clone(), shape), &device);
        let logits = unit(images).matmul(rows.transpose()) * scale.unsqueeze::<2>();
        let truth = self.truth(keys, &device);
        let asked = self.questions.asked.iter().map(|question| &question.at).filter(|at| !at.is_empty());
        let costs = asked.map(|at| {
            let of = |all: &Tensor<2>| all.clone().narrow(1, at.start, at.len());
            (log_softmax(of(&logits), 1) * of(&truth)).sum()
        });
        let sum = costs.reduce(|sum, cost| sum + cost).unwrap_or_else(|| Tensor::zeros([1], &device));
        sum / -(keys.len().max(1) as f32)
    }

    /// The share of each answer in what is true of each photo, (photos, answers).
    fn truth(&self, keys: &[String], device: &Device) -> Tensor<2> {
        let answers = self.questions.answers.len();
        let mut shares = vec![0.0; keys.len() * answers];
        for (row, key) in shares.chunks_exact_mut(answers.max(1)).zip(keys) {
            for found in self.questions.known(key) {
                for &answer in found {
                    if let Some(share) = row.get_mut(answer) {
                        *share = 1.0 / found.len() as f32;
                    }
                }
            }
        }
        Tensor::from_data(TensorData::new(shares, [keys.len(), answers]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::questions::{Questions, tests::shard};

    #[test]
    fn the_loss_is_the_cross_entropy_of_what_is_known_written_out() {
        let (vocabulary, shard) = shard();
        let questions = Questions::new(&vocabulary, &[shard]);
        let angles: Vec<f64> = (0..questions.answers.len()).map(|i| i as f64 * 0.1).collect();
        let rows = angles.iter().flat_map(|angle| [angle.cos() as f32, angle.sin() as f32]).collect();
        let asked: Vec<_> = questions.asked.iter().map(|question| question.at.clone()).collect();
        let bank = Bank { questions, rows };
        let keys = ["train-0.tar/0", "train-0.tar/5", "unknown"].map(str::to_owned);
        let device = Device::flex();
        let images = Tensor::from_data([[1.0, 0.0], [0.0, 3.0], [1.0, 1.0]], &device);
        let found: f32 = bank.loss(&keys, images, Tensor::from_data([4.0], &device)).into_scalar();

        let cost = |image: f64, at: &std::ops::Range<usize>, answer: usize| {
            let logit = |i: usize| 4.0 * (image - angles[i]).cos();
            at.clone().map(|i| logit(i).exp()).sum::<f64>().ln() - logit(answer)
        };
        let up = std::f64::consts::FRAC_PI_2;
        let [categories, labels, light] = &asked[..] else { panic!("three questions") };
        let want = cost(0.0, categories, 2) + cost(0.0, light, light.start) + cost(up, labels, labels.start);
        assert!((f64::from(found) - want / 3.0).abs() < 1e-4, "{found} against {}", want / 3.0);
    }
}
