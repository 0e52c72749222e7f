//! Where in a shard each photo's files lie.

use std::{collections::HashMap, path::Path};

use serde::Deserialize;

use super::super::{
    files,
    tars::{self, Span},
};
use crate::training::pairs::{Entry, Reason, Skip, Skipped};

/// One photo of a shard.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The shard's number.
    pub tar: u32,
    /// `KEY.jpg`.
    pub photo: Span,
    /// `KEY.json`.
    pub json: Option<Span>,
    /// `KEY.txt`.
    pub text: Option<Span>,
    /// `KEY.cls`.
    pub class: Option<Span>,
    /// `KEY.seg.png`.
    pub map: Option<Span>,
}

/// What was found of one key.
#[derive(Default)]
struct Parts {
    photo: Option<Span>,
    json: Option<Span>,
    text: Option<Span>,
    class: Option<Span>,
    map: Option<Span>,
}

/// What a record says that concerns the whole list.
#[derive(Default, Deserialize)]
struct Head {
    #[serde(default)]
    group: Option<Box<str>>,
    #[serde(default)]
    split: Option<String>,
}

/// The photos of the shard `tar`, number `number` and called `name`, in its order; and what of it can't be used.
pub fn read(number: usize, tar: &Path, name: &str) -> (Vec<(Entry, Sample)>, Vec<Skipped>) {
    let mut keys: Vec<(Box<str>, Parts)> = Vec::new();
    let mut places: HashMap<Box<str>, usize> = HashMap::new();
    let mut skipped = Vec::new();
    let mut skip = |name: String, reason, detail: String| skipped.push(Skipped { name, skip: Skip::new(reason, detail) });
    let walked = tars::walk(tar, |member, span| {
        let Some((key, ending)) = taken_apart(member) else { return };
        let at = *places.entry(key.into()).or_insert_with(|| {
            keys.push((key.into(), Parts::default()));
            keys.len() - 1
        });
        let parts = &mut keys[at].1;
        let place = match ending.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" | "png" | "webp" => &mut parts.photo,
            "json" => &mut parts.json,
            "txt" => &mut parts.text,
            "cls" => &mut parts.class,
            "seg.png" => &mut parts.map,
            other => return tracing::debug!("{name}/{key}: the ending {other} is not known"),
        };
        if place.is_some() {
            skip(format!("{name}/{member}"), Reason::BadRecord, "stands in its shard twice; the first counts".to_owned());
        } else {
            *place = Some(span);
        }
    });
    if let Err(error) = walked {
        skip(name.to_owned(), Reason::DamagedPhoto, format!("{error}; what stands before is read"));
    }
    let mut listed = Vec::with_capacity(keys.len());
    for (key, Parts { photo, json, text, class, map }) in keys {
        let entry = format!("{name}/{key}");
        let Some(photo) = photo else {
            skip(entry, Reason::MissingPhoto, format!("{name} holds something of it and no photo"));
            continue;
        };
        let sample = Sample { tar: number as u32, photo, json, text, class, map };
        let head = head(tar, json);
        let split = head.split.as_deref().and_then(files::split).or_else(|| files::split_of_name(files::base(name)));
        let group = head.group.unwrap_or_else(|| entry.as_str().into());
        listed.push((Entry { name: entry.into(), group, split }, sample));
    }
    (listed, skipped)
}

/// A record that can't be read is told of when its photo is looked at.
fn head(tar: &Path, json: Option<Span>) -> Head {
    let text = json.and_then(|span| span.read(tar).ok());
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// WebDataset's rule: the key ends at the first point of the file's name.
fn taken_apart(member: &str) -> Option<(&str, &str)> {
    let base = member.len() - files::base(member).len();
    let point = base + member.get(base..)?.find('.')?;
    let hidden = point == base;
    (!hidden).then_some((member.get(..point)?, member.get(point + 1..)?))
}

/// The key of the entry called `name`: what follows its shard.
pub fn key(name: &str) -> Option<&str> {
    let end = name.find(".tar/").or_else(|| name.find(".TAR/"))?;
    name.get(end + 5..)
}
