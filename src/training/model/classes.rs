//! What is learned of each class beside its prompts.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};

/// A residual for each class, which walks, and the prior of each class and the scale of each facet, which calibration fits anew.
#[derive(Module, Debug)]
pub struct Classes {
    residuals: Param<Tensor<2>>,
    priors: Param<Tensor<1>>,
    log_scales: Param<Tensor<1>>,
}

impl Classes {
    /// Classes that are their prompts alone, all equally likely, and facets as sharp as the captions are.
    pub fn new(classes: usize, embedding: usize, facets: usize, device: &Device) -> Self {
        Self {
            residuals: Param::from_tensor(Tensor::zeros([classes, embedding], device)),
            priors: Param::from_tensor(Tensor::zeros([classes], device)),
            log_scales: Param::from_tensor(Tensor::zeros([facets], device)),
        }
    }

    /// Added to the mean of each class's prompts, (classes, embedding).
    pub fn residuals(&self) -> Tensor<2> {
        self.residuals.val()
    }

    /// Added to each class's logit, (classes).
    pub fn priors(&self) -> Tensor<1> {
        self.priors.val()
    }

    /// Factor of each facet's logits beside the captions' scale, (facets).
    pub fn scales(&self) -> Tensor<1> {
        self.log_scales.val().exp()
    }

    /// The residuals, row by row.
    pub fn trained(&self) -> Vec<f32> {
        self.residuals().into_data().iter::<f32>().collect()
    }
}
