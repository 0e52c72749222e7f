//! Finding a camera and setting it up.
//!
//! Owns names, permission and the choice of size and rate. nokhwa refuses a camera that was left at a fractional rate or in a format
//! that it doesn't know; on Linux the device is therefore set up first, straight through V4L2.

use std::sync::mpsc;
use std::time::Duration;

use nokhwa::{
    Camera, NokhwaError,
    utils::{ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution},
};

use super::pixels::FORMATS;
use crate::capture::CaptureError;

/// What is asked for, best first: enough for five views of 224 pixels, and what every webcam has.
const SIZES: [(u32, u32); 2] = [(1280, 720), (640, 480)];
/// Pictures a second, best first. More than the encoder takes, so that the newest is fresh.
const RATES: [u32; 5] = [30, 25, 20, 15, 10];
/// How long a person may take to answer the system's question for permission (macOS).
const ANSWER: Duration = Duration::from_secs(60);

/// A camera that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraName {
    /// Its number: N of `/dev/videoN`.
    pub index: u32,
    /// As its maker calls it.
    pub name: String,
}

impl std::fmt::Display for CameraName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if cfg!(target_os = "linux") { "/dev/video" } else { "camera " };
        write!(f, "{} ({place}{})", self.name, self.index)
    }
}

/// The cameras that are there, in the order of their numbers. On Linux a camera's nodes that give no pictures are left out.
pub fn list_cameras() -> Vec<CameraName> {
    let found = nokhwa::query(ApiBackend::Auto).unwrap_or_default();
    let mut cameras: Vec<CameraName> = found
        .iter()
        .filter_map(|info| Some(CameraName { index: info.index().as_index().ok()?, name: info.human_name() }))
        .filter(|camera| gives_pictures(camera.index))
        .collect();
    cameras.sort_by_key(|camera| camera.index);
    cameras
}

/// Opens the camera that `id` means, its stream running; its name comes with it.
pub(super) fn open(id: Option<&str>) -> Result<(String, Camera), CaptureError> {
    let there = list_cameras();
    let Some(id) = id else {
        let mut failed = None;
        for camera in &there {
            match start(camera) {
                Ok(device) => return Ok((camera.to_string(), device)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        return Err(failed.unwrap_or(CaptureError::NoCamera { wanted: None, there: Vec::new() }));
    };
    let camera = find(id, &there).ok_or_else(|| CaptureError::NoCamera {
        wanted: Some(id.to_owned()),
        there: there.iter().map(ToString::to_string).collect(),
    })?;
    Ok((camera.to_string(), start(camera)?))
}

/// By number, by path (also one of `/dev/v4l/by-id/`, which stays when the number changes), or by a part of the name.
fn find<'a>(id: &str, there: &'a [CameraName]) -> Option<&'a CameraName> {
    let path = std::fs::canonicalize(id).map_or_else(|_| id.to_owned(), |path| path.display().to_string());
    let number: Option<u32> = path.strip_prefix("/dev/video").unwrap_or(id).parse().ok();
    match number {
        Some(number) => there.iter().find(|camera| camera.index == number),
        None => there.iter().find(|camera| camera.name.to_lowercase().contains(&id.to_lowercase())),
    }
}

fn start(camera: &CameraName) -> Result<Camera, CaptureError> {
    let name = camera.to_string();
    let (answer, answered) = mpsc::channel();
    // Asks the walker where the system wants it asked (macOS); elsewhere it answers yes at once.
    nokhwa::nokhwa_initialize(move |granted| {
        answer.send(granted).ok();
    });
    if !answered.recv_timeout(ANSWER).unwrap_or(false) {
        return Err(CaptureError::CameraDenied { camera: name });
    }
    let mut failed = CaptureError::CameraLost {
        camera: name.clone(),
        problem: "it offers none of MJPEG, NV12, YUYV, RGB, BGR, grey at a whole rate".to_owned(),
    };
    for wish in wishes(camera.index).map_err(|error| told(&name, &error))? {
        let request = RequestedFormat::with_formats(wish, &FORMATS);
        let opened = Camera::new(CameraIndex::Index(camera.index), request);
        match opened.and_then(|mut device| device.open_stream().map(|()| device)) {
            Ok(device) => return Ok(device),
            Err(error) => failed = refused(&name, &error),
        }
    }
    Err(failed)
}

/// nokhwa hands the system's words on, not its numbers.
fn refused(camera: &str, error: &NokhwaError) -> CaptureError {
    let (camera, problem) = (camera.to_owned(), error.to_string());
    if problem.contains("os error 16") || problem.contains("busy") {
        CaptureError::CameraBusy { camera }
    } else if problem.contains("ermission denied") {
        CaptureError::CameraDenied { camera }
    } else {
        CaptureError::CameraLost { camera, problem }
    }
}

fn told(camera: &str, error: &std::io::Error) -> CaptureError {
    let camera = camera.to_owned();
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => CaptureError::CameraDenied { camera },
        std::io::ErrorKind::ResourceBusy => CaptureError::CameraBusy { camera },
        _ => CaptureError::CameraLost { camera, problem: error.to_string() },
    }
}

#[cfg(target_os = "linux")]
use v4l2::{gives_pictures, wishes};

#[cfg(target_os = "linux")]
mod v4l2 {
    use std::io;

    use v4l::{Device, Format, FourCC, capability::Flags, video::Capture, video::capture::Parameters};

    use super::*;

    pub(super) fn gives_pictures(index: u32) -> bool {
        // One that may not be opened is listed, so that its missing permission is told of.
        match Device::new(index as usize).and_then(|device| device.query_caps()) {
            Ok(there) => there.capabilities.contains(Flags::VIDEO_CAPTURE),
            Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
        }
    }

    /// Sets the device up and gives what it is set to: one wish that nokhwa finds fulfilled, or none.
    pub(super) fn wishes(index: u32) -> io::Result<Vec<RequestedFormatType>> {
        let device = Device::new(index as usize)?;
        let offered = device.enum_formats()?;
        let offered: Vec<_> =
            FORMATS.into_iter().filter(|format| offered.iter().any(|offer| offer.fourcc == fourcc(*format))).collect();
        let mut set = None;
        for (size, format) in SIZES.into_iter().flat_map(|size| offered.iter().map(move |&format| (size, format))) {
            // The driver takes the nearest that it has.
            let got = device.set_format(&Format::new(size.0, size.1, fourcc(format)))?;
            if got.fourcc == fourcc(format) {
                set = Some((got.width, got.height, format));
                if (got.width, got.height) == size {
                    break;
                }
            }
        }
        let Some((width, height, format)) = set else { return Ok(Vec::new()) };
        for rate in RATES {
            let interval = device.set_params(&Parameters::with_fps(rate))?.interval;
            if interval.numerator == 1 {
                let set = CameraFormat::new(Resolution::new(width, height), format, interval.denominator);
                return Ok(vec![RequestedFormatType::Exact(set)]);
            }
        }
        Ok(Vec::new())
    }

    fn fourcc(format: FrameFormat) -> FourCC {
        FourCC::new(match format {
            FrameFormat::MJPEG => b"MJPG",
            FrameFormat::NV12 => b"NV12",
            FrameFormat::YUYV => b"YUYV",
            FrameFormat::RAWRGB => b"RGB3",
            FrameFormat::RAWBGR => b"BGR3",
            FrameFormat::GRAY => b"GRAY",
        })
    }
}

#[cfg(not(target_os = "linux"))]
fn gives_pictures(_index: u32) -> bool {
    true
}

#[cfg(not(target_os = "linux"))]
fn wishes(_index: u32) -> std::io::Result<Vec<RequestedFormatType>> {
    let wish = |(width, height), format| {
        RequestedFormatType::Closest(CameraFormat::new(Resolution::new(width, height), format, RATES[0]))
    };
    Ok(SIZES.into_iter().flat_map(|size| FORMATS.map(|format| wish(size, format))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_found_by_number_path_or_name() {
        let camera = |index, name: &str| CameraName { index, name: name.to_owned() };
        let there = [camera(0, "Integrated Camera"), camera(2, "HD Webcam C270")];
        for (id, want) in [
            ("2", Some(2)),
            ("/dev/video2", Some(2)),
            ("/dev/video1", None),
            ("7", None),
            ("webcam", Some(2)),
            ("integrated camera", Some(0)),
            ("door bell", None),
        ] {
            assert_eq!(find(id, &there).map(|camera| camera.index), want, "{id}");
        }
    }

    #[test]
    fn what_the_system_says_becomes_a_mend() {
        let lost = |words: &str| refused("Cam", &NokhwaError::OpenDeviceError("0".into(), words.into())).to_string();
        assert!(lost("V4L2 Error: Permission denied (os error 13)").contains("join the group"), "denied");
        assert!(lost("V4L2 Error: Device or resource busy (os error 16)").contains("in use"), "busy");
        assert!(lost("V4L2 Error: No such device (os error 19)").contains("plug it in again"), "gone");
    }
}
