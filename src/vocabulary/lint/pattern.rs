//! The small language in which rules are written: words in a row, with others between.
//!
//! Owns its grammar and the search. A pattern is a row of items, apart by spaces:
//!
//! - `a|b`: one of these words. `safe*` begins so, `*frei` ends so, `frei~` may have one of the language's endings, `right_of_way` is
//!   several words, `@way` is a list that the file names. A Chinese word is a row of characters, without marks between.
//! - `?a|b`: at most one of them; `+a|b`: any of them, up to four.
//! - `..`: up to three words of any kind, `..2` up to two.
//! - `^` and `$`: a clause begins, a clause ends; `$|now`: it ends, or this word follows.

use std::collections::BTreeMap;

use super::fold::{Alike, Token, words};

/// How many words `..` and `+` may take.
const GAP: usize = 3;
const ANY_OF: usize = 4;

/// What the patterns of one file share.
pub(super) struct Grammar<'a> {
    pub words: &'a BTreeMap<String, String>,
    pub endings: &'a [String],
    pub alike: &'a Alike,
}

#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Item>);

#[derive(Clone, Debug)]
enum Item {
    Begins,
    Ends,
    Gap(usize),
    /// An empty row of words is a clause's end.
    OneOf {
        words: Vec<Vec<Word>>,
        least: usize,
        most: usize,
    },
}

#[derive(Clone, Debug)]
struct Word {
    stem: String,
    before: bool,
    after: bool,
    endings: Vec<String>,
}

/// Where a pattern was found, in tokens.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub from: usize,
    pub to: usize,
    /// The tokens that its words took; those of gaps are missing.
    pub taken: Vec<usize>,
}

impl Pattern {
    /// Reads `text`; an error is a sentence about it.
    pub fn parse(text: &str, grammar: &Grammar) -> Result<Self, String> {
        let items = text.split_whitespace().map(|item| Item::parse(item, grammar)).collect::<Result<Vec<_>, _>>()?;
        let needed = |item: &Item| matches!(item, Item::OneOf { least: 1, .. });
        if !items.iter().any(needed) {
            return Err(format!("{text:?} names no word"));
        }
        Ok(Self(items))
    }

    /// Every place in `tokens` where it begins; a token that is `masked` is none of its words.
    pub fn find<'a>(&'a self, tokens: &'a [Token], masked: &'a [bool]) -> impl Iterator<Item = Found> + 'a {
        self.search(tokens, masked, false)
    }

    /// The same, but no comma or stop stands within.
    pub fn find_in_clause<'a>(&'a self, tokens: &'a [Token], masked: &'a [bool]) -> impl Iterator<Item = Found> + 'a {
        self.search(tokens, masked, true)
    }

    fn search<'a>(&'a self, tokens: &'a [Token], masked: &'a [bool], one_clause: bool) -> impl Iterator<Item = Found> + 'a {
        let altered = tokens.iter().any(|t| t.altered);
        (0..tokens.len()).filter_map(move |from| {
            let end = if one_clause { (from + 1..tokens.len()).find(|&i| tokens[i].clause) } else { None };
            let mut search = Search { tokens, masked, taken: Vec::new(), altered, end: end.unwrap_or(tokens.len()) };
            let to = search.go(&self.0, from)?;
            let taken = search.taken;
            Some(Found { from: taken.first().copied().unwrap_or(from), to, taken })
        })
    }
}

impl Item {
    fn parse(item: &str, grammar: &Grammar) -> Result<Self, String> {
        match item {
            "^" => return Ok(Item::Begins),
            "$" => return Ok(Item::Ends),
            ".." => return Ok(Item::Gap(GAP)),
            _ => {}
        }
        if let Some(most) = item.strip_prefix("..") {
            return most.parse().map(Item::Gap).map_err(|_| format!("{item:?}: a number is meant after the dots"));
        }
        let (rest, least, most) = match item.chars().next() {
            Some('?') => (&item[1..], 0, 1),
            Some('+') => (&item[1..], 0, ANY_OF),
            _ => (item, 1, 1),
        };
        let mut words = Vec::new();
        alternatives(rest, grammar, 0, &mut words)?;
        Ok(Item::OneOf { words, least, most })
    }
}

fn alternatives(text: &str, grammar: &Grammar, depth: usize, words: &mut Vec<Vec<Word>>) -> Result<(), String> {
    for word in text.split('|').map(str::trim) {
        match word.strip_prefix('@') {
            None if word == "$" => words.push(Vec::new()),
            Some(name) => {
                let list = grammar.words.get(name).ok_or_else(|| format!("there is no list @{name}"))?;
                if depth > 4 {
                    return Err(format!("the list @{name} names itself"));
                }
                alternatives(list, grammar, depth + 1, words)?;
            }
            None => {
                let parsed: Vec<_> = word.split('_').flat_map(|part| Word::parse(part, grammar)).collect();
                if parsed.is_empty() {
                    return Err(format!("{text:?} holds an empty word"));
                }
                words.push(parsed);
            }
        }
    }
    Ok(())
}

impl Word {
    /// `part` may be several tokens: "isn't" is two, a Chinese word as many as it has characters.
    fn parse(part: &str, grammar: &Grammar) -> Vec<Word> {
        let (core, before) = part.strip_prefix('*').map_or((part, false), |core| (core, true));
        let (core, after) = core.strip_suffix('*').map_or((core, false), |core| (core, true));
        let (core, bends) = core.strip_suffix('~').map_or((core, false), |core| (core, true));
        let stems = words(core, grammar.alike);
        let last = stems.len().saturating_sub(1);
        let endings = |i| if bends && i == last { grammar.endings.to_vec() } else { Vec::new() };
        let word = |(i, stem)| Word { stem, before: before && i == 0, after: after && i == last, endings: endings(i) };
        stems.into_iter().enumerate().map(word).collect()
    }

    fn is(&self, token: &Token) -> bool {
        let (text, stem) = (token.text.as_str(), self.stem.as_str());
        if token.spelled && stem.chars().count() >= 4 && text.contains(stem) {
            return true;
        }
        match (self.before, self.after) {
            (true, true) => text.contains(stem),
            (true, false) => {
                text.ends_with(stem)
                    || self.endings.iter().any(|e| text.strip_suffix(e.as_str()).is_some_and(|t| t.ends_with(stem)))
            }
            (false, true) => text.starts_with(stem),
            (false, false) => {
                text.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || self.endings.iter().any(|e| e == rest))
            }
        }
    }
}

struct Search<'a> {
    tokens: &'a [Token],
    masked: &'a [bool],
    taken: Vec<usize>,
    /// Its words stand before this token.
    end: usize,
    /// This is no plain reading: a word that is read otherwise must be among those found.
    altered: bool,
}

impl Search<'_> {
    /// Where `items` end if they begin at `at`.
    fn go(&mut self, items: &[Item], at: usize) -> Option<usize> {
        let Some((item, rest)) = items.split_first() else {
            let altered = |i: &usize| self.tokens.get(*i).is_some_and(|t| t.altered);
            return (!self.altered || self.taken.iter().any(altered)).then_some(at);
        };
        match item {
            Item::Begins => (at == 0 || self.tokens.get(at)?.clause).then(|| self.go(rest, at))?,
            Item::Ends => self.tokens.get(at).is_none_or(|t| t.clause).then(|| self.go(rest, at))?,
            // A gap of which nothing is taken comes first.
            Item::Gap(most) => (at..=(at + most).min(self.end)).find_map(|next| self.go(rest, next)),
            Item::OneOf { words, least, most } => self.some_of(words, *least, *most, rest, at),
        }
    }

    fn some_of(&mut self, words: &[Vec<Word>], least: usize, most: usize, rest: &[Item], at: usize) -> Option<usize> {
        if most > 0 {
            for word in words {
                let Some(len) = self.reads(word, at) else { continue };
                self.taken.extend(at..at + len);
                if let Some(end) = self.some_of(words, least.saturating_sub(1), most - 1, rest, at + len) {
                    return Some(end);
                }
                self.taken.truncate(self.taken.len() - len);
            }
        }
        if least == 0 { self.go(rest, at) } else { None }
    }

    /// How many tokens `word` takes at `at`.
    fn reads(&self, word: &[Word], at: usize) -> Option<usize> {
        if word.is_empty() {
            return self.tokens.get(at).is_none_or(|t| t.clause).then_some(0);
        }
        let tokens = self.tokens.get(..self.end)?.get(at..at + word.len())?;
        let masked = self.masked.get(at..at + word.len())?;
        (!masked.contains(&true) && word.iter().zip(tokens).all(|(w, t)| w.is(t))).then_some(word.len())
    }
}
