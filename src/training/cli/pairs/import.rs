//! `streetscape-train pairs import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::GatherArgs;
use crate::training::{
    TrainingError,
    pairs::{
        import::{self, Columns, Layout},
        segments::Segments,
    },
    progress::Show,
};

#[derive(Args, Debug)]
pub(in crate::training::cli) struct ImportArgs {
    /// How the photos are kept.
    format: Format,
    /// The data set's folder or file.
    root: PathBuf,
    /// csv: what stands between two fields, a single character; \t is a tab.
    #[arg(long, value_name = "CHARACTER", default_value = "\\t", value_parser = separator)]
    csv_separator: u8,
    /// csv: the column of the photo's path.
    #[arg(long, value_name = "COLUMN", default_value = "filepath")]
    csv_img_key: String,
    /// csv: the column of the sentence.
    #[arg(long, value_name = "COLUMN", default_value = "title")]
    csv_caption_key: String,
    #[command(flatten)]
    gather: GatherArgs,
}

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Mapillary Vistas 1.2 or 2.0: the folder with its config.
    Vistas,
    /// Cityscapes: the folder with leftImg8bit and gtFine.
    Cityscapes,
    /// CamVid, as its makers ship it or as SegNet does.
    Camvid,
    /// COCO captions: the folder with annotations and train2017.
    Coco,
    /// Flickr8k or Flickr30k: the folder with photos and captions.
    Flickr,
    /// A table of photos and captions, as open_clip takes it.
    Csv,
    /// A folder for each category, under train, val and test or not.
    Folder,
    /// Photos named by category and number: "traffic light (12).jpg".
    FileName,
    /// WebDataset shards, this project's or open_clip's: a tar, or a folder of tars.
    Webdataset,
}

fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [one] if one.is_ascii() => Ok(*one),
        _ => Err("a single ASCII character is meant".to_owned()),
    }
}

impl ImportArgs {
    pub(in crate::training::cli) fn run(self, show: Show) -> Result<(), TrainingError> {
        let columns = Columns { separator: self.csv_separator, photo: self.csv_img_key, caption: self.csv_caption_key };
        let layout = match self.format {
            Format::Vistas => Layout::Vistas,
            Format::Cityscapes => Layout::Cityscapes,
            Format::Camvid => Layout::CamVid,
            Format::Coco => Layout::Coco,
            Format::Flickr => Layout::Flickr,
            Format::Csv => Layout::Csv(columns),
            Format::Folder => Layout::Folders,
            Format::FileName => Layout::Names,
            Format::Webdataset => Layout::WebDataset,
        };
        let collection = import::open(&layout, &self.root)?;
        let named = self.root.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.gather.gather(&*collection, &Segments::shipped()?, &named, show).map(drop)
    }
}
