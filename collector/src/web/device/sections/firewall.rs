//! The firewall and the ports behind it on the sheet.

use crate::domain::firewall_policy::{Compliance, PermittedPort, profile_name};
use crate::domain::reading::{Firewall, FirewallProfile, ListeningSocket, Status};
use crate::web::markup::Look;
use crate::web::words;

/// Ports shown before the rest is folded away.
const PORTS: usize = 12;

/// The firewall as shown.
pub struct FirewallView {
    /// What was read.
    pub firewall: Firewall,
    /// Whether inbound traffic is filtered.
    pub enabled: Look,
    /// Whether it is set up as the policy says.
    pub conforms: Look,
    /// Why not, or why it is not known.
    pub reasons: Vec<String>,
    /// Whether its service runs; `None`: it has none of its own, or it is not known.
    pub service: Option<Look>,
    /// Profiles of Windows.
    pub profiles: Vec<ProfileView>,
    /// Sockets others can reach, those not permitted first.
    pub ports: Vec<PortView>,
    /// The rest of them, folded away.
    pub more_ports: Vec<PortView>,
    /// Sockets only this PC can reach.
    pub loopback: usize,
    /// Why the sockets are unknown.
    pub ports_problem: Option<&'static str>,
}

/// Settings for one kind of network.
pub struct ProfileView {
    /// Its name in Spanish.
    pub name: String,
    /// Whether it filters.
    pub enabled: Look,
    /// What was read.
    pub profile: FirewallProfile,
}

/// One listening socket.
pub struct PortView {
    /// What was read.
    pub socket: ListeningSocket,
    /// Whether the lists permit it.
    pub permitted: bool,
}

impl FirewallView {
    pub(super) fn new(firewall: Firewall, kept: Compliance, permitted: &[PermittedPort]) -> Self {
        let permits = |socket: &ListeningSocket| {
            permitted.iter().any(|port| port.contains(&socket.protocol, socket.port))
        };
        let reachable = firewall.listening.iter().filter(|socket| !socket.loopback);
        let mut ports: Vec<PortView> = reachable
            .map(|socket| PortView { permitted: permits(socket), socket: socket.clone() })
            .collect();
        ports.sort_by(|a, b| {
            a.permitted.cmp(&b.permitted).then_with(|| a.socket.port.cmp(&b.socket.port))
        });
        let (conforms, reasons) = match kept {
            Compliance::Conforms => (words::conforms(Some(true)), Vec::new()),
            Compliance::Departs(reasons) => (words::conforms(Some(false)), reasons),
            Compliance::Unknown(why) => (words::conforms(None), vec![why]),
        };
        FirewallView {
            conforms,
            reasons,
            enabled: words::good(firewall.enabled, "Encendido", "Apagado"),
            service: firewall
                .service_running
                .map(|running| words::good(Some(running), "En marcha", "Detenido")),
            profiles: firewall.profiles.iter().map(profile).collect(),
            loopback: firewall.listening.iter().filter(|socket| socket.loopback).count(),
            more_ports: ports.split_off(ports.len().min(PORTS)),
            ports,
            ports_problem: (firewall.listening_status != Status::Ok)
                .then(|| words::reading(firewall.listening_status)),
            firewall,
        }
    }
}

fn profile(profile: &FirewallProfile) -> ProfileView {
    ProfileView {
        name: profile_name(&profile.name).to_owned(),
        enabled: words::good(profile.enabled, "Encendido", "Apagado"),
        profile: profile.clone(),
    }
}
