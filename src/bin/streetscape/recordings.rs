//! `recordings`, and what a walk keeps: the recordings of one user, listed, deleted, and bounded while one is written.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::SystemTime,
};

use anyhow::{Context, Result};
use serde_json::json;
use streetscape::{
    capture::jpeg,
    frame::Frame,
    pipeline::live::Record,
    walk::{
        About, Walk, WalkWriter,
        recordings::{self, Bounds},
        utc,
    },
};

use crate::args::Common;

/// Frames between two looks at how much there is: some ten seconds.
const EVERY: u64 = 50;

fn folder() -> Result<PathBuf> {
    recordings::folder().context("this user has no folder for programs' state; name one with --record DIR")
}

/// Prints them, the oldest first.
pub fn list(common: &Common) -> Result<ExitCode> {
    let dir = folder()?;
    let mut all = 0;
    for recording in recordings::list(&dir)? {
        let path = dir.join(&recording.name);
        let frames = Walk::open(&path).map_or(0, |walk| walk.frames.len());
        let written = utc(recording.written).to_string();
        all += recording.bytes;
        if common.json {
            let recordings::Recording { name, bytes, .. } = &recording;
            println!("{}", json!({"name": name, "path": path, "bytes": bytes, "frames": frames, "written": written}));
        } else {
            println!("{:<32} {:>8.1} MB {frames:>7} frames  {written}", recording.name, recording.bytes as f64 / 1e6);
        }
    }
    if !common.json && !common.quiet {
        let Bounds { bytes, age } = Bounds::default();
        let (most, days) = (bytes as f64 / 1e6, age.as_secs() / 86_400);
        eprintln!("{:.1} MB in {}; the oldest go from {most:.0} MB on, and after {days} days", all as f64 / 1e6, dir.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Deletes those that are named, or all.
pub fn delete(names: &[String], all: bool, common: &Common) -> Result<ExitCode> {
    let dir = folder()?;
    let every = || recordings::list(&dir).map(|found| found.into_iter().map(|recording| recording.name).collect());
    for name in if all { every()? } else { names.to_vec() } {
        recordings::delete(&dir, &name)?;
        if common.json {
            println!("{}", json!({"name": name, "deleted": true}));
        } else if !common.quiet {
            println!("deleted {name}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps each frame as the camera gave it, in `dir` or, where none is named, among the user's recordings; one that is no JPEG becomes one. Ends where
/// all of them are more than may be, however many older ones are gone.
pub fn recorder(dir: Option<&Path>, camera: Option<&str>) -> Result<Record> {
    let about = About::begun(SystemTime::now(), camera.unwrap_or("the first camera"));
    let path = match dir {
        // One that was begun again goes on beside what it left behind.
        Some(dir) if Walk::is_at(dir) && crate::guarding::is_again() => {
            let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let mut others = (2..).map(|n| dir.with_file_name(format!("{name}-{n}")));
            others.find(|other| !other.exists()).unwrap_or_else(|| dir.to_owned())
        }
        Some(dir) => dir.to_owned(),
        None => recordings::named(&folder()?, SystemTime::now()),
    };
    let mut writer = WalkWriter::create(&path, &about)?;
    let bounded = dir.is_none().then(|| path.parent().map(Path::to_owned)).flatten();
    Ok(Box::new(move |frame: &Frame| {
        if let Some(dir) = bounded.as_deref().filter(|_| writer.frames().is_multiple_of(EVERY)) {
            let (gone, fits) =
                recordings::trim(dir, &Bounds::default(), SystemTime::now(), &path).map_err(|e| e.to_string())?;
            for name in gone {
                tracing::info!("the recording {name} made room");
            }
            if !fits {
                return Err(format!("{}: recordings hold as much as they may", dir.display()));
            }
        }
        let written = match &frame.jpeg {
            Some(jpeg) => writer.write(frame.at, jpeg),
            None => writer.write(frame.at, &jpeg::encode(&frame.picture).map_err(|e| e.to_string())?),
        };
        written.map_err(|error| error.to_string())
    }))
}
