//! Whether a tower in 8 bits still is the tower that it was made of.
//!
//! Owns the floors, and the search for the layer that is to blame where one is missed. Leaves rounding to `quantise`.

use std::path::Path;

use crate::{
    bundle::TextInput,
    embedding::Embedding,
    encoder::{Device, Input, OnnxSession, Output, Runtime, SessionOptions, Spinning, Values},
    evaluation::{Agreement, agreement},
    training::{TrainingError, fit::Tokens, onnx::Model, quantise, weights::Tensor},
};

/// The least mean cosine with the float tower. The shipped towers have .998 and .996; a ViT of which every operator was rounded, .83.
const LEAST_COSINE: f64 = 0.95;
/// The greatest share whose best caption may be another one.
const MOST_DIFFER: f64 = 0.25;

/// What both towers are asked.
pub enum Asked {
    /// Batches of pixels.
    Pictures(Vec<Tensor>),
    /// Token ids and what is no padding, both (texts, longest).
    Texts { shape: [usize; 2], ids: Vec<i64>, mask: Vec<i64> },
}

impl Asked {
    /// `texts` as the bundle in `dir` reads them.
    pub fn texts(dir: &Path, input: &TextInput, texts: &[&str]) -> Result<Self, TrainingError> {
        let tokens = Tokens::open(dir, input.context)?;
        let rows = texts.iter().map(|text| tokens.ids(text)).collect::<Result<Vec<_>, _>>()?;
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
        let filled = |pad: i64, value: fn(u32) -> i64| -> Vec<i64> {
            let row = |row: &Vec<u32>| -> Vec<i64> {
                row.iter().map(|&id| value(id)).chain(std::iter::repeat_n(pad, longest - row.len())).collect()
            };
            rows.iter().flat_map(row).collect()
        };
        let ids = filled(i64::from(input.pad), i64::from);
        Ok(Self::Texts { shape: [rows.len(), longest], ids, mask: filled(0, |_| 1) })
    }

    /// What `model` makes of all.
    fn rows(&self, model: &Model) -> Result<Vec<Embedding>, TrainingError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let options = SessionOptions { device: Device::Cpu, threads, spinning: Spinning::Off };
        let name = model.graph.name();
        let mut session = OnnxSession::open(Runtime::load(None)?, name, &model.to_bytes(), &options)?;
        let mut rows = Vec::new();
        let mut run = |inputs: &[Input<'_>], output: &str| {
            let mut outputs = [Output::named(output)];
            session.run(inputs, &mut outputs)?;
            let [Output { shape, values, .. }] = &outputs;
            for raw in values.chunks(shape.last().copied().unwrap_or(1).max(1)) {
                let row = Embedding::new(raw.to_vec());
                rows.push(row.map_err(|e| TrainingError::Calibration { problem: format!("{name}: {e}") })?);
            }
            Ok::<_, TrainingError>(())
        };
        match self {
            Self::Pictures(batches) => batches.iter().try_for_each(|Tensor { shape, values }| {
                run(&[Input { name: "pixel_values", shape, values: Values::F32(values) }], "image_embeds")
            })?,
            Self::Texts { shape, ids, mask } => {
                let input = |name, values| Input { name, shape, values: Values::I64(values) };
                run(&[input("input_ids", ids), input("attention_mask", mask)], "text_embeds")?;
            }
        }
        Ok(rows)
    }
}

/// Refuses `rounded` where it is too far from `float`, and names the layer that costs the most alone; `except` rounds all but the
/// named nodes. `file` is what the tower would have become, `captions` what photos are ranked by.
pub fn pass(
    file: &Path,
    [float, rounded]: [&Model; 2],
    asked: &Asked,
    captions: &[Embedding],
    except: impl Fn(&[&str]) -> Result<Model, TrainingError>,
) -> Result<(), TrainingError> {
    let want = asked.rows(float)?;
    let found = agreement(&want, &asked.rows(rounded)?, captions);
    let Agreement { mean_cosine, top_1_differs, .. } = found;
    if mean_cosine >= LEAST_COSINE && top_1_differs <= MOST_DIFFER {
        return Ok(());
    }
    let names: Vec<&str> = float.graph.node.iter().map(|node| node.name()).collect();
    let mut worst: Option<(&str, f64)> = None;
    for layer in quantise::layers(float) {
        let others: Vec<&str> = names.iter().copied().filter(|name| *name != layer).collect();
        let alone = agreement(&want, &asked.rows(&except(&others)?)?, captions).mean_cosine;
        if worst.is_none_or(|(_, least)| alone < least) {
            worst = Some((layer, alone));
        }
    }
    let blamed = worst.map(|(layer, alone)| format!("; most to blame is {layer}, which alone leaves {alone:.3}"));
    let problem = format!(
        "8 bits change too much: the mean cosine with the float tower is {mean_cosine:.3} and must be {LEAST_COSINE}, the best \
         caption is another for {top_1_differs:.3} and may be for {MOST_DIFFER}{}. The bundle stays as it was, in float",
        blamed.unwrap_or_default()
    );
    Err(TrainingError::Data { file: file.display().to_string(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{
        model::clip::Activation,
        onnx::towers::{small_clip, testing::Numbers},
        quantise::{WeightBits, dynamic},
    };

    /// What becomes of the small CLIP's image tower where `spoilt` is rounded with the weights of another.
    #[track_caller]
    fn check(spoilt: Option<&str>, want: &str) {
        let [(_, float), (_, other)] = [Activation::QuickGelu, Activation::Gelu].map(|activation| {
            let (config, clip) = small_clip::small(activation, 10);
            let [image, _] = small_clip::graphs(&config, &clip);
            (clip, image)
        });
        let asked = Asked::Pictures(vec![Tensor { shape: vec![3, 3, 16, 16], values: Numbers(5).take(3 * 3 * 16 * 16) }]);
        let captions = asked.rows(&other).expect("embeddings");
        let bits = WeightBits::Seven;
        let except = |names: &[&str]| -> Result<Model, TrainingError> {
            let mut rounded = dynamic(&float, bits, names)?;
            let scale = spoilt.filter(|layer| !names.contains(layer)).map(|layer| format!("{layer}.weight.scale"));
            for tensor in rounded.graph.initializer.iter_mut().filter(|tensor| Some(tensor.name()) == scale.as_deref()) {
                let bytes = tensor.raw_data.iter_mut().flatten();
                bytes.enumerate().filter(|(at, _)| at % 8 == 3).for_each(|(_, byte)| *byte ^= 0x80);
            }
            Ok(rounded)
        };
        let rounded = except(&[]).expect("a graph");
        let told = pass(Path::new("image.int8.onnx"), [&float, &rounded], &asked, &captions, except);
        let told = told.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains(want) && told.is_empty() == want.is_empty(), "{told:?} against {want:?}");
    }

    #[test]
    fn a_tower_that_rounding_spoils_is_refused_and_its_worst_layer_named() {
        check(None, "");
        check(Some("visual_projection"), "most to blame is visual_projection, which alone leaves");
        check(Some("vision_model.encoder.layers.1.mlp.fc1"), "most to blame is vision_model.encoder.layers.1.mlp.fc1,");
    }
}
