//! `phrases`: may these words be said to a walker?

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use serde_json::json;
use streetscape::vocabulary::{
    Vocabulary,
    lint::Lint,
    phrases::{self, Sentence},
};

use crate::args::Common;

/// Judges each phrase of `file`: a `phrases.toml`, or a plain list, a phrase a line.
pub fn check(file: &Path, common: &Common) -> Result<ExitCode> {
    let lint = Lint::shipped()?;
    let name = file.display().to_string();
    let text = fs::read_to_string(file).with_context(|| name.clone())?;
    let is_list = file.extension().is_none_or(|extension| extension != "toml");
    let language = common.language.as_deref();
    let sentences = if is_list {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let judged = lines.map(|(i, line)| {
            let (line, text) = (i + 1, line.trim().to_owned());
            Sentence { line, verdict: lint.check(&text, language), text }
        });
        judged.collect()
    } else {
        phrases::sentences(&name, &text, &lint)?
    };
    let refused = sentences.iter().filter(|s| s.verdict.is_err()).count();
    for Sentence { line, text, verdict } in &sentences {
        match (verdict, common.json) {
            (Ok(()), true) => println!("{}", json!({"line": line, "phrase": text, "ok": true})),
            (Err(refusal), true) => {
                let reason = refusal.to_string();
                println!(
                    "{}",
                    json!({"line": line, "phrase": text, "ok": false, "kind": refusal.reason.id(), "reason": reason})
                );
            }
            (Err(refusal), false) => println!("{name}, line {line}: {text}: {refusal}"),
            (Ok(()), false) => {}
        }
    }
    // What else is wrong in a caregiver's file would be found at a walk's start.
    let problems = if is_list {
        Vec::new()
    } else {
        phrases::parse(&name, &text, &Vocabulary::shipped()?, &lint).err().unwrap_or_default()
    };
    let others: Vec<_> = problems.iter().filter(|p| !p.refused).collect();
    for problem in &others {
        eprintln!("streetscape: {problem}");
    }
    if !common.quiet {
        eprintln!("{} phrases, {refused} refused", sentences.len());
    }
    Ok(if refused == 0 && others.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
