//! The live walk: a camera's thread, a mailbox of one frame, an encoder's thread, and the walker's thread that decides and speaks.
//!
//! Owns the threads, the wall clock, and what is done when camera, encoder or voice fail: each fault is said, and the loop goes on
//! trying to mend it. A camera or an encoder that hangs holds up its own thread and no other, so that this too is said, and the end
//! comes when it is asked for. Leaves signals and the terminal to the program.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    capture::{CaptureError, FrameSource},
    encoder::{EncoderError, ImageEncoder},
    frame::Frame,
    pipeline::{
        PipelineError, Stages,
        controls::Request,
        phrases::Change,
        report::{self, Happening, Summary},
        settings::Keeper,
    },
    speech::{SpeechError, Voice},
};

use self::{
    camera::Camera,
    looking::Encoder,
    machine::Machine,
    walker::{State, Walker},
};

mod camera;
mod looking;
mod machine;
mod mute;
mod obeying;
mod walker;

/// What a walk begins with that was not begun again.
pub const FIRST: &str = "session-start";

/// How a walker learns on which side a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// By words alone.
    Said,
    /// From that side too, where the device has two channels. Not for those who hear with one ear, or by bone.
    Heard,
}

/// How the live loop paces itself.
#[derive(Clone, Copy, Debug)]
pub struct LiveConfig {
    /// Time between two frames that are looked at: more would cost battery and tell nothing new at walking speed.
    pub interval: Duration,
    /// Between two tries to mend a fault.
    pub retry: Duration,
    /// A camera that gives no picture for longer is lost, even where its driver reports nothing.
    pub silent: Duration,
    /// A look that takes longer is late.
    pub late: Duration,
    /// How long the farewell may take.
    pub farewell: Duration,
    /// How often a caregiver's file is looked at.
    pub phrases: Duration,
    /// How often battery, heat and clocks are.
    pub machine: Duration,
    /// How often whoever stands guard is told that the loop goes on.
    pub pulse: Duration,
    /// A look that takes longer hangs, and so does the loop.
    pub hung: Duration,
    /// Silence after which a heartbeat is heard, where all is well.
    pub heartbeat: Duration,
    /// Whether a side is heard as well as said.
    pub sides: Sides,
    /// Time between two looks while the processor is hot.
    pub hot: Duration,
    /// What the walker's own clock shows.
    pub wall: fn() -> SystemTime,
}

impl Default for LiveConfig {
    /// Five looks a second: 0.3 m of way between two at 1.4 m/s. A camera is given up a little later than it gives itself up, since
    /// it knows more of the cause. The farewell is heard in half a second, and leaves the rest of Ctrl-C's second to closing on a
    /// busy machine.
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(200),
            retry: Duration::from_secs(1),
            silent: Duration::from_millis(2900),
            late: Duration::from_millis(800),
            farewell: Duration::from_millis(700),
            phrases: Duration::from_secs(1),
            machine: Duration::from_secs(1),
            pulse: Duration::from_secs(1),
            hung: Duration::from_secs(20),
            heartbeat: Duration::from_secs(15),
            sides: Sides::Said,
            hot: Duration::from_millis(500),
            wall: SystemTime::now,
        }
    }
}

impl LiveConfig {
    /// Two looks a second, as [`PolicyConfig::saver`] has them.
    ///
    /// [`PolicyConfig::saver`]: crate::pipeline::policy::PolicyConfig::saver
    pub fn saver() -> Self {
        Self { interval: Duration::from_millis(500), ..Self::default() }
    }
}

/// Opens a camera, the first time and after it was lost; its frames count their time from the moment given.
pub type OpenCamera = Box<dyn FnMut(Instant) -> Result<Box<dyn FrameSource>, CaptureError> + Send>;
/// Builds an encoder, after it was lost.
pub type OpenEncoder = Box<dyn FnMut() -> Result<Box<dyn ImageEncoder>, EncoderError> + Send>;
/// Opens another voice, after one was lost.
pub type OpenVoice = Box<dyn FnMut() -> Result<Box<dyn Voice>, SpeechError> + Send>;
/// What became of a caregiver's phrases since it was asked last; may take a second where there are new ones.
pub type PollPhrases = Box<dyn FnMut() -> Option<Change> + Send>;
/// Keeps a frame; an error ends the recording, never the walk.
pub type Record = Box<dyn FnMut(&Frame) -> Result<(), String> + Send>;

/// Tells whoever stands guard that the loop goes on.
pub type Pulse = Box<dyn FnMut() + Send>;

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
    /// A caregiver's phrases, if anywhere.
    pub phrases: Option<PollPhrases>,
    /// What the walker asks for, if there is any way to.
    pub controls: Option<mpsc::Receiver<Request>>,
    /// Where what the walker chooses is kept, if anywhere.
    pub keeper: Option<Keeper>,
    /// Whether the program is to introduce itself.
    pub introduce: bool,
    /// Messages on what was wrong before the walk began.
    pub news: Vec<&'static str>,
    /// The folder in which the machine's `sys` and `proc` lie.
    pub machine: PathBuf,
    /// Where frames are kept, if anywhere.
    pub record: Option<Record>,
    /// Tells whoever stands guard that the loop goes on.
    pub pulse: Pulse,
    /// What the walk begins with: that it begins, or that it was begun again.
    pub greeting: &'static str,
    /// Timing.
    pub config: LiveConfig,
}

impl Walk {
    /// Walks until `stop` is set; says goodbye then. Every happening is handed to `report` as it happens.
    pub fn run(self, stop: &AtomicBool, report: &mut dyn FnMut(&Happening)) -> Result<Summary, PipelineError> {
        let started = Instant::now();
        let camera = Arc::new(Camera::new(started));
        let watching = {
            let (camera, open, retry) = (Arc::clone(&camera), self.open_camera, self.config.retry);
            // Often enough that a camera which works is not taken for lost while a look lasts.
            let pause = self.config.silent / 3;
            thread::Builder::new().name("camera".to_owned()).spawn(move || camera.watch(open, pause, retry))
        };
        let watching = watching.map_err(|source| PipelineError::Thread { what: "the camera", source })?;
        let changes = watch_phrases(self.phrases, self.config.phrases)?;
        let views = self.stages.views().clone();
        let encoder = Encoder::start(self.encoder, self.open_encoder, views, self.config.retry);
        let mut walker = Walker {
            stages: self.stages,
            camera: &camera,
            encoder: encoder.map_err(|source| PipelineError::Thread { what: "the encoder", source })?,
            voice: self.voice,
            open_voice: self.open_voice,
            changes,
            controls: self.controls,
            keeper: self.keeper,
            introduce: self.introduce,
            news: self.news,
            record: self.record,
            machine: Machine::new(self.machine, self.config.machine, self.config.wall),
            pulse: self.pulse,
            greeting: self.greeting,
            config: self.config,
            state: State::default(),
            report,
        };
        let walked = walker.walk(stop);
        // Whatever ended the walk, the walker hears that it has ended.
        let parted = walker.farewell();
        camera.leave();
        let mut summary = walker.summary();
        summary.dropped = camera.mailbox.dropped();
        summary.duration = report::seconds(camera.now());
        summary.wall_seconds = summary.duration;
        // Threads that hang in a driver must not keep the walker waiting: they are left to end with the program.
        if watching.is_finished() && watching.join().is_err() {
            return Err(PipelineError::Panicked { what: "the camera's thread" });
        }
        report(&Happening::summary(summary));
        walked.and(parted).map(|()| summary)
    }
}

/// Asks `poll` every `pause` on a thread of its own, which ends with the walk.
fn watch_phrases(poll: Option<PollPhrases>, pause: Duration) -> Result<mpsc::Receiver<Change>, PipelineError> {
    let (changes, changed) = mpsc::channel();
    if let Some(mut poll) = poll {
        let watch = move || {
            loop {
                if poll().is_some_and(|change| changes.send(change).is_err()) {
                    return;
                }
                thread::sleep(pause);
            }
        };
        let watching = thread::Builder::new().name("phrases".to_owned()).spawn(watch);
        watching.map_err(|source| PipelineError::Thread { what: "a caregiver's phrases", source })?;
    }
    Ok(changed)
}
