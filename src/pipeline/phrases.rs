//! A caregiver's file on a walk: read, embedded, and read again when it changes.
//!
//! Owns the way from `phrases.toml` to what ranking and narrator look for, the cache of embeddings, and the last good file. A broken file
//! ends nothing: the last good one stays in use. Leaves the file's checks to `vocabulary`, thresholds to `ranking`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    bundle::write_whole,
    embedding::Embedding,
    encoder::EncoderError,
    narrator::PhraseWatch,
    ranking::{PhraseConfig, PhraseRule, Phrases},
    vocabulary::{
        Vocabulary,
        lint::Lint,
        phrases::{self, Phrase, Problem},
    },
};

/// The text tower, opened when there are new words.
pub type EmbedText = Box<dyn FnMut(&[&str]) -> Result<Vec<Embedding>, EncoderError> + Send>;

/// What is looked for beside the vocabulary: ranking's part and the narrator's.
#[derive(Clone, Debug, Default)]
pub struct PhraseSet {
    /// What a picture shows of them.
    pub ranked: Phrases,
    /// When they are said.
    pub watch: PhraseWatch,
}

/// A phrase that is in use, and how often it will be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct InUse {
    /// The phrase.
    pub phrase: Phrase,
    /// Cosine from which it is seen.
    pub threshold: f32,
    /// Alerts to expect in an hour of streets that do not have it.
    pub false_alerts: f32,
}

/// What became of the file.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is in use, but for the phrases that are of no use on a street.
    Taken {
        /// To look for.
        set: PhraseSet,
        /// What is looked for.
        phrases: Vec<InUse>,
        /// Those that the model can't tell from a street.
        refused: Vec<Problem>,
        /// It was there when the walk began.
        beginning: bool,
    },
    /// It is broken; at the beginning, the last good one is looked for, if there is one.
    Broken {
        /// What is wrong.
        problems: Vec<Problem>,
        /// To look for, where nothing was before.
        last_good: Option<PhraseSet>,
    },
}

impl Change {
    /// The message that tells it.
    pub fn message(&self) -> &'static str {
        match self {
            Change::Taken { refused, .. } if refused.is_empty() => "phrases-taken",
            Change::Taken { .. } => "phrases-taken-in-part",
            Change::Broken { .. } => "phrases-broken",
        }
    }
}

/// The file, and what it takes to use it.
pub struct PhraseFile {
    /// The caregiver's file.
    pub path: PathBuf,
    /// Where embeddings and the last good file are kept; without it both are made anew.
    pub cache: Option<PathBuf>,
    /// For `when`.
    pub vocabulary: Vocabulary,
    /// For `say`.
    pub lint: Lint,
    /// Ordinary streets, by the image tower.
    pub background: Vec<Embedding>,
    /// The vocabulary's prompts, by the text tower.
    pub prompts: Vec<Embedding>,
    /// SHA-256 of the text tower, hexadecimal.
    pub tower: String,
    /// The text tower.
    pub embed: EmbedText,
    /// The file as it was read last: its time and length.
    pub read: Option<(SystemTime, u64)>,
}

/// The last good file, in the cache.
const LAST_GOOD: &str = "phrases.last-good.toml";

impl PhraseFile {
    /// What became of the file since it was read last, or before the walk's `beginning`; `None` where nothing did. One that is not there
    /// is empty.
    pub fn poll(&mut self, beginning: bool) -> Option<Change> {
        let there = fs::metadata(&self.path).ok();
        let now = there.map(|there| (there.modified().unwrap_or(SystemTime::UNIX_EPOCH), there.len()));
        if now == self.read {
            return None;
        }
        self.read = now;
        let read = match now {
            None => Ok(Vec::new()),
            Some(_) => phrases::load(&self.path, &self.vocabulary, &self.lint),
        };
        match read.and_then(|phrases| self.use_all(&phrases).map_err(|problem| vec![problem])) {
            Ok((set, phrases, refused)) => {
                self.keep();
                Some(Change::Taken { set, phrases, refused, beginning })
            }
            Err(problems) => Some(Change::Broken { problems, last_good: if beginning { self.last_good() } else { None } }),
        }
    }

    /// Phrases with their rules; those that the model can't tell from a street are told apart.
    fn use_all(&mut self, phrases: &[Phrase]) -> Result<(PhraseSet, Vec<InUse>, Vec<Problem>), Problem> {
        let embeddings = self.embeddings(phrases)?;
        let (mut rules, mut used, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (phrase, embedding) in phrases.iter().zip(embeddings) {
            match PhraseRule::new(embedding, &self.background, &self.prompts, &PhraseConfig::default()) {
                Ok(rule) => {
                    let (threshold, false_alerts) = (rule.threshold, rule.false_alerts);
                    used.push(InUse { phrase: phrase.clone(), threshold, false_alerts });
                    rules.push(rule);
                }
                Err(error) => refused.push(Problem {
                    file: self.path.display().to_string(),
                    at: Some((phrase.line, 1)),
                    problem: format!("{:?}: {error}", phrase.look_for.join(", ")),
                    refused: false,
                }),
            }
        }
        let phrases: Vec<_> = used.iter().map(|used| used.phrase.clone()).collect();
        let set = PhraseSet { ranked: Phrases::new(rules), watch: PhraseWatch::new(&phrases) };
        Ok((set, used, refused))
    }

    /// An embedding for each phrase, out of the cache where the same text tower has read the same words.
    fn embeddings(&mut self, phrases: &[Phrase]) -> Result<Vec<Embedding>, Problem> {
        let name = format!("phrases.{}.{}.json", short(&self.tower), short(&phrases::hash(phrases)));
        let kept = self.cache.as_ref().map(|dir| dir.join(name));
        if let Some(rows) = kept.as_deref().and_then(cached).filter(|rows| rows.len() == phrases.len()) {
            return Ok(rows);
        }
        let wrong = |problem: String| Problem { file: self.path.display().to_string(), at: None, problem, refused: false };
        let texts: Vec<&str> = phrases.iter().flat_map(|p| &p.look_for).map(String::as_str).collect();
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = (self.embed)(&texts).map_err(|e| wrong(e.to_string()))?.into_iter();
        let means =
            phrases.iter().map(|phrase| Embedding::mean(&rows.by_ref().take(phrase.look_for.len()).collect::<Vec<_>>()));
        let means = means.collect::<Result<Vec<_>, _>>().map_err(|e| wrong(e.to_string()))?;
        if let Some(path) = kept {
            let raw: Vec<&[f32]> = means.iter().map(Embedding::as_slice).collect();
            let dir = path.parent().map_or(Ok(()), fs::create_dir_all);
            let written = dir.and_then(|()| write_whole(&path, &serde_json::to_vec(&raw)?));
            if let Err(error) = written {
                tracing::warn!("{}: {error}; phrases are embedded anew next time", path.display());
            }
        }
        Ok(means)
    }

    /// Keeps the file that was good.
    fn keep(&self) {
        let Some(cache) = &self.cache else { return };
        let kept = match fs::read(&self.path) {
            Ok(bytes) => fs::create_dir_all(cache).and_then(|()| write_whole(&cache.join(LAST_GOOD), &bytes)),
            Err(_) => Ok(()),
        };
        if let Err(error) = kept {
            tracing::warn!("{}: {error}; there will be no last good file", cache.display());
        }
    }

    fn last_good(&mut self) -> Option<PhraseSet> {
        let kept = self.cache.as_ref()?.join(LAST_GOOD);
        let phrases = phrases::load(&kept, &self.vocabulary, &self.lint).ok()?;
        self.use_all(&phrases).ok().map(|(set, ..)| set)
    }
}

fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

fn cached(path: &Path) -> Option<Vec<Embedding>> {
    let rows: Vec<Vec<f32>> = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    rows.into_iter().map(|row| Embedding::new(row).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    fn at(angle: f32) -> Embedding {
        Embedding::new(vec![angle.cos(), angle.sin()]).expect("a vector of length")
    }

    const GOOD: &str = "[[phrase]]\nlook_for = \"a bakery\"\nsay = \"Anna's bakery.\"\n";

    /// A file in `dir`, with a text tower that reads "a street" as what every photo shows.
    fn file(dir: &Path) -> PhraseFile {
        let embed =
            |texts: &[&str]| Ok(texts.iter().map(|text| at(if text.contains("street") { 1.0 } else { -1.0 })).collect());
        PhraseFile {
            path: dir.join("phrases.toml"),
            cache: Some(dir.join("cache")),
            vocabulary: Vocabulary::shipped().expect("a vocabulary"),
            lint: Lint::shipped().expect("rules"),
            background: (0..128).map(|i| at(1.0 + (i as f32 / 127.0 - 0.5) * 0.4)).collect(),
            prompts: vec![at(2.0), at(-0.2)],
            tower: "t".repeat(64),
            embed: Box::new(embed),
            read: None,
        }
    }

    #[track_caller]
    fn check(change: Option<Change>, want: Option<&str>) {
        assert_eq!(change.as_ref().map(Change::message), want, "{change:?}");
    }

    #[test]
    fn a_file_is_taken_up_when_it_comes_and_when_it_changes_and_a_broken_one_leaves_the_last() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut file = file(dir.path());
        check(file.poll(false), None);
        fs::write(&file.path, GOOD).expect("written");
        check(file.poll(false), Some("phrases-taken"));
        check(file.poll(false), None);
        fs::write(&file.path, format!("{GOOD}[[phrase]]\nlook_for = \"a street\"\nsay = \"A street.\"\n")).expect("written");
        let change = file.poll(false);
        let Some(Change::Taken { phrases, refused, .. }) = &change else { panic!("{change:?}") };
        assert_eq!((phrases.len(), refused.len()), (1, 1));
        assert!(refused[0].to_string().contains("line 6, column 1: \"a street\": the model can't tell"), "{}", refused[0]);
        fs::write(&file.path, GOOD.replace("Anna's bakery", "Safe to cross")).expect("written");
        let change = file.poll(false);
        assert!(matches!(&change, Some(Change::Broken { last_good: None, .. })), "the set in use stays");
        check(change, Some("phrases-broken"));
        fs::remove_file(&file.path).expect("removed");
        check(file.poll(false), Some("phrases-taken"));
    }

    #[test]
    fn a_walk_that_begins_with_a_broken_file_has_the_last_good_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut before = file(dir.path());
        fs::write(&before.path, GOOD).expect("written");
        check(before.poll(true), Some("phrases-taken"));
        fs::write(&before.path, "[[phrase").expect("written");
        let Some(Change::Broken { last_good: Some(set), problems }) = file(dir.path()).poll(true) else { panic!("not broken") };
        assert!(problems[0].to_string().contains("line 1, column"), "{}", problems[0]);
        let mut shown = Vec::new();
        set.ranked.shown(&at(-1.0), &mut shown);
        assert_eq!(shown, [true]);
    }

    #[test]
    fn the_same_words_are_embedded_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let count = Arc::new(AtomicUsize::new(0));
        for (say, want) in [("Anna's bakery.", 1), ("Bakery.", 1)] {
            let mut file = file(dir.path());
            let (mut embed, counted) = (std::mem::replace(&mut file.embed, Box::new(|_| Ok(Vec::new()))), count.clone());
            file.embed = Box::new(move |texts| {
                counted.fetch_add(1, Ordering::Relaxed);
                embed(texts)
            });
            fs::write(&file.path, GOOD.replace("Anna's bakery.", say)).expect("written");
            check(file.poll(false), Some("phrases-taken"));
            assert_eq!(count.load(Ordering::Relaxed), want);
        }
    }
}
