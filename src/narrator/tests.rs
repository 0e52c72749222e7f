use std::time::Duration;

use super::*;
use crate::observation::{Bearing, Finding, View};

fn vocabulary() -> Vocabulary {
    Vocabulary::shipped().expect("the shipped vocabulary")
}

fn narrator() -> Narrator {
    Narrator::new(&vocabulary(), EvidenceConfig::default(), Pace::default()).expect("rows that find their classes")
}

/// A frame in which exactly `seen` ("facet/class") is answered, and every other facet of the vocabulary abstains.
fn observation(at: f64, seen: &[&str]) -> Observation {
    let vocabulary = vocabulary();
    let findings = vocabulary.facets().map(|(facet, f)| {
        let answers: Vec<_> = seen
            .iter()
            .filter_map(|s| s.strip_prefix(&format!("{}/", f.id)))
            .map(|class| f.find(class).expect("a class").0)
            .collect();
        let p = (0..f.classes.len()).map(|i| if answers.contains(&ClassIndex(i)) { 0.9 } else { 0.01 }).collect();
        Finding { facet, view: View::Full, p, answers }
    });
    Observation { at: Timestamp::from_seconds(at), findings: findings.collect(), bearings: Vec::new() }
}

/// Runs spans of (from, to, what is seen) at `fps`; gives what was said as "seconds subject".
fn said(fps: f64, spans: &[(f64, f64, &[&str])]) -> Vec<String> {
    let (mut narrator, mut decisions, mut said) = (narrator(), Vec::new(), Vec::new());
    let end = spans.iter().map(|s| s.1).fold(0.0, f64::max);
    for frame in 0..(end * fps) as u32 {
        let at = f64::from(frame) / fps;
        let seen: Vec<_> = spans.iter().filter(|s| s.0 <= at && at < s.1).flat_map(|s| s.2).copied().collect();
        narrator.decide(&observation(at, &seen), &mut decisions);
        assert!(!decisions.is_empty(), "a frame without a decision at {at}");
        let calls: Vec<_> = decisions.iter().filter_map(|d| if let Decision::Say(c) = d { Some(c) } else { None }).collect();
        assert!(calls.len() <= 1, "two callouts at {at}");
        said.extend(calls.iter().map(|c| format!("{:.1} {}", c.at.seconds(), c.subject)));
    }
    said
}

#[track_caller]
fn check(spans: &[(f64, f64, &[&str])], want: &[&str]) {
    assert_eq!(said(5.0, spans), want, "{spans:?}");
}

const ZEBRA: &str = "crossing/zebra_crossing";

#[test]
fn a_thing_is_said_once_after_four_agreeing_frames() {
    check(&[(0.0, 20.0, &[ZEBRA])], &["0.6 crossing/zebra_crossing"]);
    check(&[(0.0, 0.5, &[ZEBRA])], &[]);
}

#[test]
fn a_flicker_is_never_said() {
    let flicker: Vec<_> = (0..20).map(|i| (f64::from(i), f64::from(i) + 0.3, &[ZEBRA][..])).collect();
    check(&flicker, &[]);
}

#[test]
fn a_thing_is_said_again_only_when_it_was_gone_and_has_cooled() {
    check(&[(0.0, 5.0, &[ZEBRA]), (6.0, 40.0, &[ZEBRA])], &["0.6 crossing/zebra_crossing"]);
    check(&[(0.0, 5.0, &[ZEBRA]), (12.0, 45.0, &[ZEBRA])], &["0.6 crossing/zebra_crossing"]);
    check(&[(0.0, 5.0, &[ZEBRA]), (40.0, 45.0, &[ZEBRA])], &["0.6 crossing/zebra_crossing", "40.6 crossing/zebra_crossing"]);
}

#[test]
fn hazards_come_before_places_and_places_wait_for_a_pause() {
    check(&[(0.0, 8.0, &["place/street", ZEBRA])], &["0.6 crossing/zebra_crossing", "4.6 place/street"]);
    check(
        &[(0.0, 8.0, &["place/street"]), (1.0, 8.0, &["surface/steps_down"])],
        &["0.6 place/street", "1.6 surface/steps_down"],
    );
}

#[test]
fn a_place_that_had_to_wait_is_said_however_long_it_waits() {
    let hazards = &["obstacle/barrier_or_cones"];
    check(
        &[(0.0, 6.0, &["place/street"]), (70.0, 80.0, &["place/street"]), (69.8, 72.0, hazards)],
        &["0.6 place/street", "70.4 obstacle/barrier_or_cones", "74.4 place/street"],
    );
}

#[test]
fn a_slow_device_believes_as_fast_as_a_quick_one() {
    for fps in [2.0, 5.0, 15.0, 30.0] {
        let said = said(fps, &[(1.0, 9.0, &[ZEBRA])]);
        let at: f64 = said.first().and_then(|s| s.split(' ').next()).and_then(|s| s.parse().ok()).expect("a callout");
        assert!((1.4..=2.0).contains(&at), "{at} s at {fps} frames a second");
        assert_eq!(said.len(), 1);
    }
}

#[test]
fn every_silence_has_its_reason() {
    let (mut narrator, mut decisions) = (narrator(), Vec::new());
    let mut reasons = |at: f64, seen: &[&str]| {
        narrator.decide(&observation(at, seen), &mut decisions);
        let reason = |d: &Decision| if let Decision::Silent(s) = d { Some(s.reason) } else { None };
        decisions.iter().filter_map(reason).collect::<Vec<_>>()
    };
    assert_eq!(reasons(0.0, &[]), [Reason::NothingSure]);
    assert_eq!(reasons(0.2, &[ZEBRA]), [Reason::NotYetSure]);
    assert_eq!(reasons(0.4, &["obstacle/wall_or_fence"]), [Reason::NotYetSure, Reason::NotSaidUnasked]);
}

#[test]
fn a_side_is_said_where_it_is_known_and_worth_saying() {
    #[track_caller]
    fn check(subject: &str, seen_at: Option<Direction>, want: Option<Direction>) {
        let (mut narrator, mut decisions, mut said) = (narrator(), Vec::new(), Vec::new());
        let found = subject.split_once('/').and_then(|(facet, class)| {
            let vocabulary = vocabulary();
            let (facet, f) = vocabulary.find(facet)?;
            Some((facet, f.find(class)?.0))
        });
        let (facet, class) = found.expect("a class");
        for frame in 0..10 {
            let mut observation = observation(f64::from(frame) / 5.0, &[subject]);
            observation.bearings.extend(seen_at.map(|direction| Bearing { facet, class, direction, lead: 0.5 }));
            narrator.decide(&observation, &mut decisions);
            said.extend(decisions.drain(..).filter_map(|d| if let Decision::Say(c) = d { Some(c.direction) } else { None }));
        }
        assert_eq!(said, [want], "{subject}");
    }
    check("people/cyclist", Some(Direction::Left), Some(Direction::Left));
    check("people/cyclist", None, None);
    check("place/street", Some(Direction::Left), None);
}

#[test]
fn an_unheard_callout_may_be_said_again_at_once() {
    let (mut narrator, mut decisions, mut count) = (narrator(), Vec::new(), 0);
    for frame in 0..20 {
        narrator.decide(&observation(f64::from(frame) / 5.0, &[ZEBRA]), &mut decisions);
        for decision in &decisions {
            if let Decision::Say(callout) = decision {
                count += 1;
                if count == 1 {
                    narrator.unheard(&callout.subject);
                }
            }
        }
    }
    assert_eq!(count, 2);
}

#[test]
fn a_fault_is_said_once_and_its_end_makes_it_new() {
    let mut narrator = narrator();
    let mut says = |fault, at| matches!(narrator.fault(fault, Timestamp::from_seconds(at)), Decision::Say(_));
    assert!(says(Fault::CameraLost, 0.0));
    assert!(!says(Fault::CameraLost, 5.0));
    assert!(says(Fault::CameraBack, 6.0));
    assert!(says(Fault::CameraLost, 7.0));
    assert!(says(Fault::CameraLost, 40.0));
}

#[test]
fn every_row_of_the_table_is_said_of_its_class() {
    for (row, event) in EVENTS.iter().enumerate() {
        let subject = format!("{}/{}", event.facet, event.class);
        let said = said(5.0, &[(0.0, 2.0, &[subject.as_str()])]);
        assert_eq!(said, [format!("0.6 {subject}")], "row {row}");
        assert!(event.valid() < event.cooldown() && event.valid() >= Duration::from_secs(3), "row {row}");
        assert!(
            EVENTS.iter().skip(row + 1).all(|e| (e.facet, e.class) != (event.facet, event.class)),
            "{subject} stands twice"
        );
        let lower = EVENTS.iter().skip(row + 1).map(|e| e.priority).max();
        assert!(lower.is_none_or(|p| p <= event.priority), "row {row}: a more urgent one stands below");
    }
}
