//! Cold start on one photo, each round a new process: `describe` to its ranking, split into its parts, and to the first sound of
//! what is there; in turns with a Python script of the usual parts on the same model, which calls espeak-ng. Then `walk` to its
//! first words.
#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "measure.rs"]
mod measure;
#[path = "../tests/common/null_sink.rs"]
mod null_sink;
#[path = "peer.rs"]
mod peer;
#[path = "../tests/common/recording.rs"]
mod recording;

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use streetscape::{
    bundle::Bundle,
    callout::Priority,
    capture,
    encoder::{EncoderOptions, Eyes, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Runtime, SessionOptions, prompts},
    frame::{Picture, Timestamp},
    observation::{Observation, View},
    ranking::Ranker,
    speech::{DirectVoice, Rate, Slot, UtteranceId, Voice, VoiceEvent, Words},
    vocabulary::Vocabulary,
};

use measure::{median, ms, photo};
use null_sink::{is_inside, with_null_sink};
use peer::{asked, ourselves, python};
use recording::{RATE, Recorder};

const ROUNDS: usize = 21;
/// Of what is heard, each of which takes seconds.
const ALOUD: usize = 9;
const PARTS: [&str; 7] = ["runtime", "manifest and words", "image tower", "prompts", "decode", "encode", "rank"];
const PYTHON: [&str; 7] = ["libraries", "manifest", "image tower", "prompts", "decode", "encode", "rank"];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/peers/pipeline.py");
const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/street");
const VOCABULARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/vocabulary.toml");
/// What can be heard, of full scale; the noise that wakes a headset is fainter.
const AUDIBLE: f32 = 0.01;
/// The longest that anybody takes to be heard.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() {
    let asked = asked().unwrap_or_default();
    match &asked.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["file"] => println!("{}", Opened::new(&mut || {}).tower.name()),
        ["steps", photo] => steps(Path::new(photo)),
        ["aloud", photo] => aloud(Path::new(photo)),
        _ => compare(),
    }
}

fn compare() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("photo.jpg");
    fs::write(&file, photo(&measure::frames()[50], 1280, 720)).expect("room for the photo");
    let model = ourselves(&["file"]).output().expect("this program").stdout;
    let model = String::from_utf8(model).expect("a name").trim().to_owned();
    if !is_inside() {
        to_a_ranking(&file, &model);
    }
    with_null_sink("start", |sink| to_a_sound(&file, &model, sink));
}

/// The same photo in Python.
fn script(file: &Path, model: &str) -> Command {
    let mut command = python();
    // Its libraries compiled, as they are on whoever's machine has used them once.
    command.env_remove("PYTHONDONTWRITEBYTECODE").args([SCRIPT, BUNDLE, model, VOCABULARY]).arg(file);
    command
}

/// What a process answered first, when, and the most memory that it held by its end, in bytes.
#[allow(clippy::zombie_processes, reason = "`peak` waits for it")]
fn answer(mut command: Command) -> (Value, Duration, u64) {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().expect("a process");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("an answer");
    let took = started.elapsed();
    (serde_json::from_str(&line).unwrap_or_else(|error| panic!("{command:?}: {line:?}: {error}")), took, peak(&child))
}

/// Waits for the end of `child`; the most memory that it held, in bytes.
fn peak(child: &Child) -> u64 {
    let id = libc::pid_t::try_from(child.id()).expect("a process");
    // SAFETY: both are this function's own, of numbers alone, and nobody else waits for this child.
    let (ended, status, usage) = unsafe {
        let (mut status, mut usage) = (0, std::mem::zeroed::<libc::rusage>());
        (libc::wait4(id, &raw mut status, 0, &raw mut usage), status, usage)
    };
    assert_eq!((ended, status), (id, 0), "the process failed");
    u64::try_from(usage.ru_maxrss).expect("a size") * 1024
}

fn micros(value: &Value) -> impl Iterator<Item = Duration> + '_ {
    value.as_array().into_iter().flatten().map(|part| Duration::from_micros(part.as_u64().expect("microseconds")))
}

fn to_a_ranking(file: &Path, model: &str) {
    let (mut ours, mut theirs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let (mut parts, mut python) = (vec![Vec::new(); PARTS.len()], vec![Vec::new(); PYTHON.len()]);
    for round in 0..=ROUNDS {
        let mut describe = Command::new(env!("CARGO_BIN_EXE_streetscape"));
        describe.args(["--model", BUNDLE, "--json", "describe"]).arg(file);
        let (own, took, held) = answer(describe);
        let (steps, ..) = answer(ourselves(&["steps", &file.display().to_string()]));
        let (other, takes, holds) = answer(script(file, model));
        assert_eq!(own["facets"]["place"]["ranking"][0][0], other["place"], "they rank otherwise");
        if round > 0 {
            for ([times, sizes], (time, size)) in [(&mut ours, (took, held)), (&mut theirs, (takes, holds))] {
                times.push(time);
                sizes.push(Duration::from_nanos(size));
            }
            micros(&steps).zip(&mut parts).for_each(|(time, part)| part.push(time));
            micros(&other["parts"]).zip(&mut python).for_each(|(time, part)| part.push(time));
        }
    }
    println!("one 720p photo and {model} from a process's start to its ranking, median of {ROUNDS} new processes in turns");
    let [ours, theirs] =
        [("`describe`", PARTS, ours, parts), ("Python", PYTHON, theirs, python)].map(|(name, names, [times, sizes], parts)| {
            let (whole, held) = (median(times), median(sizes).as_nanos() as f64 / 1e6);
            println!("{name}: {:.1} ms, peak memory {held:.0} MB", ms(whole));
            let row = |name: &str, time: Duration| {
                println!("  {name:<20} {:>7.1} ms  {:.2} of the whole", ms(time), time.as_secs_f64() / whole.as_secs_f64());
            };
            let times: Vec<Duration> = parts.into_iter().map(median).collect();
            names.iter().zip(&times).for_each(|(name, time)| row(name, *time));
            row("process and printing", whole.saturating_sub(times.iter().sum()));
            (whole, held)
        });
    println!("{:.2} x as soon, with {:.2} of the memory", theirs.0.as_secs_f64() / ours.0.as_secs_f64(), ours.1 / theirs.1);
}

/// What both do first.
struct Opened {
    runtime: &'static Runtime,
    vocabulary: Vocabulary,
    words: Words,
    tower: OnnxImageEncoder,
    ranker: Ranker,
}

impl Opened {
    /// In the order of [`PARTS`], `done` after each.
    fn new(done: &mut dyn FnMut()) -> Self {
        let runtime = Runtime::load(None).expect("ONNX Runtime");
        done();
        let bundle = Bundle::open(Path::new(BUNDLE)).expect("the shipped model");
        let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
        let words = Words::load("en").expect("English");
        done();
        let tower = OnnxImageEncoder::open(runtime, &bundle, &EncoderOptions::default()).expect("the image tower");
        done();
        let text = || OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default());
        let classes = prompts(&bundle, &vocabulary, text).expect("the prompts");
        let ranker = Ranker::new(&vocabulary, classes, &bundle.manifest.calibration).expect("a calibration that fits");
        done();
        Self { runtime, vocabulary, words, tower, ranker }
    }
}

/// Looks at `photo`, `done` after each part.
fn look(encoder: &mut dyn ImageEncoder, ranker: &mut Ranker, photo: &Path, done: &mut dyn FnMut()) -> Observation {
    let mut picture = Picture::default();
    capture::decode("photo", &fs::read(photo).expect("the photo"), &mut picture).expect("a JPEG");
    done();
    let (mut embeddings, mut observation) = (Vec::new(), Observation::default());
    encoder.encode(&picture, &[View::Full], &mut embeddings).expect("an embedding");
    done();
    ranker.observe(Timestamp::default(), [View::Full].into_iter().zip(&embeddings), &mut observation);
    done();
    observation
}

/// What `describe` does, a number of microseconds for each of [`PARTS`].
fn steps(photo: &Path) {
    let (mut last, mut told) = (Instant::now(), Vec::new());
    let mut done = || {
        told.push(last.elapsed().as_micros().to_string());
        last = Instant::now();
    };
    let Opened { mut tower, mut ranker, .. } = Opened::new(&mut done);
    look(&mut tower, &mut ranker, photo, &mut done);
    println!("[{}]", told.join(","));
}

/// What `walk` opens, then the place of the first picture, said.
fn aloud(photo: &Path) {
    let mut voice = DirectVoice::open("en", Rate::default()).expect("the direct voice");
    let Opened { runtime, vocabulary, words, tower, mut ranker } = Opened::new(&mut || {});
    let mut eyes = Eyes::open(Box::new(tower), runtime, &SessionOptions::default());
    let observation = look(&mut eyes, &mut ranker, photo, &mut || {});
    let facet =
        observation.findings.iter().find(|finding| Some(finding.facet) == vocabulary.find("place").map(|(place, _)| place));
    let place = facet.and_then(|finding| vocabulary.class(finding.facet, finding.ranking().first()?.0));
    let say = place.and_then(|class| class.say.as_deref()).expect("a place with words");
    let id = UtteranceId(1);
    voice.say(id, &words.describe(&[(Slot::Place, say)]).expect("words"), Priority::Text).expect("a voice that speaks");
    let until = Instant::now() + PATIENCE;
    while !voice.events().contains(&VoiceEvent::Finished(id)) {
        assert!(Instant::now() < until, "it is not heard to its end");
        thread::sleep(Duration::from_millis(5));
    }
}

fn to_a_sound(file: &Path, model: &str, sink: &Path) {
    const WAYS: [&str; 3] =
        ["ranked and said, by the parts of `walk`", "the same in Python, by espeak-ng", "`walk` to its first words"];
    let home = sink.join("walker");
    fs::create_dir_all(home.join("run")).expect("a folder");
    fs::set_permissions(home.join("run"), fs::Permissions::from_mode(0o700)).expect("a folder of our own");
    let recorder = Recorder::start();
    let mut rounds: [Vec<Instant>; WAYS.len()] = Default::default();
    for _ in 0..=ALOUD {
        for (way, rounds) in rounds.iter_mut().enumerate() {
            let mut command = match way {
                0 => ourselves(&["aloud", &file.display().to_string()]),
                1 => script(file, model),
                _ => Command::new(env!("CARGO_BIN_EXE_streetscape")),
            };
            match way {
                0 => {}
                1 => drop(command.arg("aloud")),
                _ => {
                    let places = ["XDG_CONFIG_HOME", "XDG_STATE_HOME"].map(|name| (name, home.join("files")));
                    command.args(["--voice", "direct", "--model", BUNDLE, "walk"]).envs(places);
                    command.env("XDG_RUNTIME_DIR", home.join("run"));
                }
            }
            rounds.push(Instant::now());
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a process");
            if way == 2 {
                // Nobody ends it otherwise; by then it says that it has no camera.
                thread::sleep(Duration::from_secs(3));
                Command::new("kill").arg(child.id().to_string()).status().expect("kill");
            }
            child.wait().expect("its end");
            thread::sleep(Duration::from_millis(500));
        }
    }
    let recording = recorder.finish();
    println!("from a process's start to the first sound that can be heard, median of {ALOUD} in turns");
    let medians = rounds.map(|rounds| {
        let heard = rounds[1..].iter().map(|started| {
            let from = recording.from(*started);
            let first = recording.samples[from..].iter().position(|sample| sample.abs() > AUDIBLE).expect("a sound");
            assert!(first < PATIENCE.as_secs() as usize * RATE as usize, "nothing was heard");
            recording.at(from + first).expect("a moment").duration_since(*started)
        });
        median(heard.collect())
    });
    WAYS.iter().zip(medians).for_each(|(way, time)| println!("  {way:<40} {:>7.1} ms", ms(time)));
    println!("{:.2} x as soon", medians[1].as_secs_f64() / medians[0].as_secs_f64());
}
