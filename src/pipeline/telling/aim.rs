//! Whether the camera is aimed well, for a walker who is putting it on.
//!
//! Owns the patience on the way there. What a good aim is, is known by what comes of it: sharp pictures in which the street is recognised,
//! and no fault of the view. Those are said as such.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Telling;
use crate::{control::Control, frame::Timestamp, observation::Observation, pipeline::step::Outcome, speech::SpeechError};

/// For as long the street must be recognised: longer than a fault of the view needs to be found, so that a camera on its side is not
/// called well aimed.
const STEADY: Duration = Duration::from_secs(4);
/// After as long a silence a poor aim is told, and so often at most.
const PATIENCE: Duration = Duration::from_secs(12);
const TRIES: u8 = 3;
/// From which quality on a picture is sharp enough.
const SHARP: f32 = 0.5;
/// In these facets a street shows.
const STREET: [&str; 3] = ["place", "surface", "crossing"];

/// A walker aims the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Aim {
    good_since: Option<Timestamp>,
    due: Timestamp,
    told: u8,
}

/// What a walker who aims is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Good,
    Poor,
}

impl Aim {
    /// From now on.
    pub fn begun(now: Timestamp) -> Self {
        Self { due: now.after(PATIENCE), ..Self::default() }
    }

    /// The view is lost.
    pub fn lose(&mut self) {
        self.good_since = None;
    }

    /// A picture came, in which the street is recognised or not. Nothing is told while something else is being said.
    fn look(&mut self, good: bool, idle: bool, now: Timestamp) -> Option<Word> {
        let since = good.then(|| self.good_since.unwrap_or(now));
        self.good_since = since;
        if !idle {
            self.due = now.after(PATIENCE);
            return None;
        }
        if since.is_some_and(|since| now.since(since) >= STEADY) {
            return Some(Word::Good);
        }
        (now >= self.due).then(|| {
            (self.due, self.told) = (now.after(PATIENCE), self.told + 1);
            Word::Poor
        })
    }
}

impl Telling {
    /// Tells a walker who aims the camera how well that is done.
    pub(super) fn guide(&mut self, observation: &Observation, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        let Some(mut aim) = self.memory.aim else { return Ok(()) };
        let street = || self.narrator.around().iter().any(|sight| STREET.contains(&&*sight.subject.facet));
        let good = observation.quality >= SHARP && street();
        let word = aim.look(good, self.queue.is_idle(), now);
        let over = word == Some(Word::Good) || aim.told >= TRIES;
        self.memory.aim = (!over).then_some(aim);
        match word {
            Some(Word::Good) => self.remark(Control::Introduce, "aim-good", now, out),
            Some(Word::Poor) => self.remark(Control::Introduce, "aim-poor", now, out),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 0 s on a picture each half second, in which the street is recognised from `good` s on; the voice speaks until `busy` s.
    #[track_caller]
    fn check(busy: f64, good: f64, want: &[(f64, &str)]) {
        let (mut aim, mut told) = (Aim::begun(Timestamp::default()), Vec::new());
        for at in (0..100).map(|half| f64::from(half) / 2.0) {
            match aim.look(at >= good, at >= busy, Timestamp::from_seconds(at)) {
                Some(Word::Poor) => told.push((at, "poor")),
                Some(Word::Good) => {
                    told.push((at, "good"));
                    break;
                }
                None => {}
            }
        }
        assert_eq!(told, want, "busy until {busy}, good from {good} on");
    }

    #[test]
    fn a_good_aim_is_told_once_it_is_steady_and_nothing_else_is_said() {
        check(0.0, 0.0, &[(4.0, "good")]);
        check(10.0, 0.0, &[(10.0, "good")]);
        check(0.0, 5.0, &[(9.0, "good")]);
    }

    #[test]
    fn a_poor_aim_is_told_after_a_silence() {
        check(0.0, 13.0, &[(12.0, "poor"), (17.0, "good")]);
        check(10.0, 99.0, &[(21.5, "poor"), (33.5, "poor"), (45.5, "poor")]);
    }

    #[test]
    fn a_view_that_is_lost_is_steady_only_from_its_return_on() {
        let mut aim = Aim::begun(Timestamp::default());
        let at = Timestamp::from_seconds;
        assert_eq!(aim.look(true, true, at(0.0)), None);
        aim.lose();
        assert_eq!(aim.look(true, true, at(2.0)), None);
        assert_eq!(aim.look(true, true, at(4.0)), None);
        assert_eq!(aim.look(true, true, at(6.0)), Some(Word::Good));
    }
}
