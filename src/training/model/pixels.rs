//! Loops over pixels whose channels lie side by side, shared out among the cores. The same input gives the same bits on any number of them.

use multiversion::multiversion;
use rayon::prelude::*;

/// Sums are limited to it (Sandler et al. 2018).
const MOST: f32 = 6.0;
/// Pixels that are summed as one, however many cores there are.
const PIXELS: usize = 256;

/// The pictures that a 3 x 3 window goes over.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    height: usize,
    width: usize,
    /// Values of a pixel.
    pub channels: usize,
    stride: usize,
}

impl Grid {
    /// Those of `shape`, (batch, height, width, channels).
    pub fn of(shape: &[usize], stride: usize) -> Self {
        match *shape {
            [_, height, width, channels] => Self { height, width, channels, stride },
            _ => unreachable!("four axes"),
        }
    }

    /// The shape of what comes out, for a batch of so many.
    pub fn output(self, batch: usize) -> Vec<usize> {
        let [height, width] = self.windows();
        vec![batch, height, width, self.channels]
    }

    /// Values of a picture.
    fn values(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Windows from top to bottom and from left to right.
    fn windows(self) -> [usize; 2] {
        [self.height, self.width].map(|side| (side + 1 + self.before()).saturating_sub(3) / self.stride + 1)
    }

    /// Rows or columns of zeros before the first.
    fn before(self) -> usize {
        usize::from(self.stride == 1)
    }

    /// The row or column that a window sees at its place `at`; none where it lies outside of a side of `length`.
    fn seen(self, window: usize, at: usize, length: usize) -> Option<usize> {
        (window * self.stride + at).checked_sub(self.before()).filter(|&seen| seen < length)
    }

    /// Where the pixels of a window's row lie in a picture's values.
    fn pixels(self, row: usize, window: usize) -> [Option<usize>; 3] {
        [0, 1, 2].map(|at| Some((row * self.width + self.seen(window, at, self.width)?) * self.channels))
    }
}

/// See `kernels::depthwise_relu6`.
pub fn depthwise_relu6(x: &[f32], weight: &[f32], bias: &[f32], grid: Grid) -> Vec<f32> {
    let (weight, channels, [height, width]) = (by_place(weight, grid.channels), grid.channels, grid.windows());
    let mut y = vec![0.0; x.len() / grid.values().max(1) * height * width * channels];
    let outside = vec![0.0; channels];
    y.par_chunks_exact_mut(width * channels).enumerate().for_each(|(row, y)| {
        let x = &x[row / height * grid.values()..][..grid.values()];
        windows(y, x, row % height, &weight, bias, &outside, grid);
    });
    y
}

/// The windows of one row over the picture `x`; beyond its sides they see what is `outside`.
#[multiversion(targets("x86_64+avx2"))]
fn windows(y: &mut [f32], x: &[f32], row: usize, weight: &[f32], bias: &[f32], outside: &[f32], grid: Grid) {
    let channels = grid.channels;
    for (window, y) in y.chunks_exact_mut(channels).enumerate() {
        y.copy_from_slice(bias);
        for at in 0..3 {
            let Some(seen) = grid.seen(row, at, grid.height) else { continue };
            let x = grid.pixels(seen, window).map(|pixel| pixel.map_or(outside, |pixel| &x[pixel..][..channels]));
            gather(y, x, [0, 1, 2].map(|column| &weight[(at * 3 + column) * channels..][..channels]));
        }
        y.iter_mut().for_each(|y| *y = y.clamp(0.0, MOST));
    }
}

/// The gradients by `x`, `weight` and `bias`, where `slope` is that by the output `y`.
pub fn depthwise_slopes(x: &[f32], weight: &[f32], y: &[f32], slope: &[f32], grid: Grid) -> [Vec<f32>; 3] {
    let (weight, channels) = (by_place(weight, grid.channels), grid.channels);
    let out = grid.output(1).iter().product::<usize>();
    let mut of_x = vec![0.0; x.len()];
    let pictures = of_x.par_chunks_exact_mut(grid.values()).zip(x.par_chunks_exact(grid.values()));
    let outputs = y.par_chunks_exact(out).zip(slope.par_chunks_exact(out));
    let parts: Vec<Vec<f32>> = pictures
        .zip(outputs)
        .map(|((of_x, x), (y, slope))| {
            // Of the nine places of a window, then of the bias.
            let mut sums = vec![0.0; 10 * channels];
            slopes(of_x, &mut sums, x, y, slope, &weight, grid);
            sums
        })
        .collect();
    let sums = total(parts, 10 * channels);
    let mut of_weight = vec![0.0; 9 * channels];
    for (channel, of_weight) in of_weight.chunks_exact_mut(9).enumerate() {
        of_weight.iter_mut().enumerate().for_each(|(place, slope)| *slope = sums[place * channels + channel]);
    }
    [of_x, of_weight, sums[9 * channels..].to_vec()]
}

/// The gradients of one picture.
#[multiversion(targets("x86_64+avx2"))]
fn slopes(of_x: &mut [f32], sums: &mut [f32], x: &[f32], y: &[f32], slope: &[f32], weight: &[f32], grid: Grid) {
    let (channels, [_, width]) = (grid.channels, grid.windows());
    let mut open = vec![0.0; channels];
    for (window, (y, slope)) in y.chunks_exact(channels).zip(slope.chunks_exact(channels)).enumerate() {
        open.copy_from_slice(slope);
        limit(y, &mut open);
        add(&mut sums[9 * channels..], &open);
        for at in 0..3 {
            let Some(seen) = grid.seen(window / width, at, grid.height) else { continue };
            for (column, pixel) in grid.pixels(seen, window % width).into_iter().enumerate() {
                let Some(pixel) = pixel else { continue };
                let place = (at * 3 + column) * channels;
                spread(&mut of_x[pixel..][..channels], &weight[place..][..channels], &open);
                spread(&mut sums[place..][..channels], &x[pixel..][..channels], &open);
            }
        }
    }
}

/// See `kernels::bias_relu6`.
pub fn bias_relu6(x: &mut [f32], bias: &[f32]) {
    x.par_chunks_mut(PIXELS * bias.len()).for_each(|x| {
        for x in x.chunks_exact_mut(bias.len()) {
            x.iter_mut().zip(bias).for_each(|(x, bias)| *x = (*x + bias).clamp(0.0, MOST));
        }
    });
}

/// Makes `slope`, the gradient by the output `y`, that by `x`; gives that by `bias`.
pub fn bias_slopes(y: &[f32], slope: &mut [f32], channels: usize) -> Vec<f32> {
    let parts: Vec<Vec<f32>> = slope
        .par_chunks_mut(PIXELS * channels)
        .zip(y.par_chunks(PIXELS * channels))
        .map(|(slope, y)| {
            let mut sums = vec![0.0; channels];
            for (slope, y) in slope.chunks_exact_mut(channels).zip(y.chunks_exact(channels)) {
                limit(y, slope);
                add(&mut sums, slope);
            }
            sums
        })
        .collect();
    total(parts, channels)
}

/// Weights, (channels, 3, 3), as (3, 3, channels).
fn by_place(weight: &[f32], channels: usize) -> Vec<f32> {
    (0..9).flat_map(|place| (0..channels).map(move |channel| weight[channel * 9 + place])).collect()
}

/// The sum of all parts, in their order.
fn total(parts: Vec<Vec<f32>>, length: usize) -> Vec<f32> {
    let mut sums = vec![0.0; length];
    parts.iter().for_each(|part| add(&mut sums, part));
    sums
}

/// `slope` where ReLU6 let its input through, else 0.
#[inline(always)]
fn limit(y: &[f32], slope: &mut [f32]) {
    for (slope, y) in slope.iter_mut().zip(y) {
        *slope = if *y > 0.0 && *y < MOST { *slope } else { 0.0 };
    }
}

#[inline(always)]
fn add(sums: &mut [f32], values: &[f32]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

/// Adds to a pixel what a window's row sees.
#[inline(always)]
fn gather(y: &mut [f32], [left, middle, right]: [&[f32]; 3], [a, b, c]: [&[f32]; 3]) {
    let (seen, weights) = (left.iter().zip(middle).zip(right), a.iter().zip(b).zip(c));
    for (y, (((left, middle), right), ((a, b), c))) in y.iter_mut().zip(seen.zip(weights)) {
        *y += a * left + b * middle + c * right;
    }
}

/// Adds the product of `factor` and `slope`.
#[inline(always)]
fn spread(to: &mut [f32], factor: &[f32], slope: &[f32]) {
    to.iter_mut().zip(factor.iter().zip(slope)).for_each(|(to, (factor, slope))| *to += factor * slope);
}
