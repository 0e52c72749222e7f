//! JPEG, the quick way in and the way out.
//!
//! Owns the fast decoder and the encoder. Leaves other formats and orientation to `decode`. There is no second decoder to fall
//! back on: `image` reads JPEG through this same one.

use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{CaptureError, decode};
use crate::frame::Picture;

/// Good enough for the model not to notice, a tenth of a PNG's size.
const QUALITY: u8 = 90;

/// The picture as JPEG bytes, as a recording keeps it.
pub fn encode(picture: &Picture) -> Result<Vec<u8>, CaptureError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode(picture.rgb(), picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .map_err(|error| CaptureError::Encode {
            width: picture.width(),
            height: picture.height(),
            problem: error.to_string(),
        })?;
    Ok(bytes)
}

/// Whether these are the first bytes of a JPEG.
pub fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xD8, 0xFF])
}

/// Decodes into `rgb`, whose memory is used again; gives width, height and the Exif block. The picture lies as it was stored.
pub(super) fn unpack(file: &str, bytes: &[u8], rgb: &mut Vec<u8>) -> Result<(u32, u32, Option<Vec<u8>>), CaptureError> {
    // The decoder fills what is missing with grey and says nothing of a last row that is: so the end is looked for first.
    let early = || CaptureError::EndsEarly { file: file.to_owned() };
    let end = end(bytes).ok_or_else(early)?;
    // A side of a JPEG is 16 bits: the limit is the number of pixels. Oddities between headers harm nobody, those in the
    // pixels would be painted over with grey: only there the decoder is strict.
    let options = DecoderOptions::default()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .set_strict_mode(false)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes[..end]), options);
    decoder.decode_headers().map_err(|error| CaptureError::damaged(file, error))?;
    let (width, height) = decoder.dimensions().ok_or_else(early)?;
    decode::check_size(file, width as u64, height as u64)?;
    // A block of 64 pixels takes a bit at least: what claims more than its bytes can hold isn't worth the memory that it claims.
    if end * 8 * 64 < width * height {
        return Err(early());
    }
    decoder.set_options(options.set_strict_mode(true));
    // No clear: what is there already need not be zeroed, the decoder writes every byte.
    rgb.resize(width * height * 3, 0);
    decoder.decode_into(rgb).map_err(|error| CaptureError::damaged(file, error))?;
    Ok((width as u32, height as u32, decoder.exif().cloned()))
}

/// Where the picture ends: the place behind its end-of-image marker, `None` where there is none. Looks through segments and scans,
/// so that the end of a thumbnail within a segment isn't taken for the picture's own.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    const END: u8 = 0xD9;
    let mut at = 2;
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xFF)? + 1;
        match *bytes.get(at)? {
            END => return Some(at + 1),
            // In a scan 0 is a byte FF of the picture, and restarts stand alone; FF before a marker fills.
            0x00 | 0x01 | 0xD0..=0xD8 => at += 1,
            0xFF => {}
            _ => at += 1 + usize::from(u16::from_be_bytes([*bytes.get(at + 1)?, *bytes.get(at + 2)?])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_that_of_the_picture_and_not_of_its_thumbnail() {
        let thumbnail = [0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9];
        let scan = [0xFF, 0xDA, 0, 2, 1, 0xFF, 0, 2, 0xFF, 0xD0, 3];
        let jpeg = [&[0xFF, 0xD8][..], &thumbnail, &scan, &[0xFF, 0xD9], b"stale bytes \xFF\xD9"].concat();
        assert_eq!(end(&jpeg), Some(2 + thumbnail.len() + scan.len() + 2));
        for cut in 0..2 + thumbnail.len() + scan.len() + 2 {
            assert_eq!(end(&jpeg[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn what_was_encoded_looks_the_same() {
        let rgb: Vec<u8> = (0..64 * 48).flat_map(|k| [(k % 64 * 4) as u8, (k / 64 * 5) as u8, 90]).collect();
        let picture = Picture::new(64, 48, rgb).expect("a picture");
        let mut back = Vec::new();
        let (width, height, exif) = unpack("x.jpg", &encode(&picture).expect("JPEG"), &mut back).expect("a picture");
        assert_eq!((width, height, exif), (64, 48, None));
        let furthest = picture.rgb().iter().zip(&back).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(furthest < Some(16), "{furthest:?}");
    }
}
