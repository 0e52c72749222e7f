//! `streetscape-train evaluate street30`.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, PhotoArgs},
    output::{OutputArgs, print, write_csv},
};
use crate::{
    evaluation::{
        Confused, Confusion, Table, TopK,
        categories::{CATEGORY, Categories, CategoryFrom},
        street30::{self, CLIP_RSICD},
    },
    training::{TrainingError, progress::Show},
};

/// Confusions shown; the table has all.
const WORST: usize = 10;

#[derive(Args, Debug)]
pub(in crate::training::cli) struct Street30Args {
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    photos: PhotoArgs,
    /// Another list of categories, one a line [default: the thirty of Street-30].
    #[arg(long, value_name = "FILE")]
    categories: Option<PathBuf>,
    /// The caption of a category.
    #[arg(long, value_name = "TEXT", default_value = street30::TEMPLATE, value_parser = template)]
    template: String,
    /// Where it stands which category a photo belongs to.
    #[arg(long, value_enum, default_value_t = From::Record)]
    category_from: From,
    #[command(flatten)]
    output: OutputArgs,
    /// Write the table of confusions here too, as CSV.
    #[arg(long, value_name = "FILE")]
    confusion: Option<PathBuf>,
}

/// Where a category is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// `category` in KEY.json.
    Record,
    /// The folder in the shard.
    Folder,
    /// The photo's file name, less the number at its end.
    File,
    /// The shard's file name, less the number at its end.
    Shard,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    asked: Asked,
    overall: TopK,
    sources: BTreeMap<String, TopK>,
    confusion: Confusion,
    worst: Vec<Confused>,
    figures: Table,
    /// Top-1, 3, 5 and 10 of the study CLIP-rsicd, before and after.
    clip_rsicd: [[f64; 4]; 2],
}

impl Street30Args {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let categories = match &self.categories {
            Some(path) => Categories::read(path, &self.template)?,
            None => Categories::street30(&self.template),
        };
        let from = match self.category_from {
            From::Record => CategoryFrom::Record,
            From::Folder => CategoryFrom::Folder,
            From::File => CategoryFrom::File,
            From::Shard => CategoryFrom::Shard,
        };
        let bundles = self.models.open()?;
        let shards = self.photos.read()?;
        let found = bundles.map(|bundle| Ok(self.models.look(bundle, &shards, show)?.street30(&categories, from)?.of))?;
        if found.after.photos() == 0 {
            let problem = "no photo has one of the categories; say where they stand with --category-from, or name a list of them \
                with --categories";
            return Err(self.photos.lack(problem.to_owned()));
        }
        let table = found.after.table(found.before.as_ref());
        let confusion = found.after.confusion();
        if let Some(path) = &self.confusion {
            write_csv(path, confusion.to_csv())?;
        }
        let report = Report {
            asked: bundles.asked(self.models.precision),
            overall: found.after.overall(),
            sources: found.after.sources(),
            worst: confusion.worst(WORST),
            confusion,
            figures: table.clone(),
            clip_rsicd: CLIP_RSICD,
        };
        self.output.show(&report, &[&table], || tell(&table, &report.worst))
    }
}

fn tell(table: &Table, worst: &[Confused]) {
    print(table, |row| row.of != "class");
    println!("\nCLIP-rsicd, ViT-B/32, on 30 categories of aerial photographs (its README):");
    for (when, [one, three, five, ten]) in ["before", "after"].into_iter().zip(CLIP_RSICD) {
        println!("{when:<8} {one:.3} {three:.3} {five:.3} {ten:.3} at k = 1, 3, 5, 10");
    }
    println!("\nby category:");
    print(table, |row| row.of == "class");
    println!("\nmost confused:");
    for Confused { truth, answer, photos, share } in worst {
        println!("{photos:>5} ({:>2.0} %)  {truth} taken for {answer}", 100.0 * share);
    }
}

pub(super) fn template(text: &str) -> Result<String, String> {
    if text.contains(CATEGORY) { Ok(text.to_owned()) } else { Err(format!("write {CATEGORY} where the category belongs")) }
}
