//! The live walk: a camera thread, a mailbox of one frame, and the walker's thread that sees, decides and speaks.
//!
//! Owns the two threads, the wall clock, and what is done when camera, encoder or voice fail: each fault is said, and the loop
//! goes on trying to mend it. Leaves signals and the terminal to the program.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    callout::{Callout, Priority, Subject},
    capture::{CaptureError, FrameSource, Next},
    encoder::{EncoderError, ImageEncoder},
    fault::{Fault, Recovery},
    frame::{Frame, Timestamp},
    pipeline::{
        Outcome, PipelineError, Stages, StepError, VoiceCommand,
        mailbox::{Mailbox, Taken},
        report::{self, Event, Happening, Summary},
    },
    speech::{SpeechError, Voice, VoiceEvent},
};

/// How the live loop paces itself.
#[derive(Clone, Copy, Debug)]
pub struct LiveConfig {
    /// Time between two frames that are looked at: more would cost battery and tell nothing new at walking speed.
    pub interval: Duration,
    /// Between two tries to mend a fault.
    pub retry: Duration,
    /// A step that takes longer is late.
    pub late: Duration,
    /// How long the farewell may take.
    pub farewell: Duration,
}

impl Default for LiveConfig {
    /// Five looks a second: 0.3 m of way between two at 1.4 m/s. The farewell leaves Ctrl-C its second.
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(200),
            retry: Duration::from_secs(1),
            late: Duration::from_millis(800),
            farewell: Duration::from_millis(800),
        }
    }
}

/// Opens a camera, the first time and after it was lost; its frames count their time from the moment given.
pub type OpenCamera = Box<dyn FnMut(Instant) -> Result<Box<dyn FrameSource>, CaptureError> + Send>;
/// Builds an encoder, after it was lost.
pub type OpenEncoder = Box<dyn FnMut() -> Result<Box<dyn ImageEncoder>, EncoderError> + Send>;
/// Opens another voice, after one was lost.
pub type OpenVoice = Box<dyn FnMut() -> Result<Box<dyn Voice>, SpeechError> + Send>;
/// Keeps a frame; an error ends the recording, never the walk.
pub type Record = Box<dyn FnMut(&Frame) -> Result<(), String> + Send>;

/// What a live walk is made of.
pub struct Walk {
    /// Between a picture and the voice.
    pub stages: Stages,
    /// The model, already tested.
    pub encoder: Box<dyn ImageEncoder>,
    /// The voice, already tested.
    pub voice: Box<dyn Voice>,
    /// For the first picture and after a loss.
    pub open_camera: OpenCamera,
    /// After a loss.
    pub open_encoder: OpenEncoder,
    /// After a loss.
    pub open_voice: OpenVoice,
    /// Where frames are kept, if anywhere.
    pub record: Option<Record>,
    /// Timing.
    pub config: LiveConfig,
}

impl Walk {
    /// Walks until `stop` is set; says goodbye then. Every happening is handed to `report` as it happens.
    pub fn run(self, stop: &AtomicBool, report: &mut dyn FnMut(&Happening)) -> Result<Summary, PipelineError> {
        let started = Instant::now();
        let shared = Arc::new(Shared::default());
        let camera = {
            let (shared, config, open) = (Arc::clone(&shared), self.config, self.open_camera);
            let run = move || watch(open, &shared, config, started);
            thread::Builder::new().name("camera".to_owned()).spawn(run)
        };
        let camera = camera.map_err(|source| PipelineError::Thread { what: "the camera", source })?;
        let mut walker = Walker {
            stages: self.stages,
            encoder: self.encoder,
            voice: self.voice,
            open_encoder: self.open_encoder,
            open_voice: self.open_voice,
            record: self.record,
            config: self.config,
            started,
            broken: None,
            mute: None,
            pending: Vec::new(),
            speech: Speech::default(),
            out: Outcome::default(),
            summary: Summary::default(),
            report,
        };
        let walked = walker.walk(&shared, stop);
        shared.stop.store(true, Ordering::Relaxed);
        let mut summary = walker.summary;
        summary.dropped = shared.mailbox.dropped();
        summary.duration = report::seconds(walker.now());
        summary.wall_seconds = summary.duration;
        summary.speech_seconds = report::length(walker.speech.total);
        // A camera that hangs in its driver must not keep the walker waiting: its thread is left to end with the program.
        if camera.is_finished() && camera.join().is_err() {
            return Err(PipelineError::Panicked { what: "the camera's thread" });
        }
        report(&Happening::summary(summary));
        walked.map(|()| summary)
    }
}

/// Between the two threads.
#[derive(Default)]
struct Shared {
    mailbox: Mailbox<Frame>,
    faults: Mutex<Vec<Fault>>,
    stop: AtomicBool,
}

impl Shared {
    fn fault(&self, fault: Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    fn take_fault(&self) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.is_empty() { None } else { Some(faults.remove(0)) }
    }
}

/// The camera's thread: reads, opens again what was lost.
fn watch(mut open: OpenCamera, shared: &Shared, config: LiveConfig, started: Instant) {
    let (mut source, mut frame, mut lost): (Option<Box<dyn FrameSource>>, _, _) = (None, Frame::default(), false);
    while !shared.stop.load(Ordering::Relaxed) {
        let read = match &mut source {
            Some(camera) => camera.read(&mut frame),
            None => open(started).and_then(|mut camera| {
                let read = camera.read(&mut frame);
                source = Some(camera);
                read
            }),
        };
        match read {
            Ok(Next::Frame) => {
                if std::mem::take(&mut lost) {
                    shared.fault(Fault::CameraBack);
                }
                shared.mailbox.put(&mut frame);
            }
            Err(error) if source.is_some() && error.recovery() == Recovery::Retry => tracing::warn!("{error}"),
            other => {
                if let Err(error) = other {
                    tracing::warn!("{error}");
                }
                source = None;
                if !std::mem::replace(&mut lost, true) {
                    shared.fault(Fault::CameraLost);
                }
                thread::sleep(config.retry);
            }
        }
    }
    shared.mailbox.close();
}

/// Seconds of sound.
#[derive(Default)]
struct Speech {
    since: Option<Instant>,
    total: Duration,
}

struct Walker<'a> {
    stages: Stages,
    encoder: Box<dyn ImageEncoder>,
    voice: Box<dyn Voice>,
    open_encoder: OpenEncoder,
    open_voice: OpenVoice,
    record: Option<Record>,
    config: LiveConfig,
    started: Instant,
    /// The encoder failed; when to try again.
    broken: Option<Instant>,
    /// No voice is left; when to try again.
    mute: Option<Instant>,
    /// What became of the voice, to be told to the stages.
    pending: Vec<VoiceEvent>,
    speech: Speech,
    out: Outcome,
    summary: Summary,
    report: &'a mut dyn FnMut(&Happening),
}

impl Walker<'_> {
    fn now(&self) -> Timestamp {
        Timestamp(self.started.elapsed())
    }

    fn walk(&mut self, shared: &Shared, stop: &AtomicBool) -> Result<(), PipelineError> {
        /// How long the voice's reports and a fault may lie unread.
        const POLL: Duration = Duration::from_millis(20);
        let (mut frame, mut next_look) = (Frame::default(), Instant::now());
        self.announce("session-start")?;
        while !stop.load(Ordering::Relaxed) {
            self.listen()?;
            while let Some(fault) = shared.take_fault() {
                self.fault(fault)?;
            }
            if Instant::now() < next_look {
                thread::sleep(POLL.min(next_look.saturating_duration_since(Instant::now())));
                continue;
            }
            match shared.mailbox.take(&mut frame, POLL) {
                Taken::Value => {
                    next_look = Instant::now() + self.config.interval;
                    self.look(&frame)?;
                }
                Taken::Nothing => {
                    let now = self.now();
                    self.stages.tick(now, &mut self.out);
                    self.flush()?;
                }
                Taken::Closed => return Err(PipelineError::Panicked { what: "the camera's thread" }),
            }
        }
        self.farewell()
    }

    fn look(&mut self, frame: &Frame) -> Result<(), PipelineError> {
        self.summary.frames += 1;
        self.keep(frame)?;
        if !self.mended()? {
            return Ok(());
        }
        let began = Instant::now();
        let now = self.now();
        match self.stages.step(frame, self.encoder.as_mut(), now, &mut self.out) {
            Ok(()) => self.summary.encoded += 1,
            Err(StepError::Encoder(error)) => {
                tracing::error!("{error}");
                if error.recovery() != Recovery::Retry {
                    self.broken = Some(Instant::now() + self.config.retry);
                    self.fault(Fault::EncoderLost)?;
                }
            }
            Err(StepError::Speech(error)) => tracing::error!("{error}"),
        }
        self.flush()?;
        if began.elapsed() > self.config.late {
            self.fault(Fault::EncoderLate)?;
        }
        Ok(())
    }

    /// Whether the encoder works; one that failed is built anew from time to time.
    fn mended(&mut self) -> Result<bool, PipelineError> {
        let Some(when) = self.broken else { return Ok(true) };
        if Instant::now() < when {
            return Ok(false);
        }
        match (self.open_encoder)() {
            Ok(encoder) => {
                self.encoder = encoder;
                self.broken = None;
                self.fault(Fault::EncoderBack)?;
                Ok(true)
            }
            Err(error) => {
                tracing::warn!("{error}");
                self.broken = Some(Instant::now() + self.config.retry);
                Ok(false)
            }
        }
    }

    fn keep(&mut self, frame: &Frame) -> Result<(), PipelineError> {
        let Some(record) = &mut self.record else { return Ok(()) };
        if let Err(reason) = record(frame) {
            tracing::error!("recording stopped: {reason}");
            self.record = None;
            self.fault(Fault::RecordingStopped)?;
        }
        Ok(())
    }

    fn fault(&mut self, fault: Fault) -> Result<(), PipelineError> {
        let now = self.now();
        self.stages.fault(fault, now, &mut self.out)?;
        self.flush()
    }

    fn announce(&mut self, message: &str) -> Result<(), PipelineError> {
        let (at, subject) = (self.now(), Subject::new("session", message));
        let callout = Callout { at, subject, message: message.into(), direction: None, priority: Priority::Message, p: None };
        self.stages.announce(callout, at, &mut self.out)?;
        self.flush()
    }

    /// What the voice reports: finished speech makes room for the next, a lost voice is replaced.
    fn listen(&mut self) -> Result<(), PipelineError> {
        let mut events = std::mem::take(&mut self.pending);
        events.extend(self.voice.events());
        for event in events {
            match &event {
                VoiceEvent::Began(_) => self.speech.since = Some(Instant::now()),
                VoiceEvent::Finished(_) | VoiceEvent::Stopped(_) => {
                    self.speech.total += self.speech.since.take().map(|s| s.elapsed()).unwrap_or_default();
                }
                VoiceEvent::Lost(reason) => {
                    tracing::error!("{}: {reason}", self.voice.name());
                    self.mute = Some(Instant::now());
                }
            }
            let now = self.now();
            self.stages.heard(&event, now, &mut self.out);
            self.flush()?;
        }
        match self.mute {
            Some(when) if Instant::now() >= when => self.find_voice(),
            _ => Ok(()),
        }
    }

    fn find_voice(&mut self) -> Result<(), PipelineError> {
        match (self.open_voice)() {
            Ok(voice) => {
                self.voice = voice;
                self.mute = None;
                self.fault(Fault::VoiceLost)
            }
            Err(error) => {
                tracing::error!("{error}");
                self.mute = Some(Instant::now() + self.config.retry);
                Ok(())
            }
        }
    }

    fn flush(&mut self) -> Result<(), PipelineError> {
        for happening in &self.out.happenings {
            self.summary.callouts += u64::from(matches!(happening.event, Event::Callout { .. } | Event::Fault { .. }));
            (self.report)(happening);
        }
        for command in &self.out.voice {
            let done = match command {
                VoiceCommand::Say { id, text } => self.voice.say(*id, text),
                VoiceCommand::Stop => self.voice.stop(),
            };
            if let Err(error) = done {
                self.pending.push(VoiceEvent::Lost(error.to_string()));
            }
        }
        self.out.clear();
        Ok(())
    }

    /// Says that the walk has ended, and waits for it as long as a walker would.
    fn farewell(&mut self) -> Result<(), PipelineError> {
        let until = Instant::now() + self.config.farewell;
        let now = self.now();
        self.stages.hush(now, &mut self.out);
        self.flush()?;
        self.announce("session-end")?;
        while self.stages.speaking() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
            self.listen()?;
        }
        Ok(())
    }
}
