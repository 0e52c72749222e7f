//! Which categories a model is not shown, so that it can be asked of what it has never seen.

use std::str::FromStr;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::{evaluation::categories::Categories, training::TrainingError};

/// Categories that must be left, for one alone has nothing to be told apart from.
const FEWEST: usize = 2;

/// What is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// So many, drawn by the seed.
    Drawn(usize),
    /// These.
    Named(Vec<String>),
}

impl FromStr for LeftOut {
    type Err = std::convert::Infallible;

    /// A number, or names with commas between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = || text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        Ok(text.trim().parse().map_or_else(|_| Self::Named(names()), Self::Drawn))
    }
}

impl LeftOut {
    /// Their places among `categories`, rising.
    pub fn places(&self, categories: &Categories, seed: u64) -> Result<Vec<usize>, TrainingError> {
        let count = categories.names().len();
        let mut places: Vec<usize> = match self {
            Self::Drawn(number) => {
                let mut all: Vec<usize> = (0..count).collect();
                all.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
                all.into_iter().take(*number).collect()
            }
            Self::Named(names) => names.iter().map(|name| place(categories, name)).collect::<Result<_, _>>()?,
        };
        places.sort_unstable();
        places.dedup();
        let asked = if let Self::Drawn(number) = self { *number } else { places.len() };
        if asked + FEWEST > count {
            let problem = format!(
                "{asked} of {count} categories are to be left out, and {FEWEST} must be left to be told apart; choose fewer with --leave-out, \
                 or name more categories"
            );
            return Err(TrainingError::Setting { problem });
        }
        Ok(places)
    }
}

fn place(categories: &Categories, name: &str) -> Result<usize, TrainingError> {
    categories.find(name).ok_or_else(|| TrainingError::Setting {
        problem: format!("--leave-out: no category is called {name:?}; there are {}", categories.names().join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::street30::TEMPLATE;

    #[track_caller]
    fn check(text: &str, want: Result<&[&str], &str>) {
        let categories = Categories::street30(TEMPLATE);
        let left_out: LeftOut = text.parse().expect("anything");
        match (left_out.places(&categories, 0), want) {
            (Ok(places), Ok(want)) => {
                let names: Vec<&str> = places.iter().map(|&place| categories.names()[place].as_str()).collect();
                assert_eq!(names, want, "{text}");
            }
            (Err(error), Err(want)) => assert!(error.to_string().contains(want), "{error} against {want}"),
            (found, want) => panic!("{found:?} against {want:?}"),
        }
    }

    #[test]
    fn what_is_left_out_is_named_or_drawn_by_the_seed() {
        check("0", Ok(&[]));
        check("Palm_Tree, bus", Ok(&["bus", "palm tree"]));
        check("bus,bus", Ok(&["bus"]));
        check("submarine", Err("no category is called \"submarine\"; there are bedroom, bicycle"));
        check("29", Err("29 of 30 categories are to be left out"));
        check("99", Err("99 of 30 categories"));
        let drawn = |seed| LeftOut::Drawn(5).places(&Categories::street30(TEMPLATE), seed).expect("five");
        assert_eq!((drawn(0), drawn(0).len()), (drawn(0), 5));
        assert_ne!(drawn(0), drawn(1));
    }
}
