//! A whole model is trained to the same bytes however often the run is killed, and bad input ends it clearly with nothing half written.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use streetscape::{capture::jpeg, frame::Picture};
use tempfile::TempDir;

#[path = "common/small_disk.rs"]
mod small_disk;
#[path = "common/tars.rs"]
mod tars;
use small_disk::SmallDisk;
use tars::append;

const KILLS: u32 = 20;
/// Every word of the captions, and what the tokenizer needs beside.
const WORDS: [&str; 16] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "photo", "of", "red", "green", "blue", "grey", "bin", "on", "the", "left", "right",
];
const COLOURS: [&str; 4] = ["red", "green", "blue", "grey"];

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn tokenizer(dir: &Path) {
    let words: serde_json::Map<String, serde_json::Value> =
        WORDS.iter().enumerate().map(|(id, word)| (word.to_string(), id.into())).collect();
    let special = |word: &str| serde_json::json!({"SpecialToken": {"id": word, "type_id": 0}});
    let text = |id: &str| serde_json::json!({"Sequence": {"id": id, "type_id": 0}});
    let around = ["[CLS]", "[SEP]"]
        .map(|word| (word.to_owned(), serde_json::json!({"id": word, "ids": [words[word]], "tokens": [word]})));
    let whole = serde_json::json!({
        "version": "1.0",
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special("[CLS]"), text("A"), special("[SEP]")],
            "pair": [special("[CLS]"), text("A"), text("B"), special("[SEP]")],
            "special_tokens": serde_json::Map::from_iter(around),
        },
        "model": {"type": "WordLevel", "vocab": words, "unk_token": "[UNK]"},
    });
    fs::write(dir.join("tokenizer.json"), whole.to_string()).unwrap();
}

/// What is wrong with one photo in so many.
#[derive(Clone, Copy, Default)]
struct Faults {
    /// Cut off behind a hundred bytes.
    corrupt: Option<usize>,
    /// With an empty caption.
    empty: Option<usize>,
}

/// A shard of photos of one colour with a bin on a side of theirs; each says so.
fn shard(path: &Path, photos: usize, faults: Faults, seed: u64) {
    let mut state = seed;
    let mut tar = tar::Builder::new(fs::File::create(path).unwrap());
    let mut add = |name: String, bytes: &[u8]| append(&mut tar, &name, bytes);
    let falls = |every: Option<usize>, number: usize| every.is_some_and(|every| number % every == every - 1);
    for number in 0..photos {
        let colour = random(&mut state) as usize % 4;
        let is_left = random(&mut state).is_multiple_of(2);
        let rgb = (0..40 * 40).flat_map(|at| {
            let bin = (at % 40 < 10) == is_left && at / 40 > 25 && (at % 40 < 10 || at % 40 > 29);
            let mut pixel = [40_u8; 3];
            pixel.iter_mut().enumerate().for_each(|(c, x)| {
                *x = if bin {
                    255
                } else if colour == c || colour == 3 {
                    150
                } else {
                    40
                }
            });
            pixel
        });
        let mut bytes = jpeg::encode(&Picture::new(40, 40, rgb.collect()).unwrap()).unwrap();
        bytes.truncate(if falls(faults.corrupt, number) { 100 } else { usize::MAX });
        let side = if is_left { "left" } else { "right" };
        let text = format!("a photo of the {} bin on the {side}", COLOURS[colour]);
        let text = if falls(faults.empty, number) { " ".to_owned() } else { text };
        add(format!("p{number}.jpg"), &bytes);
        add(format!("p{number}.json"), serde_json::json!({"source": "test", "captions": [text]}).to_string().as_bytes());
    }
    tar.finish().unwrap();
}

/// A folder with tokenizer and data.
fn place(photos: usize, faults: Faults) -> TempDir {
    let dir = TempDir::new().unwrap();
    tokenizer(dir.path());
    shard(&dir.path().join("train-000.tar"), photos, faults, 3);
    shard(&dir.path().join("val-000.tar"), 12, Faults::default(), 4);
    dir
}

/// The smallest model of its kind, on the data in `dir`.
fn command(dir: &Path, out: &Path, set: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streetscape-train"));
    command.args(["--quiet", "fit", "--from", "fresh", "--data"]).arg(dir).arg("--out").arg(out);
    command.arg("--set").arg(format!("model.tokenizer={}", dir.display()));
    let small =
        ["model.image.width=0.1", "model.image.size=32", "model.text.width=32", "model.text.layers=1", "model.text.context=16"];
    let few = [
        "model.embedding=16",
        "train.epochs=2",
        "train.batch=8",
        "train.part=8",
        "train.checkpoint=2",
        "optimiser.warm_up=4",
        "optimiser.rate=1e-3",
    ];
    for set in small.iter().chain(&few).chain(set) {
        command.args(["--set", set]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn run(dir: &Path, out: &Path, set: &[&str]) -> Output {
    command(dir, out, set).output().unwrap()
}

/// What is learned and told of it, which must not depend on when a run was stopped.
fn learned(out: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let names = ["model.safetensors", "checkpoint.safetensors", "log.csv", "corrupt.csv", "fit-record.toml", "fit.toml"];
    names.into_iter().map(|name| (name, fs::read(out.join(name)).unwrap())).collect()
}

fn check_same(found: &Path, want: &Path, when: &str) {
    for ((name, found), (_, want)) in learned(found).iter().zip(&learned(want)) {
        assert!(found == want, "{name} is another after {when}");
    }
}

/// What is written aside bears no name that anybody would read.
fn asides(out: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(out).into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".aside-")).collect()
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_in_the_same_bytes() {
    let dir = place(120, Faults { corrupt: Some(120), empty: None });
    let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
    let set = ["train.epochs=4", "average.decay=0.9", "average.mixes=[0.5, 1.0]", "train.heads_first=7", "train.part=5"];
    let began = Instant::now();
    let output = run(dir.path(), &whole, &set);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let takes = began.elapsed();

    let (mut state, mut came_through) = (11, 0);
    for kill in 0..KILLS {
        let mut run: Child = command(dir.path(), &killed, &set).spawn().unwrap();
        // Often early, for each run is shorter than the one before it.
        let share = f64::from(random(&mut state) as u32 % 1000) / 1000.0;
        sleep(Duration::from_millis(20) + takes.mul_f64(share * 0.4));
        let ended = run.try_wait().unwrap();
        run.kill().ok();
        run.wait().unwrap();
        if let Some(ended) = ended {
            // It came through: what is left of the kills falls on a run begun anew.
            assert!(ended.success());
            check_same(&killed, &whole, &format!("{kill} kills"));
            fs::remove_dir_all(&killed).unwrap();
            came_through += 1;
        }
    }
    let output = run(dir.path(), &killed, &set);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    check_same(&killed, &whole, &format!("{KILLS} kills, {came_through} of them too late"));
    assert!(asides(&killed).is_empty());
    assert_eq!(csv::Reader::from_path(killed.join("corrupt.csv")).unwrap().records().count(), 1);
    // Once it is done, it is done.
    assert!(run(dir.path(), &killed, &set).status.success());
    check_same(&killed, &whole, "another run");
}

#[test]
fn what_frozen_layers_say_is_asked_once_and_a_killed_run_goes_on_with_it() {
    let dir = place(40, Faults { corrupt: Some(40), empty: None });
    let set = ["learn.image=2", "learn.views=3", "guard.corrupt=0.1"];
    let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
    let output = run(dir.path(), &whole, &set);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = |out: &Path| {
        let kept = fs::read_dir(out.join("kept")).unwrap().map(|entry| entry.unwrap().path());
        kept.filter(|path| path.is_dir())
            .flat_map(|dir| fs::read_dir(dir).unwrap())
            .map(|file| file.unwrap().path())
            .collect::<Vec<_>>()
    };
    let [rows] = &files(&whole)[..] else { panic!("one file of rows") };
    let asked = fs::metadata(rows).unwrap().modified().unwrap();
    let mut run_killed = command(dir.path(), &killed, &set).spawn().unwrap();
    sleep(Duration::from_millis(150));
    run_killed.kill().ok();
    run_killed.wait().unwrap();
    let half = killed.join("kept/.aside-half-written");
    fs::create_dir_all(half.parent().unwrap()).unwrap();
    fs::write(&half, "").unwrap();
    assert!(run(dir.path(), &killed, &set).status.success() && run(dir.path(), &whole, &set).status.success());
    check_same(&killed, &whole, "a kill");
    assert!(!half.exists());
    assert_eq!(fs::metadata(rows).unwrap().modified().unwrap(), asked, "asked again");
    assert_eq!(fs::read(&files(&killed)[0]).unwrap(), fs::read(rows).unwrap());
    let corrupt = fs::read_to_string(whole.join("corrupt.csv")).unwrap();
    assert!(corrupt.contains("can't be decoded"), "{corrupt}");
    check_refused(dir.path(), &["learn.views=3"], &["learn.views", "learn.image"]);
}

#[test]
fn siglips_bias_is_learned_kept_and_resumed() {
    let dir = place(40, Faults::default());
    let set = ["loss.kind=siglip", "model.scale=10", "train.checkpoint=1"];
    let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
    let output = run(dir.path(), &whole, &set);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut run_killed = command(dir.path(), &killed, &set).spawn().unwrap();
    while !killed.join("checkpoint.safetensors").exists() {
        sleep(Duration::from_millis(5));
    }
    run_killed.kill().ok();
    run_killed.wait().unwrap();
    assert!(run(dir.path(), &killed, &set).status.success());
    check_same(&killed, &whole, "a kill");
    let record: toml::Table = fs::read_to_string(whole.join("fit-record.toml")).unwrap().parse().unwrap();
    let bias = record["bias"].as_float().unwrap();
    assert!((-10.1..-9.9).contains(&bias) && bias != -10.0, "{bias}");
    let names = |file: &str| {
        let bytes = fs::read(whole.join(file)).unwrap();
        let all = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        all.names().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(names("checkpoint.safetensors").contains(&"model/bias".to_owned()));
    assert!(names("model.safetensors").iter().all(|name| name != "bias" && !name.starts_with("towers.")));
}

#[test]
fn the_number_of_threads_changes_nothing_that_is_learned() {
    let dir = place(40, Faults::default());
    let [alone, many] = ["1", "2"].map(|threads| {
        let out = dir.path().join(threads);
        let output = command(dir.path(), &out, &[]).env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        out
    });
    check_same(&many, &alone, "two threads instead of one");
}

/// A run that must fail with `want` and leave no model.
#[track_caller]
fn check_refused(dir: &Path, set: &[&str], want: &[&str]) {
    let out = dir.join("run");
    let output = run(dir, &out, set);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && want.iter().all(|want| told.contains(want)), "{told} against {want:?}");
    assert!(!out.join("model.safetensors").exists() && asides(&out).is_empty(), "{told}");
    fs::remove_dir_all(&out).ok();
}

#[test]
fn what_nothing_can_be_learned_from_is_refused_with_its_mend() {
    let one = place(1, Faults::default());
    check_refused(one.path(), &[], &["a batch of 8 from 1 photos", "choose a smaller train.batch"]);
    check_refused(one.path(), &["train.batch=1"], &["train.batch is less than 2"]);
    let few = place(6, Faults::default());
    check_refused(few.path(), &[], &["a batch of 8 from 6 photos"]);
    check_refused(few.path(), &["train.batch=2", "optimiser.rate=1e30"], &["step ", "optimiser.rate", "train-000.tar/p"]);
    check_refused(
        few.path(),
        &["learn.image=0", "learn.text=0", "learn.temperature=false", "train.batch=2"],
        &["nothing learns"],
    );
    check_refused(few.path(), &["train.batches=2"], &["unknown field `batches`"]);
    check_refused(
        few.path(),
        &["train.batch=4", "guard.memory=1e-6"],
        &["4 pairs at once take about", "can be had", "guard.memory"],
    );
    check_refused(few.path(), &["train.batch=2", "device=gpu"], &["--device cpu"]);
    shard(&few.path().join("val-000.tar"), 1, Faults::default(), 4);
    check_refused(few.path(), &["train.batch=2"], &["val has 1 photos with captions", "give it two or more"]);

    let bad = place(40, Faults { corrupt: Some(10), empty: None });
    check_refused(bad.path(), &[], &["photos can't be read", "guard.corrupt = 0.01", "train-000.tar/p"]);
    let cut = place(40, Faults::default());
    let shard = cut.path().join("train-000.tar");
    let bytes = fs::read(&shard).unwrap();
    fs::write(&shard, &bytes[..bytes.len() / 2]).unwrap();
    check_refused(cut.path(), &[], &["train-000.tar", "make it again"]);
}

#[test]
fn a_photo_without_a_caption_is_left_out_and_a_long_caption_cut() {
    let dir = place(30, Faults { corrupt: None, empty: Some(5) });
    let out = dir.path().join("run");
    let quiet = command(dir.path(), &out, &["train.epochs=1", "model.text.context=5"]);
    let arguments: Vec<_> = quiet.get_args().filter(|argument| *argument != "--quiet").collect();
    let output = Command::new(quiet.get_program()).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let want =
        ["train: 6 photos without a caption are left out", "8 captions are longer than the text tower's context and lose"];
    assert!(output.status.success() && want.iter().all(|want| told.contains(want)), "{told}");
}

#[test]
fn a_run_goes_on_only_with_what_it_was_begun_with() {
    let dir = place(40, Faults::default());
    let out = dir.path().join("run");
    assert!(run(dir.path(), &out, &["train.epochs=1"]).status.success());
    // What costs memory or time alone may change.
    assert!(
        run(dir.path(), &out, &["train.epochs=1", "train.part=2", "train.checkpoint=1", "guard.memory=0.9"]).status.success()
    );
    let kept = learned(&out);
    let check = |set: &[&str], want: &str| {
        let output = run(dir.path(), &out, set);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && told.contains(want), "{told} against {want}");
        assert!(learned(&out) == kept);
    };
    check(&["train.epochs=1", "optimiser.rate=0.5"], "optimiser.rate was 0.001 and is 0.5");
    check(&["train.epochs=3"], "train.epochs was 1 and is 3");
    shard(&dir.path().join("train-000.tar"), 40, Faults::default(), 9);
    check(&["train.epochs=1"], "train-000.tar is another file");
}

#[test]
fn a_full_disk_ends_the_run_and_keeps_the_last_good_checkpoint() {
    let dir = place(40, Faults::default());
    let (whole, small) = (dir.path().join("whole"), dir.path().join("small"));
    let set = ["train.epochs=8", "train.checkpoint=1"];
    assert!(run(dir.path(), &whole, &set).status.success());
    fs::create_dir(&small).unwrap();
    let Some(_disk) = SmallDisk::mount(&small, "32m") else { return };
    let out = small.join("run");
    let running = command(dir.path(), &out, &set).spawn().unwrap();
    while !out.join("checkpoint.safetensors").exists() {
        sleep(Duration::from_millis(5));
    }
    fs::write(small.join("ballast"), vec![0; 32 << 20]).unwrap_err();
    let output = running.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let want = ["No space left", "make room and run the same again", "The last good checkpoint is"];
    assert!(output.status.code() == Some(1) && want.iter().all(|want| told.contains(want)), "{told}");
    assert!(asides(&out).is_empty() && !out.join("model.safetensors").exists());
    fs::remove_file(small.join("ballast")).unwrap();
    assert!(run(dir.path(), &out, &set).status.success());
    check_same(&out, &whole, "a full disk");
}
