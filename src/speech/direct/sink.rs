//! The sound device: plays what a [`Player`] gives, from opening to the end of the stream.
//!
//! Owns the stream and its format. Leaves what is heard to the player.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use cpal::{
    BufferSize, Device, ErrorKind, FromSample, I24, SampleFormat, SizedSample, Stream, StreamConfig, SupportedBufferSize,
    SupportedStreamConfig,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};

use super::player::Player;
use crate::speech::VoiceEvent;

/// Frames that the device asks for at a time: 23 ms at 22,050 a second, 11 ms at 48,000.
const BUFFER: u32 = 512;
/// How long an opened device may take to ask for its first samples. One that never does plays nothing.
const FIRST_CALL: Duration = Duration::from_secs(4);
/// How long the driver may take to open the stream.
const OPEN: Duration = Duration::from_secs(4);
/// How long a device may do nothing but fail. Our inference: a sound server on a busy machine fails for some milliseconds.
const HICCUP: Duration = Duration::from_millis(300);
/// Pause after an error.
const BREATH: Duration = Duration::from_millis(10);

/// Keeps ALSA from writing every device that it misses to the terminal, from this thread: what matters comes back as an error.
fn hush() {
    #[cfg(target_os = "linux")]
    if let Err(error) = alsa::Output::local_error_handler() {
        tracing::debug!("ALSA's own messages: {error}");
    }
}

/// A device chosen, not yet playing.
pub(in crate::speech) struct Output {
    device: Device,
    config: SupportedStreamConfig,
}

impl Output {
    /// The default output device, at `sample_rate` where it can.
    pub(in crate::speech) fn find(sample_rate: u32) -> Result<Self, String> {
        hush();
        let device =
            cpal::default_host().default_output_device().ok_or("there is no sound device; connect one, see `aplay -l`")?;
        let config = device.default_output_config().map_err(|e| refused(&device, &e))?;
        let config = device
            .supported_output_configs()
            .map_err(|e| refused(&device, &e))?
            .filter(|c| c.channels() == config.channels() && c.sample_format() == config.sample_format())
            .find_map(|c| c.try_with_sample_rate(sample_rate))
            .unwrap_or(config);
        Ok(Self { device, config })
    }

    /// The driver's name of it.
    pub(in crate::speech) fn name(&self) -> String {
        name(&self.device)
    }

    /// Samples a second.
    pub(in crate::speech) fn sample_rate(&self) -> u32 {
        self.config.sample_rate()
    }

    /// Plays `player`, silence included, until the stream is dropped. A device that goes away is told to `events`.
    pub(in crate::speech) fn play(self, player: Player, events: Sender<VoiceEvent>) -> Result<Stream, String> {
        match self.config.sample_format() {
            SampleFormat::F32 => self.play_as::<f32>(player, events),
            SampleFormat::I16 => self.play_as::<i16>(player, events),
            SampleFormat::U16 => self.play_as::<u16>(player, events),
            SampleFormat::I24 => self.play_as::<I24>(player, events),
            SampleFormat::I32 => self.play_as::<i32>(player, events),
            SampleFormat::U8 => self.play_as::<u8>(player, events),
            other => Err(format!("{}: plays only {other} samples; choose another device", name(&self.device))),
        }
    }

    fn play_as<T: SizedSample + FromSample<f32>>(
        self,
        mut player: Player,
        events: Sender<VoiceEvent>,
    ) -> Result<Stream, String> {
        let device = name(&self.device);
        let channels = usize::from(self.config.channels().max(1));
        let config = StreamConfig { buffer_size: buffer(self.config.buffer_size()), ..self.config.config() };
        let (asked, first) = mpsc::sync_channel(1);
        let plays = Arc::new(AtomicBool::new(false));
        let played = plays.clone();
        let fill = move |out: &mut [T], _: &cpal::OutputCallbackInfo| {
            plays.store(true, Ordering::Relaxed);
            let _ = asked.try_send(());
            for frame in out.chunks_mut(channels) {
                let sample = player.next_sample();
                match (frame, player.gains()) {
                    ([left, right, others @ ..], [to_left, to_right]) => {
                        (*left, *right) = (T::from_sample(sample * to_left), T::from_sample(sample * to_right));
                        others.fill(T::from_sample(sample));
                    }
                    (frame, _) => frame.fill(T::from_sample(sample)),
                }
            }
        };
        let named = device.clone();
        let mut trouble = Trouble::default();
        let failed = move |error: cpal::Error| {
            tracing::debug!("{named}: {error}");
            let over = match error.kind() {
                // Mended by the driver itself.
                ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => false,
                ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable | ErrorKind::StreamInvalidated => true,
                _ => {
                    // The driver tries again at once, and would keep a core busy with it.
                    thread::sleep(BREATH);
                    trouble.lasts(played.swap(false, Ordering::Relaxed), Instant::now())
                }
            };
            if over {
                let _ = events.send(VoiceEvent::Lost(format!("{named}: {error}")));
            }
        };
        let stream =
            self.device.build_output_stream(config, fill, failed, Some(OPEN)).map_err(|e| refused(&self.device, &e))?;
        stream.play().map_err(|e| refused(&self.device, &e))?;
        first.recv_timeout(FIRST_CALL).map_err(|_| format!("{device}: opened, but plays nothing; choose another device"))?;
        Ok(stream)
    }
}

/// Tells a hiccup of the driver from a device that is gone: both report the same errors.
#[derive(Debug, Default)]
struct Trouble {
    since: Option<Instant>,
    told: bool,
}

impl Trouble {
    /// An error at `now`; `played` tells whether the device has asked for samples since the last. True, once, where errors have
    /// come for [`HICCUP`] and nothing else.
    fn lasts(&mut self, played: bool, now: Instant) -> bool {
        let since = match self.since {
            Some(since) if !played => since,
            _ => *self.since.insert(now),
        };
        let lasts = !self.told && now.duration_since(since) >= HICCUP;
        self.told |= lasts;
        lasts
    }
}

fn buffer(supported: &SupportedBufferSize) -> BufferSize {
    match supported {
        SupportedBufferSize::Range { min, max } if min <= max => BufferSize::Fixed(BUFFER.clamp(*min, *max)),
        _ => BufferSize::Default,
    }
}

fn refused(device: &Device, error: &cpal::Error) -> String {
    format!("{}: {error}; is it in use, or unplugged? see `aplay -l`", name(device))
}

/// The driver's name of a device, if it still tells one: formatting a device that is gone panics.
fn name(device: &Device) -> String {
    device.description().map_or_else(|_| "the sound device".to_owned(), |d| d.name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors at their milliseconds, each with whether the device played before it; at which of them is the device given up?
    #[track_caller]
    fn check(errors: &[(u64, bool)], want: &[u64]) {
        let start = Instant::now();
        let mut trouble = Trouble::default();
        let given_up = errors.iter().filter(|(ms, played)| trouble.lasts(*played, start + Duration::from_millis(*ms)));
        assert_eq!(given_up.map(|(ms, _)| *ms).collect::<Vec<_>>(), want);
    }

    #[test]
    fn a_device_is_given_up_once_and_only_after_nothing_but_errors() {
        check(&[(0, true)], &[]);
        check(&[(0, true), (299, false)], &[]);
        check(&[(0, true), (150, false), (300, false), (900, false)], &[300]);
        check(&[(0, true), (200, true), (400, false)], &[]);
        check(&[(0, false), (300, false)], &[300]);
    }
}
