//! Prompts: what a picture shall show, in words, and what a sentence says that a picture shows.
//!
//! Owns `models/prompts.toml`. Leaves which classes are combined to `cover`.

use std::collections::BTreeMap;

use rand::{Rng, RngExt, seq::IndexedRandom};

use self::{
    file::{Facet, File, Height},
    template::Template,
    words::Words,
};
use super::cover::Space;
use crate::{
    training::TrainingError,
    vocabulary::{Kind, NONE, Vocabulary},
};

mod file;
mod template;
mod words;

/// The shipped grammar, part of the trainer.
const SHIPPED: &str = include_str!("../../../../../models/prompts.toml");
/// Its name in messages.
const FILE: &str = "models/prompts.toml";
/// What the slot of the camera's height is called.
const HEIGHT: &str = "height";

/// Class ids by facet. A facet that is absent is not spoken of.
pub type Facets = BTreeMap<String, Vec<String>>;

/// Facets, their phrases, and what goes together.
#[derive(Debug)]
pub struct Grammar {
    facets: Vec<Facet>,
    heights: Vec<Height>,
    templates: Vec<Template>,
    words: Words,
    space: Space,
    exclusive: Vec<String>,
}

/// What a picture shall show.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// One class of each facet; a facet that can't be seen there is absent.
    pub facets: Facets,
    /// The band of heights, by its place in the grammar.
    pub height: usize,
}

impl Grammar {
    /// The grammar that the program carries.
    pub fn shipped() -> Result<Self, TrainingError> {
        Self::parse(SHIPPED)
    }

    fn parse(text: &str) -> Result<Self, TrainingError> {
        let wrong = |problem: String| TrainingError::Data { file: FILE.to_owned(), problem };
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let vocabulary = Vocabulary::shipped()?;
        file.check(&vocabulary).map_err(wrong)?;
        let space = file.space().map_err(wrong)?;
        let slots: Vec<&str> = file.facet.iter().map(|facet| facet.id.as_str()).chain([HEIGHT]).collect();
        let templates = file.templates.iter().map(|text| Template::parse(text, &slots)).collect::<Result<_, _>>().map_err(wrong)?;
        let classes = file.facet.iter().flat_map(|facet| facet.classes.iter().map(move |class| (facet, class)));
        let words = Words::new(
            file.neutral.iter().map(String::as_str),
            classes.map(|(facet, class)| ((facet.id.as_str(), class.id.as_str()), class.names.as_slice())),
        );
        let exclusive = vocabulary.facets().filter(|(_, facet)| facet.kind == Kind::Exclusive).map(|(_, facet)| facet.id.clone());
        let grammar =
            Self { exclusive: exclusive.collect(), facets: file.facet, heights: file.height, templates, words, space };
        grammar.check_phrases().map_err(wrong)?;
        Ok(grammar)
    }

    /// Every phrase names its own class, and no class that it need not name.
    fn check_phrases(&self) -> Result<(), String> {
        for facet in &self.facets {
            for class in &facet.classes {
                for phrase in class.say.iter().filter(|phrase| !phrase.is_empty()) {
                    let said = self.words.read(phrase);
                    if said.is_empty() || !said.iter().all(|thing| thing.can_be(&facet.id, &class.id)) {
                        return Err(format!("facet {}, class {}: \"{phrase}\" names something else: mend `names`", facet.id, class.id));
                    }
                }
            }
        }
        Ok(())
    }

    /// What can be combined: the classes of each facet in their order, then the bands of heights. Where a class leaves nothing of a
    /// facet, the facet has one value more, which says nothing.
    pub fn space(&self) -> Space {
        self.space.clone()
    }

    /// The scene of a combination of [`Grammar::space`].
    pub fn scene(&self, combination: &[usize]) -> Scene {
        let (mut facets, mut start) = (Facets::new(), 0);
        let sizes = self.space.sizes();
        for ((facet, size), value) in self.facets.iter().zip(&sizes).zip(combination) {
            if let Some(class) = facet.classes.get(value - start) {
                facets.insert(facet.id.clone(), vec![class.id.clone()]);
            }
            start += size;
        }
        Scene { facets, height: combination.get(self.facets.len()).map_or(0, |value| value - start) }
    }

    /// A height in metres in the band, to the centimetre.
    pub fn height(&self, band: usize, rng: &mut impl Rng) -> f64 {
        self.heights.get(band).map_or(1.4, |band| (rng.random_range(band.from..=band.to) * 100.0).round() / 100.0)
    }

    /// A sentence that says `facets` and, as some do, the camera's height in metres; nothing of it where that is `None`.
    pub fn tell(&self, facets: &Facets, metres: Option<f64>, rng: &mut impl Rng) -> String {
        let mut said = BTreeMap::new();
        for facet in &self.facets {
            let classes = facets.get(&facet.id).into_iter().flatten();
            let classes = classes.filter_map(|id| facet.classes.iter().find(|class| class.id == *id));
            let phrases: Vec<&str> = classes.filter_map(|class| class.say.choose(rng)).map(String::as_str).collect();
            said.insert(facet.id.as_str(), phrases.join(", "));
        }
        let band = metres.and_then(|metres| self.heights.iter().find(|band| (band.from..=band.to).contains(&metres)));
        if let (Some(band), Some(metres)) = (band, metres)
            && let Some(phrase) = band.say.choose(rng)
        {
            said.insert(HEIGHT, phrase.replace("{metres}", &format!("{metres:.2}")));
        }
        let fits: Vec<&Template> = self.templates.iter().filter(|template| template.fits(&said)).collect();
        fits.choose(rng).map(|template| template.fill(&said)).unwrap_or_default()
    }

    /// Why `text` is no prompt for a picture that shall show `wanted`, if it says of itself that it shows `facets`; `None` where it is.
    pub fn fault(&self, text: &str, facets: &Facets, wanted: &Facets) -> Option<String> {
        self.unknown(facets).or_else(|| self.impossible(facets)).or_else(|| {
            let said = self.words.read(text);
            let pairs = |facets: &Facets| -> Vec<(String, String)> {
                facets.iter().flat_map(|(facet, classes)| classes.iter().map(move |class| (facet.clone(), class.clone()))).collect()
            };
            let (all, asked) = (pairs(facets), pairs(wanted));
            if let Some((facet, class)) = asked.iter().find(|one| !all.contains(one)) {
                return Some(format!("it leaves out {facet} {class}, which was asked for"));
            }
            let named = |facet: &str, class: &str| said.iter().any(|thing| thing.can_be(facet, class));
            if let Some((facet, class)) = all.iter().find(|(facet, class)| class != NONE && !named(facet, class)) {
                return Some(format!("its text does not name {facet} {class}"));
            }
            let stray = said.iter().find(|thing| !all.iter().any(|(facet, class)| thing.can_be(facet, class)));
            stray.map(|thing| format!("its text names {thing}, which its facets lack"))
        })
    }

    fn unknown(&self, facets: &Facets) -> Option<String> {
        for (id, classes) in facets {
            let Some(facet) = self.facets.iter().find(|facet| facet.id == *id) else {
                return Some(format!("there is no facet {id:?}"));
            };
            if let Some(class) = classes.iter().find(|class| !facet.classes.iter().any(|known| known.id == **class)) {
                return Some(format!("facet {id} has no class {class:?}"));
            }
            if classes.is_empty() || classes.len() > 1 && (self.exclusive.contains(id) || classes.iter().any(|class| class == NONE)) {
                return Some(format!("the classes of {id} contradict each other"));
            }
        }
        None
    }

    fn impossible(&self, facets: &Facets) -> Option<String> {
        let mut values: Vec<(usize, String)> = Vec::new();
        let mut start = 0;
        for (facet, size) in self.facets.iter().zip(self.space.sizes()) {
            for id in facets.get(&facet.id).into_iter().flatten() {
                let value = facet.classes.iter().position(|class| class.id == *id).map(|place| start + place);
                values.extend(value.map(|value| (value, format!("{} {id}", facet.id))));
            }
            start += size;
        }
        let pairs = values.iter().enumerate().flat_map(|(at, one)| values[at + 1..].iter().map(move |other| (one, other)));
        let mut bad = pairs.filter(|(one, other)| !self.space.allows(one.0, other.0));
        bad.next().map(|(one, other)| format!("{} and {} are never in one picture", one.1, other.1))
    }
}
