//! Facets of photos that people labelled: what is ranked rightly, what is answered, and whether a probability means what it says.
//!
//! Owns the measures. Leaves the probabilities to `ranking`, the truth to whoever knows it.

use super::{
    Row, Table,
    average_precision::{self, RankedPhotos, Thing, by_source},
    bootstrap::compare,
    calibration_error,
    curves::Judged,
    mistakes::{Mistake, surest},
    reliability,
};
use crate::vocabulary::{Kind, Vocabulary};

/// Photos that a class needs to count in the mean average precision.
pub const FEWEST: usize = 10;
/// Bins of the calibration error.
const BINS: usize = 10;

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
    /// Of each photo.
    sources: Vec<String>,
}

impl Facets {
    /// No photo yet.
    pub fn new(vocabulary: &Vocabulary) -> Self {
        let classes = |facet: &crate::vocabulary::Facet| facet.classes.iter().map(|class| class.id.clone()).collect();
        let facets = vocabulary.facets().map(|(_, facet)| (facet.id.clone(), facet.kind, classes(facet))).collect();
        Self { facets, photos: Vec::new(), sources: Vec::new() }
    }

    /// Adds a photo of `source`: what is said in each facet, in the vocabulary's order.
    pub fn add(&mut self, source: &str, said: Vec<Option<Said>>) {
        self.photos.push(said);
        self.sources.push(source.to_owned());
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

    fn sources(&self) -> Vec<&str> {
        self.sources.iter().map(String::as_str).collect()
    }

    /// Average precision of every class that some photo shows, named `facet/class`, and their mean over those that [`FEWEST`] show, overall
    /// and among the photos of each source.
    pub fn precision(&self, before: Option<&Facets>) -> Table {
        let before = before.map(Facets::things);
        average_precision::table(&self.sources(), &self.things(), before.as_deref(), FEWEST)
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

    /// Over all facets, for each facet and for each source: the share of photos that is answered, the share of the answers that is right, that of the most
    /// probable classes were all of them answered, and the expected calibration error over ten bins of each photo's most probable class
    /// and of every class that might be answered (where classes exclude each other the most probable one).
    pub fn answers(&self, before: Option<&Facets>) -> Table {
        let mut table = Table::new(["answered", "accuracy", "accuracy_of_all", "calibration_error", "calibration_error_all"]);
        let whole: Vec<usize> = (0..self.photos()).collect();
        let mut add = |of: &str, name: &str, facets: &[usize], photos: &[usize]| {
            let known = photos.iter().filter(|&&photo| self.said(photo, facets).next().is_some()).count();
            let of_model =
                |model: &Facets, at: &[usize]| model.figures(facets, at.iter().filter_map(|&at| photos.get(at).copied()));
            let before = before.map(|before| move |at: &[usize]| of_model(before, at));
            let figures = compare(photos.len(), |at| of_model(self, at), before);
            table.rows.push(Row { of: of.to_owned(), name: name.to_owned(), photos: known, figures });
        };
        add("all", "all", &self.all(), &whole);
        self.facets.iter().enumerate().for_each(|(facet, (id, ..))| add("facet", id, &[facet], &whole));
        for (source, photos) in by_source(&self.sources()).into_iter().filter(|(_, photos)| photos.len() < self.photos()) {
            add("source", source, &self.all(), &photos);
        }
        table
    }

    fn figures(&self, facets: &[usize], at: impl Iterator<Item = usize>) -> Vec<f64> {
        let (mut known, mut answered, mut answers, mut right) = (0, 0, 0, 0);
        let (mut best, mut every) = (Vec::new(), Vec::new());
        for (facet, said) in at.flat_map(|photo| self.said(photo, facets)) {
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

    /// The most probable class of each photo in each calibrated facet.
    pub fn judged(&self) -> Vec<Judged> {
        let facets = self.all();
        let said = (0..self.photos()).flat_map(|photo| self.said(photo, &facets).map(move |(_, said)| (photo, said)));
        let calibrated = said.filter(|(_, said)| said.calibrated);
        calibrated.filter_map(|(photo, said)| said.best().map(|(p, right)| Judged { photo, p, right })).collect()
    }

    /// The `most` photos on which an answer was wrong and most probable.
    pub fn mistakes(&self, most: usize) -> Vec<Mistake> {
        let mut wrong = Vec::new();
        for photo in 0..self.photos() {
            for (facet, said) in self.said(photo, &self.all()) {
                let Some((id, _, classes)) = self.facets.get(facet) else { continue };
                let name = |class: usize| classes.get(class).cloned().unwrap_or_default();
                let truth = said.truth.iter().enumerate().filter(|(_, there)| **there).map(|(class, _)| name(class));
                let truth: Vec<String> = truth.collect();
                let answers = said.answers.iter().filter(|&&class| said.truth.get(class) == Some(&false));
                wrong.extend(answers.map(|&class| Mistake {
                    photo,
                    asked: id.clone(),
                    truth: truth.clone(),
                    answer: name(class),
                    p: said.p.get(class).copied().unwrap_or_default(),
                }));
            }
        }
        surest(wrong, most)
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
        found.add("quay", vec![said([0.1, 0.9, 0.0], 1, &[1]), said([0.2, 0.55, 0.7], 2, &[1, 2])]);
        found.add("alley", vec![said([0.5, 0.3, 0.2], 1, &[]), None]);
        found
    }

    #[track_caller]
    fn check(row: &Row, name: &str, photos: usize, want: [f64; 5]) {
        let values: Vec<f64> = row.figures.iter().map(|figure| figure.after.value).collect();
        assert_eq!((row.name.as_str(), row.photos), (name, photos));
        let equal = |found: &f64, want: f64| (found - want).abs() < 1e-6 || found.is_nan() && want.is_nan();
        assert!(values.iter().zip(want).all(|(found, want)| equal(found, want)), "{name}: {values:?}, not {want:?}");
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
    fn each_source_is_answered_for_itself() {
        let answers = found().answers(None);
        assert_eq!((answers.rows.len(), answers.rows[3].of.as_str()), (5, "source"));
        check(&answers.rows[3], "alley", 1, [0.0, f64::NAN, 0.0, 0.5, 0.5]);
        check(&answers.rows[4], "quay", 1, [1.0, 2.0 / 3.0, 1.0, 0.2, (0.1 + 0.2 + 0.55 + 0.3) / 4.0]);
    }

    #[test]
    fn the_surest_wrong_answer_of_a_photo_is_told() {
        let mistakes = found().mistakes(5);
        let told: Vec<_> = mistakes.iter().map(|m| (m.photo, m.asked.as_str(), m.answer.as_str(), m.p)).collect();
        assert_eq!((told, &mistakes[0].truth[..]), (vec![(0, "people", "a", 0.55)], &["b".to_owned()][..]));
        let judged: Vec<_> = found().judged().iter().map(|judged| (judged.photo, judged.right)).collect();
        assert_eq!(judged, [(0, true), (0, true), (1, false)]);
    }

    #[test]
    fn a_facet_without_calibration_is_ranked_and_says_nothing() {
        let mut found = found();
        found.photos.iter_mut().flatten().flatten().for_each(|said| said.calibrated = false);
        assert!(found.answers(None).rows[0].figures[3].after.value.is_nan() && found.judged().is_empty());
        let precision = found.precision(None);
        let rows: Vec<_> = precision.rows.iter().map(|row| (row.name.as_str(), row.photos)).collect();
        assert_eq!(rows, [("mean of 0", 2), ("light/a", 2), ("people/b", 1)]);
    }
}
