//! The offline side: makes a model from photos and measures it.

use std::{panic, process};

use clap::Parser;
use streetscape::training::cli::Command;

fn main() -> process::ExitCode {
    // SAFETY: the first thing done, before any thread.
    unsafe { streetscape::encoder::forbid_telemetry() };
    end_with_the_reader();
    let command = Command::parse();
    command.log();
    match command.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("streetscape-train: {error}");
            process::ExitCode::FAILURE
        }
    }
}

/// Lets `| head` end the program without a word: who stopped reading wants no report of a panic.
fn end_with_the_reader() {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let problem = panic.payload().downcast_ref::<String>();
        if problem.is_some_and(|problem| problem.starts_with("failed printing to stdout: Broken pipe")) {
            process::exit(0);
        }
        told(panic);
    }));
}
