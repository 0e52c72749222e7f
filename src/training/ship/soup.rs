//! The mean of an exported image tower and those of other bundles.
//!
//! Owns the mean and what it needs to mean something. Leaves the choice of the shares to whoever asks `val`.

use std::path::{Path, PathBuf};

use crate::{
    bundle::{Bundle, IMAGE_F32, Manifest, TEXT_F32, TEXT_INT8},
    training::{TrainingError, onnx::Model},
};

/// A bundle whose image tower counts for a share of the mean, in (0, 1).
#[derive(Clone, Debug)]
pub struct Portion {
    /// The bundle's folder.
    pub dir: PathBuf,
    /// Its share.
    pub share: f32,
}

/// Puts into the bundle in `dir` the mean of its image tower in f32 and those of `others`, weight by weight, its own counting for what they
/// leave: a soup of models that were fine-tuned from one (Wortsman et al. 2022, "Model soups"). All must have the layers and the text tower
/// of `dir`.
pub fn stir(dir: &Path, others: &[Portion]) -> Result<Manifest, TrainingError> {
    let own = 1.0 - others.iter().map(|other| other.share).sum::<f32>();
    if own < 0.0 || others.iter().any(|other| other.share <= 0.0 || other.share.is_nan()) {
        let problem = "the shares of other bundles must be above 0, and 1 together at most; choose smaller ones".to_owned();
        return Err(TrainingError::Setting { problem });
    }
    let mut manifest = Bundle::open(dir)?.manifest;
    let differs = |from: &Path, what: &str| {
        let problem = format!("its {what} is not that of {}; take bundles that began where that did", dir.display());
        TrainingError::Data { file: from.display().to_string(), problem }
    };
    let text = |manifest: &Manifest| {
        let hash = |name| manifest.files.get(name).map(|file| file.sha256.clone());
        [TEXT_F32, TEXT_INT8].map(hash)
    };
    let mut graphs = Vec::new();
    for Portion { dir: from, share } in others {
        let other = Bundle::open(from)?;
        if text(&other.manifest) != text(&manifest) {
            return Err(differs(from, "text tower"));
        }
        let file = from.join(IMAGE_F32).display().to_string();
        graphs.push((from, share, Model::parse(&file, &other.read(IMAGE_F32)?)?.graph));
        manifest.provenance.insert(format!("averaged with {}", from.display()), share.to_string());
    }
    let path = dir.join(IMAGE_F32);
    let mut model = Model::read(&path)?;
    model.graph.change_floats(|name, shape, mean| {
        mean.iter_mut().for_each(|value| *value *= own);
        for (from, share, graph) in &graphs {
            let found = graph.floats(name).filter(|(found, _)| found == shape);
            let (_, values) = found.ok_or_else(|| differs(from, &format!("layer {name}")))?;
            mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += *share * value);
        }
        Ok::<_, TrainingError>(())
    })?;
    model.write(&path)?;
    manifest.seal(dir)?;
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::ship::export_checkpoint;

    /// A bundle of a small CLIP, every weight of its image tower times `factor`.
    fn bundle(dir: &Path, factor: f32) {
        export_checkpoint(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/quick-gelu"), dir).expect("a bundle");
        let mut model = Model::read(&dir.join(IMAGE_F32)).expect("a tower");
        let scaled = model.graph.change_floats(|_, _, values| {
            values.iter_mut().for_each(|value| *value *= factor);
            Ok::<_, TrainingError>(())
        });
        scaled.expect("scaled");
        model.write(&dir.join(IMAGE_F32)).expect("written");
        Bundle::open(dir).expect("a bundle").manifest.seal(dir).expect("sealed");
    }

    #[test]
    fn each_tower_counts_for_its_share() {
        let dir = tempfile::tempdir().expect("a folder");
        let [one, two, three] = ["one", "two", "three"].map(|name| dir.path().join(name));
        [(&one, 1.0), (&two, 2.0), (&three, 4.0)].into_iter().for_each(|(dir, factor)| bundle(dir, factor));
        let floats = |dir: &Path| {
            let (mut model, mut all) = (Model::read(&dir.join(IMAGE_F32)).expect("a tower"), Vec::new());
            let taken = model.graph.change_floats(|_, _, values| {
                all.extend_from_slice(values);
                Ok::<_, TrainingError>(())
            });
            taken.map(|()| all).expect("floats")
        };
        let before = floats(&one);
        let portion = |dir: &Path, share| Portion { dir: dir.to_owned(), share };
        let manifest = stir(&one, &[portion(&two, 0.25), portion(&three, 0.25)]).expect("a soup");
        assert!(manifest.provenance.contains_key(&format!("averaged with {}", two.display())));
        assert!(Bundle::open(&one).expect("sealed").check().is_empty());
        // 0.5 times one, a quarter times two, a quarter times four.
        assert!(before.iter().zip(floats(&one)).all(|(before, after)| (2.0 * before - after).abs() <= 1e-5 * before.abs()));

        for share in [-0.5, 0.0, 1.5, f32::NAN] {
            assert!(stir(&one, &[portion(&two, share)]).is_err(), "{share}");
        }
    }

    #[test]
    fn another_text_tower_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let [one, two] = ["one", "two"].map(|name| dir.path().join(name));
        [&one, &two].into_iter().for_each(|dir| bundle(dir, 1.0));
        let mut manifest = Bundle::open(&two).expect("a bundle").manifest;
        let mut text = Model::read(&two.join(TEXT_F32)).expect("a tower");
        text.graph.name = Some("another".to_owned());
        text.write(&two.join(TEXT_F32)).expect("written");
        manifest.seal(&two).expect("sealed");
        let problem = stir(&one, &[Portion { dir: two, share: 0.5 }]).expect_err("refused").to_string();
        assert!(problem.contains("text tower"), "{problem}");
    }
}
