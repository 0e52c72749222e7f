//! Is there anything to see, and how well? Tells a covered lens and darkness from a street, and a sharp picture from a blurred one, by
//! the pixels alone.
//!
//! Owns the measures and the patience: one bad frame is no fault. Reads no clock. Leaves the words to the narrator, and what a poor
//! picture is worth to its evidence.

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

/// From which sharpness to which a picture counts as evidence, and from which brightness to which. Sharpness is the mean second difference
/// of brightness at 1/256 of the short side, over the standard deviation: the model sees no finer. Of 411 test photos 404 reach .046;
/// blurred by as much as that step six videos of walks lie at .03 to .06, by four steps at .011 to .021. The darkest photo has a mean
/// brightness of 23.
const SHARP: (f32, f32) = (0.012, 0.045);
const BRIGHT: (f32, f32) = (8.0, 24.0);
/// What the poorest picture is worth: little, and not nothing, so that a smeared lens makes belief slow and not impossible.
const LEAST: f32 = 0.1;

/// What a picture is worth as evidence, from .1 for one that is blurred or dark to 1 for a sharp one in good light.
pub fn quality(picture: &Picture) -> f32 {
    let part = |x: f32, (none, whole): (f32, f32)| ((x - none) / (whole - none)).clamp(0.0, 1.0);
    let (mean, deviation) = brightness(picture);
    (part(sharpness(picture) / deviation.max(1.0), SHARP) * part(mean, BRIGHT)).max(LEAST)
}

/// Mean size of the second difference of the green channel, across and down, at 1/256 of the short side, over a grid of some 9,000
/// places.
fn sharpness(picture: &Picture) -> f32 {
    let (width, height, rgb) = (picture.width() as usize, picture.height() as usize, picture.rgb());
    let step = (width.min(height) / 256).max(1);
    let green = |x: usize, y: usize| rgb.get((y * width + x) * 3 + 1).map_or(0.0, |&g| f32::from(g));
    let (mut count, mut sum) = (0.0_f32, 0.0_f32);
    for y in (step..height.saturating_sub(step)).step_by((height / 96).max(1)) {
        for x in (step..width.saturating_sub(step)).step_by((width / 96).max(1)) {
            let twice = 2.0 * green(x, y);
            sum += (green(x - step, y) + green(x + step, y) - twice).abs();
            sum += (green(x, y - step) + green(x, y + step) - twice).abs();
            count += 2.0;
        }
    }
    sum / count.max(1.0)
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

    /// The quality of stripes that rise and fall over `period` pixels, as bright as `light`.
    #[track_caller]
    fn check_quality(period: f32, light: f32, want: std::ops::RangeInclusive<f32>) {
        let wave = |i: usize| light * (1.0 + (std::f32::consts::TAU * i as f32 / period).sin());
        let rgb = (0..512 * 512 * 3).map(|i| wave(i / 3 % 512) as u8).collect();
        let quality = quality(&Picture::new(512, 512, rgb).expect("a full picture"));
        assert!(want.contains(&quality), "{quality} for stripes of {period} at {light}");
    }

    #[test]
    fn a_blurred_or_dark_picture_is_worth_less() {
        check_quality(20.0, 100.0, 1.0..=1.0);
        check_quality(48.0, 100.0, 0.15..=0.8);
        check_quality(200.0, 100.0, 0.1..=0.1);
        check_quality(20.0, 16.0, 0.4..=0.6);
        check_quality(20.0, 4.0, 0.1..=0.1);
        assert_eq!(quality(&picture(|_| 0)), 0.1);
        assert_eq!(quality(&Picture::default()), 0.1);
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
