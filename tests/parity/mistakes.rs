//! The mistakes that one makes in a CLIP, each of which a row must catch.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use streetscape::{
    bundle::{Filter, Fit, Preprocessing},
    training::{
        loss::{contrastive, targets, unit},
        model::{
            Clip, Place, Trainable, TwoTowers,
            clip::{Activation, Config, layout::Checkpoint},
            parameters,
        },
        weights::{Tensor as Values, Weights},
    },
};

use super::reference::Recipe;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    OtherActivation,
    OtherEpsilon,
    OtherHeads,
    ScaledByWholeWidth,
    FinalNormMissing,
    PostNormMissing,
    MaskMissing,
    LastTokenPooled,
    EndOneEarly,
    EndAtPadding,
    PatchTurned,
    PatchColours,
    ProjectionTurned,
    PositionsShifted,
    ScaleNotRaised,
    OneDirection,
    DecayOnNorms,
    DecayOnScale,
    DecayNowhere,
    NotClipped,
    WarmUpOffByOne,
    CosineOffByOne,
    OtherBetas,
    OtherAdamEpsilon,
    EndOfTextCutOff,
    Bilinear,
    Squashed,
    OtherMean,
}

use Mistake::*;

/// Each mistake, the network in which it is made, and its name.
pub const ALL: [(Mistake, &str, &str); 29] = [
    (OtherActivation, "quick-gelu", "gelu for quick_gelu"),
    (OtherActivation, "gelu", "quick_gelu for gelu"),
    (OtherEpsilon, "gelu", "1e-5 for a norm's 1e-6"),
    (OtherHeads, "quick-gelu", "twice as many heads"),
    (ScaledByWholeWidth, "quick-gelu", "scores over the whole width's root"),
    (FinalNormMissing, "gelu", "no final norm of the text"),
    (PostNormMissing, "gelu", "no final norm of the picture"),
    (MaskMissing, "quick-gelu", "no causal mask"),
    (LastTokenPooled, "quick-gelu", "the last patch in place of the class"),
    (EndOneEarly, "quick-gelu", "the token before end-of-text"),
    (EndAtPadding, "highest-id", "the batch's last place for end-of-text"),
    (PatchTurned, "quick-gelu", "patches read column by column"),
    (PatchColours, "quick-gelu", "blue for red"),
    (ProjectionTurned, "quick-gelu", "a transposed projection"),
    (PositionsShifted, "quick-gelu", "positions from 1"),
    (ScaleNotRaised, "quick-gelu", "the logarithm of the scale for the scale"),
    (OneDirection, "quick-gelu", "the loss of pictures alone"),
    (DecayOnNorms, "quick-gelu", "decay on norms and biases"),
    (DecayOnScale, "quick-gelu", "decay on the temperature"),
    (DecayNowhere, "quick-gelu", "no decay"),
    (NotClipped, "quick-gelu", "no clipping"),
    (WarmUpOffByOne, "quick-gelu", "warm-up off by one"),
    (CosineOffByOne, "quick-gelu", "the cosine's end off by one"),
    (OtherBetas, "quick-gelu", "0.999 for the second beta"),
    (OtherAdamEpsilon, "gelu", "1e-8 for AdamW's epsilon"),
    (EndOfTextCutOff, "quick-gelu", "end-of-text cut off"),
    (Bilinear, "quick-gelu", "bilinear for bicubic"),
    (Squashed, "quick-gelu", "squashed, not cropped"),
    (OtherMean, "quick-gelu", "ImageNet's mean and deviation"),
];

/// A CLIP that makes a mistake, or none.
#[derive(Module, Debug)]
pub struct Towers {
    pub clip: Clip,
    #[module(skip)]
    mistake: Option<Mistake>,
}

impl Towers {
    pub fn new(checkpoint: &Checkpoint, mistake: Option<Mistake>) -> Self {
        let device = Device::flex().autodiff();
        let Some(wrong) = mistake else { return Self { clip: checkpoint.model.clone(), mistake } };
        let mut config = checkpoint.config.clone();
        wrong.misconfigure(&mut config);
        let tensors = parameters::tensors(&checkpoint.model).into_iter().map(|(path, mut tensor)| {
            wrong.mislay(&path, &mut tensor);
            (path, tensor)
        });
        let weights = Weights::new("mistaken", tensors).unwrap();
        Self { clip: parameters::fill(Clip::new(&config, &device), &weights).unwrap(), mistake }
    }

    pub fn loss(&self, pixels: Tensor<4>, ids: Vec<Vec<u32>>) -> Tensor<1> {
        let truth = targets(&(0..ids.len() as u32).collect::<Vec<_>>(), &Device::flex().autodiff());
        let (image, text, scale) = (self.image(pixels), self.text(ids), self.scale());
        if self.mistake == Some(OneDirection) {
            let logits = unit(image).matmul(unit(text).transpose()) * scale.unsqueeze::<2>();
            let of_images = burn::tensor::activation::log_softmax(logits, 1) * truth.clone();
            return -of_images.sum() / truth.dims()[0] as f32;
        }
        contrastive(image, text, scale, truth)
    }

    pub fn mislead(&self, recipe: &mut Recipe) {
        match self.mistake {
            Some(DecayNowhere) => recipe.settings.weight_decay = 0.0,
            Some(NotClipped) => recipe.clip = f32::INFINITY,
            Some(WarmUpOffByOne) => recipe.warm_up += 1,
            Some(CosineOffByOne) => recipe.steps += 1,
            Some(OtherBetas) => recipe.settings.betas[1] = 0.999,
            Some(OtherAdamEpsilon) => recipe.settings.epsilon = 1e-8,
            _ => {}
        }
    }
}

impl TwoTowers for Towers {
    type Image = Tensor<4>;
    type Text = Vec<Vec<u32>>;

    fn image(&self, pixels: Tensor<4>) -> Tensor<2> {
        let vision = &self.clip.vision;
        let tokens = || vision.layers.iter().fold(vision.embed(pixels.clone()), |x, layer| layer.forward(x, None));
        match self.mistake {
            Some(PostNormMissing) => vision.projection.forward(token(&tokens(), 0, 0, tokens().dims()[0])),
            Some(LastTokenPooled) => {
                let tokens = tokens();
                let last = tokens.dims()[1] - 1;
                vision.pool(tokens.narrow(1, last, 1))
            }
            _ => self.clip.image(pixels),
        }
    }

    fn text(&self, ids: Vec<Vec<u32>>) -> Tensor<2> {
        let text = &self.clip.text;
        let embedded = text.embed(&ids);
        let [batch, length, _] = embedded.dims();
        let mask = (self.mistake != Some(MaskMissing)).then(|| text.mask(length));
        let tokens = || text.layers.iter().fold(embedded, |x, layer| layer.forward(x, mask.as_ref()));
        let ends = text.ends(&ids);
        match self.mistake {
            Some(MaskMissing) => text.pool(tokens(), &ends),
            Some(EndOneEarly) => text.pool(tokens(), &ends.iter().map(|end| end - 1).collect::<Vec<_>>()),
            Some(EndAtPadding) => text.pool(tokens(), &vec![length - 1; batch]),
            Some(FinalNormMissing) => {
                let tokens = tokens();
                let rows = ends.iter().enumerate().map(|(row, &end)| token(&tokens, end, row, 1)).collect();
                text.projection.forward(Tensor::cat(rows, 0))
            }
            _ => self.clip.text(ids),
        }
    }

    fn scale(&self) -> Tensor<1> {
        if self.mistake == Some(ScaleNotRaised) { self.clip.log_scale.val() } else { self.clip.scale() }
    }
}

impl Trainable for Towers {
    fn place(&self, path: &str) -> Place {
        let path = path.strip_prefix("clip.").unwrap_or(path);
        let place = self.clip.place(path);
        let decays = match self.mistake {
            Some(DecayOnNorms) => place.decays || path != "log_scale",
            Some(DecayOnScale) => place.decays || path == "log_scale",
            _ => place.decays,
        };
        Place { decays, ..place }
    }

    fn begin(&self, pixels: Tensor<4>, layers: usize) -> Tensor<2> {
        self.clip.begin(pixels, layers)
    }

    fn finish(&self, begun: Tensor<2>, layers: usize) -> Tensor<2> {
        self.clip.finish(begun, layers)
    }
}

/// The token at `place` of `count` rows from `row` on.
fn token(tokens: &Tensor<3>, place: usize, row: usize, count: usize) -> Tensor<2> {
    tokens.clone().narrow(0, row, count).narrow(1, place, 1).squeeze_dim(1)
}

impl Mistake {
    fn misconfigure(self, config: &mut Config) {
        for blocks in [&mut config.vision.blocks, &mut config.text.blocks] {
            match self {
                OtherActivation if blocks.activation == Activation::Gelu => blocks.activation = Activation::QuickGelu,
                OtherActivation => blocks.activation = Activation::Gelu,
                OtherEpsilon => blocks.epsilon = 1e-5,
                OtherHeads => blocks.heads *= 2,
                _ => {}
            }
        }
    }

    /// Changes what lies at `path`.
    fn mislay(self, path: &str, tensor: &mut Values) {
        let (old, width) = (tensor.values.clone(), tensor.shape.last().copied().unwrap());
        let row = |i: usize| &old[i * width..][..width];
        match (self, path) {
            (ScaledByWholeWidth, _) if path.contains("query") => tensor.values.iter_mut().for_each(|x| *x *= 0.5_f32.sqrt()),
            (PatchTurned, "vision.patch.weight") => {
                let turned = (0..3 * 64).flat_map(|i| row(i / 64 * 64 + i % 8 * 8 + i % 64 / 8));
                tensor.values = turned.copied().collect();
            }
            (PatchColours, "vision.patch.weight") => {
                tensor.values = (0..3 * 64).flat_map(|i| row((2 - i / 64) * 64 + i % 64)).copied().collect();
            }
            (ProjectionTurned, "text.projection.weight") => {
                tensor.values = (0..old.len()).map(|i| old[i % width * width + i / width]).collect();
            }
            (PositionsShifted, "text.positions") => tensor.values.rotate_left(width),
            _ => {}
        }
    }

    pub fn misread(self, image: &mut Preprocessing) {
        match self {
            Bilinear => image.filter = Filter::Bilinear,
            Squashed => image.fit = Fit::Squash,
            OtherMean => (image.mean, image.std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            _ => {}
        }
    }
}
