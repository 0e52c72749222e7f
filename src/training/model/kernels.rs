//! Two steps of MobileNetV2 as one pass each over memory, with their gradients: Burn's convolution takes a depthwise one channel by channel
//! through matrices, four times as long as PyTorch for the whole network.
//!
//! Owns what Burn must know of them, and the same by Burn's own operations where it computes elsewhere than on the CPU. Leaves the loops to
//! `pixels`, the network to `mobilenet`.

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, Flex,
        autodiff::{
            NodeId,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        flex::FlexTensor,
        tensor::FloatTensor,
    },
    tensor::{
        Tensor, TensorData,
        module::conv2d,
        ops::{ConvOptions, PadMode},
    },
};

use super::{
    is_cpu,
    pixels::{self, Grid},
};

/// ReLU6 of a 3 x 3 convolution of each channel with itself, (batch, height, width, channels), with TensorFlow's SAME padding: one pixel
/// all round, with a stride of 2 on the right and below alone. `weight` is (channels, 1, 3, 3), `bias` (channels).
pub fn depthwise_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    if !is_cpu(&x.device()) {
        return plain(x, weight, bias, stride);
    }
    let y = <Dispatch as Kernels>::depthwise_relu6(x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch(), stride);
    Tensor::from_dispatch(y)
}

/// ReLU6 of `x`, (pixels, channels), plus `bias`, (channels).
pub fn bias_relu6(x: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    if !is_cpu(&x.device()) {
        return (x + bias.unsqueeze()).clamp(0.0, 6.0);
    }
    Tensor::from_dispatch(<Dispatch as Kernels>::bias_relu6(x.into_dispatch(), bias.into_dispatch()))
}

/// [`depthwise_relu6`] by Burn's own convolution.
fn plain(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    let (x, channels) = (x.permute([0, 3, 1, 2]), bias.dims()[0]);
    let (x, padding) = if stride == 1 { (x, 1) } else { (x.pad((0, 1, 0, 1), PadMode::Constant(0.0)), 0) };
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], channels);
    conv2d(x, weight, Some(bias), options).clamp(0.0, 6.0).permute([0, 2, 3, 1])
}

#[backend_extension(Flex, Autodiff)]
trait Kernels: Backend {
    fn depthwise_relu6(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self>;
    fn bias_relu6(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl Kernels for Flex {
    fn depthwise_relu6(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, stride: usize) -> FlexTensor {
        let (x, weight, bias) = (x.to_contiguous(), weight.to_contiguous(), bias.to_contiguous());
        let grid = Grid::of(&x.layout().shape()[..], stride);
        let y = pixels::depthwise_relu6(x.storage(), weight.storage(), bias.storage(), grid);
        tensor(y, grid.output(x.layout().shape()[0]))
    }

    fn bias_relu6(x: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let (mut x, bias) = (x.to_contiguous(), bias.to_contiguous());
        pixels::bias_relu6(x.storage_mut(), bias.storage());
        x
    }
}

/// What the gradients of [`Kernels::depthwise_relu6`] need.
type Convolved = (NodeId, NodeId, FlexTensor, usize);

#[derive(Debug)]
struct Depthwise;

impl Backward<Flex, 3> for Depthwise {
    type State = Convolved;

    fn backward(self, ops: Ops<Convolved, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let slope = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (x, weight, y, stride) = ops.state;
        let x = checkpointer.retrieve_node_output::<FlexTensor>(x).to_contiguous();
        let weight = checkpointer.retrieve_node_output::<FlexTensor>(weight).to_contiguous();
        let grid = Grid::of(&x.layout().shape()[..], stride);
        let found = pixels::depthwise_slopes(x.storage(), weight.storage(), y.storage(), slope.storage(), grid);
        let shapes = [x.layout().shape().to_vec(), weight.layout().shape().to_vec(), vec![grid.channels]];
        for ((node, slope), shape) in ops.parents.into_iter().zip(found).zip(shapes) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, tensor(slope, shape));
            }
        }
    }
}

#[derive(Debug)]
struct Bias;

impl Backward<Flex, 2> for Bias {
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let mut slope = grads.consume::<Flex>(&ops.node).to_contiguous();
        let y = ops.state;
        let channels = y.layout().shape()[1];
        let of_bias = pixels::bias_slopes(y.storage(), slope.storage_mut(), channels);
        let [x, bias] = ops.parents;
        if let Some(node) = x {
            grads.register::<Flex>(node.id, slope);
        }
        if let Some(node) = bias {
            grads.register::<Flex>(node.id, tensor(of_bias, vec![channels]));
        }
    }
}

impl<C: CheckpointStrategy> Kernels for Autodiff<Flex, C> {
    fn depthwise_relu6(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        match Depthwise.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let (of_x, of_weight) = (prep.checkpoint(&x), prep.checkpoint(&weight));
                let y =
                    Flex::depthwise_relu6(x.primitive().clone(), weight.primitive().clone(), bias.primitive().clone(), stride);
                prep.finish((of_x, of_weight, y.clone(), stride), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::depthwise_relu6(
                x.primitive().clone(),
                weight.primitive().clone(),
                bias.primitive().clone(),
                stride,
            )),
        }
    }

    fn bias_relu6(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        match Bias.prepare::<C>([x.node(), bias.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let y = Flex::bias_relu6(x.into_primitive(), bias.into_primitive());
                prep.finish(y.clone(), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::bias_relu6(x.into_primitive(), bias.into_primitive())),
        }
    }
}

fn tensor(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[track_caller]
    fn close(a: Vec<f32>, b: Vec<f32>, what: &str) {
        assert!(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs())), "{what}");
    }

    #[track_caller]
    fn check(shape: [usize; 4], stride: usize) {
        let device = Device::flex().autodiff();
        let random = |spread| Distribution::Normal(0.5, spread);
        let x = Tensor::<4>::random(shape, random(3.0), &device).require_grad();
        let weight = Tensor::<4>::random([shape[3], 1, 3, 3], random(0.5), &device).require_grad();
        let bias = Tensor::<1>::random([shape[3]], random(0.5), &device).require_grad();
        let (ours, theirs) = (
            depthwise_relu6(x.clone(), weight.clone(), bias.clone(), stride),
            plain(x.clone(), weight.clone(), bias.clone(), stride),
        );
        assert_eq!(ours.dims(), theirs.dims());
        close(values(ours.clone()), values(theirs.clone()), "forward");
        // Every output weighs differently.
        let weighed = |y: Tensor<4>| {
            let ramp: Vec<f32> = (0..y.dims().iter().product()).map(|i: usize| (i as f32).sin()).collect();
            (y.clone() * Tensor::from_data(TensorData::new(ramp, y.dims()), &device)).sum()
        };
        let (ours, theirs) = (weighed(ours).backward(), weighed(theirs).backward());
        close(values(x.grad(&ours).expect("x")), values(x.grad(&theirs).expect("x")), "x");
        close(values(weight.grad(&ours).expect("weight")), values(weight.grad(&theirs).expect("weight")), "weight");
        close(values(bias.grad(&ours).expect("bias")), values(bias.grad(&theirs).expect("bias")), "bias");
    }

    #[test]
    fn a_depthwise_step_and_its_gradients_equal_burns_convolution() {
        check([2, 8, 10, 3], 1);
        check([2, 8, 10, 3], 2);
        check([1, 7, 9, 12], 1);
        check([1, 7, 9, 12], 2);
        check([3, 2, 2, 1], 2);
    }

    #[test]
    fn bias_and_relu6_and_their_gradients_equal_burns() {
        let device = Device::flex().autodiff();
        let x = Tensor::<2>::random([600, 3], Distribution::Normal(3.0, 4.0), &device).require_grad();
        let bias = Tensor::<1>::from_data([0.5, -1.0, 2.0], &device).require_grad();
        let ours = bias_relu6(x.clone(), bias.clone());
        let theirs = (x.clone() + bias.clone().unsqueeze()).clamp(0.0, 6.0);
        close(values(ours.clone()), values(theirs.clone()), "forward");
        let (ours, theirs) = ((ours.clone() * ours).sum().backward(), (theirs.clone() * theirs).sum().backward());
        close(values(x.grad(&ours).expect("x")), values(x.grad(&theirs).expect("x")), "x");
        close(values(bias.grad(&ours).expect("bias")), values(bias.grad(&theirs).expect("bias")), "bias");
    }
}
