//! A walker's controls on a walk under way: the shipped model on the walk that ships, in real time, asked through the real socket.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/hearing.rs"]
mod hearing;
#[path = "common/null_sink.rs"]
mod null_sink;
#[path = "common/shown.rs"]
mod shown;
#[path = "common/street.rs"]
mod street;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use null_sink::with_null_sink;
use shown::{Shown, pictures};
use street::Street;
use streetscape::{
    callout::{Direction, Priority},
    control::Control,
    frame::Timestamp,
    narrator::Talk,
    pipeline::{
        PipelineError,
        controls::socket::{self, Socket},
        live::Walk,
        report::Summary,
        settings::{Keeper, Settings},
    },
    speech::{DirectVoice, Earcon, Rate, SpeechError, Transcript, Tuning, UtteranceId, Voice, VoiceEvent, Volume},
};

/// What a voice was told, and when its sounds began.
#[derive(Clone, Default)]
struct Heard {
    tuned: Arc<Mutex<Vec<Tuning>>>,
    said: Arc<Mutex<BTreeMap<u64, String>>>,
    began: Arc<Mutex<Vec<(String, Instant)>>>,
}

/// A voice that a test listens to.
struct Overheard(Box<dyn Voice>, Heard);

impl Voice for Overheard {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn say(&mut self, id: UtteranceId, text: &str, priority: Priority) -> Result<(), SpeechError> {
        self.1.said.lock().unwrap().insert(id.0, text.to_owned());
        self.0.say(id, text, priority)
    }

    fn wake(&mut self) -> Result<(), SpeechError> {
        self.0.wake()
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        self.0.stop()
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        let events = self.0.events();
        for event in &events {
            // A heartbeat was not told to be said.
            let VoiceEvent::Began(id) = event else { continue };
            let text = self.1.said.lock().unwrap().get(&id.0).cloned();
            self.1.began.lock().unwrap().extend(text.map(|text| (text, Instant::now())));
        }
        events
    }

    fn cue(&mut self, earcon: Earcon, side: Option<Direction>) -> Result<(), SpeechError> {
        self.0.cue(earcon, side)
    }

    fn length(&self, text: &str) -> Duration {
        self.0.length(text)
    }

    fn tune(&mut self, tuning: Tuning) -> Result<(), SpeechError> {
        self.1.tuned.lock().unwrap().push(tuning);
        self.0.tune(tuning)
    }
}

/// A walk under way, in a folder for what runs of its own.
struct Walking {
    folder: tempfile::TempDir,
    heard: Heard,
    lines: mpsc::Receiver<String>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Summary, PipelineError>>,
    _socket: Socket,
}

impl Walking {
    fn begin(voice: impl FnOnce() -> Box<dyn Voice>, introduce: bool) -> Self {
        let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().unwrap();
        let (requests, controls) = mpsc::channel();
        let socket = Socket::listen(folder.path(), requests).unwrap();
        let settings = folder.path().join("settings.toml");
        let heard = Heard::default();
        let (street, shown) = (Street::open(), pictures("demo"));
        let camera = move |started| Ok(Box::new(Shown::open(shown.clone(), started)) as _);
        let walk = Walk {
            controls: Some(controls),
            keeper: Some(Keeper::start(settings.clone(), Settings::read(&settings).settings).unwrap()),
            introduce,
            ..street.walk(Box::new(camera), Box::new(Overheard(voice(), heard.clone())))
        };
        let (stop, (send, lines)) = (Arc::new(AtomicBool::new(false)), mpsc::channel());
        let flag = Arc::clone(&stop);
        let thread = thread::spawn(move || walk.run(&flag, &mut |happening| send.send(happening.to_string()).unwrap()));
        Self { folder, heard, lines, stop, thread, _socket: socket }
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("settings.toml")
    }

    /// The program itself asks.
    #[track_caller]
    fn ctl(&self, command: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_streetscape"))
            .args(["ctl", command])
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    #[track_caller]
    fn hears(&self, words: &str) -> String {
        hearing::hears(&self.lines, words, Duration::from_secs(60))
    }

    #[track_caller]
    fn ends(self) -> (Summary, tempfile::TempDir) {
        self.stop.store(true, Ordering::Relaxed);
        let summary = self.thread.join().expect("the loop").expect("a walk without an error");
        assert!(self.lines.try_iter().any(|line| line.contains("Goodbye.")), "nobody said that it is off");
        (summary, self.folder)
    }
}

fn silent() -> Box<dyn Voice> {
    let started = Instant::now();
    Box::new(Transcript::new(std::io::sink(), Box::new(move || Timestamp(started.elapsed())), Rate::default()))
}

#[test]
fn every_command_is_answered_on_a_walk_and_what_was_chosen_is_kept() {
    let walking = Walking::begin(silent, false);
    walking.hears("Streetscape is on.");
    assert_eq!(walking.ctl("repeat"), "I have not spoken yet.");
    let crossing = walking.hears("[crossing] Zebra crossing");
    assert_eq!(Some(walking.ctl("repeat").as_str()), crossing.split_once("[crossing] ").map(|(_, words)| words));
    assert!(walking.ctl("around").to_lowercase().contains("zebra crossing"));
    assert!(walking.ctl("status").ends_with("Camera and voice work."));
    assert_eq!(walking.ctl("louder"), "Volume 90 percent.");
    assert_eq!(walking.ctl("faster"), "210 words a minute.");
    assert_eq!(walking.ctl("chattier"), "I tell all that I recognise.");
    let tuned = Tuning { volume: Volume::new(90).unwrap(), rate: Rate::new(210).unwrap() };
    assert_eq!(walking.heard.tuned.lock().unwrap().last(), Some(&tuned));
    assert_eq!(walking.ctl("pause"), "Paused. I give no warnings.");
    assert!(walking.ctl("status").ends_with("Still paused. I give no warnings."));
    walking.hears(": paused)");
    assert_eq!(walking.ctl("toggle"), "I am watching again.");
    walking.hears("[obstacle] Barrier or cones");
    assert_eq!(walking.ctl("wrong"), "No log is kept. I cannot mark it.");
    assert!(walking.ctl("help").starts_with("The commands are repeat"));
    assert_eq!(walking.ctl("stop"), "");
    let settings = walking.settings();
    let (summary, _folder) = walking.ends();
    assert!(summary.encoded > 10, "{summary:?}");
    let kept = Settings::read(&settings).settings;
    assert_eq!((kept.tuning(), kept.talk, kept.introduced), (tuned, Some(Talk::Chatty), false));
}

#[test]
fn the_first_start_introduces_itself_once_and_tells_when_the_aim_is_good() {
    let walking = Walking::begin(silent, true);
    walking.hears("[introduce] Hello, this is Streetscape.");
    walking.hears("[introduce] About crossing I never decide");
    walking.hears("[introduce] The camera is well aimed.");
    assert!(walking.ctl("introduce").contains("For help, press H"));
    walking.hears("[introduce] Hello");
    assert_eq!(walking.ctl("stop"), "");
    let settings = walking.settings();
    let (_, _folder) = walking.ends();
    assert!(Settings::read(&settings).settings.introduced);
}

#[test]
fn an_answer_begins_within_three_tenths_of_a_second() {
    with_null_sink("an_answer_begins_within_three_tenths_of_a_second", |_| {
        let walking = Walking::begin(|| Box::new(DirectVoice::open("en", Rate::default()).unwrap()), false);
        walking.hears("[crossing] Zebra crossing");
        let asked = [
            Control::Around,
            Control::Louder,
            Control::Quieter,
            Control::More,
            Control::Status,
            Control::Faster,
            Control::Slower,
            Control::Repeat,
            Control::Help,
            Control::Toggle,
            Control::Toggle,
        ];
        let (mut delays, mut late) = (Vec::new(), Vec::new());
        for control in asked.iter().cycle().take(44) {
            let before = Instant::now();
            let answer = socket::ask(walking.folder.path(), *control).unwrap();
            // The time in which a walker hears the beginning of it.
            thread::sleep(Duration::from_millis(700));
            let began = walking.heard.began.lock().unwrap();
            match began.iter().find(|(text, at)| *at >= before && answer.starts_with(text.as_str())) {
                Some((_, at)) => delays.push(at.duration_since(before)),
                // It waits for a hazard that was being said.
                None => late.push(*control),
            }
        }
        walking.ends();
        delays.sort();
        let at = |share: usize| delays[(delays.len() - 1) * share / 100];
        println!("{} answers: p50 {:?}, p95 {:?}, most {:?}; behind a hazard: {late:?}", delays.len(), at(50), at(95), at(100));
        assert!(late.len() <= 4, "{late:?}");
        assert!(at(95) < Duration::from_millis(300), "{delays:?}");
    });
}
