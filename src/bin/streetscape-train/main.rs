//! The offline side: makes a model from photos and measures it.

use std::process::ExitCode;

use clap::Parser;
use streetscape::training::cli::Command;

fn main() -> ExitCode {
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
