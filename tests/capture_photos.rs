//! The photos of a batch: files, folders and tars, with what a person may name by mistake.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use streetscape::capture::Photos;

/// The first bytes of a JPEG, enough to be taken for one.
const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2];

fn tar(path: &Path, members: &[(&str, &[u8])]) {
    let mut tar = tar::Builder::new(File::create(path).expect("a tar"));
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).expect("a member");
    }
    tar.finish().expect("a tar");
}

/// What each photo of `named` gives: its name below `dir`, then its length or its error.
fn photos(dir: &Path, named: &[&str]) -> Vec<(String, Result<usize, String>)> {
    let named: Vec<PathBuf> = named.iter().map(|name| dir.join(name)).collect();
    Photos::open(&named)
        .map(|photo| {
            let name = photo.name.trim_start_matches(&format!("{}/", dir.display())).to_owned();
            (name, photo.bytes.map(|bytes| bytes.len()).map_err(|error| error.to_string()))
        })
        .collect()
}

#[test]
fn a_batch_comes_in_its_order_and_goes_on_after_an_error() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path();
    for folder in ["photos", "none", "texts", "photos/deeper"] {
        fs::create_dir(path.join(folder)).expect("a folder");
    }
    for (name, bytes) in
        [("photos/b.jpg", JPEG), ("photos/a", JPEG), ("photos/c.png", b"text"), ("photos/notes.txt", b"text"), ("x.jpg", JPEG)]
    {
        fs::write(path.join(name), bytes).expect("a file");
    }
    fs::write(path.join("texts/readme.txt"), "text").expect("a file");
    let long = format!("{}/1.WebP", "folder".repeat(30));
    let members: [(&str, &[u8]); 7] = [
        ("b1.jpg", JPEG),
        ("b1.seg.png", JPEG),
        ("b1.json", b"{}"),
        ("./a.one.jpg", JPEG),
        ("a.png", b"12345"),
        ("d/e.jpeg", JPEG),
        (&long, JPEG),
    ];
    tar(&path.join("shard.tar"), &members);
    tar(&path.join("texts.tar"), &[("b1.json", b"{}")]);

    let got = photos(path, &["photos", "gone.jpg", "none", "shard.tar", "texts", "texts.tar", "x.jpg"]);
    let names: Vec<&str> = got.iter().map(|(name, _)| &**name).collect();
    let want = [
        "photos/a",
        "photos/b.jpg",
        "photos/c.png",
        "gone.jpg",
        "none",
        "shard.tar/b1.jpg",
        "shard.tar/a.png",
        "shard.tar/d/e.jpeg",
    ];
    assert_eq!(names[..8], want);
    assert_eq!(names[8..], [&format!("shard.tar/{long}"), "texts", "texts.tar", "x.jpg"]);
    for (name, bytes) in &got {
        match &**name {
            "gone.jpg" => assert!(bytes.as_ref().is_err_and(|error| error.contains("check the name")), "{bytes:?}"),
            "none" | "texts" | "texts.tar" => {
                let error = bytes.as_ref().expect_err(name);
                assert!(error.starts_with(&path.join(name).display().to_string()), "{error}");
                assert!(error.contains("there are no pictures inside; name a folder or a tar"), "{error}");
            }
            "shard.tar/a.png" => assert_eq!(bytes, &Ok(5)),
            "photos/c.png" => assert_eq!(bytes, &Ok(4)),
            _ => assert_eq!(bytes, &Ok(JPEG.len()), "{name}"),
        }
    }
}

#[test]
fn a_tar_that_was_cut_gives_what_is_whole_and_then_an_error() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("cut.tar");
    tar(&path, &[("a.jpg", JPEG), ("b.jpg", &[1; 5000])]);
    let bytes = fs::read(&path).expect("the tar");
    for cut in [512 + 512 + 512 + 100, 512 + 512 + 200] {
        fs::write(&path, &bytes[..cut]).expect("cut");
        let got = photos(dir.path(), &["cut.tar"]);
        assert_eq!(got.len(), 2, "{got:?}");
        assert_eq!(got[0], ("cut.tar/a.jpg".to_owned(), Ok(JPEG.len())));
        assert!(got[1].1.as_ref().is_err_and(|error| error.contains("the tar is damaged or ends early")), "{got:?}");
    }
    fs::write(&path, "this is no tar").expect("text");
    let got = photos(dir.path(), &["cut.tar"]);
    assert!(got.len() == 1 && got[0].1.is_err(), "{got:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_name_that_is_no_utf8_is_read_and_shown_as_well_as_can_be() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let name = std::ffi::OsStr::from_bytes(b"stra\xDFe.jpg");
    fs::write(dir.path().join(name), JPEG).expect("a file");
    for named in [dir.path().to_owned(), dir.path().join(name)] {
        let photos: Vec<_> = Photos::open(&[named]).collect();
        assert_eq!(photos.len(), 1);
        assert!(photos[0].name.ends_with("stra\u{FFFD}e.jpg"), "{}", photos[0].name);
        assert_eq!(photos[0].bytes.as_ref().expect("read"), JPEG);
    }
}

#[test]
fn a_file_that_may_not_be_read_is_told_of() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("secret.jpg");
    fs::write(&path, JPEG).expect("a file");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).expect("locked");
    if File::open(&path).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let got = photos(dir.path(), &["secret.jpg"]);
    assert!(got[0].1.as_ref().is_err_and(|error| error.contains("give yourself leave to read it")), "{got:?}");
}
