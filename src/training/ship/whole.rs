//! A run that trained a whole pair or a CLIP, as a bundle in f32.

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::Device;

use super::{LICENCE, checkpoint, layer};
use crate::{
    bundle::{Calibration, CaptionCalibration, FORMAT, IMAGE_F32, Manifest, TEXT_F32, TEXT_INT8, TOKENIZER, write_whole},
    training::{
        TrainingError,
        fit::{MODEL, Record},
        model::{
            MiniLm, Projection,
            clip::layout::{self, Checkpoint},
        },
        onnx::towers,
        weights::{Tensor, Weights},
    },
};

/// Writes the run in `run` into the folder `out`, as the bundle `name`. A text tower that did not learn is copied from the bundle that the run
/// started from.
pub fn write(run: &Path, out: &Path, name: String) -> Result<Manifest, TrainingError> {
    let record = Record::read(run)?;
    let embedding = if layout::is_there(run) {
        let clip = Checkpoint::read(run, &Device::flex())?;
        checkpoint::write(&clip, out)?;
        clip.config.embedding
    } else {
        pair(run, &record, out)?
    };

    let hashes = record.checksums.iter().map(|(file, checksum)| (format!("sha256 of {file}"), checksum.clone()));
    let told = [
        ("fitted from", record.from.clone()),
        ("share of what was learned", record.mix.to_string()),
        ("fitted by", format!("streetscape-train {}", record.version)),
    ];
    let provenance = told.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(hashes).collect();
    let captions = Some(CaptionCalibration { scale: record.scale });
    let mut manifest = Manifest {
        format: FORMAT,
        name,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        licence: LICENCE.to_owned(),
        embedding,
        image: record.image,
        text: record.text,
        prompts: None,
        names: None,
        aim: None,
        calibration: Calibration { captions, facets: Vec::new() },
        provenance,
        files: BTreeMap::new(),
    };
    manifest.seal(out)?;
    Ok(manifest)
}

/// Writes both towers and the tokenizer of the pair in `run`; gives how many components an embedding has.
fn pair(run: &Path, record: &Record, out: &Path) -> Result<usize, TrainingError> {
    let weights = Weights::read(&run.join(MODEL))?;
    let (vision, image) = (under(&weights, "vision.")?, projection(&weights, "image")?);
    towers::mobilenet_v2(&vision, &[layer(&image)])?.write(&out.join(IMAGE_F32))?;
    let language = under(&weights, "language.trunk.")?;
    if language.names().next().is_some() {
        let text = projection(&weights, "language.projection")?;
        let named = language.into_tensors().into_iter().map(|(path, tensor)| (MiniLm::published(&path), tensor));
        let language = Weights::new(weights.file(), named)?;
        towers::minilm(&language, &[layer(&text)], record.text.context)?.write(&out.join(TEXT_F32))?;
    } else {
        let text = [TEXT_F32, TEXT_INT8].into_iter().find(|name| Path::new(&record.from).join(name).exists());
        copy(Path::new(&record.from), out, text.unwrap_or(TEXT_INT8))?;
    }
    copy(run, out, TOKENIZER)?;
    Ok(image.outputs)
}

/// The tensors whose names begin with `prefix`, without it.
fn under(weights: &Weights, prefix: &str) -> Result<Weights, TrainingError> {
    let found =
        weights.names().filter_map(|name| Some((name.strip_prefix(prefix)?.to_owned(), weights.get(name).ok()?.clone())));
    Weights::new(weights.file(), found.collect::<Vec<(String, Tensor)>>())
}

fn projection(weights: &Weights, name: &str) -> Result<Projection, TrainingError> {
    let (weight, [inputs, outputs]) = weights.shaped(&format!("{name}.weight"), [None, None])?;
    let (bias, _) = weights.shaped(&format!("{name}.bias"), [Some(outputs)])?;
    Ok(Projection { inputs, outputs, weight: weight.values.clone(), bias: bias.values.clone() })
}

fn copy(from: &Path, to: &Path, name: &str) -> Result<(), TrainingError> {
    let failed = |path: &Path, source| TrainingError::File { file: path.join(name).display().to_string(), source };
    let bytes = fs::read(from.join(name)).map_err(|source| failed(from, source))?;
    write_whole(&to.join(name), &bytes).map_err(|source| failed(to, source))
}

#[cfg(test)]
mod tests {
    use burn::{
        module::Module,
        tensor::{Tensor as Burn, TensorData},
    };

    use super::*;
    use crate::{
        bundle::{Bundle, TextInput},
        encoder::{Input, Values},
        training::{
            features::preprocessing,
            model::{TwoTowers, fresh::tests::tiny, parameters::tensors},
            onnx::{
                Model,
                towers::testing::{assert_close, run},
            },
            weights,
        },
    };

    #[test]
    fn a_run_of_a_whole_pair_becomes_a_bundle_that_answers_as_it_does() {
        let (dir, pair) = (tempfile::tempdir().expect("a folder"), tiny().valid());
        let (from, out) = (dir.path().join("run"), dir.path().join("tiny"));
        fs::create_dir(&from).expect("a folder");
        weights::write(&from.join(MODEL), &tensors(&pair), None).expect("weights");
        fs::write(from.join(TOKENIZER), "{}").expect("a tokenizer");
        let record = Record {
            version: "0.0.0".to_owned(),
            crates: BTreeMap::new(),
            from: "fresh".to_owned(),
            mix: 1.0,
            scale: 10.0,
            bias: None,
            recall: [0.0; 2],
            image: crate::bundle::Preprocessing { size: 32, ..preprocessing() },
            text: TextInput { context: 8, pad: 0 },
            checksums: BTreeMap::new(),
        };
        fs::write(from.join(crate::training::fit::RECORD), toml::to_string(&record).expect("a table")).expect("a record");

        assert_eq!(super::super::export(&from, &out).expect("a bundle").name, "tiny");
        assert!(Bundle::open(&out).expect("a bundle").check().is_empty());
        let values = |x: Burn<2>| x.into_data().iter::<f32>().collect::<Vec<_>>();
        let shape = [2, 3, 32, 32];
        let pixels: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i as f32 * 0.37).sin()).collect();
        let input = Input { name: "pixel_values", shape: &shape, values: Values::F32(&pixels) };
        let found = run(&Model::read(&out.join(IMAGE_F32)).expect("a graph"), &[input], "image_embeds").values;
        let want = pair.image(Burn::from_data(TensorData::new(pixels.clone(), shape), &Device::flex()));
        assert_close(&found, &values(want), 1e-4);
        let (ids, mask) = ([2_i64, 9, 4, 3, 2, 7, 3, 0], [1_i64, 1, 1, 1, 1, 1, 1, 0]);
        let input = |name, values| Input { name, shape: &[2, 4], values: Values::I64(values) };
        let graph = Model::read(&out.join(TEXT_F32)).expect("a graph");
        let found = run(&graph, &[input("input_ids", &ids), input("attention_mask", &mask)], "text_embeds").values;
        assert_close(&found, &values(pair.text(vec![vec![2, 9, 4, 3], vec![2, 7, 3]])), 1e-4);
    }
}
