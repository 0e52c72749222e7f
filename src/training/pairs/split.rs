//! Which split a photo belongs to: by group, never by photo.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::training::{TrainingError, data::Split};

/// How the photos are shared out, in parts of all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shares {
    train: f64,
    val: f64,
}

impl Default for Shares {
    /// Eight, one and one in ten.
    fn default() -> Self {
        Self { train: 0.8, val: 0.1 }
    }
}

impl Shares {
    /// Parts for train, val and test, of any sum; an error where one is negative or all are zero.
    pub fn new(parts: [f64; 3]) -> Result<Self, TrainingError> {
        let whole: f64 = parts.iter().sum();
        let good = parts.iter().all(|part| part.is_finite() && *part >= 0.0) && whole > 0.0;
        let problem = || "the split needs three parts that are not negative, as 80,10,10".to_owned();
        if good {
            Ok(Self { train: parts[0] / whole, val: parts[1] / whole })
        } else {
            Err(TrainingError::Setting { problem: problem() })
        }
    }

    /// The split of the group named `group`: the same in every run and on every machine, whatever else is gathered beside it.
    pub fn of(&self, group: &str, seed: u64) -> Split {
        let digest = Sha256::digest(format!("{seed}\n{group}"));
        let head = digest.iter().take(8).fold(0u64, |head, byte| head << 8 | u64::from(*byte));
        let place = head as f64 / u64::MAX as f64;
        if place < self.train {
            Split::Train
        } else if place < self.train + self.val {
            Split::Val
        } else {
            Split::Test
        }
    }
}

/// Of two splits that publishers gave to photos which belong together, the one that both must go to: what is tested on may not be
/// trained on.
pub fn stricter(one: Split, other: Split) -> Split {
    match (one, other) {
        (Split::Test, _) | (_, Split::Test) => Split::Test,
        (Split::Val, _) | (_, Split::Val) => Split::Val,
        _ => Split::Train,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_shared_out_as_asked() {
        let shares = Shares::new([8.0, 1.0, 1.0]).expect("shares");
        let splits: Vec<Split> = (0..5000).map(|k| shares.of(&format!("drive {k}"), 1)).collect();
        for (split, want) in [(Split::Train, 0.8), (Split::Val, 0.1), (Split::Test, 0.1)] {
            let share = splits.iter().filter(|s| **s == split).count() as f64 / 5000.0;
            assert!((share - want).abs() < 0.02, "{split:?} {share}");
        }
        assert_eq!(shares.of("drive 7", 1), splits[7]);
        assert!(Shares::new([1.0, -1.0, 0.0]).is_err() && Shares::new([0.0; 3]).is_err());
    }

    #[test]
    fn what_belongs_together_goes_where_it_can_do_no_harm() {
        for (one, other, want) in [
            (Split::Train, Split::Test, Split::Test),
            (Split::Val, Split::Train, Split::Val),
            (Split::Val, Split::Test, Split::Test),
            (Split::Train, Split::Train, Split::Train),
        ] {
            assert_eq!((stricter(one, other), stricter(other, one)), (want, want));
        }
    }
}
