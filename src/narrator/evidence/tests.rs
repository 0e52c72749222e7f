use super::*;

/// A frame of a full view in which `p` is what it gives "zebra crossing" and "street", each answered from .5 on.
fn observation(vocabulary: &Vocabulary, at: f64, p: f32, quality: f32) -> Observation {
    let finding = |(facet, class): (&str, &str)| {
        let (index, facet) = vocabulary.find(facet).expect("a facet");
        let (class, _) = facet.find(class).expect("a class");
        let rest = match facet.kind {
            Kind::Exclusive => (1.0 - p) / (facet.classes.len() - 1) as f32,
            Kind::Several => 0.01,
        };
        let p: Vec<_> = (0..facet.classes.len()).map(|i| if i == class.0 { p } else { rest }).collect();
        let answers = if p[class.0] >= 0.5 { vec![class] } else { Vec::new() };
        Finding { facet: index, view: View::Full, p, answers }
    };
    let findings = [("crossing", "zebra_crossing"), ("place", "street")].map(finding).into();
    Observation { at: Timestamp::from_seconds(at), quality, findings, ..Observation::default() }
}

/// A span of time: until when, what p the class has, how good the pictures are.
type Span = (f64, f32, f32);

/// When each of zebra crossing and street begins (+) and ceases (-) to be believed, to the tenth of a second.
fn changes(config: EvidenceConfig, fps: f64, spans: &[Span]) -> [Vec<String>; 2] {
    let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
    let mut evidence = Evidence::new(config, &vocabulary);
    let mut changes = [Vec::new(), Vec::new()];
    let of = [("crossing", "zebra_crossing"), ("place", "street")].map(|(facet, class)| {
        let (facet, f) = vocabulary.find(facet).expect("a facet");
        (facet, f.find(class).expect("a class").0)
    });
    let end = spans.last().map_or(0.0, |span| span.0);
    for frame in 0..(end * fps).round() as u32 {
        let at = f64::from(frame) / fps;
        let Some(&(_, p, quality)) = spans.iter().find(|span| at < span.0 - 1e-9) else { continue };
        evidence.update(&observation(&vocabulary, at, p, quality));
        for ((facet, class), changes) in of.iter().zip(&mut changes) {
            let held = evidence.held_in(*facet, *class, View::Full).is_some();
            if held != (changes.len() % 2 == 1) {
                changes.push(format!("{}{at:.1}", if held { '+' } else { '-' }));
            }
        }
    }
    changes
}

#[track_caller]
fn check(config: EvidenceConfig, fps: f64, spans: &[Span], zebra: &[&str], street: &[&str]) {
    assert_eq!(changes(config, fps, spans), [zebra, street], "{spans:?} at {fps} frames a second, {:?}", config.method);
}

#[test]
fn a_thing_is_believed_within_a_second_and_forgotten_within_another() {
    for fps in [2.0, 5.0, 15.0, 30.0] {
        for changes in changes(EvidenceConfig::markov(), fps, &[(5.0, 0.9, 1.0), (10.0, 0.01, 1.0)]) {
            let moments: Vec<f64> = changes.iter().filter_map(|change| change[1..].parse().ok()).collect();
            let [begun, ceased] = moments[..] else { panic!("{changes:?} at {fps} frames a second") };
            assert!((0.4..=1.2).contains(&begun) && (5.4..=6.4).contains(&ceased), "{changes:?} at {fps} frames a second");
        }
    }
}

#[test]
fn what_was_surely_absent_is_believed_nearly_as_fast() {
    for (fps, zebra) in [(2.0, "+10.5"), (5.0, "+10.6"), (15.0, "+10.7"), (30.0, "+10.7")] {
        assert_eq!(changes(EvidenceConfig::markov(), fps, &[(10.0, 0.01, 1.0), (15.0, 0.9, 1.0)])[0], [zebra], "{fps}");
    }
}

#[test]
fn an_answered_none_forgets_sooner_than_no_answer() {
    let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
    let (facet, crossing) = vocabulary.find("crossing").expect("a facet");
    let (zebra, none) = (crossing.find("zebra_crossing").expect("a class").0, crossing.none().expect("none"));
    let forgotten = |answers: &[ClassIndex]| {
        let mut evidence = Evidence::new(EvidenceConfig::markov(), &vocabulary);
        let mut held = |i: u32| {
            let mut seen = observation(&vocabulary, f64::from(i) / 5.0, if i < 25 { 0.9 } else { 0.19 }, 1.0);
            seen.findings.retain_mut(|finding| {
                finding.answers.extend(answers.iter().filter(|_| i >= 25));
                finding.facet == facet
            });
            evidence.update(&seen);
            evidence.held_in(facet, zebra, View::Full).is_some()
        };
        (0..25).for_each(|i| assert_eq!(held(i), i > 2, "frame {i}"));
        (25..100).find(|i| !held(*i)).map(|i| i - 25)
    };
    let (unanswered, answered) = (forgotten(&[]), forgotten(&[none]));
    assert!(answered.is_some() && unanswered > answered.map(|frames| 3 * frames / 2), "{unanswered:?} {answered:?}");
}

#[test]
fn the_surer_is_believed_sooner_and_the_unanswered_never() {
    for (p, want) in [(0.99, Some("+0.4")), (0.9, Some("+0.6")), (0.6, Some("+0.6")), (0.49, None), (0.2, None)] {
        let changes = changes(EvidenceConfig::markov(), 5.0, &[(60.0, p, 1.0)]);
        assert_eq!(changes[0].first().map(String::as_str), want, "p = {p}");
    }
}

#[test]
fn a_flicker_is_never_believed() {
    let flicker = |i: u32| [(1.5 * f64::from(i) + 0.3, 0.9, 1.0), (1.5 * f64::from(i) + 1.5, 0.01, 1.0)];
    let flicker: Vec<Span> = (0..40).flat_map(flicker).collect();
    for config in [EvidenceConfig::markov(), EvidenceConfig::smoothing(), EvidenceConfig::voting()] {
        for fps in [2.0, 5.0, 15.0, 30.0] {
            check(config, fps, &flicker, &[], &[]);
        }
    }
}

#[test]
fn a_blurred_or_dark_picture_counts_for_less() {
    let believed = |quality| changes(EvidenceConfig::markov(), 5.0, &[(30.0, 0.9, quality)])[0].first().cloned();
    assert_eq!(believed(1.0).as_deref(), Some("+0.6"));
    assert_eq!(believed(0.5).as_deref(), Some("+1.2"));
    // And what was believed outlives a second of it.
    check(EvidenceConfig::markov(), 5.0, &[(5.0, 0.9, 1.0), (6.0, 0.01, 0.1), (8.0, 0.9, 1.0)], &["+0.6"], &["+0.8"]);
}

#[test]
fn what_is_not_looked_at_is_forgotten_after_its_dwell_time() {
    let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
    let mut evidence = Evidence::new(EvidenceConfig::markov(), &vocabulary);
    (0..10).for_each(|i| evidence.update(&observation(&vocabulary, f64::from(i) / 5.0, 0.95, 1.0)));
    let mut held = |at: f64| {
        evidence.update(&Observation { at: Timestamp::from_seconds(at), ..Observation::default() });
        evidence.beliefs().iter().filter(|belief| belief.held).count()
    };
    assert_eq!((held(4.0), held(9.0), held(20.0), held(80.0)), (2, 2, 1, 0));
}

#[test]
fn smoothing_and_voting_remain_as_they_were() {
    let spans = [(5.0, 0.9, 1.0), (10.0, 0.01, 1.0)];
    check(EvidenceConfig::smoothing(), 5.0, &spans, &["+0.6", "-5.8"], &["+0.6", "-5.8"]);
    check(EvidenceConfig::voting(), 5.0, &spans, &["+0.6", "-5.4"], &["+0.6", "-5.4"]);
}

#[test]
fn a_filter_goes_on_from_its_state() {
    let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
    for config in [EvidenceConfig::markov(), EvidenceConfig::smoothing(), EvidenceConfig::voting()] {
        let mut evidence = Evidence::new(config, &vocabulary);
        (0..7).for_each(|i| evidence.update(&observation(&vocabulary, f64::from(i) / 5.0, 0.83, 0.7)));
        let line = serde_json::to_string(&evidence.state()).expect("plain values");
        let mut other = Evidence::new(config, &vocabulary);
        other.restore(&serde_json::from_str(&line).expect("as it was written"));
        for i in 7..30 {
            let observation = observation(&vocabulary, f64::from(i) / 5.0, if i < 20 { 0.71 } else { 0.1 }, 1.0);
            evidence.update(&observation);
            other.update(&observation);
            assert_eq!(evidence.state(), other.state(), "frame {i}");
        }
    }
}

#[test]
fn every_facet_has_its_habit() {
    let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
    for habit in HABITS {
        assert!(vocabulary.find(habit.facet).is_some(), "{habit:?}");
        assert!(habit.dwell >= 2.0 && (0.05..=2.0).contains(&habit.looks), "{habit:?}");
    }
    assert_eq!((markov::habit("place").dwell, markov::habit("a caregiver's").dwell), (40.0, 4.0));
}
