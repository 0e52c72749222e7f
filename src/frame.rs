//! What the camera saw and when: the value that `capture` hands to everybody else.
//!
//! Owns pixels and time. Leaves decoding to `capture`, resizing to `encoder`, wall clocks to `pipeline`.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment of the walk, as time since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub Duration);

impl Timestamp {
    /// The moment `seconds` after the start; zero where `seconds` is negative or no number.
    pub fn from_seconds(seconds: f64) -> Self {
        Self(Duration::try_from_secs_f64(seconds).unwrap_or_default())
    }

    /// Seconds since the start.
    pub fn seconds(self) -> f64 {
        self.0.as_secs_f64()
    }

    /// Time from `earlier` to here; zero where `earlier` lies ahead (a clock that jumped back).
    pub fn since(self, earlier: Timestamp) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment moved on by `duration`.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// This moment to the nearest millisecond, as a log keeps it.
    pub fn rounded(self) -> Self {
        Self(Duration::from_millis(((self.0.as_micros() + 500) / 1000) as u64))
    }
}

impl Serialize for Timestamp {
    /// Seconds, to the millisecond.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.seconds() * 1000.0).round() / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(|seconds| Self::from_seconds(seconds).rounded())
    }
}

impl fmt::Display for Timestamp {
    /// Minutes, seconds and tenths, as a transcript shows them: `02:31.4`. Cut, not rounded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.as_millis() / 100;
        write!(f, "{:02}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
    }
}

/// Interleaved 8-bit sRGB, row by row from the top left, upright.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// `rgb` holds `width * height * 3` bytes; `None` where it doesn't, or where a side is zero.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        let want = usize::try_from(u128::from(width) * u128::from(height) * 3).ok()?;
        (want > 0 && rgb.len() == want).then_some(Self { width, height, rgb })
    }

    /// Width in pixels; zero only in a picture that has never been filled.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels; zero only in a picture that has never been filled.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, `width * height * 3` bytes.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Gives the buffer back, so that the next picture can be decoded into it.
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} x {})", self.width, self.height)
    }
}

/// One picture of the walk.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// When the camera delivered it.
    pub at: Timestamp,
    /// What it shows.
    pub picture: Picture,
    /// The bytes as the camera gave them, where it gave JPEG: a recording keeps them unchanged.
    pub jpeg: Option<Arc<[u8]>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_exactly_its_pixels() {
        assert!(Picture::new(2, 1, vec![0; 6]).is_some());
        assert!(Picture::new(2, 1, vec![0; 5]).is_none());
        assert!(Picture::new(0, 1, vec![]).is_none());
        assert!(Picture::new(u32::MAX, u32::MAX, vec![0; 3]).is_none());
    }

    #[test]
    fn a_transcript_shows_minutes_seconds_and_tenths() {
        for (seconds, want) in
            [(0.0, "00:00.0"), (12.49, "00:12.4"), (59.99, "00:59.9"), (151.0, "02:31.0"), (6000.0, "100:00.0")]
        {
            assert_eq!(Timestamp::from_seconds(seconds).to_string(), want);
        }
    }

    #[test]
    fn a_moment_reads_as_it_was_written_once_it_is_rounded() {
        for (seconds, want) in [(0.0, "0.0"), (0.2, "0.2"), (1.0 / 3.0, "0.333"), (12.4996, "12.5"), (3599.9994, "3599.999")] {
            let moment = Timestamp::from_seconds(seconds).rounded();
            let line = serde_json::to_string(&moment).expect("a number");
            assert_eq!(line, want);
            assert_eq!(serde_json::from_str::<Timestamp>(&line).expect("a number"), moment);
        }
    }

    #[test]
    fn a_clock_that_jumps_back_gives_no_time() {
        assert_eq!(Timestamp::from_seconds(1.0).since(Timestamp::from_seconds(2.0)), Duration::ZERO);
        assert_eq!(Timestamp::from_seconds(-1.0), Timestamp::from_seconds(f64::NAN));
    }
}
