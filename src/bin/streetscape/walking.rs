//! `walk` and `replay`: the same step, once from a camera and once from a recording.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use streetscape::{
    callout::Priority,
    capture::{self, CameraSource},
    encoder::{ImageEncoder, segmenter_file},
    narrator::{self, EvidenceConfig, Narrator, Talk},
    ontology::Ontology,
    pipeline::{
        Stages,
        live::{LiveConfig, Sides, Walk},
        phrases::Change,
        policy::PolicyConfig,
        replay::{self, Pace},
        report::{Event, Happening},
        settings::{Keeper, Read, Settings},
        sight::{Sight, SightConfig},
    },
    speech::{self, LengthModel, Rate, SpeechQueue, Tuning, Voice, VoiceChoice, Volume, Words},
};

use crate::{
    args::{Common, ReplayArgs, WalkArgs},
    asking::Ways,
    guarding, logs, phrases, recordings,
    setting_up::Model,
};

/// After a walk was asked to end, what hangs is cut off. The farewell has had its time by then.
const END: Duration = Duration::from_secs(2);

/// A recorded walk, through the same step as a live one.
pub fn replay(args: &ReplayArgs, common: &Common) -> Result<ExitCode> {
    let mut source = capture::open(&args.path, args.fps)?;
    let model = Model::open(common)?;
    let mut stages = stages(&model, SightConfig::default(), args.telling.talk.unwrap_or_default(), args.saver, common)?;
    stages.set_tuning(tuning(common, &Settings::default()));
    if stages.is_silent() && !common.quiet {
        eprintln!("streetscape: {}", silent(&model));
    }
    if let Some(dir) = &args.telling.log_session {
        stages.keep(logs::of_replay(dir, &args.path, &model, common)?);
    }
    let rate = stages.tuning().rate;
    let length = |text: &str| LengthModel::default().length(text, rate);
    if let Some(change) = phrases::poll(&model, common)?.and_then(|mut poll| poll()) {
        phrases::tell(&change, common);
        match change {
            Change::Taken { set, .. } | Change::Broken { last_good: Some(set), .. } => stages.take_phrases(set),
            Change::Broken { last_good: None, .. } => {}
        }
    }
    let mut voice;
    let pace = if args.speak {
        voice = open_voice(common, stages.tuning())?;
        Pace::Aloud(voice.as_mut())
    } else if args.realtime {
        Pace::RealTime(&length)
    } else {
        Pace::Fast(&length)
    };
    let mut printer = Printer::new(common, args.explain);
    let open = || model.eyes_of_many();
    let mut script = args.ask.clone();
    script.sort_by_key(|(at, _)| *at);
    replay::replay(source.as_mut(), &open, &mut stages, pace, &script, &mut |happening| printer.print(happening))?;
    printer.finish()
}

/// The live loop.
pub fn walk(args: &WalkArgs, common: &Common, chosen: Read) -> Result<ExitCode> {
    // The voice comes first: whatever fails after it can be said aloud.
    let tuning = tuning(common, &chosen.settings);
    let mut voice = open_voice(common, tuning)?;
    let mut fails = |message: &str| -> Result<()> {
        speak_to_end(voice.as_mut(), &Words::load(common.language())?.sentence(message, None)?);
        Ok(())
    };
    let (_ways, asked) = match Ways::open() {
        Ok(ways) => ways,
        Err(error) => {
            fails("session-already")?;
            return Err(error);
        }
    };
    let talk = args.telling.talk.or(chosen.settings.talk).unwrap_or_default();
    let (model, mut stages, encoder) = match ready(talk, args.saver, common) {
        Ok(ready) => ready,
        Err(error) => {
            fails("session-cannot-start")?;
            return Err(error);
        }
    };
    stages.set_tuning(tuning);
    if let Some(journal) = logs::of_walk(args.telling.log_session.clone(), &model, common) {
        stages.keep(journal);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let record = match recordings::recorder(&args.record, args.camera.as_deref()) {
        Ok(record) => record,
        Err(error) => {
            fails("session-cannot-start")?;
            return Err(error);
        }
    };
    let camera = args.camera.clone();
    let phrases = phrases::poll(&model, common)?;
    let (choice, language, rate) = (common.voice, common.language().to_owned(), tuning.rate);
    // Where nobody hears anything, nobody has heard the introduction.
    let introduce = !chosen.settings.introduced && common.voice != VoiceChoice::None;
    let news = chosen.problem.iter().map(|_| "settings-broken").collect();
    let walk = Walk {
        stages,
        encoder,
        voice,
        open_camera: Box::new(move |started| Ok(Box::new(CameraSource::open(camera.as_deref(), started)?))),
        open_encoder: Box::new(move || model.eyes()),
        open_voice: Box::new(move || Ok(speech::open_again(choice, &language, rate)?.0)),
        phrases,
        controls: Some(asked),
        keeper: keeper(chosen)?,
        introduce,
        news,
        machine: PathBuf::from("/"),
        pulse: Box::new(guarding::pulse),
        greeting: guarding::greeting(),
        record,
        config: LiveConfig {
            sides: if args.stereo { Sides::Heard } else { Sides::Said },
            ..if args.saver { LiveConfig::saver() } else { LiveConfig::default() }
        },
    };
    let mut printer = Printer::new(common, false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no event loop")?;
    let walked = runtime.block_on(async {
        let flag = Arc::clone(&stop);
        let mut walking = tokio::task::spawn_blocking(move || {
            let walked = walk.run(&flag, &mut |happening| printer.print(happening));
            walked.map(|_| printer)
        });
        tokio::select! {
            walked = &mut walking => Some(walked),
            signal = asked_to_stop() => {
                if let Err(error) = signal {
                    tracing::warn!("signals can't be heard: {error}");
                }
                stop.store(true, Ordering::Relaxed);
                tokio::time::timeout(END, walking).await.ok()
            }
        }
    });
    // A driver that hangs must not hold up the end.
    runtime.shutdown_background();
    let walked = walked.context("the walk hung and was cut off; `--log debug` tells in what; please report this")?;
    walked.context("the walk stopped unexpectedly; please report this")??.finish()
}

/// Ctrl-C, or the end that a service manager asks for.
pub async fn asked_to_stop() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

fn ready(talk: Talk, saver: bool, common: &Common) -> Result<(Model, Stages, Box<dyn ImageEncoder>)> {
    let model = Model::open(common)?;
    let stages = stages(&model, SightConfig::live(), talk, saver, common)?;
    ensure!(!stages.is_silent(), silent(&model));
    let encoder = model.eyes()?;
    Ok((model, stages, encoder))
}

/// Why a walk with `model` is not begun.
fn silent(model: &Model) -> String {
    let dir = model.dir().display();
    format!(
        "{dir} is not calibrated, so that nothing would be said; `streetscape-train quantise {dir} --data PHOTOS` calibrates it"
    )
}

fn stages(model: &Model, sight: SightConfig, talk: Talk, saver: bool, common: &Common) -> Result<Stages> {
    if segmenter_file().is_none() && !common.quiet {
        eprintln!("streetscape: models/segmenter is missing: sides of few things will be told; put it beside models/street");
    }
    let pace = narrator::Pace { talk, ..narrator::Pace::default() };
    let narrator = Narrator::new(&model.vocabulary, EvidenceConfig::default(), pace)?;
    let queue = SpeechQueue::default();
    let sight = Sight::of(&model.bundle, &Ontology::shipped()?, sight)?;
    let words = Words::load(common.language())?;
    let mut stages = Stages::new(model.ranker()?, narrator, queue, words, sight);
    if saver {
        stages.look_as(PolicyConfig::saver());
    }
    Ok(stages)
}

/// How the voice is to speak: as the flags say, else as was chosen.
fn tuning(common: &Common, chosen: &Settings) -> Tuning {
    let usual = chosen.tuning();
    // The flags' own ranges are those of both.
    let (volume, rate) = (common.volume.and_then(Volume::new), common.rate.and_then(Rate::new));
    Tuning { volume: volume.unwrap_or(usual.volume), rate: rate.unwrap_or(usual.rate) }
}

/// Where what the walker chooses goes, if the user has a folder for it.
fn keeper(chosen: Read) -> Result<Option<Keeper>> {
    if let Some(problem) = &chosen.problem {
        tracing::warn!("{problem}");
    }
    let Some(path) = Settings::path().filter(|_| chosen.writable) else { return Ok(None) };
    Ok(Some(Keeper::start(path, chosen.settings).context("no thread for the settings")?))
}

fn open_voice(common: &Common, tuning: Tuning) -> Result<Box<dyn Voice>> {
    let (mut voice, refusals) = speech::open(common.voice, common.language(), tuning.rate)?;
    voice.tune(tuning)?;
    for refusal in refusals {
        tracing::warn!("{refusal}");
    }
    if common.voice == VoiceChoice::None && !common.quiet {
        eprintln!("streetscape: no voice was asked for; what would be said is printed only");
    }
    Ok(voice)
}

/// Says one sentence before the program ends; a voice that never reports is given up after five seconds.
fn speak_to_end(voice: &mut dyn Voice, text: &str) {
    use std::{thread::sleep, time::Instant};
    if let Err(error) = voice.say(speech::UtteranceId(0), text, Priority::Important) {
        tracing::error!("{error}");
        return;
    }
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until && !voice.events().iter().any(|event| !matches!(event, speech::VoiceEvent::Began(_))) {
        sleep(Duration::from_millis(20));
    }
}

/// Happenings on stdout, each at its moment.
pub struct Printer {
    json: bool,
    explain: bool,
    quiet: bool,
    failed: Option<io::Error>,
}

impl Printer {
    pub fn new(common: &Common, explain: bool) -> Self {
        Self { json: common.json, explain, quiet: common.quiet, failed: None }
    }

    pub fn print(&mut self, happening: &Happening) {
        let line = match &happening.event {
            Event::Silence { .. } if !self.explain => return,
            Event::Summary(_) if !self.json => {
                if !self.quiet {
                    eprintln!("{happening}");
                }
                return;
            }
            _ if self.json => happening.json().map_err(io::Error::from),
            _ => Ok(happening.to_string()),
        };
        let mut out = io::stdout().lock();
        let written = line.and_then(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
        // The walk goes on without its transcript; the fault is told at the end.
        if let (Err(error), None) = (written, &self.failed) {
            self.failed = Some(error);
        }
    }

    pub fn finish(self) -> Result<ExitCode> {
        match self.failed {
            // Whoever reads the lines has seen enough.
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("the transcript can't be written"),
            _ => Ok(ExitCode::SUCCESS),
        }
    }
}
