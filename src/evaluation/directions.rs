//! Are sides right? What is said to be left, ahead or right, against maps that a person drew and boxes around things.
//!
//! Owns what is asked, the rule by which a thing truly is on a side, and the count. Reads maps by the definitions of `docs/pairs.md`, and shares
//! no code with the program that says sides. `docs/directions.md` has the definitions.

use serde::Serialize;

use super::facts::nearest_side;
use crate::{
    callout::Direction,
    ontology::{Ontology, StreetMap},
};

/// A class whose side is asked for, and what it is in maps and boxes.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Facet id.
    pub facet: &'static str,
    /// Class id.
    pub class: &'static str,
    /// Things of the ontology.
    pub things: &'static [&'static str],
    /// Labels of boxes.
    pub labels: &'static [&'static str],
}

/// Every class that is asked for.
pub const ASKED: &[Asked] = &[
    Asked { facet: "people", class: "few", things: &["person"], labels: &["person", "pedestrian", "people"] },
    Asked { facet: "people", class: "cyclist", things: &["rider", "bicycle"], labels: &[] },
    Asked {
        facet: "obstacle",
        class: "parked_car",
        things: &["car", "truck", "bus", "other_vehicle"],
        labels: &["car", "truck", "bus", "Bus"],
    },
    Asked { facet: "obstacle", class: "pole_or_bollard", things: &["pole", "bollard"], labels: &[] },
    Asked { facet: "crossing", class: "zebra_crossing", things: &["crosswalk"], labels: &["crosswalk"] },
    Asked { facet: "surface", class: "steps_up", things: &[], labels: &["stairs up"] },
    Asked { facet: "surface", class: "steps_down", things: &[], labels: &["stairs down"] },
    Asked {
        facet: "obstacle",
        class: "barrier_or_cones",
        things: &["barrier", "cone"],
        labels: &["traffic cone", "barricade"],
    },
];

/// The sides, from the left.
pub const SIDES: [Direction; 3] = [Direction::Left, Direction::Ahead, Direction::Right];

/// Where `asked` truly is on `map`: the third of the picture in which the median column of its nearest piece lies. `None` where no piece is as
/// large as 0.001 of the picture.
pub fn truth_on_map(map: &StreetMap, ontology: &Ontology, asked: &Asked) -> Option<Direction> {
    let things: Vec<u8> = asked.things.iter().filter_map(|name| ontology.find(name)).map(|thing| thing.id).collect();
    nearest_side(map, ontology, &things)
}

/// Where `asked` truly is by `boxes` (label, left, top, width, height in shares of the photo): the third in which the middle of its nearest box
/// lies, of the one that ends lowest. `None` where no box is of it, which says nothing: who draws boxes doesn't draw all.
pub fn truth_in_boxes(boxes: &[(String, f32, f32, f32, f32)], asked: &Asked) -> Option<Direction> {
    let own = boxes.iter().filter(|(label, ..)| asked.labels.contains(&label.as_str()));
    let (_, left, _, width, _) = own.max_by(|a, b| (a.2 + a.4).total_cmp(&(b.2 + b.4)))?;
    let middle = (left + width / 2.0).clamp(0.0, 0.999);
    SIDES.get((3.0 * middle) as usize).copied()
}

/// How often sides were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Count {
    /// Photos with the thing.
    pub there: usize,
    /// In how many of them a side was said.
    pub said: usize,
    /// In how many it was the right one.
    pub right: usize,
    /// In how many photos without the thing a side was said.
    pub stray: usize,
    /// Of each side, from the left: how often the thing was there, was said to be, and was rightly said to be.
    pub sides: [(usize, usize, usize); 3],
}

impl Count {
    /// Takes in a photo: where the thing is, and where it is said to be.
    pub fn add(&mut self, truth: Option<Direction>, said: Option<Direction>) {
        let Some(truth) = truth else {
            self.stray += usize::from(said.is_some());
            return;
        };
        let right = said == Some(truth);
        self.there += 1;
        self.said += usize::from(said.is_some());
        self.right += usize::from(right);
        for (side, count) in SIDES.iter().zip(&mut self.sides) {
            count.0 += usize::from(*side == truth);
            count.1 += usize::from(Some(*side) == said);
            count.2 += usize::from(*side == truth && right);
        }
    }

    /// Both counts as one.
    pub fn and(mut self, other: &Self) -> Self {
        (self.there, self.said, self.right) = (self.there + other.there, self.said + other.said, self.right + other.right);
        self.stray += other.stray;
        for (one, other) in self.sides.iter_mut().zip(other.sides) {
            *one = (one.0 + other.0, one.1 + other.1, one.2 + other.2);
        }
        self
    }

    /// Of the sides that were said of things that are there, the share that is right.
    pub fn precision(&self) -> f64 {
        self.right as f64 / self.said as f64
    }

    /// Of the photos with the thing, the share in which its side was said rightly.
    pub fn recall(&self) -> f64 {
        self.right as f64 / self.there as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(class: &str) -> &'static Asked {
        ASKED.iter().find(|asked| asked.class == class).expect("a class that is asked for")
    }

    #[track_caller]
    fn check(rows: &[&str], class: &str, want: Option<Direction>) {
        let ontology = Ontology::shipped().expect("the shipped ontology");
        let id = |name: &str| ontology.find(name).expect("a thing").id;
        let thing = |letter| match letter {
            'p' => id("person"),
            'c' => id("car"),
            'b' => id("bus"),
            _ => id("road"),
        };
        let map = StreetMap::new(rows[0].len(), rows.len(), rows.iter().flat_map(|row| row.chars().map(thing)).collect());
        assert_eq!(truth_on_map(&map.expect("a map"), &ontology, asked(class)), want, "{class} in {rows:?}");
    }

    #[test]
    fn a_thing_is_where_its_nearest_piece_stands() {
        check(&["p....", "p...p", "....p"], "few", Some(Direction::Right));
        check(&["p....", "p...p", "p...."], "few", Some(Direction::Left));
        check(&["cbb..", "cbb..", "....."], "parked_car", Some(Direction::Left));
        check(&[".bbb.", "....."], "parked_car", Some(Direction::Ahead));
        check(&["..bb.", "c...."], "parked_car", Some(Direction::Left));
        check(&["cbb..", "....."], "few", None);
    }

    #[test]
    fn a_box_is_where_its_middle_lies() {
        let boxes = |boxes: &[(&str, f32, f32, f32, f32)]| {
            boxes.iter().map(|&(label, x, y, w, h)| (label.to_owned(), x, y, w, h)).collect::<Vec<_>>()
        };
        let side = |all: &[_]| truth_in_boxes(&boxes(all), asked("zebra_crossing"));
        assert_eq!(side(&[("crosswalk", 0.0, 0.5, 1.0, 0.5)]), Some(Direction::Ahead));
        assert_eq!(side(&[("crosswalk", 0.7, 0.5, 0.3, 0.5), ("crosswalk", 0.0, 0.1, 0.2, 0.2)]), Some(Direction::Right));
        assert_eq!(side(&[("car", 0.7, 0.5, 0.3, 0.5)]), None);
    }

    #[test]
    fn strays_count_for_themselves() {
        let mut count = Count::default();
        let (left, right) = (Some(Direction::Left), Some(Direction::Right));
        for (truth, said) in [(left, left), (left, right), (right, None), (None, left), (None, None)] {
            count.add(truth, said);
        }
        let sides = [(2, 1, 1), (0, 0, 0), (1, 1, 0)];
        assert_eq!(count, Count { there: 3, said: 2, right: 1, stray: 1, sides });
        assert_eq!((count.precision(), count.recall()), (0.5, 1.0 / 3.0));
        assert_eq!(count.and(&count).there, 6);
    }
}
