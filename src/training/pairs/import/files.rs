//! Files of a collection: which there are, and their bytes.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::training::{
    TrainingError,
    data::Split,
    pairs::{Reason, Skip, spool::failed},
};

/// Endings of photos. The last three can't be decoded here: such a photo is told of and not passed over.
const ENDINGS: [&str; 14] =
    ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "pgm", "ppm", "pnm", "heic", "heif", "avif"];

/// Whether the file is called as photos are.
pub fn is_photo(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// A path without its folders and without what follows its last point.
pub fn stem(name: &str) -> &str {
    let base = base(name);
    base.rsplit_once('.').map_or(base, |(stem, _)| stem)
}

/// A path without its folders.
pub fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The files in `root` and the folders in it that are `wanted`, as paths below `root` with `/` between folders, in the order of
/// their bytes. What is hidden is left alone, and so are folders behind links, which may lead in circles.
pub fn walk(root: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<Box<str>>, TrainingError> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        for entry in fs::read_dir(&path).map_err(|source| failed(&path, source))? {
            let entry = entry.map_err(|source| failed(&path, source))?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let kind = entry.file_type().map_err(|source| failed(&entry.path(), source))?;
            let below = folder.join(&name);
            if kind.is_dir() {
                folders.push(below);
            } else if kind.is_file() || entry.path().is_file() {
                let below = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
                if wanted(&below) {
                    found.push(below.into_boxed_str());
                }
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The folder must be there; `mend` says what was meant.
pub fn need(dir: &Path, mend: &str) -> Result<(), TrainingError> {
    if dir.is_dir() { Ok(()) } else { Err(wrong(dir, format!("no such folder; {mend}"))) }
}

/// The error of a collection that can't be read as a whole.
pub fn wrong(path: &Path, problem: String) -> TrainingError {
    TrainingError::Data { file: path.display().to_string(), problem }
}

/// The bytes of a file that belongs to a photo: `missing` where it is not there, `damaged` where it can't be read.
pub fn read(path: &Path, missing: Reason, damaged: Reason) -> Result<Vec<u8>, Skip> {
    fs::read(path).map_err(|error| {
        let reason = if error.kind() == ErrorKind::NotFound { missing } else { damaged };
        Skip::new(reason, format!("{}: {error}", path.display()))
    })
}

/// The split that a folder or a file is named after, as publishers write it.
pub fn split(name: &str) -> Option<Split> {
    match name.to_ascii_lowercase().as_str() {
        "train" | "training" => Some(Split::Train),
        "val" | "valid" | "validation" | "dev" => Some(Split::Val),
        "test" | "testing" => Some(Split::Test),
        _ => None,
    }
}

/// The same of a name that begins with it: `train-000.tar`, `val2017`.
pub fn split_of_name(name: &str) -> Option<Split> {
    let end = name.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(name.len());
    split(name.get(..end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_names_and_hidden_ones_not_at_all() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["b/2.jpg", "b.JPG", "a/c/1.png", "a/.hidden.jpg", ".git/x.jpg", "a/notes.txt"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, b"x").expect("a file");
        }
        let found = walk(dir.path(), is_photo).expect("a list");
        assert_eq!(found.iter().map(|name| &**name).collect::<Vec<_>>(), ["a/c/1.png", "b.JPG", "b/2.jpg"]);
        assert!(walk(&dir.path().join("none"), is_photo).is_err());
    }

    #[test]
    fn a_path_is_taken_apart_at_its_last_slash_and_its_last_point() {
        for (path, name, want) in [("a/b.c/d.e.png", "d.e.png", "d.e"), ("d", "d", "d"), ("a.b/c", "c", "c")] {
            assert_eq!((base(path), stem(path)), (name, want));
        }
    }

    #[test]
    fn a_split_is_told_by_a_whole_word() {
        for (name, want) in [
            ("train-000.tar", Some(Split::Train)),
            ("val2017", Some(Split::Val)),
            ("test_images", Some(Split::Test)),
            ("testament", None),
            ("00000.tar", None),
        ] {
            assert_eq!(split_of_name(name), want, "{name}");
        }
    }
}
