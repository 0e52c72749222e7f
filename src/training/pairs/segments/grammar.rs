//! Sentences from highlights: templates are filled where everything that they name is known.
//!
//! Owns the words. Leaves what is worth saying to `salience`. Each sentence keeps the facts that it states, as data.

use rand::{Rng, RngExt, seq::IndexedRandom};
use serde::{Deserialize, Serialize};

use super::salience::Group;
use crate::ontology::{
    Kind, Ontology, Thing,
    pieces::{Distance, Scene, Side},
};

/// What one sentence states of a map, in the terms that `docs/pairs.md` defines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Fact {
    /// So many pieces of a thing are on one side.
    Seen {
        /// Its name in the ontology.
        thing: String,
        /// Where.
        side: Side,
        /// At least so many.
        least: usize,
        /// At most so many.
        #[serde(skip_serializing_if = "Option::is_none")]
        most: Option<usize>,
        /// How far off all of them are.
        #[serde(skip_serializing_if = "Option::is_none")]
        distance: Option<Distance>,
        /// The ground that all of them stand on.
        #[serde(skip_serializing_if = "Option::is_none")]
        on: Option<String>,
        /// That one of them bars the way.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        across: bool,
        /// That a detector says so, and no map shows all of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        detected: bool,
    },
    /// The picture shows a thing.
    Present {
        /// Its name in the ontology.
        thing: String,
    },
    /// The walker stands on it.
    Ground {
        /// Its name in the ontology.
        thing: String,
    },
}

/// The words that templates are filled with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    left: Vec<String>,
    ahead: Vec<String>,
    right: Vec<String>,
    near: Vec<String>,
    far: Vec<String>,
    several: Vec<String>,
}

/// Templates by length.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templates {
    short: Vec<String>,
    middle: Vec<String>,
    long: Vec<String>,
}

/// A sentence and what it states.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The words.
    pub text: String,
    /// What they state.
    pub facts: Vec<Fact>,
}

/// What there is to say of one photo.
pub struct Topic<'a> {
    /// The things.
    pub ontology: &'a Ontology,
    /// The highlights, best first.
    pub groups: &'a [Group],
    /// The whole scene.
    pub scene: &'a Scene,
    /// Share of the picture below which what isn't counted isn't named.
    pub stuff: f32,
    /// Certainty below which nothing is said.
    pub certainty: f32,
}

/// What can be said wherever anything can.
const PLAINEST: [&str; 2] = ["{a1} {where1}", "{way} ahead"];

/// One sentence of each length, the longest first, and `more` of any, no two the same; none where nothing is certain.
pub fn sentences(topic: &Topic, templates: &Templates, words: &Words, more: usize, random: &mut impl Rng) -> Vec<Told> {
    let all: Vec<&String> = templates.short.iter().chain(&templates.middle).chain(&templates.long).collect();
    let mut told: Vec<Told> = Vec::new();
    let mut say = |of: Vec<&String>, random: &mut _| {
        // Some templates can't be filled; a few tries find one that can.
        for _ in 0..8 {
            let Some(template) = of.choose(random) else { return };
            if let Some(sentence) = fill(topic, template, words, random)
                && !told.iter().any(|t| t.text == sentence.text)
            {
                told.push(sentence);
                return;
            }
        }
    };
    for of in [&templates.long, &templates.middle, &templates.short] {
        say(of.iter().collect(), random);
    }
    for _ in 0..more {
        say(all.clone(), random);
    }
    if told.is_empty() {
        told.extend(PLAINEST.iter().find_map(|template| fill(topic, template, words, random)));
    }
    told
}

/// `template` in words, or `None` where something that it names isn't known.
fn fill(topic: &Topic, template: &str, words: &Words, random: &mut impl Rng) -> Option<Told> {
    // Highlights are drawn from the best, so that sentences of one photo differ.
    let best: Vec<&Group> = topic.groups.iter().filter(|group| has_side(topic.ontology, group)).take(5).collect();
    let skip = if best.len() > 3 { random.random_range(0..=best.len() - 3) } else { 0 };
    let chosen = &best[skip..];
    let mut facts: Vec<Fact> = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let close = open + rest.get(open..)?.find('}')?;
        text.push_str(&rest[..open]);
        let name = &rest[open + 1..close];
        text.push_str(&word(topic, chosen, name, words, &mut facts, random)?);
        rest = &rest[close + 1..];
    }
    text.push_str(rest);
    Some(Told { text: sentence_case(&text), facts })
}

/// What may be placed: ground and sky are everywhere.
fn has_side(ontology: &Ontology, group: &Group) -> bool {
    ontology.thing(group.thing).is_some_and(|thing| match thing.kind {
        Kind::Sky | Kind::Void => false,
        Kind::Ground => thing.is_counted() || !matches!(thing.name.as_str(), "road" | "sidewalk" | "floor"),
        _ => true,
    })
}

fn word(
    topic: &Topic,
    chosen: &[&Group],
    name: &str,
    words: &Words,
    facts: &mut Vec<Fact>,
    random: &mut impl Rng,
) -> Option<String> {
    let ontology = topic.ontology;
    let thing = |id: u8| ontology.thing(id);
    match name {
        "ground" => {
            let ground = thing(topic.scene.ground?)?;
            let sure = topic.scene.pieces.iter().any(|piece| piece.thing == ground.id && piece.sure >= topic.certainty);
            facts.push(Fact::Ground { thing: ground.name.clone() });
            return sure.then(|| ground.noun.clone());
        }
        "back" => return background(topic, chosen, facts),
        "way" => return way(topic, facts),
        _ => {}
    }
    let (what, number) = name.split_at(name.len().checked_sub(1)?);
    let group = chosen.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;
    let named = thing(group.thing)?;
    let at = facts.iter().position(|fact| is_of(fact, named, group)).unwrap_or_else(|| {
        facts.push(seen(named, group));
        facts.len() - 1
    });
    let Some(Fact::Seen { distance, on, across, .. }) = facts.get_mut(at) else { return None };
    match what {
        "a" => Some(counted(named, group, words, random)),
        "bare" => Some(if group.least > 1 && named.is_counted() { named.nouns.clone() } else { named.noun.clone() }),
        "is" => Some(if named.plural || group.least > 1 && named.is_counted() { "are" } else { "is" }.to_owned()),
        "where" => match group.side {
            Side::Left => words.left.choose(random).cloned(),
            Side::Ahead => words.ahead.choose(random).cloned(),
            Side::Right => words.right.choose(random).cloned(),
        },
        "near" => {
            let told = group.distance?;
            *distance = Some(told);
            match told {
                Distance::Near => words.near.choose(random).cloned(),
                Distance::Far => words.far.choose(random).cloned(),
                Distance::Between => None,
            }
        }
        "on" => {
            let ground = thing(group.on?)?;
            *on = Some(ground.name.clone());
            Some(format!("on the {}", ground.noun))
        }
        "across" => group.across.then(|| {
            *across = true;
            "across the path".to_owned()
        }),
        _ => None,
    }
}

fn is_of(fact: &Fact, named: &Thing, group: &Group) -> bool {
    matches!(fact, Fact::Seen { thing, side, .. } if *thing == named.name && *side == group.side)
}

fn seen(named: &Thing, group: &Group) -> Fact {
    let (least, most) = if named.is_counted() { (group.least, group.most) } else { (1, None) };
    // From four on it is "several".
    let most = most.filter(|most| *most < 4);
    let (thing, side) = (named.name.clone(), group.side);
    Fact::Seen { thing, side, least: least.min(4), most, distance: None, on: None, across: false, detected: group.detected }
}

/// A group with its article or number. Where there may be more than were found, several have no number.
fn counted(named: &Thing, group: &Group, words: &Words, random: &mut impl Rng) -> String {
    match (group.least, group.most) {
        (1, _) => named.one(),
        _ if !named.is_counted() => named.one(),
        (2.., None) => named.nouns.clone(),
        (2, _) => format!("two {}", named.nouns),
        (3, _) => format!("three {}", named.nouns),
        _ => format!("{} {}", words.several.choose(random).map_or("several", String::as_str), named.nouns),
    }
}

/// The largest ground ahead, with its article.
fn way(topic: &Topic, facts: &mut Vec<Fact>) -> Option<String> {
    let grounds = topic.scene.pieces.iter().filter(|piece| piece.sure >= topic.certainty && piece.side == Side::Ahead);
    let grounds = grounds.filter_map(|piece| Some((piece.share, topic.ontology.thing(piece.thing)?)));
    let grounds = grounds.filter(|(share, thing)| *share >= topic.stuff && thing.kind == Kind::Ground && !thing.is_counted());
    let (_, way) = grounds.max_by(|a, b| a.0.total_cmp(&b.0))?;
    facts.push(Fact::Seen {
        thing: way.name.clone(),
        side: Side::Ahead,
        least: 1,
        most: None,
        distance: None,
        on: None,
        across: false,
        detected: false,
    });
    Some(way.one())
}

/// What else fills the picture, as a list.
fn background(topic: &Topic, chosen: &[&Group], facts: &mut Vec<Fact>) -> Option<String> {
    let mut shares: Vec<(f32, &Thing)> = Vec::new();
    for thing in topic.ontology.things().filter(|thing| thing.kind != Kind::Sky) {
        let pieces = topic.scene.pieces.iter().filter(|piece| piece.thing == thing.id && piece.sure >= topic.certainty);
        let share: f32 = pieces.map(|piece| piece.share).sum();
        let of_thing = |fact: &Fact| matches!(fact, Fact::Seen { thing: told, .. } if *told == thing.name);
        let named = chosen.iter().take(3).any(|group| group.thing == thing.id) || facts.iter().any(of_thing);
        if share >= topic.stuff && !named && matches!(thing.kind, Kind::Ground | Kind::Structure | Kind::Nature) {
            shares.push((share, thing));
        }
    }
    shares.sort_by(|a, b| b.0.total_cmp(&a.0));
    shares.truncate(3);
    for (_, thing) in &shares {
        facts.push(Fact::Present { thing: thing.name.clone() });
    }
    let name = |thing: &Thing| if thing.is_counted() { thing.nouns.clone() } else { thing.one() };
    let names: Vec<String> = shares.iter().map(|(_, thing)| name(thing)).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}

/// Each sentence begins with a capital and ends with a point.
fn sentence_case(text: &str) -> String {
    let sentence = |part: &str| {
        let mut letters = part.trim().chars();
        let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
        format!("{first}{}.", letters.as_str())
    };
    text.split(". ").map(sentence).collect::<Vec<_>>().join(" ")
}
