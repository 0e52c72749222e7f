//! Facets of photos that people labelled: what is ranked rightly, what is answered, and whether a probability means what it says.
//!
//! Owns the measures. Leaves the probabilities to `ranking`, the truth to whoever knows it.

use serde::Serialize;

use super::{
    Bin, Row, Table,
    average_precision::{self, RankedPhotos, Thing},
    bootstrap::compare,
    calibration_error, reliability,
};
use crate::vocabulary::{Kind, Vocabulary};

/// Photos that a class needs to count in the mean average precision.
pub const FEWEST: usize = 10;
/// Bins of the reliability curve.
const BINS: usize = 10;
/// Points of the curve of accuracy against the share that is answered.
const POINTS: usize = 10;

/// What a model says of one photo in one facet, and what is true.
#[derive(Clone, Debug)]
pub struct Said {
    /// For each class whether it is there.
    pub truth: Vec<bool>,
    /// What each class is ranked by: its probability, where the facet is calibrated.
    pub p: Vec<f32>,
    /// The classes that are answered, by their place.
    pub answers: Vec<usize>,
    /// Whether `p` is calibrated; what isn't stays silent and counts in no calibration error.
    pub calibrated: bool,
}

impl Said {
    /// The most probable class, and whether it is there.
    fn best(&self) -> Option<(f32, bool)> {
        self.judged().max_by(|a, b| a.0.total_cmp(&b.0))
    }

    fn judged(&self) -> impl Iterator<Item = (f32, bool)> {
        self.p.iter().copied().zip(self.truth.iter().copied())
    }
}

/// What a model says of photos.
#[derive(Clone, Debug)]
pub struct Facets {
    facets: Vec<(String, Kind, Vec<String>)>,
    /// For each photo, for each facet; none where nobody knows.
    photos: Vec<Vec<Option<Said>>>,
}

/// A point of the curve of accuracy against the share that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// Share of photos and facets answered, the surest first.
    pub answered: f64,
    /// Share of them whose most probable class is there.
    pub accuracy: f64,
}

impl Facets {
    /// No photo yet.
    pub fn new(vocabulary: &Vocabulary) -> Self {
        let classes = |facet: &crate::vocabulary::Facet| facet.classes.iter().map(|class| class.id.clone()).collect();
        let facets = vocabulary.facets().map(|(_, facet)| (facet.id.clone(), facet.kind, classes(facet))).collect();
        Self { facets, photos: Vec::new() }
    }

    /// Adds a photo: what is said in each facet, in the vocabulary's order.
    pub fn add(&mut self, said: Vec<Option<Said>>) {
        self.photos.push(said);
    }

    /// Photos asked.
    pub fn photos(&self) -> usize {
        self.photos.len()
    }

    fn said(&self, photo: usize, facets: &[usize]) -> impl Iterator<Item = (usize, &Said)> {
        let said = self.photos.get(photo).into_iter().flatten().enumerate();
        said.filter(|(facet, _)| facets.contains(facet)).filter_map(|(facet, said)| Some((facet, said.as_ref()?)))
    }

    fn all(&self) -> Vec<usize> {
        (0..self.facets.len()).collect()
    }

    /// Average precision of every class that some photo shows, named `facet/class`, and their mean over those that [`FEWEST`] show.
    pub fn precision(&self, before: Option<&Facets>) -> Table {
        let before = before.map(Facets::things);
        average_precision::table(self.photos(), &self.things(), before.as_deref(), FEWEST)
    }

    fn things(&self) -> Vec<Thing> {
        let mut things = Vec::new();
        for (facet, (id, _, classes)) in self.facets.iter().enumerate() {
            for (class, name) in classes.iter().enumerate() {
                let scored = self.photos.iter().enumerate().filter_map(|(photo, said)| {
                    let said = said.get(facet)?.as_ref()?;
                    Some((photo, *said.p.get(class)?, *said.truth.get(class)?))
                });
                let ranked = RankedPhotos::new(scored);
                if ranked.positives() > 0 {
                    things.push(Thing { name: format!("{id}/{name}"), ranked });
                }
            }
        }
        things
    }

    /// Over all facets and for each: the share of photos that is answered, the share of the answers that is right, that of the most
    /// probable classes were all of them answered, and the expected calibration error over ten bins of each photo's most probable class
    /// and of every class that might be answered (where classes exclude each other the most probable one).
    pub fn answers(&self, before: Option<&Facets>) -> Table {
        let mut table = Table::new(["answered", "accuracy", "accuracy_of_all", "calibration_error", "calibration_error_all"]);
        let mut add = |of, name: &str, facets: &[usize]| {
            let known = |photo: &usize| self.said(*photo, facets).next().is_some();
            let figures = compare(
                self.photos(),
                |at| self.figures(facets, at),
                before.map(|before| |at: &[usize]| before.figures(facets, at)),
            );
            table.rows.push(Row { of, name: name.to_owned(), photos: (0..self.photos()).filter(known).count(), figures });
        };
        add("all", "all", &self.all());
        self.facets.iter().enumerate().for_each(|(facet, (id, ..))| add("facet", id, &[facet]));
        table
    }

    fn figures(&self, facets: &[usize], at: &[usize]) -> Vec<f64> {
        let (mut known, mut answered, mut answers, mut right) = (0, 0, 0, 0);
        let (mut best, mut every) = (Vec::new(), Vec::new());
        for (facet, said) in at.iter().flat_map(|&photo| self.said(photo, facets)) {
            known += 1;
            answered += usize::from(!said.answers.is_empty());
            answers += said.answers.len();
            right += said.answers.iter().filter(|class| said.truth.get(**class) == Some(&true)).count();
            if said.calibrated {
                best.extend(said.best());
                match self.facets.get(facet) {
                    Some((_, Kind::Several, _)) => every.extend(said.judged()),
                    _ => every.extend(said.best()),
                }
            }
        }
        let share = |part: usize, of: usize| part as f64 / of as f64;
        let error = |answers: Vec<(f32, bool)>| match answers.len() {
            0 => f64::NAN,
            _ => calibration_error(&reliability(answers, BINS)),
        };
        let of_all = share(best.iter().filter(|(_, right)| *right).count(), best.len());
        vec![share(answered, known), share(right, answers), of_all, error(best), error(every)]
    }

    /// The most probable classes of calibrated facets.
    fn best(&self) -> Vec<(f32, bool)> {
        let facets = self.all();
        let said = (0..self.photos()).flat_map(|photo| self.said(photo, &facets));
        said.filter(|(_, said)| said.calibrated).filter_map(|(_, said)| said.best()).collect()
    }

    /// The reliability curve of the most probable classes, over all facets.
    pub fn reliability(&self) -> Vec<Bin> {
        reliability(self.best(), BINS)
    }

    /// Accuracy at each tenth of the photos and facets, the surest first, were that many answered.
    pub fn coverage(&self) -> Vec<Coverage> {
        let mut best = self.best();
        best.sort_by(|a, b| b.0.total_cmp(&a.0));
        let point = |tenth: usize| {
            let surest = best.get(..(best.len() * tenth).div_ceil(POINTS))?;
            let right = surest.iter().filter(|(_, right)| *right).count();
            let share = |part: usize, of: usize| part as f64 / of as f64;
            (!surest.is_empty())
                .then(|| Coverage { answered: share(surest.len(), best.len()), accuracy: share(right, surest.len()) })
        };
        (1..=POINTS).filter_map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let facet = |id: &str, kind: &str| {
            let classes = ["none", "a", "b"].map(|id| format!("[[facet.class]]\nid = \"{id}\"\nprompts = [\"{id}\"]\n"));
            format!("[[facet]]\nid = \"{id}\"\nkind = \"{kind}\"\n{}", classes.concat())
        };
        Vocabulary::parse("v.toml", &(facet("light", "exclusive") + &facet("people", "several"))).expect("a vocabulary")
    }

    fn said(p: [f32; 3], truth: usize, answers: &[usize]) -> Option<Said> {
        let truth = (0..3).map(|class| class == truth).collect();
        Some(Said { truth, p: p.to_vec(), answers: answers.to_vec(), calibrated: true })
    }

    fn found() -> Facets {
        let mut found = Facets::new(&vocabulary());
        found.add(vec![said([0.1, 0.9, 0.0], 1, &[1]), said([0.2, 0.55, 0.7], 2, &[1, 2])]);
        found.add(vec![said([0.5, 0.3, 0.2], 1, &[]), None]);
        found
    }

    #[track_caller]
    fn check(row: &Row, name: &str, photos: usize, want: [f64; 5]) {
        let values: Vec<f64> = row.figures.iter().map(|figure| figure.after.value).collect();
        assert_eq!((row.name.as_str(), row.photos), (name, photos));
        assert!(values.iter().zip(want).all(|(found, want)| (found - want).abs() < 1e-6), "{name}: {values:?}, not {want:?}");
    }

    #[test]
    fn what_is_answered_and_what_is_meant_are_counted_over_photos_and_facets() {
        let answers = found().answers(Some(&found()));
        // Every class: light .9 right, .5 wrong; people .2 and .55 wrong, .7 right.
        check(&answers.rows[0], "all", 2, [2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0, 0.3, (0.1 + 0.5 + 0.2 + 0.55 + 0.3) / 5.0]);
        check(&answers.rows[1], "light", 2, [0.5, 1.0, 0.5, 0.3, 0.3]);
        check(&answers.rows[2], "people", 1, [1.0, 0.5, 1.0, 0.3, (0.2 + 0.55 + 0.3) / 3.0]);
        assert_eq!(answers.rows[0].figures[0].difference.map(|f| (f.low, f.high)), Some((0.0, 0.0)));
    }

    #[test]
    fn the_surest_come_first_on_the_curve() {
        let curve = found().coverage();
        assert_eq!((curve.len(), curve[0]), (10, Coverage { answered: 1.0 / 3.0, accuracy: 1.0 }));
        assert_eq!(curve[9], Coverage { answered: 1.0, accuracy: 2.0 / 3.0 });
        let bins: Vec<usize> = found().reliability().iter().map(|bin| bin.answers).collect();
        assert_eq!(bins, [0, 0, 0, 0, 1, 0, 1, 0, 1, 0]);
    }

    #[test]
    fn a_facet_without_calibration_is_ranked_and_says_nothing() {
        let mut found = found();
        found.photos.iter_mut().flatten().flatten().for_each(|said| said.calibrated = false);
        assert!(found.answers(None).rows[0].figures[3].after.value.is_nan() && found.coverage().is_empty());
        let precision = found.precision(None);
        let rows: Vec<_> = precision.rows.iter().map(|row| (row.name.as_str(), row.photos)).collect();
        assert_eq!(rows, [("mean of 0", 2), ("light/a", 2), ("people/b", 1)]);
    }
}
