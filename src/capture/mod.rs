//! Pictures from the world: camera, video, folder of images, recorded walk, single photo.
//!
//! Owns every decoder and every camera. Leaves resizing for the model to `encoder`, threads to `pipeline`.

use crate::frame::Frame;

mod error;

pub use error::CaptureError;

/// What a source gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The frame was filled.
    Frame,
    /// There is no further one.
    End,
}

/// A camera, a video, a folder: frames in the order of their time.
pub trait FrameSource: Send {
    /// Fills `frame` with the next picture, its buffers used again. A camera waits for a picture that is newer than the last,
    /// and gives [`CaptureError`] with [`crate::fault::Recovery::Rebuild`] where none comes in time.
    fn read(&mut self, frame: &mut Frame) -> Result<Next, CaptureError>;
}
