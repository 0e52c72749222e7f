//! The real voices, heard: Speech Dispatcher and espeak-ng speak into a PulseAudio sink that is recorded.
//!
//! Each test runs itself again inside `tools/sound/null-sink.sh`, so that it has servers of its own and its environment is set
//! before any thread runs. The machine may be busy: what must not come late is measured in recorded samples, not by the clock.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/null_sink.rs"]
mod null_sink;

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use null_sink::with_null_sink;
use streetscape::callout::Priority;
use streetscape::speech::{
    DirectVoice, Earcon, Rate, SystemVoice, Tuning, UtteranceId, Voice, VoiceChoice, VoiceEvent, Volume, open,
};

/// Samples a second of a recording.
const SAMPLE_RATE: usize = 16_000;
/// What counts as sound: 1 % of full scale, far below speech and far above dither.
const SOUND: u16 = 327;

const SHORT: &str = "Zebra crossing on the left.";
const LONG: &str =
    "Residential street. Ahead: zebra crossing, parked car, barrier or cones. On the right: wall or fence, bin or bags.";

/// What comes out of the sink, from `start` to `finish`.
struct Recorder {
    parec: Child,
    sound: ChildStdout,
    samples: Vec<u16>,
}

impl Recorder {
    /// Records once the first samples are there.
    fn start() -> Self {
        let mut parec = Command::new("parec")
            .args(["--device=null.monitor", "--raw", "--format=s16le", "--channels=1", "--latency-msec=10"])
            .arg(format!("--rate={SAMPLE_RATE}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let sound = parec.stdout.take().unwrap();
        let mut recorder = Self { parec, sound, samples: Vec::new() };
        recorder.read(SAMPLE_RATE / 20);
        recorder
    }

    fn read(&mut self, count: usize) {
        let mut bytes = vec![0; count * 2];
        self.sound.read_exact(&mut bytes).expect("parec ended: is the sink gone?");
        self.samples.extend(bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]).unsigned_abs()));
    }

    /// Ends with half a second of silence, which must come within thirty.
    fn finish(mut self) -> Sound {
        let (half, most) = (SAMPLE_RATE / 2, self.samples.len() + SAMPLE_RATE * 30);
        self.read(half);
        while self.samples.iter().rev().take(half).any(|&s| s > SOUND) {
            assert!(self.samples.len() < most, "it never falls silent");
            self.read(SAMPLE_RATE / 20);
        }
        self.parec.kill().unwrap();
        self.parec.wait().unwrap();
        let first = self.samples.iter().position(|&s| s > SOUND);
        let last = self.samples.iter().rposition(|&s| s > SOUND);
        let span = match (first, last) {
            (Some(first), Some(last)) => &self.samples[first..=last],
            _ => &[],
        };
        let energy: f64 = span.iter().map(|&s| (f64::from(s) / 32768.0).powi(2)).sum();
        Sound {
            length: Duration::from_secs_f64(span.len() as f64 / SAMPLE_RATE as f64),
            loudness: (energy / span.len().max(1) as f64).sqrt(),
        }
    }
}

/// What was heard, from its first sound to its last.
#[derive(Debug)]
struct Sound {
    length: Duration,
    /// Root mean square, of full scale.
    loudness: f64,
}

/// Events until one is `done`, that one included.
#[track_caller]
fn events_until(voice: &mut dyn Voice, done: impl Fn(&VoiceEvent) -> bool) -> Vec<VoiceEvent> {
    let patience = Instant::now() + Duration::from_secs(40);
    let mut events = Vec::new();
    while !events.last().is_some_and(&done) {
        assert!(Instant::now() < patience, "waited in vain after {events:?}");
        std::thread::sleep(Duration::from_millis(2));
        for event in voice.events() {
            events.push(event);
            if done(events.last().unwrap()) {
                break;
            }
        }
    }
    events
}

/// `text` is heard whole and loud enough, and the voice reports its beginning and its end.
fn check_sentence(voice: &mut dyn Voice, text: &str) {
    let id = UtteranceId(1);
    let recorder = Recorder::start();
    voice.say(id, text, Priority::Important).unwrap();
    let events = events_until(voice, |event| *event == VoiceEvent::Finished(id));
    let sound = recorder.finish();
    assert_eq!(events, [VoiceEvent::Began(id), VoiceEvent::Finished(id)]);
    let model = voice.length(text);
    println!("{}: {text:?} {sound:?}, the model says {model:?}", voice.name());
    // The model is off by 0.19 s at most; a busy machine may tear gaps into the sound, but can't shorten it.
    assert!(sound.length + Duration::from_millis(300) > model, "cut short: {sound:?}, not {model:?}");
    assert!(sound.length < model + Duration::from_millis(1000), "stretched: {sound:?}, not {model:?}");
    assert!((0.02..0.7).contains(&sound.loudness), "speech has a loudness of .05 to .3: {sound:?}");
}

/// `LONG` is silenced in the middle; what sounds after `stop` is short.
fn check_stop(voice: &mut dyn Voice) {
    let id = UtteranceId(2);
    let recorder = Recorder::start();
    let said = Instant::now();
    voice.say(id, LONG, Priority::Important).unwrap();
    events_until(voice, |event| *event == VoiceEvent::Began(id));
    std::thread::sleep(Duration::from_millis(800));
    voice.stop().unwrap();
    let stopped = said.elapsed();
    events_until(voice, |event| *event == VoiceEvent::Stopped(id));
    let sound = recorder.finish();
    println!("{}: stopped after {stopped:?}, {sound:?}", voice.name());
    assert!(sound.length > Duration::from_millis(300), "hardly begun: {sound:?}");
    // Silence comes 20 ms (direct) and 100 ms (system) after `stop` where the machine has time; no sound comes before `say`.
    assert!(sound.length < stopped + Duration::from_millis(400), "speaks on after {stopped:?}: {sound:?}");
}

/// A second sentence cuts the first short, and is heard whole.
fn check_interruption(voice: &mut dyn Voice) {
    let (long, short) = (UtteranceId(3), UtteranceId(4));
    let recorder = Recorder::start();
    let said = Instant::now();
    voice.say(long, LONG, Priority::Important).unwrap();
    events_until(voice, |event| *event == VoiceEvent::Began(long));
    std::thread::sleep(Duration::from_millis(300));
    voice.say(short, SHORT, Priority::Important).unwrap();
    let interrupted = said.elapsed();
    let events = events_until(voice, |event| *event == VoiceEvent::Finished(short));
    let sound = recorder.finish();
    println!("{}: interrupted after {interrupted:?}, {sound:?}", voice.name());
    assert_eq!(events, [VoiceEvent::Stopped(long), VoiceEvent::Began(short), VoiceEvent::Finished(short)]);
    let whole = interrupted + voice.length(SHORT) + Duration::from_millis(1500);
    assert!(sound.length < whole, "the first sentence went on: {sound:?}");
    assert!(sound.length + Duration::from_millis(300) > voice.length(SHORT), "the second was cut short: {sound:?}");
}

/// Volume and rate are those of the next sentence.
fn check_tuning(voice: &mut dyn Voice) {
    let mut said = |percent, words| {
        voice.tune(Tuning { volume: Volume::new(percent).unwrap(), rate: Rate::new(words).unwrap() }).unwrap();
        let (id, recorder) = (UtteranceId(6), Recorder::start());
        voice.say(id, LONG, Priority::Important).unwrap();
        events_until(voice, |event| *event == VoiceEvent::Finished(id));
        let sound = recorder.finish();
        println!("{}: {percent} %, {words} words a minute: {sound:?}", voice.name());
        sound
    };
    let (soft, loud, fast) = (said(20, 190), said(100, 190), said(100, 380));
    assert!(loud.loudness > 2.0 * soft.loudness, "{soft:?}, {loud:?}");
    assert!(fast.length < loud.length * 3 / 4, "{loud:?}, {fast:?}");
}

/// `server` is killed while the voice speaks; the voice says so.
fn check_loss(voice: &mut dyn Voice, folder: &Path, server: &str) {
    let id = UtteranceId(5);
    voice.say(id, SHORT, Priority::Important).unwrap();
    events_until(voice, |event| *event == VoiceEvent::Began(id));
    let pid = fs::read_to_string(folder.join(server)).unwrap();
    assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    let events = events_until(voice, |event| matches!(event, VoiceEvent::Lost(_)));
    println!("{}: {events:?}", voice.name());
}

#[test]
fn the_system_voice_is_heard_and_falls_silent_when_told() {
    with_null_sink("the_system_voice_is_heard_and_falls_silent_when_told", |folder| {
        let mut voice = SystemVoice::open("en", Rate::default()).unwrap();
        check_sentence(&mut voice, SHORT);
        check_stop(&mut voice);
        check_interruption(&mut voice);
        check_tuning(&mut voice);
        check_loss(&mut voice, folder, "speechd.pid");
    });
}

#[test]
fn the_direct_voice_is_heard_and_falls_silent_when_told() {
    with_null_sink("the_direct_voice_is_heard_and_falls_silent_when_told", |folder| {
        let mut voice = DirectVoice::open("en", Rate::default()).unwrap();
        voice.say(UtteranceId(0), LONG, Priority::Important).unwrap();
        drop(voice);
        let mut voice = DirectVoice::open("en", Rate::default()).expect("opened anew, though dropped while it spoke");
        check_sentence(&mut voice, SHORT);
        check_stop(&mut voice);
        check_interruption(&mut voice);
        check_tuning(&mut voice);
        check_loss(&mut voice, folder, "pulseaudio.pid");
    });
}

/// What a screen reader says is cut short by a hazard alone, whatever else comes while it speaks.
#[test]
fn a_screen_reader_is_cut_short_by_nothing_but_a_hazard() {
    with_null_sink("a_screen_reader_is_cut_short_by_nothing_but_a_hazard", |_| {
        let (reader, ours) = (UtteranceId(1), UtteranceId(2));
        for (priority, text) in
            [(Priority::Message, SHORT), (Priority::Text, SHORT), (Priority::Notification, SHORT), (Priority::Important, LONG)]
        {
            let mut orca = SystemVoice::open("en", Rate::default()).unwrap();
            let mut voice = SystemVoice::open("en", Rate::default()).unwrap();
            // As Orca does.
            orca.say(reader, text, Priority::Message).unwrap();
            events_until(&mut orca, |event| *event == VoiceEvent::Began(reader));
            voice.say(ours, SHORT, priority).unwrap();
            let end = |event: &VoiceEvent| matches!(event, VoiceEvent::Finished(_) | VoiceEvent::Stopped(_));
            let (theirs, own) = (events_until(&mut orca, end), events_until(&mut voice, end));
            println!("{}: the screen reader {theirs:?}, the walk {own:?}", priority.id());
            let cut = priority == Priority::Important;
            let want = if cut { VoiceEvent::Stopped(reader) } else { VoiceEvent::Finished(reader) };
            assert_eq!(theirs.last(), Some(&want), "{}", priority.id());
        }
    });
}

/// A voice of another language spells these letters or characters, which takes far longer than the words do.
#[test]
fn both_voices_speak_the_language_that_is_asked_for() {
    with_null_sink("both_voices_speak_the_language_that_is_asked_for", |_| {
        for (language, text) in [("zh-TW", "前方斑馬線，右邊斑馬線。"), ("de", "Übergang mit Ampel voraus.")] {
            check_sentence(&mut SystemVoice::open(language, Rate::default()).unwrap(), text);
            check_sentence(&mut DirectVoice::open(language, Rate::default()).unwrap(), text);
        }
    });
}

#[test]
fn the_first_voice_that_works_speaks_and_without_any_the_reasons_are_told() {
    with_null_sink("the_first_voice_that_works_speaks_and_without_any_the_reasons_are_told", |folder| {
        let (mut voice, refusals) = open(VoiceChoice::Auto, "en", Rate::default()).unwrap();
        assert_eq!((voice.name(), refusals.len()), ("system", 0));
        check_sentence(voice.as_mut(), SHORT);
        drop(voice);

        kill_and_wait(folder, "speechd.pid", "run/speechd.sock");
        let (mut voice, refusals) = open(VoiceChoice::Auto, "en", Rate::default()).unwrap();
        assert_eq!(voice.name(), "direct");
        assert!(refusals[0].to_string().contains("spd-say"), "{refusals:?}");
        check_sentence(voice.as_mut(), SHORT);
        drop(voice);

        kill_and_wait(folder, "pulseaudio.pid", "run/pulse.sock");
        let error = open(VoiceChoice::Auto, "en", Rate::default()).err().expect("no voice is left").to_string();
        println!("{error}");
        assert!(error.contains("system voice: ") && error.contains("direct voice: "), "{error}");
    });
}

/// Ends a server of the null sink, and takes its socket away so that nothing starts it anew there.
fn kill_and_wait(folder: &Path, server: &str, socket: &str) {
    let pid = fs::read_to_string(folder.join(server)).unwrap();
    assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    let _ = fs::remove_file(folder.join(socket));
}

/// When bursts louder than `level` begin, in milliseconds, where 8 ms of less part two.
fn bursts(samples: &[u16], level: u16) -> Vec<usize> {
    let (mut begun, mut last): (Vec<usize>, Option<usize>) = (Vec::new(), None);
    for i in (0..samples.len()).filter(|i| samples[*i] > level) {
        if last.is_none_or(|last| i - last > SAMPLE_RATE / 125) {
            begun.push(i * 1000 / SAMPLE_RATE);
        }
        last = Some(i);
    }
    begun
}

/// A hazard's words come after noise and three tones, and a heartbeat is two.
fn check_short_sounds(voice: &mut dyn Voice) {
    let mut recorder = Recorder::start();
    voice.cue(Earcon::Hazard, None).unwrap();
    voice.say(UtteranceId(7), SHORT, Priority::Important).unwrap();
    events_until(voice, |event| *event == VoiceEvent::Finished(UtteranceId(7)));
    recorder.read(SAMPLE_RATE / 2);
    let samples = recorder.samples.clone();
    let sound = recorder.finish();
    let noise = samples.iter().position(|s| *s > 10).expect("noise") * 1000 / SAMPLE_RATE;
    let loud = bursts(&samples, 3000);
    println!("noise at {noise} ms, bursts at {:?} ms, {sound:?}", &loud[..loud.len().min(6)]);
    let tones: Vec<_> = loud.iter().map(|at| at - loud[0]).take_while(|at| *at < 115).collect();
    assert_eq!(tones.len(), 3, "{tones:?}");
    assert!((40..=50).contains(&tones[1]) && (85..=95).contains(&tones[2]), "{tones:?}");
    // The noise is 120 ms long.
    assert!((110..=140).contains(&(loud[0] - noise)), "noise at {noise} ms, a tone at {} ms", loud[0]);
    let whole = voice.length(SHORT) + Duration::from_millis(120);
    assert!(sound.length + Duration::from_millis(300) > whole, "the words are cut short: {sound:?}, not {whole:?}");

    let mut recorder = Recorder::start();
    voice.cue(Earcon::Heartbeat, None).unwrap();
    recorder.read(SAMPLE_RATE);
    let beats = bursts(&recorder.samples, 600);
    recorder.finish();
    println!("a heartbeat: {beats:?} ms");
    assert_eq!(beats.len(), 2, "{beats:?}");
    assert_eq!(voice.events(), [VoiceEvent::Began(UtteranceId::HEARTBEAT)], "its end nobody waits for");
}

#[test]
fn a_hazard_is_led_in_by_noise_that_wakes_a_headset_and_three_tones_and_a_heartbeat_by_nothing() {
    with_null_sink("a_hazard_is_led_in_by_noise_that_wakes_a_headset_and_three_tones_and_a_heartbeat_by_nothing", |_| {
        check_short_sounds(&mut DirectVoice::open("en", Rate::default()).expect("the direct voice"));
        check_short_sounds(&mut SystemVoice::open("en", Rate::default()).expect("the system's voice"));
    });
}

#[test]
fn a_device_that_was_woken_ahead_lets_a_hazard_be_heard_at_once() {
    with_null_sink("a_device_that_was_woken_ahead_lets_a_hazard_be_heard_at_once", |_| {
        let mut voice = DirectVoice::open("en", Rate::default()).expect("the direct voice");
        let mut recorder = Recorder::start();
        voice.wake().unwrap();
        recorder.read(SAMPLE_RATE / 2);
        // It is awake already.
        voice.wake().unwrap();
        recorder.read(SAMPLE_RATE / 2);
        voice.cue(Earcon::Hazard, None).unwrap();
        voice.say(UtteranceId(8), SHORT, Priority::Important).unwrap();
        recorder.read(SAMPLE_RATE);
        let samples = recorder.samples.clone();
        recorder.finish();
        let place = |level: u16| samples.iter().position(|s| *s > level).expect("a sound");
        let (noise, tone) = (place(10), place(3000));
        let silence = samples[..tone].iter().rev().skip(SAMPLE_RATE / 100).take_while(|s| **s <= 10).count();
        let ms = |samples: usize| samples * 1000 / SAMPLE_RATE;
        println!("noise at {} ms, a tone at {} ms, behind {} ms of silence", ms(noise), ms(tone), ms(silence));
        let noisy = ms(tone - noise) - ms(silence);
        assert!(ms(silence) > 300 && (100..200).contains(&noisy), "the noise takes {noisy} ms");
    });
}
