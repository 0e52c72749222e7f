//! What becomes of memory that was given back.

/// Has the process keep what it frees, where its allocator is glibc's: each layer's tensors are freed and asked for again at once, and
/// pages that the kernel takes back and clears in between cost a step of the default pair a fifth of its time.
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: both only set a number of the allocator's; -1 is its own word for never (mallopt(3)).
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, -1);
    }
}
