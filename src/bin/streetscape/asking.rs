//! The walker's controls: the ways in for a walk, and `ctl`, which asks one that is under way.

use std::{process::ExitCode, sync::mpsc};

use anyhow::Result;
#[cfg(target_os = "linux")]
use streetscape::pipeline::controls::buttons;
#[cfg(unix)]
use streetscape::pipeline::controls::{
    keyboard::Keyboard,
    socket::{self, Socket, SocketError},
};
use streetscape::{control::Control, pipeline::controls::Request};

use crate::args::Common;

/// Asks the walk that is under way, and prints what it says.
#[cfg(unix)]
pub fn ctl(control: Control, common: &Common) -> Result<ExitCode> {
    let text = socket::ask(&socket::folder()?, control)?;
    if common.json {
        println!("{}", serde_json::json!({"command": control.id(), "text": text}));
    } else if !text.is_empty() {
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

/// There is no way to a walk here.
#[cfg(not(unix))]
pub fn ctl(control: Control, _: &Common) -> Result<ExitCode> {
    anyhow::bail!("{control}: no walk can be asked on this system, which has no Unix sockets")
}

/// Where a walk hears what it is asked for; the terminal and the socket are given back when this is dropped.
pub struct Ways {
    #[cfg(unix)]
    _keyboard: Option<Keyboard>,
    #[cfg(unix)]
    _socket: Option<Socket>,
    /// Keeps the way open where nobody uses it.
    _requests: mpsc::Sender<Request>,
}

impl Ways {
    /// Opens all that there are. One that fails is told, and takes none of the others with it; but no two walks are walked at once.
    pub fn open() -> Result<(Self, mpsc::Receiver<Request>)> {
        let (requests, asked) = mpsc::channel();
        #[cfg(unix)]
        let socket = match socket::folder().and_then(|folder| Socket::listen(&folder, requests.clone())) {
            Err(taken @ SocketError::Taken { .. }) => return Err(taken.into()),
            socket => socket.inspect_err(|error| tracing::warn!("`ctl` does not reach this walk: {error}")).ok(),
        };
        #[cfg(target_os = "linux")]
        if let Err(error) = buttons::listen(buttons::Folders::default(), requests.clone()) {
            tracing::warn!("no headset's buttons are heard: {error}");
        }
        #[cfg(unix)]
        let keyboard = Keyboard::listen(requests.clone());
        let ways = Self {
            #[cfg(unix)]
            _keyboard: keyboard.inspect_err(|error| tracing::warn!("no keys are heard: {error}")).ok().flatten(),
            #[cfg(unix)]
            _socket: socket,
            _requests: requests,
        };
        Ok((ways, asked))
    }
}
