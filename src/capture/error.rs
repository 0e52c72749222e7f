//! What can fail between the world and a picture.

use std::{fmt, io, path::Path};

use thiserror::Error;

use crate::{fault::Recovery, walk::WalkError};

/// Why there is no picture. Every message names the file or device, the place and the mend.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// A file can't be read.
    #[error("{file}: {source}; {}", mend(source))]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file without a byte.
    #[error("{file}: the file is empty; copy it again from where it came")]
    Empty {
        /// The file.
        file: String,
    },
    /// Its bytes are those of something else, whatever its name says.
    #[error("{file}: not a picture, though it may be named like one; JPEG, PNG, WebP, GIF, TIFF, BMP and PNM are read")]
    NotAPicture {
        /// The file.
        file: String,
    },
    /// A part of the picture is missing at its end.
    #[error("{file}: ends early, so that a part of the picture is missing; copy it again from where it came")]
    EndsEarly {
        /// The file.
        file: String,
    },
    /// More pixels than a photo has: a damaged header or an attack on the memory.
    #[error(
        "{file}: its header claims {width} x {height} pixels, and {} megapixels are the most that is read; make it smaller, \
         or copy it again if that can't be true",
        super::decode::MOST_PIXELS / 1_000_000
    )]
    TooLarge {
        /// The file.
        file: String,
        /// The width that it claims.
        width: u64,
        /// The height that it claims.
        height: u64,
    },
    /// A picture, and not one that can be decoded.
    #[error("{file}: damaged or of a rare kind: {problem}; copy it again, or save it anew as plain JPEG or PNG")]
    Damaged {
        /// The file.
        file: String,
        /// What the decoder said.
        problem: String,
    },
    /// A picture that has no form as JPEG.
    #[error("a picture of {width} x {height} pixels can't be kept as JPEG: {problem}")]
    Encode {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// What the encoder said.
        problem: String,
    },
    /// A folder or a tar without pictures.
    #[error("{place}: there are no pictures inside; name a folder or a tar that holds JPEG, PNG or WebP files")]
    NoPictures {
        /// The folder or tar.
        place: String,
    },
    /// A tar that can't be read to its end.
    #[error("{file}: the tar is damaged or ends early: {problem}; pictures beyond that place are missing: copy it again")]
    Tar {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// Neither a walk, nor a video, nor a folder of pictures.
    #[error("{path}: {problem}; name a recorded walk (a folder with walk.toml), a video or a folder of pictures")]
    NoSource {
        /// What was named.
        path: String,
        /// What it is instead.
        problem: String,
    },
    /// A rate that no source can have.
    #[error("--fps {fps}: between 0.01 and 240 pictures a second are meant")]
    Rate {
        /// What was asked for.
        fps: f64,
    },
    /// The program that reads videos is not there.
    #[error("{file}: {program} is needed to read videos and did not start: {source}; install ffmpeg (apt install ffmpeg)")]
    NoFfmpeg {
        /// The video.
        file: String,
        /// `ffmpeg` or `ffprobe`.
        program: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A video that stops before its end; what lay before was shown.
    #[error("{file}: the video breaks off at {at:.1} s: {problem}; copy it again from where it came")]
    Broken {
        /// The video.
        file: String,
        /// Where the pictures end, in seconds.
        at: f64,
        /// What ffmpeg said last.
        problem: String,
    },
    /// A recorded walk is wrong.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// No such camera, or none at all.
    #[error("{}", no_camera(wanted.as_deref(), there))]
    NoCamera {
        /// What was asked for.
        wanted: Option<String>,
        /// The cameras that are there.
        there: Vec<String>,
    },
    /// The system keeps this program from the camera.
    #[error(
        "{camera}: no permission to use this camera; join the group `video` (sudo usermod -aG video $USER) and log in again, \
         or allow it in the system's privacy settings"
    )]
    CameraDenied {
        /// The camera.
        camera: String,
    },
    /// Somebody else uses it.
    #[error("{camera}: in use; close other programs that use it, or plug it in anew where none does: its driver hangs")]
    CameraBusy {
        /// The camera.
        camera: String,
    },
    /// The camera was unplugged, or never worked.
    #[error("{camera}: the camera is gone or does not work: {problem}; plug it in again")]
    CameraLost {
        /// The camera.
        camera: String,
        /// What the system said.
        problem: String,
    },
    /// The camera is there and gives nothing.
    #[error("{camera}: no picture for {seconds} s; check its cable, or plug it in again")]
    CameraSilent {
        /// The camera.
        camera: String,
        /// How long was waited.
        seconds: u64,
    },
}

impl CaptureError {
    /// What the loop may do about it. A picture that can't be read leaves the next one to be read; a camera may come back.
    pub fn recovery(&self) -> Recovery {
        match self {
            CaptureError::File { .. }
            | CaptureError::Empty { .. }
            | CaptureError::NotAPicture { .. }
            | CaptureError::EndsEarly { .. }
            | CaptureError::TooLarge { .. }
            | CaptureError::Damaged { .. }
            | CaptureError::Encode { .. } => Recovery::Retry,
            CaptureError::NoCamera { .. }
            | CaptureError::CameraDenied { .. }
            | CaptureError::CameraBusy { .. }
            | CaptureError::CameraLost { .. }
            | CaptureError::CameraSilent { .. } => Recovery::Rebuild,
            CaptureError::NoPictures { .. }
            | CaptureError::Tar { .. }
            | CaptureError::NoSource { .. }
            | CaptureError::Rate { .. }
            | CaptureError::NoFfmpeg { .. }
            | CaptureError::Broken { .. }
            | CaptureError::Walk(_) => Recovery::Fatal,
        }
    }

    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { file: path.display().to_string(), source }
    }

    pub(super) fn damaged(file: &str, problem: impl fmt::Display) -> Self {
        Self::Damaged { file: file.to_owned(), problem: problem.to_string() }
    }
}

fn mend(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "check the name",
        io::ErrorKind::PermissionDenied => "give yourself leave to read it",
        _ => "see that its disk is there and whole",
    }
}

fn no_camera(wanted: Option<&str>, there: &[String]) -> String {
    match (wanted, there) {
        (None, _) | (Some(_), []) => "no camera is there; plug one in".to_owned(),
        (Some(wanted), there) => format!("{wanted}: no such camera; name one of {}", there.join(", ")),
    }
}
