//! The surest wrong answers: what a person looks at first who wants to know what a model gets wrong.

/// One wrong answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// The photo's place among those that were asked.
    pub photo: usize,
    /// What was asked: `category`, or a facet.
    pub asked: String,
    /// What is true.
    pub truth: Vec<String>,
    /// What was answered.
    pub answer: String,
    /// Its probability.
    pub p: f32,
}

/// The `most` surest, a photo once.
pub fn surest(mut mistakes: Vec<Mistake>, most: usize) -> Vec<Mistake> {
    mistakes.sort_by(|a, b| b.p.total_cmp(&a.p));
    let mut kept: Vec<Mistake> = Vec::new();
    for mistake in mistakes {
        if kept.len() < most && kept.iter().all(|known| known.photo != mistake.photo) {
            kept.push(mistake);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_come_first_and_each_photo_once() {
        let mistake = |photo, p| Mistake { photo, asked: String::new(), truth: Vec::new(), answer: String::new(), p };
        let found = surest(vec![mistake(0, 0.5), mistake(1, 0.9), mistake(1, 0.8), mistake(2, 0.6)], 2);
        assert_eq!(found.iter().map(|found| (found.photo, found.p)).collect::<Vec<_>>(), [(1, 0.9), (2, 0.6)]);
    }
}
