//! What the photos of `train` teach the bundle of its classes and of the names that their sources use.

use std::ops::Range;

use super::{Embedded, quantise::array, teacher::Teacher};
use crate::{
    bundle::{Bundle, NAMES, Names, RESIDUALS},
    embedding::Embedding,
    encoder::TextEncoder,
    evaluation::{categories::CATEGORY, street30},
    training::{
        TrainingError,
        data::PhotoShard,
        examinee::text_tower,
        features::Features,
        progress::Show,
        questions::{Answer, Questions},
        vectors::{Vectors, learn},
    },
    vocabulary::Vocabulary,
};

/// Sentences by which a name is asked for.
const TEMPLATES: [&str; 3] = [street30::TEMPLATE, "A photograph of {category}", "A photo of {category}"];

/// Learns class vectors from `photos` of `train` and writes them into the bundle's folder; gives the names that are known, none where the photos
/// have none. Where there is a `teacher`, the classes begin where it has them, what it is sure of counts as known where nobody labelled a photo,
/// and names that these photos don't show stay as it knew them.
pub fn teach(
    bundle: &Bundle,
    vocabulary: &Vocabulary,
    train: &[PhotoShard],
    photos: &[Embedded],
    teacher: Option<&Teacher>,
    show: Show,
) -> Result<Option<Names>, TrainingError> {
    let mut questions = Questions::new(vocabulary, train);
    let means = means(bundle, &questions)?;
    let mut first = means.clone();
    let facets: Vec<Range<usize>> = questions.facets().map(|question| question.at.clone()).collect();
    if let Some(teacher) = teacher {
        for (facet, at) in facets.iter().enumerate() {
            let begun = first.get_mut(at.clone()).into_iter().flatten().zip(teacher.classes(facet));
            begun.for_each(|(row, known)| *row = known.clone());
            for name in photos.iter().map(Embedded::name) {
                let sure: Vec<usize> = teacher.answers(facet, &name).into_iter().map(|class| class.0).collect();
                questions.suppose(facet, &name, &sure);
            }
        }
    }
    let Vectors { taught, rows } = learn(&questions, &first, photos, show)?;

    let classes = facets.iter().flat_map(|at| rows.get(at.clone()).into_iter().zip(means.get(at.clone())));
    let residuals = classes
        .flat_map(|(rows, means)| rows.iter().zip(means))
        .flat_map(|(row, mean)| row.as_slice().iter().zip(mean.as_slice()).map(|(row, mean)| row - mean));
    Features::new(bundle.manifest.embedding, residuals.collect()).write(&bundle.dir().join(RESIDUALS))?;
    let mut names: Vec<(String, Embedding)> = Vec::new();
    let learned = questions.answers.into_iter().zip(rows).zip(taught).filter(|(_, taught)| *taught);
    // A category's own words say more: with vectors in their place .82 of val was right at once, and .86 with the words, to which `fit` moves the
    // image tower itself.
    let own_words = |name: &String| street30::category(name).is_some();
    let learned = learned.filter_map(|((answer, row), _)| Some((answer.name.filter(|name| !own_words(name))?, row)));
    for (name, row) in learned.chain(teacher.map(|teacher| known(teacher.bundle())).transpose()?.into_iter().flatten()) {
        if !names.iter().any(|(known, _)| *known == name) {
            names.push((name, row));
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    array(names.iter().map(|(_, row)| row)).write(&bundle.dir().join(NAMES))?;
    let templates = TEMPLATES.map(|template| template.replace(CATEGORY, "{}")).into();
    Ok(Some(Names { templates, of: names.into_iter().map(|(name, _)| name).collect() }))
}

/// The mean of each answer's sentences.
fn means(bundle: &Bundle, questions: &Questions) -> Result<Vec<Embedding>, TrainingError> {
    let mut tower = text_tower(bundle)?.by_words_alone();
    let sentences: Vec<&str> = questions.sentences().map(String::as_str).collect();
    let mut rows = tower.encode(&sentences)?.into_iter();
    let mean = |answer: &Answer| {
        let own: Vec<Embedding> = rows.by_ref().take(answer.sentences.len()).collect();
        let failed = |e| TrainingError::Calibration { problem: format!("{}: {e}", answer.sentences.join(", ")) };
        Embedding::mean(&own).map_err(failed)
    };
    questions.answers.iter().map(mean).collect()
}

/// The names that `bundle` knows.
fn known(bundle: &Bundle) -> Result<Vec<(String, Embedding)>, TrainingError> {
    match &bundle.manifest.names {
        Some(names) if bundle.has(NAMES) => Ok(names.of.iter().cloned().zip(bundle.embeddings(NAMES)?).collect()),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::training::{questions::tests::shard, ship::export_checkpoint};

    #[test]
    fn a_taught_name_is_known_by_its_sentences_and_by_no_others() {
        let dir = tempfile::tempdir().expect("a folder");
        let out = dir.path().join("small");
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/quick-gelu");
        let mut manifest = export_checkpoint(&made, &out).expect("a bundle");
        let (vocabulary, shard) = shard();
        let along = |i: usize| Embedding::new((0..manifest.embedding).map(|j| f32::from(u8::from(i == j))).collect());
        let seen = |photo| Embedded { photo, shard: &shard.path, embedding: along(0).expect("a direction") };
        let photos: Vec<Embedded> = shard.photos.iter().map(seen).collect();
        let bundle = Bundle::open(&out).expect("sealed");
        let shards = std::slice::from_ref(&shard);
        let names = teach(&bundle, &vocabulary, shards, &photos, None, Show::new(true)).expect("taught").expect("a name");
        assert_eq!(names.of, ["stairs"], "fewer photos teach nothing");
        manifest.names = Some(names);
        manifest.seal(&out).expect("sealed");

        let bundle = Bundle::open(&out).expect("sealed");
        let texts = ["a photo of Stairs.", "A street view photograph of stairs", "A photo of stairs and a dog"];
        let known = text_tower(&bundle).expect("a tower").encode(&texts).expect("embeddings");
        let worded = text_tower(&bundle).expect("a tower").by_words_alone().encode(&texts).expect("embeddings");
        assert_eq!(known[0], known[1]);
        assert_eq!(known[2], worded[2]);
        let toward = |row: &Embedding| row.as_slice()[0];
        assert!(toward(&known[1]) > toward(&worded[1]) + 0.1, "{} {}", toward(&known[1]), toward(&worded[1]));
    }
}
