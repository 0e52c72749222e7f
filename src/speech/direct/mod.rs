//! The direct voice: espeak-ng's samples straight to the sound device, the quickest way from a hazard to a sound.
//!
//! Owns the way from text to samples in a device's buffer, without a server between. Leaves the queue to `queue`; it has one
//! sentence at a time.

mod espeak;
mod player;
mod sink;

use std::{
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use self::{espeak::Engine, player::Resampler};
pub(super) use self::{
    player::{Chunk, Player, Turns},
    sink::Output,
};
use super::{
    Earcon, LengthModel, Rate, SpeechError, Tuning, UtteranceId, Voice, VoiceEvent,
    lead::{Lead, LeadIn},
    watchdog::Watchdog,
};
use crate::callout::{Direction, Priority};

const NAME: &str = "direct";
/// By this is counted the noise that wakes a headset ahead, which nobody waits for.
const WAKING: UtteranceId = UtteranceId(u64::MAX - 1);

/// What sounds in one turn: first what leads in, then the words.
struct Sentence {
    turn: u64,
    id: UtteranceId,
    lead: Lead,
    text: String,
    tuning: Tuning,
}

/// Speaks through espeak-ng and the default sound device.
pub struct DirectVoice {
    turns: Turns,
    /// Taken when the voice is dropped: its end is that of the thread.
    sentences: Option<Sender<Sentence>>,
    synthesiser: Option<JoinHandle<()>>,
    device: Receiver<VoiceEvent>,
    /// What was said and neither finished nor was stopped.
    speaking: Option<UtteranceId>,
    events: Vec<VoiceEvent>,
    watchdog: Watchdog,
    tuning: Tuning,
    lead_in: LeadIn,
    /// Plays as long as it lives.
    _stream: cpal::Stream,
}

impl DirectVoice {
    /// Opens engine and device, and waits until the device asks for samples.
    pub fn open(language: &str, rate: Rate) -> Result<Self, SpeechError> {
        let fail = |problem| SpeechError::Open { voice: NAME, problem };
        let engine = Engine::open(language, rate).map_err(fail)?;
        let output = Output::find(engine.sample_rate()).map_err(fail)?;
        let turns = Turns::default();
        let (sentences, inbox) = mpsc::channel();
        let (samples, chunks) = mpsc::channel();
        let (events, device) = mpsc::channel();
        let device_rate = output.sample_rate();
        let stream = output.play(Player::new(turns.clone(), chunks, events.clone()), events.clone()).map_err(fail)?;
        let running = turns.clone();
        let synthesiser = thread::Builder::new()
            .name("direct voice".to_owned())
            .spawn(move || synthesise(engine, device_rate, &running, &inbox, &samples, &events))
            .map_err(|e| fail(e.to_string()))?;
        Ok(Self {
            turns,
            sentences: Some(sentences),
            synthesiser: Some(synthesiser),
            device,
            speaking: None,
            events: Vec::new(),
            watchdog: Watchdog::default(),
            tuning: Tuning { rate, ..Tuning::default() },
            lead_in: LeadIn::default(),
            _stream: stream,
        })
    }

    fn sound(&self, id: UtteranceId, lead: Lead, text: &str) -> Result<(), SpeechError> {
        let sentence = Sentence { turn: self.turns.begin(), id, lead, text: text.to_owned(), tuning: self.tuning };
        if self.sentences.as_ref().is_none_or(|sentences| sentences.send(sentence).is_err()) {
            let problem = "its synthesiser has ended; opening it anew".to_owned();
            return Err(SpeechError::Lost { voice: NAME, problem });
        }
        Ok(())
    }

    /// Takes in what the device reports of the sentence that is being said; what it says of older ones is past.
    fn hear(&mut self) {
        for event in self.device.try_iter() {
            match &event {
                VoiceEvent::Began(id) if self.speaking == Some(*id) || *id == UtteranceId::HEARTBEAT => {}
                VoiceEvent::Finished(id) if self.speaking == Some(*id) => {
                    self.speaking = None;
                    self.lead_in.ended();
                }
                VoiceEvent::Lost(_) => self.speaking = None,
                _ => continue,
            }
            self.events.push(event);
        }
    }
}

impl Voice for DirectVoice {
    fn name(&self) -> &str {
        NAME
    }

    fn say(&mut self, id: UtteranceId, text: &str, _: Priority) -> Result<(), SpeechError> {
        self.stop()?;
        let lead = self.lead_in.next();
        self.sound(id, lead, text)?;
        self.speaking = Some(id);
        self.watchdog.expect(id, self.length(text));
        Ok(())
    }

    fn cue(&mut self, earcon: Earcon, side: Option<Direction>) -> Result<(), SpeechError> {
        if earcon != Earcon::Heartbeat {
            self.lead_in.cue(earcon, side);
        } else if self.speaking.is_none() {
            let lead = self.lead_in.heartbeat();
            self.sound(UtteranceId::HEARTBEAT, lead, "")?;
        }
        Ok(())
    }

    fn wake(&mut self) -> Result<(), SpeechError> {
        let lead = if self.speaking.is_none() { self.lead_in.wake() } else { None };
        lead.map_or(Ok(()), |lead| self.sound(WAKING, lead, ""))
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        self.turns.begin();
        self.hear();
        self.events.extend(self.speaking.take().map(VoiceEvent::Stopped));
        Ok(())
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        self.hear();
        let mut events = std::mem::take(&mut self.events);
        if self.watchdog.barks(&events) {
            self.speaking = None;
            events.push(VoiceEvent::Lost("the sound device no longer plays".to_owned()));
        }
        events
    }

    fn length(&self, text: &str) -> Duration {
        LengthModel::default().length(text, self.tuning.rate)
    }

    fn tune(&mut self, tuning: Tuning) -> Result<(), SpeechError> {
        self.tuning = tuning;
        Ok(())
    }
}

impl Drop for DirectVoice {
    fn drop(&mut self) {
        // The engine must be gone before the next voice opens one. It ends with its next few samples.
        self.turns.begin();
        self.sentences = None;
        if let Some(synthesiser) = self.synthesiser.take() {
            let _ = synthesiser.join();
        }
    }
}

/// The thread of the engine: from sentences to chunks, until either end is dropped.
fn synthesise(
    mut engine: Engine,
    device_rate: u32,
    turns: &Turns,
    inbox: &Receiver<Sentence>,
    chunks: &Sender<Chunk>,
    events: &Sender<VoiceEvent>,
) {
    for Sentence { turn, id, lead, text, tuning } in inbox {
        let mut resampler = Resampler::new(engine.sample_rate(), device_rate);
        let side = lead.side;
        let hand_over =
            |samples: Vec<f32>, last| turns.runs(turn) && chunks.send(Chunk { turn, id, side, samples, last }).is_ok();
        let lead = lead.samples(device_rate, tuning.volume);
        if !lead.is_empty() && !hand_over(lead, text.is_empty()) || text.is_empty() {
            continue;
        }
        let tuned = engine.tune(tuning);
        match tuned.and_then(|()| engine.synthesise(&text, &mut |samples| hand_over(resampler.next(samples), false))) {
            Ok(()) => drop(hand_over(Vec::new(), true)),
            Err(problem) => {
                let _ = events.send(VoiceEvent::Lost(problem));
                return;
            }
        }
    }
}
