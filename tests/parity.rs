//! CLIP against its references: transformers, open_clip and PyTorch. `tools/parity/vectors.py` makes the vectors.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

#[path = "parity/mistakes.rs"]
mod mistakes;
#[path = "common/picture.rs"]
mod picture;
#[path = "parity/reference.rs"]
mod reference;

use reference::{Found, Reference};

/// How far from the reference a row may be. Small networks are held tighter: a sum of 3072 products rounds more than one of 32.
struct Row {
    name: &'static str,
    /// What the figure is.
    unit: &'static str,
    small: f32,
    whole: f32,
}

const ROWS: [Row; 8] = [
    Row { name: "tokens", unit: "texts that differ", small: 0.0, whole: 0.0 },
    Row { name: "pictures", unit: "of 255, mean", small: 0.25, whole: 0.25 },
    Row { name: "image embeddings", unit: "of the greatest", small: 2e-6, whole: 1e-5 },
    Row { name: "text embeddings", unit: "of the greatest", small: 2e-6, whole: 1e-5 },
    Row { name: "logits", unit: "of the greatest", small: 2e-6, whole: 1e-5 },
    Row { name: "loss", unit: "of itself", small: 1e-6, whole: 5e-6 },
    Row { name: "gradients", unit: "of the greatest, worst parameter", small: 1e-5, whole: 5e-5 },
    Row { name: "after ten steps", unit: "of the rate, worst weight", small: 1e-2, whole: 5e-2 },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// A NaN is within nothing.
fn within(figure: f32, most: f32) -> bool {
    figure <= most
}

/// The rows beyond their tolerance; prints each row that the reference has.
fn judge(case: &str, found: &Found, tolerance: impl Fn(&Row) -> f32) -> Vec<&'static str> {
    let mut beyond = Vec::new();
    for row in &ROWS {
        let Some(&figure) = found.get(row.name) else { continue };
        let most = tolerance(row);
        let verdict = if within(figure, most) { "" } else { "BEYOND" };
        println!("{case:<12} {:<18} {figure:>10.2e} {most:>10.1e}  {} {verdict}", row.name, row.unit);
        if !within(figure, most) {
            beyond.push(row.name);
        }
    }
    beyond
}

#[test]
fn small_networks_are_what_their_references_make_of_them() {
    println!("{:<12} {:<18} {:>10} {:>10}", "network", "row", "found", "tolerance");
    for case in ["quick-gelu", "gelu", "highest-id", "open-clip"] {
        let reference = Reference::read(&root().join("tests/parity").join(case));
        let beyond = judge(case, &reference.measure(None), |row| row.small);
        assert!(beyond.is_empty(), "{case}: {beyond:?}");
    }
}

#[test]
fn every_mistake_is_caught_by_a_row() {
    let mut missed = Vec::new();
    println!("{:<45} {:<12} caught by", "mistake", "network");
    for (mistake, case, name) in mistakes::ALL {
        let reference = Reference::read(&root().join("tests/parity").join(case));
        let found = reference.measure(Some(mistake));
        let beyond = |row: &&Row| found.get(row.name).is_some_and(|figure| !within(*figure, row.small));
        let caught: Vec<_> = ROWS.iter().filter(beyond).collect();
        let told = |row: &&Row| format!("{} ({:.1e})", row.name, found[row.name]);
        println!("{name:<45} {case:<12} {}", caught.iter().map(told).collect::<Vec<_>>().join(", "));
        if caught.is_empty() {
            missed.push(name);
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

#[test]
#[ignore = "needs the vectors of ViT-B/32: make parity"]
fn vit_b_32_is_what_its_references_make_of_it() {
    println!("{:<12} {:<18} {:>10} {:>10}", "network", "row", "found", "tolerance");
    let reference = Reference::read(&root().join(".cache/parity/vit-b-32"));
    reference.write(&root().join(".cache/parity/written"));
    let beyond = judge("vit-b-32", &reference.measure(None), |row| row.whole);
    assert!(beyond.is_empty(), "{beyond:?}");
}
