//! The image tower of a bundle, on the device and in the precision that suit.
//!
//! Owns the choice of the file. Leaves the choice of the device to `device`, pixels to `preprocess`.

use std::{fmt, str::FromStr};

use crate::{
    bundle::{Bundle, IMAGE_F16, IMAGE_F32, IMAGE_INT8, IMAGE_INT8R},
    embedding::Embedding,
    encoder::{
        Device, DeviceChoice, EncoderError, ImageEncoder, Input, OnnxSession, Output, Preprocessor, Refusal, Runtime,
        SessionOptions, Spinning, Values,
        device::{choose, test_picture},
        session::{check_device, check_interface, spare_threads},
    },
    frame::Picture,
    observation::View,
};

const INPUT: &str = "pixel_values";
const OUTPUT: &str = "image_embeds";
/// The operator that gives away ranges found at each run: its name stands in the file as it is.
const DYNAMIC: &[u8] = b"DynamicQuantizeLinear";

/// How exactly the image tower reckons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// What is quickest on the device, of what the bundle has.
    #[default]
    Auto,
    /// 8-bit weights; 7-bit ones on a CPU whose sums of 8-bit products saturate.
    Int8,
    /// 16-bit floats.
    F16,
    /// 32-bit floats.
    F32,
}

impl Precision {
    /// Every precision.
    pub const ALL: [Precision; 4] = [Precision::Auto, Precision::Int8, Precision::F16, Precision::F32];

    /// The name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Precision::Auto => "auto",
            Precision::Int8 => "int8",
            Precision::F16 => "f16",
            Precision::F32 => "f32",
        }
    }

    /// The files that will do on `device`, best first; `docs/devices.md` says why.
    fn files(self, device: Device, traits: Traits) -> Vec<&'static str> {
        let saturates = matches!(device, Device::Cpu | Device::OpenVino) && !traits.vnni;
        let int8 = if saturates { [IMAGE_INT8R, IMAGE_INT8] } else { [IMAGE_INT8, IMAGE_INT8R] };
        match self {
            Precision::Int8 => int8.to_vec(),
            Precision::F16 => vec![IMAGE_F16],
            Precision::F32 => vec![IMAGE_F32],
            Precision::Auto => match device {
                Device::Cpu => [&int8[..], &[IMAGE_F32, IMAGE_F16]].concat(),
                Device::OpenVino | Device::Qnn if !traits.dynamic => [&int8[..], &[IMAGE_F32, IMAGE_F16]].concat(),
                // It rounds floats to 16 bits itself, and reads none in the format that ONNX Runtime gives it.
                Device::CoreMl => [&[IMAGE_F32, IMAGE_F16], &int8[..]].concat(),
                // Graphics have no use for int8.
                _ => [&[IMAGE_F16, IMAGE_F32], &int8[..]].concat(),
            },
        }
    }
}

/// What a file's choice depends on beside the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Traits {
    /// The CPU sums 8-bit products without saturating.
    vnni: bool,
    /// In 8 bits the tower finds the ranges of its activations at each run, which only ONNX Runtime's CPU kernels are quick with.
    dynamic: bool,
}

impl Traits {
    /// Reads the 8-bit tower only where it matters.
    fn of(bundle: &Bundle, device: Device) -> Self {
        let asks = matches!(device, Device::OpenVino | Device::Qnn);
        let bytes =
            [IMAGE_INT8, IMAGE_INT8R].into_iter().filter(|name| asks && bundle.has(name)).find_map(|n| bundle.read(n).ok());
        Self {
            vnni: has_vnni(),
            dynamic: bytes.is_some_and(|bytes| bytes.windows(DYNAMIC.len()).any(|window| window == DYNAMIC)),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|precision| precision.id() == text);
        found.ok_or_else(|| format!("no precision is called {text}; there are {}", Self::ALL.map(Self::id).join(", ")))
    }
}

/// What is wanted of the image tower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderOptions {
    /// Where it runs.
    pub device: DeviceChoice,
    /// How exactly.
    pub precision: Precision,
    /// Threads of the CPU; at least 1.
    pub threads: usize,
    /// What they do while they wait.
    pub spinning: Spinning,
}

impl Default for EncoderOptions {
    /// As the walk needs it: the best device, one core left to the rest, no spinning.
    fn default() -> Self {
        Self {
            device: DeviceChoice::default(),
            precision: Precision::default(),
            threads: spare_threads(),
            spinning: Spinning::default(),
        }
    }
}

/// A bundle's image tower.
#[derive(Debug)]
pub struct OnnxImageEncoder {
    tower: Tower,
    refusals: Vec<Refusal>,
}

#[derive(Debug)]
struct Tower {
    session: OnnxSession,
    name: &'static str,
    preprocessor: Preprocessor,
    width: usize,
    /// Views in one run. On a CPU four together take as long as one after another, and the memory of four.
    at_once: usize,
    batch: Vec<f32>,
    outputs: [Output; 1],
}

impl OnnxImageEncoder {
    /// Opens the image tower on the device that is wanted. Any but the CPU is accepted only after it embedded a built-in
    /// picture as the CPU does.
    pub fn open(runtime: &Runtime, bundle: &Bundle, options: &EncoderOptions) -> Result<Self, EncoderError> {
        let picture = test_picture();
        let chosen = choose(
            options.device,
            |device| Tower::open(runtime, bundle, device, options),
            |tower| {
                let mut out = Vec::new();
                tower.encode(picture.as_ref().unwrap_or(&Picture::default()), &[View::Full], &mut out)?;
                Ok(out.swap_remove(0))
            },
        )?;
        Ok(Self { tower: chosen.encoder, refusals: chosen.refusals })
    }

    /// Where it runs.
    pub fn device(&self) -> Device {
        self.tower.session.device()
    }

    /// The bundle's file that it is, one of `image.*.onnx`.
    pub fn name(&self) -> &'static str {
        self.tower.name
    }

    /// The devices that `auto` passed over, and why.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }
}

impl ImageEncoder for OnnxImageEncoder {
    fn encode(&mut self, picture: &Picture, views: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
        self.tower.encode(picture, views, out)
    }
}

impl Tower {
    fn open(runtime: &Runtime, bundle: &Bundle, device: Device, options: &EncoderOptions) -> Result<Self, EncoderError> {
        // `auto` asks for every device, and most runtimes lack most of them: their files need not be read and summed up.
        check_device(device)?;
        let name = options.precision.files(device, Traits::of(bundle, device)).into_iter().find(|name| bundle.has(name));
        let name = name.ok_or_else(|| EncoderError::Precision {
            dir: bundle.dir().display().to_string(),
            asked: options.precision,
            there: [IMAGE_INT8, IMAGE_INT8R, IMAGE_F16, IMAGE_F32].into_iter().filter(|name| bundle.has(name)).collect(),
        })?;
        let bytes = bundle.read(name)?;
        let file = bundle.dir().join(name).display().to_string();
        let session = SessionOptions { device, threads: options.threads, spinning: options.spinning };
        let session = OnnxSession::open(runtime, &file, &bytes, &session)?;
        let width = bundle.manifest.embedding;
        let size = Some(bundle.manifest.image.size as usize);
        check_interface(&session, &[(INPUT, &[None, Some(3), size, size])], (OUTPUT, &[None, Some(width)]))?;
        Ok(Self {
            session,
            name,
            preprocessor: Preprocessor::new(&bundle.manifest.image),
            width,
            at_once: if device == Device::Cpu { 1 } else { View::ALL.len() },
            batch: Vec::new(),
            outputs: [Output::named(OUTPUT)],
        })
    }

    fn encode(&mut self, picture: &Picture, views: &[View], out: &mut Vec<Embedding>) -> Result<(), EncoderError> {
        out.truncate(views.len());
        let mut done = 0;
        for views in views.chunks(self.at_once) {
            self.run(picture, views)?;
            let [output] = &self.outputs;
            output.expect_rows(self.session.file(), views.len(), self.width)?;
            for (view, raw) in views.iter().zip(output.values.chunks_exact(self.width)) {
                let answer = |source| EncoderError::Answer {
                    file: self.session.file().to_owned(),
                    place: format!("view {}", view.id()),
                    source,
                };
                match out.get_mut(done) {
                    Some(embedding) => embedding.replace(raw).map_err(answer)?,
                    None => out.push(Embedding::new(raw.to_vec()).map_err(answer)?),
                }
                done += 1;
            }
        }
        Ok(())
    }

    /// Leaves what the network makes of `views` in the outputs.
    fn run(&mut self, picture: &Picture, views: &[View]) -> Result<(), EncoderError> {
        self.batch.resize(views.len() * self.preprocessor.floats(), 0.0);
        for (view, pixels) in views.iter().zip(self.batch.chunks_exact_mut(self.preprocessor.floats())) {
            self.preprocessor.fill(picture, *view, pixels)?;
        }
        let size = self.preprocessor.size() as usize;
        let input = Input { name: INPUT, shape: &[views.len(), 3, size, size], values: Values::F32(&self.batch) };
        self.session.run(&[input], &mut self.outputs)
    }
}

/// Whether this CPU sums products of 8-bit numbers in 32 bits. Only x86 has CPUs that don't.
#[cfg(target_arch = "x86_64")]
fn has_vnni() -> bool {
    std::is_x86_feature_detected!("avx512vnni") || std::is_x86_feature_detected!("avxvnni")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_vnni() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(precision: &str, device: Device, vnni: bool, want: &[&str]) {
        check_transformer(precision, device, Traits { vnni, dynamic: false }, want);
    }

    #[track_caller]
    fn check_transformer(precision: &str, device: Device, traits: Traits, want: &[&str]) {
        let files: Vec<_> = precision.parse::<Precision>().unwrap().files(device, traits);
        assert_eq!(files, want, "{precision} on {device}, {traits:?}");
    }

    #[test]
    fn the_file_suits_the_device() {
        check("auto", Device::Cpu, true, &[IMAGE_INT8, IMAGE_INT8R, IMAGE_F32, IMAGE_F16]);
        check("auto", Device::Cpu, false, &[IMAGE_INT8R, IMAGE_INT8, IMAGE_F32, IMAGE_F16]);
        check("auto", Device::OpenVino, true, &[IMAGE_INT8, IMAGE_INT8R, IMAGE_F32, IMAGE_F16]);
        check("auto", Device::OpenVino, false, &[IMAGE_INT8R, IMAGE_INT8, IMAGE_F32, IMAGE_F16]);
        check("auto", Device::Qnn, false, &[IMAGE_INT8, IMAGE_INT8R, IMAGE_F32, IMAGE_F16]);
        check("auto", Device::CoreMl, true, &[IMAGE_F32, IMAGE_F16, IMAGE_INT8, IMAGE_INT8R]);
        check("auto", Device::Cuda, false, &[IMAGE_F16, IMAGE_F32, IMAGE_INT8, IMAGE_INT8R]);
        check("int8", Device::Cpu, false, &[IMAGE_INT8R, IMAGE_INT8]);
        check("int8", Device::OpenVino, false, &[IMAGE_INT8R, IMAGE_INT8]);
        check("int8", Device::Qnn, false, &[IMAGE_INT8, IMAGE_INT8R]);
        check("f16", Device::Cpu, true, &[IMAGE_F16]);
        check("f32", Device::Cpu, true, &[IMAGE_F32]);
        let transformer = Traits { vnni: true, dynamic: true };
        check_transformer("auto", Device::Cpu, transformer, &[IMAGE_INT8, IMAGE_INT8R, IMAGE_F32, IMAGE_F16]);
        for device in [Device::OpenVino, Device::Qnn] {
            check_transformer("auto", device, transformer, &[IMAGE_F16, IMAGE_F32, IMAGE_INT8, IMAGE_INT8R]);
        }
    }

    #[test]
    fn every_precision_is_found_by_its_name() {
        for precision in Precision::ALL {
            assert_eq!(precision.id().parse(), Ok(precision));
        }
        assert!("fp32".parse::<Precision>().expect_err("no such precision").contains("f32"));
    }
}
