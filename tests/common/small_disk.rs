//! A disk that is soon full.

use std::{path::Path, process::Command};

/// A small disk, gone with its value.
pub struct SmallDisk<'a>(pub &'a Path);

impl<'a> SmallDisk<'a> {
    /// One of `size`, as `mount` writes it: `64k`. `None`, said so, where this user may mount nothing.
    pub fn mount(at: &'a Path, size: &str) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(at).output();
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
