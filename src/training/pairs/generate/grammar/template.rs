//! A sentence with slots, some of which may stay empty.

use std::collections::BTreeMap;

/// A sentence in pieces.
#[derive(Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// Words around a slot.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    before: String,
    slot: String,
    after: String,
    /// Dropped where the slot has nothing to say.
    optional: bool,
}

impl Template {
    /// Reads `text`: a slot is `{facet}`, `[...]` around one is dropped with it. `slots` are the slots that there are.
    pub fn parse(text: &str, slots: &[&str]) -> Result<Self, String> {
        let wrong = |problem: &str| format!("template \"{text}\": {problem}");
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['[', '{']) {
            let (plain, marked) = rest.split_at(at);
            let (inside, behind, optional) = match marked.strip_prefix('[') {
                Some(group) => {
                    let (inside, behind) = group.split_once(']').ok_or_else(|| wrong("a [ is not closed"))?;
                    pieces.extend((!plain.is_empty()).then(|| Piece::plain(plain)));
                    (inside, behind, true)
                }
                None => {
                    let end = rest.find('}').ok_or_else(|| wrong("a { is not closed"))?;
                    (&rest[..=end], &rest[end + 1..], false)
                }
            };
            let (before, slot) = inside.split_once('{').ok_or_else(|| wrong("[] holds no slot"))?;
            let (slot, after) = slot.split_once('}').ok_or_else(|| wrong("a { is not closed"))?;
            if !slots.contains(&slot) {
                return Err(wrong(&format!("there is no slot {{{slot}}}; there are {}", slots.join(", "))));
            }
            pieces.push(Piece { before: before.to_owned(), slot: slot.to_owned(), after: after.to_owned(), optional });
            rest = behind;
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::plain(rest)));
        Ok(Self { pieces })
    }

    /// Whether every slot that must say something does.
    pub fn fits(&self, said: &BTreeMap<&str, String>) -> bool {
        let empty = |piece: &Piece| said.get(piece.slot.as_str()).is_none_or(String::is_empty);
        !self.pieces.iter().any(|piece| !piece.optional && !piece.slot.is_empty() && empty(piece))
    }

    /// The sentence, its first letter a capital.
    pub fn fill(&self, said: &BTreeMap<&str, String>) -> String {
        let mut sentence = String::new();
        for piece in &self.pieces {
            let words = said.get(piece.slot.as_str()).map_or("", String::as_str);
            if !piece.optional || !words.is_empty() {
                sentence.extend([&piece.before, words, &piece.after]);
            }
        }
        let mut letters = sentence.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

impl Piece {
    fn plain(text: &str) -> Self {
        Self { before: text.to_owned(), slot: String::new(), after: String::new(), optional: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, said: &[(&'static str, &str)], want: Option<&str>) {
        let template = Template::parse(text, &["place", "light"]).expect("a template");
        let said = said.iter().map(|(slot, words)| (*slot, (*words).to_owned())).collect();
        let sentence = template.fits(&said).then(|| template.fill(&said));
        assert_eq!(sentence.as_deref(), want, "{text}");
    }

    #[test]
    fn what_has_nothing_to_say_takes_its_words_with_it() {
        let both = [("place", "a street"), ("light", "at night")];
        check("a photo of {place}[, {light}, seen]!", &both, Some("A photo of a street, at night, seen!"));
        check("{place}[, {light}, seen]!", &[("place", "a street"), ("light", "")], Some("A street!"));
        check("{place}[, {light}]", &[("light", "at night")], None);
        check("[{place} ][{light}]", &[("light", "at night")], Some("At night"));
        check("nothing", &both, Some("Nothing"));
    }

    #[test]
    fn a_template_that_means_nothing_is_refused() {
        for (text, want) in [
            ("a {place", "not closed"),
            ("a [, {place}", "a [ is not closed"),
            ("a [, ]", "holds no slot"),
            ("a {sky}", "no slot {sky}; there are place, light"),
        ] {
            let error = Template::parse(text, &["place", "light"]).expect_err("a bad template");
            assert!(error.contains(want) && error.contains(text), "{error}");
        }
    }
}
