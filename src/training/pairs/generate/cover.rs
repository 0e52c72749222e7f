//! Combinations of classes that cover all pairs: each two classes that one picture can show are shown together by some combination.
//!
//! Owns the covering array and its order, greedy and one combination at a time as AETG builds it (Cohen et al., "The AETG system", IEEE
//! Transactions on Software Engineering 23(7), 1997). Leaves which classes there are, and which exclude each other, to `grammar`.

use std::ops::Range;

use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// Combinations tried for each that is kept; AETG's authors found little to gain beyond 50.
const CANDIDATES: usize = 24;

/// What can be combined: values, numbered throughout, of several dimensions.
#[derive(Clone, Debug)]
pub struct Space {
    dimensions: Vec<Range<usize>>,
    weights: Vec<u32>,
    excluded: Vec<bool>,
}

impl Space {
    /// Dimensions of so many values each, all of which go together and count alike.
    pub fn new(sizes: impl IntoIterator<Item = usize>) -> Self {
        let mut dimensions: Vec<Range<usize>> = Vec::new();
        for size in sizes {
            let start = dimensions.last().map_or(0, |before| before.end);
            dimensions.push(start..start + size);
        }
        let count = dimensions.last().map_or(0, |last| last.end);
        Self { dimensions, weights: vec![1; count], excluded: vec![false; count * count] }
    }

    /// The number of values of each dimension.
    pub fn sizes(&self) -> Vec<usize> {
        self.dimensions.iter().map(Range::len).collect()
    }

    fn count(&self) -> usize {
        self.weights.len()
    }

    /// No combination may hold both values.
    pub fn exclude(&mut self, one: usize, other: usize) {
        let count = self.count();
        self.excluded[one * count + other] = true;
        self.excluded[other * count + one] = true;
    }

    /// The pairs of `value` are covered `weight` times while others are covered once; a weight of 0 leaves its pairs to chance.
    pub fn weigh(&mut self, value: usize, weight: u32) {
        self.weights[value] = weight;
    }

    /// Whether a combination may hold both values.
    pub fn allows(&self, one: usize, other: usize) -> bool {
        !self.excluded[one * self.count() + other]
    }

    /// Whether `chosen`, at most one value of each dimension, is part of a combination.
    pub fn completes(&self, chosen: &[usize]) -> bool {
        let fits = |value: &usize| chosen.iter().all(|&other| self.allows(*value, other));
        let mut open = self.dimensions.iter().filter(|dimension| !chosen.iter().any(|value| dimension.contains(value)));
        // What leaves nothing of one dimension needs no search in the others.
        if open.clone().any(|dimension| !dimension.clone().any(|value| fits(&value))) {
            return false;
        }
        let Some(next) = open.next() else { return true };
        next.clone().filter(fits).any(|value| self.completes(&[chosen, &[value]].concat()))
    }

    /// Every pair of values of two dimensions that some combination holds, the smaller value first; without those that have no weight.
    pub fn pairs(&self) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (at, first) in self.dimensions.iter().enumerate() {
            for second in &self.dimensions[at + 1..] {
                let all = first.clone().flat_map(|one| second.clone().map(move |other| (one, other)));
                let counts = |&(one, other): &(usize, usize)| self.weights[one].min(self.weights[other]) > 0;
                pairs.extend(
                    all.filter(counts).filter(|&(one, other)| self.allows(one, other) && self.completes(&[one, other])),
                );
            }
        }
        pairs
    }
}

/// Combinations without end: every pair is covered, then every pair again by others.
#[derive(Debug)]
pub struct Cover {
    space: Space,
    pairs: Vec<(usize, usize)>,
    rng: ChaCha8Rng,
    /// Pairs that this round has still to cover, both ways round.
    open: Vec<bool>,
    left: usize,
    round: u32,
    used: Vec<u32>,
}

impl Cover {
    /// The combinations of `space`; another `seed` gives others.
    pub fn new(space: Space, seed: u64) -> Self {
        let (pairs, count) = (space.pairs(), space.count());
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { pairs, rng, open: vec![false; count * count], left: 0, round: 0, used: vec![0; count], space }
    }

    /// Opens the next round. Of as many rounds as the greatest weight, the first covers every pair, the second those with
    /// a weight of 2 and more, and so on.
    fn begin(&mut self) {
        let weight = |&(one, other): &(usize, usize)| self.space.weights[one].max(self.space.weights[other]);
        let rounds = self.pairs.iter().map(weight).max().unwrap_or(0).max(1);
        let least = self.round % rounds + 1;
        let due: Vec<(usize, usize)> = self.pairs.iter().filter(|pair| weight(pair) >= least).copied().collect();
        for (one, other) in due {
            self.mark(one, other, true);
        }
        self.round += 1;
    }

    fn mark(&mut self, one: usize, other: usize, open: bool) {
        let count = self.space.count();
        if self.open[one * count + other] != open {
            self.open[one * count + other] = open;
            self.open[other * count + one] = open;
            if open { self.left += 1 } else { self.left -= 1 }
        }
    }

    fn is_open(&self, one: usize, other: usize) -> bool {
        self.open[one * self.space.count() + other]
    }

    /// How often a value was used, against its weight, in thousandths.
    fn usage(&self, value: usize) -> u32 {
        self.used[value] * 1000 / self.space.weights[value].max(1)
    }

    /// One combination that covers an open pair at least.
    fn candidate(&mut self) -> Vec<usize> {
        let mut chosen = Vec::with_capacity(self.space.dimensions.len());
        if let Some((one, other)) = self.draw_open() {
            chosen.extend([one, other]);
        }
        let mut order: Vec<usize> = (0..self.space.dimensions.len()).collect();
        order.shuffle(&mut self.rng);
        for dimension in order {
            let values = self.space.dimensions[dimension].clone();
            if chosen.iter().any(|value| values.contains(value)) {
                continue;
            }
            let mut ranked: Vec<usize> =
                values.filter(|&value| chosen.iter().all(|&other| self.space.allows(value, other))).collect();
            ranked.shuffle(&mut self.rng);
            let gain = |value: usize| chosen.iter().filter(|&&other| self.is_open(value, other)).count();
            ranked.sort_by_cached_key(|&value| (std::cmp::Reverse(gain(value)), self.usage(value)));
            let first = ranked.into_iter().find(|&value| self.space.completes(&[chosen.as_slice(), &[value]].concat()));
            chosen.extend(first);
        }
        chosen.sort_unstable();
        chosen
    }

    /// An open pair of the value that has most of them.
    fn draw_open(&mut self) -> Option<(usize, usize)> {
        let values = 0..self.space.count();
        let partners = |one: usize| values.clone().filter(|&other| self.is_open(one, other)).collect::<Vec<_>>();
        let open: Vec<(usize, Vec<usize>)> = values.clone().map(|one| (one, partners(one))).collect();
        let most = open.iter().map(|(_, others)| others.len()).max().filter(|most| *most > 0)?;
        let fullest: Vec<&(usize, Vec<usize>)> = open.iter().filter(|(_, others)| others.len() == most).collect();
        let (one, others) = fullest[self.rng.random_range(0..fullest.len())];
        Some((*one, others[self.rng.random_range(0..most)]))
    }

    fn gain(&self, chosen: &[usize]) -> usize {
        let pairs = chosen.iter().enumerate().flat_map(|(at, one)| chosen[at + 1..].iter().map(move |other| (*one, *other)));
        pairs.filter(|&(one, other)| self.is_open(one, other)).count()
    }
}

impl Iterator for Cover {
    type Item = Vec<usize>;

    /// The next combination, a value of each dimension in their order; none where the space allows none.
    fn next(&mut self) -> Option<Vec<usize>> {
        if self.left == 0 {
            self.begin();
        }
        let tried: Vec<Vec<usize>> = (0..CANDIDATES).map(|_| self.candidate()).collect();
        let rank = |chosen: &Vec<usize>| (std::cmp::Reverse(self.gain(chosen)), chosen.iter().map(|&v| self.usage(v)).max());
        let best = tried.into_iter().min_by_key(rank).filter(|chosen| chosen.len() == self.space.dimensions.len())?;
        for (at, &one) in best.iter().enumerate() {
            self.used[one] += 1;
            best[at + 1..].iter().for_each(|&other| self.mark(one, other, false));
        }
        Some(best)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn covered(rows: &[Vec<usize>]) -> BTreeSet<(usize, usize)> {
        let pairs = |row: &Vec<usize>| {
            let ends = |(at, one): (usize, &usize)| row[at + 1..].iter().map(|other| (*one, *other)).collect::<Vec<_>>();
            row.iter().enumerate().flat_map(ends).collect::<Vec<_>>()
        };
        rows.iter().flat_map(pairs).collect()
    }

    /// All pairs are covered by `most` combinations, none of which holds what is excluded.
    #[track_caller]
    fn check(sizes: &[usize], excluded: &[(usize, usize)], most: usize) {
        let mut space = Space::new(sizes.iter().copied());
        excluded.iter().for_each(|&(one, other)| space.exclude(one, other));
        let want: BTreeSet<(usize, usize)> = space.pairs().into_iter().collect();
        let rows: Vec<Vec<usize>> = Cover::new(space, 1).take(most).collect();
        assert_eq!(covered(&rows), want, "{sizes:?} without {excluded:?} in {most} rows");
    }

    #[test]
    fn few_combinations_cover_all_pairs_that_can_be() {
        check(&[3, 3, 3, 3], &[], 15); // 9 at best
        check(&[5, 4, 3, 2], &[], 24); // 20 at best
        check(&[3, 3, 3], &[(0, 3), (0, 4), (1, 6)], 12);
        // 0 needs 3, and 3 forbids 6: no combination holds both 0 and 6.
        check(&[2, 2, 2], &[(0, 2), (3, 4)], 6);
        let mut space = Space::new([2, 2, 2]);
        [(0, 2), (3, 4)].iter().for_each(|&(one, other)| space.exclude(one, other));
        assert!(!space.pairs().contains(&(0, 4)) && space.pairs().contains(&(0, 5)));
    }

    #[test]
    fn a_space_that_allows_nothing_gives_nothing() {
        let mut space = Space::new([1, 1]);
        space.exclude(0, 1);
        assert_eq!(Cover::new(space, 1).next(), None);
        assert_eq!(Cover::new(Space::new([2, 0]), 1).next(), None);
    }

    #[test]
    fn a_seed_gives_the_same_combinations_each_time_and_another_gives_others() {
        let rows = |seed| Cover::new(Space::new([4, 4, 3]), seed).take(40).collect::<Vec<_>>();
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1), rows(2));
    }

    #[test]
    fn a_weight_brings_a_value_more_often() {
        let mut space = Space::new([4, 4, 3]);
        space.weigh(0, 3);
        let rows: Vec<Vec<usize>> = Cover::new(space, 1).take(120).collect();
        let times = |value: usize| rows.iter().filter(|row| row.contains(&value)).count();
        assert!(times(0) > 2 * times(1) && times(1) > 10, "{} and {}", times(0), times(1));
    }
}
