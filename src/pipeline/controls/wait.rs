//! Waiting for several files at once, with an end.

use std::{
    os::fd::{AsRawFd, BorrowedFd},
    time::Duration,
};

/// Waits at most `patience` until any of `files` can be read, or has nothing more to give; which of them can.
pub(super) fn readable(files: &[BorrowedFd<'_>], patience: Duration) -> Vec<bool> {
    let entry = |file: &BorrowedFd<'_>| libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut entries: Vec<_> = files.iter().map(entry).collect();
    let (count, milliseconds) = (entries.len() as libc::nfds_t, patience.as_millis().min(60_000) as libc::c_int);
    // SAFETY: `entries` holds `count` entries, and lives through the call.
    let ready = unsafe { libc::poll(entries.as_mut_ptr(), count, milliseconds) };
    entries.iter().map(|entry| ready > 0 && entry.revents != 0).collect()
}
