//! The live loop's faults: each is said, nothing holds up the rest, and the end comes when it is asked for. Camera, encoder and
//! voice are fakes that fail on command; threads, clock and disk are real.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/small_disk.rs"]
mod small_disk;
#[path = "common/walking.rs"]
mod walking;

use std::{fs, sync::atomic::Ordering, thread, time::Duration};

use small_disk::SmallDisk;
use streetscape::{
    capture::jpeg,
    frame::Frame,
    pipeline::{log::Log, phrases::PhraseFile},
    vocabulary::{Vocabulary, lint::Lint},
    walk::{About, Walk as Recorded, WalkWriter},
};
use walking::{Health, Walking, With, at};

#[test]
fn a_camera_that_is_lost_is_told_of_and_so_is_its_return() {
    let walking = Walking::begin(Health::Well, None);
    for health in [Health::Failing, Health::Hanging] {
        walking.camera.set(health);
        walking.hears("No picture from the camera.");
        walking.camera.set(Health::Well);
        walking.hears("The camera is back.");
    }
    assert!(walking.ends().encoded > 0);
}

#[test]
fn a_camera_that_hangs_from_the_first_is_told_of_and_does_not_hold_up_the_end() {
    let walking = Walking::begin(Health::Hanging, None);
    walking.hears("No picture from the camera.");
    let camera = walking.camera.clone();
    assert_eq!(walking.ends().frames, 0);
    camera.set(Health::Failing);
}

#[test]
fn an_encoder_that_hangs_is_told_of_while_it_does_and_holds_up_neither_faults_nor_the_end() {
    let walking = Walking::begin(Health::Well, None);
    walking.encoder.set(Health::Hanging);
    walking.hears("I am slow.");
    walking.camera.set(Health::Failing);
    walking.hears("No picture from the camera.");
    let encoder = walking.encoder.clone();
    walking.ends();
    encoder.set(Health::Failing);
}

#[test]
fn an_encoder_that_fails_is_built_anew_and_what_hinders_that_is_said_too() {
    let walking = Walking::begin(Health::Well, None);
    walking.encoder.set(Health::Failing);
    walking.hears("I cannot recognise anything.");
    walking.hears("The model is damaged.");
    walking.encoder.set(Health::Well);
    walking.hears("I recognise things again.");
    walking.ends();
}

#[test]
fn a_voice_that_is_lost_is_replaced_and_what_still_lasts_is_said_by_the_next() {
    let walking = Walking::begin(Health::Well, None);
    walking.voice.set(Health::Failing);
    walking.camera.set(Health::Failing);
    walking.hears("This is another voice.");
    walking.hears("No picture from the camera.");
    walking.ends();
}

#[test]
fn the_end_comes_in_the_middle_of_a_sentence() {
    let walking = Walking::begin(Health::Well, None);
    walking.voice.set(Health::Hanging);
    walking.camera.set(Health::Failing);
    walking.hears("No picture from the camera.");
    walking.ends();
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_walk() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path(), "64k") else { return };
    let folder = disk.0.join("walk");
    let mut writer = WalkWriter::create(&folder, &About::default()).unwrap();
    let record = move |frame: &Frame| {
        let jpeg = jpeg::encode(&frame.picture).map_err(|error| error.to_string())?;
        writer.write(frame.at, &jpeg).map_err(|error| error.to_string())
    };
    let walking = Walking::begin(Health::Well, Some(Box::new(record)));
    walking.hears("The recording has stopped. I keep watching.");
    walking.camera.set(Health::Failing);
    walking.hears("No picture from the camera.");
    walking.camera.set(Health::Well);
    walking.hears("The camera is back.");
    let summary = walking.ends();
    let recorded = Recorded::open(&folder).expect("a walk").frames.len() as u64;
    assert!(recorded > 0 && recorded < summary.frames, "{recorded} of {} frames", summary.frames);
}

#[test]
fn a_caregivers_phrases_are_taken_up_while_walking_and_a_broken_file_leaves_the_last_good_one() {
    const PHRASE: &str = "[[phrase]]\nlook_for = \"a bakery\"\nsay = \"Anna's bakery.\"\nagain_s = 10\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("phrases.toml");
    let mut file = PhraseFile {
        path: path.clone(),
        cache: Some(dir.path().join("cache")),
        vocabulary: Vocabulary::shipped().unwrap(),
        lint: Lint::shipped().unwrap(),
        background: (0..128).map(|i| at(0.8 + i as f32 / 320.0)).collect(),
        prompts: vec![at(1.0), at(1.1)],
        tower: "tower".to_owned(),
        // What the camera shows.
        embed: Box::new(|texts| Ok(texts.iter().map(|_| at(0.0)).collect())),
        read: None,
    };
    let mut beginning = true;
    let poll = Box::new(move || file.poll(std::mem::take(&mut beginning)));
    let walking = Walking::begin_with(Health::Well, With { phrases: Some(poll), ..With::default() });
    let write = |text: &str| {
        // Whole, as an editor saves it.
        fs::write(path.with_extension("new"), text).unwrap();
        fs::rename(path.with_extension("new"), &path).unwrap();
    };
    thread::sleep(Duration::from_millis(100));
    write(PHRASE);
    walking.hears("Your new phrases are in use.");
    walking.hears("Anna's bakery.");
    write(&PHRASE.replace("Anna's bakery", "Safe to cross"));
    walking.hears("Your phrases have a mistake. The old ones stay.");
    write(&PHRASE.replace("Anna's", "Eva's"));
    walking.hears("Your new phrases are in use.");
    walking.hears("Eva's bakery.");
    walking.ends();
}

#[test]
fn a_full_disk_ends_the_log_and_not_the_walk() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path(), "32k") else { return };
    let folder = disk.0.join("log");
    let walking = Walking::begin_with(Health::Well, With { log: Some(&folder), ..With::default() });
    walking.hears("The log has stopped. I keep watching.");
    walking.camera.set(Health::Failing);
    walking.hears("No picture from the camera.");
    walking.ends();
    let part = std::fs::read_dir(&folder).unwrap().next().expect("a part").unwrap().path();
    assert!(Log::open(&part).expect("a log that was cut off").records.len() > 10);
}

#[test]
fn a_log_that_cannot_be_begun_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let walking = Walking::begin_with(Health::Well, With { log: Some(&file), ..With::default() });
    walking.hears("The log has stopped.");
    walking.ends();
}

#[test]
fn a_camera_that_shows_the_same_again_and_again_is_told_of_within_three_seconds() {
    let walking = Walking::begin(Health::Well, None);
    let since = std::time::Instant::now();
    walking.camera.set(Health::Still);
    walking.hears("The picture is frozen.");
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    walking.camera.set(Health::Well);
    walking.hears("I see well again.");
    walking.ends();
}

#[test]
fn the_machines_battery_heat_and_sleep_are_told_of() {
    let walking = Walking::begin(Health::Well, None);
    let battery = |file: &str, text: &str| walking.machine_says(&format!("sys/class/power_supply/BAT0/{file}"), text);
    battery("type", "Battery\n");
    battery("status", "Discharging\n");
    battery("capacity", "9\n");
    walking.hears("The battery is low.");
    battery("status", "Charging\n");
    walking.hears("The battery is charging.");
    let zone = |file: &str, text: &str| walking.machine_says(&format!("sys/class/thermal/thermal_zone0/{file}"), text);
    zone("trip_point_0_type", "passive\n");
    zone("trip_point_0_temp", "85000\n");
    zone("temp", "91000\n");
    walking.hears("The device is hot. I look less often.");
    zone("temp", "60000\n");
    walking.hears("The device has cooled.");
    // Without the file a machine has been up for as long as it was awake.
    walking.machine_says("proc/uptime", "7200.55 100.00\n");
    walking.hears("I was asleep.");
    walking.ends();
}

#[test]
fn a_heartbeat_is_heard_while_all_is_well_and_never_while_something_is_wrong() {
    let with = With { heartbeat: Some(Duration::from_millis(200)), ..With::default() };
    let walking = Walking::begin_with(Health::Well, with);
    walking.hears("Streetscape is on.");
    let beats = |seconds: f64| {
        let before = walking.beats.load(Ordering::Relaxed);
        thread::sleep(Duration::from_secs_f64(seconds));
        walking.beats.load(Ordering::Relaxed) - before
    };
    let well = beats(2.0);
    assert!((5..=10).contains(&well), "{well} heartbeats in two seconds");
    for ill in [&walking.camera, &walking.encoder] {
        ill.set(Health::Hanging);
        // Until that is known.
        thread::sleep(Duration::from_secs(1));
        assert_eq!(beats(1.0), 0, "a heartbeat while something is wrong");
        ill.set(Health::Well);
        thread::sleep(Duration::from_secs(1));
        assert!(beats(1.0) > 1, "no heartbeat after all was well again");
    }
    walking.ends();
}
