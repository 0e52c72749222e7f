//! The learning rate over time.

/// Rises in a line to `most` over `warm_up` steps, then falls along half a cosine to zero at `steps`, as CLIP's does.
pub fn learning_rate(step: usize, steps: usize, warm_up: usize, most: f64) -> f64 {
    if step < warm_up {
        return most * (step + 1) as f64 / warm_up as f64;
    }
    let way = (step - warm_up) as f64 / steps.saturating_sub(warm_up).max(1) as f64;
    most * 0.5 * (1.0 + (std::f64::consts::PI * way.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_to_its_most_and_falls_to_zero() {
        for (step, want) in [(0, 0.1), (9, 1.0), (10, 1.0), (60, 0.5), (110, 0.0), (500, 0.0)] {
            let rate = learning_rate(step, 110, 10, 1.0);
            assert!((rate - want).abs() < 1e-9, "{step}: {rate}");
        }
        assert!(learning_rate(0, 5, 0, 1.0) > 0.99);
    }
}
