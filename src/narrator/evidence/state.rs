//! The filter's state as a value that a log keeps and a reader looks at.
//!
//! Owns the form: facets, views and classes by their names, so that a later vocabulary still finds what it knows.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Chain, Evidence, Track, Vote};
use crate::{frame::Timestamp, observation::View, vocabulary::FacetIndex};

/// Everything that is believed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvidenceState {
    /// The last frame's moment.
    pub last: Option<Timestamp>,
    /// Each facet in each view.
    pub chains: Vec<ChainState>,
}

/// One facet in one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChainState {
    /// Facet id.
    pub facet: String,
    /// View id.
    pub view: String,
    /// When the view was last encoded.
    pub looked: Timestamp,
    /// How surely it is none of the classes, where they exclude each other.
    pub unsure: f32,
    /// Its classes.
    pub classes: Vec<ClassState>,
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    votes: VecDeque<Vote>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassState {
    /// Class id.
    pub class: String,
    /// How surely it is there.
    pub share: f32,
    /// Whether it is believed.
    pub held: bool,
    /// Since when, as it stands.
    pub since: Timestamp,
    /// Probability in the last frame that looked.
    pub p: f32,
}

impl Evidence {
    /// What is believed now.
    pub fn state(&self) -> EvidenceState {
        let chain = |(&(facet, view), chain): (&(FacetIndex, View), &Chain)| {
            let about = self.facets.get(facet.0)?;
            let class = |(class, &Track { share, held, since, p }): (&String, &Track)| ClassState {
                class: class.clone(),
                share,
                held,
                since,
                p,
            };
            Some(ChainState {
                facet: about.id.clone(),
                view: view.id().to_owned(),
                looked: chain.looked,
                unsure: chain.unsure,
                classes: about.classes.iter().zip(&chain.tracks).map(class).collect(),
                votes: chain.votes.clone(),
            })
        };
        EvidenceState { last: self.last, chains: self.chains.iter().filter_map(chain).collect() }
    }

    /// Goes on from `state`. What this vocabulary doesn't have is left aside; what `state` doesn't have is as at the start.
    pub fn restore(&mut self, state: &EvidenceState) {
        self.last = state.last;
        self.chains.clear();
        for saved in &state.chains {
            let Some(view) = View::find(&saved.view) else { continue };
            let Some(facet) = self.facets.iter().position(|about| about.id == saved.facet) else { continue };
            let mut chain = Chain::new(&self.config.method, &self.facets[facet], saved.looked);
            (chain.unsure, chain.votes) = (saved.unsure, saved.votes.clone());
            for (class, track) in self.facets[facet].classes.iter().zip(&mut chain.tracks) {
                if let Some(&ClassState { share, held, since, p, .. }) = saved.classes.iter().find(|c| c.class == *class) {
                    *track = Track { share, held, since, p };
                }
            }
            self.chains.insert((FacetIndex(facet), view), chain);
        }
    }
}
