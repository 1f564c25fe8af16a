//! Routers, access points, switches and printers: what they are, which PCs look at them, and what these say
//! together. Pure.

use jiff::{SignedDuration, Timestamp};

use super::id::{DeviceId, SiteId};
use super::reading::{Measurement, TargetKind};

/// Most network devices of a collector.
pub const MOST: usize = 500;
/// A look older than this tells nothing of now.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// What a network device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkDeviceKind {
    /// Leads to other networks.
    Router,
    /// Wireless.
    AccessPoint,
    /// Joins cables.
    Switch,
    /// Prints.
    Printer,
    /// Anything else that answers.
    Other,
}

impl NetworkDeviceKind {
    /// All kinds, in the order they are shown.
    pub const ALL: [NetworkDeviceKind; 5] = [
        NetworkDeviceKind::Router,
        NetworkDeviceKind::AccessPoint,
        NetworkDeviceKind::Switch,
        NetworkDeviceKind::Printer,
        NetworkDeviceKind::Other,
    ];

    /// The word in SQL, JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            NetworkDeviceKind::Router => "router",
            NetworkDeviceKind::AccessPoint => "access_point",
            NetworkDeviceKind::Switch => "switch",
            NetworkDeviceKind::Printer => "printer",
            NetworkDeviceKind::Other => "other",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        NetworkDeviceKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Whether something answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answering {
    /// Somebody sees it answer.
    Up,
    /// Everybody who looks gets no answer.
    Down,
    /// Nobody looks, or whoever does is silent.
    Unknown,
}

impl Answering {
    /// The word in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Answering::Up => "up",
            Answering::Down => "down",
            Answering::Unknown => "unknown",
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Answering::Up, Answering::Down, Answering::Unknown]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// Something on the network that PCs look at. It is a device without an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkDevice {
    /// Identity, also as a device.
    pub id: DeviceId,
    /// As people call it.
    pub name: String,
    /// What it is.
    pub kind: NetworkDeviceKind,
    /// ICMP or TCP.
    pub probe: TargetKind,
    /// Address or host name; with TCP `host:port`.
    pub address: String,
    /// Where it is.
    pub site: Option<SiteId>,
    /// Name of that place.
    pub site_name: Option<String>,
    /// What those who look say together.
    pub state: Answering,
    /// Since when.
    pub state_since: Timestamp,
    /// Part of the sample municipality.
    pub sample: bool,
}

/// What one PC last saw of a network device.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Which PC.
    pub watcher: DeviceId,
    /// Its name.
    pub watcher_name: String,
    /// When it last looked, by the collector's clock; `None`: it never told.
    pub looked_at: Option<Timestamp>,
    /// What came back; `None`: it has not measured this device.
    pub measured: Option<Measurement>,
    /// Whether the PC itself has a link; one without proves nothing about others.
    pub has_link: bool,
}

impl Sighting {
    /// What this PC says of the device now.
    pub fn says(&self, now: Timestamp) -> Answering {
        let fresh = self.looked_at.is_some_and(|at| now.duration_since(at) <= FRESH);
        match self.measured {
            Some(measured) if fresh && measured.received > 0 => Answering::Up,
            Some(measured) if fresh && measured.sent > 0 && self.has_link => Answering::Down,
            _ => Answering::Unknown,
        }
    }
}

/// What all who look say together: one answer is enough to be up, and silence proves nothing.
pub fn together(sightings: &[Sighting], now: Timestamp) -> Answering {
    let says = |wanted| sightings.iter().any(|sighting| sighting.says(now) == wanted);
    if says(Answering::Up) {
        Answering::Up
    } else if says(Answering::Down) {
        Answering::Down
    } else {
        Answering::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T18:00:00Z".parse().unwrap()
    }

    fn seen(minutes_ago: i64, sent: u32, received: u32) -> Sighting {
        Sighting {
            watcher: DeviceId::new("pc"),
            watcher_name: "PC-01".into(),
            looked_at: Some(now() - SignedDuration::from_mins(minutes_ago)),
            measured: Some(Measurement { sent, received, ..Measurement::default() }),
            has_link: true,
        }
    }

    #[test]
    fn a_watcher_that_is_off_does_not_make_a_device_down() {
        assert_eq!(together(&[], now()), Answering::Unknown);
        assert_eq!(together(&[seen(1, 5, 0)], now()), Answering::Down);
        assert_eq!(together(&[seen(11, 5, 0)], now()), Answering::Unknown);
        assert_eq!(together(&[seen(11, 5, 5)], now()), Answering::Unknown);
        let never = Sighting { looked_at: None, measured: None, ..seen(0, 0, 0) };
        assert_eq!(together(&[never], now()), Answering::Unknown);
    }

    #[test]
    fn one_who_sees_it_answer_outweighs_those_who_do_not() {
        assert_eq!(together(&[seen(1, 5, 0), seen(2, 5, 1)], now()), Answering::Up);
        assert_eq!(together(&[seen(1, 5, 0), seen(11, 5, 5)], now()), Answering::Down);
    }

    #[test]
    fn a_pc_without_link_and_one_that_sent_nothing_prove_nothing() {
        let unplugged = Sighting { has_link: false, ..seen(1, 5, 0) };
        assert_eq!(together(&[unplugged], now()), Answering::Unknown);
        assert_eq!(together(&[seen(1, 0, 0)], now()), Answering::Unknown);
    }
}
