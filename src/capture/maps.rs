//! PNGs that hold more than colours: maps, whose values are numbers of things, and the words that a program wrote beside a picture.
//!
//! Owns reading the numbers as they were written, without a palette's colours or a change of depth. Leaves what they stand for to
//! others.

use std::io::{BufRead, Cursor, Seek};

use png::{BitDepth, ColorType, Compression, Decoder, DecodingError, Encoder, Reader};

use super::{CaptureError, decode};

/// A map as it lies in its file; rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberMap {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Its values.
    pub numbers: Numbers,
}

/// The values of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// A grey level or a place in the palette, at most 8 bits.
    Bytes(Vec<u8>),
    /// Grey levels of 16 bits.
    Words(Vec<u16>),
    /// Red, green and blue.
    Colours(Vec<[u8; 3]>),
}

/// Reads the values of the PNG in `bytes`; errors name `file`. Transparency is dropped.
pub fn read_map(file: &str, bytes: &[u8]) -> Result<NumberMap, CaptureError> {
    let wrong = |error: DecodingError| CaptureError::damaged(file, error);
    if bytes.is_empty() {
        return Err(CaptureError::Empty { file: file.to_owned() });
    }
    let mut reader = Decoder::new(Cursor::new(bytes)).read_info().map_err(wrong)?;
    let (width, height) = reader.info().size();
    decode::check_size(file, width.into(), height.into())?;
    let (colour, depth) = reader.output_color_type();
    let pixels = read_pixels(file, &mut reader)?;
    let (width, height) = (width as usize, height as usize);
    let numbers = match (colour, depth) {
        (ColorType::Indexed | ColorType::Grayscale, BitDepth::Eight) => Numbers::Bytes(pixels),
        (ColorType::Indexed | ColorType::Grayscale, BitDepth::One | BitDepth::Two | BitDepth::Four) => {
            Numbers::Bytes(unpack(&pixels, width, height, depth as usize))
        }
        (ColorType::Grayscale, BitDepth::Sixteen) => Numbers::Words(words(&pixels, 2)),
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => Numbers::Bytes(pixels.iter().step_by(2).copied().collect()),
        (ColorType::GrayscaleAlpha, BitDepth::Sixteen) => Numbers::Words(words(&pixels, 4)),
        (ColorType::Rgb, BitDepth::Eight) => Numbers::Colours(colours(&pixels, 3)),
        (ColorType::Rgba, BitDepth::Eight) => Numbers::Colours(colours(&pixels, 4)),
        (colour, depth) => {
            return Err(CaptureError::damaged(file, format!("{colour:?} of {depth:?} bits is no map of things")));
        }
    };
    Ok(NumberMap { width, height, numbers })
}

/// Writes `values`, rows of `width`, as a grey PNG of 8 bits; errors name `file`.
pub fn write_map(file: &str, width: usize, height: usize, values: &[u8]) -> Result<Vec<u8>, CaptureError> {
    let failed = |error: png::EncodingError| CaptureError::damaged(file, error);
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, side(width), side(height));
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    // Long runs, row like row, are small at the least effort.
    encoder.set_compression(Compression::Fastest);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(values).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// The words in a PNG's text chunks, each with its keyword, in the order tEXt, zTXt, iTXt; none in a file of another format.
pub fn texts(file: &str, bytes: &[u8]) -> Result<Vec<(String, String)>, CaptureError> {
    let wrong = |error: DecodingError| CaptureError::damaged(file, error);
    if !bytes.starts_with(&[0x89, b'P', b'N', b'G']) {
        return Ok(Vec::new());
    }
    let mut reader = Decoder::new(Cursor::new(bytes)).read_info().map_err(wrong)?;
    // What stands behind the pixels is read with them.
    reader.finish().map_err(wrong)?;
    let info = reader.info();
    let mut found = Vec::new();
    for text in &info.uncompressed_latin1_text {
        found.push((text.keyword.clone(), text.text.clone()));
    }
    for text in &info.compressed_latin1_text {
        found.push((text.keyword.clone(), text.get_text().map_err(wrong)?));
    }
    for text in &info.utf8_text {
        found.push((text.keyword.clone(), text.get_text().map_err(wrong)?));
    }
    Ok(found)
}

fn read_pixels<R: BufRead + Seek>(file: &str, reader: &mut Reader<R>) -> Result<Vec<u8>, CaptureError> {
    let size = reader.output_buffer_size().ok_or_else(|| CaptureError::damaged(file, "larger than memory"))?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(|error| match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            CaptureError::EndsEarly { file: file.to_owned() }
        }
        error => CaptureError::damaged(file, error),
    })?;
    pixels.truncate(info.buffer_size());
    Ok(pixels)
}

/// Values of `bits` bits, each row beginning at a byte.
fn unpack(packed: &[u8], width: usize, height: usize, bits: usize) -> Vec<u8> {
    let row = (width * bits).div_ceil(8).max(1);
    let mask = (1u8 << bits) - 1;
    let value = |row: &[u8], x: usize| {
        let at = x * bits;
        row.get(at / 8).map_or(0, |byte| byte >> (8 - bits - at % 8) & mask)
    };
    packed.chunks(row).take(height).flat_map(|row| (0..width).map(move |x| value(row, x))).collect()
}

fn words(pixels: &[u8], step: usize) -> Vec<u16> {
    pixels.chunks_exact(step).map(|word| u16::from_be_bytes([word[0], word[1]])).collect()
}

fn colours(pixels: &[u8], step: usize) -> Vec<[u8; 3]> {
    pixels.chunks_exact(step).map(|colour| [colour[0], colour[1], colour[2]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(colour: ColorType, depth: BitDepth, width: u32, height: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width, height);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        encoder.set_palette([9, 9, 9, 8, 8, 8, 7, 7, 7, 6, 6, 6].as_slice());
        encoder.add_text_chunk("parameters".to_owned(), "a street".to_owned()).expect("a chunk");
        encoder.add_itxt_chunk("Description".to_owned(), "eine Straße".to_owned()).expect("a chunk");
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(data).expect("pixels");
        writer.finish().expect("an end");
        bytes
    }

    #[track_caller]
    fn check(colour: ColorType, depth: BitDepth, data: &[u8], want: Numbers) {
        let map = read_map("m.png", &png(colour, depth, 3, 2, data)).expect("a map");
        assert_eq!((map.width, map.height, map.numbers), (3, 2, want), "{colour:?} {depth:?}");
    }

    #[test]
    fn numbers_come_as_they_were_written() {
        check(ColorType::Grayscale, BitDepth::Eight, &[0, 1, 2, 3, 4, 255], Numbers::Bytes(vec![0, 1, 2, 3, 4, 255]));
        check(ColorType::Indexed, BitDepth::Eight, &[0, 1, 2, 3, 0, 1], Numbers::Bytes(vec![0, 1, 2, 3, 0, 1]));
        check(ColorType::Indexed, BitDepth::Two, &[0b0001_1000, 0b1100_0100], Numbers::Bytes(vec![0, 1, 2, 3, 0, 1]));
        let wide = [0, 1, 255, 255, 1, 0, 0, 0, 0, 2, 0, 3];
        check(ColorType::Grayscale, BitDepth::Sixteen, &wide, Numbers::Words(vec![1, 65535, 256, 0, 2, 3]));
        let rgb: Vec<u8> = (0..18).collect();
        let colours = rgb.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect();
        check(ColorType::Rgb, BitDepth::Eight, &rgb, Numbers::Colours(colours));
    }

    #[test]
    fn what_was_written_is_read_back() {
        let values: Vec<u8> = (0..12).collect();
        let map = read_map("m.png", &write_map("m.png", 4, 3, &values).expect("a PNG")).expect("a map");
        assert_eq!(map, NumberMap { width: 4, height: 3, numbers: Numbers::Bytes(values) });
    }

    #[test]
    fn words_beside_the_pixels_are_found() {
        let bytes = png(ColorType::Grayscale, BitDepth::Eight, 1, 1, &[0]);
        let found = texts("p.png", &bytes).expect("texts");
        assert!(found.contains(&("parameters".to_owned(), "a street".to_owned())), "{found:?}");
        assert!(found.contains(&("Description".to_owned(), "eine Straße".to_owned())), "{found:?}");
        assert_eq!(texts("p.jpg", &[0xFF, 0xD8]).expect("none"), []);
    }

    #[test]
    fn a_map_cut_short_is_refused_by_name() {
        let bytes = png(ColorType::Grayscale, BitDepth::Eight, 3, 2, &[0; 6]);
        for cut in [0, 10, bytes.len() / 2] {
            let error = read_map("m.png", &bytes[..cut]).expect_err("a damaged map").to_string();
            assert!(error.contains("m.png"), "{error}");
        }
    }
}
