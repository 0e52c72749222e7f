//! The walker's controls: the ways in for a walk, and `ctl`, which asks one that is under way.

use std::{process::ExitCode, sync::mpsc};

use anyhow::Result;
#[cfg(target_os = "linux")]
use streetscape::pipeline::controls::buttons;
use streetscape::{
    control::Control,
    pipeline::controls::{
        Request,
        keyboard::Keyboard,
        socket::{self, Socket, SocketError},
    },
};

use crate::args::Common;

/// Asks the walk that is under way, and prints what it says.
pub fn ctl(control: Control, common: &Common) -> Result<ExitCode> {
    let text = socket::ask(&socket::folder()?, control)?;
    if common.json {
        println!("{}", serde_json::json!({"command": control.id(), "text": text}));
    } else if !text.is_empty() {
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a walk hears what it is asked for; the terminal and the socket are given back when this is dropped.
pub struct Ways {
    _keyboard: Option<Keyboard>,
    _socket: Option<Socket>,
}

impl Ways {
    /// Opens all that there are. One that fails is told, and takes none of the others with it; but no two walks are walked at once.
    pub fn open() -> Result<(Self, mpsc::Receiver<Request>), SocketError> {
        let (requests, asked) = mpsc::channel();
        let socket = match socket::folder().and_then(|folder| Socket::listen(&folder, requests.clone())) {
            Err(taken @ SocketError::Taken { .. }) => return Err(taken),
            socket => socket.inspect_err(|error| tracing::warn!("`ctl` does not reach this walk: {error}")).ok(),
        };
        let keyboard = Keyboard::listen(requests.clone());
        let keyboard = keyboard.inspect_err(|error| tracing::warn!("no keys are heard: {error}")).ok().flatten();
        #[cfg(target_os = "linux")]
        if let Err(error) = buttons::listen(buttons::Folders::default(), requests) {
            tracing::warn!("no headset's buttons are heard: {error}");
        }
        Ok((Self { _keyboard: keyboard, _socket: socket }, asked))
    }
}
