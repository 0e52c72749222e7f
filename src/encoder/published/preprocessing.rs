//! `preprocessor_config.json` in terms of what our own encoder can do.

use serde::Deserialize;
use serde_json::Value;

use crate::bundle::{Filter, Fit, Preprocessing};

/// Pillow's numbers of its filters.
const BILINEAR: u32 = 2;
const BICUBIC: u32 = 3;
/// What turns a byte into [0, 1]; files write it with few or many digits.
const RESCALE: f64 = 1.0 / 255.0;
const RESCALE_TOLERANCE: f64 = 1e-6;

/// Mean and deviation of the pictures that CLIP was trained on.
pub const MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
/// See [`MEAN`].
pub const STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];

/// The keys that change a picture, with the defaults of `CLIPImageProcessor`.
#[derive(Deserialize)]
#[serde(default)]
struct Raw {
    do_resize: bool,
    size: Value,
    resample: u32,
    do_center_crop: bool,
    crop_size: Value,
    do_rescale: bool,
    rescale_factor: f64,
    do_normalize: bool,
    image_mean: [f32; 3],
    image_std: [f32; 3],
    do_pad: Option<bool>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            do_resize: true,
            size: serde_json::json!({"shortest_edge": 224}),
            resample: BICUBIC,
            do_center_crop: true,
            crop_size: serde_json::json!({"height": 224, "width": 224}),
            do_rescale: true,
            rescale_factor: RESCALE,
            do_normalize: true,
            image_mean: MEAN,
            image_std: STD,
            do_pad: None,
        }
    }
}

/// How a picture is scaled before it is cropped.
enum Size {
    /// The short side becomes so long.
    Short(u32),
    /// Both sides become so long.
    Both(u32),
}

/// Reads the text of the file; a problem names the key.
pub fn parse(text: &str) -> Result<Preprocessing, String> {
    let whole: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    // A `processor_config.json` has it inside.
    let own = whole.get("image_processor").unwrap_or(&whole);
    let raw = Raw::deserialize(own).map_err(|e| e.to_string())?;
    let refused = match &raw {
        Raw { do_resize: false, .. } => Some("do_resize is false: pictures are always resized here"),
        Raw { do_rescale: false, .. } => Some("do_rescale is false: pixels are always scaled to [0, 1] here"),
        Raw { do_pad: Some(true), .. } => Some("do_pad is true: nothing is padded here"),
        _ => None,
    };
    if let Some(problem) = refused {
        return Err(problem.to_owned());
    }
    if (raw.rescale_factor - RESCALE).abs() > RESCALE_TOLERANCE {
        return Err(format!("rescale_factor is {}: 1/255 is what is done here", raw.rescale_factor));
    }
    let filter = match raw.resample {
        BICUBIC => Filter::Bicubic,
        BILINEAR => Filter::Bilinear,
        other => return Err(format!("resample is {other}: 2 (bilinear) and 3 (bicubic) can be done here")),
    };
    let (size, fit) = match size(&raw.size)? {
        Size::Short(_) if !raw.do_center_crop => {
            return Err("do_center_crop is false where size.shortest_edge leaves an oblong: the tower reads squares".to_owned());
        }
        Size::Short(side) => (side, Fit::CropFloor),
        Size::Both(side) => (side, Fit::Squash),
    };
    if raw.do_center_crop {
        let crop = square("crop_size", &raw.crop_size)?;
        if crop != size {
            return Err(format!("crop_size is {crop} where size is {size}: one size for both can be done here"));
        }
    }
    let (mean, std) = if raw.do_normalize { (raw.image_mean, raw.image_std) } else { ([0.0; 3], [1.0; 3]) };
    if std.iter().any(|s| !(s.is_finite() && *s > 0.0)) || mean.iter().any(|m| !m.is_finite()) {
        return Err("image_mean and image_std must be numbers, image_std above 0".to_owned());
    }
    Ok(Preprocessing { size, fit, filter, mean, std })
}

/// The same as a file that `transformers` reads, which cuts half a pixel at its own end.
pub fn to_json(image: &Preprocessing) -> String {
    let size = match image.fit {
        Fit::Crop | Fit::CropFloor => serde_json::json!({"shortest_edge": image.size}),
        // Nobody else trims: what is no longer than 4 to 3 comes out the same.
        Fit::Squash | Fit::Trim => serde_json::json!({"height": image.size, "width": image.size}),
    };
    let whole = serde_json::json!({
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": true,
        "size": size,
        "resample": match image.filter { Filter::Bicubic => BICUBIC, Filter::Bilinear => BILINEAR },
        "do_center_crop": true,
        "crop_size": {"height": image.size, "width": image.size},
        "do_rescale": true,
        "rescale_factor": RESCALE,
        "do_normalize": true,
        "image_mean": image.mean,
        "image_std": image.std,
        "do_convert_rgb": true,
    });
    format!("{whole:#}\n")
}

fn size(value: &Value) -> Result<Size, String> {
    if let Some(side) = side(value).or_else(|| side(value.get("shortest_edge")?)) {
        return if value.get("longest_edge").is_some() { Err(unknown("size", value)) } else { Ok(Size::Short(side)) };
    }
    square("size", value).map(Size::Both)
}

/// A number, or equal `height` and `width`.
fn square(key: &str, value: &Value) -> Result<u32, String> {
    let of = |axis: &str| side(value.get(axis)?);
    match (side(value), of("height"), of("width")) {
        (Some(side), ..) => Ok(side),
        (None, Some(height), Some(width)) if height == width => Ok(height),
        _ => Err(unknown(key, value)),
    }
}

fn side(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|side| u32::try_from(side).ok())
}

fn unknown(key: &str, value: &Value) -> String {
    format!("{key} is {value}: a square, or a shortest_edge alone, can be done here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let found = match parse(text) {
            Ok(Preprocessing { size, fit, filter, mean, .. }) => format!("{size} {fit:?} {filter:?} {:.2}", mean[0]),
            Err(problem) => problem,
        };
        assert!(found.contains(want), "{found:?} against {want:?}");
    }

    #[test]
    fn what_the_encoder_can_do_is_taken_and_all_else_refused_by_its_key() {
        check("{}", "224 CropFloor Bicubic 0.48");
        check(r#"{"size": 336, "crop_size": 336, "resample": 2}"#, "336 CropFloor Bilinear");
        check(r#"{"size": {"height": 224, "width": 224}, "do_normalize": false}"#, "224 Squash Bicubic 0.00");
        check(
            r#"{"image_processor": {"size": {"shortest_edge": 96}, "crop_size": {"height": 96, "width": 96}}}"#,
            "96 CropFloor",
        );
        check(r#"{"rescale_factor": 0.00392156862745098}"#, "224 CropFloor");
        check("[", "not JSON");
        check(r#"{"resample": 1}"#, "resample is 1");
        check(r#"{"size": {"shortest_edge": 256}}"#, "crop_size is 224 where size is 256");
        check(r#"{"size": {"height": 224, "width": 200}}"#, "size is {\"height\":224,\"width\":200}");
        check(r#"{"size": {"shortest_edge": 224, "longest_edge": 500}}"#, "longest_edge");
        check(r#"{"do_resize": false}"#, "do_resize is false");
        check(r#"{"do_rescale": false}"#, "do_rescale is false");
        check(r#"{"do_pad": true}"#, "do_pad is true");
        check(r#"{"rescale_factor": 1.0}"#, "rescale_factor is 1");
        check(r#"{"do_center_crop": false}"#, "do_center_crop is false");
        check(r#"{"image_std": [0.2, 0, 0.2]}"#, "image_std");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (fit, filter) in [(Fit::CropFloor, Filter::Bicubic), (Fit::Squash, Filter::Bilinear)] {
            let image = Preprocessing { size: 96, fit, filter, mean: MEAN, std: STD };
            assert_eq!(parse(&to_json(&image)).expect("ours"), image);
        }
    }
}
