//! A run that is killed at any moment and started again makes the same data set, and leaves no half shard on the way.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use streetscape::{capture::jpeg, frame::Picture};
use tempfile::TempDir;

const PHOTOS: u64 = 3000;
const KILLS: u32 = 10;

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Photos of random blocks, one in fifty of them damaged.
fn photos(dir: &Path) {
    let mut state = 3;
    for number in 0..PHOTOS {
        let blocks: Vec<u8> = (0..16).map(|_| random(&mut state) as u8).collect();
        let rgb = (0..256).flat_map(|at| [blocks[at / 64 * 4 + at % 16 / 4]; 3]).collect();
        let mut bytes = jpeg::encode(&Picture::new(16, 16, rgb).unwrap()).unwrap();
        bytes.truncate(if number % 50 == 7 { 100 } else { usize::MAX });
        fs::write(dir.join(format!("bus_{number}.jpg")), bytes).unwrap();
    }
}

fn start(photos: &Path, out: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_streetscape-train"))
        .args(["--quiet", "pairs", "import", "file-name", "--source", "test", "--per-shard", "100"])
        .arg(photos)
        .arg("--out")
        .arg(out)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// Every file of a folder; the manifest without the command, which names the folder.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if path.ends_with("manifest.json") {
            let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            manifest.as_object_mut().unwrap().remove("command");
            bytes = manifest.to_string().into_bytes();
        }
        (path.file_name().unwrap().to_string_lossy().into_owned(), bytes)
    };
    fs::read_dir(dir).unwrap().map(read).collect()
}

/// A shard that bears its name is whole: a tar of as many photos as records.
fn check_shards(dir: &Path) -> usize {
    let shards = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    let shards: Vec<_> = shards.filter(|path| path.extension().is_some_and(|ending| ending == "tar")).collect();
    for shard in &shards {
        let mut counts = BTreeMap::new();
        for entry in tar::Archive::new(File::open(shard).unwrap()).entries().unwrap() {
            let path = entry.unwrap().path().unwrap().into_owned();
            *counts.entry(path.extension().unwrap().to_owned()).or_insert(0) += 1;
        }
        let counts: Vec<i32> = counts.into_values().collect();
        assert!(counts.len() == 3 && counts.iter().all(|count| *count == counts[0]), "{}: {counts:?}", shard.display());
    }
    shards.len()
}

#[test]
fn a_run_that_is_killed_again_and_again_makes_the_same_shards() {
    let dir = TempDir::new().unwrap();
    let (from, whole, killed) = (dir.path().join("photos"), dir.path().join("whole"), dir.path().join("killed"));
    fs::create_dir(&from).unwrap();
    photos(&from);
    let began = Instant::now();
    assert!(start(&from, &whole).wait().unwrap().success());
    let takes = began.elapsed();

    let (mut state, mut kills, mut seen) = (11, 0, Vec::new());
    while kills < KILLS {
        let mut run = start(&from, &killed);
        // Often early, for each run is shorter than the one before it.
        let share = f64::from(random(&mut state) as u32 % 1000) / 1000.0;
        sleep(Duration::from_millis(30) + takes.mul_f64(share * 0.5));
        let ended = run.try_wait().unwrap();
        run.kill().ok();
        run.wait().unwrap();
        seen.push(check_shards(&killed));
        kills += 1;
        if let Some(ended) = ended {
            // It came through: what is left of the kills falls on a data set made anew.
            assert!(ended.success());
            assert!(contents(&killed) == contents(&whole), "another data set after {seen:?} shards");
            fs::remove_dir_all(&killed).unwrap();
        }
    }
    assert!(start(&from, &killed).wait().unwrap().success());
    let (want, found) = (contents(&whole), contents(&killed));
    assert_eq!(found.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    for (name, bytes) in &want {
        assert!(found[name] == *bytes, "{name} is another after kills at {seen:?} shards");
    }
    assert_eq!(csv::Reader::from_path(killed.join("skipped.csv")).unwrap().records().count(), PHOTOS as usize / 50);
}
