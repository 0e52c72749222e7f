//! `streetscape-train evaluate supervised`.

use std::path::{Path, PathBuf};

use clap::Args;
use toml::{Table as Toml, Value};

use super::{
    Which,
    output::{OutputArgs, write_csv, written},
    street30::template,
};
use crate::{
    bundle::write_whole,
    evaluation::{
        Row, Table,
        bootstrap::{Compared, Figure},
        categories::Categories,
        street30,
    },
    training::{
        TrainingError, allocator, data,
        fit::{Settings, assignment, overlay},
        progress::Show,
        supervised::{DEFAULTS, Experiment, LeftOut, Outcome, run},
    },
};

/// All that was found, and the figures as a table, in the experiment's folder.
const REPORT: &str = "report.json";
const FIGURES: &str = "figures.csv";

#[derive(Args, Debug)]
pub(in crate::training::cli) struct SupervisedArgs {
    /// TOML file of settings, with the keys of `fit`; what it leaves out keeps this command's defaults.
    #[arg(value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Folder for all that is trained and found; a command that was stopped goes on there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder with train-*.tar and val-*.tar (WebDataset). May be given again for further folders.
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// The bundle that all models start from.
    #[arg(long, value_name = "DIR")]
    from: Option<String>,
    /// Which shards to ask the models about. Tune on val, report on test.
    #[arg(long, value_enum, default_value_t = Which::Val)]
    split: Which,
    /// Another list of categories, one a line [default: the thirty of Street-30].
    #[arg(long, value_name = "FILE")]
    categories: Option<PathBuf>,
    /// The caption of a category.
    #[arg(long, value_name = "TEXT", default_value = street30::TEMPLATE, value_parser = template)]
    template: String,
    /// Categories to leave out the second time: how many, drawn by `seed`, or which, with commas; 0 for no second time.
    #[arg(long, value_name = "NUMBER|NAMES", default_value = "5")]
    leave_out: LeftOut,
    /// Another value for any key, as train.epochs=8. May be given again.
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    set: Vec<Toml>,
    #[command(flatten)]
    output: OutputArgs,
}

impl SupervisedArgs {
    pub(super) fn run(self, show: Show) -> Result<(), TrainingError> {
        allocator::keep_freed();
        let base = DEFAULTS.parse().map_err(|e: toml::de::Error| TrainingError::Setting { problem: e.to_string() })?;
        let settings = Settings::over(base, self.settings.as_deref(), self.flags())?;
        let categories = match &self.categories {
            Some(path) => Categories::read(path, &self.template)?,
            None => Categories::street30(&self.template),
        };
        let asked = data::read(&settings.data, self.split.into())?;
        let outcome = run(Experiment {
            settings: &settings,
            categories: &categories,
            left_out: &self.leave_out,
            asked,
            out: &self.out,
            show,
        })?;
        let failed = |path: &Path, problem: String| TrainingError::Data { file: path.display().to_string(), problem };
        let report = self.out.join(REPORT);
        let bytes = serde_json::to_vec_pretty(&outcome).map_err(|e| failed(&report, e.to_string()))?;
        write_whole(&report, &bytes).map_err(|e| failed(&report, e.to_string()))?;
        let figures = &outcome.figures;
        write_csv(&self.out.join(FIGURES), Table::to_csv(&[figures]))?;
        self.output.show(&outcome, &[figures], || tell(&outcome, categories.names().len()))
    }

    /// What was said on the command line, as a table of settings.
    fn flags(&self) -> Toml {
        let mut flags = Toml::new();
        self.set.iter().for_each(|set| overlay(&mut flags, set.clone()));
        if !self.data.is_empty() {
            let data = self.data.iter().map(|dir| Value::String(dir.display().to_string())).collect();
            flags.insert("data".to_owned(), Value::Array(data));
        }
        if let Some(from) = &self.from {
            flags.insert("from".to_owned(), Value::String(from.clone()));
        }
        flags
    }
}

fn tell(outcome: &Outcome, categories: usize) {
    let Outcome { figures, left_out, known_to_start, trunk_knows, .. } = outcome;
    println!("all categories:");
    group(figures, "all", "less contrastive");
    if left_out.is_empty() {
        return;
    }
    println!("\nleft out: {}", left_out.join(", "));
    println!("\nphotos of what was seen, ranked among all:");
    group(figures, "seen", "less all seen");
    println!("\nphotos of what was left out, ranked among all; by chance {:.3} at k = 1:", 1.0 / categories as f64);
    group(figures, "unseen", "less all seen");
    if !known_to_start.is_empty() {
        let shards = known_to_start.join(", ");
        let what = if *trunk_knows {
            "trunk and projections, so that its trunk has seen what is left out"
        } else {
            "projections, which are not used where categories are left out"
        };
        println!("\nthe start had learned from {shards}: its {what}");
    }
}

/// The rows of one kind, each with what it is less than what it is compared with.
fn group(table: &Table, of: &str, difference: &str) {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| row.of == of).collect();
    let is_there = |at: usize| rows.iter().any(|row| row.figures.get(at).is_some_and(|figure| figure.after.value.is_finite()));
    let columns: Vec<usize> = (0..table.metrics.len()).filter(|&at| is_there(at)).collect();
    print!("{:<17} {:>6}", "", "photos");
    columns.iter().filter_map(|&at| table.metrics.get(at)).for_each(|metric| print!(" {metric:>23}"));
    println!();
    for Row { name, photos, figures, .. } in rows {
        let line = |name: &str, photos: &str, of: &dyn Fn(&Compared) -> Option<Figure>| {
            print!("{name:<17} {photos:>6}");
            let cells =
                columns.iter().filter_map(|&at| figures.get(at)).map(|figure| of(figure).map(shown).unwrap_or_default());
            cells.for_each(|cell| print!(" {cell:>23}"));
            println!();
        };
        line(name, &photos.to_string(), &|figure| Some(figure.after));
        if figures.iter().any(|figure| figure.difference.is_some()) {
            line(&format!("  {difference}"), "", &|figure| figure.difference);
        }
    }
}

/// As other tables have it; without brackets where there is no interval.
fn shown(figure: Figure) -> String {
    if figure.low.is_nan() && figure.value.is_finite() { format!("{:.0}", figure.value) } else { written(figure) }
}
