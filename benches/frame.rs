//! From a 720p JPEG to a ranking, against the sum of its parts measured alone: what the whole adds to decode, resize, session.
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;

use streetscape::{
    bundle::Bundle,
    capture,
    encoder::{
        EncoderOptions, ImageEncoder, Input, OnnxImageEncoder, OnnxSession, OnnxTextEncoder, Output, Preprocessor, Runtime,
        SessionOptions, Values, prompts,
    },
    frame::{Picture, Timestamp},
    observation::{Observation, View},
    ranking::Ranker,
    vocabulary::Vocabulary,
};

use measure::{medians, ms, photo};

fn main() {
    let bundle = Bundle::find().expect("a model");
    let runtime = Runtime::load(None).expect("ONNX Runtime");
    let vocabulary = Vocabulary::shipped().expect("the shipped vocabulary");
    let options = EncoderOptions { threads: 1, ..EncoderOptions::default() };
    let text = || OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default());
    let classes = prompts(&bundle, &vocabulary, text).expect("the prompts");
    let mut ranker = Ranker::new(&vocabulary, classes, &bundle.manifest.calibration).expect("a calibration that fits");
    let mut encoder = OnnxImageEncoder::open(runtime, &bundle, &options).expect("the image tower");
    let name = encoder.name();

    let session = SessionOptions { device: encoder.device(), threads: 1, spinning: options.spinning };
    let bytes = bundle.read(name).expect("the image tower's file");
    let mut session = OnnxSession::open(runtime, name, &bytes, &session).expect("a session");
    let mut preprocessor = Preprocessor::new(&bundle.manifest.image);
    let jpeg = photo(&measure::frames()[50], 1280, 720);

    let mut decoded = Picture::default();
    capture::decode("photo", &jpeg, &mut decoded).expect("a JPEG");
    let mut pixels = vec![0.0; preprocessor.floats()];
    preprocessor.fill(&decoded, View::Full, &mut pixels).expect("a picture");
    let (ready, side) = (pixels.clone(), preprocessor.size() as usize);
    let mut outputs = [Output::named("image_embeds")];
    let (mut picture, mut other) = (Picture::default(), Picture::default());
    let (mut embeddings, mut observation) = (Vec::new(), Observation::default());

    let times = medians(
        200,
        &mut [
            ("decode", Box::new(|| capture::decode("photo", &jpeg, &mut picture).expect("a JPEG"))),
            ("resize", Box::new(|| preprocessor.fill(&decoded, View::Full, &mut pixels).expect("a picture"))),
            (
                "session",
                Box::new(|| {
                    let input = Input { name: "pixel_values", shape: &[1, 3, side, side], values: Values::F32(&ready) };
                    session.run(&[input], &mut outputs).expect("an answer");
                }),
            ),
            (
                "whole",
                Box::new(|| {
                    capture::decode("photo", &jpeg, &mut other).expect("a JPEG");
                    encoder.encode(&other, &[View::Full], &mut embeddings).expect("an embedding");
                    let encoded = [View::Full].into_iter().zip(&embeddings);
                    ranker.observe(Timestamp::default(), encoded, &mut observation);
                }),
            ),
        ],
    );
    let [decode, resize, session, whole] = times[..] else { unreachable!("four parts") };
    let parts = decode + resize + session;
    println!("{name}, one thread, median of 200 interleaved rounds");
    println!(
        "decode {:.2} ms, resize {:.2} ms, session {:.2} ms; sum {:.2} ms",
        ms(decode),
        ms(resize),
        ms(session),
        ms(parts)
    );
    println!("720p JPEG to ranking: {:.2} ms = {:.3} x its parts", ms(whole), whole.as_secs_f64() / parts.as_secs_f64());
}
