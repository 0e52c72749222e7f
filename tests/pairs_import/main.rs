//! Each reader on its publisher's own layout, written here file by file, and on each kind of damage to it.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod captions;
mod categories;
mod masks;
#[path = "../common/tars.rs"]
mod tars;
mod tree;
mod webdataset;
