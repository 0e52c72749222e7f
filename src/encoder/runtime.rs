//! ONNX Runtime's library: where it lies, that it is new enough, its one environment.
//!
//! Owns the search and the loading. Leaves running models to `session`, installing the library to set-up.

use std::{
    env,
    ffi::{CStr, OsString},
    path::{self, Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use directories::ProjectDirs;
use libloading::Library;
use ort::{environment::Environment, logging::LogLevel};

use crate::encoder::EncoderError;

/// The version that set-up installs; any from 1.17 on works.
pub const VERSION: &str = "1.32.0";

/// ONNX Runtime, loaded. There is one in a process, and it stays until the process ends.
#[derive(Debug)]
pub struct Runtime {
    file: PathBuf,
    version: String,
    environment: Environment,
}

/// Keeps ONNX Runtime from reporting to its makers: from 1.29 on its Linux builds keep a record in the user's cache folder and
/// send it. Switching it off in the environment that [`Runtime::load`] builds comes too late, since building it is reported.
///
/// # Safety
///
/// No other thread may run yet: this sets an environment variable.
pub unsafe fn forbid_telemetry() {
    // SAFETY: as the caller promises.
    unsafe { env::set_var("ORT_DISABLE_TELEMETRY", "1") };
}

static LOADED: OnceLock<Runtime> = OnceLock::new();
static LOADING: Mutex<()> = Mutex::new(());

impl Runtime {
    /// Loads the first library there is: `named` (a flag's value), `ORT_DYLIB_PATH`, beside the program, where set-up put it.
    /// A named one that is missing is an error, not passed over. Once loaded, every call gives the same, whatever it names.
    pub fn load(named: Option<&Path>) -> Result<&'static Self, EncoderError> {
        // Two threads that load at once would both build the environment, of which there may be one.
        let _turn = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = LOADED.get() {
            return Ok(loaded);
        }
        let loaded = Self::open(&find(&places(named, env::var_os("ORT_DYLIB_PATH")))?)?;
        Ok(LOADED.get_or_init(|| loaded))
    }

    /// The library's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The library's version, as `1.32.0`.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    fn open(file: &Path) -> Result<Self, EncoderError> {
        let bad = |problem: String| EncoderError::Runtime { file: file.display().to_string(), problem };
        // Before `ort` sees it, which keeps the first library that it was given.
        let (_held, version) = probe(file).map_err(bad)?;
        new_enough(&version).map_err(bad)?;
        let environment = ort::init_from(file)
            .map_err(|error| bad(error.to_string()))?
            .with_name("streetscape")
            // For Windows, whose builds don't ask for the variable.
            .with_telemetry(false)
            .with_logger(Arc::new(log))
            .build()
            .map_err(|error| bad(error.to_string()))?;
        environment.set_log_level(LogLevel::Warning);
        Ok(Self { file: file.to_owned(), version, environment })
    }
}

/// The files that may be the library, first come first taken.
fn places(flag: Option<&Path>, variable: Option<OsString>) -> Vec<PathBuf> {
    let variable = variable.filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(named) = flag.map(Path::to_owned).or(variable) {
        return vec![named];
    }
    let [versioned, plain] = names();
    let mut places = Vec::new();
    let program = env::current_exe().ok();
    if let Some(dir) = program.as_deref().and_then(Path::parent) {
        places.extend([dir.join(&versioned), dir.join(plain)]);
    }
    if let Some(dirs) = ProjectDirs::from("", "", "streetscape") {
        places.push(dirs.data_dir().join(format!("onnxruntime-{VERSION}")).join(versioned));
    }
    places
}

/// The library's name with and without its version, as each system writes it.
fn names() -> [String; 2] {
    if cfg!(target_os = "windows") {
        ["onnxruntime.dll".to_owned(), "onnxruntime.dll".to_owned()]
    } else if cfg!(target_vendor = "apple") {
        [format!("libonnxruntime.{VERSION}.dylib"), "libonnxruntime.dylib".to_owned()]
    } else {
        [format!("libonnxruntime.so.{VERSION}"), "libonnxruntime.so".to_owned()]
    }
}

fn find(places: &[PathBuf]) -> Result<PathBuf, EncoderError> {
    match places.iter().find(|place| place.is_file()) {
        // Absolute, since a relative path would be sought beside the program.
        Some(place) => Ok(path::absolute(place).unwrap_or_else(|_| place.clone())),
        None => Err(EncoderError::RuntimeMissing { looked: places.iter().map(|p| p.display().to_string()).collect() }),
    }
}

/// Opens the library and asks for its version; says in plain words why it is none. Whoever holds on to the library until `ort`
/// has it spares loading it twice.
fn probe(file: &Path) -> Result<(Library, String), String> {
    type Base = unsafe extern "C" fn() -> *const ort::sys::OrtApiBase;
    // SAFETY: loading runs the library's own start-up, as loading it in earnest will. The symbol is ONNX Runtime's alone and
    // has kept this signature since 1.0; the string that it leads to is static and ends in zero.
    unsafe {
        let library = Library::new(file).map_err(|error| format!("not a library that this machine can load ({error})"))?;
        let base = library.get::<Base>(b"OrtGetApiBase\0").map_err(|_| "a library, but not ONNX Runtime".to_owned())?();
        let text = base.as_ref().map(|base| (base.GetVersionString)()).filter(|text| !text.is_null());
        let text = text.ok_or_else(|| "it does not tell its version".to_owned())?;
        let version = CStr::from_ptr(text).to_string_lossy().into_owned();
        Ok((library, version))
    }
}

fn new_enough(version: &str) -> Result<(), String> {
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (major, minor) < (1, ort::MINOR_VERSION) {
        return Err(format!("ONNX Runtime {version} is too old; 1.{} or newer is needed", ort::MINOR_VERSION));
    }
    Ok(())
}

/// ONNX Runtime's own messages are for developers: they go to the log.
fn log(level: LogLevel, _category: &str, _id: &str, place: &str, message: &str) {
    match level {
        LogLevel::Verbose | LogLevel::Info => tracing::trace!(place, "{message}"),
        LogLevel::Warning => tracing::debug!(place, "{message}"),
        LogLevel::Error | LogLevel::Fatal => tracing::info!(place, "{message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_library_is_the_only_place() {
        let named = |flag: Option<&str>, variable: Option<&str>| places(flag.map(Path::new), variable.map(OsString::from));
        assert_eq!(named(Some("/a"), Some("/b")), [Path::new("/a")]);
        assert_eq!(named(None, Some("/b")), [Path::new("/b")]);
        assert!(named(None, Some("")).len() > 1);
        let last = named(None, None).pop().unwrap();
        assert!(last.to_string_lossy().contains("streetscape/onnxruntime-1.32.0"), "{last:?}");
    }

    #[test]
    fn a_missing_library_is_refused_with_every_place_and_the_mend() {
        let error = find(&[PathBuf::from("/no/a.so"), PathBuf::from("/no/b.so")]).expect_err("nothing there").to_string();
        for part in ["/no/a.so, /no/b.so", "make demo", "tools/setup.sh"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_old_library_is_refused_with_the_version_that_is_needed() {
        for version in ["1.17.0", "1.32.0", "2.0.0"] {
            assert_eq!(new_enough(version), Ok(()));
        }
        for version in ["1.16.3", "0.5.0", "", "junk"] {
            let problem = new_enough(version).expect_err("too old");
            assert!(problem.ends_with("is too old; 1.17 or newer is needed"), "{problem}");
        }
    }

    #[test]
    fn what_is_no_onnx_runtime_is_refused_in_plain_words() {
        let text = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&text, "hello").unwrap();
        let error = Runtime::open(text.path()).expect_err("a text file").to_string();
        assert!(error.contains("not a library that this machine can load") && error.contains("tools/setup.sh"), "{error}");
        #[cfg(target_os = "linux")]
        assert_eq!(probe(Path::new("libc.so.6")).err().as_deref(), Some("a library, but not ONNX Runtime"));
    }

    #[test]
    fn loading_again_gives_the_same() {
        let first = Runtime::load(None).expect("ONNX Runtime, as set-up installs it");
        let again = Runtime::load(Some(Path::new("/no/such.so"))).expect("the same");
        assert!(std::ptr::eq(first, again));
        assert!(first.version().starts_with("1."), "{}", first.version());
    }
}
