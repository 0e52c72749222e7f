//! `timeline`: the scenes of a recorded walk or any video, as segments.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use serde_json::json;
use streetscape::{
    bundle::write_whole,
    capture,
    encoder::{Segmenter, SessionOptions, TextEncoder, segmenter_file},
    evaluation::timeline::{
        Captions, Scenes, Segment,
        page::Told,
        people::{Episode, InRoad, Road, RoadConfig, episodes},
    },
    frame::{Frame, Picture, Timestamp},
    narrator::EvidenceConfig,
    observation::{Observation, View},
    ontology::Ontology,
    pipeline::embedded,
    ranking::rank,
};

use crate::{
    args::{Common, TimelineArgs},
    photos,
    setting_up::Model,
};

/// The longest side of a map, in pixels: finer than the network's answer.
const LONGEST: u32 = 480;
/// Seconds between the frames in which people in the road are looked for: a map takes many times what an embedding does.
const BETWEEN_MAPS: f64 = 1.0;

/// Which scenes, when, how sure.
pub fn timeline(args: &TimelineArgs, common: &Common) -> Result<ExitCode> {
    let captions = args.captions.as_deref().map(photos::captions).transpose()?;
    let mut source = capture::open(&args.path, args.fps)?;
    let model = Model::open(common)?;
    let mut road = args.people.then(|| InTheRoad::open(&model, args.segmenter.as_deref())).transpose()?;
    let mut length = Length::default();
    let segments = match captions {
        None => {
            let mut ranker = model.ranker()?;
            if ranker.is_silent() {
                bail!(
                    "{}: not calibrated, so that it is sure of nothing; name your own words with --captions",
                    model.dir().display()
                );
            }
            let (views, mut observation) = (ranker.views(), Observation::default());
            let mut scenes = Scenes::new(EvidenceConfig::default(), &model.vocabulary);
            look(source.as_mut(), &views, &model, &mut length, road.as_mut(), &mut |frame, embeddings| {
                ranker.observe(frame.at, views.iter().copied().zip(embeddings), &mut observation);
                scenes.see(&observation);
            })?;
            scenes.finish(&model.vocabulary)
        }
        Some(captions) => {
            let texts: Vec<&str> = captions.iter().map(String::as_str).collect();
            let embedded = model.text()?.encode(&texts)?;
            let calibration = model.bundle.manifest.calibration.captions.clone();
            let mut found = Captions::new(EvidenceConfig::default(), &captions);
            look(source.as_mut(), &[View::Full], &model, &mut length, road.as_mut(), &mut |frame, embeddings| {
                if let [picture] = embeddings {
                    found.see(frame.at, &rank(picture, &embedded, calibration.as_ref()));
                }
            })?;
            found.finish(&captions)
        }
    };
    let people = road.map(|road| episodes(&road.seen));
    let told = Told {
        name: &args.path.display().to_string(),
        seconds: length.seconds(),
        segments: &segments,
        people: people.as_deref(),
        model: &model.bundle.manifest.name,
    };
    if let Some(path) = &args.html {
        write_whole(path, told.html().as_bytes()).with_context(|| path.display().to_string())?;
    }
    print(&told, length.looked, common).or_else(quietly)?;
    Ok(ExitCode::SUCCESS)
}

/// Whoever reads the lines has seen enough.
fn quietly(error: io::Error) -> Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error).context("the timeline can't be written") }
}

fn look(
    source: &mut dyn capture::FrameSource,
    views: &[View],
    model: &Model,
    length: &mut Length,
    mut road: Option<&mut InTheRoad>,
    each: &mut dyn FnMut(&Frame, &[streetscape::embedding::Embedding]),
) -> Result<()> {
    let mut failed = None;
    let open = || model.image_of_many();
    length.looked = embedded::look(source, views, &open, |frame, embeddings| {
        length.take(frame.at);
        each(frame, embeddings);
        if let (Some(road), None) = (road.as_deref_mut(), &failed) {
            failed = road.look(frame).err();
        }
        Ok(())
    })?;
    failed.map_or(Ok(()), Err)
}

/// How long the walk is: to the end of its last frame.
#[derive(Default)]
struct Length {
    looked: embedded::Looked,
    last: Timestamp,
    step: f64,
}

impl Length {
    fn take(&mut self, at: Timestamp) {
        self.step = at.since(self.last).as_secs_f64();
        self.last = at;
    }

    fn seconds(&self) -> f64 {
        self.last.seconds() + self.step
    }
}

/// Who is in the road, in a frame now and then.
struct InTheRoad {
    segmenter: Segmenter,
    road: Road,
    seen: Vec<(Timestamp, InRoad)>,
}

impl InTheRoad {
    fn open(model: &Model, named: Option<&Path>) -> Result<Self> {
        let Some(path) = named.map(Path::to_owned).or_else(segmenter_file) else {
            bail!("no segmenter: install models/segmenter beside the program, or name one with --segmenter");
        };
        let segmenter = Segmenter::open(model.runtime, &path, &SessionOptions::default())?;
        let Some(road) = Road::new(Ontology::shipped()?, RoadConfig::default()) else {
            bail!("models/ontology.toml: no person, road or crosswalk in it");
        };
        Ok(Self { segmenter, road, seen: Vec::new() })
    }

    fn look(&mut self, frame: &Frame) -> Result<()> {
        if self.seen.last().is_some_and(|(last, _)| frame.at.since(*last).as_secs_f64() < BETWEEN_MAPS - 1e-6) {
            return Ok(());
        }
        let (width, height) = sides(&frame.picture);
        let map = self.segmenter.segment(&frame.picture, width, height)?;
        self.seen.push((frame.at, self.road.look(&map)));
        Ok(())
    }
}

/// Width and height of a map of `picture`.
fn sides(picture: &Picture) -> (usize, usize) {
    let longest = picture.width().max(picture.height()).max(1);
    let side = |pixels: u32| (u64::from(pixels) * u64::from(LONGEST.min(longest)) / u64::from(longest)).max(1) as usize;
    (side(picture.width()), side(picture.height()))
}

fn print(told: &Told<'_>, looked: embedded::Looked, common: &Common) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let time = |seconds: f64| Timestamp::from_seconds(seconds).to_string();
    for segment in told.segments {
        if common.json {
            writeln!(out, "{}", serde_json::to_string(&tagged("segment", segment)).map_err(io::Error::from)?)?;
            continue;
        }
        let Segment { start, end, facet, p, score, .. } = segment;
        let sure = match (p, score) {
            (Some(p), _) => format!("{:>3.0} %", 100.0 * p),
            (None, Some(score)) => format!("{score:.3}"),
            (None, None) => String::new(),
        };
        let of = facet.as_ref().map_or_else(String::new, |facet| format!("[{facet}] "));
        writeln!(out, "{} - {}  {sure}  {of}{}", time(*start), time(*end), segment.name())?;
    }
    for episode in told.people.into_iter().flatten() {
        if common.json {
            writeln!(out, "{}", serde_json::to_string(&tagged("people_in_road", episode)).map_err(io::Error::from)?)?;
            continue;
        }
        let Episode { start, end, people, away_from_crossing } = episode;
        writeln!(
            out,
            "{} - {}  {people} in the road at most, {away_from_crossing} away from a crossing",
            time(*start),
            time(*end)
        )?;
    }
    if common.json {
        let summary = json!({"event": "summary", "duration": told.seconds, "frames": looked.frames, "blind": looked.blind, "segments": told.segments.len()});
        writeln!(out, "{summary}")?;
    } else if !common.quiet {
        eprintln!(
            "{:.0} s, {} frames, {} of them dark, covered or damaged",
            told.seconds,
            looked.frames + looked.blind,
            looked.blind
        );
    }
    out.flush()
}

/// A line of JSON that says what it is.
#[derive(serde::Serialize)]
struct Tagged<'a, T> {
    event: &'static str,
    #[serde(flatten)]
    of: &'a T,
}

fn tagged<'a, T>(event: &'static str, of: &'a T) -> Tagged<'a, T> {
    Tagged { event, of }
}
