//! How far a long job is, for the person who waits.
//!
//! Owns bars on a terminal and plain lines elsewhere, on stderr. Leaves what counts as a step to the job.

use std::{
    io::{IsTerminal, stderr},
    sync::Mutex,
    time::{Duration, Instant},
};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two plain lines: a log file should stay readable.
const BETWEEN_LINES: Duration = Duration::from_secs(15);

/// Where progress goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// A bar for each job.
    Bars,
    /// A line now and then.
    Lines,
    /// Nowhere.
    Nothing,
}

impl Show {
    /// Bars on a terminal, lines elsewhere, nothing where it shall be quiet.
    pub fn new(quiet: bool) -> Self {
        match (quiet, stderr().is_terminal()) {
            (true, _) => Show::Nothing,
            (false, true) => Show::Bars,
            (false, false) => Show::Lines,
        }
    }

    /// Begins a job of `total` steps, named as `label` and counted in `unit`.
    pub fn begin(self, label: &str, total: usize, unit: &'static str) -> Progress {
        let target = if self == Show::Bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target).with_prefix(label.to_owned());
        let template = format!("{{prefix}} [{{bar:30}}] {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} left  {{msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Progress { bar, show: self, unit, said: Mutex::new(Instant::now()) }
    }

    /// A line of its own.
    pub fn say(self, line: &str) {
        if self != Show::Nothing {
            eprintln!("{line}");
        }
    }
}

/// One job on its way; several threads may advance it.
pub struct Progress {
    bar: ProgressBar,
    show: Show,
    unit: &'static str,
    said: Mutex<Instant>,
}

impl Progress {
    /// `steps` more are done; `note` stands beside the bar.
    pub fn advance(&self, steps: usize, note: String) {
        self.bar.inc(steps as u64);
        self.bar.set_message(note);
        if self.show != Show::Lines {
            return;
        }
        if let Ok(mut said) = self.said.try_lock()
            && said.elapsed() >= BETWEEN_LINES
        {
            *said = Instant::now();
            self.line();
        }
    }

    /// The job is done: the bar goes, a line stays.
    pub fn finish(self) {
        if self.show != Show::Nothing {
            self.line();
        }
        self.bar.finish_and_clear();
    }

    fn line(&self) {
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let rate = done as f64 / self.bar.elapsed().as_secs_f64().max(1e-3);
        let left = Duration::from_secs_f64(total.saturating_sub(done) as f64 / rate.max(1e-3));
        let left = if done < total {
            format!("{:#} left", HumanDuration(left))
        } else {
            format!("{:#}", HumanDuration(self.bar.elapsed()))
        };
        let line = format!("{} {done}/{total} {}, {rate:.0}/s, {left}  {}", self.bar.prefix(), self.unit, self.bar.message());
        if self.show == Show::Bars { self.bar.println(line) } else { eprintln!("{line}") }
    }
}
