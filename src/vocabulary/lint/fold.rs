//! From a phrase to its readings: the words as they stand, and the words that they would hide.
//!
//! Owns the folding of letters (case, accents, full-width, look-alikes of other scripts), digits that stand for letters, and words
//! that are spelled out, hyphenated or drawn out. Leaves what the words mean to `pattern` and the rules.

use std::{collections::HashMap, ops::Range};

use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_security::confusable_detection::skeleton;

/// A word, or one ideograph, or one sign.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// Folded: lower case, without accents.
    pub text: String,
    /// Where it stands in the phrase, in bytes.
    pub range: Range<usize>,
    /// A comma, a stop or the like stands before it.
    pub clause: bool,
    /// Nothing but a mark stands between it and the one before.
    pub tight: bool,
    /// It reads so only in this reading.
    pub altered: bool,
    /// Put together of letters that stood alone, so that other words may be in it.
    pub spelled: bool,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.chars().all(|c| c.is_alphanumeric() && !is_ideograph(c))
    }

    fn letters(&self) -> usize {
        self.text.chars().count()
    }
}

/// Letters that are written in two ways, as simplified and traditional Chinese: each with the one that rules use.
pub(super) type Alike = HashMap<char, char>;

/// What stands for a letter among letters. One and its like are read twice: as i and as l.
const STAND_INS: [(char, char); 18] = [
    ('0', 'o'),
    ('2', 'z'),
    ('3', 'e'),
    ('4', 'a'),
    ('5', 's'),
    ('6', 'g'),
    ('7', 't'),
    ('8', 'b'),
    ('9', 'g'),
    ('@', 'a'),
    ('$', 's'),
    ('€', 'e'),
    ('£', 'e'),
    ('¢', 'c'),
    ('1', 'i'),
    ('!', 'i'),
    ('|', 'i'),
    ('¡', 'i'),
];

/// How far around two words that were one others are read with them.
const NEAR: usize = 8;

/// Every reading of `phrase`, the plain one first.
pub(super) fn readings(phrase: &str, alike: &Alike) -> Vec<Vec<Token>> {
    let plain = tokens(phrase, alike, None);
    let mut bases = vec![plain];
    for one in ['i', 'l'] {
        let read = tokens(phrase, alike, Some(one));
        if read.iter().any(|t| t.altered) && !bases.contains(&read) {
            bases.push(read);
        }
    }
    let mut readings = bases.clone();
    for base in &bases {
        for run in [1, 2] {
            readings.extend(shortened(base, run));
        }
        readings.extend(spelled(base));
        readings.extend(hyphenated(base));
        readings.extend(pairs(base));
        readings.extend([0, 1].into_iter().filter_map(|first| halves(base, first)));
    }
    readings
}

/// The words of `text` as they stand, as rules are read too.
pub(super) fn words(text: &str, alike: &Alike) -> Vec<String> {
    tokens(text, alike, None).into_iter().map(|t| t.text).collect()
}

fn tokens(phrase: &str, alike: &Alike, one: Option<char>) -> Vec<Token> {
    let mut reader = Reader { one, tokens: Vec::new(), word: String::new(), start: 0, clause: true, tight: false };
    for (at, c) in phrase.char_indices() {
        for folded in fold(c, alike).chars() {
            // A capital I among small letters may be an l.
            let folded = if one == Some('l') && c == 'I' { 'I' } else { folded };
            reader.read(folded, at..at + c.len_utf8());
        }
    }
    reader.end_word(phrase.len());
    reader.tokens
}

/// Cuts a phrase into tokens.
struct Reader {
    /// What a one stands for, where digits and marks stand for letters.
    one: Option<char>,
    tokens: Vec<Token>,
    /// The word that is being read, and where it began.
    word: String,
    start: usize,
    clause: bool,
    tight: bool,
}

impl Reader {
    fn read(&mut self, c: char, range: Range<usize>) {
        let stands_in = self.one.is_some() && STAND_INS.iter().any(|(mark, _)| *mark == c);
        if stands_in || (c.is_alphanumeric() && !is_ideograph(c)) {
            if self.word.is_empty() {
                self.start = range.start;
            }
            self.word.push(c);
            return;
        }
        self.end_word(range.start);
        if is_ideograph(c) || is_sign(c) {
            self.push(c.to_string(), range, false);
        } else if c.is_whitespace() {
            self.tight = false;
            self.clause |= c == '\n';
        } else {
            self.clause |= parts(c);
        }
    }

    fn end_word(&mut self, end: usize) {
        let word = std::mem::take(&mut self.word);
        let range = self.start..end;
        match self.one {
            Some(one) if word.chars().any(char::is_alphabetic) => {
                let inner = word.trim_end_matches(|c: char| !c.is_alphanumeric());
                let text: String = inner.chars().map(|c| stood_for(c, one)).collect();
                let text = if one == 'l' { text.replace("rn", "m").replace("vv", "w") } else { text };
                let altered = text != inner.to_ascii_lowercase();
                self.push(text, range, altered);
                self.clause |= word.get(inner.len()..).is_some_and(|rest| rest.chars().any(parts));
            }
            _ => {
                let text: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
                self.push(text, range, false);
                self.clause |= word.chars().any(parts);
            }
        }
    }

    fn push(&mut self, text: String, range: Range<usize>, altered: bool) {
        if !text.is_empty() {
            self.tokens.push(Token { text, range, clause: self.clause, tight: self.tight, altered, spelled: false });
            (self.clause, self.tight) = (false, true);
        }
    }
}

/// Whether `c` parts one clause from the next.
fn parts(c: char) -> bool {
    matches!(c, ',' | '.' | ':' | ';' | '!' | '?' | '\u{3002}' | '\u{3001}' | '\u{2014}' | '\u{2013}' | '\u{a1}' | '\u{bf}')
}

fn stood_for(c: char, one: char) -> char {
    match STAND_INS.iter().find(|(mark, _)| *mark == c) {
        Some((_, 'i')) => one,
        None if c == 'I' => one,
        Some((_, letter)) => *letter,
        None => c,
    }
}

/// `c` as rules are written: lower case, no accent, one width, the Latin letter that it looks like. Empty for what is not seen.
fn fold(c: char, alike: &Alike) -> String {
    let mut folded = String::new();
    if is_unseen(c) {
        return folded;
    }
    let plain = enclosed(c).or_else(|| small_capital(c)).unwrap_or(c);
    decompose_compatible(plain, |d| {
        if !is_combining_mark(d) && !is_unseen(d) {
            fold_letter(d, alike, &mut folded);
        }
    });
    folded
}

fn fold_letter(c: char, alike: &Alike, folded: &mut String) {
    match c {
        _ if c.is_ascii() => folded.push(c.to_ascii_lowercase()),
        'ß' | 'ẞ' => folded.push_str("ss"),
        _ if is_ideograph(c) => folded.push(alike.get(&c).copied().unwrap_or(c)),
        _ if c.is_alphabetic() => match lookalike(c) {
            Some(latin) => folded.push_str(&latin),
            None => folded.extend(c.to_lowercase()),
        },
        _ => folded.push(c),
    }
}

/// The Latin letters that `c`, of another script, is taken for.
fn lookalike(c: char) -> Option<String> {
    // Unicode takes an m for an r and an n, and a capital I for an l: the small letter is asked first.
    let latin = |s: String| {
        let s: String = skeleton(&s).filter(|c| !is_combining_mark(*c)).collect();
        let s = s.replace("rn", "m").to_ascii_lowercase();
        (!s.is_empty() && s.chars().all(|c| c.is_ascii_alphabetic())).then_some(s)
    };
    latin(c.to_lowercase().collect()).or_else(|| latin(c.to_string())).or_else(|| latin(c.to_uppercase().collect()))
}

/// The letter in a filled circle or square, or of a flag.
fn enclosed(c: char) -> Option<char> {
    let first = [0x1F150, 0x1F170, 0x1F1E6].into_iter().find(|first| (*first..*first + 26).contains(&(c as u32)))?;
    char::from_u32('a' as u32 + (c as u32 - first))
}

/// The letter that phonetic scripts write as a small capital. There is none for q and x.
fn small_capital(c: char) -> Option<char> {
    "abcdefghijklmnoprstuvwyz"
        .chars()
        .zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ".chars())
        .find_map(|(plain, small)| (small == c).then_some(plain))
}

/// Formatting characters, and those that show nothing.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3100}'..='\u{312f}' | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Pictures among letters.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Letters that are drawn out, cut to `run` of each: "saaafe".
fn shortened(base: &[Token], run: usize) -> Option<Vec<Token>> {
    let mut any = false;
    let tokens = base.iter().map(|token| {
        let letters: Vec<char> = token.text.chars().collect();
        let kept = |part: &[char]| if part.len() >= 3 { run } else { part.len() };
        let text: String = letters.chunk_by(|a, b| a == b).flat_map(|part| &part[..kept(part)]).collect();
        let altered = text != token.text && token.is_word();
        any |= altered;
        if altered { Token { text, altered, ..token.clone() } } else { token.clone() }
    });
    let tokens: Vec<_> = tokens.collect();
    any.then_some(tokens)
}

/// Letters that stand alone, put together: "s a f e".
fn spelled(base: &[Token]) -> Option<Vec<Token>> {
    let short = |t: &Token| t.is_word() && t.letters() <= 2;
    let mut any = false;
    let mut tokens = Vec::new();
    for run in base.chunk_by(|a, b| short(a) == short(b)) {
        let single = run.iter().filter(|t| t.letters() == 1).count();
        if run.len() >= 3 && single >= 2 && run.iter().all(short) {
            any = true;
            tokens.extend(join(run).map(|t| Token { spelled: true, ..t }));
        } else {
            tokens.extend_from_slice(run);
        }
    }
    any.then_some(tokens)
}

/// Words with marks inside, without them: "sa-fe".
fn hyphenated(base: &[Token]) -> Option<Vec<Token>> {
    let mut any = false;
    let mut tokens = Vec::new();
    for run in base.chunk_by(|a, b| b.tight && a.is_word() && b.is_word()) {
        any |= run.len() > 1;
        if run.len() > 1 {
            tokens.extend(join(run));
        } else {
            tokens.extend_from_slice(run);
        }
    }
    any.then_some(tokens)
}

/// Whether two tokens may be one word that was cut in two.
fn cut(a: &Token, b: &Token) -> bool {
    let (left, right) = (a.letters(), b.letters());
    let word = (left.min(right) <= 3 && left + right >= 4) || left + right == 2;
    word && a.is_word() && b.is_word()
}

/// Words that were cut in two, put together, one pair in each reading: "cle ar".
fn pairs(base: &[Token]) -> Vec<Vec<Token>> {
    let places = (1..base.len()).filter(|&i| cut(&base[i - 1], &base[i]));
    let reading = |i: usize| {
        let before = &base[i.saturating_sub(NEAR)..i - 1];
        let after = &base[i + 1..base.len().min(i + NEAR)];
        before.iter().cloned().chain(join(&base[i - 1..=i])).chain(after.iter().cloned()).collect()
    };
    places.map(reading).collect()
}

/// Every two tokens from `first` on, put together where they may be one word: "gr een li ght".
fn halves(base: &[Token], first: usize) -> Option<Vec<Token>> {
    let (before, rest) = base.split_at_checked(first)?;
    let mut tokens = before.to_vec();
    let mut joined = 0;
    for pair in rest.chunks(2) {
        match pair {
            [a, b] if cut(a, b) => {
                joined += 1;
                tokens.extend(join(pair));
            }
            _ => tokens.extend_from_slice(pair),
        }
    }
    // One alone is read among its neighbours as they stand.
    (joined > 1).then_some(tokens)
}

fn join(run: &[Token]) -> Option<Token> {
    let (first, last) = (run.first()?, run.last()?);
    let text = run.iter().map(|t| t.text.as_str()).collect();
    Some(Token { text, range: first.range.start..last.range.end, altered: true, ..first.clone() })
}
