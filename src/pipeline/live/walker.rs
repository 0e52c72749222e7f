//! The walker's thread: what is seen becomes words, and what fails is said for as long as it lasts.
//!
//! Owns the order of the loop and the patience with camera, encoder and voice. Waits for none of them longer than a moment, so that
//! it can say what hangs and end when it is asked to.

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    thread,
    time::{Duration, Instant},
};

use super::{LiveConfig, OpenVoice, Pulse, Record, Sides, camera::Camera, looking::Encoder, machine::Machine, mute::Mute};
use crate::{
    callout::{Callout, Priority, SESSION, Subject},
    encoder::EncoderError,
    fault::{Fault, Recovery},
    pipeline::{
        Outcome, PipelineError, Stages, StepError, VoiceCommand,
        controls::Request,
        look::Look,
        mailbox::Taken,
        phrases::Change,
        policy::Plan,
        report::{self, Event, Happening, Summary},
        settings::Keeper,
    },
    speech::{Earcon, UtteranceId, Voice, VoiceEvent},
};

/// For how long the program's word on itself is worth telling: it comes once, behind whatever the street has.
const ANNOUNCEMENT_VALID: Duration = Duration::from_secs(20);

/// Seconds of sound.
#[derive(Default)]
pub(super) struct Speech {
    since: Option<Instant>,
    total: Duration,
}

pub(super) struct Walker<'a> {
    pub stages: Stages,
    pub camera: &'a Camera,
    pub encoder: Encoder,
    pub voice: Box<dyn Voice>,
    pub open_voice: OpenVoice,
    pub changes: Receiver<Change>,
    pub controls: Option<Receiver<Request>>,
    pub keeper: Option<Keeper>,
    pub introduce: bool,
    pub news: Vec<&'static str>,
    pub record: Option<Record>,
    pub machine: Machine,
    pub pulse: Pulse,
    pub greeting: &'static str,
    pub config: LiveConfig,
    pub state: State,
    pub report: &'a mut dyn FnMut(&Happening),
}

/// What changes while walking.
#[derive(Default)]
pub(super) struct State {
    /// The encoder failed, and has not answered since.
    blank: bool,
    /// It can't be built anew of its files.
    damaged: bool,
    /// No voice is left; when to try again.
    mute: Option<Instant>,
    /// When the voice was opened that took another's place.
    opened: Option<Instant>,
    /// What became of the voice, to be told to the stages.
    pending: Vec<VoiceEvent>,
    /// When a frame last led to what it shows.
    seen: Option<Instant>,
    /// When something was last to sound.
    sounded: Option<Instant>,
    /// Faults that last, each with the moment to say it again.
    lasting: BTreeMap<Fault, Instant>,
    speech: Speech,
    pub(super) out: Outcome,
    summary: Summary,
}

impl Walker<'_> {
    /// Walks until `stop` is set.
    pub fn walk(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        /// How long the voice's reports and a fault may lie unread.
        const POLL: Duration = Duration::from_millis(20);
        let (mut next_look, mut next_pulse) = (Instant::now(), Instant::now());
        self.greet()?;
        while !stop.load(Ordering::Relaxed) {
            // A look that hangs is not mended by waiting: whoever stands guard begins the walk again.
            if Instant::now() >= next_pulse && self.encoder.busy().is_none_or(|busy| busy < self.config.hung) {
                next_pulse = Instant::now() + self.config.pulse;
                (self.pulse)();
            }
            self.listen()?;
            self.obey()?;
            self.find_voice()?;
            self.ail()?;
            self.beat()?;
            self.take_phrases()?;
            if self.encoder.busy().is_some() {
                if self.encoder.answer(POLL)? {
                    self.see()?;
                }
                continue;
            }
            let early = next_look.saturating_duration_since(Instant::now());
            if !early.is_zero() {
                thread::sleep(POLL.min(early));
                continue;
            }
            match self.camera.mailbox.take(&mut self.encoder.look.frame, POLL) {
                Taken::Value => {
                    next_look = Instant::now() + self.interval();
                    self.look()?;
                }
                Taken::Nothing => {
                    let now = self.camera.now();
                    self.stages.tick(now, &mut self.state.out);
                    self.flush()?;
                }
                Taken::Closed => return Err(PipelineError::Panicked { what: "the camera's thread" }),
            }
        }
        Ok(())
    }

    /// Keeps the frame and has it encoded, where the policy asks for it; where there is nothing to see in it, that alone is said.
    fn look(&mut self) -> Result<(), PipelineError> {
        self.state.summary.frames += 1;
        self.keep()?;
        let Look { frame, plan, .. } = &mut self.encoder.look;
        let sees = self.stages.sees(frame);
        *plan = if sees { self.stages.policy().plan(&frame.picture, frame.at) } else { Plan::Leave };
        if matches!(plan, Plan::Look { .. }) { self.encoder.begin() } else { self.see() }
    }

    fn see(&mut self) -> Result<(), PipelineError> {
        let now = self.camera.now();
        let Look { frame, plan, answer } = &mut self.encoder.look;
        let encoded = matches!(plan, Plan::Look { .. });
        let stepped = self.stages.step(frame, *plan, answer, now, &mut self.state.out);
        if stepped.is_ok() {
            self.state.seen = Some(Instant::now());
        }
        match stepped {
            Ok(()) if encoded => {
                let (encoder, map) = answer.took;
                self.stages.policy().took(*plan, encoder, map);
                self.state.summary.encoded += 1;
                if std::mem::take(&mut self.state.blank) {
                    self.fault(Fault::EncoderBack)?;
                }
            }
            Ok(()) => {}
            Err(StepError::Encoder(error)) => {
                tracing::error!("{error}");
                self.stages.policy().failed();
                self.state.blank |= error.recovery() != Recovery::Retry;
                self.state.damaged = matches!(error, EncoderError::Bundle(_) | EncoderError::Model { .. });
            }
            Err(StepError::Speech(error)) => tracing::error!("{error}"),
        }
        self.flush()
    }

    fn keep(&mut self) -> Result<(), PipelineError> {
        let Some(record) = &mut self.record else { return Ok(()) };
        if let Err(reason) = record(&self.encoder.look.frame) {
            tracing::error!("recording stopped: {reason}");
            self.record = None;
            self.fault(Fault::RecordingStopped)?;
        }
        Ok(())
    }

    /// Says what is wrong with camera, encoder and short sounds, and that it is right again.
    fn ail(&mut self) -> Result<(), PipelineError> {
        let (blank, busy) = (self.state.blank, self.encoder.busy().unwrap_or_default());
        self.lasting(Fault::CameraLost, self.camera.is_lost(self.config.silent), Some(Fault::CameraBack))?;
        let damaged = self.state.damaged;
        self.lasting(Fault::ModelDamaged, blank && damaged, None)?;
        self.lasting(Fault::EncoderLost, blank && !damaged, None)?;
        self.lasting(Fault::EncoderLate, !blank && busy > self.config.late, None)?;
        if self.state.mute.is_none() {
            self.lasting(Fault::SoundsLost, self.voice.lacks_sounds(), Some(Fault::SoundsBack))?;
        }
        self.feel()
    }

    /// Says `fault` while it lasts, as often as the narrator lets it: one that could not be said at first is said later. Then its
    /// end.
    pub(super) fn lasting(&mut self, fault: Fault, lasts: bool, end: Option<Fault>) -> Result<(), PipelineError> {
        let now = Instant::now();
        match (lasts, self.state.lasting.get(&fault)) {
            (true, Some(again)) if now < *again => Ok(()),
            (true, _) => {
                self.state.lasting.insert(fault, now + self.config.retry);
                self.fault(fault)
            }
            (false, Some(_)) => {
                self.state.lasting.remove(&fault);
                end.map_or(Ok(()), |end| self.fault(end))
            }
            (false, None) => Ok(()),
        }
    }

    /// Takes up what became of a caregiver's file. What it was at the walk's beginning is said only where something is wrong with it.
    fn take_phrases(&mut self) -> Result<(), PipelineError> {
        let Ok(change) = self.changes.try_recv() else { return Ok(()) };
        let message = change.message();
        let (set, problems, news) = match change {
            Change::Taken { set, refused, beginning, .. } => (Some(set), refused, !beginning),
            Change::Broken { last_good, problems } => (last_good, problems, true),
        };
        for problem in &problems {
            tracing::warn!("{problem}");
        }
        if let Some(set) = set {
            self.stages.take_phrases(set);
        }
        if news || !problems.is_empty() { self.announce(message) } else { Ok(()) }
    }

    pub(super) fn fault(&mut self, fault: Fault) -> Result<(), PipelineError> {
        let now = self.camera.now();
        self.stages.fault(fault, now, &mut self.state.out)?;
        self.flush()
    }

    pub(super) fn announce(&mut self, message: &str) -> Result<(), PipelineError> {
        let (at, subject, message) = (self.camera.now(), Subject::new(SESSION, message), message.into());
        let (priority, valid_until) = (Priority::Message, at.after(ANNOUNCEMENT_VALID));
        let callout = Callout { at, subject, message, direction: None, priority, valid_until, p: None, details: Vec::new() };
        self.stages.announce(callout, at, &mut self.state.out)?;
        self.flush()
    }

    /// What the voice reports: finished speech makes room for the next, a lost voice is to be replaced.
    fn listen(&mut self) -> Result<(), PipelineError> {
        let mut events = std::mem::take(&mut self.state.pending);
        events.extend(self.voice.events());
        for event in events {
            match &event {
                VoiceEvent::Began(UtteranceId::HEARTBEAT) => {}
                VoiceEvent::Began(_) => self.state.speech.since = Some(Instant::now()),
                VoiceEvent::Finished(_) | VoiceEvent::Stopped(_) => {
                    self.state.speech.total += self.state.speech.since.take().map(|s| s.elapsed()).unwrap_or_default();
                }
                VoiceEvent::Lost(reason) => {
                    tracing::error!("{}: {reason}", self.voice.name());
                    self.voice = Box::new(Mute(self.voice.name().to_owned()));
                    // One that was lost as soon as it was opened would be opened and lost without end.
                    let pause =
                        self.state.opened.map_or(Duration::ZERO, |then| self.config.retry.saturating_sub(then.elapsed()));
                    self.state.mute = Some(Instant::now() + pause);
                }
            }
            let now = self.camera.now();
            self.stages.heard(&event, now, &mut self.state.out);
            self.flush()?;
        }
        Ok(())
    }

    /// Lets the walker hear that all is well, where nothing else was heard for a while.
    fn beat(&mut self) -> Result<(), PipelineError> {
        let since = |then: Option<Instant>| then.map_or(Duration::MAX, |then| then.elapsed());
        let State { seen, sounded, mute, .. } = &self.state;
        let well = since(*seen) < self.config.silent && mute.is_none() && !self.stages.ails() && !self.stages.speaking();
        if well && since(*sounded) >= self.config.heartbeat {
            self.state.sounded = Some(Instant::now());
            if let Err(error) = self.voice.cue(Earcon::Heartbeat, None) {
                self.state.pending.push(VoiceEvent::Lost(error.to_string()));
            }
        }
        Ok(())
    }

    /// Looks for another voice where one was lost, now and then.
    fn find_voice(&mut self) -> Result<(), PipelineError> {
        if self.state.mute.is_none_or(|when| Instant::now() < when) {
            return Ok(());
        }
        match (self.open_voice)() {
            Ok(mut voice) => {
                if let Err(error) = voice.tune(self.stages.tuning()) {
                    tracing::warn!("{error}");
                }
                let fault = if voice.name() == self.voice.name() { Fault::VoiceBack } else { Fault::VoiceLost };
                self.voice = voice;
                self.state.mute = None;
                self.state.opened = Some(Instant::now());
                self.fault(fault)
            }
            Err(error) => {
                tracing::error!("{error}");
                self.state.mute = Some(Instant::now() + self.config.retry);
                Ok(())
            }
        }
    }

    pub(super) fn flush(&mut self) -> Result<(), PipelineError> {
        for happening in &self.state.out.happenings {
            self.state.summary.callouts += u64::from(matches!(happening.event, Event::Callout { .. } | Event::Fault { .. }));
            (self.report)(happening);
        }
        for command in &self.state.out.voice {
            if *command != VoiceCommand::Wake {
                self.state.sounded = Some(Instant::now());
            }
            let done = match command {
                VoiceCommand::Say { id, text, priority } => self.voice.say(*id, text, *priority),
                VoiceCommand::Tune(tuning) => self.voice.tune(*tuning),
                VoiceCommand::Wake => self.voice.wake(),
                VoiceCommand::Stop => self.voice.stop(),
                VoiceCommand::Cue { earcon, side } => {
                    self.voice.cue(*earcon, side.filter(|_| self.config.sides == Sides::Heard))
                }
            };
            if let Err(error) = done {
                self.state.pending.push(VoiceEvent::Lost(error.to_string()));
            }
        }
        self.state.out.clear();
        Ok(())
    }

    /// Says that the walk has ended, and waits for it as long as a walker would.
    pub fn farewell(&mut self) -> Result<(), PipelineError> {
        let until = Instant::now() + self.config.farewell;
        let now = self.camera.now();
        self.stages.hush(now, &mut self.state.out);
        self.flush()?;
        self.announce("session-end")?;
        while self.stages.speaking() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
            self.listen()?;
        }
        Ok(())
    }

    /// The figures, but for those that the camera knows.
    pub fn summary(&self) -> Summary {
        Summary { speech_seconds: report::length(self.state.speech.total), ..self.state.summary }
    }
}
