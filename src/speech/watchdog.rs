//! Notices a voice that has fallen silent without saying so.
//!
//! Owns the time by which an utterance must have been reported on. A server that hangs and a device that no longer plays report
//! no error; the walker would take their silence for an empty street.

use std::time::{Duration, Instant};

use super::{UtteranceId, VoiceEvent};

/// Waits for the report on the utterance that was begun last.
#[derive(Debug)]
pub(super) struct Watchdog {
    /// Time for the report, beyond twice the utterance's length.
    patience: Duration,
    owed: Option<(UtteranceId, Instant)>,
}

impl Default for Watchdog {
    /// 4 s, our inference: Speech Dispatcher reports 350 ms after the last sound on an idle machine; a busy small computer needs
    /// several times that.
    fn default() -> Self {
        Self { patience: Duration::from_secs(4), owed: None }
    }
}

impl Watchdog {
    /// `id`, about `length` long, is to be said now.
    pub(super) fn expect(&mut self, id: UtteranceId, length: Duration) {
        self.owed = Some((id, Instant::now() + length * 2 + self.patience));
    }

    /// Takes in the newest `events`; true, once, where the report is overdue.
    pub(super) fn barks(&mut self, events: &[VoiceEvent]) -> bool {
        for event in events {
            match event {
                VoiceEvent::Finished(id) | VoiceEvent::Stopped(id) => drop(self.owed.take_if(|(owed, _)| owed == id)),
                VoiceEvent::Lost(_) => self.owed = None,
                VoiceEvent::Began(_) => {}
            }
        }
        self.owed.take_if(|(_, until)| *until < Instant::now()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(events: &[VoiceEvent], want: bool) {
        let mut watchdog = Watchdog { patience: Duration::ZERO, owed: None };
        assert!(!watchdog.barks(&[]), "nothing was owed");
        watchdog.expect(UtteranceId(2), Duration::ZERO);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(watchdog.barks(events), want, "{events:?}");
        assert!(!watchdog.barks(&[]), "barked twice");
    }

    #[test]
    fn only_the_report_on_what_was_said_last_keeps_it_quiet() {
        use VoiceEvent::*;
        let (one, two) = (UtteranceId(1), UtteranceId(2));
        check(&[], true);
        check(&[Began(two)], true);
        check(&[Stopped(one)], true);
        check(&[Finished(two)], false);
        check(&[Stopped(two)], false);
        check(&[Lost("gone".to_owned())], false);
    }

    #[test]
    fn it_waits_twice_the_length_and_some_seconds() {
        let mut watchdog = Watchdog::default();
        watchdog.expect(UtteranceId(1), Duration::from_secs(1));
        assert!(!watchdog.barks(&[]));
    }
}
