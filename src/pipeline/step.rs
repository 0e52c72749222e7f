//! One step: a frame comes in, what the voice shall do comes out. The same for a live walk and a replay.
//!
//! Owns the order of the stages and the way back for finished and interrupted speech. Makes no sound and reads no clock.

use crate::{
    callout::{Callout, Direction, Priority},
    control::Asked,
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder},
    fault::Fault,
    frame::{Frame, Timestamp},
    narrator::{Narrator, Talk},
    observation::{Observation, View},
    pipeline::{
        log::Journal,
        phrases::PhraseSet,
        policy::{Costs, Plan, PolicyConfig, ViewPolicy},
        report::Happening,
        sight::{Sight, quality},
        telling::Telling,
    },
    ranking::{Phrases, Ranker},
    speech::{Earcon, SpeechError, SpeechQueue, Tuning, UtteranceId, VoiceEvent, Words},
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
        /// How urgent they are.
        priority: Priority,
    },
    /// Lead in what is said next.
    Cue {
        /// With this sound.
        earcon: Earcon,
        /// Where that is of which is spoken.
        side: Option<Direction>,
    },
    /// Be ready to say something urgent.
    Wake,
    /// Fall silent.
    Stop,
    /// Speak so from the next utterance on.
    Tune(Tuning),
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

/// The views of a look without crops, and of one with them.
#[derive(Clone, Debug)]
pub(super) struct Views {
    without: Vec<View>,
    with: Vec<View>,
}

impl Views {
    /// The whole picture, and with the crops those of which anything can be said and those that tell sides.
    pub fn new(calibrated: Vec<View>) -> Self {
        let mut with = calibrated;
        for view in [View::Full, View::Left, View::Ahead, View::Right] {
            if !with.contains(&view) {
                with.push(view);
            }
        }
        Self { without: vec![View::Full], with }
    }

    /// `views`, with crops or without.
    pub fn only(views: &[View]) -> Self {
        Self { without: views.to_vec(), with: views.to_vec() }
    }

    /// What is encoded with or without `crops`.
    pub fn of(&self, crops: bool) -> &[View] {
        if crops { &self.with } else { &self.without }
    }
}

/// Everything between a picture and the voice.
pub struct Stages {
    ranker: Ranker,
    telling: Telling,
    sight: Sight,
    policy: ViewPolicy,
    views: Views,
    /// What `embeddings` are of.
    crops: bool,
    embeddings: Vec<Embedding>,
    observation: Observation,
    phrases: Phrases,
    shown: Vec<bool>,
}

impl Stages {
    /// Puts the stages together.
    pub fn new(ranker: Ranker, narrator: Narrator, queue: SpeechQueue, words: Words, sight: Sight) -> Self {
        let policy = ViewPolicy::new(PolicyConfig::default(), Costs::default());
        let (views, telling) = (Views::new(ranker.views()), Telling::new(narrator, queue, words));
        let (embeddings, observation, phrases, shown) = (Vec::new(), Observation::default(), Phrases::default(), Vec::new());
        Self { ranker, telling, sight, policy, views, crops: false, embeddings, observation, phrases, shown }
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

    /// Looks as `config` has it from now on.
    pub fn look_as(&mut self, config: PolicyConfig) {
        self.policy = ViewPolicy::new(config, Costs::default());
    }

    /// Whether nothing will ever be said of what is seen.
    pub fn is_silent(&self) -> bool {
        self.ranker.is_silent()
    }

    /// The views that looks encode.
    pub(super) fn views(&self) -> &Views {
        &self.views
    }

    /// Decides what becomes of frames.
    pub(super) fn policy(&mut self) -> &mut ViewPolicy {
        &mut self.policy
    }

    /// Whether there is anything to see in `frame`; where not, a step asks no encoder.
    pub fn sees(&mut self, frame: &Frame) -> bool {
        !self.sight.look(&frame.picture, frame.at).is_some_and(Fault::blinds)
    }

    /// Looks at `frame` as `plan` has it and decides. `now` is when the decision stands: the frame's moment and the encoder's time.
    pub fn step(
        &mut self,
        frame: &Frame,
        plan: Plan,
        encoder: &mut dyn ImageEncoder,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), StepError> {
        let wrong = self.sight.look(&frame.picture, frame.at);
        let told = wrong.or(self.sight.mended(frame.at).then_some(Fault::SightBack));
        told.map_or(Ok(()), |fault| self.fault(fault, now, out))?;
        // What can't be seen is not described.
        if wrong.is_some_and(Fault::blinds) {
            return Ok(());
        }
        match plan {
            Plan::Leave => return Ok(()),
            Plan::Same => self.ranker.unchanged(frame.at),
            Plan::Look { crops, map } => {
                self.crops = crops;
                if let Err(error) = encoder.encode(&frame.picture, self.views.of(crops), &mut self.embeddings) {
                    // So that nothing is found again in a frame that looks like this one.
                    self.embeddings.clear();
                    return Err(error.into());
                }
                if let Some(map) = map.then(|| encoder.map(&frame.picture)).flatten() {
                    self.ranker.locate(frame.at, &map);
                    self.sight.locate(&map);
                }
            }
        }
        let mut looked = self.views.of(self.crops).iter().zip(&self.embeddings);
        let whole = looked.find(|(view, _)| **view == View::Full).map(|(_, picture)| picture);
        let astray = whole.and_then(|picture| self.sight.hold(picture, frame.at));
        astray.map_or(Ok(()), |fault| self.telling.fault(fault, now, out))?;
        if astray.is_some_and(Fault::blinds) {
            return Ok(());
        }
        let encoded = self.views.of(self.crops).iter().copied().zip(&self.embeddings);
        self.ranker.observe(frame.at, encoded, &mut self.observation);
        self.observation.quality = quality(&frame.picture);
        self.telling.observe(&mut self.observation, now, out)?;
        let Some(picture) = whole else { return Ok(()) };
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

    /// Does what a walker asks for, and answers in speech but for silence. Gives the words.
    pub fn control(&mut self, asked: Asked, now: Timestamp, out: &mut Outcome) -> Result<String, SpeechError> {
        self.telling.control(asked, now, out)
    }

    /// The voice speaks so.
    pub fn set_tuning(&mut self, tuning: Tuning) {
        self.telling.set_tuning(tuning);
    }

    /// How loud and how fast the voice is to speak.
    pub fn tuning(&self) -> Tuning {
        self.telling.tuning()
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

    /// Whether something is wrong with what is seen.
    pub fn ails(&self) -> bool {
        self.sight.ails()
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
