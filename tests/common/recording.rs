//! What the null sink plays, recorded: its samples, and the moments at which they sounded.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::{
    io::{ErrorKind, Read},
    ops::Range,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Samples a second: what espeak-ng gives.
pub const RATE: u32 = 22_050;

/// Records until it is told to end.
pub struct Recorder {
    parec: Child,
    thread: JoinHandle<Recording>,
}

/// What was recorded.
pub struct Recording {
    /// Of full scale, in [-1, 1].
    pub samples: Vec<f32>,
    /// How many samples had come, and when.
    came: Vec<(usize, Instant)>,
}

impl Recorder {
    /// Begins, and returns once the first samples are there.
    pub fn start() -> Self {
        let mut parec = Command::new("parec")
            .args(["--device=null.monitor", "--raw", "--format=s16le", "--channels=1", "--latency-msec=10"])
            .arg(format!("--rate={RATE}"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("parec");
        let mut sound = parec.stdout.take().expect("its output");
        let mut recording = Recording { samples: Vec::new(), came: Vec::new() };
        assert!(recording.read(&mut sound), "parec ended: is the sink gone?");
        let thread = thread::spawn(move || {
            while recording.read(&mut sound) {}
            recording
        });
        Self { parec, thread }
    }

    /// Ends.
    pub fn finish(mut self) -> Recording {
        self.parec.kill().expect("parec");
        self.parec.wait().expect("parec");
        self.thread.join().expect("the recording")
    }
}

impl Recording {
    /// Takes in what there is, five milliseconds at least; whether more may come.
    fn read(&mut self, sound: &mut impl Read) -> bool {
        let mut bytes = [0; RATE as usize / 200 * 2];
        match sound.read_exact(&mut bytes) {
            Ok(()) => {
                self.samples.extend(bytes.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0));
                self.came.push((self.samples.len(), Instant::now()));
                true
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => false,
            Err(error) => panic!("parec: {error}"),
        }
    }

    /// When the sample of that number sounded, as what comes within a second of it tells: who reads may be late, and never early.
    pub fn at(&self, sample: usize) -> Option<Instant> {
        let first = self.came.partition_point(|(count, _)| *count <= sample);
        let later = self.came[first..].iter().take_while(|(count, _)| *count <= sample + RATE as usize);
        later.filter_map(|(count, came)| came.checked_sub(length(count - sample))).min()
    }

    /// The first sample that sounded at that moment or later.
    pub fn from(&self, moment: Instant) -> usize {
        let reads = self.came.partition_point(|(count, _)| self.at(count - 1).is_none_or(|at| at < moment));
        let Some((count, _)) = self.came.get(reads) else { return self.samples.len() };
        let late = self.at(count - 1).map_or(Duration::ZERO, |at| at.saturating_duration_since(moment));
        count - 1 - ((late.as_secs_f64() * f64::from(RATE)) as usize).min(count - 1)
    }
}

/// How long so many samples sound.
pub fn length(samples: usize) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(RATE))
}

/// So many samples sound so long.
pub fn count(length: Duration) -> usize {
    (length.as_secs_f64() * f64::from(RATE)) as usize
}

/// Where there is sound above `level`, silences shorter than `gap` being a part of it.
pub fn sounds(samples: &[f32], level: f32, gap: Duration) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (i, _) in samples.iter().enumerate().filter(|(_, sample)| sample.abs() > level) {
        match found.last_mut() {
            Some(last) if i - last.end < count(gap) => last.end = i + 1,
            _ => found.push(i..i + 1),
        }
    }
    found
}

/// Where in `samples` `wanted` begins, and how like it is to what is there: 1 where it is the same but for its loudness, 0 where it
/// has nothing to do with it.
pub fn find(wanted: &[f32], samples: &[f32]) -> (usize, f32) {
    let energy = |part: &[f32]| part.iter().map(|s| f64::from(s * s)).sum::<f64>();
    let (own, mut there) = (energy(wanted), energy(&samples[..wanted.len().min(samples.len())]));
    let (mut place, mut best) = (0, 0.0);
    for (i, part) in samples.windows(wanted.len().max(1)).enumerate() {
        let product: f32 = part.iter().zip(wanted).map(|(a, b)| a * b).sum();
        let like = f64::from(product) / (own * there).sqrt().max(1e-9);
        if like > best {
            (place, best) = (i, like);
        }
        let [left, came] = [samples[i], samples.get(i + part.len()).copied().unwrap_or_default()];
        there = (there + f64::from(came * came - left * left)).max(0.0);
    }
    (place, best as f32)
}
