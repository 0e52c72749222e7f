//! One step: a frame comes in, what the voice shall do comes out. The same for a live walk and a replay.
//!
//! Owns the order of the stages and the way back for finished and interrupted speech. Makes no sound and reads no clock.

use crate::{
    callout::Callout,
    embedding::Embedding,
    encoder::{EncoderError, ImageEncoder},
    fault::Fault,
    frame::{Frame, Timestamp},
    narrator::{Decision, Narrator},
    observation::{Observation, View},
    pipeline::{
        policy::{Costs, Plan, PolicyConfig, ViewPolicy},
        report::Happening,
        sight::Sight,
    },
    ranking::Ranker,
    speech::{Action, SpeechError, SpeechQueue, UtteranceId, VoiceEvent, Words},
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
    narrator: Narrator,
    queue: SpeechQueue,
    words: Words,
    sight: Sight,
    policy: ViewPolicy,
    views: Views,
    /// What `embeddings` are of.
    crops: bool,
    embeddings: Vec<Embedding>,
    observation: Observation,
    decisions: Vec<Decision>,
}

impl Stages {
    /// Puts the stages together.
    pub fn new(ranker: Ranker, narrator: Narrator, queue: SpeechQueue, words: Words, sight: Sight) -> Self {
        let policy = ViewPolicy::new(PolicyConfig::default(), Costs::default());
        let views = Views::new(ranker.views());
        let (embeddings, observation, decisions) = (Vec::new(), Observation::default(), Vec::new());
        Self { ranker, narrator, queue, words, sight, policy, views, crops: false, embeddings, observation, decisions }
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
        self.sight.look(&frame.picture, frame.at).is_none()
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
        if let Some(fault) = self.sight.look(&frame.picture, frame.at) {
            // What can't be seen is not described.
            return Ok(self.fault(fault, now, out)?);
        }
        match plan {
            Plan::Leave => return Ok(()),
            Plan::Same => {}
            Plan::Look { crops, map } => {
                self.crops = crops;
                if let Err(error) = encoder.encode(&frame.picture, self.views.of(crops), &mut self.embeddings) {
                    // So that nothing is found again in a frame that looks like this one.
                    self.embeddings.clear();
                    return Err(error.into());
                }
                if let Some(map) = map.then(|| encoder.map(&frame.picture)).flatten() {
                    self.ranker.locate(frame.at, &map);
                }
            }
        }
        let encoded = self.views.of(self.crops).iter().copied().zip(&self.embeddings);
        self.ranker.observe(frame.at, encoded, &mut self.observation);
        let mut decisions = std::mem::take(&mut self.decisions);
        self.narrator.decide(&self.observation, &mut decisions);
        let said = decisions.drain(..).try_for_each(|decision| self.follow(decision, now, out));
        self.decisions = decisions;
        Ok(said?)
    }

    /// Something is wrong, or right again.
    pub fn fault(&mut self, fault: Fault, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        let decision = self.narrator.fault(fault, now);
        self.follow(decision, now, out)
    }

    /// Something that neither a sight nor a fault asks for: the session's start and end.
    pub fn announce(&mut self, callout: Callout, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        self.follow(Decision::Say(callout), now, out)
    }

    /// The voice reports.
    pub fn heard(&mut self, event: &VoiceEvent, now: Timestamp, out: &mut Outcome) {
        let actions = self.queue.report(event, now);
        self.act(actions, now, out);
    }

    /// Time passes without a frame.
    pub fn tick(&mut self, now: Timestamp, out: &mut Outcome) {
        let actions = self.queue.tick(now);
        self.act(actions, now, out);
    }

    /// Nothing more of what is being said or waits.
    pub fn hush(&mut self, now: Timestamp, out: &mut Outcome) {
        let actions = self.queue.hush();
        self.act(actions, now, out);
    }

    /// Whether something is being said.
    pub fn speaking(&self) -> bool {
        self.queue.speaking().is_some()
    }

    fn follow(&mut self, decision: Decision, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        match decision {
            Decision::Say(callout) => {
                let text = self.words.text(&callout)?;
                let actions = self.queue.push(callout, text, now);
                self.act(actions, now, out);
            }
            Decision::Silent(silence) => out.happenings.push(Happening::silence(&silence)),
        }
        Ok(())
    }

    fn act(&mut self, actions: Vec<Action>, now: Timestamp, out: &mut Outcome) {
        for action in actions {
            match action {
                Action::Say { id, text, callout } => {
                    out.happenings.push(Happening::said(&callout, &text, self.words.language(), now));
                    out.voice.push(VoiceCommand::Say { id, text });
                }
                Action::Stop => out.voice.push(VoiceCommand::Stop),
                Action::Dropped { callout, reason } => {
                    self.narrator.unheard(&callout.subject);
                    out.happenings.push(Happening::unsaid(&callout, reason.id(), now));
                }
                Action::Interrupted(callout) => {
                    self.narrator.unheard(&callout.subject);
                    out.happenings.push(Happening::unsaid(&callout, "interrupted", now));
                }
                Action::Heard(_) => {}
            }
        }
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
