//! How well two maps agree, class by class: intersection over union (Jaccard's index), as segmentation is judged since PASCAL VOC.

/// Pixels by what they are and what they were taken for.
#[derive(Clone, Debug)]
pub struct Overlap {
    names: Vec<String>,
    /// A row for each truth, a column for each answer.
    counts: Vec<u64>,
}

/// One class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassOverlap {
    /// Its name.
    pub class: String,
    /// Pixels that it truly has.
    pub pixels: u64,
    /// Pixels rightly taken for it, over those that are it or were taken for it.
    pub iou: f64,
}

impl Overlap {
    /// Nothing counted yet; classes are known by their place in `names`.
    pub fn new(names: Vec<String>) -> Self {
        Self { counts: vec![0; names.len() * names.len()], names }
    }

    /// A pixel of class `truth` was taken for `answer`. A class beyond the names doesn't count.
    pub fn count(&mut self, truth: usize, answer: usize) {
        let width = self.names.len();
        if truth < width && answer < width {
            self.counts[truth * width + answer] += 1;
        }
    }

    /// Pixels counted.
    pub fn pixels(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Every class that is there in truth.
    pub fn classes(&self) -> Vec<ClassOverlap> {
        let width = self.names.len();
        let at = |truth: usize, answer: usize| self.counts[truth * width + answer];
        let class = |(class, name): (usize, &String)| {
            let pixels: u64 = (0..width).map(|answer| at(class, answer)).sum();
            let answered: u64 = (0..width).map(|truth| at(truth, class)).sum();
            let right = at(class, class);
            let iou = right as f64 / (pixels + answered - right).max(1) as f64;
            ClassOverlap { class: name.clone(), pixels, iou }
        };
        self.names.iter().enumerate().map(class).filter(|class| class.pixels > 0).collect()
    }

    /// The mean over the classes that are there in truth; 0 where nothing was counted.
    pub fn mean_iou(&self) -> f64 {
        let classes = self.classes();
        classes.iter().map(|class| class.iou).sum::<f64>() / classes.len().max(1) as f64
    }

    /// Share of pixels that were taken for what they are.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = self.counts.iter().step_by(self.names.len() + 1).sum();
        right as f64 / self.pixels().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pairs: &[(usize, usize)], want: &[(&str, f64)], accuracy: f64) {
        let mut overlap = Overlap::new(["road", "car", "sky"].map(str::to_owned).to_vec());
        pairs.iter().for_each(|&(truth, answer)| overlap.count(truth, answer));
        let found: Vec<_> = overlap.classes().into_iter().map(|class| (class.class, class.iou)).collect();
        assert_eq!(found, want.iter().map(|(name, iou)| ((*name).to_owned(), *iou)).collect::<Vec<_>>());
        let mean = want.iter().map(|(_, iou)| iou).sum::<f64>() / want.len().max(1) as f64;
        assert!((overlap.mean_iou() - mean).abs() < 1e-12 && (overlap.accuracy() - accuracy).abs() < 1e-12, "{pairs:?}");
    }

    #[test]
    fn a_class_overlaps_by_what_is_right_over_what_is_it_or_was_taken_for_it() {
        check(&[(0, 0), (1, 1)], &[("road", 1.0), ("car", 1.0)], 1.0);
        check(&[(0, 0), (0, 1), (1, 1), (1, 1)], &[("road", 0.5), ("car", 2.0 / 3.0)], 0.75);
        // What is only taken for a class costs the class that it is.
        check(&[(0, 2), (0, 0), (0, 0), (0, 0)], &[("road", 0.75)], 0.75);
        check(&[(1, 0)], &[("car", 0.0)], 0.0);
        check(&[], &[], 0.0);
    }
}
