//! What the firewall of an area's PCs may let in: by default nothing, and these ports. One policy serves every
//! rule on firewalls and open ports. Pure.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use jiff::Timestamp;

use super::reading::{AllowedPort, Firewall, FirewallProfile, PacketPolicy, Reading, bounds};

/// Most ports one policy names.
pub const PORTS: usize = 256;
/// Reasons of one kind named in full; the rest are counted.
const NAMED: usize = 5;

/// Ports others may reach: `tcp/445`, `udp/5000-5010`, or `tcp/3389 10.20.0.0/16` from that network only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PermittedPort {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// First port.
    pub first: u16,
    /// Last port, inclusive.
    pub last: u16,
    /// Who may reach it; `None`: anybody.
    pub source: Option<IpNet>,
}

impl PermittedPort {
    /// Whether a socket is within.
    pub fn contains(&self, protocol: &str, port: u16) -> bool {
        self.protocol == protocol && (self.first..=self.last).contains(&port)
    }
}

impl FromStr for PermittedPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let mut words = text.split_whitespace();
            let (protocol, ports) = words.next()?.split_once('/')?;
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
            let source = match words.next() {
                None | Some("any") => None,
                Some(text) => Some(network(text)?),
            };
            let known = matches!(protocol, "tcp" | "udp") && 0 < first && first <= last;
            (known && words.next().is_none()).then(|| PermittedPort {
                protocol: protocol.to_owned(),
                first,
                last,
                source,
            })
        };
        read().ok_or_else(|| {
            let text: String = text.chars().take(60).collect();
            format!(
                "«{text}» no es un puerto: escriba tcp/445, udp/5000-5010 o, solo desde una red, \
                 tcp/3389 10.20.0.0/16"
            )
        })
    }
}

impl TryFrom<String> for PermittedPort {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl<'de> serde::Deserialize<'de> for PermittedPort {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for PermittedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.protocol, self.first)?;
        if self.last > self.first {
            write!(f, "-{}", self.last)?;
        }
        self.source.map_or(Ok(()), |source| write!(f, " {source}"))
    }
}

/// An address or a network; the whole of an address family is no network.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// What an area decided for its PCs in place of the configuration's ports, or beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaPolicy {
    /// The ports of the configuration are permitted too.
    pub with_common: bool,
    /// Ports of the area itself.
    pub ports: Vec<PermittedPort>,
    /// Who decided it.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
}

/// The ports a PC may open: those of its area, else those of the configuration.
pub fn permitted(area: Option<&AreaPolicy>, common: &[PermittedPort]) -> Vec<PermittedPort> {
    match area {
        None => common.to_vec(),
        Some(area) => {
            let common = if area.with_common { common } else { &[] };
            common.iter().chain(&area.ports).cloned().collect()
        }
    }
}

/// Whether a firewall is set up as the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compliance {
    /// It is.
    Conforms,
    /// It is not; every reason in words.
    Departs(Vec<String>),
    /// It cannot be told; why.
    Unknown(String),
}

/// Compares a reading with the ports that may be open.
pub fn compliance(reading: Option<&Reading<Firewall>>, permitted: &[PermittedPort]) -> Compliance {
    let Some(reading) = reading else {
        return Compliance::Unknown("todavía no hay lectura".into());
    };
    let Some(firewall) = reading.known() else {
        let why = reading.detail.as_deref().unwrap_or("sin más detalle");
        return Compliance::Unknown(format!(
            "no se pudo leer ({}): {why}",
            reading.status.as_str()
        ));
    };
    let reasons = reasons(firewall, permitted);
    if !reasons.is_empty() {
        return Compliance::Departs(reasons);
    }
    let unknown = |why: &str| Compliance::Unknown(why.into());
    match (firewall.enabled, firewall.default_inbound) {
        (None, _) => unknown("no se sabe si filtra lo que entra"),
        (_, None) => unknown("no se sabe qué hace con lo que ninguna regla nombra"),
        // A list at its bound may have been cut.
        _ if firewall.allowed.len() >= bounds::ALLOWED => {
            unknown("deja pasar más puertos de los que caben en la lectura")
        }
        _ => Compliance::Conforms,
    }
}

fn reasons(firewall: &Firewall, permitted: &[PermittedPort]) -> Vec<String> {
    if firewall.enabled == Some(false) {
        return vec!["el cortafuegos está apagado".into()];
    }
    let mut reasons: Vec<String> = Vec::new();
    if firewall.service_running == Some(false) {
        reasons.push("su servicio está detenido".into());
    }
    // A profile not in use today is in use on the next network.
    reasons.extend(firewall.profiles.iter().filter_map(lax));
    let told = firewall.profiles.iter().any(|profile| profile.active && lax(profile).is_some());
    if firewall.default_inbound == Some(PacketPolicy::Accept) && !told {
        reasons.push("deja entrar lo que ninguna regla nombra".into());
    }
    let open: Vec<&AllowedPort> =
        firewall.allowed.iter().filter(|allowed| !is_permitted(allowed, permitted)).collect();
    reasons.extend(open.iter().take(NAMED).map(|allowed| describe(allowed)));
    if let rest @ 1.. = open.len().saturating_sub(NAMED) {
        reasons.push(format!("y {rest} reglas más dejan entrar a puertos no permitidos"));
    }
    reasons
}

/// What is too lax in a profile, if something is.
fn lax(profile: &FirewallProfile) -> Option<String> {
    let name = profile_name(&profile.name);
    if profile.enabled == Some(false) {
        return Some(format!("el perfil {name} está apagado"));
    }
    (profile.default_inbound == Some(PacketPolicy::Accept))
        .then(|| format!("el perfil {name} deja entrar lo que ninguna regla nombra"))
}

/// A profile of Windows as people read it.
pub fn profile_name(name: &str) -> &str {
    match name {
        "domain" => "de dominio",
        "private" => "privado",
        "public" => "público",
        other => other,
    }
}

fn describe(allowed: &AllowedPort) -> String {
    let port = match (allowed.protocol.as_str(), allowed.port.as_str()) {
        ("any", "any") => "a cualquier puerto".to_owned(),
        (protocol, "any") => format!("a cualquier puerto {protocol}"),
        ("any", port) => format!("al puerto {port} (tcp y udp)"),
        (protocol, port) => format!("al puerto {protocol}/{port}"),
    };
    match Origin::of(&allowed.source) {
        Origin::Anywhere => format!("deja entrar {port} desde cualquier lugar"),
        Origin::Network(_) | Origin::Part => {
            format!("deja entrar {port} desde {}", allowed.source)
        }
    }
}

/// Where a rule lets traffic in from.
enum Origin {
    Anywhere,
    Network(IpNet),
    /// The local subnet, an interface, a range: somewhere, in words of the system.
    Part,
}

impl Origin {
    fn of(source: &str) -> Origin {
        match source {
            "any" | "*" => Origin::Anywhere,
            other => match network(other) {
                Some(network) if network.prefix_len() == 0 => Origin::Anywhere,
                Some(network) => Origin::Network(network),
                None => Origin::Part,
            },
        }
    }
}

/// Whether everything a rule lets in is permitted. What has no ports, ICMP for one, no policy speaks of.
fn is_permitted(allowed: &AllowedPort, permitted: &[PermittedPort]) -> bool {
    let protocols: &[&str] = match allowed.protocol.as_str() {
        "tcp" => &["tcp"],
        "udp" => &["udp"],
        "any" => &["tcp", "udp"],
        _ => return true,
    };
    let Some((first, last)) = ports(&allowed.port) else { return false };
    let origin = Origin::of(&allowed.source);
    let reaches = |port: &&PermittedPort| match (&port.source, &origin) {
        (None, _) => true,
        (Some(own), Origin::Network(theirs)) => own.contains(theirs),
        // What the system calls a part of the network is narrower than everywhere; more is not known.
        (Some(_), Origin::Part) => true,
        (Some(_), Origin::Anywhere) => false,
    };
    protocols.iter().all(|protocol| {
        let mut spans: Vec<(u16, u16)> = permitted
            .iter()
            .filter(|port| port.protocol == *protocol)
            .filter(reaches)
            .map(|port| (port.first, port.last))
            .collect();
        spans.sort_unstable();
        covers(&spans, first, last)
    })
}

fn ports(text: &str) -> Option<(u16, u16)> {
    if text == "any" {
        return Some((1, u16::MAX));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// Whether sorted spans leave no port between `first` and `last` out.
fn covers(spans: &[(u16, u16)], first: u16, last: u16) -> bool {
    let mut next = u32::from(first);
    for (from, to) in spans {
        if u32::from(*from) > next {
            break;
        }
        next = next.max(u32::from(*to) + 1);
    }
    next > u32::from(last)
}

#[cfg(test)]
mod tests;
