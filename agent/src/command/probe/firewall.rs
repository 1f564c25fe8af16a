//! The firewall and the listening sockets as people read them.

use atalaya_reading::{Firewall, FirewallBackend, PacketPolicy, Reading, Status};

use super::{fact, known, should_be, status, unknown_cell};
use crate::table::{Cell, Table, Tone, cell, plain};

/// Lines under the title.
pub fn shown(reading: &Reading<Firewall>, colour: bool) -> String {
    let firewall = &reading.value;
    let mut text = String::new();
    if let Some(firewall) = reading.known() {
        text += &fact("Activo", &should_be(firewall.enabled), colour);
        text += &fact("Por medio de", &known(firewall.backend.map(backend)), colour);
        text += &fact("Lo que nadie permitió", &policy(firewall.default_inbound), colour);
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
    let mut table = Table::new(&["Escucha", "Dirección", "Puerto", "Proceso", "PID", "Alcance"]);
    for socket in &firewall.listening {
        table.row(vec![
            plain(&socket.protocol),
            plain(&socket.address),
            plain(socket.port.to_string()),
            known(socket.process.as_ref()),
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
