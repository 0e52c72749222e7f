//! From a callout to a sentence: the Fluent messages of `voices/`.
//!
//! Owns which languages there are and how a message becomes text. Leaves what is worth saying to `narrator`, how it sounds to
//! the voices. The files are part of the program, so that words can't be missing on the street.

use std::str::FromStr;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

use super::SpeechError;
use crate::callout::{Callout, Direction};

/// Every language: its tag and the files of its folder.
const LANGUAGES: [(&str, &[&str]); 1] = [(
    "en",
    &[
        include_str!("../../voices/en/sights.ftl"),
        include_str!("../../voices/en/faults.ftl"),
        include_str!("../../voices/en/session.ftl"),
        include_str!("../../voices/en/describe.ftl"),
    ],
)];

/// The attribute that names a thing, as it stands in a list.
const NAME: &str = "name";

/// Where a sight stands in a description; the order is the walker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// What kind of place it is.
    Place,
    /// What lies in front.
    Ahead,
    /// What lies to the right.
    Right,
    /// What lies to the left.
    Left,
    /// What is underfoot.
    Surface,
    /// The sky and the light.
    Weather,
}

impl Slot {
    /// Every slot, in the order in which they are said.
    pub const ALL: [Slot; 6] = [Slot::Place, Slot::Ahead, Slot::Right, Slot::Left, Slot::Surface, Slot::Weather];

    /// The message that holds the slot's list; `None` where each sight is a sentence of its own.
    fn list(self) -> Option<&'static str> {
        match self {
            Slot::Ahead => Some("describe-ahead"),
            Slot::Right => Some("describe-right"),
            Slot::Left => Some("describe-left"),
            Slot::Place | Slot::Surface | Slot::Weather => None,
        }
    }
}

impl From<Direction> for Slot {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Ahead => Slot::Ahead,
            Direction::Right => Slot::Right,
            Direction::Left => Slot::Left,
        }
    }
}

/// The words of one language.
pub struct Words {
    language: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// The tags of all languages.
    pub fn languages() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|(tag, _)| *tag)
    }

    /// The words of `language`, a tag as `en` or `en-GB`; a region without words of its own takes its language's.
    pub fn load(language: &str) -> Result<Self, SpeechError> {
        let missing = || SpeechError::Language { language: language.to_owned(), shipped: Self::languages().collect() };
        let wanted = LanguageIdentifier::from_str(language).map_err(|_| missing())?;
        let exact = LANGUAGES.iter().find(|(tag, _)| wanted == *tag);
        let (tag, files) = exact.or_else(|| LANGUAGES.iter().find(|(tag, _)| wanted.language == *tag)).ok_or_else(missing)?;
        Self::parse(tag, files)
    }

    fn parse(language: &'static str, files: &[&str]) -> Result<Self, SpeechError> {
        let wrong = |problem| SpeechError::Message { language: language.to_owned(), message: "(file)".to_owned(), problem };
        let tag = LanguageIdentifier::from_str(language).map_err(|e| wrong(e.to_string()))?;
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Isolation marks guard mixed scripts on a screen; a voice would stumble over them.
        bundle.set_use_isolating(false);
        for &file in files {
            let resource = FluentResource::try_new(file.to_owned()).map_err(|(_, errors)| wrong(join(&errors)))?;
            bundle.add_resource(resource).map_err(|errors| wrong(join(&errors)))?;
        }
        Ok(Self { language, bundle })
    }

    /// The tag of the language.
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// What is said for `callout`.
    pub fn text(&self, callout: &Callout) -> Result<String, SpeechError> {
        self.sentence(&callout.message, callout.direction)
    }

    /// The message `id` as a sentence; without a direction it tells none.
    pub fn sentence(&self, id: &str, direction: Option<Direction>) -> Result<String, SpeechError> {
        let mut args = FluentArgs::new();
        args.set("direction", direction.map_or("none", Direction::id));
        self.format(id, None, &args)
    }

    /// One line of several sights, each by its slot and its message, as `obstacle-parked-car`; in the walker's order whatever
    /// the order of `sights`. Without any sight it says that it is not sure.
    pub fn describe(&self, sights: &[(Slot, &str)]) -> Result<String, SpeechError> {
        if sights.is_empty() {
            return self.sentence("describe-not-sure", None);
        }
        let none = FluentArgs::new();
        let comma = self.format("describe-comma", None, &none)?;
        let mut sentences = Vec::new();
        for slot in Slot::ALL {
            let ids = sights.iter().filter(|(s, _)| *s == slot).map(|(_, id)| *id);
            let Some(list) = slot.list() else {
                for id in ids {
                    sentences.push(self.sentence(id, None)?);
                }
                continue;
            };
            let names = ids.map(|id| self.format(id, Some(NAME), &none)).collect::<Result<Vec<_>, _>>()?;
            if !names.is_empty() {
                let mut args = FluentArgs::new();
                args.set("things", names.join(&comma));
                sentences.push(self.format(list, None, &args)?);
            }
        }
        Ok(sentences.join(&self.format("describe-space", None, &none)?))
    }

    fn format(&self, id: &str, attribute: Option<&str>, args: &FluentArgs) -> Result<String, SpeechError> {
        let wrong = |problem| SpeechError::Message { language: self.language.to_owned(), message: id.to_owned(), problem };
        let message = self.bundle.get_message(id).ok_or_else(|| wrong("is missing: add it".to_owned()))?;
        let pattern = match attribute {
            None => message.value().ok_or_else(|| wrong("has no value: add one".to_owned()))?,
            Some(name) => message.get_attribute(name).ok_or_else(|| wrong(format!("has no .{name}: add it")))?.value(),
        };
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        if errors.is_empty() { Ok(text) } else { Err(wrong(join(&errors))) }
    }
}

fn join(errors: &[impl ToString]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        fault::Fault,
        speech::{LengthModel, Rate},
        vocabulary::Vocabulary,
    };

    /// Words that would decide for the walker, or tell the state of a signal.
    const FORBIDDEN: [&str; 10] = ["safe", "safely", "clear", "go", "walk", "cross", "proceed", "green", "red", "free"];

    const SESSION: [&str; 3] = ["session-start", "session-end", "session-cannot-start"];

    const DIRECTIONS: [Option<Direction>; 4] = [None, Some(Direction::Ahead), Some(Direction::Right), Some(Direction::Left)];

    fn words() -> Words {
        Words::load("en").expect("English")
    }

    fn sights() -> Vec<String> {
        let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
        vocabulary.facets().flat_map(|(_, f)| &f.classes).filter_map(|c| c.say.clone()).collect()
    }

    #[track_caller]
    fn check_text(text: &str) {
        assert!(text.ends_with('.'), "no sentence: {text:?}");
        assert!(text.starts_with(char::is_uppercase), "no sentence: {text:?}");
        assert!(!text.contains(['{', '}', '$', '\u{2068}', '\u{2069}']), "left over: {text:?}");
        assert!(!text.contains("  ") && !text.contains(" .") && !text.contains(".."), "badly set: {text:?}");
        for word in text.split(|c: char| !c.is_alphabetic()) {
            assert!(!FORBIDDEN.contains(&word.to_lowercase().as_str()), "forbidden word: {text:?}");
        }
        let length = LengthModel::default().length(text, Rate::default());
        assert!(length <= Duration::from_secs(3), "{text:?} takes {length:?}");
    }

    #[test]
    fn every_sight_fault_and_session_message_is_a_short_honest_sentence_in_each_direction_and_language() {
        let faults = Fault::ALL.map(|f| format!("fault-{}", f.id().replace('_', "-")));
        let ids: Vec<_> = sights().into_iter().chain(faults).chain(SESSION.map(str::to_owned)).collect();
        for language in Words::languages() {
            let words = Words::load(language).unwrap();
            for id in &ids {
                for direction in DIRECTIONS {
                    check_text(&words.sentence(id, direction).unwrap());
                }
            }
            check_text(&words.describe(&[]).unwrap());
        }
    }

    #[test]
    fn every_sight_has_its_place_in_every_slot_of_a_description() {
        let words = words();
        for id in sights() {
            for slot in Slot::ALL {
                check_text(&words.describe(&[(slot, &id)]).unwrap());
            }
        }
    }

    #[track_caller]
    fn check(id: &str, direction: Option<Direction>, want: &str) {
        assert_eq!(words().sentence(id, direction).unwrap(), want);
    }

    #[test]
    fn a_sight_is_said_with_its_direction_where_it_has_one() {
        check("crossing-zebra-crossing", Some(Direction::Ahead), "Zebra crossing ahead.");
        check("crossing-zebra-crossing", Some(Direction::Left), "Zebra crossing on the left.");
        check("obstacle-parked-car", Some(Direction::Right), "Parked car on the right.");
        check("obstacle-parked-car", None, "Parked car.");
        check("place-residential-street", Some(Direction::Ahead), "Residential street.");
        check("weather-dry", None, "Dry.");
        check("fault-camera-lost", None, "No picture from the camera. I cannot see.");
    }

    #[track_caller]
    fn check_description(sights: &[(Slot, &str)], want: &str) {
        assert_eq!(words().describe(sights).unwrap(), want);
    }

    #[test]
    fn a_description_keeps_the_walkers_order() {
        check_description(&[], "Not sure what this is.");
        check_description(&[(Slot::Weather, "weather-overcast")], "Overcast.");
        check_description(
            &[
                (Slot::Weather, "weather-overcast"),
                (Slot::Ahead, "crossing-zebra-crossing"),
                (Slot::Surface, "surface-paved-sidewalk"),
                (Slot::Ahead, "obstacle-parked-car"),
                (Slot::Place, "place-residential-street"),
            ],
            "Residential street. Ahead: zebra crossing, parked car. Paved sidewalk. Overcast.",
        );
        check_description(
            &[(Direction::Left.into(), "people-few"), (Direction::Right.into(), "obstacle-wall-or-fence")],
            "On the right: wall or fence. On the left: a few people.",
        );
    }

    #[track_caller]
    fn check_refused(result: Result<impl Sized, SpeechError>, want: &str) {
        let Err(error) = result else { panic!("accepted, though {want}") };
        assert!(error.to_string().contains(want), "{error}");
    }

    #[test]
    fn what_cannot_be_said_is_an_error_that_names_its_message() {
        check_refused(words().sentence("place-moon", None), "voices/en: message place-moon: is missing");
        check_refused(words().describe(&[(Slot::Ahead, "session-end")]), "message session-end: has no .name");
        check_refused(Words::parse("en", &["a = { $absent }"]).unwrap().sentence("a", None), "message a: ");
        check_refused(Words::parse("en", &["a = { $"]), "voices/en: ");
        check_refused(Words::parse("en", &["a = A.", "a = B."]), "a");
        check_refused(Words::load("tlh"), "language tlh: there are no words for it; choose one of: en");
        check_refused(Words::load("?"), "language ?");
    }

    #[test]
    fn a_region_takes_its_languages_words() {
        assert_eq!(Words::load("en-GB").unwrap().language(), "en");
    }
}
