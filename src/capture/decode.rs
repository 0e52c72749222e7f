//! From a file's bytes to a picture.
//!
//! Owns telling formats apart (by content: a name proves nothing), the limit on size, orientation and transparency.

use std::{fs::File, io::Cursor, path::Path};

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage, metadata::Orientation};

use super::{CaptureError, jpeg};
use crate::frame::Picture;

/// The most pixels that a header may claim: what phones give at most, and 300 MB once decoded.
pub const MOST_PIXELS: u64 = 100_000_000;

/// Decodes one photo into `picture`, whose memory is used again; on an error it is left without pixels. `name` stands in messages.
///
/// Upright by its Exif orientation. Grey, palette, CMYK and 16-bit pictures become 8-bit RGB. What is transparent is shown over white,
/// as a page would. Of an animation the first picture is taken. A picture with a part missing is an error, never filled with grey.
pub fn decode(name: &str, bytes: &[u8], picture: &mut Picture) -> Result<(), CaptureError> {
    let mut rgb = std::mem::take(picture).into_rgb();
    if bytes.is_empty() {
        return Err(CaptureError::Empty { file: name.to_owned() });
    }
    let image = if jpeg::is_jpeg(bytes) {
        let (width, height, exif) = jpeg::unpack(name, bytes, &mut rgb)?;
        let orientation = exif.as_deref().and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms);
        let image = RgbImage::from_raw(width, height, rgb).ok_or_else(|| CaptureError::damaged(name, "no pixels"))?;
        upright(DynamicImage::ImageRgb8(image), orientation)
    } else {
        other(name, bytes)?
    };
    let (width, height) = (image.width(), image.height());
    *picture =
        Picture::new(width, height, image.into_rgb8().into_raw()).ok_or_else(|| CaptureError::damaged(name, "no pixels"))?;
    Ok(())
}

/// Reads a file into `bytes`, whose memory is used again.
pub(super) fn read(path: &Path, bytes: &mut Vec<u8>) -> Result<(), CaptureError> {
    use std::io::Read;
    bytes.clear();
    File::open(path).and_then(|mut file| file.read_to_end(bytes)).map(drop).map_err(|source| CaptureError::file(path, source))
}

/// Whether a file is meant as a picture: by its first bytes, or by its name, so that a damaged photo is told of and not passed over.
pub(super) fn is_picture(path: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::with_capacity(32);
    let read = File::open(path).and_then(|file| file.take(32).read_to_end(&mut head));
    let known = |format: ImageFormat| format.reading_enabled();
    read.is_ok() && image::guess_format(&head).is_ok_and(known) || ImageFormat::from_path(path).is_ok_and(known)
}

pub(super) fn check_size(name: &str, width: u64, height: u64) -> Result<(), CaptureError> {
    match width.checked_mul(height) {
        Some(pixels) if pixels <= MOST_PIXELS => Ok(()),
        _ => Err(CaptureError::TooLarge { file: name.to_owned(), width, height }),
    }
}

/// Every format but JPEG.
fn other(name: &str, bytes: &[u8]) -> Result<DynamicImage, CaptureError> {
    let format = image::guess_format(bytes).ok().filter(ImageFormat::reading_enabled);
    let format = format.ok_or_else(|| CaptureError::NotAPicture { file: name.to_owned() })?;
    let wrong = |error| wrong(name, error);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // The size is checked below, by pixels; this bounds what a decoder takes beside, at 16-bit RGBA.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_PIXELS * 8 + (64 << 20));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(wrong)?;
    let (width, height) = decoder.dimensions();
    check_size(name, width.into(), height.into())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    Ok(upright(over_white(image), orientation))
}

fn upright(mut image: DynamicImage, orientation: Orientation) -> DynamicImage {
    image.apply_orientation(orientation);
    image
}

fn over_white(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    // A fully transparent pixel may have any colour: dropping alpha would show what nobody was meant to see.
    let rgba = image.into_rgba8();
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
        let [colour @ .., alpha] = from.0.map(u32::from);
        to.0 = colour.map(|c| ((c * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    DynamicImage::ImageRgb8(rgb)
}

fn wrong(name: &str, error: ImageError) -> CaptureError {
    use std::error::Error;
    let early = |error: &ImageError| match error {
        ImageError::IoError(error) => error.kind() == std::io::ErrorKind::UnexpectedEof,
        error => error.source().is_some_and(|source| source.to_string().to_lowercase().contains("unexpected end")),
    };
    if early(&error) {
        return CaptureError::EndsEarly { file: name.to_owned() };
    }
    CaptureError::damaged(name, error)
}
