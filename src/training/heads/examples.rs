//! What the heads learn from: each photo's features and captions, drawn in batches.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};

use crate::training::{
    data::{Caption, Captions},
    features::{Standard, Texts, Views},
    loss::targets,
    model::Trained,
};

/// The training photos that have captions.
pub struct Examples {
    views: Views,
    texts: Texts,
    captions: Vec<Captions>,
    standard: Standard,
    /// Photos that have captions and could be decoded.
    usable: Vec<usize>,
    /// Of them, those that a person labelled.
    labelled: Vec<usize>,
}

/// One step's input.
pub struct Batch {
    /// Standardised image features, (batch, features).
    pub images: Tensor<2>,
    /// Text features, (batch, features).
    pub texts: Tensor<2>,
    /// Which captions are true of which picture, (batch, batch).
    pub targets: Tensor<2>,
}

impl Examples {
    /// `captions` and `labelled` (whether a person labelled it) stand in the order of the rows of `views`. The views are
    /// standardised here; [`Examples::standard`] says how.
    pub fn new(mut views: Views, texts: Texts, captions: Vec<Captions>, labelled: &[bool]) -> Self {
        let usable: Vec<usize> = (0..captions.len())
            .filter(|&i| captions.get(i).is_some_and(|c| !c.is_empty()) && !views.plain.is_blank(i))
            .collect();
        let standard = Standard::of(&views.plain);
        standard.apply(&mut views.plain);
        standard.apply(&mut views.mirrored);
        let labelled = usable.iter().copied().filter(|&i| labelled.get(i) == Some(&true)).collect();
        Self { views, texts, captions, standard, usable, labelled }
    }

    /// How image features are standardised.
    pub fn standard(&self) -> &Standard {
        &self.standard
    }

    /// Components of an image feature and of a text feature.
    pub fn widths(&self) -> (usize, usize) {
        (self.views.plain.width(), self.texts.features.width())
    }

    /// Pairs in an epoch.
    pub fn per_epoch(&self, hand_labelled: usize) -> usize {
        self.usable.len() + self.labelled.len() * hand_labelled.saturating_sub(1)
    }

    /// The photos of an epoch: each once, a hand-labelled one `hand_labelled` times.
    pub fn epoch(&self, hand_labelled: usize) -> Vec<usize> {
        let again = self.labelled.iter().copied().cycle().take(self.labelled.len() * hand_labelled.saturating_sub(1));
        self.usable.iter().copied().chain(again).collect()
    }

    /// A random view and a random caption of each of `photos`.
    pub fn batch(&self, photos: &[usize], rng: &mut impl Rng, device: &Device) -> Batch {
        let (image_width, text_width) = self.widths();
        let mut images = Vec::with_capacity(photos.len() * image_width);
        let mut texts = Vec::with_capacity(photos.len() * text_width);
        let mut meanings = Vec::with_capacity(photos.len());
        let mut numbers: HashMap<String, u32> = HashMap::new();
        for &photo in photos {
            let is_mirrored = rng.random::<bool>();
            let view = if is_mirrored { &self.views.mirrored } else { &self.views.plain };
            let Some(caption) = self.captions.get(photo).and_then(|captions| captions.draw(rng)) else { continue };
            let caption = if is_mirrored { caption.mirrored() } else { caption.clone() };
            images.extend_from_slice(view.row(photo));
            texts.extend_from_slice(self.texts.get(&caption.text));
            let Caption { meaning, .. } = caption;
            let next = numbers.len() as u32;
            meanings.push(*numbers.entry(meaning).or_insert(next));
        }
        let batch = meanings.len();
        Batch {
            images: Tensor::from_data(TensorData::new(images, [batch, image_width]), device),
            texts: Tensor::from_data(TensorData::new(texts, [batch, text_width]), device),
            targets: targets(&meanings, device),
        }
    }

    /// A random view of each of `photos`.
    pub fn images(&self, photos: &[usize], rng: &mut impl Rng, device: &Device) -> Tensor<2> {
        let width = self.views.plain.width();
        let mut images = Vec::with_capacity(photos.len() * width);
        for &photo in photos {
            let view = if rng.random::<bool>() { &self.views.mirrored } else { &self.views.plain };
            images.extend_from_slice(view.row(photo));
        }
        Tensor::from_data(TensorData::new(images, [photos.len(), width]), device)
    }

    /// `trained` for features as the trunk gives them.
    pub fn unstandardised(&self, trained: Trained) -> Trained {
        Trained { image: trained.image.before(&self.standard.mean, &self.standard.deviation), ..trained }
    }
}

/// Every sentence that may be drawn, plain and mirrored, each once.
pub fn sentences<'a>(captions: impl Iterator<Item = &'a Captions>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for caption in captions.flat_map(Captions::iter) {
        for text in [caption.text.clone(), caption.mirrored().text] {
            if seen.insert(text.clone()) {
                all.push(text);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::{
        evaluation::shard::{Record, Sentence},
        training::{
            data::{Captioner, Photo},
            features::Features,
        },
        vocabulary::Vocabulary,
    };

    fn rows(width: usize, values: &[f32]) -> Features {
        Features::new(width, values.to_vec())
    }

    /// Four photos: two buses, one that a person labelled, one of which nothing is known.
    fn examples() -> Examples {
        let captioner = Captioner::new(Vocabulary::shipped().expect("the vocabulary")).expect("the templates");
        let bus = Record { category: Some("bus".to_owned()), ..Record::default() };
        let told = Record { captions: vec![Sentence::Plain("a bin on the left".to_owned())], ..Record::default() };
        let photo = |key: &str, record: &Record| Photo { key: key.to_owned(), record: record.clone(), hand: None };
        let photos = [photo("a", &bus), photo("b", &bus), photo("c", &told), photo("d", &Record::default())];
        let captions: Vec<Captions> = photos.iter().map(|photo| captioner.captions(photo)).collect();
        let sentences = sentences(captions.iter());
        let values: Vec<f32> = (0..sentences.len()).map(|i| i as f32).collect();
        let texts = Texts::new(&sentences, rows(1, &values));
        let plain = rows(2, &[1.0, 5.0, 2.0, 6.0, 3.0, 7.0, 4.0, 8.0]);
        let views = Views { mirrored: plain.clone(), plain };
        Examples::new(views, texts, captions, &[false, false, true, false])
    }

    #[test]
    fn an_epoch_repeats_what_was_labelled_by_hand_and_skips_what_is_unknown() {
        assert_eq!(examples().epoch(3), [0, 1, 2, 2, 2]);
        assert_eq!(examples().per_epoch(3), 5);
        assert_eq!(examples().epoch(1), [0, 1, 2]);
    }

    #[test]
    fn photos_of_one_category_share_their_targets() {
        let batch = examples().batch(&[0, 1, 2], &mut ChaCha8Rng::seed_from_u64(3), &Device::flex());
        let targets: Vec<f32> = batch.targets.into_data().iter::<f32>().collect();
        assert_eq!(targets, [0.5, 0.5, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!((batch.images.dims(), batch.texts.dims()), ([3, 2], [3, 1]));
    }

    #[test]
    fn a_mirrored_sentence_has_features_of_its_own() {
        let examples = examples();
        assert_ne!(examples.texts.get("a bin on the left"), examples.texts.get("a bin on the right"));
    }
}
