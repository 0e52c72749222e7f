//! What happened on a walk, as lines for people and as JSON for programs.
//!
//! Owns the form of `replay`'s output. Leaves the moment and the order to the loop that reports.

use std::{fmt, time::Duration};

use serde::Serialize;

use crate::{
    callout::{Callout, Subject},
    frame::Timestamp,
    narrator::Silence,
};

/// One thing that happened, at its moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happening {
    /// Seconds since the walk began, to the millisecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<f64>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Something begins to sound.
    Callout {
        /// Urgency.
        priority: &'static str,
        /// Facet id.
        facet: String,
        /// Class, as people read it.
        class: String,
        /// Where, if that was said.
        direction: Option<&'static str>,
        /// Calibrated probability, to the hundredth.
        p: Option<f64>,
        /// The words.
        text: String,
        /// Their language.
        language: String,
    },
    /// Something stays unsaid.
    Silence {
        /// Facet id; `None` where nothing was believed.
        facet: Option<String>,
        /// Class, as people read it.
        class: Option<String>,
        /// Why.
        reason: &'static str,
    },
    /// A fault or its end begins to sound.
    Fault {
        /// Its id.
        kind: String,
        /// The words.
        text: String,
    },
    /// What the walker asked for begins to sound.
    Answer {
        /// Its id.
        command: String,
        /// The words.
        text: String,
        /// Their language.
        language: String,
    },
    /// The walker marked a callout as wrong.
    Wrong {
        /// When it began to sound, seconds.
        said_at: f64,
        /// Facet id.
        facet: String,
        /// Class, as people read it.
        class: String,
        /// The words.
        text: String,
    },
    /// The end.
    Summary(Summary),
}

/// The figures of a whole walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Length of the walk, seconds.
    pub duration: f64,
    /// Frames that came.
    pub frames: u64,
    /// Frames that were encoded.
    pub encoded: u64,
    /// Frames that were replaced unseen.
    pub dropped: u64,
    /// Callouts and faults that began to sound.
    pub callouts: u64,
    /// Seconds of speech.
    pub speech_seconds: f64,
    /// Seconds that it took.
    pub wall_seconds: f64,
}

impl Happening {
    /// `callout` begins to sound at `now` as `text`.
    pub fn said(callout: &Callout, text: &str, language: &str, now: Timestamp) -> Self {
        let text = text.to_owned();
        let event = if &*callout.subject.facet == "fault" {
            Event::Fault { kind: callout.subject.class.to_string(), text }
        } else if callout.is_answer() {
            Event::Answer { command: callout.subject.class.to_string(), text, language: language.to_owned() }
        } else {
            Event::Callout {
                priority: callout.priority.id(),
                facet: callout.subject.facet.to_string(),
                class: readable(&callout.subject.class),
                direction: callout.direction.map(|d| d.id()),
                p: callout.p.map(|p| rounded(f64::from(p), 100.0)),
                text,
                language: language.to_owned(),
            }
        };
        Self { at: Some(seconds(now)), event }
    }

    /// Something stays unsaid, as the narrator decided.
    pub fn silence(silence: &Silence) -> Self {
        Self::silent(silence.subject.as_ref(), silence.reason.id(), silence.at)
    }

    /// Something stays unsaid or was cut short, as the speech queue decided.
    pub fn unsaid(callout: &Callout, reason: &'static str, now: Timestamp) -> Self {
        Self::silent(Some(&callout.subject), reason, now)
    }

    fn silent(subject: Option<&Subject>, reason: &'static str, at: Timestamp) -> Self {
        let (facet, class) = (subject.map(|s| s.facet.to_string()), subject.map(|s| readable(&s.class)));
        Self { at: Some(seconds(at)), event: Event::Silence { facet, class, reason } }
    }

    /// The callout of `subject`, which began to sound as `text` at `said_at`, was wrong.
    pub fn wrong(subject: &Subject, text: &str, said_at: Timestamp, now: Timestamp) -> Self {
        let (facet, class) = (subject.facet.to_string(), readable(&subject.class));
        let event = Event::Wrong { said_at: seconds(said_at), facet, class, text: text.to_owned() };
        Self { at: Some(seconds(now)), event }
    }

    /// The figures at the end.
    pub fn summary(summary: Summary) -> Self {
        Self { at: None, event: Event::Summary(summary) }
    }

    /// One line of JSON, without its line end.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl fmt::Display for Happening {
    /// The transcript's line: `00:12.4  [crossing] Zebra crossing ahead.`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{}  ", Timestamp::from_seconds(at))?;
        }
        match &self.event {
            Event::Callout { facet, text, .. } => write!(f, "[{facet}] {text}"),
            Event::Fault { text, .. } => write!(f, "[fault] {text}"),
            Event::Answer { command, text, .. } => write!(f, "[{command}] {text}"),
            Event::Wrong { said_at, text, .. } => write!(f, "(wrong: {text} at {})", Timestamp::from_seconds(*said_at)),
            Event::Silence { facet: Some(facet), class: Some(class), reason } => write!(f, "({facet}: {class}: {reason})"),
            Event::Silence { reason, .. } => write!(f, "({reason})"),
            Event::Summary(s) => write!(
                f,
                "{:.0} s walked, {} frames, {} dropped; {} callouts, {:.1} s of speech; took {:.1} s",
                s.duration, s.frames, s.dropped, s.callouts, s.speech_seconds, s.wall_seconds
            ),
        }
    }
}

/// Seconds to the millisecond, so that a line reads the same however the float came about.
pub fn seconds(at: Timestamp) -> f64 {
    rounded(at.seconds(), 1000.0)
}

/// Seconds of a duration, to the hundredth.
pub fn length(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64(), 100.0)
}

fn rounded(x: f64, steps: f64) -> f64 {
    (x * steps).round() / steps
}

fn readable(id: &str) -> String {
    id.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        callout::{ANSWER, Direction, Priority},
        narrator::Reason,
    };

    fn callout() -> Callout {
        Callout {
            at: Timestamp::from_seconds(12.0),
            subject: Subject::new("crossing", "zebra_crossing"),
            message: "crossing-zebra-crossing".into(),
            direction: Some(Direction::Ahead),
            priority: Priority::Important,
            valid_until: Timestamp::from_seconds(16.0),
            p: Some(0.9312),
            details: Vec::new(),
        }
    }

    #[track_caller]
    fn check(happening: Happening, line: &str, json: &str) {
        assert_eq!(happening.to_string(), line);
        assert_eq!(happening.json().expect("plain values"), json);
    }

    #[test]
    fn each_event_has_its_line_and_its_json() {
        let now = Timestamp::from_seconds(12.4);
        check(
            Happening::said(&callout(), "Zebra crossing ahead.", "en", now),
            "00:12.4  [crossing] Zebra crossing ahead.",
            r#"{"at":12.4,"event":"callout","priority":"important","facet":"crossing","class":"zebra crossing","direction":"ahead","p":0.93,"text":"Zebra crossing ahead.","language":"en"}"#,
        );
        let fault = Callout { subject: Subject::new("fault", "camera_lost"), ..callout() };
        check(
            Happening::said(&fault, "No picture.", "en", now),
            "00:12.4  [fault] No picture.",
            r#"{"at":12.4,"event":"fault","kind":"camera_lost","text":"No picture."}"#,
        );
        let answer = Callout { subject: Subject::new(ANSWER, "around"), ..callout() };
        check(
            Happening::said(&answer, "Street.", "en", now),
            "00:12.4  [around] Street.",
            r#"{"at":12.4,"event":"answer","command":"around","text":"Street.","language":"en"}"#,
        );
        check(
            Happening::wrong(&callout().subject, "Zebra crossing ahead.", Timestamp::from_seconds(9.0), now),
            "00:12.4  (wrong: Zebra crossing ahead. at 00:09.0)",
            r#"{"at":12.4,"event":"wrong","said_at":9.0,"facet":"crossing","class":"zebra crossing","text":"Zebra crossing ahead."}"#,
        );
        let silence = Silence { at: now, subject: Some(Subject::new("place", "street")), reason: Reason::Repeated };
        check(
            Happening::silence(&silence),
            "00:12.4  (place: street: repeated)",
            r#"{"at":12.4,"event":"silence","facet":"place","class":"street","reason":"repeated"}"#,
        );
        check(
            Happening::summary(Summary {
                duration: 60.0,
                frames: 300,
                encoded: 300,
                callouts: 6,
                speech_seconds: 8.2,
                wall_seconds: 2.9,
                dropped: 0,
            }),
            "60 s walked, 300 frames, 0 dropped; 6 callouts, 8.2 s of speech; took 2.9 s",
            r#"{"event":"summary","duration":60.0,"frames":300,"encoded":300,"dropped":0,"callouts":6,"speech_seconds":8.2,"wall_seconds":2.9}"#,
        );
    }
}
