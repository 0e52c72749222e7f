//! Which class is taken for which.

use serde::{Deserialize, Serialize};

/// A table of counts: a row for each true class, a column for each class that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Names of rows and columns.
    pub classes: Vec<String>,
    /// `counts[truth][answer]`.
    pub counts: Vec<Vec<usize>>,
}

/// One class taken for another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confused {
    /// What it was.
    pub truth: String,
    /// What was answered.
    pub answer: String,
    /// How often.
    pub photos: usize,
    /// Of all photos of the true class.
    pub share: f64,
}

impl Confusion {
    /// An empty table.
    pub fn new(classes: &[String]) -> Self {
        Self { classes: classes.to_vec(), counts: vec![vec![0; classes.len()]; classes.len()] }
    }

    /// Counts one answer; indices beyond the classes count nothing.
    pub fn count(&mut self, truth: usize, answer: usize) {
        if let Some(cell) = self.counts.get_mut(truth).and_then(|row| row.get_mut(answer)) {
            *cell += 1;
        }
    }

    /// The `most` most frequent confusions; equal ones in the order of the classes.
    pub fn worst(&self, most: usize) -> Vec<Confused> {
        let mut all: Vec<Confused> = Vec::new();
        for (truth, (row, name)) in self.counts.iter().zip(&self.classes).enumerate() {
            let total: usize = row.iter().sum();
            let wrong = row.iter().zip(&self.classes).enumerate().filter(|&(answer, (&n, _))| answer != truth && n > 0);
            all.extend(wrong.map(|(_, (&photos, answer))| Confused {
                truth: name.clone(),
                answer: answer.clone(),
                photos,
                share: photos as f64 / total as f64,
            }));
        }
        all.sort_by_key(|pair| std::cmp::Reverse(pair.photos));
        all.truncate(most);
        all
    }

    /// The table as CSV: a header of the classes, a row for each true class.
    pub fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["truth"].into_iter().chain(self.classes.iter().map(String::as_str)))?;
        for (name, row) in self.classes.iter().zip(&self.counts) {
            writer.write_record([name.clone()].into_iter().chain(row.iter().map(usize::to_string)))?;
        }
        writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Confusion {
        let mut table = Confusion::new(&["bus".to_owned(), "car".to_owned(), "a, b".to_owned()]);
        for (truth, answer) in [(0, 0), (0, 1), (0, 1), (1, 1), (1, 2), (2, 2), (9, 0)] {
            table.count(truth, answer);
        }
        table
    }

    #[test]
    fn the_worst_confusions_come_first_with_their_share_of_the_class() {
        let worst = table().worst(5);
        assert_eq!(worst.len(), 2);
        assert_eq!((worst[0].truth.as_str(), worst[0].answer.as_str(), worst[0].photos), ("bus", "car", 2));
        assert!((worst[0].share - 2.0 / 3.0).abs() < 1e-12 && (worst[1].share - 0.5).abs() < 1e-12);
        assert_eq!(table().worst(1).len(), 1);
    }

    #[test]
    fn the_csv_quotes_names_and_keeps_rows_as_truth() {
        let csv = String::from_utf8(table().to_csv().expect("a table")).expect("UTF-8");
        assert_eq!(csv, "truth,bus,car,\"a, b\"\nbus,1,2,0\ncar,0,1,1\n\"a, b\",0,0,1\n");
    }
}
