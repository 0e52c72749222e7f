//! A graph under construction.
//!
//! Owns unique names and the packing of values. Leaves which operators there are to `towers` and `quantise`.

use std::collections::{BTreeMap, HashSet};

use burn::tensor::f16;

use super::{
    Model,
    proto::{
        AttributeProto, Dimension, DimensionProto, ElementType, GraphProto, NodeProto, TensorProto, TensorShapeProto,
        TensorTypeProto, TypeProto, ValueInfoProto,
    },
};

/// The length of an axis of an input or output.
#[derive(Clone, Copy, Debug)]
pub enum Axis {
    /// Always this long.
    Fixed(usize),
    /// As long as the caller wants.
    Free(&'static str),
}

/// A constant parameter of an operator.
#[derive(Clone, Copy, Debug)]
pub enum Attribute<'a> {
    Float(&'static str, f32),
    Int(&'static str, i64),
    Ints(&'static str, &'a [i64]),
    Text(&'static str, &'static str),
}

/// The values of a constant.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    Float(&'a [f32]),
    Half(&'a [f16]),
    Uint8(&'a [u8]),
    Int8(&'a [i8]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
}

/// Nodes are appended in an order in which they can run; an edge is known by its name, which is that of the node it leaves.
#[derive(Default)]
pub struct Graph {
    proto: GraphProto,
    names: HashSet<String>,
}

impl Graph {
    /// An empty graph.
    pub fn new(name: &str) -> Self {
        Self { proto: GraphProto { name: Some(name.to_owned()), ..GraphProto::default() }, names: HashSet::new() }
    }

    /// `wanted`, with a number behind it where the name is taken.
    fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while !self.names.insert(name.clone()) {
            number += 1;
            name = format!("{wanted}.{number}");
        }
        name
    }

    /// An input of the whole graph.
    pub fn input(&mut self, name: &str, element: ElementType, axes: &[Axis]) -> String {
        let name = self.unique(name);
        self.proto.input.push(value(&name, element, axes));
        name
    }

    /// A constant tensor.
    pub fn constant(&mut self, name: &str, shape: &[usize], values: Values) -> String {
        let name = self.unique(name);
        self.proto.initializer.push(TensorProto {
            dims: shape.iter().map(|&n| n as i64).collect(),
            data_type: Some(values.element() as i32),
            name: Some(name.clone()),
            raw_data: Some(values.bytes()),
        });
        name
    }

    /// A constant of another graph, under its own name; once, however often it is read.
    pub fn adopt(&mut self, tensor: &TensorProto) {
        if self.names.insert(tensor.name().to_owned()) {
            self.proto.initializer.push(tensor.clone());
        }
    }

    /// An operator of one output, which bears its name.
    pub fn node(&mut self, op: &str, name: &str, inputs: &[&str], attributes: &[Attribute]) -> String {
        let name = self.unique(name);
        self.append(op, &name, inputs, vec![name.clone()], attributes.iter().map(AttributeProto::from).collect());
        name
    }

    /// An operator of several outputs, `name.` and each of `outputs`.
    pub fn split<const N: usize>(&mut self, op: &str, name: &str, inputs: &[&str], outputs: [&str; N]) -> [String; N] {
        let name = self.unique(name);
        let edges = outputs.map(|output| self.unique(&format!("{name}.{output}")));
        self.append(op, &name, inputs, edges.to_vec(), vec![]);
        edges
    }

    /// A node of another graph under its own name, reading `inputs` and giving `outputs`.
    pub fn transplant(&mut self, node: &NodeProto, inputs: &[&str], outputs: Vec<String>) {
        self.names.extend(outputs.iter().cloned());
        self.append(node.op_type(), node.name(), inputs, outputs, node.attribute.clone());
    }

    fn append(&mut self, op: &str, name: &str, inputs: &[&str], output: Vec<String>, attribute: Vec<AttributeProto>) {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|&edge| edge.to_owned()).collect(),
            output,
            name: Some(name.to_owned()),
            op_type: Some(op.to_owned()),
            attribute,
        });
    }

    /// The whole, giving `edge` to the outside as `name`.
    pub fn finish(mut self, edge: &str, name: &str, axes: &[Axis]) -> Model {
        for node in &mut self.proto.node {
            for end in node.input.iter_mut().chain(&mut node.output).filter(|end| *end == edge) {
                *end = name.to_owned();
            }
        }
        self.proto.output.push(value(name, ElementType::Float, axes));
        Model { graph: self.proto, metadata: BTreeMap::new() }
    }

    /// The whole, with the inputs and outputs of the graph that it was made of.
    pub fn finish_as(mut self, origin: &GraphProto) -> Model {
        self.proto.input.clone_from(&origin.input);
        self.proto.output.clone_from(&origin.output);
        Model { graph: self.proto, metadata: BTreeMap::new() }
    }
}

impl GraphProto {
    /// The constant `name`.
    pub fn constant(&self, name: &str) -> Option<&TensorProto> {
        self.initializer.iter().find(|tensor| tensor.name() == name)
    }

    /// The float32 constant `name`, as shape and values.
    pub fn floats(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        let tensor = self.constant(name).filter(|tensor| tensor.data_type() == ElementType::Float)?;
        let (words, _) = tensor.raw_data().as_chunks::<4>();
        let values = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
        Some((tensor.dims.iter().map(|&n| n as usize).collect(), values))
    }

    /// The int8 constant `name`, as shape and values.
    pub fn integers(&self, name: &str) -> Option<(Vec<usize>, Vec<i8>)> {
        let tensor = self.constant(name).filter(|tensor| tensor.data_type() == ElementType::Int8)?;
        let values = tensor.raw_data().iter().map(|&byte| byte as i8).collect();
        Some((tensor.dims.iter().map(|&n| n as usize).collect(), values))
    }

    /// Gives the constant `name` other values, of the same kind and as many as it has.
    pub fn put(&mut self, name: &str, values: Values) {
        let named = self.initializer.iter_mut().filter(|tensor| tensor.name() == name);
        named.for_each(|tensor| tensor.raw_data = Some(values.bytes()));
    }

    /// Gives each float32 constant the values that `change` makes of its name, shape and values; as many as they were.
    pub fn change_floats<E>(&mut self, mut change: impl FnMut(&str, &[usize], &mut [f32]) -> Result<(), E>) -> Result<(), E> {
        let names: Vec<String> = self.initializer.iter().map(|tensor| tensor.name().to_owned()).collect();
        for name in &names {
            let Some((shape, mut values)) = self.floats(name) else { continue };
            change(name, &shape, &mut values)?;
            self.put(name, Values::Float(&values));
        }
        Ok(())
    }

    /// The nodes that read `edge`.
    pub fn readers<'a>(&'a self, edge: &'a str) -> impl Iterator<Item = &'a NodeProto> {
        self.node.iter().filter(move |node| node.input.iter().any(|input| input == edge))
    }

    /// Gives `edge`, float32, to the outside too.
    pub fn expose(&mut self, edge: &str) {
        let tensor_type = TensorTypeProto { elem_type: Some(ElementType::Float as i32), shape: None };
        let r#type = Some(TypeProto { tensor_type: Some(tensor_type) });
        self.output.push(ValueInfoProto { name: Some(edge.to_owned()), r#type });
    }
}

impl ValueInfoProto {
    /// Whether its values are float32.
    pub fn is_float(&self) -> bool {
        let tensor = self.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
        tensor.is_some_and(|tensor| tensor.elem_type() == ElementType::Float)
    }
}

impl Values<'_> {
    fn element(&self) -> ElementType {
        match self {
            Values::Float(_) => ElementType::Float,
            Values::Half(_) => ElementType::Float16,
            Values::Uint8(_) => ElementType::Uint8,
            Values::Int8(_) => ElementType::Int8,
            Values::Int32(_) => ElementType::Int32,
            Values::Int64(_) => ElementType::Int64,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Values::Float(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::Half(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::Uint8(values) => values.to_vec(),
            Values::Int8(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::Int32(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::Int64(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }
}

impl From<&Attribute<'_>> for AttributeProto {
    fn from(attribute: &Attribute) -> Self {
        let empty = AttributeProto::default();
        match *attribute {
            Attribute::Float(name, f) => Self { name: Some(name.to_owned()), f: Some(f), r#type: Some(1), ..empty },
            Attribute::Int(name, i) => Self { name: Some(name.to_owned()), i: Some(i), r#type: Some(2), ..empty },
            Attribute::Ints(name, ints) => Self { name: Some(name.to_owned()), ints: ints.to_vec(), r#type: Some(7), ..empty },
            Attribute::Text(name, text) => Self { name: Some(name.to_owned()), s: Some(text.into()), r#type: Some(3), ..empty },
        }
    }
}

fn value(name: &str, element: ElementType, axes: &[Axis]) -> ValueInfoProto {
    let dim = axes.iter().map(|axis| match *axis {
        Axis::Fixed(length) => Dimension::Fixed(length as i64),
        Axis::Free(name) => Dimension::Named(name.to_owned()),
    });
    let shape = TensorShapeProto { dim: dim.map(|value| DimensionProto { value: Some(value) }).collect() };
    let tensor_type = TensorTypeProto { elem_type: Some(element as i32), shape: Some(shape) };
    ValueInfoProto { name: Some(name.to_owned()), r#type: Some(TypeProto { tensor_type: Some(tensor_type) }) }
}
