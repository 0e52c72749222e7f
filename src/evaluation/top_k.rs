//! Top-k accuracy: is the right answer among the k best?

use std::collections::BTreeMap;

use serde::Serialize;

/// The k that CLIP-rsicd's table reports, so that figures can stand beside its own.
pub const KS: [usize; 4] = [1, 3, 5, 10];

/// Top-k accuracy over some photos.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopK {
    /// Photos counted.
    pub photos: usize,
    /// Of them, those whose right answer was among the k best, for each of [`KS`].
    pub hits: [usize; KS.len()],
}

impl TopK {
    /// Counts a photo whose right answer has `rank`, 0 for the best.
    pub fn count(&mut self, rank: usize) {
        self.photos += 1;
        for (hits, k) in self.hits.iter_mut().zip(KS) {
            *hits += usize::from(rank < k);
        }
    }

    /// Share of photos, for each of [`KS`]; zeros where none was counted.
    pub fn accuracy(&self) -> [f64; KS.len()] {
        self.hits.map(|hits| hits as f64 / self.photos.max(1) as f64)
    }

    /// The same by name: `top_1` and so on.
    pub fn by_k(&self) -> BTreeMap<String, f64> {
        KS.iter().zip(self.accuracy()).map(|(k, accuracy)| (format!("top_{k:02}"), accuracy)).collect()
    }
}

impl Serialize for TopK {
    /// `{"photos":1876,"top_1":0.76,...}`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(1 + KS.len()))?;
        map.serialize_entry("photos", &self.photos)?;
        for (k, accuracy) in KS.iter().zip(self.accuracy()) {
            map.serialize_entry(&format!("top_{k}"), &accuracy)?;
        }
        map.end()
    }
}

/// Indices from the highest score to the lowest; equal scores keep their order, NaN comes last.
pub fn ranking(scores: &[f32]) -> Vec<usize> {
    let key = |i: usize| scores.get(i).copied().filter(|s| !s.is_nan()).unwrap_or(f32::NEG_INFINITY);
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
    order
}

/// The place of `truth` in [`ranking`], 0 for the best, without sorting.
pub fn rank_of(scores: &[f32], truth: usize) -> usize {
    let own = scores.get(truth).copied().unwrap_or(f32::NEG_INFINITY);
    scores.iter().enumerate().filter(|&(i, &s)| s > own || (s == own && i < truth)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_the_place_in_the_sorted_scores() {
        for (scores, truth, want) in [
            (&[0.1, 0.9, 0.5][..], 1, 0),
            (&[0.1, 0.9, 0.5], 0, 2),
            (&[0.5, 0.5, 0.5], 1, 1), // equal scores: the earlier comes first
            (&[0.3], 0, 0),
        ] {
            assert_eq!(rank_of(scores, truth), want, "{scores:?}");
            assert_eq!(ranking(scores).iter().position(|&i| i == truth), Some(want), "{scores:?}");
        }
    }

    #[test]
    fn top_k_equals_a_count_by_hand() {
        let mut top = TopK::default();
        for rank in [0, 0, 2, 4, 9, 29] {
            top.count(rank);
        }
        let by_hand = KS.map(|k| [0, 0, 2, 4, 9, 29].iter().filter(|&&r: &&usize| r < k).count());
        assert_eq!((top.photos, top.hits), (6, by_hand));
        assert_eq!(by_hand, [2, 3, 4, 5]);
        assert_eq!(TopK::default().accuracy(), [0.0; 4]);
    }
}
