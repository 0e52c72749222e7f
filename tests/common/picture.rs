//! A picture that Python can draw too.

use streetscape::frame::Picture;

/// The formula of `tests/data/encoder/make.py` and `tools/parity/vectors.py`.
pub fn picture(width: u32, height: u32) -> Picture {
    let mut rgb = Vec::new();
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let green = if (x / 5 + y / 7) % 3 == 0 { 220 } else { 30 };
        rgb.extend([(x * 255 / width) as u8, green, (64 + (x * x + y * y) / 11 % 128) as u8]);
    }
    Picture::new(width, height, rgb).unwrap()
}
