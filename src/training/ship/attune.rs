//! The text tower of a quantised bundle brought to what people write, its class vectors where they were.

use std::path::{Path, PathBuf};

use super::{
    Embedded, embed,
    quantise::{array, calibrate_captions, options},
};
use crate::{
    bundle::{Bundle, PROMPTS, RESIDUALS, TEXT_INT8},
    embedding::Embedding,
    encoder::{Precision, TextEncoder, prompt_source, prompts},
    evaluation::street30,
    training::{
        TrainingError,
        data::{self, PhotoShard, Split, frequent},
        examinee::{Author, text_tower, told},
        features::Features,
        onnx::Model,
        progress::Show,
        quantise::turned,
        wording::{Lesson, Told, learn},
    },
    vocabulary::Vocabulary,
};

/// Photos with sentences below which nothing is learned of how people put it.
const FEWEST: usize = 200;

/// Attunes the quantised bundle in `dir`, by the captions and the companions' sentences that people wrote of photos of `train` in `data`, and fits the
/// temperature of captions anew by those of `val`. Class vectors and the names that photos taught stay. Gives how many photos taught it.
pub fn attune(dir: &Path, data: &[PathBuf], show: Show) -> Result<usize, TrainingError> {
    let (train, val) = (data::read(data, Split::Train)?, data::read(data, Split::Val)?);
    let vocabulary = Vocabulary::shipped()?;
    let bundle = Bundle::open(dir)?;
    let width = bundle.manifest.embedding;
    let classes = prompts(&bundle, &vocabulary, || text_tower(&bundle))?;
    let photos = embed(&bundle, &options(Precision::Int8), &train, 1, show)?;
    let lesson = lesson(&bundle, &vocabulary, &train, &photos)?;
    let taught = lesson.told.iter().map(Vec::len).sum();
    if taught < FEWEST {
        let problem =
            format!("people wrote of {taught} photos of train, and {FEWEST} are needed; add data with captions of people");
        return Err(TrainingError::Setting { problem });
    }
    let map = learn(&lesson, width, show);
    let file = dir.join(TEXT_INT8);
    let text = turned(&file.display().to_string(), &Model::read(&file)?, &map)?;

    text.write(&file)?;
    let mut manifest = bundle.manifest.clone();
    manifest.seal(dir)?;
    let bundle = Bundle::open(dir)?;
    let mut tower = text_tower(&bundle)?;
    let rows = tower.encode(&vocabulary.prompts().collect::<Vec<_>>())?;
    array(&rows).write(&dir.join(PROMPTS))?;
    Features::new(width, residuals(&vocabulary, &rows, &classes)?).write(&dir.join(RESIDUALS))?;
    manifest.prompts = prompt_source(&bundle, &vocabulary);
    let asked = embed(&bundle, &options(Precision::Int8), &val, 1, show)?;
    manifest.calibration.captions =
        calibrate_captions(&asked, &tower.encode(&refs(&captions()))?).or(manifest.calibration.captions);
    manifest.provenance.insert("attuned".to_owned(), format!("to what people wrote of {taught} photos of train"));
    manifest.seal(dir)?;
    Ok(taught)
}

fn captions() -> Vec<String> {
    street30::CATEGORIES.iter().map(|category| street30::caption(category)).collect()
}

/// What is known of `photos`, in embeddings.
fn lesson(
    bundle: &Bundle,
    vocabulary: &Vocabulary,
    train: &[PhotoShard],
    photos: &[Embedded],
) -> Result<Lesson, TrainingError> {
    let captioned = |seen: &Embedded| told(seen.photo, Author::People).collect::<Vec<_>>();
    let companion =
        |seen: &Embedded| seen.photo.hand.iter().map(|hand| hand.sentence.clone()).filter(|told| !told.is_empty()).collect();
    let kinds: [&dyn Fn(&Embedded) -> Vec<String>; 2] = [&captioned, &companion];
    let mut tower = text_tower(bundle)?.by_words_alone();
    let names: Vec<String> = frequent(train, 1).into_iter().map(street30::caption).collect();
    let mut lesson = Lesson {
        told: Vec::new(),
        categories: tower.encode(&refs(&captions()))?,
        sorted: Vec::new(),
        fixed: tower.encode(&vocabulary.prompts().chain(names.iter().map(String::as_str)).collect::<Vec<_>>())?,
    };
    for sentences in kinds {
        let written: Vec<(&Embedded, Vec<String>)> =
            photos.iter().map(|seen| (seen, sentences(seen))).filter(|(_, written)| !written.is_empty()).collect();
        let all: Vec<String> = written.iter().flat_map(|(_, written)| written.clone()).collect();
        let mut all = tower.encode(&refs(&all))?.into_iter();
        let told = written.into_iter().map(|(seen, written)| Told {
            photo: seen.embedding.clone(),
            sentences: all.by_ref().take(written.len()).collect(),
        });
        lesson.told.push(told.collect());
    }
    let sorted = |seen: &Embedded| Some((seen.embedding.clone(), street30::category(seen.photo.record.category.as_deref()?)?));
    lesson.sorted = photos.iter().filter_map(sorted).collect();
    Ok(lesson)
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// What leads from the prompts' `rows` to the `classes` of each facet as they are.
fn residuals(vocabulary: &Vocabulary, rows: &[Embedding], classes: &[Vec<Embedding>]) -> Result<Vec<f32>, TrainingError> {
    let mut rows = rows.iter();
    let mut residuals = Vec::new();
    for ((_, facet), classes) in vocabulary.facets().zip(classes) {
        for (class, row) in facet.classes.iter().zip(classes) {
            let failed = |e| TrainingError::Calibration { problem: format!("{}, {}: {e}", facet.id, class.id) };
            let mean = Embedding::mean(rows.by_ref().take(class.prompts.len())).map_err(failed)?;
            residuals.extend(row.as_slice().iter().zip(mean.as_slice()).map(|(row, mean)| row - mean));
        }
    }
    Ok(residuals)
}
