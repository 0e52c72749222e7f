//! Photos with their maps, cut to the sizes that the head learns from.
//!
//! Owns which photos teach, how they are cut and mirrored, and the map of each cut at the head's grain. Leaves pixels to
//! `encoder::squash`, what the trunk makes of them to `taps`.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::classes::{COUNT, Drawn};
use crate::{
    capture::{
        self,
        maps::{NumberMap, Numbers, read_map},
    },
    encoder::{Crop, squash},
    evaluation::shard::{Sample, Shard},
    frame::Picture,
    training::TrainingError,
};

/// The value of a pixel that teaches nothing.
pub const VOID: u8 = 255;
/// Pixels of a photo to one of the head's map.
pub const GRAIN: usize = 4;

/// The size that a kind of photo is brought to, in pixels; both sides are multiples of 32.
pub fn size(drawn: Drawn) -> (usize, usize) {
    match drawn {
        // 480 x 360 drives, nearly as they are.
        Drawn::ByHand => (480, 352),
        // Most are 200 pixels high.
        Drawn::ByNetwork => (288, 224),
    }
}

/// One cut of a photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Which part of the photo.
    pub crop: Crop,
    /// With left and right swapped.
    pub mirrored: bool,
}

/// The cuts of a photo. Of the few that a person drew there are six: all of it, and parts that bring it nearer, each also mirrored.
pub fn cuts(drawn: Drawn, rng: &mut ChaCha8Rng) -> Vec<Cut> {
    let whole = Crop::WHOLE;
    match drawn {
        Drawn::ByNetwork => vec![Cut { crop: whole, mirrored: rng.random() }],
        Drawn::ByHand => {
            let mut crops = vec![whole];
            for share in [0.75, 0.6] {
                let left = rng.random_range(0.0..1.0 - share);
                let top = rng.random_range(0.0..1.0 - share);
                crops.push(Crop { left, top, width: share, height: share });
            }
            crops.into_iter().flat_map(|crop| [false, true].map(|mirrored| Cut { crop, mirrored })).collect()
        }
    }
}

/// Who drew the map of `sample`; `None` where there is none to learn from.
///
/// A network that learned from drives knows little of what is far from them: tiles, grey scenes and most road photos are left out.
pub fn drawn(sample: &Sample) -> Option<Drawn> {
    match sample.record.more.get("segmentation")?.as_str()? {
        "ground truth" => Some(Drawn::ByHand),
        _ if sample.record.source == "scenes" => None,
        // The roads are many and alike.
        _ if sample.record.source == "roads" => sample.key.ends_with('0').then_some(Drawn::ByNetwork),
        _ => Some(Drawn::ByNetwork),
    }
}

/// A photo with its map, decoded.
pub struct Scene {
    /// The photo.
    pub picture: Picture,
    map: Vec<u8>,
    width: usize,
    height: usize,
}

impl Scene {
    /// Decodes photo and map of `sample`.
    pub fn read(shard: &Shard, sample: &Sample) -> Result<Self, TrainingError> {
        let name = format!("{}/{}", shard.file, sample.key);
        let mut picture = Picture::default();
        capture::decode(&name, shard.photo(sample), &mut picture)?;
        let file = format!("{name}.seg.png");
        let NumberMap { width, height, numbers } = read_map(&file, shard.map(sample).unwrap_or_default())?;
        match numbers {
            Numbers::Bytes(map) => Ok(Self { picture, map, width, height }),
            _ => {
                let problem = "a map of train ids has 8 bits; leave this photo out".to_owned();
                Err(TrainingError::Data { file, problem })
            }
        }
    }

    /// The pixels of `cut`, (3, height, width), as the trunk takes them.
    pub fn pixels(&self, cut: Cut, (width, height): (usize, usize), out: &mut Vec<f32>) -> Result<(), TrainingError> {
        let start = out.len();
        out.resize(start + 3 * width * height, 0.0);
        let pixels = out.get_mut(start..).unwrap_or_default();
        squash(&self.picture, cut.crop, (width, height), [0.5; 3], [0.5; 3], pixels)?;
        if cut.mirrored {
            pixels.chunks_mut(width).for_each(<[f32]>::reverse);
        }
        Ok(())
    }

    /// The map of `cut` at the head's grain: of each cell the value in its middle.
    pub fn labels(&self, cut: Cut, (width, height): (usize, usize)) -> Vec<u8> {
        let (columns, rows) = (width / GRAIN, height / GRAIN);
        let place = |i: usize, of: usize, start: f64, share: f64, pixels: usize| {
            let at = start + (i as f64 + 0.5) / of as f64 * share;
            ((at * pixels as f64) as usize).min(pixels.saturating_sub(1))
        };
        let mut labels = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            let y = place(row, rows, cut.crop.top, cut.crop.height, self.height);
            for column in 0..columns {
                let column = if cut.mirrored { columns - 1 - column } else { column };
                let x = place(column, columns, cut.crop.left, cut.crop.width, self.width);
                let value = self.map.get(y * self.width + x).copied().unwrap_or(VOID);
                labels.push(if usize::from(value) < COUNT { value } else { VOID });
            }
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of 8 x 8 cells whose values count from the top left.
    fn scene() -> Scene {
        let map = (0..64).map(|i| i / 8 + i % 8).collect();
        Scene { picture: Picture::new(1, 1, vec![0; 3]).expect("a picture"), map, width: 8, height: 8 }
    }

    #[track_caller]
    fn check(left: f64, share: f64, mirrored: bool, want: [u8; 4]) {
        let cut = Cut { crop: Crop { left, top: 0.0, width: share, height: 0.25 }, mirrored };
        assert_eq!(scene().labels(cut, (16, 4)), want, "{cut:?}");
    }

    #[test]
    fn a_cut_takes_the_labels_of_its_part() {
        check(0.0, 1.0, false, [2, 4, 6, 8]);
        check(0.0, 1.0, true, [8, 6, 4, 2]);
        check(0.5, 0.5, false, [5, 6, 7, 8]);
    }

    #[test]
    fn what_is_no_class_teaches_nothing() {
        let mut scene = scene();
        scene.map = vec![19; 64];
        assert_eq!(scene.labels(Cut { crop: Crop::WHOLE, mirrored: false }, (4, 4)), [VOID]);
    }
}
