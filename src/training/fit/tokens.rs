//! Sentences as token ids.

use std::path::Path;

use tokenizers::Tokenizer;

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
        let encoding = self.tokenizer.encode(text, true);
        let problem = |e: tokenizers::Error| TrainingError::Data { file: self.file.clone(), problem: format!("{text:?}: {e}") };
        Ok(encoding.map_err(problem)?.get_ids().to_vec())
    }

    /// How many different tokens there are.
    pub fn words(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }
}
