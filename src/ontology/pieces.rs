//! The pieces of a map: what hangs together, how large it is, where it stands.
//!
//! Everything here is read off the map alone; `docs/pairs.md` defines each word, so that another program can check it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Kind, Ontology, Sets, StreetMap, Thing, VOID, stretches};

/// Where the median column of a piece lies, in thirds of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// In the left third.
    Left,
    /// In the middle.
    Ahead,
    /// In the right third.
    Right,
}

impl Side {
    /// Of what lies at `middle`, in shares of the picture's width.
    pub fn of(middle: f32) -> Self {
        match middle {
            middle if middle < 1.0 / 3.0 => Side::Left,
            middle if middle < 2.0 / 3.0 => Side::Ahead,
            _ => Side::Right,
        }
    }
}

/// How far off a piece stands, by its lowest row. On flat ground and with the horizon in the middle, a camera at 1.4 m that sees 50
/// degrees from top to bottom has a foot at three quarters of the picture's height when it is 6 m away, at three fifths when it is 15 m
/// away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// It reaches into the lowest quarter.
    Near,
    /// Neither.
    Between,
    /// It ends above three fifths.
    Far,
}

impl Distance {
    /// Of what reaches down to `reach`, in shares of the picture's height.
    pub fn of(reach: f32) -> Self {
        match reach {
            reach if reach >= NEAR => Distance::Near,
            reach if reach < FAR => Distance::Far,
            _ => Distance::Between,
        }
    }
}

/// Lowest quarter of the picture.
const NEAR: f32 = 0.75;
/// Three fifths from the top.
const FAR: f32 = 0.6;
/// Rows above a piece's lowest that count as its foot, in shares of its height.
const FOOT: f32 = 0.15;
/// Share of what is under a foot that must be one ground for the piece to stand on it.
const STANDS: f32 = 0.6;
/// Share of the middle third's columns that a piece must fill to bar the way.
const ACROSS: f32 = 0.6;

/// One thing, or all of what isn't counted, as it lies in a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Its id in the ontology.
    pub thing: u8,
    /// Share of the picture's pixels.
    pub share: f32,
    /// Where it stands.
    pub side: Side,
    /// How far off.
    pub distance: Distance,
    /// The ground it stands on, where there is one.
    pub on: Option<u8>,
    /// Whether it bars the way ahead.
    pub across: bool,
    /// A network's certainty of it, in [0, 1]; 1 where a person drew it.
    pub sure: f32,
    /// Left, top, right and bottom in shares of the picture.
    pub frame: [f32; 4],
    /// Whether a detector found it, and no map shows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detected: bool,
}

/// What a map shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Its pieces, the largest first.
    pub pieces: Vec<Piece>,
    /// What fills more than half of the picture's foot: its lowest 15 in a hundred, between 30 and 70 in a hundred of its width.
    pub ground: Option<u8>,
    /// Whether the map is true: a person drew it, or it was rendered with the picture.
    pub is_true: bool,
}

/// Reads `map`. Counted things are told apart by their numbers or, where it has none, by hanging together (at corners too); parts below
/// `least` of the picture don't count.
pub fn read(map: &StreetMap, ontology: &Ontology, least: f32) -> Scene {
    let (runs, count) = connected(map, ontology);
    let pixels = (map.width() * map.height()) as f32;
    let mut sizes = vec![0usize; count];
    runs.iter().for_each(|run| sizes[run.part] += run.end - run.start);
    // Specks, of which a ragged map has thousands, take no draft's memory.
    let mut drafts: Vec<Option<Box<Draft>>> = (0..count).map(|_| None).collect();
    for run in runs.iter().filter(|run| sizes[run.part] as f32 / pixels >= least) {
        drafts[run.part].get_or_insert_with(|| Box::new(Draft::new(map, run))).add(map, run);
    }
    let mut pieces: Vec<Piece> = drafts.iter().flatten().map(|draft| draft.finish(map, ontology)).collect();
    pieces.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.thing.cmp(&b.thing)));
    Scene { pieces, ground: ground(map, ontology), is_true: true }
}

/// Pixels of one thing side by side.
struct Run {
    thing: u8,
    /// The number of the thing, 0 where it has none.
    number: u16,
    row: usize,
    start: usize,
    end: usize,
    /// What it is part of.
    part: usize,
}

/// The runs of all rows, from the top, and the number of parts that they form.
fn connected(map: &StreetMap, ontology: &Ontology) -> (Vec<Run>, usize) {
    let things: [Option<&Thing>; 256] = std::array::from_fn(|id| ontology.thing(id as u8).filter(|t| t.kind != Kind::Void));
    let counted = |id: u8| things[id as usize].is_some_and(Thing::is_counted);
    let mut runs: Vec<Run> = Vec::new();
    for (row, line) in map.things().chunks_exact(map.width()).enumerate() {
        let numbers = map.instances().and_then(|numbers| numbers.chunks_exact(map.width()).nth(row));
        for (thing, whole) in stretches(line) {
            if things[thing as usize].is_none() {
                continue;
            }
            let Some(numbers) = numbers.filter(|_| counted(thing)) else {
                runs.push(Run { thing, number: 0, row, start: whole.start, end: whole.end, part: 0 });
                continue;
            };
            let mut start = whole.start;
            for own in numbers[whole].chunk_by(|a, b| a == b) {
                runs.push(Run { thing, number: own[0], row, start, end: start + own.len(), part: 0 });
                start += own.len();
            }
        }
    }
    // What isn't counted is one part, and so is what has one number; else runs of one thing that touch are.
    let mut sets = Sets::new(runs.len());
    let mut first: HashMap<(u8, u16), usize> = HashMap::new();
    let mut first_unnumbered = [None; 256];
    let mut above = 0..0;
    let mut at = 0;
    while at < runs.len() {
        let row = runs[at].row;
        let end = at + runs[at..].iter().take_while(|run| run.row == row).count();
        let mut candidate = above.start;
        for k in at..end {
            let run = &runs[k];
            if run.number != 0 || !counted(run.thing) {
                let first = match run.number {
                    0 => first_unnumbered[run.thing as usize].get_or_insert(k),
                    number => first.entry((run.thing, number)).or_insert(k),
                };
                sets.join(*first, k);
                continue;
            }
            while candidate < above.end && runs[candidate].end < run.start {
                candidate += 1;
            }
            let touching = (candidate..above.end).take_while(|other| runs[*other].start <= run.end);
            for other in touching.filter(|other| runs[*other].thing == run.thing && runs[*other].number == 0) {
                sets.join(other, k);
            }
        }
        above = if end < runs.len() && runs[end].row == row + 1 { at..end } else { end..end };
        at = end;
    }
    // A set stands under its first run, which was numbered before the others come.
    let mut count = 0;
    for k in 0..runs.len() {
        let root = sets.find(k);
        runs[k].part = if root == k { count } else { runs[root].part };
        count += usize::from(root == k);
    }
    (runs, count)
}

/// A piece while its pixels are counted.
struct Draft {
    thing: u8,
    pixels: usize,
    sure: f64,
    top: usize,
    /// For each column how many more pixels it has than the one before.
    more: Vec<i32>,
    /// For each column its lowest row, where it has one.
    lowest: Vec<u32>,
}

impl Draft {
    /// A piece whose first run is `run`.
    fn new(map: &StreetMap, run: &Run) -> Self {
        Self {
            thing: run.thing,
            pixels: 0,
            sure: 0.0,
            top: run.row,
            more: vec![0; map.width() + 1],
            lowest: vec![0; map.width()],
        }
    }

    fn add(&mut self, map: &StreetMap, run: &Run) {
        self.pixels += run.end - run.start;
        self.more[run.start] += 1;
        self.more[run.end] -= 1;
        self.lowest[run.start..run.end].fill(run.row as u32);
        let first = run.row * map.width();
        let sure = map.certainty().map(|sure| sure[first + run.start..first + run.end].iter().map(|p| f64::from(*p)).sum());
        self.sure += sure.unwrap_or((run.end - run.start) as f64);
    }

    /// For each column its pixels and its lowest row.
    fn columns(&self) -> Vec<(u32, u32)> {
        let count = self.more.iter().scan(0, |sum, more| {
            *sum += more;
            Some(*sum as u32)
        });
        count.zip(self.lowest.iter().copied()).collect()
    }

    fn finish(&self, map: &StreetMap, ontology: &Ontology) -> Piece {
        let (width, height) = (map.width() as f32, map.height() as f32);
        let columns = self.columns();
        let mut before = 0;
        let median = columns.iter().position(|(count, _)| {
            before += *count as usize;
            2 * before >= self.pixels
        });
        let middle = (median.unwrap_or(0) as f32 + 0.5) / width;
        let base = columns.iter().filter(|(count, _)| *count > 0).map(|(_, lowest)| *lowest).max().unwrap_or(0);
        let reach = (base as f32 + 1.0) / height;
        let filled = |column: &(u32, u32)| column.0 > 0;
        let left = columns.iter().position(filled).unwrap_or(0);
        let right = columns.iter().rposition(filled).unwrap_or(0);
        Piece {
            thing: self.thing,
            share: self.pixels as f32 / (width * height),
            side: Side::of(middle),
            distance: Distance::of(reach),
            on: self.stands_on(&columns, map, ontology, base),
            across: self.is_across(&columns, map, ontology, reach),
            sure: (self.sure / self.pixels.max(1) as f64) as f32,
            frame: [left as f32 / width, self.top as f32 / height, (right + 1) as f32 / width, reach],
            detected: false,
        }
    }

    /// What lies right under its foot, where that is mostly one ground.
    fn stands_on(&self, columns: &[(u32, u32)], map: &StreetMap, ontology: &Ontology, base: u32) -> Option<u8> {
        if ontology.thing(self.thing).is_none_or(|thing| matches!(thing.kind, Kind::Ground | Kind::Sky)) {
            return None;
        }
        let foot = base as f32 - FOOT * (base as usize + 1 - self.top) as f32;
        let mut under = [0u32; 256];
        let mut total = 0;
        for (x, (count, lowest)) in columns.iter().enumerate() {
            let below = *lowest as usize + 1;
            if *count > 0 && *lowest as f32 >= foot && below < map.height() {
                under[map.at(x, below) as usize] += 1;
                total += 1;
            }
        }
        let (id, most) = under.iter().enumerate().max_by_key(|(_, count)| **count)?;
        let ground = ontology.thing(id as u8).is_some_and(|thing| thing.kind == Kind::Ground);
        (ground && total > 0 && *most as f32 >= STANDS * total as f32).then_some(id as u8)
    }

    /// Whether it stands near and fills most of the middle third with what a walker can't pass.
    fn is_across(&self, columns: &[(u32, u32)], map: &StreetMap, ontology: &Ontology, reach: f32) -> bool {
        let solid = ontology.thing(self.thing).is_some_and(|thing| {
            matches!(thing.kind, Kind::Object | Kind::Vehicle | Kind::Animal)
                || matches!(thing.name.as_str(), "barrier" | "fence" | "gate" | "guard_rail" | "wall")
        });
        let third = map.width() / 3..map.width() - map.width() / 3;
        let low = (FAR * map.height() as f32) as u32;
        let filled = columns[third.clone()].iter().filter(|(count, lowest)| *count > 0 && *lowest >= low).count();
        solid && reach >= NEAR && filled as f32 >= ACROSS * third.len() as f32
    }
}

fn ground(map: &StreetMap, ontology: &Ontology) -> Option<u8> {
    let (width, height) = (map.width(), map.height());
    let mut counts = [0usize; 256];
    for y in height * 85 / 100..height {
        for x in width * 30 / 100..width * 70 / 100 {
            counts[map.at(x, y) as usize] += 1;
        }
    }
    let all: usize = counts.iter().sum();
    let (id, most) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let ground = id as u8 != VOID && ontology.thing(id as u8).is_some_and(|thing| thing.kind == Kind::Ground);
    (ground && 2 * most > all).then_some(id as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of 12 x 20 in letters: r road, s sidewalk, c car, p person, b barrier, k sky.
    fn map(rows: &[&str]) -> StreetMap {
        let ontology = Ontology::shipped().expect("the ontology");
        let name = |letter: char| match letter {
            'r' => "road",
            's' => "sidewalk",
            'c' => "car",
            'p' => "person",
            'b' => "barrier",
            'k' => "sky",
            _ => "void",
        };
        let id = |letter: char| ontology.find(name(letter)).expect("a thing").id;
        let things = rows.iter().flat_map(|row| row.chars().map(id)).collect();
        StreetMap::new(rows[0].len(), rows.len(), things).expect("a map")
    }

    #[track_caller]
    fn check(rows: &[&str], thing: &str, want: &[(Side, Distance, Option<&str>, bool)]) -> Scene {
        let ontology = Ontology::shipped().expect("the ontology");
        let scene = read(&map(rows), &ontology, 0.001);
        let id = ontology.find(thing).expect("a thing").id;
        let name = |id: u8| ontology.thing(id).map(|thing| thing.name.as_str());
        let found = scene.pieces.iter().filter(|piece| piece.thing == id);
        let found: Vec<_> = found.map(|p| (p.side, p.distance, p.on.and_then(name), p.across)).collect();
        assert_eq!(found, want, "{thing}");
        scene
    }

    #[test]
    fn a_piece_is_where_it_stands() {
        let street = [
            "kkkkkkkkkkkk",
            "kkkkkkkkkkkk",
            "kkkkkkkkkkkk",
            "kkkkkkkkkkkk",
            "kkkkkkkkkkcc",
            "ssrrrrrrrrcc",
            "ssrrrrrrrrrs",
            "ppsrrrrrrrss",
            "ppssrrrrrsss",
            "sssssrrrssss",
        ];
        check(&street, "car", &[(Side::Right, Distance::Between, None, false)]);
        let scene = check(&street, "person", &[(Side::Left, Distance::Near, Some("sidewalk"), false)]);
        assert_eq!(scene.ground, Some(1), "seven of ten at the foot are road");
    }

    #[test]
    fn what_touches_at_a_corner_hangs_together_unless_it_is_numbered() {
        let rows = ["kkkkkk", "ckkkkk", "kckkkk", "rrrrrr", "rrrrrr"];
        check(&rows, "car", &[(Side::Left, Distance::Between, Some("road"), false)]);
        let ontology = Ontology::shipped().expect("the ontology");
        let numbers = (0..30).map(|at| if at == 6 { 1 } else { 2 }).collect();
        let scene = read(&map(&rows).with_instances(numbers).expect("numbers"), &ontology, 0.001);
        let car = ontology.find("car").expect("a car").id;
        assert_eq!(scene.pieces.iter().filter(|piece| piece.thing == car).count(), 2);
    }

    #[test]
    fn what_fills_the_middle_near_by_bars_the_way() {
        let rows = ["kkkkkkkkk", "kkkkkkkkk", "sssssssss", "sbbbbbbss", "sssssssss"];
        check(&rows, "barrier", &[(Side::Ahead, Distance::Near, Some("sidewalk"), true)]);
        let rows = ["kkkkkkkkk", "kkkkkkkkk", "sssssssss", "sssssbbbb", "sssssssss"];
        check(&rows, "barrier", &[(Side::Right, Distance::Near, Some("sidewalk"), false)]);
    }
}
