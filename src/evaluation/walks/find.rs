//! The walks in a folder: folders with `walk.toml`, and videos with a truth beside them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Frames, Recorded};
use crate::{
    evaluation::EvaluationError,
    walk::{Truth, Walk},
};

/// How deep below the folder that was named a walk may lie.
const DEPTH: usize = 3;

/// Every walk that has a truth, at `path` or below it, by name. Its group is `path`, as it was typed.
pub fn find(path: &Path) -> Result<Vec<Recorded>, EvaluationError> {
    let mut found = Vec::new();
    look(path, &path.display().to_string(), DEPTH, &mut found)?;
    if found.is_empty() {
        let problem = "no walk with a truth: name a folder with walk.toml and truth.csv, with NAME.mp4 and NAME.truth.csv, or with such folders";
        return Err(EvaluationError::Empty { file: path.display().to_string(), problem });
    }
    Ok(found)
}

fn look(path: &Path, group: &str, depth: usize, found: &mut Vec<Recorded>) -> Result<(), EvaluationError> {
    let recorded = |truth: Vec<Truth>, complete: Vec<String>| Recorded {
        name: path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        group: group.to_owned(),
        truth,
        complete,
        frames: Frames::Path(path.to_owned()),
    };
    if Walk::is_at(path) {
        let walk = Walk::open(path)?;
        let truth = walk.truth()?;
        if !truth.is_empty() {
            found.push(recorded(truth, walk.about.complete));
        }
        return Ok(());
    }
    if !path.is_dir() {
        let truth = Truth::beside(path)?;
        if !truth.is_empty() {
            found.push(recorded(truth, Vec::new()));
        }
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    let failed = |source| EvaluationError::File { file: path.display().to_string(), source };
    let entries = fs::read_dir(path).map_err(failed)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries: Vec<PathBuf> = entries.collect::<Result<_, _>>().map_err(failed)?;
    entries.sort();
    let may_be = |entry: &&PathBuf| entry.is_dir() || entry.with_extension("truth.csv").is_file() && !is_table(entry);
    entries.iter().filter(may_be).try_for_each(|entry| look(entry, group, depth - 1, found))
}

fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_are_found_below_a_folder_with_their_truth() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            fs::write(path, text).expect("a file");
        };
        let truth = "start_s,end_s,what,where\n0,1,car,left\n";
        write("deep/a/walk.toml", "complete = [\"people\"]\n");
        write("deep/a/frames.csv", "time_s,file\n0,0.jpg\n");
        write("deep/a/truth.csv", truth);
        write("untold/walk.toml", "");
        write("untold/frames.csv", "time_s,file\n0,0.jpg\n");
        write("b.mp4", "");
        write("b.truth.csv", truth);
        write("alone.mp4", "");
        let found = find(dir.path()).expect("walks");
        let names: Vec<_> = found.iter().map(|walk| (walk.name.as_str(), walk.complete.len(), walk.truth.len())).collect();
        assert_eq!(names, [("b", 0, 1), ("a", 1, 1)]);
        assert!(find(&dir.path().join("untold")).is_err());
        assert_eq!(find(&dir.path().join("deep/a")).expect("itself").len(), 1);
    }
}
