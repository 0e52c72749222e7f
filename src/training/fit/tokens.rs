//! Sentences as token ids.

use std::path::Path;

use tokenizers::{Encoding, Tokenizer};

use crate::{
    bundle::{TOKENIZER, checksum},
    encoder,
    training::TrainingError,
};

/// A tokenizer with its file.
#[derive(Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    file: String,
    /// SHA-256 of the file.
    pub checksum: String,
    /// The file's bytes, to be kept beside what was learned.
    pub bytes: Vec<u8>,
}

impl Tokens {
    /// Reads `tokenizer.json` in `dir`; a sentence is cut at `context` tokens.
    pub fn open(dir: &Path, context: usize) -> Result<Self, TrainingError> {
        let path = dir.join(TOKENIZER);
        let file = path.display().to_string();
        let bytes = std::fs::read(&path).map_err(|source| TrainingError::File { file: file.clone(), source })?;
        let tokenizer = encoder::tokenizer(&bytes, context)
            .map_err(|problem| TrainingError::Data { file: file.clone(), problem: format!("no tokenizer: {problem}") })?;
        Ok(Self { tokenizer, file, checksum: checksum(&bytes), bytes })
    }

    /// The ids of a sentence, special tokens included.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, TrainingError> {
        Ok(self.encode(text)?.get_ids().to_vec())
    }

    /// How many of `sentences` are longer than the context, and lose their end.
    pub fn cut(&self, sentences: &[String]) -> Result<usize, TrainingError> {
        let cut = |text: &String| Ok(usize::from(!self.encode(text)?.get_overflowing().is_empty()));
        sentences.iter().map(cut).sum()
    }

    fn encode(&self, text: &str) -> Result<Encoding, TrainingError> {
        let problem = |e: tokenizers::Error| TrainingError::Data { file: self.file.clone(), problem: format!("{text:?}: {e}") };
        self.tokenizer.encode(text, true).map_err(problem)
    }

    /// Refuses to go with a text tower that knows but `words` tokens.
    pub fn check(&self, words: usize) -> Result<(), TrainingError> {
        if self.words() > words {
            let problem = format!("it knows {} words and the text tower {words}: it is another model's", self.words());
            return Err(TrainingError::Data { file: self.file.clone(), problem });
        }
        Ok(())
    }

    /// How many different tokens there are.
    pub fn words(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(context: usize) -> Tokens {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bundle");
        Tokens::open(&dir, context).expect("a tokenizer")
    }

    #[test]
    fn a_longer_sentence_is_cut_and_counted() {
        let long = "a street ".repeat(20);
        let tokens = open(16);
        assert_eq!(tokens.ids(&long).expect("ids").len(), 16);
        assert_eq!(tokens.cut(&["a street".to_owned(), long]).expect("a count"), 1);
        // The special tokens alone.
        assert_eq!(tokens.ids(" ").expect("ids"), tokens.ids("").expect("ids"));
    }

    #[test]
    fn a_text_tower_with_fewer_words_is_another_models() {
        let tokens = open(16);
        tokens.check(tokens.words()).expect("its own");
        let error = tokens.check(tokens.words() - 1).expect_err("another's").to_string();
        assert!(error.contains("tokenizer.json: it knows") && error.contains("another model's"), "{error}");
    }
}
