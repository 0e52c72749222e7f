//! What became of what could have been said.
//!
//! Owns the reasons of silence: their names in logs, and the sentence that explains each.

use crate::{
    callout::{Callout, Subject},
    frame::Timestamp,
};

/// What became of one thing that could have been said.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It is to be said.
    Say(Callout),
    /// It stays unsaid.
    Silent(Silence),
}

/// A silence and its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// The frame's moment.
    pub at: Timestamp,
    /// What stays unsaid; `None` where nothing was believed at all.
    pub subject: Option<Subject>,
    /// Why.
    pub reason: Reason,
}

/// Why something stays unsaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No facet is sure of anything.
    NothingSure,
    /// Seen, but not yet long enough to be believed.
    NotYetSure,
    /// It was said and has been in view ever since.
    Repeated,
    /// It went and came back sooner than its cooldown allows.
    Cooling,
    /// It is said by another name, or was.
    Covered,
    /// A map of what stands where would show it, and doesn't.
    NotOnMap,
    /// The walker stands on it already.
    Underfoot,
    /// Something more important is said in this moment.
    GaveWay,
    /// Something was said a moment ago, and this can wait.
    Pausing,
    /// So much was said lately that this has to wait.
    OverBudget,
    /// The walker asked to hear less.
    NotAtThisLevel,
    /// A walker isn't told of it unasked.
    NotSaidUnasked,
    /// The walker asked for a pause.
    Paused,
}

impl Reason {
    /// Every reason, for tests that visit each.
    pub const ALL: [Reason; 13] = [
        Reason::NothingSure,
        Reason::NotYetSure,
        Reason::Repeated,
        Reason::Cooling,
        Reason::Covered,
        Reason::NotOnMap,
        Reason::Underfoot,
        Reason::GaveWay,
        Reason::Pausing,
        Reason::OverBudget,
        Reason::NotAtThisLevel,
        Reason::NotSaidUnasked,
        Reason::Paused,
    ];

    /// The name in logs and in `replay --explain`.
    pub fn id(self) -> &'static str {
        match self {
            Reason::NothingSure => "nothing_sure",
            Reason::NotYetSure => "not_yet_sure",
            Reason::Repeated => "repeated",
            Reason::Cooling => "cooling",
            Reason::Covered => "covered",
            Reason::NotOnMap => "not_on_map",
            Reason::Underfoot => "underfoot",
            Reason::GaveWay => "gave_way",
            Reason::Pausing => "pausing",
            Reason::OverBudget => "over_budget",
            Reason::NotAtThisLevel => "not_at_this_level",
            Reason::NotSaidUnasked => "not_said_unasked",
            Reason::Paused => "paused",
        }
    }
}
