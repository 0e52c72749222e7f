//! Categories in folders and in names.

use streetscape::training::pairs::{Reason, import::Layout};

use super::tree::{Tree, check_damages, photo, read};

fn folders() -> Tree {
    let tree = Tree::new();
    for (name, seed) in [("train/dirt_road/x1.jpg", 1), ("train/bus/y.jpg", 2), ("val/bus/z.jpg", 3)] {
        tree.put(name, photo(seed));
    }
    tree
}

#[test]
fn a_folder_is_a_category_and_damage_is_named() {
    let found = check_damages(
        &Layout::Folders,
        folders,
        false,
        &[
            ("a photo in no category", |tree| tree.put("val/w.jpg", photo(4)), Reason::BadRecord, "val/w.jpg"),
            ("no picture", |tree| tree.put("train/bus/y.jpg", "not a photo"), Reason::DamagedPhoto, "train/bus/y.jpg"),
        ],
    );
    for (name, split, category) in
        [("train/dirt_road/x1.jpg", "train", "dirt road"), ("train/bus/y.jpg", "train", "bus"), ("val/bus/z.jpg", "val", "bus")]
    {
        let (found, record, _) = found.get(name);
        assert_eq!((found, record.category.as_deref()), (split, Some(category)));
    }
    // A category that is called train is no split where its neighbour is none.
    let tree = Tree::new();
    tree.put("train/a.jpg", photo(1));
    tree.put("bus/b.jpg", photo(2));
    let found = read(&Layout::Folders, tree.0.path(), false);
    assert_eq!(found.get("train/a.jpg").1.category.as_deref(), Some("train"));
}

fn names() -> Tree {
    let tree = Tree::new();
    for (name, seed) in [("traffic light (12).jpg", 1), ("bus_3.jpg", 2), ("more/dirt-road-7.jpg", 3)] {
        tree.put(name, photo(seed));
    }
    tree
}

#[test]
fn a_name_begins_with_a_category_and_damage_is_named() {
    let found = check_damages(
        &Layout::Names,
        names,
        false,
        &[
            ("a camera's name", |tree| tree.put("IMG_2043.jpg", photo(4)), Reason::NoCaption, "IMG_2043.jpg"),
            ("a telephone's format", |tree| tree.put("bus_4.heic", "ftypheic"), Reason::DamagedPhoto, "bus_4.heic"),
        ],
    );
    for (name, category) in
        [("traffic light (12).jpg", "traffic light"), ("bus_3.jpg", "bus"), ("more/dirt-road-7.jpg", "dirt road")]
    {
        assert_eq!(found.get(name).1.category.as_deref(), Some(category));
    }
}
