//! Vistas, Cityscapes, CamVid, and a stranger's photos with maps beside them.

use streetscape::training::pairs::{
    Collection, Reason,
    import::{self, Layout, Photos},
};

use super::tree::{SIZE, Tree, bytes, check_damages, colours, narrow, photo, read, rows, words};

const ROAD: u8 = 1;
const SKY: u8 = 44;
const CAR: u8 = 48;

/// As the config of either version lists labels; a number is a label's place in the list.
const CONFIG: &str = r#"{"labels": [
    {"color": [0, 0, 142], "instances": true, "readable": "Car", "name": "object--vehicle--car", "evaluate": true},
    {"color": [128, 64, 128], "instances": false, "readable": "Road", "name": "construction--flat--road", "evaluate": true},
    {"color": [70, 130, 180], "instances": false, "readable": "Sky", "name": "nature--sky", "evaluate": true},
    {"color": [1, 2, 3], "instances": false, "readable": "Future", "name": "object--of-the-future", "evaluate": true}
], "version": "1.1", "mapping": "public", "folder_structure": "{split}/{content}/{image_id:s}.{ext:s}"}"#;

/// Sky, car, road; the car's segment is 9 or, beyond one byte, 65800.
const PANOPTIC: &str = r#"{"images": [], "categories": [
    {"supercategory": "object--vehicle--car", "isthing": 1, "id": 1, "name": "Car", "color": [0, 0, 142]},
    {"supercategory": "construction--flat--road", "isthing": 0, "id": 2, "name": "Road", "color": [128, 64, 128]},
    {"supercategory": "nature--sky", "isthing": 0, "id": 3, "name": "Sky", "color": [70, 130, 180]}
], "annotations": [{"image_id": "bb", "file_name": "bb.png", "segments_info": [
    {"id": 7, "category_id": 3, "iscrowd": 0, "area": 64, "bbox": [0, 0, 16, 4]},
    {"id": 65800, "category_id": 1, "iscrowd": 0, "area": 64, "bbox": [0, 4, 16, 4]},
    {"id": 8, "category_id": 2, "iscrowd": 0, "area": 64, "bbox": [0, 8, 16, 4]}
]}]}"#;

fn vistas(config: &str, version: &str, table: &str) -> Tree {
    let tree = Tree::new();
    tree.put(config, CONFIG);
    for (key, split) in [("aa", "training"), ("bb", "training"), ("cc", "validation")] {
        tree.put(&format!("{split}/images/{key}.jpg"), photo(u64::from(key.as_bytes()[0])));
        tree.put(&format!("{split}/{version}labels/{key}.png"), bytes(&[2, 0, 1]));
        tree.put(&format!("{split}/{version}instances/{key}.png"), words(&[512, 3, 256]));
    }
    tree.put(&format!("training/{version}panoptic/{table}"), PANOPTIC);
    tree.put(&format!("training/{version}panoptic/bb.png"), colours(&[[7, 0, 0], [8, 1, 1], [8, 0, 0]]));
    tree
}

fn vistas_2() -> Tree {
    vistas("config_v2.0.json", "v2.0/", "panoptic_2020.json")
}

#[test]
fn vistas_is_read_in_each_of_its_versions() {
    for (config, version, table) in [
        ("config_v2.0.json", "v2.0/", "panoptic_2020.json"),
        ("config_v1.2.json", "v1.2/", "panoptic_2018.json"),
        ("config_v1.2.json", "", "panoptic_2018.json"),
        ("config.json", "", "panoptic_2018.json"),
    ] {
        let tree = vistas(config, version, table);
        let found = read(&Layout::Vistas, tree.0.path(), true);
        let (split, _, map) = found.get("training/images/aa.jpg");
        assert_eq!((split, map), ("train", Some(&rows(&[SKY, CAR, ROAD])[..])), "{config}");
        assert_eq!(found.get("validation/images/cc.jpg").0, "val");
        // A car's number is the lower byte and one; what is not counted has none.
        let collection = import::open(&Layout::Vistas, tree.0.path()).unwrap();
        let map = collection.map(0, SIZE.0, SIZE.1).unwrap().unwrap();
        assert_eq!(map.instances(), Some(&rows(&[0, 4, 0])[..]), "{config}");
        // Without either of the two maps the panoptic one serves.
        for missing in ["labels", "instances"] {
            let tree = vistas(config, version, table);
            tree.remove(&format!("training/{version}{missing}/bb.png"));
            let collection = import::open(&Layout::Vistas, tree.0.path()).unwrap();
            let map = collection.map(1, SIZE.0, SIZE.1).unwrap().unwrap();
            let want = (&rows(&[SKY, CAR, ROAD])[..], Some(&rows(&[0, 2, 0])[..]));
            assert_eq!((map.things(), map.instances()), want, "{config} without {missing}");
        }
    }
}

#[test]
fn damage_to_vistas_is_named_and_the_others_go_on() {
    check_damages(
        &Layout::Vistas,
        vistas_2,
        true,
        &[
            ("no map", |tree| tree.remove("training/v2.0/labels/aa.png"), Reason::MissingMask, "labels/aa.png"),
            ("half a map", |tree| tree.put("training/v2.0/labels/aa.png", &bytes(&[0])[..40]), Reason::DamagedMask, "aa.png"),
            (
                "a number beyond the list",
                |tree| tree.put("training/v2.0/labels/aa.png", bytes(&[2, 4, 1])),
                Reason::UnknownLabel,
                "column 0, row 4: no label has the number 4",
            ),
            (
                "a label that nobody knows",
                |tree| tree.put("training/v2.0/labels/aa.png", bytes(&[3])),
                Reason::UnknownLabel,
                "number 3",
            ),
            (
                "colours for labels",
                |tree| tree.put("training/v2.0/labels/aa.png", colours(&[[0, 0, 0]])),
                Reason::Palette,
                "aa.png",
            ),
            (
                "another size",
                |tree| tree.put("training/v2.0/labels/aa.png", narrow()),
                Reason::SizeMismatch,
                "3 x 3 pixels, and its photo has 16 x 12",
            ),
            (
                "a label of instances beyond the list",
                |tree| tree.put("training/v2.0/instances/aa.png", words(&[512, 3, 1024])),
                Reason::InstanceOutOfRange,
                "1024 is no number of a thing",
            ),
            (
                "instances of another label",
                |tree| tree.put("training/v2.0/instances/aa.png", words(&[512, 256, 256])),
                Reason::InstanceOutOfRange,
                "256 is of another kind",
            ),
            (
                "instances of 8 bits",
                |tree| tree.put("training/v2.0/instances/aa.png", bytes(&[2, 0, 1])),
                Reason::Palette,
                "16 bits",
            ),
            (
                "a segment that is not listed",
                |tree| {
                    tree.remove("training/v2.0/labels/bb.png");
                    tree.put("training/v2.0/panoptic/bb.png", colours(&[[7, 0, 0], [9, 9, 9], [8, 0, 0]]));
                },
                Reason::InstanceOutOfRange,
                "no segment has the number 592137",
            ),
            (
                "no row of segments",
                |tree| {
                    tree.remove("training/v2.0/labels/bb.png");
                    tree.change("training/v2.0/panoptic/panoptic_2020.json", "\"bb\"", "\"dd\"");
                },
                Reason::MissingMask,
                "no row",
            ),
            (
                "a segment's unknown label",
                |tree| {
                    tree.remove("training/v2.0/labels/bb.png");
                    tree.change("training/v2.0/panoptic/panoptic_2020.json", "nature--sky", "nature--skies");
                },
                Reason::UnknownLabel,
                "segment 7",
            ),
            ("a map without its photo", |tree| tree.remove("training/images/aa.jpg"), Reason::MissingPhoto, "labels/aa.png"),
            ("half a photo", |tree| tree.put("training/images/aa.jpg", &photo(1)[..200]), Reason::DamagedPhoto, "aa.jpg"),
        ],
    );
}

fn cityscapes() -> Tree {
    let tree = Tree::new();
    for (scene, split, seed) in
        [("aachen_000000_000019", "train", 1), ("aachen_000001_000019", "train", 2), ("ulm_000000_000019", "val", 3)]
    {
        let city = scene.split('_').next().unwrap();
        tree.put(&format!("leftImg8bit/{split}/{city}/{scene}_leftImg8bit.png"), photo(seed));
        let map = |kind: &str| format!("gtFine/{split}/{city}/{scene}_gtFine_{kind}.png");
        tree.put(&map("labelIds"), bytes(&[23, 26, 7]));
        tree.put(&map("instanceIds"), words(&[23, 26004, 7]));
        tree.put(&map("color"), colours(&[[70, 130, 180]]));
        tree.put(&format!("gtFine/{split}/{city}/{scene}_gtFine_polygons.json"), "{}");
    }
    tree
}

#[test]
fn cityscapes_is_read_and_its_damage_named() {
    let label = "gtFine/train/aachen/aachen_000001_000019_gtFine_labelIds.png";
    let instance = "gtFine/train/aachen/aachen_000001_000019_gtFine_instanceIds.png";
    assert!(cityscapes().path(label).exists() && cityscapes().path(instance).exists());
    macro_rules! label {
        ($map:expr) => {
            |tree| tree.put("gtFine/train/aachen/aachen_000001_000019_gtFine_labelIds.png", $map)
        };
    }
    macro_rules! instance {
        ($map:expr) => {
            |tree| tree.put("gtFine/train/aachen/aachen_000001_000019_gtFine_instanceIds.png", $map)
        };
    }
    let found = check_damages(
        &Layout::Cityscapes,
        cityscapes,
        true,
        &[
            (
                "no map",
                |tree| tree.remove("gtFine/train/aachen/aachen_000001_000019_gtFine_labelIds.png"),
                Reason::MissingMask,
                "labelIds",
            ),
            ("a number beyond the list", label!(bytes(&[34])), Reason::UnknownLabel, "number 34"),
            ("colours", label!(colours(&[[70, 130, 180]])), Reason::Palette, "labelIds"),
            ("another size", label!(narrow()), Reason::SizeMismatch, "3 x 3"),
            ("instances of another size", instance!(narrow()), Reason::Palette, "instanceIds"),
            (
                "an instance beyond the list",
                instance!(words(&[23, 34001, 7])),
                Reason::InstanceOutOfRange,
                "34001 is no number",
            ),
            (
                "an instance of what is not counted",
                instance!(words(&[23, 26004, 7001])),
                Reason::InstanceOutOfRange,
                "7001 is no number",
            ),
            (
                "an instance of another label",
                instance!(words(&[23, 24004, 7])),
                Reason::InstanceOutOfRange,
                "24004 is of another kind",
            ),
            (
                "a map without its photo",
                |tree| tree.remove("leftImg8bit/train/aachen/aachen_000001_000019_leftImg8bit.png"),
                Reason::MissingPhoto,
                "labelIds",
            ),
        ],
    );
    let (split, record, map) = found.get("leftImg8bit/train/aachen/aachen_000001_000019_leftImg8bit.png");
    assert_eq!((split, record.group.as_deref()), ("train", Some("aachen_000001")));
    assert_eq!(map, Some(&rows(&[SKY, CAR, ROAD])[..]));
    assert_eq!(found.get("leftImg8bit/val/ulm/ulm_000000_000019_leftImg8bit.png").0, "val");
    let collection = import::open(&Layout::Cityscapes, cityscapes().0.path());
    assert_eq!(collection.unwrap().entries().len(), 3);
}

const SKY_COLOUR: [u8; 3] = [128, 128, 128];
const ROAD_COLOUR: [u8; 3] = [128, 64, 128];

fn camvid() -> Tree {
    let tree = Tree::new();
    tree.put("label_colors.txt", "128 128 128\tSky\n128 64 128\tRoad\n");
    for (name, seed) in [("0001TP_006690", 1), ("0001TP_006720", 2), ("Seq05VD_f00000", 3)] {
        tree.put(&format!("701_StillsRaw_full/{name}.png"), photo(seed));
        tree.put(&format!("LabeledApproved_full/{name}_L.png"), colours(&[SKY_COLOUR, ROAD_COLOUR]));
    }
    tree
}

fn segnet() -> Tree {
    let tree = Tree::new();
    for (name, split, seed) in [("0001TP_006690", "train", 1), ("0016E5_08101", "val", 2), ("Seq05VD_f00000", "test", 3)] {
        tree.put(&format!("{split}/{name}.png"), photo(seed));
        tree.put(&format!("{split}annot/{name}.png"), bytes(&[0, 3]));
        tree.put(
            &format!("{split}.txt"),
            format!("/SegNet/CamVid/{split}/{name}.png /SegNet/CamVid/{split}annot/{name}.png\n"),
        );
    }
    tree
}

#[test]
fn camvid_is_read_in_its_makers_layout_and_its_damage_named() {
    let found = check_damages(
        &Layout::CamVid,
        camvid,
        true,
        &[
            (
                "no map",
                |tree| tree.remove("LabeledApproved_full/0001TP_006690_L.png"),
                Reason::MissingMask,
                "0001TP_006690_L.png",
            ),
            (
                "a colour of nothing",
                |tree| tree.put("LabeledApproved_full/0001TP_006690_L.png", colours(&[SKY_COLOUR, [1, 2, 3]])),
                Reason::Palette,
                "row 6: no label has the colour [1, 2, 3]",
            ),
            (
                "numbers for colours",
                |tree| tree.put("LabeledApproved_full/0001TP_006690_L.png", bytes(&[0])),
                Reason::Palette,
                "holds numbers",
            ),
            (
                "another size",
                |tree| tree.put("701_StillsRaw_full/0001TP_006690.png", narrow()),
                Reason::SizeMismatch,
                "16 x 12 pixels, and its photo has 3 x 3",
            ),
            (
                "a map without its photo",
                |tree| tree.remove("701_StillsRaw_full/0001TP_006690.png"),
                Reason::MissingPhoto,
                "0001TP_006690_L.png",
            ),
        ],
    );
    let (_, record, map) = found.get("701_StillsRaw_full/0001TP_006720.png");
    assert_eq!(record.group.as_deref(), Some("0001TP"));
    assert_eq!(map, Some(&rows(&[SKY, ROAD])[..]));
}

#[test]
fn camvid_is_read_as_segnet_ships_it_and_its_damage_named() {
    let found = check_damages(
        &Layout::CamVid,
        segnet,
        true,
        &[
            ("no map", |tree| tree.remove("valannot/0016E5_08101.png"), Reason::MissingMask, "valannot"),
            (
                "a number beyond the list",
                |tree| tree.put("valannot/0016E5_08101.png", bytes(&[12])),
                Reason::UnknownLabel,
                "number 12",
            ),
            (
                "colours for numbers",
                |tree| tree.put("valannot/0016E5_08101.png", colours(&[SKY_COLOUR])),
                Reason::Palette,
                "valannot",
            ),
            ("another size", |tree| tree.put("valannot/0016E5_08101.png", narrow()), Reason::SizeMismatch, "3 x 3"),
            (
                "a photo that is only listed",
                |tree| tree.change("val.txt", "\n", "\n/x/val/0016E5_08155.png /x/valannot/0016E5_08155.png\n"),
                Reason::MissingPhoto,
                "val/0016E5_08155.png",
            ),
            ("half a line", |tree| tree.change("val.txt", "\n", "\n/x/val/0016E5_08155.png\n"), Reason::BadRecord, "val.txt:2"),
        ],
    );
    for (name, split) in
        [("train/0001TP_006690.png", "train"), ("val/0016E5_08101.png", "val"), ("test/Seq05VD_f00000.png", "test")]
    {
        assert_eq!((found.get(name).0, found.get(name).2), (split, Some(&rows(&[SKY, ROAD])[..])));
    }
}

#[test]
fn a_strangers_photos_find_maps_of_their_names() {
    let tree = Tree::new();
    tree.put("photos/a/one.jpg", photo(1));
    tree.put("photos/two.png", photo(2));
    tree.put("photos/three.jpg", photo(3));
    tree.put("photos/readme.txt", "mine");
    tree.put("maps/a/one.png", bytes(&[23, 7]));
    tree.put("maps/two.png", bytes(&[23, 99]));
    let photos = Photos::open(&tree.path("photos")).unwrap();
    let photos = photos.with_masks(&tree.path("maps"), "cityscapes".parse().unwrap()).unwrap();
    let names: Vec<&str> = photos.entries().iter().map(|entry| &*entry.name).collect();
    assert_eq!(names, ["a/one.jpg", "three.jpg", "two.png"]);
    let map = |entry| photos.map(entry, SIZE.0, SIZE.1);
    assert_eq!(map(0).unwrap().unwrap().things(), rows(&[SKY, ROAD]));
    assert_eq!(map(1).unwrap_err().reason, Reason::MissingMask);
    assert_eq!(map(2).unwrap_err().reason, Reason::UnknownLabel);
    assert!(Photos::open(&tree.path("none")).is_err() && Photos::open(&tree.path("maps/a/none.tar")).is_err());
}
