//! What the head learns from, drawn in batches.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};

use super::{
    classes::{COUNT, Drawn, meant},
    scenes::VOID,
    taps::{Learned, Rows},
};
use crate::training::TrainingError;

/// Keeps a channel that never changes from being blown up.
const LEAST_DEVIATION: f32 = 0.02;
/// Rows over which means and deviations are taken.
const SURVEYED: usize = 200;
/// What the probability of another class that a pixel may be counts beside that of its own: where nothing else tells, its own is right.
const LESS_MEANT: f32 = 0.5;
/// What a rare class's pixel may weigh.
const MOST_WEIGHT: f64 = 5.0;

/// The rows with their statistics.
pub struct Examples<'a> {
    learned: &'a Learned,
    /// Every row of a kind: which file, and which of its rows.
    by_hand: Vec<(usize, usize)>,
    by_network: Vec<(usize, usize)>,
    /// Of each tap and channel.
    pub means: [Vec<f32>; 4],
    /// Of each tap and channel.
    pub deviations: [Vec<f32>; 4],
    weights: [f32; COUNT],
}

/// One step's input.
pub struct Batch {
    /// Standardised maps, the finest first.
    pub maps: [Tensor<4>; 4],
    /// How much each class is what a cell asks for, (cells, classes).
    pub meant: Tensor<2>,
    /// What each cell weighs, (cells); nothing where it is void.
    pub weights: Tensor<1>,
}

impl<'a> Examples<'a> {
    /// Surveys `learned`, which must hold rows of both kinds.
    pub fn new(learned: &'a Learned) -> Result<Self, TrainingError> {
        let of = |drawn: Drawn| -> Vec<(usize, usize)> {
            let files = learned.rows.iter().enumerate().filter(|(_, rows)| rows.drawn == drawn);
            files.flat_map(|(file, rows)| (0..rows.count).map(move |row| (file, row))).collect()
        };
        let (by_hand, by_network) = (of(Drawn::ByHand), of(Drawn::ByNetwork));
        if by_hand.is_empty() || by_network.is_empty() {
            let problem = "the shards need maps of both kinds, drawn by hand (\"segmentation\": \"ground truth\" in KEY.json) and by \
                           a network; name further folders with --data";
            return Err(TrainingError::Setting { problem: problem.to_owned() });
        }
        let mut examples = Self {
            learned,
            by_hand,
            by_network,
            means: Default::default(),
            deviations: Default::default(),
            weights: [1.0; COUNT],
        };
        examples.survey()?;
        examples.weigh()?;
        Ok(examples)
    }

    fn rows(&self, drawn: Drawn) -> &[(usize, usize)] {
        match drawn {
            Drawn::ByHand => &self.by_hand,
            Drawn::ByNetwork => &self.by_network,
        }
    }

    /// Mean and deviation of each channel over some rows that were drawn by hand.
    fn survey(&mut self) -> Result<(), TrainingError> {
        let step = (self.by_hand.len() / SURVEYED).max(1);
        let mut sums: [Vec<[f64; 2]>; 4] = self.learned.widths.map(|width| vec![[0.0; 2]; width]);
        let mut counts = [0_usize; 4];
        for &(file, row) in self.by_hand.iter().step_by(step) {
            let rows = &self.learned.rows[file];
            let read = rows.read(row)?;
            for (tap, (values, [_, height, width])) in read.maps.iter().zip(rows.maps()).enumerate() {
                counts[tap] += height * width;
                for (sum, channel) in sums[tap].iter_mut().zip(values.chunks(height * width)) {
                    sum[0] += channel.iter().map(|&x| f64::from(x)).sum::<f64>();
                    sum[1] += channel.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
                }
            }
        }
        for (tap, (sums, count)) in sums.iter().zip(counts).enumerate() {
            let count = count.max(1) as f64;
            let deviation = |[sum, squares]: &[f64; 2]| (squares / count - (sum / count).powi(2)).max(0.0).sqrt() as f32;
            self.means[tap] = sums.iter().map(|[sum, _]| (sum / count) as f32).collect();
            self.deviations[tap] = sums.iter().map(|sums| deviation(sums) + LEAST_DEVIATION).collect();
        }
        Ok(())
    }

    /// Rare classes weigh more: by the root of the median frequency over their own, up to [`MOST_WEIGHT`]. Classes that no person drew
    /// weigh 1.
    fn weigh(&mut self) -> Result<(), TrainingError> {
        let mut counts = [0_usize; COUNT];
        for &(file, row) in &self.by_hand {
            for value in self.learned.rows[file].labels(row)? {
                if let Some(count) = counts.get_mut(usize::from(value)) {
                    *count += 1;
                }
            }
        }
        let mut there: Vec<usize> = counts.iter().copied().filter(|&count| count > 0).collect();
        there.sort_unstable();
        let median = there.get(there.len() / 2).copied().unwrap_or(1) as f64;
        for (weight, count) in self.weights.iter_mut().zip(counts).filter(|(_, count)| *count > 0) {
            *weight = (median / count as f64).sqrt().min(MOST_WEIGHT) as f32;
        }
        Ok(())
    }

    /// Random rows of one kind.
    pub fn draw(&self, drawn: Drawn, count: usize, rng: &mut impl Rng, device: &Device) -> Result<Batch, TrainingError> {
        let from = self.rows(drawn);
        let mut maps: [Vec<f32>; 4] = Default::default();
        let mut labels = Vec::new();
        let mut shape = [[0; 3]; 4];
        for _ in 0..count {
            let (file, row) = from[rng.random_range(0..from.len())];
            let rows: &Rows = &self.learned.rows[file];
            shape = rows.maps();
            let read = rows.read(row)?;
            for (tap, values) in read.maps.into_iter().enumerate() {
                let area = shape[tap][1] * shape[tap][2];
                for (channel, values) in values.chunks(area).enumerate() {
                    let (mean, deviation) = (self.means[tap][channel], self.deviations[tap][channel]);
                    maps[tap].extend(values.iter().map(|x| (x - mean) / deviation));
                }
            }
            labels.extend(read.labels);
        }
        let mut shapes = shape.into_iter();
        let maps = maps.map(|values| {
            let [channels, height, width] = shapes.next().unwrap_or_default();
            Tensor::from_data(TensorData::new(values, [count, channels, height, width]), device)
        });
        let (meant, weights) = self.asked(drawn, &labels);
        let cells = labels.len();
        Ok(Batch {
            maps,
            meant: Tensor::from_data(TensorData::new(meant, [cells, COUNT]), device),
            weights: Tensor::from_data(TensorData::new(weights, [cells]), device),
        })
    }

    /// What cells of these `labels` ask for.
    fn asked(&self, drawn: Drawn, labels: &[u8]) -> (Vec<f32>, Vec<f32>) {
        let narrow: Vec<Vec<usize>> = (0..COUNT).map(|class| meant(drawn, class)).collect();
        let mut masks = vec![0.0; labels.len() * COUNT];
        let mut weights = vec![0.0; labels.len()];
        for ((&label, mask), weight) in labels.iter().zip(masks.chunks_mut(COUNT)).zip(&mut weights) {
            if label == VOID {
                continue;
            }
            let class = usize::from(label);
            *weight = self.weights[class];
            narrow[class].iter().for_each(|&narrow| mask[narrow] = if narrow == class { 1.0 } else { LESS_MEANT });
        }
        (masks, weights)
    }
}
