//! A live walk that loses its real voices: what it says then is heard. Camera and encoder are fakes, the servers are real and killed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/null_sink.rs"]
mod null_sink;
#[path = "common/walking.rs"]
mod walking;

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use null_sink::with_null_sink;
use streetscape::speech::{Rate, VoiceChoice, open, open_again};
use walking::{Health, Walking, With};

/// 1 % of full scale, far below speech and far above dither.
const SOUND: u16 = 327;

/// Silence before a heartbeat: longer than what is said of one fault.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A walk with the voices that `choice` finds, now and after a loss.
fn walk(choice: VoiceChoice) -> Walking {
    let again = move || open_again(choice, "en", Rate::default()).map(|(voice, _)| voice);
    let first = open(choice, "en", Rate::default()).expect("a voice").0;
    println!("begins with the {} voice", first.name());
    Walking::begin_with(
        Health::Well,
        With { voices: Some((first, Box::new(again))), heartbeat: Some(HEARTBEAT), ..With::default() },
    )
}

/// To a server of the null sink, if it still runs.
fn send(folder: &Path, server: &str, signal: &str) {
    let pid = fs::read_to_string(folder.join(server)).unwrap();
    Command::new("kill").args([signal, pid.trim()]).status().unwrap();
}

/// Whether the sink hears anything within `patience`.
#[track_caller]
fn hears_sound(patience: Duration) {
    let mut parec = Command::new("parec")
        .args(["--device=null.monitor", "--raw", "--format=s16le", "--channels=1", "--rate=16000", "--latency-msec=10"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut sound, until) = (parec.stdout.take().unwrap(), Instant::now() + patience);
    let mut bytes = [0; 640];
    let loud = |bytes: &[u8]| bytes.chunks_exact(2).any(|b| i16::from_le_bytes([b[0], b[1]]).unsigned_abs() > SOUND);
    while !loud(&bytes) {
        assert!(Instant::now() < until, "nothing was heard");
        sound.read_exact(&mut bytes).expect("the sink is there");
    }
    parec.kill().unwrap();
    parec.wait().unwrap();
}

/// A walk whose speech server comes to its end by `signal`, in the middle of its words or not: how soon the direct voice says so.
#[track_caller]
fn check_server(test: &str, signal: &str, speaking: bool, most: f64) {
    with_null_sink(test, |folder| {
        let walking = walk(VoiceChoice::Auto);
        walking.hears("Streetscape is on.");
        thread::sleep(Duration::from_secs(3));
        if speaking {
            walking.camera.set(Health::Failing);
            walking.hears("No picture from the camera.");
            thread::sleep(Duration::from_millis(500));
        }
        let since = Instant::now();
        send(folder, "speechd.pid", signal);
        let line = walking.hears("This is another voice.");
        let seconds = since.elapsed().as_secs_f64();
        println!("voice_lost, {signal}, speaking: {speaking}: {seconds:.1} s  {line}");
        assert!(seconds <= most, "{seconds:.1} s");
        hears_sound(Duration::from_secs(20));
        walking.camera.set(Health::Well);
        walking.ends();
        // What is stopped ends by nothing less.
        send(folder, "speechd.pid", "-KILL");
    });
}

#[test]
fn where_the_speech_server_is_killed_the_direct_voice_says_so() {
    check_server("where_the_speech_server_is_killed_the_direct_voice_says_so", "-KILL", false, 3.0);
}

#[test]
fn where_the_speech_server_is_killed_while_it_speaks_the_direct_voice_says_so() {
    check_server("where_the_speech_server_is_killed_while_it_speaks_the_direct_voice_says_so", "-KILL", true, 3.0);
}

#[test]
fn where_the_speech_server_hangs_the_direct_voice_says_so() {
    check_server("where_the_speech_server_hangs_the_direct_voice_says_so", "-STOP", false, 3.0);
}

/// The sound server of `tools/sound/null-sink.sh` again.
fn sound_server(folder: &Path) -> Child {
    let socket = folder.join("run/pulse.sock");
    fs::remove_file(&socket).ok();
    let server = Command::new("pulseaudio")
        .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no"])
        .args(["-L", &format!("module-native-protocol-unix socket={} auth-anonymous=1", socket.display())])
        .args(["-L", "module-null-sink sink_name=null rate=48000 channels=1"])
        .env("HOME", folder.join("home"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !socket.exists() {
        thread::sleep(Duration::from_millis(20));
    }
    server
}

#[test]
fn a_sound_card_that_goes_and_comes_back_is_told_of_aloud() {
    with_null_sink("a_sound_card_that_goes_and_comes_back_is_told_of_aloud", |folder| {
        let walking = walk(VoiceChoice::Direct);
        walking.hears("Streetscape is on.");
        send(folder, "pulseaudio.pid", "-KILL");
        thread::sleep(Duration::from_secs(2));
        let mut server = sound_server(folder);
        let since = Instant::now();
        let line = walking.hears("My voice was gone. It is back.");
        println!("voice_back, from the sound server's return on: {:.1} s  {line}", since.elapsed().as_secs_f64());
        walking.camera.set(Health::Failing);
        hears_sound(Duration::from_secs(20));
        walking.camera.set(Health::Well);
        walking.ends();
        server.kill().unwrap();
        server.wait().unwrap();
    });
}

#[test]
fn with_the_systems_voice_too_a_heartbeat_is_heard_while_nothing_is_said() {
    with_null_sink("with_the_systems_voice_too_a_heartbeat_is_heard_while_nothing_is_said", |_| {
        let walking = walk(VoiceChoice::System);
        walking.hears("Streetscape is on.");
        // Until those words are over.
        thread::sleep(HEARTBEAT / 2);
        for _ in 0..2 {
            hears_sound(HEARTBEAT + Duration::from_secs(2));
            thread::sleep(Duration::from_secs(1));
        }
        walking.ends();
    });
}

#[test]
fn where_no_sound_device_can_be_opened_the_systems_voice_says_that_there_are_no_heartbeats() {
    with_null_sink("where_no_sound_device_can_be_opened_the_systems_voice_says_that_there_are_no_heartbeats", |folder| {
        // Speech Dispatcher has its own way to the sound server.
        let (devices, none) = (folder.join("conf/asound.conf"), "pcm.!default { type hw card 31 }\n");
        let whole = fs::read_to_string(&devices).unwrap();
        fs::write(&devices, none).unwrap();
        let walking = walk(VoiceChoice::System);
        walking.hears("My sounds are gone. I speak every half minute.");
        hears_sound(Duration::from_secs(20));
        fs::write(&devices, whole).unwrap();
        walking.hears("My sounds are back.");
        walking.ends();
    });
}
