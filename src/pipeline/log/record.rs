//! The lines of a session's log that `replay --json` doesn't print: what came in.
//!
//! Owns their form. A reader passes over events and keys that it doesn't know. What went out stands between them, as [`super::Happening`]
//! writes it.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{
    callout::{Callout, Direction, Priority, Subject},
    control::Asked,
    frame::Timestamp,
    narrator::{NarratorState, Talk},
    observation::{self, Observation, View, thousandths},
    pipeline::Memory,
    vocabulary::{ClassIndex, FacetIndex, Vocabulary},
};

/// The version of the form.
pub const FORMAT: u32 = 1;

/// A facet and its classes, in the order of the probabilities in each frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classes {
    /// Facet id.
    pub facet: String,
    /// Class ids.
    pub classes: Vec<String>,
}

/// What a part must know of its session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// [`FORMAT`].
    pub format: u32,
    /// The program's version.
    pub program: String,
    /// The model's name and version.
    pub model: String,
    /// The language that is spoken.
    pub language: String,
    /// Date and time of second 0, as the clock on the wall showed them; absent where the walk was recorded before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
    /// The order of the probabilities.
    pub facets: Vec<Classes>,
}

/// What one view says of one facet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Probability of each class, in the order of [`Start::facets`], to the thousandth.
    pub p: Vec<f64>,
    /// Ids of the classes that are answered, most probable first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
}

/// By view, then by facet.
pub type Views = BTreeMap<String, BTreeMap<String, Found>>;

/// Facet and class.
pub type Missing = Vec<(String, String)>;

/// Facet, class and direction.
pub type Bearings = Vec<(String, String, Cow<'static, str>)>;

/// How a callout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It was heard to its end.
    Heard,
    /// Something else cut it short.
    Stopped,
    /// The voice is gone.
    Lost,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Record {
    /// A part begins.
    Start(Start),
    /// What the narrator knows at the beginning of a part.
    State {
        /// When.
        at: Timestamp,
        /// What.
        narrator: Box<NarratorState>,
        /// And what its answers are made of.
        #[serde(default)]
        memory: Box<Memory>,
    },
    /// A frame was ranked.
    Frame {
        /// The frame's moment.
        at: Timestamp,
        /// When the decision stands.
        now: Timestamp,
        /// How much the picture is worth as evidence.
        quality: f64,
        /// What was found in it.
        views: Views,
        /// On which side things are: facet, class, direction.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        bearings: Bearings,
        /// What a map would show, were it there, and doesn't.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Missing,
    },
    /// Something was found to be wrong, or right again; whether that was said, the next lines tell.
    Trouble {
        /// When.
        at: Timestamp,
        /// The fault's id.
        kind: Cow<'static, str>,
    },
    /// The program had something to say of itself.
    Announce {
        /// When.
        at: Timestamp,
        /// The subject's two ids.
        subject: (String, String),
        /// The message in `voices/`.
        message: String,
        /// Its priority's id.
        priority: Cow<'static, str>,
        /// Where it is, if anywhere.
        direction: Option<Cow<'static, str>>,
        /// Until when it is worth saying.
        valid_until: Timestamp,
        /// Messages that follow it.
        details: Vec<String>,
    },
    /// What is being said began to sound, as the voice reports.
    Began {
        /// When that was heard of.
        at: Timestamp,
    },
    /// All was well and nothing was said: a heartbeat began to sound, as the voice reports.
    Heartbeat {
        /// When that was heard of.
        at: Timestamp,
    },
    /// What was being said is over.
    Spoken {
        /// When.
        at: Timestamp,
        /// How.
        end: End,
    },
    /// Time passed, and something waited too long.
    Tick {
        /// When.
        at: Timestamp,
    },
    /// The walker asked for silence, or the walk ended.
    Hush {
        /// When.
        at: Timestamp,
    },
    /// The walker asked for something.
    Asked {
        /// When.
        at: Timestamp,
        /// What for, and how.
        #[serde(flatten)]
        asked: Asked,
    },
    /// More or less is said.
    Talk {
        /// When.
        at: Timestamp,
        /// From then on.
        level: Talk,
    },
    /// What went out, or what a later program wrote.
    #[serde(other)]
    Other,
}

impl Start {
    /// A session over `vocabulary`.
    pub fn new(vocabulary: &Vocabulary, model: String, language: &str, began: Option<String>) -> Self {
        let facet = |facet: &crate::vocabulary::Facet| Classes {
            facet: facet.id.clone(),
            classes: facet.classes.iter().map(|class| class.id.clone()).collect(),
        };
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            model,
            language: language.to_owned(),
            began,
            facets: vocabulary.facets().map(|(_, f)| facet(f)).collect(),
        }
    }
}

impl Record {
    /// `observation`, whose numbers are rounded already.
    pub(in crate::pipeline) fn frame(start: &Start, observation: &Observation, now: Timestamp) -> Self {
        let mut views = Views::new();
        for finding in &observation.findings {
            let Some(Classes { facet, classes }) = start.facets.get(finding.facet.0) else { continue };
            let p = finding.p.iter().map(|p| thousandths(*p)).collect();
            let answers = finding.answers.iter().filter_map(|class| classes.get(class.0).cloned()).collect();
            views.entry(finding.view.id().to_owned()).or_default().insert(facet.clone(), Found { p, answers });
        }
        let names = |facet: FacetIndex, class: ClassIndex| {
            let Classes { facet, classes } = start.facets.get(facet.0)?;
            Some((facet.clone(), classes.get(class.0)?.clone()))
        };
        let bearing = |bearing: &observation::Bearing| {
            let (facet, class) = names(bearing.facet, bearing.class)?;
            Some((facet, class, bearing.direction.id().into()))
        };
        let bearings = observation.bearings.iter().filter_map(bearing).collect();
        let missing = observation.missing.iter().filter_map(|(facet, class)| names(*facet, *class)).collect();
        Record::Frame { at: observation.at, now, quality: thousandths(observation.quality), views, bearings, missing }
    }

    pub(in crate::pipeline) fn announce(callout: &Callout, now: Timestamp) -> Self {
        Record::Announce {
            at: now,
            subject: (callout.subject.facet.to_string(), callout.subject.class.to_string()),
            message: callout.message.to_string(),
            priority: callout.priority.id().into(),
            direction: callout.direction.map(|direction| direction.id().into()),
            valid_until: callout.valid_until,
            details: callout.details.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Start {
    /// The observation that a frame's line was made of, as far as `vocabulary` knows its names; nothing else makes one.
    pub(super) fn observation(&self, vocabulary: &Vocabulary, record: &Record) -> Option<Observation> {
        let Record::Frame { at, quality, views, bearings, missing, .. } = record else { return None };
        let mut observation = Observation { at: *at, quality: *quality as f32, ..Observation::default() };
        for (view, facets) in views {
            let Some(view) = View::find(view) else { continue };
            for (id, found) in facets {
                let Some((facet, known)) = vocabulary.find(id) else { continue };
                let Some(order) = self.facets.iter().find(|classes| classes.facet == *id) else { continue };
                let mut p = vec![0.0; known.classes.len()];
                for (class, value) in order.classes.iter().zip(&found.p) {
                    if let Some(slot) = known.find(class).and_then(|(class, _)| p.get_mut(class.0)) {
                        *slot = *value as f32;
                    }
                }
                let answers = found.answers.iter().filter_map(|class| known.find(class)).map(|(class, _)| class).collect();
                observation.findings.push(observation::Finding { facet, view, p, answers });
            }
        }
        let known = |facet: &str, class: &str| {
            let (facet, known) = vocabulary.find(facet)?;
            Some((facet, known.find(class)?.0))
        };
        observation.bearings.extend(bearings.iter().filter_map(|(facet, class, direction)| {
            let (facet, class) = known(facet, class)?;
            // By how much it leads, nobody asks once it is found.
            Some(observation::Bearing { facet, class, direction: Direction::find(direction)?, lead: 0.0 })
        }));
        observation.missing.extend(missing.iter().filter_map(|(facet, class)| known(facet, class)));
        Some(observation)
    }
}

impl Record {
    /// The moment at which it happened; `None` where it has none.
    pub fn moment(&self) -> Option<Timestamp> {
        match self {
            Record::Start(_) | Record::Other => None,
            Record::Frame { now, .. } => Some(*now),
            Record::State { at, .. }
            | Record::Trouble { at, .. }
            | Record::Announce { at, .. }
            | Record::Began { at }
            | Record::Heartbeat { at }
            | Record::Spoken { at, .. }
            | Record::Tick { at }
            | Record::Hush { at }
            | Record::Asked { at, .. }
            | Record::Talk { at, .. } => Some(*at),
        }
    }

    /// The callout that an announcement made; `None` for any other line, and for one that can't be meant.
    pub(super) fn callout(&self) -> Option<Callout> {
        let Record::Announce { at, subject: (facet, class), message, priority, direction, valid_until, details } = self else {
            return None;
        };
        Some(Callout {
            at: *at,
            subject: Subject::new(facet.as_str(), class.as_str()),
            message: message.as_str().into(),
            direction: direction.as_deref().and_then(Direction::find),
            priority: Priority::find(priority)?,
            valid_until: *valid_until,
            p: None,
            details: details.iter().map(|detail| detail.as_str().into()).collect(),
        })
    }
}
