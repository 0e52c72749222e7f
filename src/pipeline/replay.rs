//! A recorded walk, run through the same step as a live one.
//!
//! Owns the virtual clock: no frame is dropped, the encoder's time is a constant, speech takes what the table of lengths says.
//! So the same walk gives the same lines, on every machine. In real time it sleeps between frames and may speak aloud.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    capture::{CaptureError, FrameSource},
    control::Asked,
    encoder::{EncoderError, ImageEncoder},
    fault::{Fault, Recovery},
    frame::Timestamp,
    pipeline::{
        Outcome, PipelineError, Stages, StepError, VoiceCommand,
        ahead::ahead,
        look::Look,
        policy::Plan,
        report::{self, Event, Happening, Summary},
    },
    speech::{Rate, UtteranceId, Voice, VoiceEvent},
};

/// From a frame's moment to its decision on the virtual clock. A constant, so that replay is the same everywhere: about what
/// decoding and encoding a frame take on one core of a small computer.
pub const ENCODER_COST: Duration = Duration::from_millis(30);

/// How often a voice is asked what it has said, in real time.
const POLL: Duration = Duration::from_millis(10);

/// How fast, and whether aloud.
pub enum Pace<'a> {
    /// As fast as it can; speech takes as long as the function says.
    Fast(&'a dyn Fn(&str) -> Duration),
    /// As it was walked; speech takes as long as the function says.
    RealTime(&'a dyn Fn(&str) -> Duration),
    /// As it was walked, aloud.
    Aloud(&'a mut dyn Voice),
}

/// What a walker asks for, and when: in the order of time.
pub type Script<'a> = &'a [(Timestamp, Asked)];

/// Replays `source` to its end and hands each happening to `report` in the order of time; the summary comes last. Frames are encoded
/// ahead, by encoders that `open` gives. Whatever stands in `script` is asked for at its moment. A frame that can't be read is skipped and counted as dropped, unless its source says that
/// nothing will mend it.
pub fn replay(
    source: &mut dyn FrameSource,
    open: &(dyn Fn() -> Result<Box<dyn ImageEncoder>, EncoderError> + Sync),
    stages: &mut Stages,
    pace: Pace<'_>,
    script: Script<'_>,
    report: &mut dyn FnMut(&Happening),
) -> Result<Summary, PipelineError> {
    let (mut policy, views) = (stages.policy().clone(), stages.views().clone());
    let (clock, end) = (Clock::new(pace, stages.tuning().rate), Timestamp::default());
    let mut replay = Replay { stages, clock, script, report, out: Outcome::default(), summary: Summary::default(), end };
    let started = Instant::now();
    let outcome = ahead(source, |frame| policy.plan(&frame.picture, frame.at), &views, open, &mut |looked| replay.take(looked));
    if !matches!(outcome, Ok(()) | Err(PipelineError::Capture(_))) {
        return outcome.map(|()| replay.summary);
    }
    // However the frames ended, what was seen until then is told.
    replay.finish()?;
    replay.summary.duration = report::seconds(replay.end);
    replay.summary.speech_seconds = report::length(replay.clock.spoken());
    replay.summary.wall_seconds = report::length(started.elapsed());
    let summary = replay.summary;
    (replay.report)(&Happening::summary(summary));
    outcome.map(|()| summary)
}

struct Replay<'a, 'b> {
    stages: &'a mut Stages,
    clock: Clock<'b>,
    /// What is still to be asked for.
    script: Script<'a>,
    report: &'a mut dyn FnMut(&Happening),
    out: Outcome,
    summary: Summary,
    /// When the last decision stood.
    end: Timestamp,
}

impl Replay<'_, '_> {
    /// One frame, or why there is none; gives its buffers back.
    fn take(&mut self, looked: Result<Look, CaptureError>) -> Result<Option<Look>, PipelineError> {
        let mut look = match looked {
            Ok(look) => look,
            Err(error) if error.recovery() == Recovery::Retry => {
                tracing::warn!("{error}");
                self.summary.frames += 1;
                self.summary.dropped += 1;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let end = look.frame.at.after(ENCODER_COST);
        self.end = end;
        self.summary.frames += 1;
        self.until(end)?;
        match self.stages.step(&look.frame, look.plan, &mut look.answer, end, &mut self.out) {
            Ok(()) => self.summary.encoded += u64::from(matches!(look.plan, Plan::Look { .. })),
            Err(StepError::Encoder(error)) if error.recovery() == Recovery::Retry => {
                tracing::warn!("{}: {error}", look.frame.at);
                self.stages.fault(Fault::EncoderLost, end, &mut self.out)?;
            }
            Err(error) => return Err(error.into()),
        }
        self.flush(end)?;
        Ok(Some(look))
    }

    /// Moves the clock to `then`; what is asked for on the way is answered at its own moment.
    fn until(&mut self, then: Timestamp) -> Result<(), PipelineError> {
        while let Some(((at, asked), rest)) = self.script.split_first()
            && *at <= then
        {
            self.script = rest;
            self.listen(*at)?;
            self.stages.control(*asked, *at, &mut self.out)?;
            self.flush(*at)?;
        }
        self.listen(then)
    }

    /// Moves the clock to `then`; what the voice finishes on the way is reported at its own moment.
    fn listen(&mut self, then: Timestamp) -> Result<(), PipelineError> {
        while let Some((event, at)) = self.clock.next(then) {
            self.stages.heard(&event, at, &mut self.out);
            self.flush(at)?;
        }
        self.stages.tick(then, &mut self.out);
        self.flush(then)
    }

    /// Lets what is being said and what waits be heard to its end.
    fn finish(&mut self) -> Result<(), PipelineError> {
        // Every callout ends: its length is finite, and a real voice that never reports is given up after a minute.
        let limit = self.clock.now().after(Duration::from_secs(60));
        while self.stages.speaking() {
            let Some((event, at)) = self.clock.next(limit) else { break };
            self.stages.heard(&event, at, &mut self.out);
            self.flush(at)?;
        }
        Ok(())
    }

    fn flush(&mut self, now: Timestamp) -> Result<(), PipelineError> {
        for happening in &self.out.happenings {
            self.summary.callouts += u64::from(matches!(happening.event, Event::Callout { .. } | Event::Fault { .. }));
            (self.report)(happening);
        }
        for command in &self.out.voice {
            self.clock.voice(command, now)?;
        }
        self.out.clear();
        Ok(())
    }
}

/// Time and the voice's place in it.
struct Clock<'a> {
    pace: Pace<'a>,
    started: Instant,
    now: Timestamp,
    /// On the virtual clock: what is being said, since when and until when.
    saying: Option<(UtteranceId, Timestamp, Timestamp)>,
    /// From a real voice: what it reported and nobody has asked for yet.
    reported: Vec<VoiceEvent>,
    spoken: Duration,
    /// The rate for which lengths are told, and the one that is spoken.
    rates: (Rate, Rate),
}

impl<'a> Clock<'a> {
    fn new(pace: Pace<'a>, rate: Rate) -> Self {
        let (now, saying, reported, spoken) = (Timestamp::default(), None, Vec::new(), Duration::ZERO);
        Self { pace, started: Instant::now(), now, saying, reported, spoken, rates: (rate, rate) }
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn spoken(&self) -> Duration {
        self.spoken
    }

    /// The next thing that the voice reports until `then`; `None` when `then` is reached.
    fn next(&mut self, then: Timestamp) -> Option<(VoiceEvent, Timestamp)> {
        if !matches!(self.pace, Pace::Aloud(_)) {
            let due = self.saying.filter(|(_, _, ends)| *ends <= then);
            self.wait(due.map_or(then, |(_, _, ends)| ends));
            let (id, began, ends) = due?;
            self.saying = None;
            self.spoken += ends.since(began);
            return Some((VoiceEvent::Finished(id), ends));
        }
        loop {
            if let Pace::Aloud(voice) = &mut self.pace
                && self.reported.is_empty()
            {
                self.reported = voice.events();
            }
            self.now = Timestamp(self.started.elapsed());
            if !self.reported.is_empty() {
                let event = self.reported.remove(0);
                self.count(&event);
                return Some((event, self.now));
            }
            if self.now >= then {
                return None;
            }
            thread::sleep(POLL.min(then.since(self.now)));
        }
    }

    /// Seconds of real sound, from its begin to its end.
    fn count(&mut self, event: &VoiceEvent) {
        match event {
            VoiceEvent::Began(id) => self.saying = Some((*id, self.now, self.now)),
            VoiceEvent::Finished(id) | VoiceEvent::Stopped(id) => {
                if let Some((_, began, _)) = self.saying.take_if(|(saying, ..)| saying == id) {
                    self.spoken += self.now.since(began);
                }
            }
            VoiceEvent::Lost(reason) => tracing::error!("the voice is gone: {reason}"),
        }
    }

    fn wait(&mut self, then: Timestamp) {
        if matches!(self.pace, Pace::RealTime(_)) {
            thread::sleep(then.since(Timestamp(self.started.elapsed())));
        }
        self.now = then;
    }

    fn voice(&mut self, command: &VoiceCommand, now: Timestamp) -> Result<(), PipelineError> {
        match (&mut self.pace, command) {
            (Pace::Aloud(voice), VoiceCommand::Say { id, text, priority }) => voice.say(*id, text, *priority)?,
            (Pace::Aloud(voice), VoiceCommand::Stop) => voice.stop()?,
            (Pace::Aloud(voice), VoiceCommand::Cue { earcon, .. }) => voice.cue(*earcon, None)?,
            (Pace::Aloud(voice), VoiceCommand::Wake) => voice.wake()?,
            (_, VoiceCommand::Cue { .. } | VoiceCommand::Wake) => {}
            (Pace::Aloud(voice), VoiceCommand::Tune(tuning)) => voice.tune(*tuning)?,
            (_, VoiceCommand::Tune(tuning)) => self.rates.1 = tuning.rate,
            (Pace::Fast(length) | Pace::RealTime(length), command) => {
                if let Some((_, began, _)) = self.saying.take() {
                    self.spoken += now.since(began);
                }
                if let VoiceCommand::Say { id, text, .. } = command {
                    let (told, spoken) = self.rates;
                    let length = length(text) * told.words_a_minute() / spoken.words_a_minute();
                    self.saying = Some((*id, now, now.after(length).rounded()));
                }
            }
        }
        Ok(())
    }
}
