//! WebDataset shards: this project's, open_clip's, and CamVid's real maps.

use std::{fs, path::PathBuf};

use streetscape::{
    capture::maps::write_map,
    evaluation::shard::{Origin, Sentence, Shard},
    training::pairs::{
        Collection, Reason,
        import::{Layout, WebDataset},
    },
};

use super::tars::append;
use super::tree::{SIZE, Tree, bytes, check_damages, narrow, photo, read, rows};

/// A tar of `members`.
fn tar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        append(&mut builder, name, bytes);
    }
    builder.into_inner().unwrap()
}

fn members() -> Vec<(&'static str, Vec<u8>)> {
    let json = r#"{"source":"flickr","licence":"CC BY","group":"drive 7","captions":["A bus.",{"text":"Ein Bus.","origin":"human"}],"angle":30}"#;
    let street = r#"{"source":"ours","captions":["A street."],"map":{"vocabulary":"street","origin":"segmenter"}}"#;
    vec![
        ("a.jpg", photo(1)),
        ("a.txt", b"A bus.".to_vec()),
        ("a.json", json.into()),
        ("b.png", photo(2)),
        ("b.txt", b" A tram \n".to_vec()),
        ("b.cls", b"7".to_vec()),
        ("b.seg.png", bytes(&[10, 0])),
        ("c.jpg", photo(3)),
        ("c.json", street.into()),
        ("c.seg.png", write_map("map", SIZE.0 / 2, SIZE.1 / 2, &[44; 48]).unwrap()),
        ("d.jpg", photo(4)),
        ("d.json", br#"{"caption":"A square","url":"http://x","status":"success"}"#.to_vec()),
        ("d.unknown", b"?".to_vec()),
    ]
}

fn shards() -> Tree {
    let tree = Tree::new();
    tree.put("train-000.tar", tar(&members()));
    tree.put("val/val_0.tar", tar(&[("a.jpg", photo(5)), ("a.cls", b"dirt road".to_vec())]));
    tree.put("facets.csv", "key,split,surface,weather,place,sentence\nb,train,asphalt;wet or puddle,clear,unclear,A tram ahead.\na,val,grass,rain,street,Wrong.\n");
    tree
}

/// The same with one member changed, or taken away where `bytes` is none.
fn changed(name: &str, bytes: Option<&[u8]>) -> Vec<u8> {
    let mut all = members();
    let at = all.iter().position(|(known, _)| *known == name).unwrap();
    match bytes {
        Some(bytes) => all[at].1 = bytes.to_vec(),
        None => drop(all.remove(at)),
    }
    tar(&all)
}

#[test]
fn shards_are_read_and_their_damage_named() {
    macro_rules! shard {
        ($name:literal, $bytes:expr) => {
            |tree: &Tree| tree.put("train-000.tar", changed($name, $bytes))
        };
    }
    let found = check_damages(
        &Layout::WebDataset,
        shards,
        &[
            ("no photo", shard!("a.jpg", None), Reason::MissingPhoto, "train-000.tar/a"),
            ("half a photo", shard!("a.jpg", Some(&photo(1)[..200])), Reason::DamagedPhoto, "train-000.tar/a"),
            ("no JSON", shard!("a.json", Some(b"{\"source\":")), Reason::BadRecord, "a.json: EOF"),
            ("a list for a record", shard!("a.json", Some(b"[]")), Reason::BadRecord, "a.json: no JSON object"),
            ("a number for labels", shard!("a.json", Some(b"{\"labels\":3}")), Reason::BadRecord, "a.json: invalid type"),
            ("no caption", shard!("d.json", Some(b"{\"caption\":\" \"}")), Reason::NoCaption, "train-000.tar/d"),
            ("no map", shard!("c.seg.png", None), Reason::MissingMask, "train-000.tar/c"),
            ("half a map", shard!("b.seg.png", Some(&bytes(&[0])[..40])), Reason::DamagedMask, "b.seg.png"),
            (
                "a number beyond the list",
                shard!("b.seg.png", Some(&bytes(&[19]))),
                Reason::UnknownLabel,
                "b.seg.png: column 0, row 0",
            ),
            ("another size", shard!("b.seg.png", Some(&narrow())), Reason::SizeMismatch, "b.seg.png: 3 x 3"),
            (
                "a vocabulary that nobody knows",
                shard!("c.json", Some(br#"{"captions":["x"],"map":{"vocabulary":"ade","origin":"human"}}"#)),
                Reason::BadRecord,
                "\"ade\"",
            ),
            (
                "a member twice",
                |tree| {
                    let mut all = members();
                    all.push(("a.txt", b"Again.".to_vec()));
                    tree.put("train-000.tar", tar(&all));
                },
                Reason::BadRecord,
                "train-000.tar/a.txt",
            ),
            (
                "a tar cut off",
                |tree| {
                    let whole = tar(&members());
                    // Within d.jpg: behind it stand two members of a block each, the end, and what fills its last block.
                    let end = whole.len() - 3 * 1024 - 600;
                    tree.put("train-000.tar", &whole[..end]);
                },
                Reason::DamagedPhoto,
                "what stands before is read",
            ),
        ],
    );
    let told = |name: &str| found.told(&format!("train-000.tar/{name}"));
    assert_eq!(
        (told("a"), told("b"), told("d")),
        (vec!["A bus.", "Ein Bus."], vec!["A tram ahead.", "A tram"], vec!["A square"])
    );
    let (split, record, _) = found.get("train-000.tar/a");
    assert_eq!((split, record.source.as_str(), record.licence.as_deref()), ("train", "flickr", Some("CC BY")));
    assert_eq!((record.group.as_deref(), record.more.get("angle")), (Some("drive 7"), Some(&30.into())));
    assert!(record.facets.is_empty(), "a row of another split says nothing: {:?}", record.facets);
    let (_, record, map) = found.get("train-000.tar/b");
    assert_eq!((record.source.as_str(), map), ("test", Some(&rows(&[44, 1])[..])));
    let labels = |facet: &str| record.facets.get(facet).map(|known| (known.labels.join(" "), known.origin));
    assert_eq!(labels("surface"), Some(("asphalt wet_or_puddle".to_owned(), Some(Origin::Human))));
    assert_eq!((labels("weather").map(|(known, _)| known), labels("place")), (Some("dry".to_owned()), None));
    let (_, record, map) = found.get("train-000.tar/c");
    assert_eq!(map, Some(&rows(&[44])[..]), "a map of half the size stands for four pixels each");
    assert_eq!(record.map.as_ref().map(|map| (&*map.vocabulary, &*map.origin)), Some(("street", "segmenter")));
    let (split, record, _) = found.get("val/val_0.tar/a");
    assert_eq!((split, record.category.as_deref()), ("val", Some("dirt road")));
}

/// The private photos, where they are.
fn streets() -> Option<PathBuf> {
    let data = std::env::var_os("STREETSCAPE_DATA").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let found = Some(data.join("streets")).filter(|dir| dir.exists());
    if found.is_none() {
        eprintln!("skipped: no data in {}", data.display());
    }
    found
}

#[test]
fn camvids_real_maps_come_through_pixel_by_pixel() {
    let Some(dir) = streets() else { return };
    let shard = Shard::read(&dir.join("val-000.tar")).unwrap();
    let collection = WebDataset::open(&dir.join("val-000.tar")).unwrap();
    assert_eq!(collection.entries().len(), shard.samples.len());
    let ontology = streetscape::ontology::Ontology::shipped().unwrap();
    let table = ontology.numbered(streetscape::ontology::Numbering::CityscapesTrain);
    let mut maps = 0;
    for (entry, sample) in shard.samples.iter().enumerate().filter(|(_, sample)| sample.record.source == "camvid") {
        let map = collection.map(entry, 480, 360).unwrap().expect("CamVid has maps");
        let drawn = image::load_from_memory(shard.map(sample).unwrap()).unwrap().into_luma8();
        let want = drawn.pixels().map(|pixel| table[usize::from(pixel.0[0])].unwrap());
        assert!(want.eq(map.things().iter().copied()), "{}", sample.key);
        let record = collection.record(entry).unwrap();
        assert_eq!(record.map.map(|map| map.origin).as_deref(), Some("human"));
        maps += 1;
    }
    assert_eq!(maps, 101);
}

#[test]
fn what_was_gathered_can_be_gathered_again() {
    let tree = shards();
    let first = read(&Layout::WebDataset, tree.0.path());
    let out = Tree::new();
    let json = |record| serde_json::to_vec(record).unwrap();
    let again: Vec<_> =
        first.photos.iter().enumerate().map(|(at, (_, _, record, _))| (format!("{at}"), json(record))).collect();
    let members: Vec<(String, Vec<u8>)> = again
        .into_iter()
        .flat_map(|(key, record)| {
            let text = b"A photo of something made up".to_vec();
            [(format!("{key}.jpg"), photo(key.parse().unwrap())), (format!("{key}.json"), record), (format!("{key}.txt"), text)]
        })
        .filter(|(name, _)| !name.starts_with('1') && !name.starts_with('2'))
        .collect();
    let members: Vec<(&str, Vec<u8>)> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    fs::write(out.path("train-0.tar"), tar(&members)).unwrap();
    let second = read(&Layout::WebDataset, out.0.path());
    let texts = |sentences: &[Sentence]| sentences.iter().map(|told| told.text().to_owned()).collect::<Vec<_>>();
    let (_, record, _) = second.get("train-0.tar/0");
    assert_eq!(texts(&record.captions), texts(&first.photos[0].2.captions), "the text beside a record is not one more caption");
}
