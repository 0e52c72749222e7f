//! The offline side: makes a model from photos and measures it.

use std::process::ExitCode;

use clap::Parser;
use streetscape::training::cli::Command;

fn main() -> ExitCode {
    // SAFETY: the first thing done, before any thread.
    unsafe { streetscape::encoder::forbid_telemetry() };
    let command = Command::parse();
    command.log();
    match command.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("streetscape-train: {error}");
            ExitCode::FAILURE
        }
    }
}
