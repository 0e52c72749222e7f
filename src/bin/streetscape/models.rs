//! `models`: which there are, whether one is whole, and new ones of what others publish.

use std::{
    collections::HashSet,
    env::consts::EXE_SUFFIX,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use streetscape::{
    bundle::{Bundle, MANIFEST, Manifest, user_models},
    encoder::{EncoderOptions, OnnxImageEncoder, OnnxTextEncoder, Runtime, SessionOptions, published},
};

use crate::args::Common;

/// The models that are found, in the order in which they are taken.
pub fn list(common: &Common) -> Result<ExitCode> {
    let mut places = Bundle::places();
    if let Some(user) = user_models()
        && let Ok(entries) = fs::read_dir(&user)
    {
        let mut own: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        own.sort();
        places.extend(own);
    }
    let mut seen = HashSet::new();
    places.retain(|place| place.join(MANIFEST).exists() && seen.insert(place.canonicalize().unwrap_or_else(|_| place.clone())));
    if places.is_empty() {
        Bundle::find()?;
    }
    for place in places {
        let opened = Bundle::open(&place);
        let line = match (&opened, common.json) {
            (Ok(Bundle { manifest: m, .. }), true) => {
                json!({"dir": place, "name": m.name, "version": m.version, "licence": m.licence}).to_string()
            }
            (Ok(Bundle { manifest: m, .. }), false) => format!("{}  {} {}", place.display(), m.name, m.version),
            (Err(error), true) => json!({"dir": place, "error": error.to_string()}).to_string(),
            (Err(error), false) => format!("{}  damaged: {error}", place.display()),
        };
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Tests every checksum, then loads both towers.
pub fn check(dir: &Path, common: &Common) -> Result<ExitCode> {
    let bundle = Bundle::open(dir)?;
    let problems = bundle.check();
    if !problems.is_empty() {
        for problem in &problems {
            eprintln!("streetscape: {problem}");
        }
        bail!("{}: {} of {} files are missing or damaged", dir.display(), problems.len(), bundle.manifest.files.len());
    }
    let runtime = Runtime::load(common.runtime.as_deref())?;
    let image = OnnxImageEncoder::open(
        runtime,
        &bundle,
        &EncoderOptions { device: common.device, precision: common.precision, ..EncoderOptions::default() },
    )?;
    OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default())?;
    let bytes: u64 = bundle.manifest.files.values().map(|file| file.bytes).sum();
    if common.json {
        println!("{}", json!({"dir": dir, "ok": true, "files": bundle.manifest.files.len(), "bytes": bytes}));
    } else {
        let (files, megabytes) = (bundle.manifest.files.len(), bytes as f64 / 1e6);
        println!("{}: whole: {files} files, {megabytes:.1} MB; {} runs on {}", dir.display(), image.name(), image.device());
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a bundle of a published model, among the user's models or in `out`.
pub fn add(dir: &Path, name: Option<String>, out: Option<PathBuf>, common: &Common) -> Result<ExitCode> {
    let own = || {
        let named = name.map(PathBuf::from).or_else(|| Some(dir.canonicalize().ok()?.file_name()?.into()));
        let named = named.filter(|name| name.components().count() == 1).context("--name takes one word, no path")?;
        let models = user_models().context("there is no home folder for models here; name one with --out")?;
        Ok::<_, anyhow::Error>(models.join(named))
    };
    let out = out.map_or_else(own, Ok)?;
    let manifest = make(dir, &out, common)?;
    let bytes: u64 = manifest.files.values().map(|file| file.bytes).sum();
    if common.json {
        println!("{}", json!({"dir": out, "name": manifest.name, "embedding": manifest.embedding, "bytes": bytes}));
    } else {
        let megabytes = bytes as f64 / 1e6;
        println!("{}: {} components, {megabytes:.1} MB; use it with --model", out.display(), manifest.embedding);
    }
    Ok(ExitCode::SUCCESS)
}

/// The bundle `out` of the model in `dir`. Weights become graphs by the trainer's hand, where it lies beside this program.
fn make(dir: &Path, out: &Path, common: &Common) -> Result<Manifest> {
    let trainer = std::env::current_exe()?.with_file_name(format!("streetscape-train{EXE_SUFFIX}"));
    if !published::is_checkpoint(dir) || !trainer.exists() {
        return Ok(published::add(Runtime::load(common.runtime.as_deref())?, dir, out)?);
    }
    let mut export = Command::new(&trainer);
    let exported = export.args(["--quiet", "export", "--from"]).arg(dir).arg("--out").arg(out).output();
    let exported = exported.with_context(|| trainer.display().to_string())?;
    ensure!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr).trim());
    Ok(Bundle::open(out)?.manifest)
}
