//! Image towers in ONNX Runtime, and how long each takes for a photo.

use std::time::Instant;

use crate::{
    bundle::Preprocessing,
    encoder::{Device, Input, OnnxSession, Output, Runtime, SessionOptions, Spinning, Values},
    training::{
        TrainingError,
        features::ImageTower,
        model::{Pair, Projection, parameters::tensors},
        ship::layer,
        weights::Weights,
    },
};

/// Runs of each tower before the first that counts.
const WARM_UP: usize = 5;
/// Runs that count.
const RUNS: usize = 100;

/// The image trunk of `pair` in float, with `head` behind it where there is one.
pub fn tower(pair: &Pair, head: Option<&Projection>, image: &Preprocessing) -> Result<ImageTower, TrainingError> {
    let head: Vec<_> = head.into_iter().map(layer).collect();
    ImageTower::new(&Weights::new("the image tower", tensors(pair.vision()))?, &head, image)
}

/// Milliseconds that each of `towers` takes for one photo at one thread of a CPU, run by run. They take turns, so that whatever else the
/// machine does falls on all alike.
pub fn latencies(towers: &[&ImageTower]) -> Result<Vec<Vec<f64>>, TrainingError> {
    let runtime = Runtime::load(None)?;
    let options = SessionOptions { device: Device::Cpu, threads: 1, spinning: Spinning::Off };
    let open = |tower: &&ImageTower| {
        let session = OnnxSession::open(runtime, "an image tower", tower.graph(), &options)?;
        let side = tower.preprocessing().size as usize;
        // No network of ours is quicker on one picture than on another.
        let pixels: Vec<f32> = (0..3 * side * side).map(|i| (i as f32 * 0.37).sin()).collect();
        Ok::<_, TrainingError>((session, [1, 3, side, side], pixels, [Output::named(tower.output())]))
    };
    let mut sessions = towers.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let mut milliseconds = vec![Vec::with_capacity(RUNS); towers.len()];
    for run in 0..WARM_UP + RUNS {
        for turn in 0..towers.len() {
            let at = (run + turn) % towers.len();
            let (session, shape, pixels, outputs) = &mut sessions[at];
            let input = Input { name: "pixel_values", shape, values: Values::F32(pixels) };
            let began = Instant::now();
            session.run(&[input], outputs)?;
            if run >= WARM_UP {
                milliseconds[at].push(began.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    Ok(milliseconds)
}
