//! The safety lint: does a phrase tell a walker that it is safe, clear, free, allowed or time to go, or the colour of a signal?
//!
//! Owns the reading of a phrase and the judgement. The rules are data: `voices/LANGUAGE/lint.toml`, and `voices/signs.toml` for signs of
//! every language. Leaves what is done about a refused phrase to whoever reads the file.
//!
//! A warning is no promise: "not safe" passes and "not unsafe" does not. The colour of a signal is refused whatever is said of it.
//! `tests/data/phrases.tsv` holds what must pass and what must not.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use thiserror::Error;

use self::{
    fold::{Alike, Token, readings, words},
    pattern::{Found, Grammar, Pattern},
};

mod fold;
mod pattern;

/// The rules of each language; those of signs hold in all.
const SHIPPED: [(&str, &str); 6] = [
    ("signs", include_str!("../../../voices/signs.toml")),
    ("en", include_str!("../../../voices/en/lint.toml")),
    ("zh-TW", include_str!("../../../voices/zh-TW/lint.toml")),
    ("de", include_str!("../../../voices/de/lint.toml")),
    ("es", include_str!("../../../voices/es/lint.toml")),
    ("fr", include_str!("../../../voices/fr/lint.toml")),
];

const SIGNS: &str = "signs";

/// How many words before a promise may turn it into its opposite: "not at all safe".
const REACH: usize = 3;

/// A phrase of more words than this, or characters of Chinese, is refused unread: in half a minute a street has changed.
const MOST_WORDS: usize = 80;

/// What a phrase must not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// That it is safe, or that there is no danger.
    Safe,
    /// That the way is clear or free, or that nothing comes.
    Clear,
    /// That the walker may.
    Allowed,
    /// That it is time to go.
    Go,
    /// The colour of a signal.
    Signal,
    /// More than anybody can listen to.
    #[serde(skip)]
    Long,
}

impl Reason {
    /// The name in `phrases check --json`.
    pub fn id(self) -> &'static str {
        match self {
            Reason::Safe => "safe",
            Reason::Clear => "clear",
            Reason::Allowed => "allowed",
            Reason::Go => "go",
            Reason::Signal => "signal",
            Reason::Long => "long",
        }
    }
}

/// Why a phrase may not be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it tells.
    pub reason: Reason,
    /// The words that tell it, as they stand in the phrase.
    pub words: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tells = match self.reason {
            Reason::Safe => "that it is safe",
            Reason::Clear => "that the way is clear",
            Reason::Allowed => "that one may go",
            Reason::Go => "the walker to go",
            Reason::Signal => "the colour of a signal",
            Reason::Long => "more than anybody can listen to",
        };
        write!(f, "\u{201c}{}\u{201d} tells {tells}", self.words)
    }
}

/// Why rules can't be used.
#[derive(Debug, Error, PartialEq)]
#[error("{file}: {problem}")]
pub struct LintError {
    file: String,
    problem: String,
}

/// A file of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What a word with `~` may end in.
    #[serde(default)]
    endings: Vec<String>,
    /// Characters that are read as the first of their row.
    #[serde(default)]
    alike: Vec<String>,
    /// Lists that patterns name.
    #[serde(default)]
    words: BTreeMap<String, String>,
    /// Words that mean something else together.
    #[serde(default)]
    good: Vec<String>,
    /// Words that turn a promise into a warning; of the kinds, one of each may stand for the same: ne and pas.
    #[serde(default)]
    not: Vec<String>,
    /// Where those words do not.
    #[serde(default)]
    sham: Vec<String>,
    rules: BTreeMap<Reason, Sentences>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentences {
    /// Refused, unless one word turns it into its opposite.
    #[serde(default)]
    refuse: Vec<String>,
    /// Refused.
    #[serde(default)]
    always: Vec<String>,
}

struct Language {
    tag: &'static str,
    good: Vec<Pattern>,
    not: Vec<Pattern>,
    sham: Vec<Pattern>,
    rules: Vec<Rule>,
}

struct Rule {
    reason: Reason,
    pattern: Pattern,
    always: bool,
}

/// The rules of every language, read.
pub struct Lint {
    alike: Alike,
    languages: Vec<Language>,
}

impl Lint {
    /// The rules that the program carries.
    pub fn shipped() -> Result<Self, LintError> {
        Self::parse(&SHIPPED)
    }

    fn parse(files: &[(&'static str, &str)]) -> Result<Self, LintError> {
        let place = |tag: &str| if tag == SIGNS { "voices/signs.toml".to_owned() } else { format!("voices/{tag}/lint.toml") };
        let wrong = |tag: &str, problem: String| LintError { file: place(tag), problem };
        let read = |&(tag, text): &(&'static str, &str)| {
            toml::from_str(text).map(|file: File| (tag, file)).map_err(|e| wrong(tag, e.to_string()))
        };
        let files = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let rows = files.iter().flat_map(|(_, file)| &file.alike);
        let pairs = rows.filter_map(|row| Some((row.chars().next()?, row)));
        let alike = pairs.flat_map(|(first, row)| row.chars().skip(1).map(move |other| (other, first))).collect();
        let languages = files.iter().map(|(tag, file)| Language::new(tag, file, &alike).map_err(|problem| wrong(tag, problem)));
        Ok(Self { languages: languages.collect::<Result<_, _>>()?, alike })
    }

    /// Whether `phrase` may be said. Where its language is named, as `de`, the rules of that language judge it, else those of all.
    pub fn check(&self, phrase: &str, language: Option<&str>) -> Result<(), Refusal> {
        let known = language.filter(|tag| self.languages.iter().any(|l| l.tag == *tag));
        let judges = || self.languages.iter().filter(|l| l.tag == SIGNS || known.is_none_or(|tag| l.tag == tag));
        if words(phrase, &self.alike).len() > MOST_WORDS {
            let beginning = phrase.chars().take(40).collect();
            return Err(Refusal { reason: Reason::Long, words: beginning });
        }
        for reading in readings(phrase, &self.alike) {
            let plain = unaltered(&reading);
            let good: Vec<_> = judges().flat_map(|language| &language.good).collect();
            let masked = marked(good, &plain, &vec![false; reading.len()]);
            if let Some((reason, found)) = judges().find_map(|language| language.judge(&reading, &plain, &masked)) {
                let range = reading.get(found.from).map_or(0, |t| t.range.start)
                    ..reading.get(found.to.saturating_sub(1)).map_or(phrase.len(), |t| t.range.end);
                return Err(Refusal { reason, words: phrase.get(range).unwrap_or(phrase).to_owned() });
            }
        }
        Ok(())
    }
}

impl Language {
    fn new(tag: &'static str, file: &File, alike: &Alike) -> Result<Self, String> {
        let grammar = Grammar { words: &file.words, endings: &file.endings, alike };
        let patterns =
            |texts: &[String]| texts.iter().map(|text| Pattern::parse(text, &grammar)).collect::<Result<Vec<_>, _>>();
        let mut rules = Vec::new();
        for (reason, Sentences { refuse, always }) in &file.rules {
            for (texts, always) in [(refuse, false), (always, true)] {
                rules.extend(patterns(texts)?.into_iter().map(|pattern| Rule { reason: *reason, pattern, always }));
            }
        }
        Ok(Self { tag, good: patterns(&file.good)?, not: patterns(&file.not)?, sham: patterns(&file.sham)?, rules })
    }

    /// What is found in `reading`; `plain` is the same with no token altered, `masked` are those that mean something else.
    fn judge(&self, reading: &[Token], plain: &[Token], masked: &[bool]) -> Option<(Reason, Found)> {
        let sham = marked(&self.sham, plain, &vec![false; plain.len()]);
        // Where each kind of negation ends; a pattern with a word takes one token at least.
        let ends = |pattern: &Pattern| pattern.find_in_clause(plain, &sham).map(|found| found.to - 1).collect::<Vec<_>>();
        let not: Vec<_> = self.not.iter().map(ends).collect();
        self.rules.iter().find_map(|rule| {
            let found = rule.pattern.find(reading, masked).find(|found| rule.always || !denied(found, reading, &not));
            Some((rule.reason, found?))
        })
    }
}

/// The same words, as if they stood so.
fn unaltered(reading: &[Token]) -> Vec<Token> {
    reading.iter().map(|t| Token { altered: false, ..t.clone() }).collect()
}

/// The tokens that some of `patterns` take.
fn marked<'a>(patterns: impl IntoIterator<Item = &'a Pattern>, tokens: &[Token], masked: &[bool]) -> Vec<bool> {
    let mut marks = vec![false; tokens.len()];
    for pattern in patterns {
        for found in pattern.find_in_clause(tokens, masked) {
            found.taken.iter().for_each(|&i| marks[i] = true);
        }
    }
    marks
}

/// Whether an odd number of negations stands in `found` or shortly before it, in its clause.
fn denied(found: &Found, tokens: &[Token], not: &[Vec<usize>]) -> bool {
    let clause = (0..=found.from).rev().find(|&i| tokens.get(i).is_none_or(|t| t.clause)).unwrap_or(0);
    let from = clause.max(found.from.saturating_sub(REACH));
    let count = |ends: &Vec<usize>| ends.iter().filter(|i| (from..found.to).contains(*i) && !found.taken.contains(*i)).count();
    not.iter().map(count).max().unwrap_or(0) % 2 == 1
}

#[cfg(test)]
mod tests;
