//! `streetscape ctl`: commands from other programs of the same user, by a Unix socket.
//!
//! Owns the socket `streetscape/ctl` in the user's folder for what runs (`XDG_RUNTIME_DIR`), and who may open it: this user alone. A
//! command is a line; the answer is a line of JSON, `{"text":…}` or `{"problem":…}`. Whoever holds the lock beside it walks: a second
//! walk is refused, and a socket that a walk left behind is replaced.

use std::{
    env,
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::mpsc::{self, Sender},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Request;
use crate::control::{Asked, By, Control};

/// A command's longest line.
const LINE: u64 = 64;
/// How long a program may take over its line, since others wait behind it.
const READ: Duration = Duration::from_millis(500);
/// How long the walk may take over an answer; it answers in some milliseconds.
const ANSWER: Duration = Duration::from_secs(2);

/// Why there is no socket, or nobody answers at it.
#[derive(Debug, Error)]
pub enum SocketError {
    /// No folder.
    #[error("XDG_RUNTIME_DIR is not set: log in as a user, or set it to a folder that is yours alone")]
    NoFolder,
    /// A folder that others may enter.
    #[error("{}: is not yours alone ({why}); `ctl` needs a folder of yours with mode 700", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another walk is under way.
    #[error("{}: another walk is under way; end it first, or ask it with `streetscape ctl`", path.display())]
    Taken {
        /// The lock.
        path: PathBuf,
    },
    /// No walk is under way.
    #[error("{}: no walk is under way that could be asked; begin one with `streetscape walk`", path.display())]
    Nobody {
        /// The socket.
        path: PathBuf,
    },
    /// A walk that does not answer.
    #[error("{}: the walk does not answer ({problem}); end it and begin anew", path.display())]
    Silent {
        /// The socket.
        path: PathBuf,
        /// What happened instead.
        problem: String,
    },
    /// The walk refuses the command.
    #[error("{0}")]
    Refused(String),
    /// What the system refuses.
    #[error("{}: {source}; see its permissions", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// What is sent back.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Text(String),
    Problem(String),
}

/// The folder for what runs, as the system names it.
pub fn folder() -> Result<PathBuf, SocketError> {
    env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from).ok_or(SocketError::NoFolder)
}

/// The right to be walked with, and the socket; both are given up when dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    /// Held for as long as it is open.
    _lock: File,
}

impl Socket {
    /// Listens in `folder`, on a thread of its own that ends with the program.
    pub fn listen(folder: &Path, requests: Sender<Request>) -> Result<Self, SocketError> {
        let dir = own(folder)?;
        let (lock, path) = (dir.join("lock"), dir.join("ctl"));
        let refused = |path: &Path, source| SocketError::File { path: path.to_owned(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&lock).map_err(|e| refused(&lock, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SocketError::Taken { path: lock }),
            Err(TryLockError::Error(source)) => return Err(refused(&lock, source)),
        }
        // Whoever left it behind walks no longer.
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(refused(&path, error));
        }
        let listener = UnixListener::bind(&path).map_err(|e| refused(&path, e))?;
        let socket = Self { path, _lock: file };
        fs::set_permissions(&socket.path, fs::Permissions::from_mode(0o600)).map_err(|e| refused(&socket.path, e))?;
        let serve = move || {
            for stream in listener.incoming() {
                match stream.map(|stream| converse(&stream, &requests)) {
                    Ok(Ok(true)) => {}
                    // Nobody walks any longer.
                    Ok(Ok(false)) => return,
                    Ok(Err(error)) => tracing::debug!("ctl: {error}"),
                    Err(error) => {
                        tracing::warn!("ctl: {error}");
                        thread::sleep(READ);
                    }
                }
            }
        };
        thread::Builder::new().name("ctl".to_owned()).spawn(serve).map_err(|e| refused(&socket.path, e))?;
        Ok(socket)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Our folder in `folder`, made where it isn't there. Both must be closed to others: who can put a socket there could listen in.
fn own(folder: &Path) -> Result<PathBuf, SocketError> {
    let dir = folder.join("streetscape");
    check(folder)?;
    match DirBuilder::new().mode(0o700).create(&dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(SocketError::File { path: dir, source: error }),
        _ => check(&dir).map(|()| dir),
    }
}

/// A link is no folder, however it points.
fn check(folder: &Path) -> Result<(), SocketError> {
    let open = |why: String| Err(SocketError::Open { path: folder.to_owned(), why });
    let about = match fs::symlink_metadata(folder) {
        Ok(about) => about,
        Err(source) => return Err(SocketError::File { path: folder.to_owned(), source }),
    };
    // SAFETY: the call takes nothing and gives a number.
    let user = unsafe { libc::geteuid() };
    if !about.is_dir() {
        open("it is no folder".to_owned())
    } else if about.uid() != user {
        open(format!("it belongs to user {}", about.uid()))
    } else if about.mode() & 0o077 != 0 {
        open(format!("its mode is {:o}", about.mode() & 0o777))
    } else {
        Ok(())
    }
}

/// One command and its answer; whether a walk still takes any.
fn converse(stream: &UnixStream, requests: &Sender<Request>) -> io::Result<bool> {
    stream.set_read_timeout(Some(READ))?;
    stream.set_write_timeout(Some(READ))?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE)).read_line(&mut line)?;
    let (reply, walks) = match line.trim().parse::<Control>() {
        Err(problem) => (Reply::Problem(problem), true),
        Ok(control) => {
            let (answer, answered) = mpsc::sync_channel(1);
            let request = Request { asked: Asked::new(control, By::Command), reply: Some(answer) };
            let sent = requests.send(request).is_ok();
            match answered.recv_timeout(ANSWER) {
                Ok(text) => (Reply::Text(text), true),
                Err(_) => (Reply::Problem("the walk did not answer".to_owned()), sent),
            }
        }
    };
    let mut line = serde_json::to_string(&reply).map_err(io::Error::other)?;
    line.push('\n');
    let mut stream = stream;
    stream.write_all(line.as_bytes()).map(|()| walks)
}

/// Asks the walk that listens in `folder` for `control`; what it answers in speech.
pub fn ask(folder: &Path, control: Control) -> Result<String, SocketError> {
    let path = folder.join("streetscape/ctl");
    let mut stream = UnixStream::connect(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => SocketError::Nobody { path: path.clone() },
        _ => SocketError::File { path: path.clone(), source: error },
    })?;
    let mut line = String::new();
    let mut talk = || {
        stream.set_read_timeout(Some(ANSWER + READ))?;
        stream.write_all(format!("{control}\n").as_bytes())?;
        BufReader::new(&stream).read_line(&mut line)
    };
    let silent = |problem: String| SocketError::Silent { path: path.clone(), problem };
    talk().map_err(|error| silent(error.to_string()))?;
    match serde_json::from_str(&line) {
        Ok(Reply::Text(text)) => Ok(text),
        Ok(Reply::Problem(problem)) => Err(SocketError::Refused(problem)),
        Err(error) => Err(silent(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this user alone, and a walk that answers with the command's name.
    fn walk(folder: &Path) -> Result<Socket, SocketError> {
        let (requests, asked) = mpsc::channel::<Request>();
        let socket = Socket::listen(folder, requests)?;
        thread::spawn(move || {
            for request in asked {
                let _ = request.reply.map(|reply| reply.send(format!("{} heard", request.asked.control)));
            }
        });
        Ok(socket)
    }

    fn mine() -> tempfile::TempDir {
        tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_command_is_answered_and_the_socket_is_closed_to_others() {
        let folder = mine();
        let path = folder.path().join("streetscape/ctl");
        assert!(matches!(ask(folder.path(), Control::Repeat), Err(SocketError::Nobody { .. })));
        let socket = walk(folder.path()).unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        for control in Control::ALL {
            assert_eq!(ask(folder.path(), control).unwrap(), format!("{control} heard"));
        }
        drop(socket);
        assert!(!path.exists());
        assert!(matches!(ask(folder.path(), Control::Repeat), Err(SocketError::Nobody { .. })));
    }

    #[test]
    fn a_second_walk_is_refused_and_what_a_first_left_behind_is_replaced() {
        let folder = mine();
        let first = walk(folder.path()).unwrap();
        assert!(matches!(walk(folder.path()), Err(SocketError::Taken { .. })));
        assert_eq!(ask(folder.path(), Control::Status).unwrap(), "status heard");
        drop(first);
        // As after a crash: a socket at which nobody listens.
        let path = folder.path().join("streetscape/ctl");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let _second = walk(folder.path()).unwrap();
        assert_eq!(ask(folder.path(), Control::Status).unwrap(), "status heard");
    }

    #[test]
    fn what_is_no_command_is_refused_and_holds_up_nobody() {
        let folder = mine();
        let _socket = walk(folder.path()).unwrap();
        let path = folder.path().join("streetscape/ctl");
        let silent = UnixStream::connect(&path).unwrap();
        for (said, want) in [
            ("cross\n", "no command is called cross"),
            ("\n", "no command"),
            (&"x".repeat(1000), "no command"),
            ("\u{0}\n", "no"),
        ] {
            let mut stream = UnixStream::connect(&path).unwrap();
            let _ = stream.write_all(said.as_bytes());
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            assert!(line.contains(want), "{said:?}: {line:?}");
        }
        drop(silent);
        assert_eq!(ask(folder.path(), Control::Help).unwrap(), "help heard");
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let folder = mine();
        let with_mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        for bad in [0o777, 0o750, 0o701] {
            with_mode(bad);
            let error = walk(folder.path()).unwrap_err().to_string();
            assert!(error.contains(&format!("its mode is {bad:o}")), "{error}");
        }
        with_mode(0o700);
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("streetscape")).unwrap();
        assert!(walk(folder.path()).unwrap_err().to_string().contains("it is no folder"));
        assert!(walk(&folder.path().join("absent")).unwrap_err().to_string().contains("absent"));
    }
}
