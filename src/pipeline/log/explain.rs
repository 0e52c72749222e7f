//! A moment of a session in plain English: what was seen, what was believed, why it spoke or did not.
//!
//! Owns the sentences. They are for whoever looks into a complaint, and are in English whatever the walker hears.

use std::fmt::Write;

use super::{Log, LogError, Record, relive::Again};
use crate::{
    callout::Subject,
    frame::Timestamp,
    observation::{Finding, Observation, View},
    pipeline::report::{Event, Happening},
    vocabulary::{ClassIndex, FacetIndex, Vocabulary},
};

/// What was said up to so many seconds before belongs to the moment.
const LATELY: f64 = 10.0;
/// Classes of each facet that are named.
const BEST: usize = 2;

/// The paragraph on the last frame at or before `moment`.
pub fn explain(log: &Log, vocabulary: &Vocabulary, moment: Timestamp) -> Result<String, LogError> {
    let mut again = Again::new(log, vocabulary)?;
    let (mut said, mut happenings, mut troubles) = (Vec::new(), Vec::new(), Vec::new());
    for record in &log.records {
        match record {
            Record::Frame { at, .. } if *at > moment => break,
            Record::Frame { .. } => {
                happenings.clear();
                troubles.clear();
            }
            Record::Trouble { at, kind } if *at <= moment => troubles.push((*at, kind.replace('_', " "))),
            _ if record.moment().is_some_and(|at| at > moment) => continue,
            _ => {}
        }
        again.take(record)?;
        said.extend(again.out.happenings.iter().filter(|h| !matches!(h.event, Event::Silence { .. })).cloned());
        happenings.append(&mut again.out.happenings);
    }
    let telling = Paragraph { vocabulary, again: &again };
    let mut text = telling.seen();
    if let Some((since, _)) = troubles.first() {
        let mut kinds: Vec<&str> = troubles.iter().map(|(_, kind)| kind.as_str()).collect();
        kinds.dedup();
        let _ = write!(text, " From {since} on something was wrong: {}.", kinds.join(", "));
    }
    text += &telling.believed();
    text += &telling.said(&said, &happenings);
    text += &telling.unsaid(&happenings);
    Ok(text)
}

struct Paragraph<'a> {
    vocabulary: &'a Vocabulary,
    again: &'a Again<'a>,
}

impl Paragraph<'_> {
    fn seen(&self) -> String {
        let Observation { at, quality, findings, .. } = &self.again.observation;
        let worth = match quality {
            q if *q >= 0.9 => "was sharp and bright enough",
            q if *q >= 0.5 => "was somewhat blurred or dark and counted for less",
            _ => "was blurred or dark and counted for little",
        };
        let mut text = format!("At {at} the picture {worth} (quality {quality:.2}).");
        for view in View::ALL {
            let of_view: Vec<_> = findings.iter().filter(|f| f.view == view).filter_map(|f| self.finding(f)).collect();
            if !of_view.is_empty() {
                let _ = write!(text, " Seen {}: {}.", part(view), of_view.join("; "));
            }
        }
        text
    }

    /// A facet's best classes; in brackets where it abstains.
    fn finding(&self, finding: &Finding) -> Option<String> {
        let facet = self.vocabulary.facet(finding.facet)?;
        let class = |(class, p): &(ClassIndex, f32)| Some(format!("{} {p:.2}", facet.classes.get(class.0)?.name()));
        let (ranking, answers) = (finding.ranking(), finding.answers.len());
        let best = ranking.iter().take(answers.max(BEST)).filter_map(class).collect::<Vec<_>>().join(", ");
        Some(if answers == 0 { format!("{} not sure ({best})", facet.id) } else { format!("{} {best}", facet.id) })
    }

    fn believed(&self) -> String {
        let beliefs: Vec<_> = self.again.telling.narrator().beliefs().into_iter().filter(|b| b.held).collect();
        let belief = |b: &crate::narrator::Belief| {
            Some(format!("{} since {} ({:.2}, {})", self.name(b.facet, b.class)?, b.since, b.share, part(b.view)))
        };
        match beliefs.iter().filter_map(belief).collect::<Vec<_>>() {
            none if none.is_empty() => " Nothing was believed.".to_owned(),
            all => format!(" Believed: {}.", all.join("; ")),
        }
    }

    /// What was said in this moment or lately.
    fn said(&self, said: &[Happening], now: &[Happening]) -> String {
        let fresh: Vec<_> = now.iter().filter_map(spoken).collect();
        if !fresh.is_empty() {
            return fresh.iter().map(|(words, why)| format!(" It said \u{201c}{words}\u{201d}{why}.")).collect();
        }
        let at = self.again.observation.at.seconds();
        match said.iter().rev().find_map(|happening| Some((happening.at?, spoken(happening)?.0))) {
            Some((then, words)) if at - then <= LATELY => {
                format!(" It said nothing new; \u{201c}{words}\u{201d} was said at {}.", Timestamp::from_seconds(then))
            }
            _ => " It said nothing.".to_owned(),
        }
    }

    /// Each reason of this moment once, with what was left unsaid for it.
    fn unsaid(&self, now: &[Happening]) -> String {
        let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
        for happening in now {
            let Event::Silence { facet, class, reason } = &happening.event else { continue };
            let thing = match (facet, class) {
                (Some(facet), Some(class)) => {
                    let subject = Subject::new(facet.as_str(), class.replace(' ', "_"));
                    match self.again.telling.narrator().said_at(&subject) {
                        Some(at) if matches!(*reason, "repeated" | "cooling") => format!("{class} (said at {at})"),
                        _ => class.clone(),
                    }
                }
                _ => "everything".to_owned(),
            };
            match reasons.iter_mut().find(|(other, _)| other == reason) {
                Some((_, things)) => things.push(thing),
                None => reasons.push((reason, vec![thing])),
            }
        }
        let sentence =
            |(reason, things): &(&str, Vec<String>)| format!(" Left unsaid, because {}: {}.", why(reason), things.join(", "));
        reasons.iter().map(sentence).collect()
    }

    fn name(&self, facet: FacetIndex, class: ClassIndex) -> Option<String> {
        let facet_id = &self.vocabulary.facet(facet)?.id;
        Some(format!("{facet_id} {}", self.vocabulary.class(facet, class)?.name()))
    }
}

/// What began to sound, and why, as the end of a sentence.
fn spoken(happening: &Happening) -> Option<(&str, String)> {
    match &happening.event {
        Event::Callout { priority, p: Some(p), text, .. } => {
            let why = format!(", which was believed (p {p:.2}) and is {}", weight(priority));
            Some((text, format!("{why}; nothing more urgent was to be said")))
        }
        Event::Callout { text, .. } => Some((text, String::new())),
        Event::Fault { text, .. } => Some((text, ", since something was wrong or right again".to_owned())),
        Event::Answer { text, .. } => Some((text, ", since the walker asked".to_owned())),
        Event::Silence { .. } | Event::Wrong { .. } | Event::Summary(_) => None,
    }
}

/// The priority of that name, as a property.
fn weight(priority: &str) -> &'static str {
    match priority {
        "important" => "important at once",
        "message" => "worth interrupting for",
        "text" => "worth telling once there is a pause",
        _ => "worth telling where nothing else is",
    }
}

fn part(view: View) -> &'static str {
    match view {
        View::Full => "in the whole picture",
        View::Ahead => "ahead",
        View::Right => "at the right",
        View::Left => "at the left",
        View::Ground => "on the ground",
    }
}

/// The reason of that name in words, after "because".
fn why(reason: &str) -> &str {
    match reason {
        "nothing_sure" => "nothing was seen surely enough",
        "not_yet_sure" => "it was not yet seen long and surely enough to be believed",
        "repeated" => "it was said already and has been there since",
        "cooling" => "it went and came back sooner than it may be said again",
        "covered" => "it is said by another name, or was",
        "not_on_map" => "the map of what stands where showed none of it",
        "underfoot" => "the walker stood on it already",
        "gave_way" => "something more urgent was said",
        "pausing" => "something was said a moment before, and it could wait",
        "over_budget" => "so much had been said that it had to wait",
        "not_at_this_level" => "it is said only where more is wanted",
        "not_said_unasked" => "it is told only to those who ask",
        "paused" => "the walker had asked for a pause",
        "expired" => "it had waited until it was true no longer",
        "replaced" => "something newer took its place",
        "hushed" => "silence was asked for",
        "voice_lost" => "the voice was lost",
        "interrupted" => "something more urgent cut it short",
        // Of a later program, which names it well.
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{narrator::Reason, speech::DropReason};

    #[test]
    fn every_reason_has_its_words() {
        let dropped =
            [DropReason::Expired, DropReason::Replaced, DropReason::GaveWay, DropReason::Hushed, DropReason::VoiceLost];
        for id in Reason::ALL.map(Reason::id).into_iter().chain(dropped.map(DropReason::id)).chain(["interrupted"]) {
            assert_ne!(why(id), id);
        }
    }
}
