//! `walk` under guard: this process watches, another one walks.
//!
//! Owns which of the two this is. Where no guard can be stood, the walk goes without.

use std::process::ExitCode;

use anyhow::Result;
use streetscape::pipeline::settings::Read;

use crate::{
    args::{Common, WalkArgs},
    walking,
};

/// Set for the process that walks.
#[cfg(target_os = "linux")]
const WALKER: &str = "STREETSCAPE_WALKER";

#[cfg(target_os = "linux")]
pub fn walk(args: &WalkArgs, common: &Common, chosen: Read) -> Result<ExitCode> {
    use std::{
        env,
        process::Command,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use anyhow::Context;
    use streetscape::pipeline::{
        controls::keyboard::Terminal,
        guard::{GuardConfig, guard},
    };

    if walks() {
        return walking::walk(args, common, chosen);
    }
    // A walk that is killed gives nothing back.
    let _terminal = Terminal::remember();
    let program = env::current_exe().context("this program can't find itself")?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let guarding = move || {
        let mut begin = |_| {
            let mut command = Command::new(&program);
            command.args(env::args_os().skip(1)).env(WALKER, "1");
            command
        };
        guard(&mut begin, &GuardConfig::default(), &asked)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no event loop")?;
    let status = runtime.block_on(async {
        let mut guarding = tokio::task::spawn_blocking(guarding);
        tokio::select! {
            status = &mut guarding => status,
            signal = walking::asked_to_stop() => {
                if let Err(error) = signal {
                    tracing::warn!("signals can't be heard: {error}");
                }
                stop.store(true, Ordering::Relaxed);
                guarding.await
            }
        }
    });
    let status = status.context("the guard stopped unexpectedly; please report this")?.context("the walk can't be begun")?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(not(target_os = "linux"))]
pub fn walk(args: &WalkArgs, common: &Common, chosen: Read) -> Result<ExitCode> {
    walking::walk(args, common, chosen)
}

/// Whether a walk is walked by this process, and not by another that it watches.
pub fn walks() -> bool {
    #[cfg(target_os = "linux")]
    return std::env::var_os(WALKER).is_some();
    #[cfg(not(target_os = "linux"))]
    true
}

/// Tells whoever stands guard that the loop goes on.
pub fn pulse() {
    #[cfg(target_os = "linux")]
    streetscape::pipeline::guard::pulse();
}

/// What a walk begins with.
pub fn greeting() -> &'static str {
    #[cfg(target_os = "linux")]
    return streetscape::pipeline::guard::greeting();
    #[cfg(not(target_os = "linux"))]
    streetscape::pipeline::live::FIRST
}

/// Whether this walk was begun again.
pub fn is_again() -> bool {
    #[cfg(target_os = "linux")]
    return streetscape::pipeline::guard::again().is_some();
    #[cfg(not(target_os = "linux"))]
    false
}
