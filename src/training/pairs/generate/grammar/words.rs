//! Which classes a text names, by the words of the grammar.

use std::{collections::HashMap, fmt};

/// Words that name classes, by their stems.
#[derive(Debug, Default)]
pub struct Words {
    phrases: HashMap<Vec<String>, Named>,
    longest: usize,
}

/// The classes that some words may mean, each with its facet: one at least of them is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named(Vec<(String, String)>);

impl Named {
    /// Whether the words may mean `class` of `facet`.
    pub fn can_be(&self, facet: &str, class: &str) -> bool {
        self.0.iter().any(|(f, c)| f == facet && c == class)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes: Vec<String> = self.0.iter().map(|(facet, class)| format!("{facet} {class}")).collect();
        f.write_str(&classes.join(" or "))
    }
}

impl Words {
    /// The words of each class, given with its facet; `neutral` words name nothing.
    pub fn new<'a>(
        neutral: impl Iterator<Item = &'a str>,
        classes: impl Iterator<Item = ((&'a str, &'a str), &'a [String])>,
    ) -> Self {
        let mut words = Self::default();
        for phrase in neutral {
            words.add(phrase, None);
        }
        for (class, phrases) in classes {
            phrases.iter().for_each(|phrase| words.add(phrase, Some(class)));
        }
        words
    }

    fn add(&mut self, phrase: &str, class: Option<(&str, &str)>) {
        let stems = stems(phrase);
        self.longest = self.longest.max(stems.len());
        let named = self.phrases.entry(stems).or_default();
        named.0.extend(class.map(|(facet, class)| (facet.to_owned(), class.to_owned())));
    }

    /// What `text` names, from its beginning to its end.
    pub fn read(&self, text: &str) -> Vec<Named> {
        let stems = stems(text);
        let (mut found, mut at) = (Vec::new(), 0);
        while at < stems.len() {
            let lengths = (1..=self.longest.min(stems.len() - at)).rev();
            let longest = lengths.filter_map(|length| Some((length, self.phrases.get(&stems[at..at + length])?))).next();
            if let Some((_, named)) = longest.filter(|(_, named)| !named.0.is_empty()) {
                found.push(named.clone());
            }
            at += longest.map_or(1, |(length, _)| length);
        }
        found
    }
}

/// The words of `text` in lower case, a plural's ending dropped.
fn stems(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let stem = |word: &str| {
        let word = word.to_lowercase();
        match word.strip_suffix('s') {
            Some(stem) if stem.len() > 2 => stem.to_owned(),
            _ => word,
        }
    };
    words.map(stem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let classes: [(&str, &str, &[&str]); 6] = [
            ("place", "bus_stop", &["bus stop"]),
            ("place", "street", &["street"]),
            ("traffic", "bus_or_tram", &["bus", "buses"]),
            ("traffic", "parked_vehicles", &["parked car", "car"]),
            ("traffic", "moving_vehicles", &["car"]),
            ("obstacle", "parked_car", &["parked car"]),
        ];
        let classes: Vec<_> =
            classes.map(|(f, c, names)| ((f, c), names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())).into();
        let words = Words::new(["street view"].into_iter(), classes.iter().map(|(class, names)| (*class, names.as_slice())));
        let read: Vec<String> = words.read(text).iter().map(Named::to_string).collect();
        assert_eq!(read, want, "{text}");
    }

    #[test]
    fn the_longest_words_name_a_class_in_any_number() {
        check("", &[]);
        check("A bus at the bus stop.", &["traffic bus_or_tram", "place bus_stop"]);
        check("Bus stops, and BUSES", &["place bus_stop", "traffic bus_or_tram"]);
        check("A street view of a street", &["place street"]);
        check("streetlights", &[]);
        check("cars", &["traffic parked_vehicles or traffic moving_vehicles"]);
        check("a parked car", &["traffic parked_vehicles or obstacle parked_car"]);
    }
}
