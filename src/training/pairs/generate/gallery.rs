//! The pictures that stayed, as a collection to be gathered.

use std::fs;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{
    album::{Album, Kept, PICTURES, SET_ASIDE, Standing},
    grammar::{Facets, Grammar},
    request::Request,
};
use crate::{
    evaluation::shard::{FacetLabels, MapRecord, Origin, Record, Sentence},
    ontology::StreetMap,
    training::{
        TrainingError,
        pairs::{
            Collection, Entry, Reason, Skip, Skipped,
            import::{Legend, MaskFormat},
        },
    },
};

/// How sure it is that a picture shows a class that its prompt names: the share of GenEval's tasks that DALL-E 3 fulfils (Esser et al.,
/// "Scaling rectified flow transformers", 2024, table 5: 0.67). Other generators fulfil fewer.
const PROMPT_IS_TRUE: f32 = 0.67;

/// Pictures in an album, with what is known of each.
pub struct Gallery {
    grammar: Grammar,
    album: Album,
    requests: Vec<Request>,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    legend: Legend,
}

impl Gallery {
    /// What is kept and what was set aside of `requests`.
    pub fn open(grammar: Grammar, album: Album, requests: Vec<Request>) -> Result<Self, TrainingError> {
        let legend = Legend::find(MaskFormat::Street, album.dir())?;
        let mut gallery = Self { grammar, album, requests: Vec::new(), entries: Vec::new(), skipped: Vec::new(), legend };
        for request in requests {
            let name = |folder: &str| format!("{folder}/{}.jpg", request.id);
            match gallery.album.standing(&request)? {
                Standing::Kept(kept) => {
                    let entry = Entry { name: name(PICTURES).into(), group: kept.request.group().into(), split: None };
                    gallery.entries.push(entry);
                    gallery.requests.push(kept.request);
                }
                Standing::Aside(skip) => gallery.skipped.push(Skipped { name: name(SET_ASIDE), skip }),
                Standing::Due => {}
            }
        }
        Ok(gallery)
    }

    fn facts(&self, kept: &Kept) -> (Vec<Sentence>, Facets, Origin, Option<f32>) {
        let Kept { request, answer } = kept;
        let told = |text: String, origin| Sentence::Told { text, origin: Some(origin), facts: Vec::new() };
        let prompt = told(request.prompt.clone(), Origin::Prompt);
        let Some(answer) = answer else { return (vec![prompt], request.facets.clone(), Origin::Prompt, Some(PROMPT_IS_TRUE)) };
        // What was asked for is not always to be seen: such a prompt is no caption.
        let mut captions: Vec<Sentence> =
            self.grammar.bears_out(&answer.facets, &request.prompt).then_some(prompt).into_iter().collect();
        let mut rng = ChaCha8Rng::seed_from_u64(request.seed);
        let seen = self.grammar.tell(&answer.facets, Some(request.camera_height), &mut rng);
        captions.extend((!seen.is_empty()).then(|| told(seen, Origin::Scene)));
        (captions, answer.facets.clone(), Origin::Scene, None)
    }
}

impl Collection for Gallery {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn photo(&self, entry: usize) -> Result<Vec<u8>, Skip> {
        let path = self.album.file(&self.requests[entry], "jpg");
        fs::read(&path).map_err(|error| Skip::new(Reason::MissingPhoto, format!("{}: {error}", path.display())))
    }

    fn record(&self, entry: usize) -> Result<Record, Skip> {
        let bad = |problem: String| Skip::new(Reason::BadRecord, problem);
        let kept = match self.album.standing(&self.requests[entry]) {
            Ok(Standing::Kept(kept)) => kept,
            Ok(_) => return Err(bad(format!("{} is gone", self.entries[entry].name))),
            Err(error) => return Err(bad(error.to_string())),
        };
        let (captions, facets, origin, p) = self.facts(&kept);
        let labelled = |(facet, labels)| (facet, FacetLabels { labels, origin: Some(origin), p });
        let request = kept.request;
        let mut more = serde_json::Map::new();
        more.insert("seed".to_owned(), request.seed.into());
        more.insert("camera_height".to_owned(), request.camera_height.into());
        let map = self.album.file(&self.requests[entry], "png").exists();
        let map = map.then(|| MapRecord { vocabulary: "street".to_owned(), origin: "scene".to_owned() });
        Ok(Record { captions, facets: facets.into_iter().map(labelled).collect(), map, more, ..Record::default() })
    }

    fn map(&self, entry: usize, width: usize, height: usize) -> Result<Option<StreetMap>, Skip> {
        let path = self.album.file(&self.requests[entry], "png");
        let name = path.display().to_string();
        let Ok(bytes) = fs::read(&path) else { return Ok(None) };
        self.legend.read(&name, &bytes, width, height).map(Some)
    }
}
