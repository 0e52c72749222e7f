//! A caregiver's phrases: what else to look for, and what to say of it.
//!
//! Owns `phrases.toml`: its loading and checking, with line and column. Leaves embedding what is looked for to `encoder`, thresholds to
//! `ranking`, when a phrase is said to `narrator`. The file is the human's and never written here.

use std::{
    collections::{BTreeMap, HashSet},
    fmt, fs,
    ops::{Range, RangeInclusive},
    path::Path,
    time::Duration,
};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::{
    ClassIndex, FacetIndex, Vocabulary, hex,
    lint::{Lint, Refusal},
};
use crate::callout::Priority;

/// The file's name in the user's configuration folder.
pub const FILE: &str = "phrases.toml";

/// What is looked for is read by a text tower of English words, and is no essay.
const LONGEST: usize = 200;

/// One phrase.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// Name in logs: what is looked for, in `snake_case`.
    pub id: String,
    /// What the text tower reads, in English; the phrase is the mean of them.
    pub look_for: Vec<String>,
    /// What is said.
    pub say: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Said only where one of these classes of each facet is believed.
    pub when: Vec<(FacetIndex, Vec<ClassIndex>)>,
    /// Time before it is said again, if it was gone meanwhile.
    pub again: Duration,
    /// The line on which `say` stands, from 1.
    pub line: usize,
}

/// What is wrong in a file of phrases, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Line and column, from 1; absent where the file can't be read.
    pub at: Option<(usize, usize)>,
    /// What is wrong and how to mend it.
    pub problem: String,
    /// Whether the lint refuses the words.
    pub refused: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "{}, line {line}, column {column}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

impl std::error::Error for Problem {}

/// A sentence of the file as it is written, and what the lint says of it.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// Its line, from 1.
    pub line: usize,
    /// The words.
    pub text: String,
    /// Whether it may be said.
    pub verdict: Result<(), Refusal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    phrase: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    look_for: Spanned<OneOrMore>,
    say: Spanned<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    priority: Option<Spanned<String>>,
    #[serde(default)]
    when: BTreeMap<String, Vec<Spanned<String>>>,
    #[serde(default)]
    again_s: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// As Soundscape keeps for places.
const AGAIN: Duration = Duration::from_secs(60);
/// What may be asked for: seconds.
const AGAIN_RANGE: RangeInclusive<u64> = 10..=86_400;

/// Reads and checks the phrases of `path`; every problem of the file is told.
pub fn load(path: &Path, vocabulary: &Vocabulary, lint: &Lint) -> Result<Vec<Phrase>, Vec<Problem>> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|e| vec![Problem { file: file.clone(), at: None, problem: e.to_string(), refused: false }])?;
    parse(&file, &text, vocabulary, lint)
}

/// Checks `text`; problems name `file`.
pub fn parse(file: &str, text: &str, vocabulary: &Vocabulary, lint: &Lint) -> Result<Vec<Phrase>, Vec<Problem>> {
    let rows = rows(file, text).map_err(|problem| vec![problem])?;
    let (mut phrases, mut problems, mut ids) = (Vec::new(), Vec::new(), HashSet::new());
    for row in rows {
        if let Err(refusal) = lint.check(row.say.get_ref(), row.language.as_deref()) {
            let problem = format!("{refusal}: say what is there, and leave the choice to the walker");
            problems.push(Problem { refused: true, ..problem_at(file, text, row.say.span(), problem) });
        }
        let mut wrong = |span: Range<usize>, problem: String| problems.push(problem_at(file, text, span, problem));
        let look_for = match row.look_for.get_ref() {
            OneOrMore::One(one) => vec![one.trim().to_owned()],
            OneOrMore::More(more) => more.iter().map(|one| one.trim().to_owned()).collect(),
        };
        let id = slug(look_for.first().map_or("", String::as_str));
        if look_for.is_empty() || look_for.iter().any(|one| slug(one).is_empty()) {
            wrong(
                row.look_for.span(),
                "nothing to look for: describe the thing in English, as \"a bakery with a red awning\"".to_owned(),
            );
        } else if look_for.iter().any(|one| one.chars().count() > LONGEST) {
            wrong(row.look_for.span(), format!("more than {LONGEST} letters: describe what the camera sees, shortly"));
        } else if !ids.insert(id.clone()) {
            wrong(row.look_for.span(), "this is looked for twice: merge the two".to_owned());
        }
        if row.say.get_ref().trim().is_empty() {
            wrong(row.say.span(), "nothing to say: write the words".to_owned());
        }
        let priority = match &row.priority {
            None => Some(Priority::Text),
            Some(name) => {
                let found = CHOICES.into_iter().find(|p| p.id() == name.get_ref());
                if found.is_none() {
                    let names = CHOICES.map(Priority::id).join(", ");
                    wrong(name.span(), format!("no priority is called {:?}: take {names}", name.get_ref()));
                }
                found
            }
        };
        let again = match &row.again_s {
            None => Some(AGAIN),
            Some(s) if AGAIN_RANGE.contains(s.get_ref()) => Some(Duration::from_secs(*s.get_ref())),
            Some(s) => {
                wrong(s.span(), format!("{} to {} seconds are meant", AGAIN_RANGE.start(), AGAIN_RANGE.end()));
                None
            }
        };
        let mut when = Vec::new();
        for (facet, classes) in &row.when {
            let span = classes.first().map_or(row.look_for.span(), Spanned::span);
            let Some((index, known)) = vocabulary.find(facet) else {
                let names = vocabulary.facets().map(|(_, f)| f.id.as_str()).collect::<Vec<_>>().join(", ");
                wrong(span, format!("when: there is no facet {facet:?}: take {names}"));
                continue;
            };
            let mut indices = Vec::new();
            for class in classes {
                match known.find(class.get_ref()) {
                    Some((index, _)) => indices.push(index),
                    None => {
                        let names = known.classes.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", ");
                        wrong(class.span(), format!("when: {facet} is never {:?}: take {names}", class.get_ref()));
                    }
                }
            }
            when.push((index, indices));
        }
        let line = place(text, row.say.span().start).0;
        if let (Some(priority), Some(again)) = (priority, again) {
            phrases.push(Phrase { id, look_for, say: row.say.into_inner().trim().to_owned(), priority, when, again, line });
        }
    }
    if problems.is_empty() { Ok(phrases) } else { Err(problems) }
}

/// What a caregiver may choose: nothing of theirs interrupts a hazard.
const CHOICES: [Priority; 3] = [Priority::Message, Priority::Text, Priority::Notification];

/// Every sentence that `text` would have said, judged, whatever else is wrong with it.
pub fn sentences(file: &str, text: &str, lint: &Lint) -> Result<Vec<Sentence>, Problem> {
    let judged = |row: Row| Sentence {
        line: place(text, row.say.span().start).0,
        verdict: lint.check(row.say.get_ref(), row.language.as_deref()),
        text: row.say.into_inner(),
    };
    Ok(rows(file, text)?.into_iter().map(judged).collect())
}

/// SHA-256 (hex) over what `phrases` look for.
pub fn hash(phrases: &[Phrase]) -> String {
    let mut hasher = Sha256::new();
    for phrase in phrases {
        hasher.update(format!("{}\n", phrase.look_for.join("\t")));
    }
    hex(&hasher.finalize())
}

fn rows(file: &str, text: &str) -> Result<Vec<Row>, Problem> {
    toml::from_str::<File>(text)
        .map(|file| file.phrase)
        .map_err(|e| problem_at(file, text, e.span().unwrap_or_default(), e.message().to_owned()))
}

fn problem_at(file: &str, text: &str, span: Range<usize>, problem: String) -> Problem {
    Problem { file: file.to_owned(), at: Some(place(text, span.start)), problem, refused: false }
}

/// Line and column of a byte, from 1; columns count characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[phrase]]\nlook_for = \"a bakery with a red awning\"\nsay = \"Anna's bakery.\"\n\
        priority = \"message\"\nagain_s = 120\nwhen = { place = [\"street\", \"shopping_street\"] }\n";

    fn read(text: &str) -> Result<Vec<Phrase>, Vec<Problem>> {
        let (vocabulary, lint) = (Vocabulary::shipped().expect("a vocabulary"), Lint::shipped().expect("rules"));
        parse("phrases.toml", text, &vocabulary, &lint)
    }

    #[test]
    fn a_phrase_is_read_with_all_that_it_says() {
        let phrases = read(GOOD).expect("a good file");
        let [phrase] = &phrases[..] else { panic!("{phrases:?}") };
        assert_eq!(phrase.id, "a_bakery_with_a_red_awning");
        assert_eq!((phrase.say.as_str(), phrase.line), ("Anna's bakery.", 3));
        assert_eq!((phrase.priority, phrase.again), (Priority::Message, Duration::from_secs(120)));
        assert_eq!(phrase.when.len(), 1);
        assert_eq!(read("").expect("no phrases"), []);
    }

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let problems = read(text).expect_err("a bad file");
        let problems: Vec<_> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(problems.len(), want.len(), "{problems:?}");
        for (problem, want) in problems.iter().zip(want) {
            assert!(problem.starts_with("phrases.toml, line ") && problem.contains(want), "{problem}, not {want}");
        }
    }

    #[test]
    fn a_bad_phrase_is_refused_with_line_and_column() {
        check(&GOOD.replace("Anna's bakery", "Safe to cross"), &["line 3, column 7: \u{201c}Safe"]);
        check(&GOOD.replace("a bakery with a red awning", " ?"), &["line 2, column 12: nothing to look for"]);
        check(
            &GOOD.replace("\"message\"", "\"important\""),
            &["line 4, column 12: no priority is called \"important\": take message"],
        );
        check(&GOOD.replace("120", "5"), &["line 5, column 11: 10 to 86400 seconds"]);
        check(&GOOD.replace("place =", "places ="), &["line 6, column 20: when: there is no facet \"places\": take place"]);
        check(&GOOD.replace("\"street\"", "\"moon\""), &["line 6, column 19: when: place is never \"moon\""]);
        check(&GOOD.replace("Anna's bakery.", ""), &["line 3, column 7: nothing to say"]);
        check(&format!("{GOOD}{GOOD}"), &["line 8, column 12: this is looked for twice"]);
        check(&GOOD.replace("say", "tell"), &["line 3, column 1: unknown field `tell`"]);
        check("[[phrase]]\nsay = \"A.\"\n", &["line 1"]);
        check("[[phrase", &["line 1, column"]);
        check(&GOOD.replace("message", "x").replace("120", "1"), &["line 4", "line 5"]);
    }

    #[test]
    fn a_named_language_is_judged_by_its_rules() {
        assert!(read(&GOOD.replace("Anna's bakery.", "Los geht's\"\nlanguage = \"es")).is_ok());
        check(&GOOD.replace("Anna's bakery.", "Los geht's"), &["line 3"]);
    }

    #[test]
    fn the_hash_follows_what_is_looked_for() {
        let hash_of = |text: &str| hash(&read(text).expect("a good file"));
        assert_eq!(hash_of(GOOD), hash_of(&GOOD.replace("Anna", "Eva")));
        assert_ne!(hash_of(GOOD), hash_of(&GOOD.replace("red", "blue")));
    }
}
