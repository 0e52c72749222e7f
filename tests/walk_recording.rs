//! A recording on a disk that fills up.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used)]

use streetscape::{
    frame::Timestamp,
    walk::{About, Walk, WalkError, WalkWriter},
};

#[path = "common/small_disk.rs"]
mod small_disk;

use small_disk::SmallDisk;

#[test]
fn a_full_disk_ends_the_recording_and_leaves_a_walk() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let Some(disk) = SmallDisk::mount(dir.path(), "64k") else { return };
    let at = |k: u64| Timestamp::from_seconds(k as f64 / 5.0);
    let mut writer = WalkWriter::create(&disk.0.join("walk"), &About::default()).expect("a new walk");
    let error = (0..20).find_map(|k| writer.write(at(k), &[k as u8; 6000]).err()).expect("the disk is full");
    let frames = writer.frames();
    assert!((3..12).contains(&frames), "{frames} frames");
    let WalkError::Write { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
    let want = format!("the recording ends here with {frames} frames: free some space or record to another disk");
    assert!(error.to_string().contains(&want), "{error}");

    let walk = Walk::open(&disk.0.join("walk")).expect("a walk");
    assert_eq!(walk.frames.len() as u64, frames);
    for (k, frame) in walk.frames.iter().enumerate() {
        assert_eq!(std::fs::read(&frame.file).expect("its picture"), [k as u8; 6000]);
    }
    // With space again it goes on.
    std::fs::remove_file(&walk.frames[0].file).expect("removed");
    writer.write(at(50), b"small").expect("written");
    assert_eq!(Walk::open(&disk.0.join("walk")).expect("a walk").frames.len() as u64, frames + 1);
}
