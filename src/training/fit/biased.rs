//! SigLIP's bias beside a model that has none: it learns with the temperature, and no file of the model's kind has a place for it.

use std::collections::BTreeMap;

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

use crate::training::{
    TrainingError,
    model::{Place, Tower, Trainable, TwoTowers},
    weights,
};

/// The path of the model, with what parts it from those inside.
const TOWERS: &str = "towers.";

/// A model and what is added to the logit of each of its pairs.
#[derive(Module, Debug)]
pub struct Biased<M: Module> {
    towers: M,
    bias: Param<Tensor<1>>,
}

impl<M: Trainable> Biased<M> {
    /// `towers` with a bias that begins at `first`.
    pub fn new(towers: M, first: f32) -> Self {
        let bias = Param::from_data([first], &towers.scale().device());
        Self { towers, bias }
    }
}

impl<M: Trainable> TwoTowers for Biased<M> {
    type Image = Tensor<4>;
    type Text = Vec<Vec<u32>>;

    fn image(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.towers.image(pixels)
    }

    fn text(&self, ids: Vec<Vec<u32>>) -> Tensor<2> {
        self.towers.text(ids)
    }

    fn scale(&self) -> Tensor<1> {
        self.towers.scale()
    }
}

impl<M: Trainable> Trainable for Biased<M> {
    fn place(&self, path: &str) -> Place {
        match path.strip_prefix(TOWERS) {
            Some(path) => self.towers.place(path),
            None => Place { tower: Tower::Both, from_output: 0, decays: false },
        }
    }

    fn begin(&self, pixels: Tensor<4>, layers: usize) -> Tensor<2> {
        self.towers.begin(pixels, layers)
    }

    fn finish(&self, begun: Tensor<2>, layers: usize) -> Tensor<2> {
        self.towers.finish(begun, layers)
    }

    fn bias(&self) -> Option<Tensor<1>> {
        Some(self.bias.val())
    }

    fn published(&self) -> Result<BTreeMap<String, weights::Tensor>, TrainingError> {
        self.towers.published()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{
        fit::{batches::tests::sample, slopes, tests::settings},
        model::{
            fresh::tests::tiny,
            parameters::{fill, places, tensors},
        },
        optimiser::AdamW,
        weights::Weights,
    };

    /// The path of the bias.
    const BIAS: &str = "bias";

    fn one(tensor: &Tensor<1>) -> f32 {
        tensor.clone().into_scalar()
    }

    #[test]
    fn the_bias_stands_beside_the_towers_and_stays_out_of_their_file() {
        let (plain, biased) = (tiny(), Biased::new(tiny(), -10.0));
        let both = Place { tower: Tower::Both, from_output: 0, decays: false };
        assert_eq!(biased.place(BIAS), both);
        assert_eq!(places(&biased).len(), places(&plain).len() + 1);
        for (path, place) in places(&plain) {
            assert_eq!(biased.place(&format!("{TOWERS}{path}")), place, "{path}");
        }
        assert_eq!(biased.published().expect("a file"), plain.published().expect("a file"));
        assert!(plain.bias().is_none() && biased.bias().is_some_and(|bias| one(&bias) == -10.0));
    }

    #[test]
    fn the_bias_has_the_slope_that_its_loss_has() {
        let batch = sample(6);
        let at =
            |bias: f32, part: usize| slopes(&Biased::new(tiny(), bias), &batch, None, &settings(&format!("train.part={part}")));
        for bias in [-10.0_f32, -3.0, 0.5] {
            // Far above what rounding changes, and too little for the loss to bend.
            let step = 0.05;
            let want = (at(bias + step, 6).0 - at(bias - step, 6).0) / (2.0 * step);
            for part in [6, 2] {
                let found = at(bias, part).1.at(BIAS).expect("a slope")[0];
                assert!((found - want).abs() < 2e-3 * (1.0 + want.abs()), "{bias}, {part}: {found} against {want}");
            }
        }
        assert_eq!(slopes(&tiny(), &batch, None, &settings("seed=0")).1.at(BIAS), None);
    }

    #[test]
    fn the_sigmoid_loss_falls_and_the_bias_moves_and_comes_back_from_a_checkpoint() {
        let (settings, batch) = (settings("loss.kind=siglip"), sample(6));
        let mut model = Biased::new(tiny(), settings.loss.bias);
        let mut optimiser = AdamW::new(settings.optimiser.adamw());
        let mut losses = Vec::new();
        for _ in 0..12 {
            let (loss, slopes) = slopes(&model, &batch, None, &settings);
            losses.push(loss);
            model = optimiser.step(model, slopes, 0.05);
        }
        assert!(losses.last() < losses.first() && losses.iter().all(|loss| loss.is_finite()), "{losses:?}");
        let bias = one(&model.bias.val());
        assert!((bias - settings.loss.bias).abs() > 0.1, "{bias}");
        let kept = tensors(&model);
        assert_eq!(kept[BIAS].values, [bias]);
        let again =
            fill(Biased::new(tiny(), 0.0), &Weights::new("kept", kept.clone()).expect("finite")).expect("the same model");
        assert_eq!(tensors(&again), kept);
    }
}
