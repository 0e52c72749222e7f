//! What a walker chose, from one walk to the next: `settings.toml`, which the program writes and no human has to.
//!
//! Owns the file's form, a thread that writes it, and what becomes of a broken one: it is kept aside, since somebody may want it back.
//! Leaves what is chosen to the walker's controls, and what overrides it to the program's flags.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    bundle::write_whole,
    narrator::Talk,
    speech::{Rate, Tuning, Volume},
};

/// The file's name.
pub const FILE: &str = "settings.toml";
/// How long the walk's end waits for the disk.
const END: Duration = Duration::from_millis(300);

/// What was chosen; what was not is `None`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Settings {
    /// How loud, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// How fast, in words a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How much is said unasked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub talk: Option<Talk>,
    /// The tag of the language that was asked for at the first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether the program has introduced itself.
    pub introduced: bool,
    /// What a later program wrote, and shall find again.
    #[serde(flatten)]
    pub other: toml::Table,
}

/// What came of reading the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// What it says, or nothing chosen.
    pub settings: Settings,
    /// Why it could not be used, and where it lies now.
    pub problem: Option<String>,
    /// Whether the file may be written: not where a broken one could not be put aside.
    pub writable: bool,
}

impl Settings {
    /// Where the user's own lie.
    pub fn path() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "streetscape").map(|dirs| dirs.config_dir().join(FILE))
    }

    /// Reads `path`. No file is no problem; a broken one is put aside, under a name that was free.
    pub fn read(path: &Path) -> Read {
        let problem = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Read { writable: true, ..Read::default() },
            Err(error) => error.to_string(),
            Ok(text) => match toml::from_str::<Settings>(&text) {
                Ok(settings) => {
                    for key in settings.other.keys() {
                        tracing::debug!("{}: {key} is not known here, and is left as it is", path.display());
                    }
                    return Read { settings, problem: None, writable: true };
                }
                Err(error) => error.to_string().trim_end().replace('\n', " "),
            },
        };
        let (aside, writable) = match set_aside(path) {
            Ok(aside) => (format!("it lies in {} now", aside.display()), true),
            Err(error) => (format!("it can't be put aside ({error}), so that nothing is kept"), false),
        };
        // Whoever has settings has heard the introduction.
        let settings = Settings { introduced: true, ..Settings::default() };
        Read { settings, problem: Some(format!("{}: {problem}; {aside}", path.display())), writable }
    }

    /// How the voice is to speak.
    pub fn tuning(&self) -> Tuning {
        Tuning { volume: self.volume.unwrap_or_default(), rate: self.rate.unwrap_or_default() }
    }

    fn write(&self, path: &Path) -> Result<(), String> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = toml::to_string(self).map_err(|error| told(&error))?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| told(&error))?;
        }
        write_whole(path, text.as_bytes()).map_err(|error| told(&error))
    }
}

/// Renames `path` to the first of `settings.broken-1.toml` and so on that is free.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let free = (1..1000).map(|n| path.with_extension(format!("broken-{n}.toml"))).find(|aside| !aside.exists());
    let aside = free.ok_or_else(|| io::Error::other("a thousand lie there already"))?;
    fs::rename(path, &aside).map(|()| aside)
}

/// Keeps what is chosen, on a thread of its own: a disk that hangs holds up no walk.
pub struct Keeper {
    settings: Settings,
    /// Taken at the end, which is that of the thread.
    changed: Option<Sender<Settings>>,
    problems: Receiver<String>,
    writing: JoinHandle<()>,
}

impl Keeper {
    /// Writes to `path`, in which `settings` stand so far.
    pub fn start(path: PathBuf, settings: Settings) -> io::Result<Self> {
        let (changed, changes) = mpsc::channel::<Settings>();
        let (failed, problems) = mpsc::channel();
        let write = move || {
            while let Ok(mut settings) = changes.recv() {
                // Of many steps in a row the last counts.
                settings = changes.try_iter().last().unwrap_or(settings);
                if let Err(problem) = settings.write(&path)
                    && failed.send(problem).is_err()
                {
                    return;
                }
            }
        };
        let writing = thread::Builder::new().name("settings".to_owned()).spawn(write)?;
        Ok(Self { settings, changed: Some(changed), problems, writing })
    }

    /// What was chosen so far.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Something else is chosen.
    pub fn keep(&mut self, change: impl FnOnce(&mut Settings)) {
        let before = self.settings.clone();
        change(&mut self.settings);
        if self.settings != before {
            let _ = self.changed.as_ref().map(|changed| changed.send(self.settings.clone()));
        }
    }

    /// Why something could not be written, once.
    pub fn problem(&mut self) -> Option<String> {
        self.problems.try_iter().last()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.changed = None;
        let until = Instant::now() + END;
        while !self.writing.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen() -> Settings {
        Settings {
            volume: Volume::new(60),
            rate: Rate::new(300),
            talk: Some(Talk::Chatty),
            language: Some("de".to_owned()),
            introduced: true,
            other: toml::Table::new(),
        }
    }

    #[test]
    fn what_is_chosen_is_read_again_and_what_a_later_program_wrote_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config").join(FILE);
        assert_eq!(Settings::read(&path), Read { writable: true, ..Read::default() });
        let mut keeper = Keeper::start(path.clone(), Settings::default()).unwrap();
        keeper.keep(|settings| *settings = Settings { volume: None, ..chosen() });
        keeper.keep(|settings| settings.volume = Volume::new(60));
        drop(keeper);
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "volume = 60\nrate = 300\ntalk = \"chatty\"\nlanguage = \"de\"\nintroduced = true\n"
        );
        assert_eq!(Settings::read(&path), Read { settings: chosen(), problem: None, writable: true });
        fs::write(&path, "volume = 50\n[heartbeat]\nevery_s = 5\n").unwrap();
        let mut keeper = Keeper::start(path.clone(), Settings::read(&path).settings).unwrap();
        keeper.keep(|settings| settings.rate = Rate::new(200));
        drop(keeper);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("rate = 200") && text.contains("[heartbeat]\nevery_s = 5"), "{text}");
    }

    #[test]
    fn a_broken_file_is_kept_aside_and_the_usual_settings_are_used() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        for (n, (text, part)) in (1..).zip([
            ("volume = ", "line 1, column"),
            ("volume = 0", "volume"),
            ("rate = 9999", "rate"),
            ("talk = \"much\"", "talk"),
        ]) {
            fs::write(&path, text).unwrap();
            let read = Settings::read(&path);
            let problem = read.problem.expect("broken");
            assert!(problem.contains("settings.toml: ") && problem.contains(part), "{problem}");
            assert_eq!((read.settings.tuning(), read.writable), (Tuning::default(), true));
            assert!(read.settings.introduced, "no first start");
            let aside = dir.path().join(format!("settings.broken-{n}.toml"));
            assert_eq!(fs::read_to_string(&aside).unwrap(), text);
            assert!(!path.exists() && problem.ends_with(&format!("it lies in {} now", aside.display())), "{problem}");
        }
        // A folder in the file's place can't be read, and can be put aside all the same.
        fs::create_dir(&path).unwrap();
        assert!(Settings::read(&path).problem.is_some());
    }

    #[test]
    fn a_disk_that_takes_nothing_is_told_of() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "in the way").unwrap();
        let mut keeper = Keeper::start(dir.path().join("file").join(FILE), Settings::default()).unwrap();
        keeper.keep(|settings| settings.introduced = true);
        let until = Instant::now() + Duration::from_secs(20);
        let problem = loop {
            match keeper.problem() {
                Some(problem) => break problem,
                None => assert!(Instant::now() < until),
            }
        };
        assert!(problem.contains(FILE), "{problem}");
    }
}
