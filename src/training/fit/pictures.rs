//! What a photo looks like when it is learned from: a part of it, perhaps mirrored, a little brighter or duller.
//!
//! Owns those changes, as torchvision defines them. Leaves decoding to `capture`, resizing to `encoder`.

use rand::{Rng, RngExt};

use super::settings::Augment;
use crate::{encoder::LONGEST, frame::Picture, training::features::mirror};

/// Tries to find a part of the wanted size before the middle is taken, as RandomResizedCrop has it.
const TRIES: usize = 10;
/// Grey of red, green and blue (ITU-R BT.601).
const GREY: [f32; 3] = [0.299, 0.587, 0.114];

/// `picture` as one step sees it; all chance comes from `rng`.
pub fn seen(picture: &Picture, mirrored: bool, augment: &Augment, rng: &mut impl Rng) -> Picture {
    let (left, top, width, height) = part(picture.width(), picture.height(), augment.crop, rng);
    let row = picture.width() as usize * 3;
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for line in picture.rgb().chunks_exact(row.max(1)).skip(top as usize).take(height as usize) {
        rgb.extend_from_slice(line.get(left as usize * 3..(left + width) as usize * 3).unwrap_or_default());
    }
    recolour(&mut rgb, augment.colour, rng);
    let seen = Picture::new(width, height, rgb).unwrap_or_default();
    if mirrored { mirror(&seen) } else { seen }
}

/// A part of at least `least` of the area: left, top, width, height.
fn part(width: u32, height: u32, least: f64, rng: &mut impl Rng) -> (u32, u32, u32, u32) {
    let area = f64::from(width) * f64::from(height);
    for _ in 0..TRIES {
        let wanted = area * (least + (1.0 - least) * rng.random::<f64>());
        let ratio = (LONGEST.ln() * (rng.random::<f64>() * 2.0 - 1.0)).exp();
        let (w, h) = ((wanted * ratio).sqrt().round() as u32, (wanted / ratio).sqrt().round() as u32);
        if (1..=width).contains(&w) && (1..=height).contains(&h) {
            return (rng.random_range(0..=width - w), rng.random_range(0..=height - h), w, h);
        }
    }
    // The middle, as much of it as the ratio allows.
    let (w, h) = (f64::from(width), f64::from(height));
    let (w, h) = if w > h * LONGEST { (h * LONGEST, h) } else { (w, h.min(w * LONGEST)) };
    let (w, h) = ((w.round() as u32).clamp(1, width.max(1)), (h.round() as u32).clamp(1, height.max(1)));
    ((width.saturating_sub(w)) / 2, (height.saturating_sub(h)) / 2, w, h)
}

/// Brightness, contrast and saturation, each changed by at most `most`, as a share.
fn recolour(rgb: &mut [u8], most: f32, rng: &mut impl Rng) {
    let [brightness, contrast, saturation] = std::array::from_fn(|_| 1.0 + most * (rng.random::<f32>() * 2.0 - 1.0));
    if most == 0.0 {
        return;
    }
    let (pixels, _) = rgb.as_chunks_mut::<3>();
    let grey = |pixel: [f32; 3]| pixel.iter().zip(GREY).map(|(x, share)| x * share).sum::<f32>();
    let mean = pixels.iter().map(|pixel| f64::from(grey(pixel.map(f32::from)))).sum::<f64>() / pixels.len().max(1) as f64;
    let mean = mean as f32 * brightness;
    for pixel in pixels {
        let bright = pixel.map(|x| mean + (f32::from(x) * brightness - mean) * contrast);
        let dull = grey(bright);
        *pixel = bright.map(|x| (dull + (x - dull) * saturation).round().clamp(0.0, 255.0) as u8);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[track_caller]
    fn check(width: u32, height: u32, least: f64) {
        for seed in 0..200 {
            let (left, top, w, h) = part(width, height, least, &mut rng(seed));
            assert!(w > 0 && h > 0 && left + w <= width && top + h <= height, "{left} {top} {w} {h}");
            let share = f64::from(w) * f64::from(h) / (f64::from(width) * f64::from(height));
            // A long photo has no part of that size whose sides are 3 to 4.
            assert!(share > least * 0.95 || width > 2 * height || height > 2 * width, "{share}");
        }
    }

    #[test]
    fn a_part_lies_inside_and_is_large_enough() {
        check(100, 80, 0.9);
        check(100, 80, 0.2);
        check(1000, 10, 0.9);
        check(1, 1, 1.0);
    }

    #[test]
    fn chance_is_the_seeds_alone_and_nothing_is_changed_where_nothing_is_asked() {
        let picture = Picture::new(4, 3, (0..36).map(|x| x * 7).collect()).expect("a picture");
        let rough = Augment { size: 0, crop: 0.3, mirror: true, colour: 0.4, mix: 0.0 };
        assert_eq!(seen(&picture, false, &rough, &mut rng(3)), seen(&picture, false, &rough, &mut rng(3)));
        assert_ne!(seen(&picture, false, &rough, &mut rng(3)), seen(&picture, false, &rough, &mut rng(4)));
        let plain = Augment { size: 0, crop: 1.0, mirror: true, colour: 0.0, mix: 0.0 };
        let square = Picture::new(2, 2, (0..12).collect()).expect("a picture");
        assert_eq!(seen(&square, false, &plain, &mut rng(1)), square);
        assert_eq!(seen(&square, true, &plain, &mut rng(1)), mirror(&square));
    }
}
