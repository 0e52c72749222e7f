//! Faces and number plates made unrecognisable.
//!
//! Owns where they may be and how they are blurred: people as a whole, of cars, lorries, buses and motorcycles the lower half, where
//! plates sit. Leaves knowing people and vehicles to maps and detectors. Too much is blurred rather than too little.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};

use crate::{
    capture::{
        self, jpeg,
        maps::{Numbers, read_map},
    },
    evaluation::shard::Record,
    frame::Picture,
    ontology::{Kind, Ontology},
    training::TrainingError,
};

/// The side of a block that becomes one colour: a fortieth of the photo's longer side, so that a face which fills a quarter of it has
/// ten, and never less than eight pixels.
const BLOCKS: u32 = 40;
const LEAST_BLOCK: u32 = 8;
/// Maps and boxes end within what they show: so much more of the photo's longer side is blurred around them.
const MARGIN: u32 = 100;
/// Vehicles without a plate.
const BARE: [&str; 2] = ["bicycle", "train"];

/// The photo `bytes` with people and plates blurred, as `map`, a PNG of the ontology's ids, and `record` show them. A photo without
/// either comes back as it is; another loses what its file says besides pixels, which may hold a small copy of it.
pub fn blur(
    name: &str,
    bytes: Vec<u8>,
    map: Option<&[u8]>,
    record: &Record,
    ontology: &Ontology,
) -> Result<Vec<u8>, TrainingError> {
    let mut picture = Picture::default();
    capture::decode(name, &bytes, &mut picture)?;
    let mut veil = Veil::new(picture.width() as usize, picture.height() as usize);
    if let Some(map) = map {
        let map = read_map(name, map)?;
        if let (Numbers::Bytes(things), true) = (&map.numbers, (map.width, map.height) == (veil.width, veil.height)) {
            veil.cover_things(things, ontology);
        }
    }
    let found = record.objects.iter().map(|object| (object.label.as_str(), object.r#box));
    let told = record.boxes.iter().map(|(label, left, top, width, height)| (label.as_str(), [*left, *top, *width, *height]));
    found.chain(told).for_each(|(label, place)| veil.cover_box(label, place));
    if !veil.covered.contains(&true) {
        return Ok(bytes);
    }
    veil.spread((picture.width().max(picture.height()) / MARGIN).max(2) as usize);
    let unblurred = || TrainingError::Data { file: name.to_owned(), problem: "can't be blurred; leave it out".to_owned() };
    let blurred = in_blocks(&picture).ok_or_else(unblurred)?;
    let (width, height) = (picture.width(), picture.height());
    let mut rgb = picture.into_rgb();
    for (at, _) in veil.covered.iter().enumerate().filter(|(_, covered)| **covered) {
        rgb[at * 3..at * 3 + 3].copy_from_slice(&blurred[at * 3..at * 3 + 3]);
    }
    Ok(jpeg::encode(&Picture::new(width, height, rgb).ok_or_else(unblurred)?)?)
}

/// The pixels of `picture` with nothing left that is smaller than a block.
fn in_blocks(picture: &Picture) -> Option<Vec<u8>> {
    let (width, height) = (picture.width(), picture.height());
    let block = (width.max(height) / BLOCKS).max(LEAST_BLOCK);
    let (columns, rows) = (width.div_ceil(block), height.div_ceil(block));
    let mut small = vec![0; (columns * rows * 3) as usize];
    let mut large = vec![0; (width * height * 3) as usize];
    let mut resizer = Resizer::new();
    let mut resize = |from: &[u8], (w, h): (u32, u32), to: &mut [u8], (to_w, to_h): (u32, u32), filter| {
        let from = TypedImageRef::<U8x3>::from_buffer(w, h, from).ok()?;
        let mut to = TypedImage::<U8x3>::from_buffer(to_w, to_h, to).ok()?;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
        resizer.resize_typed(&from, &mut to, &options).ok()
    };
    resize(picture.rgb(), (width, height), &mut small, (columns, rows), FilterType::Box)?;
    resize(&small, (columns, rows), &mut large, (width, height), FilterType::Bilinear)?;
    Some(large)
}

/// Which pixels are blurred.
struct Veil {
    width: usize,
    height: usize,
    covered: Vec<bool>,
}

impl Veil {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, covered: vec![false; width * height] }
    }

    fn cover_things(&mut self, things: &[u8], ontology: &Ontology) {
        let is_vehicle: [bool; 256] = std::array::from_fn(|id| {
            let thing = ontology.thing(id as u8);
            thing.is_some_and(|thing| thing.kind == Kind::Vehicle && !BARE.contains(&&*thing.name))
        });
        let is_person: [bool; 256] =
            std::array::from_fn(|id| ontology.thing(id as u8).is_some_and(|thing| thing.kind == Kind::Person));
        let mut seen = vec![false; things.len()];
        for at in 0..things.len() {
            let thing = usize::from(things[at]);
            self.covered[at] |= is_person[thing];
            if is_vehicle[thing] && !seen[at] {
                let part = self.part(things, at, &mut seen);
                let (top, bottom) = part.iter().fold((usize::MAX, 0), |(top, bottom), at| {
                    let row = at / self.width;
                    (top.min(row), bottom.max(row))
                });
                let lower = part.into_iter().filter(|at| at / self.width >= (top + bottom) / 2);
                lower.for_each(|at| self.covered[at] = true);
            }
        }
    }

    /// The pixels that hang together with `from` and show the same.
    fn part(&self, things: &[u8], from: usize, seen: &mut [bool]) -> Vec<usize> {
        let (mut part, mut next) = (Vec::new(), vec![from]);
        seen[from] = true;
        while let Some(at) = next.pop() {
            part.push(at);
            let column = at % self.width;
            let left = (column > 0).then(|| at - 1);
            let right = (column + 1 < self.width).then_some(at + 1);
            let below = Some(at + self.width).filter(|below| *below < things.len());
            for beside in [left, right, at.checked_sub(self.width), below].into_iter().flatten() {
                if !seen[beside] && things[beside] == things[from] {
                    seen[beside] = true;
                    next.push(beside);
                }
            }
        }
        part
    }

    /// Covers what a box shows; its place is left, top, width and height in shares of the photo.
    fn cover_box(&mut self, label: &str, [left, top, width, height]: [f32; 4]) {
        let bottom = top + height;
        let top = match &*label.to_ascii_lowercase() {
            "person" | "pedestrian" | "rider" | "cyclist" | "license plate" => top,
            "car" | "truck" | "bus" | "motorcycle" | "van" | "rickshaw" => top + height / 2.0,
            _ => return,
        };
        let pixel = |share: f32, side: usize| (share * side as f32).clamp(0.0, side as f32) as usize;
        for row in pixel(top, self.height)..pixel(bottom, self.height) {
            let start = row * self.width;
            self.covered[start + pixel(left, self.width)..start + pixel((left + width).max(left), self.width)].fill(true);
        }
    }

    /// Covers what lies within `margin` pixels of what is covered, along rows and then along columns.
    fn spread(&mut self, margin: usize) {
        for row in 0..self.height {
            self.spread_line(row * self.width, 1, self.width, margin);
        }
        for column in 0..self.width {
            self.spread_line(column, self.width, self.height, margin);
        }
    }

    fn spread_line(&mut self, first: usize, step: usize, count: usize, margin: usize) {
        let line: Vec<usize> = (0..count).filter(|at| self.covered[first + at * step]).collect();
        for at in line {
            (at.saturating_sub(margin)..(at + margin + 1).min(count)).for_each(|near| self.covered[first + near * step] = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{capture::maps::write_map, evaluation::shard::Object};

    const SIDE: usize = 96;

    /// A chess board of four pixels a field.
    fn board() -> Picture {
        let field = |at: usize| if (at % SIDE / 4 + at / SIDE / 4).is_multiple_of(2) { 30 } else { 220 };
        Picture::new(SIDE as u32, SIDE as u32, (0..SIDE * SIDE).flat_map(|at| [field(at); 3]).collect()).expect("a picture")
    }

    /// The contrast between neighbouring fields in each of nine parts of the blurred board: row by row, 1 as it was.
    fn contrasts(map: Option<&[u8]>, record: &Record) -> [f32; 9] {
        let map = map.map(|things| write_map("map", SIDE, SIDE, things).expect("a map"));
        let ontology = Ontology::shipped().expect("the ontology");
        let bytes = jpeg::encode(&board()).expect("a photo");
        let blurred = blur("photo", bytes, map.as_deref(), record, &ontology).expect("a blurred photo");
        let mut picture = Picture::default();
        capture::decode("photo", &blurred, &mut picture).expect("a photo");
        let at = |x: usize, y: usize| f32::from(picture.rgb()[(y * SIDE + x) * 3]);
        std::array::from_fn(|part| {
            let (left, top) = (part % 3 * 32 + 10, part / 3 * 32 + 10);
            let steps = (0..3).flat_map(|k| (0..12).map(move |y| (left + k * 4, top + y)));
            steps.map(|(x, y)| (at(x, y) - at(x + 4, y)).abs()).sum::<f32>() / (36.0 * 190.0)
        })
    }

    /// Exactly the parts numbered `blurred` are unrecognisable, the rest is as it was.
    #[track_caller]
    fn check(found: [f32; 9], blurred: &[usize]) {
        for (part, contrast) in found.into_iter().enumerate() {
            let want = if blurred.contains(&part) { contrast < 0.1 } else { contrast > 0.9 };
            assert!(want, "part {part} has a contrast of {contrast}: {found:?}");
        }
    }

    /// A map with `thing` in the parts numbered `parts` and road elsewhere.
    fn map(thing: &str, parts: &[usize]) -> Vec<u8> {
        let ontology = Ontology::shipped().expect("the ontology");
        let id = |name| ontology.find(name).expect("a thing").id;
        let (thing, road) = (id(thing), id("road"));
        (0..SIDE * SIDE).map(|at| if parts.contains(&(at / SIDE / 32 * 3 + at % SIDE / 32)) { thing } else { road }).collect()
    }

    #[test]
    fn people_are_blurred_whole_and_vehicles_where_plates_sit() {
        let nothing = Record::default();
        check(contrasts(Some(&map("person", &[0, 4])), &nothing), &[0, 4]);
        check(contrasts(Some(&map("rider", &[8])), &nothing), &[8]);
        check(contrasts(Some(&map("bicycle", &[1, 4])), &nothing), &[]);
        // A car over all three rows: its lower half begins in the middle of the second.
        let car = contrasts(Some(&map("car", &[1, 4, 7])), &nothing);
        assert!(car[1] > 0.9 && car[7] < 0.1 && car[0] > 0.9 && car[8] > 0.9, "{car:?}");
    }

    #[test]
    fn what_a_detector_found_is_blurred_without_a_map() {
        let third = 1.0 / 3.0;
        let object = |label: &str, r#box| Object { label: label.to_owned(), score: 0.3, r#box };
        let record = Record {
            objects: vec![object("person", [0.0, 0.0, third, third]), object("dog", [third, third, third, third])],
            boxes: vec![("car".to_owned(), 2.0 * third, third, third, 2.0 * third)],
            ..Record::default()
        };
        check(contrasts(None, &record), &[0, 8]);
    }

    #[test]
    fn a_photo_of_nobody_keeps_its_bytes() {
        let bytes = jpeg::encode(&board()).expect("a photo");
        let ontology = Ontology::shipped().expect("the ontology");
        assert_eq!(blur("photo", bytes.clone(), None, &Record::default(), &ontology).expect("a photo"), bytes);
    }
}
