//! The firewall and the listening sockets as people read them.

use atalaya_reading::{Firewall, FirewallBackend, FirewallProfile, PacketPolicy, Reading, Status};

use super::{fact, known, should_be, status, unknown_cell};
use crate::table::{Cell, Table, Tone, cell, plain};

/// Lines under the title.
pub fn shown(reading: &Reading<Firewall>, colour: bool) -> String {
    let firewall = &reading.value;
    let mut text = String::new();
    if let Some(firewall) = reading.known() {
        text += &fact("Activo", &should_be(firewall.enabled), colour);
        text += &fact("Por medio de", &known(firewall.backend.map(backend)), colour);
        if firewall.service_running.is_some() {
            text += &fact("Servicio en marcha", &should_be(firewall.service_running), colour);
        }
        text += &fact("Lo que nadie permitió", &policy(firewall.default_inbound), colour);
        text += &profiles(&firewall.profiles, colour);
        if firewall.default_inbound != Some(PacketPolicy::Accept) {
            text += &allowed(firewall, colour);
        }
    }
    if firewall.listening_status == Status::Ok {
        text + &listening(firewall, colour)
    } else {
        text + &fact("Puertos que escuchan", &status(firewall.listening_status), colour)
    }
}

fn profiles(profiles: &[FirewallProfile], colour: bool) -> String {
    if profiles.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["Perfil", "En uso", "Activo", "Sin permiso", "Lo decide"]);
    for profile in profiles {
        table.row(vec![
            plain(match profile.name.as_str() {
                "domain" => "dominio",
                "private" => "privado",
                "public" => "público",
                other => other,
            }),
            plain(if profile.active { "sí" } else { "no" }),
            should_be(profile.enabled),
            policy(profile.default_inbound),
            profile.by_group_policy.map_or_else(unknown_cell, |policy| {
                plain(if policy { "directiva de grupo" } else { "este equipo" })
            }),
        ]);
    }
    table.lines(2, colour)
}

fn allowed(firewall: &Firewall, colour: bool) -> String {
    if firewall.allowed.is_empty() {
        return fact("Permitido", &plain("nada"), colour);
    }
    let mut table = Table::new(&["Permitido", "Puerto", "Desde"]);
    for entry in &firewall.allowed {
        let spoken = |text: &str| plain(if text == "any" { "cualquiera" } else { text });
        table.row(vec![spoken(&entry.protocol), spoken(&entry.port), spoken(&entry.source)]);
    }
    table.lines(2, colour)
}

fn listening(firewall: &Firewall, colour: bool) -> String {
    if firewall.listening.is_empty() {
        return fact("Puertos que escuchan", &plain("ninguno"), colour);
    }
    let mut table =
        Table::new(&["Escucha", "Dirección", "Puerto", "Proceso", "Servicio", "PID", "Alcance"]);
    for socket in &firewall.listening {
        table.row(vec![
            plain(&socket.protocol),
            plain(&socket.address),
            plain(socket.port.to_string()),
            known(socket.process.as_ref()),
            plain(socket.service.as_deref().unwrap_or_default()),
            plain(socket.pid.map_or_else(String::new, |pid| pid.to_string())),
            if socket.loopback { cell("solo este equipo", Tone::Faint) } else { plain("la red") },
        ]);
    }
    let beyond = match firewall.listening_left_out {
        0 => String::new(),
        count => format!("  y {count} más\n"),
    };
    table.lines(2, colour) + &beyond
}

fn backend(backend: FirewallBackend) -> &'static str {
    match backend {
        FirewallBackend::None => "nada",
        FirewallBackend::Nftables => "nftables",
        FirewallBackend::Ufw => "ufw",
        FirewallBackend::Firewalld => "firewalld",
        FirewallBackend::Iptables => "iptables",
        FirewallBackend::Windows => "Windows",
    }
}

fn policy(policy: Option<PacketPolicy>) -> Cell {
    match policy {
        Some(PacketPolicy::Drop) => cell("se descarta", Tone::Good),
        Some(PacketPolicy::Reject) => cell("se rechaza", Tone::Good),
        Some(PacketPolicy::Accept) => cell("se acepta", Tone::Bad),
        None => unknown_cell(),
    }
}
