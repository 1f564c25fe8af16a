//! The firewall of Windows by its own interface, which applies group policy (the registry alone would not), and the
//! state of its service.

mod policy;
mod sockets;

use std::time::{Duration, Instant};

use atalaya_reading::{Firewall, FirewallBackend, PacketPolicy, Reading, Section, Status, bounds};

use super::Settings;
use super::inbound_rules::{self, Listener, Profile, Rule};
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
    profiles: Vec<Profile>,
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
    let off = |profile: Profile| Profile { enabled: false, ..profile };
    // What the settings demand nobody carries out while the service stands still.
    let profiles = match running {
        Some(false) => profiles.into_iter().map(off).collect(),
        _ => profiles,
    };
    Ok(Rules { profiles, rules, other })
}

fn judge(rules: &Rules, listeners: &[Listener], value: &mut Firewall) {
    let (enabled, default_inbound) = inbound_rules::verdict(&rules.profiles);
    if !enabled && rules.other.is_some() {
        // Another firewall protects; what it lets through is its own affair and not known here.
        value.enabled = Some(true);
        return;
    }
    value.enabled = Some(enabled);
    value.backend = Some(if enabled { FirewallBackend::Windows } else { FirewallBackend::None });
    value.default_inbound = Some(default_inbound);
    if enabled && !rules.profiles.iter().all(|profile| profile.blocks_all) && default_inbound == PacketPolicy::Drop {
        value.allowed = inbound_rules::allowed(&rules.rules, listeners);
    }
}
