//! A guard outside the loop: another process that ends a walk which no longer answers, and begins it again.
//!
//! Owns the walk's process, and the socket on which it must be heard: the one by which systemd hears services (`sd_notify`), so that either may
//! stand guard. Leaves to the walk what it says of having been begun again. A process, since a thread that hangs in a driver can be ended
//! by nothing less.

use std::{
    env, fs, io,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, net::UnixDatagram, process::ExitStatusExt},
    process::{Child, Command, ExitStatus},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Set for a walk that was begun again, to why: by a guard, or by a service manager whose guard failed.
pub const AGAIN: &str = "STREETSCAPE_AGAIN";
/// Names the socket, as systemd does.
const SOCKET: &str = "NOTIFY_SOCKET";
/// The loop goes on.
const PULSE: &[u8] = b"WATCHDOG=1";
/// The first of them came.
const READY: &[u8] = b"READY=1";

/// The patience of a guard.
#[derive(Clone, Copy, Debug)]
pub struct GuardConfig {
    /// From the start to the first pulse: a model is loaded meanwhile.
    pub start: Duration,
    /// Between two pulses.
    pub pulse: Duration,
    /// A walk that ends sooner than this after it was begun again, as often as [`GuardConfig::tries`], is given up.
    pub soon: Duration,
    /// See there.
    pub tries: u32,
}

impl Default for GuardConfig {
    /// A lost voice may take 16 s to be replaced, and the loop waits for it. With the heartbeat's 15 s and a start of some seconds a walker waits less
    /// than a minute for a sign of life.
    fn default() -> Self {
        Self { start: Duration::from_secs(60), pulse: Duration::from_secs(20), soon: Duration::from_secs(20), tries: 3 }
    }
}

/// Why a walk was begun again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It gave no sign of life.
    Hung,
    /// It ended without having been asked.
    Died,
}

/// Tells whoever stands guard that the loop goes on; nothing where nobody does.
pub fn pulse() {
    tell(PULSE);
}

fn tell(message: &[u8]) {
    let Some(socket) = env::var_os(SOCKET) else { return };
    let sent = UnixDatagram::unbound().and_then(|from| {
        from.set_nonblocking(true)?;
        if let Some(name) = socket.as_bytes().strip_prefix(b"@") {
            use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
            return from.send_to_addr(message, &SocketAddr::from_abstract_name(name)?);
        }
        from.send_to(message, &socket)
    });
    if let Err(error) = sent {
        tracing::debug!("{SOCKET}: {error}");
    }
}

/// Runs what `walk` gives, begun again with why it ended wherever it hangs or dies, until it ends by itself or `stop` is set. Gives the last status.
pub fn guard(walk: &mut dyn FnMut(Option<Why>) -> Command, config: &GuardConfig, stop: &AtomicBool) -> io::Result<ExitStatus> {
    let folder = tempfile::Builder::new().prefix("streetscape-").permissions(fs::Permissions::from_mode(0o700)).tempdir()?;
    let path = folder.path().join("pulse");
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    let (mut why, mut failures) = (None, 0);
    loop {
        let began = Instant::now();
        let mut command = walk(why);
        command.env(SOCKET, &path);
        if let Some(why) = why {
            command.env(AGAIN, if why == Why::Hung { "hung" } else { "died" });
        }
        let mut child = command.spawn()?;
        let (status, hung) = watch(&mut child, &socket, config, stop)?;
        // What was asked to end, or says by its status that it can't go on, is not begun again.
        let died = status.signal().is_some() || status.code() == Some(PANICKED);
        if stop.load(Ordering::Relaxed) || !(hung || died) {
            return Ok(status);
        }
        failures = if began.elapsed() < config.soon { failures + 1 } else { 0 };
        if failures >= config.tries {
            return Ok(status);
        }
        tracing::error!("the walk {} and is begun again", if hung { "hung" } else { "died" });
        why = Some(if hung { Why::Hung } else { Why::Died });
    }
}

/// How long a walk that was asked to end may take.
const END: Duration = Duration::from_secs(5);
/// The status of a Rust program that panicked.
const PANICKED: i32 = 101;

/// Waits for the end of `child`; ends it where it is not heard in time. Whether it was.
fn watch(child: &mut Child, socket: &UnixDatagram, config: &GuardConfig, stop: &AtomicBool) -> io::Result<(ExitStatus, bool)> {
    let mut due = Instant::now() + config.start;
    let (mut message, mut asked) = ([0; 256], None);
    loop {
        if stop.load(Ordering::Relaxed) && asked.is_none() {
            asked = Some(Instant::now());
            let id = i32::try_from(child.id()).map_err(io::Error::other)?;
            // SAFETY: the child was not waited for yet, so that its number is nobody else's.
            unsafe { libc::kill(id, libc::SIGTERM) };
        }
        if let Some(status) = child.try_wait()? {
            return Ok((status, false));
        }
        match socket.recv(&mut message) {
            Ok(length) => {
                let told = message.get(..length).unwrap_or_default();
                if told.starts_with(PULSE) {
                    // To systemd a service has started once it is told so; further times change nothing.
                    tell(READY);
                    tell(told);
                    due = Instant::now() + config.pulse;
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
        let late = asked.map_or(Instant::now() > due, |asked| asked.elapsed() > END);
        if late {
            child.kill()?;
            return Ok((child.wait()?, true));
        }
    }
}
