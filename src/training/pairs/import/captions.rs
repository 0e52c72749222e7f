//! Sentences of very many photos, without a piece of memory for each.

use crate::{
    evaluation::shard::{Origin, Record, Sentence},
    training::{
        data::Split,
        pairs::{Entry, Skip, split::stricter},
    },
};

use super::tree::Format;

/// Rows of a table as they come: a photo and a sentence.
#[derive(Default)]
pub struct Rows {
    text: String,
    rows: Vec<Row>,
}

struct Row {
    photo: Box<str>,
    split: Option<Split>,
    at: usize,
    bytes: u32,
}

impl Rows {
    /// Adds a sentence; an empty one says that the photo is there. The same photo may come again, anywhere.
    pub fn add(&mut self, photo: &str, split: Option<Split>, sentence: &str) {
        let sentence = sentence.trim();
        let bytes = u32::try_from(sentence.len()).unwrap_or(0);
        self.rows.push(Row { photo: photo.into(), split, at: self.text.len(), bytes });
        self.text.push_str(sentence);
    }

    /// The photos in the order of their names, each its own group, and what is said of them.
    pub fn finish(mut self) -> (Vec<Entry>, Captions) {
        self.rows.sort_by(|a, b| a.photo.cmp(&b.photo).then(a.at.cmp(&b.at)));
        let mut captions = Captions { text: self.text, spans: Vec::with_capacity(self.rows.len()), ends: Vec::new() };
        let mut entries: Vec<Entry> = Vec::new();
        for Row { photo, split, at, bytes } in self.rows {
            match entries.last_mut() {
                Some(entry) if entry.name == photo => entry.split = entry.split.into_iter().chain(split).reduce(stricter),
                _ => {
                    entries.push(Entry { group: photo.clone(), name: photo, split });
                    captions.ends.push(captions.spans.len() as u32);
                }
            }
            if bytes > 0 {
                captions.spans.push((at, bytes));
            }
            if let Some(end) = captions.ends.last_mut() {
                *end = captions.spans.len() as u32;
            }
        }
        (entries, captions)
    }
}

/// What people say of photos.
pub struct Captions {
    text: String,
    /// Where each sentence stands in `text`: its place and its length.
    spans: Vec<(usize, u32)>,
    /// How many sentences there are up to each photo and with it.
    ends: Vec<u32>,
}

impl Captions {
    /// What is said of photo number `entry`.
    pub fn of(&self, entry: usize) -> impl Iterator<Item = &str> {
        let place = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        let first = entry.checked_sub(1).map_or(0, place);
        let spans = self.spans.get(first..place(entry)).unwrap_or_default();
        spans.iter().filter_map(|(at, bytes)| self.text.get(*at..at + *bytes as usize))
    }
}

impl Format for Captions {
    fn record(&self, _name: &str, entry: usize) -> Result<Record, Skip> {
        let told = |text: &str| Sentence::Told { text: text.to_owned(), origin: Some(Origin::Human), facts: Vec::new() };
        Ok(Record { captions: self.of(entry).map(told).collect(), ..Record::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_find_their_photo_whatever_their_order() {
        let mut rows = Rows::default();
        for (photo, split, sentence) in [
            ("b.jpg", None, " A bus. "),
            ("a.jpg", Some(Split::Train), "A tram."),
            ("c.jpg", None, ""),
            ("b.jpg", Some(Split::Val), "Ein Bus."),
            ("b.jpg", Some(Split::Train), ""),
        ] {
            rows.add(photo, split, sentence);
        }
        let (entries, captions) = rows.finish();
        let found: Vec<_> = (0..3).map(|k| (&*entries[k].name, entries[k].split, captions.of(k).collect::<Vec<_>>())).collect();
        let want = [
            ("a.jpg", Some(Split::Train), vec!["A tram."]),
            ("b.jpg", Some(Split::Val), vec!["A bus.", "Ein Bus."]),
            ("c.jpg", None, vec![]),
        ];
        assert_eq!(found, want);
    }
}
