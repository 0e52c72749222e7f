//! What ranking found in a frame: the probabilities of each facet in each view, and on which side things are.
//!
//! Owns the shape of the finding. Leaves making it to `ranking`, believing it to `narrator`.

use crate::{
    callout::Direction,
    frame::Timestamp,
    vocabulary::{ClassIndex, FacetIndex},
};

/// Which part of the picture was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// The whole picture.
    Full,
    /// Its middle.
    Ahead,
    /// Its right part.
    Right,
    /// Its left part.
    Left,
    /// Its lower part, where the feet go.
    Ground,
}

impl View {
    /// Every view, the walker's order.
    pub const ALL: [View; 5] = [View::Full, View::Ahead, View::Right, View::Left, View::Ground];

    /// The name in `bundle.toml` and in logs.
    pub fn id(self) -> &'static str {
        match self {
            View::Full => "full",
            View::Ahead => "ahead",
            View::Right => "right",
            View::Left => "left",
            View::Ground => "ground",
        }
    }

    /// The view of that name.
    pub fn find(id: &str) -> Option<View> {
        View::ALL.into_iter().find(|view| view.id() == id)
    }

    /// Where a thing seen in this view is. The camera looks ahead, so what the whole picture shows is ahead.
    pub fn direction(self) -> Direction {
        match self {
            View::Full | View::Ahead | View::Ground => Direction::Ahead,
            View::Right => Direction::Right,
            View::Left => Direction::Left,
        }
    }
}

/// One facet in one view.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which facet of the vocabulary.
    pub facet: FacetIndex,
    /// Where it was looked for.
    pub view: View,
    /// Calibrated probability of each class, in the vocabulary's order. A softmax where classes exclude each other; else each
    /// is the class's own, and "none" has the probability that no other class is there. A class that is answered for its kinds has theirs, too.
    pub p: Vec<f32>,
    /// The classes that are answered, most probable first; empty where the facet abstains.
    pub answers: Vec<ClassIndex>,
}

impl Finding {
    /// Classes and probabilities, most probable first; equal ones in the vocabulary's order.
    pub fn ranking(&self) -> Vec<(ClassIndex, f32)> {
        let mut ranking: Vec<_> = self.p.iter().enumerate().map(|(i, &p)| (ClassIndex(i), p)).collect();
        ranking.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranking
    }

    /// Probability of `class`; zero for a class that the facet doesn't have.
    pub fn p(&self, class: ClassIndex) -> f32 {
        self.p.get(class.0).copied().unwrap_or(0.0)
    }
}

/// On which side a class is, if it is there at all: whether it is, a [`Finding`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bearing {
    /// Which facet of the vocabulary.
    pub facet: FacetIndex,
    /// Which of its classes.
    pub class: ClassIndex,
    /// The side.
    pub direction: Direction,
    /// By how much this side leads the second, as a share of itself: 0 where both are alike, 1 where nothing is elsewhere.
    pub lead: f32,
}

/// Everything ranking found in one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The frame's moment.
    pub at: Timestamp,
    /// How much the picture is worth as evidence, in [0, 1]: 1 for a sharp one in good light, less for a blurred or dark one.
    pub quality: f32,
    /// One entry for each facet in each view that was encoded and is calibrated.
    pub findings: Vec<Finding>,
    /// One entry at most for each class: none where its side is not clear, where sources disagree, or where nobody looked lately.
    pub bearings: Vec<Bearing>,
    /// Classes that a map of the last moments would show, were they there, and doesn't.
    pub missing: Vec<(FacetIndex, ClassIndex)>,
}

impl Default for Observation {
    fn default() -> Self {
        Self { at: Timestamp::default(), quality: 1.0, findings: Vec::new(), bearings: Vec::new(), missing: Vec::new() }
    }
}

impl Observation {
    /// Moment to the millisecond, quality and probabilities to the thousandth: so that what is decided on is what a log keeps.
    pub fn round(&mut self) {
        self.at = self.at.rounded();
        let numbers = self.findings.iter_mut().flat_map(|finding| &mut finding.p).chain([&mut self.quality]);
        numbers.for_each(|x| *x = thousandths(*x) as f32);
    }

    /// What `view` says of `facet`; `None` where it was not encoded or is not calibrated.
    pub fn finding(&self, facet: FacetIndex, view: View) -> Option<&Finding> {
        self.findings.iter().find(|f| f.facet == facet && f.view == view)
    }

    /// On which side `class` is, where that is clear enough to be said.
    pub fn bearing(&self, facet: FacetIndex, class: ClassIndex) -> Option<Direction> {
        self.bearings.iter().find(|b| b.facet == facet && b.class == class).map(|b| b.direction)
    }

    /// Whether a map says that `class` is not there.
    pub fn is_missing(&self, facet: FacetIndex, class: ClassIndex) -> bool {
        self.missing.contains(&(facet, class))
    }
}

/// `x` to the thousandth.
pub fn thousandths(x: f32) -> f64 {
    (f64::from(x) * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_observation_loses_nothing_on_its_way_through_a_log() {
        let p = (0..2000).map(|i| i as f32 / 1999.0).collect();
        let finding = Finding { facet: FacetIndex(0), view: View::Full, p, answers: Vec::new() };
        let mut observation = Observation {
            at: Timestamp::from_seconds(1.0 / 3.0),
            quality: 0.123_456,
            findings: vec![finding],
            ..Observation::default()
        };
        observation.round();
        assert_eq!((observation.at.seconds(), observation.quality), (0.333, 0.123));
        for p in &observation.findings[0].p {
            let line = thousandths(*p).to_string();
            assert!(line.len() <= 5, "{line}");
            assert_eq!(line.parse::<f64>().expect("a number") as f32, *p);
        }
    }

    #[test]
    fn a_view_is_found_by_its_name() {
        assert!(View::ALL.into_iter().all(|view| View::find(view.id()) == Some(view)));
        assert_eq!(View::find("behind"), None);
    }
}
