//! Link, gateway, names, internet and collector: separate facts, one verdict.

use atalaya_reading::{Section, TargetKind, bounds};
use serde::Deserialize;

use super::{Look, Probe, Unread};
use crate::config::Invalid;

/// Settings `[connectivity]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Requests to each target in a round.
    pub samples: u32,
    /// What is measured; replaces the default targets.
    pub targets: Vec<TargetSetting>,
    /// The name resolved to see whether names are resolved.
    pub resolve: String,
}

/// One `[[connectivity.targets]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSetting {
    /// As people call it.
    pub name: String,
    /// How it is measured.
    pub kind: TargetKind,
    /// Address or host for `icmp`, `host:port` for `tcp`, URL for `https`.
    pub address: String,
}

impl Default for Settings {
    fn default() -> Self {
        let target = |name: &str, kind, address: &str| TargetSetting {
            name: name.into(),
            kind,
            address: address.into(),
        };
        Settings {
            samples: 5,
            targets: vec![
                target("Cloudflare", TargetKind::Icmp, "1.1.1.1"),
                target("Google", TargetKind::Https, "https://www.google.com"),
            ],
            resolve: "www.gob.mx".into(),
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_within("connectivity.samples", u64::from(self.samples), 1..=100)?;
        let count = self.targets.len();
        Invalid::unless_within(
            "connectivity.targets (cuántos)",
            count as u64,
            0..=bounds::INTERFACES as u64,
        )
    }
}

/// Measures the connection.
pub struct Reader;

impl Reader {
    /// With these settings; `collector_address` is `host:port`.
    pub fn new(_settings: &Settings, _collector_address: Option<String>) -> Reader {
        Reader
    }
}

impl Probe for Reader {
    fn read(&mut self, _: &Look) -> Result<Section, Unread> {
        Err(Unread::NotApplicable("aún no se mide".into()))
    }
}
