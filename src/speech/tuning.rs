//! How loud and how fast a voice speaks.
//!
//! Owns the steps by which a walker changes either. Leaves each voice's own scale to the voice.

use serde::{Deserialize, Serialize};

use super::Rate;

/// Loudness of a voice, in percent of the most that its synthesiser gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Volume(u8);

impl Volume {
    /// The softest that can be chosen: nobody makes the voice inaudible by a button.
    pub const MIN: Volume = Volume(10);
    /// The loudest.
    pub const MAX: Volume = Volume(100);
    const STEP: u8 = 10;

    /// `None` outside [`Volume::MIN`] to [`Volume::MAX`].
    pub fn new(percent: u8) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&percent).then_some(Self(percent))
    }

    /// Percent.
    pub fn percent(self) -> u8 {
        self.0
    }

    /// One step louder, up to the loudest.
    pub fn louder(self) -> Self {
        Self((self.0 + Self::STEP).min(Self::MAX.0))
    }

    /// One step softer, down to the softest.
    pub fn quieter(self) -> Self {
        Self(self.0.saturating_sub(Self::STEP).max(Self::MIN.0))
    }
}

impl TryFrom<u8> for Volume {
    type Error = String;

    fn try_from(percent: u8) -> Result<Self, String> {
        Self::new(percent).ok_or_else(|| format!("volume {percent}: {} to {} are meant", Self::MIN.0, Self::MAX.0))
    }
}

impl From<Volume> for u8 {
    fn from(volume: Volume) -> u8 {
        volume.0
    }
}

impl Default for Volume {
    /// 80: two steps are left for a street that is louder.
    fn default() -> Self {
        Self(80)
    }
}

/// Both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tuning {
    /// How loud.
    pub volume: Volume,
    /// How fast.
    pub rate: Rate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_at_the_loudest_the_softest_the_fastest_and_the_slowest() {
        for (percent, louder, quieter) in [(80, 90, 70), (95, 100, 85), (100, 100, 90), (10, 20, 10), (15, 25, 10)] {
            let volume = Volume::new(percent).unwrap();
            assert_eq!((volume.louder().percent(), volume.quieter().percent()), (louder, quieter), "{percent} %");
        }
        assert_eq!((Volume::new(0), Volume::new(101)), (None, None));
        for (rate, faster, slower) in [(190, 210, 170), (440, 450, 420), (450, 450, 430), (120, 140, 120), (130, 150, 120)] {
            let rate = Rate::new(rate).unwrap();
            assert_eq!((rate.faster().words_a_minute(), rate.slower().words_a_minute()), (faster, slower), "{rate:?}");
        }
    }
}
