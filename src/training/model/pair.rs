//! The default pair, whole: MobileNetV2 and all-MiniLM-L6-v2 with a projection behind each.
//!
//! Owns how they meet and where each of their parameters stands. Leaves the trunks' layers to `mobilenet` and `minilm`.

use std::{collections::HashMap, sync::Arc};

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{Device, Tensor, TensorData},
};

use super::{MOST_LOG_SCALE, MiniLm, MobileNetV2, Place, Projection, Tower, Trainable, Trained, TwoTowers};

/// Both towers and the temperature. A text tower that can't be trained is a table of what it made of every sentence.
#[derive(Module, Debug)]
pub struct Pair {
    vision: MobileNetV2,
    image: Linear,
    language: Option<TextTower>,
    log_scale: Param<Tensor<1>>,
    #[module(skip)]
    kept: Arc<Kept>,
}

/// A text tower that can be trained.
#[derive(Module, Debug)]
pub struct TextTower {
    trunk: MiniLm,
    projection: Linear,
}

/// Sentences as token ids, with what a frozen text tower made of each, or with the class that each stands for.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    rows: HashMap<Vec<u32>, Vec<f32>>,
    width: usize,
    classes: bool,
}

impl TextTower {
    /// A trunk with what stands behind it.
    pub fn new(trunk: MiniLm, projection: &Projection, device: &Device) -> Self {
        Self { trunk, projection: projection.linear(device) }
    }
}

impl Kept {
    /// Embeddings of `width` components each.
    pub fn new(width: usize, rows: impl IntoIterator<Item = (Vec<u32>, Vec<f32>)>) -> Self {
        Self { rows: rows.into_iter().collect(), width, classes: false }
    }

    /// A class for each of `sentences`, in their order: no text tower, but a row that holds 1 at the class.
    pub fn classes(sentences: impl IntoIterator<Item = Vec<u32>>) -> Self {
        let sentences: Vec<Vec<u32>> = sentences.into_iter().collect();
        let width = sentences.len();
        let row = |class: usize| (0..width).map(|i| if i == class { 1.0 } else { 0.0 }).collect();
        let rows = sentences.into_iter().enumerate().map(|(class, ids)| (ids, row(class))).collect();
        Self { rows, width, classes: true }
    }

    /// NaN for a sentence that nobody embedded, so that no loss comes of it.
    fn take(&self, sentences: &[Vec<u32>], device: &Device) -> Tensor<2> {
        let unknown = vec![f32::NAN; self.width];
        let values: Vec<f32> = sentences.iter().flat_map(|ids| self.rows.get(ids).unwrap_or(&unknown)).copied().collect();
        Tensor::from_data(TensorData::new(values, [sentences.len(), self.width]), device)
    }
}

impl Pair {
    /// A pair whose text tower can be trained; of `heads` the image projection and the scale are taken.
    pub fn new(vision: MobileNetV2, language: TextTower, heads: &Trained, device: &Device) -> Self {
        Self { language: Some(language), ..Self::beside(vision, Kept::default(), &heads.image, heads.scale, device) }
    }

    /// A pair whose text tower stays as it is.
    pub fn beside(vision: MobileNetV2, kept: Kept, image: &Projection, scale: f32, device: &Device) -> Self {
        let log_scale = Param::from_data([scale.max(1e-3).ln()], device);
        Self { vision, image: image.linear(device), language: None, log_scale, kept: Arc::new(kept) }
    }

    /// The same image trunk and temperature with another projection, beside `kept`.
    pub fn anew(&self, kept: Kept, image: &Projection) -> Self {
        let image = image.linear(&self.log_scale.val().device());
        Self { image, language: None, kept: Arc::new(kept), ..self.clone() }
    }

    /// The image trunk.
    pub fn vision(&self) -> &MobileNetV2 {
        &self.vision
    }

    /// What stands behind the image trunk.
    pub fn projection(&self) -> Projection {
        Projection::of(&self.image)
    }
}

impl TwoTowers for Pair {
    /// Pixels, (batch, 3, height, width), in [-1, 1].
    type Image = Tensor<4>;
    /// Token ids of each sentence, special tokens included.
    type Text = Vec<Vec<u32>>;

    fn image(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.image.forward(self.vision.forward(pixels))
    }

    fn text(&self, ids: Vec<Vec<u32>>) -> Tensor<2> {
        match &self.language {
            Some(tower) => tower.projection.forward(tower.trunk.forward(&ids)),
            None => self.kept.take(&ids, &self.log_scale.val().device()),
        }
    }

    fn scale(&self) -> Tensor<1> {
        self.log_scale.val().clamp_max(MOST_LOG_SCALE).exp()
    }
}

impl Trainable for Pair {
    fn place(&self, path: &str) -> Place {
        let is_matrix = path.ends_with(".weight") && !path.contains("norm.");
        let (tower, from_output, decays) = if let Some(part) = path.strip_prefix("vision.") {
            (Tower::Image, 1 + self.vision.layers_behind(part), is_matrix)
        } else if let Some(part) = path.strip_prefix("language.trunk.") {
            let table = ["words", "positions", "kinds"].contains(&part);
            let depth = self.language.as_ref().map_or(0, |tower| tower.trunk.layers_behind(part));
            (Tower::Text, 1 + depth, is_matrix || table)
        } else if path.starts_with("image.") {
            (Tower::Image, 0, is_matrix)
        } else if path.starts_with("language.") {
            (Tower::Text, 0, is_matrix)
        } else {
            (Tower::Both, 0, false)
        };
        Place { tower, from_output, decays }
    }

    fn begin(&self, pixels: Tensor<4>, layers: usize) -> Tensor<2> {
        self.vision.begin(pixels, self.before(layers))
    }

    fn finish(&self, begun: Tensor<2>, layers: usize) -> Tensor<2> {
        self.image.forward(self.vision.finish(begun, self.before(layers)))
    }

    fn classifies(&self) -> bool {
        self.kept.classes
    }
}

impl Pair {
    /// Parts of the image trunk that stand `layers` or more before the output, of which the projection is the last.
    fn before(&self, layers: usize) -> usize {
        (self.vision.parts() + 1).saturating_sub(layers).min(self.vision.parts())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::model::fresh::tests::tiny;

    #[track_caller]
    fn check(path: &str, tower: Tower, from_output: usize, decays: bool) {
        assert_eq!(tiny().place(path), Place { tower, from_output, decays }, "{path}");
    }

    #[test]
    fn a_parameter_stands_where_its_layer_does() {
        check("image.weight", Tower::Image, 0, true);
        check("image.bias", Tower::Image, 0, false);
        check("vision.head.weight", Tower::Image, 1, true);
        check("vision.blocks.16.project.bias", Tower::Image, 2, false);
        check("vision.blocks.0.depthwise.weight", Tower::Image, 18, true);
        check("vision.stem.weight", Tower::Image, 19, true);
        check("language.projection.weight", Tower::Text, 0, true);
        check("language.trunk.layers.1.query.weight", Tower::Text, 1, true);
        check("language.trunk.layers.0.outer_norm.weight", Tower::Text, 2, false);
        check("language.trunk.norm.weight", Tower::Text, 3, false);
        check("language.trunk.words", Tower::Text, 3, true);
        check("log_scale", Tower::Both, 0, false);
    }

    #[test]
    fn every_parameter_has_a_place_and_the_tower_of_its_name() {
        let pair = tiny();
        for (path, place) in super::super::parameters::places(&pair) {
            let tower = match path.split('.').next() {
                Some("vision" | "image") => Tower::Image,
                Some("language") => Tower::Text,
                _ => Tower::Both,
            };
            assert_eq!(place.tower, tower, "{path}");
        }
    }
}
