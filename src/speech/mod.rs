//! From a callout to sound: its words, its place in the queue, the voice.
//!
//! Owns `voices/`, the speech queue and everything that makes sound. Leaves what deserves saying to `narrator`.
//!
//! [`Words`] turns a callout into a sentence, [`SpeechQueue`] decides when it is said, a [`Voice`] says it and reports back.

use std::{
    fmt, io,
    str::FromStr,
    time::{Duration, Instant},
};

mod direct;
mod earcon;
mod error;
mod lead;
mod length;
mod queue;
mod sounds;
mod system;
mod transcript;
mod tuning;
mod watchdog;
mod words;

pub use direct::DirectVoice;
pub use earcon::Earcon;
pub use error::SpeechError;
pub use length::{LengthModel, Rate};
pub use queue::{Action, DropReason, SpeechQueue};
pub use sounds::sound_device;
pub use system::SystemVoice;
pub use transcript::{Clock, Transcript};
pub use tuning::{Tuning, Volume};
pub use words::{Slot, Words};

use crate::{
    callout::{Direction, Priority},
    frame::Timestamp,
};

/// A spoken utterance, as its voice counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtteranceId(pub u64);

impl UtteranceId {
    /// A heartbeat, of which a voice reports its beginning alone.
    pub const HEARTBEAT: UtteranceId = UtteranceId(u64::MAX);
}

/// What a voice reports back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceEvent {
    /// Its sound began.
    Began(UtteranceId),
    /// It was heard to its end.
    Finished(UtteranceId),
    /// It was cut short.
    Stopped(UtteranceId),
    /// The voice is gone; in words.
    Lost(String),
}

/// Something that speaks: one utterance at a time, the queue decides which.
pub trait Voice: Send {
    /// The name in messages and in `doctor`.
    fn name(&self) -> &str;
    /// Begins to say `text` at once and returns; what was being said is cut short. `priority` counts where other programs speak by
    /// the same voice.
    fn say(&mut self, id: UtteranceId, text: &str, priority: Priority) -> Result<(), SpeechError>;
    /// Sounds `earcon` ahead of what is said next, on that side where the device has two; a heartbeat sounds at once, where nothing is
    /// being said. A voice without short sounds says nothing.
    fn cue(&mut self, earcon: Earcon, side: Option<Direction>) -> Result<(), SpeechError> {
        let _ = (earcon, side);
        Ok(())
    }
    /// Whether short sounds are to be heard of it and can't be now: then its silence isn't told from the program's end.
    fn lacks_sounds(&self) -> bool {
        false
    }
    /// Something urgent may have to be said soon: a device that may be asleep is woken now, so that it need not be then.
    fn wake(&mut self) -> Result<(), SpeechError> {
        Ok(())
    }
    /// Falls silent at once.
    fn stop(&mut self) -> Result<(), SpeechError>;
    /// What happened since the last call, oldest first. Never waits.
    fn events(&mut self) -> Vec<VoiceEvent>;
    /// About how long `text` takes to say.
    fn length(&self, text: &str) -> Duration;
    /// Speaks so from the next utterance on.
    fn tune(&mut self, tuning: Tuning) -> Result<(), SpeechError>;
}

/// Which voice is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoiceChoice {
    /// The first that works: the system's, then the direct one.
    #[default]
    Auto,
    /// The system's, and no other.
    System,
    /// The direct one, and no other.
    Direct,
    /// None: what is said takes its time and makes no sound. The walk's own lines tell it.
    None,
}

impl VoiceChoice {
    /// Every choice.
    pub const ALL: [VoiceChoice; 4] = [VoiceChoice::Auto, VoiceChoice::System, VoiceChoice::Direct, VoiceChoice::None];

    /// The name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            VoiceChoice::Auto => "auto",
            VoiceChoice::System => "system",
            VoiceChoice::Direct => "direct",
            VoiceChoice::None => "none",
        }
    }
}

impl fmt::Display for VoiceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for VoiceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|choice| choice.id() == text);
        found.ok_or_else(|| format!("no voice is called {text}; there are {}", Self::ALL.map(Self::id).join(", ")))
    }
}

/// A voice that was tried and does not work.
#[derive(Debug)]
pub struct Refusal(SpeechError);

impl fmt::Display for Refusal {
    /// The voice, the cause and the mend.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How long a speech server may take that may have to be started first. Our inference: more than a busy small computer needs, less than a walker
/// waits.
const STARTING: Duration = Duration::from_secs(8);
/// How long it may take on a walk that has lost its voice and may have another.
const AGAIN: Duration = Duration::from_secs(1);

/// A voice, and why those before it were refused.
pub type Opened = (Box<dyn Voice>, Vec<Refusal>);

/// A voice that was tested as far as that goes without a sound: the server answers and speaks the language, or the device asks
/// for samples. Beside it, why those before it were refused. Takes some seconds where a server has to be started.
pub fn open(choice: VoiceChoice, language: &str, rate: Rate) -> Result<Opened, SpeechError> {
    open_within(STARTING, choice, language, rate)
}

/// The same on a walk that has lost its voice and is silent meanwhile: a server that does not answer within a second is passed over, where there is
/// another voice.
pub fn open_again(choice: VoiceChoice, language: &str, rate: Rate) -> Result<Opened, SpeechError> {
    open_within(if choice == VoiceChoice::Auto { AGAIN } else { STARTING }, choice, language, rate)
}

fn open_within(patience: Duration, choice: VoiceChoice, language: &str, rate: Rate) -> Result<Opened, SpeechError> {
    let system = || Ok(Box::new(SystemVoice::open_within(patience, language, rate)?) as Box<dyn Voice>);
    let direct = || Ok(Box::new(DirectVoice::open(language, rate)?) as Box<dyn Voice>);
    let openers: &[&Opener] = match choice {
        VoiceChoice::Auto => &[&system, &direct],
        VoiceChoice::System => &[&system],
        VoiceChoice::Direct => &[&direct],
        VoiceChoice::None => {
            let start = Instant::now();
            let clock = Box::new(move || Timestamp(start.elapsed()));
            return Ok((Box::new(Transcript::new(io::sink(), clock, rate)), Vec::new()));
        }
    };
    first_that_works(openers)
}

type Opener<'a> = dyn Fn() -> Result<Box<dyn Voice>, SpeechError> + 'a;

fn first_that_works(openers: &[&Opener]) -> Result<Opened, SpeechError> {
    let mut refusals = Vec::new();
    for opener in openers {
        match opener() {
            Ok(voice) => return Ok((voice, refusals)),
            Err(error) => refusals.push(Refusal(error)),
        }
    }
    Err(SpeechError::NoVoice { reasons: refusals.iter().map(Refusal::to_string).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn works() -> Result<Box<dyn Voice>, SpeechError> {
        Ok(Box::new(Transcript::new(io::sink(), Box::new(Timestamp::default), Rate::default())))
    }

    fn mute() -> Result<Box<dyn Voice>, SpeechError> {
        Err(SpeechError::Open { voice: "mute", problem: "has no mouth".to_owned() })
    }

    #[track_caller]
    fn check(openers: &[&Opener], want: Result<&[&str], &str>) {
        let got = first_that_works(openers);
        let got = got.map(|(_, refusals)| refusals.iter().map(Refusal::to_string).collect::<Vec<_>>());
        match (got, want) {
            (Ok(refusals), Ok(want)) => assert_eq!(refusals, want),
            (Err(error), Err(want)) => assert_eq!(error.to_string(), want),
            (got, _) => panic!("{got:?}, not {want:?}"),
        }
    }

    #[test]
    fn the_first_voice_that_works_is_taken_and_the_others_reasons_are_told() {
        check(&[&works, &mute], Ok(&[]));
        check(&[&mute, &works], Ok(&["mute voice: has no mouth"]));
        check(
            &[&mute, &mute],
            Err("no voice works: mute voice: has no mouth; mute voice: has no mouth; see `streetscape doctor`"),
        );
    }

    #[test]
    fn a_transcript_needs_no_sound() {
        let (voice, refusals) = open(VoiceChoice::None, "en", Rate::default()).unwrap();
        assert_eq!((voice.name(), refusals.len()), ("transcript", 0));
    }
}
