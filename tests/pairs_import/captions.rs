//! COCO, Flickr, and tables for open_clip.

use streetscape::training::pairs::{
    Reason,
    import::{self, Columns, Layout},
};

use super::tree::{Tree, check_damages, photo, read};

fn coco() -> Tree {
    let tree = Tree::new();
    for (part, seed) in [("train2017", 1), ("val2017", 2)] {
        tree.put(&format!("{part}/00000000000{seed}.jpg"), photo(seed));
        let table = format!(
            r#"{{"info": {{}}, "licenses": [{{"url": "http://creativecommons.org/licenses/by/2.0/", "id": 4, "name": "Attribution License"}}],
            "images": [{{"license": 4, "file_name": "00000000000{seed}.jpg", "height": 12, "width": 16, "id": {seed}}}],
            "annotations": [{{"image_id": {seed}, "id": 77, "caption": "A street at noon. "}}, {{"image_id": {seed}, "id": 78, "caption": "Cars, parked"}}]}}"#
        );
        tree.put(&format!("annotations/captions_{part}.json"), table);
        tree.put(&format!("annotations/instances_{part}.json"), "{}");
    }
    tree
}

#[test]
fn coco_is_read_and_its_damage_named() {
    let found = check_damages(
        &Layout::Coco,
        coco,
        false,
        &[
            ("no photo", |tree| tree.remove("train2017/000000000001.jpg"), Reason::MissingPhoto, "train2017/000000000001.jpg"),
            (
                "half a photo",
                |tree| tree.put("train2017/000000000001.jpg", &photo(1)[..200]),
                Reason::DamagedPhoto,
                "000000000001.jpg",
            ),
            (
                "a caption of no photo",
                |tree| tree.change("annotations/captions_val2017.json", "\"image_id\": 2", "\"image_id\": 9"),
                Reason::BadRecord,
                "annotation 77",
            ),
            (
                "empty captions",
                |tree| {
                    tree.change("annotations/captions_val2017.json", "A street at noon. ", " ");
                    tree.change("annotations/captions_val2017.json", "Cars, parked", "");
                },
                Reason::NoCaption,
                "val2017/000000000002.jpg",
            ),
        ],
    );
    assert_eq!(found.told("train2017/000000000001.jpg"), ["A street at noon.", "Cars, parked"]);
    let (split, record, _) = found.get("val2017/000000000002.jpg");
    assert_eq!((split, record.licence.as_deref()), ("val", Some("Attribution License")));
    // The 2014 photos mostly lie in a folder of images.
    let tree = coco();
    std::fs::create_dir(tree.path("images")).unwrap();
    std::fs::rename(tree.path("train2017"), tree.path("images/train2017")).unwrap();
    assert_eq!(
        read(&Layout::Coco, tree.0.path(), false).names(),
        ["images/train2017/000000000001.jpg", "val2017/000000000002.jpg"]
    );
}

/// Photos as Flickr8k names them, and a table.
fn flickr(table: &str, text: &str) -> Tree {
    let tree = Tree::new();
    for (name, seed) in [("11_aa.jpg", 1), ("22_bb.jpg", 2), ("33_cc.jpg", 3)] {
        tree.put(&format!("Flicker8k_Dataset/{name}"), photo(seed));
    }
    tree.put(&format!("Flickr8k_text/{table}"), text);
    tree
}

fn flickr_8k() -> Tree {
    let text = "11_aa.jpg#0\tA dog , running .\n11_aa.jpg#1\tA dog .\n22_bb.jpg#0\tA bus .\n33_cc.jpg#0\tA tram .\n";
    let tree = flickr("Flickr8k.token.txt", text);
    tree.put("Flickr8k_text/Flickr8k.lemma.token.txt", "11_aa.jpg#0\tdog run\n");
    for (list, name) in [("train", "11_aa.jpg"), ("dev", "22_bb.jpg"), ("test", "33_cc.jpg")] {
        tree.put(&format!("Flickr8k_text/Flickr_8k.{list}Images.txt"), format!("{name}\n"));
    }
    tree
}

#[test]
fn flickr8k_is_read_and_its_damage_named() {
    const TOKENS: &str = "Flickr8k_text/Flickr8k.token.txt";
    let found = check_damages(
        &Layout::Flickr,
        flickr_8k,
        false,
        &[
            ("no photo", |tree| tree.remove("Flicker8k_Dataset/22_bb.jpg"), Reason::MissingPhoto, "22_bb.jpg"),
            // The published list has one such name.
            (
                "a name of no photo",
                |tree| tree.change(TOKENS, "33_cc.jpg#0", "44_dd.jpg.1#0\tA cat .\n33_cc.jpg#0"),
                Reason::MissingPhoto,
                "44_dd.jpg.1",
            ),
            ("half a line", |tree| tree.change(TOKENS, "11_aa.jpg#1\t", "11_aa.jpg"), Reason::BadRecord, "token.txt:2"),
            ("an empty caption", |tree| tree.change(TOKENS, "A bus .", " "), Reason::NoCaption, "22_bb.jpg"),
            ("no caption", |tree| tree.change(TOKENS, "22_bb.jpg#0\tA bus .\n", ""), Reason::NoCaption, "22_bb.jpg"),
        ],
    );
    assert_eq!(found.told("Flicker8k_Dataset/11_aa.jpg"), ["A dog , running .", "A dog ."]);
    let splits = ["11_aa", "22_bb", "33_cc"].map(|name| found.get(&format!("Flicker8k_Dataset/{name}.jpg")).0);
    assert_eq!(splits, ["train", "val", "test"]);
}

#[test]
fn flickr_is_read_in_every_form_that_it_is_passed_on_in() {
    for (table, text) in [
        ("results_20130124.token", "11_aa.jpg#0\tA \"dog\", running\n22_bb.jpg#0\tA bus\n33_cc.jpg#0\tA tram\n"),
        (
            "results.csv",
            "image_name| comment_number| comment\n11_aa.jpg| 0| A \"dog\", running\n22_bb.jpg| 0| A bus\n33_cc.jpg| 0| A tram\n",
        ),
        ("captions.txt", "image,caption\n11_aa.jpg,\"A \"\"dog\"\", running\"\n22_bb.jpg,A bus\n33_cc.jpg,A tram\n"),
    ] {
        let found = read(&Layout::Flickr, flickr(table, text).0.path(), false);
        assert_eq!(found.skipped, [], "{table}");
        assert_eq!(found.told("Flicker8k_Dataset/11_aa.jpg"), ["A \"dog\", running"], "{table}");
        assert_eq!(found.told("Flicker8k_Dataset/33_cc.jpg"), ["A tram"], "{table}");
    }
    let damaged = "image_name| comment_number| comment\n11_aa.jpg| 0| A dog\n22_bb.jpg| 4   A bus\n33_cc.jpg| 0| A tram\n";
    let found = read(&Layout::Flickr, flickr("results.csv", damaged).0.path(), false);
    let reasons: Vec<_> = found.skipped.iter().map(|(reason, name, _)| (*reason, name.rsplit('/').next().unwrap())).collect();
    assert_eq!(reasons, [(Reason::BadRecord, "results.csv:3"), (Reason::NoCaption, "22_bb.jpg")]);
}

fn table() -> Tree {
    let tree = Tree::new();
    for (name, seed) in [("photos/a.jpg", 1), ("photos/b.jpg", 2), ("c.jpg", 3)] {
        tree.put(name, photo(seed));
    }
    tree.put(
        "train.csv",
        "filepath\ttitle\nphotos/a.jpg\tA \tstreet, wet\n./photos/b.jpg\tA bus\nphotos/b.jpg\tA red bus\n"
            .replace("A \t", "A "),
    );
    tree.put("val.csv", "title\tfilepath\n\"A \"\"tram\"\"\"\tc.jpg\n");
    tree
}

#[test]
fn a_table_is_read_and_its_damage_named() {
    let found = check_damages(
        &Layout::Csv(Columns::default()),
        table,
        false,
        &[
            ("no photo", |tree| tree.remove("c.jpg"), Reason::MissingPhoto, "c.jpg"),
            (
                "a row too short",
                |tree| tree.change("train.csv", "./photos/b.jpg\tA bus", "./photos/b.jpg"),
                Reason::BadRecord,
                "train.csv:3",
            ),
            ("an empty caption", |tree| tree.change("val.csv", "\"A \"\"tram\"\"\"", ""), Reason::NoCaption, "c.jpg"),
        ],
    );
    assert_eq!(found.told("photos/a.jpg"), ["A street, wet"]);
    assert_eq!(found.told("photos/b.jpg"), ["A bus", "A red bus"]);
    assert_eq!((found.get("c.jpg").0, found.told("c.jpg")), ("val", vec!["A \"tram\""]));
}

#[test]
fn a_tables_columns_can_be_named() {
    let tree = Tree::new();
    tree.put("a.jpg", photo(1));
    tree.put("pairs.csv", "image|caption\na.jpg|A street\n");
    let columns = Columns { separator: b'|', photo: "image".to_owned(), caption: "caption".to_owned() };
    let found = read(&Layout::Csv(columns), &tree.path("pairs.csv"), false);
    assert_eq!(found.told("a.jpg"), ["A street"]);
    let error = import::open(&Layout::Csv(Columns::default()), &tree.path("pairs.csv")).err().unwrap().to_string();
    assert!(error.contains("pairs.csv") && error.contains("filepath") && error.contains("--csv-img-key"), "{error}");
}

#[test]
fn a_collection_that_is_not_there_is_refused_with_a_mend() {
    let tree = Tree::new();
    tree.put("notes.txt", "x");
    for layout in [
        Layout::Vistas,
        Layout::Cityscapes,
        Layout::CamVid,
        Layout::Coco,
        Layout::Flickr,
        Layout::Csv(Columns::default()),
        Layout::Folders,
        Layout::Names,
        Layout::WebDataset,
    ] {
        for root in [tree.0.path().to_owned(), tree.path("none")] {
            let error = import::open(&layout, &root).err().unwrap_or_else(|| panic!("{layout:?} was read")).to_string();
            assert!(error.contains(root.to_str().unwrap()), "{layout:?}: {error}");
        }
    }
}
