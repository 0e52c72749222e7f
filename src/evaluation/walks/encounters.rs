//! What a walker meets: the rows of a truth, gathered into things that are there once.

use std::time::Duration;

use serde::Serialize;

use crate::{
    callout::Subject,
    frame::Timestamp,
    walk::{Meanings, Truth},
};

/// Rows of one thing that are no further apart are one encounter: the absence after which the narrator too takes a thing for new.
const GONE: Duration = Duration::from_secs(2);

/// One thing, from when it is first in view until it is last.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Encounter {
    /// In the truth's words.
    pub what: String,
    /// Facets and classes, any of which is right of it.
    #[serde(serialize_with = "subjects")]
    pub is: Vec<Subject>,
    /// First in view, seconds.
    pub from: f64,
    /// Last in view, seconds.
    pub to: f64,
    /// When the walker is at it, seconds: as the truth says, else when it leaves the view.
    pub reached: f64,
    /// Whether it is ahead at any time.
    pub ahead: bool,
    /// Whether it is to be told before it is reached: of such a class, and ahead.
    pub hazard: bool,
    /// Whether it stands in the way and is passed with care.
    pub obstacle: bool,
}

fn subjects<S: serde::Serializer>(subjects: &[Subject], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(subjects.iter().map(Subject::to_string))
}

/// The encounters of `truth` in the order of their beginning. Rows of one meaning that follow each other within two seconds are one, wherever
/// they are; so are crossings of several kinds that are there at once, each of which is then right.
pub fn encounters(truth: &[Truth], meanings: &Meanings) -> Vec<Encounter> {
    let mut rows: Vec<(&Truth, Vec<Subject>)> =
        truth.iter().filter_map(|row| Some((row, meanings.of(row).filter(|is| !is.is_empty())?))).collect();
    rows.sort_by_key(|(row, _)| row.from);
    let mut found: Vec<Encounter> = Vec::new();
    for (row, is) in rows {
        let (from, to) = (row.from.seconds(), row.to.seconds());
        let ahead = row.place == "ahead";
        let crossing = |is: &[Subject]| meanings.is_hazard(is) && is.iter().all(|is| &*is.facet == "crossing");
        let near = |other: &&mut Encounter| from <= other.to + GONE.as_secs_f64();
        let same = |other: &&mut Encounter| {
            other.is == is || crossing(&is) && crossing(&other.is) && row.from <= Timestamp::from_seconds(other.to)
        };
        if let Some(other) = found.iter_mut().filter(near).find(same) {
            other.to = other.to.max(to);
            other.ahead |= ahead;
            if !is.iter().all(|is| other.is.contains(is)) {
                other.what = format!("{}, {}", other.what, row.what);
                let more: Vec<_> = is.into_iter().filter(|is| !other.is.contains(is)).collect();
                other.is.extend(more);
            }
            let reached = row.reached.map(Timestamp::seconds);
            other.reached = reached.map_or(other.reached, |at| if other.reached.is_nan() { at } else { at.min(other.reached) });
            continue;
        }
        let reached = row.reached.map_or(f64::NAN, Timestamp::seconds);
        found.push(Encounter { what: row.what.clone(), is, from, to, reached, ahead, hazard: false, obstacle: false });
    }
    for encounter in &mut found {
        if encounter.reached.is_nan() {
            encounter.reached = encounter.to;
        }
        encounter.hazard = encounter.ahead && meanings.is_hazard(&encounter.is);
        encounter.obstacle = encounter.ahead && meanings.is_obstacle(&encounter.is);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Vocabulary;

    /// Rows of (from, to, what, where, reached) as (what, from, to, reached, hazard).
    #[track_caller]
    fn check(rows: &[(f64, f64, &str, &str, Option<f64>)], want: &[(&str, f64, f64, f64, bool)]) {
        let meanings = Meanings::shipped(&Vocabulary::shipped().expect("the vocabulary")).expect("the table");
        let row = |&(from, to, what, place, reached): &(f64, f64, &str, &str, Option<f64>)| Truth {
            from: Timestamp::from_seconds(from),
            to: Timestamp::from_seconds(to),
            what: what.to_owned(),
            place: place.to_owned(),
            facet: None,
            class: None,
            reached: reached.map(Timestamp::from_seconds),
        };
        let found = encounters(&rows.iter().map(row).collect::<Vec<_>>(), &meanings);
        let found: Vec<_> = found.iter().map(|e| (e.what.as_str(), e.from, e.to, e.reached, e.hazard)).collect();
        assert_eq!(found, want, "{rows:?}");
    }

    #[test]
    fn rows_of_one_thing_are_one_encounter() {
        check(
            &[(0.0, 1.0, "zebra crossing", "left", None), (1.0, 9.0, "zebra crossing", "ahead", Some(6.0))],
            &[("zebra crossing", 0.0, 9.0, 6.0, true)],
        );
        check(
            &[(0.0, 1.0, "steps up", "ahead", None), (4.0, 9.0, "steps up", "ahead", None)],
            &[("steps up", 0.0, 1.0, 1.0, true), ("steps up", 4.0, 9.0, 9.0, true)],
        );
        check(&[(0.0, 3.0, "rubble", "left", None)], &[("rubble", 0.0, 3.0, 3.0, false)]);
    }

    #[test]
    fn a_crossing_of_two_kinds_is_one_crossing() {
        check(
            &[(1.0, 8.0, "zebra crossing", "ahead", Some(5.0)), (2.0, 6.0, "traffic lights", "ahead", None)],
            &[("zebra crossing, traffic lights", 1.0, 8.0, 5.0, true)],
        );
    }

    #[test]
    fn what_is_only_aside_or_means_nothing_is_no_hazard() {
        check(&[(0.0, 3.0, "zebra crossing", "left", None)], &[("zebra crossing", 0.0, 3.0, 3.0, false)]);
        check(&[(0.0, 3.0, "camera lies on its side", "camera", None), (0.0, 1.0, "a saucer", "ahead", None)], &[]);
    }
}
