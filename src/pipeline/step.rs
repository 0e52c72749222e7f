//! One step: a frame comes in, what the voice shall do comes out. The same for a live walk and a replay.
//!
//! Owns the order of the stages and the way back for finished and interrupted speech. Makes no sound and reads no clock.

use crate::{
    callout::Callout,
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder},
    fault::Fault,
    frame::{Frame, Timestamp},
    narrator::{Narrator, Talk},
    observation::{Observation, View},
    pipeline::{
        log::Journal,
        phrases::PhraseSet,
        report::Happening,
        sight::{Sight, quality},
        telling::Telling,
    },
    ranking::{Phrases, Ranker},
    speech::{SpeechError, SpeechQueue, UtteranceId, VoiceEvent, Words},
};

/// What the voice shall do.
#[derive(Clone, Debug, PartialEq)]
pub enum VoiceCommand {
    /// Say this; it cuts short what is being said.
    Say {
        /// By this the voice reports back.
        id: UtteranceId,
        /// The words.
        text: String,
    },
    /// Fall silent.
    Stop,
}

/// What came of a step. Cleared by its user, so that its room is used again.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// For the voice, in order.
    pub voice: Vec<VoiceCommand>,
    /// For the transcript and the log, in order.
    pub happenings: Vec<Happening>,
}

impl Outcome {
    /// Empties both lists.
    pub fn clear(&mut self) {
        self.voice.clear();
        self.happenings.clear();
    }
}

/// Everything between a picture and the voice.
pub struct Stages {
    ranker: Ranker,
    telling: Telling,
    sight: Sight,
    views: Vec<View>,
    embeddings: Vec<Embedding>,
    observation: Observation,
    phrases: Phrases,
    shown: Vec<bool>,
}

impl Stages {
    /// Puts the stages together; the views that the ranker knows are encoded in every step.
    pub fn new(ranker: Ranker, narrator: Narrator, queue: SpeechQueue, words: Words, sight: Sight) -> Self {
        let (views, embeddings, observation) = (ranker.views(), Vec::new(), Observation::default());
        let (telling, phrases, shown) = (Telling::new(narrator, queue, words), Phrases::default(), Vec::new());
        Self { ranker, telling, sight, views, embeddings, observation, phrases, shown }
    }

    /// Writes down everything from here on.
    pub fn keep(&mut self, journal: Journal) {
        self.telling.keep(journal);
    }

    /// Looks for a caregiver's phrases from now on, and for no others.
    pub fn take_phrases(&mut self, set: PhraseSet) {
        self.phrases = set.ranked;
        self.telling.take_phrases(set.watch);
    }

    /// Whether nothing will ever be said of what is seen.
    pub fn is_silent(&self) -> bool {
        self.ranker.is_silent()
    }

    /// The views that a step encodes.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// Whether there is anything to see in `frame`; where not, a step asks no encoder.
    pub fn sees(&mut self, frame: &Frame) -> bool {
        self.sight.look(&frame.picture, frame.at).is_none()
    }

    /// Looks at `frame` and decides. `now` is when the decision stands: the frame's moment and the encoder's time.
    pub fn step(
        &mut self,
        frame: &Frame,
        encoder: &mut dyn ImageEncoder,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), StepError> {
        if let Some(fault) = self.sight.look(&frame.picture, frame.at) {
            // What can't be seen is not described.
            return Ok(self.fault(fault, now, out)?);
        }
        encoder.encode(&frame.picture, &self.views, &mut self.embeddings)?;
        let encoded = self.views.iter().copied().zip(&self.embeddings);
        self.ranker.observe(frame.at, encoded, &mut self.observation);
        self.observation.quality = quality(&frame.picture);
        self.telling.observe(&mut self.observation, now, out)?;
        let whole = self.views.iter().zip(&self.embeddings).find(|(view, _)| **view == View::Full);
        let Some((_, picture)) = whole else { return Ok(()) };
        self.phrases.shown(picture, &mut self.shown);
        Ok(self.telling.phrase(&self.shown, now, out)?)
    }

    /// Something is wrong, or right again.
    pub fn fault(&mut self, fault: Fault, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        self.telling.fault(fault, now, out)
    }

    /// Something that neither a sight nor a fault asks for: the session's start and end.
    pub fn announce(&mut self, callout: Callout, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        self.telling.announce(callout, now, out)
    }

    /// As much is said unasked from now on.
    pub fn set_talk(&mut self, talk: Talk, now: Timestamp, out: &mut Outcome) {
        self.telling.set_talk(talk, now, out);
    }

    /// What is believed and was said.
    pub fn narrator(&self) -> &Narrator {
        self.telling.narrator()
    }

    /// The voice reports.
    pub fn heard(&mut self, event: &VoiceEvent, now: Timestamp, out: &mut Outcome) {
        self.telling.heard(event, now, out);
    }

    /// Time passes without a frame.
    pub fn tick(&mut self, now: Timestamp, out: &mut Outcome) {
        self.telling.tick(now, out);
    }

    /// Nothing more of what is being said or waits.
    pub fn hush(&mut self, now: Timestamp, out: &mut Outcome) {
        self.telling.hush(now, out);
    }

    /// Whether something is being said.
    pub fn speaking(&self) -> bool {
        self.telling.speaking()
    }
}

/// Why a frame led to nothing.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// No embedding.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// No words.
    #[error(transparent)]
    Speech(#[from] SpeechError),
}
