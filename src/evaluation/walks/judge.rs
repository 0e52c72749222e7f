//! One walk judged: each callout, each encounter.
//!
//! Owns the rules by which a callout is true, false or not known to be either, and an encounter announced.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Encounter, Recorded, Replayed, encounters::encounters};
use crate::{
    callout::Subject,
    narrator::{ENDS, EVENTS},
    pipeline::report::{Event, Happening, Summary},
    walk::{Meanings, Truth},
};

/// Seconds by which a callout may come before the truth's row and still mean it: the truth begins where a thing is near, and a narrator that
/// sees further is not wrong.
const EARLY: f64 = 2.0;
/// Seconds by which it may come after: what left the picture a moment ago is still there.
const LATE: f64 = 1.0;
/// Seconds after the last row within which it may be said that a thing ends.
const ENDED: f64 = 10.0;
/// Seconds within which a place must be named after it was entered.
const ARRIVAL: f64 = 15.0;
/// Seconds that a place must last to count as one.
const STAY: f64 = 5.0;
/// Seconds after which a thing may be said again that no row of the narrator's table names.
const COOLDOWN: f64 = 30.0;

/// Whether what was said was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A row of the truth says so.
    True,
    /// No row says so, and of this facet the truth tells everything.
    False,
    /// No row says so, and there may be one missing.
    Unconfirmed,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said {
    /// When it began to sound, seconds.
    pub at: f64,
    /// Facet id.
    pub facet: String,
    /// Class id.
    pub class: String,
    /// Where it was said to be.
    pub direction: Option<String>,
    /// The words.
    pub text: String,
    /// Whether it was there.
    pub verdict: Verdict,
    /// Whether it was where it was said to be; `None` where no place was said or none is known.
    pub placed: Option<bool>,
    /// Whether the same was heard to its end less than its cooldown ago.
    pub repeated: bool,
}

/// A silence that lasted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Silent {
    /// First moment, seconds.
    pub from: f64,
    /// Last moment, seconds.
    pub to: f64,
    /// What was not said, as facet and class; empty where nothing was believed.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// A walk and what was said on it.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// What it was found under.
    pub group: String,
    /// Facets of which its truth tells everything.
    pub complete: Vec<String>,
    /// Its length and what was spoken.
    pub summary: Summary,
    /// What was there.
    pub encounters: Vec<Encounter>,
    /// When each encounter was first told, seconds; `None` where it was not.
    pub told: Vec<Option<f64>>,
    /// Whether each encounter that is a place of some length was named in time.
    pub arrived: Vec<Option<bool>>,
    /// What was said.
    pub said: Vec<Said>,
    /// What was not said, and why.
    pub silences: Vec<Silent>,
    /// Words of the truth that no table knows.
    pub unknown: Vec<String>,
}

/// Holds what was said on `walk` against its truth.
pub fn judge(walk: &Recorded, replayed: &Replayed, meanings: &Meanings) -> Judged {
    let encounters = encounters(&walk.truth, meanings);
    let said = said(walk, &replayed.happenings, meanings);
    let told: Vec<Option<f64>> = encounters.iter().map(|encounter| first(encounter, &said, meanings)).collect();
    let arrived = encounters.iter().zip(&told).map(|(encounter, told)| {
        let place = encounter.is.iter().any(|is| &*is.facet == "place") && encounter.to - encounter.from >= STAY;
        place.then(|| told.is_some_and(|at| at <= (encounter.from + ARRIVAL).min(encounter.to)))
    });
    let mut unknown: Vec<String> =
        walk.truth.iter().filter(|row| meanings.of(row).is_none()).map(|row| row.what.clone()).collect();
    unknown.sort();
    unknown.dedup();
    Judged {
        name: walk.name.clone(),
        group: walk.group.clone(),
        complete: walk.complete.clone(),
        summary: replayed.summary,
        arrived: arrived.collect(),
        told,
        said,
        silences: silences(&replayed.happenings),
        encounters,
        unknown,
    }
}

/// When `encounter` was first told while it was there.
fn first(encounter: &Encounter, said: &[Said], meanings: &Meanings) -> Option<f64> {
    let there = encounter.from - EARLY..=encounter.to + LATE;
    let tells = |said: &&Said| there.contains(&said.at) && meanings.fits(&subject(said), &encounter.is);
    said.iter().find(tells).map(|said| said.at)
}

fn subject(said: &Said) -> Subject {
    Subject::new(said.facet.as_str(), said.class.as_str())
}

fn said(walk: &Recorded, happenings: &[Happening], meanings: &Meanings) -> Vec<Said> {
    let meant: Vec<(&Truth, Vec<Subject>)> = walk.truth.iter().map(|row| (row, meanings.of(row).unwrap_or_default())).collect();
    let mut said: Vec<Said> = Vec::new();
    let mut heard: BTreeMap<Subject, f64> = BTreeMap::new();
    for happening in happenings {
        let Some(at) = happening.at else { continue };
        match &happening.event {
            Event::Callout { facet, class, direction, text, .. } => {
                let subject = Subject::new(facet.as_str(), id(class));
                let end = subject.class.strip_suffix(ENDS).map(|class| Subject::new(facet.as_str(), class));
                let there = |row: &Truth| match &end {
                    None => row.from.seconds() - EARLY <= at && at <= row.to.seconds() + LATE,
                    Some(_) => row.to.seconds() - LATE <= at && at <= row.to.seconds() + ENDED,
                };
                let of = end.as_ref().unwrap_or(&subject);
                let rows = || meant.iter().filter(|(row, is)| there(row) && meanings.fits(of, is)).map(|(row, _)| *row);
                let unclear = || meant.iter().any(|(row, is)| there(row) && is.is_empty() && row.facet.as_ref() == Some(facet));
                let verdict = if rows().next().is_some() {
                    Verdict::True
                } else if walk.complete.contains(facet) && !unclear() {
                    Verdict::False
                } else {
                    Verdict::Unconfirmed
                };
                let placed = direction.filter(|_| verdict == Verdict::True).and_then(|direction| {
                    let mut places = rows().map(|row| row.place.as_str()).filter(|place| is_place(place)).peekable();
                    places.peek().is_some().then(|| places.any(|place| place == direction))
                });
                let repeated = heard.insert(subject.clone(), at).is_some_and(|before| at - before < cooldown(&subject));
                said.push(Said {
                    at,
                    facet: facet.clone(),
                    class: subject.class.to_string(),
                    direction: direction.map(str::to_owned),
                    text: text.clone(),
                    verdict,
                    placed,
                    repeated,
                });
            }
            // What was cut short was not heard.
            Event::Silence { facet: Some(facet), class: Some(class), reason: "interrupted" } => {
                heard.remove(&Subject::new(facet.as_str(), id(class)));
            }
            Event::Silence { .. } | Event::Fault { .. } | Event::Answer { .. } | Event::Wrong { .. } | Event::Summary(_) => {}
        }
    }
    said
}

/// A class as reports have it, back to its id.
fn id(class: &str) -> String {
    class.replace(' ', "_")
}

fn is_place(place: &str) -> bool {
    matches!(place, "ahead" | "left" | "right")
}

fn cooldown(subject: &Subject) -> f64 {
    let row = EVENTS.iter().find(|event| event.facet == &*subject.facet && event.class == &*subject.class);
    row.map_or(COOLDOWN, |event| event.cooldown().as_secs_f64())
}

/// Silences about one thing for one reason, frame after frame, as one.
fn silences(happenings: &[Happening]) -> Vec<Silent> {
    let mut found: Vec<Silent> = Vec::new();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for happening in happenings {
        let (Some(at), Event::Silence { facet, class, reason }) = (happening.at, &happening.event) else { continue };
        let what = facet.iter().zip(class).map(|(facet, class)| format!("{facet}: {class}")).collect::<String>();
        match open.get(&what).and_then(|&at| found.get_mut(at)) {
            Some(last) if last.reason == *reason && at - last.to <= EARLY => last.to = at,
            _ => {
                open.insert(what.clone(), found.len());
                found.push(Silent { from: at, to: at, what, reason: (*reason).to_owned() });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{evaluation::walks::Frames, frame::Timestamp, vocabulary::Vocabulary};

    pub(super) fn walk(rows: &[(f64, f64, &str, &str)], complete: &[&str]) -> Recorded {
        let row = |&(from, to, what, place): &(f64, f64, &str, &str)| Truth {
            from: Timestamp::from_seconds(from),
            to: Timestamp::from_seconds(to),
            what: what.to_owned(),
            place: place.to_owned(),
            facet: what.strip_prefix("unclear ").map(str::to_owned),
            class: None,
            reached: None,
        };
        Recorded {
            name: "walk".to_owned(),
            group: "group".to_owned(),
            truth: rows.iter().map(row).collect(),
            complete: complete.iter().map(|&facet| facet.to_owned()).collect(),
            frames: Frames::Path("walk".into()),
        }
    }

    fn says(at: f64, facet: &str, class: &str, direction: Option<&'static str>) -> Happening {
        let (facet, class) = (facet.to_owned(), class.to_owned());
        let (text, language) = (format!("{class}."), "en".to_owned());
        Happening {
            at: Some(at),
            event: Event::Callout { priority: "important", facet, class, direction, p: None, text, language },
        }
    }

    fn silent(at: f64, class: &str, reason: &'static str) -> Happening {
        let (facet, class) = (Some("crossing".to_owned()), Some(class.to_owned()));
        Happening { at: Some(at), event: Event::Silence { facet, class, reason } }
    }

    fn judged(rows: &[(f64, f64, &str, &str)], complete: &[&str], happenings: Vec<Happening>) -> Judged {
        let meanings = Meanings::shipped(&Vocabulary::shipped().expect("the vocabulary")).expect("the table");
        judge(&walk(rows, complete), &Replayed { happenings, summary: Summary::default() }, &meanings)
    }

    const ZEBRA: (f64, f64, &str, &str) = (10.0, 20.0, "zebra crossing", "ahead");

    #[track_caller]
    fn check(complete: &[&str], said: Happening, want: (Verdict, Option<bool>)) {
        let rows = [ZEBRA, (30.0, 40.0, "unclear crossing", "ahead")];
        let found = judged(&rows, complete, vec![said]);
        assert_eq!(found.said.iter().map(|said| (said.verdict, said.placed)).collect::<Vec<_>>(), [want], "{:?}", found.said);
    }

    #[test]
    fn what_is_said_is_true_false_or_not_known() {
        let zebra = |at, direction| says(at, "crossing", "zebra crossing", direction);
        check(&["crossing"], zebra(12.0, Some("ahead")), (Verdict::True, Some(true)));
        check(&["crossing"], zebra(8.5, None), (Verdict::True, None));
        let ends = |at| says(at, "crossing", "zebra crossing ends", None);
        check(&["crossing"], ends(24.0), (Verdict::True, None));
        check(&["crossing"], ends(12.0), (Verdict::False, None));
        check(&["crossing"], zebra(21.0, Some("left")), (Verdict::True, Some(false)));
        check(&["crossing"], zebra(22.0, Some("left")), (Verdict::False, None));
        check(&["people"], zebra(22.0, None), (Verdict::Unconfirmed, None));
        check(&["crossing"], zebra(35.0, None), (Verdict::Unconfirmed, None));
        check(&["crossing"], says(12.0, "crossing", "railway", None), (Verdict::False, None));
    }

    #[test]
    fn an_encounter_is_told_by_the_first_callout_that_fits_it() {
        let zebra = |at| says(at, "crossing", "zebra crossing", None);
        let rows = [ZEBRA, (0.0, 50.0, "residential street", "ahead"), (20.0, 23.0, "park", "ahead")];
        let found = judged(&rows, &[], vec![zebra(5.0), says(14.0, "place", "street", None), zebra(15.0), zebra(40.0)]);
        let told: Vec<_> = found.encounters.iter().map(|e| e.what.as_str()).zip(found.told.iter().copied()).collect();
        assert_eq!(told, [("residential street", Some(14.0)), ("zebra crossing", Some(15.0)), ("park", None)]);
        assert_eq!(found.arrived, [Some(true), None, None], "three seconds are no stay");
    }

    #[test]
    fn what_was_cut_short_may_be_said_again_and_nothing_else() {
        let zebra = |at| says(at, "crossing", "zebra crossing", None);
        let repeated = |happenings| judged(&[ZEBRA], &[], happenings).said.iter().map(|said| said.repeated).collect::<Vec<_>>();
        assert_eq!(repeated(vec![zebra(1.0), zebra(9.0), zebra(50.0)]), [false, true, false]);
        assert_eq!(repeated(vec![zebra(1.0), silent(1.5, "zebra crossing", "interrupted"), zebra(3.0)]), [false, false]);
    }

    #[test]
    fn silences_that_follow_each_other_are_one() {
        let found = judged(&[], &[], [0.0, 0.5, 1.0, 9.0].map(|at| silent(at, "kerb", "not_said_unasked")).to_vec());
        let spans: Vec<_> = found.silences.iter().map(|s| (s.from, s.to, s.what.as_str())).collect();
        assert_eq!(spans, [(0.0, 1.0, "crossing: kerb"), (9.0, 9.0, "crossing: kerb")]);
    }
}
