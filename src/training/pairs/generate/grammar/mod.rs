//! Prompts: what a picture shall show, in words, and what a sentence says that a picture shows.
//!
//! Owns `models/prompts.toml`. Leaves which classes are combined to `cover`.

use std::collections::BTreeMap;

use rand::{Rng, RngExt, seq::IndexedRandom};

use self::{
    file::{Facet, File, Height},
    template::Template,
    words::{Named, Words},
};
use super::cover::Space;
use crate::{
    training::TrainingError,
    vocabulary::{NONE, Vocabulary},
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
pub struct Grammar {
    facets: Vec<Facet>,
    heights: Vec<Height>,
    templates: Vec<Template>,
    words: Words,
    space: Space,
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
        file.check(&Vocabulary::shipped()?).map_err(wrong)?;
        let space = file.space().map_err(wrong)?;
        let slots: Vec<&str> = file.facet.iter().map(|facet| facet.id.as_str()).chain([HEIGHT]).collect();
        let templates =
            file.templates.iter().map(|text| Template::parse(text, &slots)).collect::<Result<_, _>>().map_err(wrong)?;
        let classes = file.facet.iter().flat_map(|facet| facet.classes.iter().map(move |class| (facet, class)));
        let words = Words::new(
            file.neutral.iter().map(String::as_str),
            classes.map(|(facet, class)| ((facet.id.as_str(), class.id.as_str()), class.names.as_slice())),
        );
        let grammar = Self { facets: file.facet, heights: file.height, templates, words, space };
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
                        return Err(format!(
                            "facet {}, class {}: \"{phrase}\" names something else: mend `names`",
                            facet.id, class.id
                        ));
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

    /// Whether all that `text` names is among `facets`.
    pub fn bears_out(&self, facets: &Facets, text: &str) -> bool {
        self.stray(facets, text).is_none()
    }

    fn stray(&self, facets: &Facets, text: &str) -> Option<Named> {
        let among =
            |named: &Named| facets.iter().any(|(facet, classes)| classes.iter().any(|class| named.can_be(facet, class)));
        self.words.read(text).into_iter().find(|named| !among(named))
    }

    /// The words by which a text names each class of `facets`; none for a class that says that there is none.
    pub fn words_for(&self, facets: &Facets) -> BTreeMap<&str, &[String]> {
        let classes = self.facets.iter().flat_map(|facet| facet.classes.iter().map(move |class| (facet, class)));
        let wanted = classes
            .filter(|(facet, class)| class.id != NONE && facets.get(&facet.id).is_some_and(|ids| ids.contains(&class.id)));
        wanted.map(|(_, class)| (class.id.as_str(), class.names.as_slice())).collect()
    }

    /// Why `text`, which is said to show `facets`, is no prompt for a picture that shall show `wanted`; `None` where it is one.
    pub fn fault(&self, text: &str, facets: &Facets, wanted: &Facets) -> Option<String> {
        let pairs = |facets: &Facets| -> Vec<(String, String)> {
            facets.iter().flat_map(|(facet, classes)| classes.iter().map(move |class| (facet.clone(), class.clone()))).collect()
        };
        let (told, asked) = (pairs(facets), pairs(wanted));
        for (id, class) in &told {
            match self.facets.iter().find(|facet| facet.id == *id) {
                None => return Some(format!("there is no facet {id:?}")),
                Some(facet) if !facet.classes.iter().any(|known| known.id == *class) => {
                    return Some(format!("facet {id} has no class {class:?}"));
                }
                Some(_) if !asked.contains(&(id.clone(), class.clone())) => {
                    return Some(format!("it adds {id} {class}, which was not asked for"));
                }
                Some(_) => {}
            }
        }
        if let Some((facet, class)) = asked.iter().find(|one| !told.contains(one)) {
            return Some(format!("it leaves out {facet} {class}, which was asked for"));
        }
        let named = self.words.read(text);
        let silent =
            |(facet, class): &&(String, String)| class != NONE && !named.iter().any(|named| named.can_be(facet, class));
        if let Some((facet, class)) = asked.iter().find(silent) {
            return Some(format!("its text does not name {facet} {class}"));
        }
        self.stray(wanted, text).map(|named| format!("its text names {named}, which was not asked for"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facets(classes: &[(&str, &str)]) -> Facets {
        let mut facets = Facets::new();
        classes.iter().for_each(|(facet, class)| facets.entry((*facet).to_owned()).or_default().push((*class).to_owned()));
        facets
    }

    #[track_caller]
    fn refuses(from: &str, to: &str, want: &str) {
        assert!(SHIPPED.contains(from), "{from} is not in the grammar");
        let error = Grammar::parse(&SHIPPED.replacen(from, to, 1)).map(|_| ()).expect_err("a damaged grammar").to_string();
        assert!(error.starts_with("models/prompts.toml: ") && error.contains(want), "{error}");
    }

    #[test]
    fn a_damaged_grammar_is_refused_with_its_place() {
        refuses("id = \"alley\"", "id = \"ally\"", "class alley of the vocabulary is missing");
        refuses("say = [\"an alley\"", "say = [\"a park\"", "facet place, class alley: \"a park\" names something else");
        refuses("say = [\"an alley\"", "say = [\"a way\"", "facet place, class alley: \"a way\" names something else");
        refuses("say = [\"sand underfoot\", \"a sandy ground\"]", "say = []", "class sand needs phrases");
        refuses("A walk[ {light}]", "A walk[ {sun}]", "no slot {sun}");
        refuses("from = 1.2\n", "from = 1.4\n", "height low");
        refuses("class = \"light.indoors\"", "class = \"light.inside\"", "there is no class light.inside");
        refuses("\"weather.*\"", "\"whether.*\"", "there is no facet whether");
        refuses("\"weather.*\"", "\"place.alley\"", "place.indoors excludes a class of its own facet");
        refuses(
            "with = [\"traffic.none\"]",
            "with = [\"traffic.*\", \"weather.*\"]",
            "of several facets exclude all of weather",
        );
        refuses("neutral = [", "neutrals = [", "neutrals");
    }

    #[test]
    fn a_text_is_taken_at_its_word_and_never_trusted() {
        let grammar = Grammar::shipped().expect("the grammar");
        let wanted = facets(&[("place", "alley"), ("people", "none"), ("weather", "rain"), ("obstacle", "parked_car")]);
        let check = |text: &str, told: &Facets, want: Option<&str>| {
            let fault = grammar.fault(text, told, &wanted);
            assert!(
                fault.as_deref().zip(want).map_or(fault.is_none() && want.is_none(), |(f, w)| f.contains(w)),
                "{text}: {fault:?}"
            );
        };
        let good = "A narrow alley in pouring rain, with parked cars on one side";
        check(good, &wanted, None);
        check("A narrow alley in pouring rain, nobody about, a parked car", &wanted, None);
        check("A narrow alley with a parked car", &wanted, Some("does not name weather rain"));
        check("A rainy alley with a parked car and a dog", &wanted, Some("names obstacle animal"));
        check("A rainy alley with a parked car and a few people", &wanted, Some("names people few"));
        let mut told = wanted.clone();
        told.insert("light".to_owned(), vec!["dusk".to_owned()]);
        check(good, &told, Some("adds light dusk"));
        told = wanted.clone();
        told.remove("weather");
        check(good, &told, Some("leaves out weather rain"));
        check(good, &facets(&[("place", "lane")]), Some("no class \"lane\""));
        check(good, &facets(&[("mood", "calm")]), Some("no facet \"mood\""));
    }

    #[test]
    fn several_classes_of_a_facet_are_told_together() {
        let grammar = Grammar::shipped().expect("the grammar");
        let mut rng = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(1);
        let seen = facets(&[("place", "park"), ("obstacle", "animal"), ("obstacle", "rubble")]);
        for _ in 0..20 {
            let told = grammar.tell(&seen, None, &mut rng);
            assert!(grammar.fault(&told, &seen, &seen).is_none() && !told.contains(['{', '[']), "{told}");
        }
        assert_eq!(grammar.tell(&Facets::new(), None, &mut rng), "");
    }
}
