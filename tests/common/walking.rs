//! A live walk whose camera, encoder and voice are fakes that fail on command; threads, clock and disk are real.
#![allow(dead_code, reason = "each test takes what it needs")]

#[path = "hearing.rs"]
mod hearing;

use std::{
    f32::consts::PI,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use streetscape::{
    bundle::{BundleError, Calibration},
    callout::{Direction, Priority},
    capture::{CaptureError, FrameSource, Next},
    embedding::Embedding,
    encoder::{Device, EncoderError, ImageEncoder},
    frame::{Frame, Picture, Timestamp},
    narrator::{EvidenceConfig, Narrator, Pace},
    observation::View,
    ontology::{Kind, Ontology, StreetMap},
    pipeline::{
        PipelineError, Stages,
        live::{FIRST, LiveConfig, OpenVoice, PollPhrases, Pulse, Record, Walk},
        log::{Background, Files, Journal, Start},
        report::Summary,
        sight::{Sight, SightConfig},
    },
    ranking::{Aim, Ranker},
    speech::{Earcon, SpeechError, SpeechQueue, Tuning, UtteranceId, Voice, VoiceEvent, Words},
    vocabulary::Vocabulary,
};
use tempfile::TempDir;

/// How a fake device behaves, from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Health {
    Well,
    /// Answers with an error.
    Failing,
    /// Does not answer.
    Hanging,
    /// Of a camera: shows the same again and again.
    Still,
    /// Of a camera: shows nothing but black.
    Dark,
    /// Of a camera: shows hardly anything but one tone.
    Covered,
    /// Of a camera: shows no edge.
    Blurred,
    /// Of a camera: is held so.
    OnSide,
    AtSky,
    AtGround,
    /// Of a voice: its short sounds can't be heard.
    Toneless,
}

/// A switch that the test holds and its device reads.
#[derive(Clone)]
pub struct Switch(Arc<Mutex<Health>>);

impl Switch {
    pub fn new(health: Health) -> Self {
        Self(Arc::new(Mutex::new(health)))
    }

    pub fn set(&self, health: Health) {
        *self.0.lock().unwrap() = health;
    }

    fn is(&self, health: Health) -> bool {
        *self.0.lock().unwrap() == health
    }

    /// Whether the device works; returns only once it doesn't hang.
    fn works(&self) -> bool {
        loop {
            let health = *self.0.lock().unwrap();
            match health {
                Health::Failing => return false,
                Health::Hanging => {}
                _ => return true,
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Frames are counted, so that no two are the same.
struct FakeCamera(Switch, Instant, usize);

fn open_camera(switch: &Switch, started: Instant) -> Result<Box<dyn FrameSource>, CaptureError> {
    if switch.works() {
        Ok(Box::new(FakeCamera(switch.clone(), started, 0)))
    } else {
        Err(CaptureError::NoCamera { wanted: None, there: Vec::new() })
    }
}

impl FrameSource for FakeCamera {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        thread::sleep(Duration::from_millis(10));
        if !self.0.works() {
            return Err(CaptureError::CameraLost { camera: "fake".to_owned(), problem: "pulled out".to_owned() });
        }
        frame.at = Timestamp(self.1.elapsed());
        self.2 += 1;
        let health = *self.0.0.lock().unwrap();
        let shift = if health == Health::Still { 0 } else { self.2 };
        let tone = |i: usize| match health {
            Health::Dark => 0,
            Health::Covered => 90 + ((i / 3 + shift) % 2) as u8,
            // A slope of grey from side to side.
            Health::Blurred => (40 + 2 * (i / 3 % 64) + shift % 13) as u8,
            _ => ((i + shift) % 251) as u8,
        };
        frame.picture = Picture::new(64, 48, (0..64 * 48 * 3).map(tone).collect()).unwrap();
        Ok(Next::Frame)
    }
}

/// A direction, in radians.
pub fn at(angle: f32) -> Embedding {
    Embedding::new(vec![angle.cos(), angle.sin()]).unwrap()
}

/// Builds it anew where its files are whole.
fn open_encoder(switch: &Switch, camera: &Switch) -> Result<Box<dyn ImageEncoder>, EncoderError> {
    let damaged = || BundleError::Altered { file: "image.int8.onnx".to_owned(), problem: "a byte is another".to_owned() };
    if switch.works() { Ok(Box::new(FakeEncoder(switch.clone(), camera.clone()))) } else { Err(damaged().into()) }
}

/// Sees the same in every view, and how the camera is held.
struct FakeEncoder(Switch, Switch);

/// Each quarter of the plane is one way in which a camera is held.
fn aim() -> Option<Aim> {
    let rows = [0.0_f32, 0.5, 1.0, 1.5].map(|half| at(half * PI).as_slice().iter().map(|x| 8.0 * x).collect());
    Aim::new(rows.to_vec(), [0.0; 4])
}

impl ImageEncoder for FakeEncoder {
    fn encode(&mut self, _: &Picture, views: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
        out.clear();
        let held = [Health::OnSide, Health::AtSky, Health::AtGround].iter().position(|health| self.1.is(*health));
        let angle = held.map_or(0.0, |held| 0.5 * PI * (held + 1) as f32);
        out.extend(views.iter().map(|_| at(angle)));
        let failed = || EncoderError::Run { file: "fake".to_owned(), device: Device::Cpu, problem: "broken".to_owned() };
        if self.0.works() { Ok(()) } else { Err(failed()) }
    }

    fn map(&mut self, _: &Picture) -> Option<StreetMap> {
        let ontology = Ontology::shipped().unwrap();
        let ground = ontology.things().find(|thing| thing.kind == Kind::Ground).map(|thing| thing.id).unwrap();
        StreetMap::new(10, 10, vec![if self.1.is(Health::AtGround) { ground } else { 0 }; 100])
    }
}

/// Says a sentence at once; hanging, it speaks for ever.
/// Heartbeats are counted.
struct FakeVoice(&'static str, Switch, Vec<VoiceEvent>, Arc<AtomicU64>);

impl Voice for FakeVoice {
    fn name(&self) -> &str {
        self.0
    }

    fn say(&mut self, id: UtteranceId, _: &str, _: Priority) -> Result<(), SpeechError> {
        self.2.push(VoiceEvent::Began(id));
        match *self.1.0.lock().unwrap() {
            Health::Failing => return Err(SpeechError::Lost { voice: "fake", problem: "hoarse".to_owned() }),
            Health::Hanging => {}
            _ => self.2.push(VoiceEvent::Finished(id)),
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        Ok(())
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        std::mem::take(&mut self.2)
    }

    fn length(&self, _: &str) -> Duration {
        Duration::ZERO
    }

    fn cue(&mut self, earcon: Earcon, _: Option<Direction>) -> Result<(), SpeechError> {
        self.3.fetch_add(u64::from(earcon == Earcon::Heartbeat), Ordering::Relaxed);
        Ok(())
    }

    fn lacks_sounds(&self) -> bool {
        self.1.is(Health::Toneless)
    }

    fn tune(&mut self, _: Tuning) -> Result<(), SpeechError> {
        Ok(())
    }
}

/// What else a walk may have.
#[derive(Default)]
pub struct With<'a> {
    pub record: Option<Record>,
    /// A caregiver's.
    pub phrases: Option<PollPhrases>,
    /// The folder of the session's log.
    pub log: Option<&'a Path>,
    /// Instead of "Streetscape is on."
    pub greeting: Option<&'static str>,
    /// By which whoever stands guard hears of the loop.
    pub pulse: Option<Pulse>,
    /// A look that takes longer hangs.
    pub hung: Option<Duration>,
    /// Silence before a heartbeat.
    pub heartbeat: Option<Duration>,
    /// In place of times that make a test short; the two above hold in either.
    pub config: Option<LiveConfig>,
    /// In place of fakes.
    pub voices: Option<(Box<dyn Voice>, OpenVoice)>,
}

/// A walk under way.
pub struct Walking {
    pub camera: Switch,
    pub encoder: Switch,
    pub voice: Switch,
    /// In which the machine's `sys` and `proc` would lie.
    pub machine: TempDir,
    /// Heartbeats so far.
    pub beats: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    lines: mpsc::Receiver<String>,
    thread: JoinHandle<Result<Summary, PipelineError>>,
}

impl Walking {
    pub fn begin(camera: Health, record: Option<Record>) -> Self {
        let walking = Self::begin_with(camera, With { record, ..With::default() });
        walking.hears("Streetscape is on.");
        walking
    }

    /// The same, with more.
    pub fn begin_with(camera: Health, with: With) -> Self {
        let With { record, phrases, log, greeting, pulse, hung, heartbeat, config, voices } = with;
        let (pulse, greeting) = (pulse.unwrap_or_else(|| Box::new(|| {})), greeting.unwrap_or(FIRST));
        let (camera, encoder, voice) = (Switch::new(camera), Switch::new(Health::Well), Switch::new(Health::Well));
        let vocabulary = Vocabulary::shipped().unwrap();
        let classes = vocabulary.facets().map(|(_, facet)| vec![at(0.0); facet.classes.len()]).collect();
        let ranker = Ranker::new(&vocabulary, classes, &Calibration::default()).unwrap();
        let narrator = Narrator::new(&vocabulary, EvidenceConfig::default(), Pace::default()).unwrap();
        let queue = SpeechQueue::default();
        let words = Words::load("en").unwrap();
        let (for_camera, for_encoder, for_voice) = (camera.clone(), encoder.clone(), Switch::new(Health::Well));
        let looked = camera.clone();
        let sight = Sight::new(SightConfig::live()).aimed(aim(), &Ontology::shipped().unwrap());
        let mut stages = Stages::new(ranker, narrator, queue, words, sight);
        if let Some(dir) = log {
            let files = Files::new(dir, SystemTime::now(), 8);
            let sink = Background::start(Box::new(files)).unwrap();
            stages.keep(Journal::new(Box::new(sink), Start::new(&vocabulary, "fake".to_owned(), "en", None), 1 << 20));
        }
        let (beats, for_beats) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let another = move || -> Result<Box<dyn Voice>, SpeechError> {
            Ok(Box::new(FakeVoice("other", for_voice.clone(), Vec::new(), for_beats.clone())))
        };
        let fake = || -> (Box<dyn Voice>, OpenVoice) {
            (Box::new(FakeVoice("fake", voice.clone(), Vec::new(), beats.clone())), Box::new(another))
        };
        let (first, open_voice) = voices.unwrap_or_else(fake);
        let machine = tempfile::tempdir().unwrap();
        let short = LiveConfig {
            interval: Duration::from_millis(20),
            retry: Duration::from_millis(50),
            silent: Duration::from_millis(500),
            late: Duration::from_millis(200),
            phrases: Duration::from_millis(20),
            machine: Duration::from_millis(20),
            hot: Duration::from_millis(40),
            ..LiveConfig::default()
        };
        let config = config.unwrap_or(short);
        let walk = Walk {
            stages,
            encoder: Box::new(FakeEncoder(encoder.clone(), camera.clone())),
            voice: first,
            open_camera: Box::new(move |started| open_camera(&for_camera, started)),
            open_encoder: Box::new(move || open_encoder(&for_encoder, &looked)),
            open_voice,
            phrases,
            controls: None,
            keeper: None,
            introduce: false,
            news: Vec::new(),
            pulse,
            greeting,
            machine: machine.path().to_owned(),
            record,
            config: LiveConfig {
                hung: hung.unwrap_or(config.hung),
                heartbeat: heartbeat.unwrap_or(config.heartbeat),
                ..config
            },
        };
        let stop = Arc::new(AtomicBool::new(false));
        let (send, lines) = mpsc::channel();
        let flag = Arc::clone(&stop);
        let thread = thread::spawn(move || walk.run(&flag, &mut |happening| send.send(happening.to_string()).unwrap()));
        Self { camera, encoder, voice, machine, beats, stop, lines, thread }
    }

    /// Waits until `words` are said; the line that tells it.
    #[track_caller]
    pub fn hears(&self, words: &str) -> String {
        hearing::hears(&self.lines, words, Duration::from_secs(20))
    }

    /// A file under the machine's root, made or written anew.
    pub fn machine_says(&self, file: &str, text: &str) {
        let path = self.machine.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Asks for the end, which comes within a second and is said; gives the figures.
    #[track_caller]
    pub fn ends(self) -> Summary {
        let asked = Instant::now();
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.join().expect("the loop");
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(1), "the end took {took:?}");
        assert!(self.lines.try_iter().any(|line| line.contains("Goodbye.")), "nobody said that it is off");
        ended.expect("a walk without an error")
    }
}
