//! How often an activation took which value, and the range that is kept of it.

/// Bins over `[-bound, bound]`.
const BINS: usize = 8192;
/// Candidates for each end of the range: this many steps from zero to the extreme.
const STEPS: u32 = 100;

/// Counts values in bins whose width doubles when a value falls outside.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    bound: f32,
    counts: Vec<u64>,
    low: f32,
    high: f32,
}

impl Histogram {
    pub fn new() -> Self {
        Self { bound: 0.0, counts: vec![0; BINS], low: 0.0, high: 0.0 }
    }

    /// Counts finite `values`.
    pub fn add(&mut self, values: &[f32]) {
        for &x in values {
            self.low = self.low.min(x);
            self.high = self.high.max(x);
        }
        let extreme = self.high.max(-self.low);
        if self.bound == 0.0 {
            self.bound = extreme.max(f32::MIN_POSITIVE);
        }
        while extreme > self.bound {
            self.widen();
        }
        let per_unit = BINS as f32 / 2.0 / self.bound;
        for &x in values {
            let bin = ((x + self.bound) * per_unit) as usize;
            self.counts[bin.min(BINS - 1)] += 1;
        }
    }

    fn widen(&mut self) {
        let mut wide = vec![0; BINS];
        for (i, count) in self.counts.iter().enumerate() {
            wide[BINS / 4 + i / 2] += count;
        }
        self.counts = wide;
        self.bound *= 2.0;
    }

    /// The range around zero that 256 even steps render with the least squared error: cutting off a few extremes buys finer
    /// steps for all the others.
    pub fn range(&self) -> (f32, f32) {
        let width = 2.0 * self.bound / BINS as f32;
        let filled: Vec<(f32, u64)> = (0..BINS)
            .map(|i| ((i as f32 + 0.5) * width - self.bound, self.counts[i]))
            .filter(|&(_, count)| count > 0)
            .collect();
        let error = |low: f32, high: f32| -> f64 {
            let step = f64::from(high - low) / 255.0;
            let of = |&(x, count): &(f32, u64)| {
                let beyond = f64::from((low - x).max(x - high).max(0.0));
                count as f64 * if beyond > 0.0 { beyond * beyond } else { step * step / 12.0 }
            };
            filled.iter().map(of).sum()
        };
        let best = |end: f32, error: &dyn Fn(f32) -> f64| -> f32 {
            let tries = (1..=STEPS).map(|step| end * step as f32 / STEPS as f32);
            tries.min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or(end)
        };
        let (mut low, mut high) = (self.low, self.high);
        // Each end by itself, twice, since the step depends on both.
        for _ in 0..2 {
            high = best(self.high, &|high| error(low, high));
            low = best(self.low, &|low| error(low, high));
        }
        (low, high)
    }
}
