//! `doctor`: what is there, what is missing, and how to mend it.

use std::process::{Command, ExitCode, Stdio};

use anyhow::Result;
use serde_json::json;
use streetscape::{
    capture,
    encoder::{EncoderOptions, OnnxImageEncoder, OnnxTextEncoder, Runtime, Segmenter, SessionOptions, segmenter_file},
    speech::{self, Rate, SpeechError, VoiceChoice},
};

use crate::{args::Common, setting_up};

/// One finding: what was looked at, and what there is or how to get it.
struct Finding {
    what: &'static str,
    found: Result<String, String>,
    /// Whether a walk is impossible without it.
    needed: bool,
}

/// Looks at everything that a walk needs. Exit status 1 where something needed is missing.
pub fn doctor(common: &Common) -> Result<ExitCode> {
    let [system, direct] = [VoiceChoice::System, VoiceChoice::Direct].map(|choice| voice(choice, common));
    // Not asked anew: a speech server that has just been let go may still be closing.
    let any = system.clone().or_else(|_| direct.clone());
    let any = any.map_err(|_| "none works, and a walk would be silent; mend one of the two above".to_owned());
    let findings = [
        Finding { what: "ONNX Runtime", found: runtime(common), needed: true },
        Finding { what: "model", found: model(common), needed: true },
        Finding { what: "new captions", found: text(common), needed: false },
        Finding { what: "sides of things", found: segmenter(common), needed: false },
        Finding { what: "camera", found: camera(), needed: true },
        Finding { what: "system voice", found: system, needed: false },
        Finding { what: "direct voice", found: direct, needed: false },
        Finding { what: "a voice at all", found: any, needed: true },
        Finding { what: "short sounds", found: speech::sound_device(), needed: false },
        Finding { what: "recorded video", found: ffmpeg(), needed: false },
    ];
    for Finding { what, found, needed } in &findings {
        let ok = found.is_ok();
        let told = match found {
            Ok(told) | Err(told) => told,
        };
        if common.json {
            println!("{}", json!({"what": what, "ok": ok, "needed": needed, "text": told}));
        } else {
            let mark = if ok { "there  " } else { "MISSING" };
            println!("{mark}  {what}: {told}");
        }
    }
    let walks = findings.iter().all(|finding| finding.found.is_ok() || !finding.needed);
    Ok(if walks { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn runtime(common: &Common) -> Result<String, String> {
    let runtime = Runtime::load(common.runtime.as_deref()).map_err(told)?;
    Ok(format!("{} in {}", runtime.version(), runtime.file().display()))
}

fn model(common: &Common) -> Result<String, String> {
    let bundle = setting_up::bundle(common.model.as_deref()).map_err(told)?;
    if let Some(problem) = bundle.check().first() {
        return Err(problem.to_string());
    }
    let runtime = Runtime::load(common.runtime.as_deref()).map_err(told)?;
    let options = EncoderOptions { device: common.device, precision: common.precision, ..EncoderOptions::default() };
    let image = OnnxImageEncoder::open(runtime, &bundle, &options).map_err(told)?;
    let manifest = &bundle.manifest;
    let mut line =
        format!("{} {} in {}; {} on {}", manifest.name, manifest.version, bundle.dir().display(), image.name(), image.device());
    // Most devices are passed over for one and the same reason.
    for same in image.refusals().chunk_by(|a, b| a.reason == b.reason) {
        let devices: Vec<String> = same.iter().map(|refusal| refusal.device.to_string()).collect();
        let reason = same.first().map_or("", |refusal| &refusal.reason);
        line.push_str(&format!("; not {}: {reason}", devices.join(", ")));
    }
    Ok(line)
}

fn text(common: &Common) -> Result<String, String> {
    let bundle = setting_up::bundle(common.model.as_deref()).map_err(told)?;
    let runtime = Runtime::load(common.runtime.as_deref()).map_err(told)?;
    OnnxTextEncoder::open(runtime, &bundle, &SessionOptions::default()).map_err(told)?;
    Ok("the text tower loads".to_owned())
}

fn segmenter(common: &Common) -> Result<String, String> {
    let file = segmenter_file().ok_or("models/segmenter is missing; put it beside models/street")?;
    let runtime = Runtime::load(common.runtime.as_deref()).map_err(told)?;
    Segmenter::open(runtime, &file, &SessionOptions::default()).map_err(told)?;
    Ok(format!("the segmenter loads from {}", file.display()))
}

fn camera() -> Result<String, String> {
    let names: Vec<_> = capture::list_cameras().iter().map(ToString::to_string).collect();
    if names.is_empty() {
        return Err("none found; plug one in, and see that you may read /dev/video* (group video)".to_owned());
    }
    Ok(names.join(", "))
}

fn voice(choice: VoiceChoice, common: &Common) -> Result<String, String> {
    let rate = common.rate.and_then(Rate::new).unwrap_or_default();
    match speech::open(choice, common.language(), rate) {
        Ok((voice, _)) => Ok(format!("{} works", voice.name())),
        Err(SpeechError::NoVoice { reasons }) => Err(reasons.join("; ")),
        Err(error) => Err(told(error)),
    }
}

fn ffmpeg() -> Result<String, String> {
    let asked = Command::new("ffmpeg").arg("-version").stdin(Stdio::null()).stderr(Stdio::null()).output();
    match asked {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or("ffmpeg").to_owned()),
        Err(error) => Err(format!("ffmpeg: {error}; install the package ffmpeg")),
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
