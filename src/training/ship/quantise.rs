//! The int8 towers, and everything that is fitted to them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{
    Embedded, Kept,
    asked::{Asked, Sums},
    calibrated::{labelled, scored},
    costs::Costs,
    embed,
    gate::Gate,
    teach::teach,
    teacher::Teacher,
};
use crate::{
    bundle::{
        BACKGROUND, Bundle, CaptionCalibration, IMAGE_F16, IMAGE_F32, IMAGE_INT8, IMAGE_INT8R, Manifest, PROMPTS,
        Preprocessing, TEXT_F16, TEXT_F32, TEXT_INT8,
    },
    capture,
    embedding::Embedding,
    encoder::{Device, DeviceChoice, EncoderOptions, Precision, Preprocessor, Spinning, TextEncoder, prompt_source, prompts},
    evaluation::{Agreement, agreement, shard::Shard, street30},
    frame::Picture,
    observation::View,
    training::{
        TrainingError,
        calibrate::{self, FIRST_SCALE, FacetReport},
        data::{self, PhotoShard, Split},
        examinee::text_tower,
        features::Features,
        onnx::Model,
        progress::Show,
        quantise::{self, WeightBits},
        weights::Tensor,
    },
    vocabulary::Vocabulary,
};

/// Photos whose activations set the ranges; other counts were not compared.
const OBSERVED: usize = 256;
/// Photos of `train` that tell what each layer costs.
const MEASURED: usize = 32;
/// Photos of `val` that the image towers are asked before anything is written.
const ASKED: usize = 512;
/// Photos in one observed batch.
const BATCH: usize = 8;
/// Ordinary photos against which a new phrase's threshold is found.
const BACKGROUND_PHOTOS: usize = 80;

/// What became of the bundle.
pub struct QuantiseReport {
    /// Image tower, int8 against f32, over `val`, judged by Street-30's captions.
    pub image: Agreement,
    /// Text tower, int8 against f32, over Street-30's captions.
    pub text: Agreement,
    /// What of the image tower stays in float.
    pub image_kept: Kept,
    /// What of the text tower does.
    pub text_kept: Kept,
    /// Each facet on photos that its fit has not seen.
    pub facets: Vec<FacetReport>,
    /// The bundle as it was sealed.
    pub manifest: Manifest,
}

/// Makes the exported bundle in `dir` fit for a walk: int8 image towers with 8 and with 7 bits, the int8 text tower in place of
/// the f32 one, class vectors, prompts, background, and a calibration of the int8 tower that this machine runs for `error_rate`. Where too few
/// photos were labelled for that, the bundle in `teacher` answers for people, where one is given.
pub fn quantise(
    dir: &Path,
    data: &[PathBuf],
    teacher: Option<&Path>,
    error_rate: f32,
    show: Show,
) -> Result<QuantiseReport, TrainingError> {
    let (train, val) = (data::read(data, Split::Train)?, data::read(data, Split::Val)?);
    let vocabulary = Vocabulary::shipped()?;
    let float = Bundle::open(dir)?;
    let mut manifest = float.manifest.clone();
    // It was learned from the towers as they were: `streetscape-train aim` learns it anew.
    manifest.aim = None;
    let captions = street30::captions();
    let captions: Vec<&str> = captions.iter().map(String::as_str).collect();
    let f32_captions = text_tower(&float)?.by_words_alone().encode(&captions)?;
    let f32_photos = embed(&float, &options(Precision::F32), &val, 1, show)?;

    show.say("quantising the image tower");
    let image = Model::read(&dir.join(IMAGE_F32))?;
    let rounded = rounded_image(&image, &manifest.image, &train)?;
    let (asked, truths) = asked(&manifest.image, &val, ASKED)?;
    let gate = Gate::new(&image, &asked, &f32_captions, &truths)?;
    // What saturates on no CPU is measured as this one reckons.
    let seven = |names: &[&str]| rounded(WeightBits::Seven, names);
    for half in [dir.join(IMAGE_F16)].iter().filter(|half| half.exists()) {
        gate.pass(half, &Model::read(half)?, Sums::Here, None)?;
    }
    let costs = Costs::measure(&image, &self::asked(&manifest.image, &train, MEASURED)?.0, Sums::Here, &seven, show)?;
    let image_kept = costs.choose(|names| gate.cosine(&seven(names)?))?;
    let [seven, eight] = [WeightBits::Seven, WeightBits::Eight].map(|bits| rounded(bits, &image_kept.names()));
    let (seven, eight, worst) = (seven?, eight?, costs.worst(&image_kept));
    gate.pass(&dir.join(IMAGE_INT8R), &seven, Sums::Here, worst)?;
    // Without VNNI the walk takes the other file, and where this machine has none it would make other sums than the devices that do.
    gate.pass(&dir.join(IMAGE_INT8), &eight, Sums::Whole, worst)?;

    // One that did not learn is in 8 bits already.
    let f32_text = dir.join(TEXT_F32);
    let (mut text, mut text_kept) = (None, Kept::default());
    if f32_text.exists() {
        show.say("quantising the text tower");
        let float = Model::read(&f32_text)?;
        // There is one text tower for every CPU, and it must not saturate on any.
        let rounded = |names: &[&str]| quantise::dynamic(&float, WeightBits::Seven, names);
        let asked = Asked::texts(dir, &manifest.text, &captions)?;
        let gate = Gate::new(&float, &asked, &f32_captions, &[])?;
        for half in [dir.join(TEXT_F16)].iter().filter(|half| half.exists()) {
            gate.pass(half, &Model::read(half)?, Sums::Here, None)?;
        }
        let costs = Costs::measure(&float, &asked, Sums::Here, &rounded, show)?;
        text_kept = costs.choose(|names| gate.cosine(&rounded(names)?))?;
        let small = rounded(&text_kept.names())?;
        gate.pass(&dir.join(TEXT_INT8), &small, Sums::Here, costs.worst(&text_kept))?;
        text = Some(small);
    }
    eight.write(&dir.join(IMAGE_INT8))?;
    seven.write(&dir.join(IMAGE_INT8R))?;
    if let Some(text) = text {
        text.write(&dir.join(TEXT_INT8))?;
        fs::remove_file(&f32_text).map_err(|source| TrainingError::File { file: f32_text.display().to_string(), source })?;
    }
    for (file, kept) in [(IMAGE_INT8, &image_kept), (TEXT_INT8, &text_kept)] {
        let units: Vec<&str> = kept.units.iter().map(|cost| cost.layer.as_str()).collect();
        if !units.is_empty() {
            manifest.provenance.insert(format!("in float in {file}"), units.join(", "));
        }
    }
    manifest.seal(dir)?;

    let bundle = Bundle::open(dir)?;
    let learned = embed(&bundle, &options(Precision::Int8), &train, 1, show)?;
    let look = |dir| Teacher::look(Bundle::open(dir)?, &vocabulary, &options(Precision::Auto), [&train, &val], show);
    let teacher = teacher.map(look).transpose()?;
    manifest.names = teach(&bundle, &vocabulary, &train, &learned, teacher.as_ref(), show)?;
    manifest.seal(dir)?;

    let bundle = Bundle::open(dir)?;
    let mut tower = text_tower(&bundle)?;
    let taught_captions = tower.encode(&captions)?;
    let rows = tower.encode(&vocabulary.prompts().collect::<Vec<_>>())?;
    let int8_captions = tower.by_words_alone().encode(&captions)?;
    array(&rows).write(&dir.join(PROMPTS))?;
    manifest.prompts = prompt_source(&bundle, &vocabulary);
    let ordinary = learned.iter().step_by((learned.len() / BACKGROUND_PHOTOS).max(1));
    array(ordinary.take(BACKGROUND_PHOTOS).map(|photo| &photo.embedding)).write(&dir.join(BACKGROUND))?;
    manifest.seal(dir)?;

    let bundle = Bundle::open(dir)?;
    let photos = embed(&bundle, &options(Precision::Int8), &val, 1, show)?;
    let classes = prompts(&bundle, &vocabulary, || text_tower(&bundle))?;
    let mut facets = Vec::new();
    let first_scale = manifest.calibration.captions.as_ref().map_or(FIRST_SCALE, |captions| captions.scale);
    match calibrate_captions(&photos, &taught_captions) {
        Some(captions) => manifest.calibration.captions = Some(captions),
        None => show.say("no photo of val has a Street-30 category; the temperature stays what was learned"),
    }
    manifest.calibration.facets.clear();
    for ((index, facet), classes) in vocabulary.facets().zip(&classes) {
        let mut fitted = calibrate::facet(facet, &labelled(&photos, facet, classes), first_scale, error_rate);
        if let (None, Some(teacher)) = (&fitted, &teacher) {
            // Seeded, so that the same photos give the same thresholds.
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            let drawn = learned
                .iter()
                .chain(&photos)
                .filter_map(|photo| Some(scored(photo, classes, teacher.draw(index.0, facet.kind, &photo.name(), &mut rng)?)));
            fitted = calibrate::facet(facet, &drawn.collect::<Vec<_>>(), first_scale, error_rate);
            if fitted.is_some() {
                let told = format!("{} stands in for people, who labelled too few photos", teacher.bundle().manifest.name);
                show.say(&format!("{}: {told}", facet.id));
                manifest.provenance.insert(format!("calibration of {}", facet.id), told);
            }
        }
        let Some((calibration, report)) = fitted else {
            show.say(&format!("{}: too few photos of val were labelled by hand; the facet stays silent", facet.id));
            continue;
        };
        manifest.calibration.facets.push(calibration);
        facets.push(report);
    }
    manifest.seal(dir)?;

    let embeddings = |photos: &[Embedded]| photos.iter().map(|photo| photo.embedding.clone()).collect::<Vec<_>>();
    Ok(QuantiseReport {
        image: agreement(&embeddings(&f32_photos), &embeddings(&photos), &f32_captions),
        text: agreement(&f32_captions, &int8_captions, &f32_captions),
        image_kept,
        text_kept,
        facets,
        manifest,
    })
}

/// What rounds the image tower to so many bits, but for the named nodes.
fn rounded_image<'a>(
    image: &'a Model,
    input: &Preprocessing,
    train: &[PhotoShard],
) -> Result<impl Fn(WeightBits, &[&str]) -> Result<Model, TrainingError> + 'a, TrainingError> {
    // A transformer's activations find their ranges at each run.
    let ranges = if quantise::attends(image) {
        None
    } else {
        let batches = observed(input, train, OBSERVED).map(|batch| batch.map(|batch| batch.pixels));
        Some(quantise::calibrate(image, batches)?)
    };
    Ok(move |bits, names: &[&str]| match &ranges {
        Some(ranges) => quantise::qdq(image, ranges, bits, names),
        None => quantise::dynamic(image, bits, names),
    })
}

/// `None` where no photo has a category.
pub(super) fn calibrate_captions(photos: &[Embedded], captions: &[Embedding]) -> Option<CaptionCalibration> {
    let answers: Vec<(Vec<f32>, usize)> = photos
        .iter()
        .filter_map(|photo| {
            let truth = street30::category(photo.photo.record.category.as_deref()?)?;
            Some((captions.iter().map(|caption| photo.embedding.cosine(caption)).collect(), truth))
        })
        .collect();
    (!answers.is_empty()).then(|| calibrate::captions(&answers))
}

/// Embeddings as rows.
pub(super) fn array<'a>(embeddings: impl IntoIterator<Item = &'a Embedding>) -> Features {
    let rows: Vec<&[f32]> = embeddings.into_iter().map(Embedding::as_slice).collect();
    Features::new(rows.first().map_or(0, |row| row.len()), rows.concat())
}

/// The CPU with all its cores: the offline side has the machine to itself.
pub(super) fn options(precision: Precision) -> EncoderOptions {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    EncoderOptions { device: DeviceChoice::Only(Device::Cpu), precision, threads, spinning: Spinning::Off }
}

/// Some photos as a tower takes them.
struct Batch {
    pixels: Tensor,
    /// The place of each one's category in Street-30.
    truths: Vec<Option<usize>>,
}

/// About `count` photos of `shards`, and their categories.
fn asked(image: &Preprocessing, shards: &[PhotoShard], count: usize) -> Result<(Asked, Vec<Option<usize>>), TrainingError> {
    let (mut pixels, mut truths) = (Vec::new(), Vec::new());
    for batch in observed(image, shards, count) {
        let batch = batch?;
        pixels.push(batch.pixels);
        truths.extend(batch.truths);
    }
    Ok((Asked::Pictures(pixels), truths))
}

/// Batches of about `count` photos, spread over the shards.
fn observed<'a>(
    image: &'a Preprocessing,
    shards: &'a [PhotoShard],
    count: usize,
) -> impl Iterator<Item = Result<Batch, TrainingError>> + 'a {
    let each = count.div_ceil(shards.len().max(1));
    shards.iter().flat_map(move |photos| match preprocessed(image, photos, each) {
        Ok(batches) => batches.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    })
}

fn preprocessed(image: &Preprocessing, photos: &PhotoShard, each: usize) -> Result<Vec<Batch>, TrainingError> {
    let shard = Shard::read(&photos.path)?;
    let step = (shard.samples.len() / each).max(1);
    let mut preprocessor = Preprocessor::new(image);
    let (size, length) = (image.size as usize, preprocessor.floats());
    let mut picture = Picture::default();
    let mut batches = Vec::new();
    let samples: Vec<_> = photos.photos.iter().zip(&shard.samples).step_by(step).take(each).collect();
    for samples in samples.chunks(BATCH) {
        let (mut values, mut truths) = (Vec::with_capacity(samples.len() * length), Vec::new());
        for (photo, sample) in samples {
            if capture::decode(&format!("{}/{}", shard.file, sample.key), shard.photo(sample), &mut picture).is_ok() {
                let start = values.len();
                values.resize(start + length, 0.0);
                preprocessor.fill(&picture, View::Full, values.get_mut(start..).unwrap_or_default())?;
                truths.push(photo.record.category.as_deref().and_then(street30::category));
            }
        }
        batches.push(Batch { pixels: Tensor { shape: vec![truths.len(), 3, size, size], values }, truths });
    }
    Ok(batches)
}
