//! A network that finds things in a picture, each with its box: YOLOX (Ge et al. 2021) in the form of its own ONNX export.
//!
//! Owns the letterbox, the decoding of the answer and the suppression of what was found twice. Leaves what a label means to a walker to
//! `ontology`.

use std::path::Path;

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};

use crate::{
    encoder::{EncoderError, Input, OnnxSession, Output, Runtime, SessionOptions, Values},
    frame::Picture,
};

/// Pixels of the input to one cell of each grid, in the order of the answer.
const STRIDES: [usize; 3] = [8, 16, 32];
/// What stands before the classes in a row: centre, size, and whether there is anything.
const BEFORE: usize = 5;
/// What fills the letterbox, of 255.
const GREY: f32 = 114.0;
/// Overlap from which two boxes of one label are one thing, as YOLOX's demonstration has it.
const SAME: f32 = 0.45;

/// COCO's labels in the order of the answer.
const LABELS: [&str; 80] = [
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "dining table",
    "toilet",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
];

/// Something that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// COCO's name for it.
    pub label: &'static str,
    /// How sure the network is, in [0, 1]; not calibrated.
    pub score: f32,
    /// Left edge, in shares of the picture's width.
    pub left: f32,
    /// Upper edge, in shares of the picture's height.
    pub top: f32,
    /// In shares of the picture's width.
    pub width: f32,
    /// In shares of the picture's height.
    pub height: f32,
}

impl Detection {
    /// What two boxes share, over what they cover together.
    pub fn overlap(&self, other: &Detection) -> f32 {
        let along = |a: f32, a_length: f32, b: f32, b_length: f32| ((a + a_length).min(b + b_length) - a.max(b)).max(0.0);
        let shared =
            along(self.left, self.width, other.left, other.width) * along(self.top, self.height, other.top, other.height);
        let together = self.width * self.height + other.width * other.height - shared;
        if together > 0.0 { shared / together } else { 0.0 }
    }
}

/// A detector, ready to look.
#[derive(Debug)]
pub struct Detector {
    session: OnnxSession,
    /// Pixels of its square input.
    side: usize,
    pixels: Vec<f32>,
    input: String,
    outputs: [Output; 1],
}

impl Detector {
    /// Opens an ONNX export of YOLOX on COCO, of any size, its boxes not decoded.
    pub fn open(runtime: &Runtime, path: &Path, options: &SessionOptions) -> Result<Self, EncoderError> {
        let session = OnnxSession::read(runtime, path, options)?;
        let bad = |problem: &str| EncoderError::Interface { file: session.file().to_owned(), problem: problem.to_owned() };
        let mut inputs = session.inputs();
        let (input, side) = match (inputs.next(), inputs.next()) {
            (Some((name, axes)), None) => match axes[..] {
                [_, Some(3), Some(height), Some(width)] if height == width && height % 32 == 0 && height > 0 => {
                    (name.to_owned(), height)
                }
                _ => return Err(bad("its input is no square of whole multiples of 32 pixels in three colours, as YOLOX's is")),
            },
            _ => return Err(bad("it has not one input, as YOLOX has")),
        };
        drop(inputs);
        let output = session.outputs().next().map(|(name, _)| name.to_owned()).unwrap_or_default();
        Ok(Self { session, side, pixels: Vec::new(), input, outputs: [Output::named(&output)] })
    }

    /// What is in `picture` with a score of `least` or more, best first.
    pub fn detect(&mut self, picture: &Picture, least: f32) -> Result<Vec<Detection>, EncoderError> {
        let side = self.side;
        let [across, down] = letterbox(picture, side, &mut self.pixels)?;
        let input = Input { name: &self.input, shape: &[1, 3, side, side], values: Values::F32(&self.pixels) };
        self.session.run(&[input], &mut self.outputs)?;
        let [Output { shape, values, .. }] = &self.outputs;
        let cells: usize = STRIDES.iter().map(|stride| (side / stride).pow(2)).sum();
        let want = [1, cells, BEFORE + LABELS.len()];
        if shape[..] != want {
            let problem = format!("its answer has the shape {shape:?}, not {want:?} as YOLOX's on COCO");
            return Err(EncoderError::Interface { file: self.session.file().to_owned(), problem });
        }
        Ok(apart(decode(values, side, [across, down], least)))
    }
}

/// Writes `picture` into the upper left of a grey square, blue first, 0 to 255. Gives the width and height that it has there, in pixels.
fn letterbox(picture: &Picture, side: usize, out: &mut Vec<f32>) -> Result<[usize; 2], EncoderError> {
    let (width, height) = (picture.width(), picture.height());
    let empty = || EncoderError::EmptyPicture { width, height };
    if width == 0 || height == 0 {
        return Err(empty());
    }
    let scale = side as f64 / f64::from(width.max(height).max(1));
    let [across, down] = [width, height].map(|length| ((f64::from(length) * scale) as usize).clamp(1, side));
    let source = TypedImageRef::<U8x3>::from_buffer(width, height, picture.rgb()).map_err(|_| empty())?;
    let mut bytes = vec![0; 3 * across * down];
    let mut resized = TypedImage::<U8x3>::from_buffer(across as u32, down as u32, &mut bytes).map_err(|_| empty())?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize_typed(&source, &mut resized, &options).map_err(|_| empty())?;
    out.clear();
    out.resize(3 * side * side, GREY);
    for (plane, colour) in out.chunks_exact_mut(side * side).zip([2, 1, 0]) {
        for (values, pixels) in plane.chunks_exact_mut(side).zip(bytes.chunks_exact(3 * across)) {
            for (value, pixel) in values.iter_mut().zip(pixels.chunks_exact(3)) {
                *value = f32::from(pixel[colour]);
            }
        }
    }
    Ok([across, down])
}

/// The boxes in an answer to a picture of `across` x `down` pixels in a square of `side`: a row for each cell of each grid, its centre
/// from the cell's corner in cells, the logarithm of its size in cells, and the probabilities.
fn decode(values: &[f32], side: usize, [across, down]: [usize; 2], least: f32) -> Vec<Detection> {
    let cells = STRIDES.iter().flat_map(|&stride| {
        let columns = side / stride;
        (0..columns * columns).map(move |i| (stride as f32, (i % columns) as f32, (i / columns) as f32))
    });
    let mut found = Vec::new();
    for ((stride, column, row), values) in cells.zip(values.chunks_exact(BEFORE + LABELS.len())) {
        let (place, classes) = values.split_at(BEFORE);
        let [x, y, log_width, log_height, there] = place[..] else { continue };
        let best = classes.iter().zip(LABELS).fold((0.0, ""), |most, (&p, label)| if p > most.0 { (p, label) } else { most });
        let score = there * best.0;
        if score.is_nan() || score < least {
            continue;
        }
        let (width, height) = (log_width.exp() * stride, log_height.exp() * stride);
        let (left, top) = ((x + column) * stride - width / 2.0, (y + row) * stride - height / 2.0);
        // What lies beyond the picture's edges is no part of it.
        let share = |start: f32, length: f32, whole: usize| {
            let whole = whole as f32;
            let (start, end) = (start.clamp(0.0, whole), (start + length).clamp(0.0, whole));
            (start / whole, (end - start) / whole)
        };
        let ((left, width), (top, height)) = (share(left, width, across), share(top, height, down));
        found.push(Detection { label: best.1, score, left, top, width, height });
    }
    found
}

/// Of boxes of one label that overlap the surest, best first.
fn apart(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for detection in found {
        if kept.iter().all(|other| other.label != detection.label || other.overlap(&detection) <= SAME) {
            kept.push(detection);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 64;
    /// Grids of 8 x 8, 4 x 4 and 2 x 2 cells.
    const CELLS: usize = 84;

    /// An answer in which cell `cell` says that there is `class`, with centre and size as given.
    fn answer(cells: &[(usize, usize, [f32; 4], f32)]) -> Vec<f32> {
        let width = BEFORE + LABELS.len();
        let mut values = vec![0.0; CELLS * width];
        for &(cell, class, place, p) in cells {
            let row = &mut values[cell * width..][..width];
            row[..4].copy_from_slice(&place);
            row[4] = 0.9;
            row[BEFORE + class] = p;
        }
        values
    }

    /// Label, and left, top, width and height in pixels of a picture of 64 x 32.
    #[track_caller]
    fn check(cell: usize, class: usize, place: [f32; 4], want: (&str, [f32; 4])) {
        let found = decode(&answer(&[(cell, class, place, 1.0)]), SIDE, [64, 32], 0.5);
        let [Detection { label, score, left, top, width, height }] = found[..] else { panic!("{found:?}") };
        let found = [left * 64.0, top * 32.0, width * 64.0, height * 32.0];
        assert!(found.iter().zip(want.1).all(|(a, b)| (a - b).abs() < 1e-3), "{label} {found:?}");
        assert_eq!((label, score), (want.0, 0.9));
    }

    #[test]
    fn a_cell_tells_its_box_from_its_own_corner_in_its_own_measure() {
        // The second row of the finest grid, third column: its corner is at 16, 8.
        check(10, 0, [0.5, 1.0, 0.0, 2.0_f32.ln()], ("person", [16.0, 8.0, 8.0, 16.0]));
        // The first cell of the middle grid, one and a half cells wide.
        check(64, 2, [1.0, 1.0, 1.5_f32.ln(), 0.0], ("car", [4.0, 8.0, 24.0, 16.0]));
        // The last of the coarsest lies below the picture but for its upper edge.
        check(83, 5, [0.0, 0.0, 0.0, 0.0], ("bus", [16.0, 16.0, 32.0, 16.0]));
    }

    #[test]
    fn what_is_not_sure_enough_is_left_out() {
        let values = answer(&[(0, 0, [0.5, 0.5, 0.0, 0.0], 0.5), (1, 0, [0.5, 0.5, 0.0, 0.0], f32::NAN)]);
        assert_eq!(decode(&values, SIDE, [64, 64], 0.46), []);
        assert_eq!(decode(&values, SIDE, [64, 64], 0.44).len(), 1);
    }

    #[test]
    fn a_thing_that_was_found_twice_is_told_once() {
        // The same box of three neighbours, one of them under another name.
        let values = answer(&[
            (0, 0, [0.5, 0.5, 1.0, 1.0], 0.8),
            (1, 0, [-0.4, 0.5, 1.0, 1.0], 0.9),
            (8, 1, [0.5, -0.5, 1.0, 1.0], 0.7),
        ]);
        let found = apart(decode(&values, SIDE, [64, 64], 0.1));
        assert_eq!(
            found.iter().map(|d| (d.label, d.score)).collect::<Vec<_>>(),
            [("person", 0.9 * 0.9), ("bicycle", 0.9 * 0.7)]
        );
    }

    #[test]
    fn a_picture_lies_in_the_upper_left_of_a_grey_square_blue_first() {
        let picture = Picture::new(4, 2, [10, 20, 30].repeat(8)).expect("a picture");
        let mut out = Vec::new();
        assert_eq!(letterbox(&picture, 8, &mut out).expect("pixels"), [8, 4]);
        for (plane, want) in out.chunks(64).zip([30.0, 20.0, 10.0]) {
            assert!(plane[..32].iter().all(|&v| v == want) && plane[32..].iter().all(|&v| v == GREY), "{plane:?}");
        }
        assert!(letterbox(&Picture::default(), 8, &mut out).is_err());
    }
}
