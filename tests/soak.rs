//! A long walk in a short time: the demo walk over and over, at twenty times its pace, while camera, pictures, encoder and voice fail at
//! random and a walker asks at random. `make soak`; STREETSCAPE_SOAK_MINUTES is how much is walked, 120 minutes by itself.
//!
//! The loop, the model, the decision and the log are those of a walk; the voice makes no sound. The walker's clock is the wall's: what is
//! twenty times as fast is the pictures.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use streetscape::{
    bundle::Bundle,
    callout::{Direction, Priority},
    capture::{self, CaptureError, FrameSource, Next},
    control::{Asked, By, Control},
    embedding::Embedding,
    encoder::{
        Device, EncoderError, EncoderOptions, Eyes, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Precision, Runtime,
        SessionOptions, prompts,
    },
    frame::{Frame, Picture, Timestamp},
    narrator::{EvidenceConfig, Narrator, Pace},
    observation::View,
    ontology::{Ontology, StreetMap},
    pipeline::{
        Stages,
        controls::Request,
        live::{FIRST, LiveConfig, Walk},
        log::{Background, Files, Journal, Start},
        report::{Event, Happening},
        sight::{Sight, SightConfig},
    },
    ranking::Ranker,
    speech::{Earcon, Rate, SpeechError, SpeechQueue, Transcript, Tuning, UtteranceId, Voice, VoiceEvent, Words},
    vocabulary::Vocabulary,
};

/// How much faster pictures come than they were taken.
const TIMES: u32 = 20;
/// For how long each picture of the walk is what there is to see.
const EACH: Duration = Duration::from_millis(200);
/// How many pictures are passed over at most until the newest.
const SKIPPED: usize = 50;
/// What memory may grow by, in MB, from the second quarter to the last, in the median: while an encoder is built anew there are two.
const GROWTH: f64 = 5.0;
/// Seconds in which a walker must hear something, be it a heartbeat.
const SILENCE: u64 = 60;

/// What is wrong now; numbers of the table below, 0 where all is well.
#[derive(Clone, Default)]
struct Ill(Arc<AtomicU64>);

const ILLS: [&str; 8] = ["nothing", "camera gone", "camera hangs", "covered", "dark", "frozen", "encoder fails", "voice lost"];

impl Ill {
    fn is(&self, ill: &str) -> bool {
        ILLS[self.0.load(Ordering::Relaxed) as usize % ILLS.len()] == ill
    }
}

struct Looped {
    source: Box<dyn FrameSource>,
    started: Instant,
    round: Instant,
    ill: Ill,
    still: Option<Picture>,
}

fn recorded() -> Result<Box<dyn FrameSource>, CaptureError> {
    capture::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walks/demo"), 5.0)
}

fn plain(picture: &Picture, shade: u8) -> Picture {
    Picture::new(picture.width(), picture.height(), vec![shade; picture.rgb().len()]).unwrap()
}

impl FrameSource for Looped {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        while self.ill.is("camera hangs") {
            thread::sleep(Duration::from_millis(20));
        }
        if self.ill.is("camera gone") {
            return Err(CaptureError::CameraLost { camera: "demo".to_owned(), problem: "pulled out".to_owned() });
        }
        // As a camera does, it gives the newest picture, whatever came since the last one was read; unless that takes too long.
        let mut due = self.round;
        for _ in 0..SKIPPED {
            if self.source.read(frame)? == Next::End {
                (self.source, self.round) = (recorded()?, Instant::now());
                self.source.read(frame)?;
            }
            due = self.round + frame.at.0 / TIMES;
            if due + EACH / TIMES > Instant::now() {
                break;
            }
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if self.ill.is("frozen") {
            frame.picture = self.still.get_or_insert_with(|| frame.picture.clone()).clone();
        } else {
            self.still = None;
        }
        if self.ill.is("covered") || self.ill.is("dark") {
            frame.picture = plain(&frame.picture, if self.ill.is("dark") { 0 } else { 90 });
        }
        frame.at = Timestamp(self.started.elapsed());
        Ok(Next::Frame)
    }
}

struct Failing(Box<dyn ImageEncoder>, Ill);

impl ImageEncoder for Failing {
    fn encode(&mut self, picture: &Picture, views: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
        if self.1.is("encoder fails") {
            return Err(EncoderError::Run {
                file: "image".to_owned(),
                device: Device::Cpu,
                problem: "it was told to".to_owned(),
            });
        }
        self.0.encode(picture, views, out)
    }

    fn map(&mut self, picture: &Picture) -> Option<StreetMap> {
        self.0.map(picture)
    }
}

struct Silent(Transcript, Ill, Arc<Mutex<Instant>>);

impl Silent {
    fn open(ill: &Ill, heard: &Arc<Mutex<Instant>>) -> Self {
        let started = Instant::now();
        let clock = Box::new(move || Timestamp(started.elapsed()));
        Self(Transcript::new(io::sink(), clock, Rate::default()), ill.clone(), heard.clone())
    }

    fn heard(&self) {
        *self.2.lock().unwrap() = Instant::now();
    }
}

impl Voice for Silent {
    fn name(&self) -> &str {
        "silent"
    }

    fn say(&mut self, id: UtteranceId, text: &str, priority: Priority) -> Result<(), SpeechError> {
        if self.1.is("voice lost") {
            return Err(SpeechError::Lost { voice: "silent", problem: "it was told to".to_owned() });
        }
        self.heard();
        self.0.say(id, text, priority)
    }

    fn cue(&mut self, _: Earcon, _: Option<Direction>) -> Result<(), SpeechError> {
        self.heard();
        Ok(())
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        self.0.stop()
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        self.0.events()
    }

    fn length(&self, text: &str) -> Duration {
        self.0.length(text)
    }

    fn tune(&mut self, tuning: Tuning) -> Result<(), SpeechError> {
        self.0.tune(tuning)
    }
}

/// What the process holds: MB of memory of its own, whether it lies in RAM or was moved out; threads; open files.
fn held() -> (f64, usize, usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let number = |key: &str| -> usize {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (
        (number("RssAnon:") + number("VmSwap:")) as f64 / 1024.0,
        number("Threads:"),
        fs::read_dir("/proc/self/fd").unwrap().count(),
    )
}

/// The next of a linear congruential generator's numbers below `most` (Knuth's MMIX).
fn draw(state: &mut u64, most: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % most
}

#[test]
#[ignore = "six minutes: make soak"]
fn two_hours_of_faults_and_wishes_leave_the_loop_as_it_was() {
    let minutes: f64 = env::var("STREETSCAPE_SOAK_MINUTES").map_or(120.0, |text| text.parse().expect("minutes"));
    let seed = env::var("STREETSCAPE_SOAK_SEED").map_or(1, |text| text.parse().expect("a number"));
    let whole = Duration::from_secs_f64(minutes * 60.0 / f64::from(TIMES));
    let folder = tempfile::tempdir().unwrap();
    let bundle = Bundle::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models/street")).unwrap();
    let (runtime, vocabulary) = (Runtime::load(None).unwrap(), Vocabulary::shipped().unwrap());
    let text = || OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default());
    let ranker = Ranker::new(&vocabulary, prompts(&bundle, &vocabulary, text).unwrap(), &bundle.manifest.calibration).unwrap();
    let narrator = Narrator::new(&vocabulary, EvidenceConfig::default(), Pace::default()).unwrap();
    let sight = Sight::of(&bundle, &Ontology::shipped().unwrap(), SightConfig::live()).unwrap();
    let mut stages = Stages::new(ranker, narrator, SpeechQueue::default(), Words::load("en").unwrap(), sight);
    let sink = Background::start(Box::new(Files::new(folder.path(), SystemTime::now(), 8))).unwrap();
    stages.keep(Journal::new(Box::new(sink), Start::new(&vocabulary, "soak".to_owned(), "en", None), 1 << 20));
    let (ill, heard) = (Ill::default(), Arc::new(Mutex::new(Instant::now())));
    let (for_camera, for_encoder, for_voice, for_heard) = (ill.clone(), ill.clone(), ill.clone(), heard.clone());
    let encoder = move || -> Result<Box<dyn ImageEncoder>, EncoderError> {
        let options = EncoderOptions { precision: Precision::Int8, threads: 1, ..EncoderOptions::default() };
        let tower = OnnxImageEncoder::open(runtime, &bundle, &options)?;
        let eyes = Eyes::open(Box::new(tower), runtime, &SessionOptions { threads: 1, ..SessionOptions::default() });
        Ok(Box::new(Failing(Box::new(eyes), for_encoder.clone())))
    };
    let (requests, controls) = mpsc::channel();
    let walk = Walk {
        stages,
        encoder: encoder().unwrap(),
        voice: Box::new(Silent::open(&ill, &heard)),
        open_camera: Box::new(move |started| {
            let ill = for_camera.clone();
            Ok(Box::new(Looped { source: recorded()?, started, round: Instant::now(), ill, still: None }))
        }),
        open_encoder: Box::new(encoder),
        open_voice: Box::new(move || Ok(Box::new(Silent::open(&for_voice, &for_heard)))),
        phrases: None,
        controls: Some(controls),
        keeper: None,
        introduce: false,
        news: Vec::new(),
        machine: folder.path().to_owned(),
        pulse: Box::new(|| {}),
        greeting: FIRST,
        record: None,
        config: LiveConfig { interval: Duration::from_millis(200) / TIMES, ..LiveConfig::default() },
    };
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, counts) = (Arc::clone(&stop), Arc::new(Mutex::new(BTreeMap::<String, u64>::new())));
    let counted = Arc::clone(&counts);
    let walking = thread::spawn(move || {
        walk.run(&flag, &mut |happening: &Happening| {
            let what = match &happening.event {
                Event::Silence { reason, .. } => {
                    assert!(!reason.is_empty(), "a silence without its reason: {happening}");
                    format!("silent: {reason}")
                }
                Event::Fault { kind, .. } => format!("fault: {kind}"),
                Event::Callout { facet, .. } => format!("said: {facet}"),
                _ => return,
            };
            *counted.lock().unwrap().entry(what).or_default() += 1;
        })
    });
    let (began, mut state, mut held_then, mut longest) = (Instant::now(), seed, Vec::new(), Duration::ZERO);
    let (mut next_ill, mut next_wish, mut next_look, mut resumes) = (began, began, began, None);
    while began.elapsed() < whole {
        thread::sleep(Duration::from_millis(50));
        assert!(!walking.is_finished(), "the loop ended by itself");
        let now = Instant::now();
        longest = longest.max(heard.lock().unwrap().elapsed());
        if now >= next_ill {
            // Every other time all is well.
            let well = ill.0.load(Ordering::Relaxed) != 0;
            let next = if well { 0 } else { 1 + draw(&mut state, ILLS.len() as u64 - 1) };
            ill.0.store(next, Ordering::Relaxed);
            next_ill = now + Duration::from_millis(2000 + draw(&mut state, 6000));
        }
        if now >= next_wish {
            let wish = Control::ALL[draw(&mut state, Control::ALL.len() as u64) as usize];
            requests.send(Request { asked: Asked::new(wish, By::Command), reply: None }).unwrap();
            next_wish = now + Duration::from_millis(500 + draw(&mut state, 4000));
            // A pause is silent until it is ended.
            resumes = matches!(wish, Control::Pause | Control::Toggle).then_some(now + Duration::from_secs(3)).or(resumes);
        }
        if resumes.is_some_and(|then| now >= then) {
            requests.send(Request { asked: Asked::new(Control::Resume, By::Command), reply: None }).unwrap();
            resumes = None;
        }
        if now >= next_look {
            held_then.push((now - began, held()));
            next_look = now + whole / 60;
        }
    }
    ill.0.store(0, Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    let summary = walking.join().expect("no panic").expect("a walk without an error");
    for (at, (memory, threads, files)) in held_then.iter().step_by(5) {
        println!("{:6.1} s  {memory:6.1} MB  {threads} threads  {files} files", at.as_secs_f64());
    }
    for (what, times) in counts.lock().unwrap().iter() {
        println!("{times:8} {what}");
    }
    println!("seed {seed}; {summary:?}; the longest time without a sign of life {:.1} s", longest.as_secs_f64());
    let (warm, last) = (&held_then[held_then.len() / 4..], held_then.len() / 4);
    let median = |of: &[(Duration, (f64, usize, usize))]| {
        let mut memory: Vec<f64> = of.iter().map(|(_, (mb, ..))| *mb).collect();
        memory.sort_by(f64::total_cmp);
        memory[memory.len() / 2]
    };
    let (then, now) = (median(&warm[..last]), median(&warm[warm.len() - last..]));
    println!("memory {then:.1} MB in the second quarter, {now:.1} MB in the last");
    assert!(now - then <= GROWTH, "memory grew from {then:.1} to {now:.1} MB");
    let (_, (_, threads, files)) = warm[0];
    assert!(warm.iter().all(|(_, held)| held.1 == threads), "threads come and go");
    assert!(warm.iter().all(|(_, held)| held.2.abs_diff(files) <= 1), "files come and go");
    assert!(longest < Duration::from_secs(SILENCE), "{longest:?} without a sign of life");
}
