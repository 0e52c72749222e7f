//! `streetscape-train evaluate retrieval`.

use clap::Args;
use serde::Serialize;

use super::{
    models::{Asked, ModelArgs, PhotoArgs, texts},
    output::{OutputArgs, print},
};
use crate::{
    evaluation::{
        Table,
        retrieval::Retrieval,
        shard::{Origin, Sentence},
    },
    training::{TrainingError, data::Photo, progress::Show},
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
            self.source.as_ref().is_none_or(|source| *source == photo.record.source) && told(photo).next().is_some()
        };
        shards.retain(|shard| shard.photos.iter().any(asked));
        if shards.is_empty() {
            let problem = "no photo has a caption that a person wrote; name other shards, or another --source";
            return Err(self.photos.lack(problem.to_owned()));
        }
        let found = bundles.map(|bundle| {
            let mut seen = self.models.photos(bundle, &shards, show)?;
            seen.retain(|seen| asked(seen.photo));
            let captions: Vec<String> = seen.iter().flat_map(|seen| told(seen.photo)).collect();
            let mut captions = texts(bundle, &captions)?.into_iter();
            let captions: Vec<_> = seen.iter().map(|seen| captions.by_ref().take(told(seen.photo).count()).collect()).collect();
            Ok(Retrieval::new(&seen.into_iter().map(|seen| seen.embedding).collect::<Vec<_>>(), &captions))
        })?;
        let (photos, captions) = (found.after.photos(), found.after.captions());
        let table = found.after.table(found.before.as_ref());
        let report = Report { asked: bundles.asked(self.models.precision), photos, captions, figures: &table };
        self.output.show(&report, &[&table], || {
            println!("{photos} photos, {captions} captions that people wrote");
            print(&table, |_| true);
        })
    }
}

/// What people wrote of `photo`.
fn told(photo: &Photo) -> impl Iterator<Item = String> {
    let human = photo.record.captions.iter().filter(|sentence| sentence.origin() == Origin::Human);
    human.map(Sentence::text).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
