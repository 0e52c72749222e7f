//! A disk that is soon full.

use std::{path::Path, process::Command};

/// A disk of 64 KB, gone with its value.
pub struct SmallDisk<'a>(pub &'a Path);

impl<'a> SmallDisk<'a> {
    /// `None`, said so, where this user may mount nothing.
    pub fn mount(at: &'a Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(at).output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Self(at));
        }
        eprintln!("skipped: mounting a small disk needs root");
        None
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0).status().ok();
    }
}
