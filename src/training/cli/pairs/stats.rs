//! `streetscape-train pairs stats`.

use std::{collections::BTreeMap, fmt::Display, path::PathBuf};

use clap::Args;

use crate::training::{
    TrainingError,
    pairs::{
        segments::Segments,
        stats::{Stats, stats},
    },
    progress::Show,
};

/// Rows shown of a long table; `--json` has all.
const ROWS: usize = 30;

#[derive(Args, Debug)]
pub(in crate::training::cli) struct StatsArgs {
    /// The data set: a folder of shards, or one shard.
    data: PathBuf,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

impl StatsArgs {
    pub(in crate::training::cli) fn run(self, show: Show) -> Result<(), TrainingError> {
        let found = stats(&self.data, &Segments::shipped()?, show)?;
        if self.json {
            let text = serde_json::to_string(&found)
                .map_err(|error| TrainingError::File { file: "standard output".to_owned(), source: error.into() })?;
            println!("{text}");
        } else {
            print(&found);
        }
        Ok(())
    }
}

fn print(found: &Stats) {
    let Stats { photos, groups, maps, without_caption, .. } = found;
    println!("{photos} photos in {groups} groups, {maps} with a map, {without_caption} without a caption");
    table("split", found.splits.iter());
    table("source", found.sources.iter());
    if !found.categories.is_empty() {
        table("category", found.categories.iter());
    }
    println!("\n{:<12}{:>9}{:>9}{:>11}   words", "captions by", "photos", "captions", "different");
    for (origin, told) in &found.captions {
        let words = format!("{} to {}, half at most {}", told.shortest, told.longest, told.median);
        println!("{:<12}{:>9}{:>9}{:>11}   {words}", name(origin), told.photos, told.count, told.different);
    }
    for (facet, known) in &found.facets {
        println!("\n{facet}: known of {} photos, balance {:.2}", known.photos, known.balance);
        for (class, origins) in &known.classes {
            let counts: Vec<String> = origins.iter().map(|(origin, count)| format!("{count} {}", name(origin))).collect();
            println!("  {class:<24}{:>7}   {}", origins.values().sum::<usize>(), counts.join(", "));
        }
    }
    if !found.agreement.is_empty() {
        println!("\nlabels read off maps agree with those by");
        for (facet, pairs) in &found.agreement {
            for (origin, pair) in pairs {
                let share = pair.agreed as f64 / pair.photos.max(1) as f64;
                println!("  {facet:<12}{:<10}on {share:.2} of {} photos", name(origin), pair.photos);
            }
        }
    }
    for (reason, count) in &found.damaged {
        println!("\nnot readable: {count} ({reason:?})");
    }
}

fn table<'a>(title: &str, rows: impl Iterator<Item = (&'a String, &'a usize)>) {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    println!("\n{title:<24}{:>9}", "photos");
    rows.iter().take(ROWS).for_each(|(name, count)| println!("{name:<24}{count:>9}"));
    if rows.len() > ROWS {
        let rest: BTreeMap<_, _> = rows.iter().skip(ROWS).copied().collect();
        println!("{:<24}{:>9}", format!("{} more", rest.len()), rest.values().copied().sum::<usize>());
    }
}

/// A value's name in files.
fn name(value: &(impl serde::Serialize + ?Sized)) -> impl Display {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
