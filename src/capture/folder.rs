//! Pictures that lie on the disk as frames of a walk: a plain folder at a steady rate, a recorded walk at its own moments.

use std::path::{Path, PathBuf};

use super::{CaptureError, FrameSource, Next, decode, photos};
use crate::{
    frame::{Frame, Timestamp},
    walk::{Walk, WalkFrame},
};

/// A folder of pictures, in the order of their names.
#[derive(Debug)]
pub struct FolderSource(Pictures);

impl FolderSource {
    /// Shows the pictures of `dir`, `fps` of them a second.
    pub fn open(dir: &Path, fps: f64) -> Result<Self, CaptureError> {
        let moment = |(index, file): (usize, PathBuf)| (Timestamp::from_seconds(index as f64 / fps), file);
        Ok(Self(Pictures::new(photos::folder(dir)?.into_iter().enumerate().map(moment))))
    }
}

impl FrameSource for FolderSource {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        self.0.read(frame)
    }
}

/// A recorded walk.
#[derive(Debug)]
pub struct WalkSource(Pictures);

impl WalkSource {
    /// Shows the frames of `walk` at the moments when they were recorded.
    pub fn new(walk: Walk) -> Self {
        Self(Pictures::new(walk.frames.into_iter().map(|WalkFrame { at, file }| (at, file))))
    }
}

impl FrameSource for WalkSource {
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        self.0.read(frame)
    }
}

/// Files and their moments. One that is missing or damaged is an error in its place; the next call gives the next one.
#[derive(Debug)]
struct Pictures {
    files: std::vec::IntoIter<(Timestamp, PathBuf)>,
    bytes: Vec<u8>,
}

impl Pictures {
    fn new(files: impl Iterator<Item = (Timestamp, PathBuf)>) -> Self {
        Self { files: files.collect::<Vec<_>>().into_iter(), bytes: Vec::new() }
    }

    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError> {
        let Some((at, file)) = self.files.next() else { return Ok(Next::End) };
        frame.at = at;
        frame.jpeg = None;
        decode::read(&file, &mut self.bytes)?;
        decode::decode(&file.display().to_string(), &self.bytes, &mut frame.picture)?;
        Ok(Next::Frame)
    }
}
