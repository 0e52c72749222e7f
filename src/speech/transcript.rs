//! The voice that writes instead of speaking.
//!
//! Owns virtual speech: each sentence is a line, and takes as long as a voice would need. Leaves the clock to its maker, so that
//! a replay's time may run as fast as it can.

use std::{io::Write, time::Duration};

use super::{LengthModel, Rate, SpeechError, Tuning, UtteranceId, Voice, VoiceEvent};
use crate::{callout::Priority, frame::Timestamp};

/// Tells a voice what time it is.
pub type Clock = Box<dyn Fn() -> Timestamp + Send>;

/// Writes a line for each sentence: when it would begin to sound, and its words.
pub struct Transcript {
    out: Box<dyn Write + Send>,
    clock: Clock,
    rate: Rate,
    speaking: Option<(UtteranceId, Timestamp)>,
    events: Vec<VoiceEvent>,
}

impl Transcript {
    /// Writes to `out`; a sentence ends once `clock` has moved on by its length at `rate`.
    pub fn new(out: impl Write + Send + 'static, clock: Clock, rate: Rate) -> Self {
        Self { out: Box::new(out), clock, rate, speaking: None, events: Vec::new() }
    }

    /// When what is being said will have been heard; `None` while silent. A replay moves its clock there.
    pub fn ends(&self) -> Option<Timestamp> {
        self.speaking.map(|(_, end)| end)
    }

    fn settle(&mut self) {
        let now = (self.clock)();
        if let Some((id, _)) = self.speaking.take_if(|(_, end)| *end <= now) {
            self.events.push(VoiceEvent::Finished(id));
        }
    }
}

impl Voice for Transcript {
    fn name(&self) -> &str {
        "transcript"
    }

    fn say(&mut self, id: UtteranceId, text: &str, _: Priority) -> Result<(), SpeechError> {
        self.stop()?;
        let now = (self.clock)();
        writeln!(self.out, "{now}  {text}")?;
        self.out.flush()?;
        self.speaking = Some((id, now.after(self.length(text))));
        self.events.push(VoiceEvent::Began(id));
        Ok(())
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        self.settle();
        self.events.extend(self.speaking.take().map(|(id, _)| VoiceEvent::Stopped(id)));
        Ok(())
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        self.settle();
        std::mem::take(&mut self.events)
    }

    fn length(&self, text: &str) -> Duration {
        LengthModel::default().length(text, self.rate)
    }

    fn tune(&mut self, tuning: Tuning) -> Result<(), SpeechError> {
        self.rate = tuning.rate;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{
            Arc, Mutex,
            atomic::{AtomicU64, Ordering},
        },
    };

    use super::*;

    /// Lines that a test can read back.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Says `says`, each text at its millisecond, and asks for events at `until`.
    #[track_caller]
    fn check(says: &[(u64, &str)], until: u64, lines: &str, events: &[VoiceEvent]) {
        let page = Page::default();
        let time = Arc::new(AtomicU64::new(0));
        let clock = time.clone();
        let clock = Box::new(move || Timestamp(Duration::from_millis(clock.load(Ordering::Relaxed))));
        let mut voice = Transcript::new(page.clone(), clock, Rate::default());
        for (id, (at, text)) in (1..).zip(says) {
            time.store(*at, Ordering::Relaxed);
            voice.say(UtteranceId(id), text, Priority::Text).unwrap();
        }
        time.store(until, Ordering::Relaxed);
        assert_eq!(voice.events(), events);
        assert_eq!(String::from_utf8(page.0.lock().unwrap().clone()).unwrap(), lines);
    }

    #[test]
    fn a_sentence_is_a_line_and_takes_its_time() {
        use VoiceEvent::*;
        let (one, two) = (UtteranceId(1), UtteranceId(2));
        check(&[(1000, "Street.")], 1458, "00:01.0  Street.\n", &[Began(one)]);
        check(&[(1000, "Street.")], 1459, "00:01.0  Street.\n", &[Began(one), Finished(one)]);
        check(
            &[(1000, "Street."), (1200, "Park.")],
            9000,
            "00:01.0  Street.\n00:01.2  Park.\n",
            &[Began(one), Stopped(one), Began(two), Finished(two)],
        );
        check(
            &[(1000, "Street."), (1500, "Park.")],
            1500,
            "00:01.0  Street.\n00:01.5  Park.\n",
            &[Began(one), Finished(one), Began(two)],
        );
    }
}
