//! Cold start of `describe` on one photo, split into its parts: each round is a new process, which times its own steps.
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use streetscape::{
    bundle::Bundle,
    capture,
    encoder::{EncoderOptions, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Runtime, SessionOptions, prompts},
    frame::{Picture, Timestamp},
    observation::{Observation, View},
    ranking::Ranker,
    speech::Words,
    vocabulary::Vocabulary,
};

use measure::{median, ms, photo};

const ROUNDS: usize = 21;
const PARTS: [&str; 6] = ["runtime", "manifest and words", "image tower", "prompts", "decode", "encode and rank"];
/// Names the photo to the process that times its own steps.
const CHILD: &str = "STREETSCAPE_BENCH_PHOTO";

fn main() {
    if let Some(photo) = env::var_os(CHILD) {
        return steps(Path::new(&photo));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("photo.jpg");
    fs::write(&file, photo(&measure::frames()[50], 1280, 720)).expect("room for the photo");
    let (mut whole, mut parts) = (Vec::new(), vec![Vec::new(); PARTS.len()]);
    for round in 0..=ROUNDS {
        let started = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_streetscape")).arg("describe").arg(&file).stdout(Stdio::null()).status();
        let took = started.elapsed();
        assert!(status.expect("the program").success());
        let child = Command::new(env::current_exe().expect("this program")).env(CHILD, &file).output().expect("this program");
        let told = String::from_utf8(child.stdout).expect("numbers");
        if round > 0 {
            whole.push(took);
            for (part, micros) in parts.iter_mut().zip(told.split_whitespace()) {
                part.push(Duration::from_micros(micros.parse().expect("a number")));
            }
        }
    }
    let whole = median(whole);
    println!("`describe` of one 720p photo, median of {ROUNDS} new processes");
    let mut sum = Duration::ZERO;
    for (name, times) in PARTS.iter().zip(parts) {
        let time = median(times);
        sum += time;
        println!("  {name:<20} {:>7.1} ms  {:.2} of the whole", ms(time), time.as_secs_f64() / whole.as_secs_f64());
    }
    let rest = whole.saturating_sub(sum);
    println!(
        "  {:<20} {:>7.1} ms  {:.2} of the whole",
        "process and printing",
        ms(rest),
        rest.as_secs_f64() / whole.as_secs_f64()
    );
    println!("  {:<20} {:>7.1} ms = {:.3} x its parts", "whole", ms(whole), whole.as_secs_f64() / sum.as_secs_f64());
}

/// What `describe` does, a number of microseconds for each of [`PARTS`].
fn steps(photo: &Path) {
    let mut last = Instant::now();
    let mut told = Vec::new();
    let mut step = || {
        told.push(last.elapsed().as_micros().to_string());
        last = Instant::now();
    };
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    step();
    let bundle = Bundle::find().expect("a model");
    let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
    let words = Words::load("en").expect("English");
    step();
    let mut encoder = OnnxImageEncoder::open(runtime, &bundle, &EncoderOptions::default()).expect("the image tower");
    step();
    let text = || OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default());
    let classes = prompts(&bundle, &vocabulary, text).expect("the prompts");
    let mut ranker = Ranker::new(&vocabulary, classes, &bundle.manifest.calibration).expect("a calibration that fits");
    step();
    let mut picture = Picture::default();
    capture::decode("photo", &fs::read(photo).expect("the photo"), &mut picture).expect("a JPEG");
    step();
    let (mut embeddings, mut observation) = (Vec::new(), Observation::default());
    encoder.encode(&picture, &[View::Full], &mut embeddings).expect("an embedding");
    ranker.observe(Timestamp::default(), [View::Full].into_iter().zip(&embeddings), &mut observation);
    words.describe(&[]).expect("words");
    step();
    println!("{}", told.join(" "));
}
