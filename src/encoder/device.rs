//! Where a network runs: the devices' names, their order, and whether one may be trusted.
//!
//! Owns the choice. Leaves opening a model on a device to `session`, its precision to `image`.

use std::{fmt, str::FromStr};

use crate::{embedding::Embedding, encoder::EncoderError, frame::Picture};

/// Cosine from which a device's embedding counts as the CPU's: 16-bit floats stay above .999, a broken driver falls below .9.
const AGREEMENT: f32 = 0.99;

/// Where a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// The processor, always there.
    Cpu,
    /// Intel's processors, graphics and NPUs.
    OpenVino,
    /// NVIDIA's graphics.
    Cuda,
    /// NVIDIA's graphics with kernels built for the model, which takes minutes at each start.
    TensorRt,
    /// Qualcomm's NPUs.
    Qnn,
    /// Apple's NPUs and graphics.
    CoreMl,
    /// Any graphics under Windows.
    DirectMl,
}

impl Device {
    /// Every device in the order in which `auto` tries them: NPUs, which spare the battery, then graphics, then the processor.
    /// TensorRT comes after CUDA for its slow start, OpenVINO last but one since without NPU or graphics it is no
    /// faster. Which file each loads: `docs/devices.md`.
    pub const ALL: [Device; 7] =
        [Device::Qnn, Device::CoreMl, Device::Cuda, Device::TensorRt, Device::DirectMl, Device::OpenVino, Device::Cpu];

    /// The name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Device::Cpu => "cpu",
            Device::OpenVino => "openvino",
            Device::Cuda => "cuda",
            Device::TensorRt => "tensorrt",
            Device::Qnn => "qnn",
            Device::CoreMl => "coreml",
            Device::DirectMl => "directml",
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Which device is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first of [`Device::ALL`] that passes its self-test.
    #[default]
    Auto,
    /// This one or none.
    Only(Device),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        Device::ALL.into_iter().find(|device| device.id() == text).map(Self::Only).ok_or_else(|| {
            let names: Vec<_> = Device::ALL.iter().map(|device| device.id()).collect();
            format!("no device is called {text}; there are auto, {}", names.join(", "))
        })
    }
}

/// Why a device was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The device.
    pub device: Device,
    /// In words.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.device, self.reason)
    }
}

/// What was chosen, and what was passed over before it.
#[derive(Debug)]
pub(super) struct Chosen<E> {
    pub encoder: E,
    pub refusals: Vec<Refusal>,
}

/// Takes the wanted device, or the first that passes. `open` gives an encoder on a device; `embed` embeds the built-in picture.
/// The CPU needs no test: it is what the others are tested against.
pub(super) fn choose<E>(
    choice: DeviceChoice,
    mut open: impl FnMut(Device) -> Result<E, EncoderError>,
    mut embed: impl FnMut(&mut E) -> Result<Embedding, EncoderError>,
) -> Result<Chosen<E>, EncoderError> {
    let mut refusals = Vec::new();
    // Opened only where another device opens, and kept in case none passes.
    let mut cpu: Option<(E, Embedding)> = None;
    for device in Device::ALL {
        let wanted = choice == DeviceChoice::Auto || choice == DeviceChoice::Only(device);
        if device == Device::Cpu || !wanted {
            continue;
        }
        let reason = match open(device) {
            Err(error) => reason(error)?,
            Ok(mut encoder) => {
                let (_, want) = match &mut cpu {
                    Some(opened) => opened,
                    none => {
                        let mut encoder = open(Device::Cpu)?;
                        let embedding = embed(&mut encoder)?;
                        none.insert((encoder, embedding))
                    }
                };
                match embed(&mut encoder).map(|found| found.cosine(want)) {
                    Ok(cosine) if cosine >= AGREEMENT => return Ok(Chosen { encoder, refusals }),
                    Ok(cosine) => format!("its self-test agrees with the CPU by {cosine:.3}, not {AGREEMENT}"),
                    Err(error) => reason(error)?,
                }
            }
        };
        if choice == DeviceChoice::Only(device) {
            return Err(EncoderError::Device { device, reason });
        }
        refusals.push(Refusal { device, reason });
    }
    let encoder = match cpu {
        Some((encoder, _)) => encoder,
        None => open(Device::Cpu)?,
    };
    Ok(Chosen { encoder, refusals })
}

/// The device's fault in words; a fault of the bundle is nobody's device's, and is given back.
fn reason(error: EncoderError) -> Result<String, EncoderError> {
    match error {
        EncoderError::Model { problem, .. } | EncoderError::Run { problem, .. } => Ok(problem),
        EncoderError::Device { reason, .. } => Ok(reason),
        EncoderError::Answer { source, .. } => Ok(source.to_string()),
        other => Err(other),
    }
}

/// The picture of the self-test, made by formula: ramps, waves and hard edges, so that every channel and scale has a part.
pub(super) fn test_picture() -> Option<Picture> {
    const WIDTH: u32 = 320;
    const HEIGHT: u32 = 240;
    let mut rgb = Vec::with_capacity((WIDTH * HEIGHT * 3) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let wave = ((x * x + y * y) / 97 % 256) as u8;
            let stripe = if (x / 20 + y / 30) % 3 == 0 { 200 } else { 40 };
            rgb.extend([(x * 255 / WIDTH) as u8, stripe, wave]);
        }
    }
    Picture::new(WIDTH, HEIGHT, rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each device's encoder answers: a direction in degrees, or why it can't be opened. A device that isn't listed is
    /// not there.
    type World<'a> = &'a [(Device, Result<f32, &'static str>)];

    fn run(choice: DeviceChoice, world: World) -> Result<(Device, Vec<Refusal>), EncoderError> {
        let open = |device: Device| match world.iter().find(|(d, _)| *d == device) {
            Some((_, Ok(angle))) => Ok((device, *angle)),
            Some((_, Err(problem))) => {
                Err(EncoderError::Model { file: "m.onnx".to_owned(), device, problem: (*problem).to_owned() })
            }
            None => Err(EncoderError::Device { device, reason: "not there".to_owned() }),
        };
        let embed = |(_, angle): &mut (Device, f32)| {
            let radians = angle.to_radians();
            Embedding::new(vec![radians.cos(), radians.sin()]).map_err(|source| EncoderError::Answer {
                file: "m.onnx".to_owned(),
                place: "full".to_owned(),
                source,
            })
        };
        choose(choice, open, embed).map(|chosen| (chosen.encoder.0, chosen.refusals))
    }

    #[track_caller]
    fn check(choice: &str, world: World, want: Device, refused: &[&str]) {
        let (device, refusals) = run(choice.parse().unwrap(), world).expect("a device");
        assert_eq!(device, want);
        let told: Vec<_> = refusals.iter().map(Refusal::to_string).filter(|told| !told.ends_with("not there")).collect();
        assert_eq!(told, refused);
    }

    #[test]
    fn auto_takes_the_first_device_that_agrees_with_the_cpu() {
        let cpu = (Device::Cpu, Ok(0.0));
        check("auto", &[cpu], Device::Cpu, &[]);
        check("auto", &[cpu, (Device::Cuda, Ok(2.0)), (Device::OpenVino, Ok(0.0))], Device::Cuda, &[]);
        check(
            "auto",
            &[cpu, (Device::Qnn, Ok(60.0)), (Device::CoreMl, Err("no driver")), (Device::OpenVino, Ok(1.0))],
            Device::OpenVino,
            &["qnn: its self-test agrees with the CPU by 0.500, not 0.99", "coreml: no driver"],
        );
        check(
            "auto",
            &[cpu, (Device::Cuda, Ok(f32::NAN))],
            Device::Cpu,
            &["cuda: the embedding is not finite: the model is damaged or its input was"],
        );
        check("cuda", &[cpu, (Device::Qnn, Ok(0.0)), (Device::Cuda, Ok(0.0))], Device::Cuda, &[]);
        check("cpu", &[cpu, (Device::Qnn, Ok(0.0))], Device::Cpu, &[]);
    }

    #[test]
    fn every_refusal_of_auto_is_reported() {
        let (_, refusals) = run(DeviceChoice::Auto, &[(Device::Cpu, Ok(0.0))]).expect("the CPU");
        assert_eq!(refusals.len(), Device::ALL.len() - 1);
    }

    #[test]
    fn a_device_that_was_asked_for_is_never_replaced() {
        let world: World = &[(Device::Cpu, Ok(0.0)), (Device::Cuda, Ok(90.0))];
        for (choice, want) in [("cuda", "device cuda: its self-test agrees"), ("qnn", "device qnn: not there")] {
            let error = run(choice.parse().unwrap(), world).expect_err("no other device").to_string();
            assert!(error.starts_with(want) && error.contains("--device auto"), "{error}");
        }
    }

    #[test]
    fn a_damaged_model_is_no_devices_fault() {
        let error = run(DeviceChoice::Auto, &[(Device::Cpu, Err("truncated"))]).expect_err("a damaged model");
        assert!(matches!(error, EncoderError::Model { device: Device::Cpu, .. }), "{error}");
    }

    #[test]
    fn every_device_is_found_by_its_name() {
        for device in Device::ALL {
            assert_eq!(device.id().parse(), Ok(DeviceChoice::Only(device)));
        }
        assert!("gpu".parse::<DeviceChoice>().expect_err("no such device").contains("openvino"));
    }
}
