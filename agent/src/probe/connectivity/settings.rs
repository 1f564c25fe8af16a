//! Settings `[connectivity]`: what is measured, and how often in a round.

use atalaya_reading::{Endpoint, TargetKind, bounds};
use serde::Deserialize;

use super::captive;
use crate::config::Invalid;

/// Settings `[connectivity]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Requests to each target in a round.
    pub samples: u32,
    /// What is measured; replaces the default targets.
    pub targets: Vec<TargetSetting>,
    /// The name resolved to see whether names are resolved; empty: none is.
    pub resolve: String,
    /// A plain web address that answers 204 to everybody, asked when a target keeps silent: another answer is a captive
    /// portal's. Empty: nobody is asked.
    pub captive_portal_url: String,
    /// Whether targets the collector gives are measured too.
    pub given_targets: bool,
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
            // Two networks, two ways, and no name to be resolved: names are a fact of their own.
            targets: vec![
                target("Quad9", TargetKind::Icmp, "9.9.9.9"),
                target("Google", TargetKind::Tcp, "8.8.8.8:443"),
            ],
            resolve: "www.gob.mx".into(),
            // Whoever answers is told that a PC here has no connection: for the administrator to choose.
            captive_portal_url: String::new(),
            given_targets: true,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_within("connectivity.samples", u64::from(self.samples), 1..=100)?;
        if self.targets.len() > bounds::INTERFACES {
            let remedy = format!("declare a lo más {} destinos", bounds::INTERFACES);
            return Err(Invalid::new("connectivity.targets", self.targets.len(), remedy));
        }
        for target in &self.targets {
            if Endpoint::parse(target.kind, &target.address).is_none() {
                let remedy = match target.kind {
                    TargetKind::Icmp => "escriba una dirección o un nombre, p. ej. \"192.0.2.1\"",
                    TargetKind::Tcp => "escriba servidor:puerto, p. ej. \"192.0.2.1:443\"",
                    TargetKind::Https => "escriba un URL, p. ej. \"https://www.gob.mx\"",
                };
                let key = "connectivity.targets.address";
                return Err(Invalid::new(key, format!("\"{}\"", target.address), remedy));
            }
        }
        let url = &self.captive_portal_url;
        if !url.is_empty() && captive::parse(url).is_none() {
            let key = "connectivity.captive_portal_url";
            let remedy =
                "escriba un URL sin cifrar, p. ej. \"http://portal.ejemplo.mx/generate_204\"";
            return Err(Invalid::new(key, format!("\"{url}\""), remedy));
        }
        Ok(())
    }
}
