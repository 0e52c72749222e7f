//! People in the road: who stands on the carriageway, and who of them is away from a crossing.
//!
//! Owns the rule and its measure. It is no cue for a walker and is never spoken as one. Leaves the map to a segmenter, its pieces to `ontology`.

use serde::Serialize;

use crate::{
    frame::Timestamp,
    ontology::{
        Ontology, StreetMap,
        pieces::{self, Piece},
    },
};

/// What counts as somebody, and how near a crossing must be.
#[derive(Clone, Copy, Debug)]
pub struct RoadConfig {
    /// Share of the picture that a person must fill.
    pub person: f32,
    /// Share of the picture that a crossing must fill.
    pub crossing: f32,
}

impl Default for RoadConfig {
    /// A network's map has people thinner than they are: half of what counts on a map that a person drew. Asking the network for more certainty
    /// loses more people than it spares false ones, on the drive of CamVid's validation split.
    fn default() -> Self {
        Self { person: 0.0006, crossing: 0.004 }
    }
}

impl RoadConfig {
    /// For maps that people drew: a person is as small as the truth of rendered walks counts one.
    pub const DRAWN: Self = Self { person: 0.0012, crossing: 0.004 };
}

/// People in one frame. Who stand before one another are one: a map doesn't tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InRoad {
    /// On the carriageway.
    pub people: usize,
    /// Of these, with no crossing at hand.
    pub away: usize,
}

/// Reads people in the road off a map.
#[derive(Clone, Debug)]
pub struct Road {
    config: RoadConfig,
    ontology: Ontology,
    person: u8,
    crosswalk: u8,
    carriageway: [u8; 2],
}

impl Road {
    /// With the things of `ontology`; `None` where it has no person, road or crosswalk.
    pub fn new(ontology: Ontology, config: RoadConfig) -> Option<Self> {
        let id = |name: &str| ontology.find(name).map(|thing| thing.id);
        let (person, road, crosswalk) = (id("person")?, id("road")?, id("crosswalk")?);
        Some(Self { config, person, crosswalk, carriageway: [road, crosswalk], ontology })
    }

    /// Who is in the road: a person under whose foot at least six tenths are road or crosswalk. A crossing is at hand where the person stands on
    /// it, or where one lies within the person's height to the sides of the foot and half of it above and below.
    pub fn look(&self, map: &StreetMap) -> InRoad {
        let RoadConfig { person, crossing } = self.config;
        let scene = pieces::read(map, &self.ontology, person.min(crossing));
        let stands = |piece: &&Piece| {
            piece.thing == self.person && piece.share >= person && piece.on.is_some_and(|on| self.carriageway.contains(&on))
        };
        let crossings: Vec<&Piece> =
            scene.pieces.iter().filter(|piece| piece.thing == self.crosswalk && piece.share >= crossing).collect();
        let shape = map.height() as f32 / map.width() as f32;
        let in_road: Vec<&Piece> = scene.pieces.iter().filter(stands).collect();
        let away = |piece: &&&Piece| {
            piece.on != Some(self.crosswalk) && !crossings.iter().any(|crossing| at_hand(piece, crossing, shape))
        };
        InRoad { people: in_road.len(), away: in_road.iter().filter(away).count() }
    }
}

/// Whether `crossing` lies beside the foot of `person`; `shape` is the picture's height in widths.
fn at_hand(person: &Piece, crossing: &Piece, shape: f32) -> bool {
    let [left, top, right, foot] = person.frame;
    let tall = foot - top;
    let wide = tall * shape;
    let [from, above, to, below] = crossing.frame;
    from <= right + wide && left - wide <= to && above <= foot + tall / 2.0 && foot - tall / 2.0 <= below
}

/// A while in which somebody was in the road.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Episode {
    /// First frame, seconds.
    pub start: f64,
    /// Last frame, seconds.
    pub end: f64,
    /// The most people in the road at once.
    pub people: usize,
    /// The most of them away from a crossing at once.
    pub away_from_crossing: usize,
}

/// Frames without anybody for as long end an episode, seconds.
const GONE: f64 = 2.0;

/// The episodes of a walk, from what each frame that was looked at showed, in order.
pub fn episodes(seen: &[(Timestamp, InRoad)]) -> Vec<Episode> {
    let mut found: Vec<Episode> = Vec::new();
    for (at, InRoad { people, away }) in seen.iter().filter(|(_, seen)| seen.people > 0) {
        let at = at.seconds();
        match found.last_mut() {
            Some(last) if at - last.end <= GONE => {
                last.end = at;
                last.people = last.people.max(*people);
                last.away_from_crossing = last.away_from_crossing.max(*away);
            }
            _ => found.push(Episode { start: at, end: at, people: *people, away_from_crossing: *away }),
        }
    }
    found
}

/// How well people in the road are found, held against maps that a person drew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Frames that were looked at.
    pub frames: usize,
    /// Frames with somebody in the road, found and there, found only, there only.
    pub frames_right: usize,
    /// Found only.
    pub frames_wrong: usize,
    /// There only.
    pub frames_missed: usize,
    /// People: of each frame the lesser of the two counts.
    pub people_right: usize,
    /// Found beyond those that are there.
    pub people_wrong: usize,
    /// There beyond those that were found.
    pub people_missed: usize,
}

impl Counts {
    /// Takes in how many people were found in a frame, and how many are there.
    pub fn count(&mut self, found: usize, there: usize) {
        self.frames += 1;
        self.frames_right += usize::from(found > 0 && there > 0);
        self.frames_wrong += usize::from(found > 0 && there == 0);
        self.frames_missed += usize::from(found == 0 && there > 0);
        self.people_right += found.min(there);
        self.people_wrong += found.saturating_sub(there);
        self.people_missed += there.saturating_sub(found);
    }

    /// Precision and recall of frames, then of people; not a number where there are none.
    pub fn shares(&self) -> [f64; 4] {
        let share = |right: usize, other: usize| right as f64 / (right + other) as f64;
        [
            share(self.frames_right, self.frames_wrong),
            share(self.frames_right, self.frames_missed),
            share(self.people_right, self.people_wrong),
            share(self.people_right, self.people_missed),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map in letters: r road, s sidewalk, z crosswalk, p person, k sky.
    #[track_caller]
    fn check(rows: &[&str], people: usize, away: usize) {
        let ontology = Ontology::shipped().expect("the ontology");
        let name = |letter: char| match letter {
            'r' => "road",
            's' => "sidewalk",
            'z' => "crosswalk",
            'p' => "person",
            _ => "sky",
        };
        let id = |letter: char| ontology.find(name(letter)).expect("a thing").id;
        let things = rows.iter().flat_map(|row| row.chars().map(id)).collect();
        let map = StreetMap::new(rows[0].len(), rows.len(), things).expect("a map");
        let road = Road::new(ontology.clone(), RoadConfig::default()).expect("the things");
        assert_eq!(road.look(&map), InRoad { people, away }, "{rows:?}");
    }

    #[test]
    fn who_stands_on_the_road_is_in_it_and_away_from_a_crossing_where_none_is_near() {
        check(&["kpkkkkkkpkkk", "rprrrrrrpsss", "rrrrrrrrssss", "rrrrrrrrssss"], 1, 1);
        check(&["kpkkkkkkkkkk", "rprrrrrrrrrr", "rrrrrrrrrrrr", "rrrzzzrrrrrr"], 1, 0);
        check(&["kpkkkkkkkkkk", "rprrrrrrrrrr", "rzzzrrrrrrrr", "rzzzzrrrrrrr"], 1, 0);
        check(&["kpkkkkkkkkkk", "rprrrrrrrrrr", "rrrrrrrrrrrr", "rrrrrrrrrzzr"], 1, 1);
        check(&["kkkkkkkkkkkk", "rrrrrrrrrrrr"], 0, 0);
    }

    #[test]
    fn a_while_with_somebody_in_the_road_is_one_episode() {
        let seen = |at: f64, people, away| (Timestamp::from_seconds(at), InRoad { people, away });
        let found = episodes(&[seen(0.0, 1, 0), seen(1.0, 0, 0), seen(2.0, 3, 1), seen(5.0, 1, 1)]);
        let told: Vec<_> = found.iter().map(|e| (e.start, e.end, e.people, e.away_from_crossing)).collect();
        assert_eq!(told, [(0.0, 2.0, 3, 1), (5.0, 5.0, 1, 1)]);
    }

    #[test]
    fn frames_and_people_are_counted_apart() {
        let mut counts = Counts::default();
        [(2, 1), (0, 2), (1, 0), (0, 0), (1, 1)].into_iter().for_each(|(found, there)| counts.count(found, there));
        assert_eq!(counts.shares(), [2.0 / 3.0, 2.0 / 3.0, 0.5, 0.5]);
        assert!(Counts::default().shares()[0].is_nan());
    }
}
