//! A recorded walk over time: which scenes, when, how sure.
//!
//! Owns the segments and their certainty. Leaves belief to the narrator's evidence, embeddings to `pipeline`, asking for captions to the caller.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    frame::Timestamp,
    narrator::{Evidence, EvidenceConfig},
    observation::{Finding, Observation, View},
    ranking::Ranked,
    vocabulary::{ClassIndex, FacetIndex, NONE, Vocabulary},
};

pub mod page;
pub mod people;

/// One scene, from when it was believed until it was no longer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// Seconds since the walk began.
    pub start: f64,
    /// Seconds since the walk began.
    pub end: f64,
    /// Facet id; `None` for a caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facet: Option<String>,
    /// Class, as people read it; `None` for a caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The caption; `None` for a class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Calibrated probability, the mean over the segment's frames, to the hundredth; `None` where the model is not calibrated for captions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// Cosine of a caption with the picture, the mean over the segment's frames, to the thousandth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

impl Segment {
    /// The class or the caption.
    pub fn name(&self) -> &str {
        self.class.as_deref().or(self.caption.as_deref()).unwrap_or_default()
    }
}

/// A segment that still lasts, or that has ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    from: Timestamp,
    to: Timestamp,
    p: f64,
    score: f64,
    frames: u32,
}

/// Gathers segments frame by frame; they begin and end where the narrator's evidence believes and forgets.
#[derive(Debug)]
pub struct Scenes {
    evidence: Evidence,
    open: BTreeMap<(FacetIndex, ClassIndex), Open>,
    done: Vec<((FacetIndex, ClassIndex), Open)>,
}

impl Scenes {
    /// Nothing seen yet of what `vocabulary` asks.
    pub fn new(config: EvidenceConfig, vocabulary: &Vocabulary) -> Self {
        Self::by(Evidence::new(config, vocabulary))
    }

    fn by(evidence: Evidence) -> Self {
        Self { evidence, open: BTreeMap::new(), done: Vec::new() }
    }

    /// Takes in what one frame showed.
    pub fn see(&mut self, observation: &Observation) {
        self.take(observation, |_, _| 0.0);
    }

    fn take(&mut self, observation: &Observation, score: impl Fn(FacetIndex, ClassIndex) -> f64) {
        self.evidence.update(observation);
        let mut held = BTreeMap::new();
        for belief in self.evidence.beliefs().into_iter().filter(|belief| belief.held) {
            let seen = observation.finding(belief.facet, belief.view).map(|finding| finding.p(belief.class));
            held.insert((belief.facet, belief.class), seen.unwrap_or(belief.p));
        }
        for (subject, p) in &held {
            let fresh = Open { from: observation.at, to: observation.at, p: 0.0, score: 0.0, frames: 0 };
            let open = self.open.entry(*subject).or_insert(fresh);
            open.to = observation.at;
            open.p += f64::from(*p);
            open.score += score(subject.0, subject.1);
            open.frames += 1;
        }
        let ended: Vec<_> = self.open.extract_if(.., |subject, _| !held.contains_key(subject)).collect();
        self.done.extend(ended);
    }

    /// All segments in the order of their beginning, `none` left out: what is not there is no scene.
    pub fn finish(self, vocabulary: &Vocabulary) -> Vec<Segment> {
        let segment = |((facet, class), open): ((FacetIndex, ClassIndex), Open)| {
            let facet = vocabulary.facet(facet)?;
            let class = facet.classes.get(class.0).filter(|class| class.id != NONE)?;
            let (facet, class) = (Some(facet.id.clone()), Some(class.name()));
            Some(Segment { facet, class, caption: None, p: Some(open.mean(open.p, 100.0)), score: None, ..open.times() })
        };
        self.all().into_iter().filter_map(segment).collect()
    }

    fn all(mut self) -> Vec<((FacetIndex, ClassIndex), Open)> {
        self.done.extend(std::mem::take(&mut self.open));
        self.done.sort_by_key(|(subject, open)| (open.from, *subject));
        self.done
    }
}

impl Open {
    fn mean(&self, sum: f64, steps: f64) -> f64 {
        (sum / f64::from(self.frames.max(1)) * steps).round() / steps
    }

    fn times(&self) -> Segment {
        let [start, end] = [self.from, self.to].map(|at| (at.seconds() * 1000.0).round() / 1000.0);
        Segment { start, end, facet: None, class: None, caption: None, p: None, score: None }
    }
}

/// Gathers segments in which one of several captions is the best.
#[derive(Debug)]
pub struct Captions {
    scenes: Scenes,
    observation: Observation,
    calibrated: bool,
}

/// The only facet of a list of captions.
const CAPTIONS: FacetIndex = FacetIndex(0);

impl Captions {
    /// Nothing seen yet.
    pub fn new(config: EvidenceConfig, captions: &[String]) -> Self {
        Self {
            scenes: Scenes::by(Evidence::of_captions(config, captions)),
            observation: Observation::default(),
            calibrated: false,
        }
    }

    /// Takes in how captions rank in one frame, all of them. The best is what the frame shows.
    pub fn see(&mut self, at: Timestamp, ranking: &[Ranked]) {
        let mut p = vec![0.0; ranking.len()];
        let mut scores = vec![0.0; ranking.len()];
        for ranked in ranking {
            // Without calibration the score stands in: evidence asks only which is answered.
            if let (Some(p), Some(score)) = (p.get_mut(ranked.caption), scores.get_mut(ranked.caption)) {
                (*p, *score) = (ranked.p.unwrap_or(ranked.score), f64::from(ranked.score));
            }
        }
        self.calibrated = ranking.iter().all(|ranked| ranked.p.is_some());
        let answers = ranking.first().map(|best| ClassIndex(best.caption)).into_iter().collect();
        self.observation.at = at;
        self.observation.findings = vec![Finding { facet: CAPTIONS, view: View::Full, p, answers }];
        self.scenes.take(&self.observation, |_, class| scores.get(class.0).copied().unwrap_or(0.0));
    }

    /// All segments in the order of their beginning, with the words of `captions`.
    pub fn finish(self, captions: &[String]) -> Vec<Segment> {
        let calibrated = self.calibrated;
        let segment = |((_, class), open): ((FacetIndex, ClassIndex), Open)| {
            let caption = Some(captions.get(class.0)?.clone());
            let p = calibrated.then(|| open.mean(open.p, 100.0));
            Some(Segment { caption, p, score: Some(open.mean(open.score, 1000.0)), ..open.times() })
        };
        self.scenes.all().into_iter().filter_map(segment).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary::shipped().expect("the vocabulary")
    }

    /// A frame that answers `class` of the facet place with p = .9, or nothing.
    fn frame(vocabulary: &Vocabulary, at: f64, class: Option<&str>) -> Observation {
        let (facet, place) = vocabulary.find("place").expect("a facet");
        let answers: Vec<ClassIndex> = class.and_then(|class| Some(place.find(class)?.0)).into_iter().collect();
        let p = (0..place.classes.len()).map(|i| if answers.contains(&ClassIndex(i)) { 0.9 } else { 0.01 }).collect();
        Observation {
            at: Timestamp::from_seconds(at),
            findings: vec![Finding { facet, view: View::Full, p, answers }],
            ..Observation::default()
        }
    }

    #[test]
    fn a_scene_lasts_as_long_as_it_is_believed() {
        let vocabulary = vocabulary();
        let mut scenes = Scenes::new(EvidenceConfig::default(), &vocabulary);
        for i in 0..100 {
            let class = if i < 40 {
                Some("street")
            } else if i < 60 {
                None
            } else {
                Some("park")
            };
            scenes.see(&frame(&vocabulary, f64::from(i) / 5.0, class));
        }
        let segments = scenes.finish(&vocabulary);
        let told: Vec<_> = segments.iter().map(|s| (s.class.as_deref(), s.start.round(), s.end.round())).collect();
        assert_eq!(told, [(Some("street"), 1.0, 9.0), (Some("park"), 14.0, 20.0)]);
        // The street is believed for a while in which nothing answers.
        assert_eq!(segments.iter().map(|s| s.p).collect::<Vec<_>>(), [Some(0.76), Some(0.9)]);
        assert!(segments.iter().all(|s| s.score.is_none() && s.caption.is_none()), "{segments:?}");
    }

    #[test]
    fn a_caption_has_p_only_where_captions_are_calibrated() {
        let captions = ["a bus".to_owned(), "a dog".to_owned()];
        for p in [None, Some(0.75)] {
            let mut found = Captions::new(EvidenceConfig::default(), &captions);
            for i in 0..20 {
                let best = usize::from(i >= 10);
                let rank = |caption, score, p: Option<f32>| Ranked { caption, score, p };
                let ranking = [rank(best, 0.3, p), rank(1 - best, 0.1, p.map(|p| 1.0 - p))];
                found.see(Timestamp::from_seconds(f64::from(i) / 2.0), &ranking);
            }
            let segments = found.finish(&captions);
            assert_eq!(segments.iter().map(Segment::name).collect::<Vec<_>>(), ["a bus", "a dog"]);
            assert!(
                segments.iter().all(|s| s.p.is_some() == p.is_some() && s.score.is_some_and(|score| score > 0.2)),
                "{segments:?}"
            );
        }
    }
}
