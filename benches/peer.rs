//! Programs that are compared with each other: each does one thing on request, in a process of its own, so that memory can be told apart.
//!
//! A peer says `ready`, then does its thing once for each line that it reads and answers with an empty line; at the end of its input it tells
//! the most memory that it held, in bytes. `tools/parity/` speaks the same in Python.

// Each bench is a program of its own and takes what it needs.
#![allow(dead_code)]

use std::{
    fs,
    io::{BufRead, BufReader, Write, stdin, stdout},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// The Python that `tools/setup.sh parity` made.
pub fn python() -> Command {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/parity-venv/bin/python");
    assert!(python.exists(), "no {}; make it with: tools/setup.sh parity", python.display());
    Command::new(python)
}

/// This bench itself, as a peer that does `what`.
pub fn ourselves(what: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program"));
    command.arg("--serve").args(what);
    command
}

/// What this process was asked to do as a peer, where it is one.
pub fn asked() -> Option<Vec<String>> {
    let mut args = std::env::args().skip_while(|arg| arg != "--serve");
    args.next().map(|_| args.collect())
}

/// One that runs.
pub struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts `command` and waits until it is ready.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a peer");
        let requests = child.stdin.take().expect("its input");
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        let mut peer = Self { child, requests, answers };
        assert_eq!(peer.answer(), "ready", "{command:?}");
        peer
    }

    /// Has it done once.
    pub fn run(&mut self) {
        self.requests.write_all(b"\n").expect("a peer that lives");
        assert_eq!(self.answer(), "", "a peer failed");
    }

    /// Ends it; gives the most bytes that it held.
    pub fn end(self) -> u64 {
        let Self { mut child, requests, mut answers } = self;
        drop(requests);
        let mut line = String::new();
        answers.read_line(&mut line).expect("a peer that lives");
        child.wait().expect("its end");
        line.trim().parse().expect("a number of bytes")
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a peer that lives");
        line.trim().to_owned()
    }
}

/// Is a peer that does `once`.
pub fn serve(mut once: impl FnMut()) {
    println!("ready");
    for line in stdin().lines() {
        line.expect("a request");
        once();
        println!();
        stdout().flush().expect("a reader");
    }
    println!("{}", peak());
}

/// The most memory that this process held, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}
