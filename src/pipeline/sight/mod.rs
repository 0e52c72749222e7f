//! Is there anything to see, and how well? Tells a covered lens, darkness, a smeared lens and a picture that stands still from a street by the
//! pixels, and a camera that lies on its side or points at sky or ground by the embedding and the map.
//!
//! Owns the patience: one bad frame is no fault, one good frame no recovery. Reads no clock. Leaves the words to the narrator, and what a
//! poor picture is worth to its evidence.

use std::time::Duration;

use crate::{
    bundle::{AIM, Bundle, BundleError},
    embedding::Embedding,
    fault::Fault,
    frame::{Picture, Timestamp},
    ontology::{Kind, Ontology, StreetMap},
    ranking::{Aim, Held},
};

mod pixels;

use pixels::Pixels;

/// What counts as a fault, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct SightConfig {
    /// Mean brightness, 0 to 255, below which it is too dark.
    pub dark: f32,
    /// Standard deviation of brightness, 0 to 255, below which the lens is covered.
    pub flat: f32,
    /// Sharpness below which the lens is smeared: mean second difference of brightness at 1/256 of the short side, over the deviation.
    pub blurred: f32,
    /// How long darkness or a covered lens must last.
    pub patience: Duration,
    /// How long blur must last, or a picture must stand still: both pass by themselves, in a turn or while the exposure settles.
    pub doubt: Duration,
    /// How long nothing must be wrong before that is said.
    pub mended: Duration,
    /// Time constant by which single pictures count for how the camera is held.
    pub settling: Duration,
    /// Mean probability from which it is held wrongly.
    pub wrong: f32,
    /// Mean probability below which it no longer is.
    pub right: f32,
    /// Share of ground in the upper fifth of a map from which nothing but ground is seen.
    pub overhead: f32,
    /// What the same picture again and again means.
    pub same: Same,
}

/// What it means that a picture comes again unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// Nothing: in a recording it is what was recorded.
    Recorded,
    /// That the camera hangs: no sensor gives the same noise twice.
    Frozen,
}

impl Default for SightConfig {
    /// For recordings. Of 835 street photos the darkest has a mean of 23 and the flattest a deviation of 5.2: well below both, nothing is
    /// lost. Six videos of walks are never less sharp than .041 for two seconds; blurred by two steps they lie at .009 to .021. A camera on its
    /// side has a mean above .95 there, upright ones reach .73, and .90 on a rendered walk in the rain. A road that fills the upper
    /// fifth of the picture does so by .9 and more, the lowest camera of the six shows .34. The times are our inference: a walker should hear of a covered camera within two seconds, of the
    /// others within three.
    fn default() -> Self {
        Self {
            dark: 8.0,
            flat: 4.0,
            blurred: 0.021,
            patience: Duration::from_millis(1500),
            doubt: Duration::from_secs(2),
            mended: Duration::from_secs(1),
            settling: Duration::from_secs(1),
            wrong: 0.92,
            right: 0.4,
            overhead: 0.6,
            same: Same::Recorded,
        }
    }
}

impl SightConfig {
    /// For a camera.
    pub fn live() -> Self {
        Self { same: Same::Frozen, ..Self::default() }
    }
}

/// What a picture is worth as evidence, from .1 for one that is blurred or dark to 1 for a sharp one in good light.
pub fn quality(picture: &Picture) -> f32 {
    Pixels::of(picture).quality()
}

/// Watches frame by frame.
#[derive(Clone, Debug)]
pub struct Sight {
    config: SightConfig,
    aim: Option<Aim>,
    /// Whether each id of the ontology is ground.
    ground: [bool; 256],
    /// What the pixels say is wrong, and since when.
    poor: Option<(Fault, Timestamp)>,
    /// The last picture, and since when it is the same.
    still: Option<(u64, Timestamp)>,
    /// How the camera is held, in the mean, and when that was last looked at.
    held: Option<(Held, Timestamp)>,
    /// The wrong way in which it is held.
    astray: Option<Fault>,
    /// The last map shows nothing but ground.
    overhead: bool,
    /// Something was wrong for long enough to be said, and its end was not told.
    ailing: bool,
    /// Since when nothing is.
    well: Option<Timestamp>,
}

impl Sight {
    /// Nothing seen yet, and no embedding asked how the camera is held.
    pub fn new(config: SightConfig) -> Self {
        let (aim, ground, poor, still, held) = (None, [false; 256], None, None, None);
        let (astray, overhead, ailing, well) = (None, false, false, None);
        Self { config, aim, ground, poor, still, held, astray, overhead, ailing, well }
    }

    /// The same, with what `bundle` knows of how a camera is held. Pictures that point at the ground are known where maps are drawn too.
    pub fn of(bundle: &Bundle, ontology: &Ontology, config: SightConfig) -> Result<Self, BundleError> {
        let sight = Self::new(config);
        Ok(match &bundle.manifest.aim {
            Some(bias) => sight.aimed(Aim::new(bundle.rows(AIM)?, *bias), ontology),
            None => sight,
        })
    }

    /// The same, asking `aim` how the camera is held.
    pub fn aimed(mut self, aim: Option<Aim>, ontology: &Ontology) -> Self {
        self.aim = aim;
        for thing in ontology.things() {
            self.ground[usize::from(thing.id)] = thing.kind == Kind::Ground;
        }
        self
    }

    /// What is wrong with the pixels of this frame, once it has lasted; the caller says it as often as its narrator lets it. May be
    /// asked again of the same frame.
    pub fn look(&mut self, picture: &Picture, now: Timestamp) -> Option<Fault> {
        let (pixels, config) = (Pixels::of(picture), &self.config);
        let still = match self.still {
            Some((print, since)) if print == pixels.print => since,
            _ => now,
        };
        self.still = Some((pixels.print, still));
        let (fault, since) = if pixels.mean < config.dark {
            (Fault::TooDark, now)
        } else if pixels.deviation < config.flat {
            (Fault::CameraCovered, now)
        } else if config.same == Same::Frozen && still < now {
            (Fault::CameraFrozen, still)
        } else if pixels.sharpness < config.blurred {
            (Fault::CameraBlurred, now)
        } else {
            self.poor = None;
            return None;
        };
        let since = match self.poor {
            Some((same, since)) if same == fault => since,
            _ => since,
        };
        self.poor = Some((fault, since));
        let patience = if fault.blinds() && fault != Fault::CameraFrozen { config.patience } else { config.doubt };
        let lasts = now.since(since) >= patience;
        self.ailing |= lasts;
        lasts.then_some(fault)
    }

    /// Takes in what stands where.
    pub fn locate(&mut self, map: &StreetMap) {
        let top = map.things().get(..map.width() * map.height().div_ceil(5)).unwrap_or_default();
        let ground = top.iter().filter(|thing| self.ground[usize::from(**thing)]).count();
        self.overhead = ground as f32 >= self.config.overhead * top.len().max(1) as f32;
    }

    /// In which wrong way the camera is held, by the embedding of the whole picture, once that is sure.
    pub fn hold(&mut self, embedding: &Embedding, now: Timestamp) -> Option<Fault> {
        // A picture of one tone looks like sky, and a smeared one like anything.
        if self.poor.is_some() {
            return self.astray;
        }
        let shown = self.aim.as_ref()?.held(embedding);
        let held = match self.held {
            // A first picture counts as if a camera were held well until then.
            None => [1.0, 0.0, 0.0, 0.0],
            Some((held, _)) => held,
        };
        let passed = self.held.map_or(Duration::ZERO, |(_, then)| now.since(then));
        let share = 1.0 - (-passed.as_secs_f32() / self.config.settling.as_secs_f32()).exp();
        let held: Held = std::array::from_fn(|i| held[i] + share * (shown[i] - held[i]));
        self.held = Some((held, now));
        let [_, on_side, sky, ground] = held;
        let ground = if self.overhead { ground } else { 0.0 };
        let ways = [(Fault::CameraOnSide, on_side), (Fault::CameraAtSky, sky), (Fault::CameraAtGround, ground)];
        let sure = |fault: Fault| if self.astray == Some(fault) { self.config.right } else { self.config.wrong };
        self.astray = ways.into_iter().find(|(fault, p)| *p >= sure(*fault)).map(|(fault, _)| fault);
        self.ailing |= self.astray.is_some();
        self.astray
    }

    /// Whether something was wrong for long enough to be said, and its end was not told yet.
    pub fn ails(&self) -> bool {
        self.ailing
    }

    /// Whether all is well again, told once: something was wrong, and for a while now nothing is.
    pub fn mended(&mut self, now: Timestamp) -> bool {
        if !self.ailing || self.poor.is_some() || self.astray.is_some() {
            self.well = None;
            return false;
        }
        let since = *self.well.get_or_insert(now);
        let mended = now.since(since) >= self.config.mended;
        self.ailing &= !mended;
        mended
    }
}

#[cfg(test)]
mod tests;
