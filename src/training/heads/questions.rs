//! What the walk will ask of a picture, asked of photos whose answers are known.
//!
//! Owns the second part of the loss: each facet's classes, embedded as the walk embeds them, against what is known to be there.
//! Leaves what is known of a photo to `data`.

use burn::tensor::{Device, Tensor, TensorData, activation::log_softmax};
use rand::{Rng, RngExt};

use crate::{
    training::{
        data::{Photo, truth},
        features::Features,
        loss::{binary_cross_entropy, unit},
        model::{Classes, Heads, TwoTowers},
    },
    vocabulary::{Kind, Vocabulary},
};

/// Every facet with the photos of which something is known.
pub struct Questions {
    facets: Vec<Columns>,
    /// Text features of every prompt, (prompts, features).
    prompts: Features,
    /// Which class each prompt belongs to.
    class_of: Vec<usize>,
    classes: usize,
    known: Vec<Known>,
}

/// Where a facet's classes lie among all.
struct Columns {
    kind: Kind,
    start: usize,
    len: usize,
    none: usize,
}

/// What is known of one photo: for each facet, which classes are there.
struct Known {
    photo: usize,
    facets: Vec<Option<Vec<bool>>>,
}

/// One step's photos with what is known of them.
pub struct Asked {
    /// The photos, as rows of the features.
    pub photos: Vec<usize>,
    /// Share of each class in what is there, (photos, classes); 1 for each where several may be.
    truth: Tensor<2>,
    /// Whether anything is known of a facet, (photos, facets), scaled so that a column sums to 1.
    known: Tensor<2>,
}

impl Questions {
    /// `photos` in the order of the features' rows; `prompts` has a row for each of the vocabulary's.
    pub fn new<'a>(vocabulary: &Vocabulary, photos: impl Iterator<Item = &'a Photo>, prompts: Features) -> Self {
        let (mut facets, mut class_of, mut classes) = (Vec::new(), Vec::new(), 0);
        for (_, facet) in vocabulary.facets() {
            let none = facet.none().map_or(0, |none| none.0);
            facets.push(Columns { kind: facet.kind, start: classes, len: facet.classes.len(), none });
            for class in &facet.classes {
                class_of.extend(class.prompts.iter().map(|_| classes));
                classes += 1;
            }
        }
        let known = photos
            .enumerate()
            .map(|(photo, seen)| Known {
                photo,
                // Something that is none of the classes teaches none of them where one must be true.
                facets: vocabulary
                    .facets()
                    .map(|(_, facet)| truth(seen, facet).map(|truth| truth.classes))
                    .map(|classes| classes.filter(|classes| classes.contains(&true)))
                    .collect(),
            })
            .filter(|known| known.facets.iter().any(Option::is_some))
            .collect();
        Self { facets, prompts, class_of, classes, known }
    }

    /// `count` photos at random; none where nothing is known of any.
    pub fn draw(&self, count: usize, rng: &mut impl Rng, device: &Device) -> Option<Asked> {
        if self.known.is_empty() {
            return None;
        }
        let drawn: Vec<&Known> = (0..count).filter_map(|_| self.known.get(rng.random_range(0..self.known.len()))).collect();
        Some(self.ask(&drawn, device))
    }

    /// All photos; none where nothing is known of any.
    pub fn all(&self, device: &Device) -> Option<Asked> {
        (!self.known.is_empty()).then(|| self.ask(&self.known.iter().collect::<Vec<_>>(), device))
    }

    fn ask(&self, drawn: &[&Known], device: &Device) -> Asked {
        let mut truth = Vec::with_capacity(drawn.len() * self.classes);
        let mut known = Vec::with_capacity(drawn.len() * self.facets.len());
        for photo in drawn {
            for (columns, seen) in self.facets.iter().zip(&photo.facets) {
                let there = seen.iter().flatten().filter(|there| **there).count().max(1) as f32;
                let share = if columns.kind == Kind::Exclusive { 1.0 / there } else { 1.0 };
                let of = |class| seen.as_ref().and_then(|seen| seen.get(class)) == Some(&true);
                truth.extend((0..columns.len).map(|class| if of(class) { share } else { 0.0 }));
                known.push(f32::from(u8::from(seen.is_some())));
            }
        }
        let known: Tensor<2> = Tensor::from_data(TensorData::new(known, [drawn.len(), self.facets.len()]), device);
        Asked {
            photos: drawn.iter().map(|known| known.photo).collect(),
            truth: Tensor::from_data(TensorData::new(truth, [drawn.len(), self.classes]), device),
            known: known.clone() / known.sum_dim(0).clamp_min(1.0),
        }
    }

    /// Classes of which nothing is learned yet beside their prompts.
    pub fn classes(&self, embedding: usize, device: &Device) -> Classes {
        Classes::new(self.classes, embedding, self.facets.len(), device)
    }

    /// How wrong the answers are, a mean over the facets: cross-entropy where classes exclude each other, else that of each class
    /// against "none". `images` are the features of `asked.photos`.
    pub fn loss(&self, heads: &Heads, classes: &Classes, images: Tensor<2>, asked: Asked) -> Tensor<1> {
        let cosines = unit(heads.image(images)).matmul(self.embed(heads, classes).transpose());
        let logits = cosines * heads.scale().unsqueeze::<2>();
        let (priors, scales) = (classes.priors().unsqueeze::<2>(), classes.scales().unsqueeze::<2>());
        let mut sum: Option<Tensor<1>> = None;
        for (i, Columns { kind, start, len, none }) in self.facets.iter().enumerate() {
            let logits = logits.clone().narrow(1, *start, *len) * scales.clone().narrow(1, i, 1);
            let priors = priors.clone().narrow(1, *start, *len);
            let truth = asked.truth.clone().narrow(1, *start, *len);
            let cost = match kind {
                Kind::Exclusive => -(log_softmax(logits + priors, 1) * truth).sum_dim(1),
                Kind::Several => {
                    // "None" against itself has no logit but its prior.
                    let against = logits.clone() - logits.narrow(1, *none, 1);
                    binary_cross_entropy(against + priors, truth).sum_dim(1)
                }
            };
            let mean = (cost * asked.known.clone().narrow(1, i, 1)).sum();
            sum = Some(sum.map_or(mean.clone(), |sum| sum + mean));
        }
        let device = asked.truth.device();
        sum.unwrap_or_else(|| Tensor::zeros([1], &device)) / self.facets.len().max(1) as f32
    }

    /// The classes as the walk embeds them: the mean of their prompts, moved by what was learned.
    fn embed(&self, heads: &Heads, classes: &Classes) -> Tensor<2> {
        let device = heads.scale().device();
        let count = self.class_of.len();
        let mut pool = vec![0.0; self.classes * count];
        for (prompt, class) in self.class_of.iter().enumerate() {
            if let Some(cell) = pool.get_mut(class * count + prompt) {
                *cell = 1.0;
            }
        }
        let pool: Tensor<2> = Tensor::from_data(TensorData::new(pool, [self.classes, count]), &device);
        let prompts = TensorData::new(self.prompts.values().to_vec(), [count, self.prompts.width()]);
        let mean = unit(pool.matmul(unit(heads.text(Tensor::from_data(prompts, &device)))));
        unit(mean + classes.residuals())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evaluation::shard::{HandLabels, Record},
        training::model::{Projection, Trained},
    };

    const VOCABULARY: &str = "[[facet]]\nid = \"light\"\nkind = \"exclusive\"\n\
        [[facet.class]]\nid = \"day\"\nprompts = [\"p0\", \"p1\"]\n[[facet.class]]\nid = \"night\"\nprompts = [\"p2\"]\n\
        [[facet]]\nid = \"traffic\"\nkind = \"several\"\n\
        [[facet.class]]\nid = \"none\"\nprompts = [\"p3\"]\n[[facet.class]]\nid = \"bus\"\nprompts = [\"p4\"]\n";

    fn photo(light: &str, traffic: &str) -> Photo {
        let facets = [("light", light), ("traffic", traffic)];
        let facets = facets.map(|(facet, class)| (facet.to_owned(), vec![class.to_owned()])).into();
        let hand = Some(HandLabels { facets, ..HandLabels::default() });
        Photo { key: String::new(), record: Record::default(), hand }
    }

    #[test]
    fn the_loss_equals_the_answers_written_out() {
        let vocabulary = Vocabulary::parse("v.toml", VOCABULARY).expect("a vocabulary");
        let photos = [photo("day", "bus"), photo("unclear", "none"), photo("unclear", "unclear")];
        let prompts: Vec<Vec<f64>> = (0..5).map(|i| vec![f64::from(i).cos(), f64::from(i).sin()]).collect();
        let values: Vec<f32> = prompts.iter().flatten().map(|&x| x as f32).collect();
        let questions = Questions::new(&vocabulary, photos.iter(), Features::new(2, values));
        assert_eq!(questions.known.len(), 2, "of the third photo nothing is known");

        let same = Projection { inputs: 2, outputs: 2, weight: vec![1.0, 0.0, 0.0, 1.0], bias: vec![0.0; 2] };
        let device = Device::flex();
        let heads = Trained { image: same.clone(), text: same, scale: 5.0, residuals: Vec::new() }.heads(&device);
        let classes = questions.classes(2, &device);
        let asked = questions.ask(&questions.known.iter().collect::<Vec<_>>(), &device);
        let images = Tensor::from_data([[1.0, 0.0], [0.0, 1.0]], &device);
        let found: f32 = questions.loss(&heads, &classes, images, asked).into_scalar();

        let angle = |image: f64, class: f64| 5.0 * (image - class).cos();
        let (day, bus) = (0.5, 4.0); // the mean of the directions 0 and 1 is 0.5
        let light = -(angle(0.0, day) - (angle(0.0, day).exp() + angle(0.0, 2.0).exp()).ln());
        let odds = |image: f64| angle(image, bus) - angle(image, 3.0);
        let up = std::f64::consts::FRAC_PI_2;
        let traffic = ((1.0 + (-odds(0.0)).exp()).ln() + (1.0 + odds(up).exp()).ln()) / 2.0 + std::f64::consts::LN_2;
        assert!((f64::from(found) - (light + traffic) / 2.0).abs() < 1e-4, "{found} against {}", (light + traffic) / 2.0);
    }
}
