//! The regression behind a facet's probabilities: one scale for all classes, a bias for each, both held near what is plausible.

use crate::{evaluation::softmax, vocabulary::Kind};

/// Standard deviation of a class's bias about the facet's own: rare classes are a few times rarer than usual, not thousands.
const BIAS_DEVIATION: f32 = 1.5;
/// Standard deviation of the scale's logarithm about where it starts.
const LOG_SCALE_DEVIATION: f32 = 1.0;
/// Steps and size of a step of Adam, after which the cost of these small problems no longer moves.
const STEPS: usize = 400;
const STEP: f32 = 0.05;

/// One photo: what is scaled and shifted, and the classes that are there.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub evidence: Vec<f32>,
    pub truth: Vec<bool>,
}

/// A fitted facet.
#[derive(Clone, Debug)]
pub(super) struct Logistic {
    pub scale: f32,
    pub bias: Vec<f32>,
}

impl Logistic {
    /// The most probable scale and biases given `rows` and the two deviations above. Rows in which nothing is true say nothing
    /// where classes exclude each other.
    pub fn fit(kind: Kind, rows: &[Row], first_scale: f32) -> Self {
        let classes = rows.first().map_or(0, |row| row.truth.len());
        // The logarithm of the scale, the facet's bias, each class's distance from it.
        let mut parameters = vec![0.0_f32; 2 + classes];
        let (mut mean, mut square) = (parameters.clone(), parameters.clone());
        for step in 1..=STEPS {
            let gradient = gradient(kind, rows, &parameters, first_scale);
            // Falls to zero, so that the last steps settle.
            let size = STEP * (1.0 - step as f32 / (STEPS + 1) as f32);
            let (forget_mean, forget_square) = (1.0 - 0.9_f32.powi(step as i32), 1.0 - 0.99_f32.powi(step as i32));
            for (i, g) in gradient.iter().enumerate() {
                mean[i] = 0.9 * mean[i] + 0.1 * g;
                square[i] = 0.99 * square[i] + 0.01 * g * g;
                parameters[i] -= size * (mean[i] / forget_mean) / ((square[i] / forget_square).sqrt() + 1e-8);
            }
        }
        let (scale, bias) = unpack(&parameters, first_scale);
        Self { scale, bias }
    }

    /// Probability of each class.
    pub fn probabilities(&self, kind: Kind, evidence: &[f32]) -> Vec<f32> {
        probabilities(kind, evidence, self.scale, &self.bias)
    }
}

fn unpack(parameters: &[f32], first_scale: f32) -> (f32, Vec<f32>) {
    let [log_scale, shared, own @ ..] = parameters else { return (first_scale, Vec::new()) };
    (first_scale * log_scale.exp(), own.iter().map(|bias| shared + bias).collect())
}

fn probabilities(kind: Kind, evidence: &[f32], scale: f32, bias: &[f32]) -> Vec<f32> {
    match kind {
        Kind::Exclusive => softmax(evidence, scale, bias),
        Kind::Several => evidence.iter().zip(bias).map(|(e, b)| 1.0 / (1.0 + (-(scale * e + b)).exp())).collect(),
    }
}

/// Of the negative log-likelihood plus the two penalties.
fn gradient(kind: Kind, rows: &[Row], parameters: &[f32], first_scale: f32) -> Vec<f32> {
    let (scale, bias) = unpack(parameters, first_scale);
    let mut gradient = vec![0.0_f32; parameters.len()];
    for row in rows {
        let p = probabilities(kind, &row.evidence, scale, &bias);
        let true_mass: f32 = p.iter().zip(&row.truth).filter(|(_, there)| **there).map(|(p, _)| p).sum();
        if kind == Kind::Exclusive && !row.truth.contains(&true) {
            continue;
        }
        for (class, ((p, &there), evidence)) in p.iter().zip(&row.truth).zip(&row.evidence).enumerate() {
            let want = match (kind, there) {
                (_, false) => 0.0,
                (Kind::Several, true) => 1.0,
                // Where several are true, each takes its present share.
                (Kind::Exclusive, true) => p / true_mass.max(1e-12),
            };
            let slope = p - want;
            gradient[0] += slope * scale * evidence;
            gradient[1] += slope;
            gradient[2 + class] += slope;
        }
    }
    gradient[0] += parameters[0] / LOG_SCALE_DEVIATION.powi(2);
    for (g, own) in gradient.iter_mut().zip(parameters).skip(2) {
        *g += own / BIAS_DEVIATION.powi(2);
    }
    gradient
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(kind: Kind, rows: &[Row], parameters: &[f32]) -> f32 {
        let (scale, bias) = unpack(parameters, 10.0);
        let likelihood: f32 = rows
            .iter()
            .map(|row| {
                let p = probabilities(kind, &row.evidence, scale, &bias);
                let pairs = || p.iter().zip(&row.truth);
                match kind {
                    Kind::Exclusive => -pairs().filter(|(_, t)| **t).map(|(p, _)| p).sum::<f32>().ln(),
                    Kind::Several => pairs().map(|(p, &t)| -if t { p.ln() } else { (1.0 - p).ln() }).sum(),
                }
            })
            .sum();
        let penalty: f32 = parameters.iter().skip(2).map(|own| own * own / (2.0 * BIAS_DEVIATION.powi(2))).sum();
        likelihood + penalty + parameters[0].powi(2) / (2.0 * LOG_SCALE_DEVIATION.powi(2))
    }

    fn rows() -> Vec<Row> {
        let row = |evidence: [f32; 3], truth: [bool; 3]| Row { evidence: evidence.to_vec(), truth: truth.to_vec() };
        vec![
            row([0.3, 0.1, 0.0], [true, false, false]),
            row([0.0, 0.2, 0.1], [false, true, true]),
            row([0.1, -0.1, 0.2], [false, false, true]),
            row([0.1, 0.3, 0.2], [true, false, false]),
        ]
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_cost() {
        for kind in [Kind::Exclusive, Kind::Several] {
            let at = vec![0.2, -0.3, 0.5, -0.4, 0.1];
            let found = gradient(kind, &rows(), &at, 10.0);
            for i in 0..at.len() {
                let moved = |by: f32| {
                    let mut parameters = at.clone();
                    parameters[i] += by;
                    cost(kind, &rows(), &parameters)
                };
                let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                assert!((slope - found[i]).abs() < 2e-2, "{kind:?} {i}: {slope} against {}", found[i]);
            }
        }
    }

    #[test]
    fn the_fit_lies_in_the_valley_of_the_cost() {
        for kind in [Kind::Exclusive, Kind::Several] {
            let fitted = Logistic::fit(kind, &rows(), 10.0);
            let shared = fitted.bias.iter().sum::<f32>() / fitted.bias.len() as f32;
            let mut at = vec![(fitted.scale / 10.0).ln(), shared];
            at.extend(fitted.bias.iter().map(|b| b - shared));
            let slope = gradient(kind, &rows(), &at, 10.0);
            assert!(slope.iter().all(|g| g.abs() < 0.1), "{kind:?}: {slope:?}");
        }
    }

    #[test]
    fn a_class_that_nobody_saw_keeps_a_small_probability() {
        let seen = |i: usize| Row { evidence: vec![0.1, 0.0], truth: vec![i.is_multiple_of(2), false] };
        let rows: Vec<Row> = (0..100).map(seen).collect();
        let p = Logistic::fit(Kind::Several, &rows, 10.0).probabilities(Kind::Several, &[0.1, 0.0]);
        assert!(p[1] > 0.0 && p[1] < 0.1 && (p[0] - 0.5).abs() < 0.1, "{p:?}");
    }
}
