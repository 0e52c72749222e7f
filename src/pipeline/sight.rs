//! Is there anything to see? Tells a covered lens and darkness from a street, by the pixels alone.
//!
//! Owns the measure and the patience: one bad frame is no fault. Reads no clock. Leaves the words to the narrator.

use std::time::Duration;

use crate::{
    fault::Fault,
    frame::{Picture, Timestamp},
};

/// What counts as blind, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct SightConfig {
    /// Mean brightness, 0 to 255, below which it is too dark.
    pub dark: f32,
    /// Standard deviation of brightness, 0 to 255, below which the lens is covered.
    pub flat: f32,
    /// How long it must last.
    pub patience: Duration,
}

impl Default for SightConfig {
    /// Of 835 street photos the darkest has a mean of 23 and the flattest a deviation of 5.2: well below both, nothing is lost.
    /// The patience is our inference: a walker should hear of a covered camera within two seconds.
    fn default() -> Self {
        Self { dark: 8.0, flat: 4.0, patience: Duration::from_millis(1500) }
    }
}

/// Watches frame by frame.
#[derive(Clone, Debug)]
pub struct Sight {
    config: SightConfig,
    blind: Option<(Fault, Timestamp)>,
}

impl Sight {
    /// Nothing seen yet.
    pub fn new(config: SightConfig) -> Self {
        Self { config, blind: None }
    }

    /// The fault of this frame, once it has lasted; the caller says it as often as its narrator lets it.
    pub fn look(&mut self, picture: &Picture, now: Timestamp) -> Option<Fault> {
        let (mean, deviation) = brightness(picture);
        let fault = if mean < self.config.dark {
            Fault::TooDark
        } else if deviation < self.config.flat {
            Fault::CameraCovered
        } else {
            self.blind = None;
            return None;
        };
        let since = match self.blind {
            Some((same, since)) if same == fault => since,
            _ => now,
        };
        self.blind = Some((fault, since));
        (now.since(since) >= self.config.patience).then_some(fault)
    }
}

/// Mean and standard deviation of the green channel, which carries most of the brightness, over every seventh pixel: enough for
/// a statistic, and no frame width shares its rhythm.
fn brightness(picture: &Picture) -> (f32, f32) {
    let (mut count, mut sum, mut squares) = (0.0_f64, 0.0_f64, 0.0_f64);
    for green in picture.rgb().iter().skip(1).step_by(21) {
        let green = f64::from(*green);
        count += 1.0;
        sum += green;
        squares += green * green;
    }
    let mean = sum / count.max(1.0);
    (mean as f32, (squares / count.max(1.0) - mean * mean).max(0.0).sqrt() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pixel: impl Fn(usize) -> u8) -> Picture {
        Picture::new(64, 48, (0..64 * 48 * 3).map(|i| pixel(i / 3)).collect()).expect("a full picture")
    }

    /// What is found after two seconds of `pixel`, at 5 frames a second.
    #[track_caller]
    fn check(pixel: impl Fn(usize) -> u8, want: Option<Fault>) {
        let (mut sight, picture) = (Sight::new(SightConfig::default()), picture(pixel));
        let look = |sight: &mut Sight, i: u32| sight.look(&picture, Timestamp::from_seconds(f64::from(i) / 5.0));
        assert_eq!(look(&mut sight, 0), None, "one frame is no fault");
        assert_eq!((1..=10).filter_map(|i| look(&mut sight, i)).last(), want);
    }

    #[test]
    fn a_covered_lens_and_darkness_are_told_from_a_street() {
        check(|_| 0, Some(Fault::TooDark));
        check(|_| 128, Some(Fault::CameraCovered));
        check(|i| 60 + (i % 4) as u8, Some(Fault::CameraCovered));
        check(|i| (i % 200) as u8, None);
        check(|i| if i % 50 == 0 { 250 } else { 15 }, None);
    }

    #[test]
    fn a_look_at_the_street_starts_the_patience_anew() {
        let (mut sight, blind, street) = (Sight::new(SightConfig::default()), picture(|_| 90), picture(|i| (i % 200) as u8));
        for i in 0..40 {
            let seen = if i % 7 == 0 { &street } else { &blind };
            assert_eq!(sight.look(seen, Timestamp::from_seconds(f64::from(i) / 5.0)), None);
        }
    }
}
