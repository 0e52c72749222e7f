//! What the sound device is given next: samples in the order of the sentences, silence where there are none.
//!
//! Owns the change from one sentence to the next and to silence, within one buffer. Runs inside the device's callback: it never
//! waits.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
    mpsc::{Receiver, Sender},
};

use crate::{
    callout::Direction,
    speech::{UtteranceId, VoiceEvent},
};

/// Which sentence is wanted. Each `say` and each `stop` begins a new turn; what belongs to an older one is thrown away.
#[derive(Clone, Debug, Default)]
pub(in crate::speech) struct Turns(Arc<AtomicU64>);

impl Turns {
    /// Ends the turn that runs; the number of the next.
    pub(in crate::speech) fn begin(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Is `turn` still the one that runs?
    pub(in crate::speech) fn runs(&self, turn: u64) -> bool {
        self.0.load(Ordering::Acquire) == turn
    }
}

/// A piece of a sentence, mono, in [-1, 1], at the device's rate.
#[derive(Debug)]
pub(in crate::speech) struct Chunk {
    pub(in crate::speech) turn: u64,
    pub(in crate::speech) id: UtteranceId,
    /// From which side it comes.
    pub(in crate::speech) side: Option<Direction>,
    pub(in crate::speech) samples: Vec<f32>,
    /// Nothing of the sentence follows.
    pub(in crate::speech) last: bool,
}

/// The source of the device's samples.
pub(in crate::speech) struct Player {
    turns: Turns,
    chunks: Receiver<Chunk>,
    events: Sender<VoiceEvent>,
    /// What is being played, and how much of it has been.
    current: Option<(Chunk, usize)>,
    /// The turn that has begun to sound.
    begun: Option<u64>,
}

impl Player {
    /// Plays `chunks`, reports to `events`.
    pub(in crate::speech) fn new(turns: Turns, chunks: Receiver<Chunk>, events: Sender<VoiceEvent>) -> Self {
        Self { turns, chunks, events, current: None, begun: None }
    }

    /// How loud the last sample is to the left and to the right, where the device has both: the far ear hears a third, so that a walker with
    /// one ear misses nothing.
    pub(super) fn gains(&self) -> [f32; 2] {
        match self.current.as_ref().and_then(|(chunk, _)| chunk.side) {
            Some(Direction::Left) => [1.0, 0.33],
            Some(Direction::Right) => [0.33, 1.0],
            Some(Direction::Ahead) | None => [1.0, 1.0],
        }
    }

    /// The next sample, silence where there is none. An utterance has begun with its first sample, finished after its last.
    pub(super) fn next_sample(&mut self) -> f32 {
        loop {
            let (chunk, played) = match &mut self.current {
                Some((chunk, played)) if self.turns.runs(chunk.turn) => (chunk, played),
                _ => match self.chunks.try_recv() {
                    Ok(chunk) => {
                        self.current = Some((chunk, 0));
                        continue;
                    }
                    Err(_) => {
                        self.current = None;
                        return 0.0;
                    }
                },
            };
            if let Some(&sample) = chunk.samples.get(*played) {
                *played += 1;
                if self.begun != Some(chunk.turn) {
                    self.begun = Some(chunk.turn);
                    let _ = self.events.send(VoiceEvent::Began(chunk.id));
                }
                return sample;
            }
            if chunk.last {
                let _ = self.events.send(VoiceEvent::Finished(chunk.id));
            }
            self.current = None;
        }
    }
}

/// Changes the rate of a sentence by straight lines between samples: speech of 22,050 samples a second has nothing to lose.
pub(super) struct Resampler {
    /// Samples in for each sample out.
    step: f64,
    /// Where the next sample out lies, counted from `before`.
    position: f64,
    before: f32,
}

impl Resampler {
    /// From `from` to `to` samples a second; one for each sentence.
    pub(super) fn new(from: u32, to: u32) -> Self {
        Self { step: f64::from(from) / f64::from(to), position: 1.0, before: 0.0 }
    }

    /// The samples that `samples`, the next of the sentence, give.
    pub(super) fn next(&mut self, samples: &[i16]) -> Vec<f32> {
        let mut out = Vec::with_capacity((samples.len() as f64 / self.step) as usize + 1);
        for &sample in samples {
            let sample = f32::from(sample) / 32768.0;
            while self.position <= 1.0 {
                out.push(self.before + (sample - self.before) * self.position as f32);
                self.position += self.step;
            }
            self.position -= 1.0;
            self.before = sample;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn chunk(turn: u64, samples: &[f32], last: bool) -> Chunk {
        Chunk { turn, id: UtteranceId(turn), side: None, samples: samples.to_vec(), last }
    }

    /// Plays `chunks` while turn `turn` runs.
    #[track_caller]
    fn check(turn: u64, chunks: Vec<Chunk>, want: &[f32], want_events: &[VoiceEvent]) {
        let turns = Turns::default();
        for _ in 0..turn {
            turns.begin();
        }
        let (input, output) = mpsc::channel();
        let (sender, events) = mpsc::channel();
        let mut player = Player::new(turns, output, sender);
        for chunk in chunks {
            input.send(chunk).unwrap();
        }
        let got: Vec<_> = want.iter().map(|_| player.next_sample()).collect();
        assert_eq!(got, want);
        assert_eq!(events.try_iter().collect::<Vec<_>>(), want_events);
    }

    #[test]
    fn a_sentence_begins_with_its_first_sample_and_is_finished_after_its_last() {
        use VoiceEvent::*;
        let one = UtteranceId(1);
        check(1, vec![], &[0.0, 0.0], &[]);
        check(1, vec![chunk(1, &[0.1, 0.2], true)], &[0.1, 0.2], &[Began(one)]);
        check(1, vec![chunk(1, &[0.1, 0.2], true)], &[0.1, 0.2, 0.0], &[Began(one), Finished(one)]);
        check(1, vec![chunk(1, &[0.1], false), chunk(1, &[], true)], &[0.1, 0.0], &[Began(one), Finished(one)]);
        check(1, vec![chunk(1, &[0.1], false)], &[0.1, 0.0], &[Began(one)]); // the synthesiser is late
        check(1, vec![chunk(1, &[], true)], &[0.0], &[Finished(one)]);
    }

    #[test]
    fn what_belongs_to_an_older_turn_is_never_heard() {
        use VoiceEvent::*;
        let two = UtteranceId(2);
        let chunks = vec![chunk(1, &[0.1], false), chunk(1, &[0.2], true), chunk(2, &[0.3], true)];
        check(2, chunks, &[0.3, 0.0], &[Began(two), Finished(two)]);
        check(3, vec![chunk(2, &[0.3], true)], &[0.0], &[]);
    }

    #[test]
    fn a_new_turn_silences_the_old_one_at_the_next_sample() {
        let turns = Turns::default();
        let (input, output) = mpsc::channel();
        let (sender, _events) = mpsc::channel();
        let mut player = Player::new(turns.clone(), output, sender);
        input.send(chunk(turns.begin(), &[0.1, 0.2, 0.3], true)).unwrap();
        assert_eq!(player.next_sample(), 0.1);
        turns.begin();
        assert_eq!(player.next_sample(), 0.0);
    }

    #[test]
    fn what_comes_from_a_side_is_louder_there_and_heard_by_both_ears() {
        for (side, want) in [(None, [1.0, 1.0]), (Some(Direction::Left), [1.0, 0.33]), (Some(Direction::Right), [0.33, 1.0])] {
            let turns = Turns::default();
            let (input, output) = mpsc::channel();
            let (sender, _events) = mpsc::channel();
            let mut player = Player::new(turns.clone(), output, sender);
            input.send(Chunk { side, ..chunk(turns.begin(), &[0.1], true) }).unwrap();
            assert_eq!((player.next_sample(), player.gains()), (0.1, want));
            assert_eq!((player.next_sample(), player.gains()), (0.0, [1.0, 1.0]));
        }
    }

    #[test]
    fn a_change_of_rate_keeps_length_and_shape() {
        let ramp: Vec<i16> = (0..2205).map(|i| i * 10).collect();
        for (to, want) in [(22050, 2205), (44100, 4410), (48000, 4800), (16000, 1600), (11025, 1103)] {
            let mut resampler = Resampler::new(22050, to);
            let out: Vec<f32> = ramp.chunks(100).flat_map(|c| resampler.next(c)).collect();
            assert!(out.len().abs_diff(want) <= 3, "{} samples at {to}, not {want}", out.len());
            assert!(out.windows(2).all(|w| w[0] <= w[1]), "the ramp has a dent at {to}");
            assert!((out.last().unwrap() - 22040.0 / 32768.0).abs() < 1e-3, "the ramp's end is cut at {to}");
        }
        let mut same = Resampler::new(22050, 22050);
        assert_eq!(same.next(&[16384, -16384]), [0.5, -0.5]);
    }
}
