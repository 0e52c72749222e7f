//! Photos within a page.

use base64::{Engine, prelude::BASE64_STANDARD};
use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};

use super::escaped;
use crate::{
    capture::{CaptureError, jpeg},
    frame::Picture,
};

/// The picture, its longest side `side` pixels; `None` where it is no larger.
pub fn smaller(picture: &Picture, side: u32) -> Option<Picture> {
    let longest = picture.width().max(picture.height());
    if longest <= side {
        return None;
    }
    let shrunk = |pixels: u32| (pixels * side / longest).max(1);
    let (width, height) = (shrunk(picture.width()), shrunk(picture.height()));
    let mut rgb = vec![0; (width * height * 3) as usize];
    let from = TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture.rgb()).ok()?;
    let mut to = TypedImage::<U8x3>::from_buffer(width, height, &mut rgb).ok()?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize_typed(&from, &mut to, &options).ok()?;
    Picture::new(width, height, rgb)
}

/// The picture as an address that holds it.
pub fn source(picture: &Picture) -> Result<String, CaptureError> {
    Ok(format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(jpeg::encode(picture)?)))
}

/// An `img` with the picture in it; `more` are further attributes.
pub fn img(picture: &Picture, alt: &str, more: &str) -> Result<String, CaptureError> {
    let (width, height, alt) = (picture.width(), picture.height(), escaped(alt));
    let more = if more.is_empty() { String::new() } else { format!(" {more}") };
    Ok(format!("<img{more} width=\"{width}\" height=\"{height}\" alt=\"{alt}\" src=\"{}\">", source(picture)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_shrunk_by_its_longest_side_and_never_grows() {
        let picture = |width, height| Picture::new(width, height, vec![90; (width * height * 3) as usize]).expect("a picture");
        let small = smaller(&picture(400, 100), 40).expect("a smaller one");
        assert_eq!((small.width(), small.height()), (40, 10));
        assert!(smaller(&picture(40, 10), 40).is_none());
        let tag = img(&small, "a \"bus\"", "class=\"plain\"").expect("a JPEG");
        assert!(tag.starts_with("<img class=\"plain\" width=\"40\" height=\"10\" alt=\"a &quot;bus&quot;\""), "{tag}");
    }
}
