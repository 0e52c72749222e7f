//! A caregiver's phrases: the file that a walk takes, and `phrases`: may these words be said to a walker?

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use streetscape::{
    bundle::{BACKGROUND, Bundle, PROMPTS, TEXT_F32, TEXT_INT8},
    encoder::{OnnxTextEncoder, Runtime, SessionOptions, TextEncoder},
    pipeline::{
        live::PollPhrases,
        phrases::{Change, PhraseFile},
    },
    vocabulary::{
        Vocabulary,
        lint::Lint,
        phrases::{self, Sentence},
    },
};

use crate::{args::Common, setting_up::Model};

/// Looks at the file that `--phrases` names, else at the one in the user's configuration folder. What it takes to use one is loaded
/// when there is one.
pub fn poll(model: &Model, common: &Common) -> Result<Option<PollPhrases>> {
    let folders = directories::ProjectDirs::from("", "", "streetscape");
    let own = || folders.as_ref().map(|folders| folders.config_dir().join(phrases::FILE));
    if let Some(named) = &common.phrases {
        ensure!(named.is_file(), "{}: there is no such file", named.display());
    }
    let Some(path) = common.phrases.clone().or_else(own) else { return Ok(None) };
    let (runtime, bundle, vocabulary) = (model.runtime, model.bundle.clone(), model.vocabulary.clone());
    let cache = folders.as_ref().map(|folders| folders.cache_dir().to_owned());
    let (mut file, mut beginning) = (None, true);
    Ok(Some(Box::new(move || {
        let at_first = std::mem::take(&mut beginning);
        if file.is_none() && path.exists() {
            let opened = open(&path, cache.as_deref(), runtime, &bundle, &vocabulary);
            file = opened.inspect_err(|error| tracing::error!("{}: {error:#}", path.display())).ok();
        }
        file.as_mut().and_then(|file| file.poll(at_first))
    })))
}

fn open(
    path: &Path,
    cache: Option<&Path>,
    runtime: &'static Runtime,
    bundle: &Bundle,
    vocabulary: &Vocabulary,
) -> Result<PhraseFile> {
    let rows = |name: &str| if bundle.has(name) { bundle.embeddings(name) } else { Ok(Vec::new()) };
    let tower = bundle.clone();
    let embed = move |texts: &[&str]| {
        let mut encoder = OnnxTextEncoder::open(runtime, &tower, &SessionOptions::default())?;
        // One by one: in 8 bits a sentence's embedding depends a little on those beside it.
        Ok(texts.iter().map(|text| encoder.encode(&[text])).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    };
    Ok(PhraseFile {
        path: path.to_owned(),
        cache: cache.map(Path::to_owned),
        vocabulary: vocabulary.clone(),
        lint: Lint::shipped()?,
        background: rows(BACKGROUND)?,
        prompts: rows(PROMPTS)?,
        tower: [TEXT_INT8, TEXT_F32]
            .iter()
            .find_map(|name| bundle.manifest.files.get(*name))
            .map_or("", |f| &f.sha256)
            .to_owned(),
        embed: Box::new(embed),
        read: None,
    })
}

/// What a person should know of the phrases that a replay takes: what is wrong with them, and how often each will be.
pub fn tell(change: &Change, common: &Common) {
    match change {
        Change::Taken { phrases, refused, .. } => {
            refused.iter().for_each(|problem| eprintln!("streetscape: {problem}"));
            for used in phrases.iter().filter(|_| !common.quiet) {
                let (alerts, say) = (used.false_alerts, &used.phrase.say);
                eprintln!("streetscape: \u{201c}{say}\u{201d}: about {alerts:.1} false alerts an hour to be expected");
            }
        }
        Change::Broken { problems, .. } => problems.iter().for_each(|problem| eprintln!("streetscape: {problem}")),
    }
}

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
