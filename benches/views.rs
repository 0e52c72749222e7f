//! What looking aside costs: the whole picture with its crops in one batch, and a map, against the whole picture alone; then what a second of
//! walking takes of the processor, as often as it is looked at, and what leaving out pictures that stand still saves and delays.
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use streetscape::{
    bundle::Bundle,
    capture,
    encoder::{
        EncoderError, EncoderOptions, Eyes, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Runtime, SessionOptions, prompts,
    },
    frame::Picture,
    narrator::{EvidenceConfig, Narrator, Pace},
    observation::View,
    pipeline::{
        Stages,
        policy::PolicyConfig,
        replay,
        report::{Event, Summary},
        sight::{Sight, SightConfig},
    },
    ranking::Ranker,
    speech::{LengthModel, Rate, SpeechQueue, Words},
    vocabulary::Vocabulary,
};

use measure::{medians, ms, photo};

const CROPS: [View; 4] = [View::Full, View::Left, View::Ahead, View::Right];
/// Processor time of a process, in `/proc/self/stat`.
const TICK: Duration = Duration::from_millis(10);

struct Model {
    runtime: &'static Runtime,
    bundle: Bundle,
    vocabulary: Vocabulary,
}

fn main() {
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let bundle = Bundle::find().expect("a model");
    let model = Model { runtime, bundle, vocabulary: Vocabulary::shipped().expect("the shipped vocabulary") };
    for threads in [1, 2] {
        looks(&model, threads);
    }
    let before = processor();
    let opened = 4;
    for _ in 0..opened {
        model.eyes(1).expect("eyes");
    }
    let opening = (processor() - before) / opened;
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walks/demo");
    let folder = tempfile::tempdir().expect("a folder");
    let standing = standing(&demo, folder.path());
    let data = std::env::var_os("STREETSCAPE_DATA").map_or("../shared".into(), PathBuf::from).join("walks");
    let walks = [demo, standing, data.join("kerbside.mp4"), data.join("crossing.mp4"), data.join("winter.mp4")];
    println!("a second of walking, in ms of processor, all but opening the models; frames that were encoded");
    for path in walks.into_iter().filter(|path| path.exists()) {
        second(&model, &path, opening);
    }
}

/// A look at a photo of 640 x 480, by its parts.
fn looks(model: &Model, threads: usize) {
    let mut picture = Picture::default();
    capture::decode("photo", &photo(&measure::frames()[50], 640, 480), &mut picture).expect("a JPEG");
    let [mut one, mut all, mut map] = [(); 3].map(|()| model.eyes(threads).expect("eyes"));
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let times = medians(
        60,
        &mut [
            ("whole", Box::new(|| one.encode(&picture, &[View::Full], &mut few).expect("an embedding"))),
            ("crops", Box::new(|| all.encode(&picture, &CROPS, &mut many).expect("embeddings"))),
            ("map", Box::new(|| drop(map.map(&picture).expect("a map")))),
        ],
    );
    let [whole, crops, map] = times[..] else { unreachable!("three parts") };
    let ratio = |time: Duration| time.as_secs_f64() / whole.as_secs_f64();
    println!("threads: {threads}; median of 60 interleaved rounds, photo of 640 x 480 ready decoded");
    println!(
        "whole {:.1} ms; whole and three crops {:.1} ms = {:.2} x; map {:.1} ms = {:.2} x",
        ms(whole),
        ms(crops),
        ratio(crops),
        ms(map),
        ratio(map)
    );
}

/// The walk at `demo`, on which the walker stands for the 20 s after second 20, below `folder`; the rest is as it was.
fn standing(demo: &Path, folder: &Path) -> PathBuf {
    let walk = folder.join("demo, standing from 20 to 40 s");
    let times = (0..250).map(|i| (f64::from(i) / 5.0, if i < 100 { i } else { 100.max(i - 100) }));
    let rows: String = times.map(|(at, frame)| format!("{at:.3},frames/{frame:06}.jpg\n")).collect();
    fs::create_dir_all(walk.join("frames")).expect("a folder");
    for frame in fs::read_dir(demo.join("frames")).expect("the demo walk") {
        let frame = frame.expect("a frame");
        fs::copy(frame.path(), walk.join("frames").join(frame.file_name())).expect("a copy");
    }
    fs::copy(demo.join("walk.toml"), walk.join("walk.toml")).expect("a copy");
    fs::write(walk.join("frames.csv"), format!("time_s,file\n{rows}")).expect("the table");
    walk
}

/// What a second of the walk at `path` takes.
fn second(model: &Model, path: &Path, opening: Duration) {
    let all = PolicyConfig { changed: 0.0, ..PolicyConfig::default() };
    let ways = [
        ("every frame of 5 a second", all, 5.0),
        ("5 a second", PolicyConfig::default(), 5.0),
        ("saver, 2 a second", PolicyConfig::saver(), 5.0),
    ];
    let name = path.file_name().unwrap_or_default().display().to_string();
    let mut first: Option<BTreeMap<String, f64>> = None;
    for (way, config, fps) in ways {
        let (summary, took, said) = model.walk(path, config, fps, opening);
        let second = ms(took) / summary.duration;
        print!("{name}, {way}: {second:.0} ms, {} of {} frames", summary.encoded, summary.frames);
        match &first {
            None => first = Some(said),
            Some(before) => {
                let later: Vec<f64> = before.iter().filter_map(|(words, at)| Some(said.get(words)? - at)).collect();
                let mean = later.iter().sum::<f64>() / later.len().max(1) as f64;
                let most = later.iter().copied().fold(0.0, f64::max);
                print!("; {} of {} said, later by {mean:.2} s, {most:.2} s at most", later.len(), before.len());
            }
        }
        println!();
    }
}

impl Model {
    fn eyes(&self, threads: usize) -> Result<Eyes, EncoderError> {
        let options = EncoderOptions { threads, ..EncoderOptions::default() };
        let tower = OnnxImageEncoder::open(self.runtime, &self.bundle, &options)?;
        Ok(Eyes::open(Box::new(tower), self.runtime, &SessionOptions { threads, ..SessionOptions::default() }))
    }

    fn stages(&self, config: PolicyConfig) -> Stages {
        let text = || OnnxTextEncoder::open(self.runtime, &self.bundle, &SessionOptions::default());
        let classes = prompts(&self.bundle, &self.vocabulary, text).expect("the prompts");
        let calibration = &self.bundle.manifest.calibration;
        let ranker = Ranker::new(&self.vocabulary, classes, calibration).expect("a calibration that fits");
        let narrator = Narrator::new(&self.vocabulary, EvidenceConfig::default(), Pace::default()).expect("a narrator");
        let (words, sight) = (Words::load("en").expect("words"), Sight::new(SightConfig::default()));
        let mut stages = Stages::new(ranker, narrator, SpeechQueue::default(), words, sight);
        stages.look_as(config);
        stages
    }

    /// The figures of a replay, the processor's time without opening models, and when each sentence was first said.
    fn walk(
        &self,
        path: &Path,
        config: PolicyConfig,
        fps: f64,
        opening: Duration,
    ) -> (Summary, Duration, BTreeMap<String, f64>) {
        let mut source = capture::open(path, fps).expect("a walk");
        let mut stages = self.stages(config);
        let opened = AtomicU32::new(0);
        let open = || -> Result<Box<dyn ImageEncoder>, EncoderError> {
            opened.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(self.eyes(1)?))
        };
        let length = |text: &str| LengthModel::default().length(text, Rate::default());
        let (mut said, before) = (BTreeMap::new(), processor());
        let summary = replay::replay(source.as_mut(), &open, &mut stages, replay::Pace::Fast(&length), &[], &mut |happening| {
            if let (Some(at), Event::Callout { class, .. }) = (happening.at, &happening.event) {
                said.entry(class.clone()).or_insert(at);
            }
        });
        let took = (processor() - before).saturating_sub(opening * opened.into_inner());
        (summary.expect("a replay"), took, said)
    }
}

/// What this process has had of the processor: its own code's and the system's on its behalf.
fn processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // Fields 14 and 15 of all, of which two stand before the bracket.
    let ticks: u32 = fields[11..13].iter().map(|ticks| ticks.parse::<u32>().expect("a number")).sum();
    TICK * ticks
}
