//! What each layer of a tower loses by 8 bits, and which layers are therefore kept in float.
//!
//! Owns the measurement and the choice. Leaves rounding to `quantise`, the judgement of the whole to `gate`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    asked::{Asked, Sums},
    gate::LEAST_COSINE,
};
use crate::{
    evaluation::agreement,
    training::{TrainingError, onnx::Model, progress::Show, quantise},
};

/// The most of a tower's weights that may be kept in float: with more, 8 bits save too little to be worth their error.
const MOST_KEPT: f64 = 0.5;

/// A layer that is rounded alone, or several that are kept together.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// As the graph calls it.
    pub layer: String,
    /// What is lost of the cosine with the float tower, which is 1.
    pub error: f64,
    /// What its weights take more in float than in 8 bits.
    pub bytes: usize,
}

/// Of every layer alone, in the order of the graph.
#[derive(Debug)]
pub struct Costs {
    layers: Vec<Cost>,
    /// Those that are kept together, under one name.
    units: BTreeMap<String, Vec<usize>>,
}

/// A choice of what is kept, the costliest for its size first.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// What is kept, and what it would have cost.
    pub units: Vec<Cost>,
    /// The nodes of all.
    pub nodes: Vec<String>,
}

impl Kept {
    /// Their names as the quantiser takes them.
    pub fn names(&self) -> Vec<&str> {
        self.nodes.iter().map(String::as_str).collect()
    }
}

impl Costs {
    /// Rounds each layer of `float` alone: `except` rounds all but the named nodes.
    pub fn measure(
        float: &Model,
        asked: &Asked,
        sums: Sums,
        except: &dyn Fn(&[&str]) -> Result<Model, TrainingError>,
        show: Show,
    ) -> Result<Self, TrainingError> {
        let want = asked.rows(float, Sums::Here)?;
        let (mut layers, mut units) = (Vec::new(), BTreeMap::<String, Vec<usize>>::new());
        let names = quantise::layers(float);
        let progress = show.begin("measuring", names.len(), "layers");
        for (i, &layer) in names.iter().enumerate() {
            let others: Vec<&str> = names.iter().copied().filter(|name| *name != layer).collect();
            let error = 1.0 - agreement(&want, &asked.rows(&except(&others)?, sums)?, &[]).mean_cosine;
            units.entry(quantise::unit(float, layer).to_owned()).or_default().push(i);
            layers.push(Cost { layer: layer.to_owned(), error, bytes: quantise::saved(float, layer) });
            progress.advance(1, String::new());
        }
        progress.finish();
        Ok(Self { layers, units })
    }

    /// What stays in float: whatever costs more of the cosine than its share, by size, of what the gate allows, so that the errors of all
    /// others add up to no more than that. Errors don't only add up: the next ones follow until `cosine` finds the gate's.
    pub fn choose(&self, cosine: impl Fn(&[&str]) -> Result<f64, TrainingError>) -> Result<Kept, TrainingError> {
        let all: usize = self.layers.iter().map(|cost| cost.bytes).sum();
        let allowed = |bytes: usize| (1.0 - LEAST_COSINE) * bytes as f64 / all.max(1) as f64;
        let of = |(unit, parts): (&String, &Vec<usize>)| {
            let parts = || parts.iter().filter_map(|i| self.layers.get(*i));
            let (error, bytes) = (parts().map(|cost| cost.error).sum(), parts().map(|cost| cost.bytes).sum());
            Cost { layer: unit.clone(), error, bytes }
        };
        let mut ranked: Vec<Cost> = self.units.iter().map(of).collect();
        let excess = |cost: &Cost| cost.error / allowed(cost.bytes).max(f64::MIN_POSITIVE);
        ranked.sort_by(|a, b| excess(b).total_cmp(&excess(a)));
        let mut kept = Kept::default();
        let mut bytes = 0;
        for cost in ranked {
            if cost.error <= allowed(cost.bytes) && cosine(&kept.names())? >= LEAST_COSINE {
                break;
            }
            if (bytes + cost.bytes) as f64 > MOST_KEPT * all as f64 {
                continue;
            }
            bytes += cost.bytes;
            let nodes = self.units.get(&cost.layer).into_iter().flatten().filter_map(|i| self.layers.get(*i));
            kept.nodes.extend(nodes.map(|cost| cost.layer.clone()));
            kept.units.push(cost);
        }
        Ok(kept)
    }

    /// The layer that costs the most, of those that are not `kept`.
    pub fn worst(&self, kept: &Kept) -> Option<&Cost> {
        let kept: BTreeSet<&str> = kept.names().into_iter().collect();
        let rounded = self.layers.iter().filter(|cost| !kept.contains(cost.layer.as_str()));
        rounded.max_by(|a, b| a.error.total_cmp(&b.error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of layers, (cosine lost, bytes), where the whole tower has the `cosines` with none of them kept, one, and so on.
    #[track_caller]
    fn check(layers: &[(f64, usize)], cosines: &[f64], want: &[usize]) {
        let cost = |(i, &(error, bytes)): (usize, &(f64, usize))| Cost { layer: i.to_string(), error, bytes };
        let layers: Vec<Cost> = layers.iter().enumerate().map(cost).collect();
        let units = layers.iter().enumerate().map(|(i, cost)| (cost.layer.clone(), vec![i])).collect();
        let kept = Costs { layers, units }.choose(|kept| Ok(cosines[kept.len()])).expect("a choice");
        assert_eq!(kept.nodes, want.iter().map(usize::to_string).collect::<Vec<_>>());
    }

    #[test]
    fn what_costs_more_than_its_share_stays_and_then_the_next_until_the_gate_opens() {
        check(&[(0.04, 10), (0.001, 90)], &[0.94, 0.96], &[0]);
        check(&[(0.004, 10), (0.001, 90)], &[0.96], &[]);
        check(&[(0.001, 80), (0.004, 10), (0.002, 10)], &[0.9, 0.93, 0.96], &[1, 2]);
        // Not so much that 8 bits save little.
        check(&[(0.2, 60), (0.03, 40)], &[0.8, 0.94], &[1]);
        // What has no weights costs no bytes.
        check(&[(0.000_01, 0), (0.0, 10)], &[0.9, 0.96], &[0]);
    }
}
