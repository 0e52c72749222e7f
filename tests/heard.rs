//! The demo walk as it is heard: walked in real time with the shipped model and the direct voice, and recorded where it sounds.
//! What sounds begins when the session's log says so, and no first syllable is missing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/null_sink.rs"]
mod null_sink;
#[path = "common/recording.rs"]
mod recording;
#[path = "common/shown.rs"]
mod shown;
#[path = "common/street.rs"]
mod street;

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
    process::Command,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use null_sink::with_null_sink;
use recording::{Recorder, count, length, sounds};
use serde_json::Value;
use shown::{EACH, Shown, pictures};
use street::{Lines, Street};
use streetscape::speech::{DirectVoice, Earcon, Rate, Volume};

/// By how much the log may err: 50 ms, and what a machine that does other work adds.
const NEAR: Duration = Duration::from_millis(80);
/// By how much a sound may last longer or shorter than was synthesised, its noise and the device's store included.
const LASTING: Duration = Duration::from_millis(250);
/// What can be heard, of full scale; the noise that wakes a headset is fainter.
const AUDIBLE: f32 = 0.003;
/// What is no silence: digital silence is zero.
const FAINT: f32 = 0.0003;
/// The longest pause within a sentence.
const WITHIN: Duration = Duration::from_millis(150);
/// How long a headset is woken, and by how many milliseconds words may come too late behind that.
const WAKING: Duration = Duration::from_millis(120);
const NEARER: f64 = 15.0;
/// How much of a first syllable is looked at, in how long parts.
const ONSET: usize = 5;
const PART: Duration = Duration::from_millis(20);
/// How loud each must be, as a share of what was synthesised.
const LOUD: RangeInclusive<f32> = 0.5..=2.0;

/// Something that sounded, as the log has it.
#[derive(Debug)]
struct Sounded {
    /// Since the walk began.
    at: Duration,
    earcon: Option<Earcon>,
    /// `None` for a heartbeat.
    words: Option<String>,
}

/// What sounded, by the lines of a log.
fn logged(lines: &[Value]) -> Vec<Sounded> {
    let (mut sounded, mut said) = (Vec::new(), None);
    for line in lines {
        let text = |key: &str| line[key].as_str().unwrap_or_default();
        let at = || Duration::from_secs_f64(line["at"].as_f64().unwrap());
        match text("event") {
            "callout" | "fault" | "answer" => {
                let earcon = match (text("event"), text("facet"), text("priority")) {
                    ("fault", ..) => Some(Earcon::Fault),
                    (_, "session", _) => None,
                    (.., "important") => Some(Earcon::Hazard),
                    (.., "message") => Some(Earcon::Notice),
                    _ => None,
                };
                said = Some((earcon, text("text").to_owned()));
            }
            "began" => {
                let (earcon, words) = said.take().expect("nothing was said that could begin to sound");
                sounded.push(Sounded { at: at(), earcon, words: Some(words) });
            }
            "heartbeat" => sounded.push(Sounded { at: at(), earcon: Some(Earcon::Heartbeat), words: None }),
            _ => {}
        }
    }
    sounded
}

/// What can be heard: its first sample, the faint noise included that leads it in, and the rest without that.
struct Heard {
    led: usize,
    sounds: Range<usize>,
}

fn heard(samples: &[f32]) -> Vec<Heard> {
    let mut end = 0;
    let with_lead = |audible: Range<usize>| {
        let before = sounds(&samples[end..audible.start], FAINT, PART).pop();
        let noise = before.filter(|noise| audible.start - end - noise.end < count(PART));
        let led = noise.map_or(audible.start, |noise| end + noise.start);
        end = audible.end;
        Heard { led, sounds: audible }
    };
    sounds(samples, AUDIBLE, WITHIN).into_iter().map(with_lead).collect()
}

/// The samples of `words` as the synthesiser gives them.
fn synthesised(words: &str) -> Vec<f32> {
    let volume = 2 * u32::from(Volume::default().percent());
    let rate = Rate::default().words_a_minute();
    let output = Command::new("espeak-ng")
        .args(["-v", "en", "-s", &rate.to_string(), "-a", &volume.to_string(), "--stdout", words])
        .output()
        .expect("espeak-ng");
    // Behind the header of a WAV file.
    output.stdout[44..].chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect()
}

/// How many samples come before the first that can be heard.
fn silence(samples: &[f32]) -> usize {
    samples.iter().take_while(|sample| sample.abs() < AUDIBLE).count()
}

/// Where the words begin, counted from the first sample of what is `heard`; by how much that is later than it should be; and how
/// loud each part of their onset is, as a share of what was synthesised. The synthesiser's pitch wavers and its hissing is noise,
/// never twice alike; how they swell is.
fn onset(sounded: &Sounded, wanted: &[f32], heard: &Heard, samples: &[f32]) -> (usize, f64, Vec<f32>) {
    let earcon = sounded.earcon.map_or(0, |earcon| count(earcon.length()));
    let behind = &samples[(heard.sounds.start + earcon).min(heard.sounds.end)..heard.sounds.end];
    let noise = heard.sounds.start - heard.led;
    // What is less than half of it is how a tone swells. With neither noise nor earcon what is heard begins with the words.
    let lead = earcon + if noise < count(WAKING) / 2 { 0 } else { count(WAKING) };
    let place = noise + earcon + silence(behind);
    let should = if lead == 0 { 0 } else { lead + silence(wanted) };
    let loud = |part: &[f32]| (part.iter().map(|s| s * s).sum::<f32>() / part.len().max(1) as f32).sqrt();
    let [wanted, is] = [wanted, behind].map(|samples| samples[silence(samples)..].chunks_exact(count(PART)));
    let onset = wanted.zip(is).take(ONSET).map(|(wanted, is)| loud(is) / loud(wanted).max(FAINT)).collect();
    (place, ms(place) - ms(should), onset)
}

/// A logged sound that begins after a silence, when it ends, and how often it pauses between sentences. What follows it without a silence can't be told
/// from it, but for how long it lasts.
struct Apart<'a> {
    first: &'a Sounded,
    ends: Duration,
    pauses: usize,
}

fn apart<'a>(sounded: &'a [Sounded], words: &BTreeMap<&str, Vec<f32>>) -> Vec<Apart<'a>> {
    let spoken =
        |samples: &Vec<f32>| length(samples.iter().rposition(|sample| sample.abs() >= AUDIBLE).map_or(0, |last| last + 1));
    let mut all: Vec<Apart> = Vec::new();
    for one in sounded {
        let words = one.words.as_deref().and_then(|text| words.get(text));
        let pauses = words.map_or(0, |samples| sounds(samples, AUDIBLE, WITHIN).len().saturating_sub(1));
        let ends = one.at + one.earcon.map_or(Duration::ZERO, |earcon| earcon.length()) + words.map_or(Duration::ZERO, spoken);
        match all.last_mut().filter(|last| one.at <= last.ends + WITHIN) {
            Some(last) => (last.ends, last.pauses) = (ends, last.pauses + pauses),
            None => all.push(Apart { first: one, ends, pauses }),
        }
    }
    all
}

fn ms(samples: usize) -> f64 {
    length(samples).as_secs_f64() * 1e3
}

/// What of `samples`, of which `at` knows the moments, is not as logged; a line for each sound goes to `tell`.
fn faults(
    sounded: &[Apart<'_>],
    words: &BTreeMap<&str, Vec<f32>>,
    samples: &[f32],
    at: &dyn Fn(usize) -> Duration,
    tell: &mut dyn FnMut(String),
) -> Vec<String> {
    let (heard, mut faults) = (heard(samples), Vec::new());
    // A sound torn in two counts as two.
    let pieces: usize = sounded.iter().map(|one| 1 + one.pauses).sum();
    if pieces != heard.len() {
        faults.push(format!("{pieces} sounds logged, {} heard", heard.len()));
    }
    for Apart { first: logged, ends, pauses } in sounded {
        let nearest = heard.iter().enumerate().min_by_key(|(_, sound)| at(sound.led).abs_diff(logged.at));
        let Some((place, sound)) = nearest else { continue };
        let last = heard.get(place + pauses).unwrap_or(sound);
        let (moment, what) = (at(sound.led), logged.words.as_deref().unwrap_or("a heartbeat"));
        let late = (moment.as_secs_f64() - logged.at.as_secs_f64()) * 1e3;
        let mut line =
            format!("logged {:7.3} s, heard {:7.3} s, {late:+3.0} ms", logged.at.as_secs_f64(), moment.as_secs_f64());
        if moment.abs_diff(logged.at) > NEAR {
            faults.push(format!("{what}: {late:+.0} ms from its moment"));
        } else if at(last.sounds.end).abs_diff(*ends) > LASTING {
            faults.push(format!("{what}: heard until {:?}, and should be until {ends:?}", at(last.sounds.end)));
        }
        match words.get(what) {
            None => line += &format!("  {what}"),
            Some(wanted) => {
                let (place, off, onset) = onset(logged, wanted, sound, samples);
                let earcon = logged.earcon.map(|earcon| format!("{earcon:?}, ")).unwrap_or_default();
                line += &format!("  {earcon}{what} from {:.0} ms on ({off:+.0}), its onset {onset:.2?} as loud", ms(place));
                if off.abs() > NEARER || onset.len() < ONSET || onset.iter().any(|share| !LOUD.contains(share)) {
                    faults.push(format!("{what}: its first syllable is {off:+.0} ms late and {onset:.2?} as loud"));
                }
            }
        }
        tell(line);
    }
    faults
}

#[test]
fn what_is_heard_of_a_walk_is_what_its_log_says_and_no_syllable_is_missing() {
    with_null_sink("what_is_heard_of_a_walk_is_what_its_log_says_and_no_syllable_is_missing", |_| {
        let (street, lines, began) = (Street::open(), Lines::default(), Arc::new(OnceLock::<Instant>::new()));
        let (shown, beginning) = (pictures("demo"), began.clone());
        let walks = EACH * shown.len() as u32;
        let voice = DirectVoice::open("en", Rate::default()).expect("the direct voice");
        let camera = move |started: Instant| {
            beginning.get_or_init(|| started);
            Ok(Box::new(Shown::open(shown.clone(), started)) as _)
        };
        let mut walk = street.walk(Box::new(camera), Box::new(voice));
        walk.stages.keep(street.journal(&lines));
        // How soon it sees is not asked here: a machine that has other work too has nothing to say of that.
        walk.config.late = walks;
        let (recorder, stop) = (Recorder::start(), Arc::new(AtomicBool::new(false)));
        let flag = stop.clone();
        let walking = thread::spawn(move || walk.run(&flag, &mut |_| {}));
        thread::sleep(walks);
        stop.store(true, Ordering::Relaxed);
        walking.join().unwrap().expect("a walk without an error");
        thread::sleep(10 * NEAR);
        let recording = recorder.finish();

        let (began, all) = (began.get().unwrap(), logged(&lines.read()));
        let at = |sample: usize| recording.at(sample).map_or(Duration::ZERO, |at| at.saturating_duration_since(*began));
        let said = all.iter().filter_map(|sounded| sounded.words.as_deref());
        let words: BTreeMap<&str, Vec<f32>> = said.map(|words| (words, synthesised(words))).collect();
        let apart = apart(&all, &words);
        let found = faults(&apart, &words, &recording.samples, &at, &mut |line| println!("{line}"));
        assert_eq!(found, Vec::<String>::new(), "{all:#?}");
        assert!(words.len() >= 4 && all.iter().any(|sounded| sounded.words.is_none()), "too little to tell anything");

        // A log that errs by a tenth of a second is found out, and so is a voice that swallows as much of any words.
        let late = |sample: usize| at(sample) + 2 * NEAR;
        assert_eq!(faults(&apart, &words, &recording.samples, &late, &mut |_| {}).len(), apart.len());
        let (pieces, mut next) = (heard(&recording.samples), 0);
        for Apart { first: logged, pauses, .. } in &apart {
            let sound = &pieces[next];
            next += 1 + pauses;
            let Some(text) = logged.words.as_deref() else { continue };
            let (place, ..) = onset(logged, &words[text], sound, &recording.samples);
            let mut swallowed = recording.samples.clone();
            swallowed[sound.led + place..][..count(2 * NEAR)].fill(0.0);
            assert_ne!(faults(&apart, &words, &swallowed, &at, &mut |_| {}), Vec::<String>::new(), "{logged:?}");
        }
    });
}
