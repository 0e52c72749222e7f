//! A log written on a thread of its own, so that a disk that is slow or hangs holds up no walk.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread,
    time::Duration,
};

use super::Sink;

/// Lines that may wait for the disk: a minute of a walk. A disk that is slower is as good as none.
const WAITING: usize = 4096;
/// How long the end of a session waits for the last lines.
const LAST: Duration = Duration::from_millis(300);

enum Job {
    Begin,
    Line(String),
}

/// Hands lines to another sink's thread.
pub struct Background {
    /// `None` once the session is over.
    jobs: Option<SyncSender<Job>>,
    problem: Arc<Mutex<Option<String>>>,
    over: Receiver<()>,
}

impl Background {
    /// Starts the thread, which ends with this value.
    pub fn start(mut sink: Box<dyn Sink>) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::sync_channel(WAITING);
        let (ending, over) = mpsc::sync_channel(1);
        let problem = Arc::new(Mutex::new(None));
        let told = Arc::clone(&problem);
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let failed = waiting.iter().find_map(|job| match job {
                Job::Begin => sink.begin().err(),
                Job::Line(line) => sink.line(&line).err(),
            });
            *told.lock().unwrap_or_else(PoisonError::into_inner) = failed;
            // Nobody may be waiting.
            let _ = ending.send(());
        })?;
        Ok(Self { jobs: Some(jobs), problem, over })
    }

    fn send(&self, job: Job) -> Result<(), String> {
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err("the disk takes no more lines".to_owned()),
            Some(Err(TrySendError::Disconnected(_))) | None => {
                let problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner).take();
                Err(problem.unwrap_or_else(|| "its thread has stopped".to_owned()))
            }
        }
    }
}

impl Sink for Background {
    fn begin(&mut self) -> Result<(), String> {
        self.send(Job::Begin)
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        self.send(Job::Line(line.to_owned()))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.jobs = None;
        // A disk that hangs keeps its thread, which ends with the program.
        let _ = self.over.recv_timeout(LAST);
    }
}
