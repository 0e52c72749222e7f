//! Gathering photos with maps into shards on all cores, against decoding the same photos and maps alone: how much of decoding's
//! throughput is left when hashing, describing and writing go on beside it.
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;

use std::{fs, path::Path, time::Duration};

use measure::{medians, photo};
use rayon::prelude::*;
use streetscape::{
    capture::{self, maps},
    frame::Picture,
    training::{
        pairs::{
            Collection, Settings, Shares, gather,
            import::{MaskFormat, Photos},
            segments::Segments,
        },
        progress::Show,
    },
};

const PHOTOS: usize = 400;
const ROUNDS: usize = 5;
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// A map as a street has: sky, houses, road and pavement, and thirty things that stand about.
fn map(seed: usize) -> Vec<u8> {
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let mut things = vec![44; width * height];
    let mut fill = |id: u8, left: usize, top: usize, right: usize, bottom: usize| {
        for row in things.chunks_mut(width).take(bottom.min(height)).skip(top) {
            row[left.min(width)..right.min(width)].fill(id);
        }
    };
    fill(20, 0, height / 5, width / 3, height / 2);
    fill(42, 2 * width / 3, height / 6, width, height / 2);
    fill(1, 0, height / 2, width, height);
    fill(2, 0, height / 2, width / 4, height);
    for k in 0..30 {
        let place = |step: usize, below: usize| (seed * 131 + k * step) % below;
        let (left, top) = (place(347, width), height / 3 + place(211, height / 2));
        fill([29, 45, 48, 32, 53][k % 5], left, top, left + 10 + place(17, 80), top + 20 + place(29, 90));
    }
    maps::write_map("map", width, height, &things).expect("a map")
}

fn rate(time: Duration) -> f64 {
    PHOTOS as f64 / time.as_secs_f64()
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (photos, masks) = (folder.path().join("photos"), folder.path().join("masks"));
    for dir in [&photos, &masks] {
        fs::create_dir(dir).expect("a folder");
    }
    let frames = measure::frames();
    for i in 0..PHOTOS {
        fs::write(photos.join(format!("{i:04}.jpg")), photo(&frames[i % frames.len()], WIDTH, HEIGHT)).expect("room");
        fs::write(masks.join(format!("{i:04}.png")), map(i)).expect("room");
    }
    let collection = Photos::open(&photos).and_then(|photos| photos.with_masks(&masks, MaskFormat::Street)).expect("photos");
    let segments = Segments::shipped().expect("the tables");
    let settings =
        Settings { source: "bench".to_owned(), licence: None, shares: Shares::default(), per_shard: 100, seed: 1, blur: false };
    let mut run = 0;
    let times = medians(
        ROUNDS,
        &mut [
            (
                "decoding alone",
                Box::new(|| {
                    (0..PHOTOS).into_par_iter().for_each_init(Picture::default, |picture, entry| {
                        capture::decode("photo", &collection.photo(entry).expect("a photo"), picture).expect("a picture");
                        let map = fs::read(masks.join(format!("{entry:04}.png"))).expect("a map");
                        maps::read_map("map", &map).expect("a map");
                    });
                }),
            ),
            (
                "gather",
                Box::new(|| {
                    run += 1;
                    let out = Path::new(folder.path()).join(format!("out{run}"));
                    let made = gather(&collection, &segments, &out, &settings, "bench", Show::Nothing).expect("a data set");
                    assert_eq!(made.photos.values().sum::<usize>(), PHOTOS);
                    fs::remove_dir_all(out).expect("an end");
                }),
            ),
        ],
    );
    let [alone, whole] = times[..] else { unreachable!("two parts") };
    println!("{PHOTOS} photos of {WIDTH} x {HEIGHT} with maps, median of {ROUNDS} interleaved rounds");
    println!("decoding alone {:.0} photos/s, gathering {:.0} photos/s", rate(alone), rate(whole));
    println!("gathering: {:.3} x decoding's throughput", alone.as_secs_f64() / whole.as_secs_f64());
}
