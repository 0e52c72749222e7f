//! The rules of the speech queue, case by case.

use std::time::Duration;

use super::*;
use crate::callout::{ANSWER, SESSION, Subject};

/// What happens to the queue in a case.
#[derive(Clone, Copy)]
enum Do {
    /// A callout comes: `a` to `e` stand for the priorities, from important down; the digit is its subject.
    Push(&'static str),
    /// An answer comes, named likewise; its sentences, with blanks between.
    Answer(&'static str),
    /// A word of the program on itself.
    Tell(&'static str),
    /// The utterance that counts so much is heard to its end.
    Finish(u64),
    /// It is cut short by somebody else.
    StopAt(u64),
    Begin(u64),
    Lose,
    Tick,
    Hush,
}
use Do::*;

fn priority(name: &str) -> Priority {
    match name.as_bytes()[0] {
        b'a' => Priority::Important,
        b'b' => Priority::Message,
        b'c' => Priority::Text,
        b'd' => Priority::Notification,
        _ => Priority::Progress,
    }
}

fn callout(name: &str, at: Timestamp) -> Callout {
    let subject = Subject::new("test", &name[1..]);
    let valid = match priority(name) {
        Priority::Important => 3,
        Priority::Message => 5,
        Priority::Text => 8,
        Priority::Notification | Priority::Progress => 2,
    };
    let valid_until = at.after(Duration::from_secs(valid));
    Callout {
        at,
        subject,
        message: name.into(),
        direction: None,
        priority: priority(name),
        valid_until,
        p: None,
        details: Vec::new(),
    }
}

fn answer(names: &str, at: Timestamp) -> Callout {
    let mut sentences = names.split(' ');
    let first = callout(sentences.next().unwrap(), at);
    let details = sentences.map(Into::into).collect();
    Callout { subject: Subject::new(ANSWER, &first.message[1..]), details, ..first }
}

fn show(action: &Action) -> String {
    match action {
        Action::Say { id, text, callout } => {
            assert_eq!(*text, *callout.message);
            format!("say {} {}", id.0, callout.message)
        }
        Action::Stop => "stop".to_owned(),
        Action::Dropped { callout, reason } => format!("{} {}", reason.id(), callout.message),
        Action::Interrupted(callout) => format!("interrupted {}", callout.message),
        Action::Heard(callout) => format!("heard {}", callout.message),
    }
}

/// Each step happens at its second; all actions, in order, must be `want`.
#[track_caller]
fn check(steps: &[(f64, Do)], want: &[&str]) {
    let mut queue = SpeechQueue::default();
    let mut got = Vec::new();
    for &(seconds, step) in steps {
        let now = Timestamp::from_seconds(seconds);
        let actions = match step {
            Push(name) => queue.push(callout(name, now), name.to_owned(), now),
            Answer(names) => queue.push(answer(names, now), names.split(' ').next().unwrap().to_owned(), now),
            Tell(name) => {
                let told = Callout { subject: Subject::new(SESSION, &name[1..]), ..callout(name, now) };
                queue.push(told, name.to_owned(), now)
            }
            Finish(id) => queue.report(&VoiceEvent::Finished(UtteranceId(id)), now),
            StopAt(id) => queue.report(&VoiceEvent::Stopped(UtteranceId(id)), now),
            Begin(id) => queue.report(&VoiceEvent::Began(UtteranceId(id)), now),
            Lose => queue.report(&VoiceEvent::Lost("gone".to_owned()), now),
            Tick => queue.tick(now),
            Hush => queue.hush(),
        };
        got.extend(actions.iter().map(show));
    }
    assert_eq!(got, want);
}

#[test]
fn an_important_callout_interrupts_everything_but_another_important_one() {
    for (said, cut) in [("b1", "interrupted b1"), ("c1", "interrupted c1"), ("d1", "interrupted d1"), ("e1", "interrupted e1")]
    {
        let begun = format!("say 1 {said}");
        check(&[(0.0, Push(said)), (0.1, Push("a2"))], &[&begun, cut, "say 2 a2"]);
    }
    check(&[(0.0, Push("a1")), (0.1, Push("a2")), (1.0, Finish(1))], &["say 1 a1", "heard a1", "say 2 a2"]);
}

#[test]
fn an_answer_waits_for_nothing_but_a_hazard() {
    for (said, cut) in [("b1", "interrupted b1"), ("c1", "interrupted c1"), ("d1", "interrupted d1"), ("e1", "interrupted e1")]
    {
        let begun = format!("say 1 {said}");
        check(&[(0.0, Push(said)), (0.1, Answer("c2"))], &[&begun, cut, "say 2 c2"]);
    }
    check(&[(0.0, Push("a1")), (0.1, Answer("b2")), (1.0, Finish(1))], &["say 1 a1", "heard a1", "say 2 b2"]);
    // Before what waits already, unless that is more urgent.
    check(
        &[(0.0, Push("a1")), (0.1, Push("b2")), (0.2, Push("a3")), (0.3, Answer("b4")), (1.0, Finish(1)), (2.0, Finish(2))],
        &["say 1 a1", "heard a1", "say 2 a3", "heard a3", "say 3 b4"],
    );
}

#[test]
fn a_newer_answer_takes_an_older_ones_place() {
    check(&[(0.0, Answer("c1")), (0.1, Answer("b2"))], &["say 1 c1", "interrupted c1", "say 2 b2"]);
    check(
        &[(0.0, Push("a1")), (0.1, Answer("b2")), (0.2, Answer("b3")), (1.0, Finish(1))],
        &["say 1 a1", "replaced b2", "heard a1", "say 2 b3"],
    );
}

#[test]
fn a_hazard_cuts_short_an_answer_or_a_word_of_the_program_and_it_is_said_again_after_that() {
    check(
        &[(0.0, Answer("b1")), (0.1, Push("a2")), (1.0, Finish(2)), (2.0, Finish(3))],
        &["say 1 b1", "say 2 a2", "heard a2", "say 3 b1", "heard b1"],
    );
    check(
        &[(0.0, Tell("b1")), (0.1, Push("a2")), (1.0, Finish(2)), (2.0, Finish(3))],
        &["say 1 b1", "say 2 a2", "heard a2", "say 3 b1", "heard b1"],
    );
    // Not once it is stale.
    check(&[(0.0, Answer("b1")), (6.0, Push("a2"))], &["say 1 b1", "interrupted b1", "say 2 a2"]);
}

#[test]
fn what_stands_in_the_way_cuts_a_long_answer_and_waits_for_a_short_one() {
    check(&[(0.0, Answer("b1")), (0.1, Push("b2")), (1.0, Finish(1))], &["say 1 b1", "heard b1", "say 2 b2"]);
    check(&[(0.0, Answer("c1")), (0.1, Push("b2")), (1.0, Finish(2))], &["say 1 c1", "say 2 b2", "heard b2", "say 3 c1"]);
    check(&[(0.0, Answer("c1")), (0.1, Push("c2")), (1.0, Finish(1))], &["say 1 c1", "heard c1", "say 2 c2"]);
    check(&[(0.0, Answer("c1")), (0.1, Push("d2"))], &["say 1 c1", "gave_way d2"]);
}

#[test]
fn the_sentences_of_an_answer_follow_one_another_and_leave_room_for_what_is_more_urgent() {
    check(
        &[(0.0, Answer("c1 c2 c3")), (1.0, Push("c9")), (2.0, Finish(1)), (4.0, Finish(2)), (6.0, Finish(3))],
        &["say 1 c1", "say 2 c2", "say 3 c3", "heard c3", "say 4 c9"],
    );
    check(
        &[(0.0, Answer("c1 c2")), (1.0, Push("a9")), (2.0, Finish(2)), (3.0, Finish(3)), (9.0, Finish(4))],
        &["say 1 c1", "say 2 a9", "heard a9", "say 3 c1", "say 4 c2", "heard c2"],
    );
    check(&[(0.0, Answer("c1 c2")), (1.0, Hush), (2.0, Finish(1))], &["say 1 c1", "stop", "interrupted c1"]);
    check(&[(0.0, Answer("c1 c2")), (1.0, Finish(1)), (1.5, StopAt(2))], &["say 1 c1", "say 2 c2", "interrupted c2"]);
}

#[test]
fn a_message_waits_for_messages_and_interrupts_what_is_less() {
    check(&[(0.0, Push("b1")), (0.1, Push("b2")), (1.0, Finish(1))], &["say 1 b1", "heard b1", "say 2 b2"]);
    check(&[(0.0, Push("a1")), (0.1, Push("b2"))], &["say 1 a1"]);
    check(&[(0.0, Push("c1")), (0.1, Push("b2"))], &["say 1 c1", "interrupted c1", "say 2 b2"]);
    check(&[(0.0, Push("d1")), (0.1, Push("b2"))], &["say 1 d1", "interrupted d1", "say 2 b2"]);
}

#[test]
fn a_newer_text_takes_an_older_ones_place() {
    check(&[(0.0, Push("c1")), (0.1, Push("c2"))], &["say 1 c1", "interrupted c1", "say 2 c2"]);
    check(
        &[(0.0, Push("b1")), (0.1, Push("c2")), (0.2, Push("c3")), (1.0, Finish(1))],
        &["say 1 b1", "replaced c2", "heard b1", "say 2 c3"],
    );
}

#[test]
fn a_notification_gives_way_and_progress_is_said_only_when_idle() {
    for said in ["a1", "b1", "c1", "d1", "e1"] {
        let begun = format!("say 1 {said}");
        check(&[(0.0, Push(said)), (0.1, Push("d2"))], &[&begun, "gave_way d2"]);
        check(&[(0.0, Push(said)), (0.1, Push("e2"))], &[&begun, "gave_way e2"]);
    }
    check(&[(0.0, Push("e1")), (1.0, Finish(1)), (1.1, Push("d2"))], &["say 1 e1", "heard e1", "say 2 d2"]);
}

#[test]
fn what_waits_is_said_by_priority_and_then_by_age() {
    check(&[(0.0, Push("a1")), (0.1, Push("c2")), (0.2, Push("b3")), (0.3, Push("b4")), (0.4, Push("a5"))], &["say 1 a1"]);
    check(
        &[
            (0.0, Push("a1")),
            (0.1, Push("c2")),
            (0.2, Push("b3")),
            (0.3, Push("b4")),
            (0.4, Push("a5")),
            (1.0, Finish(1)),
            (2.0, Finish(2)),
            (3.0, Finish(3)),
            (4.0, Finish(4)),
            (5.0, Finish(5)),
        ],
        &[
            "say 1 a1", "heard a1", "say 2 a5", "heard a5", "say 3 b3", "heard b3", "say 4 b4", "heard b4", "say 5 c2",
            "heard c2",
        ],
    );
}

#[test]
fn what_waited_too_long_goes_unsaid() {
    check(&[(0.0, Push("a1")), (0.0, Push("a2")), (3.1, Finish(1))], &["say 1 a1", "heard a1", "expired a2"]);
    check(&[(0.0, Push("a1")), (0.0, Push("b2")), (5.0, Tick), (5.1, Tick)], &["say 1 a1", "expired b2"]);
    check(&[(0.0, Push("a1")), (0.0, Push("c2")), (8.0, Tick), (8.1, Push("b3"))], &["say 1 a1", "expired c2"]);
    check(&[(0.0, Push("a1")), (60.0, Tick)], &["say 1 a1"]); // begun in time: said to its end
}

#[test]
fn what_comes_stale_is_not_begun() {
    let mut queue = SpeechQueue::default();
    let actions = queue.push(callout("d1", Timestamp::from_seconds(0.0)), "d1".to_owned(), Timestamp::from_seconds(2.1));
    assert_eq!(actions.iter().map(show).collect::<Vec<_>>(), ["expired d1"]);
    assert_eq!(queue.speaking(), None);
}

#[test]
fn the_same_subject_waits_once_with_its_newest_words() {
    check(
        &[(0.0, Push("a1")), (0.1, Push("b2")), (0.2, Push("a2")), (1.0, Finish(1)), (2.0, Finish(2))],
        &["say 1 a1", "replaced b2", "heard a1", "say 2 a2", "heard a2"],
    );
}

#[test]
fn an_utterance_that_was_interrupted_reports_in_vain() {
    check(
        &[(0.0, Push("c1")), (0.1, Push("a2")), (0.1, StopAt(1)), (0.2, Finish(1)), (0.2, Begin(2)), (1.0, Finish(2))],
        &["say 1 c1", "interrupted c1", "say 2 a2", "heard a2"],
    );
}

#[test]
fn what_somebody_else_cut_short_counts_as_unsaid() {
    check(&[(0.0, Push("b1")), (0.1, Push("b2")), (0.5, StopAt(1))], &["say 1 b1", "interrupted b1", "say 2 b2"]);
}

#[test]
fn a_lost_voice_takes_everything_with_it_and_the_next_speaks_anew() {
    check(
        &[(0.0, Push("b1")), (0.1, Push("b2")), (0.5, Lose), (0.6, Push("a3"))],
        &["say 1 b1", "interrupted b1", "voice_lost b2", "say 2 a3"],
    );
}

#[test]
fn silence_is_silence_until_the_next_callout() {
    check(
        &[(0.0, Push("a1")), (0.1, Push("b2")), (0.5, Hush), (0.5, StopAt(1)), (0.6, Push("d3"))],
        &["say 1 a1", "stop", "interrupted a1", "hushed b2", "say 2 d3"],
    );
    check(&[(0.0, Hush)], &[]);
}
