//! Where a run stands, in one file: weights, the optimiser's memory, their mean, the position.
//!
//! Owns the file, which is there whole or not at all, and the refusal to go on with anything else than what was begun. Leaves what is
//! drawn at a position to `batches`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use toml::Table;

use super::settings::differences;
use crate::training::{
    TrainingError,
    weights::{self, Tensor, Weights},
};

/// The file in a run's folder.
const CHECKPOINT: &str = "checkpoint.safetensors";

/// Where a run stands and what it was begun with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Epochs that are done.
    pub epoch: usize,
    /// Steps of the next one that are done.
    pub step: usize,
    /// Sum of their losses.
    pub losses: f64,
    /// Photos that could not be read, by name, with the reason.
    pub corrupt: BTreeMap<String, String>,
    /// Every epoch so far.
    pub log: Vec<Epoch>,
    /// The settings, less those that change nothing.
    pub settings: Table,
    /// SHA-256 of everything that was read, by name.
    pub data: BTreeMap<String, String>,
}

/// One epoch, as `log.csv` keeps it. Figures are of `val`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss of its batches.
    pub loss: f64,
    /// The learning rate at its end.
    pub learning_rate: f64,
    /// Inverse temperature at its end.
    pub scale: f64,
    /// The loss on `val`.
    pub val_loss: f64,
    /// Share of photos whose caption ranks first.
    pub image_to_text_1: f64,
    /// Share of photos whose caption is among the first five.
    pub image_to_text_5: f64,
    /// Share of captions whose photo ranks first.
    pub text_to_image_1: f64,
    /// Share of photos of a Street-30 category whose category ranks first; 0 where there is none.
    pub street30_1: f64,
}

/// Everything that a run goes on from.
pub struct Checkpoint {
    /// Where it stands.
    pub state: State,
    /// The model's parameters by path.
    pub model: Weights,
    /// The optimiser's memory.
    pub memory: Weights,
    /// The mean of the parameters, where one is taken.
    pub mean: BTreeMap<String, Tensor>,
}

/// The file of a run's folder.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    path: PathBuf,
}

impl Checkpoints {
    /// In the folder `dir`.
    pub fn new(dir: &Path) -> Self {
        Self { path: dir.join(CHECKPOINT) }
    }

    /// Takes the place of the last one, which stays until this one is whole.
    pub fn write(
        &self,
        state: &State,
        model: BTreeMap<String, Tensor>,
        memory: BTreeMap<String, Tensor>,
        mean: Option<&BTreeMap<String, Tensor>>,
    ) -> Result<(), TrainingError> {
        let under = |place: &str, all: BTreeMap<String, Tensor>| -> Vec<(String, Tensor)> {
            all.into_iter().map(|(name, tensor)| (format!("{place}/{name}"), tensor)).collect()
        };
        let mean = mean.cloned().unwrap_or_default();
        let all = [under("model", model), under("memory", memory), under("mean", mean)];
        let note = toml::to_string(state).map_err(|e| self.damaged(e.to_string()))?;
        weights::write(&self.path, &all.into_iter().flatten().collect(), Some(&note)).map_err(|error| match error {
            TrainingError::File { file, source } => {
                let kept = self.told();
                TrainingError::Data { file, problem: format!("{source}; make room and run the same again. {kept}") }
            }
            other => other,
        })
    }

    /// The last one, where there is any; refused where it was begun with other `settings` or `data`.
    pub fn read(&self, settings: &Table, data: &BTreeMap<String, String>) -> Result<Option<Checkpoint>, TrainingError> {
        if !self.path.exists() {
            return Ok(None);
        }
        let (all, note) = weights::read(&self.path)?;
        let note = note.ok_or_else(|| self.damaged("it says nothing of a run".to_owned()))?;
        let state: State = toml::from_str(&note).map_err(|e| self.damaged(e.to_string()))?;
        let mut changed = differences(&state.settings, settings);
        let names: std::collections::BTreeSet<&String> = state.data.keys().chain(data.keys()).collect();
        changed.extend(names.into_iter().filter_map(|name| match (state.data.get(name), data.get(name)) {
            (Some(was), Some(is)) if was == is => None,
            (Some(_), Some(_)) => Some(format!("{name} is another file")),
            (Some(_), None) => Some(format!("{name} is gone")),
            _ => Some(format!("{name} is new")),
        }));
        if !changed.is_empty() {
            let problem =
                format!("the run was begun otherwise: {}; begin another with --out, or put it back", changed.join("; "));
            return Err(TrainingError::Data { file: self.path.display().to_string(), problem });
        }
        let mut parts: BTreeMap<&str, BTreeMap<String, Tensor>> = BTreeMap::new();
        let file = all.file().to_owned();
        for (name, tensor) in all.into_tensors() {
            let (place, name) = name.split_once('/').ok_or_else(|| self.damaged(format!("{name} belongs nowhere")))?;
            let place = ["model", "memory", "mean"].into_iter().find(|known| *known == place).unwrap_or("model");
            parts.entry(place).or_default().insert(name.to_owned(), tensor);
        }
        let mut part = |place: &str| parts.remove(place).unwrap_or_default();
        let (model, memory, mean) = (Weights::new(&file, part("model"))?, Weights::new(&file, part("memory"))?, part("mean"));
        let last = Checkpoint { state, model, memory, mean };
        last.check()?;
        Ok(Some(last))
    }

    /// Where the last good one is, for messages.
    pub fn told(&self) -> String {
        let note = self.path.exists().then(|| weights::read(&self.path).ok()).flatten().and_then(|(_, note)| note);
        match note.and_then(|note| toml::from_str::<State>(&note).ok()) {
            Some(State { epoch, step, .. }) => {
                format!("The last good checkpoint is {}, at step {step} of epoch {}", self.path.display(), epoch + 1)
            }
            None => "There is no checkpoint yet".to_owned(),
        }
    }

    fn damaged(&self, problem: String) -> TrainingError {
        TrainingError::Weights { file: self.path.display().to_string(), problem }
    }
}

impl Checkpoint {
    /// Refuses a memory and a mean that are not of these weights. Whether the weights are a model's, [`fill`](super::fill) tells.
    fn check(&self) -> Result<(), TrainingError> {
        let Self { model, memory, mean, .. } = self;
        let unexpected = |tensor: String| TrainingError::Unexpected { file: model.file().to_owned(), tensor };
        for name in memory.names() {
            let (path, which) = name.rsplit_once('/').unwrap_or((name, ""));
            if !model.has(path) || !["first", "second", "steps"].contains(&which) {
                return Err(unexpected(format!("memory/{name}")));
            }
            let length = model.get(path)?.values.len();
            for (which, length) in [("first", length), ("second", length), ("steps", 1)] {
                memory.exactly(&format!("{path}/{which}"), &[length])?;
            }
        }
        if let Some(name) = mean.keys().find(|name| !model.has(name)) {
            return Err(unexpected(format!("mean/{name}")));
        }
        let mean = Weights::new(model.file(), mean.clone())?;
        let mut averaged = model.names().filter(|_| mean.names().next().is_some());
        averaged.try_for_each(|name| mean.exactly(name, &model.get(name)?.shape).map(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::fit::settings::assignment;

    fn state() -> State {
        let data = [("train-0.tar".to_owned(), "aa".to_owned())].into();
        State {
            epoch: 2,
            step: 7,
            losses: 0.1 + 0.2,
            settings: assignment("train.batch=8").expect("a table"),
            data,
            ..State::default()
        }
    }

    fn tensors(value: f32) -> BTreeMap<String, Tensor> {
        [("a.weight".to_owned(), Tensor { shape: vec![1, 2], values: vec![value; 2] })].into()
    }

    fn moments() -> BTreeMap<String, Tensor> {
        let flat = |length| Tensor { shape: vec![length], values: vec![2.0; length] };
        [("first", 2), ("second", 2), ("steps", 1)].map(|(which, length)| (format!("a.weight/{which}"), flat(length))).into()
    }

    #[track_caller]
    fn check(settings: &str, data: &[(&str, &str)], want: &str) {
        let dir = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(dir.path());
        checkpoints.write(&state(), tensors(1.0), moments(), Some(&tensors(3.0))).expect("written");
        let data = data.iter().map(|(name, sum)| (name.to_string(), sum.to_string())).collect();
        match checkpoints.read(&assignment(settings).expect("a table"), &data) {
            Ok(found) => {
                let Checkpoint { state: found, model, memory, mean } = found.expect("a checkpoint");
                assert_eq!((found, want), (state(), ""));
                assert_eq!((model.into_tensors(), memory.into_tensors(), mean), (tensors(1.0), moments(), tensors(3.0)));
            }
            Err(error) => assert!(error.to_string().contains(want) && !want.is_empty(), "{error}"),
        }
    }

    #[test]
    fn a_run_goes_on_with_what_it_was_begun_with_and_nothing_else() {
        check("train.batch=8", &[("train-0.tar", "aa")], "");
        check("train.batch=16", &[("train-0.tar", "aa")], "train.batch was 8 and is 16");
        check("train.batch=8", &[("train-0.tar", "bb")], "train-0.tar is another file");
        check("train.batch=8", &[], "train-0.tar is gone");
        check("train.batch=8", &[("train-0.tar", "aa"), ("more.tar", "cc")], "more.tar is new");
    }

    /// A checkpoint whose tensors are changed; what is said of it then?
    #[track_caller]
    fn check_damaged(change: impl Fn(&mut BTreeMap<String, Tensor>), want: &str) {
        let dir = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(dir.path());
        checkpoints.write(&state(), tensors(1.0), moments(), Some(&tensors(3.0))).expect("written");
        let (all, note) = weights::read(&checkpoints.path).expect("whole");
        let mut all = all.into_tensors();
        change(&mut all);
        weights::write(&checkpoints.path, &all, note.as_deref()).expect("written");
        let error = checkpoints.read(&state().settings, &state().data).err().expect(want).to_string();
        assert!(error.contains(want), "{error} against {want}");
    }

    #[test]
    fn a_checkpoint_whose_parts_do_not_belong_together_is_refused() {
        let some = || Tensor { shape: vec![3], values: vec![0.0; 3] };
        check_damaged(|all| drop(all.remove("memory/a.weight/second")), "no float tensor named a.weight/second");
        check_damaged(|all| drop(all.remove("memory/a.weight/steps")), "no float tensor named a.weight/steps");
        check_damaged(|all| drop(all.insert("memory/a.weight/first".to_owned(), some())), "first has the shape [3], not [2]");
        check_damaged(|all| drop(all.insert("memory/b/first".to_owned(), some())), "a tensor named memory/b/first that");
        check_damaged(|all| drop(all.insert("mean/b".to_owned(), some())), "a tensor named mean/b that");
        check_damaged(|all| drop(all.insert("mean/a.weight".to_owned(), some())), "a.weight has the shape [3], not [1, 2]");
        let nan = |all: &mut BTreeMap<String, Tensor>| all.get_mut("model/a.weight").expect("there").values[1] = f32::NAN;
        check_damaged(nan, "model/a.weight holds a value that is not finite");
    }

    #[test]
    fn a_checkpoint_that_is_cut_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let checkpoints = Checkpoints::new(dir.path());
        checkpoints.write(&state(), tensors(1.0), moments(), None).expect("written");
        let bytes = std::fs::read(&checkpoints.path).expect("bytes");
        for length in [0, 7, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&checkpoints.path, &bytes[..length]).expect("written");
            let error = checkpoints.read(&state().settings, &state().data).err().expect("cut").to_string();
            assert!(error.contains("not a whole safetensors file"), "{length}: {error}");
        }
    }
}
