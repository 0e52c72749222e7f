//! The system's voice: Speech Dispatcher, as the walker has set it up.
//!
//! Owns the connection, on a thread of its own, since a server that hangs must not hang the walk. Leaves the choice of
//! synthesiser and voice to the walker's own settings.

use std::{
    collections::HashMap,
    env,
    mem::ManuallyDrop,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use tts::{Backends, Tts};

use super::{LengthModel, Rate, SpeechError, UtteranceId, Voice, VoiceEvent, watchdog::Watchdog};

const NAME: &str = "system";

/// How long the connection may take; the server may have to be started first. Our inference: more than a busy small computer
/// needs, less than a walker waits.
const OPEN: Duration = Duration::from_secs(8);

/// What the thread of the connection is told: by us, or by the server's callbacks.
enum Note {
    Say(UtteranceId, String),
    Stop,
    Began(u64),
    Ended(u64),
    Cancelled(u64),
    Close,
}

/// Speaks through Speech Dispatcher.
pub struct SystemVoice {
    notes: Sender<Note>,
    events: Receiver<VoiceEvent>,
    watchdog: Watchdog,
    rate: Rate,
}

impl SystemVoice {
    /// Connects, starting the server where that is its way, and tries it with a sentence at no volume. Refuses where the system
    /// speaks another language than `language`.
    pub fn open(language: &str, rate: Rate) -> Result<Self, SpeechError> {
        let fail = |problem: String| SpeechError::Open { voice: NAME, problem };
        let (notes, inbox) = mpsc::channel();
        let (outbox, events) = mpsc::channel();
        let (ready, opened) = mpsc::channel();
        let callbacks = notes.clone();
        let language = language.to_owned();
        let run = move || match connect(&language, rate, &callbacks, &inbox) {
            Ok(tts) => {
                if ready.send(Ok(())).is_ok() {
                    converse(tts, &inbox, &outbox);
                }
            }
            Err(problem) => drop(ready.send(Err(problem))),
        };
        thread::Builder::new().name("system voice".to_owned()).spawn(run).map_err(|e| fail(e.to_string()))?;
        match opened.recv_timeout(OPEN) {
            Ok(Ok(())) => Ok(Self { notes, events, watchdog: Watchdog::default(), rate }),
            Ok(Err(problem)) => Err(fail(problem)),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = OPEN.as_secs();
                Err(fail(format!("Speech Dispatcher did not answer within {seconds} s; try `spd-say hello`")))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(fail("the connection to Speech Dispatcher broke down; try `spd-say hello`".to_owned()))
            }
        }
    }

    fn send(&self, note: Note) -> Result<(), SpeechError> {
        let gone = |_| SpeechError::Lost { voice: NAME, problem: "Speech Dispatcher is gone; opening it anew".to_owned() };
        self.notes.send(note).map_err(gone)
    }
}

impl Voice for SystemVoice {
    fn name(&self) -> &str {
        NAME
    }

    fn say(&mut self, id: UtteranceId, text: &str) -> Result<(), SpeechError> {
        self.send(Note::Say(id, text.to_owned()))?;
        self.watchdog.expect(id, self.length(text));
        Ok(())
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        self.send(Note::Stop)
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        let mut events: Vec<_> = self.events.try_iter().collect();
        if self.watchdog.barks(&events) {
            events.push(VoiceEvent::Lost("Speech Dispatcher no longer answers".to_owned()));
        }
        events
    }

    fn length(&self, text: &str) -> Duration {
        LengthModel::default().length(text, self.rate)
    }
}

impl Drop for SystemVoice {
    fn drop(&mut self) {
        // The thread falls silent and ends by itself: waiting for it could wait for a server that hangs.
        let _ = self.notes.send(Note::Close);
    }
}

/// A connection that reports to `notes` and has begun a sentence that nobody hears. It is never dropped: `tts` then forgets its
/// callbacks, and aborts the program if the server still calls one of them.
fn connect(language: &str, rate: Rate, notes: &Sender<Note>, inbox: &Receiver<Note>) -> Result<ManuallyDrop<Tts>, String> {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|v| env::var(v).ok().filter(|v| !v.is_empty()));
    let spoken = spoken(locale.as_deref().unwrap_or_default());
    if spoken != primary(language) {
        return Err(format!("it speaks {spoken} here, and the words are in {language}; set LANG, or take the direct voice"));
    }
    let tts =
        Tts::new(Backends::SpeechDispatcher).map_err(|e| format!("{e}; install speech-dispatcher, and try `spd-say hello`"))?;
    let mut tts = ManuallyDrop::new(tts);
    let (began, ended, cancelled) = (notes.clone(), notes.clone(), notes.clone());
    let refused = |e| format!("Speech Dispatcher refused: {e}; try `spd-say hello`");
    tts.on_utterance_begin(Some(Box::new(move |id| drop(began.send(Note::Began(message(id))))))).map_err(refused)?;
    tts.on_utterance_end(Some(Box::new(move |id| drop(ended.send(Note::Ended(message(id))))))).map_err(refused)?;
    tts.on_utterance_stop(Some(Box::new(move |id| drop(cancelled.send(Note::Cancelled(message(id))))))).map_err(refused)?;
    tts.set_rate(dispatcher_rate(rate)).map_err(refused)?;

    let (volume, silent) = (tts.get_volume().map_err(refused)?, tts.min_volume());
    tts.set_volume(silent).map_err(refused)?;
    let probe = tts.speak("one", true).map_err(refused)?.ok_or("Speech Dispatcher took no message; try `spd-say hello`")?;
    // Whoever opens the voice waits no longer than `OPEN`.
    inbox.iter().find(|note| matches!(note, Note::Began(id) if *id == message(probe)));
    tts.stop().map_err(refused)?;
    tts.set_volume(volume).map_err(refused)?;
    Ok(tts)
}

/// The server's number of a message.
fn message(id: tts::UtteranceId) -> u64 {
    let tts::UtteranceId::SpeechDispatcher(id) = id;
    id
}

/// The language of a system with `locale`, which is that of its voice. To ask the server takes seconds: it lists 13,000 voices.
fn spoken(locale: &str) -> String {
    match primary(locale).as_str() {
        "" | "c" | "posix" => "en".to_owned(),
        language => language.to_owned(),
    }
}

fn primary(tag: &str) -> String {
    tag.split(['-', '_', '.', '@']).next().unwrap_or_default().to_lowercase()
}

/// The server's scale from -100 to 100, as its espeak-ng module reads it: -100 is 80 words a minute, 0 is 170, 100 is 449.
/// Its other modules have no scale in words a minute.
fn dispatcher_rate(rate: Rate) -> f32 {
    let rate = rate.words_a_minute() as f32;
    let scaled = if rate < 170.0 { (rate - 170.0) / (170.0 - 80.0) } else { (rate - 170.0) / (449.0 - 170.0) };
    (scaled * 100.0).round().clamp(-100.0, 100.0)
}

/// The thread of the connection. Notes come in one queue, so that a report is never read before the answer that names it.
fn converse(mut tts: ManuallyDrop<Tts>, inbox: &Receiver<Note>, outbox: &Sender<VoiceEvent>) {
    let mut ours: HashMap<u64, UtteranceId> = HashMap::new();
    for note in inbox {
        let event = match note {
            Note::Say(id, text) => match tts.speak(text, true) {
                Ok(Some(server)) => {
                    ours.insert(message(server), id);
                    None
                }
                Ok(None) => Some(VoiceEvent::Lost("Speech Dispatcher took no message".to_owned())),
                Err(e) => Some(VoiceEvent::Lost(format!("Speech Dispatcher: {e}"))),
            },
            Note::Stop => tts.stop().err().map(|e| VoiceEvent::Lost(format!("Speech Dispatcher: {e}"))),
            Note::Began(server) => ours.get(&server).copied().map(VoiceEvent::Began),
            Note::Ended(server) => ours.remove(&server).map(VoiceEvent::Finished),
            Note::Cancelled(server) => ours.remove(&server).map(VoiceEvent::Stopped),
            Note::Close => {
                let _ = tts.stop();
                return;
            }
        };
        let lost = matches!(event, Some(VoiceEvent::Lost(_)));
        if event.is_some_and(|event| outbox.send(event).is_err()) || lost {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_language_is_that_of_its_locale() {
        for (locale, want) in
            [("", "en"), ("C.UTF-8", "en"), ("POSIX", "en"), ("de_DE.UTF-8", "de"), ("en_GB", "en"), ("ca@x", "ca")]
        {
            assert_eq!(spoken(locale), want, "{locale:?}");
        }
    }

    #[test]
    fn a_rate_is_told_on_the_servers_scale() {
        for (rate, want) in [(120, -56.0), (170, 0.0), (190, 7.0), (300, 47.0), (449, 100.0), (450, 100.0)] {
            assert_eq!(dispatcher_rate(Rate::new(rate).unwrap()), want, "{rate}");
        }
    }
}
