//! Street-30: thirty captions, "A street view photograph of {category}", ranked for each photo; or those of any other list.
//!
//! Owns the benchmark's captions and its table. Leaves other lists to `categories`, the embeddings to whoever encodes.

use std::collections::BTreeMap;

use super::{Confusion, TopK, categories::CATEGORY, rank_of, ranking};
#[cfg(feature = "train")]
use super::{
    KS, Row, Table,
    bootstrap::compare,
    curves::Judged,
    mistakes::{Mistake, surest},
    softmax,
};
use crate::embedding::Embedding;

/// The captions' template.
pub const TEMPLATE: &str = "A street view photograph of {category}";

/// Accuracy at each of [`super::KS`] that the study CLIP-rsicd reports for ViT-B/32 over 30 categories of aerial photographs (RSICD), with
/// captions "An aerial photograph of {category}": before fine-tuning, and the best after (github.com/arampacha/CLIP-rsicd, README). Other
/// photos and other captions: it stands beside a figure, it is not beaten by one.
pub const CLIP_RSICD: [[f64; 4]; 2] = [[0.572, 0.745, 0.837, 0.939], [0.883, 0.968, 0.982, 0.998]];

/// The categories, in their order.
pub const CATEGORIES: [&str; 30] = [
    "bedroom",
    "bicycle",
    "bridge",
    "bus",
    "car",
    "chimney",
    "city building front",
    "coast",
    "crosswalk",
    "dirt road",
    "fire hydrant",
    "forest",
    "forest road",
    "gravel road",
    "highway",
    "industrial area",
    "kitchen",
    "living room",
    "motorcycle",
    "mountain",
    "office",
    "open country",
    "palm tree",
    "rainy road",
    "snowy road",
    "store",
    "street",
    "suburban house",
    "tall building",
    "traffic light",
];

/// The caption of a category.
pub fn caption(category: &str) -> String {
    TEMPLATE.replace(CATEGORY, category)
}

/// The captions of [`CATEGORIES`], in their order.
pub fn captions() -> Vec<String> {
    CATEGORIES.iter().map(|category| caption(category)).collect()
}

/// A category's place in [`CATEGORIES`].
pub fn category(name: &str) -> Option<usize> {
    CATEGORIES.iter().position(|category| *category == name)
}

/// What a model answered for one photo.
#[derive(Clone, Debug)]
struct Answer {
    source: String,
    truth: usize,
    /// Of the right caption, 0 for the best.
    rank: usize,
    best: usize,
    /// With each caption.
    #[cfg(feature = "train")]
    cosines: Vec<f32>,
}

/// What a model answered for photos of known category.
#[derive(Clone, Debug)]
pub struct Street30 {
    categories: Vec<String>,
    answers: Vec<Answer>,
}

impl Street30 {
    /// Nothing asked yet.
    pub fn new(categories: &[String]) -> Self {
        Self { categories: categories.to_vec(), answers: Vec::new() }
    }

    /// Ranks `captions`, one for each category, for a photo of `source` whose category is number `truth`.
    pub fn count(&mut self, source: &str, truth: usize, photo: &Embedding, captions: &[Embedding]) {
        let scores: Vec<f32> = captions.iter().map(|caption| photo.cosine(caption)).collect();
        let best = ranking(&scores).first().copied().unwrap_or_default();
        self.answers.push(Answer {
            source: source.to_owned(),
            truth,
            rank: rank_of(&scores, truth),
            best,
            #[cfg(feature = "train")]
            cosines: scores,
        });
    }

    /// Photos asked.
    pub fn photos(&self) -> usize {
        self.answers.len()
    }

    /// Over all photos.
    pub fn overall(&self) -> TopK {
        let mut top = TopK::default();
        self.answers.iter().for_each(|answer| top.count(answer.rank));
        top
    }

    /// Over the photos of each source.
    pub fn sources(&self) -> BTreeMap<String, TopK> {
        let mut sources: BTreeMap<String, TopK> = BTreeMap::new();
        self.answers.iter().for_each(|answer| sources.entry(answer.source.clone()).or_default().count(answer.rank));
        sources
    }

    /// Which category is taken for which.
    pub fn confusion(&self) -> Confusion {
        let mut confusion = Confusion::new(&self.categories);
        self.answers.iter().for_each(|answer| confusion.count(answer.truth, answer.best));
        confusion
    }

    /// Accuracy at each of [`KS`] overall, by source and by category, beside that of the model `before`, which was asked about the same
    /// photos in the same order.
    #[cfg(feature = "train")]
    pub fn table(&self, before: Option<&Street30>) -> Table {
        let metrics = KS.map(|k| format!("top_{k}"));
        let mut table = Table::new(metrics.iter().map(String::as_str));
        let mut add = |of: &str, name: &str, chosen: &dyn Fn(&Answer) -> bool| {
            let ranks = |of: &Street30| -> Vec<usize> {
                of.answers.iter().filter(|answer| chosen(answer)).map(|answer| answer.rank).collect()
            };
            let (after, before) = (ranks(self), before.map(ranks));
            let before = before.as_ref().map(|ranks| |at: &[usize]| accuracies(ranks, at));
            let figures = compare(after.len(), |at| accuracies(&after, at), before);
            table.rows.push(Row { of: of.to_owned(), name: name.to_owned(), photos: after.len(), figures });
        };
        add("all", "all", &|_| true);
        self.sources().keys().for_each(|source| add("source", source, &|answer| answer.source == *source));
        for (category, name) in self.categories.iter().enumerate() {
            if self.answers.iter().any(|answer| answer.truth == category) {
                add("class", name, &|answer| answer.truth == category);
            }
        }
        table
    }

    /// The best caption of each photo under `softmax(scale * cosine)`.
    #[cfg(feature = "train")]
    pub fn judged(&self, scale: f32) -> Vec<Judged> {
        let judged = |(photo, answer): (usize, &Answer)| Judged { photo, p: answer.p(scale), right: answer.rank == 0 };
        self.answers.iter().enumerate().map(judged).collect()
    }

    /// The `most` photos whose best caption was wrong and most probable under `softmax(scale * cosine)`.
    #[cfg(feature = "train")]
    pub fn mistakes(&self, scale: f32, most: usize) -> Vec<Mistake> {
        let name = |category: usize| self.categories.get(category).cloned().unwrap_or_default();
        let wrong = self.answers.iter().enumerate().filter(|(_, answer)| answer.rank > 0);
        let mistake = |(photo, answer): (usize, &Answer)| Mistake {
            photo,
            asked: "category".to_owned(),
            truth: vec![name(answer.truth)],
            answer: name(answer.best),
            p: answer.p(scale),
        };
        surest(wrong.map(mistake).collect(), most)
    }
}

#[cfg(feature = "train")]
impl Answer {
    /// The probability of the best caption.
    fn p(&self, scale: f32) -> f32 {
        softmax(&self.cosines, scale, &[]).get(self.best).copied().unwrap_or_default()
    }
}

/// For each of [`KS`] the share of the photos `at` whose rank is below it.
#[cfg(feature = "train")]
fn accuracies(ranks: &[usize], at: &[usize]) -> Vec<f64> {
    let mut top = TopK::default();
    at.iter().filter_map(|&photo| ranks.get(photo)).for_each(|&rank| top.count(rank));
    top.accuracy().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(i: usize) -> Embedding {
        Embedding::new((0..30).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).expect("a vector")
    }

    /// `photos` as their source, their category and what they look like.
    fn found(photos: &[(&str, usize, usize)]) -> Street30 {
        let captions: Vec<Embedding> = (0..30).map(unit).collect();
        let mut found = Street30::new(&CATEGORIES.map(str::to_owned));
        photos.iter().for_each(|&(source, truth, looks)| found.count(source, truth, &unit(looks), &captions));
        found
    }

    #[test]
    fn a_photo_is_counted_overall_for_its_source_and_in_the_table() {
        let found = found(&[("tiles", 3, 3), ("tiles", 3, 5), ("roads", 0, 0)]);
        assert_eq!((found.overall().photos, found.overall().hits), (3, [2, 2, 3, 3]));
        assert_eq!(found.sources()["tiles"].hits[0], 1);
        let counts = found.confusion().counts;
        assert_eq!((counts[3][5], counts[0][0]), (1, 1));
    }

    #[cfg(feature = "train")]
    #[test]
    fn the_table_tells_what_the_model_before_did_with_the_same_photos() {
        let after = found(&[("tiles", 3, 3), ("tiles", 3, 3), ("roads", 0, 0), ("roads", 0, 9)]);
        let before = found(&[("tiles", 3, 3), ("tiles", 3, 5), ("roads", 0, 9), ("roads", 0, 9)]);
        let table = after.table(Some(&before));
        let rows: Vec<_> = table.rows.iter().map(|row| (row.of.as_str(), row.name.as_str(), row.photos)).collect();
        let want =
            [("all", "all", 4), ("source", "roads", 2), ("source", "tiles", 2), ("class", "bedroom", 2), ("class", "bus", 2)];
        assert_eq!(rows, want);
        let at_1 = table.rows[0].figures[0];
        let values = [at_1.after, at_1.before.expect("before"), at_1.difference.expect("a difference")].map(|f| f.value);
        assert_eq!(values, [0.75, 0.25, 0.5]);
        assert!(after.table(None).rows[0].figures[0].before.is_none());
    }

    #[cfg(feature = "train")]
    #[test]
    fn a_wrong_answer_is_told_with_its_probability() {
        let found = found(&[("tiles", 3, 3), ("tiles", 3, 5), ("roads", 0, 0)]);
        let judged: Vec<bool> = found.judged(10.0).iter().map(|judged| judged.right).collect();
        assert_eq!(judged, [true, false, true]);
        let mistakes = found.mistakes(10.0, 9);
        let p = 10_f32.exp() / (10_f32.exp() + 29.0);
        assert_eq!((mistakes.len(), mistakes[0].photo, mistakes[0].answer.as_str()), (1, 1, CATEGORIES[5]));
        assert!(mistakes[0].truth == [CATEGORIES[3]] && (mistakes[0].p - p).abs() < 1e-5, "{mistakes:?}");
    }

    #[test]
    fn the_categories_are_those_of_the_data() {
        let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), std::path::PathBuf::from);
        let Ok(list) = std::fs::read_to_string(data.join("streets/street30.txt")) else {
            eprintln!("skipped: no data in {}", data.display());
            return;
        };
        assert!(list.lines().eq(CATEGORIES));
        assert_eq!(category("bus").map(|i| caption(CATEGORIES[i])).as_deref(), Some("A street view photograph of bus"));
    }
}
