//! The firewall of Windows by its own interface, with group policy laid over what it says, and the state of its
//! service.

mod group_policy;
mod policy;
mod sockets;

use std::time::{Duration, Instant};

use atalaya_reading::{Firewall, FirewallBackend, PacketPolicy, Reading, Section, Status, bounds};

use super::Settings;
use super::inbound_rules::{self, Listener, Profile, Rule};
use super::profiles::{self, NamedProfile};
use crate::probe::antivirus::security_center::ProductState;
use crate::probe::windows::security_center;
use crate::probe::windows::services::Services;
use crate::probe::{Look, Probe, Unread};
use sockets::Sockets;

const SOURCE: &str = "INetFwPolicy2";
const SERVICE: &str = "mpssvc";

/// Reads rules and sockets; keeps the rules between readings.
pub struct Reader {
    every: Duration,
    read_at: Option<Instant>,
    rules: Result<Rules, Unread>,
    sockets: Sockets,
}

/// The rules' half of the reading.
struct Rules {
    profiles: Vec<NamedProfile>,
    /// Whether its service runs; `None`: the system is still starting.
    running: Option<bool>,
    rules: Vec<Rule>,
    /// Another firewall that says it protects.
    other: Option<String>,
}

impl Reader {
    /// With these settings.
    pub fn new(settings: &Settings) -> Reader {
        Reader {
            every: Duration::from_secs(settings.rules_every_s),
            read_at: None,
            rules: Err(Unread::NotApplicable(String::new())),
            sockets: Sockets::default(),
        }
    }
}

impl Probe for Reader {
    fn read(&mut self, look: &Look) -> Result<Section, Unread> {
        if look.is_due(self.read_at, self.every) {
            self.rules = read_rules();
            self.read_at = Some(Instant::now());
        }
        let mut value = Firewall::default();
        let mut listeners = Vec::new();
        match self.sockets.read(look) {
            Ok((mut listening, listening_by)) => {
                let beyond = listening.len().saturating_sub(bounds::LISTENING);
                listening.truncate(bounds::LISTENING);
                value.listening = listening;
                value.listening_left_out = u32::try_from(beyond).unwrap_or(u32::MAX);
                value.listening_status = Status::Ok;
                listeners = listening_by;
            }
            Err(unread) => value.listening_status = unread.status(),
        }
        Ok(Section::Firewall(match &self.rules {
            Ok(rules) => {
                judge(rules, &listeners, &mut value);
                Reading::ok(value, SOURCE, look.now)
            }
            Err(unread) => Reading {
                value,
                ..Reading::unknown(unread.status(), unread.to_string(), SOURCE, look.now)
            },
        }))
    }
}

fn read_rules() -> Result<Rules, Unread> {
    let running = Services::read()?.running(SERVICE);
    let (profiles, rules) = policy::read()?;
    // A list that cannot be read names no other firewall.
    let others = security_center::firewalls().unwrap_or_default();
    let other = others.into_iter().find(|firewall| firewall.state == ProductState::On).map(|firewall| firewall.name);
    let off = |profile: NamedProfile| NamedProfile {
        settings: Profile { enabled: false, ..profile.settings },
        ..profile
    };
    // What the settings demand nobody carries out while the service stands still.
    let profiles = match running {
        Some(false) => profiles.into_iter().map(off).collect(),
        _ => profiles,
    };
    Ok(Rules { profiles, running, rules, other })
}

fn judge(rules: &Rules, listeners: &[Listener], value: &mut Firewall) {
    value.service_running = rules.running;
    value.profiles = rules.profiles.iter().map(NamedProfile::told).take(bounds::PROFILES).collect();
    let profiles = profiles::in_use(&rules.profiles);
    let (enabled, default_inbound) = inbound_rules::verdict(&profiles);
    if !enabled && rules.other.is_some() {
        // Another firewall protects; what it lets through is its own affair and not known here.
        value.enabled = Some(true);
        return;
    }
    value.enabled = Some(enabled);
    value.backend = Some(if enabled { FirewallBackend::Windows } else { FirewallBackend::None });
    value.default_inbound = Some(default_inbound);
    if enabled && !profiles.iter().all(|profile| profile.blocks_all) && default_inbound == PacketPolicy::Drop {
        value.allowed = inbound_rules::allowed(&rules.rules, listeners);
    }
}
