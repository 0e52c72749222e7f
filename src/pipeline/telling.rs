//! From what was found to what the voice shall do: the part of a step that a log can repeat.
//!
//! Owns the order of narrator and speech queue, the answers to a walker who asks, the way back for finished and interrupted speech, and what is written down of both. Takes
//! every moment to the millisecond, since a log keeps no more. Makes no sound and reads no clock.

use crate::{
    callout::{Callout, Priority},
    fault::Fault,
    frame::Timestamp,
    narrator::{Decision, Narrator, NarratorState, PhraseWatch, Talk},
    observation::Observation,
    pipeline::{
        log::{End, Journal, Record, Start},
        report::Happening,
        step::{Outcome, VoiceCommand},
    },
    speech::{Action, Earcon, SpeechError, SpeechQueue, Tuning, UtteranceId, VoiceEvent, Words},
};

mod aim;
mod answers;
#[cfg(test)]
mod tests;

pub use answers::Memory;

/// Narrator and speech queue, and the journal of what came in and went out.
pub struct Telling {
    narrator: Narrator,
    queue: SpeechQueue,
    words: Words,
    journal: Option<Journal>,
    memory: Memory,
    decisions: Vec<Decision>,
    /// When what is being said began.
    began: Timestamp,
}

impl Telling {
    /// Nothing seen and nothing said yet.
    pub fn new(narrator: Narrator, queue: SpeechQueue, words: Words) -> Self {
        let (decisions, began) = (Vec::new(), Timestamp::default());
        Self { narrator, queue, words, journal: None, memory: Memory::default(), decisions, began }
    }

    /// Writes down everything from here on.
    pub fn keep(&mut self, journal: Journal) {
        self.journal = Some(journal);
        self.memory.logged = true;
    }

    /// The voice speaks so.
    pub fn set_tuning(&mut self, tuning: Tuning) {
        self.memory.tuning = tuning;
    }

    /// How loud and how fast the voice is to speak.
    pub fn tuning(&self) -> Tuning {
        self.memory.tuning
    }

    /// What it believes and what it said.
    pub fn narrator(&self) -> &Narrator {
        &self.narrator
    }

    /// Goes on from `state`.
    pub fn restore(&mut self, state: &NarratorState, memory: &Memory) {
        self.narrator.restore(state);
        self.memory.clone_from(memory);
    }

    /// Decides on what was found in a frame. `now` is when the decision stands.
    pub fn observe(&mut self, observation: &mut Observation, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        observation.round();
        let now = now.rounded();
        self.write(|start| Record::frame(start, observation, now), now, out);
        let mut decisions = std::mem::take(&mut self.decisions);
        self.narrator.decide(observation, &mut decisions);
        if !self.speaking() && decisions.iter().any(|decision| self.narrator.is_coming(decision)) {
            out.voice.push(VoiceCommand::Wake);
        }
        let said = decisions.drain(..).try_for_each(|decision| self.follow(decision, now, out));
        self.decisions = decisions;
        said?;
        self.memory.observed = Some(now);
        if self.is_forgotten(now) {
            self.remind(now, out)?;
        }
        self.guide(observation, now, out)
    }

    /// A caregiver's phrases from now on, and no others.
    pub fn take_phrases(&mut self, phrases: PhraseWatch) {
        self.narrator.take_phrases(phrases);
    }

    /// Says a caregiver's phrase of those in `shown`, where nothing else is said. A log keeps what was said alone.
    pub fn phrase(&mut self, shown: &[bool], now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        match self.narrator.phrase(shown, self.speaking(), now) {
            Some(callout) => self.announce(callout, now, out),
            None => Ok(()),
        }
    }

    /// Something is wrong, or right again.
    pub fn fault(&mut self, fault: Fault, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        let now = now.rounded();
        self.write(|_| Record::Trouble { at: now, kind: fault.id().into() }, now, out);
        self.memory.finds(fault, now);
        let decision = self.narrator.fault(fault, now);
        self.follow(decision, now, out)
    }

    /// Something that neither a sight nor a fault asks for: the session's start and end.
    pub fn announce(&mut self, mut callout: Callout, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        let now = now.rounded();
        (callout.at, callout.valid_until) = (callout.at.rounded(), callout.valid_until.rounded());
        self.write(|_| Record::announce(&callout, now), now, out);
        self.follow(Decision::Say(callout), now, out)
    }

    /// As much is said unasked from now on.
    pub fn set_talk(&mut self, talk: Talk, now: Timestamp, out: &mut Outcome) {
        let now = now.rounded();
        self.write(|_| Record::Talk { at: now, level: talk }, now, out);
        self.narrator.set_talk(talk);
    }

    /// The voice reports.
    pub fn heard(&mut self, event: &VoiceEvent, now: Timestamp, out: &mut Outcome) {
        let now = now.rounded();
        match event {
            VoiceEvent::Began(UtteranceId::HEARTBEAT) => self.write(|_| Record::Heartbeat { at: now }, now, out),
            VoiceEvent::Began(id) if self.queue.utterance() == Some(*id) => self.write(|_| Record::Began { at: now }, now, out),
            _ => {}
        }
        let end = match event {
            VoiceEvent::Finished(id) if self.queue.utterance() == Some(*id) => Some(End::Heard),
            VoiceEvent::Stopped(id) if self.queue.utterance() == Some(*id) => Some(End::Stopped),
            VoiceEvent::Lost(_) => Some(End::Lost),
            // What is said of an utterance that is over changes nothing.
            VoiceEvent::Finished(_) | VoiceEvent::Stopped(_) | VoiceEvent::Began(_) => None,
        };
        if let Some(end) = end {
            self.write(|_| Record::Spoken { at: now, end }, now, out);
        }
        let actions = self.queue.report(event, now);
        self.act(actions, now, out);
    }

    /// What is being said ends so.
    pub fn ended(&mut self, end: End, now: Timestamp, out: &mut Outcome) {
        let event = match (end, self.queue.utterance()) {
            (End::Lost, _) => VoiceEvent::Lost(String::new()),
            (End::Heard, Some(id)) => VoiceEvent::Finished(id),
            (End::Stopped, Some(id)) => VoiceEvent::Stopped(id),
            (_, None) => return,
        };
        self.heard(&event, now, out);
    }

    /// Time passes without a frame.
    pub fn tick(&mut self, now: Timestamp, out: &mut Outcome) {
        let now = now.rounded();
        let actions = self.queue.tick(now);
        let forgotten = self.is_forgotten(now);
        if !actions.is_empty() || forgotten {
            self.write(|_| Record::Tick { at: now }, now, out);
        }
        self.act(actions, now, out);
        if forgotten && let Err(error) = self.remind(now, out) {
            tracing::error!("{error}");
        }
    }

    /// Nothing more of what is being said or waits.
    pub fn hush(&mut self, now: Timestamp, out: &mut Outcome) {
        let now = now.rounded();
        self.write(|_| Record::Hush { at: now }, now, out);
        self.fall_silent(now, out);
    }

    fn fall_silent(&mut self, now: Timestamp, out: &mut Outcome) {
        let actions = self.queue.hush();
        self.act(actions, now, out);
    }

    /// Whether something is being said.
    pub fn speaking(&self) -> bool {
        self.queue.speaking().is_some()
    }

    fn follow(&mut self, decision: Decision, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        match decision {
            Decision::Say(callout) => {
                let text = self.text(&callout)?;
                let actions = self.queue.push(callout, text, now);
                self.act(actions, now, out);
            }
            Decision::Silent(silence) => self.happens(Happening::silence(&silence), out),
        }
        Ok(())
    }

    /// The callout's sentence, and one for each of its details; an answer's are said one by one.
    fn text(&self, callout: &Callout) -> Result<String, SpeechError> {
        let mut text = self.words.text(callout)?;
        if callout.is_answer() {
            return Ok(text);
        }
        for detail in &callout.details {
            text = format!("{text} {}", self.words.sentence(detail, None)?);
        }
        Ok(text)
    }

    fn act(&mut self, actions: Vec<Action>, now: Timestamp, out: &mut Outcome) {
        for action in actions {
            match action {
                Action::Say { id, text, callout } => {
                    self.began = now;
                    self.memory.says(&callout, &text, now);
                    self.happens(Happening::said(&callout, &text, self.words.language(), now), out);
                    let cue = Earcon::ahead_of(&callout);
                    out.voice.extend(cue.map(|earcon| VoiceCommand::Cue { earcon, side: callout.direction }));
                    out.voice.push(VoiceCommand::Say { id, text, priority: among_others(&callout) });
                }
                Action::Stop => out.voice.push(VoiceCommand::Stop),
                Action::Dropped { callout, reason } => {
                    self.unsay(&callout);
                    self.happens(Happening::unsaid(&callout, reason.id(), now), out);
                }
                Action::Interrupted(callout) => {
                    self.spoke(&callout, now);
                    self.unsay(&callout);
                    self.happens(Happening::unsaid(&callout, "interrupted", now), out);
                }
                Action::Heard(callout) => {
                    self.spoke(&callout, now);
                    if callout.is_answer() {
                        self.answered(now);
                    }
                }
            }
        }
    }

    /// What was asked for takes nothing from what may be said unasked.
    fn spoke(&mut self, callout: &Callout, now: Timestamp) {
        if !callout.is_answer() {
            self.narrator.spoke(now.since(self.began), now);
        }
    }

    fn unsay(&mut self, callout: &Callout) {
        self.narrator.unheard(&callout.subject);
    }

    fn happens(&mut self, happening: Happening, out: &mut Outcome) {
        if let Some(journal) = &mut self.journal {
            journal.happening(&happening);
        }
        out.happenings.push(happening);
    }

    /// Writes down what comes in. Begins a new part where one is due and nothing is being said, and says so where the log can't go on.
    fn write(&mut self, record: impl FnOnce(&Start) -> Record, now: Timestamp, out: &mut Outcome) {
        let Some(journal) = &mut self.journal else { return };
        if journal.is_due(self.queue.is_idle()) {
            journal.begin(&self.narrator, &self.memory, now);
        }
        let record = record(journal.start());
        journal.record(&record);
        if let Some(problem) = journal.failed() {
            tracing::error!("the session's log stopped: {problem}");
            self.journal = None;
            self.memory.logged = false;
            if let Err(error) = self.fault(Fault::LogStopped, now, out) {
                tracing::error!("{error}");
            }
        }
    }
}

/// How urgent a callout is to a server by which a screen reader speaks too: only a hazard may cut that short, and a fault is none.
fn among_others(callout: &Callout) -> Priority {
    if &*callout.subject.facet == "fault" { callout.priority.min(Priority::Message) } else { callout.priority }
}
