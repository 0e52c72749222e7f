//! Loops over planes, one channel of one picture each, shared out among the cores. The same input gives the same bits on any number of
//! them.

use rayon::prelude::*;

/// Sums are limited to it (Sandler et al. 2018).
const MOST: f32 = 6.0;
/// Sums side by side, which a register holds.
const LANES: usize = 8;

/// The planes that a 3 x 3 window goes over.
#[derive(Clone, Copy, Debug)]
pub struct Planes {
    /// Planes of one picture.
    pub channels: usize,
    height: usize,
    width: usize,
    stride: usize,
}

impl Planes {
    /// Those of `shape`, (batch, channels, height, width).
    pub fn of(shape: &[usize], stride: usize) -> Self {
        match *shape {
            [_, channels, height, width] => Self { channels, height, width, stride },
            _ => unreachable!("four axes"),
        }
    }

    /// The shape of what comes out, for a batch of so many.
    pub fn output(self, batch: usize) -> Vec<usize> {
        let (height, width) = self.windows();
        vec![batch, self.channels, height, width]
    }

    /// Rows or columns of zeros before the first.
    fn before(self) -> usize {
        usize::from(self.stride == 1)
    }

    /// Sides of a padded plane.
    fn padded(self) -> (usize, usize) {
        (self.height + 1 + self.before(), self.width + 1 + self.before())
    }

    /// Windows from top to bottom and from left to right.
    fn windows(self) -> (usize, usize) {
        let (height, width) = self.padded();
        (height.saturating_sub(3) / self.stride + 1, width.saturating_sub(3) / self.stride + 1)
    }

    /// A plane of zeros with room for the padding.
    fn room(self) -> Vec<f32> {
        let (height, width) = self.padded();
        vec![0.0; height * width]
    }

    /// Rows of a padded plane that are not padding.
    fn inner(self, padded: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        let (width, before) = (self.padded().1, self.before());
        padded.chunks_exact_mut(width).skip(before).take(self.height).map(move |row| &mut row[before..before + self.width])
    }

    fn pad(self, plane: &[f32], padded: &mut [f32]) {
        self.inner(padded).zip(plane.chunks_exact(self.width)).for_each(|(to, from)| to.copy_from_slice(from));
    }
}

/// See `kernels::depthwise_relu6`.
pub fn depthwise_relu6(x: &[f32], weight: &[f32], bias: &[f32], shape: Planes) -> Vec<f32> {
    let ((height, width), across) = (shape.windows(), shape.padded().1);
    let planes = x.len() / (shape.height * shape.width).max(1);
    let mut y = vec![0.0; planes * height * width];
    y.par_chunks_exact_mut(height * width).enumerate().for_each_init(
        || shape.room(),
        |padded, (plane, y)| {
            let channel = plane % shape.channels;
            shape.pad(&x[plane * shape.height * shape.width..][..shape.height * shape.width], padded);
            for (row, y) in y.chunks_exact_mut(width).enumerate() {
                y.fill(bias[channel]);
                for (dy, weight) in rows(&weight[channel * 9..]).enumerate() {
                    gather(y, &padded[(row * shape.stride + dy) * across..][..across], weight, shape.stride);
                }
                y.iter_mut().for_each(|y| *y = y.clamp(0.0, MOST));
            }
        },
    );
    y
}

/// The gradients by `x`, `weight` and `bias`, where `slope` is that by the output `y`.
pub fn depthwise_slopes(x: &[f32], weight: &[f32], y: &[f32], slope: &[f32], shape: Planes) -> [Vec<f32>; 3] {
    let ((height, width), across) = (shape.windows(), shape.padded().1);
    let mut of_x = vec![0.0; x.len()];
    let parts: Vec<[f32; 10]> = of_x
        .par_chunks_exact_mut(shape.height * shape.width)
        .enumerate()
        .map_init(
            || (shape.room(), shape.room(), vec![0.0; width]),
            |(padded, spread, open), (plane, of_x)| {
                let weight = &weight[plane % shape.channels * 9..];
                shape.pad(&x[plane * shape.height * shape.width..][..shape.height * shape.width], padded);
                spread.fill(0.0);
                let mut sums = [0.0; 10];
                let (y, slope) = (&y[plane * height * width..], &slope[plane * height * width..]);
                for row in 0..height {
                    open.copy_from_slice(&slope[row * width..][..width]);
                    limit(&y[row * width..][..width], open);
                    for (dy, weight) in rows(weight).enumerate() {
                        let line = (row * shape.stride + dy) * across;
                        scatter(&mut spread[line..][..across], open, weight, shape.stride);
                        let products = products(open, &padded[line..][..across], shape.stride);
                        sums[dy * 3..dy * 3 + 3].iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
                    }
                    sums[9] += sum(open);
                }
                shape.inner(spread).zip(of_x.chunks_exact_mut(shape.width)).for_each(|(from, to)| to.copy_from_slice(from));
                sums
            },
        )
        .collect();
    let (mut of_weight, mut of_bias) = (vec![0.0; shape.channels * 9], vec![0.0; shape.channels]);
    for (plane, sums) in parts.iter().enumerate() {
        let channel = plane % shape.channels;
        of_weight[channel * 9..channel * 9 + 9].iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        of_bias[channel] += sums[9];
    }
    [of_x, of_weight, of_bias]
}

/// See `kernels::bias_relu6`; each plane has so many `pixels`.
pub fn bias_relu6(x: &mut [f32], bias: &[f32], pixels: usize) {
    x.par_chunks_exact_mut(pixels).enumerate().for_each(|(plane, x)| {
        let bias = bias[plane % bias.len()];
        x.iter_mut().for_each(|x| *x = (*x + bias).clamp(0.0, MOST));
    });
}

/// Makes `slope`, the gradient by the output `y`, that by `x`; gives that by `bias`.
pub fn bias_slopes(y: &[f32], slope: &mut [f32], channels: usize, pixels: usize) -> Vec<f32> {
    let sums: Vec<f32> = slope
        .par_chunks_exact_mut(pixels)
        .zip(y.par_chunks_exact(pixels))
        .map(|(slope, y)| {
            limit(y, slope);
            sum(slope)
        })
        .collect();
    let mut of_bias = vec![0.0; channels];
    sums.iter().enumerate().for_each(|(plane, sum)| of_bias[plane % channels] += sum);
    of_bias
}

/// The rows of a window's weights.
fn rows(weight: &[f32]) -> impl Iterator<Item = [f32; 3]> {
    weight.chunks_exact(3).take(3).map(|row| [row[0], row[1], row[2]])
}

/// `slope` where ReLU6 let its input through, else 0.
fn limit(y: &[f32], slope: &mut [f32]) {
    for (slope, y) in slope.iter_mut().zip(y) {
        *slope = if *y > 0.0 && *y < MOST { *slope } else { 0.0 };
    }
}

fn sum(values: &[f32]) -> f32 {
    let (lanes, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    lanes.iter().for_each(|lane| sums.iter_mut().zip(lane).for_each(|(sum, value)| *sum += value));
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// Adds to each of `y` what a window's row sees of `x`.
fn gather(y: &mut [f32], x: &[f32], [a, b, c]: [f32; 3], stride: usize) {
    if stride == 1 {
        let windows = x.iter().zip(&x[1..]).zip(&x[2..]);
        y.iter_mut().zip(windows).for_each(|(y, ((left, middle), right))| *y += a * left + b * middle + c * right);
    } else {
        let windows = x.chunks_exact(2).zip(x[2..].chunks(2));
        y.iter_mut().zip(windows).for_each(|(y, (x, next))| *y += a * x[0] + b * x[1] + c * next[0]);
    }
}

/// The reverse: spreads each of `slope` over what the window's row saw.
fn scatter(x: &mut [f32], slope: &[f32], weight: [f32; 3], stride: usize) {
    for (dx, weight) in weight.into_iter().enumerate() {
        let add = |(x, slope): (&mut f32, &f32)| *x += weight * slope;
        // Neighbours go many at a time, every other one doesn't.
        if stride == 1 {
            x[dx..].iter_mut().zip(slope).for_each(add);
        } else {
            x[dx..].iter_mut().step_by(stride).zip(slope).for_each(add);
        }
    }
}

/// For each place in a window's row the sum of what it saw, weighed by `slope`.
fn products(slope: &[f32], x: &[f32], stride: usize) -> [f32; 3] {
    std::array::from_fn(|dx| {
        if stride == 1 {
            let x = &x[dx..dx + slope.len()];
            let mut sums = [0.0; LANES];
            for (slope, x) in slope.chunks_exact(LANES).zip(x.chunks_exact(LANES)) {
                sums.iter_mut().zip(slope.iter().zip(x)).for_each(|(sum, (slope, x))| *sum += slope * x);
            }
            let rest = slope.len() / LANES * LANES;
            sums.iter().sum::<f32>() + slope[rest..].iter().zip(&x[rest..]).map(|(slope, x)| slope * x).sum::<f32>()
        } else {
            slope.iter().zip(x[dx..].iter().step_by(stride)).map(|(slope, x)| slope * x).sum()
        }
    })
}
