//! `streetscape-train evaluate retrieval`.

use clap::Args;
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, PhotoArgs},
    output::{OutputArgs, print},
};
use crate::{
    evaluation::Table,
    training::{
        TrainingError,
        data::Photo,
        examinee::{Author, told},
        progress::Show,
    },
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct RetrievalArgs {
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    photos: PhotoArgs,
    /// Only photos of this source.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    asked: Asked,
    photos: usize,
    captions: usize,
    figures: &'a Table,
}

impl RetrievalArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let bundles = self.models.open()?;
        let mut shards = self.photos.read()?;
        let asked = |photo: &Photo| {
            self.source.as_ref().is_none_or(|source| *source == photo.record.source)
                && told(photo, Author::People).next().is_some()
        };
        shards.retain(|shard| shard.photos.iter().any(asked));
        if shards.is_empty() {
            let problem = "no photo has a caption that a person wrote; name other shards, or another --source";
            return Err(self.photos.lack(problem.to_owned()));
        }
        let found = bundles.map(|bundle| self.models.look(bundle, &shards, show)?.retrieval(Author::People, asked))?;
        let (photos, captions) = (found.after.of.photos(), found.after.of.captions());
        let table = found.after.of.table(found.before.as_ref().map(|before| &before.of), &found.after.sources());
        let report = Report { asked: bundles.asked(self.models.precision), photos, captions, figures: &table };
        self.output.show(&report, &[&table], || {
            println!("{photos} photos, {captions} captions that people wrote");
            print(&table, |_| true);
        })
    }
}
