//! The towers of an exported bundle in 16-bit floats.

use std::path::Path;

use crate::{
    bundle::{Bundle, IMAGE_F16, IMAGE_F32, Manifest, TEXT_F16, TEXT_F32},
    training::{
        TrainingError,
        onnx::{Model, halved},
    },
};

/// Adds to the bundle in `dir` each tower that it has in f32 as f16.
pub fn halve(dir: &Path) -> Result<Manifest, TrainingError> {
    let mut manifest = Bundle::open(dir)?.manifest;
    for (from, to) in [(IMAGE_F32, IMAGE_F16), (TEXT_F32, TEXT_F16)] {
        // A text tower that did not learn is in 8 bits already.
        if dir.join(from).exists() {
            halved(&Model::read(&dir.join(from))?).write(&dir.join(to))?;
        }
    }
    manifest.seal(dir)?;
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encoder::{
            Device, DeviceChoice, EncoderOptions, ImageEncoder, OnnxImageEncoder, OnnxTextEncoder, Precision, Runtime,
            SessionOptions, TextEncoder,
        },
        frame::Picture,
        observation::View,
        training::ship::export_checkpoint,
    };

    #[test]
    fn a_bundle_answers_the_same_in_half() {
        let dir = tempfile::tempdir().expect("a folder");
        let out = dir.path().join("small");
        export_checkpoint(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/quick-gelu"), &out).expect("a bundle");
        let bytes = |name: &str| std::fs::read(out.join(name)).expect("a file").len();
        halve(&out).expect("a bundle");
        assert!(bytes(IMAGE_F16) < bytes(IMAGE_F32) && bytes(TEXT_F16) < bytes(TEXT_F32));

        let (bundle, runtime) = (Bundle::open(&out).expect("sealed"), Runtime::load(None).expect("ONNX Runtime"));
        assert!(bundle.check().is_empty());
        let picture = Picture::new(50, 40, (0..50 * 40 * 3).map(|i| (i * 37 % 251) as u8).collect()).expect("pixels");
        let seen = [Precision::F32, Precision::F16].map(|precision| {
            let options = EncoderOptions { device: DeviceChoice::Only(Device::Cpu), precision, ..EncoderOptions::default() };
            let mut encoder = OnnxImageEncoder::open(runtime, &bundle, &options).expect("an image tower");
            let mut seen = Vec::new();
            encoder.encode(&picture, &[View::Full], &mut seen).expect("an embedding");
            seen.remove(0)
        });
        assert!(seen[0].cosine(&seen[1]) > 0.9999);

        let read = |bundle: &Bundle| {
            let mut encoder = OnnxTextEncoder::open(runtime, bundle, &SessionOptions::default()).expect("a text tower");
            encoder.encode(&["a bench under a tree"]).expect("an embedding").remove(0)
        };
        let whole = read(&bundle);
        std::fs::remove_file(out.join(TEXT_F32)).expect("the text tower");
        assert!(whole.cosine(&read(&bundle)) > 0.9999);
    }
}
