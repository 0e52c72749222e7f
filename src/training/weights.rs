//! Named float32 tensors, read from a safetensors file or built in memory.
//!
//! Owns the checks that let a graph builder trust what it takes: present, of the right shape, finite. Leaves what the tensors
//! mean to `onnx::towers`.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

use burn::tensor::{bf16, f16};
use safetensors::{
    Dtype, SafeTensorError, SafeTensors,
    tensor::{Metadata, TensorInfo},
};

use super::TrainingError;
use crate::bundle;

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

/// Writes tensors as a safetensors file, whole or not at all. `note` is kept in its header: whatever a reader must know beside. A
/// file without one says `format: pt`, without which `transformers` refuses it.
pub fn write(path: &Path, tensors: &BTreeMap<String, Tensor>, note: Option<&str>) -> Result<(), TrainingError> {
    let file = path.display().to_string();
    let header = header(tensors, note).map_err(|problem| TrainingError::Weights { file: file.clone(), problem })?;
    // The crate writes into files of its own naming, which a killed run would leave behind.
    let fill = || -> io::Result<()> {
        let mut aside = BufWriter::new(bundle::aside(path)?);
        aside.write_all(&(header.len() as u64).to_le_bytes())?;
        aside.write_all(&header)?;
        for value in tensors.values().flat_map(|tensor| &tensor.values) {
            aside.write_all(&value.to_le_bytes())?;
        }
        let aside = aside.into_inner()?;
        aside.as_file().sync_all()?;
        aside.persist(path)?;
        Ok(())
    };
    fill().map_err(|source| TrainingError::File { file: file.clone(), source })
}

/// What stands before the values, padded to their alignment.
fn header(tensors: &BTreeMap<String, Tensor>, note: Option<&str>) -> Result<Vec<u8>, String> {
    let (key, value) = note.map_or(("format", "pt"), |note| (NOTE, note));
    let mut end = 0;
    let place = |(name, Tensor { shape, values }): (&String, &Tensor)| {
        let begin = end;
        end += size_of_val(&values[..]);
        (name.clone(), TensorInfo { dtype: Dtype::F32, shape: shape.clone(), data_offsets: (begin, end) })
    };
    let places = tensors.iter().map(place).collect();
    let told = Metadata::new(Some([(key.to_owned(), value.to_owned())].into()), places).map_err(|e| e.to_string())?;
    let mut header = serde_json::to_vec(&told).map_err(|e| e.to_string())?;
    header.resize(header.len().next_multiple_of(size_of::<u64>()), b' ');
    Ok(header)
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
    /// Reads a safetensors file. Half precision becomes float32; tensors that are no floats are left out.
    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|source| TrainingError::File { file: file.clone(), source })?;
        Self::parse(&file, &bytes)
    }

    /// The same of bytes that came from `file`.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, TrainingError> {
        let damaged = |e: SafeTensorError| TrainingError::Weights { file: file.to_owned(), problem: e.to_string() };
        let parsed = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let floats = parsed.iter().filter_map(|(name, view)| {
            let values = floats(view.dtype(), view.data())?;
            Some((name.to_owned(), Tensor { shape: view.shape().to_vec(), values }))
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

    /// The tensor `name`, which must have the shape `want`.
    pub fn exactly(&self, name: &str, want: &[usize]) -> Result<&Tensor, TrainingError> {
        let tensor = self.get(name)?;
        if tensor.shape != want {
            let (file, found) = (self.file.clone(), tensor.shape.clone());
            return Err(TrainingError::Shape { file, tensor: name.to_owned(), found, want: format!("{want:?}") });
        }
        Ok(tensor)
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

/// Little-endian values of `dtype` as float32; none where they are no floats.
fn floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = || bytes.as_chunks::<2>().0.iter();
    match dtype {
        Dtype::F32 => Some(bytes.as_chunks::<4>().0.iter().map(|&word| f32::from_le_bytes(word)).collect()),
        Dtype::F16 => Some(halves().map(|&half| f16::from_le_bytes(half).to_f32()).collect()),
        Dtype::BF16 => Some(halves().map(|&half| bf16::from_le_bytes(half).to_f32()).collect()),
        _ => None,
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
        check(&good, "b", [None, None], "x.safetensors: no float tensor named b");
        check(&good, "ids", [None, None], "no float tensor named ids");
        check(&good, "a", [Some(3), None], "a has the shape [2, 2], not [3, any]");
        check(&good[..good.len() - 1], "a", [None, None], "x.safetensors: not a whole safetensors file");
        check(&good[..3], "a", [None, None], "not a whole safetensors file");
        check(b"", "a", [None, None], "not a whole safetensors file");
        check(&file([1.0, f32::NAN, 3.0, 4.0]), "a", [None, None], "a holds a value that is not finite");
    }

    #[test]
    fn half_precision_is_read_as_it_was_meant() {
        let halves = [0x3c00_u16, 0xc000, 0x3555, 0x0001, 0x7bff, 0x8000].map(u16::to_le_bytes).concat();
        let want = [1.0, -2.0, 0.333_251_95, 5.960_464_5e-8, 65504.0, -0.0];
        assert_eq!(floats(Dtype::F16, &halves).expect("floats"), want);
        let halves = [0x3f80_u16, 0xc000, 0x3eab].map(u16::to_le_bytes).concat();
        assert_eq!(floats(Dtype::BF16, &halves).expect("floats"), [1.0, -2.0, 0.333_984_38]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        let some = [("b", tensor(&[2, 1], &[1.5, -0.25])), ("a", tensor(&[], &[2.0]))];
        let weights = Weights::new("memory", some.map(|(name, tensor)| (name.to_owned(), tensor))).expect("finite");
        let tensors = weights.clone().into_tensors();
        write(&path, &tensors, None).expect("written");
        let read = Weights::read(&path).expect("whole");
        assert_eq!(read.into_tensors(), tensors);
        let theirs = tensors.iter().map(|(name, Tensor { shape, values })| {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name, shape.clone(), bytes)
        });
        let theirs: Vec<_> = theirs.collect();
        let views = theirs.iter().map(|(name, shape, bytes)| {
            (name, safetensors::tensor::TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a view"))
        });
        let told = Some([("format".to_owned(), "pt".to_owned())].into());
        assert_eq!(
            fs::read(&path).expect("read"),
            safetensors::serialize(views, told).expect("a file"),
            "as the crate writes it"
        );
    }

    #[test]
    fn a_tensor_holds_as_many_values_as_its_shape_says() {
        let short = Weights::new("memory", [("a".to_owned(), tensor(&[2, 2], &[0.0; 3]))]);
        assert!(matches!(short, Err(TrainingError::Shape { .. })));
    }
}
