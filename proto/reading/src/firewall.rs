//! Firewall policy and the sockets that listen.

use serde::{Deserialize, Serialize};

use crate::Status;

/// The firewall of a PC, and what listens behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Firewall {
    /// Whether inbound traffic is filtered at all; `None`: unknown.
    pub enabled: Option<bool>,
    /// What filters.
    pub backend: Option<FirewallBackend>,
    /// What happens to an inbound packet no rule speaks of.
    pub default_inbound: Option<PacketPolicy>,
    /// Whether the service that carries out the rules runs; `None` also where the kernel does so by itself.
    pub service_running: Option<bool>,
    /// The profiles of Windows; empty where a firewall has none.
    #[serde(default)]
    pub profiles: Vec<FirewallProfile>,
    /// What is let through.
    #[serde(default)]
    pub allowed: Vec<AllowedPort>,
    /// Status of `listening`, which is read apart from the rules.
    pub listening_status: Status,
    /// Every listening socket.
    #[serde(default)]
    pub listening: Vec<ListeningSocket>,
    /// Sockets found beyond the bound of the list.
    #[serde(default)]
    pub listening_left_out: u32,
}

impl Default for Firewall {
    fn default() -> Self {
        Firewall {
            enabled: None,
            backend: None,
            default_inbound: None,
            service_running: None,
            profiles: Vec::new(),
            allowed: Vec::new(),
            listening_status: Status::Unsupported,
            listening: Vec::new(),
            listening_left_out: 0,
        }
    }
}

/// What filters packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FirewallBackend {
    /// Nothing.
    None,
    /// nftables rules of no known front end.
    Nftables,
    /// ufw.
    Ufw,
    /// firewalld.
    Firewalld,
    /// Legacy iptables.
    Iptables,
    /// Windows Defender Firewall.
    Windows,
}

/// What happens to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PacketPolicy {
    /// Silently discarded.
    Drop,
    /// Refused with an answer.
    Reject,
    /// Let through.
    Accept,
}

/// A set of firewall settings for one kind of network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FirewallProfile {
    /// `domain`, `private` or `public`.
    pub name: String,
    /// Whether the PC is in such a network now.
    pub active: bool,
    /// Whether it filters, group policy included.
    pub enabled: Option<bool>,
    /// What happens to an inbound packet no rule speaks of while it filters.
    pub default_inbound: Option<PacketPolicy>,
    /// Whether a group policy decides any of this, so that it cannot be changed on the PC itself.
    pub by_group_policy: Option<bool>,
}

/// An inbound exception.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AllowedPort {
    /// `tcp`, `udp` or `any`.
    pub protocol: String,
    /// `22`, `8000-8100` or `any`.
    pub port: String,
    /// Address, network or `any`.
    pub source: String,
}

/// A socket that waits for others to connect.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListeningSocket {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Local address.
    pub address: String,
    /// Local port.
    pub port: u16,
    /// Name of the process; `kernel` for a socket of the kernel itself; `None`: unknown.
    pub process: Option<String>,
    /// Its process id.
    pub pid: Option<u32>,
    /// The service it belongs to: those within an `svchost` on Windows, the systemd unit on Linux.
    pub service: Option<String>,
    /// Reachable from this PC only.
    pub loopback: bool,
}
