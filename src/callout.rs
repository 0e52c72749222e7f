//! What is to be said, before it is words: the value that `narrator` hands to `speech`.
//!
//! Owns message, arguments, urgency and direction. Leaves the words to `voices/`, the moment to the speech queue.

use std::{fmt, sync::Arc};

use crate::frame::Timestamp;

/// How urgent a callout is, as Speech Dispatcher defines it; the order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Said only where nothing else is.
    Progress,
    /// Dropped when anything else speaks.
    Notification,
    /// Waits for messages; a newer text takes an older one's place.
    Text,
    /// Waits its turn, interrupts texts and notifications.
    Message,
    /// Interrupts everything but another important one.
    Important,
}

impl Priority {
    /// Every priority, from the least.
    pub const ALL: [Priority; 5] =
        [Priority::Progress, Priority::Notification, Priority::Text, Priority::Message, Priority::Important];

    /// The priority of that name.
    pub fn find(id: &str) -> Option<Priority> {
        Priority::ALL.into_iter().find(|priority| priority.id() == id)
    }

    /// The name in `replay --json`.
    pub fn id(self) -> &'static str {
        match self {
            Priority::Progress => "progress",
            Priority::Notification => "notification",
            Priority::Text => "text",
            Priority::Message => "message",
            Priority::Important => "important",
        }
    }

    /// The most urgent callout that one of this priority cuts short; `None` where it cuts none.
    pub fn interrupts(self) -> Option<Priority> {
        match self {
            Priority::Important => Some(Priority::Message),
            // A newer text takes an older one's place.
            Priority::Message | Priority::Text => Some(Priority::Text),
            Priority::Notification | Priority::Progress => None,
        }
    }
}

/// Where something is, as the walker faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// In front.
    Ahead,
    /// To the right.
    Right,
    /// To the left.
    Left,
}

impl Direction {
    /// Every direction, the walker's order.
    pub const ALL: [Direction; 3] = [Direction::Ahead, Direction::Right, Direction::Left];

    /// The direction of that name.
    pub fn find(id: &str) -> Option<Direction> {
        Direction::ALL.into_iter().find(|direction| direction.id() == id)
    }

    /// The name in `replay --json` and in Fluent's `$direction`.
    pub fn id(self) -> &'static str {
        match self {
            Direction::Ahead => "ahead",
            Direction::Right => "right",
            Direction::Left => "left",
        }
    }
}

/// The facet of a caregiver's phrases: their callouts hold the words themselves as message.
pub const PHRASE: &str = "phrase";

/// The facet of what the program says of itself.
pub const SESSION: &str = "session";

/// The facet of what a walker asked for: such callouts hold the words themselves as message, and further sentences as details.
pub const ANSWER: &str = "answer";

/// What a callout speaks of: the key under which it was said and may be said again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// Facet id, or `fault`, or `session`.
    pub facet: Arc<str>,
    /// Class id, or the fault's id.
    pub class: Arc<str>,
}

impl Subject {
    /// A subject by its two ids.
    pub fn new(facet: impl Into<Arc<str>>, class: impl Into<Arc<str>>) -> Self {
        Self { facet: facet.into(), class: class.into() }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.facet, self.class)
    }
}

/// Something that deserves to be said now.
#[derive(Clone, Debug, PartialEq)]
pub struct Callout {
    /// When it was decided.
    pub at: Timestamp,
    /// What it speaks of.
    pub subject: Subject,
    /// Key of the Fluent message in `voices/`.
    pub message: Arc<str>,
    /// Where it is, if that is known; Fluent's `$direction`.
    pub direction: Option<Direction>,
    /// How urgent it is.
    pub priority: Priority,
    /// The last moment at which saying it may begin: what was ahead is behind by then.
    pub valid_until: Timestamp,
    /// Calibrated probability of what it says; `None` for what is not a sight (faults, the session's start).
    pub p: Option<f32>,
    /// Keys of messages that are said after the first, where there is time for more than that.
    pub details: Vec<Arc<str>>,
}

impl Callout {
    /// Whether a walker asked for it.
    pub fn is_answer(&self) -> bool {
        &*self.subject.facet == ANSWER
    }
}
