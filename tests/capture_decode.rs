//! Every kind of photo, good and bad, through the one decoder.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{io::Cursor, path::Path};

use image::{
    DynamicImage, ExtendedColorType, GrayImage, ImageBuffer, ImageEncoder, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::{gif::GifEncoder, jpeg::JpegEncoder},
};
use streetscape::{
    capture::{decode, jpeg},
    frame::Picture,
};

const CMYK: &[u8] = include_bytes!("capture/cmyk.jpg");
const ANIMATED_WEBP: &[u8] = include_bytes!("capture/animated.webp");

const RED: [u8; 3] = [200, 30, 40];
const GREEN: [u8; 3] = [30, 160, 60];

/// Left half red, right half green.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| Rgb(if x < width / 2 { RED } else { GREEN }))
}

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

fn photo(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Enough detail that the scan is most of the file.
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x * y) as u8, (x * 7) as u8, (y * 5) as u8]));
    JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&image).expect("encoded");
    bytes
}

/// Exif with an orientation as its only entry, in the byte order of most cameras.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif
}

/// A start of frame that claims a size, in an otherwise good JPEG.
fn claiming(mut jpeg: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let at = jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).expect("a start of frame");
    jpeg[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

#[track_caller]
fn check(what: &str, bytes: &[u8], size: (u32, u32), pixels: &[((u32, u32), [u8; 3])]) {
    let mut picture = Picture::default();
    decode(what, bytes, &mut picture).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((picture.width(), picture.height()), size, "{what}");
    for ((x, y), want) in pixels {
        let at = ((y * picture.width() + x) * 3) as usize;
        let got = &picture.rgb()[at..at + 3];
        assert!(got.iter().zip(want).all(|(a, b)| a.abs_diff(*b) <= 4), "{what}: {got:?} at {x}, {y} instead of {want:?}");
    }
}

#[track_caller]
fn check_bad(what: &str, bytes: &[u8], want: &str) {
    let mut picture = Picture::new(1, 1, vec![1; 3]).expect("a picture");
    let error = decode(what, bytes, &mut picture).expect_err(what).to_string();
    assert!(error.starts_with(&format!("{what}: ")) && error.contains(want), "{error}");
    assert!(error.contains(';') || error.contains(" are read"), "a mend: {error}");
    assert_eq!(picture, Picture::default(), "{what}: no pixels are left behind");
}

#[test]
fn every_kind_of_picture_becomes_rgb() {
    let both = [((4, 4), RED), ((27, 4), GREEN)];
    let image = halves(32, 16);
    for format in
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Pnm]
    {
        check(&format!("{format:?}"), &file(image.clone(), format), (32, 16), &both);
    }
    check("1x1 PNG", &file(halves(1, 1), ImageFormat::Png), (1, 1), &[((0, 0), GREEN)]);
    check("1x1 JPEG", &file(halves(1, 1), ImageFormat::Jpeg), (1, 1), &[((0, 0), GREEN)]);

    let grey = GrayImage::from_pixel(32, 16, Luma([77]));
    check("grey JPEG", &file(grey.clone(), ImageFormat::Jpeg), (32, 16), &[((9, 9), [77; 3])]);
    check("grey PNG", &file(grey, ImageFormat::Png), (32, 16), &[((9, 9), [77; 3])]);

    let wide = |c: [u8; 3]| Rgb(c.map(|c| u16::from(c) * 257));
    let deep: ImageBuffer<Rgb<u16>, _> = ImageBuffer::from_fn(32, 16, |x, _| wide(if x < 16 { RED } else { GREEN }));
    check("16-bit PNG", &file(deep, ImageFormat::Png), (32, 16), &both);
    let deep: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_pixel(8, 8, Luma([0x80_00]));
    check("16-bit grey PNG", &file(deep, ImageFormat::Png), (8, 8), &[((3, 3), [128; 3])]);

    let glass = RgbaImage::from_fn(32, 16, |x, _| Rgba(if x < 16 { [200, 30, 40, 255] } else { [1, 2, 3, 0] }));
    let over_white = [((4, 4), RED), ((27, 4), [255; 3])];
    check("alpha PNG", &file(glass.clone(), ImageFormat::Png), (32, 16), &over_white);
    check("alpha WebP", &file(glass, ImageFormat::WebP), (32, 16), &over_white);
    let half = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 128]));
    check("half transparent PNG", &file(half, ImageFormat::Png), (8, 8), &[((3, 3), [127; 3])]);

    check("CMYK JPEG", CMYK, (32, 16), &[((4, 8), RED), ((12, 8), GREEN), ((20, 8), [40, 60, 190]), ((28, 8), [230; 3])]);
    // The same numbers taken as YCCK; the colours are Pillow's.
    let mut ycck = CMYK.to_vec();
    let adobe = ycck.windows(5).position(|five| five == b"Adobe").expect("an Adobe segment");
    ycck[adobe + 11] = 2;
    check("YCCK JPEG", &ycck, (32, 16), &[((4, 8), [178, 0, 229]), ((12, 8), [255, 187, 168]), ((28, 8), [0, 133, 0])]);
}

#[test]
fn a_palette_is_looked_up_and_an_animation_shows_its_first_picture() {
    let frame = |c: [u8; 3]| image::Frame::new(RgbaImage::from_pixel(20, 10, Rgba([c[0], c[1], c[2], 255])));
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    encoder.encode_frames([frame(RED), frame(GREEN)]).expect("encoded");
    drop(encoder);
    check("animated GIF", &gif, (20, 10), &[((3, 3), RED)]);
    check("animated WebP", ANIMATED_WEBP, (20, 10), &[((3, 3), RED)]);

    // A PNG with a palette, of two pixels, as small as they come.
    let chunk = |kind: &[u8], data: &[u8]| {
        let body = [kind, data].concat();
        let crc = body.iter().fold(!0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
        });
        [&(data.len() as u32).to_be_bytes()[..], &body, &(!crc).to_be_bytes()].concat()
    };
    // One stored deflate block: filter 0, then both 1-bit indices in one byte; Adler-32 of (0, 0x40).
    let data = [0x78, 1, 1, 2, 0, 0xFD, 0xFF, 0, 0x40, 0, 0x42, 0, 0x41];
    let png = [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 1, 1, 3, 0, 0, 0]),
        &chunk(b"PLTE", &[RED, GREEN].concat()),
        &chunk(b"IDAT", &data),
        &chunk(b"IEND", &[]),
    ]
    .concat();
    check("palette PNG", &png, (2, 1), &[((0, 0), RED), ((1, 0), GREEN)]);
}

#[test]
fn a_picture_stands_upright_in_all_eight_orientations() {
    const BLUE: [u8; 3] = [40, 60, 190];
    const GREY: [u8; 3] = [128; 3];
    // Stored: red and green above, blue and grey below, twice as wide as high.
    let stored = RgbImage::from_fn(64, 32, |x, y| {
        Rgb(match (x < 32, y < 16) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => GREY,
        })
    });
    // Seen: the corners at the upper left, upper right, lower left, lower right, after Exif 2.3, tag 274.
    let seen: [(u8, [[u8; 3]; 4]); 8] = [
        (1, [RED, GREEN, BLUE, GREY]),
        (2, [GREEN, RED, GREY, BLUE]),
        (3, [GREY, BLUE, GREEN, RED]),
        (4, [BLUE, GREY, RED, GREEN]),
        (5, [RED, BLUE, GREEN, GREY]),
        (6, [BLUE, RED, GREY, GREEN]),
        (7, [GREY, GREEN, BLUE, RED]),
        (8, [GREEN, GREY, RED, BLUE]),
    ];
    for (orientation, [a, b, c, d]) in seen {
        let (width, height) = if orientation < 5 { (64, 32) } else { (32, 64) };
        let corners = [((4, 4), a), ((width - 5, 4), b), ((4, height - 5), c), ((width - 5, height - 5), d)];
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 95);
        encoder.set_exif_metadata(exif(orientation)).expect("Exif");
        encoder.encode_image(&stored).expect("encoded");
        check(&format!("JPEG, orientation {orientation}"), &jpeg, (width, height), &corners);
        let mut png = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
        encoder.set_exif_metadata(exif(orientation)).expect("Exif");
        encoder.write_image(&stored, 64, 32, ExtendedColorType::Rgb8).expect("encoded");
        check(&format!("PNG, orientation {orientation}"), &png, (width, height), &corners);
    }
}

#[test]
fn a_bad_picture_is_told_of_and_never_filled_with_grey() {
    let jpeg = photo(64, 64);
    let png = file(halves(64, 64), ImageFormat::Png);
    check_bad("empty.jpg", b"", "the file is empty");
    check_bad("text.jpg", b"Dear Sir or Madam,\n", "not a picture");
    check_bad("tiny.jpg", &[0xFF], "not a picture");
    check_bad("half.png", &png[..png.len() / 2], "ends early");
    check_bad("head.png", &png[..20], "ends early");
    check_bad("header.jpg", &claiming(jpeg.clone(), 60_000, 60_000), "60000 x 60000 pixels, and 100 megapixels");
    let bmp = file(halves(4, 4), ImageFormat::Bmp);
    let huge = [&bmp[..18], &60_000_i32.to_le_bytes(), &60_000_i32.to_le_bytes(), &bmp[26..]].concat();
    check_bad("header.bmp", &huge, "60000 x 60000 pixels");
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    // The header's checksum, over what was changed.
    let crc = huge[12..29].iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    huge[29..33].copy_from_slice(&(!crc).to_be_bytes());
    check_bad("header.png", &huge, "60000 x 60000 pixels");
    // Within the limit, and more than its bytes can hold.
    check_bad("claim.jpg", &claiming(jpeg.clone(), 9_000, 9_000), "ends early");
    let mut torn = jpeg.clone();
    let middle = torn.len() * 2 / 3;
    torn[middle..middle + 40].fill(0xFF);
    check_bad("torn.jpg", &torn, "ends early");
}

#[test]
fn a_jpeg_that_was_cut_anywhere_ends_early() {
    let jpeg = photo(64, 64);
    for cut in (3..jpeg.len()).step_by(7).chain([jpeg.len() - 2, jpeg.len() - 1]) {
        check_bad("cut.jpg", &jpeg[..cut], "ends early");
    }
}

#[test]
fn no_damage_makes_the_decoder_panic() {
    let (jpeg, png) = (photo(48, 40), file(halves(48, 40), ImageFormat::Png));
    let mut picture = Picture::default();
    let mut seed = 1_u32;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed as usize
    };
    for k in 0..2_000 {
        let mut bytes = if k % 2 == 0 { jpeg.clone() } else { png.clone() };
        for _ in 0..1 + random() % 4 {
            let at = random() % bytes.len();
            bytes[at] = random() as u8;
        }
        // Either a picture or an error: both are an answer.
        decode("damaged", &bytes, &mut picture).ok();
    }
}

#[test]
fn the_pictures_memory_is_used_again() {
    let (large, small) = (photo(64, 64), photo(32, 32));
    let mut picture = Picture::default();
    decode("large", &large, &mut picture).expect("a picture");
    let before = picture.rgb().as_ptr();
    for bytes in [&small, &large] {
        decode("again", bytes, &mut picture).expect("a picture");
        assert_eq!(picture.rgb().as_ptr(), before);
    }
    assert_eq!((picture.width(), picture.height()), (64, 64));
}

#[test]
fn real_photos_decode_as_the_image_crate_decodes_them() {
    let data = std::env::var_os("STREETSCAPE_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), Into::into);
    let tar = data.join("streets/val-000.tar");
    if !tar.exists() {
        eprintln!("skipped: {} is not there", tar.display());
        return;
    }
    let mut picture = Picture::default();
    let mut photos = 0;
    for photo in streetscape::capture::Photos::open(&[tar]).step_by(19) {
        let bytes = photo.bytes.unwrap_or_else(|error| panic!("{error}"));
        decode(&photo.name, &bytes, &mut picture).unwrap_or_else(|error| panic!("{error}"));
        let reference = image::load_from_memory(&bytes).expect("a photo").into_rgb8();
        assert_eq!((picture.width(), picture.height()), reference.dimensions(), "{}", photo.name);
        let furthest = picture.rgb().iter().zip(reference.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(furthest <= Some(2), "{}: {furthest:?}", photo.name);
        photos += 1;
    }
    assert!(photos > 50, "{photos} photos");
}

#[test]
fn a_picture_that_jpeg_can_not_hold_is_told_of() {
    let wide = Picture::new(70_000, 1, vec![0; 210_000]).expect("a picture");
    let error = jpeg::encode(&wide).expect_err("too wide").to_string();
    assert!(error.starts_with("a picture of 70000 x 1 pixels can't be kept as JPEG"), "{error}");
}
