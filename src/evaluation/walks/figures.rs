//! Figures over walks, each with the interval that the choice of walks allows.

use super::{Encounter, Judged, Verdict};
use crate::evaluation::{
    Row, Table,
    bootstrap::{Compared, compare, mean_of},
};

/// What the columns are, in their order.
pub const METRICS: [&str; 11] = [
    "hazards_announced",
    "seconds_ahead",
    "obstacles_announced",
    "delay_seconds",
    "false_alerts_10_min",
    "unconfirmed_10_min",
    "repeated",
    "time_speaking",
    "wrong_directions",
    "places_found",
    "hazards",
];

/// A row for all walks, one for each group, one for each walk. `before` holds what another narrator or model said on the same walks, in the same
/// order. Where a row rests on, it says in frames.
pub fn table(walks: &[Judged], before: Option<&[Judged]>) -> Table {
    let mut table = Table::new(METRICS);
    let mut row = |of: &str, name: &str, chosen: &[usize]| {
        let pick = |walks: &[Judged]| chosen.iter().filter_map(|&at| walks.get(at).cloned()).collect::<Vec<_>>();
        let (after, before) = (pick(walks), before.map(pick));
        let photos = after.iter().map(|walk| usize::try_from(walk.summary.frames).unwrap_or(usize::MAX)).sum();
        table.rows.push(Row { of: of.to_owned(), name: name.to_owned(), photos, figures: compared(&after, before.as_deref()) });
    };
    let all: Vec<usize> = (0..walks.len()).collect();
    row("all", "all", &all);
    let mut groups: Vec<&str> = walks.iter().map(|walk| walk.group.as_str()).collect();
    groups.dedup();
    if groups.len() > 1 {
        for group in groups {
            let chosen: Vec<usize> = all.iter().copied().filter(|&at| walks[at].group == group).collect();
            row("group", group, &chosen);
        }
    }
    for at in all {
        row("walk", &walks[at].name, &[at]);
    }
    table
}

fn compared(walks: &[Judged], before: Option<&[Judged]>) -> Vec<Compared> {
    let of = |walks: &[Judged]| {
        let tallies: Vec<Tally> = walks.iter().map(Tally::of).collect();
        move |at: &[usize]| Tally::sum(at.iter().filter_map(|&walk| tallies.get(walk))).figures()
    };
    compare(walks.len(), of(walks), before.map(of))
}

/// What is counted on one walk, or on several.
#[derive(Clone, Debug, Default)]
struct Tally {
    seconds: f64,
    /// Seconds of walks whose truth is complete in some facet.
    told_seconds: f64,
    spoken: f64,
    hazards: usize,
    announced: usize,
    ahead: Vec<f64>,
    obstacles: usize,
    obstacles_announced: usize,
    delays: Vec<f64>,
    wrong: usize,
    unconfirmed: usize,
    repeated: usize,
    placed: usize,
    misplaced: usize,
    places: usize,
    places_found: usize,
}

impl Tally {
    fn of(walk: &Judged) -> Self {
        let mut tally = Self { seconds: walk.summary.duration, spoken: walk.summary.speech_seconds, ..Self::default() };
        if !walk.complete.is_empty() {
            tally.told_seconds = walk.summary.duration;
        }
        for ((encounter, told), arrived) in walk.encounters.iter().zip(&walk.told).zip(&walk.arrived) {
            let Encounter { from, reached, hazard, obstacle, .. } = encounter;
            let in_time = told.filter(|at| at <= reached);
            if *hazard {
                tally.hazards += 1;
                tally.announced += usize::from(in_time.is_some());
                tally.ahead.extend(in_time.map(|at| reached - at));
            }
            if *obstacle {
                tally.obstacles += 1;
                tally.obstacles_announced += usize::from(in_time.is_some());
            }
            if *hazard || *obstacle {
                tally.delays.extend(told.map(|at| (at - from).max(0.0)));
            }
            tally.places += usize::from(arrived.is_some());
            tally.places_found += usize::from(*arrived == Some(true));
        }
        for said in &walk.said {
            tally.wrong += usize::from(said.verdict == Verdict::False);
            tally.unconfirmed += usize::from(said.verdict == Verdict::Unconfirmed);
            tally.repeated += usize::from(said.repeated);
            tally.placed += usize::from(said.placed.is_some());
            tally.misplaced += usize::from(said.placed == Some(false));
        }
        tally
    }

    fn sum<'a>(tallies: impl Iterator<Item = &'a Self>) -> Self {
        tallies.fold(Self::default(), |mut sum, other| {
            sum.seconds += other.seconds;
            sum.told_seconds += other.told_seconds;
            sum.spoken += other.spoken;
            sum.hazards += other.hazards;
            sum.announced += other.announced;
            sum.ahead.extend(&other.ahead);
            sum.obstacles += other.obstacles;
            sum.obstacles_announced += other.obstacles_announced;
            sum.delays.extend(&other.delays);
            sum.wrong += other.wrong;
            sum.unconfirmed += other.unconfirmed;
            sum.repeated += other.repeated;
            sum.placed += other.placed;
            sum.misplaced += other.misplaced;
            sum.places += other.places;
            sum.places_found += other.places_found;
            sum
        })
    }

    /// In the order of [`METRICS`]; not a number where nothing of the kind was there.
    fn figures(&self) -> Vec<f64> {
        let share = |part: usize, of: usize| part as f64 / of as f64;
        // 0 / 0 is no number; a count over no time would be infinite.
        let a_time = |count: usize, seconds: f64| if seconds > 0.0 { count as f64 * 600.0 / seconds } else { f64::NAN };
        vec![
            share(self.announced, self.hazards),
            mean_of(self.ahead.iter().copied()),
            share(self.obstacles_announced, self.obstacles),
            mean_of(self.delays.iter().copied()),
            a_time(self.wrong, self.told_seconds),
            a_time(self.unconfirmed, self.seconds),
            self.repeated as f64,
            self.spoken / self.seconds,
            share(self.misplaced, self.placed),
            share(self.places_found, self.places),
            self.hazards as f64,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::report::Summary;

    fn encounter(from: f64, reached: f64, hazard: bool) -> Encounter {
        let (what, is, to) = (String::new(), Vec::new(), reached);
        Encounter { what, is, from, to, reached, ahead: true, hazard, obstacle: !hazard }
    }

    fn walk(name: &str, group: &str, told: [Option<f64>; 2]) -> Judged {
        Judged {
            name: name.to_owned(),
            group: group.to_owned(),
            complete: vec!["crossing".to_owned()],
            summary: Summary { duration: 60.0, frames: 120, speech_seconds: 6.0, ..Summary::default() },
            encounters: vec![encounter(10.0, 16.0, true), encounter(20.0, 26.0, false)],
            told: told.to_vec(),
            arrived: vec![None, None],
            said: Vec::new(),
            silences: Vec::new(),
            unknown: Vec::new(),
        }
    }

    #[test]
    fn figures_are_those_of_all_walks_of_each_group_and_of_each_walk() {
        let walks = [walk("a", "x", [Some(12.0), None]), walk("b", "y", [Some(17.0), Some(19.0)])];
        let table = table(&walks, None);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.of.as_str(), row.name.as_str(), row.photos)).collect();
        assert_eq!(
            rows,
            [("all", "all", 240), ("group", "x", 120), ("group", "y", 120), ("walk", "a", 120), ("walk", "b", 120)]
        );
        let values: Vec<f64> = table.rows[0].figures.iter().map(|figure| figure.after.value).collect();
        // One hazard of two in time, 4 s ahead; one obstacle of two; delays of 2, 7 and 0 s; a tenth of the time spoken.
        assert_eq!(values[..4], [0.5, 4.0, 0.5, 3.0]);
        assert_eq!((values[4], values[7], values[10]), (0.0, 0.1, 2.0));
        assert!(values[8].is_nan() && values[9].is_nan(), "nothing was placed, no place was there");
    }

    #[test]
    fn two_narrators_are_compared_walk_by_walk() {
        let (after, before) = ([walk("a", "x", [Some(12.0), None])], [walk("a", "x", [None, None])]);
        let figures = table(&after, Some(&before)).rows[0].figures.clone();
        assert_eq!(figures[0].difference.map(|difference| difference.value), Some(1.0));
    }
}
