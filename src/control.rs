//! What a walker may ask for, whatever key, button or command asks.
//!
//! Owns the names. Leaves the ways to ask to `pipeline::controls`, the answers to `pipeline::telling`, their words to `voices/`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// What was said last, once more.
    Repeat,
    /// What is known and was not said.
    More,
    /// What is about the walker now: place, ahead, right, left.
    Around,
    /// For how long, and whether all is well.
    Status,
    /// The controls.
    Help,
    /// Nothing more unasked.
    Pause,
    /// Unasked again.
    Resume,
    /// Either of the two: whichever is not.
    Toggle,
    /// Silence at once.
    Stop,
    /// A step of volume up.
    Louder,
    /// A step of volume down.
    Quieter,
    /// A level more that is said unasked.
    Chattier,
    /// A level less.
    Less,
    /// A step quicker.
    Faster,
    /// A step slower.
    Slower,
    /// What was said last was wrong: it is marked in the log.
    Wrong,
    /// What this is, what it can't do, and how it is worn.
    Introduce,
}

impl Control {
    /// Every wish.
    pub const ALL: [Control; 17] = [
        Control::Repeat,
        Control::More,
        Control::Around,
        Control::Status,
        Control::Help,
        Control::Pause,
        Control::Resume,
        Control::Toggle,
        Control::Stop,
        Control::Louder,
        Control::Quieter,
        Control::Chattier,
        Control::Less,
        Control::Faster,
        Control::Slower,
        Control::Wrong,
        Control::Introduce,
    ];

    /// The name on the command line, in logs and in `replay --json`.
    pub fn id(self) -> &'static str {
        match self {
            Control::Repeat => "repeat",
            Control::More => "more",
            Control::Around => "around",
            Control::Status => "status",
            Control::Help => "help",
            Control::Pause => "pause",
            Control::Resume => "resume",
            Control::Toggle => "toggle",
            Control::Stop => "stop",
            Control::Louder => "louder",
            Control::Quieter => "quieter",
            Control::Chattier => "chattier",
            Control::Less => "less",
            Control::Faster => "faster",
            Control::Slower => "slower",
            Control::Wrong => "wrong",
            Control::Introduce => "introduce",
        }
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Control {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        let found = Control::ALL.into_iter().find(|control| control.id() == id);
        found.ok_or_else(|| format!("no command is called {id}; there are {}", Control::ALL.map(Control::id).join(", ")))
    }
}

/// What a walker asks with: help tells of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The terminal's keyboard.
    #[default]
    Keys,
    /// A headset's buttons.
    Buttons,
    /// `streetscape ctl`.
    Command,
}

/// A wish, and what the loop knows that an answer may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What for.
    pub control: Control,
    /// How.
    pub by: By,
    /// Charge of the battery, in percent; `None` where there is none, or nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery: Option<u8>,
}

impl Asked {
    /// `control`, asked for by `by`, on a device without a battery.
    pub fn new(control: Control, by: By) -> Self {
        Self { control, by, battery: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wish_is_found_by_its_name_and_no_other_is() {
        for control in Control::ALL {
            assert_eq!(control.id().parse(), Ok(control));
        }
        assert!(Control::from_str("cross").unwrap_err().contains("there are repeat, more"));
    }
}
