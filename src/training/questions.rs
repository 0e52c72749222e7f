//! What is known of photos beside their captions, as questions: which category is it, which of the sources' labels, which class of each facet?
//!
//! Owns the questions and what is true of which photo. Leaves what is known of a photo to `data`, learning from the answers to `fit`, while the
//! image tower moves, and to `vectors`, once it stands.

use std::{collections::HashMap, ops::Range};

use super::data::{Photo, PhotoShard, frequent, truth};
use crate::{evaluation::street30, vocabulary::Vocabulary};

/// Photos that a label needs to be asked for: fewer would be learned by heart.
const FEWEST: usize = 5;

/// Every question with its answers, and what is true of which photo.
pub struct Questions {
    /// The questions.
    pub asked: Vec<Question>,
    /// The answers of all.
    pub answers: Vec<Answer>,
    /// The true answers of each photo, by its name: a list for each question of which something is known.
    known: HashMap<String, Vec<Vec<usize>>>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked for.
    pub of: Asked,
    /// Where its answers lie among all.
    pub at: Range<usize>,
}

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The one category.
    Category,
    /// Labels of the sources; a photo may bear several.
    Labels,
    /// The classes of a facet.
    Facet,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name of a category or a label; a facet's class has prompts alone.
    pub name: Option<String>,
    /// Sentences that mean the same.
    pub sentences: Vec<String>,
}

impl Questions {
    /// Of the photos in `shards`: their category among those of Street-30, the labels that five photos bear, and each facet of `vocabulary`, in
    /// its order.
    pub fn new(vocabulary: &Vocabulary, shards: &[PhotoShard]) -> Self {
        let photos = || shards.iter().flat_map(|shard| shard.photos.iter().map(move |photo| (shard.name(photo), photo)));
        let labels = frequent(shards, FEWEST);
        let named = |name: &&str| Answer { name: Some((*name).to_owned()), sentences: vec![street30::caption(name)] };
        let mut lists = vec![
            (Asked::Category, street30::CATEGORIES.iter().map(named).collect::<Vec<_>>()),
            (Asked::Labels, labels.iter().map(named).collect()),
        ];
        lists.extend(vocabulary.facets().map(|(_, facet)| {
            let prompts = facet.classes.iter().map(|class| class.prompts.clone());
            (Asked::Facet, prompts.map(|sentences| Answer { name: None, sentences }).collect())
        }));
        let (mut asked, mut answers) = (Vec::new(), Vec::new());
        for (of, list) in lists {
            asked.push(Question { of, at: answers.len()..answers.len() + list.len() });
            answers.extend(list);
        }

        let of = |photo: &Photo| {
            let category = photo.record.category.as_deref().and_then(street30::category);
            let borne = labels.iter().enumerate().filter(|(_, label)| photo.record.labels.iter().any(|borne| borne == *label));
            let mut found = vec![category.into_iter().collect::<Vec<_>>(), borne.map(|(i, _)| i).collect()];
            found.extend(vocabulary.facets().map(|(_, facet)| {
                let classes = truth(photo, facet).into_iter().flat_map(|truth| truth.classes).enumerate();
                classes.filter(|(_, there)| *there).map(|(class, _)| class).collect()
            }));
            let shifted = found.into_iter().zip(&asked).map(|(found, question)| shift(found, question.at.start));
            shifted.filter(|found| !found.is_empty()).collect::<Vec<_>>()
        };
        let known = photos().map(|(name, photo)| (name, of(photo))).filter(|(_, found)| !found.is_empty()).collect();
        Self { asked, answers, known }
    }

    /// Every sentence that an answer has.
    pub fn sentences(&self) -> impl Iterator<Item = &String> {
        self.answers.iter().flat_map(|answer| &answer.sentences)
    }

    /// The true answers to each question of which something is known of the photo `name`.
    pub fn known(&self, name: &str) -> impl Iterator<Item = &[usize]> {
        self.known.get(name).into_iter().flatten().map(Vec::as_slice)
    }

    /// Takes `classes`, of the facet that stands at `facet` in the vocabulary, to be true of the photo `name`, where nothing is known of it there.
    pub fn suppose(&mut self, facet: usize, name: &str, classes: &[usize]) {
        let Some(at) = self.facets().nth(facet).map(|question| question.at.clone()) else { return };
        let known = self.known.entry(name.to_owned()).or_default();
        if !classes.is_empty() && !known.iter().flatten().any(|answer| at.contains(answer)) {
            known.push(shift(classes.to_vec(), at.start));
        }
    }

    /// The questions about facets, in the vocabulary's order.
    pub fn facets(&self) -> impl Iterator<Item = &Question> {
        self.asked.iter().filter(|question| question.of == Asked::Facet)
    }
}

fn shift(places: Vec<usize>, by: usize) -> Vec<usize> {
    places.into_iter().map(|place| place + by).collect()
}

#[cfg(test)]
pub(in crate::training) mod tests {
    use super::*;
    use crate::evaluation::shard::{HandLabels, Record};

    const VOCABULARY: &str = "[[facet]]\nid = \"light\"\nkind = \"exclusive\"\n\
        [[facet.class]]\nid = \"day\"\nprompts = [\"by day\", \"daylight\"]\n[[facet.class]]\nid = \"night\"\nprompts = [\"at night\"]\n";

    /// Six photos: a bridge by day, then five that bear a label, of which the first bears two.
    pub fn shard() -> (Vocabulary, PhotoShard) {
        let photo = |i: usize| {
            let labels = ["stairs", "rare"].iter().take(usize::from(i > 0) + usize::from(i == 1));
            let record = Record {
                category: (i == 0).then(|| "bridge".to_owned()),
                labels: labels.map(|&label| label.to_owned()).collect(),
                ..Record::default()
            };
            let facets = [("light".to_owned(), vec!["day".to_owned()])].into();
            let hand = (i == 0).then(|| HandLabels { facets, ..HandLabels::default() });
            Photo { key: i.to_string(), record, hand }
        };
        let shard = PhotoShard {
            path: "train-0.tar".into(),
            checksum: String::new(),
            photos: (0..6).map(photo).collect(),
            places: vec![0..0; 6],
            length: 0,
        };
        (Vocabulary::parse("v.toml", VOCABULARY).expect("a vocabulary"), shard)
    }

    #[test]
    fn a_photo_answers_the_questions_of_which_something_is_known() {
        let (vocabulary, shard) = shard();
        let questions = Questions::new(&vocabulary, &[shard]);
        let sizes: Vec<_> = questions.asked.iter().map(|question| (question.of, question.at.len())).collect();
        assert_eq!(sizes, [(Asked::Category, 30), (Asked::Labels, 1), (Asked::Facet, 2)], "one photo is too few for a label");
        let told = |name: &str| {
            let first = |answer: &usize| questions.answers[*answer].sentences[0].clone();
            questions.known(name).flat_map(|found| found.iter().map(first)).collect::<Vec<_>>()
        };
        assert_eq!(told("train-0.tar/0"), ["A street view photograph of bridge", "by day"]);
        assert_eq!(told("train-0.tar/1"), ["A street view photograph of stairs"]);
        assert!(told("train-0.tar/6").is_empty());
    }
}
