//! On which side is a class? By a map of what stands where, and by crops of the picture.
//!
//! Owns the table of what a class looks like on a map, the arithmetic from both sources to a side, and how long a side holds. Leaves drawing
//! maps and encoding crops to `encoder`, whether a class is there at all to the calibrated classifier beside it. Pure: reads no clock.
//! `docs/directions.md` has the definitions, and how often each source is right.

use std::time::Duration;

use crate::{
    callout::Direction,
    frame::Timestamp,
    observation::Bearing,
    ontology::{Ontology, StreetMap},
    vocabulary::{ClassIndex, FacetIndex, Vocabulary},
};

/// What a class looks like on a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnMap {
    /// Facet id.
    pub facet: &'static str,
    /// Class id.
    pub class: &'static str,
    /// The things of the ontology that it may be.
    pub things: &'static [&'static str],
    /// Whether a map seldom fails to show it, so that one that shows none of it speaks against it.
    pub shown: bool,
}

const fn row(facet: &'static str, class: &'static str, things: &'static [&'static str]) -> OnMap {
    OnMap { facet, class, things, shown: false }
}

/// A bus is mostly drawn as a car, and a bicycle as its rider, by a network that learned from CamVid.
const VEHICLES: &[&str] = &["car", "truck", "bus", "train", "other_vehicle"];
const CYCLES: &[&str] = &["rider", "bicycle", "motorcycle"];

/// Every class that has a side on a map. Poles have none: the network draws too few of them, and too thick. What stands in no row has a side
/// only where crops show it. Of cyclists a map misses fewer than one in five, and the classifier takes whoever walks in bulky clothes for one.
pub const ON_MAP: &[OnMap] = &[
    row("people", "few", &["person"]),
    row("people", "crowd", &["person"]),
    OnMap { shown: true, ..row("people", "cyclist", CYCLES) },
    row("traffic", "parked_vehicles", VEHICLES),
    row("traffic", "moving_vehicles", VEHICLES),
    row("traffic", "heavy_traffic", VEHICLES),
    row("traffic", "bus_or_tram", VEHICLES),
    row("obstacle", "parked_car", VEHICLES),
    row("obstacle", "bicycle_or_scooter", CYCLES),
];

/// Classes whose sides crops are asked for, because no map of ours shows them. Of cones, carts and animals crops are wrong too often.
pub const ON_CROPS: &[(&str, &str)] = &[("surface", "steps_down"), ("surface", "steps_up"), ("crossing", "zebra_crossing")];

/// When a side is clear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DirectionConfig {
    /// Share of the picture's height, from above, that counts as far away: what ends up there has no weight.
    pub horizon: f32,
    /// Share of the map below which a class isn't there.
    pub least: f32,
    /// By how much a side must lead on a map, as [`Bearing::lead`] has it.
    pub lead: f32,
    /// How much nearer, in cosine, a class must be to the left crop than to the right one, or the other way round, to be aside.
    pub aside: f32,
    /// How much nearer it must then be than to the middle.
    pub clear: f32,
    /// How much nearer it may be to one side than to the other to be ahead.
    pub balanced: f32,
    /// How much nearer it may then be to one side than to the middle.
    pub slack: f32,
    /// For how long a side holds, unless the picture stands still: who turns a corner turns by a right angle in two seconds.
    pub holds: Duration,
    /// For how long a map that shows none of a thing speaks against it: until the next one, of a saver too.
    pub speaks: Duration,
}

impl Default for DirectionConfig {
    /// Of maps by CamVid's drive 0016E5, of crops by photos of crossings and stairs whose boxes people drew, with
    /// `streetscape-train evaluate directions`. What a cosine is worth is the model's: another one needs other values.
    fn default() -> Self {
        Self {
            horizon: 0.3,
            least: 0.001,
            lead: 0.4,
            aside: 0.2,
            clear: 0.1,
            balanced: 0.1,
            slack: 0.02,
            holds: Duration::from_millis(1200),
            speaks: Duration::from_millis(2500),
        }
    }
}

/// How near a class is to the crops, in cosine, beyond how near "none" is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearness {
    /// To the left crop.
    pub left: f32,
    /// To the crop of the middle.
    pub ahead: f32,
    /// To the right crop.
    pub right: f32,
}

impl Nearness {
    /// The side, where it is clear, and by how much. A thing that fills the way is as near to both crops aside.
    pub fn side(&self, config: &DirectionConfig) -> Option<(Direction, f32)> {
        let (more, most) = (self.left - self.right, self.left.max(self.right));
        if more.abs() >= config.aside && self.ahead <= most - config.clear {
            let side = if more > 0.0 { Direction::Left } else { Direction::Right };
            Some((side, (more.abs() / (2.0 * config.aside)).min(1.0)))
        } else if more.abs() <= config.balanced && self.ahead >= most - config.slack {
            Some((Direction::Ahead, 1.0 - more.abs() / (2.0 * config.balanced)))
        } else {
            None
        }
    }
}

/// The side of the nearest of `things` on `map`, where it is there and its side is clear.
///
/// Each upright stretch counts by its length and by how far down in the picture it ends, which is how near it stands. A side is a third
/// of the picture's width.
pub fn side_on_map(map: &StreetMap, things: &[bool; 256], config: &DirectionConfig) -> Option<(Direction, f32)> {
    let (weights, area) = weights(map, things, config.horizon);
    side(weights, area, config)
}

/// The side that leads, of what fills `area` of a map.
fn side(weights: [f32; 3], area: f32, config: &DirectionConfig) -> Option<(Direction, f32)> {
    if area < config.least {
        return None;
    }
    let sides = [Direction::Left, Direction::Ahead, Direction::Right];
    let (mut best, mut second) = ((sides[0], 0.0), 0.0);
    for (side, weight) in sides.into_iter().zip(weights) {
        if weight > best.1 {
            (best, second) = ((side, weight), best.1);
        } else {
            second = f32::max(second, weight);
        }
    }
    let lead = if best.1 > 0.0 { 1.0 - second / best.1 } else { 0.0 };
    (lead >= config.lead).then_some((best.0, lead))
}

/// The weight of `things` in each third of the map, from the left, and their share of it.
fn weights(map: &StreetMap, things: &[bool; 256], horizon: f32) -> ([f32; 3], f32) {
    /// What hangs above the horizon still says that it is there.
    const FAR: f32 = 0.01;
    let (width, height) = (map.width(), map.height());
    let (mut weights, mut pixels) = ([0.0; 3], 0);
    for x in 0..width {
        let mut length = 0;
        for y in 0..=height {
            if y < height && things[usize::from(map.at(x, y))] {
                length += 1;
                continue;
            }
            let near = (y as f32 / height as f32 - horizon).max(FAR);
            weights[(2 * x + 1) * 3 / (2 * width)] += length as f32 / height as f32 * near;
            pixels += std::mem::take(&mut length);
        }
    }
    (weights, pixels as f32 / (width * height) as f32)
}

/// A class with a side.
#[derive(Clone, Debug)]
struct Sought {
    facet: FacetIndex,
    class: ClassIndex,
    by: Source,
    /// The side that was found last, and when.
    found: Option<(Timestamp, Direction, f32)>,
    /// When a map that would show it showed none of it.
    missing: Option<Timestamp>,
}

#[derive(Clone, Debug)]
enum Source {
    Map { things: Box<[bool; 256]>, shown: bool },
    Crops,
}

/// The sides of all classes that have one, as they were last found.
#[derive(Clone, Debug)]
pub struct Directions {
    config: DirectionConfig,
    sought: Vec<Sought>,
}

impl Directions {
    /// Nothing found yet. A class that `vocabulary` lacks has no side.
    pub fn new(vocabulary: &Vocabulary, ontology: &Ontology, config: DirectionConfig) -> Self {
        let by_map = ON_MAP.iter().filter_map(|row| {
            let (facet, class) = vocabulary.find_class(row.facet, row.class)?;
            let by = Source::Map { things: Box::new(ids(ontology, row.things)), shown: row.shown };
            Some(Sought { facet, class, by, found: None, missing: None })
        });
        let by_crops = ON_CROPS.iter().filter_map(|(facet, class)| {
            let (facet, class) = vocabulary.find_class(facet, class)?;
            Some(Sought { facet, class, by: Source::Crops, found: None, missing: None })
        });
        Self { config, sought: by_map.chain(by_crops).collect() }
    }

    /// Takes in what stands where at `at`.
    pub fn see(&mut self, at: Timestamp, map: &StreetMap) {
        for sought in &mut self.sought {
            if let Source::Map { things, shown } = &sought.by {
                let (weights, area) = weights(map, things, self.config.horizon);
                sought.found = side(weights, area, &self.config).map(|(side, lead)| (at, side, lead));
                sought.missing = (*shown && area < self.config.least).then_some(at);
            }
        }
    }

    /// Takes in crops taken at `at`; `near` says of a class how near it is to each.
    pub fn compare(&mut self, at: Timestamp, near: impl Fn(FacetIndex, ClassIndex) -> Option<Nearness>) {
        for sought in &mut self.sought {
            if let Source::Crops = sought.by {
                let side = near(sought.facet, sought.class).and_then(|near| near.side(&self.config));
                sought.found = side.map(|(side, lead)| (at, side, lead));
            }
        }
    }

    /// The picture at `at` shows what the last one showed: what holds goes on holding.
    pub fn keep(&mut self, at: Timestamp) {
        let DirectionConfig { holds, speaks, .. } = self.config;
        let keep = |seen: &mut Timestamp, time: Duration| *seen = if at.since(*seen) <= time { at } else { *seen };
        for sought in &mut self.sought {
            sought.found.iter_mut().for_each(|(seen, ..)| keep(seen, holds));
            sought.missing.iter_mut().for_each(|seen| keep(seen, speaks));
        }
    }

    /// The sides that hold at `at`, into `out`.
    pub fn fill(&self, at: Timestamp, out: &mut Vec<Bearing>) {
        out.clear();
        out.extend(self.sought.iter().filter_map(|&Sought { facet, class, found, .. }| {
            let (_, direction, lead) = found.filter(|(seen, ..)| at.since(*seen) <= self.config.holds)?;
            Some(Bearing { facet, class, direction, lead })
        }));
    }

    /// What a map that holds at `at` would show, were it there, and doesn't, into `out`.
    pub fn fill_missing(&self, at: Timestamp, out: &mut Vec<(FacetIndex, ClassIndex)>) {
        out.clear();
        let speaks = |missing: Option<Timestamp>| missing.is_some_and(|seen| at.since(seen) <= self.config.speaks);
        out.extend(self.sought.iter().filter(|sought| speaks(sought.missing)).map(|sought| (sought.facet, sought.class)));
    }
}

/// Which values of a map are one of `things`.
pub fn ids(ontology: &Ontology, things: &[&str]) -> [bool; 256] {
    let mut ids = [false; 256];
    for thing in things.iter().filter_map(|name| ontology.find(name)) {
        ids[usize::from(thing.id)] = true;
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ontology() -> Ontology {
        Ontology::shipped().expect("the shipped ontology")
    }

    /// A map drawn in letters: p person, r rider, everything else road.
    fn map(rows: &[&str]) -> StreetMap {
        let ontology = ontology();
        let id = |name: &str| ontology.find(name).map_or(0, |thing| thing.id);
        let things = rows.iter().flat_map(|row| row.chars()).map(|letter| match letter {
            'p' => id("person"),
            'r' => id("rider"),
            _ => id("road"),
        });
        StreetMap::new(rows[0].len(), rows.len(), things.collect()).expect("rows of one length")
    }

    /// The side on which the class `facet`/`class` is said to be.
    #[track_caller]
    fn check(facet: &str, class: &str, rows: &[&str], want: Option<Direction>) {
        let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
        let mut directions = Directions::new(&vocabulary, &ontology(), DirectionConfig::default());
        directions.see(Timestamp::default(), &map(rows));
        let mut bearings = Vec::new();
        directions.fill(Timestamp::default(), &mut bearings);
        let found = bearings.iter().find(|bearing| {
            let names = vocabulary.facet(bearing.facet).map(|f| (f.id.as_str(), f.classes[bearing.class.0].id.as_str()));
            names == Some((facet, class))
        });
        assert_eq!(found.map(|bearing| bearing.direction), want, "{facet}/{class} in {rows:?}");
    }

    #[test]
    fn a_person_is_on_the_side_where_the_nearest_stands() {
        check("people", "few", &["......", ".p....", ".p....", "......"], Some(Direction::Left));
        check("people", "few", &["......", "..p...", "..pp..", "...p.."], Some(Direction::Ahead));
        check("people", "few", &["......", ".p....", ".....p", ".....p"], Some(Direction::Right));
    }

    #[test]
    fn a_side_that_is_not_clear_is_not_said() {
        check("people", "few", &["......", "......", "......", "......"], None);
        check("people", "few", &["......", ".p..p.", ".p..p.", "......"], None);
        check("obstacle", "parked_car", &["......", ".p....", ".p....", "......"], None);
    }

    #[test]
    fn a_side_holds_for_a_while_and_no_longer() {
        let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
        let mut directions = Directions::new(&vocabulary, &ontology(), DirectionConfig::default());
        directions.see(Timestamp::from_seconds(1.0), &map(&["......", ".p....", ".p...."]));
        let mut bearings = Vec::new();
        for (at, want) in [(1.0, 2), (2.2, 2), (2.3, 0)] {
            directions.fill(Timestamp::from_seconds(at), &mut bearings);
            assert_eq!(bearings.len(), want, "few and crowd at {at} s");
        }
        // Where nothing changes, it holds on; what was forgotten does not come back.
        for (kept, at, want) in [(2.1, 3.2, 2), (3.2, 4.5, 0), (4.5, 4.6, 0)] {
            directions.keep(Timestamp::from_seconds(kept));
            directions.fill(Timestamp::from_seconds(at), &mut bearings);
            assert_eq!(bearings.len(), want, "kept at {kept} s, at {at} s");
        }
    }

    #[test]
    fn a_map_without_cyclists_speaks_against_them_while_it_holds() {
        let (vocabulary, ontology) = (Vocabulary::shipped().expect("the shipped vocabulary"), ontology());
        let (facet, people) = vocabulary.find("people").expect("a facet");
        let cyclist = (facet, people.find("cyclist").expect("a class").0);
        let mut directions = Directions::new(&vocabulary, &ontology, DirectionConfig::default());
        let mut missing = Vec::new();
        let mut check = |directions: &Directions, at: f64, want: &[(FacetIndex, ClassIndex)]| {
            directions.fill_missing(Timestamp::from_seconds(at), &mut missing);
            assert_eq!(missing, want, "at {at} s");
        };
        check(&directions, 0.0, &[]);
        directions.see(Timestamp::from_seconds(1.0), &map(&["......", ".p....", ".p...."]));
        check(&directions, 2.0, &[cyclist]);
        check(&directions, 3.5, &[cyclist]);
        check(&directions, 3.6, &[]);
        directions.see(Timestamp::from_seconds(4.0), &map(&["......", ".r....", ".r...."]));
        check(&directions, 4.0, &[]);
    }

    #[test]
    fn crops_tell_a_side_where_one_is_much_nearer() {
        let config = DirectionConfig::default();
        let side = |left, ahead, right| Nearness { left, ahead, right }.side(&config).map(|(side, _)| side);
        assert_eq!(side(0.3, 0.1, 0.05), Some(Direction::Left));
        assert_eq!(side(0.3, 0.25, 0.05), None, "as near to the middle");
        assert_eq!(side(-0.2, 0.0, 0.1), Some(Direction::Right));
        assert_eq!(side(0.2, 0.3, 0.15), Some(Direction::Ahead));
        assert_eq!(side(0.2, 0.1, 0.21), None, "nowhere in the middle");
        assert_eq!(side(0.3, 0.4, 0.15), None, "neither aside nor balanced");
    }

    #[test]
    fn every_row_finds_its_class_and_its_things() {
        let (vocabulary, ontology) = (Vocabulary::shipped().expect("the shipped vocabulary"), ontology());
        for OnMap { facet, class, things, .. } in ON_MAP {
            assert!(things.iter().all(|thing| ontology.find(thing).is_some()), "{facet}/{class}: {things:?}");
        }
        let directions = Directions::new(&vocabulary, &ontology, DirectionConfig::default());
        assert_eq!(directions.sought.len(), ON_MAP.len() + ON_CROPS.len());
    }
}
