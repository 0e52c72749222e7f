//! `describe`, `rank` and `embed`: photos in a batch, answered in their order.

use std::{
    collections::HashSet,
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use npyz::WriterBuilder;
use serde_json::{Map, Value, json};
use streetscape::{
    bundle::write_whole,
    capture::Photos,
    embedding::Embedding,
    encoder::TextEncoder,
    frame::Timestamp,
    observation::{Finding, Observation, View},
    pipeline::batch::{self, Encoded},
    ranking::rank as rank_captions,
    speech::{Slot, Words},
    vocabulary::Vocabulary,
};

use crate::{
    args::{Common, EmbedArgs, ImageArgs, RankArgs},
    setting_up::Model,
};

/// A short description of each photo.
pub fn describe(args: &ImageArgs, common: &Common) -> Result<ExitCode> {
    let photos = Photos::open(&args.images);
    let model = Model::open(common)?;
    let mut ranker = model.ranker()?;
    let words = Words::load(common.language())?;
    let views = ranker.views();
    let mut observation = Observation::default();
    answer(photos, &model, &views, common, |name, embeddings| {
        ranker.observe(Timestamp::default(), views.iter().copied().zip(embeddings), &mut observation);
        let text = words.describe(&sights(&observation, &model.vocabulary))?;
        Ok(if common.json {
            json!({"image": name, "text": text, "facets": facets(&observation, &model.vocabulary)}).to_string()
        } else {
            format!("{name}: {text}")
        })
    })
}

/// What was answered, as slots and messages; "none" is no sight.
fn sights<'a>(observation: &Observation, vocabulary: &'a Vocabulary) -> Vec<(Slot, &'a str)> {
    let mut sights = Vec::new();
    for finding in &observation.findings {
        let Some(facet) = vocabulary.facet(finding.facet) else { continue };
        let slot = match facet.id.as_str() {
            "place" => Slot::Place,
            "surface" => Slot::Surface,
            "weather" | "light" => Slot::Weather,
            _ => Slot::from(finding.view.direction()),
        };
        let messages = finding.answers.iter().filter_map(|class| facet.classes.get(class.0)?.say.as_deref());
        sights.extend(messages.map(|message| (slot, message)));
    }
    sights
}

/// Each facet of the whole picture: its answer or null, and the ranking of all its classes.
fn facets(observation: &Observation, vocabulary: &Vocabulary) -> Value {
    let whole = observation.findings.iter().filter(|finding| finding.view == View::Full);
    let entry = |finding: &Finding| {
        let facet = vocabulary.facet(finding.facet)?;
        let name = |class: usize| facet.classes.get(class).map(|c| c.name());
        let ranking: Vec<_> = finding.ranking().into_iter().map(|(class, p)| json!([name(class.0), hundredths(p)])).collect();
        let best = finding.answers.first();
        let mut value = json!({
            "class": best.map(|class| name(class.0)),
            "p": best.map(|class| hundredths(finding.p(*class))),
            "ranking": ranking,
        });
        if finding.answers.len() > 1 {
            value["classes"] = finding.answers.iter().map(|class| name(class.0)).collect();
        }
        Some((facet.id.clone(), value))
    };
    Value::Object(whole.filter_map(entry).collect::<Map<_, _>>())
}

/// Each photo against a file of captions.
pub fn rank(args: &RankArgs, common: &Common) -> Result<ExitCode> {
    let captions = captions(&args.captions)?;
    let photos = Photos::open(&args.images.images);
    let model = Model::open(common)?;
    let texts: Vec<&str> = captions.iter().map(String::as_str).collect();
    let embedded = model.text()?.encode(&texts).with_context(|| args.captions.display().to_string())?;
    let calibration = model.bundle.manifest.calibration.captions.clone();
    answer(photos, &model, &[View::Full], common, |name, embeddings| {
        let [picture] = embeddings else { bail!("{name}: no embedding") };
        let ranking = rank_captions(picture, &embedded, calibration.as_ref());
        if common.json {
            let ranking: Vec<_> = ranking
                .iter()
                .map(|r| json!({"caption": captions[r.caption], "score": f64::from(r.score), "p": r.p.map(f64::from)}))
                .collect();
            return Ok(json!({"image": name, "ranking": ranking}).to_string());
        }
        let best = ranking.iter().take(5).map(|r| match r.p {
            Some(p) => format!("  {:>3.0} %  {}", 100.0 * p, captions[r.caption]),
            None => format!("  {:.3}  {}", r.score, captions[r.caption]),
        });
        Ok(std::iter::once(name.to_owned()).chain(best).collect::<Vec<_>>().join("\n"))
    })
}

/// Embeddings of photos or sentences as an array, with the rows' names beside it.
pub fn embed(args: &EmbedArgs, common: &Common) -> Result<ExitCode> {
    let (mut rows, mut names, mut failed) = (Vec::new(), Vec::new(), false);
    let model = Model::open(common)?;
    if let Some(file) = &args.text {
        names = captions(file)?;
        let texts: Vec<&str> = names.iter().map(String::as_str).collect();
        rows = model.text()?.encode(&texts).with_context(|| file.display().to_string())?;
    } else {
        let photos = Photos::open(&args.images);
        batch::encode(photos, &[View::Full], &|| model.image_of_many(), &mut |Encoded { name, embeddings }| {
            match embeddings {
                Ok(embeddings) => {
                    rows.extend(embeddings);
                    names.push(name);
                }
                Err(error) => {
                    failed = true;
                    if common.json {
                        println!("{}", json!({"image": name, "error": error}));
                    } else {
                        eprintln!("streetscape: {error}");
                    }
                }
            }
            true
        })?;
    }
    write_rows(&args.out, &rows, model.bundle.manifest.embedding)?;
    let list = args.out.with_extension("txt");
    let text: String = names.iter().map(|name| format!("{name}\n")).collect();
    write_whole(&list, text.as_bytes()).with_context(|| list.display().to_string())?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write_rows(path: &Path, rows: &[Embedding], width: usize) -> Result<()> {
    let mut bytes = Vec::new();
    let shape = [rows.len() as u64, width as u64];
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
    writer.extend(rows.iter().flat_map(|row| row.as_slice()))?;
    writer.finish()?;
    write_whole(path, &bytes).with_context(|| path.display().to_string())
}

/// Encodes `photos` and prints what `line` makes of each; a photo that fails is told in its place, and the rest goes on.
fn answer(
    photos: Photos,
    model: &Model,
    views: &[View],
    common: &Common,
    mut line: impl FnMut(&str, &[Embedding]) -> Result<String>,
) -> Result<ExitCode> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut failed, mut stopped) = (false, None);
    batch::encode(photos, views, &|| model.image_of_many(), &mut |Encoded { name, embeddings }| {
        let written = match embeddings {
            Ok(embeddings) => line(&name, &embeddings).and_then(|line| Ok(writeln!(out, "{line}")?)),
            Err(error) => {
                failed = true;
                if common.json {
                    writeln!(out, "{}", json!({"image": name, "error": error})).map_err(Into::into)
                } else {
                    eprintln!("streetscape: {error}");
                    Ok(())
                }
            }
        };
        stopped = written.err();
        stopped.is_none()
    })?;
    match stopped {
        Some(error) => Err(error),
        None => {
            out.flush()?;
            Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
    }
}

/// A file of captions, a line each: blank lines and repeated ones are left out, which is said once.
pub fn captions(file: &Path) -> Result<Vec<String>> {
    let place = file.display();
    let bytes = fs::read(file).with_context(|| format!("{place}: name a file with a caption on each line"))?;
    let text = std::str::from_utf8(&bytes).with_context(|| format!("{place}: not UTF-8; save it as UTF-8"))?;
    // Windows puts a mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut captions, mut seen, mut repeated) = (Vec::new(), HashSet::new(), 0);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if seen.insert(line) {
            captions.push(line.to_owned());
        } else {
            repeated += 1;
        }
    }
    if captions.is_empty() {
        bail!("{place}: no captions; write one on each line");
    }
    if repeated > 0 {
        tracing::warn!("{place}: {repeated} captions stand there twice and are ranked once");
    }
    Ok(captions)
}

fn hundredths(p: f32) -> f64 {
    (f64::from(p) * 100.0).round() / 100.0
}
