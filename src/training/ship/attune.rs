//! The text tower of a quantised bundle brought to what people write, its class vectors where they were.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Embedded, embed,
    quantise::{array, calibrate_captions, options},
};
use crate::{
    bundle::{ASIDE, Bundle, MANIFEST, PROMPTS, RESIDUALS, TEXT_INT8},
    embedding::Embedding,
    encoder::{Precision, TextEncoder, prompt_source, prompts},
    evaluation::street30,
    training::{
        TrainingError,
        data::{self, Photo, PhotoShard, Split, frequent},
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

    in_copy(dir, &[TEXT_INT8, PROMPTS, RESIDUALS, MANIFEST], |copy| {
        text.write(&copy.join(TEXT_INT8))?;
        let mut manifest = bundle.manifest.clone();
        manifest.seal(copy)?;
        let bundle = Bundle::open(copy)?;
        let mut tower = text_tower(&bundle)?;
        let rows = tower.encode(&vocabulary.prompts().collect::<Vec<_>>())?;
        array(&rows).write(&copy.join(PROMPTS))?;
        Features::new(width, residuals(&vocabulary, &rows, &classes)?).write(&copy.join(RESIDUALS))?;
        manifest.prompts = prompt_source(&bundle, &vocabulary);
        let asked = embed(&bundle, &options(Precision::Int8), &val, 1, show)?;
        let captions = calibrate_captions(&asked, &tower.encode(&refs(&street30::captions()))?);
        manifest.calibration.captions = captions.or(manifest.calibration.captions);
        manifest.provenance.insert("attuned".to_owned(), format!("to what people wrote of {taught} photos of train"));
        Ok(manifest.seal(copy)?)
    })?;
    Ok(taught)
}

/// Lets `change` work in a copy of the bundle in `dir` and takes `files` over from there, the last one last, so that what fails leaves all as it was.
fn in_copy(dir: &Path, files: &[&str], change: impl FnOnce(&Path) -> Result<(), TrainingError>) -> Result<(), TrainingError> {
    let failed = |source| TrainingError::File { file: dir.display().to_string(), source };
    let copy = tempfile::Builder::new().prefix(ASIDE).tempdir_in(dir).map_err(failed)?;
    for entry in dir.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().is_file() {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).map_err(failed)?;
        }
    }
    change(copy.path())?;
    files.iter().try_for_each(|file| fs::rename(copy.path().join(file), dir.join(file)).map_err(failed))
}

/// What is known of `photos`, in embeddings.
fn lesson(
    bundle: &Bundle,
    vocabulary: &Vocabulary,
    train: &[PhotoShard],
    photos: &[Embedded],
) -> Result<Lesson, TrainingError> {
    let mut tower = text_tower(bundle)?.by_words_alone();
    let names: Vec<String> = frequent(train, 1).into_iter().map(street30::caption).collect();
    let fixed: Vec<&str> = vocabulary.prompts().chain(names.iter().map(String::as_str)).collect();
    let captions_of = |photo: &Photo| told(photo, Author::People).collect();
    let companion_of =
        |photo: &Photo| photo.hand.iter().map(|hand| hand.sentence.clone()).filter(|told| !told.is_empty()).collect();
    let category = |photo: &Photo| street30::category(photo.record.category.as_deref()?);
    Ok(Lesson {
        told: vec![told_by(&mut tower, photos, captions_of)?, told_by(&mut tower, photos, companion_of)?],
        categories: tower.encode(&refs(&street30::captions()))?,
        sorted: photos.iter().filter_map(|seen| Some((seen.embedding.clone(), category(seen.photo)?))).collect(),
        fixed: tower.encode(&fixed)?,
    })
}

/// Those of `photos` of which anything is `written`.
fn told_by(
    tower: &mut impl TextEncoder,
    photos: &[Embedded],
    written: impl Fn(&Photo) -> Vec<String>,
) -> Result<Vec<Told>, TrainingError> {
    let told = photos.iter().map(|seen| (seen, written(seen.photo)));
    let told: Vec<(&Embedded, Vec<String>)> = told.filter(|(_, written)| !written.is_empty()).collect();
    let all: Vec<&str> = told.iter().flat_map(|(_, written)| written).map(String::as_str).collect();
    let mut all = tower.encode(&all)?.into_iter();
    let told = told
        .into_iter()
        .map(|(seen, written)| Told { photo: seen.embedding.clone(), sentences: all.by_ref().take(written.len()).collect() });
    Ok(told.collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_leaves_the_bundle_as_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        for file in [&one, &other] {
            fs::write(file, "before").expect("written");
        }
        let change = |copy: &Path| {
            for file in ["one", "other"] {
                fs::write(copy.join(file), "after").expect("written");
            }
            Ok(())
        };
        let read = || [&one, &other].map(|file| fs::read_to_string(file).expect("there"));
        let failed = in_copy(dir.path(), &["one", "other"], |copy| {
            change(copy)?;
            Err(TrainingError::Setting { problem: "too late".to_owned() })
        });
        assert!(failed.is_err());
        assert_eq!(read(), ["before", "before"]);
        in_copy(dir.path(), &["one"], change).expect("changed");
        assert_eq!(read(), ["after", "before"], "what is not named stays");
        assert_eq!(dir.path().read_dir().expect("a folder").count(), 2, "nothing is left behind");
    }
}
