//! The table of what a walker is told unasked: each row a class, its urgency, and how it is said again.
//!
//! Owns the policy's constants. What stands in no row is told on request only.

use std::time::Duration;

use crate::{callout::Priority, fault::Fault};

/// One row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Facet id.
    pub facet: &'static str,
    /// Class id.
    pub class: &'static str,
    /// How urgent; of two in one moment the more urgent is said, of equals the upper row.
    pub priority: Priority,
    /// Whether its direction is said.
    pub directed: bool,
    /// Seconds before it may be said again, if it was gone meanwhile.
    cooldown_s: u64,
    /// Seconds for which it is worth saying.
    valid_s: u64,
}

impl Event {
    /// Time before it may be said again, if it was gone meanwhile.
    pub fn cooldown(&self) -> Duration {
        Duration::from_secs(self.cooldown_s)
    }

    /// Time for which it is worth saying: a walker who goes 1.4 m/s has passed a thing 5 m ahead after four seconds.
    pub fn valid(&self) -> Duration {
        Duration::from_secs(self.valid_s)
    }
}

/// The same fault is not said again sooner, unless it ended meanwhile.
pub(super) const FAULT_COOLDOWN: Duration = Duration::from_secs(30);
/// A fault stays worth saying for as long.
pub(super) const FAULT_VALID: Duration = Duration::from_secs(10);

/// The fault that `fault` undoes: after one the other is news again.
pub(super) fn opposite(fault: Fault) -> Option<Fault> {
    match fault {
        Fault::CameraLost => Some(Fault::CameraBack),
        Fault::CameraBack => Some(Fault::CameraLost),
        Fault::EncoderLost => Some(Fault::EncoderBack),
        Fault::EncoderBack => Some(Fault::EncoderLost),
        Fault::CameraCovered | Fault::TooDark | Fault::EncoderLate | Fault::VoiceLost | Fault::RecordingStopped => None,
    }
}

/// A danger to the feet: 30 s as Soundscape keeps for intersections.
const fn hazard(facet: &'static str, class: &'static str) -> Event {
    Event { facet, class, priority: Priority::Important, directed: true, cooldown_s: 30, valid_s: 4 }
}

/// A thing on the way, to be passed with care.
const fn obstacle(class: &'static str) -> Event {
    Event { facet: "obstacle", class, priority: Priority::Message, directed: true, cooldown_s: 30, valid_s: 4 }
}

/// What the ground is, where it changes the walking.
const fn ground(class: &'static str) -> Event {
    Event { facet: "surface", class, priority: Priority::Text, directed: false, cooldown_s: 60, valid_s: 6 }
}

/// What kind of place this is: 60 s as Soundscape keeps for places.
const fn place(class: &'static str) -> Event {
    Event { facet: "place", class, priority: Priority::Text, directed: false, cooldown_s: 60, valid_s: 8 }
}

/// What can wait, or never be said.
const fn notice(facet: &'static str, class: &'static str) -> Event {
    Event { facet, class, priority: Priority::Notification, directed: false, cooldown_s: 120, valid_s: 8 }
}

/// Hazards, then things on the way, then the ground, then places, then notices.
pub const EVENTS: &[Event] = &[
    hazard("surface", "steps_down"),
    hazard("surface", "steps_up"),
    hazard("crossing", "zebra_crossing"),
    hazard("crossing", "signalised_crossing"),
    hazard("crossing", "railway"),
    hazard("obstacle", "barrier_or_cones"),
    hazard("obstacle", "manhole_or_pothole"),
    obstacle("rubble"),
    obstacle("bicycle_or_scooter"),
    obstacle("stall_or_cart"),
    obstacle("bin_or_bags"),
    obstacle("animal"),
    Event { facet: "people", class: "cyclist", priority: Priority::Message, directed: true, cooldown_s: 30, valid_s: 3 },
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
    notice("people", "crowd"),
    notice("weather", "rain"),
    notice("weather", "snow"),
    notice("weather", "fog"),
];
