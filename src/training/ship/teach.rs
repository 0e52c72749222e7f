//! What the photos of `train` teach the bundle of its classes and of the names that their sources use.

use super::{
    Embedded,
    quantise::{array, text_tower},
};
use crate::{
    bundle::{Bundle, NAMES, Names, RESIDUALS},
    embedding::Embedding,
    encoder::TextEncoder,
    evaluation::{categories::CATEGORY, street30},
    training::{
        TrainingError,
        data::PhotoShard,
        features::Features,
        progress::Show,
        questions::{Asked, Questions},
        vectors::{Vectors, learn},
    },
    vocabulary::Vocabulary,
};

/// Sentences by which a name is asked for.
const TEMPLATES: [&str; 3] = [street30::TEMPLATE, "A photograph of {category}", "A photo of {category}"];

/// Learns class vectors from `photos` of `train` and writes them into the bundle's folder; gives the names that were learned, none where the photos
/// have none.
pub fn teach(
    bundle: &Bundle,
    vocabulary: &Vocabulary,
    train: &[PhotoShard],
    photos: &[Embedded],
    show: Show,
) -> Result<Option<Names>, TrainingError> {
    let questions = Questions::new(vocabulary, train);
    let mut tower = text_tower(bundle)?.by_words_alone();
    let sentences: Vec<&str> = questions.sentences().map(String::as_str).collect();
    let mut rows = tower.encode(&sentences)?.into_iter();
    let mut means = Vec::with_capacity(questions.answers.len());
    for answer in &questions.answers {
        let own: Vec<Embedding> = rows.by_ref().take(answer.sentences.len()).collect();
        let mean = Embedding::mean(&own);
        means.push(mean.map_err(|e| TrainingError::Calibration { problem: format!("{}: {e}", answer.sentences.join(", ")) })?);
    }
    let Vectors { taught, residuals, rows } = learn(&questions, &means, photos, show)?;

    let classes = questions.asked.iter().filter(|question| question.of == Asked::Facet);
    let residuals: Vec<&[f32]> =
        classes.flat_map(|question| residuals.get(question.at.clone())).flatten().map(Vec::as_slice).collect();
    Features::new(bundle.manifest.embedding, residuals.concat()).write(&bundle.dir().join(RESIDUALS))?;
    let mut names: Vec<(&str, &Embedding)> = Vec::new();
    for ((answer, row), _) in questions.answers.iter().zip(&rows).zip(taught).filter(|(_, taught)| *taught) {
        if let Some(name) = answer.name.as_deref().filter(|name| !names.iter().any(|(known, _)| known == name)) {
            names.push((name, row));
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    array(names.iter().map(|(_, row)| *row)).write(&bundle.dir().join(NAMES))?;
    let templates = TEMPLATES.map(|template| template.replace(CATEGORY, "{}")).into();
    Ok(Some(Names { templates, of: names.into_iter().map(|(name, _)| name.to_owned()).collect() }))
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
        let names = teach(&bundle, &vocabulary, shards, &photos, Show::new(true)).expect("taught").expect("a name");
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
