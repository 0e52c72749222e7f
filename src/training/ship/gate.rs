//! Whether a tower in fewer bits still is the tower that it was made of.
//!
//! Owns the floors. Leaves rounding to `quantise`, what single layers cost to `costs`.

use std::path::Path;

use super::{
    asked::{Asked, Sums},
    costs::Cost,
};
use crate::{
    embedding::Embedding,
    evaluation::{Agreement, agreement, caption_calibration_error},
    training::{TrainingError, calibrate, onnx::Model},
};

/// The least mean cosine with the float tower. The shipped towers have .998 and .996; a ViT of which every operator was rounded, .83.
pub const LEAST_COSINE: f64 = 0.95;
/// The greatest share whose best caption may be another one.
const MOST_DIFFER: f64 = 0.25;
/// The least share of the five best captions that must stay among the five best.
const LEAST_SHARED: f64 = 0.75;
/// What the expected calibration error may grow by: three standard deviations of what chance makes of it with the fewest photos. The
/// shipped towers' grows by less than .005 over 1,698 photos.
const MOST_MISCALIBRATED: f64 = 0.05;
/// Photos with a category that it takes. Over draws of so many from `val`, the difference of the shipped towers' deviates by .017.
const LEAST_LABELLED: usize = 200;

/// A float tower, and what it answered.
pub struct Gate<'a> {
    asked: &'a Asked,
    captions: &'a [Embedding],
    /// The caption that each is a photo of, where it is known.
    truths: &'a [Option<usize>],
    want: Vec<Embedding>,
}

impl<'a> Gate<'a> {
    /// Asks `float`. Photos, or texts, are ranked by `captions`.
    pub fn new(
        float: &Model,
        asked: &'a Asked,
        captions: &'a [Embedding],
        truths: &'a [Option<usize>],
    ) -> Result<Self, TrainingError> {
        Ok(Self { asked, captions, truths, want: asked.rows(float, Sums::Here)? })
    }

    /// The mean cosine of what `rounded` answers with what the float tower did.
    pub fn cosine(&self, rounded: &Model) -> Result<f64, TrainingError> {
        Ok(agreement(&self.want, &self.asked.rows(rounded, Sums::Here)?, self.captions).mean_cosine)
    }

    /// Refuses `rounded`, which would have become `file`, where it is too far from the float tower, and says which layer, `worst` of all
    /// that it rounds, costs the most alone.
    pub fn pass(&self, file: &Path, rounded: &Model, sums: Sums, worst: Option<&Cost>) -> Result<(), TrainingError> {
        let refusals = self.refusals(&self.asked.rows(rounded, sums)?);
        if refusals.is_empty() {
            return Ok(());
        }
        let blamed =
            worst.map(|Cost { layer, error, .. }| format!("; most to blame is {layer}, which alone leaves {:.3}", 1.0 - error));
        let problem = format!(
            "it answers too unlike the float tower: {}{}. The bundle stays as it was",
            refusals.join(", "),
            blamed.unwrap_or_default()
        );
        Err(TrainingError::Data { file: file.display().to_string(), problem })
    }

    /// Every floor that `rows` miss, in words.
    fn refusals(&self, rows: &[Embedding]) -> Vec<String> {
        let Agreement { mean_cosine, top_1_differs, top_5_shared, .. } = agreement(&self.want, rows, self.captions);
        let grown =
            self.calibration_error(rows).zip(self.calibration_error(&self.want)).map(|(rounded, float)| rounded - float);
        let refusals = [
            (mean_cosine < LEAST_COSINE)
                .then(|| format!("the mean cosine with the float tower is {mean_cosine:.3} and must be {LEAST_COSINE}")),
            (top_1_differs > MOST_DIFFER)
                .then(|| format!("the best caption is another for {top_1_differs:.3} and may be for {MOST_DIFFER}")),
            (top_5_shared < LEAST_SHARED)
                .then(|| format!("of the five best captions {top_5_shared:.3} stay and {LEAST_SHARED} must")),
            grown.filter(|grown| *grown > MOST_MISCALIBRATED).map(|grown| {
                format!("the calibration error grows by {grown:.3} and may by {MOST_MISCALIBRATED}, the temperature refitted")
            }),
        ];
        refusals.into_iter().flatten().collect()
    }

    /// Of the photos whose caption is known, at the temperature that suits `rows` best; none where they are few.
    fn calibration_error(&self, rows: &[Embedding]) -> Option<f64> {
        let scored = rows
            .iter()
            .zip(self.truths)
            .filter_map(|(row, truth)| Some((self.captions.iter().map(|caption| row.cosine(caption)).collect(), (*truth)?)));
        let answers: Vec<(Vec<f32>, usize)> = scored.collect();
        if answers.len() < LEAST_LABELLED {
            return None;
        }
        let scale = calibrate::captions(&answers).scale;
        Some(caption_calibration_error(answers.iter().map(|(cosines, truth)| (&cosines[..], *truth)), scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{
        model::clip::Activation,
        onnx::towers::{small_clip, small_image, testing::Numbers},
        progress::Show,
        quantise::{self, WeightBits},
        ship::costs::{Costs, Kept},
        weights::Tensor,
    };

    fn pictures() -> Asked {
        Asked::Pictures(vec![Tensor { shape: vec![3, 3, 16, 16], values: Numbers(5).take(3 * 3 * 16 * 16) }])
    }

    /// An image tower, and what rounds all of it but the named nodes.
    type Family = (Model, Box<dyn Fn(&[&str]) -> Result<Model, TrainingError>>);

    fn transformer(bits: WeightBits) -> Family {
        let (config, clip) = small_clip::small(Activation::QuickGelu, 10);
        let [image, _] = small_clip::graphs(&config, &clip);
        (image.clone(), Box::new(move |names| quantise::dynamic(&image, bits, names)))
    }

    fn convolutions(bits: WeightBits) -> Family {
        let image = small_image();
        let Asked::Pictures(batches) = pictures() else { panic!("pictures") };
        let ranges = quantise::calibrate(&image, batches.into_iter().map(Ok)).expect("ranges");
        (image.clone(), Box::new(move |names| quantise::qdq(&image, &ranges, bits, names)))
    }

    /// `model` with the weights of `layer` turned around, where it is in 8 bits.
    fn spoil(mut model: Model, layer: &str) -> Model {
        let weight = format!("{layer}.weight.quantised");
        for tensor in model.graph.initializer.iter_mut().filter(|tensor| tensor.name() == weight) {
            let bytes = tensor.raw_data.iter_mut().flatten();
            bytes.for_each(|byte| *byte = byte.wrapping_neg());
        }
        model
    }

    /// What becomes of a tower of which all is in 8 bits, and `spoilt` not what it was. In the end, what is kept in float is measured.
    #[track_caller]
    fn check(family: fn(WeightBits) -> Family, spoilt: Option<&str>, want: &str) {
        for (bits, sums) in [(WeightBits::Seven, Sums::Here), (WeightBits::Eight, Sums::Whole)] {
            let (float, round) = family(bits);
            let round = |names: &[&str]| round(names).map(|model| spoilt.map_or(model.clone(), |layer| spoil(model, layer)));
            let (asked, rounded) = (pictures(), round(&[]).expect("a graph"));
            let seen = asked.rows(&float, Sums::Here).expect("embeddings").remove(0);
            let opposite = seen.as_slice().iter().map(|x| -x).collect();
            let captions = [seen, Embedding::new(opposite).expect("a direction")];
            let gate = Gate::new(&float, &asked, &captions, &[]).expect("a float tower");
            let costs = Costs::measure(&float, &asked, sums, &round, Show::new(true)).expect("costs");
            let told = gate.pass(Path::new("image.int8.onnx"), &rounded, sums, costs.worst(&Kept::default()));
            let told = told.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains(want) && told.is_empty() == want.is_empty(), "{told:?} against {want:?}");

            let kept = costs.choose(|names| gate.cosine(&round(names)?)).expect("a choice");
            if let Some(spoilt) = spoilt {
                assert!(kept.names().contains(&spoilt), "{kept:?}");
            }
        }
    }

    #[test]
    fn a_tower_that_rounding_spoils_is_refused_and_its_worst_layer_named() {
        check(transformer, None, "");
        check(transformer, Some("visual_projection"), "most to blame is visual_projection, which alone leaves");
        let layer = "vision_model.encoder.layers.1.mlp.fc1";
        check(transformer, Some(layer), "most to blame is vision_model.encoder.layers.1.mlp.fc1,");
        check(convolutions, None, "");
        check(convolutions, Some("head"), "most to blame is head, which alone leaves");
        check(convolutions, Some("projection.0"), "most to blame is projection.0,");
    }

    /// How many refusals there are where photos sure of the first of two captions are right, and the others half the time, and in 8 bits
    /// the sure ones are others.
    #[track_caller]
    fn check_calibration(photos: usize, swapped: bool, want: usize) {
        let at =
            |degrees: f32| Embedding::new(vec![degrees.to_radians().cos(), degrees.to_radians().sin()]).expect("a direction");
        let row = |i: usize, sure: bool| at(if i.is_multiple_of(2) == sure { 25.0 } else { 43.0 });
        let captions = [at(0.0), at(90.0)];
        let truths: Vec<_> = (0..photos).map(|i| Some(usize::from(i % 4 == 1))).collect();
        let rows = |sure: bool| (0..photos).map(|i| row(i, sure)).collect::<Vec<_>>();
        let asked = pictures();
        let gate = Gate { asked: &asked, captions: &captions, truths: &truths, want: rows(true) };
        let told = gate.refusals(&rows(!swapped));
        assert_eq!(told.len(), want, "{told:?}");
        assert!(told.iter().all(|told| told.starts_with("the calibration error grows by 0.")), "{told:?}");
    }

    #[test]
    fn a_tower_whose_probabilities_mean_less_than_they_did_is_refused() {
        check_calibration(400, false, 0);
        check_calibration(400, true, 1);
        check_calibration(100, true, 0);
    }
}
