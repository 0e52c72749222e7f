//! From a run to a bundle that walks: export to ONNX, quantisation, prompts, background, calibration, seal.
//!
//! Owns the order of these steps and what goes into a bundle. Leaves graphs to `onnx`, rounding to `quantise`, the regression to
//! `calibrate`, checksums to `bundle`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    TrainingError,
    features::{CONTEXT, Features, PAD, TextTower},
    fit::RECORD,
    heads::{HEADS, RunRecord, Settings},
    model::{Projection, Trained},
    onnx::towers::{self, Layer},
    weights::{Tensor, Weights},
};
use crate::bundle::{
    Calibration, CaptionCalibration, FORMAT, IMAGE_F32, Manifest, PromptSource, RESIDUALS, TEXT_F32, TOKENIZER, TextInput,
    make_whole,
};

mod asked;
mod attune;
mod calibrated;
mod checkpoint;
mod costs;
mod embed;
mod gate;
mod half;
mod quantise;
mod soup;
mod teach;
mod teacher;
mod whole;

pub use attune::attune;
pub use calibrated::recalibrate;
pub use checkpoint::export_checkpoint;
pub use costs::{Cost, Kept};
pub use embed::{Embedded, embed};
pub use half::halve;
pub use quantise::{QuantiseReport, quantise};
pub use soup::{Portion, stir};

/// Terms of a model learned from photos whose own terms are unclear; the card says more.
const LICENCE: &str = "research only: learned from photos of unclear or non-commercial licence";

/// Writes the run `run`, of heads or of a whole pair, as a bundle in the new folder `out`: image and text tower in f32, tokenizer,
/// manifest. Gives the manifest.
pub fn export(run: &Path, out: &Path) -> Result<Manifest, TrainingError> {
    let failed = |source| TrainingError::File { file: out.display().to_string(), source };
    let write = if run.join(RECORD).exists() { whole::write } else { heads };
    make_whole(out, failed, |whole| write(run, whole, named(out)))
}

/// Writes a run of heads into the folder `out`, as the bundle `name`.
fn heads(run: &Path, out: &Path, name: String) -> Result<Manifest, TrainingError> {
    let record = RunRecord::read(run)?;
    let trained = Trained::read(&run.join(HEADS))?;
    let file = |path: &Path| path.display().to_string();

    let vision = Weights::read(&record.image_weights)?;
    towers::mobilenet_v2(&vision, &[layer(&trained.image)])?.write(&out.join(IMAGE_F32))?;
    let language = TextTower::open(&record.text_weights)?;
    towers::minilm(&language.weights, &[layer(&trained.text)], CONTEXT)?.write(&out.join(TEXT_F32))?;
    let tokenizer = out.join(TOKENIZER);
    let copied = fs::read(language.tokenizer()).and_then(|bytes| crate::bundle::write_whole(&tokenizer, &bytes));
    copied.map_err(|source| TrainingError::File { file: file(&tokenizer), source })?;

    let width = trained.image.outputs;
    Features::new(width, trained.residuals.clone()).write(&out.join(RESIDUALS))?;

    let mut manifest = Manifest {
        format: FORMAT,
        name,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        licence: LICENCE.to_owned(),
        embedding: trained.image.outputs,
        image: record.image.clone(),
        text: TextInput { context: CONTEXT, pad: PAD },
        prompts: None,
        names: None,
        aim: None,
        calibration: Calibration { captions: Some(CaptionCalibration { scale: trained.scale }), facets: Vec::new() },
        provenance: provenance(&record),
        files: BTreeMap::new(),
    };
    manifest.seal(out)?;
    // The residuals hold for the vocabulary that they were learned for.
    let text = manifest.files.get(TEXT_F32).map(|record| record.sha256.clone()).unwrap_or_default();
    manifest.prompts = Some(PromptSource { vocabulary: record.vocabulary, text });
    manifest.seal(out)?;
    Ok(manifest)
}

/// A bundle bears the name of its folder.
fn named(out: &Path) -> String {
    out.file_name().map_or_else(|| "street".to_owned(), |name| name.to_string_lossy().into_owned())
}

pub(in crate::training) fn layer(projection: &Projection) -> Layer {
    let shape = vec![projection.inputs, projection.outputs];
    Layer::Linear { weight: Tensor { shape, values: projection.weight.clone() }, bias: projection.bias.clone() }
}

fn provenance(record: &RunRecord) -> BTreeMap<String, String> {
    let hashes = record.checksums.iter().map(|(file, checksum)| (format!("sha256 of {file}"), checksum.clone()));
    let Settings { seed, epochs, answer_epochs, .. } = record.settings;
    let told = [
        ("image trunk", "MobileNetV2 1.0, ImageNet, Apache-2.0, frozen".to_owned()),
        ("text trunk", "all-MiniLM-L6-v2, Apache-2.0, frozen".to_owned()),
        ("fitted", format!("linear heads and classes, seed {seed}, {} epochs", epochs + answer_epochs)),
    ];
    told.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(hashes).collect()
}

/// The files that a walker's device loads, and all of them, in bytes.
pub fn sizes(dir: &Path, manifest: &Manifest) -> (Vec<(PathBuf, u64)>, u64) {
    let files: Vec<_> = manifest.files.iter().map(|(name, record)| (dir.join(name), record.bytes)).collect();
    let total = files.iter().map(|(_, bytes)| bytes).sum();
    (files, total)
}
