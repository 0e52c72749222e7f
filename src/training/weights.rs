//! Named float32 tensors, read from a safetensors file or built in memory.
//!
//! Owns the checks that let a graph builder trust what it takes: present, of the right shape, finite. Leaves what the tensors
//! mean to `onnx::towers`.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::TrainingError;
use crate::bundle::write_whole;

/// The key of a file's note.
const NOTE: &str = "note";

/// Values in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Length of each axis, the slowest first.
    pub shape: Vec<usize>,
    /// As many values as the axes' product.
    pub values: Vec<f32>,
}

/// The float32 tensors of a network, by name.
#[derive(Clone, Debug)]
pub struct Weights {
    file: String,
    tensors: BTreeMap<String, Tensor>,
}

/// Writes tensors as a safetensors file, whole or not at all. `note` is kept in its header: whatever a reader must know beside.
pub fn write(path: &Path, tensors: &BTreeMap<String, Tensor>, note: Option<&str>) -> Result<(), TrainingError> {
    let file = path.display().to_string();
    let problem = |e: safetensors::SafeTensorError| TrainingError::Weights { file: file.clone(), problem: e.to_string() };
    let bytes: Vec<Vec<u8>> =
        tensors.values().map(|tensor| tensor.values.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
    let views = tensors.iter().zip(&bytes);
    let views = views
        .map(|((name, tensor), bytes)| TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map(|view| (name, view)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(problem)?;
    let note = note.map(|note| HashMap::from([(NOTE.to_owned(), note.to_owned())]));
    let whole = safetensors::serialize(views, note).map_err(problem)?;
    write_whole(path, &whole).map_err(|source| TrainingError::File { file: file.clone(), source })
}

/// Reads what [`write()`] wrote: the tensors, and the note where there is one.
pub fn read(path: &Path) -> Result<(Weights, Option<String>), TrainingError> {
    let file = path.display().to_string();
    let bytes = fs::read(path).map_err(|source| TrainingError::File { file: file.clone(), source })?;
    let weights = Weights::parse(&file, &bytes)?;
    let (_, header) =
        SafeTensors::read_metadata(&bytes).map_err(|e| TrainingError::Weights { file, problem: e.to_string() })?;
    let note = header.metadata().as_ref().and_then(|all| all.get(NOTE)).cloned();
    Ok((weights, note))
}

impl Weights {
    /// Reads a safetensors file; tensors of another type than float32 are left out.
    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|source| TrainingError::File { file: file.clone(), source })?;
        Self::parse(&file, &bytes)
    }

    /// The same of bytes that came from `file`.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, TrainingError> {
        let damaged =
            |e: safetensors::SafeTensorError| TrainingError::Weights { file: file.to_owned(), problem: e.to_string() };
        let parsed = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let floats = parsed.iter().filter(|(_, view)| view.dtype() == Dtype::F32).map(|(name, view)| {
            let (words, _) = view.data().as_chunks::<4>();
            let values = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
            (name.to_owned(), Tensor { shape: view.shape().to_vec(), values })
        });
        Self::new(file, floats)
    }

    /// Takes tensors that were made elsewhere; `origin` stands for the file in messages.
    pub fn new(origin: &str, tensors: impl IntoIterator<Item = (String, Tensor)>) -> Result<Self, TrainingError> {
        let tensors: BTreeMap<_, _> = tensors.into_iter().collect();
        for (name, tensor) in &tensors {
            let (file, name) = (origin.to_owned(), name.clone());
            if tensor.shape.iter().product::<usize>() != tensor.values.len() {
                let want = format!("one of {} values", tensor.values.len());
                return Err(TrainingError::Shape { file, tensor: name, found: tensor.shape.clone(), want });
            }
            if !tensor.values.iter().all(|x| x.is_finite()) {
                return Err(TrainingError::NotFinite { file, tensor: name });
            }
        }
        Ok(Self { file: origin.to_owned(), tensors })
    }

    /// The tensor `name`, of any shape.
    pub fn get(&self, name: &str) -> Result<&Tensor, TrainingError> {
        let missing = || TrainingError::Missing { file: self.file.clone(), tensor: name.to_owned() };
        self.tensors.get(name).ok_or_else(missing)
    }

    /// Where they came from, as messages name it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The tensors' names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensors by name.
    pub fn into_tensors(self) -> BTreeMap<String, Tensor> {
        self.tensors
    }

    /// Whether there is a tensor `name`.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The tensor `name`, which must have as many axes as `want`, each as long as said there; `None` takes any length.
    pub fn shaped<const N: usize>(&self, name: &str, want: [Option<usize>; N]) -> Result<(&Tensor, [usize; N]), TrainingError> {
        let tensor = self.get(name)?;
        match <[usize; N]>::try_from(&tensor.shape[..]) {
            Ok(shape) if shape.iter().zip(want).all(|(&found, want)| want.is_none_or(|want| want == found)) => {
                Ok((tensor, shape))
            }
            _ => {
                let axes: Vec<String> = want.iter().map(|axis| axis.map_or("any".to_owned(), |n| n.to_string())).collect();
                let want = format!("[{}]", axes.join(", "));
                let (file, tensor_name, found) = (self.file.clone(), name.to_owned(), tensor.shape.clone());
                Err(TrainingError::Shape { file, tensor: tensor_name, found, want })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize], values: &[f32]) -> Tensor {
        Tensor { shape: shape.to_vec(), values: values.to_vec() }
    }

    /// A safetensors file of one float32 tensor `a` of shape [2, 2] and one int64 tensor `ids`.
    fn file(values: [f32; 4]) -> Vec<u8> {
        let a: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let ids = 7_i64.to_le_bytes();
        let view = |dtype, shape, data| safetensors::tensor::TensorView::new(dtype, shape, data).expect("a view");
        let tensors = [("a", view(Dtype::F32, vec![2, 2], &a)), ("ids", view(Dtype::I64, vec![1], &ids))];
        safetensors::serialize(tensors, None).expect("a file")
    }

    #[track_caller]
    fn check(bytes: &[u8], name: &str, want: [Option<usize>; 2], message: &str) {
        let found = Weights::parse("x.safetensors", bytes).and_then(|w| w.shaped(name, want).map(|(t, _)| t.values.clone()));
        match found {
            Ok(values) => assert_eq!(format!("{values:?}"), message),
            Err(error) => assert!(error.to_string().contains(message), "{error} against {message}"),
        }
    }

    #[test]
    fn weights_are_given_whole_or_refused_with_the_tensor_named() {
        let good = file([1.0, 2.0, 3.0, 4.0]);
        check(&good, "a", [Some(2), None], "[1.0, 2.0, 3.0, 4.0]");
        check(&good, "b", [None, None], "x.safetensors: no float32 tensor named b");
        check(&good, "ids", [None, None], "no float32 tensor named ids");
        check(&good, "a", [Some(3), None], "a has the shape [2, 2], not [3, any]");
        check(&good[..good.len() - 1], "a", [None, None], "x.safetensors: not a whole safetensors file");
        check(&good[..3], "a", [None, None], "not a whole safetensors file");
        check(b"", "a", [None, None], "not a whole safetensors file");
        check(&file([1.0, f32::NAN, 3.0, 4.0]), "a", [None, None], "a holds a value that is not finite");
    }

    #[test]
    fn a_tensor_holds_as_many_values_as_its_shape_says() {
        let short = Weights::new("memory", [("a".to_owned(), tensor(&[2, 2], &[0.0; 3]))]);
        assert!(matches!(short, Err(TrainingError::Shape { .. })));
    }
}
