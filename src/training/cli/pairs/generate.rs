//! `streetscape-train pairs generate`.

use std::{
    env,
    io::{Write, stdout},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use clap::Args;

use super::GatherArgs;
use crate::training::{
    TrainingError,
    pairs::{
        MANIFEST,
        generate::{Album, Chat, Grammar, Images, Painter, Patience, Program, Renderer, Request, Studio, requests},
        segments::Segments,
    },
    progress::Show,
};

/// The renderer's pictures are nobody's.
const RENDERED: &str = "CC0-1.0";

/// Where the pictures come from: our own renderer, a program, or a server.
#[derive(Args, Debug)]
pub(in crate::training::cli) struct GenerateArgs {
    #[command(flatten)]
    gather: GatherArgs,
    /// Pictures to ask for. The first few hundred cover every two classes that go together; further ones do so again.
    #[arg(long, value_name = "PICTURES", default_value_t = 1000)]
    count: usize,
    /// Their size [default: 320x240, of a server 1024x1024].
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size)]
    size: Option<(u32, u32)>,
    /// Print the requests, a JSON object a line, and paint nothing.
    #[arg(long)]
    dry_run: bool,
    /// Paint with a program, as 'prog {prompt} {seed} {out}'; {width} and {height} may stand there too. No shell runs it.
    #[arg(long, value_name = "COMMAND", conflicts_with = "images")]
    command: Option<String>,
    /// Paint with a server that speaks OpenAI's interface for images. Its key is taken from OPENAI_API_KEY.
    #[arg(long, value_name = "URL")]
    images: Option<String>,
    /// The server's model of images.
    #[arg(long, value_name = "NAME", default_value = "dall-e-3")]
    images_model: String,
    /// Have a chat write the prompts: a server that speaks OpenAI's interface. What isn't what was asked for is not taken.
    #[arg(long, value_name = "URL")]
    chat: Option<String>,
    /// The server's model of chats.
    #[arg(long, value_name = "NAME", default_value = "gpt-4o-mini")]
    chat_model: String,
    /// Folder that holds our own renderer, the package `scenes`.
    #[arg(long, value_name = "DIR", default_value = "tools")]
    scenes: PathBuf,
    /// The renderer's Python [default: .cache/scenes-venv/bin/python of the checkout, or else python3].
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Pictures in the making at once [default: one for each core with our own renderer, else 1].
    #[arg(long, value_name = "PICTURES")]
    workers: Option<usize>,
    /// The longest that one picture may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
}

impl GenerateArgs {
    pub(super) fn run(mut self, show: Show) -> Result<(), TrainingError> {
        let grammar = Grammar::shipped()?;
        let size = self.size.unwrap_or(if self.images.is_some() { (1024, 1024) } else { (320, 240) });
        let requests = requests(&grammar, self.count, self.gather.seed, size);
        if self.dry_run {
            return print(&requests);
        }
        let limit = Duration::from_secs(self.time_limit);
        let patience = Patience { limit, ..Patience::default() };
        let key = || env::var("OPENAI_API_KEY").ok().filter(|key| !key.is_empty());
        let chat = self.chat.as_ref().map(|url| Chat::new(url, &self.chat_model, key(), patience));
        let mut workers = 1;
        let painter: Box<dyn Painter> = match (&self.command, &self.images) {
            (Some(command), _) => Box::new(Program::new(command, limit)?),
            (None, Some(url)) => Box::new(Images::new(url, &self.images_model, key(), patience)),
            (None, None) => {
                workers = thread::available_parallelism().map_or(1, usize::from);
                self.gather.licence.get_or_insert_with(|| RENDERED.to_owned());
                Box::new(Renderer::new(&self.scenes, self.python.as_deref(), limit)?)
            }
        };
        let out = &self.gather.out;
        let album = Album::open(out)?;
        if out.join(MANIFEST).exists() && !album.is_done(&requests)? {
            return Err(finished(out));
        }
        let studio = Studio { grammar, painter: &*painter, chat: chat.as_ref(), workers: self.workers.unwrap_or(workers) };
        let gallery = studio.paint(album, requests, show)?;
        self.gather.gather(&gallery, &Segments::shipped()?, "generated", show)?;
        Ok(())
    }
}

fn print(requests: &[Request]) -> Result<(), TrainingError> {
    let failed = |source| TrainingError::File { file: "standard output".to_owned(), source };
    let mut out = stdout().lock();
    for request in requests {
        let line = serde_json::to_string(request).map_err(|error| failed(error.into()))?;
        writeln!(out, "{line}").map_err(failed)?;
    }
    Ok(())
}

fn finished(out: &Path) -> TrainingError {
    let problem = "holds a data set of fewer pictures; delete its manifest.json and its *.tar, and it is made of more, or give another --out";
    TrainingError::Data { file: out.display().to_string(), problem: problem.to_owned() }
}

/// `320x240` as width and height.
fn size(text: &str) -> Result<(u32, u32), String> {
    let side = |text: &str| text.parse().ok().filter(|side| (32..=4096).contains(side));
    let sides = text.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?)));
    sides.ok_or_else(|| "two sides of 32 to 4096 pixels, as 320x240".to_owned())
}
