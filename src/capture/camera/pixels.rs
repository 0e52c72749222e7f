//! From what a camera gives to RGB.
//!
//! Owns what belongs to which format. The arithmetic is nokhwa's (YUV after BT.601, as webcams have it); JPEG goes the way of every JPEG.

use std::sync::Arc;

use nokhwa::utils::{FrameFormat, Resolution, buf_bgr_to_rgb, buf_nv12_to_rgb, yuyv444_to_rgb};

use crate::{
    capture::{CaptureError, decode, jpeg},
    frame::{Frame, Picture},
};

/// The formats that can be read, best first: MJPEG asks least of the cable and is kept unchanged by a recording.
pub(super) const FORMATS: [FrameFormat; 6] =
    [FrameFormat::MJPEG, FrameFormat::NV12, FrameFormat::YUYV, FrameFormat::RAWRGB, FrameFormat::RAWBGR, FrameFormat::GRAY];

/// Fills `frame` with `raw`, a picture of `size` in `format`. A driver's buffer may be longer than its picture.
pub(super) fn unpack(
    camera: &str,
    format: FrameFormat,
    size: Resolution,
    raw: &[u8],
    frame: &mut Frame,
) -> Result<(), CaptureError> {
    frame.jpeg = None;
    if format == FrameFormat::MJPEG {
        // Behind the end lies what an older and longer picture left in the buffer.
        let raw = jpeg::end(raw).map_or(raw, |end| &raw[..end]);
        decode::decode(camera, raw, &mut frame.picture)?;
        frame.jpeg = Some(Arc::from(raw));
        return Ok(());
    }
    let (width, height) = (size.width(), size.height());
    let pixels = width as usize * height as usize;
    let length = match format {
        FrameFormat::YUYV => pixels * 2,
        FrameFormat::NV12 => pixels * 3 / 2,
        FrameFormat::GRAY => pixels,
        _ => pixels * 3,
    };
    let short = || CaptureError::damaged(camera, format!("{} bytes for {width} x {height} pixels as {format}", raw.len()));
    let raw = raw.get(..length).ok_or_else(short)?;
    let mut rgb = std::mem::take(&mut frame.picture).into_rgb();
    rgb.resize(pixels * 3, 0);
    let done = match format {
        FrameFormat::YUYV => {
            // nokhwa's own loop over the picture takes twice as long.
            for (to, &[y0, u, y1, v]) in rgb.as_chunks_mut::<6>().0.iter_mut().zip(raw.as_chunks::<4>().0) {
                let pixel = |y| yuyv444_to_rgb(i32::from(y), i32::from(u), i32::from(v));
                let (left, right) = to.split_at_mut(3);
                left.copy_from_slice(&pixel(y0));
                right.copy_from_slice(&pixel(y1));
            }
            Ok(())
        }
        FrameFormat::NV12 => buf_nv12_to_rgb(size, raw, &mut rgb, false),
        FrameFormat::RAWBGR => buf_bgr_to_rgb(size, raw, &mut rgb),
        FrameFormat::GRAY => {
            rgb.chunks_exact_mut(3).zip(raw).for_each(|(to, &grey)| to.fill(grey));
            Ok(())
        }
        FrameFormat::RAWRGB | FrameFormat::MJPEG => {
            rgb.copy_from_slice(raw);
            Ok(())
        }
    };
    done.map_err(|error| CaptureError::damaged(camera, error))?;
    frame.picture = Picture::new(width, height, rgb).ok_or_else(short)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: [u8; 3] = [255, 0, 0];
    const WHITE: [u8; 3] = [255; 3];

    /// A picture of 2 x 2, its upper row red and white.
    #[track_caller]
    fn check(format: FrameFormat, raw: &[u8], want: [[u8; 3]; 2]) {
        let size = Resolution::new(2, 2);
        let mut frame = Frame::default();
        unpack("test", format, size, &[raw, &[9; 64]].concat(), &mut frame).expect("a picture");
        let got = &frame.picture.rgb()[..6];
        let near = got.iter().zip(want.as_flattened()).all(|(a, b)| a.abs_diff(*b) <= 2);
        assert!(near && frame.picture.rgb().len() == 12, "{format}: {got:?}");
        let error = unpack("test", format, size, &raw[1..], &mut frame).expect_err("a byte is missing").to_string();
        assert!(error.starts_with("test: "), "{error}");
    }

    #[test]
    fn every_raw_format_gives_its_colours() {
        // BT.601, limited range: red is (81, 90, 240), white (235, 128, 128).
        check(FrameFormat::YUYV, &[81, 90, 81, 240, 235, 128, 235, 128], [RED, RED]);
        check(FrameFormat::NV12, &[81, 81, 81, 81, 90, 240], [RED, RED]);
        check(FrameFormat::RAWRGB, &[RED, WHITE, WHITE, WHITE].concat(), [RED, WHITE]);
        check(FrameFormat::RAWBGR, &[[0, 0, 255], WHITE, WHITE, WHITE].concat(), [RED, WHITE]);
        check(FrameFormat::GRAY, &[7, 255, 0, 0], [[7; 3], WHITE]);
    }

    #[test]
    fn a_recording_keeps_the_jpeg_as_the_camera_gave_it() {
        let picture = Picture::new(16, 8, vec![120; 16 * 8 * 3]).expect("a picture");
        let given = jpeg::encode(&picture).expect("JPEG");
        let buffer = [&given[..], &[0xFF, 0xD9, 1, 2, 3]].concat();
        let mut frame = Frame::default();
        unpack("test", FrameFormat::MJPEG, Resolution::new(16, 8), &buffer, &mut frame).expect("a picture");
        assert_eq!(frame.jpeg.as_deref(), Some(&given[..]));
        assert_eq!((frame.picture.width(), frame.picture.height()), (16, 8));
    }
}
