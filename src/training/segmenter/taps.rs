//! The trunk's maps of the scenes, computed once and kept on disk.
//!
//! Owns the files, a row for each cut of a photo: its maps as 16-bit floats, the finest first, then its labels. A file is named by a hash
//! of all that it was made of, so that it is never out of date. Leaves drawing rows to `examples`.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::{
    classes::Drawn,
    head::STRIDES,
    scenes::{self, Cut, GRAIN, Scene},
};
use crate::{
    bundle::checksum,
    encoder::{Crop, Device, Input, OnnxSession, Output, Runtime, SessionOptions, Spinning, Values},
    evaluation::shard::{Sample, Shard},
    training::{
        TrainingError,
        data::{self, Split},
        onnx::{
            Axis,
            towers::{self, Tap},
        },
        progress::{Progress, Show},
        weights::{Tensor, Weights},
    },
};

/// Counted up when a row would look different.
const FORMAT: &str = "3";
/// Photos of either kind whose activations set the ranges of the 8-bit network.
const OBSERVED: usize = 48;

/// Rows of one shard and one kind.
#[derive(Clone, Debug)]
pub struct Rows {
    path: PathBuf,
    /// Who drew their maps.
    pub drawn: Drawn,
    /// How many there are.
    pub count: usize,
    shape: Shape,
}

/// Where a row's parts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    size: (usize, usize),
    widths: [usize; 4],
}

impl Shape {
    /// Channels, height and width of each map.
    fn maps(&self) -> [[usize; 3]; 4] {
        let (width, height) = self.size;
        std::array::from_fn(|i| [self.widths[i], height / STRIDES[i], width / STRIDES[i]])
    }

    fn floats(&self) -> usize {
        self.maps().iter().map(|map| map.iter().product::<usize>()).sum()
    }

    fn labels(&self) -> usize {
        self.size.0 / GRAIN * (self.size.1 / GRAIN)
    }

    fn bytes(&self) -> usize {
        2 * self.floats() + self.labels()
    }
}

/// One row, read.
pub struct Row {
    /// Its maps, the finest first.
    pub maps: [Vec<f32>; 4],
    /// A train id, or void, for each cell at the head's grain.
    pub labels: Vec<u8>,
}

impl Rows {
    /// Channels, height and width of each map.
    pub fn maps(&self) -> [[usize; 3]; 4] {
        self.shape.maps()
    }

    /// Row number `row`.
    pub fn read(&self, row: usize) -> Result<Row, TrainingError> {
        let mut bytes = self.part(row, 0, self.shape.bytes())?;
        let labels = bytes.split_off(2 * self.shape.floats());
        let (halves, _) = bytes.as_chunks::<2>();
        let mut values = halves.iter().map(|half| f32::from_bits(u32::from(u16::from_le_bytes(*half)) << 16));
        let maps = self.maps().map(|map| values.by_ref().take(map.iter().product()).collect());
        Ok(Row { maps, labels })
    }

    /// The labels of row number `row`.
    pub fn labels(&self, row: usize) -> Result<Vec<u8>, TrainingError> {
        self.part(row, 2 * self.shape.floats(), self.shape.labels())
    }

    fn part(&self, row: usize, start: usize, length: usize) -> Result<Vec<u8>, TrainingError> {
        let mut bytes = vec![0; length];
        let mut read = || -> io::Result<()> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start((row * self.shape.bytes() + start) as u64))?;
            file.read_exact(&mut bytes)
        };
        read().map_err(|source| TrainingError::File { file: self.path.display().to_string(), source })?;
        Ok(bytes)
    }
}

/// Everything that the head learns from.
pub struct Learned {
    /// The rows of each shard.
    pub rows: Vec<Rows>,
    /// Channels of each map, the finest first.
    pub widths: [usize; 4],
}

impl Learned {
    /// What it was made of: the files' names, each of which is a hash of that.
    pub fn origin(&self) -> String {
        let names = self.rows.iter().filter_map(|rows| rows.path.file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>().join("\n")
    }
}

/// The trunk's graph, and what it gives.
pub struct Trunk {
    graph: Vec<u8>,
    taps: [Tap; 4],
}

impl Trunk {
    /// Of MobileNetV2's `weights`.
    pub fn new(weights: &Weights) -> Result<Self, TrainingError> {
        let (graph, taps) = towers::mobilenet_v2_maps(weights)?;
        let read: Vec<Tap> = taps.into_iter().filter(|tap| STRIDES.contains(&tap.stride)).collect();
        let problem = |_| TrainingError::Setting { problem: "the trunk lacks a map that the head reads".to_owned() };
        let taps: [Tap; 4] = read.try_into().map_err(problem)?;
        let [x4, x8, x16, x32] = &taps;
        let mut model = graph.finish(&x32.edge, &x32.edge, &[Axis::Free("N"), Axis::Fixed(x32.width)]);
        [x4, x8, x16].iter().for_each(|tap| model.graph.expose(&tap.edge));
        // The last map has four axes; a graph may leave them unsaid.
        model.graph.output.remove(0);
        model.graph.expose(&x32.edge);
        Ok(Self { graph: model.to_bytes(), taps })
    }

    fn open(&self) -> Result<OnnxSession, TrainingError> {
        let options = SessionOptions { device: Device::Cpu, threads: 1, spinning: Spinning::Off };
        Ok(OnnxSession::open(Runtime::load(None)?, "the image trunk", &self.graph, &options)?)
    }

    /// Its maps of one picture, the finest first; `session` is of [`Trunk::open`].
    fn run(
        &self,
        session: &mut OnnxSession,
        pixels: &[f32],
        [height, width]: [usize; 2],
    ) -> Result<[Output; 4], TrainingError> {
        let mut outputs = self.taps.each_ref().map(|tap| Output::named(&tap.edge));
        let input = Input { name: "pixel_values", shape: &[1, 3, height, width], values: Values::F32(pixels) };
        session.run(&[input], &mut outputs)?;
        Ok(outputs)
    }

    /// The same with a session of its own.
    #[cfg(test)]
    pub fn maps(&self, pixels: &[f32], sides: [usize; 2]) -> Result<[Output; 4], TrainingError> {
        self.run(&mut self.open()?, pixels, sides)
    }
}

/// The rows of the `train` shards of `data`, from `cache` or computed on all cores.
pub fn learned(data: &[PathBuf], weights: &Weights, cache: &Path, show: Show) -> Result<Learned, TrainingError> {
    let trunk = Trunk::new(weights)?;
    let widths: [usize; 4] = std::array::from_fn(|i| trunk.taps[i].width);
    let by = checksum(&trunk.graph);
    let mut all = Vec::new();
    for photos in data::read(data, Split::Train)? {
        for drawn in [Drawn::ByHand, Drawn::ByNetwork] {
            let shape = Shape { size: scenes::size(drawn), widths };
            let hash = checksum(format!("{FORMAT} {} {by} {shape:?} {drawn:?}", photos.checksum).as_bytes());
            let path = cache.join(format!("taps-{}.bin", hash.get(..16).unwrap_or(&hash)));
            if !path.exists() {
                compute(&photos.path, &trunk, drawn, shape, &path, show)?;
            }
            let length = fs::metadata(&path).map_err(|source| file_error(&path, source))?.len();
            let count = length as usize / shape.bytes();
            if count > 0 {
                all.push(Rows { path, drawn, count, shape });
            }
        }
    }
    Ok(Learned { rows: all, widths })
}

/// Writes the rows of one shard and one kind to `path`, whole or not at all.
fn compute(shard: &Path, trunk: &Trunk, drawn: Drawn, shape: Shape, path: &Path, show: Show) -> Result<(), TrainingError> {
    let shard = Shard::read(shard)?;
    let taught: Vec<&Sample> =
        shard.samples.iter().filter(|sample| shard.map(sample).is_some() && scenes::drawn(sample) == Some(drawn)).collect();
    let whose = match drawn {
        Drawn::ByHand => "drawn by hand",
        Drawn::ByNetwork => "drawn by a network",
    };
    let label = format!("{}, {whose}", Path::new(&shard.file).file_name().unwrap_or_default().display());
    let progress = show.begin(&label, taught.len(), "photos");
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Vec<u8>>> = Mutex::new(vec![Vec::new(); taught.len()]);
    let work = || -> Result<(), TrainingError> {
        let mut session = trunk.open()?;
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(sample) = taught.get(at) else { return Ok(()) };
            let rows = rows(&shard, sample, trunk, &mut session, drawn, shape, &progress)?;
            if let Some(slot) = done.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
                *slot = rows;
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(taught.len())).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    progress.finish();
    let write = || -> io::Result<()> {
        let aside = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        let mut writer = BufWriter::new(aside);
        for rows in done.into_inner().unwrap_or_else(PoisonError::into_inner) {
            writer.write_all(&rows)?;
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.persist(path).map_err(|e| e.error).map(drop)
    };
    write().map_err(|source| file_error(path, source))
}

/// The rows of one photo; none, and a line in the log, where it can't be read.
fn rows(
    shard: &Shard,
    sample: &Sample,
    trunk: &Trunk,
    session: &mut OnnxSession,
    drawn: Drawn,
    shape: Shape,
    progress: &Progress,
) -> Result<Vec<u8>, TrainingError> {
    progress.advance(1, String::new());
    let scene = match Scene::read(shard, sample) {
        Ok(scene) => scene,
        Err(error) => {
            tracing::warn!("{error}; the photo is left out");
            return Ok(Vec::new());
        }
    };
    let (width, height) = shape.size;
    let mut rng = ChaCha8Rng::from_seed(Sha256::digest(&sample.key).into());
    let mut bytes = Vec::new();
    for cut in scenes::cuts(drawn, &mut rng) {
        let mut pixels = Vec::new();
        scene.pixels(cut, shape.size, &mut pixels)?;
        let maps = trunk.run(session, &pixels, [height, width])?;
        for value in maps.iter().flat_map(|map| &map.values) {
            // To the nearest of those that have eight bits of fraction.
            let half = (value.to_bits() + 0x8000) >> 16;
            bytes.extend_from_slice(&(half as u16).to_le_bytes());
        }
        bytes.extend(scene.labels(cut, shape.size));
    }
    Ok(bytes)
}

/// Whole photos of both kinds as the network will see them, for its ranges.
pub fn observed(data: &[PathBuf]) -> Result<Vec<Result<Tensor, TrainingError>>, TrainingError> {
    let shards = data::read(data, Split::Train)?;
    let each = OBSERVED.div_ceil(shards.len().max(1));
    let mut batches = Vec::new();
    for photos in shards {
        let shard = Shard::read(&photos.path)?;
        for drawn in [Drawn::ByHand, Drawn::ByNetwork] {
            let taught =
                shard.samples.iter().filter(|sample| scenes::drawn(sample) == Some(drawn) && shard.map(sample).is_some());
            for sample in taught.step_by(7).take(each) {
                let (width, height) = scenes::size(Drawn::ByHand);
                let mut values = Vec::new();
                let whole = Cut { crop: Crop::WHOLE, mirrored: false };
                Scene::read(&shard, sample)?.pixels(whole, (width, height), &mut values)?;
                batches.push(Ok(Tensor { shape: vec![1, 3, height, width], values }));
            }
        }
    }
    Ok(batches)
}

fn file_error(path: &Path, source: io::Error) -> TrainingError {
    TrainingError::File { file: path.display().to_string(), source }
}
