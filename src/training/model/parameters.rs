//! The parameters of a model by their paths: read, filled, frozen.
//!
//! Owns the walk through a module. Leaves files to `weights`, what becomes of the parameters to `optimiser`.

use std::collections::{BTreeMap, BTreeSet};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Tensor, TensorData},
};

use super::{Place, Trainable};
use crate::training::{TrainingError, weights};

/// Where a walk through a module is.
#[derive(Debug, Default)]
pub struct Path(Vec<String>);

impl Path {
    /// One module deeper.
    pub fn enter(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    /// Back again.
    pub fn leave(&mut self) {
        self.0.pop();
    }

    /// As Burn and Hugging Face write it: `vision.layers.3.query.weight`.
    pub fn dotted(&self) -> String {
        self.0.join(".")
    }
}

/// Every parameter of `module` by its path, as it stands. Adapters stand beside what they adapt, as `PATH.lora.a`.
pub fn tensors(module: &impl Module) -> BTreeMap<String, weights::Tensor> {
    let mut reader = Reader::default();
    module.visit(&mut reader);
    reader.found
}

/// How many numbers of `module` learn, and how many there are.
pub fn counts(module: &impl Module) -> (usize, usize) {
    let mut counter = Counter::default();
    module.visit(&mut counter);
    (counter.learned, counter.all)
}

/// `module` with the parameters of `from`, which must hold each of them at its shape and nothing else. What was frozen stays so.
pub fn fill<M: Module>(module: M, from: &weights::Weights) -> Result<M, TrainingError> {
    let mut writer = Writer { path: Path::default(), from, problem: None, taken: BTreeSet::new() };
    let module = module.map(&mut writer);
    if let Some(problem) = writer.problem {
        return Err(problem);
    }
    match from.names().find(|name| !writer.taken.contains(*name)) {
        Some(name) => Err(TrainingError::Unexpected { file: from.file().to_owned(), tensor: name.to_owned() }),
        None => Ok(module),
    }
}

/// Where each parameter of `model` stands, by path; an adapter where what it adapts does.
pub fn places<M: Trainable>(model: &M) -> BTreeMap<String, Place> {
    names(model).into_iter().map(|path| (path.clone(), model.place(adapted(&path)))).collect()
}

/// The path of what the adapter at `path` adapts; `path` itself where it is no adapter.
fn adapted(path: &str) -> &str {
    path.strip_suffix(".lora.a").or_else(|| path.strip_suffix(".lora.b")).unwrap_or(path)
}

/// Whether the parameter at `path` is an adapter's.
pub fn is_adapter(path: &str) -> bool {
    adapted(path) != path
}

/// `model` with only those parameters to be learned that `learns` says, by path and place.
pub fn thaw<M: Trainable>(model: M, learns: impl Fn(&str, Place) -> bool) -> M {
    let learned = places(&model).into_iter().filter(|(path, place)| learns(path, *place)).map(|(path, _)| path).collect();
    model.map(&mut Thaw { path: Path::default(), learned })
}

fn names(module: &impl Module) -> Vec<String> {
    let mut names = Names::default();
    module.visit(&mut names);
    names.found
}

macro_rules! walks {
    () => {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.enter(name);
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.leave();
        }
    };
}
pub(in crate::training) use walks;

#[derive(Default)]
struct Reader {
    path: Path,
    found: BTreeMap<String, weights::Tensor>,
}

impl ModuleVisitor for Reader {
    walks!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.base();
        let shape = value.dims().to_vec();
        let values = value.into_data().iter::<f32>().collect();
        self.found.insert(self.path.dotted(), weights::Tensor { shape, values });
    }
}

#[derive(Default)]
struct Names {
    path: Path,
    found: Vec<String>,
}

impl ModuleVisitor for Names {
    walks!();

    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        self.found.push(self.path.dotted());
    }
}

#[derive(Default)]
struct Counter {
    learned: usize,
    all: usize,
}

impl ModuleVisitor for Counter {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.base();
        let count = value.dims().iter().product::<usize>();
        self.all += count;
        self.learned += if value.is_require_grad() { count } else { 0 };
    }
}

struct Writer<'a> {
    path: Path,
    from: &'a weights::Weights,
    problem: Option<TrainingError>,
    taken: BTreeSet<String>,
}

impl ModuleMapper for Writer<'_> {
    walks!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.dotted();
        let device = param.base().device();
        match self.from.shaped(&name, param.base().dims().map(Some)) {
            Ok((tensor, shape)) => {
                self.taken.insert(name);
                param.map(|old| {
                    let new: Tensor<D> = Tensor::from_data(TensorData::new(tensor.values.clone(), shape), &device);
                    new.set_require_grad(old.is_require_grad())
                })
            }
            Err(problem) => {
                self.problem.get_or_insert(problem);
                param
            }
        }
    }
}

struct Thaw {
    path: Path,
    learned: BTreeSet<String>,
}

impl ModuleMapper for Thaw {
    walks!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let learns = self.learned.contains(&self.path.dotted());
        param.set_require_grad(learns)
    }
}

#[cfg(test)]
mod tests {
    use burn::{nn::LinearConfig, tensor::Device};

    use super::*;
    use crate::training::weights::Weights;

    #[track_caller]
    fn check(change: impl Fn(&mut BTreeMap<String, weights::Tensor>), want: &str) {
        let device = Device::flex();
        let layer = LinearConfig::new(2, 3).init(&device);
        let mut found = tensors(&layer);
        change(&mut found);
        let weights = Weights::new("x", found.clone()).expect("finite weights");
        match fill(LinearConfig::new(2, 3).init(&device), &weights) {
            Ok(again) => assert!(tensors(&again) == found && want.is_empty(), "{want}"),
            Err(error) => assert!(error.to_string().contains(want) && !want.is_empty(), "{error} against {want}"),
        }
    }

    #[test]
    fn a_module_takes_its_own_parameters_back_and_no_others() {
        check(|_| (), "");
        check(|all| all.retain(|name, _| name != "bias"), "no float tensor named bias");
        check(
            |all| drop(all.insert("more".to_owned(), weights::Tensor { shape: vec![1], values: vec![0.0] })),
            "x: a tensor named more",
        );
        check(
            |all| drop(all.insert("bias".to_owned(), weights::Tensor { shape: vec![2], values: vec![0.0; 2] })),
            "bias has the shape [2], not [3]",
        );
    }
}
