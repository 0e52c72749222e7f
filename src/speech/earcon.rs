//! Short sounds that are told apart without a word: a hazard, a notice, a fault, and the heartbeat that says that all is well.
//!
//! Owns their rhythm and pitch, and the faint noise that wakes a headset. Leaves when they sound to `pipeline`, the device to the voices.

use std::{f32::consts::TAU, time::Duration};

use crate::callout::{Callout, Priority};

/// A short sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Earcon {
    /// Ahead of what is urgent.
    Hazard,
    /// Ahead of what is good to know.
    Notice,
    /// Ahead of what is wrong with the program.
    Fault,
    /// All is well, and there is nothing to say.
    Heartbeat,
}

/// One tone of a sound.
struct Tone {
    /// Milliseconds from the sound's beginning to the tone's.
    at: u32,
    /// Milliseconds.
    length: u32,
    /// Hertz at its beginning and at its end.
    pitch: (f32, f32),
    /// Amplitude, of full scale.
    level: f32,
}

const fn tone(at: u32, length: u32, pitch: (f32, f32), level: f32) -> Tone {
    Tone { at, length, pitch, level }
}

/// Milliseconds in which a tone swells and fades, so that it doesn't click.
const EDGE: f32 = 5.0;
/// The noise that wakes a headset: how long, and its amplitude, 54 dB below full scale, which a street covers. Real noise, since a headset
/// sleeps on through digital silence (organicmaps #6846, OsmAnd #19906).
pub(super) const WAKING: Duration = Duration::from_millis(120);
const FAINT: f32 = 0.002;

impl Earcon {
    /// Every sound.
    pub const ALL: [Earcon; 4] = [Earcon::Hazard, Earcon::Notice, Earcon::Fault, Earcon::Heartbeat];

    /// The sound ahead of `callout`; `None` where its words are enough.
    pub fn ahead_of(callout: &Callout) -> Option<Earcon> {
        match (&*callout.subject.facet, callout.priority) {
            ("fault", _) => Some(Earcon::Fault),
            ("session", _) => None,
            (_, Priority::Important) => Some(Earcon::Hazard),
            (_, Priority::Message) => Some(Earcon::Notice),
            (_, Priority::Text | Priority::Notification | Priority::Progress) => None,
        }
    }

    /// Three quick high tones, one that rises, two that fall, and two soft low thuds. Each is as long as ears need to know it and no longer:
    /// 100 to 150 ms. The highest has the frequencies to which traffic adds least.
    fn tones(self) -> &'static [Tone] {
        const HIGH: (f32, f32) = (1760.0, 1760.0);
        match self {
            Earcon::Hazard => const { &[tone(0, 30, HIGH, 0.5), tone(45, 30, HIGH, 0.5), tone(90, 30, HIGH, 0.5)] },
            Earcon::Notice => const { &[tone(0, 110, (660.0, 990.0), 0.25)] },
            Earcon::Fault => const { &[tone(0, 55, (440.0, 440.0), 0.4), tone(75, 65, (311.0, 311.0), 0.4)] },
            Earcon::Heartbeat => const { &[tone(0, 45, (220.0, 220.0), 0.06), tone(75, 45, (196.0, 196.0), 0.05)] },
        }
    }

    /// How long it sounds.
    pub fn length(self) -> Duration {
        let end = self.tones().iter().map(|tone| tone.at + tone.length).max();
        Duration::from_millis(u64::from(end.unwrap_or_default()))
    }

    /// Its samples, mono, in [-1, 1].
    pub fn samples(self, rate: u32) -> Vec<f32> {
        let per_ms = rate as f32 / 1000.0;
        let mut out = vec![0.0; (self.length().as_secs_f32() * rate as f32) as usize];
        for Tone { at, length, pitch, level } in self.tones() {
            let (first, count) = ((*at as f32 * per_ms) as usize, (*length as f32 * per_ms) as usize);
            let mut phase = 0.0_f32;
            for (i, sample) in out.iter_mut().skip(first).take(count).enumerate() {
                let (done, left) = (i as f32 / per_ms, (count - i) as f32 / per_ms);
                let swell = (done.min(left) / EDGE).min(1.0);
                *sample += level * (TAU / 4.0 * swell).sin().powi(2) * phase.sin();
                phase += TAU * (pitch.0 + (pitch.1 - pitch.0) * i as f32 / count as f32) / rate as f32;
            }
        }
        out
    }
}

/// The faint noise ahead of the first sound after a silence.
pub(super) fn waking(rate: u32) -> Vec<f32> {
    // A linear congruential generator (Numerical Recipes): the same noise each time.
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        FAINT * (state as f32 / u32::MAX as f32 * 2.0 - 1.0)
    };
    (0..(WAKING.as_secs_f32() * rate as f32) as usize).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{callout::Subject, frame::Timestamp};

    const RATE: u32 = 22_050;

    /// The tones of `samples` as a listener would count them: milliseconds from begin to end, and hertz by its zero crossings.
    fn heard(samples: &[f32]) -> Vec<(f32, f32, f32)> {
        let loudest = samples.iter().fold(0.0_f32, |most, s| most.max(s.abs()));
        let ms = |sample: usize| sample as f32 * 1000.0 / RATE as f32;
        let gap = RATE as usize / 100;
        let (mut tones, mut begun, mut last): (Vec<(f32, f32, f32)>, Option<usize>, usize) = (Vec::new(), None, 0);
        for i in 0..samples.len() + gap + 1 {
            if samples.get(i).is_some_and(|s| s.abs() > 0.2 * loudest) {
                begun = begun.or(Some(i));
                last = i;
            } else if let Some(first) = begun.filter(|_| i - last > gap) {
                let tone = &samples[first..last];
                let crossings = tone.windows(2).filter(|w| (w[0] < 0.0) != (w[1] < 0.0)).count();
                tones.push((ms(first), ms(last), crossings as f32 * 500.0 / ms(last - first)));
                begun = None;
            }
        }
        tones
    }

    #[test]
    fn each_sound_has_a_rhythm_and_a_pitch_of_its_own_and_lasts_a_tenth_of_a_second() {
        for (earcon, count, low, high) in [
            (Earcon::Hazard, 3, 1650.0, 1850.0),
            (Earcon::Notice, 1, 700.0, 900.0),
            (Earcon::Fault, 2, 290.0, 480.0),
            (Earcon::Heartbeat, 2, 170.0, 240.0),
        ] {
            let samples = earcon.samples(RATE);
            let tones = heard(&samples);
            assert_eq!(tones.len(), count, "{earcon:?}: {tones:?}");
            assert!(tones.iter().all(|(.., pitch)| (low..high).contains(pitch)), "{earcon:?}: {tones:?}");
            let length = samples.len() as f32 / RATE as f32;
            assert!((0.1..=0.15).contains(&length), "{earcon:?}: {length}");
            assert!(samples.iter().all(|s| s.abs() <= 0.5), "{earcon:?} is too loud");
            let jump = samples.windows(2).map(|w| (w[1] - w[0]).abs()).fold(samples[0].abs(), f32::max);
            assert!(jump < 0.3, "{earcon:?} clicks: {jump}");
        }
    }

    #[test]
    fn a_heartbeat_is_soft_and_a_fault_falls_while_a_notice_rises() {
        let loud = |earcon: Earcon| earcon.samples(RATE).iter().map(|s| s * s).sum::<f32>();
        assert!(Earcon::ALL.iter().filter(|e| **e != Earcon::Heartbeat).all(|e| loud(*e) > 10.0 * loud(Earcon::Heartbeat)));
        let fault = heard(&Earcon::Fault.samples(RATE));
        assert!(fault[0].2 > fault[1].2 + 80.0, "{fault:?}");
        let notice = Earcon::Notice.samples(RATE);
        let (first, second) = notice.split_at(notice.len() / 2);
        assert!(heard(first)[0].2 + 60.0 < heard(second)[0].2);
    }

    #[test]
    fn the_noise_that_wakes_a_headset_is_real_and_too_faint_to_hear() {
        let noise = waking(RATE);
        assert!(noise.iter().all(|s| s.abs() <= FAINT) && noise.iter().filter(|s| **s == 0.0).count() < 3);
        // No 16-bit device rounds it to silence.
        assert!(noise.chunks(RATE as usize / 100).all(|part| part.iter().any(|s| (s * 32767.0).abs() > 20.0)));
    }

    #[test]
    fn a_callout_is_led_in_by_how_much_it_matters() {
        let check = |facet: &str, priority, want| {
            let (at, subject) = (Timestamp::default(), Subject::new(facet, "x"));
            let message = "x".into();
            let callout =
                Callout { at, subject, message, direction: None, priority, valid_until: at, p: None, details: Vec::new() };
            assert_eq!(Earcon::ahead_of(&callout), want, "{facet} {priority:?}");
        };
        check("fault", Priority::Important, Some(Earcon::Fault));
        check("crossing", Priority::Important, Some(Earcon::Hazard));
        check("obstacle", Priority::Message, Some(Earcon::Notice));
        check("place", Priority::Text, None);
        check("session", Priority::Message, None);
    }
}
