//! Which views of which frame are encoded, and when a map is drawn: what the street asks for, within what the device can bear.
//!
//! Owns the measure of change between two pictures and the budget of the encoder's time. Reads no clock: a frame brings its moment, and what
//! a look costs is told by whoever measures it. A replay tells the same cost of each, so that it looks at the same frames on every
//! machine.

use std::time::Duration;

use crate::frame::{Picture, Timestamp};

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: it comes too soon, or the encoder has had its share of the time.
    #[default]
    Leave,
    /// It shows what the last one showed: what was found in that one is found again.
    Same,
    /// It is encoded.
    Look {
        /// Its crops too, in the same batch.
        crops: bool,
        /// And a map of it is drawn.
        map: bool,
    },
}

/// How long the parts of a look take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Encoding the whole picture alone.
    pub whole: Duration,
    /// Encoding it with its crops.
    pub crops: Duration,
    /// Drawing a map.
    pub map: Duration,
}

impl Default for Costs {
    /// One core of a small computer: what a replay reckons with, and what a live walk begins with.
    fn default() -> Self {
        Self { whole: Duration::from_millis(30), crops: Duration::from_millis(90), map: Duration::from_millis(60) }
    }
}

impl Costs {
    fn of(&self, plan: Plan) -> Duration {
        match plan {
            Plan::Leave | Plan::Same => Duration::ZERO,
            Plan::Look { crops, map } => {
                let map = if map { self.map } else { Duration::ZERO };
                map + if crops { self.crops } else { self.whole }
            }
        }
    }
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyConfig {
    /// Least time between two looks.
    pub interval: Duration,
    /// A look comes at least as often, however still the picture is and however slow the encoder.
    pub at_least: Duration,
    /// Time between two maps while the picture changes; twice as long while it doesn't.
    pub map: Duration,
    /// Time between two looks at the crops while the picture changes; twice as long while it doesn't, and as long as it takes for them to
    /// have a quarter of the encoder's share at most.
    pub crops: Duration,
    /// The encoder's share of the time, in (0, 1].
    pub share: f32,
    /// Mean difference of brightness, 0 to 255, from which a picture has changed.
    pub changed: f32,
    /// Difference of brightness from which a part of the picture has changed.
    pub part: u8,
    /// Share of such parts from which the picture has.
    pub parts: f32,
}

impl Default for PolicyConfig {
    /// Every frame that has changed. Half of a core, so that camera, voice and the rest of a small computer keep theirs. What counts as
    /// changed is our inference, little more than a camera's noise: the bench `views` says what it saves and what it costs.
    fn default() -> Self {
        Self {
            interval: Duration::ZERO,
            at_least: Duration::from_secs(1),
            map: Duration::from_secs(1),
            crops: Duration::from_secs(1),
            share: 0.5,
            changed: 1.5,
            part: 12,
            parts: 0.01,
        }
    }
}

impl PolicyConfig {
    /// Two looks a second, for a battery that shall last: a walker at 1.4 m/s goes 0.7 m between two.
    pub fn saver() -> Self {
        Self {
            interval: Duration::from_millis(500),
            map: Duration::from_secs(2),
            crops: Duration::from_secs(4),
            share: 0.2,
            ..Self::default()
        }
    }
}

/// Decides frame by frame.
#[derive(Clone, Debug)]
pub struct ViewPolicy {
    config: PolicyConfig,
    costs: Costs,
    /// Encoder time that may be spent, in seconds.
    purse: f32,
    earned: Timestamp,
    /// No look before this.
    due: Timestamp,
    looked: Option<(Timestamp, Thumbnail)>,
    mapped: Option<Timestamp>,
    cropped: Option<Timestamp>,
}

impl ViewPolicy {
    /// Nothing looked at yet, and the purse full.
    pub fn new(config: PolicyConfig, costs: Costs) -> Self {
        let start = Timestamp::default();
        Self {
            config,
            costs,
            purse: SAVED * config.share,
            earned: start,
            due: start,
            looked: None,
            mapped: None,
            cropped: None,
        }
    }

    /// What becomes of the frame that shows `picture` at `at`. Frames come in order.
    pub fn plan(&mut self, picture: &Picture, at: Timestamp) -> Plan {
        let config = self.config;
        self.purse = (self.purse + config.share * at.since(self.earned).as_secs_f32()).min(SAVED * config.share);
        self.earned = at;
        if at < self.due {
            return Plan::Leave;
        }
        let thumbnail = Thumbnail::of(picture);
        let since = |then: Option<Timestamp>| then.map_or(Duration::MAX, |then| at.since(then));
        let (still, overdue) = match &self.looked {
            Some((when, last)) => (!last.differs(&thumbnail, &config), at.since(*when) >= config.at_least),
            None => (false, true),
        };
        if still && !overdue {
            return Plan::Same;
        }
        let patience = |time: Duration| if still { 2 * time } else { time };
        let map = since(self.mapped) >= patience(config.map);
        let crops = since(self.cropped) >= patience(config.crops).max(self.costs.crops.mul_f32(4.0 / config.share));
        let plans = [Plan::Look { crops, map }, Plan::Look { crops: false, map }, Plan::Look { crops: false, map: false }];
        let affordable = plans.into_iter().find(|plan| self.costs.of(*plan).as_secs_f32() <= self.purse);
        let plan = match affordable {
            Some(plan) => plan,
            None if overdue => Plan::Look { crops: false, map: false },
            None => return Plan::Leave,
        };
        if let Plan::Look { crops, map } = plan {
            self.purse = (self.purse - self.costs.of(plan).as_secs_f32()).max(0.0);
            self.due = self.due.after(config.interval).max(Timestamp(at.0.saturating_sub(config.interval / 2)));
            self.looked = Some((at, thumbnail));
            self.mapped = if map { Some(at) } else { self.mapped };
            self.cropped = if crops { Some(at) } else { self.cropped };
        }
        plan
    }

    /// What a look took: the encoder, and the map where one was drawn. What it will take next time is reckoned from the last few.
    pub fn took(&mut self, plan: Plan, encoder: Duration, map: Duration) {
        let learn = |cost: &mut Duration, took: Duration| *cost = (*cost * 4 + took) / 5;
        if let Plan::Look { crops, map: mapped } = plan {
            learn(if crops { &mut self.costs.crops } else { &mut self.costs.whole }, encoder);
            if mapped {
                learn(&mut self.costs.map, map);
            }
        }
    }

    /// Nothing came of the last look: the next frame is looked at, whatever it shows.
    pub fn failed(&mut self) {
        (self.looked, self.mapped, self.cropped) = (None, None, None);
    }
}

/// Seconds of its share that a purse holds: enough for a look at everything once in a while, on a device that is slow at it.
const SAVED: f32 = 2.0;

const COLUMNS: usize = 32;
const ROWS: usize = 24;

/// A picture's brightness, very coarsely.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Thumbnail(Box<[u8]>);

impl Thumbnail {
    /// Each part is the mean of up to sixteen pixels' green, which carries most of the brightness.
    fn of(picture: &Picture) -> Self {
        const SAMPLES: usize = 4;
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let place = |part: usize, sample: usize, parts: usize, side: usize| {
            ((part * SAMPLES + sample) * side + side / 2) / (parts * SAMPLES)
        };
        let part = |i: usize| {
            let (column, row) = (i % COLUMNS, i / COLUMNS);
            let mut sum = 0;
            for y in 0..SAMPLES {
                let line = place(row, y, ROWS, height) * width;
                for x in 0..SAMPLES {
                    let green = picture.rgb().get((line + place(column, x, COLUMNS, width)) * 3 + 1);
                    sum += green.map_or(0, |green| usize::from(*green));
                }
            }
            (sum / (SAMPLES * SAMPLES)) as u8
        };
        Self((0..COLUMNS * ROWS).map(part).collect())
    }

    /// Whether the picture has changed, as a whole or in a part that a cyclist far ahead would fill.
    fn differs(&self, other: &Self, config: &PolicyConfig) -> bool {
        let (mut sum, mut parts) = (0, 0);
        for (one, other) in self.0.iter().zip(&other.0) {
            let difference = one.abs_diff(*other);
            sum += u32::from(difference);
            parts += u32::from(difference >= config.part);
        }
        let all = (COLUMNS * ROWS) as f32;
        sum as f32 >= config.changed * all || parts as f32 >= config.parts * all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FPS: f64 = 5.0;

    /// A picture of its own for each `shade`.
    fn picture(shade: u8) -> Picture {
        Picture::new(64, 48, vec![shade; 64 * 48 * 3]).expect("a full picture")
    }

    /// Five frames a second of `shades`; a letter for each: `.` left, `=` the same, `w` the whole alone, `m` with a map, `c` with crops,
    /// `a` with both.
    fn plans(config: PolicyConfig, costs: Costs, shades: impl IntoIterator<Item = u8>) -> String {
        let mut policy = ViewPolicy::new(config, costs);
        let plan = |(i, shade)| match policy.plan(&picture(shade), Timestamp::from_seconds(i as f64 / FPS)) {
            Plan::Leave => '.',
            Plan::Same => '=',
            Plan::Look { crops: false, map: false } => 'w',
            Plan::Look { crops: false, map: true } => 'm',
            Plan::Look { crops: true, map: false } => 'c',
            Plan::Look { crops: true, map: true } => 'a',
        };
        shades.into_iter().enumerate().map(plan).collect()
    }

    fn walking() -> impl Iterator<Item = u8> {
        (0..).map(|i: u32| (i * 20 % 200) as u8)
    }

    #[track_caller]
    fn check(config: PolicyConfig, whole: u64, shades: impl IntoIterator<Item = u8>, want: &str) {
        let [whole, crops, map] = [whole, 3 * whole, 2 * whole].map(Duration::from_millis);
        assert_eq!(plans(config, Costs { whole, crops, map }, shades), want, "{config:?}");
    }

    #[test]
    fn all_is_looked_at_while_the_picture_changes() {
        check(PolicyConfig::default(), 30, walking().take(16), "awwwwawwwwawwwwa");
    }

    #[test]
    fn a_still_picture_is_looked_at_once_a_second() {
        check(PolicyConfig::default(), 30, [90; 21], "a====w====a====w====a");
    }

    #[test]
    fn what_moves_in_a_still_picture_is_looked_at_at_once() {
        check(PolicyConfig::default(), 30, [90, 90, 93, 93, 93], "a=w==");
    }

    #[test]
    fn a_saver_looks_twice_a_second() {
        check(PolicyConfig::saver(), 30, walking().take(20), "a..w.w..w.m..w.w..w.");
    }

    #[test]
    fn a_slow_device_looks_as_often_as_it_can_and_at_least_once_a_second() {
        let looks = |whole| {
            let [whole, crops, map] = [whole, 3 * whole, 2 * whole].map(Duration::from_millis);
            let found = plans(PolicyConfig::default(), Costs { whole, crops, map }, walking().take(300));
            (found.matches(|c| c != '.').count(), found.matches(|c| "am".contains(c)).count(), found)
        };
        let mut last = usize::MAX;
        for whole in [10, 60, 100, 200, 400, 3000] {
            let (any, maps, found) = looks(whole);
            assert!(any <= last && any >= 60, "{whole} ms: {found}");
            assert!(whole > 60 || maps >= 55, "{whole} ms: {found}");
            assert!(!found.contains("....."), "{whole} ms: {found}");
            last = any;
        }
    }

    #[test]
    fn costs_are_learned_and_a_failed_look_is_made_again() {
        let mut policy = ViewPolicy::new(PolicyConfig::default(), Costs::default());
        let everything = Plan::Look { crops: true, map: true };
        assert_eq!(policy.plan(&picture(9), Timestamp::default()), everything);
        for _ in 0..30 {
            policy.took(everything, Duration::from_millis(200), Duration::from_millis(10));
        }
        assert!(policy.costs.crops.abs_diff(Duration::from_millis(200)) < Duration::from_millis(1), "{:?}", policy.costs);
        assert!(policy.costs.map.abs_diff(Duration::from_millis(10)) < Duration::from_millis(1), "{:?}", policy.costs);
        assert_eq!(policy.costs.whole, Costs::default().whole);
        assert_eq!(policy.plan(&picture(9), Timestamp::from_seconds(0.2)), Plan::Same);
        policy.failed();
        assert_eq!(policy.plan(&picture(9), Timestamp::from_seconds(0.4)), everything);
    }

    #[test]
    fn a_small_thing_that_comes_changes_a_picture() {
        let config = PolicyConfig::default();
        let with = |width: usize| {
            let rgb = (0..320 * 240).flat_map(|i| if i / 320 / 30 == 4 && i % 320 < width { [160; 3] } else { [90; 3] });
            Thumbnail::of(&Picture::new(320, 240, rgb.collect()).expect("a full picture"))
        };
        assert!(with(0).differs(&with(30), &config));
        assert!(!with(0).differs(&with(10), &config));
        assert!(!Thumbnail::of(&Picture::default()).differs(&Thumbnail::of(&Picture::default()), &config));
    }
}
