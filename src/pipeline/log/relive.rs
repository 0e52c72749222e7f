//! A session lived through again from its log: the same callouts without a picture, a model or a voice.

use std::time::{Duration, Instant};

use super::{Log, LogError, Record};
use crate::{
    fault::Fault,
    frame::Timestamp,
    narrator::{EvidenceConfig, Narrator, Pace},
    observation::Observation,
    pipeline::{
        Telling, VoiceCommand,
        report::{self, Event, Happening, Summary},
        step::Outcome,
    },
    speech::{SpeechQueue, Words},
    vocabulary::Vocabulary,
};

/// Lives through `log` and hands each happening to `report`; the summary comes last. Nothing is encoded for it.
pub fn relive(log: &Log, vocabulary: &Vocabulary, report: &mut dyn FnMut(&Happening)) -> Result<Summary, LogError> {
    let started = Instant::now();
    let mut again = Again::new(log, vocabulary)?;
    let mut summary = Summary::default();
    for record in &log.records {
        again.take(record)?;
        if let Record::Frame { now, .. } = record {
            summary.frames += 1;
            summary.duration = report::seconds(*now);
        }
        for happening in &again.out.happenings {
            summary.callouts += u64::from(matches!(happening.event, Event::Callout { .. } | Event::Fault { .. }));
            report(happening);
        }
        again.count(record);
    }
    summary.speech_seconds = report::length(again.spoken);
    summary.wall_seconds = report::length(started.elapsed());
    report(&Happening::summary(summary));
    Ok(summary)
}

/// A session under way once more.
pub(super) struct Again<'a> {
    log: &'a Log,
    vocabulary: &'a Vocabulary,
    pub telling: Telling,
    /// What was found in the last frame.
    pub observation: Observation,
    /// What the last record led to.
    pub out: Outcome,
    began: Option<Timestamp>,
    spoken: Duration,
}

impl<'a> Again<'a> {
    pub fn new(log: &'a Log, vocabulary: &'a Vocabulary) -> Result<Self, LogError> {
        let narrator = Narrator::new(vocabulary, EvidenceConfig::default(), Pace::default())?;
        let telling = Telling::new(narrator, SpeechQueue::default(), Words::load(&log.start.language)?);
        let (observation, out) = (Observation::default(), Outcome::default());
        Ok(Self { log, vocabulary, telling, observation, out, began: None, spoken: Duration::ZERO })
    }

    /// What came in comes in again; what the last record led to is cleared before.
    pub fn take(&mut self, record: &Record) -> Result<(), LogError> {
        let Self { telling, out, .. } = self;
        out.clear();
        match record {
            // What sounds was decided before.
            Record::Start(_) | Record::Began { .. } | Record::Heartbeat { .. } | Record::Other => {}
            Record::State { narrator, memory, .. } => telling.restore(narrator, memory),
            Record::Frame { now, .. } => {
                self.observation = self.log.start.observation(self.vocabulary, record).unwrap_or_default();
                telling.observe(&mut self.observation, *now, out)?;
            }
            Record::Trouble { at, kind } => {
                if let Some(fault) = Fault::find(kind) {
                    telling.fault(fault, *at, out)?;
                }
            }
            Record::Announce { at, .. } => {
                if let Some(callout) = record.callout() {
                    telling.announce(callout, *at, out)?;
                }
            }
            Record::Spoken { at, end } => telling.ended(*end, *at, out),
            Record::Tick { at } => telling.tick(*at, out),
            Record::Hush { at } => telling.hush(*at, out),
            Record::Asked { at, asked } => drop(telling.control(*asked, *at, out)?),
            Record::Talk { at, level } => telling.set_talk(*level, *at, out),
        }
        Ok(())
    }

    /// Adds up for how long something sounded.
    fn count(&mut self, record: &Record) {
        let Some(now) = record.moment() else { return };
        let ended = matches!(record, Record::Spoken { .. });
        let sounds = self.out.voice.iter().any(|command| *command != VoiceCommand::Wake);
        if (ended || sounds)
            && let Some(began) = self.began.take()
        {
            self.spoken += now.since(began);
        }
        if self.out.voice.iter().any(|command| matches!(command, VoiceCommand::Say { .. })) {
            self.began = Some(now);
        }
    }
}
