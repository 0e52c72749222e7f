//! Which category a photo belongs to, and the caption that is ranked for it.
//!
//! Owns lists of categories and where the truth is read. Leaves the measure to `street30`.

use std::{fs, path::Path};

use super::{EvaluationError, shard::Record, street30};

/// What stands for the category in a template.
pub const CATEGORY: &str = "{category}";

/// Where it stands which category a photo belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryFrom {
    /// `category` in its record.
    Record,
    /// The folder that it lies in, inside the shard: `dirt road/12.jpg`.
    Folder,
    /// Its file's name: `dirt_road_12.jpg`.
    File,
    /// Its shard's name: `dirt-road-000.tar`.
    Shard,
}

/// Categories in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Categories {
    names: Vec<String>,
    template: String,
}

impl Categories {
    /// Those of Street-30, with the caption that `template` makes of each.
    pub fn street30(template: &str) -> Self {
        Self { names: street30::CATEGORIES.map(str::to_owned).to_vec(), template: template.to_owned() }
    }

    /// Those of a file, a line each.
    pub fn read(path: &Path, template: &str) -> Result<Self, EvaluationError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|source| EvaluationError::File { file: file.clone(), source })?;
        let mut names: Vec<String> = Vec::new();
        for name in text.lines().map(str::trim).filter(|name| !name.is_empty()) {
            if names.iter().any(|known| plain(known) == plain(name)) {
                return Err(EvaluationError::Empty { file, problem: "a category stands there twice; name each once" });
            }
            names.push(name.to_owned());
        }
        if names.is_empty() {
            return Err(EvaluationError::Empty { file, problem: "no category; write one a line" });
        }
        Ok(Self { names, template: template.to_owned() })
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The caption of each.
    pub fn captions(&self) -> Vec<String> {
        self.names.iter().map(|name| self.template.replace(CATEGORY, name)).collect()
    }

    /// The place of the category of the photo `key` of `shard`; none where it has none of these.
    pub fn of(&self, from: CategoryFrom, shard: &Path, key: &str, record: &Record) -> Option<usize> {
        let (folder, file) = key.rsplit_once('/').unwrap_or(("", key));
        let told = match from {
            CategoryFrom::Record => record.category.clone()?,
            CategoryFrom::Folder => folder.rsplit('/').next()?.to_owned(),
            CategoryFrom::File => file.to_owned(),
            CategoryFrom::Shard => shard.file_stem()?.to_string_lossy().into_owned(),
        };
        self.find(&told)
    }

    /// The place of the category that `told` means. Case, underscores and hyphens make no difference, and neither does a number at the end.
    pub fn find(&self, told: &str) -> Option<usize> {
        let told = plain(told);
        let unnumbered = told.trim_end_matches(|c: char| !c.is_alphabetic());
        let place = |wanted: &str| self.names.iter().position(|name| plain(name) == wanted);
        place(&told).or_else(|| place(unnumbered))
    }
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: CategoryFrom, shard: &str, key: &str, category: Option<&str>, want: Option<&str>) {
        let record = Record { category: category.map(str::to_owned), ..Record::default() };
        let categories = Categories::street30("{category}");
        let found = categories.of(from, Path::new(shard), key, &record).map(|i| categories.names()[i].as_str());
        assert_eq!(found, want, "{from:?} of {shard}/{key}");
    }

    #[test]
    fn a_category_is_read_where_it_was_said_to_stand() {
        check(CategoryFrom::Record, "street.tar", "car/bus_1", Some("bridge"), Some("bridge"));
        check(CategoryFrom::Record, "street.tar", "car/bus_1", None, None);
        check(CategoryFrom::Folder, "street.tar", "photos/car/bus_1", Some("bridge"), Some("car"));
        check(CategoryFrom::Folder, "street.tar", "bus_1", None, None);
        check(CategoryFrom::File, "street.tar", "car/Dirt_Road-0012", None, Some("dirt road"));
        check(CategoryFrom::File, "street.tar", "streetcar1", None, None);
        check(CategoryFrom::Shard, "data/tall-building-000.tar", "car/bus_1", None, Some("tall building"));
    }

    #[test]
    fn a_list_of_ones_own_has_a_category_a_line() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let read = |text: &str| {
            fs::write(file.path(), text).expect("written");
            Categories::read(file.path(), "A photo of a {category}.")
        };
        let categories = read("quay\n\n route 66 \n").expect("two categories");
        assert_eq!(categories.captions(), ["A photo of a quay.", "A photo of a route 66."]);
        assert_eq!((categories.find("Route_66"), categories.find("quay (3)"), categories.find("66")), (Some(1), Some(0), None));
        for (text, want) in [("\n \n", "no category"), ("quay\nQuay\n", "twice")] {
            let error = read(text).expect_err("no list").to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
