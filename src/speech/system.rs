//! The system's voice: Speech Dispatcher, as the walker has set it up.
//!
//! Owns the connection, on a thread of its own, since a server that hangs must not hang the walk. Leaves the choice of
//! synthesiser and voice to the walker's own settings; asks for the language only. Leaves short sounds to `sounds`: the server gets the
//! words when what leads them in has sounded.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use speech_dispatcher::{Connection, Mode, Priority as Ssip};

use super::{
    Earcon, LengthModel, Rate, SpeechError, Tuning, UtteranceId, Voice, VoiceEvent, Volume, lead::LeadIn, sounds::Sounds,
    watchdog::Watchdog,
};
use crate::callout::{Direction, Priority};

const NAME: &str = "system";

/// How long a screen reader may keep a sentence waiting that is no hazard. Later it would be said of a street that has changed.
const WAITS: Duration = Duration::from_secs(3);

/// Between two questions to a server that has nothing else to do for us: one that is gone reports nothing.
const ASK: Duration = Duration::from_millis(500);
/// How long the server may take for an answer. It answers at once, whatever it says meanwhile; our inference for a machine that is busy.
const ANSWERS: Duration = Duration::from_millis(1200);

/// When the connection's thread last had an answer.
struct Alive {
    opened: Instant,
    /// Milliseconds since then.
    last: AtomicU64,
}

impl Alive {
    fn new() -> Self {
        Self { opened: Instant::now(), last: AtomicU64::new(0) }
    }

    fn mark(&self) {
        self.last.store(self.opened.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    fn since(&self) -> Duration {
        self.opened.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }
}

/// What the thread of the connection is told: by us, or by the server's callbacks.
enum Note {
    /// Not before that moment.
    Say(Words, Instant),
    Stop,
    Tune(Tuning),
    Began(u64),
    Ended(u64),
    Cancelled(u64),
    Close,
}

/// A sentence for the server.
struct Words {
    id: UtteranceId,
    text: String,
    priority: Ssip,
}

/// Speaks through Speech Dispatcher.
pub struct SystemVoice {
    notes: Sender<Note>,
    events: Receiver<VoiceEvent>,
    watchdog: Watchdog,
    tuning: Tuning,
    /// What has not begun, and until when it may: others speak by the same server.
    waiting: Option<(UtteranceId, Instant)>,
    /// What was said and neither finished nor was stopped.
    speaking: Option<UtteranceId>,
    lead_in: LeadIn,
    sounds: Sounds,
    /// A heartbeat began to sound, which nobody was told yet.
    beat: bool,
    alive: Arc<Alive>,
}

impl SystemVoice {
    /// Connects, starting the server where that is its way, asks for a voice of `language`, and tries it with a sentence at no volume.
    pub fn open(language: &str, rate: Rate) -> Result<Self, SpeechError> {
        Self::open_within(super::STARTING, language, rate)
    }

    /// The same within `patience`.
    pub(super) fn open_within(patience: Duration, language: &str, rate: Rate) -> Result<Self, SpeechError> {
        let fail = |problem: String| SpeechError::Open { voice: NAME, problem };
        let (notes, inbox) = mpsc::channel();
        let (outbox, events) = mpsc::channel();
        let (ready, opened) = mpsc::channel();
        let callbacks = notes.clone();
        // The device is opened meanwhile.
        let sounds = Sounds::open().map_err(|e| fail(e.to_string()))?;
        let language = language.to_owned();
        let alive = Arc::new(Alive::new());
        let marks = Arc::clone(&alive);
        let run = move || match connect(&language, rate, &callbacks, &inbox) {
            Ok(server) => {
                marks.mark();
                if ready.send(Ok(())).is_ok() {
                    converse(&server, rate, &inbox, &outbox, &marks);
                }
            }
            Err(problem) => drop(ready.send(Err(problem))),
        };
        thread::Builder::new().name("system voice".to_owned()).spawn(run).map_err(|e| fail(e.to_string()))?;
        match opened.recv_timeout(patience) {
            Ok(Ok(())) => Ok(Self {
                notes,
                events,
                watchdog: Watchdog::default(),
                tuning: Tuning { rate, ..Tuning::default() },
                waiting: None,
                speaking: None,
                lead_in: LeadIn::default(),
                sounds,
                beat: false,
                alive,
            }),
            Ok(Err(problem)) => Err(fail(problem)),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = patience.as_secs();
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

    fn say(&mut self, id: UtteranceId, text: &str, priority: Priority) -> Result<(), SpeechError> {
        let led_in = self.sounds.sound(self.lead_in.next(), self.tuning.volume);
        let begins = Instant::now() + led_in;
        self.send(Note::Say(Words { id, text: text.to_owned(), priority: ssip(priority) }, begins))?;
        self.waiting = (priority < Priority::Important).then(|| (id, begins + WAITS));
        self.speaking = Some(id);
        self.watchdog.expect(id, led_in + self.length(text));
        Ok(())
    }

    fn cue(&mut self, earcon: Earcon, side: Option<Direction>) -> Result<(), SpeechError> {
        if earcon != Earcon::Heartbeat {
            self.lead_in.cue(earcon, side);
        } else if self.speaking.is_none() {
            self.beat = !self.sounds.sound(self.lead_in.heartbeat(), self.tuning.volume).is_zero();
        }
        Ok(())
    }

    fn wake(&mut self) -> Result<(), SpeechError> {
        if self.speaking.is_none()
            && let Some(lead) = self.lead_in.wake()
        {
            self.sounds.sound(lead, self.tuning.volume);
        }
        Ok(())
    }

    fn lacks_sounds(&self) -> bool {
        self.sounds.are_lost()
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        self.sounds.stop();
        self.send(Note::Stop)
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        let beat = std::mem::take(&mut self.beat).then_some(VoiceEvent::Began(UtteranceId::HEARTBEAT));
        let mut events: Vec<_> = beat.into_iter().chain(self.events.try_iter()).collect();
        for event in &events {
            if let VoiceEvent::Began(id) | VoiceEvent::Finished(id) | VoiceEvent::Stopped(id) = event {
                self.waiting.take_if(|(waiting, _)| waiting == id);
            }
            if let VoiceEvent::Finished(id) | VoiceEvent::Stopped(id) = event
                && self.speaking.take_if(|speaking| speaking == id).is_some()
            {
                self.lead_in.ended();
            }
        }
        if self.waiting.take_if(|(_, until)| *until < Instant::now()).is_some() {
            // What the server reports of it comes as for any other that is stopped.
            let _ = self.send(Note::Stop);
        }
        if self.watchdog.barks(&events) || self.alive.since() > ASK + ANSWERS {
            self.alive.mark();
            events.push(VoiceEvent::Lost("Speech Dispatcher no longer answers".to_owned()));
        }
        events
    }

    fn length(&self, text: &str) -> Duration {
        LengthModel::default().length(text, self.tuning.rate)
    }

    fn tune(&mut self, tuning: Tuning) -> Result<(), SpeechError> {
        self.tuning = tuning;
        self.send(Note::Tune(tuning))
    }
}

impl Drop for SystemVoice {
    fn drop(&mut self) {
        // The thread falls silent and ends by itself: waiting for it could wait for a server that hangs.
        let _ = self.notes.send(Note::Close);
    }
}

/// A connection that reports to `notes` and has begun a sentence that nobody hears.
fn connect(language: &str, rate: Rate, notes: &Sender<Note>, inbox: &Receiver<Note>) -> Result<Connection, String> {
    let server = Connection::open("streetscape", "walk", "walker", Mode::Threaded)
        .map_err(|e| format!("{e}; install speech-dispatcher, and try `spd-say hello`"))?;
    let (began, ended, cancelled) = (notes.clone(), notes.clone(), notes.clone());
    server.on_begin(Some(Box::new(move |message, _| drop(began.send(Note::Began(message as u64))))));
    server.on_end(Some(Box::new(move |message, _| drop(ended.send(Note::Ended(message as u64))))));
    server.on_cancel(Some(Box::new(move |message, _| drop(cancelled.send(Note::Cancelled(message as u64))))));
    let refused = |e| format!("Speech Dispatcher refused: {e}; try `spd-say hello`");
    server.set_language(dispatcher_language(language)).map_err(refused)?;
    if let Some(voice) = dispatcher_voice(language) {
        // A synthesiser that has no such voice keeps the one that it chose for the language.
        let _ = server.set_synthesis_voice(&voice);
    }
    server.set_voice_rate(dispatcher_rate(rate)).map_err(refused)?;

    let volume = server.get_volume();
    server.set_volume(SILENT).map_err(refused)?;
    let probe = server.say(Ssip::Important, "1").ok_or("Speech Dispatcher took no message; try `spd-say hello`")?;
    // Whoever opens the voice has their own patience.
    inbox.iter().find(|note| matches!(note, Note::Began(message) if *message == probe));
    server.cancel().map_err(refused)?;
    server.set_volume(volume).map_err(refused)?;
    Ok(server)
}

/// The server's lowest volume.
const SILENT: i32 = -100;

/// The server's name of a language: without its region, of which synthesisers know few.
fn dispatcher_language(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// The voice to ask for where the language alone finds a bad one: of espeak-ng's two for Chinese the first spells its own Pinyin in
/// English letters.
fn dispatcher_voice(tag: &str) -> Option<speech_dispatcher::Voice> {
    (dispatcher_language(tag) == "zh").then(|| speech_dispatcher::Voice {
        name: "Chinese (Mandarin, latin as Pinyin)".to_owned(),
        language: "cmn-latn-pinyin".to_owned(),
        variant: None,
    })
}

/// The server's scale from -100 to 100, as its espeak-ng module reads it: -100 is 80 words a minute, 0 is 170, 100 is 449.
/// Its other modules have no scale in words a minute.
fn dispatcher_rate(rate: Rate) -> i32 {
    let rate = rate.words_a_minute() as f32;
    let scaled = if rate < 170.0 { (rate - 170.0) / (170.0 - 80.0) } else { (rate - 170.0) / (449.0 - 170.0) };
    (scaled * 100.0).round().clamp(-100.0, 100.0) as i32
}

/// The server's scale from -100 to 100, which its espeak-ng module reads as 0 to 200 on espeak-ng's own.
fn dispatcher_volume(volume: Volume) -> i32 {
    i32::from(volume.percent()) * 2 - 100
}

/// The server's own priorities, by which it weighs us against a screen reader: only what is important cuts that short.
fn ssip(priority: Priority) -> Ssip {
    match priority {
        Priority::Important => Ssip::Important,
        Priority::Message => Ssip::Message,
        Priority::Text => Ssip::Text,
        Priority::Notification => Ssip::Notification,
        Priority::Progress => Ssip::Progress,
    }
}

fn gone(error: speech_dispatcher::Error) -> VoiceEvent {
    VoiceEvent::Lost(format!("Speech Dispatcher: {error}"))
}

/// The thread of the connection. Notes come in one queue, so that a report is never read before the answer that names it.
fn converse(server: &Connection, mut rate: Rate, inbox: &Receiver<Note>, outbox: &Sender<VoiceEvent>, alive: &Alive) {
    let mut ours: HashMap<u64, UtteranceId> = HashMap::new();
    // What is still being led in.
    let mut led_in: Option<(Words, Instant)> = None;
    loop {
        alive.mark();
        let due = led_in.as_ref().map_or(ASK, |(_, begins)| begins.saturating_duration_since(Instant::now()));
        let note = match inbox.recv_timeout(due) {
            Ok(note) => note,
            Err(RecvTimeoutError::Timeout) => match led_in.take() {
                // A zero would end the program.
                Some((Words { id, text, priority }, _)) => match server.say(priority, text.replace('\0', " ")) {
                    Some(message) => {
                        ours.insert(message, id);
                        continue;
                    }
                    None => {
                        let _ = outbox.send(VoiceEvent::Lost("Speech Dispatcher took no message".to_owned()));
                        return;
                    }
                },
                // A question that changes nothing.
                None => match server.set_voice_rate(dispatcher_rate(rate)) {
                    Ok(()) => continue,
                    Err(error) => {
                        let _ = outbox.send(gone(error));
                        return;
                    }
                },
            },
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let event = match note {
            Note::Say(words, begins) => {
                // What was being said is cut short, and what was to be said too.
                let cut = server.cancel().err().map(gone);
                cut.or(led_in.replace((words, begins)).map(|(Words { id, .. }, _)| VoiceEvent::Stopped(id)))
            }
            Note::Tune(Tuning { volume, rate: chosen }) => {
                rate = chosen;
                let tuned = server.set_voice_rate(dispatcher_rate(rate)).and(server.set_volume(dispatcher_volume(volume)));
                // It speaks on as it did.
                if let Err(error) = tuned {
                    tracing::warn!("Speech Dispatcher refused a rate or a volume: {error}");
                }
                None
            }
            Note::Stop => {
                let cut = server.cancel().err().map(gone);
                cut.or(led_in.take().map(|(Words { id, .. }, _)| VoiceEvent::Stopped(id)))
            }
            Note::Began(message) => ours.get(&message).copied().map(VoiceEvent::Began),
            Note::Ended(message) => ours.remove(&message).map(VoiceEvent::Finished),
            Note::Cancelled(message) => ours.remove(&message).map(VoiceEvent::Stopped),
            Note::Close => {
                let _ = server.cancel();
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
    fn a_language_is_asked_for_without_its_region() {
        for (tag, want) in [("en", "en"), ("zh-TW", "zh"), ("de", "de")] {
            assert_eq!(dispatcher_language(tag), want);
        }
        assert!(dispatcher_voice("zh-TW").is_some() && dispatcher_voice("de").is_none());
    }

    #[test]
    fn a_rate_and_a_volume_are_told_on_the_servers_scale() {
        for (rate, want) in [(120, -56), (170, 0), (190, 7), (300, 47), (449, 100), (450, 100)] {
            assert_eq!(dispatcher_rate(Rate::new(rate).unwrap()), want, "{rate}");
        }
        for (percent, want) in [(10, -80), (50, 0), (80, 60), (100, 100)] {
            assert_eq!(dispatcher_volume(Volume::new(percent).unwrap()), want, "{percent} %");
        }
    }
}
