//! A target that a collector gives an agent to measure, and the rule both sides hold it to: an agent asks nothing but
//! a plain host by ICMP or TCP, however it was asked.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Endpoint, TargetKind, bounds};

/// What the collector wants measured beside the agent's own targets: a router, a switch, a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// UUIDv7 as text; what is measured names it.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// By ICMP or TCP.
    pub kind: TargetKind,
    /// Address or host name; with TCP `host:port`, an IPv6 address in brackets.
    pub address: String,
}

/// Why a target is not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// The id is empty, too long or has other characters than letters, digits and hyphens.
    Id,
    /// The name is empty or too long.
    Name,
    /// Neither ICMP nor TCP.
    Kind,
    /// No host, no port where one is due, or an address that stands for many or for none.
    Address,
}

impl Misfit {
    /// The field at fault, for logs.
    pub fn field(self) -> &'static str {
        match self {
            Misfit::Id => "id",
            Misfit::Name => "name",
            Misfit::Kind => "kind",
            Misfit::Address => "address",
        }
    }
}

impl TargetSpec {
    /// Whether it can be measured, and nobody is troubled by it but the host it names.
    ///
    /// # Errors
    /// With the first field that is at fault.
    pub fn check(&self) -> Result<Endpoint, Misfit> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !(1..=bounds::TARGET_ID).contains(&self.id.len()) || !self.id.chars().all(plain) {
            return Err(Misfit::Id);
        }
        if self.name.trim().is_empty() || self.name.len() > bounds::TARGET_NAME {
            return Err(Misfit::Name);
        }
        if !matches!(self.kind, TargetKind::Icmp | TargetKind::Tcp) {
            return Err(Misfit::Kind);
        }
        if self.address.len() > bounds::TARGET_ADDRESS {
            return Err(Misfit::Address);
        }
        Endpoint::parse(self.kind, &self.address).filter(is_one_host).ok_or(Misfit::Address)
    }
}

/// A name, or the address of one host: not of a group, of everybody or of nobody.
fn is_one_host(endpoint: &Endpoint) -> bool {
    match endpoint.host.parse() {
        Ok(IpAddr::V4(v4)) => !v4.is_multicast() && !v4.is_broadcast() && !v4.is_unspecified(),
        Ok(IpAddr::V6(v6)) => !v6.is_multicast() && !v6.is_unspecified(),
        // Four numbers that are no address, such as 192.0.2.300, are no name either.
        Err(_) => {
            let numeric = |c: char| c.is_ascii_digit() || c == '.';
            !endpoint.host.contains(':') && !endpoint.host.chars().all(numeric)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: TargetKind, address: &str) -> TargetSpec {
        let id = "01930b5e-0000-7000-8000-000000000001".into();
        TargetSpec { id, name: "impresora".into(), kind, address: address.into() }
    }

    #[test]
    fn a_host_by_icmp_or_tcp_is_measured() {
        for (kind, address) in [
            (TargetKind::Icmp, "192.0.2.1"),
            (TargetKind::Icmp, "2001:db8::1"),
            (TargetKind::Icmp, "impresora.lan"),
            (TargetKind::Tcp, "192.0.2.1:9100"),
            (TargetKind::Tcp, "[2001:db8::1]:443"),
        ] {
            assert!(spec(kind, address).check().is_ok(), "{address}");
        }
    }

    #[test]
    fn groups_everybody_nobody_and_nonsense_are_not() {
        for (kind, address) in [
            (TargetKind::Icmp, "224.0.0.1"),
            (TargetKind::Icmp, "255.255.255.255"),
            (TargetKind::Icmp, "0.0.0.0"),
            (TargetKind::Icmp, "ff02::1"),
            (TargetKind::Icmp, "192.0.2.300"),
            (TargetKind::Icmp, "192.0.2.1:80"),
            (TargetKind::Icmp, "; reboot"),
            (TargetKind::Tcp, "192.0.2.1"),
            (TargetKind::Tcp, "192.0.2.1:0"),
            (TargetKind::Tcp, ""),
        ] {
            assert_eq!(spec(kind, address).check(), Err(Misfit::Address), "{address}");
        }
    }

    #[test]
    fn every_other_field_has_its_bounds_too() {
        let good = spec(TargetKind::Icmp, "192.0.2.1");
        let long = "x".repeat(bounds::TARGET_NAME + 1);
        assert_eq!(TargetSpec { id: String::new(), ..good.clone() }.check(), Err(Misfit::Id));
        assert_eq!(TargetSpec { id: "../x".into(), ..good.clone() }.check(), Err(Misfit::Id));
        assert_eq!(TargetSpec { name: " ".into(), ..good.clone() }.check(), Err(Misfit::Name));
        assert_eq!(TargetSpec { name: long, ..good.clone() }.check(), Err(Misfit::Name));
        assert_eq!(TargetSpec { kind: TargetKind::Https, ..good }.check(), Err(Misfit::Kind));
    }
}
