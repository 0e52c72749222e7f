//! What the buttons of a headset mean: pressed once, twice, three times, or held.
//!
//! Owns the table and the patience. Reads no clock: each press brings its moment.

use std::time::Duration;

use crate::control::Control;

/// A button, whatever the headset calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Play, pause, or the only one there is.
    Play,
    /// The next song.
    Next,
    /// The previous song.
    Previous,
    /// Louder.
    VolumeUp,
    /// Softer.
    VolumeDown,
    /// Stop.
    Stop,
}

/// What is done with a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// It goes down: what can wait for nothing.
    Down,
    /// It is pressed once, and not again.
    Once,
    /// Twice.
    Twice,
    /// Three times.
    Thrice,
    /// It is held.
    Held,
}

/// Each gesture and what it asks for.
pub const GESTURES: &[(Button, Gesture, Control)] = &[
    (Button::Play, Gesture::Once, Control::Repeat),
    (Button::Play, Gesture::Twice, Control::Around),
    (Button::Play, Gesture::Thrice, Control::Help),
    (Button::Play, Gesture::Held, Control::Toggle),
    (Button::Next, Gesture::Once, Control::More),
    (Button::Next, Gesture::Twice, Control::Status),
    (Button::Next, Gesture::Held, Control::Chattier),
    (Button::Previous, Gesture::Down, Control::Stop),
    (Button::Previous, Gesture::Twice, Control::Wrong),
    (Button::Previous, Gesture::Held, Control::Less),
    (Button::VolumeUp, Gesture::Once, Control::Louder),
    (Button::VolumeUp, Gesture::Held, Control::Faster),
    (Button::VolumeDown, Gesture::Once, Control::Quieter),
    (Button::VolumeDown, Gesture::Held, Control::Slower),
    (Button::Stop, Gesture::Down, Control::Stop),
];

/// From this on a button is held.
const HELD: Duration = Duration::from_millis(600);
/// A press that follows a release by more is a new gesture. Shorter than a mouse's, since the answer waits for it.
const BETWEEN: Duration = Duration::from_millis(250);

/// The gesture under way.
#[derive(Debug, Default)]
pub(super) struct Gestures {
    current: Option<Current>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    button: Button,
    presses: usize,
    /// When it last went down or up.
    since: Duration,
    is_down: bool,
}

impl Gestures {
    /// `button` goes down or up at `now`; what is asked for goes to `controls`.
    pub fn turn(&mut self, button: Button, is_down: bool, now: Duration, controls: &mut Vec<Control>) {
        self.pass(now, controls);
        let current = self.current.take();
        match (current, is_down) {
            (Some(current), false) if current.button == button && current.is_down => {
                let current = Current { since: now, is_down: false, ..current };
                self.current = Some(current);
                // Nothing more can come of it.
                if current.presses == most(button) {
                    self.end(controls);
                }
            }
            // The release of what was held, or of another button.
            (current, false) => self.current = current,
            (current, true) => {
                let again = current.filter(|current| current.button == button && !current.is_down);
                if again.is_none() {
                    self.current = current;
                    self.end(controls);
                }
                let presses = again.map_or(0, |current| current.presses) + 1;
                self.current = Some(Current { button, presses, since: now, is_down: true });
                controls.extend(meaning(button, Gesture::Down).filter(|_| presses == 1));
            }
        }
    }

    /// Time passes until `now`.
    pub fn pass(&mut self, now: Duration, controls: &mut Vec<Control>) {
        if self.due().is_none_or(|due| now < due) {
            return;
        }
        if let Some(Current { button, .. }) = self.current.filter(|current| current.is_down) {
            controls.extend(meaning(button, Gesture::Held));
            self.current = None;
        } else {
            self.end(controls);
        }
    }

    /// When time alone decides what was meant.
    pub fn due(&self) -> Option<Duration> {
        let current = self.current?;
        Some(current.since + if current.is_down { HELD } else { BETWEEN })
    }

    fn end(&mut self, controls: &mut Vec<Control>) {
        let Some(Current { button, presses, is_down: false, .. }) = self.current.take() else { return };
        controls.extend(times(presses).and_then(|gesture| meaning(button, gesture)));
    }
}

fn times(presses: usize) -> Option<Gesture> {
    [Gesture::Once, Gesture::Twice, Gesture::Thrice].get(presses.checked_sub(1)?).copied()
}

/// The most presses that mean anything.
fn most(button: Button) -> usize {
    (1..=3).rev().find(|presses| times(*presses).and_then(|gesture| meaning(button, gesture)).is_some()).unwrap_or(1)
}

fn meaning(button: Button, gesture: Gesture) -> Option<Control> {
    GESTURES.iter().find(|(b, g, _)| (*b, *g) == (button, gesture)).map(|(_, _, control)| *control)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Buttons that go down (`+`) and up (`-`) at their millisecond, then three seconds of nothing; what is asked for, and when.
    #[track_caller]
    fn check(turns: &[(u64, Button, char)], want: &[(u64, Control)]) {
        let (mut gestures, mut got, mut turns) = (Gestures::default(), Vec::new(), turns);
        for ms in 0..5000 {
            let (now, mut controls) = (Duration::from_millis(ms), Vec::new());
            gestures.pass(now, &mut controls);
            while let Some(((at, button, turn), rest)) = turns.split_first()
                && *at == ms
            {
                turns = rest;
                gestures.turn(*button, *turn == '+', now, &mut controls);
            }
            got.extend(controls.into_iter().map(|control| (ms, control)));
        }
        assert_eq!(got, want, "{turns:?}");
    }

    #[test]
    fn a_button_is_pressed_once_twice_thrice_or_held() {
        use {Button::*, Control::*};
        check(&[(0, Play, '+'), (80, Play, '-')], &[(330, Repeat)]);
        check(&[(0, Play, '+'), (80, Play, '-'), (200, Play, '+'), (280, Play, '-')], &[(530, Around)]);
        let thrice = [(0, '+'), (80, '-'), (200, '+'), (280, '-'), (400, '+'), (480, '-')];
        // Nothing comes after three.
        check(&thrice.map(|(at, turn)| (at, Play, turn)), &[(480, Help)]);
        check(&[(0, Play, '+'), (900, Play, '-')], &[(600, Toggle)]);
        check(&[(0, Play, '+'), (80, Play, '-'), (400, Play, '+'), (480, Play, '-')], &[(330, Repeat), (730, Repeat)]);
    }

    #[test]
    fn what_has_one_meaning_waits_for_none_and_silence_for_nothing() {
        use {Button::*, Control::*};
        check(&[(0, VolumeUp, '+'), (90, VolumeUp, '-')], &[(90, Louder)]);
        check(&[(0, VolumeUp, '+'), (700, VolumeUp, '-')], &[(600, Faster)]);
        check(&[(5, Button::Stop, '+'), (90, Button::Stop, '-')], &[(5, Control::Stop)]);
        check(&[(0, Previous, '+'), (50, Previous, '-')], &[(0, Control::Stop)]);
        check(
            &[(0, Previous, '+'), (50, Previous, '-'), (150, Previous, '+'), (200, Previous, '-')],
            &[(0, Control::Stop), (200, Wrong)],
        );
    }

    #[test]
    fn another_button_ends_a_gesture() {
        use {Button::*, Control::*};
        check(&[(0, Play, '+'), (50, Play, '-'), (100, Next, '+'), (150, Next, '-')], &[(100, Repeat), (400, More)]);
        // A release without its press, as of a button that was down when the headset came.
        check(&[(0, Play, '-')], &[]);
        check(&[(0, Play, '+'), (50, Next, '+'), (90, Next, '-'), (100, Play, '-')], &[(340, More)]);
    }

    #[test]
    fn one_button_alone_reaches_repeat_around_help_and_the_pause() {
        let of = |button| GESTURES.iter().filter(move |(b, ..)| *b == button).map(|(_, _, control)| *control);
        for control in [Control::Repeat, Control::Around, Control::Help, Control::Toggle] {
            assert!(of(Button::Play).any(|c| c == control), "{control}");
        }
    }
}
