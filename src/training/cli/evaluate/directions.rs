//! `streetscape-train evaluate directions`.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use serde_json::json;

use crate::{
    bundle::Bundle,
    callout::Direction,
    capture,
    embedding::Embedding,
    encoder::{
        EncoderOptions, Eyes, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Precision, Runtime, SessionOptions, prompts,
    },
    evaluation::directions::{ASKED, Asked, Count, truth_in_boxes, truth_on_map},
    frame::{Picture, Timestamp},
    observation::{Observation, View},
    ontology::{Ontology, StreetMap},
    ranking::{DirectionConfig, Nearness, Ranker, ids, side_on_map},
    training::{
        TrainingError,
        pairs::{Collection, Skip, import::WebDataset},
        progress::Show,
    },
    vocabulary::{ClassIndex, FacetIndex, Vocabulary},
};

/// What is encoded of each photo.
const VIEWS: [View; 4] = [View::Full, View::Left, View::Ahead, View::Right];
/// Who says a side: the map, the crops, both where they say the same, the map where the crops say nothing else, and what a walk says.
const WHO: [&str; 5] = ["map", "crops", "agreeing", "undisputed", "walk"];

#[derive(Args, Debug)]
pub(in crate::training::cli) struct DirectionsArgs {
    /// Shards of photos with maps that a person drew or a renderer told, or with boxes: a tar, or a folder of tars.
    data: PathBuf,
    /// Only photos of these sources.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    source: Vec<String>,
    /// The bundle [default: the first of those that `streetscape models list` shows].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

/// What says sides.
struct Eye {
    eyes: Eyes,
    ranker: Ranker,
    vocabulary: Vocabulary,
    classes: Vec<Vec<Embedding>>,
    ontology: Ontology,
    config: DirectionConfig,
}

impl DirectionsArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let collection = WebDataset::open(&self.data)?;
        let bundle = match &self.model {
            Some(dir) => Bundle::open(dir)?,
            None => Bundle::find()?,
        };
        let mut eye = Eye::open(&bundle)?;
        let mut counts: BTreeMap<(usize, usize), Count> = BTreeMap::new();
        let progress = show.begin("looked at", collection.entries().len(), "photos");
        for entry in 0..collection.entries().len() {
            match truths(&collection, entry, &self.source, &eye.ontology) {
                Ok(truths) if !truths.is_empty() => {
                    let said = eye.sides(&picture(&collection, entry)?, truths.iter().map(|(asked, _)| *asked))?;
                    for ((asked, truth), said) in truths.into_iter().zip(said) {
                        for (who, side) in said.into_iter().enumerate() {
                            counts.entry((asked, who)).or_default().add(truth, side);
                        }
                    }
                }
                Ok(_) => {}
                Err(skip) => show.say(&skip.detail),
            }
            progress.advance(1, String::new());
        }
        progress.finish();
        self.tell(&counts);
        Ok(())
    }

    fn tell(&self, counts: &BTreeMap<(usize, usize), Count>) {
        // Maps that never show a thing may know no word for it: what is said of it there is no stray.
        let rows = || counts.iter().filter(|(_, count)| count.there > 0);
        let of_all = |who| rows().filter(|((_, by), _)| *by == who).fold(Count::default(), |all, (_, count)| all.and(count));
        let all: Vec<Count> = (0..WHO.len()).map(of_all).collect();
        let all = all.iter().enumerate().map(|(who, count)| ("all", who, count));
        let rows = rows().map(|((asked, who), count)| (ASKED[*asked].class, *who, count)).chain(all);
        if self.json {
            let rows: Vec<_> =
                rows.map(|(class, who, count)| json!({"class": class, "by": WHO[who], "count": count})).collect();
            println!("{}", json!({"data": self.data, "rows": rows}));
            return;
        }
        println!("{:<18} {:<11} there  said  right  precision  recall  stray  left, ahead, right: there/said/right", "", "by");
        for (class, who, count) in rows {
            let Count { there, said, right, stray, sides } = count;
            let [left, ahead, to_right] = sides.map(|(there, said, right)| format!("{there}/{said}/{right}"));
            println!(
                "{class:<18} {:<11} {there:>5} {said:>5} {right:>6} {:>10.3} {:>7.3} {stray:>6}  {left}  {ahead}  {to_right}",
                WHO[who],
                count.precision(),
                count.recall(),
            );
        }
    }
}

/// Which of [`ASKED`] are known of a photo, and where each is; nothing of a photo from another source.
fn truths(
    collection: &WebDataset,
    entry: usize,
    sources: &[String],
    ontology: &Ontology,
) -> Result<Vec<(usize, Option<Direction>)>, Skip> {
    let record = collection.record(entry)?;
    if !sources.is_empty() && !sources.contains(&record.source) {
        return Ok(Vec::new());
    }
    // A network's maps are no truth.
    let map = match record.map.as_ref().map(|map| map.origin.as_str()) {
        Some("human" | "scene") => collection.map_as_it_is(entry)?,
        _ => None,
    };
    let known = |(i, asked): (usize, &Asked)| match &map {
        Some(map) if !asked.things.is_empty() => Some((i, truth_on_map(map, ontology, asked))),
        _ => truth_in_boxes(&record.boxes, asked).map(|side| (i, Some(side))),
    };
    Ok(ASKED.iter().enumerate().filter_map(known).collect())
}

fn picture(collection: &WebDataset, entry: usize) -> Result<Picture, TrainingError> {
    let name = &collection.entries()[entry].name;
    let bytes = collection.photo(entry).map_err(|skip| TrainingError::Data { file: name.to_string(), problem: skip.detail })?;
    let mut picture = Picture::default();
    capture::decode(name, &bytes, &mut picture)?;
    Ok(picture)
}

impl Eye {
    fn open(bundle: &Bundle) -> Result<Self, TrainingError> {
        let runtime = Runtime::load(None)?;
        let vocabulary = Vocabulary::shipped()?;
        let classes = prompts(bundle, &vocabulary, || OnnxTextEncoder::open(runtime, bundle, &SessionOptions::default()))?;
        let ranker = Ranker::new(&vocabulary, classes.clone(), &bundle.manifest.calibration)?;
        let options = EncoderOptions { precision: Precision::Int8, ..EncoderOptions::default() };
        let tower = OnnxImageEncoder::open(runtime, bundle, &options)?;
        let eyes = Eyes::open(Box::new(tower), runtime, &SessionOptions::default());
        Ok(Self { eyes, ranker, vocabulary, classes, ontology: Ontology::shipped()?, config: DirectionConfig::default() })
    }

    /// Of each of [`ASKED`] that is `wanted`, where it is by each of [`WHO`].
    fn sides(
        &mut self,
        picture: &Picture,
        wanted: impl Iterator<Item = usize>,
    ) -> Result<Vec<[Option<Direction>; WHO.len()]>, TrainingError> {
        let (mut embeddings, mut observation) = (Vec::new(), Observation::default());
        self.eyes.encode(picture, &VIEWS, &mut embeddings)?;
        let map = self.eyes.map(picture);
        // Map and crops take the place of what was found in the photo before.
        let at = Timestamp::default();
        if let Some(map) = &map {
            self.ranker.locate(at, map);
        }
        self.ranker.observe(at, VIEWS.into_iter().zip(&embeddings), &mut observation);
        let side = |asked: usize| {
            let asked = &ASKED[asked];
            let (facet, class) = self.find(asked)?;
            let by_map = map.as_ref().and_then(|map| self.by_map(map, asked));
            let by_crops = self.by_crops(facet, class, &embeddings);
            let agreeing = by_map.filter(|side| by_crops == Some(*side));
            let undisputed = by_map.filter(|side| by_crops.is_none_or(|other| other == *side));
            Some([by_map, by_crops, agreeing, undisputed, observation.bearing(facet, class)])
        };
        Ok(wanted.map(|asked| side(asked).unwrap_or_default()).collect())
    }

    fn find(&self, asked: &Asked) -> Option<(FacetIndex, ClassIndex)> {
        let (index, facet) = self.vocabulary.find(asked.facet)?;
        Some((index, facet.find(asked.class)?.0))
    }

    fn by_map(&self, map: &StreetMap, asked: &Asked) -> Option<Direction> {
        side_on_map(map, &ids(&self.ontology, asked.things), &self.config).map(|(side, _)| side)
    }

    fn by_crops(&self, facet: FacetIndex, class: ClassIndex, embeddings: &[Embedding]) -> Option<Direction> {
        let classes = &self.classes[facet.0];
        let none = self.vocabulary.facet(facet)?.none()?;
        let near = |view: usize| classes[class.0].cosine(&embeddings[view]) - classes[none.0].cosine(&embeddings[view]);
        let nearness = Nearness { left: near(1), ahead: near(2), right: near(3) };
        nearness.side(&self.config).map(|(side, _)| side)
    }
}
