//! The table of what a walker is told unasked: each row a class, its urgency, when it is said, and how it is said again.
//!
//! Owns the policy's constants. What stands in no row is told on request only.

use std::{str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{callout::Priority, fault::Fault};

/// How much is said unasked. Warnings are said at every level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Talk {
    /// Hazards and what stands in the way.
    Quiet,
    /// The ground and the place too.
    #[default]
    Normal,
    /// Whatever is known.
    Chatty,
}

impl Talk {
    /// Every level, from the least.
    pub const ALL: [Talk; 3] = [Talk::Quiet, Talk::Normal, Talk::Chatty];

    /// The name in flags and logs.
    pub fn id(self) -> &'static str {
        match self {
            Talk::Quiet => "quiet",
            Talk::Normal => "normal",
            Talk::Chatty => "chatty",
        }
    }
}

impl FromStr for Talk {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        Talk::ALL.into_iter().find(|talk| talk.id() == id).ok_or_else(|| "quiet, normal or chatty is meant".to_owned())
    }
}

/// The moment at which a thing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// It is believed to be there.
    Arrival,
    /// It was said, and is surely gone.
    Leaving,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Facet id.
    pub facet: &'static str,
    /// Class id.
    pub class: &'static str,
    /// When.
    pub when: When,
    /// How urgent; of two in one moment the more urgent is said, of equals what is ahead, then the upper row. It also decides what is
    /// interrupted ([`Priority::interrupts`]) and what is said when much was said already ([`super::BudgetConfig`]).
    pub priority: Priority,
    /// The message; the class's own where none stands here.
    pub message: Option<&'static str>,
    /// Whether its direction is said.
    pub directed: bool,
    /// The least talkative level at which it is said.
    pub talk: Talk,
    /// Whether it is said only while it comes up, and not once the walker stands on it.
    pub approached: bool,
    /// Whether it is news still when its cooldown ends. What is not was in the way meanwhile.
    pub lasting: bool,
    /// Seconds for which it must have been believed before it is said.
    lasted_s: u64,
    /// Seconds for which it is worth saying.
    valid_s: u64,
    /// Seconds before it may be said again, if it was gone meanwhile.
    cooldown_s: u64,
    /// Seconds of absence after which it counts as gone.
    gone_s: u64,
    /// Seconds after which it is said again though it was never gone.
    again_s: Option<u64>,
}

impl Event {
    /// Time for which it must have been believed before it is said.
    pub fn lasted(&self) -> Duration {
        Duration::from_secs(self.lasted_s)
    }

    /// Time for which it is worth saying: a walker who goes 1.4 m/s has passed a thing 5 m ahead after four seconds.
    pub fn valid(&self) -> Duration {
        Duration::from_secs(self.valid_s)
    }

    /// Time before it may be said again, if it was gone meanwhile.
    pub fn cooldown(&self) -> Duration {
        Duration::from_secs(self.cooldown_s)
    }

    /// Time after which it is said again though it was never gone: what has been in the way for so long is another by now, or goes on.
    pub fn again(&self) -> Option<Duration> {
        self.again_s.map(Duration::from_secs)
    }

    /// Absence after which it counts as gone.
    pub fn gone(&self) -> Duration {
        Duration::from_secs(self.gone_s)
    }
}

/// What the end of a class is called: its id, and this.
pub const ENDS: &str = "_ends";

/// What is said of one thing by two names: the second is said only where the first is not believed, and either only once. Stripes lie
/// before the feet; lights that are seen may hang over another arm of the road, and whoever waits for them at a crossing that has none waits in vain.
pub(super) const NAMES: &[(&str, &str, &str)] = &[("crossing", "zebra_crossing", "signalised_crossing")];

/// The facets whose changes make a scene change. People and vehicles come and go in any.
pub(super) const SCENE: &[&str] = &["surface", "crossing", "obstacle"];

/// What is told of a place beside its name where there is time: of the first facet here of which anything is believed. What the ground is, is
/// told where it changes the walking, and to those who ask: a picture from the pavement shows the road too, and "asphalt" would put the walker there.
pub(super) const DETAILS: &[&str] = &["people", "traffic"];

/// The same fault is not said again sooner, unless it ended meanwhile: half a minute where it takes sight or speech away, ten where the walk goes
/// on as before.
pub(super) fn fault_cooldown(fault: Fault) -> Duration {
    match fault {
        Fault::BatteryLow | Fault::ProcessorHot => Duration::from_secs(600),
        _ => Duration::from_secs(30),
    }
}

/// A fault stays worth saying for as long.
pub(super) const FAULT_VALID: Duration = Duration::from_secs(10);

/// A danger to the feet. Another of its kind may come after 20 m; 5 s of absence are 7 m.
const fn hazard(facet: &'static str, class: &'static str) -> Event {
    Event {
        facet,
        class,
        when: When::Arrival,
        priority: Priority::Important,
        message: None,
        directed: true,
        talk: Talk::Quiet,
        approached: false,
        lasting: false,
        lasted_s: 0,
        valid_s: 4,
        cooldown_s: 15,
        gone_s: 5,
        again_s: None,
    }
}

/// What blocks the way, or is missing from it. 25 s are 35 m, on which one barrier may follow another.
const fn blocked(class: &'static str) -> Event {
    Event { again_s: Some(25), ..hazard("obstacle", class) }
}

/// A road to be crossed, or rails: 30 s as Soundscape keeps for intersections, and 8 s of absence, in which most are walked over.
const fn crossing(class: &'static str) -> Event {
    Event { approached: true, cooldown_s: 30, gone_s: 8, ..hazard("crossing", class) }
}

/// A thing on the way, to be passed with care.
const fn obstacle(facet: &'static str, class: &'static str) -> Event {
    Event { priority: Priority::Message, cooldown_s: 20, ..hazard(facet, class) }
}

/// What the ground is, where it changes the walking.
const fn ground(class: &'static str) -> Event {
    Event {
        priority: Priority::Text,
        directed: false,
        talk: Talk::Normal,
        valid_s: 6,
        cooldown_s: 60,
        ..hazard("surface", class)
    }
}

/// What kind of place this is: 60 s as Soundscape keeps for places. One of which nothing is known for 20 s, 30 m, counts as left, or one after
/// which another was said.
const fn place(class: &'static str) -> Event {
    Event { facet: "place", lasting: true, valid_s: 8, gone_s: 20, ..ground(class) }
}

/// The end of what was announced, where a walker acts on it.
const fn end(of: Event, message: &'static str) -> Event {
    Event { when: When::Leaving, message: Some(message), lasting: false, ..of }
}

/// What can wait, or never be said: a group that comes towards the walker fills the way for three seconds, and is no crowd.
const fn notice(facet: &'static str, class: &'static str) -> Event {
    Event { facet, priority: Priority::Notification, lasted_s: 4, valid_s: 8, cooldown_s: 120, ..ground(class) }
}

/// What only those who want to hear much are told.
const fn chatter(facet: &'static str, class: &'static str) -> Event {
    Event { talk: Talk::Chatty, lasted_s: 0, valid_s: 4, cooldown_s: 60, ..notice(facet, class) }
}

/// The same, of a thing that lies somewhere.
const fn aside(facet: &'static str, class: &'static str) -> Event {
    Event { directed: true, ..chatter(facet, class) }
}

/// Hazards, then things on the way, then the ground, then places, then notices.
pub const EVENTS: &[Event] = &[
    hazard("surface", "steps_down"),
    hazard("surface", "steps_up"),
    crossing("railway"),
    crossing("signalised_crossing"),
    crossing("zebra_crossing"),
    blocked("barrier_or_cones"),
    blocked("manhole_or_pothole"),
    obstacle("obstacle", "rubble"),
    obstacle("obstacle", "bicycle_or_scooter"),
    obstacle("obstacle", "stall_or_cart"),
    obstacle("obstacle", "bin_or_bags"),
    obstacle("obstacle", "animal"),
    Event { valid_s: 3, cooldown_s: 15, gone_s: 3, ..obstacle("people", "cyclist") },
    ground("snow_or_ice"),
    ground("tactile_paving"),
    ground("cracked_or_broken"),
    ground("gravel_or_dirt"),
    ground("sand"),
    place("street"),
    place("residential_street"),
    place("shopping_street"),
    place("alley"),
    place("plaza"),
    place("park"),
    place("car_park"),
    place("station"),
    place("bus_stop"),
    place("bridge"),
    place("tunnel"),
    place("construction_site"),
    place("highway"),
    place("country_road"),
    place("forest_path"),
    place("market"),
    place("waterside"),
    place("railway"),
    place("indoors"),
    end(ground("tactile_paving"), "surface-tactile-paving-ends"),
    end(place("tunnel"), "place-tunnel-ends"),
    end(place("construction_site"), "place-construction-site-ends"),
    notice("people", "crowd"),
    notice("weather", "rain"),
    notice("weather", "snow"),
    notice("weather", "fog"),
    aside("crossing", "junction"),
    aside("crossing", "kerb"),
    aside("crossing", "kerb_ramp"),
    aside("crossing", "cycle_lane"),
    aside("obstacle", "parked_car"),
    aside("obstacle", "pole_or_bollard"),
    aside("obstacle", "sign_board"),
    aside("obstacle", "bench_or_hydrant"),
    aside("obstacle", "branch_or_bush"),
    aside("obstacle", "door_or_gate"),
    aside("people", "few"),
    aside("traffic", "heavy_traffic"),
    aside("traffic", "bus_or_tram"),
    chatter("surface", "grass"),
    chatter("surface", "wet_or_puddle"),
    chatter("surface", "brick_or_cobble"),
    chatter("surface", "paved_sidewalk"),
    chatter("surface", "asphalt"),
    chatter("place", "stairs"),
    chatter("place", "building_front"),
    chatter("place", "open_land"),
    chatter("place", "yard_or_driveway"),
    chatter("weather", "overcast"),
    chatter("light", "dusk"),
    chatter("light", "night"),
];
