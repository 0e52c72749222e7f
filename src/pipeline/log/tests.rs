use std::sync::{Arc, Mutex};

use super::*;
use crate::{
    callout::{Callout, Direction, Priority, Subject},
    control::{Asked, By, Control},
    fault::Fault,
    narrator::{EvidenceConfig, Pace, Talk},
    observation::{Bearing, Finding, Observation, View},
    pipeline::{Outcome, Telling, VoiceCommand},
    speech::{SpeechQueue, UtteranceId, VoiceEvent, Words},
    vocabulary::{ClassIndex, Vocabulary},
};

/// Keeps the parts of a log in memory; fails from the line on that `full` says.
#[derive(Clone, Default)]
struct Memory {
    parts: Arc<Mutex<Vec<String>>>,
    full: Option<usize>,
}

impl Sink for Memory {
    fn begin(&mut self) -> Result<(), String> {
        self.parts.lock().expect("whole").push(String::new());
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut parts = self.parts.lock().expect("whole");
        let part = parts.last_mut().expect("begun");
        if self.full.is_some_and(|full| part.lines().count() >= full) {
            return Err("full".to_owned());
        }
        part.push_str(line);
        part.push('\n');
        Ok(())
    }
}

fn vocabulary() -> Vocabulary {
    Vocabulary::shipped().expect("the shipped vocabulary")
}

/// A frame in which the classes of `seen` ("facet/class") have .87 and a little, and all else next to nothing.
fn observation(vocabulary: &Vocabulary, at: f64, seen: &[&str]) -> Observation {
    let findings = vocabulary.facets().map(|(facet, f)| {
        let place = |s: &&str| s.strip_prefix(&format!("{}/", f.id)).map(|class| f.find(class).expect("a class").0);
        let answers: Vec<_> = seen.iter().filter_map(place).collect();
        let p = |i| if answers.contains(&ClassIndex(i)) { 0.87 + at as f32 * 1e-4 } else { 0.012_345 };
        Finding { facet, view: View::Full, p: (0..f.classes.len()).map(p).collect(), answers }
    });
    let (facet, crossing) = vocabulary.find("crossing").expect("a facet");
    let class = |id: &str| crossing.find(id).expect("a class").0;
    let bearings = vec![Bearing { facet, class: class("zebra_crossing"), direction: Direction::Ahead, lead: 0.7 }];
    // A map has something to say in every third second.
    let missing = if (at as u32).is_multiple_of(3) { vec![(facet, class("signalised_crossing"))] } else { Vec::new() };
    Observation { at: Timestamp::from_seconds(at), quality: 0.987_654, findings: findings.collect(), bearings, missing }
}

/// A session of a minute and a half at 7 frames a second, with a voice that takes a second a sentence: what came out, as lines, and
/// whatever it kept in parts of `part` bytes.
fn session(part: u64, full: Option<usize>) -> (Vec<String>, Memory) {
    let (vocabulary, memory) = (vocabulary(), Memory { full, ..Memory::default() });
    let narrator = Narrator::new(&vocabulary, EvidenceConfig::default(), Pace::default()).expect("a narrator");
    let mut telling = Telling::new(narrator, SpeechQueue::default(), Words::load("en").expect("English"));
    let start = Start::new(&vocabulary, "street 1".to_owned(), "en", Some("2026-05-12T10:30:00+02:00".to_owned()));
    telling.keep(Journal::new(Box::new(memory.clone()), start, part));
    let (mut out, mut lines, mut saying): (_, Vec<String>, Option<(UtteranceId, f64)>) = (Outcome::default(), Vec::new(), None);
    for frame in 0..630 {
        let now = f64::from(frame) / 7.0;
        let at = Timestamp::from_seconds;
        if let Some((id, _)) = saying.take_if(|(_, until)| *until <= now) {
            telling.heard(&VoiceEvent::Finished(id), at(now), &mut out);
        }
        telling.tick(at(now), &mut out);
        match frame {
            3 => {
                let subject = Subject::new("session", "session-start");
                let (message, priority, valid_until) = ("session-start".into(), Priority::Message, at(now + 5.0));
                let callout = Callout {
                    at: at(now),
                    subject,
                    message,
                    direction: None,
                    priority,
                    valid_until,
                    p: None,
                    details: Vec::new(),
                };
                telling.announce(callout, at(now), &mut out).expect("words");
            }
            150 => telling.fault(Fault::EncoderLate, at(now), &mut out).expect("words"),
            300 => telling.set_talk(Talk::Chatty, at(now), &mut out),
            400 => telling.hush(at(now), &mut out),
            _ => {}
        }
        let asked = match frame {
            105 => Some(Control::Around),
            210 => Some(Control::Wrong),
            310 | 350 => Some(Control::Toggle),
            // A part that begins in the midst of so many sentences can't go on with them.
            360 if part > 1 << 20 => Some(Control::Introduce),
            505 => Some(Control::Repeat),
            510 => Some(Control::Slower),
            515 => Some(Control::More),
            580 => Some(Control::Status),
            _ => None,
        };
        if let Some(control) = asked {
            let asked = Asked { battery: Some(50), ..Asked::new(control, By::Buttons) };
            telling.control(asked, at(now + 0.01), &mut out).expect("words");
        }
        let seen: &[&str] = match frame {
            20..70 => &["crossing/zebra_crossing", "place/street"],
            70..200 => &["place/street", "surface/tactile_paving"],
            240..300 => &["obstacle/barrier_or_cones", "place/park", "crossing/kerb"],
            380..500 => &["surface/steps_down", "people/crowd", "place/street"],
            _ => &["people/few"],
        };
        telling.observe(&mut observation(&vocabulary, now, seen), at(now + 0.03), &mut out).expect("words");
        lines.extend(out.happenings.iter().map(ToString::to_string));
        for command in &out.voice {
            if let VoiceCommand::Say { id, .. } = command {
                saying = Some((*id, now + 1.0));
            }
        }
        out.clear();
    }
    (lines, memory)
}

/// The log that holds `part`.
fn log(part: &str) -> Log {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("walk.jsonl");
    std::fs::write(&file, part).expect("written");
    Log::open(&file).expect("a log")
}

/// What living through `part` again gives.
fn again(part: &str) -> Vec<String> {
    let mut lines = Vec::new();
    relive(&log(part), &vocabulary(), &mut |happening| {
        if happening.at.is_some() {
            lines.push(happening.to_string());
        }
    })
    .expect("lived through");
    lines
}

#[test]
fn a_session_gives_the_same_from_its_log() {
    let (lines, memory) = session(1 << 30, None);
    let parts = memory.parts.lock().expect("whole");
    assert_eq!(parts.len(), 1);
    assert_eq!(again(&parts[0]), lines);
    assert!(lines.iter().filter(|line| line.contains('[')).count() >= 8, "{lines:?}");
}

#[test]
fn so_does_every_part_of_it() {
    let (lines, memory) = session(40_000, None);
    let parts = memory.parts.lock().expect("whole");
    assert!(parts.len() > 5, "{}", parts.len());
    assert_eq!(parts.iter().flat_map(|part| again(part)).collect::<Vec<_>>(), lines);
    assert!(parts.iter().all(|part| part.len() < 80_000));
}

#[test]
fn a_log_that_was_cut_off_in_a_line_ends_before_it() {
    let (lines, memory) = session(1 << 30, None);
    let part = memory.parts.lock().expect("whole")[0].clone();
    let found = again(&part[..part.len() / 2]);
    assert!(!found.is_empty() && lines.starts_with(&found));
}

#[test]
fn a_log_that_fails_is_told_of_and_changes_nothing_else() {
    let (want, _) = session(1 << 30, None);
    let (found, memory) = session(1 << 30, Some(100));
    let stopped = |line: &&String| line.contains("The log has stopped.");
    assert_eq!(found.iter().filter(stopped).count(), 1);
    assert!(found.len() > want.len() / 2 && found.last() == want.last());
    assert_eq!(memory.parts.lock().expect("whole")[0].lines().count(), 100);
}

#[test]
fn a_moment_is_explained_by_what_was_seen_believed_and_said() {
    let (_, memory) = session(1 << 30, None);
    let log = log(&memory.parts.lock().expect("whole")[0]);
    let explained = |when: &str| {
        let moment = log.moment(when.parse().expect("a moment")).expect("in the log");
        explain(&log, &vocabulary(), moment).expect("explained")
    };
    let spoke = explained("3.6");
    for part in
        ["At 00:03.5 the picture was sharp", "crossing zebra crossing 0.87", "It said \u{201c}Zebra crossing ahead.\u{201d}"]
    {
        assert!(spoke.contains(part), "{part} is not in: {spoke}");
    }
    // By the clock on the wall.
    let silent = explained("10:30:07");
    for part in [
        "Believed: place street since 00:0",
        "crossing zebra crossing since 00:03.5",
        "because it was said already and has been there since: zebra crossing (said at 00:03.5).",
    ] {
        assert!(silent.contains(part), "{part} is not in: {silent}");
    }
    assert!(explained("01:20").contains("people few since 01:"), "{}", explained("01:20"));
}

#[test]
fn a_moment_without_a_look_is_explained_by_what_was_wrong() {
    let (_, memory) = session(1 << 30, None);
    let troubles = [100.0, 100.5].map(|at| format!("{{\"event\":\"trouble\",\"at\":{at},\"kind\":\"camera_covered\"}}\n"));
    let log = log(&format!("{}{}", memory.parts.lock().expect("whole")[0], troubles.concat()));
    let moment = log.moment("01:40.7".parse().expect("a moment")).expect("in the log");
    let explained = explain(&log, &vocabulary(), moment).expect("explained");
    assert!(explained.contains("From 01:40.0 on something was wrong: camera covered."), "{explained}");
}

#[test]
fn a_moment_that_the_log_does_not_hold_is_refused_with_what_it_holds() {
    let (_, memory) = session(1 << 30, None);
    let log = log(&memory.parts.lock().expect("whole")[0]);
    for when in ["02:00", "300", "09:00:00"] {
        let error = log.moment(when.parse().expect("a moment")).expect_err("too late").to_string();
        assert!(
            error.contains("holds 00:00.0 to 01:29.8 from 2026-05-12T10:30:00+02:00 on; name a moment in between"),
            "{error}"
        );
    }
    for wrong in ["", "soon", "1:2:3:4", "-3", "00:75", "1.5:00", "NaN"] {
        assert!(wrong.parse::<When>().is_err(), "{wrong}");
    }
}

#[test]
fn what_is_no_log_is_refused_with_its_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("walk.jsonl");
    let start = serde_json::to_string(&Record::Start(Start::new(&vocabulary(), String::new(), "en", None))).expect("a line");
    for (text, want) in [
        ("".to_owned(), "line 1: it is empty"),
        ("{}\n".to_owned(), "line 1: "),
        ("{\"event\":\"callout\",\"at\":1.0}\n".to_owned(), "line 1: it does not begin"),
        (format!("{start}\nnonsense\n"), "line 2: "),
        (start.replace("\"format\":1", "\"format\":2") + "\n", "format 2 is newer than this program reads (1)"),
    ] {
        std::fs::write(&file, &text).expect("written");
        let error = Log::open(&file).expect_err("no log").to_string();
        assert!(error.contains("walk.jsonl") && error.contains(want), "{want}: {error}");
    }
    std::fs::write(&file, format!("{start}\n{{\"event\":\"of a later time\",\"at\":1.0}}\n{{\"event\":\"fra"))
        .expect("written");
    assert_eq!(Log::open(&file).expect("a log").records, []);
}

#[test]
fn the_oldest_parts_make_room() {
    let dir = tempfile::tempdir().expect("a folder");
    let start = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_746_093_845);
    std::fs::write(dir.path().join("notes.jsonl"), "mine").expect("written");
    let mut files = Files::new(dir.path(), start, 3);
    for part in 0..5 {
        files.begin().expect("begun");
        files.line(&format!("part {part}")).expect("written");
    }
    Files::new(dir.path(), start, 3).begin().expect("another session of the same second");
    let mut names: Vec<_> = std::fs::read_dir(dir.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    let part = |n: u32| format!("walk-2025-05-01T10-04-05Z.{n:03}.jsonl");
    // The new session takes the first name that is free.
    assert_eq!(names, ["notes.jsonl".to_owned(), part(1), part(4), part(5)]);
}

#[test]
fn a_disk_that_hangs_holds_up_neither_lines_nor_the_end() {
    struct Hangs;
    impl Sink for Hangs {
        fn begin(&mut self) -> Result<(), String> {
            std::thread::sleep(std::time::Duration::from_secs(20));
            Ok(())
        }
        fn line(&mut self, _: &str) -> Result<(), String> {
            Ok(())
        }
    }
    let began = std::time::Instant::now();
    let mut background = Background::start(Box::new(Hangs)).expect("a thread");
    background.begin().expect("handed over");
    let refused = (0..10_000).find_map(|_| background.line("a line").err()).expect("no room for ever");
    assert_eq!(refused, "the disk takes no more lines");
    drop(background);
    assert!(began.elapsed() < std::time::Duration::from_secs(3));
}

#[test]
fn a_thread_that_writes_tells_what_it_could_not() {
    let memory = Memory { full: Some(2), ..Memory::default() };
    let mut background = Background::start(Box::new(memory.clone())).expect("a thread");
    background.begin().expect("handed over");
    let began = std::time::Instant::now();
    let problem = loop {
        if let Err(problem) = background.line("a line") {
            break problem;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(10));
        std::thread::sleep(std::time::Duration::from_millis(1));
    };
    assert_eq!(problem, "full");
    drop(background);
    assert_eq!(memory.parts.lock().expect("whole")[0].lines().count(), 2);
}
