//! From pixels to the image tower's input: a view's box, its resize to a square, the normalisation.
//!
//! Owns where each view lies and how it is sampled. Leaves decoding to `capture`, the numbers (size, mean, std) to the bundle.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};

use crate::{
    bundle::{Filter, Fit, Preprocessing},
    encoder::EncoderError,
    frame::Picture,
    observation::View,
};

/// What is trimmed is this many times as long as high, or as high as long, at most; so are the parts of photos that a model learns from, as
/// torchvision's RandomResizedCrop has them.
pub const LONGEST: f64 = 4.0 / 3.0;

/// The part of a picture of `width` x `height` pixels that `view` shows: left, top, width, height. All but the full view are
/// squares.
///
/// - Full: everything.
/// - Left, right: half the picture's width at either side, at half height, and no more than its height: wider ones would show much of
///   the same and tell no sides.
/// - Ahead: two thirds of the short side, in the middle, which brings what is far 1.5 times nearer.
/// - Ground: as large, at the middle of the lower edge.
pub fn view_box(view: View, width: u32, height: u32) -> (u32, u32, u32, u32) {
    let short = width.min(height);
    let side = match view {
        View::Full => return (0, 0, width, height),
        View::Left | View::Right => (width / 2).clamp(1, height.max(1)),
        View::Ahead | View::Ground => (u64::from(short) * 2 / 3).max(1) as u32,
    };
    let (right, bottom) = (width.saturating_sub(side), height.saturating_sub(side));
    match view {
        View::Full | View::Ahead => (right / 2, bottom / 2, side, side),
        View::Left => (0, bottom / 2, side, side),
        View::Right => (right, bottom / 2, side, side),
        View::Ground => (right / 2, bottom, side, side),
    }
}

/// Turns pictures into input. Its buffers are used again for each.
#[derive(Debug)]
pub struct Preprocessor {
    size: u32,
    fit: Fit,
    options: ResizeOptions,
    /// `(v / 255 - mean) / std` of each channel for every v.
    table: [[f32; 256]; 3],
    resizer: Resizer,
    resized: Vec<u8>,
}

impl Preprocessor {
    /// Prepares for a tower's input as its bundle describes it.
    pub fn new(image: &Preprocessing) -> Self {
        let filter = match image.filter {
            Filter::Bicubic => FilterType::CatmullRom,
            Filter::Bilinear => FilterType::Bilinear,
        };
        let channel = |c: usize| std::array::from_fn(|v| (v as f32 / 255.0 - image.mean[c]) / image.std[c]);
        Self {
            size: image.size,
            fit: image.fit,
            options: ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)),
            table: std::array::from_fn(channel),
            resizer: Resizer::new(),
            resized: vec![0; image.size as usize * image.size as usize * 3],
        }
    }

    /// Side of the square in pixels.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Floats that one view takes, 3 * size * size.
    pub fn floats(&self) -> usize {
        self.resized.len()
    }

    /// Writes `view` of `picture` to `out`, [`Preprocessor::floats`] floats in the order (3, size, size), red first.
    ///
    /// A crop equals torchvision's `Resize(size)` and `CenterCrop(size)` of Pillow's pictures to 2 of 255, or those of transformers:
    /// its short side becomes `size`, its long side is cut to whole pixels. Only beside edges so hard that the filter overshoots
    /// black or white it may be 8 apart. What the crop drops is never computed.
    pub fn fill(&mut self, picture: &Picture, view: View, out: &mut [f32]) -> Result<(), EncoderError> {
        let (width, height) = (picture.width(), picture.height());
        // A picture holds all its pixels and every box lies inside it, so that an empty one is all that can be refused.
        let empty = || EncoderError::EmptyPicture { width, height };
        let source = TypedImageRef::<U8x3>::from_buffer(width, height, picture.rgb()).map_err(|_| empty())?;
        if width == 0 || height == 0 {
            return Err(empty());
        }
        let (x, y, w, h) = view_box(view, width, height);
        let (left, kept_width) = self.kept(x, w, h);
        let (top, kept_height) = self.kept(y, h, w);
        let options = self.options.crop(left, top, kept_width, kept_height);
        let mut square = TypedImage::<U8x3>::from_buffer(self.size, self.size, &mut self.resized).map_err(|_| empty())?;
        self.resizer.resize_typed(&source, &mut square, &options).map_err(|_| empty())?;
        let (pixels, _) = self.resized.as_chunks::<3>();
        for (channel, (plane, table)) in out.chunks_exact_mut(pixels.len()).zip(&self.table).enumerate() {
            for (value, pixel) in plane.iter_mut().zip(pixels) {
                *value = table[usize::from(pixel[channel])];
            }
        }
        Ok(())
    }

    /// What is kept of a box's side that begins at `start` and is `side` pixels long, where the other side is `other`: its
    /// start and length in pixels of the picture.
    fn kept(&self, start: u32, side: u32, other: u32) -> (f64, f64) {
        let (start, end) = (f64::from(start), f64::from(start) + f64::from(side));
        if self.fit == Fit::Squash || side <= other {
            return (start, f64::from(side));
        }
        if self.fit == Fit::Trim {
            let kept = f64::from(side).min(f64::from(other) * LONGEST);
            return (start + (f64::from(side) - kept) / 2.0, kept);
        }
        let size = f64::from(self.size);
        let resized = (u64::from(self.size) * u64::from(side) / u64::from(other)) as f64;
        let half = (resized - size) / 2.0;
        let offset = if self.fit == Fit::CropFloor { half.floor() } else { half.round_ties_even() };
        let from = start + offset * f64::from(side) / resized;
        // Rounding must not carry the end over the edge.
        (from, (size * f64::from(side) / resized).min(end - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_view_has_its_box() {
        let check = |width, height, want: [(u32, u32, u32, u32); 5]| {
            let found = View::ALL.map(|view| view_box(view, width, height));
            assert_eq!(found, want, "{width} x {height}: full, ahead, right, left, ground");
        };
        check(
            1280,
            720,
            [(0, 0, 1280, 720), (400, 120, 480, 480), (640, 40, 640, 640), (0, 40, 640, 640), (400, 240, 480, 480)],
        );
        check(
            720,
            1280,
            [(0, 0, 720, 1280), (120, 400, 480, 480), (360, 460, 360, 360), (0, 460, 360, 360), (120, 800, 480, 480)],
        );
        check(
            600,
            600,
            [(0, 0, 600, 600), (100, 100, 400, 400), (300, 150, 300, 300), (0, 150, 300, 300), (100, 200, 400, 400)],
        );
        check(1, 1, [(0, 0, 1, 1); 5]);
        check(2, 1, [(0, 0, 2, 1), (0, 0, 1, 1), (1, 0, 1, 1), (0, 0, 1, 1), (0, 0, 1, 1)]);
    }

    #[test]
    fn every_box_lies_in_its_picture() {
        let sides = [1, 2, 3, 5, 224, 719, 60_000, u32::MAX];
        for (view, width, height) in
            View::ALL.into_iter().flat_map(|v| sides.into_iter().flat_map(move |w| sides.map(|h| (v, w, h))))
        {
            let (x, y, w, h) = view_box(view, width, height);
            let inside = u64::from(x) + u64::from(w) <= u64::from(width) && u64::from(y) + u64::from(h) <= u64::from(height);
            assert!(w > 0 && h > 0 && inside, "{view:?} of {width} x {height}: {x} {y} {w} {h}");
        }
    }

    fn preprocessor(fit: Fit) -> Preprocessor {
        Preprocessor::new(&Preprocessing { size: 16, fit, filter: Filter::Bicubic, mean: [0.5; 3], std: [0.25, 0.5, 1.0] })
    }

    #[test]
    fn one_colour_is_normalised_channel_by_channel() {
        for (fit, width, height) in
            [(Fit::Crop, 1, 1), (Fit::Crop, 3, 4000), (Fit::Squash, 640, 2), (Fit::Squash, 16, 16), (Fit::Trim, 3, 4000)]
        {
            let rgb = [0, 255, 51].repeat((width * height) as usize);
            let picture = Picture::new(width, height, rgb).unwrap();
            let mut preprocessor = preprocessor(fit);
            let mut out = vec![f32::NAN; preprocessor.floats()];
            for view in View::ALL {
                preprocessor.fill(&picture, view, &mut out).unwrap();
                for (plane, want) in out.chunks(256).zip([-2.0, 1.0, -0.3]) {
                    assert!(plane.iter().all(|v| (v - want).abs() < 1e-6), "{width} x {height}, {view:?}: {plane:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_trimmed_is_cut_to_four_by_three_and_no_further() {
        let trim = preprocessor(Fit::Trim);
        let kept = |width: u32, height: u32| (trim.kept(0, width, height), trim.kept(0, height, width));
        assert_eq!(kept(640, 480), ((0.0, 640.0), (0.0, 480.0)));
        assert_eq!(kept(640, 360), ((80.0, 480.0), (0.0, 360.0)));
        assert_eq!(kept(300, 600), ((0.0, 300.0), (100.0, 400.0)));
    }

    #[test]
    fn a_picture_without_pixels_is_refused() {
        let mut preprocessor = preprocessor(Fit::Crop);
        let mut out = vec![0.0; preprocessor.floats()];
        let error = preprocessor.fill(&Picture::default(), View::Full, &mut out).expect_err("no pixels");
        assert!(matches!(error, EncoderError::EmptyPicture { .. }), "{error}");
    }
}
