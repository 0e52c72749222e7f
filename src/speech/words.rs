//! From a callout to a sentence: the Fluent messages of `voices/`.
//!
//! Owns which languages there are and how a message becomes text. Leaves what is worth saying to `narrator`, how it sounds to
//! the voices. The files are part of the program, so that words can't be missing on the street.

use std::str::FromStr;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

use super::SpeechError;
use crate::callout::{Callout, Direction, PHRASE};

/// The files of a language's folder.
macro_rules! files {
    ($tag:literal) => {
        [
            include_str!(concat!("../../voices/", $tag, "/sights.ftl")),
            include_str!(concat!("../../voices/", $tag, "/faults.ftl")),
            include_str!(concat!("../../voices/", $tag, "/session.ftl")),
            include_str!(concat!("../../voices/", $tag, "/describe.ftl")),
            include_str!(concat!("../../voices/", $tag, "/controls.ftl")),
        ]
    };
}

/// Every language: its tag and its files. The first has every message, and lends what another lacks.
const LANGUAGES: [(&str, [&str; 5]); 5] =
    [("en", files!("en")), ("zh-TW", files!("zh-TW")), ("de", files!("de")), ("es", files!("es")), ("fr", files!("fr"))];

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
    /// What lies nobody knows on which side.
    InView,
    /// What is underfoot.
    Surface,
    /// The sky and the light.
    Weather,
}

impl Slot {
    /// Every slot, in the order in which they are said.
    pub const ALL: [Slot; 7] = [Slot::Place, Slot::Ahead, Slot::Right, Slot::Left, Slot::InView, Slot::Surface, Slot::Weather];

    /// The message that holds the slot's list; `None` where each sight is a sentence of its own.
    fn list(self) -> Option<&'static str> {
        match self {
            Slot::Ahead => Some("describe-ahead"),
            Slot::Right => Some("describe-right"),
            Slot::Left => Some("describe-left"),
            Slot::InView => Some("describe-in-view"),
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
    /// English, where this is another language.
    lender: Option<Box<Words>>,
}

impl Words {
    /// The tags of all languages.
    pub fn languages() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|(tag, _)| *tag)
    }

    /// The tag of the language that serves `wanted`, a tag as `en-GB` or a locale as `zh_HK.UTF-8`: a region or a script without words
    /// of its own takes its language's. `None` where there are no words for it.
    pub fn serving(wanted: &str) -> Option<&'static str> {
        let tag = wanted.split(['.', '@']).next().unwrap_or_default();
        if matches!(tag, "" | "C" | "POSIX") {
            return Self::languages().next();
        }
        let wanted = LanguageIdentifier::from_str(tag).ok()?;
        let same = |tag: &&str| LanguageIdentifier::from_str(tag).is_ok_and(|ours| ours.language == wanted.language);
        Self::languages().find(|tag| wanted == *tag).or_else(|| Self::languages().find(same))
    }

    /// The words of `language`, a tag as `en` or `en-GB`; see [`Words::serving`].
    pub fn load(language: &str) -> Result<Self, SpeechError> {
        let missing = || SpeechError::Language { language: language.to_owned(), shipped: Self::languages().collect() };
        let serving = Self::serving(language).ok_or_else(missing)?;
        let mut words = None;
        for (tag, files) in LANGUAGES.iter().filter(|(tag, _)| [LANGUAGES[0].0, serving].contains(tag)) {
            let lender = words.take().map(Box::new);
            words = Some(Self { lender, ..Self::parse(tag, files)? });
        }
        words.ok_or_else(missing)
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
        Ok(Self { language, bundle, lender: None })
    }

    /// The tag of the language.
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// What is said for `callout`; a caregiver's phrase and an answer are their own words.
    pub fn text(&self, callout: &Callout) -> Result<String, SpeechError> {
        if &*callout.subject.facet == PHRASE || callout.is_answer() {
            return Ok(callout.message.to_string());
        }
        self.sentence(&callout.message, callout.direction)
    }

    /// The message `id` as a sentence; without a direction it tells none.
    pub fn sentence(&self, id: &str, direction: Option<Direction>) -> Result<String, SpeechError> {
        let mut args = FluentArgs::new();
        args.set("direction", direction.map_or("none", Direction::id));
        self.format(id, None, &args)
    }

    /// The message `id` with `numbers` by their names, and with `said`, a sentence that it speaks of.
    pub fn answer(&self, id: &str, numbers: &[(&str, u64)], said: &str) -> Result<String, SpeechError> {
        let mut args = FluentArgs::new();
        args.set("said", said);
        for (name, number) in numbers {
            args.set(*name, *number);
        }
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

    /// A message that this language lacks or has wrongly is said in English: better than silence on the street.
    fn format(&self, id: &str, attribute: Option<&str>, args: &FluentArgs) -> Result<String, SpeechError> {
        match (self.own(id, attribute, args), &self.lender) {
            (Err(error), Some(lender)) => {
                tracing::error!("{error}; it is said in English");
                lender.format(id, attribute, args)
            }
            (own, _) => own,
        }
    }

    fn own(&self, id: &str, attribute: Option<&str>, args: &FluentArgs) -> Result<String, SpeechError> {
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
    use std::{collections::BTreeSet, time::Duration};

    use super::*;
    use crate::{
        fault::Fault,
        speech::{LengthModel, Rate},
        vocabulary::{Vocabulary, lint::Lint},
    };

    const SESSION: [&str; 11] = [
        "session-start",
        "session-again",
        "session-again-hung",
        "session-again-crashed",
        "session-again-memory",
        "session-end",
        "session-already",
        "session-cannot-start",
        "phrases-taken",
        "phrases-taken-in-part",
        "phrases-broken",
    ];

    /// What answers count.
    const NUMBERS: [&str; 5] = ["count", "hours", "minutes", "percent", "words"];

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
        check_sentence(text, 3);
    }

    #[track_caller]
    fn check_sentence(text: &str, seconds: u64) {
        assert!(text.ends_with(['.', '。']), "no sentence: {text:?}");
        assert!(
            text.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || !c.is_ascii() && !c.is_lowercase()),
            "no sentence: {text:?}"
        );
        assert!(!text.contains(['{', '}', '$', '\u{2068}', '\u{2069}']), "left over: {text:?}");
        assert!(!text.contains("  ") && !text.contains(" .") && !text.contains(".."), "badly set: {text:?}");
        let length = LengthModel::default().length(text, Rate::default());
        assert!(length <= Duration::from_secs(seconds), "{text:?} takes {length:?}");
    }

    #[test]
    fn every_sight_fault_and_session_message_is_a_short_honest_sentence_in_each_direction_and_language() {
        let faults = Fault::ALL.map(Fault::message);
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

    /// The messages of `controls.ftl` in `tag` that are whole sentences, with `number` for whatever they count.
    fn answers(tag: &str, number: u64) -> Vec<(String, String)> {
        let (_, files) = LANGUAGES.iter().find(|(t, _)| *t == tag).unwrap();
        let words = Words::load(tag).unwrap();
        let said = words.sentence("obstacle-animal", None).unwrap();
        let numbers = NUMBERS.map(|name| (name, number));
        let ids = keys(&files[4..]).into_iter().filter(|id| !["status-hours", "status-minutes"].contains(&id.as_str()));
        ids.map(|id| (id.clone(), words.answer(&id, &numbers, &said).unwrap())).collect()
    }

    #[test]
    fn every_answer_is_a_sentence_whatever_it_counts_and_an_introduction_takes_less_than_a_minute() {
        for tag in Words::languages() {
            for number in [0, 1, 2, 90] {
                for (id, text) in answers(tag, number) {
                    check_sentence(&text, if id.starts_with("answer-") || id.starts_with("status-") { 4 } else { 12 });
                }
            }
            let introduction = answers(tag, 1).into_iter().filter(|(id, _)| id.starts_with("introduction-"));
            let length: Duration = introduction.map(|(_, text)| LengthModel::default().length(&text, Rate::default())).sum();
            assert!(length < Duration::from_secs(45), "{tag}: {length:?}");
        }
    }

    #[test]
    fn what_is_counted_is_said_in_its_number() {
        let walking = |tag: &str, hours, minutes| {
            Words::load(tag).unwrap().answer("status-walking", &[("hours", hours), ("minutes", minutes)], "").unwrap()
        };
        for (tag, hours, minutes, want) in [
            ("en", 0, 1, "Walking for 1 minute."),
            ("en", 0, 10, "Walking for 10 minutes."),
            ("en", 1, 5, "Walking for 1 hour, 5 minutes."),
            ("de", 2, 1, "Unterwegs seit 2 Stunden, 1 Minute."),
            ("es", 1, 10, "En camino desde hace 1 hora y 10 minutos."),
            ("fr", 0, 2, "En chemin depuis 2 minutes."),
            ("zh-TW", 1, 5, "已走1小時5分鐘。"),
        ] {
            assert_eq!(walking(tag, hours, minutes), want);
        }
        let ago = |count| words().answer("answer-minutes-ago", &[("count", count)], "Animal.").unwrap();
        assert_eq!((ago(1), ago(3)), ("A minute ago: Animal.".to_owned(), "3 minutes ago: Animal.".to_owned()));
    }

    #[test]
    fn every_sight_has_its_place_in_every_slot_of_a_description() {
        for words in Words::languages().map(|language| Words::load(language).unwrap()) {
            for id in sights() {
                for slot in Slot::ALL {
                    check_text(&words.describe(&[(slot, &id)]).unwrap());
                }
            }
        }
    }

    /// Each message and attribute of a file, by its name.
    fn keys(files: &[&str]) -> BTreeSet<String> {
        let mut message = String::new();
        let mut keys = BTreeSet::new();
        for line in files.iter().flat_map(|file| file.lines()) {
            match line.split_once('=').map(|(key, _)| (key.starts_with(' '), key.trim())) {
                Some((false, key)) if !line.starts_with('#') => key.clone_into(&mut message),
                Some((true, attribute)) if attribute.starts_with('.') => {
                    keys.insert(format!("{message}{attribute}"));
                }
                _ => continue,
            }
            keys.insert(message.clone());
        }
        keys
    }

    #[test]
    fn every_language_has_the_messages_of_english_and_no_others() {
        let english = keys(&LANGUAGES[0].1);
        assert!(english.len() > 150, "{}", english.len());
        for (tag, files) in LANGUAGES {
            let own = keys(&files);
            let (missing, more): (Vec<_>, Vec<_>) = (english.difference(&own).collect(), own.difference(&english).collect());
            assert!(missing.is_empty() && more.is_empty(), "{tag}: missing {missing:?}, too many {more:?}");
        }
    }

    #[test]
    fn no_shipped_message_tells_that_it_is_safe_to_go() {
        let lint = Lint::shipped().unwrap();
        for (tag, files) in LANGUAGES {
            let words = Words::load(tag).unwrap();
            let mut judged = BTreeSet::new();
            for id in keys(&files).iter().filter(|id| !id.contains('.') && *id != "direction") {
                for direction in DIRECTIONS {
                    let mut args = FluentArgs::new();
                    args.set("direction", direction.map_or("none", Direction::id));
                    args.set("things", words.own("obstacle-animal", Some(NAME), &FluentArgs::new()).unwrap());
                    args.set("said", words.sentence("obstacle-animal", direction).unwrap());
                    for number in NUMBERS {
                        args.set(number, 40);
                    }
                    let text = words.own(id, None, &args).unwrap();
                    if !judged.insert(text.clone()) {
                        continue;
                    }
                    for language in [Some(tag), None] {
                        assert_eq!(lint.check(&text, language), Ok(()), "{tag}: {id}: {text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_a_language_lacks_is_said_in_english() {
        let lender = Some(Box::new(words()));
        let poor = Words { lender, ..Words::parse("de", &["place-park = Park.", "a = { $absent }"]).unwrap() };
        assert_eq!(poor.sentence("place-street", None).unwrap(), "Street.");
        assert_eq!(poor.describe(&[(Slot::Ahead, "place-park")]).unwrap(), "Ahead: park.");
        check_refused(poor.sentence("a", None), "voices/en: message a: is missing");
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
        check_refused(Words::load("tlh"), "language tlh: there are no words for it; choose one of: en, zh-TW, de, es, fr");
        check_refused(Words::load("?"), "language ?");
    }

    #[test]
    fn a_region_takes_its_languages_words() {
        for (wanted, serving) in [
            ("en-GB", Some("en")),
            ("zh-TW", Some("zh-TW")),
            ("zh-Hant-HK", Some("zh-TW")),
            ("zh_CN.UTF-8", Some("zh-TW")),
            ("de_AT.UTF-8@euro", Some("de")),
            ("es-419", Some("es")),
            ("FR", Some("fr")),
            ("", Some("en")),
            ("C.UTF-8", Some("en")),
            ("POSIX", Some("en")),
            ("pl_PL.UTF-8", None),
            ("?", None),
        ] {
            assert_eq!(Words::serving(wanted), serving, "{wanted}");
        }
        assert_eq!(Words::load("en-GB").unwrap().language(), "en");
        assert_eq!(Words::load("zh-Hant-HK").unwrap().sentence("weather-rain", None).unwrap(), "下雨。");
    }

    #[test]
    fn each_language_puts_the_direction_in_its_own_place() {
        for (language, want) in [
            ("en", "Zebra crossing on the left."),
            ("zh-TW", "左邊斑馬線。"),
            ("de", "Zebrastreifen links."),
            ("es", "Paso de cebra a la izquierda."),
            ("fr", "Passage piéton à gauche."),
        ] {
            let words = Words::load(language).unwrap();
            assert_eq!(words.sentence("crossing-zebra-crossing", Some(Direction::Left)).unwrap(), want);
        }
    }
}
