//! Whether a run fits into memory: told by a few pairs before its first step, and by the mark of a run that ended without a word.
//!
//! Owns the estimate, what can be had (Linux alone says it), the advice and the mark. Leaves when to ask to the loop.

use std::{
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::Device;
use indicatif::HumanBytes;
use serde::{Deserialize, Serialize};

use super::{Batch, Settings, slopes};
use crate::training::{
    TrainingError,
    model::{Trainable, parameters::counts},
};

/// Pairs that tell what each of many takes.
const PAIRS: usize = 4;
/// The mark's file in a run's folder.
const MARK: &str = "running.toml";
/// The share of all memory with which a run that ended without a word was most likely stopped for it.
const NEAR: f64 = 0.8;
/// What sides of pictures are multiples of, in every model here.
const SIDES: u32 = 32;

/// Bytes that a run needs, as its first pairs let expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Resident before the first pair.
    pub base: u64,
    /// At most while one pair goes there and back.
    pub one: u64,
    /// Of each further pair at once.
    pub pair: u64,
    /// Of what learns, once.
    pub learned: u64,
    /// Of all weights, once.
    pub all: u64,
    /// Whether the optimiser remembers already, as where a run goes on.
    pub begun: bool,
    /// Pairs in a batch.
    pub batch: usize,
    /// Side of the pictures.
    pub side: u32,
}

impl Need {
    /// Tries `model` on the pairs of `batch` with the longest captions; none where the system doesn't say what a process takes, or where another
    /// device than the processor holds what is learned.
    pub fn of<M: Trainable>(model: &M, batch: &Batch, settings: &Settings, begun: bool, side: u32) -> Option<Self> {
        if batch.is_empty() || model.scale().device().without_autodiff() != Device::flex() {
            return None;
        }
        let (learned, all) = counts(model);
        let [learned, all] = [learned, all].map(|count| (count * size_of::<f32>()) as u64);
        let base = resident("VmRSS")?;
        // Forgets the highest so far, of reading files.
        fs::write("/proc/self/clear_refs", "5").ok()?;
        let peak = |pairs: usize| {
            slopes(model, &batch.longest(pairs), None, settings);
            resident("VmHWM")
        };
        let pairs = PAIRS.min(batch.len()).min(settings.train.part);
        let one = peak(1)?;
        let pair = if pairs > 1 { peak(pairs)?.saturating_sub(one) / (pairs as u64 - 1) } else { 0 };
        Some(Self { base, one, pair, learned, all, begun, batch: batch.len(), side })
    }

    /// With so many pairs at once.
    pub fn at(&self, part: usize) -> u64 {
        let (part, in_parts) = (part.min(self.batch), part < self.batch);
        // Weights that have left those of the beginning, and the optimiser's two moments.
        let moments = if self.begun { 0 } else { 3 * self.learned };
        let sum = if in_parts { self.learned } else { 0 };
        let step = self.one + self.pair * (part.max(1) as u64 - 1) + moments + sum;
        // A checkpoint is put together beside what it holds, once nothing leads back to a loss.
        let checkpoint = self.base + moments + self.all + 2 * self.learned;
        step.max(checkpoint)
    }

    /// Refuses `part` pairs at once where they take more than `limit` bytes, with what would not.
    pub fn check(&self, part: usize, limit: u64) -> Result<(), TrainingError> {
        if self.at(part) <= limit {
            return Ok(());
        }
        let mend = match (1..part).rev().find(|&part| self.at(part) <= limit) {
            Some(fits) => format!("set train.part={fits}, which gives the same step"),
            None => self.smaller(limit),
        };
        let (need, have) = (HumanBytes(self.at(part)), HumanBytes(limit));
        let problem = format!(
            "{} pairs at once take about {need} of memory, and {have} can be had; {mend}, or end other programs (guard.memory raises what \
             may be taken)",
            part.min(self.batch)
        );
        Err(TrainingError::Setting { problem })
    }

    /// What helps where one pair at once is too much.
    fn smaller(&self, limit: u64) -> String {
        let fixed = self.at(1).saturating_sub(self.pair);
        let room = limit.saturating_sub(fixed) as f64;
        // What a picture takes grows with its area.
        let side = if self.pair > 0 { f64::from(self.side) * (room / self.pair as f64).sqrt() } else { 0.0 };
        match side as u32 / SIDES * SIDES {
            0 => "one at once is too much: let fewer layers learn (learn.image, learn.text) or adapters alone (lora.rank=8)"
                .to_owned(),
            side => format!("one at once is too much: take a model for pictures of {side} pixels instead of {}", self.side),
        }
    }
}

/// Bytes that this process may take in all: what it has and what is left, by the system or by a limit on its group.
pub fn limit() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let free = [field(&text, "MemAvailable"), group_room(Path::new("/sys/fs/cgroup"), Path::new("/proc/self/cgroup"))];
    Some(resident("VmRSS")? + free.into_iter().flatten().min()?)
}

/// Bytes left to the group that `membership` (`/proc/self/cgroup`) names and to those above it, by the files under `root`; none where nothing
/// limits it.
fn group_room(root: &Path, membership: &Path) -> Option<u64> {
    let text = fs::read_to_string(membership).ok()?;
    let number = |path: PathBuf| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let rooms = text.lines().flat_map(|line| {
        let (kind, path) = line.split_once(':').and_then(|(_, rest)| rest.split_once(':')).unwrap_or_default();
        // The names of the second version of groups, and of the first.
        let (root, files) = match kind {
            "" => (root.to_owned(), ["memory.max", "memory.current"]),
            "memory" => (root.join("memory"), ["memory.limit_in_bytes", "memory.usage_in_bytes"]),
            _ => return Vec::new(),
        };
        let group = Path::new(path.trim_start_matches('/'));
        let groups = group.ancestors().map(|group| root.join(group));
        let room = |group: PathBuf| Some(number(group.join(files[0]))?.saturating_sub(number(group.join(files[1]))?));
        groups.filter_map(room).collect()
    });
    rooms.min()
}

/// Processes that the system stopped for want of memory since it started.
fn kills() -> u64 {
    let text = fs::read_to_string("/proc/vmstat").unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok()).unwrap_or(0)
}

/// A field of `/proc/self/status` in bytes.
fn resident(name: &str) -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, name)
}

/// The value of `NAME: VALUE kB`, in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// What a run leaves where it dies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// Steps that were done.
    step: usize,
    /// Bytes resident at most.
    peak: u64,
    /// Bytes that could be had when it began.
    limit: u64,
    /// Processes that the system had stopped for want of memory by then, since it started.
    kills: u64,
}

/// A mark in a run's folder while the run lives; it goes with the run, unless the run is killed.
pub struct Watch {
    path: PathBuf,
    mark: Mark,
}

impl Watch {
    /// Begins to mark in `dir`, which is this run's alone; says what a mark that is there tells, where `part` pairs go through at once.
    pub fn begin(dir: &Path, part: usize) -> (Self, Option<String>) {
        let path = dir.join(MARK);
        let left = fs::read_to_string(&path).ok().and_then(|text| toml::from_str::<Mark>(&text).ok());
        let mark = Mark { limit: limit().unwrap_or(u64::MAX), kills: kills(), ..Mark::default() };
        (Self { path, mark }, left.and_then(|left| left.told(part, mark.kills)))
    }

    /// Marks that so many steps are done.
    pub fn step(&mut self, step: usize) {
        self.mark = Mark { step, peak: resident("VmHWM").unwrap_or(0), ..self.mark };
        if let Ok(text) = toml::to_string(&self.mark) {
            // Nothing hangs on it: a full disk is the checkpoint's to tell.
            fs::write(&self.path, text).ok();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

impl Mark {
    /// What most likely ended the run that left it, and what helps; none where it was not memory. `kills` is their number today.
    fn told(self, part: usize, kills: u64) -> Option<String> {
        let Self { step, peak, limit, .. } = self;
        if (peak as f64) < NEAR * limit as f64 && kills <= self.kills {
            return None;
        }
        let (peak, limit) = (HumanBytes(peak), HumanBytes(limit));
        let mend = match part / 2 {
            0 => "choose smaller pictures, or let fewer layers learn".to_owned(),
            half => format!("set train.part={half}, which gives the same step"),
        };
        Some(format!(
            "the last run here was stopped behind step {step} with {peak} of {limit} in use, most likely for want of memory; {mend}, or end \
             other programs"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEED: Need = Need { base: 1000, one: 2000, pair: 500, learned: 100, all: 400, begun: false, batch: 64, side: 224 };

    #[test]
    fn a_run_needs_what_its_first_pairs_took_and_what_it_will_remember() {
        let check = |need: Need, part, want| assert_eq!(need.at(part), want, "{need:?} at {part}");
        check(NEED, 64, 2000 + 63 * 500 + 300);
        check(NEED, 1000, 2000 + 63 * 500 + 300);
        // In parts the slopes of a part and their sum are there at once.
        check(NEED, 32, 2000 + 31 * 500 + 300 + 100);
        check(Need { begun: true, ..NEED }, 64, 2000 + 63 * 500);
        // The checkpoint's copy may be the most.
        check(Need { one: 1100, pair: 0, all: 5000, ..NEED }, 64, 1000 + 300 + 5000 + 200);
    }

    #[track_caller]
    fn check(need: Need, part: usize, limit: u64, want: &str) {
        match need.check(part, limit) {
            Ok(()) => assert_eq!(want, "", "{limit}"),
            Err(error) => assert!(error.to_string().contains(want) && !want.is_empty(), "{error} against {want}"),
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_does() {
        check(NEED, 64, 33_800, "");
        check(
            NEED,
            64,
            33_799,
            "64 pairs at once take about 33.01 KiB of memory, and 33.01 KiB can be had; set train.part=63,",
        );
        check(NEED, 64, 2400, "set train.part=1, which gives the same step");
        check(NEED, 64, 2399, "take a model for pictures of 192 pixels instead of 224");
        check(NEED, 64, 2000, "take a model for pictures of 96 pixels");
        check(NEED, 64, 1900, "let fewer layers learn");
        check(Need { pair: 0, ..NEED }, 1, 2000, "lora.rank=8");
    }

    #[test]
    fn a_run_that_died_with_its_memory_full_says_so_to_the_next() {
        let mark = |peak| Mark { step: 7, peak, limit: 1000, kills: 2 };
        for kills in [0, 2] {
            assert_eq!(mark(790).told(64, kills), None);
        }
        for (peak, kills, part, want) in
            [(900, 2, 64, "train.part=32"), (900, 2, 1, "smaller pictures"), (10, 3, 64, "train.part=32")]
        {
            let told = mark(peak).told(part, kills).expect("a word");
            assert!(told.contains("behind step 7") && told.contains(want), "{told}");
        }
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(MARK);
        let (mut watch, told) = Watch::begin(dir.path(), 64);
        assert_eq!(told, None);
        watch.step(3);
        assert_eq!(toml::from_str::<Mark>(&fs::read_to_string(&path).expect("a mark")).expect("a mark").step, 3);
        drop(watch);
        assert!(!path.exists());
        for (text, says) in
            [(95, true), (9, false)].map(|(peak, says)| (format!("step = 3\npeak = {peak}\nlimit = 100\nkills = 9999"), says))
        {
            fs::write(&path, &text).expect("a mark");
            assert_eq!(Watch::begin(dir.path(), 64).1.is_some(), says, "{text}");
        }
    }

    #[test]
    fn the_narrowest_group_limits() {
        let dir = tempfile::tempdir().expect("a folder");
        let (root, membership) = (dir.path(), dir.path().join("membership"));
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        };
        let check = |text: &str, want| {
            write("membership", text);
            assert_eq!(group_room(root, &membership), want, "{text}");
        };
        write("a/memory.max", "1000\n");
        write("a/memory.current", "300\n");
        write("a/b/memory.max", "max\n");
        write("a/b/memory.current", "200\n");
        write("memory/c/memory.limit_in_bytes", "500\n");
        write("memory/c/memory.usage_in_bytes", "600\n");
        check("0::/a/b\n", Some(700));
        check("0::/\n", None);
        check("4:memory:/c\n0::/a\n", Some(0));
        check("3:cpuset:/c\nnonsense\n", None);
        assert_eq!(group_room(root, Path::new("/nowhere")), None);
    }

    #[test]
    fn what_the_system_says_is_read_in_bytes() {
        let status = "VmPeak:\t  99 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 12 kB\n";
        assert_eq!(field(status, "VmHWM"), Some(2048 * 1024));
        assert_eq!(field(status, "Vm"), None);
        assert_eq!(field("VmHWM: much", "VmHWM"), None);
    }
}
