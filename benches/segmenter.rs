//! The segmenter on a 480 x 360 photo, two threads: how much of its time is not the network's?
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;

use std::path::Path;

use streetscape::{
    capture,
    encoder::{Crop, Input, OnnxSession, Output, Runtime, Segmenter, SessionOptions, Values, squash},
    frame::Picture,
};

use measure::{medians, ms, photo};

/// What the network makes of a photo of 480 x 360.
const SIDES: (usize, usize) = (480, 352);

fn main() {
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/segmenter/segmenter.int8.onnx");
    let options = SessionOptions { threads: 2, ..SessionOptions::default() };
    let mut picture = Picture::default();
    capture::decode("photo", &photo(&measure::frames()[50], 480, 360), &mut picture).expect("a JPEG");
    let mut segmenter = Segmenter::open(runtime, &model, &options).expect("the segmenter");
    let mut bare = OnnxSession::read(runtime, &model, &options).expect("its session");
    let mut pixels = vec![0.0; 3 * SIDES.0 * SIDES.1];
    squash(&picture, Crop::WHOLE, SIDES, [0.5; 3], [0.5; 3], &mut pixels).expect("pixels");
    let mut outputs = [Output::named("logits")];
    let shape = [1, 3, SIDES.1, SIDES.0];
    let times = medians(
        100,
        &mut [
            ("photo to map", Box::new(|| drop(segmenter.segment(&picture, 480, 360).expect("a map")))),
            (
                "bare session",
                Box::new(|| {
                    let input = Input { name: "pixel_values", shape: &shape, values: Values::F32(&pixels) };
                    bare.run(&[input], &mut outputs).expect("logits");
                }),
            ),
        ],
    );
    let [whole, bare] = times[..] else { unreachable!("two parts") };
    println!("two threads, median of 100 interleaved rounds, photo of 480 x 360 ready decoded, map of the same size");
    println!("photo to map {:.1} ms, bare session {:.1} ms", ms(whole), ms(bare));
    println!("the map costs {:.2} x its network", whole.as_secs_f64() / bare.as_secs_f64());
}
