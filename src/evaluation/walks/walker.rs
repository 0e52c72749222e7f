//! A bundle that walks recorded walks as it would walk live ones.

use std::time::Duration;

use super::{Judged, Recorded, judge, page::Shown, replay};
use crate::{
    bundle::Bundle,
    encoder::{
        EncoderError, EncoderOptions, Eyes, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Runtime, SessionOptions, prompts,
    },
    evaluation::{
        EvaluationError,
        html::{smaller, source as held_in},
        timeline::Scenes,
    },
    narrator::{self, EvidenceConfig, Narrator},
    observation::Observation,
    ontology::Ontology,
    pipeline::{
        Stages, embedded,
        sight::{Sight, SightConfig},
    },
    ranking::Ranker,
    speech::{LengthModel, Rate, SpeechQueue, Words},
    vocabulary::Vocabulary,
    walk::Meanings,
};

/// The longest side of a frame on the page.
const SIDE: u32 = 240;
/// Seconds between the frames on the page.
const EVERY: f64 = 0.5;

/// A bundle, and the filter by which it believes.
pub struct Walker<'a> {
    bundle: &'a Bundle,
    options: EncoderOptions,
    filter: EvidenceConfig,
    vocabulary: &'a Vocabulary,
    runtime: &'static Runtime,
    ranker: Ranker,
}

impl<'a> Walker<'a> {
    /// Refuses a bundle that is not calibrated, since it would say nothing.
    pub fn new(
        bundle: &'a Bundle,
        options: EncoderOptions,
        filter: EvidenceConfig,
        vocabulary: &'a Vocabulary,
    ) -> Result<Self, EvaluationError> {
        let runtime = Runtime::load(None)?;
        let text = || OnnxTextEncoder::open(runtime, bundle, &SessionOptions::default());
        let classes = prompts(bundle, vocabulary, text)?;
        let ranker = Ranker::new(vocabulary, classes, &bundle.manifest.calibration)?;
        if ranker.is_silent() {
            let problem = "not calibrated, so that nothing would be said; `streetscape-train quantise` calibrates it";
            return Err(EvaluationError::Empty { file: bundle.dir().display().to_string(), problem });
        }
        Ok(Self { bundle, options, filter, vocabulary, runtime, ranker })
    }

    fn open(&self) -> Result<Box<dyn ImageEncoder>, EncoderError> {
        let tower = OnnxImageEncoder::open(self.runtime, self.bundle, &self.options)?;
        Ok(Box::new(Eyes::open(Box::new(tower), self.runtime, &SessionOptions { threads: 1, ..SessionOptions::default() })))
    }

    /// The stages of a walk that begins.
    fn stages(&self) -> Result<Stages, EvaluationError> {
        let narrator = Narrator::new(self.vocabulary, self.filter, narrator::Pace::default())?;
        let sight = Sight::of(self.bundle, &Ontology::shipped()?, SightConfig::default()).map_err(EncoderError::from)?;
        let words = Words::load("en")?;
        Ok(Stages::new(self.ranker.clone(), narrator, SpeechQueue::default(), words, sight))
    }

    /// What is said on `walk`, of which a video is sampled `fps` times a second, held against its truth.
    pub fn walk(&self, walk: &Recorded, fps: f64, meanings: &Meanings) -> Result<Judged, EvaluationError> {
        let length = |text: &str| -> Duration { LengthModel::default().length(text, Rate::default()) };
        let mut source = walk.open(fps)?;
        let replayed = replay(source.as_mut(), &|| self.open(), &mut self.stages()?, &length)?;
        Ok(judge(walk, &replayed, meanings))
    }

    /// What the page shows of `walk`: what is believed, and its frames where they are asked for.
    pub fn look(&self, walk: &Recorded, fps: f64, frames: bool, judged: Judged) -> Result<Shown, EvaluationError> {
        let (mut ranker, views, mut observation) = (self.ranker.clone(), self.ranker.views(), Observation::default());
        let scenes = Scenes::new(self.filter, self.vocabulary);
        let (mut scenes, mut pictures) = (scenes, Vec::<(f64, String)>::new());
        let mut source = walk.open(fps)?;
        embedded::look(source.as_mut(), &views, &|| self.open(), |frame, embeddings| {
            ranker.observe(frame.at, views.iter().copied().zip(embeddings), &mut observation);
            scenes.see(&observation);
            let at = frame.at.seconds();
            if frames && pictures.last().is_none_or(|(last, _)| at - last >= EVERY - 1e-6) {
                let small = smaller(&frame.picture, SIDE);
                pictures.push((at, held_in(small.as_ref().unwrap_or(&frame.picture))?));
            }
            Ok(())
        })?;
        Ok(Shown { judged, beliefs: scenes.finish(self.vocabulary), frames: pictures })
    }
}
