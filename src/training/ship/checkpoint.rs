//! A checkpoint of CLIP as a bundle.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::Device;

use super::named;
use crate::{
    bundle::{Calibration, CaptionCalibration, FORMAT, IMAGE_F32, Manifest, TEXT_F32, TOKENIZER, TextInput, make_whole},
    training::{
        TrainingError,
        model::{
            TwoTowers,
            clip::layout::{self, Checkpoint},
        },
        onnx::towers,
    },
};

/// Writes the checkpoint in `dir`, in Hugging Face's or open_clip's layout, as a bundle in the new folder `out`: both towers in f32,
/// tokenizer, manifest. Its captions are ranked at the temperature that it learned.
pub fn export_checkpoint(dir: &Path, out: &Path) -> Result<Manifest, TrainingError> {
    let checkpoint = Checkpoint::read(dir, &Device::flex())?;
    let config = &checkpoint.config;
    let failed = |source| TrainingError::File { file: out.display().to_string(), source };
    let name = named(out);
    make_whole(out, failed, |out| {
        write(&checkpoint, out)?;
        let mut manifest = Manifest {
            format: FORMAT,
            name,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            licence: "that of the checkpoint".to_owned(),
            embedding: config.embedding,
            image: checkpoint.preprocessing.clone(),
            text: TextInput { context: config.text.context, pad: checkpoint.tokens.end() },
            prompts: None,
            names: None,
            aim: None,
            calibration: Calibration {
                captions: Some(CaptionCalibration { scale: checkpoint.model.scale().into_scalar() }),
                facets: Vec::new(),
            },
            provenance: [("made of".to_owned(), format!("the checkpoint in {}", dir.display()))].into(),
            files: BTreeMap::new(),
        };
        manifest.seal(out)?;
        Ok(manifest)
    })
}

/// Writes both towers and the tokenizer into the folder `out`.
pub(super) fn write(checkpoint: &Checkpoint, out: &Path) -> Result<(), TrainingError> {
    let weights = layout::weights(&checkpoint.model)?;
    towers::clip_image(&weights, &checkpoint.config)?.write(&out.join(IMAGE_F32))?;
    towers::clip_text(&weights, &checkpoint.config)?.write(&out.join(TEXT_F32))?;
    checkpoint.write_tokenizer(&out.join(TOKENIZER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bundle::Bundle,
        encoder::{Device as Where, DeviceChoice, EncoderOptions, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder},
        encoder::{Preprocessor, Runtime, SessionOptions, TextEncoder},
        frame::Picture,
        observation::View,
    };
    use burn::tensor::{Tensor, TensorData};

    /// The cosine of what the bundle and what the trainer make of the same.
    fn alike(found: &crate::embedding::Embedding, want: Tensor<2>) -> f32 {
        let want = want.into_data().iter::<f32>().collect();
        found.cosine(&crate::embedding::Embedding::new(want).expect("a direction"))
    }

    #[test]
    fn a_bundle_of_a_checkpoint_embeds_as_the_checkpoint_does() {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/quick-gelu");
        let dir = tempfile::tempdir().expect("a folder");
        let out = dir.path().join("small");
        assert_eq!(export_checkpoint(&made, &out).expect("a bundle").name, "small");

        let checkpoint = Checkpoint::read(&made, &Device::flex()).expect("whole");
        let (bundle, runtime) = (Bundle::open(&out).expect("sealed"), Runtime::load(None).expect("ONNX Runtime"));
        let picture = Picture::new(50, 40, (0..50 * 40 * 3).map(|i| (i * 37 % 251) as u8).collect()).expect("pixels");
        let mut preprocessor = Preprocessor::new(&checkpoint.preprocessing);
        let mut pixels = vec![0.0; preprocessor.floats()];
        preprocessor.fill(&picture, View::Full, &mut pixels).expect("pixels");
        let pixels = Tensor::from_data(TensorData::new(pixels, [1, 3, 24, 24]), &Device::flex());
        let options = EncoderOptions { device: DeviceChoice::Only(Where::Cpu), ..EncoderOptions::default() };
        let mut encoder = OnnxImageEncoder::open(runtime, &bundle, &options).expect("an image tower");
        let mut seen = Vec::new();
        encoder.encode(&picture, &[View::Full], &mut seen).expect("an embedding");
        assert!(alike(&seen[0], checkpoint.model.image(pixels)) > 0.999_99);

        // Of different lengths, so that one is padded.
        let texts = ["a bench under a tree, and more behind it", "stairs"];
        let mut encoder = OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default()).expect("a text tower");
        for (text, found) in texts.iter().zip(encoder.encode(&texts).expect("embeddings")) {
            let ids = checkpoint.tokens.encode(&[text]).expect("ids").ids;
            assert!(alike(&found, checkpoint.model.text(ids)) > 0.999_99, "{text}");
        }
    }
}
