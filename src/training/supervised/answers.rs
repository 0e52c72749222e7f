//! What each model answered for the same photos, as one table.

use super::Answered;
use crate::{
    embedding::Embedding,
    evaluation::{
        KS, Row, Table, TopK,
        bootstrap::{Compared, Figure, compare},
        rank_of,
    },
    training::{TrainingError, features::Features},
};

/// Beside the accuracies: wall-clock seconds of training, and milliseconds of one photo.
const BESIDE: [&str; 2] = ["seconds", "milliseconds"];

/// How a model ranks categories by its image tower's output.
#[derive(Clone, Debug)]
pub enum Head {
    /// By the cosine with the vector of each name.
    Names(Features),
    /// By a component for each of these; it can't answer another, which ranks last.
    Components(Vec<usize>),
}

impl Head {
    /// The rank, 0 for the best, of the category of each photo of `truth` (row and category) among all `categories`.
    pub fn ranks(&self, rows: &Features, truth: &[(usize, usize)], categories: usize) -> Result<Vec<usize>, TrainingError> {
        let unit = |row: &[f32]| {
            Embedding::new(row.to_vec())
                .map_err(|e| TrainingError::Setting { problem: format!("what was learned answers no number: {e}") })
        };
        let names = match self {
            Head::Names(names) => (0..names.rows()).map(|row| unit(names.row(row))).collect::<Result<Vec<_>, _>>()?,
            Head::Components(_) => Vec::new(),
        };
        let rank = |&(row, category): &(usize, usize)| {
            let mut scores = vec![f32::NEG_INFINITY; categories];
            match self {
                Head::Names(_) => {
                    let photo = unit(rows.row(row))?;
                    scores.iter_mut().zip(&names).for_each(|(score, name)| *score = photo.cosine(name));
                }
                Head::Components(known) => known.iter().zip(rows.row(row)).for_each(|(&category, &score)| {
                    if let Some(own) = scores.get_mut(category) {
                        *own = score;
                    }
                }),
            }
            let is_known = scores.get(category).is_some_and(|score| score.is_finite());
            // What can't be answered isn't third of three either.
            Ok(if is_known { rank_of(&scores, category) } else { usize::MAX })
        };
        truth.iter().map(rank).collect()
    }
}

/// An empty table of accuracies and what they cost.
pub fn table() -> Table {
    let accuracies = KS.map(|k| format!("top_{k}"));
    Table::new(accuracies.iter().map(String::as_str).chain(BESIDE))
}

/// A row of what `after` answered for the photos that `chosen` takes, by their number, beside what `before` did. What they cost stands where
/// `costs` says so.
pub fn row(of: &'static str, after: &Answered, before: Option<&Answered>, chosen: impl Fn(usize) -> bool, costs: bool) -> Row {
    let ranks = |of: &Answered| -> Vec<usize> {
        of.ranks.iter().enumerate().filter(|(photo, _)| chosen(*photo)).map(|(_, rank)| *rank).collect()
    };
    let (mine, theirs) = (ranks(after), before.map(ranks));
    let theirs = theirs.as_ref().map(|ranks| |at: &[usize]| accuracies(ranks, at));
    let mut figures = compare(mine.len(), |at| accuracies(&mine, at), theirs);
    if costs {
        figures.push(seconds(after, before));
        let times = before.map(|before| |at: &[usize]| vec![median(&before.milliseconds, at)]);
        figures.extend(compare(after.milliseconds.len(), |at| vec![median(&after.milliseconds, at)], times));
    } else {
        figures.extend(BESIDE.map(|_| Compared { after: alone(f64::NAN), before: None, difference: None }));
    }
    Row { of: of.to_owned(), name: after.name.to_owned(), photos: mine.len(), figures }
}

fn accuracies(ranks: &[usize], at: &[usize]) -> Vec<f64> {
    if at.is_empty() {
        return vec![f64::NAN; KS.len()];
    }
    let mut top = TopK::default();
    at.iter().filter_map(|&photo| ranks.get(photo)).for_each(|&rank| top.count(rank));
    top.accuracy().to_vec()
}

/// A figure of which there is but one, and no interval.
fn alone(value: f64) -> Figure {
    Figure { value, low: f64::NAN, high: f64::NAN }
}

fn seconds(after: &Answered, before: Option<&Answered>) -> Compared {
    let difference = before.map(|before| alone(after.seconds - before.seconds));
    Compared { after: alone(after.seconds), before: before.map(|before| alone(before.seconds)), difference }
}

fn median(values: &[f64], at: &[usize]) -> f64 {
    let mut chosen: Vec<f64> = at.iter().filter_map(|&i| values.get(i)).copied().collect();
    chosen.sort_by(f64::total_cmp);
    chosen.get(chosen.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_has_no_answer_for_is_never_among_its_best() {
        let rows = Features::new(2, vec![0.9, 0.1, -3.0, 2.0]);
        let head = Head::Components(vec![0, 2]);
        let ranks = head.ranks(&rows, &[(0, 0), (0, 2), (1, 2), (1, 1)], 3).expect("numbers");
        assert_eq!(ranks, [0, 1, 0, usize::MAX]);
        let names = Features::new(2, vec![2.0, 0.0, 0.0, 3.0, -1.0, -1.0]);
        let ranks = Head::Names(names.clone()).ranks(&rows, &[(0, 0), (0, 2), (1, 1), (1, 0)], 3).expect("numbers");
        assert_eq!(ranks, [0, 2, 0, 2]);
        assert!(Head::Names(names).ranks(&Features::new(2, vec![f32::NAN; 2]), &[(0, 0)], 3).is_err());
    }

    #[test]
    fn a_row_tells_what_was_answered_and_what_it_cost() {
        let answered = |ranks: [usize; 4], seconds, milliseconds| Answered {
            name: "x",
            ranks: ranks.to_vec(),
            seconds,
            milliseconds: vec![milliseconds; 5],
        };
        let (after, before) = (answered([0, 2, 4, usize::MAX], 30.0, 2.0), answered([0, 0, 0, 0], 10.0, 1.5));
        let found = row("all", &after, Some(&before), |_| true, true);
        let values: Vec<f64> = found.figures.iter().map(|figure| figure.after.value).collect();
        assert_eq!((found.photos, values), (4, vec![0.25, 0.5, 0.75, 0.75, 30.0, 2.0]));
        let differences: Vec<f64> = found.figures.iter().filter_map(|figure| figure.difference).map(|d| d.value).collect();
        assert_eq!(differences, [-0.75, -0.5, -0.25, -0.25, 20.0, 0.5]);
        let found = row("unseen", &after, None, |photo| photo == 3, false);
        assert_eq!((found.photos, found.figures[0].after.value), (1, 0.0));
        assert!(found.figures[4].after.value.is_nan() && found.figures.len() == table().metrics.len());
        assert!(row("unseen", &after, None, |_| false, false).figures[0].after.value.is_nan());
    }
}
