//! ViT-B/32 in rten, as `benches/clip.rs` has it: every photo of a folder from its JPEG to its embedding, once for each line that comes.
//!
//!     rten-peer GRAPH PHOTOS

use std::{
    env,
    error::Error,
    fs,
    io::{Write, stdin, stdout},
    path::PathBuf,
};

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image};
use image::ImageFormat;
use rten::Model;
use rten_tensor::NdTensor;

const SIDE: usize = 224;
/// Of each channel, as CLIP was trained.
const MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
const STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [graph, photos] = &args[..] else { return Err("wanted: GRAPH PHOTOS".into()) };
    let model = Model::load_file(graph)?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(photos)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut resizer = Resizer::new();
    println!("ready");
    for line in stdin().lines() {
        line?;
        for file in &files {
            let input = pixels(&fs::read(file)?, &mut resizer)?;
            model.run_one(input.into(), None)?;
        }
        println!();
        stdout().flush()?;
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    println!("{}", peak.trim().trim_end_matches(" kB").parse::<u64>()? * 1024);
    Ok(())
}

/// The middle square, resized and normalised.
fn pixels(jpeg: &[u8], resizer: &mut Resizer) -> Result<NdTensor<f32, 4>, Box<dyn Error>> {
    let photo = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg)?.into_rgb8();
    let (width, height) = photo.dimensions();
    let short = f64::from(width.min(height));
    let photo = Image::from_vec_u8(width, height, photo.into_raw(), PixelType::U8x3)?;
    let mut square = Image::new(SIDE as u32, SIDE as u32, PixelType::U8x3);
    let (left, top) = ((f64::from(width) - short) / 2.0, (f64::from(height) - short) / 2.0);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).crop(left, top, short, short);
    resizer.resize(&photo, &mut square, &options)?;
    let mut values = Vec::with_capacity(3 * SIDE * SIDE);
    for (channel, (mean, std)) in MEAN.into_iter().zip(STD).enumerate() {
        values.extend(square.buffer().chunks_exact(3).map(|pixel| (f32::from(pixel[channel]) / 255.0 - mean) / std));
    }
    Ok(NdTensor::from_data([1, 3, SIDE, SIDE], values))
}
