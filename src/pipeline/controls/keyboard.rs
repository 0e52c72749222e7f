//! The keyboard of the terminal in which the walk was begun: single keys, no line and no echo.
//!
//! Owns the terminal's mode for as long as it listens, and gives it back however the walk ends. Ctrl-C stays what it is. Leaves the
//! meaning of keys to `keys`.

use std::{
    io::{self, BufRead, IsTerminal},
    mem::MaybeUninit,
    os::fd::{AsFd, AsRawFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
    thread,
    time::Duration,
};

use super::{Request, keys, wait};
use crate::control::{Asked, By};

/// How often the thread looks whether it is to end.
const POLL: Duration = Duration::from_millis(200);

/// The terminal's mode, which it has again when this is dropped: whoever watches over a walk that may be killed holds one too.
pub struct Terminal(Option<libc::termios>);

impl Terminal {
    /// As it is now; nothing where standard input is no terminal.
    pub fn remember() -> Self {
        Self(mode().ok())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The shell has set its own where the walk lost the terminal.
        if let Some(before) = self.0.filter(|_| in_foreground()) {
            let _ = set_mode(&before);
        }
    }
}

/// Listens until it is dropped, which gives the terminal back.
pub struct Keyboard {
    _terminal: Terminal,
    over: Arc<AtomicBool>,
}

impl Keyboard {
    /// `None` where standard input is no terminal, or another program holds it: a walk in the background asks for no keys.
    pub fn listen(requests: Sender<Request>) -> io::Result<Option<Self>> {
        if !io::stdin().is_terminal() || !in_foreground() {
            return Ok(None);
        }
        let terminal = Terminal::remember();
        let mut single = mode()?;
        single.c_lflag &= !(libc::ICANON | libc::ECHO);
        // A walk that is stopped by a slip of the finger is silent, which a walker could take for an empty street.
        for key in [libc::VSUSP, libc::VQUIT] {
            single.c_cc[key] = 0;
        }
        (single.c_cc[libc::VMIN], single.c_cc[libc::VTIME]) = (1, 0);
        set_mode(&single)?;
        let keyboard = Self { _terminal: terminal, over: Arc::default() };
        let over = Arc::clone(&keyboard.over);
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || read(&requests, &over))?;
        Ok(Some(keyboard))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn read(requests: &Sender<Request>, over: &AtomicBool) {
    let mut stdin = io::stdin().lock();
    while !over.load(Ordering::Relaxed) {
        if !wait::readable(&[io::stdin().as_fd()], POLL)[0] {
            continue;
        }
        if !in_foreground() {
            // To read would stop the whole program.
            thread::sleep(POLL);
            continue;
        }
        let (controls, count) = match stdin.fill_buf() {
            Ok([]) => return,
            Ok(bytes) => (keys::controls(bytes), bytes.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return tracing::warn!("keyboard: {error}"),
        };
        stdin.consume(count);
        for control in controls {
            let request = Request { asked: Asked::new(control, By::Keys), reply: None };
            if requests.send(request).is_err() {
                return;
            }
        }
    }
}

/// Whether the terminal is this program's now.
fn in_foreground() -> bool {
    // SAFETY: both calls take and give plain numbers.
    unsafe { libc::tcgetpgrp(io::stdin().as_raw_fd()) == libc::getpgrp() }
}

fn mode() -> io::Result<libc::termios> {
    let mut mode = MaybeUninit::uninit();
    // SAFETY: `mode` has room for a termios, which is filled where the call says so.
    if unsafe { libc::tcgetattr(io::stdin().as_raw_fd(), mode.as_mut_ptr()) } == 0 {
        // SAFETY: as just said.
        Ok(unsafe { mode.assume_init() })
    } else {
        Err(io::Error::last_os_error())
    }
}

fn set_mode(mode: &libc::termios) -> io::Result<()> {
    // SAFETY: `mode` lives through the call.
    if unsafe { libc::tcsetattr(io::stdin().as_raw_fd(), libc::TCSANOW, mode) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
