//! The live loop's faults: each is said, nothing holds up the rest, and the end comes when it is asked for. Camera, encoder and
//! voice are fakes that fail on command; threads, clock and disk are real.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/small_disk.rs"]
mod small_disk;

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use small_disk::SmallDisk;
use streetscape::{
    bundle::Calibration,
    callout::Priority,
    capture::{CaptureError, FrameSource, Next, jpeg},
    embedding::Embedding,
    encoder::{Device, EncoderError, ImageEncoder},
    frame::{Frame, Picture, Timestamp},
    narrator::{EvidenceConfig, Narrator, Pace},
    observation::View,
    pipeline::{
        PipelineError, Stages,
        live::{LiveConfig, PollPhrases, Record, Walk},
        log::{Background, Files, Journal, Log, Start},
        phrases::PhraseFile,
        report::Summary,
        sight::{Sight, SightConfig},
    },
    ranking::Ranker,
    speech::{SpeechError, SpeechQueue, Tuning, UtteranceId, Voice, VoiceEvent, Words},
    vocabulary::{Vocabulary, lint::Lint},
    walk::{About, Walk as Recorded, WalkWriter},
};

/// How a fake device behaves, from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Health {
    Well,
    /// Answers with an error.
    Failing,
    /// Does not answer.
    Hanging,
}

/// A switch that the test holds and its device reads.
#[derive(Clone)]
struct Switch(Arc<Mutex<Health>>);

impl Switch {
    fn new(health: Health) -> Self {
        Self(Arc::new(Mutex::new(health)))
    }

    fn set(&self, health: Health) {
        *self.0.lock().unwrap() = health;
    }

    /// Whether the device works; returns only once it doesn't hang.
    fn works(&self) -> bool {
        loop {
            match *self.0.lock().unwrap() {
                Health::Well => return true,
                Health::Failing => return false,
                Health::Hanging => {}
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

struct FakeCamera(Switch, Instant);

fn open_camera(switch: &Switch, started: Instant) -> Result<Box<dyn FrameSource>, CaptureError> {
    if switch.works() {
        Ok(Box::new(FakeCamera(switch.clone(), started)))
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
        frame.picture = Picture::new(64, 48, (0..64 * 48 * 3).map(|i| (i % 251) as u8).collect()).unwrap();
        Ok(Next::Frame)
    }
}

/// A direction, in radians.
fn at(angle: f32) -> Embedding {
    Embedding::new(vec![angle.cos(), angle.sin()]).unwrap()
}

/// Sees the same in every view.
struct FakeEncoder(Switch);

impl ImageEncoder for FakeEncoder {
    fn encode(&mut self, _: &Picture, views: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
        out.clear();
        out.extend(views.iter().map(|_| at(0.0)));
        let failed = || EncoderError::Run { file: "fake".to_owned(), device: Device::Cpu, problem: "broken".to_owned() };
        if self.0.works() { Ok(()) } else { Err(failed()) }
    }
}

/// Says a sentence at once; hanging, it speaks for ever.
struct FakeVoice(Switch, Vec<VoiceEvent>);

impl Voice for FakeVoice {
    fn name(&self) -> &str {
        "fake"
    }

    fn say(&mut self, id: UtteranceId, _: &str, _: Priority) -> Result<(), SpeechError> {
        self.1.push(VoiceEvent::Began(id));
        match *self.0.0.lock().unwrap() {
            Health::Well => self.1.push(VoiceEvent::Finished(id)),
            Health::Failing => return Err(SpeechError::Lost { voice: "fake", problem: "hoarse".to_owned() }),
            Health::Hanging => {}
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        Ok(())
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        std::mem::take(&mut self.1)
    }

    fn length(&self, _: &str) -> Duration {
        Duration::ZERO
    }

    fn tune(&mut self, _: Tuning) -> Result<(), SpeechError> {
        Ok(())
    }
}

/// A walk under way.
struct Walking {
    camera: Switch,
    encoder: Switch,
    voice: Switch,
    stop: Arc<AtomicBool>,
    lines: mpsc::Receiver<String>,
    thread: JoinHandle<Result<Summary, PipelineError>>,
}

impl Walking {
    fn begin(camera: Health, record: Option<Record>) -> Self {
        let walking = Self::begin_with(camera, record, None, None);
        walking.hears("Streetscape is on.");
        walking
    }

    /// The same, with a caregiver's phrases, or with a log in the folder `log`.
    fn begin_with(camera: Health, record: Option<Record>, phrases: Option<PollPhrases>, log: Option<&Path>) -> Self {
        let (camera, encoder, voice) = (Switch::new(camera), Switch::new(Health::Well), Switch::new(Health::Well));
        let vocabulary = Vocabulary::shipped().unwrap();
        let classes = vocabulary.facets().map(|(_, facet)| vec![at(0.0); facet.classes.len()]).collect();
        let ranker = Ranker::new(&vocabulary, classes, &Calibration::default()).unwrap();
        let narrator = Narrator::new(&vocabulary, EvidenceConfig::default(), Pace::default()).unwrap();
        let queue = SpeechQueue::default();
        let words = Words::load("en").unwrap();
        let (for_camera, for_encoder, for_voice) = (camera.clone(), encoder.clone(), Switch::new(Health::Well));
        let mut stages = Stages::new(ranker, narrator, queue, words, Sight::new(SightConfig::default()));
        if let Some(dir) = log {
            let files = Files::new(dir, SystemTime::now(), 8);
            let sink = Background::start(Box::new(files)).unwrap();
            stages.keep(Journal::new(Box::new(sink), Start::new(&vocabulary, "fake".to_owned(), "en", None), 1 << 20));
        }
        let walk = Walk {
            stages,
            encoder: Box::new(FakeEncoder(encoder.clone())),
            voice: Box::new(FakeVoice(voice.clone(), Vec::new())),
            open_camera: Box::new(move |started| open_camera(&for_camera, started)),
            open_encoder: Box::new(move || Ok(Box::new(FakeEncoder(for_encoder.clone())))),
            open_voice: Box::new(move || Ok(Box::new(FakeVoice(for_voice.clone(), Vec::new())))),
            phrases,
            controls: None,
            keeper: None,
            introduce: false,
            news: Vec::new(),
            record,
            config: LiveConfig {
                interval: Duration::from_millis(20),
                retry: Duration::from_millis(50),
                silent: Duration::from_millis(500),
                late: Duration::from_millis(200),
                phrases: Duration::from_millis(20),
                ..LiveConfig::default()
            },
        };
        let stop = Arc::new(AtomicBool::new(false));
        let (send, lines) = mpsc::channel();
        let flag = Arc::clone(&stop);
        let thread = thread::spawn(move || walk.run(&flag, &mut |happening| send.send(happening.to_string()).unwrap()));
        Self { camera, encoder, voice, stop, lines, thread }
    }

    /// Waits until `words` are said.
    #[track_caller]
    fn hears(&self, words: &str) {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(words) => return,
                Ok(_) => {}
                Err(error) => panic!("never said: {words} ({error})"),
            }
        }
    }

    /// Asks for the end, which comes within a second and is said; gives the figures.
    #[track_caller]
    fn ends(self) -> Summary {
        let asked = Instant::now();
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.join().expect("the loop");
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(1), "the end took {took:?}");
        assert!(self.lines.try_iter().any(|line| line.contains("Goodbye.")), "nobody said that it is off");
        ended.expect("a walk without an error")
    }
}

#[test]
fn a_camera_that_is_lost_is_told_of_and_so_is_its_return() {
    let walking = Walking::begin(Health::Well, None);
    for health in [Health::Failing, Health::Hanging] {
        walking.camera.set(health);
        walking.hears("No picture from the camera.");
        walking.camera.set(Health::Well);
        walking.hears("The camera is back.");
    }
    assert!(walking.ends().encoded > 0);
}

#[test]
fn a_camera_that_hangs_from_the_first_is_told_of_and_does_not_hold_up_the_end() {
    let walking = Walking::begin(Health::Hanging, None);
    walking.hears("No picture from the camera.");
    let camera = walking.camera.clone();
    assert_eq!(walking.ends().frames, 0);
    camera.set(Health::Failing);
}

#[test]
fn an_encoder_that_hangs_is_told_of_while_it_does_and_holds_up_neither_faults_nor_the_end() {
    let walking = Walking::begin(Health::Well, None);
    walking.encoder.set(Health::Hanging);
    walking.hears("I am slow.");
    walking.camera.set(Health::Failing);
    walking.hears("No picture from the camera.");
    let encoder = walking.encoder.clone();
    walking.ends();
    encoder.set(Health::Failing);
}

#[test]
fn an_encoder_that_fails_is_built_anew_and_both_are_said() {
    let walking = Walking::begin(Health::Well, None);
    walking.encoder.set(Health::Failing);
    walking.hears("I cannot recognise anything.");
    walking.encoder.set(Health::Well);
    walking.hears("I recognise things again.");
    walking.ends();
}

#[test]
fn a_voice_that_is_lost_is_replaced_and_what_still_lasts_is_said_by_the_next() {
    let walking = Walking::begin(Health::Well, None);
    walking.voice.set(Health::Failing);
    walking.camera.set(Health::Failing);
    walking.hears("This is another voice.");
    walking.hears("No picture from the camera.");
    walking.ends();
}

#[test]
fn the_end_comes_in_the_middle_of_a_sentence() {
    let walking = Walking::begin(Health::Well, None);
    walking.voice.set(Health::Hanging);
    walking.camera.set(Health::Failing);
    walking.hears("No picture from the camera.");
    walking.ends();
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_walk() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path(), "64k") else { return };
    let folder = disk.0.join("walk");
    let mut writer = WalkWriter::create(&folder, &About::default()).unwrap();
    let record = move |frame: &Frame| {
        let jpeg = jpeg::encode(&frame.picture).map_err(|error| error.to_string())?;
        writer.write(frame.at, &jpeg).map_err(|error| error.to_string())
    };
    let walking = Walking::begin(Health::Well, Some(Box::new(record)));
    walking.hears("The recording has stopped. I keep watching.");
    walking.camera.set(Health::Failing);
    walking.hears("No picture from the camera.");
    walking.camera.set(Health::Well);
    walking.hears("The camera is back.");
    let summary = walking.ends();
    let recorded = Recorded::open(&folder).expect("a walk").frames.len() as u64;
    assert!(recorded > 0 && recorded < summary.frames, "{recorded} of {} frames", summary.frames);
}

#[test]
fn a_caregivers_phrases_are_taken_up_while_walking_and_a_broken_file_leaves_the_last_good_one() {
    const PHRASE: &str = "[[phrase]]\nlook_for = \"a bakery\"\nsay = \"Anna's bakery.\"\nagain_s = 10\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("phrases.toml");
    let mut file = PhraseFile {
        path: path.clone(),
        cache: Some(dir.path().join("cache")),
        vocabulary: Vocabulary::shipped().unwrap(),
        lint: Lint::shipped().unwrap(),
        background: (0..128).map(|i| at(0.8 + i as f32 / 320.0)).collect(),
        prompts: vec![at(1.0), at(1.1)],
        tower: "tower".to_owned(),
        // What the camera shows.
        embed: Box::new(|texts| Ok(texts.iter().map(|_| at(0.0)).collect())),
        read: None,
    };
    let mut beginning = true;
    let poll = Box::new(move || file.poll(std::mem::take(&mut beginning)));
    let walking = Walking::begin_with(Health::Well, None, Some(poll), None);
    let write = |text: &str| {
        // Whole, as an editor saves it.
        fs::write(path.with_extension("new"), text).unwrap();
        fs::rename(path.with_extension("new"), &path).unwrap();
    };
    thread::sleep(Duration::from_millis(100));
    write(PHRASE);
    walking.hears("Your new phrases are in use.");
    walking.hears("Anna's bakery.");
    write(&PHRASE.replace("Anna's bakery", "Safe to cross"));
    walking.hears("Your phrases have a mistake. The old ones stay.");
    write(&PHRASE.replace("Anna's", "Eva's"));
    walking.hears("Your new phrases are in use.");
    walking.hears("Eva's bakery.");
    walking.ends();
}

#[test]
fn a_full_disk_ends_the_log_and_not_the_walk() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path(), "32k") else { return };
    let folder = disk.0.join("log");
    let walking = Walking::begin_with(Health::Well, None, None, Some(&folder));
    walking.hears("The log has stopped. I keep watching.");
    walking.camera.set(Health::Failing);
    walking.hears("No picture from the camera.");
    walking.ends();
    let part = std::fs::read_dir(&folder).unwrap().next().expect("a part").unwrap().path();
    assert!(Log::open(&part).expect("a log that was cut off").records.len() > 10);
}

#[test]
fn a_log_that_cannot_be_begun_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let walking = Walking::begin_with(Health::Well, None, None, Some(&file));
    walking.hears("The log has stopped.");
    walking.ends();
}
