//! Average precision: are the photos that show something ranked before those that don't?

use std::collections::BTreeMap;

use super::{
    Row, Table,
    bootstrap::{Compared, compare, mean_of},
};

/// Photos in the order of their score for one thing, and whether they show it.
#[derive(Clone, Debug)]
pub struct RankedPhotos {
    /// From the highest score: photos of equal score together, each with whether it shows the thing.
    groups: Vec<Vec<(usize, bool)>>,
    positives: usize,
}

impl RankedPhotos {
    /// Ranks photos, each known by its place among all that are asked: (photo, score, whether the thing is there).
    pub fn new(photos: impl IntoIterator<Item = (usize, f32, bool)>) -> Self {
        let mut sorted: Vec<_> = photos.into_iter().collect();
        sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
        let group = |group: &[(usize, f32, bool)]| group.iter().map(|&(photo, _, there)| (photo, there)).collect();
        let groups: Vec<Vec<(usize, bool)>> = sorted.chunk_by(|a, b| a.1 == b.1).map(group).collect();
        Self { positives: sorted.iter().filter(|photo| photo.2).count(), groups }
    }

    /// Photos that show the thing.
    pub fn positives(&self) -> usize {
        self.positives
    }

    /// The same ranking of the photos of which `keep` holds.
    fn among(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept = |group: &Vec<(usize, bool)>| group.iter().copied().filter(|photo| keep(photo.0)).collect();
        let groups: Vec<Vec<(usize, bool)>> = self.groups.iter().map(kept).filter(|group: &Vec<_>| !group.is_empty()).collect();
        Self { positives: groups.iter().flatten().filter(|photo| photo.1).count(), groups }
    }

    /// What a ranking by chance is worth: the share of photos that show the thing; NaN without any.
    fn chance(&self, times: &[usize]) -> f64 {
        let count = |there: bool| -> usize {
            let counted = self.groups.iter().flatten().filter(|photo| photo.1 || !there);
            counted.filter_map(|photo| times.get(photo.0)).sum()
        };
        count(true) as f64 / count(false) as f64
    }

    /// The sum over distinct scores of the precision down to it times the recall gained there, as scikit-learn's
    /// `average_precision_score`. A photo counts as often as `times` says of it; NaN where none shows the thing.
    pub fn average_precision(&self, times: &[usize]) -> f64 {
        let (mut seen, mut found, mut sum) = (0, 0, 0.0);
        for group in &self.groups {
            let mut gained = 0;
            for &(photo, there) in group {
                let times = times.get(photo).copied().unwrap_or(0);
                seen += times;
                gained += if there { times } else { 0 };
            }
            found += gained;
            if gained > 0 {
                sum += gained as f64 * found as f64 / seen as f64;
            }
        }
        sum / found as f64
    }
}

/// One thing by which photos were ranked.
#[derive(Clone, Debug)]
pub struct Thing {
    /// Its name in the table.
    pub name: String,
    /// The photos of which it is known whether they show it.
    pub ranked: RankedPhotos,
}

/// Average precision of each of `things` and what chance is worth, after their mean over those that at least `fewest` photos show and, where
/// photos come from several sources, that mean among the photos of each: beside those of the model `before` for the same things on the same
/// photos. `sources` names the source of each photo.
pub fn table(sources: &[&str], things: &[Thing], before: Option<&[Thing]>, fewest: usize) -> Table {
    let photos = sources.len();
    let mut table = Table::new(["average_precision", "chance"]);
    let whole: Vec<usize> = (0..photos).collect();
    let mut figures = compared(photos, &whole, things, before, fewest).into_iter();
    let row = |of: &str, name: String, photos, figures| Row { of: of.to_owned(), name, photos, figures };
    table
        .rows
        .extend(figures.next().map(|figures| row("all", format!("mean of {}", counted(things, fewest)), photos, figures)));
    for (source, own) in by_source(sources).into_iter().filter(|(_, own)| own.len() < photos) {
        let among = |things: &[Thing]| -> Vec<Thing> {
            let shown = things.iter().map(|thing| thing.ranked.among(|photo| sources.get(photo) == Some(&source)));
            let enough = shown.filter(|ranked| ranked.positives() >= fewest);
            enough.map(|ranked| Thing { name: String::new(), ranked }).collect()
        };
        let (things, before) = (among(things), before.map(among));
        let mean = compared(photos, &own, &things, before.as_deref(), fewest).into_iter().next().filter(|_| !things.is_empty());
        table.rows.extend(mean.map(|figures| row("source", format!("{source}, mean of {}", things.len()), own.len(), figures)));
    }
    let named = things.iter().zip(figures);
    table.rows.extend(named.map(|(thing, figures)| row("class", thing.name.clone(), thing.ranked.positives(), figures)));
    table
}

fn counted(things: &[Thing], fewest: usize) -> usize {
    things.iter().filter(|thing| thing.ranked.positives() >= fewest).count()
}

/// The mean's figures, then those of each of `things`, where resamples are drawn from the photos `from`.
fn compared(photos: usize, from: &[usize], things: &[Thing], before: Option<&[Thing]>, fewest: usize) -> Vec<Vec<Compared>> {
    let of = |things: &[Thing], at: &[usize]| -> Vec<f64> {
        let drawn: Vec<usize> = at.iter().filter_map(|&at| from.get(at).copied()).collect();
        let times = times(photos, &drawn);
        let each: Vec<(usize, [f64; 2])> = things
            .iter()
            .map(|Thing { ranked, .. }| (ranked.positives(), [ranked.average_precision(&times), ranked.chance(&times)]))
            .collect();
        let mean = |which: usize| {
            let values = each.iter().filter(|(positives, _)| *positives >= fewest).map(|(_, values)| values[which]);
            mean_of(values.filter(|value| !value.is_nan()))
        };
        [mean(0), mean(1)].into_iter().chain(each.iter().flat_map(|(_, values)| *values)).collect()
    };
    let before = before.map(|before| move |at: &[usize]| of(before, at));
    compare(from.len(), |at| of(things, at), before).chunks(2).map(<[_]>::to_vec).collect()
}

/// The photos of each source, by their place.
pub fn by_source<'a>(sources: &[&'a str]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    sources.iter().enumerate().for_each(|(photo, source)| found.entry(source).or_default().push(photo));
    found
}

/// How often each of `count` photos stands in `at`.
pub fn times(count: usize, at: &[usize]) -> Vec<usize> {
    let mut times = vec![0; count];
    for &photo in at {
        if let Some(times) = times.get_mut(photo) {
            *times += 1;
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(photos: &[(u8, f32)], times: &[usize], want: f64) {
        let ranked = RankedPhotos::new(photos.iter().enumerate().map(|(photo, &(there, score))| (photo, score, there == 1)));
        let found = ranked.average_precision(times);
        assert!((found - want).abs() < 1e-12, "{photos:?}, {times:?}: {found}, not {want}");
    }

    #[test]
    fn average_precision_equals_that_of_scikit_learn() {
        // By scikit-learn 1.9.1, average_precision_score(y, s, sample_weight=times).
        check(&[(1, 0.9), (0, 0.8), (1, 0.7), (0, 0.1)], &[1; 4], 0.833_333_333_333_333_3);
        check(&[(1, 0.9), (0, 0.8), (1, 0.7), (0, 0.1)], &[2, 0, 1, 3], 1.0);
        check(&[(0, 0.5), (0, 0.5), (1, 0.5), (1, 0.3), (0, 0.2), (1, 0.2)], &[1; 6], 0.444_444_444_444_444_5);
        check(&[(0, 0.5), (0, 0.5), (1, 0.5), (1, 0.3), (0, 0.2), (1, 0.2)], &[2, 0, 1, 3, 1, 2], 0.611_111_111_111_111);
        check(&[(0, 0.9), (1, 0.1)], &[1; 2], 0.5);
        let ties = [(1, 0.9), (1, 0.8), (0, 0.8), (0, 0.7), (1, 0.6), (0, 0.6), (0, 0.6), (1, 0.1)];
        check(&ties, &[1; 8], 0.648_809_523_809_523_8);
        check(&ties, &[2, 0, 1, 3, 1, 2, 1, 1], 0.665_909_090_909_090_9);
    }

    #[test]
    fn what_no_photo_shows_has_none() {
        let ranked = RankedPhotos::new([(0, 0.5, false), (1, 0.2, true)]);
        assert!(ranked.average_precision(&times(2, &[0, 0])).is_nan());
        assert_eq!((ranked.positives(), times(2, &[0, 0])), (1, vec![2, 0]));
    }

    #[test]
    fn the_mean_is_over_the_things_that_enough_photos_show() {
        let thing = |name: &str, there: [bool; 4]| {
            let photos = there.into_iter().enumerate().map(|(photo, there)| (photo, -(photo as f32), there));
            Thing { name: name.to_owned(), ranked: RankedPhotos::new(photos) }
        };
        let things = [
            thing("a", [true, true, false, false]),
            thing("b", [false, false, true, true]),
            thing("c", [false, true, false, false]),
        ];
        let worse = [thing("a", [false, false, true, true]), things[1].clone(), things[2].clone()];
        let table = table(&["quay"; 4], &things, Some(&worse), 2);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.of.as_str(), row.name.as_str(), row.photos)).collect();
        assert_eq!(rows, [("all", "mean of 2", 4), ("class", "a", 2), ("class", "b", 2), ("class", "c", 1)]);
        let low = (1.0 / 3.0 + 2.0 / 4.0) / 2.0;
        let mean = table.rows[0].figures[0];
        assert!((mean.after.value - (1.0 + low) / 2.0).abs() < 1e-12, "{mean:?}");
        assert!((mean.difference.expect("a model before").value - (1.0 - low) / 2.0).abs() < 1e-12, "{mean:?}");
        assert_eq!(table.rows[3].figures.iter().map(|f| f.after.value).collect::<Vec<_>>(), [0.5, 0.25]);
    }

    #[test]
    fn a_source_has_the_mean_over_what_enough_of_its_own_photos_show() {
        // Photos 0, 2 and 4 are the quay's, ranked in this order.
        let thing = |there: [usize; 2]| {
            let photos = (0..6).map(|photo| (photo, -(photo as f32), there.contains(&photo)));
            Thing { name: format!("{there:?}"), ranked: RankedPhotos::new(photos) }
        };
        let things = [thing([2, 4]), thing([1, 2]), thing([3, 5])];
        let table = table(&["quay", "alley", "quay", "alley", "quay", "alley"], &things, None, 2);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.of.as_str(), row.name.as_str(), row.photos)).collect();
        assert_eq!(rows[..3], [("all", "mean of 3", 6), ("source", "alley, mean of 1", 3), ("source", "quay, mean of 1", 3)]);
        let of_source = |row: usize| table.rows[row].figures[0].after.value;
        let want = (1.0 / 2.0 + 2.0 / 3.0) / 2.0;
        assert!((of_source(1) - want).abs() < 1e-12 && (of_source(2) - want).abs() < 1e-12, "{:?}", table.rows);
    }
}
