//! Class vectors: what labels teach of each class and of each name that the sources use, once the image tower stands.
//!
//! Owns their fit. Each begins at what the text tower makes of its sentences and pays for every step away from there (task residuals, Yu et al.
//! 2023), so that where photos say little, the words go on to speak. Leaves the questions to `questions`, the files to `ship`.

use std::collections::HashMap;

use burn::{
    module::{Module, Param},
    optim::{AdamWConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Tensor, TensorData, activation::log_softmax},
};

use super::{
    TrainingError,
    loss::{binary_cross_entropy, unit},
    progress::Show,
    questions::{Asked, Question, Questions},
    schedule::learning_rate,
    ship::Embedded,
};
use crate::embedding::Embedding;

/// Steps over all photos at once.
const STEPS: usize = 300;
/// The highest learning rate.
const RATE: f64 = 0.01;
/// Inverse temperature. Low, so that no photo is ever so sure that nothing is learned from it.
const SCALE: f32 = 12.0;
/// Cost of a vector's squared distance from its sentences, for a facet's class: of those that were tried on `val` (.003 to .1), the best.
const CLASS_COST: f32 = 0.01;
/// For a name, of which more photos tell.
const NAME_COST: f32 = 0.003;

/// Photos that an answer needs to be true of: fewer would be learned by heart, and one that no photo shows would only be pushed away.
const FEWEST: usize = 5;

/// What was learned of every answer, in their order.
pub struct Vectors {
    /// Whether enough photos told of it; else it stays what its sentences say.
    pub taught: Vec<bool>,
    /// Where it lies now.
    pub rows: Vec<Embedding>,
}

/// What moves: a residual for each vector, and for each answer how common it is.
#[derive(Module, Debug)]
struct Moved {
    residuals: Param<Tensor<2>>,
    priors: Param<Tensor<1>>,
}

/// One question's photos.
struct Column {
    question: Question,
    /// (photos, embedding).
    images: Tensor<2>,
    /// (photos, answers): 1 for each that is true; of categories their shares.
    truth: Tensor<2>,
}

/// Learns from `photos`. `begin` is where each answer's vector begins, in the order of the answers: the mean of its sentences, or what was known
/// before. A name that is asked for twice has one vector.
pub fn learn(questions: &Questions, begin: &[Embedding], photos: &[Embedded], show: Show) -> Result<Vectors, TrainingError> {
    let device = Device::flex().autodiff();
    let (vector_of, firsts) = shared(questions);
    let first: Vec<f32> = firsts.iter().filter_map(|&i| begin.get(i)).flat_map(|row| row.as_slice()).copied().collect();
    let width = first.len() / firsts.len().max(1);
    let first: Tensor<2> = Tensor::from_data(TensorData::new(first, [firsts.len(), width]), &device);
    let costs: Vec<f32> = firsts.iter().map(|&i| if named(questions, i) { NAME_COST } else { CLASS_COST }).collect();
    let costs: Tensor<2> = Tensor::from_data(TensorData::new(costs, [firsts.len(), 1]), &device);
    let columns = columns(questions, photos, width, &device);
    let taught = taught(questions, photos, &vector_of, firsts.len());
    let may: Vec<f32> = taught.iter().map(|taught| f32::from(u8::from(*taught))).collect();
    let may: Tensor<2> = Tensor::from_data(TensorData::new(may, [firsts.len(), 1]), &device);
    let places = |question: &Question| {
        let places: Vec<i32> = vector_of.get(question.at.clone()).unwrap_or_default().iter().map(|&i| i as i32).collect();
        Tensor::<1, burn::tensor::Int>::from_data(TensorData::new(places, [question.at.len()]), &device)
    };

    let priors = TensorData::new(priors(questions, &columns), [questions.answers.len()]);
    let mut moved = Moved {
        residuals: Param::from_tensor(Tensor::zeros([firsts.len(), width], &device)),
        priors: Param::from_tensor(Tensor::from_data(priors, &device)),
    };
    let mut optimizer = ModuleOptimizer::from(AdamWConfig::new().with_weight_decay(0.0).build());
    let progress = show.begin("learning class vectors", STEPS, "steps");
    for step in 0..STEPS {
        let vectors = unit(first.clone() + moved.residuals.val() * may.clone());
        let mut loss = (moved.residuals.val().square() * costs.clone()).sum();
        for Column { question, images, truth } in &columns {
            let vectors = vectors.clone().select(0, places(question));
            let priors = moved.priors.val().slice(question.at.clone()).unsqueeze::<2>();
            let logits = images.clone().matmul(vectors.transpose()) * SCALE + priors;
            let cost = match question.of {
                // Each is a question of its own: a photo may bear any number of labels, and a class that nearly fits isn't pushed away as hard.
                Asked::Labels | Asked::Facet => binary_cross_entropy(logits, truth.clone()),
                Asked::Category => -(log_softmax(logits, 1) * truth.clone()),
            };
            loss = loss + cost.sum() / images.dims()[0] as f32;
        }
        let slopes = GradientsParams::from_module(&mut loss.backward(), &moved);
        moved = optimizer.step(learning_rate(step, STEPS, STEPS / 10, RATE), moved, slopes);
        progress.advance(1, String::new());
    }
    progress.finish();

    let learned: Vec<f32> = (moved.residuals.val() * may).into_data().iter::<f32>().collect();
    let mut vectors = Vectors { taught: Vec::new(), rows: Vec::new() };
    for (first, &vector) in begin.iter().zip(&vector_of) {
        let residual = learned.get(vector * width..(vector + 1) * width).unwrap_or_default();
        let row = first.moved(residual).map_err(|e| TrainingError::Calibration { problem: format!("a class vector: {e}") })?;
        vectors.taught.push(taught.get(vector) == Some(&true));
        vectors.rows.push(row);
    }
    Ok(vectors)
}

/// Which vector each answer has, and the first answer of each vector.
fn shared(questions: &Questions) -> (Vec<usize>, Vec<usize>) {
    let (mut of, mut firsts, mut known) = (Vec::new(), Vec::new(), HashMap::new());
    for (i, answer) in questions.answers.iter().enumerate() {
        let next = firsts.len();
        // Two facets may use the same words for different things.
        let key = if answer.name.is_some() { (0, &answer.sentences) } else { (i + 1, &answer.sentences) };
        let vector = *known.entry(key).or_insert(next);
        if vector == next {
            firsts.push(i);
        }
        of.push(vector);
    }
    (of, firsts)
}

fn named(questions: &Questions, answer: usize) -> bool {
    questions.answers.get(answer).is_some_and(|answer| answer.name.is_some())
}

/// Whether enough of `photos` show what each of so many vectors stands for.
fn taught(questions: &Questions, photos: &[Embedded], vector_of: &[usize], vectors: usize) -> Vec<bool> {
    let mut counts = vec![0; vectors];
    for name in photos.iter().map(Embedded::name) {
        let found = questions.known(&name).flatten().filter_map(|answer| vector_of.get(*answer));
        found.for_each(|vector| counts.get_mut(*vector).into_iter().for_each(|count| *count += 1));
    }
    counts.into_iter().map(|count| count >= FEWEST).collect()
}

/// Where each answer's prior begins. Of a question for yes or no at the log odds of how common it is, so that a rare one's vector isn't pushed
/// from all photos to say so.
fn priors(questions: &Questions, columns: &[Column]) -> Vec<f32> {
    let mut priors = vec![0.0; questions.answers.len()];
    for Column { question, truth, .. } in columns.iter().filter(|column| column.question.of != Asked::Category) {
        let [photos, _] = truth.dims();
        let there = truth.clone().sum_dim(0).into_data();
        priors
            .splice(question.at.clone(), there.iter::<f32>().map(|there| ((there + 0.5) / (photos as f32 - there + 0.5)).ln()));
    }
    priors
}

/// The photos of each question of which something is known of any.
fn columns(questions: &Questions, photos: &[Embedded], width: usize, device: &Device) -> Vec<Column> {
    let names: Vec<String> = photos.iter().map(Embedded::name).collect();
    let column = |question: &Question| {
        let (mut images, mut truth, mut count) = (Vec::new(), Vec::new(), 0);
        for (photo, name) in photos.iter().zip(&names) {
            let Some(found) = questions.known(name).find(|found| found.first().is_some_and(|i| question.at.contains(i))) else {
                continue;
            };
            let share = if question.of == Asked::Category { 1.0 / found.len() as f32 } else { 1.0 };
            truth.extend(question.at.clone().map(|i| if found.contains(&i) { share } else { 0.0 }));
            images.extend_from_slice(photo.embedding.as_slice());
            count += 1;
        }
        let tensor = |values, columns| Tensor::from_data(TensorData::new(values, [count, columns]), device);
        (count > 0).then(|| Column {
            question: question.clone(),
            images: tensor(images, width),
            truth: tensor(truth, question.at.len()),
        })
    };
    questions.asked.iter().filter_map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::questions::tests::shard;

    #[test]
    fn a_vector_moves_to_its_photos_and_one_that_few_show_stays() {
        let (vocabulary, shard) = shard();
        let questions = Questions::new(&vocabulary, std::slice::from_ref(&shard));
        let at = |x: f32, y: f32| Embedding::new(vec![x, y]).expect("a direction");
        let sentences: Vec<Embedding> = questions.answers.iter().map(|_| at(1.0, 0.1)).collect();
        let embedded = |photo| Embedded { photo, shard: &shard.path, embedding: at(0.1, 1.0) };
        let photos: Vec<Embedded> = shard.photos.iter().map(embedded).collect();
        let found = learn(&questions, &sentences, &photos, Show::new(true)).expect("vectors");
        let [_, labels, light] = &questions.asked[..] else { panic!("three questions") };
        let (stairs, day) = (labels.at.start, light.at.start);
        assert!(found.taught[stairs] && !found.taught[day], "{:?}", found.taught);
        assert!(found.rows[stairs].cosine(&at(0.0, 1.0)) > sentences[stairs].cosine(&at(0.0, 1.0)) + 0.1);
        assert_eq!(found.rows[day], sentences[day]);
    }

    #[test]
    fn a_name_that_is_asked_for_twice_has_one_vector() {
        let (vocabulary, mut shard) = shard();
        shard.photos.iter_mut().for_each(|photo| photo.record.labels = vec!["bridge".to_owned()]);
        let questions = Questions::new(&vocabulary, &[shard]);
        let (of, firsts) = shared(&questions);
        assert_eq!((of[30], of[2], firsts.len()), (2, 2, questions.answers.len() - 1));
    }
}
