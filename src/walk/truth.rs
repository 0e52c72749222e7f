//! What is there and when: the rows that a person wrote by looking.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{WalkError, moment};
use crate::frame::Timestamp;

/// Something that is to be seen from one moment to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// It is in view from here.
    pub from: Timestamp,
    /// Until here.
    pub to: Timestamp,
    /// In free words, such as "zebra crossing".
    pub what: String,
    /// Where it is: "ahead", "left", "right"; other words ("camera") speak of the picture itself.
    pub place: String,
    /// Facet id, where the row names one.
    pub facet: Option<String>,
    /// Class id, where the row names one.
    pub class: Option<String>,
    /// When the walker is at it, where the row says so.
    pub reached: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Row {
    start_s: f64,
    end_s: f64,
    what: String,
    #[serde(rename = "where")]
    place: String,
    facet: Option<String>,
    class: Option<String>,
    reached_s: Option<f64>,
}

impl Truth {
    /// The rows of `NAME.truth.csv` beside the video `NAME.mp4`; none where there is no such file.
    pub fn beside(video: &Path) -> Result<Vec<Truth>, WalkError> {
        read(&file_beside(video))
    }
}

fn file_beside(video: &Path) -> PathBuf {
    video.with_extension("truth.csv")
}

pub(super) fn read(path: &Path) -> Result<Vec<Truth>, WalkError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(WalkError::file(path, source)),
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(file);
    let mut rows = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row.map_err(|error| {
            let line = error.position().map_or(1, |position| position.line());
            WalkError::meaning(path, line as usize, format!("{error}; start_s,end_s,what,where are meant"))
        })?;
        let line = rows.len() + 2;
        let wrong = |problem: &str| WalkError::meaning(path, line, problem);
        let from = moment(row.start_s).ok_or_else(|| wrong("start_s is no number of seconds since the start"))?;
        let to = moment(row.end_s).ok_or_else(|| wrong("end_s is no number of seconds since the start"))?;
        if to < from {
            return Err(wrong("end_s lies before start_s"));
        }
        let filled = |cell: Option<String>| cell.filter(|cell| !cell.is_empty());
        let (facet, class) = (filled(row.facet), filled(row.class));
        let reached =
            row.reached_s.map(|at| moment(at).ok_or_else(|| wrong("reached_s is no number of seconds since the start")));
        rows.push(Truth { from, to, what: row.what, place: row.place, facet, class, reached: reached.transpose()? });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<usize, &str>) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("walk.truth.csv"), text).expect("truth");
        match (Truth::beside(&dir.path().join("walk.mp4")), want) {
            (Ok(rows), Ok(count)) => assert_eq!(rows.len(), count, "{text}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, want) => panic!("{text}: {got:?} instead of {want:?}"),
        }
    }

    #[test]
    fn a_truth_is_checked_row_by_row() {
        let head = "start_s,end_s,what,where";
        check(&format!("{head}\n0.0,17.0,zebra crossing,ahead\n5,5,\"a, b\",left\n"), Ok(2));
        check(&format!("{head},facet,class\n0,1,car,right,obstacle,parked_car\n0,1,bus,left,,\n2,3,van,left\n"), Ok(3));
        check(&format!("{head}\n"), Ok(0));
        check(&format!("{head}\n0,1,car,left\n2,1,car,left\n"), Err("walk.truth.csv, line 3: end_s lies before start_s"));
        check(&format!("{head}\n0,1,car,left\nsoon,1,car,left\n"), Err("walk.truth.csv, line 3: "));
        check(&format!("{head}\n-1,1,car,left\n"), Err("line 2: start_s is no number"));
        check("start_s,what\n0,car\n", Err("start_s,end_s,what,where are meant"));
    }

    #[test]
    fn a_walk_without_truth_has_no_rows() {
        assert_eq!(Truth::beside(Path::new("/nowhere/walk.mp4")).expect("no rows"), []);
    }

    #[test]
    fn a_row_may_name_its_facet_and_class() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let text = "start_s,end_s,what,where,facet,class,reached_s\n1.5,2,kerb,ahead,crossing,kerb,1.75\n0,1,bus,left,,,\n";
        std::fs::write(dir.path().join("truth.csv"), text).expect("truth");
        let rows = read(&dir.path().join("truth.csv")).expect("rows");
        let want = (Timestamp::from_seconds(1.5), "ahead", Some("crossing"), Some("kerb"));
        assert_eq!((rows[0].from, &*rows[0].place, rows[0].facet.as_deref(), rows[0].class.as_deref()), want);
        assert_eq!((&rows[1].facet, &rows[1].class, rows[1].reached), (&None, &None, None));
        assert_eq!(rows[0].reached, Some(Timestamp::from_seconds(1.75)));
    }
}
