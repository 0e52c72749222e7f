//! Photos whose category is their folder's name, or stands in their own.
//!
//! Owns both: a folder for each category, as torchvision's ImageFolder has it, under `train`, `val` and `test` or not; and names such
//! as `traffic light (12).jpg`, a category and a number.

use std::path::Path;

use super::{
    files,
    tree::{Format, Tree},
};
use crate::{
    evaluation::shard::Record,
    training::{
        TrainingError,
        pairs::{Entry, Reason, Skip, Skipped},
    },
};

/// What cameras and telephones call a photo, and people who give it no name.
const MEANINGLESS: [&str; 14] =
    ["img", "image", "dsc", "dscn", "dscf", "pxl", "mvi", "gopr", "p", "photo", "picture", "pic", "screenshot", "untitled"];

/// Where the category stands.
pub enum Categories {
    /// It is the first folder's name, or the second's where the first is a split.
    InFolder { splits: bool },
    /// It begins the photo's own name.
    InName,
}

/// The folders of categories in `root`.
pub fn open_folders(root: &Path) -> Result<Tree<Categories>, TrainingError> {
    files::need(root, "give the folder that holds a folder for each category")?;
    let names = files::walk(root, files::is_photo)?;
    let first = |name: &str| name.split_once('/').map(|(folder, _)| folder.to_owned());
    // A category may be called train: then its neighbours are no splits.
    let splits = names.iter().filter_map(|name| first(name)).all(|folder| files::split(&folder).is_some());
    let format = Categories::InFolder { splits };
    let (within, outside): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| format.category(name).is_some());
    let entry = |name: Box<str>| {
        let split = first(&name).filter(|_| splits).and_then(|folder| files::split(&folder));
        Entry { group: name.clone(), name, split }
    };
    let skip = |name: Box<str>| {
        let skip = Skip::new(Reason::BadRecord, format!("{name}: lies in no category's folder"));
        Skipped { name: name.into(), skip }
    };
    let (entries, skipped) = (within.into_iter().map(entry).collect(), outside.into_iter().map(skip).collect());
    Tree::new(root, entries, skipped, format)
}

/// The photos in `root`, whose names begin with a category.
pub fn open_names(root: &Path) -> Result<Tree<Categories>, TrainingError> {
    files::need(root, "give the folder that holds the photos")?;
    let entry = |name: Box<str>| Entry { group: name.clone(), name, split: None };
    let entries = files::walk(root, files::is_photo)?.into_iter().map(entry).collect();
    Tree::new(root, entries, Vec::new(), Categories::InName)
}

impl Categories {
    fn category(&self, name: &str) -> Option<String> {
        let (folders, _) = name.rsplit_once('/').unwrap_or_default();
        match self {
            Categories::InFolder { splits } => {
                let folder = folders.split('/').nth(usize::from(*splits)).filter(|folder| !folder.is_empty())?;
                Some(words(folder))
            }
            Categories::InName => {
                let counted = |letter: char| letter.is_ascii_digit() || " _-().#".contains(letter);
                let category = words(files::stem(name).trim_end_matches(counted));
                (!category.is_empty() && !MEANINGLESS.contains(&&*category)).then_some(category)
            }
        }
    }
}

/// A category as Street-30 writes them: lower case, with spaces.
fn words(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ").to_lowercase();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Format for Categories {
    fn record(&self, name: &str, _entry: usize) -> Result<Record, Skip> {
        let none = || Skip::new(Reason::NoCaption, format!("{name}: no category stands in its name"));
        Ok(Record { category: Some(self.category(name).ok_or_else(none)?), ..Record::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(how: &Categories, cases: &[(&str, Option<&str>)]) {
        for (name, want) in cases {
            assert_eq!(how.category(name).as_deref(), *want, "{name}");
        }
    }

    #[test]
    fn a_category_stands_before_the_number() {
        check(
            &Categories::InName,
            &[
                ("bus_123.jpg", Some("bus")),
                ("x/Traffic Light (12).png", Some("traffic light")),
                ("traffic_light-3.jpg", Some("traffic light")),
                ("dirt-road_0001_2.jpg", Some("dirt road")),
                ("bridge7.jpg", Some("bridge")),
                ("route66 sign 4.jpg", Some("route66 sign")),
                ("coast.jpg", Some("coast")),
                ("IMG_2043.jpg", None),
                ("20240511_101112.jpg", None),
            ],
        );
    }

    #[test]
    fn a_category_is_the_folder_below_the_splits() {
        check(&Categories::InFolder { splits: false }, &[("dirt_road/a.jpg", Some("dirt road")), ("a.jpg", None)]);
        check(&Categories::InFolder { splits: true }, &[("val/bus/x/a.jpg", Some("bus")), ("val/a.jpg", None)]);
    }
}
