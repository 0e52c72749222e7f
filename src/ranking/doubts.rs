//! What is taken for something else, and is not answered where the picture may show that.
//!
//! Owns the table of such classes. Leaves probabilities and thresholds to the rules of each facet, which know of no other facet.

use crate::{
    observation::{Finding, View},
    vocabulary::{ClassIndex, FacetIndex, Vocabulary},
};

/// A class that isn't answered where the picture may show another one, for which it is taken.
struct TakenFor {
    /// Facet and class.
    class: (&'static str, &'static str),
    /// Those of the other.
    other: (&'static str, &'static str),
    /// The probability of the other from which on the picture may show it.
    from: f32,
}

/// Wet or worn stripes lie before the feet like steps: of 18 photos of steps in `val` that are answered, 17 have stripes at .02 at most and one at .08; a
/// rendered crossing in the rain, taken for steps, has .05 to .6. Between the legs of a crowd any paving looks like a tactile one: where it is one, in 13
/// photos of `val` and a video, a crowd has .02 at most, and in a rendered market where it is none .28 to .85.
const TAKEN_FOR: [TakenFor; 3] = [
    TakenFor { class: ("surface", "steps_up"), other: ("crossing", "zebra_crossing"), from: 0.05 },
    TakenFor { class: ("surface", "steps_down"), other: ("crossing", "zebra_crossing"), from: 0.05 },
    TakenFor { class: ("surface", "tactile_paving"), other: ("people", "crowd"), from: 0.2 },
];

/// A class with its facet.
type InVocabulary = (FacetIndex, ClassIndex);

/// The rows of [`TAKEN_FOR`] in a vocabulary: a class, the other, and from which probability of that on.
#[derive(Clone, Debug)]
pub(super) struct Doubts(Vec<(InVocabulary, InVocabulary, f32)>);

impl Doubts {
    /// A row whose classes `vocabulary` lacks says nothing.
    pub fn new(vocabulary: &Vocabulary) -> Self {
        let found = |(facet, class)| vocabulary.find_class(facet, class);
        let row = |TakenFor { class, other, from }| Some((found(class)?, found(other)?, from));
        Self(TAKEN_FOR.into_iter().filter_map(row).collect())
    }

    /// Takes back what may be something else, in each view by itself.
    pub fn take_back(&self, findings: &mut [Finding]) {
        for ((facet, class), (elsewhere, other), from) in &self.0 {
            let may_be = |f: &&Finding| f.facet == *elsewhere && f.p(*other) >= *from;
            let doubted: Vec<View> = findings.iter().filter(may_be).map(|f| f.view).collect();
            for finding in findings.iter_mut().filter(|f| f.facet == *facet && doubted.contains(&f.view)) {
                finding.answers.retain(|answer| answer != class);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_something_else_is_not_answered() {
        let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
        let doubts = Doubts::new(&vocabulary);
        let finding = |(facet, class): (&str, &str), p: f32| {
            let (facet, f) = vocabulary.find(facet).expect("a facet");
            let (class, _) = f.find(class).expect("a class");
            let mut all = vec![0.0; f.classes.len()];
            all[class.0] = p;
            Finding { facet, view: View::Full, p: all, answers: if p > 0.5 { vec![class] } else { vec![] } }
        };
        for TakenFor { class, other, from } in TAKEN_FOR {
            for (p, answered) in [(from / 2.0, 1), (from, 0), (0.8, 0)] {
                let mut findings = [finding(class, 0.9), finding(other, p)];
                doubts.take_back(&mut findings);
                assert_eq!(findings[0].answers.len(), answered, "{class:?} beside {other:?} at {p}");
                assert_eq!(findings[1].answers.len(), usize::from(p > 0.5), "{other:?} stays");
            }
        }
    }
}
