//! Our own renderer of street scenes as a painter: child processes that answer a line of JSON with a line of JSON.
//!
//! Owns the children: their start, their time, their end. Leaves what they render to `tools/scenes`.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Failure, GenerateError, Painted, Painter, grammar::Facets, program::last_words, request::Request};
use crate::training::pairs::{Reason, Skip};

/// Times that a picture is tried: a child may have died of the one before.
const TRIES: usize = 2;
/// The Python of the renderer's own environment, in the checkout.
const ENVIRONMENT: &str = ".cache/scenes-venv/bin/python";

/// Children that render, as many as are asked at once.
#[derive(Debug)]
pub struct Renderer {
    python: PathBuf,
    tools: PathBuf,
    limit: Duration,
    idle: Mutex<Vec<Worker>>,
    answered: AtomicBool,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    request: &'a Request,
    picture: &'a Path,
    map: &'a Path,
}

/// What a child says of one request.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Answer {
    /// The request's.
    pub id: Option<String>,
    /// Whether picture and map were written.
    pub ok: bool,
    /// What is truly to be seen.
    #[serde(default)]
    pub facets: Facets,
    /// Why it is not `ok`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

impl Renderer {
    /// The package `scenes` in the folder `tools`, run by `python`, or else by that of the checkout's environment, or else by `python3`. A
    /// picture may take `limit`.
    pub fn new(tools: &Path, python: Option<&Path>, limit: Duration) -> Result<Self, GenerateError> {
        let found = fs::canonicalize(tools).ok().filter(|tools| tools.join("scenes/__main__.py").is_file());
        let Some(tools) = found else {
            let problem = format!("{}: no renderer here (scenes/__main__.py); run this in the checkout, or give --scenes", tools.display());
            return Err(GenerateError::Setting { problem });
        };
        let own = tools.parent().map(|checkout| checkout.join(ENVIRONMENT)).filter(|python| python.exists());
        let python = match python {
            // A child runs in another folder. A link stays one: through it Python knows its environment.
            Some(given) if given.components().count() > 1 => std::path::absolute(given).unwrap_or_else(|_| given.to_owned()),
            Some(named) => named.to_owned(),
            None => own.unwrap_or_else(|| PathBuf::from("python3")),
        };
        Ok(Self { python, tools, limit, idle: Mutex::new(Vec::new()), answered: AtomicBool::new(false) })
    }

    fn command(&self) -> String {
        format!("{} -m scenes serve, in {}", self.python.display(), self.tools.display())
    }

    fn start(&self) -> Result<Worker, GenerateError> {
        let program = |source| GenerateError::Program { program: self.python.display().to_string(), source, flag: "--python" };
        let errors = tempfile::tempfile().map_err(program)?;
        let mut child = Command::new(&self.python)
            .args(["-m", "scenes", "serve"])
            .current_dir(&self.tools)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().map_err(program)?)
            .spawn()
            .map_err(program)?;
        let (say, answers) = mpsc::channel();
        let (input, output) = (child.stdin.take(), child.stdout.take());
        // Reading has no limit of time, waiting for a channel has. The thread ends with the child.
        thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()) {
                if line.map_or(true, |line| say.send(line).is_err()) {
                    break;
                }
            }
        });
        Ok(Worker { child, input, answers, errors })
    }

    /// The answer to `line`, from an idle child or from a new one, which is idle afterwards. A child that gives none is ended.
    fn ask(&self, id: &str, line: &str) -> Result<Result<Answer, String>, GenerateError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = match idle {
            Some(worker) => worker,
            None => self.start()?,
        };
        let answer = worker.ask(id, line, self.limit);
        if answer.is_ok() {
            self.answered.store(true, Ordering::Relaxed);
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        }
        Ok(answer)
    }
}

impl Painter for Renderer {
    fn paint(&self, request: &Request) -> Result<Painted, Failure> {
        let own = |source| GenerateError::Program { program: "a temporary folder".to_owned(), source, flag: "TMPDIR" };
        let dir = tempfile::tempdir().map_err(own)?;
        let (picture, map) = (dir.path().join("picture.jpg"), dir.path().join("map.png"));
        let line = serde_json::to_string(&Line { request, picture: &picture, map: &map }).map_err(|error| own(error.into()))?;
        let mut problem = String::new();
        for _ in 0..TRIES {
            match self.ask(&request.id, &line)? {
                Ok(answer) if answer.ok => {
                    let read = |path: &Path, reason| {
                        fs::read(path).map_err(|error| Skip::new(reason, format!("the renderer did not write it: {error}")))
                    };
                    let (picture, map) = (read(&picture, Reason::MissingPhoto)?, read(&map, Reason::MissingMask)?);
                    return Ok(Painted { picture, map: Some(map), facets: Some(answer.facets) });
                }
                Ok(answer) => return Err(Skip::new(Reason::Failed, format!("the renderer: {}", answer.problem)).into()),
                Err(why) => problem = why,
            }
        }
        if self.answered.load(Ordering::Relaxed) {
            Err(Skip::new(Reason::Failed, format!("the renderer, {TRIES} times: {problem}")).into())
        } else {
            Err(GenerateError::Renderer { renderer: self.command(), problem }.into())
        }
    }
}

/// One child.
#[derive(Debug)]
struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    errors: File,
}

impl Worker {
    fn ask(&mut self, id: &str, line: &str, limit: Duration) -> Result<Answer, String> {
        let sent = self.input.as_mut().map_or(Ok(()), |input| writeln!(input, "{line}").and_then(|()| input.flush()));
        // Where the line can't be written the child is gone, and what it said last tells more.
        let said = if sent.is_err() { Err(RecvTimeoutError::Disconnected) } else { self.answers.recv_timeout(limit) };
        let said = said.map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("no answer after {limit:?}"),
            RecvTimeoutError::Disconnected => {
                let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                format!("{status}: {}", self.errors.try_clone().map(last_words).unwrap_or_default())
            }
        })?;
        let answer: Answer = serde_json::from_str(&said).map_err(|error| format!("answers {said:?}, which is no answer: {error}"))?;
        if answer.id.as_deref().is_some_and(|told| told != id) {
            return Err(format!("answers for {}, asked for {id}", answer.id.unwrap_or_default()));
        }
        Ok(answer)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Ended already or not, it leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
