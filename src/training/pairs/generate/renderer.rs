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
            let problem = format!(
                "{}: no renderer here (scenes/__main__.py); run this in the checkout, or give --scenes",
                tools.display()
            );
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
        let answer: Answer =
            serde_json::from_str(&said).map_err(|error| format!("answers {said:?}, which is no answer: {error}"))?;
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

#[cfg(all(test, unix))]
mod tests {
    use tempfile::TempDir;

    use super::{
        super::testing::{photo, request, script},
        *,
    };

    /// Answers each line; `$picture`, `$map` and `$id` are the line's, `$count` the lines so far.
    const SERVE: &str = r#"
        while read -r line; do
            count=$((count + 1))
            picture=$(echo "$line" | sed 's/.*"picture":"\([^"]*\)".*/\1/')
            map=$(echo "$line" | sed 's/.*"map":"\([^"]*\)".*/\1/')
            id=$(echo "$line" | sed 's/.*"id":"\([^"]*\)".*/\1/')
            ANSWER
        done"#;
    const GOOD: &str = r#"cp photo.jpg "$picture"; echo map > "$map"; echo "{\"id\":\"$id\",\"ok\":true,\"facets\":{\"place\":[\"alley\"]},\"seconds\":0.1}""#;

    /// A renderer that is a shell script, in a folder of its own.
    fn renderer(answer: &str) -> (TempDir, Renderer) {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("scenes")).expect("a folder");
        fs::write(dir.path().join("scenes/__main__.py"), "").expect("a file");
        fs::write(dir.path().join("photo.jpg"), photo(1)).expect("a photo");
        let python = script(dir.path(), &SERVE.replace("ANSWER", answer));
        let made = Renderer::new(dir.path(), Some(Path::new(&python)), Duration::from_millis(1500)).expect("a renderer");
        (dir, made)
    }

    #[test]
    fn one_child_paints_many_pictures() {
        let (_dir, renderer) = renderer(&format!("echo Blender says hello >&2; {GOOD}"));
        for number in 0..3 {
            let painted = renderer.paint(&request(number, "an alley")).expect("a picture");
            assert_eq!((painted.picture, painted.map), (photo(1), Some(b"map\n".to_vec())));
            assert_eq!(painted.facets.expect("facets")["place"], ["alley"]);
        }
        assert_eq!(renderer.idle.lock().expect("the children").len(), 1);
    }

    /// What comes of the second picture of a child that painted the first.
    #[track_caller]
    fn check(answer: &str, reason: Reason, detail: &str) {
        let (_dir, renderer) = renderer(&format!("if [ $id = 000000 ]; then {GOOD}; else {answer}; fi"));
        renderer.paint(&request(0, "an alley")).expect("a picture");
        match renderer.paint(&request(1, "an alley")) {
            Err(Failure::Picture(skip)) => assert!(skip.reason == reason && skip.detail.contains(detail), "{skip:?}"),
            other => panic!("{answer}: {other:?}"),
        }
        renderer.paint(&request(0, "an alley")).expect("a picture after a failure");
    }

    #[test]
    fn a_child_that_fails_costs_its_picture_and_no_other() {
        check(r#"echo "{\"id\":\"$id\",\"ok\":false,\"problem\":\"no such place\"}""#, Reason::Failed, "no such place");
        check("echo out of memory >&2; exit 9", Reason::Failed, "2 times: exit status: 9: out of memory");
        check("kill -9 $$", Reason::Failed, "2 times: signal: 9");
        check("echo Rendering...", Reason::Failed, "which is no answer");
        check("exec sleep 30", Reason::Failed, "2 times: no answer after 1.5s");
        check(r#"echo '{"id":"000099","ok":true}'"#, Reason::Failed, "answers for 000099, asked for 000001");
        check(r#"echo "{\"id\":\"$id\",\"ok\":true}""#, Reason::MissingPhoto, "did not write it");
        check(r#"touch "$picture"; echo "{\"id\":\"$id\",\"ok\":true}""#, Reason::MissingMask, "did not write it");
    }

    #[test]
    fn a_picture_is_tried_again_by_another_child() {
        let dies_once = format!("if [ -e died ]; then {GOOD}; else touch died; exit 1; fi");
        let (_dir, renderer) = renderer(&dies_once);
        renderer.paint(&request(0, "an alley")).expect("a picture at the second try");
    }

    #[test]
    fn a_renderer_that_does_not_start_tells_how_to_install_it() {
        let (dir, none) = renderer("echo \"No module named 'bpy'\" >&2; exit 1");
        match none.paint(&request(0, "an alley")) {
            Err(Failure::All(error)) => {
                let error = error.to_string();
                assert!(error.contains("No module named 'bpy'") && error.contains("pip install -r"), "{error}");
            }
            other => panic!("{other:?}"),
        }
        let nowhere = Renderer::new(dir.path(), Some(Path::new("/nowhere/python")), Duration::ZERO).expect("a renderer");
        match nowhere.paint(&request(0, "an alley")) {
            Err(Failure::All(error)) => assert!(error.to_string().starts_with("/nowhere/python: "), "{error}"),
            other => panic!("{other:?}"),
        }
        let error = Renderer::new(Path::new("/nowhere"), None, Duration::ZERO).expect_err("no folder").to_string();
        assert!(error.contains("--scenes"), "{error}");
    }
}
