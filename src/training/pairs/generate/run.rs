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
use crate::{
    ontology::Sets,
    training::{
        TrainingError,
        pairs::{
            Reason, Skip,
            likeness::{Hasher, join_alike},
        },
        progress::{Progress, Show},
    },
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
            show.say(&format!(
                "prompts of the chat: {taken} taken; {refused} were not what was asked for, the grammar's own instead"
            ));
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
        let tally = Tally {
            kept: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            progress: show.begin("painting", due.len(), "pictures"),
        };
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

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Mutex};

    use super::{
        super::{
            Facets, Painted,
            testing::{photo, request},
        },
        *,
    };
    use crate::{
        capture,
        evaluation::shard::{Origin, Record},
        frame::Picture,
        training::pairs::Collection,
    };

    type Paint = Box<dyn Fn(&Request) -> Result<Painted, Failure> + Sync>;

    /// Paints as it is told and remembers whom it was asked by.
    struct Fake {
        paint: Paint,
        asked: Mutex<Vec<String>>,
    }

    impl Fake {
        fn new(paint: impl Fn(&Request) -> Result<Painted, Failure> + Sync + 'static) -> Self {
            Self { paint: Box::new(paint), asked: Mutex::default() }
        }

        fn asked(&self) -> usize {
            self.asked.lock().expect("the list").len()
        }
    }

    impl Painter for Fake {
        fn paint(&self, request: &Request) -> Result<Painted, Failure> {
            self.asked.lock().expect("the list").push(request.id.clone());
            (self.paint)(request)
        }
    }

    fn picture(bytes: Vec<u8>) -> Result<Painted, Failure> {
        Ok(Painted { picture: bytes, ..Painted::default() })
    }

    fn paint(out: &Path, painter: &Fake, count: u64) -> Result<Gallery, TrainingError> {
        let studio = Studio { grammar: Grammar::shipped()?, painter, chat: None, workers: 2 };
        let requests = (0..count).map(|number| request(number, "A rainy alley")).collect();
        studio.paint(Album::open(out)?, requests, Show::Nothing)
    }

    #[test]
    fn what_is_no_picture_is_set_aside_with_its_reason() {
        let fake = Fake::new(|request| match request.seed {
            1 => picture(b"no picture".to_vec()),
            2 => picture(photo(2)[..300].to_vec()),
            3 => picture(photo(0)),
            4 => Err(Skip::new(Reason::Refused, "the rules of the house").into()),
            5 => picture(
                capture::jpeg::encode(&Picture::new(24, 32, vec![9; 24 * 32 * 3]).expect("a picture")).expect("a photo"),
            ),
            6 => picture(
                capture::jpeg::encode(&Picture::new(32, 24, vec![9; 24 * 32 * 3]).expect("a picture")).expect("a photo"),
            ),
            seed => picture(photo(seed)),
        });
        let dir = tempfile::tempdir().expect("a folder");
        let gallery = paint(dir.path(), &fake, 9).expect("a gallery");
        let names: Vec<&str> = gallery.entries().iter().map(|entry| &*entry.name).collect();
        assert_eq!(names, ["pictures/000000.jpg", "pictures/000007.jpg", "pictures/000008.jpg"]);
        let reasons: Vec<Reason> = gallery.skipped().iter().map(|skipped| skipped.skip.reason).collect();
        let want = [
            Reason::DamagedPhoto,
            Reason::DamagedPhoto,
            Reason::NearDuplicate,
            Reason::Refused,
            Reason::WrongSize,
            Reason::Blank,
        ];
        assert_eq!(reasons, want);
        assert_eq!(gallery.skipped()[2].skip.detail, "looks like picture 000000");
        assert!(dir.path().join("aside/000003.jpg").exists() && !dir.path().join("pictures/000003.json").exists());
    }

    #[test]
    fn a_run_goes_on_where_it_was_stopped() {
        let dir = tempfile::tempdir().expect("a folder");
        let stops = Fake::new(|request| match request.seed {
            0 | 1 => picture(photo(request.seed)),
            2 => Err(Skip::new(Reason::Failed, "no").into()),
            _ => Err(GenerateError::Setting { problem: "the power went".to_owned() }.into()),
        });
        assert!(paint(dir.path(), &stops, 6).err().expect("stopped").to_string().contains("the power went"));
        std::fs::write(dir.path().join("pictures/.aside-half"), "half").expect("a file");
        std::fs::write(dir.path().join("pictures/000004.jpg"), "half").expect("a file");
        let goes_on = Fake::new(|request| picture(photo(request.seed)));
        let gallery = paint(dir.path(), &goes_on, 6).expect("a gallery");
        assert_eq!((goes_on.asked(), gallery.entries().len(), gallery.skipped().len()), (3, 5, 1));
        let again = Fake::new(|_| picture(Vec::new()));
        assert_eq!(paint(dir.path(), &again, 6).expect("a gallery").entries(), gallery.entries());
        assert_eq!(again.asked(), 0);
    }

    #[test]
    fn another_runs_pictures_are_not_taken_for_this_ones() {
        let dir = tempfile::tempdir().expect("a folder");
        let fake = Fake::new(|request| picture(photo(request.seed)));
        paint(dir.path(), &fake, 2).expect("a gallery");
        let other = Request { camera_height: 1.5, ..request(1, "A rainy alley") };
        let error = Album::open(dir.path()).expect("an album").standing(&other).expect_err("another request").to_string();
        assert!(error.contains("picture 000001 was made of another request"), "{error}");
    }

    #[test]
    fn a_run_without_any_picture_ends_soon() {
        let dir = tempfile::tempdir().expect("a folder");
        let fails = Fake::new(|_| Err(Skip::new(Reason::Failed, "no memory").into()));
        let error = paint(dir.path(), &fails, 100).err().expect("hopeless").to_string();
        assert!(error.contains("none of the first") && error.contains("no memory") && fails.asked() < 12, "{error}");
    }

    /// The captions of a picture whose prompt says a rainy alley, and whose painter saw `facets`.
    fn told(facets: Option<&[(&str, &str)]>) -> (Vec<(String, Origin)>, Record) {
        let dir = tempfile::tempdir().expect("a folder");
        let facets: Option<Facets> =
            facets.map(|facets| facets.iter().map(|(facet, class)| ((*facet).to_owned(), vec![(*class).to_owned()])).collect());
        let map = facets.as_ref().map(|_| capture::maps::write_map("map", 32, 24, &[1; 32 * 24]).expect("a map"));
        let fake = Fake::new(move |_| Ok(Painted { picture: photo(1), map: map.clone(), facets: facets.clone() }));
        let gallery = paint(dir.path(), &fake, 1).expect("a gallery");
        assert_eq!(gallery.map(0, 32, 24).expect("a map").is_some(), gallery.record(0).expect("a record").map.is_some());
        let record = gallery.record(0).expect("a record");
        (record.captions.iter().map(|caption| (caption.text().to_owned(), caption.origin())).collect(), record)
    }

    #[test]
    fn a_caption_is_what_was_asked_for_where_it_is_to_be_seen() {
        let (captions, record) = told(None);
        assert_eq!(captions, [("A rainy alley".to_owned(), Origin::Prompt)]);
        assert_eq!((record.facets["place"].origin, record.facets["place"].p), (Some(Origin::Prompt), Some(0.67)));
        let (captions, record) = told(Some(&[("place", "alley"), ("weather", "rain"), ("people", "few")]));
        assert_eq!((captions.len(), captions[0].1, captions[1].1), (2, Origin::Prompt, Origin::Scene));
        assert_eq!((record.facets["people"].origin, record.facets["people"].p), (Some(Origin::Scene), None));
        assert_eq!(record.map.expect("a map").origin, "scene");
        let (captions, _) = told(Some(&[("place", "alley"), ("weather", "dry")]));
        assert_eq!((captions.len(), captions[0].1), (1, Origin::Scene));
        assert!(!captions[0].0.contains("rain"), "{captions:?}");
    }
}
