//! What is answered to a walker who asks.
//!
//! Owns what answers need to be remembered, and what each wish changes: the volume, the rate, how much is said, the pause. Leaves what is
//! known to the narrator, the words to `voices/`, and when an answer sounds to the speech queue. Reads no clock, so that a log repeats it.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Telling, aim::Aim};
use crate::{
    callout::{ANSWER, Callout, Priority, SESSION, Subject},
    control::{Asked, By, Control},
    fault::Fault,
    frame::Timestamp,
    narrator::{Sight, Talk},
    pipeline::{
        log::Record,
        report::Happening,
        step::{Outcome, VoiceCommand},
    },
    speech::{Rate, Slot, SpeechError, Tuning, Volume},
};

/// For as long an answer is worth waiting for, behind a hazard.
const VALID: Duration = Duration::from_secs(10);
/// What is repeated later is told with its age: it may be true no longer.
const FRESH: Duration = Duration::from_secs(10);
/// A fault that was found for the last time longer ago lasts no longer: whoever finds one finds it again each second at least.
pub(super) const LASTS: Duration = Duration::from_secs(3);
/// What was believed of a picture that is older is told no longer.
const SEEN: Duration = Duration::from_secs(2);
/// A pause that was forgotten is a danger: so often it is told of.
const REMINDER: Duration = Duration::from_secs(300);
/// Things of each side, and things that were not said, in one answer: what a listener keeps in mind.
const MOST: usize = 3;
/// Faults in which nothing is seen.
pub(super) const BLIND: [Fault; 8] = [
    Fault::CameraLost,
    Fault::EncoderLost,
    Fault::ModelDamaged,
    Fault::CameraCovered,
    Fault::TooDark,
    Fault::CameraFrozen,
    Fault::CameraOnSide,
    Fault::CameraAtSky,
];

const HELP_KEYS: &[&str] =
    &["help-keys-speech", "help-keys-street", "help-keys-sound", "help-keys-talk", "help-keys-rest", "help-buttons-play"];
const HELP_BUTTONS: &[&str] = &["help-buttons-play", "help-buttons-next", "help-buttons-previous", "help-buttons-volume"];
const INTRODUCTION: &[&str] = &[
    "introduction-what",
    "introduction-limits",
    "introduction-crossing",
    "introduction-silence",
    "introduction-help",
    "introduction-aim",
];

/// A callout that was said unasked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Said {
    at: Timestamp,
    facet: String,
    class: String,
    text: String,
}

/// What `repeat` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    at: Timestamp,
    sentences: Vec<String>,
    /// Whether it was true at its moment only.
    fleeting: bool,
}

/// What answers are made of, beside what the narrator knows; a log keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// How loud and how fast the voice speaks.
    pub(super) tuning: Tuning,
    /// Whether a log is kept.
    pub(super) logged: bool,
    said: Option<Said>,
    told: Option<Told>,
    /// What the answer that is being said speaks of.
    mentioned: Vec<(String, String)>,
    /// When each fault was last found.
    faults: BTreeMap<String, Timestamp>,
    pub(super) observed: Option<Timestamp>,
    pub(super) aim: Option<Aim>,
    /// When a pause is told of again.
    remind: Option<Timestamp>,
}

impl Memory {
    /// `callout` begins to sound as `text`.
    pub(super) fn says(&mut self, callout: &Callout, text: &str, now: Timestamp) {
        if callout.is_answer() || &*callout.subject.facet == SESSION {
            return;
        }
        let (facet, class, text) = (callout.subject.facet.to_string(), callout.subject.class.to_string(), text.to_owned());
        self.told = Some(Told { at: now, sentences: vec![text.clone()], fleeting: true });
        self.said = Some(Said { at: now, facet, class, text });
    }

    /// `fault` was found, or its end.
    pub(super) fn finds(&mut self, fault: Fault, now: Timestamp) {
        for ended in fault.ends() {
            self.faults.remove(ended.id());
        }
        if !fault.is_over() {
            self.faults.insert(fault.id().to_owned(), now);
        }
        let astray = BLIND.contains(&fault) || Fault::SightBack.ends().contains(&fault);
        if let Some(aim) = self.aim.as_mut().filter(|_| astray) {
            aim.lose();
        }
    }

    /// Faults that last.
    fn faults(&self, now: Timestamp) -> impl Iterator<Item = Fault> {
        let lasts = move |(id, at): (&String, &Timestamp)| Fault::find(id).filter(|_| now.since(*at) < LASTS);
        self.faults.iter().filter_map(lasts)
    }
}

/// An answer before it waits in the queue.
struct Answer {
    sentences: Vec<String>,
    /// A word on a state, which is over soon; a longer one gives way to what stands in the way.
    priority: Priority,
}

impl Answer {
    fn brief(sentence: String) -> Self {
        Self { sentences: vec![sentence], priority: Priority::Message }
    }

    fn long(sentences: Vec<String>) -> Self {
        Self { sentences, priority: Priority::Text }
    }
}

impl Telling {
    /// Does what is asked for, and answers in speech but for silence. Gives the words.
    pub fn control(&mut self, asked: Asked, now: Timestamp, out: &mut Outcome) -> Result<String, SpeechError> {
        let now = now.rounded();
        self.write(|_| Record::Asked { at: now, asked }, now, out);
        self.memory.mentioned.clear();
        let control = match asked.control {
            Control::Toggle if self.narrator.is_paused() => Control::Resume,
            Control::Toggle => Control::Pause,
            control => control,
        };
        let answer = match control {
            Control::Stop => {
                self.fall_silent(now, out);
                return Ok(String::new());
            }
            Control::Pause | Control::Toggle => self.pause(now, out)?,
            Control::Resume => {
                self.narrator.pause(false);
                self.memory.remind = None;
                Answer::brief(self.sentence("answer-resumed")?)
            }
            Control::Repeat => self.repeat(now)?,
            Control::More => self.sights(true, now)?,
            Control::Around => self.sights(false, now)?,
            Control::Status => self.status(asked.battery, now)?,
            Control::Help => self.help(asked.by, now)?,
            Control::Introduce => self.introduce(now)?,
            Control::Louder => self.volume(Volume::louder, out)?,
            Control::Quieter => self.volume(Volume::quieter, out)?,
            Control::Faster => self.rate(Rate::faster, out)?,
            Control::Slower => self.rate(Rate::slower, out)?,
            Control::Chattier | Control::Less => self.talk(control)?,
            Control::Wrong => self.wrong(now, out)?,
        };
        Ok(self.answer(control, answer, now, out))
    }

    /// A short word of the program's own on what was asked for before.
    pub(super) fn remark(
        &mut self,
        control: Control,
        message: &str,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), SpeechError> {
        self.memory.mentioned.clear();
        let answer = Answer::brief(self.sentence(message)?);
        self.answer(control, answer, now, out);
        Ok(())
    }

    /// Tells of a pause that lasts.
    pub(super) fn remind(&mut self, now: Timestamp, out: &mut Outcome) -> Result<(), SpeechError> {
        self.memory.remind = Some(now.after(REMINDER));
        self.remark(Control::Pause, "answer-still-paused", now, out)
    }

    /// Whether a pause is to be told of.
    pub(super) fn is_forgotten(&self, now: Timestamp) -> bool {
        self.narrator.is_paused() && self.memory.remind.is_some_and(|at| at <= now)
    }

    /// An answer was heard to its end: what it spoke of counts as said.
    pub(super) fn answered(&mut self, now: Timestamp) {
        let mentioned = std::mem::take(&mut self.memory.mentioned);
        let subjects: Vec<_> = mentioned.into_iter().map(|(facet, class)| Subject::new(facet, class)).collect();
        self.narrator.told(&subjects, now);
    }

    fn answer(&mut self, control: Control, answer: Answer, now: Timestamp, out: &mut Outcome) -> String {
        let text = answer.sentences.join(" ");
        let mut sentences = answer.sentences.into_iter();
        let Some(first) = sentences.next() else { return text };
        let callout = Callout {
            at: now,
            subject: Subject::new(ANSWER, control.id()),
            message: first.as_str().into(),
            direction: None,
            priority: answer.priority,
            valid_until: now.after(VALID),
            p: None,
            details: sentences.map(Into::into).collect(),
        };
        let actions = self.queue.push(callout, first, now);
        self.act(actions, now, out);
        text
    }

    fn sentence(&self, id: &str) -> Result<String, SpeechError> {
        self.words.answer(id, &[], "")
    }

    /// Words that stay true, so that they are repeated as they are.
    fn lasting(&mut self, ids: &[&str], now: Timestamp) -> Result<Answer, SpeechError> {
        let sentences = ids.iter().map(|id| self.sentence(id)).collect::<Result<Vec<_>, _>>()?;
        self.memory.told = Some(Told { at: now, sentences: sentences.clone(), fleeting: false });
        Ok(Answer::long(sentences))
    }

    fn fleeting(&mut self, sentences: Vec<String>, now: Timestamp) -> Answer {
        self.memory.told = Some(Told { at: now, sentences: sentences.clone(), fleeting: true });
        Answer::long(sentences)
    }

    fn pause(&mut self, now: Timestamp, out: &mut Outcome) -> Result<Answer, SpeechError> {
        self.narrator.pause(true);
        (self.memory.remind, self.memory.aim) = (Some(now.after(REMINDER)), None);
        self.fall_silent(now, out);
        Ok(Answer::brief(self.sentence("answer-paused")?))
    }

    fn repeat(&self, now: Timestamp) -> Result<Answer, SpeechError> {
        let Some(Told { at, sentences, fleeting }) = &self.memory.told else {
            return Ok(Answer::brief(self.sentence("answer-nothing-said")?));
        };
        let age = now.since(*at);
        if !fleeting || age < FRESH {
            return Ok(Answer::long(sentences.clone()));
        }
        let (id, count) = match age.as_secs() {
            // Nobody needs it closer than to ten.
            seconds @ 0..60 => ("answer-seconds-ago", seconds / 10 * 10),
            seconds => ("answer-minutes-ago", seconds / 60),
        };
        Ok(Answer::long(vec![self.words.answer(id, &[("count", count)], &sentences.join(" "))?]))
    }

    /// What is believed, or what of it was not said.
    fn sights(&mut self, unsaid: bool, now: Timestamp) -> Result<Answer, SpeechError> {
        if let Some(blind) = self.blind(now)? {
            return Ok(self.fleeting(vec![blind], now));
        }
        let mut sights = if unsaid { self.narrator.unsaid() } else { self.narrator.around() };
        if unsaid {
            sights.truncate(MOST);
        } else {
            let mut count = BTreeMap::new();
            sights.retain(|sight| {
                let count = count.entry(slot(sight)).or_insert(0);
                *count += 1;
                *count <= MOST && !matches!(slot(sight), Slot::Surface | Slot::Weather)
            });
        }
        self.memory.mentioned =
            sights.iter().map(|sight| (sight.subject.facet.to_string(), sight.subject.class.to_string())).collect();
        if unsaid && sights.is_empty() {
            return Ok(Answer::brief(self.sentence("answer-all-told")?));
        }
        let slots: Vec<_> = sights.iter().map(|sight| (slot(sight), &*sight.message)).collect();
        let text = self.words.describe(&slots)?;
        Ok(self.fleeting(vec![text], now))
    }

    /// Why nothing is seen now, if nothing is.
    fn blind(&self, now: Timestamp) -> Result<Option<String>, SpeechError> {
        let fault = self.memory.faults(now).find(|fault| BLIND.contains(fault));
        let seen = self.memory.observed.is_some_and(|at| now.since(at) <= SEEN);
        match fault {
            Some(fault) => Ok(Some(self.words.sentence(&fault.message(), None)?)),
            None if !seen => Ok(Some(self.sentence("answer-cannot-see")?)),
            None => Ok(None),
        }
    }

    fn status(&mut self, battery: Option<u8>, now: Timestamp) -> Result<Answer, SpeechError> {
        let mut sentences = Vec::new();
        let minutes = now.0.as_secs() / 60;
        sentences.push(match minutes {
            0 => self.sentence("status-begun")?,
            _ => self.words.answer("status-walking", &[("hours", minutes / 60), ("minutes", minutes % 60)], "")?,
        });
        let faults: Vec<_> = self.memory.faults(now).map(|fault| fault.message()).collect();
        for message in &faults {
            sentences.push(self.words.sentence(message, None)?);
        }
        if faults.is_empty() {
            sentences.push(match self.blind(now)? {
                Some(blind) => blind,
                None => self.sentence("status-well")?,
            });
        }
        if let Some(percent) = battery {
            sentences.push(self.words.answer("status-battery", &[("percent", percent.into())], "")?);
        }
        if self.narrator.is_paused() {
            sentences.push(self.sentence("answer-still-paused")?);
        }
        Ok(self.fleeting(sentences, now))
    }

    fn help(&mut self, by: By, now: Timestamp) -> Result<Answer, SpeechError> {
        let ids = match by {
            By::Keys => HELP_KEYS,
            By::Buttons => HELP_BUTTONS,
            By::Command => &["help-commands"],
        };
        self.lasting(ids, now)
    }

    fn introduce(&mut self, now: Timestamp) -> Result<Answer, SpeechError> {
        self.memory.aim = Some(Aim::begun(now));
        self.lasting(INTRODUCTION, now)
    }

    fn volume(&mut self, step: impl Fn(Volume) -> Volume, out: &mut Outcome) -> Result<Answer, SpeechError> {
        let volume = step(self.memory.tuning.volume);
        self.tune(Tuning { volume, ..self.memory.tuning }, out);
        Ok(Answer::brief(match volume {
            Volume::MAX => self.sentence("answer-volume-most")?,
            Volume::MIN => self.sentence("answer-volume-least")?,
            _ => self.words.answer("answer-volume", &[("percent", volume.percent().into())], "")?,
        }))
    }

    fn rate(&mut self, step: impl Fn(Rate) -> Rate, out: &mut Outcome) -> Result<Answer, SpeechError> {
        let rate = step(self.memory.tuning.rate);
        self.tune(Tuning { rate, ..self.memory.tuning }, out);
        Ok(Answer::brief(match rate {
            Rate::MAX => self.sentence("answer-rate-most")?,
            Rate::MIN => self.sentence("answer-rate-least")?,
            _ => self.words.answer("answer-rate", &[("words", rate.words_a_minute().into())], "")?,
        }))
    }

    /// The answer is said so already.
    fn tune(&mut self, tuning: Tuning, out: &mut Outcome) {
        self.memory.tuning = tuning;
        out.voice.push(VoiceCommand::Tune(tuning));
    }

    fn talk(&mut self, control: Control) -> Result<Answer, SpeechError> {
        let talk = self.narrator.talk();
        let next = match control {
            Control::Chattier => Talk::ALL.into_iter().find(|level| *level > talk),
            _ => Talk::ALL.into_iter().rev().find(|level| *level < talk),
        };
        let talk = next.unwrap_or(talk);
        self.narrator.set_talk(talk);
        Ok(Answer::brief(self.sentence(&format!("answer-talk-{}", talk.id()))?))
    }

    fn wrong(&mut self, now: Timestamp, out: &mut Outcome) -> Result<Answer, SpeechError> {
        let Some(Said { at, facet, class, text }) = self.memory.said.clone() else {
            return Ok(Answer::brief(self.sentence("answer-nothing-said")?));
        };
        if !self.memory.logged {
            return Ok(Answer::brief(self.sentence("answer-unmarked")?));
        }
        self.happens(Happening::wrong(&Subject::new(facet, class), &text, at, now), out);
        Ok(Answer::brief(self.words.answer("answer-marked", &[], &text)?))
    }
}

/// Where a sight stands in an answer. Of what lies nobody knows where, no side is said.
fn slot(sight: &Sight) -> Slot {
    match (&*sight.subject.facet, sight.direction) {
        ("place", _) => Slot::Place,
        ("surface", _) => Slot::Surface,
        ("weather" | "light", _) => Slot::Weather,
        (_, Some(direction)) => direction.into(),
        (_, None) => Slot::InView,
    }
}
