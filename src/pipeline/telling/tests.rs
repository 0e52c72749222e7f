//! What is answered to a walker who asks, moment by moment.

use std::time::Duration;

use super::*;
use crate::{
    callout::Direction,
    control::{Asked, By, Control},
    narrator::{EvidenceConfig, Pace},
    observation::{Bearing, Finding, View},
    speech::{LengthModel, Rate, UtteranceId},
    vocabulary::{ClassIndex, Vocabulary},
};

/// What happens in a case, at its second.
#[derive(Clone, Copy)]
enum Do {
    /// From then on these classes are in view, "facet/class", and at the right where a `>` stands before.
    See(&'static [&'static str]),
    /// From then on no picture comes.
    NoPicture,
    /// A fault is found in each second from then on.
    Ail(Fault),
    Ask(Control),
}
use Do::*;

/// A frame in which the classes of `seen` have .9, and all else next to nothing.
fn observation(vocabulary: &Vocabulary, at: Timestamp, seen: &[&str]) -> Observation {
    let mut observation = Observation { at, quality: 1.0, ..Observation::default() };
    for (facet, f) in vocabulary.facets() {
        let mut answers = Vec::new();
        for name in seen {
            let (direction, name) = name.strip_prefix('>').map_or((Direction::Ahead, *name), |name| (Direction::Right, name));
            let Some((id, class)) = name.split_once('/') else { continue };
            if id != f.id {
                continue;
            }
            let class = f.find(class).unwrap().0;
            answers.push(class);
            if matches!(id, "obstacle" | "crossing") {
                observation.bearings.push(Bearing { facet, class, direction, lead: 0.7 });
            }
        }
        let p = (0..f.classes.len()).map(|i| if answers.contains(&ClassIndex(i)) { 0.9 } else { 0.01 }).collect();
        observation.findings.push(Finding { facet, view: View::Full, p, answers });
    }
    observation
}

/// A walk of `seconds` at five frames a second with a voice of the modelled length: what sounded, each with its second, and the telling
/// at the end.
fn walk(seconds: u64, steps: &[(f64, Do)]) -> (Vec<String>, Telling) {
    let vocabulary = Vocabulary::shipped().unwrap();
    let narrator = Narrator::new(&vocabulary, EvidenceConfig::default(), Pace::default()).unwrap();
    let mut telling = Telling::new(narrator, SpeechQueue::default(), Words::load("en").unwrap());
    telling.memory.logged = true;
    let (mut out, mut lines, mut steps) = (Outcome::default(), Vec::new(), steps);
    let (mut seen, mut ails, mut rate): (Option<&[&str]>, _, _) = (Some(&[]), None, Rate::default());
    let mut saying: Option<(UtteranceId, Timestamp)> = None;
    for ms in (0..seconds * 1000).step_by(20) {
        let now = Timestamp(Duration::from_millis(ms));
        if let Some((id, _)) = saying.take_if(|(_, ends)| *ends <= now) {
            telling.heard(&VoiceEvent::Finished(id), now, &mut out);
        }
        while let Some(((at, step), rest)) = steps.split_first()
            && *at <= now.seconds()
        {
            steps = rest;
            match step {
                See(things) => seen = Some(things),
                NoPicture => seen = None,
                Ail(fault) => ails = Some(*fault),
                Ask(control) => {
                    let asked = Asked { battery: Some(50), ..Asked::new(*control, By::Keys) };
                    telling.control(asked, now, &mut out).map(drop).unwrap();
                }
            }
        }
        if let Some(fault) = ails.filter(|_| ms % 1000 == 0) {
            telling.fault(fault, now, &mut out).unwrap();
        }
        match seen {
            Some(seen) if ms % 200 == 0 => telling.observe(&mut observation(&vocabulary, now, seen), now, &mut out).unwrap(),
            _ => telling.tick(now, &mut out),
        }
        for command in out.voice.drain(..) {
            match command {
                VoiceCommand::Say { id, text, .. } => {
                    saying = Some((id, now.after(LengthModel::default().length(&text, rate))));
                }
                VoiceCommand::Stop => saying = None,
                VoiceCommand::Tune(tuning) => rate = tuning.rate,
                VoiceCommand::Cue { .. } | VoiceCommand::Wake => {}
            }
        }
        let sounds =
            out.happenings.drain(..).map(|h| h.to_string()).filter(|line| line.contains('[') || line.contains("wrong:"));
        lines.extend(sounds);
    }
    (lines, telling)
}

#[track_caller]
fn check(seconds: u64, steps: &[(f64, Do)], want: &[&str]) {
    let (lines, _) = walk(seconds, steps);
    assert_eq!(lines, want);
}

#[test]
fn the_voice_is_woken_while_a_hazard_is_not_yet_sure_and_for_nothing_less() {
    let vocabulary = Vocabulary::shipped().unwrap();
    let woken = |seen: &str, asked: Option<Control>| {
        let narrator = Narrator::new(&vocabulary, EvidenceConfig::default(), Pace::default()).unwrap();
        let mut telling = Telling::new(narrator, SpeechQueue::default(), Words::load("en").unwrap());
        let (mut out, at) = (Outcome::default(), Timestamp::default());
        if let Some(control) = asked {
            telling.control(Asked::new(control, By::Keys), at, &mut out).map(drop).unwrap();
            telling.hush(at, &mut out);
        }
        telling.observe(&mut observation(&vocabulary, at, &[seen]), at, &mut out).unwrap();
        out.voice.contains(&VoiceCommand::Wake)
    };
    assert!(woken("crossing/zebra_crossing", None));
    assert!(!woken("place/street", None));
    assert!(!woken("crossing/zebra_crossing", Some(Control::Pause)));
}

const STREET: &[&str] =
    &["place/street", "surface/asphalt", "obstacle/parked_car", ">obstacle/door_or_gate", "weather/overcast"];

#[test]
fn around_is_place_and_sides_and_more_is_what_was_not_said() {
    check(
        16,
        &[(0.0, See(STREET)), (8.0, Ask(Control::Around)), (13.0, Ask(Control::More))],
        &[
            "00:00.8  [place] Street.",
            "00:08.0  [around] Street. Ahead: parked car. On the right: door or gate.",
            "00:13.0  [more] Asphalt. Overcast.",
        ],
    );
    // What an answer told counts as said.
    check(
        20,
        &[(0.0, See(STREET)), (5.0, Ask(Control::More)), (12.0, Ask(Control::More)), (16.0, Ask(Control::More))],
        &[
            "00:00.8  [place] Street.",
            "00:05.0  [more] Ahead: parked car. On the right: door or gate. Asphalt.",
            "00:12.0  [more] Overcast.",
            "00:16.0  [more] That is all I can tell.",
        ],
    );
    check(4, &[(0.0, See(&[])), (3.0, Ask(Control::Around))], &["00:03.0  [around] Not sure what this is."]);
}

#[test]
fn what_is_seen_no_longer_is_not_told() {
    check(
        14,
        &[(0.0, See(STREET)), (5.0, NoPicture), (6.0, Ask(Control::Status)), (12.0, Ask(Control::Around))],
        &[
            "00:00.8  [place] Street.",
            "00:06.0  [status] The walk has just begun.",
            "00:07.1  [status] Camera and voice work.",
            "00:08.1  [status] Battery 50 percent.",
            "00:12.0  [around] I cannot see now.",
        ],
    );
    check(
        8,
        &[(0.0, NoPicture), (1.0, Ail(Fault::CameraLost)), (5.0, Ask(Control::More))],
        &[
            "00:01.0  [fault] No picture from the camera. I cannot see.",
            "00:05.0  [more] No picture from the camera. I cannot see.",
        ],
    );
}

#[test]
fn what_is_repeated_late_is_told_with_its_age() {
    check(2, &[(1.0, Ask(Control::Repeat))], &["00:01.0  [repeat] I have not spoken yet."]);
    check(
        140,
        &[
            (0.0, See(&["crossing/zebra_crossing"])),
            (4.0, Ask(Control::Repeat)),
            (5.0, See(&[])),
            // A word on a state is nothing to repeat.
            (45.0, Ask(Control::Louder)),
            (47.0, Ask(Control::Repeat)),
            (130.0, Ask(Control::Repeat)),
        ],
        &[
            "00:00.6  [crossing] Zebra crossing ahead.",
            "00:04.0  [repeat] Zebra crossing ahead.",
            "00:45.0  [louder] Volume 90 percent.",
            "00:47.0  [repeat] 40 seconds ago: Zebra crossing ahead.",
            "02:10.0  [repeat] 2 minutes ago: Zebra crossing ahead.",
        ],
    );
}

#[test]
fn a_pause_says_that_nothing_is_warned_of_and_tells_of_itself_again() {
    check(
        320,
        &[
            (1.0, Ask(Control::Pause)),
            (5.0, See(&["crossing/zebra_crossing"])),
            (8.0, Ail(Fault::EncoderLate)),
            (310.0, Ask(Control::Toggle)),
        ],
        &[
            "00:01.0  [pause] Paused. I give no warnings.",
            "05:01.0  [pause] Still paused. I give no warnings.",
            "05:10.0  [resume] I am watching again.",
            // What lasts is said, and the answer once it is.
            "05:10.0  [fault] I am slow. What I say may come late.",
            "05:11.9  [crossing] Zebra crossing ahead.",
            "05:12.9  [resume] I am watching again.",
        ],
    );
}

#[test]
fn every_step_tells_its_state_and_so_does_its_end() {
    let (lines, telling) = walk(
        60,
        &[
            (0.0, Ask(Control::Louder)),
            (2.0, Ask(Control::Louder)),
            (4.0, Ask(Control::Louder)),
            (6.0, Ask(Control::Quieter)),
            (8.0, Ask(Control::Faster)),
            (10.0, Ask(Control::Slower)),
            (12.0, Ask(Control::Chattier)),
            (15.0, Ask(Control::Chattier)),
            (18.0, Ask(Control::Less)),
            (21.0, Ask(Control::Less)),
            (24.0, Ask(Control::Less)),
        ],
    );
    let said: Vec<_> = lines.iter().map(|line| line.split_once("  ").unwrap().1).collect();
    assert_eq!(
        said,
        [
            "[louder] Volume 90 percent.",
            "[louder] Full volume.",
            "[louder] Full volume.",
            "[quieter] Volume 90 percent.",
            "[faster] 210 words a minute.",
            "[slower] 190 words a minute.",
            "[chattier] I tell all that I recognise.",
            "[chattier] I tell all that I recognise.",
            "[less] I tell places and the ground too.",
            "[less] I tell only what is in the way.",
            "[less] I tell only what is in the way.",
        ]
    );
    assert_eq!((telling.tuning().volume.percent(), telling.narrator().talk()), (90, Talk::Quiet));
}

#[test]
fn what_was_wrong_is_marked_with_its_moment() {
    check(
        10,
        &[(0.0, Ask(Control::Wrong)), (2.0, See(&["crossing/zebra_crossing"])), (8.0, Ask(Control::Wrong))],
        &[
            "00:00.0  [wrong] I have not spoken yet.",
            "00:02.6  [crossing] Zebra crossing ahead.",
            "00:08.0  (wrong: Zebra crossing ahead. at 00:02.6)",
            "00:08.0  [wrong] Marked as wrong: Zebra crossing ahead.",
        ],
    );
}

#[test]
fn an_introduction_gives_way_to_a_hazard_goes_on_and_ends_with_a_good_aim() {
    let (lines, _) = walk(
        60,
        &[
            (0.0, Ask(Control::Introduce)),
            (1.0, See(&["place/street"])),
            (9.0, See(&["place/street", "surface/steps_down"])),
            (20.0, Ask(Control::Louder)),
        ],
    );
    let words: Vec<_> = lines.iter().map(|line| line.split_once("  ").unwrap().1).collect();
    let place =
        |part: &str| words.iter().position(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part}: {lines:#?}"));
    assert!(place("Hello") < place("[surface] Steps down"), "{lines:#?}");
    let cut = words[place("[surface] Steps down") - 1];
    assert_eq!(words[place("[surface] Steps down") + 1], cut, "what was cut short is said again: {lines:#?}");
    assert!(words.contains(&"[louder] Volume 90 percent."));
    assert_eq!(words.iter().rfind(|line| line.contains("well aimed")), Some(&"[introduce] The camera is well aimed."));
}

#[test]
fn silence_is_answered_by_silence_at_once() {
    let (lines, telling) = walk(3, &[(0.0, Ask(Control::Introduce)), (1.0, Ask(Control::Stop))]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(!telling.speaking());
}

/// Whoever asks while a callout of any other urgency than a hazard's is said, or none, hears the answer in the same moment.
#[test]
fn every_answer_begins_at_once() {
    for control in Control::ALL.into_iter().filter(|control| *control != Control::Stop) {
        let (lines, _) = walk(12, &[(0.0, See(STREET)), (2.4, Ask(control)), (8.0, Ask(control))]);
        for at in ["00:02.4", "00:08.0"] {
            assert!(lines.iter().any(|line| line.starts_with(at) && line.contains('[')), "{control} at {at}: {lines:#?}");
        }
    }
}
