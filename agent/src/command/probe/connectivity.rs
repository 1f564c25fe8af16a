//! The connection as people read it.

use atalaya_reading::{Connectivity, Dns, Gateway, Interface, Measurement, Reading, Verdict};

use super::{fact, known, should_be, unknown_cell};
use crate::table::{Cell, Table, Tone, cell, plain};

/// Lines under the title.
pub fn shown(reading: &Reading<Connectivity>, colour: bool) -> String {
    let Some(seen) = reading.known() else { return String::new() };
    let mut text = fact("Veredicto", &verdict(seen), colour);
    text += &interfaces(&seen.interfaces, colour);
    text += &fact("Puerta de enlace", &gateway(&seen.gateway), colour);
    text += &fact("Nombres (DNS)", &names(&seen.dns), colour);
    text + &targets(seen, colour)
}

fn interfaces(interfaces: &[Interface], colour: bool) -> String {
    if interfaces.is_empty() {
        return fact("Interfaces", &cell("ninguna", Tone::Bad), colour);
    }
    let mut table =
        Table::new(&["Interfaz", "Enlace", "Velocidad", "MAC", "Direcciones", "Origen", "Detalle"]);
    for interface in interfaces {
        table.row(vec![
            plain(&interface.name),
            should_be(interface.link_up),
            speed(interface),
            known(interface.mac.as_ref()),
            addresses(interface),
            known(interface.dhcp.map(|dhcp| if dhcp { "DHCP" } else { "fija" })),
            detail(interface),
        ]);
    }
    table.lines(2, colour)
}

fn speed(interface: &Interface) -> Cell {
    let Some(megabits) = interface.speed_mbps else { return unknown_cell() };
    match interface.full_duplex {
        Some(true) => plain(format!("{megabits} Mb/s dúplex")),
        Some(false) => cell(format!("{megabits} Mb/s semidúplex"), Tone::Poor),
        None => plain(format!("{megabits} Mb/s")),
    }
}

fn addresses(interface: &Interface) -> Cell {
    let addresses = interface.addresses.join(" ");
    match interface.address_conflict {
        Some(true) => cell(format!("{addresses} (otro equipo usa la misma)"), Tone::Bad),
        _ => plain(addresses),
    }
}

/// What is worth a word: how often the link came or went, damaged frames, the signal of a radio.
fn detail(interface: &Interface) -> Cell {
    let count = |count: Option<u64>, what: &str| {
        count.filter(|count| *count > 0).map(|count| format!("{count} {what}"))
    };
    let said = [
        count(interface.carrier_changes, "cambios de enlace"),
        count(interface.rx_errors, "errores al recibir"),
        count(interface.tx_errors, "errores al enviar"),
        interface.wifi_signal_dbm.map(|dbm| format!("señal {dbm} dBm")),
    ];
    plain(said.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn gateway(gateway: &Gateway) -> Cell {
    let Some(address) = &gateway.address else { return cell("no hay", Tone::Bad) };
    let how = match gateway.evidence.as_deref() {
        Some("icmp") => "responde al ping",
        Some("neighbour") => "está en el enlace, aunque calla al ping",
        Some(_) => "responde por TCP, aunque calla al ping",
        None => "no responde",
    };
    match gateway.reachable {
        Some(true) => cell(format!("{address}, {how}"), Tone::Good),
        Some(false) => cell(format!("{address}, {how}"), Tone::Bad),
        None => unknown_cell(),
    }
}

fn names(dns: &Dns) -> Cell {
    let servers =
        if dns.servers.is_empty() { "sin servidor".into() } else { dns.servers.join(", ") };
    let asked = dns.asked.as_deref().unwrap_or_default();
    match (dns.resolves, dns.answer_ms) {
        (Some(true), Some(ms)) => {
            cell(format!("{asked} resuelto en {ms:.0} ms ({servers})"), Tone::Good)
        }
        (Some(true), None) => cell(format!("{asked} resuelto ({servers})"), Tone::Good),
        (Some(false), _) => cell(format!("{asked} no se resuelve ({servers})"), Tone::Bad),
        (None, _) => plain(format!("no se preguntó ({servers})")),
    }
}

fn targets(seen: &Connectivity, colour: bool) -> String {
    let mut table = Table::new(&[
        "Destino",
        "Dirección",
        "Por",
        "Respuestas",
        "Pérdida",
        "Mediana",
        "p95",
        "Fluctuación",
    ]);
    for target in seen.targets.iter().chain(&seen.collector).chain(&seen.devices) {
        let Measurement { sent, received, loss_pct, median_ms, p95_ms, jitter_ms } =
            target.measurement;
        let kind = format!("{:?}", target.kind).to_lowercase();
        let ms = |value: Option<f64>| known(value.map(|ms| format!("{ms:.2} ms")));
        let tone = if received == sent { Tone::Good } else { Tone::Bad };
        table.row(vec![
            plain(&target.name),
            plain(&target.address),
            plain(
                target
                    .fallback
                    .as_ref()
                    .map_or(kind.clone(), |by| format!("{by} (sin permiso de {kind})")),
            ),
            plain(format!("{received} de {sent}")),
            loss_pct.map_or_else(unknown_cell, |loss| cell(format!("{loss} %"), tone)),
            ms(median_ms),
            ms(p95_ms),
            ms(jitter_ms),
        ]);
    }
    table.lines(2, colour)
}

fn verdict(seen: &Connectivity) -> Cell {
    let why = seen.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match seen.verdict {
        Verdict::Ok => cell("bien", Tone::Good),
        Verdict::Degraded => cell(format!("con fallas{why}"), Tone::Poor),
        Verdict::Down => cell(format!("sin conexión{why}"), Tone::Bad),
        Verdict::Unknown => unknown_cell(),
    }
}
