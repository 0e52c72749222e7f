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
    /// Certainties below which a person of the network's map doesn't count; a line for each.
    #[arg(long, value_name = "P", num_args = 1.., default_values_t = [RoadConfig::default().certainty])]
    certainty: Vec<f32>,
    /// One JSON object for each certainty on stdout.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Found {
    certainty: f32,
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
        let road = |certainty: f32| {
            let road = Road::new(ontology.clone(), RoadConfig { certainty, ..RoadConfig::default() });
            road.ok_or_else(|| TrainingError::Setting {
                problem: "models/ontology.toml has no person, road or crosswalk".to_owned(),
            })
        };
        let asked: Vec<(f32, Road)> =
            self.certainty.iter().map(|&certainty| Ok((certainty, road(certainty)?))).collect::<Result<_, TrainingError>>()?;
        let drawn = road(0.0)?;
        let mut counts = vec![Counts::default(); asked.len()];
        for tar in &self.data {
            let photos = maps(tar)?;
            let progress = show.begin("looked at", photos.len(), "photos");
            for photo in photos {
                let mut picture = Picture::default();
                capture::decode(&photo.name, &photo.photo, &mut picture)?;
                let map = segmenter.segment(&picture, photo.map.width(), photo.map.height())?;
                let there = drawn.look(&photo.map);
                for ((_, road), counts) in asked.iter().zip(&mut counts) {
                    counts.count(road.look(&map).people, there.people);
                }
                progress.advance(1, String::new());
            }
            progress.finish();
        }
        if !self.json {
            println!(
                "{:>9} {:>7} {:>6} {:>22} {:>22}",
                "certainty", "frames", "people", "frames: precision, recall", "people: precision, recall"
            );
        }
        for ((certainty, _), counts) in asked.iter().zip(counts) {
            let [frame_precision, frame_recall, people_precision, people_recall] = counts.shares();
            if self.json {
                let certainty = *certainty;
                let found = Found { certainty, counts, frame_precision, frame_recall, people_precision, people_recall };
                let line = serde_json::to_string(&found).map_err(|e| TrainingError::Setting { problem: e.to_string() })?;
                println!("{line}");
                continue;
            }
            let there = counts.people_right + counts.people_missed;
            println!(
                "{certainty:>9.2} {:>7} {there:>6} {:>25} {:>25}",
                counts.frames,
                format!("{frame_precision:.3}, {frame_recall:.3}"),
                format!("{people_precision:.3}, {people_recall:.3}")
            );
        }
        Ok(())
    }
}
