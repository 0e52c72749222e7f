//! The map of a photo: for each pixel what stands there.

use std::{iter, ops::Range};

use super::VOID;

/// What stands where in a photo; rows from the top, as its pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct StreetMap {
    width: usize,
    height: usize,
    things: Vec<u8>,
    instances: Option<Vec<u16>>,
    sure: Option<Vec<f32>>,
}

impl StreetMap {
    /// A map of ids of the ontology; `None` where their number is not `width` times `height`, or there are none.
    pub fn new(width: usize, height: usize, things: Vec<u8>) -> Option<Self> {
        let fits = width.checked_mul(height).is_some_and(|pixels| pixels > 0 && pixels == things.len());
        fits.then_some(Self { width, height, things, instances: None, sure: None })
    }

    /// The same with the number of the thing that each pixel belongs to: of two pixels of one kind, those with one number are one
    /// thing. 0 is a thing that was not numbered. `None` where there is not one number for each pixel.
    pub fn with_instances(self, instances: Vec<u16>) -> Option<Self> {
        let fits = instances.len() == self.things.len();
        fits.then_some(Self { instances: Some(instances), ..self })
    }

    /// The same with a network's probability of what it says of each pixel, in [0, 1]. `None` where there is not one for each.
    pub fn with_certainty(self, sure: Vec<f32>) -> Option<Self> {
        let fits = sure.len() == self.things.len();
        fits.then_some(Self { sure: Some(sure), ..self })
    }

    /// The same with other names: what had the id `k` has the id `table[k]`.
    pub fn renamed(mut self, table: &[u8; 256]) -> Self {
        self.things.iter_mut().for_each(|thing| *thing = table[usize::from(*thing)]);
        self
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Ids of the ontology, row by row.
    pub fn things(&self) -> &[u8] {
        &self.things
    }

    /// Numbers of things, row by row, where things are told apart.
    pub fn instances(&self) -> Option<&[u16]> {
        self.instances.as_deref()
    }

    /// Probability of each pixel, where a network drew the map.
    pub fn certainty(&self) -> Option<&[f32]> {
        self.sure.as_deref()
    }

    /// The thing at column `x` and row `y`; void outside.
    pub fn at(&self, x: usize, y: usize) -> u8 {
        if x < self.width { self.things.get(y * self.width + x).copied().unwrap_or(VOID) } else { VOID }
    }
}

/// Numbers compared at a time.
const WIDE: usize = 16;

/// The stretches of equal numbers in `line`, from its beginning, each with the places that it fills.
pub fn stretches(line: &[u8]) -> impl Iterator<Item = (u8, Range<usize>)> {
    let mut start = 0;
    iter::from_fn(move || {
        let number = *line.get(start)?;
        let mut end = start + 1;
        // Most are long: as many at a time as a register takes.
        while line.get(end..end + WIDE).is_some_and(|next| next.iter().fold(true, |same, other| same & (*other == number))) {
            end += WIDE;
        }
        end += line.get(end..)?.iter().take_while(|other| **other == number).count();
        Some((number, std::mem::replace(&mut start, end)..end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_fill_a_line_and_differ_from_their_neighbours() {
        for length in [0, 1, 15, 16, 17, 33, 100] {
            let line: Vec<u8> = (0..length).map(|x: usize| (x / 37 + x / 41 + usize::from(x == 5)) as u8).collect();
            let found: Vec<_> = stretches(&line).collect();
            let again: Vec<u8> = found.iter().flat_map(|(number, places)| vec![*number; places.len()]).collect();
            assert_eq!(again, line);
            assert!(found.windows(2).all(|pair| pair[0].0 != pair[1].0 && pair[0].1.end == pair[1].1.start), "{found:?}");
        }
    }
}
