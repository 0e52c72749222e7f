//! What people have after an evening with Midjourney or Stable Diffusion: a folder of downloaded pictures.
//!
//! Owns telling a grid of four from a single picture, and which pictures were made after one prompt. Leaves the form of prompts to
//! `prompt`, of grids to `grid`, pictures that look alike to `gather`: an upscale is kept together with the quarter that it was made of
//! by its prompt, and where the prompt was cut off or lost, by its looks.
//!
//! A picture is a grid where its name says so, or where it doesn't say that it is one of four and the pixels have seams both ways.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use prompt::Making;
use rayon::prelude::*;

use super::{
    Collection, Entry, Reason, Skip, Skipped,
    import::files,
    likeness::{CLOSE, Hasher},
};
use crate::{
    capture::{self, jpeg, maps},
    evaluation::shard::{Origin, Record, Sentence},
    frame::Picture,
    ontology::StreetMap,
    training::{TrainingError, progress::Show},
};

mod grid;
mod prompt;

/// Letters of a prompt that tell it from others: names keep no more of it, and no signs.
const TELLING: usize = 40;

/// The pictures of a folder with their prompts.
pub struct Midjourney {
    root: PathBuf,
    files: Vec<File>,
    pictures: Vec<Part>,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
}

/// One file that was looked at.
struct File {
    name: Box<str>,
    making: Making,
    /// Hash of the picture, or of each quarter of a grid.
    hashes: Vec<u64>,
}

/// A picture: a whole file or a quarter of it.
struct Part {
    file: usize,
    quarter: Option<u8>,
    prompt: Box<str>,
}

impl Midjourney {
    /// The pictures in `root` and the folders in it. Each is decoded once to know grids.
    pub fn open(root: &Path, show: Show) -> Result<Self, TrainingError> {
        files::need(root, "give the folder of the downloaded pictures")?;
        let names = files::walk(root, files::is_photo)?;
        if names.is_empty() {
            return Err(files::wrong(root, "no pictures there; download some, and keep their names".to_owned()));
        }
        let progress = show.begin("looking for grids", names.len(), "pictures");
        let looked = names.into_par_iter().map_init(Eyes::default, |eyes, name| {
            let found = eyes.look(root, &name).map_err(|skip| Skipped { name: name.to_string(), skip });
            progress.advance(1, String::new());
            found
        });
        let looked: Vec<Result<File, Skipped>> = looked.collect();
        progress.finish();
        let mut all =
            Self { root: root.to_owned(), files: Vec::new(), pictures: Vec::new(), entries: Vec::new(), skipped: Vec::new() };
        for found in looked {
            match found {
                Ok(file) => all.files.push(file),
                Err(skipped) => all.skipped.push(skipped),
            }
        }
        all.list();
        Ok(all)
    }

    /// Makes an entry of each picture that has a prompt.
    fn list(&mut self) {
        let prompts = prompts(&self.files);
        for (file, (File { name, making, hashes }, prompt)) in self.files.iter().zip(prompts).enumerate() {
            let Some(prompt) = prompt else {
                let detail = format!("{name}: no prompt in its text chunks, and its name is none of Midjourney's");
                self.skipped.push(Skipped { name: name.to_string(), skip: Skip::new(Reason::NoCaption, detail) });
                continue;
            };
            let quarters: Vec<Option<u8>> = if hashes.len() == 4 { (0..4).map(Some).collect() } else { vec![making.variant] };
            let whole = hashes.len() == 1;
            for quarter in quarters {
                let name = match quarter {
                    Some(quarter) if !whole => format!("{name}#{quarter}").into(),
                    _ => name.clone(),
                };
                self.entries.push(Entry { name, group: telling(&prompt).into(), split: None });
                self.pictures.push(Part { file, quarter: quarter.filter(|_| !whole), prompt: prompt.as_str().into() });
            }
        }
    }
}

/// What tells a prompt from others, however it was passed on.
fn telling(prompt: &str) -> String {
    prompt.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).take(TELLING).collect()
}

/// The prompt of each file: of those that its job's files tell the longest, which was not cut off; where it tells none, that of a
/// picture that looks like it.
fn prompts(files: &[File]) -> Vec<Option<String>> {
    let mut longest: HashMap<&str, &str> = HashMap::new();
    for Making { prompt, job, .. } in files.iter().map(|file| &file.making) {
        if let (Some(prompt), Some(job)) = (prompt, job) {
            let known = longest.entry(job).or_insert(prompt);
            *known = if prompt.len() > known.len() { prompt } else { known };
        }
    }
    let own = |file: &File| {
        let of_job = file.making.job.as_deref().and_then(|job| longest.get(job)).map(|prompt| (*prompt).to_owned());
        of_job.or_else(|| file.making.prompt.clone())
    };
    let told: Vec<Option<String>> = files.iter().map(own).collect();
    let alike = |file: &File| {
        let close = |one: &u64, other: &u64| *one != 0 && *other != 0 && (one ^ other).count_ones() <= CLOSE;
        let looks_like = |other: &&File| other.hashes.iter().any(|hash| file.hashes.iter().any(|own| close(own, hash)));
        files.iter().zip(&told).filter(|(_, prompt)| prompt.is_some()).find(|(other, _)| looks_like(other))
    };
    let found = files.iter().zip(&told).map(|(file, prompt)| prompt.clone().or_else(|| alike(file)?.1.clone()));
    found.collect()
}

/// What one core needs to look at files.
#[derive(Default)]
struct Eyes {
    picture: Picture,
    hasher: Hasher,
}

impl Eyes {
    fn look(&mut self, root: &Path, name: &str) -> Result<File, Skip> {
        let bytes = files::read(&root.join(name), Reason::MissingPhoto, Reason::DamagedPhoto)?;
        let damaged = |error| Skip::new(Reason::DamagedPhoto, error);
        let making = Making::read(files::stem(name), &maps::texts(name, &bytes).map_err(damaged)?);
        capture::decode(name, &bytes, &mut self.picture).map_err(damaged)?;
        let picture = &self.picture;
        // A grid of Midjourney's is always of four; other programs' may have any number.
        let sure = making.grid && making.job.is_some() && grid::can_part(picture);
        let parted = sure || making.variant.is_none() && grid::is_grid(picture);
        if making.grid && !parted {
            let size = format!("{} x {} pixels", picture.width(), picture.height());
            return Err(Skip::new(
                Reason::WrongSize,
                format!("{name}: called a grid, and its {size} are not two by two pictures"),
            ));
        }
        let hashes = if parted {
            (0..4).filter_map(|which| Some(self.hasher.hash(&grid::quarter(picture, which)?))).collect()
        } else {
            vec![self.hasher.hash(picture)]
        };
        Ok(File { name: name.into(), making, hashes })
    }
}

impl Collection for Midjourney {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn photo(&self, entry: usize) -> Result<Vec<u8>, Skip> {
        let Part { file, quarter, .. } = &self.pictures[entry];
        let File { name, hashes, .. } = &self.files[*file];
        // A picture of one colour has no hash.
        if hashes.get(usize::from(quarter.unwrap_or_default())) == Some(&0) {
            return Err(Skip::new(Reason::Blank, format!("{}: one colour all over", self.entries[entry].name)));
        }
        let bytes = files::read(&self.root.join(&**name), Reason::MissingPhoto, Reason::DamagedPhoto)?;
        let Some(quarter) = quarter else { return Ok(bytes) };
        let damaged = |error| Skip::new(Reason::DamagedPhoto, error);
        let mut picture = Picture::default();
        capture::decode(name, &bytes, &mut picture).map_err(damaged)?;
        let empty = || Skip::new(Reason::WrongSize, format!("{name}: too small to be parted in four"));
        jpeg::encode(&grid::quarter(&picture, *quarter).ok_or_else(empty)?).map_err(damaged)
    }

    fn record(&self, entry: usize) -> Result<Record, Skip> {
        let Part { file, quarter, prompt } = &self.pictures[entry];
        let Making { job, variant, .. } = &self.files[*file].making;
        let told = Sentence::Told { text: prompt.to_string(), origin: Some(Origin::Prompt), facts: Vec::new() };
        let mut record = Record { captions: vec![told], ..Record::default() };
        record.more.extend(job.iter().map(|job| ("job".to_owned(), job.as_str().into())));
        record.more.extend(quarter.or(*variant).map(|which| ("variant".to_owned(), which.into())));
        Ok(record)
    }

    fn map(&self, _entry: usize, _width: usize, _height: usize) -> Result<Option<StreetMap>, Skip> {
        Ok(None)
    }
}
