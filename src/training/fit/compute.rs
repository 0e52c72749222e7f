//! Where a run computes.

use burn::tensor::Device;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::training::TrainingError;

/// A device by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compute {
    /// The processor: everywhere, and to the same bits each time.
    Cpu,
    /// A graphics card, in programs built with the feature `gpu`.
    Gpu,
}

impl Compute {
    /// The device; refused where there is none of its kind.
    pub fn device(self) -> Result<Device, TrainingError> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Gpu => card().map_err(|problem| TrainingError::Setting { problem: problem.to_owned() }),
        }
    }
}

/// The card that wgpu holds for the fastest, or that `CUBECL_WGPU_DEFAULT_DEVICE` names.
#[cfg(feature = "gpu")]
fn card() -> Result<Device, &'static str> {
    use burn::tensor::{DeviceKind, DeviceType};

    if Device::enumerate(DeviceType::Wgpu).is_empty() {
        return Err("no graphics card is found; install its driver (on Linux one for Vulkan), or choose --device cpu");
    }
    Ok(Device::wgpu(DeviceKind::DefaultDevice))
}

#[cfg(not(feature = "gpu"))]
fn card() -> Result<Device, &'static str> {
    Err("this program was built without the feature gpu; build it with --features gpu, or choose --device cpu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_always_there() {
        assert_eq!(Compute::Cpu.device().expect("a device"), Device::flex());
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn a_card_is_refused_with_the_feature_that_it_takes() {
        let error = Compute::Gpu.device().expect_err("no such feature").to_string();
        assert!(error.contains("--features gpu"), "{error}");
    }

    /// Skips, and says so, where there is no card.
    #[cfg(feature = "gpu")]
    #[test]
    fn a_card_finds_the_loss_and_the_slopes_that_the_processor_finds() {
        use burn::module::Module;

        use crate::training::{
            fit::{batches::tests::sample, slopes, tests::settings},
            model::{fresh::tests::tiny, parameters::places},
        };

        let card = match Compute::Gpu.device() {
            Ok(card) => card,
            Err(problem) => return eprintln!("skipped: {problem}"),
        };
        let (batch, settings, model) = (sample(4), settings("seed=0"), tiny());
        let (want_loss, want) = slopes(&model, &batch, None, &settings);
        let (loss, found) = slopes(&model.clone().to_device(&card.autodiff()), &batch, None, &settings);
        assert!((loss - want_loss).abs() < 1e-3, "{loss} against {want_loss}");
        for path in places(&model).keys() {
            let (found, want) = (found.at(path).unwrap_or_default(), want.at(path).unwrap_or_default());
            let most = want.iter().fold(1e-3_f32, |most, x| most.max(x.abs()));
            let is_near = found.len() == want.len() && found.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-2 * most);
            assert!(is_near, "{path}");
        }
    }
}
