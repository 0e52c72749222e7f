//! Preprocessing against Pillow's: the vectors are made by `tests/data/encoder/make.py`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use streetscape::{
    bundle::{Filter, Fit, Preprocessing},
    encoder::Preprocessor,
    observation::View,
};

#[path = "common/picture.rs"]
mod picture;
use picture::picture;

const SIZE: u32 = 24;

#[test]
fn every_pixel_is_within_two_of_pillows() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/encoder/preprocess.npy");
    let want: Vec<u8> = npyz::NpyFile::new(&std::fs::read(file).unwrap()[..]).unwrap().into_vec().unwrap();
    let mut want = want.chunks((3 * SIZE * SIZE) as usize);
    let mut worst = 0.0_f32;
    for filter in [Filter::Bicubic, Filter::Bilinear] {
        for (width, height) in [(100, 67), (67, 100), (64, 48), (24, 24), (13, 9), (240, 31)] {
            for fit in [Fit::Crop, Fit::Squash] {
                // Mean 0 and deviation 1/255 give the pixels back.
                let image = Preprocessing { size: SIZE, fit, filter, mean: [0.0; 3], std: [1.0 / 255.0; 3] };
                let mut preprocessor = Preprocessor::new(&image);
                let mut found = vec![0.0; preprocessor.floats()];
                preprocessor.fill(&picture(width, height), View::Full, &mut found).unwrap();
                let want = want.next().expect("a vector for each case");
                let furthest = found.iter().zip(want).map(|(f, w)| (f - f32::from(*w)).abs()).fold(0.0, f32::max);
                assert!(furthest < 2.01, "{filter:?}, {fit:?} of {width} x {height}: {furthest} of 255 apart");
                worst = worst.max(furthest);
            }
        }
    }
    assert!(want.next().is_none());
    println!("furthest from Pillow: {worst} of 255");
}
