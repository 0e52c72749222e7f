//! A run: each request is painted once, looked at, and kept or set aside.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use rayon::{
    ThreadPoolBuilder,
    iter::{IntoParallelRefIterator, ParallelBridge, ParallelIterator},
};

use super::{
    Failure, GenerateError, Painter,
    album::{self, Album, Standing},
    chat::Chat,
    gallery::Gallery,
    grammar::Grammar,
    request::Request,
};
use crate::training::{
    TrainingError,
    pairs::{
        Reason, Skip,
        likeness::{Hasher, Sets, join_alike},
    },
    progress::{Progress, Show},
};

/// Failures without a single picture that end a run: what is wrong is wrong with all.
const HOPELESS: usize = 8;

/// What paints, and how.
pub struct Studio<'a> {
    /// Its sentences and its classes.
    pub grammar: Grammar,
    /// Who paints.
    pub painter: &'a dyn Painter,
    /// Who writes the prompts; the grammar where this is absent.
    pub chat: Option<&'a Chat>,
    /// Pictures in the making at once.
    pub workers: usize,
}

impl Studio<'_> {
    /// Paints what is due of `requests` into `album`, and gives what stayed. A run that was stopped goes on.
    pub fn paint(self, album: Album, requests: Vec<Request>, show: Show) -> Result<Gallery, TrainingError> {
        let mut due = Vec::new();
        for request in &requests {
            if album.standing(request)? == Standing::Due {
                due.push(request);
            }
        }
        self.paint_due(&album, &due, show)?;
        review(&album, &requests)?;
        if let Some((taken, refused)) = self.chat.map(Chat::counts).filter(|(taken, refused)| taken + refused > 0) {
            show.say(&format!("prompts of the chat: {taken} taken; {refused} were not what was asked for, the grammar's own instead"));
        }
        let gallery = Gallery::open(self.grammar, album, requests)?;
        Ok(gallery)
    }

    fn paint_due(&self, album: &Album, due: &[&Request], show: Show) -> Result<(), TrainingError> {
        if due.is_empty() {
            return Ok(());
        }
        let threads = |error: rayon::ThreadPoolBuildError| TrainingError::Setting { problem: format!("--workers: {error}") };
        let pool = ThreadPoolBuilder::new().num_threads(self.workers.max(1)).build().map_err(threads)?;
        let tally = Tally { kept: AtomicUsize::new(0), lost: AtomicUsize::new(0), progress: show.begin("painting", due.len(), "pictures") };
        // In their order, not in halves: what was painted when a run is stopped covers what its first pictures shall cover.
        let painted = pool.install(|| due.iter().par_bridge().try_for_each(|request| self.paint_one(album, request, &tally)));
        tally.progress.finish();
        painted
    }

    fn paint_one(&self, album: &Album, request: &Request, tally: &Tally) -> Result<(), TrainingError> {
        let rephrased = self.chat.map(|chat| chat.rephrase(&self.grammar, request)).transpose()?;
        let request = rephrased.as_ref().unwrap_or(request);
        let (skip, picture) = match self.painter.paint(request) {
            Ok(painted) => match album::look(request, &painted.picture, &mut Hasher::default()) {
                Ok(_) => {
                    album.keep(request, painted)?;
                    tally.kept.fetch_add(1, Ordering::Relaxed);
                    tally.advance();
                    return Ok(());
                }
                Err(skip) => (skip, Some(painted.picture)),
            },
            Err(Failure::Picture(skip)) => (skip, None),
            Err(Failure::All(error)) => return Err(error.into()),
        };
        tracing::info!(id = request.id, detail = skip.detail, "set aside");
        let problem = skip.detail.clone();
        album.set_aside(request, skip, picture.as_deref())?;
        let count = tally.lost.fetch_add(1, Ordering::Relaxed) + 1;
        tally.advance();
        if count >= HOPELESS && tally.kept.load(Ordering::Relaxed) == 0 {
            let aside = album.aside().display().to_string();
            return Err(GenerateError::Hopeless { count, problem, aside }.into());
        }
        Ok(())
    }
}

struct Tally {
    kept: AtomicUsize,
    lost: AtomicUsize,
    progress: Progress,
}

impl Tally {
    fn advance(&self) {
        let note = match self.lost.load(Ordering::Relaxed) {
            0 => String::new(),
            lost => format!("{lost} set aside"),
        };
        self.progress.advance(1, note);
    }
}

/// Looks at all pictures once more, those too that came here in another way, and sets aside what looks like an earlier one. The same
/// pictures stay whatever the order in which they were painted.
fn review(album: &Album, requests: &[Request]) -> Result<(), TrainingError> {
    let looked = requests.par_iter().map_init(Hasher::default, |hasher, request| {
        if !matches!(album.standing(request)?, Standing::Kept(_)) {
            return Ok(None);
        }
        let path = album.file(request, "jpg");
        let seen = fs::read(&path)
            .map_err(|error| Skip::new(Reason::MissingPhoto, format!("{}: {error}", path.display())))
            .and_then(|bytes| album::look(request, &bytes, hasher));
        seen.map(Some).or_else(|skip| album.set_aside(request, skip, None).map(|()| None))
    });
    let hashes: Vec<Option<u64>> = looked.collect::<Result<_, TrainingError>>()?;
    let mut sets = Sets::new(requests.len());
    join_alike(&hashes, &mut sets);
    for (at, request) in requests.iter().enumerate() {
        let first = sets.find(at);
        if first != at {
            let detail = format!("looks like picture {}", requests[first].id);
            album.set_aside(request, Skip::new(Reason::NearDuplicate, detail), None)?;
        }
    }
    Ok(())
}
