//! The speech queue: which callout is said now, which waits, which goes unsaid.
//!
//! Owns Speech Dispatcher's rules of priority, and what an answer has before others: who asks waits for nothing but a hazard. Leaves the words to `words`, the sound to a voice, and to `narrator` for how long a
//! callout holds and whether an interrupted one is worth repeating. Reads no clock and makes no sound: what
//! happens comes in as an argument, what is to be done goes out as [`Action`]s, in order.

use std::cmp::Reverse;

use super::{UtteranceId, VoiceEvent};
use crate::{
    callout::{Callout, Priority, SESSION},
    frame::Timestamp,
};

/// Why a callout was never begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// It had waited too long.
    Expired,
    /// A newer one took its place: another text, or the same subject again.
    Replaced,
    /// Something else spoke or waited, and its priority doesn't wait.
    GaveWay,
    /// The walker asked for silence.
    Hushed,
    /// The voice was lost while it waited.
    VoiceLost,
}

impl DropReason {
    /// The name in `replay --json` and in logs.
    pub fn id(self) -> &'static str {
        match self {
            DropReason::Expired => "expired",
            DropReason::Replaced => "replaced",
            DropReason::GaveWay => "gave_way",
            DropReason::Hushed => "hushed",
            DropReason::VoiceLost => "voice_lost",
        }
    }
}

/// What is to be done, or what became of a callout. Every callout that was pushed ends in exactly one of `Dropped`,
/// `Interrupted` and `Heard`; an answer of several sentences is said with one `Say` for each, and again after a hazard that cut one short.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Let the voice say this; it cuts short what it was saying.
    Say {
        /// By this the voice reports back.
        id: UtteranceId,
        /// The words.
        text: String,
        /// What they say.
        callout: Callout,
    },
    /// Let the voice fall silent.
    Stop,
    /// It was never begun.
    Dropped {
        /// What went unsaid.
        callout: Callout,
        /// Why.
        reason: DropReason,
    },
    /// It was begun and cut short: it counts as unsaid.
    Interrupted(Callout),
    /// It was heard to its end.
    Heard(Callout),
}

#[derive(Clone, Debug)]
struct Item {
    callout: Callout,
    text: String,
}

/// What is being said and what waits.
#[derive(Debug, Default)]
pub struct SpeechQueue {
    last: u64,
    speaking: Option<(UtteranceId, Item)>,
    /// In the order of arrival; never a notification or progress, one text at most.
    waiting: Vec<Item>,
}

impl SpeechQueue {
    /// What is being said.
    pub fn speaking(&self) -> Option<&Callout> {
        self.speaking.as_ref().map(|(_, item)| &item.callout)
    }

    /// By which the voice reports of what is being said.
    pub fn utterance(&self) -> Option<UtteranceId> {
        self.speaking.as_ref().map(|(id, _)| *id)
    }

    /// Whether nothing is being said and nothing waits.
    pub fn is_idle(&self) -> bool {
        self.speaking.is_none() && self.waiting.is_empty()
    }

    /// `callout` deserves to be said, as `text`.
    pub fn push(&mut self, callout: Callout, text: String, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        self.expire(now, &mut actions);
        let priority = callout.priority;
        let item = Item { callout, text };
        if item.callout.valid_until < now {
            actions.push(dropped(item, DropReason::Expired));
            return actions;
        }
        if priority <= Priority::Notification && (self.speaking.is_some() || !self.waiting.is_empty()) {
            actions.push(dropped(item, DropReason::GaveWay));
            return actions;
        }
        let old = self.waiting.iter().position(|w| {
            let text = priority == Priority::Text && w.callout.priority == Priority::Text;
            let (asked, answer) = (item.callout.is_answer(), w.callout.is_answer());
            w.callout.subject == item.callout.subject || (asked && answer) || (text && asked == answer)
        });
        if let Some(old) = old {
            actions.push(dropped(self.waiting.remove(old), DropReason::Replaced));
        }
        let cut = self.speaking.take_if(|(_, said)| cuts(&item.callout, &said.callout));
        let asked = item.callout.is_answer();
        self.waiting.push(item);
        match cut {
            Some((_, said)) if comes_once(&said.callout) && !asked && said.callout.valid_until >= now => {
                self.waiting.insert(0, said);
            }
            cut => actions.extend(cut.map(|(_, said)| Action::Interrupted(said.callout))),
        }
        self.next(&mut actions);
        actions
    }

    /// The voice reports. What it says of an utterance that was already interrupted changes nothing.
    pub fn report(&mut self, event: &VoiceEvent, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            VoiceEvent::Began(_) => return actions,
            VoiceEvent::Finished(id) | VoiceEvent::Stopped(id) => {
                let Some((_, Item { callout, .. })) = self.speaking.take_if(|(speaking, _)| speaking == id) else {
                    return actions;
                };
                match event {
                    VoiceEvent::Finished(_) if callout.is_answer() && !callout.details.is_empty() => self.go_on(callout, now),
                    VoiceEvent::Finished(_) => actions.push(Action::Heard(callout)),
                    _ => actions.push(Action::Interrupted(callout)),
                }
            }
            VoiceEvent::Lost(_) => {
                self.interrupt(&mut actions);
                actions.extend(self.waiting.drain(..).map(|item| dropped(item, DropReason::VoiceLost)));
            }
        }
        self.expire(now, &mut actions);
        self.next(&mut actions);
        actions
    }

    /// Time passes: what has waited too long goes.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        self.expire(now, &mut actions);
        actions
    }

    /// The walker asks for silence: nothing more of what was begun or waits.
    pub fn hush(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.speaking.is_some() {
            actions.push(Action::Stop);
            self.interrupt(&mut actions);
        }
        actions.extend(self.waiting.drain(..).map(|item| dropped(item, DropReason::Hushed)));
        actions
    }

    fn expire(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let stale = self.waiting.extract_if(.., |item| item.callout.valid_until < now);
        actions.extend(stale.map(|item| dropped(item, DropReason::Expired)));
    }

    fn interrupt(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.speaking.take().map(|(_, item)| Action::Interrupted(item.callout)));
    }

    /// The next sentence of an answer, which is worth waiting for as long as the one before.
    fn go_on(&mut self, mut callout: Callout, now: Timestamp) {
        callout.message = callout.details.remove(0);
        (callout.valid_until, callout.at) = (now.after(callout.valid_until.since(callout.at)), now);
        self.waiting.insert(0, Item { text: callout.message.to_string(), callout });
    }

    /// Where nothing is being said, begins what waits with the highest priority, an answer before its equals, else the oldest of them.
    fn next(&mut self, actions: &mut Vec<Action>) {
        if self.speaking.is_some() {
            return;
        }
        let urgency = |callout: &Callout| (callout.priority, callout.is_answer());
        let Some(first) = (0..self.waiting.len()).min_by_key(|&i| Reverse(urgency(&self.waiting[i].callout))) else { return };
        let item = self.waiting.remove(first);
        self.last += 1;
        let id = UtteranceId(self.last);
        let Item { callout, text } = item.clone();
        self.speaking = Some((id, item));
        actions.push(Action::Say { id, text, callout });
    }
}

/// Whether nothing will ask for it again: answers, and what the program says of itself. A sight that still holds comes back by itself.
fn comes_once(callout: &Callout) -> bool {
    callout.is_answer() || &*callout.subject.facet == SESSION
}

/// Whether `new` cuts short what is being said. An answer cuts whatever is no hazard, and is cut by what is more urgent than it.
fn cuts(new: &Callout, said: &Callout) -> bool {
    match (new.is_answer(), said.is_answer()) {
        (true, _) => said.priority < Priority::Important,
        (false, true) => new.priority > said.priority && new.priority.interrupts() >= Some(said.priority),
        (false, false) => new.priority.interrupts() >= Some(said.priority),
    }
}

fn dropped(item: Item, reason: DropReason) -> Action {
    Action::Dropped { callout: item.callout, reason }
}

#[cfg(test)]
mod tests;
