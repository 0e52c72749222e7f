//! The shipped model, and a live walk with it: what a test leaves as it is.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use streetscape::{
    bundle::Bundle,
    encoder::{
        EncoderError, EncoderOptions, Eyes, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Precision, Runtime,
        SessionOptions, prompts,
    },
    narrator::{EvidenceConfig, Narrator, Pace},
    ontology::Ontology,
    pipeline::{
        Stages,
        live::{FIRST, LiveConfig, OpenCamera, Walk},
        log::{Journal, Sink, Start},
        sight::{Sight, SightConfig},
    },
    ranking::Ranker,
    speech::{SpeechError, SpeechQueue, Voice, Words},
    vocabulary::Vocabulary,
};

/// What ships.
pub struct Street {
    runtime: &'static Runtime,
    bundle: Bundle,
    vocabulary: Vocabulary,
}

impl Street {
    pub fn open() -> Self {
        let bundle = Bundle::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models/street")).expect("the shipped model");
        let runtime = Runtime::load(None).expect("ONNX Runtime");
        Self { runtime, bundle, vocabulary: Vocabulary::shipped().expect("the shipped vocabulary") }
    }

    /// Tower and segmenter, on one thread.
    pub fn eyes(&self) -> Result<Box<dyn ImageEncoder>, EncoderError> {
        let options = EncoderOptions { precision: Precision::Int8, threads: 1, ..EncoderOptions::default() };
        let tower = OnnxImageEncoder::open(self.runtime, &self.bundle, &options)?;
        let options = SessionOptions { threads: 1, ..SessionOptions::default() };
        Ok(Box::new(Eyes::open(Box::new(tower), self.runtime, &options)))
    }

    /// From embeddings to words, as the program has them.
    pub fn stages(&self) -> Stages {
        let text = || OnnxTextEncoder::open(self.runtime, &self.bundle, &SessionOptions::default());
        let classes = prompts(&self.bundle, &self.vocabulary, text).expect("the prompts");
        let ranker =
            Ranker::new(&self.vocabulary, classes, &self.bundle.manifest.calibration).expect("a calibration that fits");
        let narrator = Narrator::new(&self.vocabulary, EvidenceConfig::default(), Pace::default()).expect("a narrator");
        let ontology = Ontology::shipped().expect("the shipped ontology");
        let sight = Sight::of(&self.bundle, &ontology, SightConfig::live()).expect("what tells how a camera is held");
        Stages::new(ranker, narrator, SpeechQueue::default(), Words::load("en").expect("words"), sight)
    }

    /// A session's log that goes into `lines`.
    pub fn journal(&self, lines: &Lines) -> Journal {
        let start = Start::new(&self.vocabulary, "street".to_owned(), "en", None);
        Journal::new(Box::new(lines.clone()), start, 1 << 40)
    }

    /// A walk with this camera and this voice, in English, with nothing else that a walk may have. An encoder or a voice that fails
    /// is not replaced.
    pub fn walk(&self, camera: OpenCamera, voice: Box<dyn Voice>) -> Walk {
        let failed =
            || EncoderError::Interface { file: "street".to_owned(), problem: "it is not opened twice here".to_owned() };
        Walk {
            stages: self.stages(),
            encoder: self.eyes().expect("the encoder"),
            voice,
            open_camera: camera,
            open_encoder: Box::new(move || Err(failed())),
            open_voice: Box::new(|| Err(SpeechError::NoVoice { reasons: Vec::new() })),
            phrases: None,
            controls: None,
            keeper: None,
            introduce: false,
            news: Vec::new(),
            machine: PathBuf::from("/nowhere"),
            record: None,
            pulse: Box::new(|| {}),
            greeting: FIRST,
            config: LiveConfig::default(),
        }
    }
}

/// A log that lies in memory.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// What was written so far.
    pub fn read(&self) -> Vec<serde_json::Value> {
        let lines = self.0.lock().expect("no panic while writing");
        lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Sink for Lines {
    fn begin(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        self.0.lock().expect("no panic while reading").push(line.to_owned());
        Ok(())
    }
}
