//! The table of faults: each caused on a walk that is paced as the program's, with the time until its words and the words as they were recorded.
//! `cargo test --test fault_table -- --nocapture` prints it.
//!
//! Camera, encoder, voice and machine are fakes that fail on command; the loop, the patience of each detection, threads and disk are real.
//! Faults that a server's end causes are timed by `walk_aloud`, how a real camera lies by `walk_faults`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/small_disk.rs"]
mod small_disk;
#[path = "common/walking.rs"]
mod walking;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant, SystemTime},
};

use small_disk::SmallDisk;
use streetscape::{capture::jpeg, frame::Frame, pipeline::live::LiveConfig, walk::About, walk::WalkWriter};
use walking::{Health, Walking, With};

/// Something that is done to a walk.
type Deed = fn(&Walking);

/// A fault, its cause and words, and the most seconds that it may take to be told; then its end, if it has one that is told.
struct Row {
    fault: &'static str,
    cause: Deed,
    words: &'static str,
    most: f64,
    end: Option<(Deed, &'static str)>,
}

const fn row(fault: &'static str, cause: Deed, words: &'static str, most: f64) -> Row {
    Row { fault, cause, words, most, end: None }
}

const fn passing(fault: &'static str, cause: Deed, words: &'static str, most: f64, end: Deed, over: &'static str) -> Row {
    Row { fault, cause, words, most, end: Some((end, over)) }
}

const SEES: &str = "I see well again.";

/// Seconds by which the wall clock is ahead.
static AHEAD: AtomicU64 = AtomicU64::new(0);

fn wall() -> SystemTime {
    SystemTime::now() + Duration::from_secs(AHEAD.load(Ordering::Relaxed))
}

fn camera_is_well(walking: &Walking) {
    walking.camera.set(Health::Well);
}

fn encoder_is_well(walking: &Walking) {
    walking.encoder.set(Health::Well);
}

fn battery(walking: &Walking, status: &str) {
    for (file, text) in [("type", "Battery"), ("status", status), ("capacity", "9")] {
        walking.machine_says(&format!("sys/class/power_supply/BAT0/{file}"), &format!("{text}\n"));
    }
}

fn heat(walking: &Walking, degrees: u32) {
    for (file, text) in [("trip_point_0_type", "passive".to_owned()), ("trip_point_0_temp", "85000".to_owned())] {
        walking.machine_says(&format!("sys/class/thermal/thermal_zone0/{file}"), &format!("{text}\n"));
    }
    walking.machine_says("sys/class/thermal/thermal_zone0/temp", &format!("{}\n", degrees * 1000));
}

const ROWS: [Row; 18] = [
    passing(
        "camera_lost, pulled out",
        |walking| walking.camera.set(Health::Failing),
        "No picture from the camera. I cannot see.",
        3.0,
        camera_is_well,
        "The camera is back. I can see again.",
    ),
    passing(
        "camera_lost, gives no picture",
        |walking| walking.camera.set(Health::Hanging),
        "No picture from the camera. I cannot see.",
        3.0,
        camera_is_well,
        "The camera is back. I can see again.",
    ),
    passing("too_dark", |w| w.camera.set(Health::Dark), "It is too dark. I cannot see.", 2.0, camera_is_well, SEES),
    passing(
        "camera_covered",
        |w| w.camera.set(Health::Covered),
        "The camera is covered. I cannot see.",
        2.0,
        camera_is_well,
        SEES,
    ),
    passing(
        "camera_frozen",
        |w| w.camera.set(Health::Still),
        "The picture is frozen. I cannot see.",
        3.0,
        camera_is_well,
        SEES,
    ),
    passing(
        "camera_blurred",
        |w| w.camera.set(Health::Blurred),
        "The picture is blurred. Wipe the lens.",
        3.0,
        camera_is_well,
        SEES,
    ),
    passing(
        "camera_on_side",
        |w| w.camera.set(Health::OnSide),
        "The camera is on its side. Turn it upright.",
        3.0,
        camera_is_well,
        SEES,
    ),
    passing(
        "camera_at_sky",
        |w| w.camera.set(Health::AtSky),
        "The camera points at the sky. Lower it.",
        3.0,
        camera_is_well,
        SEES,
    ),
    passing(
        "camera_at_ground",
        |w| w.camera.set(Health::AtGround),
        "The camera points at the ground. Raise it.",
        3.0,
        camera_is_well,
        SEES,
    ),
    row("encoder_late", |w| w.encoder.set(Health::Hanging), "I am slow. What I say may come late.", 3.0),
    passing(
        "encoder_lost",
        |walking| walking.encoder.set(Health::Failing),
        "I cannot recognise anything. Trying again.",
        3.0,
        encoder_is_well,
        "I recognise things again.",
    ),
    passing(
        "model_damaged",
        |walking| walking.encoder.set(Health::Failing),
        "The model is damaged. I cannot recognise things.",
        3.0,
        encoder_is_well,
        "I recognise things again.",
    ),
    row(
        "voice_lost, at the next words",
        |walking| {
            walking.voice.set(Health::Failing);
            walking.camera.set(Health::Failing);
        },
        "The voice failed. This is another voice.",
        3.0,
    ),
    passing(
        "sounds_lost",
        |walking| walking.voice.set(Health::Toneless),
        "My sounds are gone. I speak every half minute.",
        3.0,
        |walking| walking.voice.set(Health::Well),
        "My sounds are back.",
    ),
    passing(
        "battery_low",
        |walking| battery(walking, "Discharging"),
        "The battery is low. I may stop soon.",
        3.0,
        |walking| battery(walking, "Charging"),
        "The battery is charging.",
    ),
    passing(
        "processor_hot",
        |walking| heat(walking, 91),
        "The device is hot. I look less often.",
        3.0,
        |walking| heat(walking, 60),
        "The device has cooled. I look as before.",
    ),
    row("clock_jumped", |_| AHEAD.store(3600, Ordering::Relaxed), "The clock was changed. I keep watching.", 3.0),
    // Without the file a machine has been up for as long as it was awake.
    row("woke", |w| w.machine_says("proc/uptime", "7200.55 100.00\n"), "I was asleep. I am watching again.", 3.0),
];

/// Causes `row` and tells what came of it: the fault, seconds, the line; then the same of its end.
fn caused(row: &Row, walking: &Walking) -> Vec<(String, f64, String)> {
    let timed = |deed: Deed, words: &str| {
        let since = Instant::now();
        deed(walking);
        let line = walking.hears(words);
        (since.elapsed().as_secs_f64(), line)
    };
    // The camera has shown something by then.
    thread::sleep(Duration::from_millis(1200));
    let (seconds, line) = timed(row.cause, row.words);
    let mut told = vec![(row.fault.to_owned(), seconds, line)];
    if let Some((end, words)) = row.end {
        let (seconds, line) = timed(end, words);
        told.push((format!("{}, over", row.fault), seconds, line));
    }
    told
}

fn as_shipped(wall: fn() -> SystemTime) -> Option<LiveConfig> {
    Some(LiveConfig { wall, ..LiveConfig::default() })
}

fn walk(row: &Row) -> Vec<(String, f64, String)> {
    let walls: fn() -> SystemTime = if row.fault == "clock_jumped" { wall } else { SystemTime::now };
    let walking = Walking::begin_with(Health::Well, With { config: as_shipped(walls), ..With::default() });
    walking.hears("Streetscape is on.");
    let told = caused(row, &walking);
    // Nothing that hangs holds up the end, and no thread is left behind.
    let (camera, encoder) = (walking.camera.clone(), walking.encoder.clone());
    walking.ends();
    camera.set(Health::Failing);
    encoder.set(Health::Failing);
    told
}

/// A disk that fills up under the recording and the log.
fn full_disk(folder: &Path) -> Option<Vec<(String, f64, String)>> {
    let disk = SmallDisk::mount(folder, "4m")?;
    let mut writer = WalkWriter::create(&disk.0.join("walk"), &About::default()).unwrap();
    let record = move |frame: &Frame| {
        let jpeg = jpeg::encode(&frame.picture).map_err(|error| error.to_string())?;
        writer.write(frame.at, &jpeg).map_err(|error| error.to_string())
    };
    let log = disk.0.join("log");
    let with = With { record: Some(Box::new(record)), log: Some(&log), config: as_shipped(SystemTime::now), ..With::default() };
    let walking = Walking::begin_with(Health::Well, with);
    walking.hears("Streetscape is on.");
    thread::sleep(Duration::from_millis(1200));
    let since = Instant::now();
    // As much as there is room for.
    fs::write(disk.0.join("full"), vec![1; 8 << 20]).unwrap_err();
    let faults = [("recording_stopped", "The recording has stopped."), ("log_stopped", "The log has stopped.")];
    let told = faults.map(|(fault, words)| {
        let line = walking.hears(words);
        (fault.to_owned(), since.elapsed().as_secs_f64(), line)
    });
    walking.ends();
    Some(told.to_vec())
}

/// Seconds by which a machine that does other work may be later.
const BUSY: f64 = 1.0;

#[test]
fn every_fault_is_told_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let told: Vec<_> = thread::scope(|scope| {
        let walks: Vec<_> = ROWS.iter().map(|row| scope.spawn(|| walk(row))).collect();
        let disk = scope.spawn(|| full_disk(dir.path()));
        let rows: Vec<_> = walks.into_iter().flat_map(|walk| walk.join().unwrap()).collect();
        rows.into_iter().chain(disk.join().unwrap().into_iter().flatten()).collect()
    });
    println!("{:<34} {:>5}  recorded", "fault", "after");
    for (fault, seconds, line) in &told {
        println!("{fault:<34} {seconds:>3.1} s  {line}");
    }
    for (fault, seconds, _) in &told {
        let most = ROWS.iter().find(|row| row.fault == fault).map_or(3.0, |row| row.most);
        assert!(*seconds <= most + BUSY, "{fault} took {seconds:.2} s, of {most:.0}");
    }
}
