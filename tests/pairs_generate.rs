//! `streetscape-train pairs generate`, from its flags to its shards, with painters that are shell scripts.

#![cfg(all(unix, feature = "train"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
};

use assert_cmd::Command;
use image::{GrayImage, Luma, Rgb, RgbImage};
use streetscape::evaluation::shard::{Origin, Shard};
use tempfile::TempDir;

/// A folder with pictures to be "painted" and the scripts that do it.
struct Studio {
    dir: TempDir,
}

impl Studio {
    /// `count` pictures of 64 x 48, no two alike: `N.png`, `N.jpg` and `map.png`.
    fn new(count: u32) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        for number in 0..count {
            let mut state = u64::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let patches: [u8; 12] = std::array::from_fn(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 56) as u8
            });
            let picture = RgbImage::from_fn(64, 48, |x, y| Rgb([patches[(x / 16 + 4 * (y / 16)) as usize], 90, 90]));
            for ending in ["png", "jpg"] {
                picture.save(dir.path().join(format!("{number}.{ending}"))).expect("a picture");
            }
        }
        GrayImage::from_pixel(64, 48, Luma([1])).save(dir.path().join("map.png")).expect("a map");
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn script(&self, name: &str, body: &str) -> String {
        let path = self.path(name);
        let body = body.replace("HERE", &self.dir.path().display().to_string());
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("may be run");
        path.display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let out = self.path("set").display().to_string();
        let mut command = Command::cargo_bin("streetscape-train").expect("the program");
        command.args(["pairs", "generate", "--out", &out]).args(arguments).output().expect("a run")
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str], want: &str) {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(want), "{arguments:?}: {said}");
    }

    /// The photos of the data set by key.
    fn photos(&self) -> Vec<Shard> {
        let mut tars: Vec<PathBuf> =
            files(&self.path("set")).into_keys().filter(|path| path.extension().is_some_and(|e| e == "tar")).collect();
        tars.sort();
        tars.iter().map(|tar| Shard::read(tar).expect("a shard")).collect()
    }
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    paths.map(|path| (path.clone(), fs::read(&path).expect("a file"))).collect()
}

/// Takes the picture whose number are the last two digits of the seed; $1 is the prompt, $2 the seed, $3 where to write.
const PAINTS: &str = r#"cp "HERE/$(($2 % 100)).png" "$3""#;

#[test]
fn a_programs_pictures_become_shards_with_their_prompts() {
    let studio = Studio::new(6);
    let paint = studio.script("paint", PAINTS);
    studio.done(&["--size", "64x48", "--count", "6", "--command", &format!("{paint} '{{prompt}}' {{seed}} {{out}}")]);
    let shards = studio.photos();
    let records: Vec<_> = shards.iter().flat_map(|shard| &shard.samples).map(|sample| &sample.record).collect();
    assert_eq!(records.len(), 6);
    for record in records {
        assert_eq!((record.captions.len(), record.captions[0].origin()), (1, Origin::Prompt));
        assert!(record.facets["place"].origin == Some(Origin::Prompt) && record.facets["place"].p < Some(1.0), "{record:?}");
        assert!(record.map.is_none() && record.source == "generated" && record.group.is_some(), "{record:?}");
    }
}

#[test]
fn a_renderers_pictures_bring_their_maps_and_what_is_to_be_seen() {
    let studio = Studio::new(4);
    fs::create_dir(studio.path("scenes")).expect("a folder");
    fs::write(studio.path("scenes/__main__.py"), "").expect("a file");
    let serve = r#"
        while read -r line; do
            value() { echo "$line" | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
            id=$(value id)
            cp "HERE/$((${id#00000})).jpg" "$(value picture)"
            cp HERE/map.png "$(value map)"
            echo "{\"id\":\"$id\",\"ok\":true,\"facets\":{\"place\":[\"park\"],\"obstacle\":[\"animal\",\"rubble\"]},\"seconds\":0.1}"
        done"#;
    let python = studio.script("python", serve);
    let scenes = studio.dir.path().display().to_string();
    studio.done(&["--size", "64x48", "--count", "4", "--scenes", &scenes, "--python", &python]);
    let shards = studio.photos();
    let records: Vec<_> = shards.iter().flat_map(|shard| &shard.samples).map(|sample| &sample.record).collect();
    assert_eq!(records.len(), 4);
    for record in records {
        let seen = &record.facets["obstacle"];
        assert_eq!((seen.labels.join(" "), seen.origin), ("animal rubble".to_owned(), Some(Origin::Scene)));
        assert!(!record.facets.contains_key("weather"), "what nobody knows: {record:?}");
        let told = record.captions.iter().find(|caption| caption.origin() == Origin::Scene).expect("a caption of the scene");
        assert!(told.text().contains("park"), "{told:?}");
        assert_eq!(record.map.as_ref().map(|map| map.origin.as_str()), Some("scene"));
        assert_eq!(record.licence.as_deref(), Some("CC0-1.0"));
    }
}

#[test]
fn a_run_that_was_stopped_gives_the_shards_of_one_that_was_not() {
    let (whole, stopped) = (Studio::new(8), Studio::new(8));
    let flags = |studio: &Studio, body: &str| format!("{} '{{prompt}}' {{seed}} {{out}}", studio.script("paint", body));
    whole.done(&["--size", "64x48", "--count", "8", "--command", &flags(&whole, PAINTS)]);
    // The fifth picture takes longer than the run is let live.
    let slow = format!("[ $(($2 % 100)) = 5 ] && exec sleep 60\n{PAINTS}");
    let out = stopped.path("set").display().to_string();
    let mut killed = Command::cargo_bin("streetscape-train").expect("the program");
    killed.args(["pairs", "generate", "--size", "64x48", "--count", "8", "--out", &out, "--command", &flags(&stopped, &slow)]);
    killed.timeout(std::time::Duration::from_secs(4)).assert().interrupted();
    assert!(files(&stopped.path("set/pictures")).len() >= 8 && stopped.photos().is_empty());
    stopped.done(&["--size", "64x48", "--count", "8", "--command", &flags(&stopped, PAINTS)]);
    let shards = |studio: &Studio| -> Vec<(PathBuf, Vec<u8>)> {
        let files = files(&studio.path("set")).into_iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "tar"));
        files.map(|(path, bytes)| (path.file_name().expect("a name").into(), bytes)).collect()
    };
    assert_eq!(shards(&whole), shards(&stopped));
    stopped.fails(
        &["--size", "64x48", "--count", "9", "--command", &flags(&stopped, PAINTS)],
        "holds a data set of fewer pictures",
    );
}

#[test]
fn what_fails_is_listed_with_its_reason() {
    let studio = Studio::new(8);
    let body =
        format!("case $(($2 % 100)) in 1) exit 3;; 2) exit 0;; 3) echo junk > $3; exit 0;; 4) exec sleep 60;; esac\n{PAINTS}");
    let paint = studio.script("paint", &body);
    studio.done(&[
        "--size",
        "64x48",
        "--count",
        "8",
        "--time-limit",
        "2",
        "--command",
        &format!("{paint} '{{prompt}}' {{seed}} {{out}}"),
    ]);
    let skipped = fs::read_to_string(studio.path("set/skipped.csv")).expect("the table");
    for (picture, reason) in
        [("000001", "failed"), ("000002", "missing_photo"), ("000003", "damaged_photo"), ("000004", "failed")]
    {
        assert!(skipped.contains(&format!("aside/{picture}.jpg,{reason}")), "{skipped}");
    }
    assert_eq!(studio.photos().iter().map(|shard| shard.samples.len()).sum::<usize>(), 4);
}

#[test]
fn requests_are_printed_without_painting() {
    let studio = Studio::new(0);
    let output = studio.run(&["--size", "64x48", "--count", "3", "--dry-run"]);
    let lines = String::from_utf8(output.stdout).expect("text");
    let requests: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((requests.len(), &requests[2]["id"], &requests[2]["width"]), (3, &"000002".into(), &64.into()));
    assert!(!studio.path("set").exists());
}

#[test]
fn a_painter_that_can_not_be_meant_is_told_apart() {
    let studio = Studio::new(0);
    studio.fails(&["--count", "1", "--command", "paint {out}"], "lacks {prompt}");
    studio.fails(&["--count", "1", "--command", "/nowhere/paint {prompt} {out}"], "/nowhere/paint: ");
    studio.fails(&["--count", "1", "--scenes", "/nowhere"], "no renderer here");
    studio.fails(&["--images", "http://127.0.0.1:9", "--command", "x"], "cannot be used with");
    studio.fails(&["--size", "9x9"], "two sides of 32 to 4096 pixels");
}
