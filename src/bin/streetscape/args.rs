//! The command line as it is typed. Checked and turned into settings by the commands.

use std::{env, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use streetscape::{
    control::{Asked, By, Control},
    encoder::{DeviceChoice, Precision},
    frame::Timestamp,
    narrator::Talk,
    pipeline::log::When,
    speech::{VoiceChoice, Words},
    walk::recordings::Bounds,
};

/// Spoken where there are no words for the language that is wanted.
const FALLBACK: &str = "en";

/// An assistant for blind pedestrians: a camera sees the street, a voice says what matters now.
///
/// It never says that crossing is safe. Keep the cane or the dog, and your ears.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

/// What every command takes.
#[derive(Args, Debug)]
pub struct Common {
    /// The model: a folder with a bundle.toml [default: STREETSCAPE_MODEL, the user's data folder, beside the program]
    #[arg(long, global = true, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// What runs the model: auto, cpu, openvino, cuda, tensorrt, qnn, coreml or directml
    #[arg(long, global = true, default_value = "auto", value_name = "NAME")]
    pub device: DeviceChoice,
    /// Which of the model's files: auto, int8, f16 or f32
    #[arg(long, global = true, default_value = "auto", value_name = "NAME")]
    pub precision: Precision,
    /// The ONNX Runtime library [default: ORT_DYLIB_PATH, beside the program, where set-up put it]
    #[arg(long, global = true, value_name = "FILE")]
    pub runtime: Option<PathBuf>,
    /// The language that is spoken, as en, zh-TW, de, es or fr [default: the system's]
    #[arg(long, global = true, value_name = "TAG")]
    pub language: Option<String>,
    /// A caregiver's phrases [default: phrases.toml in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub phrases: Option<PathBuf>,
    /// The voice: auto, system, direct or none
    #[arg(long, global = true, default_value = "auto", value_name = "NAME")]
    pub voice: VoiceChoice,
    /// How fast it speaks, in words a minute, 120 to 450 [default: of `walk`, what was chosen last; else 190]
    #[arg(long, global = true, value_parser = clap::value_parser!(u32).range(120..=450), value_name = "WPM")]
    pub rate: Option<u32>,
    /// How loud it speaks, in percent, 10 to 100 [default: of `walk`, what was chosen last; else 80]
    #[arg(long, global = true, value_parser = clap::value_parser!(u8).range(10..=100), value_name = "PERCENT")]
    pub volume: Option<u8>,
    /// Print JSON, an object a line, and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// No messages and no progress, only results and faults
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// How much is told on stderr: error, warn, info, debug or trace
    #[arg(long, global = true, value_enum, default_value_t = LogLevel::Warn, value_name = "LEVEL")]
    pub log: LogLevel,
}

impl Common {
    /// The language that is spoken: the one that was asked for, else the one that was `chosen` once, else the system's; English, and a
    /// word about it, where there are no words for that. Asked for once, before any command.
    pub fn settle_language(&mut self, chosen: Option<&str>) {
        let system = || ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|v| env::var(v).ok().filter(|v| !v.is_empty()));
        let wanted = self.language.take().or_else(|| chosen.map(str::to_owned)).or_else(system).unwrap_or_default();
        let serving = Words::serving(&wanted);
        if serving.is_none() && !self.quiet {
            let shipped = Words::languages().collect::<Vec<_>>().join(", ");
            eprintln!("streetscape: there are no words for {wanted}; speaking {FALLBACK}. There are {shipped}");
        }
        self.language = Some(serving.unwrap_or(FALLBACK).to_owned());
    }

    /// The language that is spoken, once it is settled.
    pub fn language(&self) -> &str {
        self.language.as_deref().unwrap_or(FALLBACK)
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk: look through a camera and say what matters
    Walk(WalkArgs),
    /// Run a recorded walk, a video, a folder of images or a session's log as if it were walked now
    Replay(ReplayArgs),
    /// Tell the scenes of a recorded walk, a video or a folder of images: which, from when to when, how sure
    Timeline(TimelineArgs),
    /// Tell why it spoke, or did not, at a moment of a session's log
    Explain(ExplainArgs),
    /// Ask the walk that is under way, as its keys do
    Ctl {
        /// repeat, more, around, status, help, pause, resume, toggle, stop, louder, quieter, chattier, less, faster, slower, wrong or
        /// introduce
        command: Control,
    },
    /// Describe photos in a sentence or two
    Describe(ImageArgs),
    /// Rank a file of captions for each photo
    Rank(RankArgs),
    /// Write the embeddings of photos or of sentences
    Embed(EmbedArgs),
    /// Tell what is there, what is missing, and how to mend it
    Doctor,
    /// List and check models
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Judge what a caregiver would have said
    #[command(subcommand)]
    Phrases(PhrasesCommand),
    /// List and delete what `walk --record` kept
    #[command(subcommand)]
    Recordings(RecordingsCommand),
    /// Print completions for a shell
    #[command(hide = true)]
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

#[derive(Args, Debug)]
pub struct WalkArgs {
    /// The camera: its number, its device file or its name [default: the first]
    #[arg(long, value_name = "ID")]
    pub camera: Option<String>,
    #[command(flatten)]
    pub record: RecordArgs,
    /// Look twice a second at most, so that the battery lasts longer
    #[arg(long)]
    pub saver: bool,
    /// Let the sound ahead of a warning come from the warning's side, on a device with two channels
    #[arg(long)]
    pub stereo: bool,
    #[command(flatten)]
    pub telling: TellingArgs,
}

/// Where a walk is kept, and how much of it.
#[derive(Args, Debug)]
pub struct RecordArgs {
    /// Keep the walk in this folder, which must be new or empty; `replay` takes it. Without one, among your recordings
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    pub record: Option<Option<PathBuf>>,
    /// How much is kept. Of your recordings the oldest go from there on; one in a folder of its own ends there, and that is said
    #[arg(long, value_name = "GIB", default_value_t = 4.0, value_parser = gibibytes, requires = "record")]
    pub record_size: f64,
    /// After how many days one of your recordings goes; what lies in a folder that you named stays
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3650), requires = "record")]
    pub record_age: u64,
}

impl RecordArgs {
    /// Both, as the recorder takes them.
    pub fn bounds(&self) -> Bounds {
        let bytes = (self.record_size * f64::from(1 << 30)) as u64;
        Bounds { bytes, age: Duration::from_secs(self.record_age * 24 * 3600) }
    }
}

/// How much is told, and where that is written down.
#[derive(Args, Debug)]
pub struct TellingArgs {
    /// How much is said unasked: quiet, normal or chatty; hazards always are [default: of `walk`, what was chosen last; else normal]
    #[arg(long, value_name = "LEVEL")]
    pub talk: Option<Talk>,
    /// Write the session's log into this folder, no pictures, at most 8 files of 8 MiB: what was seen, decided and said, for
    /// `explain` and `replay` [default: of `walk`, streetscape/log in the folder for programs' state; of `replay`, none]
    #[arg(long, value_name = "DIR")]
    pub log_session: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// A folder with a walk.toml, a video, a folder of images, or a session's log (.jsonl)
    pub path: PathBuf,
    /// Frames a second: how often a video is sampled, how fast a folder of images was taken
    #[arg(long, default_value_t = 5.0, value_parser = frames_a_second)]
    pub fps: f64,
    /// Take as long as the walk took
    #[arg(long)]
    pub realtime: bool,
    /// Say it aloud, in real time
    #[arg(long)]
    pub speak: bool,
    /// Tell every silence with its reason
    #[arg(long)]
    pub explain: bool,
    /// What a walker would ask for, and at which second, as 12.5:around; may be given several times
    #[arg(long, value_name = "SECOND:COMMAND", value_parser = asked)]
    pub ask: Vec<(Timestamp, Asked)>,
    /// Look twice a second at most, so that the battery lasts longer
    #[arg(long)]
    pub saver: bool,
    #[command(flatten)]
    pub telling: TellingArgs,
}

#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The log: a .jsonl file that `walk` or `replay --log-session` wrote
    #[arg(value_name = "LOG")]
    pub file: PathBuf,
    /// The moment: seconds, mm:ss or hh:mm:ss since the session began, or the time of day as hh:mm:ss
    #[arg(long, value_name = "TIME")]
    pub at: When,
}

#[derive(Args, Debug)]
pub struct TimelineArgs {
    /// A folder with a walk.toml, a video, or a folder of images
    pub path: PathBuf,
    /// Frames a second: how often a video is sampled, how fast a folder of images was taken
    #[arg(long, default_value_t = 5.0, value_parser = frames_a_second)]
    pub fps: f64,
    /// Captions of your own, a line each, in place of the facets
    #[arg(long, value_name = "FILE")]
    pub captions: Option<PathBuf>,
    /// Count people on the carriageway too, and who of them is away from a crossing; takes some tenths of a second for each second
    #[arg(long)]
    pub people: bool,
    /// The network that says what stands where, for --people [default: models/segmenter, where it is installed]
    #[arg(long, value_name = "MODEL.onnx", requires = "people")]
    pub segmenter: Option<PathBuf>,
    /// Write a page too: one file that needs no network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ImageArgs {
    /// Photos, folders of photos, or WebDataset tars
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub struct RankArgs {
    /// The captions, a line each
    #[arg(long, value_name = "FILE")]
    pub captions: PathBuf,
    #[command(flatten)]
    pub images: ImageArgs,
}

#[derive(Args, Debug)]
pub struct EmbedArgs {
    /// Photos, folders of photos, or WebDataset tars
    #[arg(value_name = "IMAGE", required_unless_present = "text", conflicts_with = "text")]
    pub images: Vec<PathBuf>,
    /// Sentences, a line each, instead of photos
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
    /// Where the array goes: float32, unit length, a row each; the rows' names stand in a .txt beside it
    #[arg(long, value_name = "F.npy")]
    pub out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List the models that are found, in the order in which they are taken
    List,
    /// Test every file of a model against its checksum, and load it
    Check {
        /// The bundle's folder
        dir: PathBuf,
    },
    /// Make a model of one that others publish, in the ONNX layout of Optimum and Xenova
    Add {
        /// Its folder: onnx/vision_model.onnx, onnx/text_model.onnx, tokenizer.json, config.json, preprocessor_config.json
        dir: PathBuf,
        /// What it is called here; the folder's name where none is given
        #[arg(long, conflicts_with = "out")]
        name: Option<String>,
        /// The new folder, in place of one among your models
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum RecordingsCommand {
    /// List them, the oldest first
    List,
    /// Delete some of them, or all
    Delete {
        /// Their names, as `list` has them
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        names: Vec<String>,
        /// Delete all
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum PhrasesCommand {
    /// Refuse what tells a walker that it is safe, clear, allowed or time to go, or a signal's colour; 1 if any is refused
    Check {
        /// A phrases.toml, or a plain list, a phrase a line
        file: PathBuf,
    },
}

fn asked(text: &str) -> Result<(Timestamp, Asked), String> {
    let (second, command) = text.split_once(':').ok_or("a second and a command are meant, as 12.5:around")?;
    let second = second.parse().ok().filter(|second| (0.0..1e6).contains(second)).ok_or(format!("{second} is no second"))?;
    Ok((Timestamp::from_seconds(second), Asked::new(command.parse()?, By::Command)))
}

fn gibibytes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(gib) if (0.001..=10_000.0).contains(&gib) => Ok(gib),
        _ => Err("a number from 0.001 to 10000 is meant".to_owned()),
    }
}

fn frames_a_second(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(fps) if (0.1..=240.0).contains(&fps) => Ok(fps),
        _ => Err("a number from 0.1 to 240 is meant".to_owned()),
    }
}
