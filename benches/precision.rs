//! The image tower as int8 against f32, one thread: is the smaller one the quicker one here?
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;

use streetscape::{
    bundle::Bundle,
    capture,
    encoder::{EncoderOptions, ImageEncoder, OnnxImageEncoder, Precision, Runtime},
    frame::Picture,
    observation::View,
};

use measure::{medians, ms, photo};

fn main() {
    let bundle = Bundle::find().expect("a model");
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let open = |precision| {
        let options = EncoderOptions { precision, threads: 1, ..EncoderOptions::default() };
        OnnxImageEncoder::open(runtime, &bundle, &options).expect("the image tower")
    };
    let (mut int8, mut f32) = (open(Precision::Int8), open(Precision::F32));
    let (quick, exact) = (int8.name(), f32.name());
    let side = bundle.manifest.image.size;
    let mut picture = Picture::default();
    capture::decode("photo", &photo(&measure::frames()[50], side, side), &mut picture).expect("a JPEG");
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let times = medians(
        300,
        &mut [
            (quick, Box::new(|| int8.encode(&picture, &[View::Full], &mut a).expect("an embedding"))),
            (exact, Box::new(|| f32.encode(&picture, &[View::Full], &mut b).expect("an embedding"))),
        ],
    );
    let [quick_time, exact_time] = times[..] else { unreachable!("two parts") };
    println!("one thread, median of 300 interleaved rounds, photo of {side} px ready decoded");
    println!("{quick} {:.2} ms, {exact} {:.2} ms", ms(quick_time), ms(exact_time));
    println!("int8 is {:.2} x as fast as f32", exact_time.as_secs_f64() / quick_time.as_secs_f64());
}
