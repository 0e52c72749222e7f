//! `streetscape-train evaluate people`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::{
    capture,
    encoder::{Runtime, Segmenter, SessionOptions, segmenter_file},
    evaluation::{
        timeline::people::{Counts, Road, RoadConfig},
        walks::maps,
    },
    frame::Picture,
    ontology::Ontology,
    training::{TrainingError, progress::Show},
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct PeopleArgs {
    /// Shards with CamVid's photos and the maps that people drew.
    #[arg(value_name = "TAR", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    /// The network that says what stands where [default: models/segmenter, where it is installed].
    #[arg(long, value_name = "MODEL.onnx")]
    segmenter: Option<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    counts: Counts,
    frame_precision: f64,
    frame_recall: f64,
    people_precision: f64,
    people_recall: f64,
}

impl PeopleArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        let Some(path) = self.segmenter.clone().or_else(segmenter_file) else {
            return Err(TrainingError::Setting { problem: "no segmenter: name one with --segmenter MODEL.onnx".to_owned() });
        };
        let mut segmenter = Segmenter::open(Runtime::load(None)?, &path, &SessionOptions::default())?;
        let ontology = Ontology::shipped()?;
        let road = |config| {
            let problem =
                || TrainingError::Setting { problem: "models/ontology.toml has no person, road or crosswalk".to_owned() };
            Road::new(ontology.clone(), config).ok_or_else(problem)
        };
        let (network, drawn) = (road(RoadConfig::default())?, road(RoadConfig::DRAWN)?);
        let mut counts = Counts::default();
        for tar in &self.data {
            let photos = maps(tar)?;
            let progress = show.begin("looked at", photos.len(), "photos");
            for photo in photos {
                let mut picture = Picture::default();
                capture::decode(&photo.name, &photo.photo, &mut picture)?;
                let map = segmenter.segment(&picture, photo.map.width(), photo.map.height())?;
                counts.count(network.look(&map).people, drawn.look(&photo.map).people);
                progress.advance(1, String::new());
            }
            progress.finish();
        }
        let [frame_precision, frame_recall, people_precision, people_recall] = counts.shares();
        if self.json {
            let found = Found { counts, frame_precision, frame_recall, people_precision, people_recall };
            let line = serde_json::to_string(&found).map_err(|e| TrainingError::Setting { problem: e.to_string() })?;
            println!("{line}");
            return Ok(());
        }
        let Counts { frames, frames_right, frames_missed, people_right, people_missed, .. } = counts;
        println!("{:<24} {:>6} {:>10} {:>7}", "", "there", "precision", "recall");
        println!("frames, of {frames:<13} {:>6} {frame_precision:>10.3} {frame_recall:>7.3}", frames_right + frames_missed);
        println!("{:<24} {:>6} {people_precision:>10.3} {people_recall:>7.3}", "people", people_right + people_missed);
        Ok(())
    }
}
