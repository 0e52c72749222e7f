//! Captions: what people wrote, and short sentences made of labels by the templates of `models/captions.toml`.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use serde::Deserialize;

use super::{Photo, facets::class_id};
use crate::{evaluation::shard::Sentence, training::TrainingError, vocabulary::Vocabulary};

/// The shipped templates, part of the trainer.
const SHIPPED: &str = include_str!("../../../models/captions.toml");
/// Labels of the sources that say nothing to a walker.
const EMPTY: [&str; 8] = ["no crosswalk", "sky", "outdoor", "indoor", "clear", "day", "other", "obstacle"];
/// Begins the meaning of a caption that means what it says.
const OF_TEXT: &str = "text/";
/// Labels used of one photo; a street map lists dozens.
const MOST_LABELS: usize = 6;
/// Confidence from which a network's word is taken, at which about four of five are right on the hand-labelled photos.
const SCENE_CONFIDENCE: f32 = 0.3;
const OBJECT_CONFIDENCE: f32 = 0.5;

/// A sentence about a photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// The words.
    pub text: String,
    /// What it says, as a key: captions that share it are true of each other's photos.
    pub meaning: String,
}

impl Caption {
    /// The caption as it is true of the mirrored photo.
    pub fn mirrored(&self) -> Self {
        let meaning = if self.meaning.starts_with(OF_TEXT) { mirrored(&self.meaning) } else { self.meaning.clone() };
        Self { text: mirrored(&self.text), meaning }
    }
}

/// The captions of one photo by kind, each kind with its weight.
#[derive(Clone, Debug, Default)]
pub struct Captions {
    kinds: Vec<(f32, Vec<Caption>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Templates {
    category: Kind,
    category_varied: Kind,
    human: Told,
    label: Kind,
    place: Sided,
    companion: Told,
    facet: Kind,
    weak: Weak,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    weight: f32,
    templates: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    weight: f32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sided {
    weight: f32,
    left: Vec<String>,
    middle: Vec<String>,
    right: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weak {
    weight: f32,
    scene: Vec<String>,
    objects: Vec<String>,
}

/// Makes captions of photos.
pub struct Captioner {
    templates: Templates,
    vocabulary: Vocabulary,
}

impl Captioner {
    /// With the shipped templates, and the prompts of `vocabulary` for what was labelled by hand.
    pub fn new(vocabulary: Vocabulary) -> Result<Self, TrainingError> {
        let templates = toml::from_str(SHIPPED)
            .map_err(|e| TrainingError::Data { file: "models/captions.toml".to_owned(), problem: e.to_string() })?;
        Ok(Self { templates, vocabulary })
    }

    /// Every caption of `photo`; none where nothing is known of it.
    pub fn captions(&self, photo: &Photo) -> Captions {
        let Templates { category, category_varied, human, label, place, companion, facet, weak } = &self.templates;
        let record = &photo.record;
        let own = format!("photo/{}", photo.key);
        let mut captions = Captions::default();

        if let Some(name) = &record.category {
            let meaning = format!("category/{name}");
            for kind in [category, category_varied] {
                captions.add(kind.weight, fill(&kind.templates, name).map(|text| Caption { text, meaning: meaning.clone() }));
            }
        }
        let told = |text: &str| Caption { text: text.trim().to_owned(), meaning: own.clone() };
        captions.add(human.weight, record.captions.iter().map(Sentence::text).map(told));
        captions.add(label.weight, self.labels(photo, &label.templates));
        captions.add(place.weight, sides(photo, place));
        captions.add(companion.weight, photo.hand.iter().map(|hand| told(&hand.sentence)));
        captions.add(facet.weight, self.prompts(photo, &facet.templates));
        captions.add(weak.weight, weak_captions(photo, weak));
        captions
    }

    fn labels(&self, photo: &Photo, templates: &[String]) -> Vec<Caption> {
        let mut labels: Vec<&str> = Vec::new();
        for label in photo.record.labels.iter().map(String::as_str) {
            if !EMPTY.contains(&label) && !labels.contains(&label) && labels.len() < MOST_LABELS {
                labels.push(label);
            }
        }
        let mut made: Vec<Caption> = labels.iter().flat_map(|label| fill(templates, label)).map(plain).collect();
        if labels.len() > 1 {
            made.push(plain(format!("A photo of {}", list(&labels))));
        }
        made
    }

    fn prompts(&self, photo: &Photo, templates: &[String]) -> Vec<Caption> {
        let Some(hand) = &photo.hand else { return Vec::new() };
        let mut made = Vec::new();
        for (_, facet) in self.vocabulary.facets() {
            let written = hand.facets.get(&facet.id).into_iter().flatten();
            let classes = written.filter_map(|class| facet.find(&class_id(class)).map(|(_, class)| class));
            let prompts = classes.flat_map(|class| &class.prompts);
            made.extend(prompts.flat_map(|prompt| templates.iter().map(move |t| t.replace("{}", prompt))).map(plain));
        }
        made
    }
}

impl Captions {
    fn add(&mut self, weight: f32, captions: impl IntoIterator<Item = Caption>) {
        let captions: Vec<Caption> = captions.into_iter().filter(|c| !c.text.is_empty()).collect();
        if !captions.is_empty() {
            self.kinds.push((weight, captions));
        }
    }

    /// This one alone.
    pub fn one(caption: Caption) -> Self {
        Self { kinds: vec![(1.0, vec![caption])] }
    }

    /// Whether nothing is known of the photo.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Caption> {
        self.kinds.iter().flat_map(|(_, captions)| captions)
    }

    /// Draws a kind by its weight, then one of its captions.
    pub fn draw(&self, rng: &mut impl Rng) -> Option<&Caption> {
        let total: f32 = self.kinds.iter().map(|(weight, _)| weight).sum();
        let mut left = rng.random::<f32>() * total;
        let mut chosen = self.kinds.first()?;
        for kind in &self.kinds {
            chosen = kind;
            left -= kind.0;
            if left < 0.0 {
                break;
            }
        }
        chosen.1.get(rng.random_range(0..chosen.1.len()))
    }
}

/// `text` as it is true of the mirrored photo: left and right change places.
pub fn mirrored(text: &str) -> String {
    let swap = |word: &str| match word {
        "left" => "right".to_owned(),
        "right" => "left".to_owned(),
        "Left" => "Right".to_owned(),
        "Right" => "Left".to_owned(),
        _ => word.to_owned(),
    };
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars() {
        if letter.is_alphabetic() {
            word.push(letter);
        } else {
            out.push_str(&swap(&word));
            word.clear();
            out.push(letter);
        }
    }
    out + &swap(&word)
}

/// A caption that means what it says: it is true of every photo that has the same one.
fn plain(text: String) -> Caption {
    Caption { meaning: format!("{OF_TEXT}{text}"), text }
}

fn fill(templates: &[String], thing: &str) -> impl Iterator<Item = String> {
    templates.iter().map(move |t| t.replace("{a}", &with_article(thing)).replace("{}", thing))
}

fn sides(photo: &Photo, templates: &Sided) -> Vec<Caption> {
    let boxes = photo.record.boxes.iter().filter(|(label, ..)| !EMPTY.contains(&label.as_str()));
    boxes
        .take(MOST_LABELS)
        .flat_map(|(label, x, _, width, _)| {
            let templates = match x + width / 2.0 {
                middle if middle < 1.0 / 3.0 => &templates.left,
                middle if middle > 2.0 / 3.0 => &templates.right,
                _ => &templates.middle,
            };
            fill(templates, label)
        })
        .map(plain)
        .collect()
}

fn weak_captions(photo: &Photo, weak: &Weak) -> Vec<Caption> {
    let mut made = Vec::new();
    if let Some((scene, _)) = photo.record.places365.first().filter(|(_, p)| *p > SCENE_CONFIDENCE) {
        made.extend(fill(&weak.scene, &scene.replace('/', " ")).map(plain));
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for object in photo.record.objects.iter().filter(|o| o.score > OBJECT_CONFIDENCE) {
        *counts.entry(&object.label).or_default() += 1;
    }
    if !counts.is_empty() {
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|&(label, n)| (std::cmp::Reverse(n), label));
        let things: Vec<String> = counts.iter().take(4).map(|&(label, n)| counted(label, n)).collect();
        let things: Vec<&str> = things.iter().map(String::as_str).collect();
        made.extend(weak.objects.iter().map(|t| plain(t.replace("{}", &list(&things)))));
    }
    made
}

/// "a car", "two cars", "several cars"; plural and uncountable names stay as they are.
fn counted(thing: &str, count: usize) -> String {
    let plural = match thing {
        "person" => "people".to_owned(),
        _ if thing.ends_with('s') => format!("{thing}es"),
        _ => format!("{thing}s"),
    };
    match count {
        1 => with_article(thing),
        2 => format!("two {plural}"),
        _ => format!("several {plural}"),
    }
}

fn with_article(thing: &str) -> String {
    let plural = thing.ends_with('s') && !thing.ends_with("ss") && !thing.ends_with("bus");
    match thing.chars().next() {
        _ if plural => thing.to_owned(),
        Some('a' | 'e' | 'i' | 'o' | 'u') => format!("an {thing}"),
        _ => format!("a {thing}"),
    }
}

/// "a", "a and b", "a, b and c".
fn list(things: &[&str]) -> String {
    match things {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::evaluation::shard::{HandLabels, Object, Record};

    fn photo(record: Record, hand: Option<HandLabels>) -> Photo {
        Photo { key: "k".to_owned(), record, hand }
    }

    fn captions(photo: &Photo) -> Captions {
        Captioner::new(Vocabulary::shipped().expect("the vocabulary")).expect("the templates").captions(photo)
    }

    #[track_caller]
    fn check(record: Record, want: &[&str], unwanted: &[&str]) {
        let captions = captions(&photo(record, None));
        let texts: Vec<_> = captions.iter().map(|c| c.text.as_str()).collect();
        assert!(want.iter().all(|w| texts.contains(w)) && !unwanted.iter().any(|w| texts.contains(w)), "{texts:?}");
    }

    #[test]
    fn each_thing_known_of_a_photo_becomes_a_sentence() {
        let category = Some("office".to_owned());
        check(Record { category, ..Record::default() }, &["A street view photograph of office", "an office ahead"], &[]);
        let labels = ["crosswalk", "sky", "crosswalk", "stairs"].map(str::to_owned).to_vec();
        let want = ["a crosswalk ahead", "stairs ahead", "A photo of crosswalk and stairs"];
        check(Record { labels, ..Record::default() }, &want, &["a sky ahead", "a stairs ahead"]);
        let boxes = vec![("pothole".to_owned(), 0.0, 0.5, 0.2, 0.2), ("bus".to_owned(), 0.8, 0.0, 0.2, 0.2)];
        check(Record { boxes, ..Record::default() }, &["a pothole on the left", "a bus on the right"], &[]);
        let objects = [("person", 0.9), ("person", 0.6), ("bus", 0.7), ("car", 0.4)];
        let objects = objects.map(|(label, score)| Object { label: label.to_owned(), score, r#box: [0.0; 4] }).to_vec();
        check(Record { objects, ..Record::default() }, &["A photo with two people and a bus"], &[]);
        let places365 = vec![("parking garage/indoor".to_owned(), 0.4)];
        check(Record { places365, ..Record::default() }, &["A photo of a parking garage indoor"], &[]);
        check(Record { places365: vec![("alley".to_owned(), 0.2)], ..Record::default() }, &[], &["A photo of an alley"]);
        assert!(captions(&photo(Record::default(), None)).is_empty());
    }

    #[test]
    fn hand_labels_become_the_prompts_that_the_vocabulary_asks() {
        let facets = [("weather".to_owned(), vec!["clear".to_owned()]), ("place".to_owned(), vec!["unclear".to_owned()])];
        let hand = HandLabels { split: "train".to_owned(), facets: facets.into(), sentence: "A dry day.".to_owned() };
        let captions = captions(&photo(Record::default(), Some(hand)));
        let texts: Vec<_> = captions.iter().map(|c| c.text.as_str()).collect();
        assert!(texts.contains(&"A dry day.") && texts.contains(&"There is a sunny day here"), "{texts:?}");
        assert_eq!(texts.len(), 1 + 2 * 5, "{texts:?}");
    }

    #[test]
    fn captions_of_one_category_mean_the_same_and_human_ones_only_themselves() {
        let record = Record {
            category: Some("bus".to_owned()),
            captions: vec![Sentence::Plain("the red bus".to_owned())],
            ..Record::default()
        };
        let captions = captions(&photo(record, None));
        let mut meanings: Vec<_> = captions.iter().map(|c| c.meaning.as_str()).collect();
        meanings.dedup();
        assert_eq!(meanings, ["category/bus", "photo/k"]);
    }

    #[test]
    fn kinds_are_drawn_by_their_weight() {
        let record = Record {
            captions: vec![Sentence::Plain("told".to_owned())],
            category: Some("bus".to_owned()),
            ..Record::default()
        };
        let captions = captions(&photo(record, None));
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let told = (0..4000).filter(|_| captions.draw(&mut rng).expect("a caption").text == "told").count();
        assert!((told as f64 / 4000.0 - 3.0 / 3.7).abs() < 0.03, "{told}");
    }

    #[test]
    fn mirroring_swaps_left_and_right_and_nothing_else() {
        for (text, want) in [
            ("A bin on the left, a door on the right.", "A bin on the right, a door on the left."),
            ("Right of it a left-hand bend", "Left of it a right-hand bend"),
            ("leftovers upright", "leftovers upright"),
            ("left", "right"),
            ("", ""),
        ] {
            assert_eq!(mirrored(text), want);
            assert_eq!(mirrored(want), text);
        }
    }
}
