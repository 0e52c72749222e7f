//! From a picture that shows a hazard to the first sound of it: the live loop with the shipped model and the direct voice, in real
//! time, on a sink that nobody hears and that is recorded. Once with the machine to itself, and once beside a thread on each core
//! that never rests.
//!
//! What the rule of evidence takes stands apart: it waits on purpose until a thing was seen long enough to be believed.
#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "measure.rs"]
mod measure;
#[path = "../tests/common/null_sink.rs"]
mod null_sink;
#[path = "../tests/common/recording.rs"]
mod recording;
#[path = "../tests/common/shown.rs"]
mod shown;
#[path = "../tests/common/street.rs"]
mod street;

use std::{
    hint,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use streetscape::{
    callout::{Direction, Priority},
    capture::{self, CaptureError, FrameSource, Next},
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder},
    frame::{Frame, Picture, Timestamp},
    observation::View,
    ontology::StreetMap,
    speech::{DirectVoice, Earcon, Rate, SpeechError, Tuning, UtteranceId, Voice, VoiceEvent},
};

use measure::{ms, photo, share};
use null_sink::with_null_sink;
use recording::{RATE, Recorder, Recording, count, find};
use shown::{EACH, Pictures, Shown};
use street::{Lines, Street};

/// How often all of [`SCENES`] are walked, with the machine to itself and without.
const ROUNDS: usize = 14;
/// Seconds of the demo walk that end with a hazard; before it there is silence so long that the voice must wake its device.
const SCENES: [(f64, f64); 3] = [(1.4, 9.9), (19.0, 27.7), (36.6, 45.3)];
/// As large as what a camera is asked for, in the shape of this walk.
const SIZE: (u32, u32) = (1280, 960);
const PARTS: [&str; 6] = ["capture", "decode", "encode", "decide", "synthesise", "sound"];
/// A class that is not told for longer was another sight.
const GONE: f64 = 2.0;

/// What happened when.
#[derive(Default)]
struct Moments {
    walk: Option<Instant>,
    /// By when each picture came: its decoding's beginning and end.
    decoded: Vec<(Timestamp, Instant, Instant)>,
    /// The beginning and end of each look, its map included.
    looks: Vec<(Instant, Instant)>,
    said: Vec<(Instant, UtteranceId, String)>,
    began: Vec<(UtteranceId, Instant)>,
}

#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Moments>>);

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Moments> {
        self.0.lock().expect("no panic while writing")
    }
}

struct Camera(Shown, Watch);

impl FrameSource for Camera {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        let (at, jpeg) = self.0.newest();
        let begun = Instant::now();
        capture::decode("picture", &jpeg, &mut frame.picture)?;
        self.1.lock().decoded.push((at, begun, Instant::now()));
        (frame.at, frame.jpeg) = (at, Some(jpeg));
        Ok(Next::Frame)
    }
}

struct Encoder(Box<dyn ImageEncoder>, Watch);

impl ImageEncoder for Encoder {
    fn encode(&mut self, picture: &Picture, views: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
        let begun = Instant::now();
        let encoded = self.0.encode(picture, views, out);
        self.1.lock().looks.push((begun, Instant::now()));
        encoded
    }

    fn map(&mut self, picture: &Picture) -> Option<StreetMap> {
        let map = self.0.map(picture);
        if let Some((_, end)) = self.1.lock().looks.last_mut() {
            *end = Instant::now();
        }
        map
    }
}

/// A voice whose reports are taken in as they come, and not as the walk asks for them.
struct Overheard {
    voice: Arc<Mutex<DirectVoice>>,
    events: Arc<Mutex<Vec<VoiceEvent>>>,
    watch: Watch,
}

impl Overheard {
    fn open(watch: Watch) -> Self {
        let voice = Arc::new(Mutex::new(DirectVoice::open("en", Rate::default()).expect("the direct voice")));
        let events = Arc::<Mutex<Vec<_>>>::default();
        let (heard, reports, began) = (Arc::downgrade(&voice), events.clone(), watch.clone());
        thread::spawn(move || {
            while let Some(voice) = heard.upgrade() {
                let events = voice.lock().expect("a voice").events();
                drop(voice);
                for event in &events {
                    if let VoiceEvent::Began(id) = event {
                        began.lock().began.push((*id, Instant::now()));
                    }
                }
                reports.lock().expect("reports").extend(events);
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self { voice, events, watch }
    }

    fn voice(&self) -> MutexGuard<'_, DirectVoice> {
        self.voice.lock().expect("a voice")
    }
}

impl Voice for Overheard {
    fn name(&self) -> &str {
        "direct"
    }

    fn say(&mut self, id: UtteranceId, text: &str, priority: Priority) -> Result<(), SpeechError> {
        self.watch.lock().said.push((Instant::now(), id, text.to_owned()));
        self.voice().say(id, text, priority)
    }

    fn cue(&mut self, earcon: Earcon, side: Option<Direction>) -> Result<(), SpeechError> {
        self.voice().cue(earcon, side)
    }

    fn wake(&mut self) -> Result<(), SpeechError> {
        self.voice().wake()
    }

    fn stop(&mut self) -> Result<(), SpeechError> {
        self.voice().stop()
    }

    fn events(&mut self) -> Vec<VoiceEvent> {
        std::mem::take(&mut *self.events.lock().expect("reports"))
    }

    fn length(&self, text: &str) -> Duration {
        self.voice().length(text)
    }

    fn tune(&mut self, tuning: Tuning) -> Result<(), SpeechError> {
        self.voice().tune(tuning)
    }
}

/// What was found on some rounds.
#[derive(Default)]
struct Found {
    /// From the picture's coming to the sound of each hazard, by [`PARTS`].
    hazards: Vec<[Duration; PARTS.len()]>,
    /// What the rule of evidence took for each, before that.
    rule: Vec<Duration>,
    /// Those that waited behind another, and those of which nothing was heard.
    behind: usize,
    unheard: usize,
    /// How old what was seen was when anything was decided to be said.
    ages: Vec<Duration>,
    looks: usize,
    walked: Duration,
}

fn main() {
    with_null_sink("latency", |_| {
        let street = Street::open();
        let pictures = scenes();
        println!(
            "{} scenes of the demo walk, {} s, {ROUNDS} times; pictures of {} x {} as JPEG, thirty a second; one thread encodes",
            SCENES.len(),
            pictures.len() / 5,
            SIZE.0,
            SIZE.1
        );
        tell("alone", &rounds(&street, &pictures));
        let busy = AtomicBool::new(true);
        thread::scope(|scope| {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            for _ in 0..cores {
                scope.spawn(|| {
                    while busy.load(Ordering::Relaxed) {
                        hint::spin_loop();
                    }
                });
            }
            let found = rounds(&street, &pictures);
            busy.store(false, Ordering::Relaxed);
            tell(&format!("beside {cores} threads on {cores} cores that never rest"), &found);
        });
    });
}

/// The pictures of [`SCENES`].
fn scenes() -> Pictures {
    let files = SCENES.iter().flat_map(|(from, to)| shown::frames("demo", *from..*to));
    files.map(|file| photo(&file, SIZE.0, SIZE.1).into()).collect()
}

fn rounds(street: &Street, pictures: &Pictures) -> Found {
    let mut found = Found::default();
    for _ in 0..ROUNDS {
        round(street, pictures, &mut found);
    }
    found
}

/// One walk through all scenes.
fn round(street: &Street, pictures: &Pictures, found: &mut Found) {
    let (watch, lines) = (Watch::default(), Lines::default());
    let (for_camera, shown) = (watch.clone(), pictures.clone());
    let camera = Box::new(move |started: Instant| -> Result<Box<dyn FrameSource>, CaptureError> {
        for_camera.lock().walk = Some(started);
        Ok(Box::new(Camera(Shown::open(shown.clone(), started), for_camera.clone())))
    });
    let mut walk = street.walk(camera, Box::new(Overheard::open(watch.clone())));
    walk.encoder = Box::new(Encoder(walk.encoder, watch.clone()));
    walk.stages.keep(street.journal(&lines));
    let (recorder, stop) = (Recorder::start(), Arc::new(AtomicBool::new(false)));
    let flag = stop.clone();
    let walking = thread::spawn(move || walk.run(&flag, &mut |_| {}));
    thread::sleep(EACH * pictures.len() as u32);
    stop.store(true, Ordering::Relaxed);
    walking.join().expect("the loop").expect("a walk without an error");
    found.take(&watch.lock(), &lines.read(), &recorder.finish());
}

impl Found {
    fn take(&mut self, moments: &Moments, log: &[Value], recording: &Recording) {
        let frames: Vec<&Value> = log.iter().filter(|line| line["event"] == "frame").collect();
        self.looks += frames.len();
        self.walked += frames.last().map_or(Duration::ZERO, |frame| seconds(&frame["now"]));
        for line in log.iter().filter(|line| line["event"] == "callout" && line["facet"] != "session") {
            let decided = frames.iter().position(|frame| frame["now"] == line["at"]);
            let hazard = line["priority"] == "important";
            match decided {
                Some(decided) => {
                    self.ages.push(seconds(&frames[decided]["now"]).saturating_sub(seconds(&frames[decided]["at"])));
                    if hazard {
                        self.rule.push(rule(&frames[..=decided], line));
                        match parts(moments, frames[decided], line, recording) {
                            Some(parts) => self.hazards.push(parts),
                            None => self.unheard += 1,
                        }
                    }
                }
                None => self.behind += usize::from(hazard),
            }
        }
    }
}

/// From the picture to the sound; nothing where that was not heard.
fn parts(moments: &Moments, frame: &Value, line: &Value, recording: &Recording) -> Option<[Duration; PARTS.len()]> {
    let walk = moments.walk?;
    let at = seconds(&frame["at"]);
    let near = |one: Duration, other: Duration| one.abs_diff(other) <= Duration::from_millis(1);
    let (came, begun, decoded) = moments.decoded.iter().find(|(came, ..)| near(came.0, at))?;
    let decision = walk + seconds(&line["at"]);
    let (said, id, _) = moments.said.iter().find(|(said, _, text)| *said >= decision - EACH / 200 && *text == line["text"])?;
    let (looked, seen) = moments.looks.iter().rfind(|(_, end)| end <= said)?;
    let (_, asked) = moments.began.iter().find(|(began, _)| began == id)?;
    // The sound of a hazard and no other: whatever was being said is cut short by it.
    let from = recording.from(*said);
    let until = (from + count(Duration::from_millis(800))).min(recording.samples.len());
    let (place, like) = find(&Earcon::Hazard.samples(RATE), &recording.samples[from..until]);
    let heard = recording.at(from + place).filter(|_| like > 0.7)?;
    let capture = begun.duration_since(walk + came.0) + looked.duration_since(*decoded);
    Some([
        capture,
        decoded.duration_since(*begun),
        seen.duration_since(*looked),
        said.duration_since(*seen),
        asked.duration_since(*said),
        heard.duration_since(*asked),
    ])
}

/// From the first frame that told the class to the last of `frames`, in which that was decided.
fn rule(frames: &[&Value], line: &Value) -> Duration {
    let class = line["class"].as_str().unwrap_or_default().replace(' ', "_");
    let facet = line["facet"].as_str().unwrap_or_default();
    let tells = |frame: &Value| {
        let views = frame["views"].as_object().into_iter().flatten();
        let mut answers = views.filter_map(|(_, facets)| facets[facet]["answers"].as_array()).flatten();
        answers.any(|answer| *answer == *class)
    };
    let decided = frames.last().map_or(Duration::ZERO, |frame| seconds(&frame["at"]));
    let mut first = decided;
    for at in frames.iter().rev().filter(|frame| tells(frame)).map(|frame| seconds(&frame["at"])) {
        if (first.saturating_sub(at)).as_secs_f64() > GONE {
            break;
        }
        first = at;
    }
    decided.saturating_sub(first)
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().unwrap_or_default())
}

fn tell(how: &str, found: &Found) {
    let Found { hazards, rule, behind, unheard, ages, looks, walked } = found;
    println!("{how}: {} hazards heard, {unheard} not, {behind} behind another", hazards.len());
    if hazards.is_empty() {
        return;
    }
    let row = |name: &str, times: Vec<Duration>| {
        let [middle, late, most] = [50, 95, 100].map(|percent| ms(share(&times, percent)));
        println!("  {name:<28} p50 {middle:>7.1} ms, p95 {late:>7.1} ms, most {most:>7.1} ms");
    };
    for (part, name) in PARTS.iter().enumerate() {
        row(name, hazards.iter().map(|parts| parts[part]).collect());
    }
    row("picture to sound", hazards.iter().map(|parts| parts.iter().sum()).collect());
    row("the rule of evidence, before", rule.clone());
    row("age of what is said", ages.clone());
    println!("  {:.1} looks a second", *looks as f64 / walked.as_secs_f64());
}
