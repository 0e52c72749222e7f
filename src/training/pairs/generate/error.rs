//! Why no further picture can be had. What is wrong with one picture is a [`Skip`](super::super::Skip).

use std::io;

use thiserror::Error;

/// Why a run of generating stops; what was painted is kept, and the same command goes on there.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// A setting with which nothing can be painted.
    #[error("{problem}")]
    Setting {
        /// What is wrong and what to choose instead.
        problem: String,
    },
    /// A program is not there or may not be run.
    #[error("{program}: {source}; install it, or give another {flag}")]
    Program {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
        /// The flag that names it.
        flag: &'static str,
    },
    /// The renderer never answered.
    #[error(
        "the renderer {renderer} does not start: {problem}; it needs Python 3.11 with what tools/scenes/requirements.txt lists: \
         python3.11 -m venv .cache/scenes-venv && .cache/scenes-venv/bin/pip install -r tools/scenes/requirements.txt"
    )]
    Renderer {
        /// Its command.
        renderer: String,
        /// The last that it said.
        problem: String,
    },
    /// The server wants another key.
    #[error("{url}: refuses the key ({status}: {said}); put a valid one into the environment as OPENAI_API_KEY")]
    Key {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's message.
        said: String,
    },
    /// The server does not take what it is asked, whatever the prompt.
    #[error("{url}: does not take the request ({status}: {said}); look up which model and which sizes it offers")]
    Request {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's message.
        said: String,
    },
    /// The server asks to come back later, each time.
    #[error("{url}: still refuses after {tries} tries ({status}: {said}); run the same command later to go on")]
    Busy {
        /// The address.
        url: String,
        /// How often it was asked.
        tries: u32,
        /// HTTP status.
        status: u16,
        /// The server's message.
        said: String,
    },
    /// No server answers.
    #[error("{url}: no answer ({problem}); is the server running, and the address right?")]
    Unreachable {
        /// The address.
        url: String,
        /// What went wrong.
        problem: String,
    },
    /// Not one picture came out.
    #[error(
        "none of the first {count} pictures could be painted, the last because: {problem}; mend that, delete {aside}, and run it again"
    )]
    Hopeless {
        /// Pictures tried.
        count: usize,
        /// What was wrong with the last.
        problem: String,
        /// The folder that names them.
        aside: String,
    },
}
