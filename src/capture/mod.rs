//! Pictures from the world: camera, video, folder of images, recorded walk, single photo.
//!
//! Owns every decoder and every camera. Leaves resizing for the model to `encoder`, threads to `pipeline`: the two exceptions,
//! a camera's drain and the reader of ffmpeg's messages, belong to their sources and end with them.

use std::path::Path;

use crate::{frame::Frame, walk::Walk};

mod camera;
mod decode;
mod error;
mod folder;
pub mod jpeg;
pub mod maps;
mod photos;
mod video;

pub use camera::{CameraName, CameraSource, list_cameras};
pub use decode::{MOST_PIXELS, decode};
pub use error::CaptureError;
pub use folder::{FolderSource, WalkSource};
pub use photos::{Photo, Photos};
pub use video::VideoSource;

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

/// Opens what was recorded: a folder with `walk.toml`, a folder of pictures, or a video. `fps` samples the latter two; a walk has
/// its own moments.
pub fn open(path: &Path, fps: f64) -> Result<Box<dyn FrameSource>, CaptureError> {
    if !(0.01..=240.0).contains(&fps) {
        return Err(CaptureError::Rate { fps });
    }
    let found = std::fs::metadata(path).map_err(|source| CaptureError::file(path, source))?;
    Ok(if Walk::is_at(path) {
        Box::new(WalkSource::new(Walk::open(path)?))
    } else if found.is_dir() {
        Box::new(FolderSource::open(path, fps)?)
    } else {
        Box::new(VideoSource::open(path, fps)?)
    })
}
