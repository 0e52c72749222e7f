//! `rank` of 1,000 photos from disk on both cores, against the bare session on photos that are ready: how much of its throughput
//! is left when decoding, resizing and ranking go on beside it.
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;

use std::{fs, num::NonZero, thread};

use streetscape::{
    bundle::Bundle,
    capture::Photos,
    encoder::{
        EncoderOptions, Input, OnnxImageEncoder, OnnxSession, OnnxTextEncoder, Output, Runtime, SessionOptions, TextEncoder,
        Values,
    },
    observation::View,
    pipeline::batch,
    ranking::rank,
};

use measure::{medians, photo};

const PHOTOS: usize = 1000;
const ROUNDS: usize = 5;

fn main() {
    let bundle = Bundle::find().expect("a model");
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let options = EncoderOptions { threads: 1, ..EncoderOptions::default() };
    let encoder = OnnxImageEncoder::open(runtime, &bundle, &options).expect("the image tower");
    let (name, device) = (encoder.name(), encoder.device());
    drop(encoder);
    let bytes = bundle.read(name).expect("the image tower's file");
    let side = bundle.manifest.image.size;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);

    let folder = tempfile::tempdir().expect("a folder");
    let frames = measure::frames();
    for i in 0..PHOTOS {
        // Shifted sizes, so that no two files are equal.
        let jpeg = photo(&frames[i % frames.len()], side + (i / frames.len()) as u32, side);
        fs::write(folder.path().join(format!("{i:04}.jpg")), jpeg).expect("room for the photos");
    }
    let captions: Vec<String> = (0..30).map(|i| format!("A street view photograph of thing {i}")).collect();
    let texts: Vec<&str> = captions.iter().map(String::as_str).collect();
    let mut text = OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default()).expect("the text tower");
    let captions = text.encode(&texts).expect("their embeddings");

    let session_options = SessionOptions { device, threads: 1, spinning: options.spinning };
    let mut sessions: Vec<_> =
        (0..cores).map(|_| OnnxSession::open(runtime, name, &bytes, &session_options).expect("a session")).collect();
    let pixels = vec![0.1; 3 * (side * side) as usize];
    let shape = [1, 3, side as usize, side as usize];
    let named = [folder.path().to_owned()];

    let times = medians(
        ROUNDS,
        &mut [
            (
                "bare session",
                Box::new(|| {
                    thread::scope(|scope| {
                        for session in &mut sessions {
                            scope.spawn(|| {
                                let mut outputs = [Output::named("image_embeds")];
                                for _ in 0..PHOTOS / cores {
                                    let input = Input { name: "pixel_values", shape: &shape, values: Values::F32(&pixels) };
                                    session.run(&[input], &mut outputs).expect("an answer");
                                }
                            });
                        }
                    });
                }),
            ),
            (
                "rank",
                Box::new(|| {
                    let mut ranked = 0;
                    let open = || Ok(Box::new(OnnxImageEncoder::open(runtime, &bundle, &options)?) as _);
                    batch::encode(Photos::open(&named), &[View::Full], &open, &mut |photo| {
                        let embeddings = photo.embeddings.expect("a good photo");
                        ranked += rank(&embeddings[0], &captions, None).len();
                        true
                    })
                    .expect("a batch");
                    assert_eq!(ranked, PHOTOS * captions.len());
                }),
            ),
        ],
    );
    let [bare, whole] = times[..] else { unreachable!("two parts") };
    let rate = |time: std::time::Duration| PHOTOS as f64 / time.as_secs_f64();
    println!("{name}, {cores} cores, median of {ROUNDS} interleaved rounds of {PHOTOS} photos of {side} px");
    println!("bare session {:.0} photos/s, rank from disk {:.0} photos/s", rate(bare), rate(whole));
    println!("rank from disk: {:.3} x the bare session's throughput", bare.as_secs_f64() / whole.as_secs_f64());
}
