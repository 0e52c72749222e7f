//! One network in ONNX Runtime: named tensors in, named tensors out.
//!
//! Owns every call that runs a model, for whoever has one. Leaves what the numbers mean to its callers.

use std::{fs, path::Path, thread};

use ort::{
    ep::{self, ExecutionProvider, ExecutionProviderDispatch},
    logging::LogLevel,
    session::{
        Session, SessionInputValue,
        builder::{GraphOptimizationLevel, SessionBuilder},
    },
    value::{Outlet, TensorRef},
};

use crate::encoder::{Device, EncoderError, Runtime};

/// What a thread does while it waits for work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spinning {
    /// It sleeps: right where others need the processor too, as on a walk. With both of two cores busy, two spinning threads
    /// took 138 ms where one took 82.
    #[default]
    Off,
    /// It burns its core to begin sooner: right where nothing else runs.
    On,
}

/// How a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    /// Where.
    pub device: Device,
    /// Threads of a CPU that share one operator; at least 1.
    pub threads: usize,
    /// What they do between two operators.
    pub spinning: Spinning,
}

impl Default for SessionOptions {
    /// The CPU, one core left to the rest of the walk, no spinning.
    fn default() -> Self {
        Self { device: Device::Cpu, threads: spare_threads(), spinning: Spinning::default() }
    }
}

/// All cores but one; 1 where there is only one.
pub fn spare_threads() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

/// A tensor that goes into a network.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The graph's name for it.
    pub name: &'a str,
    /// Its axes, outermost first.
    pub shape: &'a [usize],
    /// Its values in row-major order, as many as the shape says.
    pub values: Values<'a>,
}

/// The values of an [`Input`].
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit integers, as token ids are.
    I64(&'a [i64]),
}

/// A float32 tensor that comes out of a network. Its buffers are used again by the next run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// The graph's name for it.
    pub name: String,
    /// Its axes, outermost first.
    pub shape: Vec<usize>,
    /// Its values in row-major order.
    pub values: Vec<f32>,
}

impl Output {
    /// Asks for the tensor called `name`.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Tests that it holds `rows` rows of `width` numbers, as an answer of the model `file`.
    pub(super) fn expect_rows(&self, file: &str, rows: usize, width: usize) -> Result<(), EncoderError> {
        if self.shape == [rows, width] {
            return Ok(());
        }
        let problem =
            format!("output {} has the shape {:?}, not {:?} as bundle.toml says", self.name, self.shape, [rows, width]);
        Err(EncoderError::Interface { file: file.to_owned(), problem })
    }
}

/// A network, ready to run.
#[derive(Debug)]
pub struct OnnxSession {
    session: Session,
    file: String,
    device: Device,
}

impl OnnxSession {
    /// Loads the ONNX model in `bytes`. Errors name it `file`. A device that ONNX Runtime lacks or that fails is an error.
    pub fn open(runtime: &Runtime, file: &str, bytes: &[u8], options: &SessionOptions) -> Result<Self, EncoderError> {
        Self::build(runtime, file, bytes, options, GraphOptimizationLevel::All)
    }

    /// The same, but with each operator run as the graph has it, and none fused with others: slow, and what the file says, whatever
    /// shortcuts a processor takes.
    pub fn open_as_written(
        runtime: &Runtime,
        file: &str,
        bytes: &[u8],
        options: &SessionOptions,
    ) -> Result<Self, EncoderError> {
        Self::build(runtime, file, bytes, options, GraphOptimizationLevel::Disable)
    }

    fn build(
        runtime: &Runtime,
        file: &str,
        bytes: &[u8],
        options: &SessionOptions,
        level: GraphOptimizationLevel,
    ) -> Result<Self, EncoderError> {
        let device = options.device;
        let problem = |problem: String| EncoderError::Model { file: file.to_owned(), device, problem };
        let providers = providers(device)?;
        let builder = Session::builder(runtime.environment()).map_err(|e| problem(e.to_string()))?;
        let mut builder = configure(builder, options, &providers, level).map_err(|e| problem(e.to_string()))?;
        let session = builder.commit_from_memory(bytes).map_err(|e| problem(e.to_string()))?;
        Ok(Self { session, file: file.to_owned(), device })
    }

    /// Loads the ONNX model in the file `path`.
    pub fn read(runtime: &Runtime, path: &Path, options: &SessionOptions) -> Result<Self, EncoderError> {
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|source| EncoderError::File { file: file.clone(), source })?;
        Self::open(runtime, &file, &bytes, options)
    }

    /// What the model's file says of itself under `key`, if anything.
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.session.metadata().ok()?.custom(key)
    }

    /// Where it runs.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The model's file, as errors name it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Names and axes of what goes in; an axis that may have any length is `None`.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, Vec<Option<usize>>)> {
        self.session.inputs().iter().map(port)
    }

    /// Names and axes of what comes out.
    pub fn outputs(&self) -> impl Iterator<Item = (&str, Vec<Option<usize>>)> {
        self.session.outputs().iter().map(port)
    }

    /// Runs the network once and fills `outputs`, each by its name.
    pub fn run(&mut self, inputs: &[Input<'_>], outputs: &mut [Output]) -> Result<(), EncoderError> {
        let Self { session, file, device } = self;
        let failed = |problem: String| EncoderError::Run { file: file.clone(), device: *device, problem };
        let mut fed = Vec::with_capacity(inputs.len());
        for Input { name, shape, values } in inputs {
            let value: ort::Result<SessionInputValue<'_>> = match values {
                Values::F32(values) => TensorRef::from_array_view((*shape, *values)).map(Into::into),
                Values::I64(values) => TensorRef::from_array_view((*shape, *values)).map(Into::into),
            };
            fed.push((*name, value.map_err(|e| failed(format!("input {name}: {e}")))?));
        }
        let found = session.run(fed).map_err(|e| failed(e.to_string()))?;
        for output in outputs {
            let name = &output.name;
            let missing = || EncoderError::Interface { file: file.clone(), problem: format!("it has no output {name}") };
            let value = found.keys().any(|key| key == name).then(|| found.get(name)).flatten().ok_or_else(missing)?;
            let (shape, values) = value.try_extract_tensor::<f32>().map_err(|e| failed(format!("output {name}: {e}")))?;
            output.shape.clear();
            output.shape.extend(shape.iter().map(|&axis| usize::try_from(axis).unwrap_or(0)));
            output.values.clear();
            output.values.extend_from_slice(values);
        }
        Ok(())
    }
}

/// Tests that a tower has exactly the `inputs`, in the order of their names, and an `output`. An axis must be free where `None`
/// is asked for; where a length is, that length or free.
pub(super) fn check_interface(
    session: &OnnxSession,
    inputs: &[(&str, &[Option<usize>])],
    (output, want): (&str, &[Option<usize>]),
) -> Result<(), EncoderError> {
    let bad = |problem: String| EncoderError::Interface { file: session.file.clone(), problem };
    let mut found: Vec<_> = session.inputs().collect();
    found.sort_unstable();
    if !found.iter().map(|(name, _)| name).eq(inputs.iter().map(|(name, _)| name)) {
        let names = |names: Vec<&str>| names.join(", ");
        let (found, want) = (found.iter().map(|i| i.0).collect(), inputs.iter().map(|i| i.0).collect());
        return Err(bad(format!("its inputs are {}, not {}", names(found), names(want))));
    }
    let Some(last) = session.outputs().find(|(name, _)| *name == output) else {
        let found: Vec<_> = session.outputs().map(|(name, _)| name).collect();
        return Err(bad(format!("it has no output {output}, only {}", found.join(", "))));
    };
    for ((name, axes), want) in found.iter().chain([&last]).zip(inputs.iter().map(|i| i.1).chain([want])) {
        // A graph may leave an output's shape unsaid.
        let fits = axes.len() == want.len() && axes.iter().zip(want).all(|(axis, want)| axis.is_none() || axis == want);
        if !fits && !axes.is_empty() {
            return Err(bad(format!("the shape of {name} is {}, not {} as bundle.toml says", shape(axes), shape(want))));
        }
    }
    Ok(())
}

/// A shape as people write it: `(N, 3, 224, 224)`.
fn shape(axes: &[Option<usize>]) -> String {
    let axes: Vec<_> = axes.iter().map(|axis| axis.map_or("N".to_owned(), |length| length.to_string())).collect();
    format!("({})", axes.join(", "))
}

fn port(outlet: &Outlet) -> (&str, Vec<Option<usize>>) {
    let axes = outlet.dtype().tensor_shape().map(|shape| shape.iter().map(|&axis| usize::try_from(axis).ok()).collect());
    (outlet.name(), axes.unwrap_or_default())
}

fn configure(
    builder: SessionBuilder,
    options: &SessionOptions,
    providers: &[ExecutionProviderDispatch],
    level: GraphOptimizationLevel,
) -> ort::Result<SessionBuilder> {
    let builder = builder
        .with_log_level(LogLevel::Warning)?
        .with_optimization_level(level)?
        .with_intra_threads(options.threads.max(1))?
        .with_intra_op_spinning(options.spinning == Spinning::On)?
        .with_execution_providers(providers)?;
    Ok(builder)
}

/// Tests that this ONNX Runtime was built with `device`, for which no model need be read.
pub(super) fn check_device(device: Device) -> Result<(), EncoderError> {
    providers(device).map(drop)
}

/// What ONNX Runtime calls the device; none for the CPU, which it has by itself.
fn providers(device: Device) -> Result<Vec<ExecutionProviderDispatch>, EncoderError> {
    let (there, provider) = match device {
        Device::Cpu => return Ok(Vec::new()),
        Device::OpenVino => (ep::OpenVINO::is_available(), ep::OpenVINO::default().build()),
        Device::Cuda => (ep::CUDA::is_available(), ep::CUDA::default().build()),
        Device::TensorRt => (ep::TensorRT::is_available(), ep::TensorRT::default().build()),
        Device::Qnn => (ep::QNN::is_available(), ep::QNN::default().build()),
        Device::CoreMl => (ep::CoreML::is_available(), ep::CoreML::default().build()),
        Device::DirectMl => (ep::DirectML::is_available(), ep::DirectML::default().build()),
    };
    if !there.unwrap_or(false) {
        let reason = "this ONNX Runtime was built without it".to_owned();
        return Err(EncoderError::Device { device, reason });
    }
    // Else ONNX Runtime would go on with the CPU and say nothing.
    Ok(vec![provider.error_on_failure()])
}
