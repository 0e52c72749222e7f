//! `models/prompts.toml` as it is written, checked against the vocabulary, and what it lets go together.

use serde::Deserialize;

use crate::{training::pairs::generate::cover::Space, vocabulary::Vocabulary};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub templates: Vec<String>,
    pub neutral: Vec<String>,
    pub height: Vec<Height>,
    pub facet: Vec<Facet>,
    only: Vec<Rule>,
    never: Vec<Rule>,
}

/// A facet's classes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facet {
    pub id: String,
    #[serde(rename = "class")]
    pub classes: Vec<Class>,
}

/// A class in words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    pub id: String,
    pub say: Vec<String>,
    pub names: Vec<String>,
    #[serde(default = "once")]
    weight: u32,
}

fn once() -> u32 {
    1
}

/// A band of the camera's heights, in metres.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Height {
    id: String,
    pub from: f64,
    pub to: f64,
    pub say: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    class: String,
    with: Vec<String>,
}

impl File {
    /// What is wrong with it, in a line.
    pub fn check(&self, vocabulary: &Vocabulary) -> Result<(), String> {
        for (_, facet) in vocabulary.facets() {
            let Some(ours) = self.facet.iter().find(|ours| ours.id == facet.id) else {
                return Err(format!("facet {} of the vocabulary is missing: add it", facet.id));
            };
            if let Some(class) = facet.classes.iter().find(|class| !ours.classes.iter().any(|our| our.id == class.id)) {
                return Err(format!("facet {}: class {} of the vocabulary is missing: add it", facet.id, class.id));
            }
        }
        for facet in &self.facet {
            let Some((_, theirs)) = vocabulary.find(&facet.id) else {
                return Err(format!("facet {} is not in the vocabulary: add it there, or drop it here", facet.id));
            };
            for (at, class) in facet.classes.iter().enumerate() {
                let place = format!("facet {}, class {}", facet.id, class.id);
                if theirs.find(&class.id).is_none() {
                    return Err(format!("{place} is not in the vocabulary: add it there, or drop it here"));
                }
                if facet.classes[..at].iter().any(|before| before.id == class.id) {
                    return Err(format!("{place} stands twice: drop one"));
                }
                if class.say.is_empty() || class.names.is_empty() {
                    return Err(format!("{place} needs phrases in `say` and words in `names`"));
                }
            }
        }
        let bad = self.height.iter().find(|band| !(0.5..2.5).contains(&band.from) || band.to <= band.from || band.to > 2.5);
        match bad {
            Some(band) => Err(format!("height {}: `from` and `to` must rise, between 0.5 and 2.5 m", band.id)),
            None if self.height.is_empty() || self.templates.is_empty() => {
                Err("needs a height and a template at least".to_owned())
            }
            None => Ok(()),
        }
    }

    /// The classes of each facet, then the bands of heights, with what excludes what. Where a class excludes a whole facet, that facet has
    /// one value more, which says nothing and goes with such classes alone.
    pub fn space(&self) -> Result<Space, String> {
        let mut excluded = Vec::new();
        for rule in &self.never {
            let one = self.find(&rule.class)?;
            for other in &rule.with {
                excluded.extend(self.all(other)?.into_iter().map(|other| (one, other)));
            }
        }
        for rule in &self.only {
            let one = self.find(&rule.class)?;
            let with = rule.with.iter().map(|other| self.find(other)).collect::<Result<Vec<_>, _>>()?;
            let mentioned = |facet: usize| with.iter().any(|other| other.0 == facet);
            let facets = self.facet.iter().enumerate().filter(|(facet, _)| mentioned(*facet));
            let classes = facets.flat_map(|(facet, row)| (0..row.classes.len()).map(move |class| (facet, class)));
            excluded.extend(classes.filter(|other| !with.contains(other)).map(|other| (one, other)));
        }
        if let Some((one, _)) = excluded.iter().find(|(one, other)| one.0 == other.0) {
            return Err(format!("only, never: {} excludes a class of its own facet", self.name(*one)));
        }
        let excludes = |one, other| excluded.contains(&(one, other)) || excluded.contains(&(other, one));
        let mut silencing: Vec<Vec<(usize, usize)>> = Vec::new();
        for (facet, row) in self.facet.iter().enumerate() {
            let whole = |one: &(usize, usize)| (0..row.classes.len()).all(|class| excludes(*one, (facet, class)));
            let found: Vec<(usize, usize)> = self.classes().filter(whole).collect();
            if found.iter().any(|one| one.0 != found[0].0) {
                return Err(format!(
                    "only, never: classes of several facets exclude all of {}: let those of one do so",
                    row.id
                ));
            }
            silencing.push(found);
        }
        let sizes = self.facet.iter().zip(&silencing).map(|(row, by)| row.classes.len() + usize::from(!by.is_empty()));
        let sizes: Vec<usize> = sizes.chain([self.height.len()]).collect();
        let value = |(facet, class): (usize, usize)| sizes[..facet].iter().sum::<usize>() + class;
        let mut space = Space::new(sizes.iter().copied());
        excluded.iter().for_each(|&(one, other)| space.exclude(value(one), value(other)));
        for (facet, by) in silencing.iter().enumerate().filter(|(_, by)| !by.is_empty()) {
            let untold = value((facet, self.facet[facet].classes.len()));
            space.weigh(untold, 0);
            let others = self.classes().filter(|other| other.0 == by[0].0 && !by.contains(other));
            others.for_each(|other| space.exclude(untold, value(other)));
        }
        for one in self.classes() {
            space.weigh(value(one), self.facet[one.0].classes[one.1].weight);
        }
        Ok(space)
    }

    fn classes(&self) -> impl Iterator<Item = (usize, usize)> {
        self.facet.iter().enumerate().flat_map(|(facet, row)| (0..row.classes.len()).map(move |class| (facet, class)))
    }

    fn name(&self, (facet, class): (usize, usize)) -> String {
        format!("{}.{}", self.facet[facet].id, self.facet[facet].classes[class].id)
    }

    /// The classes that `name` stands for: `facet.class`, or `facet.*`.
    fn all(&self, name: &str) -> Result<Vec<(usize, usize)>, String> {
        let Some(facet) = name.strip_suffix(".*") else { return self.find(name).map(|class| vec![class]) };
        let all: Vec<(usize, usize)> = self.classes().filter(|class| self.facet[class.0].id == facet).collect();
        if all.is_empty() { Err(format!("only, never: there is no facet {facet}")) } else { Ok(all) }
    }

    fn find(&self, name: &str) -> Result<(usize, usize), String> {
        self.classes().find(|class| self.name(*class) == name).ok_or_else(|| format!("only, never: there is no class {name}"))
    }
}
