//! The questions of a report, each asked where the photos know the answer.

use std::collections::BTreeMap;

use super::{Data, Faceted, Labelled, Model, Report, Retrieved, Thirty, mistakes::shown};
use crate::{
    bundle::Bundle,
    evaluation::{
        average_precision,
        categories::{CATEGORY, Categories, CategoryFrom},
        curves::Curves,
        facets::Facets,
        street30::{Street30, TEMPLATE},
    },
    training::{
        TrainingError,
        data::{PhotoShard, frequent},
        examinee::{Author, Examinee, told},
    },
    vocabulary::Vocabulary,
};

/// Confusions that are named.
const WORST: usize = 15;
/// Mistakes that are shown of each question.
const MISTAKES: usize = 12;
/// Photos that a label needs, as `evaluate labels` has it.
const FEWEST: usize = 5;

/// A bundle and what it saw.
pub struct Asked<'a> {
    /// The bundle.
    pub bundle: &'a Bundle,
    /// It, and the photos.
    pub examinee: Examinee<'a>,
}

/// What is asked, and of whom.
pub struct Asking<'a> {
    /// What is measured.
    pub after: Asked<'a>,
    /// What it is compared with.
    pub before: Option<Asked<'a>>,
    /// The photos that all saw.
    pub shards: &'a [PhotoShard],
    /// How exactly the image towers reckoned.
    pub precision: &'a str,
    /// The arguments by which a command finds the same photos.
    pub arguments: String,
    /// Whether mistakes are shown with their pictures.
    pub pictures: bool,
}

impl<'a> Asking<'a> {
    /// Asks everything once. What the photos don't tell is left out, and said so.
    pub fn ask(&self) -> Result<Report, TrainingError> {
        let (street30, retrieval) = (self.street30()?, self.retrieval()?);
        let (facets, labels) = (self.facets()?, self.labels()?);
        let lacks = [
            (street30.is_none(), "Thirty captions: no photo has one of the thirty categories."),
            (retrieval.is_none(), "Retrieval: no photo has a caption."),
            (facets.is_none(), "Facets: no photo was labelled by hand (a facets.csv beside the shards)."),
            (labels.is_none(), "Labels: no label is borne by five photos."),
        ];
        Ok(Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: Model::of(self.after.bundle),
            before: self.before.as_ref().map(|before| Model::of(before.bundle)),
            precision: self.precision.to_owned(),
            arguments: self.arguments.clone(),
            data: self.shards.iter().map(Data::of).collect(),
            street30,
            retrieval,
            facets,
            labels,
            supervised: None,
            training: None,
            left_out: lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what.to_owned()).collect(),
        })
    }

    /// What the model before makes of a question.
    fn before<T>(&self, ask: impl Fn(&Examinee<'a>) -> Result<T, TrainingError>) -> Result<Option<T>, TrainingError> {
        self.before.as_ref().map(|before| ask(&before.examinee)).transpose()
    }

    fn street30(&self) -> Result<Option<Thirty>, TrainingError> {
        let categories = Categories::street30(TEMPLATE);
        let ask = |examinee: &Examinee<'a>| examinee.street30(&categories, CategoryFrom::Record);
        let found = ask(&self.after.examinee)?;
        if found.photos.is_empty() {
            return Ok(None);
        }
        let before = self.before(ask)?;
        let confusion = found.of.confusion();
        let curves = |found: &Street30, examinee: &Examinee| Curves::new(found.photos(), &found.judged(examinee.scale()));
        Ok(Some(Thirty {
            figures: found.of.table(before.as_ref().map(|before| &before.of)),
            worst: confusion.worst(WORST),
            confusion,
            curves: curves(&found.of, &self.after.examinee),
            curves_before: before.as_ref().zip(self.before.as_ref()).map(|(found, by)| curves(&found.of, &by.examinee)),
            mistakes: shown(found.of.mistakes(self.after.examinee.scale(), MISTAKES), &found.photos, self.pictures)?,
        }))
    }

    fn retrieval(&self) -> Result<Option<Retrieved>, TrainingError> {
        let photos = || self.shards.iter().flat_map(|shard| &shard.photos);
        let mut authors = [Author::People, Author::Anybody].into_iter();
        let Some(by) = authors.find(|by| photos().any(|photo| told(photo, *by).next().is_some())) else {
            return Ok(None);
        };
        let ask = |examinee: &Examinee<'a>| examinee.retrieval(by, |_| true);
        let (found, before) = (ask(&self.after.examinee)?, self.before(ask)?);
        Ok(Some(Retrieved {
            photos: found.of.photos(),
            captions: found.of.captions(),
            by,
            figures: found.of.table(before.as_ref().map(|before| &before.of), &found.sources()),
        }))
    }

    fn facets(&self) -> Result<Option<Faceted>, TrainingError> {
        if self.shards.iter().flat_map(|shard| &shard.photos).all(|photo| photo.hand.is_none()) {
            return Ok(None);
        }
        let vocabulary = Vocabulary::shipped()?;
        let ask = |examinee: &Examinee<'a>| examinee.facets(&vocabulary);
        let (found, before) = (ask(&self.after.examinee)?, self.before(ask)?);
        let before = before.as_ref().map(|before| &before.of);
        let curves = |found: &Facets| Curves::new(found.photos(), &found.judged());
        Ok(Some(Faceted {
            photos: found.of.photos(),
            answers: found.of.answers(before),
            precision: found.of.precision(before),
            curves: curves(&found.of),
            curves_before: before.map(curves),
            mistakes: shown(found.of.mistakes(MISTAKES), &found.photos, self.pictures)?,
        }))
    }

    fn labels(&self) -> Result<Option<Labelled>, TrainingError> {
        let labels = frequent(self.shards, FEWEST);
        if labels.is_empty() {
            return Ok(None);
        }
        let captions: Vec<String> = labels.iter().map(|label| TEMPLATE.replace(CATEGORY, label)).collect();
        let ask = |examinee: &Examinee<'a>| examinee.labels(&labels, &captions);
        let (found, before) = (ask(&self.after.examinee)?, self.before(ask)?);
        let before = before.as_ref().map(|before| before.of.as_slice());
        let figures = average_precision::table(&found.sources(), &found.of, before, FEWEST);
        Ok(Some(Labelled { photos: found.photos.len(), figures }))
    }
}

impl Data {
    fn of(shard: &PhotoShard) -> Self {
        let mut sources = BTreeMap::new();
        shard.photos.iter().for_each(|photo| *sources.entry(photo.record.source.clone()).or_default() += 1);
        let file = shard.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { file, sha256: shard.checksum.clone(), sources }
    }
}
