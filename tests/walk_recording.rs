//! A recording on a disk that fills up.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{path::Path, process::Command};

use streetscape::{
    frame::Timestamp,
    walk::{About, Walk, WalkError, WalkWriter},
};

/// A disk of 64 KB, gone with its value.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(at).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0).status().ok();
    }
}

#[test]
fn a_full_disk_ends_the_recording_and_leaves_a_walk() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let Some(disk) = SmallDisk::mount(dir.path()) else {
        eprintln!("skipped: mounting a small disk needs root");
        return;
    };
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
