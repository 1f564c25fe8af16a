//! Does a port listen that the policy of the area does not permit?

use std::collections::BTreeMap;

use super::{Facts, Finding, Thresholds};
use crate::domain::firewall_policy::permitted;
use crate::domain::reading::Status;

/// Ports named in the sentence; the rest are counted.
const NAMED: usize = 5;

pub(super) fn ask(facts: &Facts, thresholds: &Thresholds) -> Finding {
    let Some(reading) = facts.firewall() else { return Finding::unread(facts.firewall()) };
    let firewall = &reading.value;
    if firewall.listening_status != Status::Ok {
        return Finding::unknown("No se pudieron leer los puertos abiertos.");
    }
    let permitted = permitted(facts.area_policy.as_ref(), &thresholds.permitted_ports);
    let mut unexpected = BTreeMap::new();
    for socket in firewall.listening.iter().filter(|socket| !socket.loopback) {
        if !permitted.iter().any(|range| range.contains(&socket.protocol, socket.port)) {
            let process = socket.process.as_deref().unwrap_or("proceso desconocido");
            unexpected.entry((&socket.protocol, socket.port)).or_insert(process);
        }
    }
    if unexpected.is_empty() {
        return Finding::ok("Sólo hay puertos permitidos.");
    }
    let named = unexpected.iter().take(NAMED);
    let named: Vec<String> =
        named.map(|((protocol, port), process)| format!("{protocol}/{port} ({process})")).collect();
    let more = match unexpected.len().saturating_sub(NAMED) {
        0 => String::new(),
        rest => format!(" y {rest} más"),
    };
    Finding::warning(format!("Puertos abiertos no permitidos: {}{more}.", named.join(", ")))
}
