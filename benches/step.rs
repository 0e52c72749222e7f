//! One step of training whole, against PyTorch's: both towers forward, CLIP's loss, back-propagation, clipping and AdamW, on all cores.
#![allow(clippy::expect_used)]

#[path = "measure.rs"]
mod measure;
#[path = "peer.rs"]
mod peer;

use burn::tensor::{Device, Tensor, TensorData};
use measure::medians;
use peer::{Peer, asked, ourselves, python, serve};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use streetscape::training::{
    allocator,
    loss::{contrastive, targets},
    model::{
        Clip, FreshImage, FreshText, MiniLm, MobileNetV2, Pair, Projection, TextTower, Trainable, Trained, clip::Config,
        image_trunk, text_trunk,
    },
    optimiser::{AdamW, AdamWSettings, Slopes},
};

const ROUNDS: usize = 7;
/// Tokens of each text.
const LENGTH: usize = 16;
/// What is trained: the default pair at 192 pixels, and ViT-B/32 with its text tower. `tools/parity/step.py` builds the same.
const MODELS: [(&str, usize, u32); 2] = [("pair", 16, 192), ("vit-b-32", 8, 224)];

fn main() {
    match asked().as_deref() {
        Some([model]) => serve_steps(model),
        _ => compare(),
    }
}

fn compare() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{threads} threads, median of {ROUNDS} interleaved rounds");
    for (model, batch, side) in MODELS {
        let mut theirs = python();
        theirs.args([concat!(env!("CARGO_MANIFEST_DIR"), "/tools/parity/step.py"), model]);
        theirs.args([batch.to_string(), side.to_string(), LENGTH.to_string(), threads.to_string()]);
        let (mut ours, mut theirs) = (Peer::start(ourselves(&[model])), Peer::start(theirs));
        let times = medians(ROUNDS, &mut [("ours", Box::new(|| ours.run())), ("PyTorch", Box::new(|| theirs.run()))]);
        let [one, other] = times[..] else { unreachable!("two parts") };
        let rate = |time: std::time::Duration| batch as f64 / time.as_secs_f64();
        println!("{model}, batch of {batch}: {:.2} pairs/s, PyTorch {:.2} pairs/s", rate(one), rate(other));
        println!("{model}: {:.2} x PyTorch's speed", other.as_secs_f64() / one.as_secs_f64());
        let [ours, theirs] = [ours.end(), theirs.end()].map(|bytes| bytes as f64 / 1e9);
        println!("{model}: peak memory {ours:.2} GB, PyTorch {theirs:.2} GB");
    }
}

fn serve_steps(name: &str) {
    let (_, batch, side) = MODELS.into_iter().find(|(known, ..)| *known == name).expect("a model");
    allocator::keep_freed();
    let device = Device::flex().autodiff();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    if name == "pair" {
        let image = image_trunk(&FreshImage { size: side, ..FreshImage::default() }, &mut rng).expect("a trunk");
        let text = text_trunk(&FreshText::default(), 30_522, &mut rng).expect("a trunk");
        let vision = MobileNetV2::new(&image, &device).expect("a trunk");
        let heads = Trained { image: head(1280, &mut rng), text: head(384, &mut rng), scale: 20.0, residuals: Vec::new() };
        let language = TextTower::new(MiniLm::new(&text, &device).expect("a trunk"), &heads.text, &device);
        steps(Pair::new(vision, language, &heads, &device), batch, side, &mut rng, &device);
    } else {
        let config = Config::parse("config.json", r#"{"vision_config": {}, "text_config": {}}"#).expect("a CLIP");
        steps(Clip::new(&config, &device), batch, side, &mut rng, &device);
    }
}

fn head(inputs: usize, rng: &mut impl Rng) -> Projection {
    let weight = (0..inputs * 256).map(|_| rng.random_range(-0.05..0.05)).collect();
    Projection { inputs, outputs: 256, weight, bias: vec![0.0; 256] }
}

fn steps<M: Trainable>(model: M, batch: usize, side: u32, rng: &mut impl Rng, device: &Device) {
    let shape = [batch, 3, side as usize, side as usize];
    let pixels = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0f32)).collect::<Vec<_>>();
    let pixels: Tensor<4> = Tensor::from_data(TensorData::new(pixels, shape), device);
    let texts: Vec<Vec<u32>> = (0..batch).map(|_| (0..LENGTH).map(|_| rng.random_range(1000..30_000)).collect()).collect();
    let own: Vec<u32> = (0..batch as u32).collect();
    let mut optimiser = AdamW::new(AdamWSettings::default());
    let mut model = Some(model);
    serve(|| {
        let Some(now) = model.take() else { return };
        let (image, text) = (now.image(pixels.clone()), now.text(texts.clone()));
        let loss = contrastive(image, text, now.scale(), targets(&own, device));
        let mut slopes = Slopes::of(&now, loss.backward());
        slopes.clip(1.0);
        model = Some(optimiser.step(now, slopes, 1e-5));
    });
}
