//! A network that says what stands where in a picture.
//!
//! Owns the words in which a segmenter's file tells of itself, its pixels, and the map made of its answer. Leaves what the things are to
//! `ontology`, how the network came about to the trainer.

use std::path::Path;

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};

use crate::{
    encoder::{EncoderError, Input, OnnxSession, Output, Runtime, SessionOptions, Values, session::check_interface},
    frame::Picture,
    ontology::StreetMap,
};

/// The graph's name for its pixels, (N, 3, H, W), red first.
const INPUT: &str = "pixel_values";
/// The graph's name for its answer, (N, classes, h, w), before the softmax.
pub const SEGMENTER_OUTPUT: &str = "logits";
/// How many times its short side the long side of a picture may be for the network; what is longer is squeezed.
const MOST_LENGTH: f64 = 2.5;

/// A part of a picture, in shares of its sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// From the left edge.
    pub left: f64,
    /// From the upper edge.
    pub top: f64,
    /// Of the picture's width.
    pub width: f64,
    /// Of the picture's height.
    pub height: f64,
}

impl Crop {
    /// All of it.
    pub const WHOLE: Crop = Crop { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };
}

/// Writes `crop` of `picture`, brought to `width` x `height` pixels, to `out`: `3 * height * width` floats, red first, each
/// `(v / 255 - mean) / std`.
pub fn squash(
    picture: &Picture,
    crop: Crop,
    (width, height): (usize, usize),
    mean: [f32; 3],
    std: [f32; 3],
    out: &mut [f32],
) -> Result<(), EncoderError> {
    let empty = || EncoderError::EmptyPicture { width: picture.width(), height: picture.height() };
    if picture.width() == 0 || picture.height() == 0 {
        return Err(empty());
    }
    let (across, down) = (f64::from(picture.width()), f64::from(picture.height()));
    let source = TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture.rgb()).map_err(|_| empty())?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
        crop.left * across,
        crop.top * down,
        crop.width * across,
        crop.height * down,
    );
    let mut bytes = vec![0; 3 * width * height];
    let mut resized = TypedImage::<U8x3>::from_buffer(width as u32, height as u32, &mut bytes).map_err(|_| empty())?;
    Resizer::new().resize_typed(&source, &mut resized, &options).map_err(|_| empty())?;
    let (pixels, _) = bytes.as_chunks::<3>();
    for (channel, plane) in out.chunks_exact_mut(pixels.len().max(1)).enumerate().take(3) {
        let table: [f32; 256] = std::array::from_fn(|v| (v as f32 / 255.0 - mean[channel]) / std[channel]);
        for (value, pixel) in plane.iter_mut().zip(pixels) {
            *value = table[usize::from(pixel[channel])];
        }
    }
    Ok(())
}

/// What a segmenter's file says of itself, in the metadata of ONNX.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmenterCard {
    /// The ontology's id of each channel of its answer.
    pub things: Vec<u8>,
    /// Pixels to which a picture's short side is brought.
    pub short_side: usize,
    /// Both sides are whole multiples of this.
    pub multiple: usize,
    /// Of each colour, 0 to 1.
    pub mean: [f32; 3],
    /// Of each colour, 0 to 1.
    pub std: [f32; 3],
}

impl SegmenterCard {
    /// As keys and values of ONNX's metadata.
    pub fn entries(&self) -> [(&'static str, String); 5] {
        [
            ("things", words(&self.things)),
            ("short_side", self.short_side.to_string()),
            ("multiple", self.multiple.to_string()),
            ("mean", words(&self.mean)),
            ("std", words(&self.std)),
        ]
    }

    /// From a file's metadata; the error says which key is wrong.
    fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let numbers = |key: &str| -> Result<Vec<f32>, String> {
            let text = get(key).ok_or_else(|| format!("its metadata lacks {key}"))?;
            let numbers: Result<Vec<f32>, _> = text.split_whitespace().map(str::parse).collect();
            numbers.map_err(|_| format!("{key} in its metadata is {text}, no numbers"))
        };
        let one = |key: &str| match numbers(key)?[..] {
            [number] if number >= 1.0 => Ok(number as usize),
            _ => Err(format!("{key} in its metadata is not one number of 1 or more")),
        };
        let three = |key: &str| {
            <[f32; 3]>::try_from(numbers(key)?).map_err(|_| format!("{key} in its metadata is not one number for each colour"))
        };
        let things: Vec<u8> = numbers("things")?.into_iter().map(|id| id as u8).collect();
        if things.is_empty() {
            return Err("things in its metadata names none".to_owned());
        }
        Ok(Self {
            things,
            short_side: one("short_side")?,
            multiple: one("multiple")?,
            mean: three("mean")?,
            std: three("std")?,
        })
    }

    /// Width and height to which a picture of this width and height is brought: its shape is kept but for whole multiples and for
    /// what is longer than the network may see.
    fn sides(&self, width: u32, height: u32) -> (usize, usize) {
        let [long, short] = [width.max(height), width.min(height)].map(|side| f64::from(side.max(1)));
        let wanted = self.short_side as f64 * (long / short).min(MOST_LENGTH);
        let whole = |side: f64| ((side / self.multiple as f64).round() as usize).max(1) * self.multiple;
        let (long, short) = (whole(wanted), whole(self.short_side as f64));
        if width >= height { (long, short) } else { (short, long) }
    }
}

/// A segmenter, ready to look.
#[derive(Debug)]
pub struct Segmenter {
    session: OnnxSession,
    card: SegmenterCard,
    pixels: Vec<f32>,
    outputs: [Output; 1],
}

impl Segmenter {
    /// Opens the model at `path`, as the trainer's `segmenter make` writes it.
    pub fn open(runtime: &Runtime, path: &Path, options: &SessionOptions) -> Result<Self, EncoderError> {
        let session = OnnxSession::read(runtime, path, options)?;
        let bad = |problem: String| EncoderError::Interface { file: session.file().to_owned(), problem };
        let card = SegmenterCard::read(|key| session.metadata(key)).map_err(bad)?;
        let axes = &[None, Some(3), None, None];
        check_interface(&session, &[(INPUT, axes)], (SEGMENTER_OUTPUT, &[None, Some(card.things.len()), None, None]))?;
        Ok(Self { session, card, pixels: Vec::new(), outputs: [Output::named(SEGMENTER_OUTPUT)] })
    }

    /// The ontology's ids of the things that it tells apart.
    pub fn things(&self) -> &[u8] {
        &self.card.things
    }

    /// What stands where in `picture`, as a map of `width` x `height` pixels with the network's probabilities. The map is as fine as the
    /// network's answer, a quarter of the pixels it saw, and smooth in between.
    pub fn segment(&mut self, picture: &Picture, width: usize, height: usize) -> Result<StreetMap, EncoderError> {
        let SegmenterCard { mean, std, .. } = self.card;
        let sides = self.card.sides(picture.width(), picture.height());
        self.pixels.resize(3 * sides.0 * sides.1, 0.0);
        squash(picture, Crop::WHOLE, sides, mean, std, &mut self.pixels)?;
        let input = Input { name: INPUT, shape: &[1, 3, sides.1, sides.0], values: Values::F32(&self.pixels) };
        self.session.run(&[input], &mut self.outputs)?;
        let [Output { shape, values, .. }] = &self.outputs;
        let bad = |problem: String| EncoderError::Interface { file: self.session.file().to_owned(), problem };
        let classes = self.card.things.len();
        let [1, found, rows, columns] = shape[..] else {
            return Err(bad(format!("its answer has the shape {shape:?}, not (1, classes, rows, columns)")));
        };
        if found != classes || values.len() != classes * rows * columns || values.is_empty() {
            return Err(bad(format!("its answer has {found} channels, and its metadata names {classes} things")));
        }
        let shares = probabilities(values, classes);
        let (best, sure) = enlarge(&shares, classes, (columns, rows), (width, height));
        let things = best.into_iter().map(|class| self.card.things[class]).collect();
        let map = StreetMap::new(width, height, things).and_then(|map| map.with_certainty(sure));
        map.ok_or(EncoderError::EmptyPicture { width: width as u32, height: height as u32 })
    }
}

fn words<T: ToString>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

/// The softmax of planes of logits, as pixels of one probability for each class.
fn probabilities(logits: &[f32], classes: usize) -> Vec<f32> {
    let area = logits.len() / classes;
    let mut shares = vec![0.0; logits.len()];
    for (i, pixel) in shares.chunks_exact_mut(classes).enumerate() {
        for (class, share) in pixel.iter_mut().enumerate() {
            *share = logits[class * area + i];
        }
        let most = pixel.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        pixel.iter_mut().for_each(|share| *share = (*share - most).exp());
        let sum: f32 = pixel.iter().sum();
        pixel.iter_mut().for_each(|share| *share /= sum);
    }
    shares
}

/// The likeliest class of each of `to` pixels and its probability, from `shares` of `from` pixels, each (columns, rows), bilinearly.
fn enlarge(shares: &[f32], classes: usize, from: (usize, usize), to: (usize, usize)) -> (Vec<usize>, Vec<f32>) {
    let row = from.0 * classes;
    let across = steps(from.0, to.0);
    let mut blend = vec![0.0; row];
    let mut pixel = vec![0.0; classes];
    let (mut best, mut sure) = (Vec::with_capacity(to.0 * to.1), Vec::with_capacity(to.0 * to.1));
    for (above, below, way) in steps(from.1, to.1) {
        let (above, below) = (&shares[above * row..][..row], &shares[below * row..][..row]);
        for (value, (above, below)) in blend.iter_mut().zip(above.iter().zip(below)) {
            *value = above + (below - above) * way;
        }
        for &(left, right, way) in &across {
            let (left, right) = (&blend[left * classes..][..classes], &blend[right * classes..][..classes]);
            for (value, (left, right)) in pixel.iter_mut().zip(left.iter().zip(right)) {
                *value = left + (right - left) * way;
            }
            let (class, share) = pixel
                .iter()
                .enumerate()
                .fold((0, f32::NEG_INFINITY), |most, (class, &share)| if share > most.1 { (class, share) } else { most });
            best.push(class);
            sure.push(share);
        }
    }
    (best, sure)
}

/// For each of `to` pixels the two of `from` that it lies between, and how far it is on the way from one to the other.
fn steps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f32 / to.max(1) as f32;
    let step = |i: usize| {
        let at = ((i as f32 + 0.5) * scale - 0.5).clamp(0.0, (from - 1) as f32);
        let first = at as usize;
        (first, (first + 1).min(from - 1), at - first as f32)
    };
    (0..to).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> SegmenterCard {
        SegmenterCard { things: vec![1, 20, 44], short_side: 352, multiple: 32, mean: [0.5; 3], std: [0.25, 0.5, 1.0] }
    }

    #[test]
    fn a_card_comes_back_from_its_entries() {
        let entries = card().entries();
        let get = |key: &str| entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
        assert_eq!(SegmenterCard::read(get), Ok(card()));
    }

    #[track_caller]
    fn check_card(key: &str, value: Option<&str>, want: &str) {
        let entries = card().entries();
        let get = |name: &str| match entries.iter().find(|(known, _)| *known == name) {
            _ if name == key => value.map(str::to_owned),
            found => found.map(|(_, value)| value.clone()),
        };
        let error = SegmenterCard::read(get).expect_err("a wrong card");
        assert!(error.contains(want), "{error}");
    }

    #[test]
    fn a_card_that_lacks_something_is_refused_by_its_key() {
        check_card("things", None, "lacks things");
        check_card("things", Some(""), "things in its metadata names none");
        check_card("short_side", Some("wide"), "short_side in its metadata is wide");
        check_card("multiple", Some("0"), "multiple in its metadata is not one number");
        check_card("mean", Some("0.5"), "mean in its metadata is not one number for each colour");
    }

    #[test]
    fn a_picture_keeps_its_shape_up_to_a_limit() {
        let check = |width, height, want| assert_eq!(card().sides(width, height), want, "{width} x {height}");
        check(480, 360, (480, 352));
        check(360, 480, (352, 480));
        check(4000, 3000, (480, 352));
        check(1920, 1080, (640, 352));
        check(100, 100, (352, 352));
        check(9000, 10, (896, 352));
        check(0, 0, (352, 352));
    }

    #[test]
    fn a_picture_is_squashed_and_normalised_channel_by_channel() {
        let rgb: Vec<u8> = [[0, 255, 51], [255, 255, 51]].concat().repeat(2);
        let picture = Picture::new(2, 2, rgb).expect("a picture");
        let mut out = vec![f32::NAN; 3];
        let left = Crop { left: 0.0, top: 0.0, width: 0.5, height: 1.0 };
        squash(&picture, left, (1, 1), [0.5; 3], [0.25, 0.5, 1.0], &mut out).expect("pixels");
        assert!(out.iter().zip([-2.0, 1.0, -0.3]).all(|(a, b)| (a - b).abs() < 1e-6), "{out:?}");
        let error = squash(&Picture::default(), left, (1, 1), [0.5; 3], [1.0; 3], &mut out).expect_err("no pixels");
        assert!(matches!(error, EncoderError::EmptyPicture { .. }));
    }

    #[test]
    fn a_map_is_smooth_between_the_networks_pixels() {
        // Two pixels of two classes: sure of the first, nearly sure of the second.
        let shares = probabilities(&[50.0, 0.0, 0.0, 3.0_f32.ln()], 2);
        assert!((shares[0] - 1.0).abs() < 1e-6 && (shares[3] - 0.75).abs() < 1e-6, "{shares:?}");
        let (best, sure) = enlarge(&shares, 2, (2, 1), (4, 2));
        assert_eq!(best, [0, 0, 1, 1].repeat(2));
        let want = [1.0, 0.8125, 0.5625, 0.75];
        assert!(sure.iter().zip(want.repeat(2)).all(|(a, b)| (a - b).abs() < 1e-6), "{sure:?}");
        let (best, _) = enlarge(&shares, 2, (2, 1), (1, 1));
        assert_eq!(best, [0]);
    }
}
