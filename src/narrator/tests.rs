use std::{sync::OnceLock, time::Duration};

use super::*;
use crate::observation::{Bearing, Finding, View};

fn vocabulary() -> &'static Vocabulary {
    static SHIPPED: OnceLock<Vocabulary> = OnceLock::new();
    SHIPPED.get_or_init(|| Vocabulary::shipped().expect("the shipped vocabulary"))
}

fn narrator() -> Narrator {
    Narrator::new(vocabulary(), EvidenceConfig::default(), Pace::default()).expect("rows that find their classes")
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
    Observation { at: Timestamp::from_seconds(at), findings: findings.collect(), ..Observation::default() }
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

const SIGNALS: &str = "crossing/signalised_crossing";

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
    check(&[(0.0, 5.0, &[ZEBRA]), (16.0, 45.0, &[ZEBRA])], &["0.6 crossing/zebra_crossing"]);
    check(&[(0.0, 5.0, &[ZEBRA]), (40.0, 45.0, &[ZEBRA])], &["0.6 crossing/zebra_crossing", "40.6 crossing/zebra_crossing"]);
    // Another barrier, 20 s after the first.
    let barrier = &["obstacle/barrier_or_cones"];
    check(&[(0.0, 3.0, barrier), (20.0, 23.0, barrier)], &["0.6 obstacle/barrier_or_cones", "20.6 obstacle/barrier_or_cones"]);
}

#[test]
fn barriers_that_never_end_are_told_again_as_others() {
    check(&[(0.0, 40.0, &["obstacle/barrier_or_cones"])], &["0.6 obstacle/barrier_or_cones", "25.6 obstacle/barrier_or_cones"]);
}

#[test]
fn what_can_wait_is_said_once_it_has_lasted() {
    check(&[(0.0, 3.0, &["people/crowd"])], &[]);
    check(&[(0.0, 9.0, &["people/crowd"])], &["4.6 people/crowd"]);
}

#[test]
fn hazards_come_before_places_and_places_wait_for_a_pause() {
    check(&[(0.0, 8.0, &["place/street", ZEBRA])], &["0.6 crossing/zebra_crossing", "4.6 place/street"]);
    check(
        &[(0.0, 8.0, &["place/street"]), (1.0, 8.0, &["surface/steps_down"])],
        &["0.8 place/street", "1.6 surface/steps_down"],
    );
}

/// Where `subject` is, for a frame.
fn bearing(subject: &str, direction: Direction) -> Bearing {
    let found = subject.split_once('/').and_then(|(facet, class)| {
        let (facet, f) = vocabulary().find(facet)?;
        Some((facet, f.find(class)?.0))
    });
    let (facet, class) = found.expect("a class");
    Bearing { facet, class, direction, lead: 0.5 }
}

#[test]
fn what_is_ahead_comes_before_what_is_aside() {
    let (mut narrator, mut decisions, mut said) = (narrator(), Vec::new(), Vec::new());
    for frame in 0..20 {
        // The upper row to the left, the lower one ahead.
        let mut seen = observation(f64::from(frame) / 5.0, &["obstacle/rubble", "obstacle/animal"]);
        seen.bearings = vec![bearing("obstacle/rubble", Direction::Left), bearing("obstacle/animal", Direction::Ahead)];
        narrator.decide(&seen, &mut decisions);
        said.extend(
            decisions
                .iter()
                .filter_map(|d| if let Decision::Say(c) = d { Some((c.subject.to_string(), c.direction)) } else { None }),
        );
    }
    assert_eq!(said[0], ("obstacle/animal".to_owned(), Some(Direction::Ahead)));
}

#[test]
fn a_crossing_that_has_two_names_is_said_by_one() {
    check(&[(0.0, 20.0, &[ZEBRA, SIGNALS])], &["0.6 crossing/zebra_crossing"]);
    check(&[(0.0, 20.0, &[SIGNALS])], &["0.6 crossing/signalised_crossing"]);
    check(&[(0.0, 20.0, &[ZEBRA]), (2.0, 20.0, &[SIGNALS])], &["0.6 crossing/zebra_crossing"]);
    check(&[(0.0, 4.0, &[SIGNALS]), (2.0, 20.0, &[ZEBRA])], &["0.6 crossing/signalised_crossing"]);
    // The better name is nearly believed: it is waited for.
    check(&[(0.0, 20.0, &[SIGNALS]), (0.2, 20.0, &[ZEBRA])], &["0.8 crossing/zebra_crossing"]);
    check(&[(0.0, 20.0, &[SIGNALS]), (0.2, 0.7, &[ZEBRA])], &["0.8 crossing/signalised_crossing"]);
}

#[test]
fn a_crossing_is_not_said_to_those_who_stand_on_it() {
    let (mut narrator, mut decisions) = (narrator(), Vec::new());
    let mut reasons = Vec::new();
    for frame in 0..40 {
        let mut seen = observation(f64::from(frame) / 5.0, &[ZEBRA]);
        seen.findings.iter_mut().for_each(|finding| finding.view = View::Ground);
        narrator.decide(&seen, &mut decisions);
        match &decisions[..] {
            // It was not heard, and by now it is underfoot.
            [Decision::Say(callout)] => narrator.unheard(&callout.subject),
            [Decision::Silent(silence)] => reasons.push(silence.reason),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(reasons.iter().filter(|r| **r == Reason::Underfoot).count(), 40 - 18, "{reasons:?}");
}

#[test]
fn what_a_map_would_show_and_does_not_is_not_said() {
    let (facet, people) = vocabulary().find("people").expect("a facet");
    let cyclist = (facet, people.find("cyclist").expect("a class").0);
    let (mut narrator, mut decisions, mut told) = (narrator(), Vec::new(), Vec::new());
    for frame in 0..15 {
        let mut seen = observation(f64::from(frame) / 5.0, &["people/cyclist"]);
        seen.missing.extend((frame < 10).then_some(cyclist));
        narrator.decide(&seen, &mut decisions);
        told.extend(decisions.iter().map(|decision| match decision {
            Decision::Say(callout) => format!("{:.1} {}", callout.at.seconds(), callout.subject),
            Decision::Silent(silence) => silence.reason.id().to_owned(),
        }));
    }
    let count = |what: &str| told.iter().filter(|told| *told == what).count();
    let counts = (count("not_yet_sure"), count("not_on_map"), count("2.0 people/cyclist"), count("repeated"));
    assert_eq!(counts, (3, 7, 1, 4), "{told:?}");
}

#[test]
fn a_place_that_had_to_wait_is_said_however_long_it_waits() {
    let hazards = &["obstacle/barrier_or_cones"];
    check(
        &[(0.0, 6.0, &["place/street"]), (70.0, 80.0, &["place/street"]), (69.8, 72.0, hazards)],
        &["0.8 place/street", "70.4 obstacle/barrier_or_cones", "74.4 place/street"],
    );
}

#[test]
fn a_place_is_news_again_after_another_one_and_not_after_a_moment_of_doubt() {
    let (street, park) = (&["place/street"], &["place/park"]);
    check(&[(0.0, 10.0, street), (25.0, 100.0, street)], &["0.8 place/street"]);
    check(
        &[(0.0, 20.0, street), (20.0, 40.0, park), (40.0, 70.0, street)],
        &["0.8 place/street", "21.2 place/park", "60.8 place/street"],
    );
}

#[test]
fn a_place_is_told_with_its_people_where_the_scene_is_stable() {
    let details = |seen: &[(f64, f64, &[&str])]| {
        let (mut narrator, mut decisions, mut said) = (narrator(), Vec::new(), Vec::new());
        for frame in 0..60 {
            let at = f64::from(frame) / 5.0;
            let now: Vec<_> = seen.iter().filter(|s| s.0 <= at && at < s.1).flat_map(|s| s.2).copied().collect();
            narrator.decide(&observation(at, &now), &mut decisions);
            for decision in &decisions {
                if let Decision::Say(callout) = decision {
                    said.push(format!("{} {:?}", callout.subject, callout.details));
                }
            }
        }
        said
    };
    let (people, ground) = ("people/few", "surface/paved_sidewalk");
    assert_eq!(details(&[(0.0, 12.0, &["place/street", people, ground])]), ["place/street []"]);
    assert_eq!(details(&[(0.0, 12.0, &[people, ground]), (6.0, 12.0, &["place/street"])]), [r#"place/street ["people-few"]"#]);
    assert_eq!(details(&[(4.0, 12.0, &[people, ground]), (5.0, 12.0, &["place/street"])]), ["place/street []"]);
}

#[test]
fn an_end_is_said_of_what_was_said_and_is_surely_gone() {
    let (paving, tunnel) = (&["surface/tactile_paving"], &["place/tunnel"]);
    check(&[(0.0, 8.0, paving), (8.0, 20.0, &[])], &["0.6 surface/tactile_paving", "10.6 surface/tactile_paving_ends"]);
    check(&[(0.0, 8.0, paving), (8.0, 9.0, &[]), (9.0, 20.0, paving)], &["0.6 surface/tactile_paving"]);
    check(&[(0.0, 8.0, tunnel), (8.0, 20.0, &["place/street"])], &["0.8 place/tunnel", "9.2 place/street"]);
    check(&[(0.0, 0.5, paving), (0.5, 20.0, &[])], &[]);
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

/// A frame's silences: the reason of each.
fn reasons(narrator: &mut Narrator, at: f64, seen: &[&str]) -> Vec<Reason> {
    let mut decisions = Vec::new();
    narrator.decide(&observation(at, seen), &mut decisions);
    let reason = |d: &Decision| if let Decision::Silent(s) = d { Some(s.reason) } else { None };
    decisions.iter().filter_map(reason).collect()
}

#[test]
fn a_side_is_said_where_it_is_known_and_worth_saying() {
    #[track_caller]
    fn check(subject: &str, seen_at: Option<Direction>, want: Option<Direction>) {
        let (mut narrator, mut decisions, mut said) = (narrator(), Vec::new(), Vec::new());
        for frame in 0..10 {
            let mut observation = observation(f64::from(frame) / 5.0, &[subject]);
            observation.bearings.extend(seen_at.map(|direction| bearing(subject, direction)));
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
fn every_silence_has_its_reason() {
    let mut narrator = narrator();
    assert_eq!(reasons(&mut narrator, 0.0, &[]), [Reason::NothingSure]);
    assert_eq!(reasons(&mut narrator, 0.2, &[ZEBRA]), [Reason::NotYetSure]);
    let wall = &["obstacle/wall_or_fence"];
    assert_eq!(reasons(&mut narrator, 0.4, wall), [Reason::NotSaidUnasked]);
    assert!((3..30).all(|i| reasons(&mut narrator, f64::from(i) / 5.0, wall) == [Reason::NotSaidUnasked]));
    assert_eq!(reasons(&mut narrator, 6.0, &[]), [Reason::NotSaidUnasked]);
}

#[test]
fn what_warns_is_said_at_every_level_and_the_rest_where_it_is_wanted() {
    for (talk, want) in [
        (Talk::Quiet, &["0.6 obstacle/rubble"][..]),
        (Talk::Normal, &["0.6 obstacle/rubble", "4.6 place/street"]),
        (Talk::Chatty, &["0.6 obstacle/rubble", "4.6 place/street", "8.6 obstacle/parked_car"]),
    ] {
        let (mut narrator, mut decisions, mut said) = (narrator(), Vec::new(), Vec::new());
        narrator.set_talk(talk);
        for frame in 0..60 {
            let seen = ["obstacle/rubble", "place/street", "obstacle/parked_car"];
            narrator.decide(&observation(f64::from(frame) / 5.0, &seen), &mut decisions);
            said.extend(decisions.iter().filter_map(|d| match d {
                Decision::Say(c) => Some(format!("{:.1} {}", c.at.seconds(), c.subject)),
                Decision::Silent(_) => None,
            }));
        }
        assert_eq!(said, want, "{talk:?}");
    }
}

#[test]
fn whoever_heard_much_hears_of_places_later_and_of_hazards_at_once() {
    let mut narrator = narrator();
    narrator.spoke(Duration::from_secs(4), Timestamp::default());
    let seen = ["place/street", "obstacle/rubble", ZEBRA];
    let mut at = |frame: u32| reasons(&mut narrator, f64::from(frame) / 5.0, &seen);
    let all: Vec<_> = (0..30).map(&mut at).collect();
    assert_eq!(all[19], [Reason::Pausing, Reason::Repeated, Reason::Pausing]);
    assert_eq!(all[29], [Reason::OverBudget, Reason::Repeated, Reason::OverBudget]);
}

#[test]
fn an_unheard_callout_may_be_said_again_at_once_where_it_is_still_true() {
    let said = |until: f64| {
        let (mut narrator, mut decisions, mut count) = (narrator(), Vec::new(), 0);
        for frame in 0..20 {
            let at = f64::from(frame) / 5.0;
            narrator.decide(&observation(at, if at < until { &[ZEBRA] } else { &[] }), &mut decisions);
            for decision in &decisions {
                if let Decision::Say(callout) = decision {
                    count += 1;
                    if count == 1 {
                        narrator.unheard(&callout.subject);
                    }
                }
            }
        }
        count
    };
    assert_eq!((said(4.0), said(0.7)), (2, 1));
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
fn whoever_asks_is_told_what_is_believed_in_a_walkers_order() {
    let (mut narrator, mut decisions) = (narrator(), Vec::new());
    for frame in 0..70 {
        let seen = ["weather/rain", "surface/asphalt", "obstacle/parked_car", ZEBRA, "people/few", "place/street"];
        let mut seen = observation(f64::from(frame) / 5.0, &seen);
        seen.bearings = vec![bearing("obstacle/parked_car", Direction::Left), bearing(ZEBRA, Direction::Ahead)];
        narrator.decide(&seen, &mut decisions);
    }
    let around = narrator.around();
    let told: Vec<_> = around.iter().map(|s| format!("{} {:?}", s.message, s.direction)).collect();
    assert_eq!(
        told,
        [
            "place-street None",
            "crossing-zebra-crossing Some(Ahead)",
            "people-few None",
            "obstacle-parked-car Some(Left)",
            "surface-asphalt None",
            "weather-rain None"
        ]
    );
}

#[test]
fn a_narrator_goes_on_from_its_state() {
    let (mut narrator, mut other, mut decisions, mut others) = (narrator(), narrator(), Vec::new(), Vec::new());
    let seen = |i: u32| observation(f64::from(i) / 5.0, if i % 50 < 25 { &[ZEBRA, "place/street"] } else { &["place/park"] });
    for i in 0..37 {
        narrator.decide(&seen(i), &mut decisions);
        narrator.spoke(Duration::from_millis(130), Timestamp::from_seconds(f64::from(i) / 5.0));
    }
    let line = serde_json::to_string(&narrator.state()).expect("plain values");
    other.restore(&serde_json::from_str(&line).expect("as it was written"));
    for i in 37..600 {
        narrator.decide(&seen(i), &mut decisions);
        other.decide(&seen(i), &mut others);
        assert_eq!(decisions, others, "frame {i}");
    }
    assert_eq!(narrator.state(), other.state());
}

#[test]
fn every_row_of_the_table_is_said_of_its_class() {
    let words = crate::speech::Words::load("en").expect("English");
    for (row, event) in EVENTS.iter().enumerate() {
        let subject = format!("{}/{}", event.facet, event.class);
        let (mut narrator, mut decisions, mut said) = (narrator(), Vec::new(), Vec::new());
        narrator.set_talk(event.talk);
        // The sky is believed after ten seconds, and said when it has lasted.
        for frame in 0..120 {
            let seen = [subject.as_str()];
            let mut seen = observation(f64::from(frame) / 5.0, if frame < 90 { &seen } else { &[] });
            seen.bearings.push(bearing(&subject, Direction::Right));
            narrator.decide(&seen, &mut decisions);
            said.extend(decisions.iter().filter_map(|d| if let Decision::Say(c) = d { Some(c.clone()) } else { None }));
        }
        let ids: Vec<_> = said.iter().map(|callout| callout.subject.to_string()).collect();
        let ends = EVENTS.iter().any(|e| (e.facet, e.class, e.when) == (event.facet, event.class, When::Leaving));
        let want: Vec<_> = [subject.clone()].into_iter().chain(ends.then(|| format!("{subject}_ends"))).collect();
        assert_eq!(ids, want, "row {row}");
        let callout = if event.when == When::Leaving { &said[1] } else { &said[0] };
        let patience = event.lasted().as_secs_f64() + if ["weather", "light"].contains(&event.facet) { 12.0 } else { 1.2 };
        assert!(event.when == When::Leaving || callout.at.seconds() <= patience, "row {row}");
        assert_eq!(callout.priority, event.priority);
        assert_eq!(callout.direction.is_some(), event.directed, "row {row}");
        words.text(callout).unwrap_or_else(|error| panic!("row {row}: {error}"));
        assert!(event.valid() < event.cooldown() && event.valid() >= Duration::from_secs(3), "row {row}");
        assert!(event.gone() >= Duration::from_secs(2) && event.gone() < event.cooldown(), "row {row}");
        assert_eq!(
            event.talk == Talk::Quiet,
            event.priority >= Priority::Message,
            "row {row}: warnings are said at every level"
        );
        let same = |e: &&Event| (e.facet, e.class, e.when) == (event.facet, event.class, event.when);
        assert_eq!(EVENTS.iter().filter(same).count(), 1, "{subject} stands twice");
        let lower = EVENTS.iter().skip(row + 1).map(|e| e.priority).max();
        assert!(lower.is_none_or(|p| p <= event.priority), "row {row}: a more urgent one stands below");
    }
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let ids: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.id()).collect();
    assert_eq!(ids.len(), Reason::ALL.len());
}
