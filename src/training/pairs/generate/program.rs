//! Any program as a painter: it is started for each picture, with the prompt, the seed and where to write.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    process::{Command, Stdio},
    time::Duration,
};

use wait_timeout::ChildExt;

use super::{Failure, GenerateError, Painted, Painter, request::Request};
use crate::training::pairs::{Reason, Skip};

/// Words in which `{prompt}`, `{seed}`, `{out}`, `{width}` and `{height}` stand for those of the picture.
#[derive(Debug)]
pub struct Program {
    words: Vec<String>,
    limit: Duration,
}

impl Program {
    /// The program and its arguments as a shell would split `command`; no shell runs it. A picture may take `limit`.
    pub fn new(command: &str, limit: Duration) -> Result<Self, GenerateError> {
        let problem = |problem: &str| GenerateError::Setting { problem: format!("--command {command:?}: {problem}") };
        let words = shlex::split(command).ok_or_else(|| problem("a quotation mark is not closed"))?;
        if words.is_empty() {
            return Err(problem("names no program"));
        }
        for slot in ["{prompt}", "{out}"] {
            if !words.iter().skip(1).any(|word| word.contains(slot)) {
                return Err(problem(&format!("lacks {slot}; write it as 'program {{prompt}} {{seed}} {{out}}'")));
            }
        }
        Ok(Self { words, limit })
    }
}

impl Painter for Program {
    fn paint(&self, request: &Request) -> Result<Painted, Failure> {
        let own = |source| GenerateError::Program { program: "a temporary file".to_owned(), source, flag: "TMPDIR" };
        let dir = tempfile::tempdir().map_err(own)?;
        // Most programs choose the format by the ending, and PNG needs no quality.
        let out = dir.path().join(format!("{}.png", request.id));
        // The prompt comes last: what looks like a slot in it is none.
        let slots = [
            ("{seed}", request.seed.to_string()),
            ("{width}", request.width.to_string()),
            ("{height}", request.height.to_string()),
            ("{out}", out.display().to_string()),
            ("{prompt}", request.prompt.clone()),
        ];
        let filled: Vec<String> = self
            .words
            .iter()
            .map(|word| slots.iter().fold(word.clone(), |word, (slot, value)| word.replace(slot, value)))
            .collect();
        let (program, arguments) = filled.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let errors = tempfile::tempfile().map_err(own)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors.try_clone().map_err(own)?)
            .spawn()
            .map_err(|source| GenerateError::Program { program: program.to_owned(), source, flag: "--command" })?;
        let failed = |detail: String| Skip::new(Reason::Failed, format!("{program}: {detail}"));
        match child.wait_timeout(self.limit) {
            Ok(Some(status)) if status.success() => {}
            Ok(Some(status)) => return Err(failed(format!("{status}: {}", last_words(errors))).into()),
            outcome => {
                // It may have ended meanwhile; either way it is gone afterwards.
                let _ = child.kill();
                let _ = child.wait();
                let why = outcome.err().map_or_else(|| format!("not done after {:?}", self.limit), |error| error.to_string());
                return Err(failed(why).into());
            }
        }
        let missing = |error| Skip::new(Reason::MissingPhoto, format!("{program} wrote no picture to {{out}}: {error}"));
        Ok(Painted { picture: fs::read(&out).map_err(missing)?, ..Painted::default() })
    }
}

/// The last line of what a program wrote to `errors`, cut to a length that a table bears.
pub(super) fn last_words(mut errors: File) -> String {
    const MOST: u64 = 4096;
    let mut bytes = Vec::new();
    let end = errors.seek(SeekFrom::End(0)).unwrap_or(0);
    let _ = errors.seek(SeekFrom::Start(end.saturating_sub(MOST)));
    let _ = errors.take(MOST).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing");
    line.chars().take(200).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::{
        super::testing::{request, script},
        *,
    };

    /// What comes of a program that is the shell script `body`.
    fn paint(body: &str) -> Result<Painted, Failure> {
        let dir = tempfile::tempdir().expect("a folder");
        let file = script(dir.path(), body);
        let command = format!("{} '{{prompt}}' --seed={{seed}} {{out}} {{width}}x{{height}}", Path::new(&file).display());
        Program::new(&command, Duration::from_millis(1500))
            .expect("a command")
            .paint(&request(7, "a \"quiet\" {seed} street; rm -r $HOME"))
    }

    #[track_caller]
    fn check(body: &str, reason: Reason, detail: &str) {
        match paint(body) {
            Err(Failure::Picture(skip)) => assert!(skip.reason == reason && skip.detail.contains(detail), "{skip:?}"),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn a_program_gets_prompt_seed_and_size_as_they_are() {
        let painted = paint(r#"printf '%s\n' "$1" "$2" "$4" > "$3""#).expect("a picture");
        let want = "a \"quiet\" {seed} street; rm -r $HOME\n--seed=7\n32x24\n";
        assert_eq!(String::from_utf8_lossy(&painted.picture), want);
    }

    #[test]
    fn a_program_that_fails_costs_its_picture() {
        check("echo loading >&2; echo no memory left >&2; exit 3", Reason::Failed, "exit status: 3: no memory left");
        check("exit 1", Reason::Failed, "it said nothing");
        check("exit 0", Reason::MissingPhoto, "wrote no picture");
        check("exec sleep 20", Reason::Failed, "not done after 1.5s");
        check("kill -9 $$", Reason::Failed, "signal: 9");
    }

    #[test]
    fn a_command_that_can_not_be_meant_is_refused() {
        for (command, want) in [
            ("", "names no program"),
            ("paint '{prompt} {out}", "not closed"),
            ("paint {prompt}", "lacks {out}"),
            ("paint {out}", "lacks {prompt}"),
        ] {
            let error = Program::new(command, Duration::ZERO).expect_err("a bad command").to_string();
            assert!(error.contains(want), "{error}");
        }
        let painter = Program::new("/nowhere/paint {prompt} {out}", Duration::ZERO).expect("a command");
        match painter.paint(&request(1, "a street")) {
            Err(Failure::All(error)) => assert!(error.to_string().starts_with("/nowhere/paint: "), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}
