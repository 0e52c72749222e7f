//! What sounds ahead of words: a faint noise where a headset may sleep, then the short sound that was asked for.
//!
//! Owns the memory of both. Leaves the sounds themselves to `earcon`, and playing them to the voices.

use std::time::{Duration, Instant};

use super::{
    Earcon, Volume,
    earcon::{WAKING, waking},
};
use crate::callout::Direction;

/// Silence after which a headset may have gone to sleep. Our inference; the noise that wakes it costs the first word as much time.
const ASLEEP: Duration = Duration::from_secs(5);

/// What leads in one sentence, or is a heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Lead {
    /// Whether the device is woken first.
    pub wakes: bool,
    pub earcon: Option<Earcon>,
    /// From which side it comes.
    pub side: Option<Direction>,
}

impl Lead {
    /// How long it sounds.
    pub fn length(&self) -> Duration {
        let noise = if self.wakes { WAKING } else { Duration::ZERO };
        noise + self.earcon.map(Earcon::length).unwrap_or_default()
    }

    /// Its samples, mono, in [-1, 1]; the noise is as faint at any volume.
    pub fn samples(&self, rate: u32, volume: Volume) -> Vec<f32> {
        let mut samples = if self.wakes { waking(rate) } else { Vec::new() };
        let loud = f32::from(volume.percent()) / 100.0;
        samples.extend(self.earcon.into_iter().flat_map(|earcon| earcon.samples(rate)).map(|sample| loud * sample));
        samples
    }
}

/// What a voice remembers for its next lead.
#[derive(Debug, Default)]
pub(super) struct LeadIn {
    cue: Option<(Earcon, Option<Direction>)>,
    /// When something last began or ceased to sound.
    sounded: Option<Instant>,
}

impl LeadIn {
    /// `earcon` is to sound ahead of the next sentence.
    pub fn cue(&mut self, earcon: Earcon, side: Option<Direction>) {
        self.cue = Some((earcon, side));
    }

    /// Of a sentence that begins now.
    pub fn next(&mut self) -> Lead {
        let (earcon, side) = self.cue.take().map_or((None, None), |(earcon, side)| (Some(earcon), side));
        Lead { wakes: self.wakes(), earcon, side }
    }

    /// Of a heartbeat that sounds now; what was cued still waits.
    pub fn heartbeat(&mut self) -> Lead {
        Lead { wakes: self.wakes(), earcon: Some(Earcon::Heartbeat), side: None }
    }

    /// A sentence ended.
    pub fn ended(&mut self) {
        self.sounded = Some(Instant::now());
    }

    /// Of nothing, so that what may follow soon need not wait for the device to wake; `None` where it is awake.
    pub fn wake(&mut self) -> Option<Lead> {
        (self.sleeps() && self.wakes()).then(|| Lead { wakes: true, ..Lead::default() })
    }

    /// Whether the device may be asleep; from now on it is not.
    fn wakes(&mut self) -> bool {
        let sleeps = self.sleeps();
        self.sounded = Some(Instant::now());
        sleeps
    }

    fn sleeps(&self) -> bool {
        self.sounded.is_none_or(|last| last.elapsed() >= ASLEEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_woken_ahead_is_not_woken_again() {
        let mut lead_in = LeadIn::default();
        lead_in.cue(Earcon::Hazard, None);
        assert_eq!(lead_in.wake(), Some(Lead { wakes: true, ..Lead::default() }));
        assert_eq!(lead_in.wake(), None);
        assert_eq!(lead_in.next(), Lead { wakes: false, earcon: Some(Earcon::Hazard), side: None });
    }

    #[test]
    fn the_first_sound_wakes_the_device_and_a_cue_leads_in_one_sentence() {
        let mut lead_in = LeadIn::default();
        lead_in.cue(Earcon::Hazard, Some(Direction::Left));
        let beat = lead_in.heartbeat();
        assert_eq!(beat, Lead { wakes: true, earcon: Some(Earcon::Heartbeat), side: None });
        let hazard = Lead { wakes: false, earcon: Some(Earcon::Hazard), side: Some(Direction::Left) };
        assert_eq!((lead_in.next(), lead_in.next()), (hazard, Lead::default()));
        assert_eq!((hazard.length(), beat.length()), (Earcon::Hazard.length(), WAKING + Earcon::Heartbeat.length()));
        for lead in [hazard, beat, Lead::default()] {
            let seconds = lead.samples(22_050, Volume::MAX).len() as f32 / 22_050.0;
            assert!((seconds - lead.length().as_secs_f32()).abs() < 1e-3, "{lead:?}: {seconds} s");
        }
        let loudest = |lead: Lead, volume| lead.samples(22_050, volume).into_iter().fold(0.0_f32, |most, s| most.max(s.abs()));
        assert!(loudest(hazard, Volume::MIN) < 0.11 * loudest(hazard, Volume::MAX));
    }
}
