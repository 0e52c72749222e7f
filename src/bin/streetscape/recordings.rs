//! `recordings`, and what a walk keeps: the recordings of one user, listed, deleted, and bounded while one is written.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};
use serde_json::json;
use streetscape::{
    capture::jpeg,
    frame::{Frame, Picture, Timestamp},
    pipeline::live::Record,
    walk::{
        About, Walk,
        recordings::{self, AtBound, Bounds, Recorder},
        utc,
    },
};

use crate::args::{Common, RecordArgs};

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
        eprintln!(
            "{:.1} MB in {}; where a walk is not told otherwise the oldest go from {most:.0} MB on, and after {days} days",
            all as f64 / 1e6,
            dir.display()
        );
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

/// Keeps each frame as the camera gave it, in `dir` or, where none is named, among the user's recordings; one that is no JPEG becomes one. On a
/// thread of its own: a disk that is slow, or on which room is made, holds up no walk.
pub fn recorder(args: &RecordArgs, camera: Option<&str>) -> Result<Option<Record>> {
    let Some(dir) = args.record.as_ref().map(Option::as_deref) else { return Ok(None) };
    let about = About::begun(SystemTime::now(), camera.unwrap_or("the first camera"));
    let (path, at_bound) = match dir {
        // One that was begun again goes on beside what it left behind.
        Some(dir) if Walk::is_at(dir) && crate::guarding::is_again() => {
            let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let mut others = (2..).map(|n| dir.with_file_name(format!("{name}-{n}")));
            (others.find(|other| !other.exists()).unwrap_or_else(|| dir.to_owned()), AtBound::Ends)
        }
        Some(dir) => (dir.to_owned(), AtBound::Ends),
        None => {
            let folder = folder()?;
            (recordings::named(&folder, SystemTime::now()), AtBound::OldestGo(folder))
        }
    };
    let mut keeping = Keeping::start(Recorder::create(&path, at_bound, &about, args.bounds())?)?;
    Ok(Some(Box::new(move |frame: &Frame| keeping.keep(frame))))
}

/// A picture on its way to the disk.
enum Shot {
    Jpeg(Arc<[u8]>),
    Pixels(Picture),
}

/// The end of the recorder's thread at which the walk is.
struct Keeping {
    /// Taken at the end, which is that of the thread.
    shots: Option<SyncSender<(Timestamp, Shot)>>,
    problem: Receiver<String>,
    writing: JoinHandle<()>,
}

impl Keeping {
    /// Pictures that may wait for the disk: five seconds of them. A disk that is slower is as good as none.
    const WAITING: usize = 25;
    /// How long the walk's end waits for the last of them.
    const LAST: Duration = Duration::from_millis(300);

    fn start(mut recorder: Recorder) -> Result<Self> {
        let (shots, waiting) = mpsc::sync_channel::<(Timestamp, Shot)>(Self::WAITING);
        let (failed, problem) = mpsc::channel();
        let write = move || {
            for (at, shot) in waiting {
                let written = match &shot {
                    Shot::Jpeg(jpeg) => recorder.write(at, jpeg, SystemTime::now()).map_err(|e| e.to_string()),
                    Shot::Pixels(picture) => jpeg::encode(picture)
                        .map_err(|e| e.to_string())
                        .and_then(|jpeg| recorder.write(at, &jpeg, SystemTime::now()).map_err(|e| e.to_string())),
                };
                match written {
                    Ok(gone) => gone.iter().for_each(|name| tracing::info!("the recording {name} made room")),
                    Err(problem) => {
                        let _ = failed.send(problem);
                        return;
                    }
                }
            }
        };
        let writing =
            thread::Builder::new().name("recording".to_owned()).spawn(write).context("no thread for the recording")?;
        Ok(Self { shots: Some(shots), problem, writing })
    }

    /// Hands the frame over, or tells why no more are kept.
    fn keep(&mut self, frame: &Frame) -> Result<(), String> {
        let shot = frame.jpeg.clone().map_or_else(|| Shot::Pixels(frame.picture.clone()), Shot::Jpeg);
        match self.shots.as_ref().map(|shots| shots.try_send((frame.at, shot))) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err("the disk takes no more pictures".to_owned()),
            Some(Err(TrySendError::Disconnected(_))) | None => {
                Err(self.problem.try_recv().unwrap_or_else(|_| "its thread has stopped".to_owned()))
            }
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.shots = None;
        let until = Instant::now() + Self::LAST;
        while !self.writing.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
    }
}
