//! Which photos show the same: a perceptual hash of each, and the photos whose hashes are close.
//!
//! Owns the hash, of the discrete cosine transform (Zauner, "Implementation and benchmarking of perceptual image hash functions",
//! 2010): 64 signs of the low frequencies of a 32 x 32 grey picture. Leaves what follows from likeness to its callers.

use std::{f32::consts::PI, sync::LazyLock};

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};

use crate::{frame::Picture, ontology::Sets};

/// Bits in which the hashes of two photos of one thing may differ: another size, another compression, slightly other light.
/// Another moment of the same place mostly differs in more.
pub const CLOSE: u32 = 4;
/// One band more than bits that may differ: in one of them at least, two close hashes are the same.
const BANDS: u32 = CLOSE + 1;
const SIDE: usize = 32;
const LOW: usize = 8;

/// Cosines of the transform, `LOW` frequencies over `SIDE` pixels, from the first above the mean.
static COSINES: LazyLock<[[f32; SIDE]; LOW]> = LazyLock::new(|| {
    let cosine = |frequency: usize, x: usize| (PI * (frequency + 1) as f32 * (2 * x + 1) as f32 / (2 * SIDE) as f32).cos();
    std::array::from_fn(|frequency| std::array::from_fn(|x| cosine(frequency, x)))
});

/// Makes hashes; its buffers are used again for each picture.
#[derive(Debug, Default)]
pub struct Hasher {
    resizer: Resizer,
}

impl Hasher {
    /// The hash of what `picture` shows. A picture of one colour has the hash 0.
    pub fn hash(&mut self, picture: &Picture) -> u64 {
        let grey = self.grey(picture).unwrap_or([[0.0; SIDE]; SIDE]);
        let rows: [[f32; SIDE]; LOW] =
            std::array::from_fn(|v| std::array::from_fn(|x| (0..SIDE).map(|y| COSINES[v][y] * grey[y][x]).sum()));
        let low: Vec<f32> = (0..LOW * LOW).map(|k| (0..SIDE).map(|x| COSINES[k % LOW][x] * rows[k / LOW][x]).sum()).collect();
        let mut sorted = low.clone();
        sorted.sort_by(f32::total_cmp);
        let median = (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2.0;
        // What is flat but for rounding has no frequencies to compare.
        if low.iter().all(|value| value.abs() < 1.0) {
            return 0;
        }
        low.iter().enumerate().fold(0, |hash, (k, value)| hash | u64::from(*value > median) << k)
    }

    fn grey(&mut self, picture: &Picture) -> Option<[[f32; SIDE]; SIDE]> {
        let mut small = vec![0; SIDE * SIDE * 3];
        let from = TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture.rgb()).ok()?;
        let mut to = TypedImage::<U8x3>::from_buffer(SIDE as u32, SIDE as u32, &mut small).ok()?;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
        self.resizer.resize_typed(&from, &mut to, &options).ok()?;
        let luminance = |y: usize, x: usize| {
            let at = (y * SIDE + x) * 3;
            0.299 * f32::from(small[at]) + 0.587 * f32::from(small[at + 1]) + 0.114 * f32::from(small[at + 2])
        };
        Some(std::array::from_fn(|y| std::array::from_fn(|x| luminance(y, x))))
    }
}

/// Joins in `sets` all whose `hashes` are close; `None` and a picture of one colour are like nothing.
pub fn join_alike(hashes: &[Option<u64>], sets: &mut Sets) {
    let width = 64u32.div_ceil(BANDS);
    let mut banded: Vec<(u64, u32)> = Vec::with_capacity(hashes.len());
    for band in 0..BANDS {
        let mask = ((1u64 << width) - 1) << (band * width).min(63);
        banded.clear();
        let known = hashes.iter().enumerate().filter_map(|(k, hash)| hash.filter(|h| *h != 0).map(|h| (h & mask, k as u32)));
        banded.extend(known);
        banded.sort_unstable();
        for bucket in banded.chunk_by(|a, b| a.0 == b.0) {
            join_bucket(bucket, hashes, sets);
        }
    }
}

fn join_bucket(bucket: &[(u64, u32)], hashes: &[Option<u64>], sets: &mut Sets) {
    for (k, &(_, one)) in bucket.iter().enumerate() {
        for &(_, other) in &bucket[k + 1..] {
            let (one, other) = (one as usize, other as usize);
            if let (Some(a), Some(b)) = (hashes[one], hashes[other])
                && (a ^ b).count_ones() <= CLOSE
            {
                sets.join(one, other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scene of soft blobs, drawn at `width` x `height`, `brighter` by some levels.
    fn scene(seed: u32, width: u32, height: u32, brighter: u8) -> Picture {
        let blob = |x: f32, y: f32, k: u32| {
            let place = |n: u32| ((seed * 31 + k * 17 + n) as f32 * 12.9898).sin().abs();
            let (dx, dy) = (x - place(1), y - place(2));
            (-(dx * dx + dy * dy) * (8.0 + 40.0 * place(3))).exp()
        };
        let rgb = (0..width * height).flat_map(|at| {
            let (x, y) = ((at % width) as f32 / width as f32, (at / width) as f32 / height as f32);
            let light: f32 = (0..6).map(|k| blob(x, y, k)).sum();
            [(light * 90.0).min(230.0) as u8 + brighter; 3]
        });
        Picture::new(width, height, rgb.collect()).expect("a picture")
    }

    #[test]
    fn size_and_light_change_a_hash_little_and_another_scene_much() {
        let mut hasher = Hasher::default();
        let plain = hasher.hash(&scene(1, 160, 120, 0));
        for (other, least, most) in [
            (scene(1, 160, 120, 0), 0, 0),
            (scene(1, 320, 240, 0), 0, CLOSE),
            (scene(1, 160, 120, 20), 0, CLOSE),
            (scene(2, 160, 120, 0), 12, 64),
            (scene(3, 160, 120, 0), 12, 64),
        ] {
            let bits = (plain ^ hasher.hash(&other)).count_ones();
            assert!((least..=most).contains(&bits), "{bits} bits, {other:?}");
        }
        assert_eq!(hasher.hash(&Picture::new(8, 8, vec![77; 192]).expect("a picture")), 0);
    }

    #[test]
    fn bands_find_what_comparing_all_finds() {
        let mut state = 7u64;
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state
        };
        let mut hashes: Vec<Option<u64>> = (0..200).map(|_| Some(draw())).collect();
        for k in 0..100 {
            let flipped = (0..k % 7).fold(hashes[k].unwrap_or(0), |hash, _| hash ^ 1 << (draw() >> 58));
            hashes.push(Some(flipped));
        }
        hashes.extend([None, None, Some(0), Some(0)]);
        let (mut quick, mut naive) = (Sets::new(hashes.len()), Sets::new(hashes.len()));
        join_alike(&hashes, &mut quick);
        for (i, a) in hashes.iter().enumerate() {
            for (j, b) in hashes.iter().enumerate().skip(i + 1) {
                if let (Some(a), Some(b)) = (a, b)
                    && *a != 0
                    && *b != 0
                    && (a ^ b).count_ones() <= CLOSE
                {
                    naive.join(i, j);
                }
            }
        }
        for k in 0..hashes.len() {
            assert_eq!(quick.find(k), naive.find(k), "hash {k}");
        }
        assert!((0..200).filter(|&k| quick.find(200 + k % 100) != 200 + k % 100).count() > 100, "nothing was joined");
    }
}
