//! Finding a photo's captions among all, and a caption's photo.
//!
//! Owns the ranks and what is made of them: recall as CLIP_benchmark's `zeroshot_retrieval` has it, the median rank as open_clip's
//! `get_clip_metrics` does. From image to text a photo counts as found where any of its captions is among the k best; from text to image each
//! caption looks for its one photo. Equal scores keep the order in which captions and photos stand, where those two leave it open.

use super::{
    Row, Table,
    average_precision::by_source,
    bootstrap::{compare, mean_of},
    rank_of,
};
use crate::embedding::Embedding;

/// The k of CLIP_benchmark and of the tables in CLIP's paper.
pub const RECALL_AT: [usize; 3] = [1, 5, 10];

/// Where a model ranks what belongs together, 0 for the best.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrieval {
    /// For each photo its best-placed caption, among the captions of all photos.
    captions: Vec<usize>,
    /// For each photo the place among all photos that each of its captions gives it.
    photos: Vec<Vec<usize>>,
}

impl Retrieval {
    /// Ranks `photos` and `captions`, which hold those of each photo, one or more, against each other.
    pub fn new(photos: &[Embedding], captions: &[Vec<Embedding>]) -> Self {
        let all: Vec<&Embedding> = captions.iter().flatten().collect();
        let owners = captions.iter().enumerate().flat_map(|(photo, own)| own.iter().map(move |_| photo));
        Self::of_scores(photos.len(), &owners.collect::<Vec<_>>(), |photo, caption| {
            photos.get(photo).zip(all.get(caption)).map_or(f32::NEG_INFINITY, |(photo, caption)| photo.cosine(caption))
        })
    }

    /// `owners` names the photo of each caption, in the photos' order.
    fn of_scores(photos: usize, owners: &[usize], score: impl Fn(usize, usize) -> f32) -> Self {
        let best_caption = |photo: usize| {
            let scores: Vec<f32> = (0..owners.len()).map(|caption| score(photo, caption)).collect();
            let own = owners.iter().enumerate().filter(|(_, owner)| **owner == photo);
            own.map(|(caption, _)| rank_of(&scores, caption)).min().unwrap_or(owners.len())
        };
        let mut places = vec![Vec::new(); photos];
        for (caption, &owner) in owners.iter().enumerate() {
            let scores: Vec<f32> = (0..photos).map(|photo| score(photo, caption)).collect();
            if let Some(places) = places.get_mut(owner) {
                places.push(rank_of(&scores, owner));
            }
        }
        Self { captions: (0..photos).map(best_caption).collect(), photos: places }
    }

    /// Photos asked.
    pub fn photos(&self) -> usize {
        self.photos.len()
    }

    /// Captions asked.
    pub fn captions(&self) -> usize {
        self.photos.iter().map(Vec::len).sum()
    }

    /// Recall at each of [`RECALL_AT`] and the median rank, 1 for the best, both ways, beside those of the model `before` on the same photos:
    /// of all that ask and, where they come from several, of those of each of the `sources` that are named for the photos in their order.
    /// A resample draws photos, each with all its captions; what is searched stays whole.
    pub fn table(&self, before: Option<&Retrieval>, sources: &[&str]) -> Table {
        let metrics: Vec<String> = RECALL_AT.iter().map(|k| format!("recall_{k}")).chain(["median_rank".to_owned()]).collect();
        let mut table = Table::new(metrics.iter().map(String::as_str));
        type Ranks = fn(&Retrieval, usize) -> &[usize];
        let captions: Ranks = |of, photo| of.captions.get(photo..=photo).unwrap_or_default();
        let photos: Ranks = |of, photo| of.photos.get(photo).map(Vec::as_slice).unwrap_or_default();
        let mut add = |of: &str, source: Option<&str>, asking: &[usize]| {
            for (direction, ranks) in [("image to text", captions), ("text to image", photos)] {
                let of_model = |model| {
                    move |at: &[usize]| {
                        let drawn = at.iter().filter_map(|&at| asking.get(at));
                        figures(drawn.flat_map(|&photo| ranks(model, photo)).copied().collect())
                    }
                };
                let figures = compare(asking.len(), of_model(self), before.map(of_model));
                let name = source.map_or_else(|| direction.to_owned(), |source| format!("{source}, {direction}"));
                table.rows.push(Row { of: of.to_owned(), name, photos: asking.len(), figures });
            }
        };
        add("direction", None, &(0..self.photos()).collect::<Vec<_>>());
        for (source, asking) in by_source(sources).into_iter().filter(|(_, asking)| asking.len() < self.photos()) {
            add("source", Some(source), &asking);
        }
        table
    }
}

/// Recalls and the median rank; of an even number of ranks the mean of the middle two, rounded down, as open_clip has it.
fn figures(mut ranks: Vec<usize>) -> Vec<f64> {
    let recall = |k: usize| mean_of(ranks.iter().map(|&rank| f64::from(u8::from(rank < k))));
    let mut figures: Vec<f64> = RECALL_AT.into_iter().map(recall).collect();
    ranks.sort_unstable();
    let middle = |i: usize| ranks.get(i).copied();
    let median = middle(ranks.len().saturating_sub(1) / 2).zip(middle(ranks.len() / 2)).map(|(a, b)| (a + b) / 2 + 1);
    figures.push(median.map_or(f64::NAN, |rank| rank as f64));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 24 photos with one, two, three, one, ... captions. Scores come row by row from the C standard's generator, a photo a row, its 24
    /// high bits as a share of 1; a photo's own captions have 1/4 more.
    fn random() -> Retrieval {
        let owners: Vec<usize> = (0..24).flat_map(|photo| std::iter::repeat_n(photo, 1 + photo % 3)).collect();
        let mut state = 1_u64;
        let mut scores = Vec::new();
        for photo in 0..24 {
            for owner in &owners {
                state = (state * 1_103_515_245 + 12_345) % (1 << 31);
                scores.push((state >> 7) as f32 / 16_777_216.0 + if *owner == photo { 0.25 } else { 0.0 });
            }
        }
        Retrieval::of_scores(24, &owners, |photo, caption| scores[photo * owners.len() + caption])
    }

    #[test]
    fn the_figures_are_those_of_clip_benchmark_and_open_clip() {
        // Computed in NumPy by the formulas of CLIP_benchmark 1.6's recall_at_k and open_clip 3's get_clip_metrics (its rank being that of
        // the best caption) on the same scores, of which no two in a row or a column are equal.
        let table = random().table(None, &[]);
        let values: Vec<Vec<f64>> = table.rows.iter().map(|row| row.figures.iter().map(|f| f.after.value).collect()).collect();
        assert_eq!(values[0], [9.0 / 24.0, 13.0 / 24.0, 15.0 / 24.0, 5.0]);
        assert_eq!(values[1], [10.0 / 48.0, 20.0 / 48.0, 27.0 / 48.0, 8.0]);
    }

    #[test]
    fn the_photos_of_a_source_search_among_all() {
        let sources: Vec<_> = (0..24).map(|photo| if photo < 9 { "album" } else { "street" }).collect();
        let table = random().table(None, &sources);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.of.as_str(), row.name.as_str(), row.photos)).collect();
        assert_eq!(
            rows[1..4],
            [("direction", "text to image", 24), ("source", "album, image to text", 9), ("source", "album, text to image", 9),]
        );
        let found = |row: usize| table.rows[row].figures[0].after.value * table.rows[row].photos as f64;
        assert!((found(2) + found(4) - found(0)).abs() < 1e-9, "each photo asks once");
        assert_eq!(random().table(None, &["album"; 24]).rows.len(), 2, "one source is all");
    }

    #[test]
    fn equal_scores_keep_their_order_and_any_caption_counts() {
        let unit = |x: f32, y: f32| Embedding::new(vec![x, y]).expect("a vector of length");
        let photos = [unit(1.0, 0.0), unit(0.0, 1.0), unit(0.0, 1.0)];
        let captions = [vec![unit(0.0, 1.0), unit(1.0, 0.0)], vec![unit(0.0, 1.0)], vec![unit(0.0, 1.0)]];
        let found = Retrieval::new(&photos, &captions);
        // The first photo's first caption describes the other two, and stands before theirs.
        assert_eq!(found, Retrieval { captions: vec![0, 1, 2], photos: vec![vec![2, 0], vec![0], vec![1]] });
        assert_eq!((found.photos(), found.captions()), (3, 4));
    }

    #[test]
    fn a_model_differs_from_itself_by_nothing() {
        let found = random();
        for row in found.table(Some(&found), &[]).rows {
            for figure in row.figures {
                let difference = figure.difference.expect("a model before");
                assert_eq!([difference.value, difference.low, difference.high], [0.0; 3], "{}", row.name);
                assert!(figure.after.low < figure.after.value && figure.after.value < figure.after.high, "{figure:?}");
            }
        }
    }
}
