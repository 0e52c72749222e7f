//! Rounding weights to integers with a scale for each channel.

/// The range of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightBits {
    /// For x86 CPUs without VNNI. They add two neighbouring products in 16 bits, so that two neighbours of one sign may have 128
    /// between them: 255 * 128 still fits. One of them may have its eighth bit where the other is small.
    Seven,
    /// For CPUs with VNNI, for ARM and for NPUs: each weight within 127.
    Eight,
}

/// How the weights of a channel lie in the order in which a CPU sums them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are stored.
    Stored,
    /// Some other way: any two may be neighbours.
    Unknown,
}

/// The greatest magnitude of one weight.
const GREATEST: f32 = 127.0;
/// What two neighbours of one sign may have between them under [`WeightBits::Seven`].
const PAIR: f32 = 128.0;
/// Candidates for what the greatest weight of a channel becomes: large ones leave less to rounding, small ones to the pairs.
const LIMITS: [f32; 8] = [127.0, 118.0, 109.0, 100.0, 91.0, 82.0, 73.0, 64.0];

/// One channel's weights as integers: `value * scale` is the weight again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rounded {
    pub values: Vec<i8>,
    pub scale: f32,
}

impl WeightBits {
    /// Rounds the weights of one channel with the least squared error. The scale is at least `floor`.
    pub(super) fn round(self, weights: &[f32], order: Order, floor: f32) -> Rounded {
        let greatest = weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        // A channel of zeros still needs a scale.
        let scale = |limit: f32| (greatest / limit).max(floor).max(f32::MIN_POSITIVE);
        let all = |limit: f32| {
            let scale = scale(limit);
            let values = weights.iter().map(|w| (w / scale).round().clamp(-limit, limit) as i8).collect();
            Rounded { values, scale }
        };
        match (self, order) {
            (WeightBits::Eight, _) => all(GREATEST),
            (WeightBits::Seven, Order::Unknown) => all(PAIR / 2.0),
            (WeightBits::Seven, Order::Stored) => {
                let tries = LIMITS.map(|limit| paired(weights, scale(limit)));
                let best = tries.into_iter().min_by(|a, b| a.error(weights).total_cmp(&b.error(weights)));
                best.unwrap_or_else(|| all(PAIR / 2.0))
            }
        }
    }
}

impl Rounded {
    /// The weight that the integer at `i` stands for.
    pub fn weight(&self, i: usize) -> f32 {
        f32::from(self.values[i]) * self.scale
    }

    fn error(&self, weights: &[f32]) -> f32 {
        weights.iter().enumerate().map(|(i, w)| (w - self.weight(i)).powi(2)).sum()
    }
}

/// Rounds the columns of a matrix of `width` columns: its integers, row-major, and each column.
pub(super) fn columns(values: &[f32], width: usize, bits: WeightBits) -> (Vec<i8>, Vec<Rounded>) {
    let column = |c: usize| -> Vec<f32> { values.iter().skip(c).step_by(width).copied().collect() };
    let rounded: Vec<Rounded> = (0..width).map(|c| bits.round(&column(c), Order::Stored, 0.0)).collect();
    let integers = (0..values.len()).map(|i| rounded[i % width].values[i / width]).collect();
    (integers, rounded)
}

/// Rounds, then takes evenly from both of two neighbours what they have too much.
fn paired(weights: &[f32], scale: f32) -> Rounded {
    let mut values = Vec::with_capacity(weights.len());
    for pair in weights.chunks(2) {
        let mut steps = [0.0_f32; 2];
        steps.iter_mut().zip(pair).for_each(|(step, w)| *step = (w / scale).round().clamp(-GREATEST, GREATEST));
        let [a, b] = steps;
        let excess = (a + b).abs() - PAIR;
        if a * b > 0.0 && excess > 0.0 {
            let first = a.signum() * (a.abs() - (excess / 2.0).ceil());
            steps = [first, a.signum() * (PAIR - first.abs())];
        }
        values.extend(steps.iter().take(pair.len()).map(|step| *step as i8));
    }
    Rounded { values, scale }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bits: WeightBits, order: Order, weights: &[f32], want: &[i8]) {
        let rounded = bits.round(weights, order, 0.0);
        assert_eq!(rounded.values, want, "{weights:?} at {}", rounded.scale);
    }

    #[test]
    fn weights_keep_the_bits_that_the_cpu_can_add() {
        check(WeightBits::Eight, Order::Stored, &[1.27, -0.64, 0.0], &[127, -64, 0]);
        check(WeightBits::Seven, Order::Unknown, &[1.28, -0.64, 0.0], &[64, -32, 0]);
        check(WeightBits::Seven, Order::Stored, &[1.27, 0.01, 0.03, -0.64], &[127, 1, 3, -64]);
        check(WeightBits::Seven, Order::Stored, &[1.27, -1.27, 0.5, 0.6], &[127, -127, 50, 60]);
        check(WeightBits::Eight, Order::Stored, &[0.0, 0.0], &[0, 0]);
        check(WeightBits::Seven, Order::Stored, &[], &[]);
    }

    #[test]
    fn no_pair_of_one_sign_has_more_than_128_between_them() {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        for _ in 0..200 {
            let weights: Vec<f32> = (0..33).map(|_| next()).collect();
            let rounded = WeightBits::Seven.round(&weights, Order::Stored, 0.0);
            for pair in rounded.values.chunks(2).filter(|pair| pair.len() == 2) {
                let [a, b] = [i32::from(pair[0]), i32::from(pair[1])];
                assert!((255 * (a + b)).abs() <= i32::from(i16::MAX), "{a} and {b}");
            }
            assert!((0..33).all(|i| (weights[i] - rounded.weight(i)).abs() < 0.3), "{weights:?} {rounded:?}");
        }
    }
}
