//! Zero-shot classification: which class of each facet, which caption of a file, does a picture's embedding come nearest to?
//!
//! Owns the arithmetic from cosines to calibrated probabilities, the choice to abstain, and the side on which a class is. Pure: no input,
//! no output, no clock. Leaves embeddings to `encoder`, belief over time to `narrator`, fitting the calibration to `training`.

use thiserror::Error;

pub use phrases::{PhraseConfig, PhraseError, PhraseRule, Phrases};

use crate::{
    bundle::{Calibration, CaptionCalibration, ClassCalibration, FacetCalibration},
    embedding::Embedding,
    frame::Timestamp,
    observation::{Finding, Observation, View},
    ontology::{Ontology, StreetMap},
    vocabulary::{Class, ClassIndex, Facet, FacetIndex, Kind, Vocabulary},
};

mod aim;
mod directions;
mod doubts;
mod phrases;

pub use aim::{Aim, Held};
pub use directions::{DirectionConfig, Directions, Nearness, ON_CROPS, ON_MAP, OnMap, ids, side_on_map};
use doubts::Doubts;

/// Why a calibration doesn't fit the vocabulary.
#[derive(Debug, Error, PartialEq)]
pub enum RankingError {
    /// A class was added since the calibration was fitted.
    #[error(
        "calibration of facet {facet} in view {view}: no entry for class {class}; calibrate the model anew for this vocabulary"
    )]
    Uncalibrated {
        /// Facet id.
        facet: String,
        /// View id.
        view: String,
        /// The class without an entry.
        class: String,
    },
    /// A view that this program doesn't know.
    #[error("calibration of facet {facet}: there is no view named {view}")]
    UnknownView {
        /// Facet id.
        facet: String,
        /// What stands there.
        view: String,
    },
    /// What maps tell apart can't be read.
    #[error("{0}")]
    Ontology(String),
    /// Embeddings for another number of classes than the vocabulary has.
    #[error("facet {facet}: {found} class embeddings for {want} classes")]
    Embeddings {
        /// Facet id.
        facet: String,
        /// Classes in the vocabulary.
        want: usize,
        /// Embeddings given.
        found: usize,
    },
}

/// The classifier over all facets and all calibrated views.
#[derive(Clone, Debug)]
pub struct Ranker {
    /// For each facet the embedding of each class.
    classes: Vec<Vec<Embedding>>,
    views: Vec<(View, Vec<(FacetIndex, Rule)>)>,
    /// Of each facet the class that says that there is nothing.
    nones: Vec<Option<ClassIndex>>,
    doubts: Doubts,
    directions: Directions,
    /// Room for one facet's cosines.
    cosines: Vec<f32>,
}

/// How the cosines of one facet in one view become probabilities and answers; see [`FacetCalibration`] for the formulas.
#[derive(Clone, Debug)]
pub struct Rule {
    kind: Kind,
    none: Option<ClassIndex>,
    scale: f32,
    against_none: f32,
    classes: Vec<ClassCalibration>,
    /// Each class of which there are kinds, and those.
    kinds: Vec<(ClassIndex, Vec<ClassIndex>)>,
}

impl Rule {
    /// The rule of `calibration` for `facet`; every class needs its entry.
    pub fn new(facet: &Facet, calibration: &FacetCalibration) -> Result<Self, RankingError> {
        let classes = facet.classes.iter().map(|class| {
            calibration.classes.get(&class.id).copied().ok_or_else(|| RankingError::Uncalibrated {
                facet: facet.id.clone(),
                view: calibration.view.clone(),
                class: class.id.clone(),
            })
        });
        let FacetCalibration { scale, against_none, .. } = *calibration;
        let kinds_of = |class: &Class| {
            let kinds = facet.classes.iter().enumerate().filter(|(_, kind)| kind.kind_of.as_deref() == Some(&class.id));
            kinds.map(|(i, _)| ClassIndex(i)).collect::<Vec<_>>()
        };
        let kinds = facet.classes.iter().enumerate().map(|(i, class)| (ClassIndex(i), kinds_of(class)));
        let kinds = kinds.filter(|(_, kinds)| !kinds.is_empty()).collect();
        let classes = classes.collect::<Result<_, _>>()?;
        Ok(Self { kind: facet.kind, none: facet.none(), scale, against_none, classes, kinds })
    }

    /// Probability of each class from its cosine, into `p`.
    pub fn probabilities(&self, cosines: &[f32], p: &mut Vec<f32>) {
        match (self.kind, self.none) {
            (Kind::Several, Some(none)) => {
                against(self.against_none, none, cosines, p);
                p.iter_mut().zip(&self.classes).for_each(|(p, class)| *p = sigmoid(self.scale * *p + class.bias));
            }
            (Kind::Exclusive, _) | (Kind::Several, None) => {
                p.clear();
                p.extend(cosines.iter().zip(&self.classes).map(|(&cosine, class)| self.scale * cosine + class.bias));
                softmax(p);
            }
        }
    }

    /// The classes whose probability reaches their threshold, most probable first: one at most where classes exclude each
    /// other; "none" only where no other is answered.
    pub fn answers(&self, p: &[f32], answers: &mut Vec<ClassIndex>) {
        answers.clear();
        let reached = |i: usize| p.get(i) >= self.classes.get(i).map(|c| &c.threshold);
        answers.extend((0..p.len()).filter(|&i| reached(i)).map(ClassIndex));
        answers.sort_by(|a, b| p[b.0].total_cmp(&p[a.0]));
        match self.kind {
            Kind::Exclusive => {
                let best = p.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                answers.retain(|a| p[a.0] == best);
                answers.truncate(1);
            }
            Kind::Several if answers.len() > 1 => answers.retain(|a| Some(*a) != self.none),
            Kind::Several => {}
        }
    }

    /// Where nothing is answered, answers the class whose kinds together with it are as probable as it must be alone, with that probability: which
    /// street it is can't be told, that it is one can.
    fn generalise(&self, p: &mut [f32], answers: &mut Vec<ClassIndex>) {
        if !answers.is_empty() {
            return;
        }
        for (class, kinds) in &self.kinds {
            let kinds: f32 = kinds.iter().filter_map(|kind| p.get(kind.0)).sum();
            if let (Some(p), Some(known)) = (p.get_mut(class.0), self.classes.get(class.0))
                && *p + kinds >= known.threshold
            {
                *p += kinds;
                answers.push(*class);
                return;
            }
        }
    }
}

impl Ranker {
    /// `classes` holds the embedding of each class of each facet, in the vocabulary's order. A calibration of a facet that the
    /// vocabulary doesn't have is left aside.
    pub fn new(vocabulary: &Vocabulary, classes: Vec<Vec<Embedding>>, calibration: &Calibration) -> Result<Self, RankingError> {
        for (index, facet) in vocabulary.facets() {
            let found = classes.get(index.0).map_or(0, Vec::len);
            if found != facet.classes.len() {
                return Err(RankingError::Embeddings { facet: facet.id.clone(), want: facet.classes.len(), found });
            }
        }
        let mut views: Vec<_> = View::ALL.into_iter().map(|view| (view, Vec::new())).collect();
        for entry in &calibration.facets {
            let Some((index, facet)) = vocabulary.find(&entry.facet) else { continue };
            let Some((_, rules)) = views.iter_mut().find(|(view, _)| view.id() == entry.view) else {
                return Err(RankingError::UnknownView { facet: entry.facet.clone(), view: entry.view.clone() });
            };
            rules.push((index, Rule::new(facet, entry)?));
        }
        views.retain(|(view, rules)| *view == View::Full || !rules.is_empty());
        for (_, rules) in &mut views {
            rules.sort_by_key(|(index, _)| *index);
        }
        let nones = vocabulary.facets().map(|(_, facet)| facet.none()).collect();
        let ontology = Ontology::shipped().map_err(|error| RankingError::Ontology(error.to_string()))?;
        let directions = Directions::new(vocabulary, &ontology, DirectionConfig::default());
        Ok(Self { classes, views, nones, doubts: Doubts::new(vocabulary), directions, cosines: Vec::new() })
    }

    /// Whether no facet is calibrated, so that nothing will ever be said.
    pub fn is_silent(&self) -> bool {
        self.views.iter().all(|(_, rules)| rules.is_empty())
    }

    /// The whole picture, then the other views of which anything can be said.
    pub fn views(&self) -> Vec<View> {
        self.views.iter().map(|(view, _)| *view).collect()
    }

    /// Takes in a map of what stands where at `at`, for the sides of the observations to come.
    pub fn locate(&mut self, at: Timestamp, map: &StreetMap) {
        self.directions.see(at, map);
    }

    /// The picture at `at` shows what the last one showed: sides that hold go on holding.
    pub fn unchanged(&mut self, at: Timestamp) {
        self.directions.keep(at);
    }

    /// Ranks every facet in each encoded view into `out`, whose buffers are used again. A view without calibration says nothing of a facet;
    /// where left, right and ahead are all encoded, they tell sides.
    pub fn observe<'a>(
        &mut self,
        at: Timestamp,
        encoded: impl IntoIterator<Item = (View, &'a Embedding)>,
        out: &mut Observation,
    ) {
        out.at = at;
        let mut filled = 0;
        let (mut left, mut ahead, mut right) = (None, None, None);
        for (view, embedding) in encoded {
            match view {
                View::Left => left = Some(embedding),
                View::Ahead => ahead = Some(embedding),
                View::Right => right = Some(embedding),
                View::Full | View::Ground => {}
            }
            let Some((_, rules)) = self.views.iter().find(|(v, _)| *v == view) else { continue };
            for (facet, rule) in rules {
                if out.findings.len() == filled {
                    out.findings.push(Finding { facet: *facet, view, p: Vec::new(), answers: Vec::new() });
                }
                let Some(finding) = out.findings.get_mut(filled) else { continue };
                (finding.facet, finding.view) = (*facet, view);
                self.cosines.clear();
                self.cosines.extend(self.classes[facet.0].iter().map(|class| class.cosine(embedding)));
                rule.probabilities(&self.cosines, &mut finding.p);
                rule.answers(&finding.p, &mut finding.answers);
                rule.generalise(&mut finding.p, &mut finding.answers);
                filled += 1;
            }
        }
        out.findings.truncate(filled);
        self.doubts.take_back(&mut out.findings);
        if let (Some(left), Some(ahead), Some(right)) = (left, ahead, right) {
            let (classes, nones) = (&self.classes, &self.nones);
            self.directions.compare(at, |facet, class| {
                let classes = classes.get(facet.0)?;
                let none = classes.get(nones.get(facet.0).copied().flatten()?.0)?;
                let class = classes.get(class.0)?;
                let [left, ahead, right] = [left, ahead, right].map(|crop| class.cosine(crop) - none.cosine(crop));
                Some(Nearness { left, ahead, right })
            });
        }
        self.directions.fill(at, &mut out.bearings);
        self.directions.fill_missing(at, &mut out.missing);
    }
}

/// A caption in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Its place in the list that was given.
    pub caption: usize,
    /// Cosine with the picture.
    pub score: f32,
    /// Probability among the captions given; `None` where the model is not calibrated for captions.
    pub p: Option<f32>,
}

/// All captions, best first; equal ones in the order given.
pub fn rank(picture: &Embedding, captions: &[Embedding], calibration: Option<&CaptionCalibration>) -> Vec<Ranked> {
    let scores: Vec<f32> = captions.iter().map(|caption| caption.cosine(picture)).collect();
    let p = calibration.map(|calibration| {
        let mut p: Vec<f32> = scores.iter().map(|score| calibration.scale * score).collect();
        softmax(&mut p);
        p
    });
    let place = |(caption, &score)| Ranked { caption, score, p: p.as_ref().and_then(|p| p.get(caption).copied()) };
    let mut ranking: Vec<_> = scores.iter().enumerate().map(place).collect();
    ranking.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranking
}

/// What speaks for each class where several may be there, into `margins`: its cosine less `share` of that of `none`; for `none`, of that of the
/// best other class.
pub(crate) fn against(share: f32, none: ClassIndex, cosines: &[f32], margins: &mut Vec<f32>) {
    let of_none = cosines.get(none.0).copied().unwrap_or(0.0);
    let others = cosines.iter().enumerate().filter(|(i, _)| *i != none.0);
    let best = others.map(|(_, &c)| c).fold(f32::NEG_INFINITY, f32::max);
    let other = |i: usize| if i == none.0 { best } else { of_none };
    margins.clear();
    margins.extend(cosines.iter().enumerate().map(|(i, cosine)| cosine - share * other(i)));
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// In place; the largest is taken off first, so that nothing overflows.
fn softmax(logits: &mut [f32]) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for x in logits.iter_mut() {
        *x = (*x - largest).exp();
        sum += *x;
    }
    logits.iter_mut().for_each(|x| *x /= sum);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const VOCABULARY: &str = r#"
        facet = [
          { id = "light", kind = "exclusive", class = [{ id = "day", prompts = ["d"] }, { id = "night", prompts = ["n"] }] },
          { id = "people", kind = "several", class = [
            { id = "none", prompts = ["0"] }, { id = "few", prompts = ["f"] }, { id = "cyclist", prompts = ["c"] }] },
        ]"#;

    fn vocabulary() -> Vocabulary {
        Vocabulary::parse("v.toml", VOCABULARY).expect("a good vocabulary")
    }

    fn unit(x: [f32; 3]) -> Embedding {
        Embedding::new(x.to_vec()).expect("a vector of length")
    }

    fn calibration(view: &str) -> Calibration {
        let facet = |facet: &str, classes: &[&str]| FacetCalibration {
            facet: facet.to_owned(),
            view: view.to_owned(),
            scale: 10.0,
            against_none: 1.0,
            error_rate: 0.1,
            classes: classes.iter().map(|c| ((*c).to_owned(), ClassCalibration { bias: 0.0, threshold: 0.8 })).collect(),
        };
        Calibration {
            captions: None,
            facets: vec![facet("people", &["none", "few", "cyclist"]), facet("light", &["day", "night"])],
        }
    }

    fn ranker() -> Ranker {
        let classes = vec![
            vec![unit([1.0, 0.0, 0.0]), unit([0.0, 1.0, 0.0])],
            vec![unit([1.0, 0.0, 0.0]), unit([0.0, 1.0, 0.0]), unit([0.0, 0.0, 1.0])],
        ];
        Ranker::new(&vocabulary(), classes, &calibration("full")).expect("a calibration that fits")
    }

    /// The ids answered for light and people where the picture lies at `picture`.
    #[track_caller]
    fn check(picture: [f32; 3], light: &[&str], people: &[&str]) {
        let (vocabulary, mut observation) = (vocabulary(), Observation::default());
        ranker().observe(Timestamp::default(), [(View::Full, &unit(picture))], &mut observation);
        for (facet, want) in [(0, light), (1, people)] {
            let finding = observation.finding(FacetIndex(facet), View::Full).expect("a calibrated view");
            let ids: Vec<_> =
                finding.answers.iter().map(|a| vocabulary.class(finding.facet, *a).map_or("?", |c| c.id.as_str())).collect();
            assert_eq!(ids, want, "at {picture:?}: {:?}", finding.p);
        }
    }

    #[test]
    fn a_facet_answers_where_it_is_sure_and_abstains_where_not() {
        check([1.0, 0.0, 0.0], &["day"], &["none"]);
        check([0.0, 1.0, 0.0], &["night"], &["few"]);
        check([0.0, 1.0, 1.0], &["night"], &["few", "cyclist"]);
        check([1.0, 1.0, 0.0], &[], &[]);
        check([-1.0, 0.6, 0.8], &["night"], &["cyclist", "few"]);
    }

    #[test]
    fn what_is_one_of_several_kinds_is_answered_as_what_they_have_in_common() {
        let class = |id: &str, more: &str| format!("[[facet.class]]\nid = \"{id}\"\nprompts = [\"{id}\"]\n{more}");
        let text = format!(
            "[[facet]]\nid = \"place\"\nkind = \"exclusive\"\n{}{}{}",
            class("street", ""),
            class("alley", "kind_of = \"street\"\n"),
            class("park", "")
        );
        let vocabulary = Vocabulary::parse("v.toml", &text).expect("a good vocabulary");
        let (_, facet) = vocabulary.find("place").expect("the facet");
        let calibration = FacetCalibration {
            facet: "place".to_owned(),
            view: "full".to_owned(),
            scale: 1.0,
            against_none: 1.0,
            error_rate: 0.1,
            classes: facet.classes.iter().map(|c| (c.id.clone(), ClassCalibration { bias: 0.0, threshold: 0.7 })).collect(),
        };
        let rule = Rule::new(facet, &calibration).expect("a rule");
        for (mut p, want, street) in [
            ([0.4, 0.4, 0.2], vec![ClassIndex(0)], 0.8),
            ([0.3, 0.3, 0.4], vec![], 0.3),
            ([0.1, 0.8, 0.1], vec![ClassIndex(1)], 0.1),
        ] {
            let mut answers = Vec::new();
            rule.answers(&p, &mut answers);
            rule.generalise(&mut p, &mut answers);
            assert_eq!((answers, p[0]), (want, street));
        }
    }

    #[test]
    fn a_view_that_is_not_calibrated_says_nothing() {
        let mut observation = Observation::default();
        ranker().observe(Timestamp::default(), [(View::Left, &unit([1.0, 0.0, 0.0]))], &mut observation);
        assert!(observation.findings.is_empty());
        assert_eq!(ranker().views(), [View::Full]);
        assert!(!ranker().is_silent());
    }

    #[test]
    fn softmax_sums_to_one_however_large_the_scores() {
        let mut p = vec![1e4, 1e4 - 1.0, -1e4];
        softmax(&mut p);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6 && (p[0] - 0.731_058_6).abs() < 1e-5, "{p:?}");
    }

    #[test]
    fn captions_come_best_first_and_have_p_only_when_calibrated() {
        let captions = [unit([0.0, 1.0, 0.0]), unit([1.0, 0.1, 0.0]), unit([0.0, 1.0, 0.0])];
        let ranking = rank(&unit([1.0, 0.2, 0.0]), &captions, None);
        assert_eq!(ranking.iter().map(|r| r.caption).collect::<Vec<_>>(), [1, 0, 2]);
        assert!(ranking.iter().all(|r| r.p.is_none()));
        let ranking = rank(&unit([1.0, 0.2, 0.0]), &captions, Some(&CaptionCalibration { scale: 5.0 }));
        assert!((ranking.iter().filter_map(|r| r.p).sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(rank(&unit([1.0, 0.0, 0.0]), &[], None).is_empty());
    }

    #[test]
    fn a_calibration_of_another_vocabulary_is_refused() {
        let classes = ranker().classes;
        let mut old = calibration("full");
        old.facets[0].classes = BTreeMap::new();
        assert!(matches!(Ranker::new(&vocabulary(), classes.clone(), &old), Err(RankingError::Uncalibrated { .. })));
        let strange = calibration("behind");
        assert!(matches!(Ranker::new(&vocabulary(), classes.clone(), &strange), Err(RankingError::UnknownView { .. })));
        let few = Ranker::new(&vocabulary(), classes[..1].to_vec(), &calibration("full"));
        assert!(matches!(few, Err(RankingError::Embeddings { .. })));
    }
}
