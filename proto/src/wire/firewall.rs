//! Firewall and listening sockets: readings to messages and back.

use atalaya_reading::{
    AllowedPort, Firewall, FirewallBackend, FirewallProfile, ListeningSocket, PacketPolicy, Status,
    bounds,
};

use super::{Malformed, at_most, cut, some_text, status_from_wire};
use crate::v1;

impl From<&Firewall> for v1::Firewall {
    fn from(value: &Firewall) -> Self {
        let beyond = value.listening.len().saturating_sub(bounds::LISTENING);
        v1::Firewall {
            enabled: value.enabled,
            backend: value.backend.map_or(v1::FirewallBackend::Unspecified, backend).into(),
            default_inbound: value
                .default_inbound
                .map_or(v1::PacketPolicy::Unspecified, policy)
                .into(),
            service_running: value.service_running,
            profiles: value.profiles.iter().take(bounds::PROFILES).map(profile).collect(),
            allowed: value.allowed.iter().take(bounds::ALLOWED).map(allowed).collect(),
            listening: value.listening.iter().take(bounds::LISTENING).map(socket).collect(),
            listening_status: v1::ReadingStatus::from(value.listening_status).into(),
            listening_left_out: value
                .listening_left_out
                .saturating_add(u32::try_from(beyond).unwrap_or(u32::MAX)),
        }
    }
}

fn backend(backend: FirewallBackend) -> v1::FirewallBackend {
    match backend {
        FirewallBackend::None => v1::FirewallBackend::None,
        FirewallBackend::Nftables => v1::FirewallBackend::Nftables,
        FirewallBackend::Ufw => v1::FirewallBackend::Ufw,
        FirewallBackend::Firewalld => v1::FirewallBackend::Firewalld,
        FirewallBackend::Iptables => v1::FirewallBackend::Iptables,
        FirewallBackend::Windows => v1::FirewallBackend::Windows,
    }
}

fn policy(policy: PacketPolicy) -> v1::PacketPolicy {
    match policy {
        PacketPolicy::Drop => v1::PacketPolicy::Drop,
        PacketPolicy::Reject => v1::PacketPolicy::Reject,
        PacketPolicy::Accept => v1::PacketPolicy::Accept,
    }
}

fn profile(profile: &FirewallProfile) -> v1::FirewallProfile {
    v1::FirewallProfile {
        name: bounds::text(&profile.name, bounds::TEXT),
        active: profile.active,
        enabled: profile.enabled,
        default_inbound: profile
            .default_inbound
            .map_or(v1::PacketPolicy::Unspecified, policy)
            .into(),
        by_group_policy: profile.by_group_policy,
    }
}

fn allowed(port: &AllowedPort) -> v1::AllowedPort {
    v1::AllowedPort {
        protocol: bounds::text(&port.protocol, bounds::TEXT),
        port: bounds::text(&port.port, bounds::TEXT),
        source: bounds::text(&port.source, bounds::TEXT),
    }
}

fn socket(socket: &ListeningSocket) -> v1::ListeningSocket {
    v1::ListeningSocket {
        protocol: bounds::text(&socket.protocol, bounds::TEXT),
        address: bounds::text(&socket.address, bounds::TEXT),
        port: u32::from(socket.port),
        process: cut(&socket.process),
        pid: socket.pid,
        loopback: socket.loopback,
        service: cut(&socket.service),
    }
}

impl TryFrom<v1::Firewall> for Firewall {
    type Error = Malformed;

    fn try_from(message: v1::Firewall) -> Result<Self, Malformed> {
        Ok(Firewall {
            enabled: message.enabled,
            backend: read_backend(message.backend),
            default_inbound: read_policy(message.default_inbound),
            service_running: message.service_running,
            profiles: at_most("firewall.profiles", message.profiles, bounds::PROFILES)?
                .into_iter()
                .map(read_profile)
                .collect(),
            allowed: at_most("firewall.allowed", message.allowed, bounds::ALLOWED)?
                .into_iter()
                .map(|port| AllowedPort {
                    protocol: bounds::text(&port.protocol, bounds::TEXT),
                    port: bounds::text(&port.port, bounds::TEXT),
                    source: bounds::text(&port.source, bounds::TEXT),
                })
                .collect(),
            listening_status: status_from_wire(message.listening_status)
                .unwrap_or(Status::Unsupported),
            listening: at_most("firewall.listening", message.listening, bounds::LISTENING)?
                .into_iter()
                .map(read_socket)
                .collect::<Result<_, _>>()?,
            listening_left_out: message.listening_left_out,
        })
    }
}

fn read_profile(message: v1::FirewallProfile) -> FirewallProfile {
    FirewallProfile {
        name: bounds::text(&message.name, bounds::TEXT),
        active: message.active,
        enabled: message.enabled,
        default_inbound: read_policy(message.default_inbound),
        by_group_policy: message.by_group_policy,
    }
}

fn read_socket(message: v1::ListeningSocket) -> Result<ListeningSocket, Malformed> {
    let port = u16::try_from(message.port).map_err(|_| Malformed::Field {
        field: "firewall.listening.port",
        why: format!("{} is no port", message.port),
    })?;
    Ok(ListeningSocket {
        protocol: bounds::text(&message.protocol, bounds::TEXT),
        address: bounds::text(&message.address, bounds::TEXT),
        port,
        process: some_text(&message.process),
        pid: message.pid,
        loopback: message.loopback,
        service: some_text(&message.service),
    })
}

fn read_backend(backend: i32) -> Option<FirewallBackend> {
    match v1::FirewallBackend::try_from(backend).ok()? {
        v1::FirewallBackend::Unspecified => None,
        v1::FirewallBackend::None => Some(FirewallBackend::None),
        v1::FirewallBackend::Nftables => Some(FirewallBackend::Nftables),
        v1::FirewallBackend::Ufw => Some(FirewallBackend::Ufw),
        v1::FirewallBackend::Firewalld => Some(FirewallBackend::Firewalld),
        v1::FirewallBackend::Iptables => Some(FirewallBackend::Iptables),
        v1::FirewallBackend::Windows => Some(FirewallBackend::Windows),
    }
}

fn read_policy(policy: i32) -> Option<PacketPolicy> {
    match v1::PacketPolicy::try_from(policy).ok()? {
        v1::PacketPolicy::Unspecified => None,
        v1::PacketPolicy::Drop => Some(PacketPolicy::Drop),
        v1::PacketPolicy::Reject => Some(PacketPolicy::Reject),
        v1::PacketPolicy::Accept => Some(PacketPolicy::Accept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str) -> FirewallProfile {
        FirewallProfile {
            name: name.into(),
            active: true,
            enabled: Some(true),
            default_inbound: Some(PacketPolicy::Drop),
            by_group_policy: Some(false),
        }
    }

    #[test]
    fn profiles_and_services_arrive_as_they_were_sent() {
        let socket = ListeningSocket {
            protocol: "tcp".into(),
            address: "::".into(),
            port: 135,
            process: Some("svchost.exe".into()),
            pid: Some(900),
            loopback: false,
            service: Some("rpcss".into()),
        };
        let sent = Firewall {
            service_running: Some(false),
            profiles: vec![profile("domain"), FirewallProfile::default()],
            listening: vec![socket],
            ..Firewall::default()
        };
        assert_eq!(Firewall::try_from(v1::Firewall::from(&sent)), Ok(sent));
    }

    #[test]
    fn more_profiles_than_there_can_be_are_refused() {
        let message = v1::Firewall {
            profiles: vec![v1::FirewallProfile::default(); bounds::PROFILES + 1],
            ..v1::Firewall::default()
        };
        assert!(Firewall::try_from(message).is_err());
    }
}
