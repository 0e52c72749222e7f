//! Networks as ONNX files, written without anybody's library for it: the few messages that are needed, and a graph builder.
//!
//! Owns the file format, the towers' graphs, and the same in 16-bit floats. Leaves weights to `weights`, 8-bit arithmetic to `quantise`, running to
//! `encoder`.

use std::{collections::BTreeMap, fs, path::Path};

use prost::Message;

use super::TrainingError;
use crate::bundle;

mod graph;
mod half;
#[cfg(test)]
mod operators;
mod proto;
pub mod towers;

pub(super) use graph::{Attribute, Axis, Graph, Values};
pub use half::halved;
pub(super) use proto::{ElementType, GraphProto, NodeProto};
use proto::{ModelProto, OperatorSetIdProto, StringStringEntryProto};

/// The first operator set with LayerNormalization.
const OPSET: i64 = 17;
/// What ONNX 1.12 wrote, which had that set.
const IR_VERSION: i64 = 8;

/// A network with its weights.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) graph: GraphProto,
    /// What whoever runs it must know and the graph can't say.
    pub(super) metadata: BTreeMap<String, String>,
}

impl Model {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let opset = OperatorSetIdProto { domain: Some(String::new()), version: Some(OPSET) };
        let whole = ModelProto {
            ir_version: Some(IR_VERSION),
            producer_name: Some("streetscape".to_owned()),
            graph: Some(self.graph.clone()),
            opset_import: vec![opset],
            metadata_props: self.metadata.iter().map(entry).collect(),
        };
        whole.encode_to_vec()
    }

    /// Reads a file that [`Model::write`] wrote; one of another program may hold what is lost here.
    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let file = path.display().to_string();
        let bytes = fs::read(path).map_err(|source| TrainingError::File { file: file.clone(), source })?;
        Self::parse(&file, &bytes)
    }

    /// The same of bytes that came from `file`.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, TrainingError> {
        let damaged =
            |problem: String| TrainingError::Data { file: file.to_owned(), problem: format!("{problem}; export it again") };
        let whole = ModelProto::decode(bytes).map_err(|error| damaged(error.to_string()))?;
        let told = whole.metadata_props.into_iter();
        let metadata = told.map(|entry| (entry.key().to_owned(), entry.value().to_owned())).collect();
        whole.graph.map(|graph| Self { graph, metadata }).ok_or_else(|| damaged("it holds no graph".to_owned()))
    }

    /// Writes the file whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), TrainingError> {
        let failed = |source| TrainingError::File { file: path.display().to_string(), source };
        bundle::write_whole(path, &self.to_bytes()).map_err(failed)
    }
}

fn entry((key, value): (&String, &String)) -> StringStringEntryProto {
    StringStringEntryProto { key: Some(key.clone()), value: Some(value.clone()) }
}
