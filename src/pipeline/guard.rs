//! A guard outside the loop: another process that ends a walk which no longer answers, and begins it again.
//!
//! Owns the walk's process, why it ended, and the socket on which it must be heard: the one by which systemd hears services (`sd_notify`), so that either may
//! stand guard. Leaves to the walk what it says of having been begun again. A process, since a thread that hangs in a driver can be ended
//! by nothing less.

use std::{
    env, fs, io,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, net::UnixDatagram, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::live::FIRST;

/// Set for a walk that was begun again, to why: by a guard, or by a service manager whose guard failed.
pub const AGAIN: &str = "STREETSCAPE_AGAIN";
/// Names the socket, as systemd does.
const SOCKET: &str = "NOTIFY_SOCKET";
/// The loop goes on.
const PULSE: &[u8] = b"WATCHDOG=1";
/// The first of them came.
const READY: &[u8] = b"READY=1";

/// The patience of a guard.
#[derive(Clone, Debug)]
pub struct GuardConfig {
    /// From the start to the first pulse: a model is loaded meanwhile.
    pub start: Duration,
    /// Between two pulses.
    pub pulse: Duration,
    /// A walk that ends sooner than this after it was begun again, as often as [`GuardConfig::tries`], is given up.
    pub soon: Duration,
    /// See there.
    pub tries: u32,
    /// Where the kernel counts the programs that it ended for want of memory.
    pub vmstat: PathBuf,
}

impl Default for GuardConfig {
    /// A lost voice may take 9 s to be replaced, where a device hangs too, and the loop waits for it. With the heartbeat's 15 s and a start of some seconds a walker waits less
    /// than a minute for a sign of life.
    fn default() -> Self {
        let (start, pulse, soon) = (Duration::from_secs(60), Duration::from_secs(20), Duration::from_secs(20));
        Self { start, pulse, soon, tries: 3, vmstat: PathBuf::from("/proc/vmstat") }
    }
}

/// Why a walk was begun again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It gave no sign of life.
    Hung,
    /// A fault of the program ended it.
    Crashed,
    /// The kernel ended it, since there was no memory left.
    OutOfMemory,
    /// It was ended from outside, or nobody knows.
    Ended,
}

impl Why {
    const ALL: [Why; 4] = [Why::Hung, Why::Crashed, Why::OutOfMemory, Why::Ended];

    /// The name in [`AGAIN`].
    pub fn id(self) -> &'static str {
        match self {
            Why::Hung => "hung",
            Why::Crashed => "crashed",
            Why::OutOfMemory => "oom-kill",
            Why::Ended => "ended",
        }
    }

    /// What the next walk begins with.
    pub fn message(self) -> &'static str {
        match self {
            Why::Hung => "session-again-hung",
            Why::Crashed => "session-again-crashed",
            Why::OutOfMemory => "session-again-memory",
            Why::Ended => "session-again",
        }
    }

    /// By a guard's own name, or by systemd's `SERVICE_RESULT`.
    fn named(name: &str) -> Why {
        let systemd = match name {
            "watchdog" | "timeout" => Some(Why::Hung),
            "core-dump" => Some(Why::Crashed),
            _ => None,
        };
        systemd.or(Why::ALL.into_iter().find(|why| why.id() == name)).unwrap_or(Why::Ended)
    }

    /// Of a walk that ended with `status`; `starved` tells whether the kernel has ended programs for want of memory meanwhile. `None` where it was
    /// asked to end, or says by its status that it can't go on.
    fn of(status: ExitStatus, starved: bool) -> Option<Why> {
        match status.signal() {
            Some(libc::SIGABRT | libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE | libc::SIGTRAP | libc::SIGSYS) => {
                Some(Why::Crashed)
            }
            Some(libc::SIGKILL) if starved => Some(Why::OutOfMemory),
            Some(_) => Some(Why::Ended),
            None => (status.code() == Some(PANICKED)).then_some(Why::Crashed),
        }
    }
}

/// Why this walk was begun again; `None` where it was not.
pub fn again() -> Option<Why> {
    env::var_os(AGAIN).map(|name| Why::named(&name.to_string_lossy()))
}

/// What this walk begins with.
pub fn greeting() -> &'static str {
    again().map_or(FIRST, Why::message)
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
            command.env(AGAIN, why.id());
        }
        let before = starved(&config.vmstat);
        let mut child = command.spawn()?;
        let (status, hung) = watch(&mut child, &socket, config, stop)?;
        let memory_lacked = starved(&config.vmstat) > before;
        let ended = if hung { Some(Why::Hung) } else { Why::of(status, memory_lacked) };
        let Some(ended) = ended.filter(|_| !stop.load(Ordering::Relaxed)) else { return Ok(status) };
        failures = if began.elapsed() < config.soon { failures + 1 } else { 0 };
        if failures >= config.tries {
            return Ok(status);
        }
        tracing::error!("the walk is begun again: {}, {status}", ended.id());
        why = Some(ended);
    }
}

/// How many programs the kernel has ended for want of memory.
fn starved(vmstat: &Path) -> u64 {
    let text = fs::read_to_string(vmstat).unwrap_or_default();
    let count = text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok());
    count.unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_why_a_walk_ended() {
        for (raw, memory_lacked, want) in [
            (0, false, None),
            (1 << 8, false, None),
            (1 << 8, true, None),
            (PANICKED << 8, false, Some(Why::Crashed)),
            (libc::SIGABRT, false, Some(Why::Crashed)),
            (libc::SIGSEGV | 0x80, true, Some(Why::Crashed)),
            (libc::SIGKILL, false, Some(Why::Ended)),
            (libc::SIGKILL, true, Some(Why::OutOfMemory)),
            (libc::SIGHUP, false, Some(Why::Ended)),
        ] {
            assert_eq!(Why::of(ExitStatus::from_raw(raw), memory_lacked), want, "{raw:#x}");
        }
    }

    #[test]
    fn each_reason_is_known_by_its_name_and_by_systemds() {
        for why in Why::ALL {
            assert_eq!(Why::named(why.id()), why);
        }
        for (result, want) in [
            ("watchdog", Why::Hung),
            ("timeout", Why::Hung),
            ("core-dump", Why::Crashed),
            ("exit-code", Why::Ended),
            ("oom-kill", Why::OutOfMemory),
            ("signal", Why::Ended),
            ("", Why::Ended),
        ] {
            assert_eq!(Why::named(result), want, "{result}");
        }
    }

    #[test]
    fn what_the_kernel_ended_for_want_of_memory_is_counted() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("vmstat");
        assert_eq!(starved(&file), 0);
        fs::write(&file, "nr_free_pages 9\noom_kill 3\noom_kill_x 4\n").expect("a file");
        assert_eq!(starved(&file), 3);
    }
}
