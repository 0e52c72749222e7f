//! How much may be said: at most so large a share of the walking time.
//!
//! Owns a bucket of seconds of speech that fills as time passes and that everything said is taken from. What warns is said whatever is left, and
//! is counted all the same.

use serde::{Deserialize, Serialize};

use super::Talk;
use crate::{callout::Priority, frame::Timestamp};

/// The bucket's measures, in seconds of speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetConfig {
    /// Seconds that are gained in each second of walking, for each of [`Talk::ALL`].
    pub share: [f32; 3],
    /// What there is at the start.
    pub first: f32,
    /// The most that silence saves up, and the most that can be owed.
    pub most: f32,
    /// What must be left for a text to begin, so that it doesn't take what an obstacle needs.
    pub text: f32,
    /// What must be left for a notification to begin.
    pub notification: f32,
}

impl Default for BudgetConfig {
    /// A seventh of the time at most is speech at the usual level: .12 gained leaves, in a minute's walk, room for the first sentence. The
    /// rest is our inference: four seconds are three sentences.
    fn default() -> Self {
        Self { share: [0.06, 0.12, 0.25], first: 1.0, most: 4.0, text: 0.5, notification: 1.0 }
    }
}

/// What is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    left: f32,
    at: Timestamp,
}

impl Budget {
    /// A walk begins.
    pub fn new(config: &BudgetConfig) -> Self {
        Self { left: config.first, at: Timestamp::default() }
    }

    /// Time passes until `now`.
    pub fn gain(&mut self, config: &BudgetConfig, talk: Talk, now: Timestamp) {
        self.left = (self.left + config.share[talk as usize] * now.since(self.at).as_secs_f32()).min(config.most);
        self.at = self.at.max(now);
    }

    /// `seconds` were spoken.
    pub fn spend(&mut self, config: &BudgetConfig, seconds: f32) {
        self.left = (self.left - seconds).max(-config.most);
    }

    /// Whether a callout of `priority` may begin.
    pub fn allows(&self, config: &BudgetConfig, priority: Priority) -> bool {
        match priority {
            Priority::Important => true,
            Priority::Message => self.left > 0.0,
            Priority::Text => self.left >= config.text,
            Priority::Notification | Priority::Progress => self.left >= config.notification,
        }
    }

    /// Seconds of speech that are left; below zero where warnings took more.
    pub fn left(&self) -> f32 {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may begin after each of `spoken`, (from, seconds), at `now`: the lowest priority.
    #[track_caller]
    fn check(talk: Talk, spoken: &[(f64, f32)], now: f64, want: Priority) {
        let config = BudgetConfig::default();
        let mut budget = Budget::new(&config);
        for (at, seconds) in spoken {
            budget.gain(&config, talk, Timestamp::from_seconds(*at));
            budget.spend(&config, *seconds);
        }
        budget.gain(&config, talk, Timestamp::from_seconds(now));
        let all = [Priority::Notification, Priority::Text, Priority::Message, Priority::Important];
        assert_eq!(all.into_iter().find(|p| budget.allows(&config, *p)), Some(want), "{spoken:?} at {now}");
    }

    #[test]
    fn what_was_said_leaves_room_for_the_urgent_alone() {
        check(Talk::Normal, &[], 0.0, Priority::Notification);
        check(Talk::Normal, &[(1.0, 1.2)], 2.0, Priority::Message);
        check(Talk::Normal, &[(1.0, 1.2)], 6.0, Priority::Text);
        check(Talk::Normal, &[(1.0, 1.2), (3.0, 1.2), (5.0, 1.2)], 6.0, Priority::Important);
        check(Talk::Quiet, &[(1.0, 1.2)], 6.0, Priority::Message);
        check(Talk::Chatty, &[(1.0, 1.2)], 6.0, Priority::Notification);
        // However much was said, half a minute of silence mends it.
        check(Talk::Normal, &[(1.0, 60.0)], 39.0, Priority::Text);
    }

    #[test]
    fn a_minute_holds_no_more_than_its_seventh_of_texts() {
        let config = BudgetConfig::default();
        let (mut budget, mut spoken) = (Budget::new(&config), 0.0);
        for tenth in 0..600 {
            budget.gain(&config, Talk::Normal, Timestamp::from_seconds(f64::from(tenth) / 10.0));
            if budget.allows(&config, Priority::Text) {
                budget.spend(&config, 0.7);
                spoken += 0.7;
            }
        }
        assert!((7.0..=9.0).contains(&spoken), "{spoken} s");
    }
}
