//! The ways in which a walker asks: the terminal's keyboard, `streetscape ctl`, a headset's buttons.
//!
//! Owns the threads that listen, and what each key, line and gesture means. Leaves what is done about it to the live loop, and the
//! answer to `telling`. A way that fails is told to stderr and takes none of the others with it.

use std::sync::mpsc::SyncSender;

use crate::control::Asked;

#[cfg(target_os = "linux")]
pub mod buttons;
#[cfg(target_os = "linux")]
mod gestures;
#[cfg(unix)]
pub mod keyboard;
#[cfg(unix)]
mod keys;
#[cfg(unix)]
pub mod socket;
#[cfg(unix)]
mod wait;

/// A wish on its way to the walker's thread.
#[derive(Debug)]
pub struct Request {
    /// What for.
    pub asked: Asked,
    /// Where the words of the answer go, if anyone wants to read them.
    pub reply: Option<SyncSender<String>>,
}
