//! How long a sentence takes to say, without saying it.
//!
//! Owns the rate of speech and the table of lengths by which a replay queues as the street would. Leaves true lengths to the
//! voices, who report when they have finished.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A rate of speech, in words a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Rate(u32);

impl Rate {
    /// The slowest.
    pub const MIN: Rate = Rate(120);
    /// The quickest; many who listen to speech all day use 300 and more.
    pub const MAX: Rate = Rate(450);
    const STEP: u32 = 20;

    /// `None` outside [`Rate::MIN`] to [`Rate::MAX`].
    pub fn new(words_a_minute: u32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&words_a_minute).then_some(Self(words_a_minute))
    }

    /// Words a minute.
    pub fn words_a_minute(self) -> u32 {
        self.0
    }

    /// One step faster, up to the quickest.
    pub fn faster(self) -> Self {
        Self((self.0 + Self::STEP).min(Self::MAX.0))
    }

    /// One step slower, down to the slowest.
    pub fn slower(self) -> Self {
        Self(self.0.saturating_sub(Self::STEP).max(Self::MIN.0))
    }
}

impl TryFrom<u32> for Rate {
    type Error = String;

    fn try_from(rate: u32) -> Result<Self, String> {
        Self::new(rate).ok_or_else(|| format!("rate {rate}: {} to {} are meant", Self::MIN.0, Self::MAX.0))
    }
}

impl From<Rate> for u32 {
    fn from(rate: Rate) -> u32 {
        rate.0
    }
}

impl Default for Rate {
    /// 190: slower than the mean of what listeners still understand, 298 (Bragg 2021, n = 1,409).
    fn default() -> Self {
        Self(190)
    }
}

/// Length of a sentence as a sum over its characters, in seconds at [`Rate::default`]; other rates scale it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LengthModel {
    /// For every sentence, its end included.
    pub opening: f64,
    /// For each letter or digit.
    pub letter: f64,
    /// For each Chinese character.
    pub ideograph: f64,
    /// For each comma or colon within.
    pub comma: f64,
    /// For each end of a sentence within.
    pub stop: f64,
}

impl Default for LengthModel {
    /// Least squares on the 214 sentences of `voices/en` and six descriptions, as espeak-ng 1.51 says them at 190 words a
    /// minute: off by 55 ms in the mean, 0.19 s at most. At 120, 300 and 450 the whole is off by 1, 1 and 4 %. Other languages with
    /// letters take about as long for each, but French, whose many silent letters make it a seventh shorter; a Chinese character is what
    /// makes the whole of `voices/zh-TW` about as long as it is.
    fn default() -> Self {
        Self { opening: 0.167, letter: 0.0487, ideograph: 0.235, comma: 0.239, stop: 0.486 }
    }
}

impl LengthModel {
    /// About how long `text` sounds at `rate`; zero where there is nothing to say.
    pub fn length(&self, text: &str, rate: Rate) -> Duration {
        let (mut letters, mut ideographs, mut commas, mut stops) = (0, 0, 0, 0);
        for c in text.trim_end_matches(|c: char| !c.is_alphanumeric()).chars() {
            match c {
                ',' | ':' | ';' | '\u{ff0c}' | '\u{ff1a}' | '\u{3001}' => commas += 1,
                '.' | '!' | '?' | '\u{3002}' => stops += 1,
                '\u{3400}'..='\u{9fff}' => ideographs += 1,
                c if c.is_alphanumeric() => letters += 1,
                _ => {}
            }
        }
        if letters + ideographs == 0 {
            return Duration::ZERO;
        }
        let spoken = self.letter * f64::from(letters) + self.ideograph * f64::from(ideographs);
        let seconds = self.opening + spoken + self.comma * f64::from(commas) + self.stop * f64::from(stops);
        let scale = f64::from(Rate::default().0) / f64::from(rate.0);
        // Whole milliseconds: a replay prints the same bytes wherever it runs.
        Duration::from_millis((seconds * scale * 1000.0).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, rate: u32, want_ms: u64) {
        let length = LengthModel::default().length(text, Rate::new(rate).unwrap());
        assert_eq!(length, Duration::from_millis(want_ms), "{text:?} at {rate}");
    }

    #[test]
    fn a_sentence_takes_as_long_as_its_letters_and_pauses() {
        check("", 190, 0);
        check("...", 190, 0);
        check("Street.", 190, 459);
        check("Street. Park.", 190, 1140);
        check("Ahead: zebra crossing, parked car.", 190, 1960);
        check("前方斑馬線。", 190, 1342);
        check("Street.", 120, 727);
        check("Street.", 450, 194);
    }

    #[test]
    fn a_rate_lies_between_the_slowest_and_the_quickest() {
        for (rate, good) in [(0, false), (119, false), (120, true), (190, true), (450, true), (451, false)] {
            assert_eq!(Rate::new(rate).is_some(), good, "{rate}");
        }
    }
}
