//! The text tower of a bundle, and the vocabulary's classes as embeddings.
//!
//! Owns tokenising, padding and truncation. Leaves the moment of loading to its callers: walking needs no text tower unless
//! the words changed.

use std::collections::HashMap;

use tokenizers::{Tokenizer, TruncationParams};

use crate::{
    bundle::{Bundle, BundleError, NAMES, Names, PROMPTS, PromptSource, RESIDUALS, TEXT_F16, TEXT_F32, TEXT_INT8, TOKENIZER},
    embedding::Embedding,
    encoder::{
        EncoderError, Input, OnnxSession, Output, Runtime, SessionOptions, TextEncoder, Values, session::check_interface,
    },
    vocabulary::Vocabulary,
};

const IDS: &str = "input_ids";
const MASK: &str = "attention_mask";
const OUTPUT: &str = "text_embeds";

/// The files that it may be, best first for a CPU, which has little arithmetic in 16 bits.
const FILES: [&str; 3] = [TEXT_INT8, TEXT_F32, TEXT_F16];

/// Texts in one run: more gain nothing on a CPU and cost memory.
const BATCH: usize = 32;

/// A bundle's text tower with its tokenizer.
#[derive(Debug)]
pub struct OnnxTextEncoder {
    tokenizer: Tokenizer,
    tokenizer_file: String,
    session: OnnxSession,
    width: usize,
    /// Whether the tower asks which tokens are padding; one that reads from left to right need not.
    masked: bool,
    pad: i64,
    ids: Vec<i64>,
    mask: Vec<i64>,
    outputs: [Output; 1],
    names: HashMap<String, Embedding>,
}

impl OnnxTextEncoder {
    /// Loads tokenizer and text tower, int8 before f32 before f16, and the names that photos taught. Takes a few tenths of a second.
    pub fn open(runtime: &Runtime, bundle: &Bundle, options: &SessionOptions) -> Result<Self, EncoderError> {
        let name = FILES.into_iter().find(|name| bundle.has(name));
        let name = name.ok_or_else(|| EncoderError::NoText { dir: bundle.dir().display().to_string() })?;
        let path = |name: &str| bundle.dir().join(name).display().to_string();
        let text = &bundle.manifest.text;
        let tokenizer = tokenizer(&bundle.read(TOKENIZER)?, text.context)
            .map_err(|problem| EncoderError::Tokenizer { file: path(TOKENIZER), problem })?;
        let session = OnnxSession::open(runtime, &path(name), &bundle.read(name)?, options)?;
        let width = bundle.manifest.embedding;
        let (batch, row) = (&[None, None], &[None, Some(width)]);
        let inputs: [(&str, &[Option<usize>]); 2] = [(MASK, batch), (IDS, batch)];
        let masked = session.inputs().any(|(name, _)| name == MASK);
        check_interface(&session, if masked { &inputs } else { &inputs[1..] }, (OUTPUT, row))?;
        Ok(Self {
            tokenizer,
            tokenizer_file: path(TOKENIZER),
            session,
            width,
            masked,
            pad: i64::from(text.pad),
            ids: Vec::new(),
            mask: Vec::new(),
            outputs: [Output::named(OUTPUT)],
            names: names(bundle)?,
        })
    }

    /// The tower alone: no sentence is known but by its words.
    pub fn by_words_alone(self) -> Self {
        Self { names: HashMap::new(), ..self }
    }

    /// Embeds one batch, whose first text is number `first` of all; gives how many were truncated.
    fn encode_batch(&mut self, texts: &[&str], first: usize, out: &mut Vec<Embedding>) -> Result<usize, EncoderError> {
        let bad = |problem: String| EncoderError::Tokenizer { file: self.tokenizer_file.clone(), problem };
        let encodings = self.tokenizer.encode_batch(texts.to_vec(), true).map_err(|e| bad(e.to_string()))?;
        let longest = encodings.iter().map(|e| e.get_ids().len()).max().unwrap_or(0);
        self.ids.clear();
        self.mask.clear();
        for encoding in &encodings {
            let ids = encoding.get_ids();
            let end = self.ids.len() + longest;
            self.ids.extend(ids.iter().map(|&id| i64::from(id)));
            self.ids.resize(end, self.pad);
            self.mask.resize(end - longest + ids.len(), 1);
            self.mask.resize(end, 0);
        }
        self.run([texts.len(), longest])?;
        let [output] = &self.outputs;
        for (i, raw) in output.values.chunks_exact(self.width).enumerate() {
            out.push(Embedding::new(raw.to_vec()).map_err(|source| EncoderError::Answer {
                file: self.session.file().to_owned(),
                place: format!("text {}", first + i),
                source,
            })?);
        }
        Ok(encodings.iter().filter(|e| !e.get_overflowing().is_empty()).count())
    }

    /// Has the tower read a text of so many `tokens`, all of them `id`.
    pub(super) fn read_one_token(&mut self, id: u32, tokens: usize) -> Result<(), EncoderError> {
        (self.ids, self.mask) = (vec![i64::from(id); tokens], vec![1; tokens]);
        self.run([1, tokens])
    }

    /// The greatest id that the tokenizer writes.
    pub(super) fn greatest_token(&self) -> u32 {
        self.tokenizer.get_vocab(true).into_values().max().unwrap_or(0)
    }

    /// Runs the tower on `ids` and `mask`, whose axes are texts and tokens.
    fn run(&mut self, shape: [usize; 2]) -> Result<(), EncoderError> {
        let ids = Input { name: IDS, shape: &shape, values: Values::I64(&self.ids) };
        let mask = Input { name: MASK, shape: &shape, values: Values::I64(&self.mask) };
        let inputs = [ids, mask];
        self.session.run(if self.masked { &inputs } else { &inputs[..1] }, &mut self.outputs)?;
        let [output] = &self.outputs;
        output.expect_rows(self.session.file(), shape[0], self.width)
    }
}

impl TextEncoder for OnnxTextEncoder {
    fn encode(&mut self, texts: &[&str]) -> Result<Vec<Embedding>, EncoderError> {
        if let Some(row) = texts.iter().position(|text| text.trim().is_empty()) {
            return Err(EncoderError::EmptyText { row: row + 1 });
        }
        let mut out = Vec::with_capacity(texts.len());
        let mut truncated = 0;
        for (i, batch) in texts.chunks(BATCH).enumerate() {
            truncated += self.encode_batch(batch, i * BATCH + 1, &mut out)?;
        }
        if truncated > 0 {
            tracing::warn!("{truncated} of {} texts are longer than the model reads: truncated", texts.len());
        }
        for (row, text) in out.iter_mut().zip(texts) {
            if let Some(known) = self.names.get(&spelt(text)) {
                *row = known.clone();
            }
        }
        Ok(out)
    }
}

/// Every sentence that asks for a name which photos taught, with what they taught.
fn names(bundle: &Bundle) -> Result<HashMap<String, Embedding>, EncoderError> {
    let Some(Names { templates, of }) = bundle.manifest.names.as_ref().filter(|_| bundle.has(NAMES)) else {
        return Ok(HashMap::new());
    };
    let rows = bundle.embeddings(NAMES)?;
    if rows.len() != of.len() {
        let file = bundle.dir().join(NAMES).display().to_string();
        let problem = format!("{} rows for {} names", rows.len(), of.len());
        return Err(BundleError::Altered { file, problem }.into());
    }
    let sentences = |name: &str| templates.iter().map(|template| spelt(&template.replace("{}", name))).collect::<Vec<_>>();
    Ok(of.iter().zip(rows).flat_map(|(name, row)| sentences(name).into_iter().map(move |text| (text, row.clone()))).collect())
}

/// A sentence however its letters are cased and whatever surrounds it.
fn spelt(text: &str) -> String {
    text.trim().trim_end_matches('.').to_lowercase()
}

/// The embedding of each class of each facet: the mean of its prompts, moved by what the bundle learned of the class. Prompts are
/// read from the bundle where they were made of the same vocabulary and text tower, else made with the text tower that `open`
/// gives; what was learned holds for the same vocabulary only.
pub fn prompts<T: TextEncoder>(
    bundle: &Bundle,
    vocabulary: &Vocabulary,
    open: impl FnOnce() -> Result<T, EncoderError>,
) -> Result<Vec<Vec<Embedding>>, EncoderError> {
    let count = vocabulary.prompts().count();
    let rows = if bundle.has(PROMPTS) && bundle.manifest.prompts == prompt_source(bundle, vocabulary) {
        let rows = bundle.embeddings(PROMPTS)?;
        if rows.len() != count {
            let file = bundle.dir().join(PROMPTS).display().to_string();
            let problem = format!("{} rows for {count} prompts", rows.len());
            return Err(BundleError::Altered { file, problem }.into());
        }
        rows
    } else {
        tracing::info!("the bundle's prompts are of other words: embedding {count} anew");
        open()?.encode(&vocabulary.prompts().collect::<Vec<_>>())?
    };
    let mut rows = rows.into_iter();
    let mut residuals = residuals(bundle, vocabulary)?.into_iter();
    let mut facets = Vec::with_capacity(vocabulary.facets().len());
    for (_, facet) in vocabulary.facets() {
        let mut classes = Vec::with_capacity(facet.classes.len());
        for class in &facet.classes {
            let prompts: Vec<_> = rows.by_ref().take(class.prompts.len()).collect();
            let mean = Embedding::mean(&prompts);
            let moved = match residuals.next() {
                Some(residual) => mean.and_then(|mean| mean.moved(&residual)),
                None => mean,
            };
            classes.push(moved.map_err(|source| EncoderError::Answer {
                file: bundle.dir().display().to_string(),
                place: format!("prompts of facet {}, class {}", facet.id, class.id),
                source,
            })?);
        }
        facets.push(classes);
    }
    Ok(facets)
}

/// What the bundle learned of each class beside its prompts; none where it learned nothing or of another vocabulary.
fn residuals(bundle: &Bundle, vocabulary: &Vocabulary) -> Result<Vec<Vec<f32>>, EncoderError> {
    let learned_for = bundle.manifest.prompts.as_ref().map(|source| &source.vocabulary);
    if !bundle.has(RESIDUALS) || learned_for != Some(&vocabulary.hash()) {
        return Ok(Vec::new());
    }
    let rows = bundle.rows(RESIDUALS)?;
    let classes: usize = vocabulary.facets().map(|(_, facet)| facet.classes.len()).sum();
    if rows.len() != classes {
        let file = bundle.dir().join(RESIDUALS).display().to_string();
        return Err(BundleError::Altered { file, problem: format!("{} rows for {classes} classes", rows.len()) }.into());
    }
    Ok(rows)
}

/// What prompts embedded by this bundle's text tower are made of; `None` where the bundle has none.
pub fn prompt_source(bundle: &Bundle, vocabulary: &Vocabulary) -> Option<PromptSource> {
    let files = &bundle.manifest.files;
    let text = FILES.into_iter().find_map(|name| files.get(name))?;
    Some(PromptSource { vocabulary: vocabulary.hash(), text: text.sha256.clone() })
}

/// A tokenizer that truncates at `context` tokens and leaves padding to us, whatever its file asks for.
pub fn tokenizer(bytes: &[u8], context: usize) -> Result<Tokenizer, String> {
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|e| e.to_string())?;
    let truncation = TruncationParams { max_length: context, ..TruncationParams::default() };
    tokenizer.with_truncation(Some(truncation)).map_err(|e| e.to_string())?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::*;

    /// A line that `tests/data/minilm/make.py` wrote.
    #[derive(Deserialize)]
    struct Sentence {
        text: String,
        ids: Vec<u32>,
    }

    #[test]
    fn the_shipped_tokenizer_gives_the_ids_of_the_published_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let bundle = Bundle::open(&root.join("models/street")).expect("the shipped model");
        let tokenizer = tokenizer(&bundle.read(TOKENIZER).expect("its tokenizer"), bundle.manifest.text.context);
        let tokenizer = tokenizer.expect("a tokenizer");
        let lines = std::fs::read_to_string(root.join("tests/data/minilm/sentences.jsonl")).expect("the sentences");
        for line in lines.lines() {
            let Sentence { text, ids } = serde_json::from_str(line).expect("a sentence");
            assert_eq!(tokenizer.encode(&*text, true).expect("ids").get_ids(), ids, "{text:?}");
        }
    }
}
