//! A walk in a real terminal, through the program itself: single keys are heard, and the terminal is given back as it was, whether the walk
//! ends by Ctrl-C, by a service manager or by a fault. There is no camera, which changes nothing for keys.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A terminal in which a shell tells the terminal's mode, walks, and tells it again.
struct Terminal {
    folder: tempfile::TempDir,
    script: Child,
    keys: ChildStdin,
    out: BufReader<ChildStdout>,
}

impl Terminal {
    /// `None`, and a word about it, where no program gives a terminal.
    fn open(settings: Option<&str>, flags: &str) -> Option<Self> {
        let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        if let Some(settings) = settings {
            fs::create_dir_all(folder.path().join("config/streetscape")).unwrap();
            fs::write(folder.path().join("config/streetscape/settings.toml"), settings).unwrap();
        }
        // The shell hears the Ctrl-C as well, and outlives it.
        let walk = format!(
            "trap : INT; stty -g >{}; {} --device cpu --model models/street --voice none walk {flags} --camera none-of-this-name; stty -g >{}",
            at("before"),
            env!("CARGO_BIN_EXE_streetscape"),
            at("after")
        );
        let script = Command::new("script")
            .args(["-q", "-e", "-c", &walk, "/dev/null"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .env("SHELL", "/bin/sh")
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("XDG_STATE_HOME", at("state"))
            .env("XDG_CONFIG_HOME", at("config"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut script = match script {
            Ok(script) => script,
            Err(error) => {
                eprintln!("skipped: `script` gives no terminal: {error}");
                return None;
            }
        };
        let (keys, out) = (script.stdin.take().unwrap(), BufReader::new(script.stdout.take().unwrap()));
        Some(Self { folder, script, keys, out })
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    #[track_caller]
    fn shows(&mut self, words: &str) -> String {
        let mut all = String::new();
        while !all.contains(words) {
            let mut line = String::new();
            assert!(self.out.read_line(&mut line).unwrap() > 0, "{words} is not shown: {all}");
            all += &line;
        }
        all
    }

    /// The terminal's mode after the walk is that of before; what was shown since.
    #[track_caller]
    fn given_back(mut self) -> (String, tempfile::TempDir) {
        let mut rest = String::new();
        let _ = self.out.read_to_string(&mut rest);
        self.script.wait().unwrap();
        let mode = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap();
        assert!(!mode("before").is_empty() && mode("before") == mode("after"), "{} is {}", mode("before"), mode("after"));
        (rest, self.folder)
    }
}

#[test]
fn keys_are_heard_one_by_one_and_the_terminal_given_back() {
    let Some(mut terminal) = Terminal::open(None, "") else { return };
    terminal.shows("Streetscape is on.");
    terminal.types("r");
    terminal.shows("[repeat] ");
    terminal.types("\x1b[A");
    terminal.shows("[louder] Volume 90 percent.");
    terminal.types("\x1b[C-");
    terminal.shows("[less] ");
    // No second walk beside it, and it says so.
    let second = Command::new(env!("CARGO_BIN_EXE_streetscape"))
        .args(["--voice", "none", "walk"])
        .env("XDG_RUNTIME_DIR", terminal.folder.path())
        .env("XDG_CONFIG_HOME", terminal.folder.path().join("config"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && told.contains("another walk is under way"), "{told}");
    terminal.types("\x03");
    let (rest, folder) = terminal.given_back();
    assert!(rest.contains("Goodbye."), "{rest}");
    let settings = fs::read_to_string(folder.path().join("config/streetscape/settings.toml")).unwrap();
    assert_eq!(settings, "volume = 90\nrate = 210\ntalk = \"quiet\"\nintroduced = false\n");
    assert!(!folder.path().join("streetscape/ctl").exists());
}

#[test]
fn the_terminal_given_back_by_a_walk_that_is_ended_or_cannot_begin() {
    let Some(mut terminal) = Terminal::open(Some("volume = 5"), "") else { return };
    let shown = terminal.shows("My settings were damaged.");
    assert!(shown.contains("settings.toml: ") && shown.contains("settings.broken-1.toml now"), "{shown}");
    let config = terminal.folder.path().join("config/streetscape");
    assert_eq!(fs::read_to_string(config.join("settings.broken-1.toml")).unwrap(), "volume = 5");
    let found =
        Command::new("pgrep").args(["-f", &format!("^{}.*none-of-this-name", env!("CARGO_BIN_EXE_streetscape"))]).output();
    let mine = terminal.script.id().to_string();
    let pids = String::from_utf8(found.unwrap().stdout).unwrap();
    let under = |pid: &str| {
        // The shell's parent is `script`.
        let parent = |pid: &str| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).unwrap_or_default().to_owned()
        };
        parent(pid) == mine || parent(&parent(pid)) == mine
    };
    let walk = pids.lines().find(|pid| under(pid)).expect("the walk");
    assert!(Command::new("kill").args(["-TERM", walk]).status().unwrap().success());
    let (rest, _folder) = terminal.given_back();
    assert!(rest.contains("Goodbye."), "{rest}");

    // There is a walk already.
    let Some(terminal) = Terminal::open(None, "--record tests/walks/demo") else { return };
    let (rest, _folder) = terminal.given_back();
    assert!(rest.contains("holds a walk already"), "{rest}");
}
