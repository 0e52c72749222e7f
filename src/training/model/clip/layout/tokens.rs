//! A checkpoint's tokenizer, held against its `config.json`.

use tokenizers::{Tokenizer, TruncationParams};

use super::super::{EndOfText, TextConfig};
use crate::training::TrainingError;

/// Turns texts into ids as `transformers` does with `truncation=True`.
#[derive(Clone, Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    file: String,
    end: u32,
}

/// Texts as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Of each text, special tokens included, none longer than the context.
    pub ids: Vec<Vec<u32>>,
    /// How many texts were longer, and lost their end but not the end-of-text.
    pub truncated: usize,
}

impl Tokens {
    /// Takes the bytes of a `tokenizer.json`, which must be of the model that `config` describes.
    pub fn parse(file: &str, bytes: &[u8], config: &TextConfig) -> Result<Self, TrainingError> {
        let problem = |problem: String| TrainingError::Data { file: file.to_owned(), problem };
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|e| problem(format!("not a tokenizer: {e}")))?;
        let truncation = TruncationParams { max_length: config.context, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(|e| problem(e.to_string()))?;
        tokenizer.with_padding(None);

        let other = |what: String| problem(format!("{what}: it is another model's; take the one that came with the weights"));
        let words = tokenizer.get_vocab_size(true);
        if words != config.words {
            return Err(other(format!("it knows {words} words where config.json has vocab_size {}", config.words)));
        }
        let empty = tokenizer.encode("", true).map_err(|e| problem(e.to_string()))?.get_ids().to_vec();
        let (begin, end) = match config.end_of_text() {
            EndOfText::First(end) => (Some(config.begin), end),
            // A file of that time names neither.
            EndOfText::Highest => (None, config.words as u32 - 1),
        };
        match empty[..] {
            [first, last] if begin.is_none_or(|begin| begin == first) && last == end => {
                Ok(Self { tokenizer, file: file.to_owned(), end })
            }
            _ => {
                let begin = begin.map_or("any id".to_owned(), |id| id.to_string());
                Err(other(format!("it puts the ids {empty:?} around a text where the model wants {begin} and {end}")))
            }
        }
    }

    /// The id behind each text.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The ids of each text.
    pub fn encode(&self, texts: &[&str]) -> Result<Encoded, TrainingError> {
        let failed = |e: tokenizers::Error| TrainingError::Data { file: self.file.clone(), problem: e.to_string() };
        let encodings = self.tokenizer.encode_batch(texts.to_vec(), true).map_err(failed)?;
        Ok(Encoded {
            ids: encodings.iter().map(|encoding| encoding.get_ids().to_vec()).collect(),
            truncated: encodings.iter().filter(|encoding| !encoding.get_overflowing().is_empty()).count(),
        })
    }
}
