//! espeak-ng as a library, opened at run time: text in, samples out, at once.
//!
//! Owns the C interface and every `unsafe` line of `speech`. Leaves threads and sound to its neighbours. The constants are those
//! of espeak-ng's `speak_lib.h`, which has kept them since 2007.

use std::{
    cell::Cell,
    ffi::{CString, c_char, c_int, c_short, c_uint, c_void},
    ptr, slice,
    sync::atomic::{AtomicBool, Ordering},
};

use libloading::{Library, Symbol};

use crate::speech::{Rate, Tuning};

const LIBRARY: &str = "libespeak-ng.so.1";
/// `AUDIO_OUTPUT_SYNCHRONOUS`: `espeak_Synth` hands all samples to the callback before it returns.
const SYNCHRONOUS: c_int = 2;
/// `espeakINITIALIZE_DONT_EXIT`: missing voice data is an error, not the end of the program.
const DONT_EXIT: c_int = 0x8000;
/// Milliseconds of sound between two callbacks: about what a sound device asks for at a time.
const BUFFER_MS: c_int = 20;
/// `espeakRATE`, in words a minute.
const RATE: c_int = 1;
/// `espeakVOLUME`, 0 to 200; what is above 100 is compressed. Speech Dispatcher's loudest is 200.
const VOLUME: c_int = 2;
/// `POS_CHARACTER`.
const POSITION: c_int = 1;
/// `espeakCHARS_UTF8`.
const UTF8: c_uint = 1;
/// `EE_OK`.
const OK: c_int = 0;

type Callback = unsafe extern "C" fn(*mut c_short, c_int, *mut c_void) -> c_int;
type Initialize = unsafe extern "C" fn(c_int, c_int, *const c_char, c_int) -> c_int;
type SetCallback = unsafe extern "C" fn(Callback);
type SetVoice = unsafe extern "C" fn(*const c_char) -> c_int;
type SetParameter = unsafe extern "C" fn(c_int, c_int, c_int) -> c_int;
type Synth = unsafe extern "C" fn(*const c_void, usize, c_uint, c_int, c_uint, c_uint, *mut c_uint, *mut c_void) -> c_int;
type Terminate = unsafe extern "C" fn() -> c_int;

/// Takes samples as they come; `false` ends the sentence there.
type Listener<'a> = &'a mut dyn FnMut(&[i16]) -> bool;

/// The library keeps its state in globals: one engine a process.
static IN_USE: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// A `Listener` while `Engine::synthesise` runs on this thread, else null.
    static LISTENER: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

/// The right to be the only engine, given back when dropped.
struct Claim;

impl Claim {
    fn take() -> Option<Self> {
        (!IN_USE.swap(true, Ordering::AcqRel)).then_some(Self)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        IN_USE.store(false, Ordering::Release);
    }
}

/// The names of espeak-ng's voices for a language, the best first. Of its two for Chinese the one that is called `cmn` spells its own
/// Pinyin in English letters.
fn voices(language: &str) -> Vec<&str> {
    let primary = language.split(['-', '_']).next().unwrap_or(language);
    match primary {
        "zh" => vec!["cmn-latn-pinyin", "cmn", "zh"],
        _ => vec![language, primary],
    }
}

/// The engine, ready to speak one language at one rate.
pub(super) struct Engine {
    library: Library,
    sample_rate: u32,
    /// Dropped last, when the library is gone.
    _claim: Claim,
}

impl Engine {
    /// Opens the library and its voice data; errors say what is missing and how to mend it.
    pub(super) fn open(language: &str, rate: Rate) -> Result<Self, String> {
        let claim = Claim::take().ok_or("espeak-ng speaks already in this program; close its other voice")?;
        let engine = Self::load(claim)?;
        engine.choose_voice(language)?;
        engine.set(RATE, c_int::try_from(rate.words_a_minute()).unwrap_or(c_int::MAX))?;
        Ok(engine)
    }

    /// Speaks so from the next sentence on.
    pub(super) fn tune(&mut self, tuning: Tuning) -> Result<(), String> {
        self.set(RATE, c_int::try_from(tuning.rate.words_a_minute()).unwrap_or(c_int::MAX))?;
        self.set(VOLUME, 2 * c_int::from(tuning.volume.percent()))
    }

    fn set(&self, parameter: c_int, value: c_int) -> Result<(), String> {
        // SAFETY: the type is that of speak_lib.h, and the library is initialised.
        let status = unsafe { self.symbol::<SetParameter>(b"espeak_SetParameter\0")?(parameter, value, 0) };
        if status == OK { Ok(()) } else { Err(format!("espeak-ng refuses {value} for its parameter {parameter}")) }
    }

    /// The first voice for `language` that there is.
    fn choose_voice(&self, language: &str) -> Result<(), String> {
        // SAFETY: the type is that of speak_lib.h.
        let set_voice: Symbol<SetVoice> = unsafe { self.symbol(b"espeak_SetVoiceByName\0") }?;
        for name in voices(language) {
            let voice = CString::new(name).map_err(|_| format!("{language:?} is no language"))?;
            // SAFETY: `voice` lives through the call, and the library is initialised.
            if unsafe { set_voice(voice.as_ptr()) } == OK {
                return Ok(());
            }
        }
        Err(format!("espeak-ng has no voice for {language}; see `espeak-ng --voices`"))
    }

    fn load(claim: Claim) -> Result<Self, String> {
        // SAFETY: the initialisers of libespeak-ng touch nothing but its own state.
        let library = unsafe { Library::new(LIBRARY) }.map_err(|e| format!("{e}; install libespeak-ng1"))?;
        let mut engine = Self { library, sample_rate: 0, _claim: claim };
        // SAFETY: the types are those of speak_lib.h; a null path means the library's own data; `on_samples` is never unloaded.
        let sample_rate = unsafe {
            let initialize: Symbol<Initialize> = engine.symbol(b"espeak_Initialize\0")?;
            let set_callback: Symbol<SetCallback> = engine.symbol(b"espeak_SetSynthCallback\0")?;
            let sample_rate = initialize(SYNCHRONOUS, BUFFER_MS, ptr::null(), DONT_EXIT);
            set_callback(on_samples);
            sample_rate
        };
        engine.sample_rate = u32::try_from(sample_rate)
            .ok()
            .filter(|&rate| rate > 0)
            .ok_or("espeak-ng can't read its voice data; install espeak-ng-data")?;
        Ok(engine)
    }

    /// Samples a second.
    pub(super) fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Hands the samples of `text`, mono, to `listener` as they come; returns when all are there or `listener` had enough.
    pub(super) fn synthesise(&mut self, text: &str, mut listener: Listener) -> Result<(), String> {
        let text = CString::new(text.replace('\0', " ")).map_err(|e| e.to_string())?;
        let bytes = text.as_bytes_with_nul();
        LISTENER.set((&raw mut listener).cast());
        // SAFETY: the types are those of speak_lib.h; `text` ends in a zero and lives through the call; the library calls back on
        // this thread and before it returns, while `listener` lives; `&mut self` keeps other calls out.
        let status = unsafe {
            self.symbol::<Synth>(b"espeak_Synth\0")
                .map(|synth| synth(bytes.as_ptr().cast(), bytes.len(), 0, POSITION, 0, UTF8, ptr::null_mut(), ptr::null_mut()))
        };
        LISTENER.set(ptr::null_mut());
        match status? {
            OK => Ok(()),
            status => Err(format!("espeak-ng failed with status {status}")),
        }
    }

    /// # Safety
    ///
    /// `T` must be the type of the function that `name`, which ends in a zero, has in speak_lib.h.
    unsafe fn symbol<T>(&self, name: &[u8]) -> Result<Symbol<'_, T>, String> {
        // SAFETY: as the caller promises.
        unsafe { self.library.get(name) }.map_err(|e| format!("{LIBRARY}: {e}; install libespeak-ng1 1.49 or newer"))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: the type is that of speak_lib.h; `&mut self` keeps other calls out.
        unsafe {
            if let Ok(terminate) = self.symbol::<Terminate>(b"espeak_Terminate\0") {
                terminate();
            }
        }
    }
}

/// Called by the library with new samples; null at the end. A result other than zero ends the sentence.
unsafe extern "C" fn on_samples(samples: *mut c_short, count: c_int, _events: *mut c_void) -> c_int {
    let listener = LISTENER.get().cast::<Listener>();
    let count = usize::try_from(count).unwrap_or(0);
    if listener.is_null() || samples.is_null() || count == 0 {
        return 0;
    }
    // SAFETY: `listener` is set only while `synthesise` holds the listener on this thread's stack; the library lends `count`
    // samples for the length of this call.
    let goes_on = unsafe { (*listener)(slice::from_raw_parts(samples, count)) };
    c_int::from(!goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        callout::Direction,
        fault::Fault,
        speech::{LengthModel, Words},
        vocabulary::Vocabulary,
    };

    /// Where espeak-ng isn't installed there is nothing to test.
    fn engine(rate: Rate) -> Option<Engine> {
        Engine::open("en", rate).inspect_err(|e| eprintln!("skipped: {e}")).ok()
    }

    fn seconds(engine: &mut Engine, text: &str) -> f64 {
        let mut samples = 0;
        engine
            .synthesise(text, &mut |chunk| {
                samples += chunk.len();
                true
            })
            .unwrap();
        samples as f64 / f64::from(engine.sample_rate())
    }

    /// How long every sight, straight ahead, and every fault takes in each language, beside English.
    fn compare_languages() {
        let vocabulary = Vocabulary::shipped().unwrap();
        let sights = || vocabulary.facets().flat_map(|(_, f)| &f.classes).filter_map(|c| c.say.clone());
        let faults = || Fault::ALL.map(Fault::message);
        let ids: Vec<_> = sights().chain(faults()).collect();
        let mut english = 0.0;
        for language in Words::languages() {
            let (words, mut engine) = (Words::load(language).unwrap(), Engine::open(language, Rate::default()).unwrap());
            let (mut total, mut model, mut longest) = (0.0, 0.0, 0.0_f64);
            for id in &ids {
                let text = words.sentence(id, Some(Direction::Ahead)).unwrap();
                let length = seconds(&mut engine, &text);
                assert!(length <= 3.2, "{language}: {text:?} takes {length:.2} s");
                total += length;
                model += LengthModel::default().length(&text, Rate::default()).as_secs_f64();
                longest = longest.max(length);
            }
            if language == "en" {
                english = total;
            }
            let (ratio, mean) = (total / english, total / ids.len() as f64);
            println!("{language}: {total:.1} s, {ratio:.2} of English; {mean:.2} s in the mean, {longest:.2} s at most");
            assert!(ratio <= 1.4, "{language} takes {ratio:.2} times as long as English");
            assert!((model / total - 1.0).abs() <= 0.16, "{language}: {model:.1} s by the model, {total:.1} s spoken");
        }
    }

    /// One test, since there is one engine a process.
    #[test]
    fn the_engine_speaks_ends_when_told_and_takes_about_the_modelled_time() {
        let Some(mut engine) = engine(Rate::default()) else { return };
        assert!(Engine::open("en", Rate::default()).is_err(), "a second engine beside the first");

        let (mut calls, mut loudest) = (0, 0);
        engine
            .synthesise("Zebra crossing ahead.", &mut |chunk| {
                calls += 1;
                loudest = loudest.max(chunk.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0));
                calls < 10
            })
            .unwrap();
        assert_eq!(calls, 10, "told to end at the tenth");
        assert!(loudest > 3000, "hardly a sound: {loudest}");

        let (words, vocabulary) = (Words::load("en").unwrap(), Vocabulary::shipped().unwrap());
        let ids = vocabulary.facets().flat_map(|(_, f)| &f.classes).filter_map(|c| c.say.as_deref());
        let (mut errors, mut count) = (0.0, 0);
        for id in ids {
            let text = words.sentence(id, Some(Direction::Left)).unwrap();
            let (is, model) = (seconds(&mut engine, &text), LengthModel::default().length(&text, Rate::default()));
            let error = (model.as_secs_f64() - is).abs();
            assert!(error < 0.25, "{text:?} takes {is:.2} s, the model says {model:?}");
            errors += error;
            count += 1;
        }
        assert!(errors / f64::from(count) < 0.08, "mean error {}", errors / f64::from(count));

        drop(engine);
        compare_languages();
        assert!(Engine::open("xx-nowhere", Rate::default()).is_err());
        Engine::open("en", Rate::MAX).expect("opened again");
    }
}
