//! The machine that walks along: its battery, its heat, its clocks.
//!
//! Owns what `sys` and `proc` tell of them, as Linux writes it, and from when that is a fault. Another system, or a machine that tells nothing,
//! has none of these faults. Leaves saying them to the walker's thread.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use super::walker::Walker;
use crate::{
    fault::Fault,
    pipeline::{PipelineError, battery},
};

/// Percent of its charge at which a battery is low, and from which it no longer is. Our inference: a phone or small computer walks on for a
/// quarter of an hour with it.
const LOW: (u8, u8) = (15, 18);
/// Degrees, in thousandths, below which a trip point is none: some firmware writes 0 or less there.
const LEAST_TRIP: i64 = 40_000;
/// For how long a processor counts as hot after it was last slowed down: it cools and heats again within seconds.
const COOLING: Duration = Duration::from_secs(10);
/// A difference between two clocks that is no accident: a wall clock that is drawn right by the network moves less at a time.
const JUMP: Duration = Duration::from_secs(2);

/// Moments of three clocks, each from a beginning of its own.
#[derive(Clone, Copy, Debug)]
struct Clocks {
    /// What the walker reads; may be set.
    wall: Duration,
    /// Since the machine started, its sleep included.
    up: Duration,
    /// The same without its sleep.
    awake: Duration,
}

/// What the clocks tell of the time between two moments.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Passed {
    Well,
    /// The machine slept.
    Slept,
    /// The wall clock was set.
    Jumped,
}

impl Clocks {
    fn since(&self, before: &Clocks) -> Passed {
        let up = self.up.saturating_sub(before.up);
        let wall = self.wall.abs_diff(before.wall + up);
        if up.saturating_sub(self.awake.saturating_sub(before.awake)) > JUMP {
            Passed::Slept
        } else if wall > JUMP {
            Passed::Jumped
        } else {
            Passed::Well
        }
    }
}

/// Watches the machine under a folder that holds `sys` and `proc`.
pub(super) struct Machine {
    root: PathBuf,
    started: Instant,
    every: Duration,
    wall: fn() -> SystemTime,
    due: Instant,
    low: bool,
    hot: bool,
    /// How often processors were slowed down, and when that last grew.
    slowed: Option<(u64, Option<Instant>)>,
    clocks: Option<Clocks>,
}

impl Machine {
    /// Looks every so often; `wall` is the clock that may be set.
    pub fn new(root: PathBuf, every: Duration, wall: fn() -> SystemTime) -> Self {
        let now = Instant::now();
        Self { root, started: now, every, wall, due: now, low: false, hot: false, slowed: None, clocks: None }
    }

    /// What the clocks tell since the last look; battery and heat are looked at too. `None` where it is too soon.
    fn look(&mut self, now: Instant) -> Option<Passed> {
        if now < self.due {
            return None;
        }
        self.due = now + self.every;
        let most = if self.low { LOW.1 } else { LOW.0 };
        self.low = battery::charge(&self.root.join("sys/class/power_supply"))
            .is_some_and(|(charge, drained)| drained && charge < most);
        let slowed = throttles(&self.root);
        self.slowed = match self.slowed {
            Some((before, _)) if slowed > before => Some((slowed, Some(now))),
            Some((_, since)) => Some((slowed, since)),
            None => Some((slowed, None)),
        };
        let lately = self.slowed.and_then(|(_, since)| since).is_some_and(|since| now - since < COOLING);
        self.hot = lately || zones(&self.root);
        let awake = now - self.started;
        let wall = (self.wall)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let clocks = Clocks { wall, up: uptime(&self.root).unwrap_or(awake), awake };
        Some(self.clocks.replace(clocks).map_or(Passed::Well, |before| clocks.since(&before)))
    }
}

impl Walker<'_> {
    /// Says how the machine fares.
    pub fn feel(&mut self) -> Result<(), PipelineError> {
        let Some(passed) = self.machine.look(Instant::now()) else { return Ok(()) };
        let (low, hot) = (self.machine.low, self.machine.hot);
        self.lasting(Fault::BatteryLow, low, Some(Fault::BatteryBack))?;
        self.lasting(Fault::ProcessorHot, hot, Some(Fault::ProcessorCool))?;
        match passed {
            Passed::Well => Ok(()),
            Passed::Slept => self.fault(Fault::Woke),
            Passed::Jumped => self.fault(Fault::ClockJumped),
        }
    }

    /// Time between two looks.
    pub fn interval(&self) -> Duration {
        if self.machine.hot { self.config.hot.max(self.config.interval) } else { self.config.interval }
    }
}

/// The folders in `folder` whose names begin so.
fn folders(folder: PathBuf, begin: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(move |entry| entry.file_name().to_string_lossy().starts_with(begin)).map(|entry| entry.path())
}

/// A file of one line, without its end.
fn line(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok().map(|text| text.trim().to_owned())
}

fn number<T: std::str::FromStr>(file: &Path) -> Option<T> {
    line(file)?.parse().ok()
}

/// Whether a zone is as hot as where the kernel begins to slow the processor down.
fn zones(root: &Path) -> bool {
    folders(root.join("sys/class/thermal"), "thermal_zone").any(|zone| {
        let trips = (0..16).map_while(|i| Some((i, line(&zone.join(format!("trip_point_{i}_type")))?)));
        let slows = trips.filter(|(_, kind)| matches!(kind.as_str(), "passive" | "hot" | "critical"));
        let at = slows.filter_map(|(i, _)| number::<i64>(&zone.join(format!("trip_point_{i}_temp"))));
        let first = at.filter(|at| *at >= LEAST_TRIP).min();
        first.is_some_and(|first| number::<i64>(&zone.join("temp")) >= Some(first))
    })
}

/// How often the processors of an x86 machine were slowed down by heat.
fn throttles(root: &Path) -> u64 {
    let cores = folders(root.join("sys/devices/system/cpu"), "cpu");
    cores.filter_map(|core| number::<u64>(&core.join("thermal_throttle/core_throttle_count"))).sum()
}

/// Since the machine started.
fn uptime(root: &Path) -> Option<Duration> {
    let text = line(&root.join("proc/uptime"))?;
    Duration::try_from_secs_f64(text.split(' ').next()?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files by their contents, and whether the battery is low and the processor hot once they are there.
    type Step<'a> = (&'a [(&'a str, &'a str)], (bool, bool));

    /// Files under a new root, each step's beside those before.
    #[track_caller]
    fn check(steps: &[Step]) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut machine = Machine::new(dir.path().to_owned(), Duration::ZERO, SystemTime::now);
        for (files, want) in steps {
            for (file, text) in *files {
                let path = dir.path().join(file);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                fs::write(path, format!("{text}\n")).expect("a file");
            }
            machine.look(Instant::now());
            assert_eq!((machine.low, machine.hot), *want, "{files:?}");
        }
    }

    const BATTERY: [&str; 3] =
        ["sys/class/power_supply/BAT0/type", "sys/class/power_supply/BAT0/status", "sys/class/power_supply/BAT0/capacity"];

    #[test]
    fn a_battery_is_low_until_it_is_charged() {
        check(&[
            (&[], (false, false)),
            (&[(BATTERY[0], "Battery"), (BATTERY[1], "Discharging"), (BATTERY[2], "15")], (false, false)),
            (&[(BATTERY[2], "14")], (true, false)),
            (&[(BATTERY[2], "16")], (true, false)),
            (&[(BATTERY[1], "Charging")], (false, false)),
            (&[(BATTERY[1], "Discharging")], (false, false)),
            (&[(BATTERY[2], "nonsense")], (false, false)),
        ]);
    }

    #[test]
    fn a_processor_is_hot_at_its_first_trip_or_where_it_was_slowed_down() {
        let (zone, core) = ("sys/class/thermal/thermal_zone0", "sys/devices/system/cpu/cpu1/thermal_throttle");
        let file = |name: &str| -> &'static str { Box::leak(format!("{zone}/{name}").into_boxed_str()) };
        let count: &str = &format!("{core}/core_throttle_count");
        check(&[
            (&[(file("trip_point_0_type"), "critical"), (file("trip_point_0_temp"), "105000")], (false, false)),
            (&[(file("trip_point_1_type"), "passive"), (file("trip_point_1_temp"), "85000")], (false, false)),
            (&[(file("temp"), "84999")], (false, false)),
            (&[(file("temp"), "85000")], (false, true)),
            (&[(file("temp"), "60000")], (false, false)),
            (&[(file("trip_point_1_temp"), "0")], (false, false)),
            (&[(count, "7")], (false, true)),
        ]);
        check(&[(&[(count, "7")], (false, false)), (&[(count, "8")], (false, true)), (&[(count, "8")], (false, true))]);
    }

    #[test]
    fn the_clocks_tell_a_sleep_from_a_clock_that_was_set() {
        let clocks = |wall: u64, up: u64, awake: u64| {
            let [wall, up, awake] = [wall, up, awake].map(Duration::from_secs);
            Clocks { wall, up, awake }
        };
        let before = clocks(1000, 100, 10);
        for (wall, up, awake, want) in [
            (1001, 101, 11, Passed::Well),
            (1002, 101, 11, Passed::Well),
            (4601, 101, 11, Passed::Jumped),
            (1, 101, 11, Passed::Jumped),
            (1601, 701, 11, Passed::Slept),
            // It slept and was set right meanwhile: that it slept is what matters.
            (9999, 701, 11, Passed::Slept),
            (1060, 160, 70, Passed::Well),
        ] {
            assert_eq!(clocks(wall, up, awake).since(&before), want, "{wall} {up} {awake}");
        }
    }
}
